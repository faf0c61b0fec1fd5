/*
 * sock_handle.c - handles, events, walks, and the errors of each call in each
 * state, as socket.h documents them.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"
#include "unit/base_util.h"

static const struct sampan_sockaddr peer_end = {
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2 } }, FX_PEER_PORT, 0,
};

/* Every call of socket.h with a handle that names nothing. */
static void
expect_bad(struct sampan *s, sampan_handle h)
{
	struct sampan_status st;
	struct sampan_tcp_info info;
	sampan_handle out;
	int64_t value;
	uint64_t word;
	uint8_t byte = 0;

	EXPECT_EQ(sampan_bind(s, h, &peer_end), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_listen(s, h, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_accept(s, h, &out, NULL), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_connect(s, h, &peer_end), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_send(s, h, &byte, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_send_urgent(s, h, &byte, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_recv(s, h, &byte, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_readable_bytes(s, h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_writable_bytes(s, h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_shutdown(s, h, SAMPAN_SHUT_RDWR), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_close(s, h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_abort(s, h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_set_user(s, h, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_get_user(s, h, &word), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_status(s, h, &st), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_setopt(s, h, SAMPAN_OPT_NODELAY, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_getopt(s, h, SAMPAN_OPT_NODELAY, &value), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_tcp_info(s, h, &info), SAMPAN_EBADHANDLE);
}

TEST(handle_zero_names_nothing)
{
	const struct fx f = fx_listen();

	expect_bad(f.s, 0);
}

TEST(handle_is_stale_after_close)
{
	struct fx f = fx_established();
	const sampan_handle old = f.h;
	sampan_handle next;

	COVERS("R-V-52");
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	fx_drop(&f);
	expect_bad(f.s, old);
	for (unsigned i = 0; i < 300; i++) {	/* in the same place, perhaps */
		EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &next), 0);
		EXPECT(next != old);
		EXPECT_EQ(sampan_close(f.s, next), 0);
		expect_bad(f.s, next);
	}
	expect_bad(f.s, old);
}

/* An orphan that lives on is nobody's. */
TEST(handle_is_stale_while_the_orphan_lives)
{
	struct fx f = fx_established();

	COVERS("R-V-52");
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	fx_drop(&f);
	expect_state(&f, TCP_FIN_WAIT_1);
	expect_bad(f.s, f.h);
}

/* A million inventions, most of them near the truth. */
TEST(handle_invented_never_crashes)
{
	struct fx f = fx_established();
	struct sp_rng rng = base_rng(1);
	struct sampan_status st;
	unsigned hits = 0;

	COVERS("R-V-52");
	for (unsigned i = 0; i < 1000000; i++) {
		const uint64_t bits = sp_rng_u64(&rng);
		const sampan_handle h = i % 4 == 0 ? bits :
		    i % 4 == 1 ? f.h ^ 1ull << bits % 64 :
		    i % 4 == 2 ? (f.h & ~0xffffffffull) | bits >> 32 :
				 (bits % 8) << 32 | bits >> 48;

		if (sampan_status(f.s, h, &st) == 0) {
			hits++;
			EXPECT(h == f.h || h == f.listener);
		}
	}
	EXPECT(hits < 1000);
	EXPECT_SOUND(f.s);
}

/* ---- Events ---- */

static unsigned
reported(struct fx *f, sampan_handle h, uint32_t *what, uint64_t *user)
{
	struct sampan_event e[8];
	unsigned n = 0;
	int k;

	while ((k = sampan_events(f->s, e, 8)) > 0) {
		for (int i = 0; i < k; i++) {
			if (e[i].handle != h)
				continue;
			n++;
			*what = e[i].what;
			*user = e[i].user;
		}
	}
	return n;
}

/* What happened twice is reported once, and not again. */
TEST(event_is_latched_and_reported_once)
{
	struct fx f = fx_established();
	uint32_t what = 0;
	uint64_t user = 0;

	EXPECT_EQ(sampan_set_user(f.s, f.h, 4711), 0);
	EXPECT_EQ(sampan_get_user(f.s, f.h, &user), 0);
	EXPECT_EQ(user, 4711);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN);
	EXPECT_EQ(reported(&f, f.h, &what, &user), 1);
	EXPECT_EQ(what, SAMPAN_READABLE | SAMPAN_PEER_CLOSED);
	EXPECT_EQ(user, 4711);
	EXPECT_EQ(reported(&f, f.h, &what, &user), 0);
	fx_advance(&f, SAMPAN_SEC(10));
	EXPECT_EQ(reported(&f, f.h, &what, &user), 0);
}

TEST(event_of_a_closed_socket_is_not_reported)
{
	struct fx f = fx_established();
	uint32_t what = 0;
	uint64_t user = 0;

	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(reported(&f, f.h, &what, &user), 0);
}

/* A page of one, with several to report. */
TEST(event_pages_report_each_socket_once)
{
	struct fx f = fx_established();
	struct sampan_event e;
	sampan_handle seen[2] = { 0, 0 };

	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_SYN, .seq = seq_of(5), .port = 5000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .port = 5000, .seq = seq_of(6), .ack = seq_of(0));
	fx_drop(&f);
	for (unsigned i = 0; i < 2 && sampan_events(f.s, &e, 1) == 1; i++)
		seen[i] = e.handle;
	EXPECT(seen[0] != seen[1]);
	EXPECT_EQ(sampan_events(f.s, &e, 1), 0);
}

/* ---- Walks ---- */

#define SOCKETS 50

/* Which of the sockets a status is about; SOCKETS: none of them. */
static unsigned
number_of(const sampan_handle *h, const struct sampan_status *st)
{
	unsigned i = 0;

	while (i < SOCKETS && h[i] != st->handle)
		i++;
	return i;
}

/* A walk in pages of that size; met[SOCKETS] counts what is none of them. */
static void
walk_in_pages(const struct fx *f, unsigned page, const sampan_handle *h, unsigned *met)
{
	struct sampan_status st[80];
	uint64_t cursor = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(f->s, &cursor, st, page);

		EXPECT(n >= 0 && n <= (int)page);
		for (int k = 0; k < n; k++)
			met[number_of(h, &st[k])]++;
	}
}

/* Everything exactly once, in pages of every size. */
TEST(walk_reports_everything_once)
{
	struct fx f = fx_established();
	sampan_handle h[SOCKETS];

	for (unsigned i = 0; i < SOCKETS; i++)
		EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h[i]), 0);
	for (unsigned i = 0; i < SOCKETS; i += 3)
		EXPECT_EQ(sampan_close(f.s, h[i]), 0);
	for (unsigned page = 1; page < 80; page++) {
		unsigned met[SOCKETS + 1] = { 0 };

		walk_in_pages(&f, page, h, met);
		for (unsigned i = 0; i < SOCKETS; i++)
			EXPECT_EQ(met[i], i % 3 != 0);
		EXPECT_EQ(met[SOCKETS], 2);	/* the listener and the connection */
	}
}

TEST(walk_meets_records_without_a_socket)
{
	struct fx f = fx_syn_received();
	struct sampan_status st[8];
	uint64_t cursor = 0;
	int n = sampan_walk(f.s, &cursor, st, 8);

	EXPECT_EQ(n, 2);
	EXPECT_EQ((st[0].handle == 0) + (st[1].handle == 0), 1);
	expect_state(&f, TCP_SYN_RECEIVED);
	cursor = SAMPAN_WALK_END;
	EXPECT_EQ(sampan_walk(f.s, &cursor, st, 8), 0);
	EXPECT(cursor == SAMPAN_WALK_END);
	cursor = 0x123456789abcull;
	n = sampan_walk(f.s, &cursor, st, 8);
	EXPECT(n >= 0);
}

/* ---- Errors, call by call ---- */

TEST(socket_errors)
{
	struct fx f = fx_listen();
	sampan_handle h;

	EXPECT_EQ(sampan_socket(f.s, (enum sampan_type)7, &h), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_socket(f.s, (enum sampan_type)0, &h), SAMPAN_EINVAL);
	while (sampan_socket(f.s, SAMPAN_STREAM, &h) == 0)
		continue;
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), SAMPAN_ENOBUFS);
	EXPECT_SOUND(f.s);
}

TEST(fresh_socket_errors)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr taken = { .port = FX_LOCAL_PORT };
	const struct sampan_sockaddr foreign = { sampan_addr_v4(10, 0, 0, 77), 90, 0 };
	sampan_handle h, out;

	COVERS("MUST-41", "MUST-43");
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_send(f.s, h, "x", 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_recv(f.s, h, &out, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_shutdown(f.s, h, SAMPAN_SHUT_WR), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_accept(f.s, h, &out, NULL), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_bind(f.s, h, &taken), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, h, &foreign), SAMPAN_EADDRNOTAVAIL);
	EXPECT_EQ(sampan_bind(f.s, h, &(struct sampan_sockaddr){ .port = 81 }), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &(struct sampan_sockaddr){ .port = 82 }), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_listen(f.s, h, 1), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &peer_end), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_accept(f.s, h, &out, NULL), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_send(f.s, h, "x", 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_recv(f.s, h, &out, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_shutdown(f.s, h, SAMPAN_SHUT_WR), SAMPAN_ENOTCONN);
}

/* MUST-46: nobody has such an address. */
TEST(connect_errors)
{
	static const uint8_t bad[][4] = { { 0, 0, 0, 0 }, { 255, 255, 255, 255 }, { 224, 0, 0, 1 },
		{ 239, 1, 2, 3 }, { 240, 0, 0, 1 }, { 10, 0, 0, 255 }, { 0, 1, 2, 3 } };
	struct fx f = fx_listen();
	struct sampan_sockaddr to = peer_end;
	sampan_handle h;

	COVERS("MUST-46");
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		to.addr = sampan_addr_v4(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
		EXPECT_EQ(sampan_connect(f.s, h, &to), SAMPAN_EINVAL);
	}
	to = peer_end;
	to.port = 0;
	EXPECT_EQ(sampan_connect(f.s, h, &to), SAMPAN_EINVAL);
	to = peer_end;
	to.addr = sampan_addr_v4(192, 168, 9, 9);
	EXPECT_EQ(sampan_connect(f.s, h, &to), SAMPAN_ENETUNREACH);
	expect_quiet(&f);
	EXPECT_EQ(sampan_connect(f.s, h, &peer_end), SAMPAN_EINPROGRESS);
	EXPECT_EQ(sampan_connect(f.s, h, &peer_end), SAMPAN_EALREADY);
	EXPECT_EQ(sampan_listen(f.s, h, 1), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send(f.s, h, "x", 1), SAMPAN_EAGAIN);
}

TEST(established_errors)
{
	struct fx f = fx_established();
	sampan_handle out;

	EXPECT_EQ(sampan_connect(f.s, f.h, &peer_end), SAMPAN_EISCONN);
	EXPECT_EQ(sampan_listen(f.s, f.h, 1), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_accept(f.s, f.h, &out, NULL), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_recv(f.s, f.h, &out, 1), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, (enum sampan_how)0), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, (enum sampan_how)4), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send(f.s, f.h, "x", 0), 0);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	EXPECT_EQ(sampan_send(f.s, f.h, "x", 1), SAMPAN_EPIPE);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
}

/* The error that ended it, once: by send, or by recv. */
TEST(ended_connection_errors)
{
	struct fx f = fx_established();
	uint8_t byte;

	COVERS("MUST-12");
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(sampan_send(f.s, f.h, "x", 1), SAMPAN_ECONNRESET);
	EXPECT_EQ(sampan_send(f.s, f.h, "x", 1), SAMPAN_EPIPE);
	EXPECT_EQ(sampan_recv(f.s, f.h, &byte, 1), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, &peer_end), SAMPAN_EISCONN);
	f = fx_established();
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(sampan_recv(f.s, f.h, &byte, 1), SAMPAN_ECONNRESET);
	EXPECT_EQ(sampan_recv(f.s, f.h, &byte, 1), 0);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
}
