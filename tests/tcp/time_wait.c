/*
 * time_wait.c - TIME-WAIT as a record: what it answers, how long it lasts, and
 * what revives it.  RFC 9293 §3.6.1, §3.10.7.4; RFC 1337; RFC 6191.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

/* MUST-13, 5-D2: twice the MSL of 30 s, and not a moment less. */
TEST_TWICE(time_wait_lasts_two_msl)
{
	struct fx f = fx_time_wait();

	COVERS("MUST-13", "5-D2");
	fx_advance(&f, SAMPAN_SEC(60) - SAMPAN_MS(1));
	expect_state(&f, TCP_TIME_WAIT);
	fx_advance(&f, SAMPAN_MS(2));
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* R-9293-21. */
TEST_TWICE(time_wait_repeated_fin_is_acknowledged_and_starts_anew)
{
	struct fx f = fx_time_wait();

	COVERS("R-9293-21", "MUST-13");
	fx_advance(&f, SAMPAN_SEC(40));
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1));
	expect_segment(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(59));
	expect_state(&f, TCP_TIME_WAIT);
	fx_advance(&f, SAMPAN_SEC(2));
	expect_state(&f, TCP_CLOSED);
}

/* RFC 1337 §3, F1: a reset kills nothing here, wherever it is. */
TEST_TWICE(time_wait_rst_is_ignored)
{
	static const int32_t off[] = { -1, 0, 1, 1000 };
	struct fx f = fx_time_wait();

	COVERS("R-1337-1", "R-V-33");
	for (unsigned i = 0; i < 4; i++)
		peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, (uint32_t)off[i]));
	expect_state(&f, TCP_TIME_WAIT);
	expect_quiet(&f);
}

/* The same while the application still holds the socket. */
TEST_TWICE(time_wait_held_rst_is_ignored)
{
	struct fx f = fx_make(SAMPAN_TCP_TIME_WAIT, FX_OPTS());

	COVERS("R-1337-1");
	peer_sends(&f, .flags = TCP_RST);
	expect_state(&f, TCP_TIME_WAIT);
	expect_quiet(&f);
}

/* R-1337-2: old text is acknowledged; only a FIN starts the time anew. */
TEST_TWICE(time_wait_old_text_is_acknowledged_and_prolongs_nothing)
{
	struct fx f = fx_time_wait();

	COVERS("R-1337-2", "R-9293-22");
	fx_advance(&f, SAMPAN_SEC(40));
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 100), .len = 10);
	expect_segment(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(21));
	expect_state(&f, TCP_CLOSED);
}

/* R-V-34: two of them cannot talk forever. */
TEST_TWICE(time_wait_bare_ack_is_not_answered)
{
	struct fx f = fx_time_wait();

	COVERS("R-V-34");
	peer_sends(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1));
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 100000));
	fx_next_out(&f);		/* at most one answer */
	expect_quiet(&f);
}

/* What a record says is what the connection said. */
TEST_TWICE(time_wait_answer_has_timestamp)
{
	struct fx f = fx_time_wait(.ts = true);

	COVERS("R-7323-9");
	fx_advance(&f, SAMPAN_MS(100));
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .tsval = 5000 +
	    (int64_t)(f.now / SAMPAN_MS(1)));
	expect_segment(&f, .flags = TCP_ACK, .ts = 1);
}

/* ---- A new SYN: RFC 6191 §2, MAY-2 ---- */

struct syn_case {
	bool old_ts, new_ts;
	int32_t seq_off;	/* from RCV.NXT, one behind the FIN */
	int32_t ts_off;		/* from the last timestamp seen */
	bool accepted;
};

static void
try_syn(const struct syn_case *c)
{
	struct fx f = fx_time_wait(.ts = c->old_ts);
	const tcp_seq seq = seq_add(f.rcv_nxt, (uint32_t)c->seq_off);
	const tcp_seq snd_nxt = f.snd_nxt;
	const int64_t last = f.peer_tsval + (int64_t)(f.now / SAMPAN_MS(1));

	fx_advance(&f, SAMPAN_SEC(2));
	peer_sends(&f, .flags = TCP_SYN, .seq = seq, .mss = 1460, .no_ts = true, .refused = true,
	    .tsval = c->new_ts ? last + c->ts_off : FX_ANY);
	if (!c->accepted) {
		expect_state(&f, TCP_TIME_WAIT);
		fx_drop(&f);		/* 5-D4: it may be acknowledged */
		return;
	}
	expect_state(&f, TCP_SYN_RECEIVED);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .ack = seq_add(seq, 1));
	EXPECT(seq_lt(snd_nxt, f.seg.seq));	/* R-6191-7 */
}

TEST_TWICE(time_wait_new_syn_both_with_timestamps)
{
	static const struct syn_case cases[] = {
		{ true, true, 100, 1, true }, { true, true, -100, 1, true },
		{ true, true, 100, 0, true }, { true, true, -100, 0, false },
		{ true, true, 100, -1, false }, { true, true, -100, -1, false },
		{ true, true, 0x40000000, 0x40000000, true },
	};

	COVERS("R-6191-1", "R-6191-2", "R-6191-6", "R-6191-7", "SHLD-4", "MAY-2");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		try_syn(&cases[i]);
}

TEST_TWICE(time_wait_new_syn_without_timestamp)
{
	static const struct syn_case cases[] = {
		{ true, false, 1, 0, true }, { true, false, -1, 0, false },
		{ false, false, 1, 0, true }, { false, false, -1, 0, false },
		{ false, false, -100000, 0, false }, { false, false, 100000, 0, true },
	};

	COVERS("R-6191-3", "R-6191-5", "R-6191-6", "R-6191-7", "MAY-2", "5-D4");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		try_syn(&cases[i]);
}

TEST_TWICE(time_wait_new_syn_with_timestamp_after_connection_without)
{
	static const struct syn_case cases[] = {
		{ false, true, 100, 0, true }, { false, true, -100, 0, true },
	};

	COVERS("R-6191-4", "R-6191-7");
	try_syn(&cases[0]);
	try_syn(&cases[1]);
}

/* The new connection works. */
TEST_TWICE(time_wait_revived_connection_transfers)
{
	struct fx f = fx_time_wait();

	f.irs = seq_add(f.rcv_nxt, 1000);
	f.rcv_nxt = f.irs;
	f.acked = f.irs;
	f.rcv_edge = f.irs;
	f.written = 0;
	f.read = 0;
	peer_sends(&f, .flags = TCP_SYN, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 1000), 100);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1), .len = 100);
}

/* Without a listener nothing is revived, and nothing lost. */
TEST_TWICE(time_wait_new_syn_without_listener_changes_nothing)
{
	struct fx f = fx_time_wait(.active = true);

	peer_sends(&f, .flags = TCP_SYN, .seq = seq_add(f.rcv_nxt, 1000), .refused = true);
	fx_drop(&f);
	expect_state(&f, TCP_TIME_WAIT);
}

/* R-1337-3: the number of records is bounded; past it there is no TIME-WAIT. */
TEST_TWICE(established_close_past_the_limit_skips_time_wait)
{
	struct fx f = fx_fin_wait_2(.orphan = true);

	COVERS("R-1337-3");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_tw_buckets", 0), 0);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSED);
	expect_count(&f, COUNT_TCP_TIME_WAIT_OVERFLOW, 1);
}

/* While the socket is held TIME-WAIT is the connection itself, and ends too. */
TEST_TWICE(time_wait_held_ends_and_is_reported)
{
	struct fx f = fx_make(SAMPAN_TCP_TIME_WAIT, FX_OPTS());

	fx_forget_events(&f);
	fx_advance(&f, SAMPAN_SEC(61));
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

/* A close in TIME-WAIT leaves the record to its time. */
TEST_TWICE(time_wait_held_close_leaves_a_record)
{
	struct fx f = fx_make(SAMPAN_TCP_TIME_WAIT, FX_OPTS());

	fx_advance(&f, SAMPAN_SEC(30));
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_state(&f, TCP_TIME_WAIT);
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_SEC(29));
	expect_state(&f, TCP_TIME_WAIT);
	fx_advance(&f, SAMPAN_SEC(2));
	expect_state(&f, TCP_CLOSED);
}

/* R-1337-5: FIN-WAIT-2 without a socket ends after 60 s, with one never. */
TEST_TWICE(fin_wait_2_orphan_ends)
{
	struct fx f = fx_fin_wait_2(.orphan = true);

	COVERS("R-1337-5");
	fx_advance(&f, SAMPAN_SEC(59));
	expect_state(&f, TCP_FIN_WAIT_2);
	fx_advance(&f, SAMPAN_SEC(2));
	expect_state(&f, TCP_CLOSED);
	f = fx_fin_wait_2();
	fx_advance(&f, SAMPAN_SEC(100000));
	expect_state(&f, TCP_FIN_WAIT_2);
}

/* ---- A connect takes the flow over: R-6191-8, R-6056-7 ---- */

static int
connect_again(struct fx *f)
{
	const struct sampan_sockaddr local = { .port = FX_LOCAL_PORT };
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };

	EXPECT_EQ(sampan_socket(f->s, SAMPAN_STREAM, &f->h), 0);
	EXPECT_EQ(sampan_setopt(f->s, f->h, SAMPAN_OPT_REUSEADDR, 1), 0);
	EXPECT_EQ(sampan_bind(f->s, f->h, &local), 0);
	return sampan_connect(f->s, f->h, &peer);
}

/* net.ipv4.tcp_tw_reuse: with timestamps, and a second later. */
TEST_TWICE(time_wait_reuse_by_connect_after_a_second)
{
	struct fx f = fx_time_wait(.active = true, .ts = true);
	const tcp_seq old = f.snd_nxt;

	COVERS("R-6191-8", "R-6056-7", "R-6191-7");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_tw_reuse", 1), 0);
	EXPECT_EQ(connect_again(&f), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	fx_advance(&f, SAMPAN_MS(1001));
	EXPECT_EQ(connect_again(&f), SAMPAN_EINPROGRESS);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT_EQ(f.seg.tcp.h.flags, TCP_SYN);
	EXPECT(seq_lt(seq_add(old, 65535), f.seg.seq));
	expect_count(&f, COUNT_TCP_TIME_WAIT_REUSED, 1);
}

/* Neither by default, nor without timestamps. */
TEST_TWICE(time_wait_is_not_reused_where_that_is_not_safe)
{
	struct fx f = fx_time_wait(.active = true, .ts = true);

	COVERS("R-6191-8");
	fx_advance(&f, SAMPAN_SEC(30));
	EXPECT_EQ(connect_again(&f), SAMPAN_EADDRINUSE);
	f = fx_time_wait(.active = true);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_tw_reuse", 1), 0);
	fx_advance(&f, SAMPAN_SEC(30));
	EXPECT_EQ(connect_again(&f), SAMPAN_EADDRINUSE);
	expect_state(&f, TCP_TIME_WAIT);
}

/* net.ipv4.tcp_rfc1337 off, as Linux has it: the exact reset ends it. */
TEST_TWICE(time_wait_rst_ends_it_where_the_setting_says)
{
	struct fx f = fx_time_wait();

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_rfc1337", 0), 0);
	peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 1));
	peer_sends(&f, .flags = TCP_RST, .seq = seq_sub(f.rcv_nxt, 1));
	expect_state(&f, TCP_TIME_WAIT);
	peer_sends(&f, .flags = TCP_RST);
	expect_state(&f, TCP_CLOSED);
}
