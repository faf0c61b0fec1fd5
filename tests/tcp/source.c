/*
 * source.c - limits of what one source may have open: net.sampan.tcp_max_*_per_source.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"

#include "net/stack.h"

#define NEAR 3			/* hosts beside the peer, last octet */
#define FAR 4

static void
set(struct fx *f, const char *name, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, name, value), 0);
}

static uint32_t
host(unsigned octet)
{
	return 0x0a000000u + octet;
}

static unsigned
sources(const struct fx *f)
{
	return f->s->arena.pool[SP_KIND_TCP_SOURCE].objects;
}

static unsigned
half_open(const struct fx *f)
{
	return f->s->arena.pool[SP_KIND_HALF_OPEN].objects;
}

static unsigned
connections(const struct fx *f)
{
	return f->s->arena.pool[SP_KIND_TCB].objects - 1;	/* without the listener */
}

static void
syn(struct fx *f, uint16_t port, unsigned from)
{
	peer_sends(f, .flags = TCP_SYN, .port = port, .src = host(from), .refused = true);
	fx_pump(f);
}

/* A whole handshake of a client with that port. */
static void
join(struct fx *f, uint16_t port, unsigned from)
{
	syn(f, port, from);
	expect_segment(f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	peer_sends(f, .flags = TCP_ACK, .port = port, .src = host(from),
	    .seq = seq_add(f->irs, 1), .ack = seq_add(f->seg.seq, 1), .refused = true);
}

TEST_TWICE(listen_source_with_enough_half_open_gets_cookies)
{
	struct fx f = fx_listen();

	COVERS("R-V-19");
	set(&f, "net.sampan.tcp_max_syn_per_source", 3);
	for (uint16_t port = 1; port <= 5; port++)
		syn(&f, port, NEAR);
	EXPECT_EQ(half_open(&f), 3);
	expect_count(&f, COUNT_TCP_COOKIES_SENT, 2);
	fx_drop(&f);
	syn(&f, 9, FAR);	/* over IPv6 in the same network */
	EXPECT_EQ(half_open(&f), fx_is_v6() ? 3 : 4);
	fx_drop(&f);
	join(&f, 10, NEAR);	/* a cookie is as good */
	EXPECT_EQ(connections(&f), 1);
	EXPECT_SOUND(f.s);
}

TEST_TWICE(listen_source_with_enough_connections_is_dropped)
{
	struct fx f = fx_listen();
	struct sampan_sockaddr from;
	sampan_handle h;

	COVERS("R-V-19");
	set(&f, "net.sampan.tcp_max_per_source", 2);
	join(&f, 1, NEAR);
	join(&f, 2, NEAR);
	syn(&f, 3, NEAR);
	expect_quiet(&f);
	expect_count(&f, DROP_TCP_SOURCE, 1);
	EXPECT_EQ(connections(&f), 2);
	if (!fx_is_v6())
		join(&f, 4, FAR);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &h, &from), 0);
	EXPECT_EQ(sampan_abort(f.s, h), 0);
	fx_drop(&f);
	join(&f, 5, NEAR);
	EXPECT_EQ(connections(&f), fx_is_v6() ? 2 : 3);
	EXPECT_SOUND(f.s);
}

/* The handshakes of a source may overtake each other: the last step counts. */
TEST_TWICE(syn_received_source_that_has_enough_by_now_waits)
{
	struct fx f = fx_listen();
	tcp_seq iss[3];

	set(&f, "net.sampan.tcp_max_per_source", 2);
	for (uint16_t i = 0; i < 3; i++) {
		syn(&f, (uint16_t)(1 + i), NEAR);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
		iss[i] = f.seg.seq;
	}
	for (uint16_t i = 0; i < 3; i++)
		peer_sends(&f, .flags = TCP_ACK, .port = (uint16_t)(1 + i), .src = host(NEAR),
		    .seq = seq_add(f.irs, 1), .ack = seq_add(iss[i], 1), .refused = true);
	fx_pump(&f);
	expect_count(&f, DROP_TCP_SOURCE, 1);
	EXPECT_EQ(connections(&f), 2);
	EXPECT_EQ(half_open(&f), 1);
}

/* Memory for it is taken while there is a limit, and given back. */
TEST_TWICE(sources_are_forgotten_with_their_last_connection)
{
	struct fx f = fx_listen();

	syn(&f, 1, NEAR);
	EXPECT_EQ(sources(&f), 0);
	set(&f, "net.sampan.tcp_max_syn_per_source", 100);
	set(&f, "net.sampan.tcp_max_per_source", 100);
	for (uint16_t port = 2; port < 40; port++)
		syn(&f, port, 10u + port);
	EXPECT_EQ(sources(&f), fx_is_v6() ? 1 : 38);
	fx_drop(&f);
	join(&f, 50, NEAR);
	EXPECT_SOUND(f.s);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	fx_drop(&f);
	fx_advance(&f, SAMPAN_SEC(200));
	EXPECT_EQ(half_open(&f), 0);
	EXPECT_EQ(sources(&f), 0);
	fx_drop(&f);
	EXPECT_SOUND(f.s);
}
