/*
 * raw.c - the stack without host.h: frames from a descriptor, time from the
 * caller, nothing else.  What somebody does who has his own loop.
 *
 *	sudo ip tuntap add sampan0 mode tap user $USER
 *	sudo ip addr add 10.77.0.1/24 dev sampan0
 *	sudo ip link set sampan0 up
 *	build/examples/raw sampan0 & nc 10.77.0.2 13
 *
 * Serves the time of day (RFC 867).  Needs libsampan only.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <sampan/sampan.h>
#include <sampan/socket.h>

#define MTU_BYTES 1500
#define FRAME_BYTES (14 + MTU_BYTES)
#define BATCH 16
#define PORT 13

static _Alignas(64) uint8_t memory[4 << 20];

static sampan_time
clock_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return SAMPAN_SEC(ts.tv_sec) + (sampan_time)ts.tv_nsec;
}

/* ---- Frames ---- */

static int
open_tap(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	(void)snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return fd < 0 || ioctl(fd, TUNSETIFF, &ifr) != 0 ? -1 : fd;
}

/* All that waits goes in, some frames at a time. */
static void
input(struct sampan *s, int link, int fd, sampan_time now)
{
	static uint8_t bytes[BATCH][FRAME_BYTES];
	struct sampan_frame frames[BATCH];
	unsigned n;

	do {
		for (n = 0; n < BATCH; n++) {
			const ssize_t len = read(fd, bytes[n], FRAME_BYTES);

			if (len <= 0)
				break;
			frames[n] = (struct sampan_frame){
				.at = now, .len = (uint32_t)len, .slices = 1,
				.owner = SAMPAN_FRAME_BORROWED,
				.slice[0] = { bytes[n], (uint32_t)len },
			};
		}
		(void)sampan_input(s, link, frames, n, now);
	} while (n == BATCH);
}

static void
send_frame(int fd, const struct sampan_frame *f)
{
	struct iovec iov[1 + SAMPAN_FRAME_SLICES];

	iov[0] = (struct iovec){ (void *)(uintptr_t)f->head, f->head_len };
	for (unsigned i = 0; i < f->slices; i++)
		iov[1 + i] = (struct iovec){ (void *)(uintptr_t)f->slice[i].data,
			f->slice[i].len };
	if (writev(fd, iov, 1 + f->slices) < 0)
		perror("raw: a frame was lost");	/* TCP will send it again */
}

/* All that the stack has to say goes out. */
static void
output(struct sampan *s, int link, int fd, sampan_time now)
{
	struct sampan_frame frames[BATCH];
	int n;

	while ((n = sampan_output(s, link, frames, BATCH, now)) > 0) {
		for (int i = 0; i < n; i++)
			send_frame(fd, &frames[i]);
		sampan_sent(s, frames, (unsigned)n);
	}
}

/* ---- The application ---- */

static void
greet(struct sampan *s, sampan_handle h)
{
	const time_t t = time(NULL);
	char text[64];
	const size_t len = strftime(text, sizeof(text), "%A, %B %d, %Y %T\r\n", localtime(&t));

	(void)sampan_send(s, h, text, len);
	(void)sampan_close(s, h);
}

static void
run_application(struct sampan *s)
{
	struct sampan_event events[BATCH];
	sampan_handle h;
	int n;

	while ((n = sampan_events(s, events, BATCH)) > 0) {
		for (int i = 0; i < n; i++) {
			while (sampan_accept(s, events[i].handle, &h, NULL) == 0)
				greet(s, h);
		}
	}
}

/* ---- The loop, in the order that sampan.h asks for ---- */

static void
sleep_until(int fd, sampan_time deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	const sampan_time now = clock_now();
	const sampan_dur left = deadline > now ? deadline - now : 0;
	const struct timespec ts = { (time_t)(left / SAMPAN_SEC(1)), (long)(left % SAMPAN_SEC(1)) };

	(void)ppoll(&p, 1, deadline == SAMPAN_NEVER ? NULL : &ts, NULL);
}

static void
run(struct sampan *s, int link, int fd)
{
	for (;;) {
		const sampan_time now = clock_now();

		input(s, link, fd, now);
		if (sampan_deadline(s) <= now)
			sampan_advance(s, now);
		run_application(s);
		output(s, link, fd, now);
		sleep_until(fd, sampan_deadline(s));
	}
}

static int
start(struct sampan *s)
{
	const struct sampan_link_config link_config = { .size = sizeof(link_config),
		.mac = { 0x02, 0, 0, 0, 0, 1 }, .mtu_bytes = MTU_BYTES, .name = "tap" };
	const struct sampan_addr addr = sampan_addr_v4(10, 77, 0, 2);
	const struct sampan_sockaddr here = { .port = PORT };
	struct sampan_config config = { .size = sizeof(config) };
	sampan_handle listener;
	int link;

	if (getrandom(config.seed, sizeof(config.seed), 0) != (ssize_t)sizeof(config.seed) ||
	    sampan_init(s, sizeof(memory), &config, clock_now()) != 0)
		return -1;
	link = sampan_link_add(s, &link_config);
	if (sampan_addr_add(s, link, &addr, 24) != 0 ||
	    sampan_socket(s, SAMPAN_STREAM, &listener) != 0 ||
	    sampan_bind(s, listener, &here) != 0 || sampan_listen(s, listener, 16) != 0)
		return -1;
	return link;
}

int
main(int argc, char **argv)
{
	struct sampan *s = (struct sampan *)(void *)memory;
	const int fd = open_tap(argc > 1 ? argv[1] : "sampan0");
	const int link = start(s);

	if (fd < 0 || link < 0) {
		(void)fprintf(stderr, "raw: no interface, or no stack: see the top of raw.c\n");
		return 1;
	}
	run(s, link, fd);
}
