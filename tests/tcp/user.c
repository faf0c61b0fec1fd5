/*
 * user.c - the calls in every state: what they answer and what they send.
 * RFC 9293 §3.10.1 to §3.10.6; socket.h.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"
#include "tcp/grid.h"

static const struct sampan_sockaddr *
the_peer(void)
{
	static struct sampan_sockaddr peer;

	peer = (struct sampan_sockaddr){ fx_peer(), FX_PEER_PORT, 0 };
	return &peer;
}

/* A socket that nothing has been done with. */
static struct fx
fresh(void)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	return f;
}

TEST(fresh_calls_that_need_a_connection_fail)
{
	struct fx f = fresh();
	sampan_handle h;

	EXPECT_EQ(fx_write(&f, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_accept(f.s, f.h, &h, NULL), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_readable_bytes(f.s, f.h), 0);
	EXPECT_EQ(sampan_writable_bytes(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	expect_quiet(&f);
}

TEST(fresh_bind_checks_its_address)
{
	struct fx f = fresh();
	const struct sampan_sockaddr foreign = { fx_addr(0, 9), 99, 0 };
	const struct sampan_sockaddr taken = { .port = FX_LOCAL_PORT };
	const struct sampan_sockaddr exact = { fx_local(), FX_LOCAL_PORT, 0 };
	const struct sampan_sockaddr own = { fx_local(), 99, 0 };

	COVERS("MUST-41", "MUST-43");
	EXPECT_EQ(sampan_bind(f.s, f.h, &foreign), SAMPAN_EADDRNOTAVAIL);
	EXPECT_EQ(sampan_bind(f.s, f.h, &taken), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, f.h, &exact), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, f.h, &own), 0);
	EXPECT_EQ(sampan_bind(f.s, f.h, &own), SAMPAN_EINVAL);
}

/* MUST-41: the wildcard must not take what an exact address has, either. */
TEST(fresh_bind_any_of_a_port_bound_exactly_fails)
{
	struct fx f = fresh();
	const struct sampan_sockaddr exact = { fx_local(), 99, 0 };
	const struct sampan_sockaddr any = { .port = 99 };
	sampan_handle h;

	COVERS("MUST-41");
	EXPECT_EQ(sampan_bind(f.s, f.h, &exact), 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &any), SAMPAN_EADDRINUSE);
}

/* MUST-46. */
TEST(fresh_connect_to_impossible_address_fails)
{
	static const uint8_t bad[][4] = { { 0, 0, 0, 0 }, { 255, 255, 255, 255 }, { 224, 0, 0, 1 },
		{ 10, 0, 0, 255 }, { 240, 0, 0, 1 } };
	struct fx f = fresh();
	struct sampan_sockaddr peer = *the_peer();

	FX_ONLY_V4();
	COVERS("MUST-46");
	for (unsigned i = 0; i < 5; i++) {
		peer.addr = sampan_addr_v4(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
		EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_EINVAL);
	}
	peer = *the_peer();
	peer.port = 0;
	EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_EINVAL);
	peer = *the_peer();
	peer.addr = sampan_addr_v4(192, 0, 2, 1);
	EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_ENETUNREACH);
	expect_quiet(&f);
	EXPECT_EQ(sampan_connect(f.s, f.h, the_peer()), SAMPAN_EINPROGRESS);
}

/* MUST-42: a port can be listened on while a connection of it is opening. */
TEST(listen_while_a_connection_of_the_port_is_opening)
{
	struct fx f = fx_syn_sent();
	const struct sampan_sockaddr local = { .port = FX_LOCAL_PORT };

	COVERS("MUST-42");
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.listener), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_REUSEADDR, 1), 0);
	EXPECT_EQ(sampan_bind(f.s, f.listener, &local), 0);
	EXPECT_EQ(sampan_listen(f.s, f.listener, 1), 0);
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	expect_state(&f, TCP_ESTABLISHED);
}

TEST(listen_calls_of_a_connection_fail)
{
	struct fx f = fx_listen();
	sampan_handle h;

	f.h = f.listener;
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_connect(f.s, f.h, the_peer()), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_RDWR), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_accept(f.s, f.h, &h, NULL), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_listen(f.s, f.h, 3), 0);	/* another backlog */
}

TEST(syn_sent_calls_wait)
{
	struct fx f = fx_syn_sent();

	EXPECT_EQ(fx_write(&f, 1), SAMPAN_EAGAIN);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_connect(f.s, f.h, the_peer()), SAMPAN_EALREADY);
	EXPECT_EQ(sampan_listen(f.s, f.h, 1), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), SAMPAN_ENOTCONN);
}

/* §3.10.4, §3.10.5: CLOSE and ABORT in SYN-SENT delete the connection. */
TEST(syn_sent_close_sends_nothing)
{
	struct fx f = fx_syn_sent();

	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_quiet(&f);
	EXPECT_EMPTY(f.s);
	f = fx_syn_sent();
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	expect_quiet(&f);
	EXPECT_EMPTY(f.s);
}

/* §3.10.5: which states answer ABORT with a reset, and with what. */
TEST_TWICE(synchronized_abort_sends_reset_where_the_rfc_says)
{
	static const bool reset[GRID_STATES] = { true, true, true, true, false, false };

	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		EXPECT_EQ(sampan_abort(f.s, f.h), 0);
		if (reset[i]) {
			expect_reset(&f);
			EXPECT(seq_eq(f.seg.seq, f.snd_nxt));
		}
		expect_quiet(&f);
		expect_state(&f, TCP_CLOSED);
		EXPECT_EQ(fx_write(&f, 1), SAMPAN_EBADHANDLE);
	}
}

/* What SEND, RECEIVE and CLOSE answer in each state. */
TEST_TWICE(synchronized_calls_answer_by_state)
{
	static const int64_t send[GRID_STATES] = { 1, SAMPAN_EPIPE, SAMPAN_EPIPE, 1, SAMPAN_EPIPE,
		SAMPAN_EPIPE };
	static const int64_t recv[GRID_STATES] = { SAMPAN_EAGAIN, SAMPAN_EAGAIN, SAMPAN_EAGAIN, 0,
		0, 0 };

	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		EXPECT_EQ(sampan_connect(f.s, f.h, the_peer()), SAMPAN_EISCONN);
		EXPECT_EQ(sampan_listen(f.s, f.h, 1), SAMPAN_EINVAL);
		EXPECT_EQ(sampan_bind(f.s, f.h, the_peer()), SAMPAN_EINVAL);
		EXPECT_EQ(fx_write(&f, 1), send[i]);
		EXPECT_EQ(fx_read(&f, 1), recv[i]);
		EXPECT_EQ(sampan_close(f.s, f.h), 0);
		EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	}
}

/* SEND takes what fits, then says AGAIN, then WRITABLE. */
TEST_TWICE(established_full_send_buffer_is_told_when_there_is_room)
{
	struct fx f = fx_established(.sndbuf = 8000);

	EXPECT_EQ(fx_write(&f, 10000), 8000);
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_writable_bytes(f.s, f.h), 0);
	expect_event(&f, 0);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_event(&f, SAMPAN_WRITABLE);
	EXPECT(fx_write(&f, 10000) > 0);
}

/* Nobody waits for memory forever: when it comes back, WRITABLE says so. */
TEST(established_send_without_memory_is_told_when_there_is_some)
{
	struct fx f = fx_established(.arena_bytes = (size_t)128 << 10, .peer_wnd = 65535);
	sampan_handle all[1024];
	unsigned n = 0;

	while (n < 1024 && sampan_socket(f.s, SAMPAN_STREAM, &all[n]) == 0)
		n++;
	EXPECT_EQ(fx_write(&f, 1000), SAMPAN_EAGAIN);
	expect_event(&f, 0);
	for (unsigned i = 0; i < n; i++)
		EXPECT_EQ(sampan_close(f.s, all[i]), 0);
	fx_advance(&f, SAMPAN_SEC(10));
	expect_event(&f, SAMPAN_WRITABLE);
}

/* shutdown(RD): what comes is acknowledged and thrown away, also out of order. */
TEST_TWICE(established_shut_rd_text_behind_a_gap_is_not_asked_for_again)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_RD), 0);
	EXPECT_EQ(fx_read(&f, 1), 0);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(gap, 100), .len = 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	fx_advance(&f, SAMPAN_SEC(1));
	fx_drop(&f);
	EXPECT(seq_eq(f.acked, seq_add(gap, 200)) || seq_eq(f.acked, seq_add(gap, 100)));
	peer_sends(&f, .flags = TCP_ACK, .seq = f.acked, .len = 1000);
	fx_advance(&f, SAMPAN_SEC(1));
	EXPECT(seq_lt(seq_add(gap, 200), f.acked));
}

/* Its FIN still ends the connection properly. */
TEST_TWICE(established_shut_rd_fin_behind_a_gap_is_taken)
{
	struct fx f = fx_established();
	const tcp_seq gap = f.rcv_nxt;

	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_RD), 0);
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .seq = seq_add(gap, 100), .len = 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	fx_drop(&f);
	if (!seq_eq(f.acked, seq_add(gap, 201)))
		peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .seq = seq_add(gap, 100), .len = 100);
	fx_drop(&f);
	expect_state(&f, TCP_CLOSE_WAIT);
}

/* Everything a handle can be, and is not. */
TEST(any_invented_handle_is_an_error)
{
	struct fx f = fx_established();
	const sampan_handle h = f.h;
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < 100000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		f.h = i % 2 == 0 ? x : h ^ 1ull << x % 64;
		EXPECT_EQ(sampan_send(f.s, f.h, &x, 1), SAMPAN_EBADHANDLE);
		EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	}
	f.h = h;
	EXPECT_EQ(fx_write(&f, 1), 1);
}
