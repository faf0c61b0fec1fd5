/*
 * walk.c - going over the UDP sockets of a stack: what `sampan ss -u` shows.
 */
#include "lib/fx_udp.h"

/* All of them, in pieces of `most`. */
static unsigned
walk(struct fx *f, struct sampan_status *out, unsigned most)
{
	uint64_t cursor = 0;
	unsigned n = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int found = sampan_walk_udp(f->s, &cursor, out + n, most);

		EXPECT(found >= 0 && (unsigned)found <= most);
		n += (unsigned)found;
	}
	return n;
}

TEST(walk_shows_sockets_with_a_port)
{
	struct fx f = fx_udp_begin();
	const sampan_handle bound = fx_udp_socket(&f, 5000), other = fx_udp_connected(&f, 5001);
	struct sampan_status st[8];
	const struct sampan_addr peer = fx_peer();
	const struct sampan_status *b, *c;

	(void)fx_udp_socket(&f, 0);	/* has none */
	for (unsigned most = 1; most <= 4; most++)
		EXPECT_EQ(walk(&f, st, most), 2);
	b = st[0].handle == bound ? &st[0] : &st[1];
	c = b == &st[0] ? &st[1] : &st[0];
	EXPECT_EQ(b->handle, bound);
	EXPECT_EQ(b->local.port, 5000);
	EXPECT_EQ(b->state, SAMPAN_TCP_CLOSED);
	EXPECT_EQ(c->handle, other);
	EXPECT_EQ(c->state, SAMPAN_TCP_ESTABLISHED);
	EXPECT_EQ(c->peer.port, FX_UDP_PEER);
	EXPECT_MEM(&c->peer.addr, &peer, 16);
	EXPECT_EQ(sampan_close(f.s, bound), 0);
	EXPECT_EQ(walk(&f, st, 8), 1);
	EXPECT_EQ(sampan_close(f.s, other), 0);
	EXPECT_EQ(walk(&f, st, 8), 0);
}

/* The walk over TCP does not show them. */
TEST(walk_of_tcp_is_without_them)
{
	struct fx f = fx_udp_begin();
	struct sampan_status st[8];
	uint64_t cursor = 0;
	int n = 0;

	(void)fx_udp_socket(&f, 5000);
	while (cursor != SAMPAN_WALK_END) {
		n = sampan_walk(f.s, &cursor, st, 8);
		for (int i = 0; i < n; i++)
			EXPECT(st[i].local.port != 5000);
	}
}

TEST(walk_shows_queues_and_drops)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = fx_udp_socket(&f, FX_UDP_PORT);
	struct sampan_status st[2];

	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RCVBUF, 2304), 0);
	for (unsigned i = 0; i < 100; i++)
		datagram_comes(&f, .len = 100);
	EXPECT_EQ(walk(&f, st, 2), 1);
	EXPECT(st[0].recv_queue_bytes > 0 && st[0].recv_queue_bytes <= 2 * 2304);
	EXPECT(st[0].drops > 50 && st[0].drops < 100);
	expect_count(&f, DROP_UDP_RCVBUF, st[0].drops);
}
