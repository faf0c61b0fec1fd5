/* echo.c - an echo server: sudo build/examples/echo & printf hello | nc -N 10.77.0.2 7 */
#include <sampan/host.h>
#include <sampan/socket.h>
#include <err.h>

static void
echo(struct sampan *s, sampan_handle h)
{
	static char piece[65536];

	for (int64_t n;;) {
		n = sampan_writable_bytes(s, h);
		if (n == 0)
			n = sampan_send(s, h, piece, 1);	/* no room: AGAIN */
		else if (n > 0)
			n = sampan_recv(s, h, piece, n < 65536 ? (size_t)n : 65536);
		if (n <= 0 || sampan_send(s, h, piece, (size_t)n) != n) {
			if (n != SAMPAN_EAGAIN)		/* an event will tell */
				(void)sampan_close(s, h);
			return;
		}
	}
}

static void
on_events(void *s, const struct sampan_event *e, unsigned n)
{
	for (sampan_handle h; n > 0; n--, e++)
		if (!(e->what & SAMPAN_ACCEPTABLE))
			echo(s, e->handle);
		else
			while (sampan_accept(s, e->handle, &h, NULL) == 0)
				echo(s, h);
}

int
main(void)
{
	static _Alignas(64) uint8_t memory[64 << 20];
	struct sampan *s = (struct sampan *)(void *)memory;
	const struct sampan_addr addr = sampan_addr_v4(10, 77, 0, 2);
	const struct sampan_sockaddr here = { .port = 7 };
	const struct sampan_loop_config c = { sizeof(c), s, on_events, s };
	char why[SAMPAN_WHY_BYTES] = "cannot start";
	struct sampan_config config;
	struct sampan_link *link;
	struct sampan_loop *loop;
	sampan_handle h;

	if (sampan_config_fill(&config) == 0 &&
	    sampan_init(s, sizeof(memory), &config, sampan_clock()) == 0 &&
	    sampan_link_open("tap:sampan0,host=10.77.0.1/24", &link, why, sizeof(why)) == 0 &&
	    sampan_addr_add(s, sampan_link_attach(link, s), &addr, 24) == 0 &&
	    sampan_socket(s, SAMPAN_STREAM, &h) == 0 && sampan_bind(s, h, &here) == 0 &&
	    sampan_listen(s, h, 128) == 0 && sampan_loop_open(&c, &loop) == 0 &&
	    sampan_loop_add_link(loop, link) == 0 && sampan_loop_run(loop) == 0)
		return 0;
	errx(1, "%s", why);
}
