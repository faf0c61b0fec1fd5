/*
 * bind.c - who may have which local end: addresses, options, what lingers on a
 * port, and how several listeners share connections.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

#define PORT 8080

enum who { ANY, ONE, TWO };	/* 0.0.0.0, 10.0.0.1, 10.0.0.9 */

static struct sampan_sockaddr
local_of(enum who who, uint16_t port)
{
	static const uint8_t last[] = { 0, 1, 9 };

	if (who == ANY)
		return (struct sampan_sockaddr){ .port = port };
	return (struct sampan_sockaddr){ fx_addr(0, last[who]), port, 0 };
}

/* A stack with two addresses, and a listener on port 80. */
static struct fx
two_addresses(void)
{
	struct fx f = fx_listen();
	const struct sampan_addr second = fx_addr(0, 9);

	EXPECT_EQ(sampan_addr_add(f.s, f.link, &second, FX_NET_BITS), 0);
	return f;
}

/* What a socket is: its options, and whether it listens. */
struct side {
	bool addr, port, listens;
};

static sampan_handle
make(struct fx *f, struct side side)
{
	sampan_handle h;

	EXPECT_EQ(sampan_socket(f->s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_setopt(f->s, h, SAMPAN_OPT_REUSEADDR, side.addr), 0);
	EXPECT_EQ(sampan_setopt(f->s, h, SAMPAN_OPT_REUSEPORT, side.port), 0);
	return h;
}

/* The first socket has its end and the second asks for one; the answer to bind. */
static int
second_bind(struct side first, enum who a, struct side second, enum who b)
{
	struct fx f = two_addresses();
	struct sampan_sockaddr end = local_of(a, PORT);
	sampan_handle h = make(&f, first);
	int error;

	EXPECT_EQ(sampan_bind(f.s, h, &end), 0);
	if (first.listens)
		EXPECT_EQ(sampan_listen(f.s, h, 1), 0);
	end = local_of(b, PORT);
	error = sampan_bind(f.s, make(&f, second), &end);
	EXPECT_SOUND(f.s);
	return error;
}

/* MUST-41: every pair of addresses, with every pair of options. */
TEST(bind_second_answers_by_addresses_and_options)
{
	static const bool meet[3][3] = { { true, true, true }, { true, true, false },
		{ true, false, true } };

	COVERS("MUST-41");
	for (unsigned bits = 0; bits < 32; bits++) {
		const struct side first = { bits & 1, bits & 2, bits & 4 };
		const struct side second = { bits & 8, bits & 16, false };
		const bool share = first.port && second.port;
		const bool both = first.addr && second.addr && !first.listens;

		for (unsigned i = 0; i < 9; i++) {
			const enum who a = (enum who)(i / 3), b = (enum who)(i % 3);
			const int want = meet[a][b] && !share && !both ? SAMPAN_EADDRINUSE : 0;

			EXPECT_EQ(second_bind(first, a, second, b), want);
		}
	}
}

/* Two with SO_REUSEADDR may be bound; only one may listen. */
TEST(listen_second_of_two_bound_is_refused)
{
	struct fx f = two_addresses();
	const struct sampan_sockaddr end = local_of(ANY, PORT);
	const struct side side = { true, false, false };
	const sampan_handle a = make(&f, side), b = make(&f, side);

	EXPECT_EQ(sampan_bind(f.s, a, &end), 0);
	EXPECT_EQ(sampan_bind(f.s, b, &end), 0);
	EXPECT_EQ(sampan_listen(f.s, a, 1), 0);
	EXPECT_EQ(sampan_listen(f.s, b, 1), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_close(f.s, a), 0);
	EXPECT_EQ(sampan_listen(f.s, b, 1), 0);
}

TEST(listen_without_a_local_end_gets_a_port)
{
	struct fx f = fx_listen();
	const sampan_handle h = make(&f, (struct side){ false, false, false });
	struct sampan_status st;

	EXPECT_EQ(sampan_listen(f.s, h, 1), 0);
	EXPECT_EQ(sampan_status(f.s, h, &st), 0);
	EXPECT(st.local.port >= 32768 && st.local.port <= 60999);
}

/* A server starts again: what lingers on its port keeps out who did not say that
 * this is all right. */
static void
expect_restart(struct fx *f)
{
	const struct sampan_sockaddr end = local_of(ANY, FX_LOCAL_PORT);
	const struct side plain = { false, false, false }, reuse = { true, false, false };
	sampan_handle h;

	if (f->listener != 0)
		EXPECT_EQ(sampan_close(f->s, f->listener), 0);
	EXPECT_EQ(sampan_bind(f->s, make(f, plain), &end), SAMPAN_EADDRINUSE);
	h = make(f, reuse);
	EXPECT_EQ(sampan_bind(f->s, h, &end), 0);
	EXPECT_EQ(sampan_listen(f->s, h, 1), 0);
	EXPECT_SOUND(f->s);
}

/* MUST-42. */
TEST_TWICE(bind_over_connections_needs_reuseaddr)
{
	struct fx f = fx_time_wait();

	COVERS("MUST-42");
	expect_restart(&f);
	f = fx_established();
	expect_restart(&f);
	f = fx_syn_received();
	expect_restart(&f);
	f = fx_syn_sent();
	expect_restart(&f);
	f = fx_fin_wait_2(.orphan = true);
	expect_restart(&f);
}

TEST_TWICE(bind_after_time_wait_is_free)
{
	struct fx f = fx_time_wait();
	const struct sampan_sockaddr end = local_of(ANY, FX_LOCAL_PORT);

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	fx_advance(&f, SAMPAN_SEC(61));
	EXPECT_EQ(sampan_bind(f.s, make(&f, (struct side){ false, false, false }), &end), 0);
}

/* ---- Several listeners on one port ---- */

#define GROUP 4
#define PEERS 400

/* A connection from each of many ports; how many each listener has to accept. */
static void
crowd(struct fx *f, const sampan_handle *listener, unsigned *got)
{
	for (uint16_t i = 0; i < PEERS; i++) {
		const uint16_t port = (uint16_t)(20000 + i);
		const struct fx_out *out;

		peer_sends(f, .flags = TCP_SYN, .seq = f->irs, .port = port, .mss = 1460,
		    .refused = true);
		out = fx_next_out(f);
		EXPECT(out != NULL && out->tcp.h.flags == (TCP_SYN | TCP_ACK));
		peer_sends(f, .flags = TCP_ACK, .seq = seq_add(f->irs, 1),
		    .ack = seq_add(out->seq, 1), .port = port, .refused = true);
		fx_drop(f);
	}
	for (unsigned i = 0; i < GROUP; i++) {
		sampan_handle h;

		for (got[i] = 0; sampan_accept(f->s, listener[i], &h, NULL) == 0; got[i]++)
			EXPECT(h != 0);
	}
}

/* SO_REUSEPORT: each has its share, by a hash that nobody outside can foretell. */
TEST(listeners_of_a_group_share_the_connections)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);
	const struct sampan_sockaddr end = local_of(ANY, FX_LOCAL_PORT);
	sampan_handle listener[GROUP];
	unsigned got[GROUP], sum = 0;

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	for (unsigned i = 0; i < GROUP; i++) {
		listener[i] = make(&f, (struct side){ false, true, false });
		EXPECT_EQ(sampan_bind(f.s, listener[i], &end), 0);
		EXPECT_EQ(sampan_listen(f.s, listener[i], PEERS), 0);
	}
	crowd(&f, listener, got);
	for (unsigned i = 0; i < GROUP; i++) {
		EXPECT(got[i] > PEERS / GROUP / 2 && got[i] < 2 * PEERS / GROUP);
		sum += got[i];
	}
	EXPECT_EQ(sum, PEERS);
	for (unsigned i = 0; i + 1 < GROUP; i++)	/* the last one has all that come now */
		EXPECT_EQ(sampan_close(f.s, listener[i]), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .port = 30000, .mss = 1460,
	    .refused = true);
	EXPECT(fx_next_out(&f) != NULL && f.seg.tcp.h.flags == (TCP_SYN | TCP_ACK));
	EXPECT_SOUND(f.s);
}
