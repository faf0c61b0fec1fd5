/*
 * ecn.c - explicit congestion notification: RFC 3168 §6.1, RFC 8511.
 *
 * Segments have 1,000 bytes, of which the initial window has ten; the congestion
 * control is Reno's, so that an echo leaves eight of them.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)
#define ASK (TCP_ECE | TCP_CWR)
#define NOT_ECT 0
#define ECT0 2
#define CE 3

static void
set_ecn(struct fx *f, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, "net.ipv4.tcp_ecn", value), 0);
}

static bool
agreed(struct fx *f)
{
	return (fx_info(f).options & 8) != 0;
}

#define expect_tos(f, want) EXPECT_EQ((f)->seg.tcp.tos, want)

static void
begin(struct fx *f)
{
	fx_accept(f);
	f->mss = FX_SEG_BYTES;
	fx_drop(f);
	fx_forget_events(f);
}

/* The peer asks with a SYN that has these flags; what the SYN-ACK says. */
static struct fx
asked(unsigned flags, int64_t setting, unsigned answer, struct fx_opts opts)
{
	struct fx f = fx_make(SAMPAN_TCP_LISTEN, opts);

	set_ecn(&f, setting);
	peer_sends(&f, .flags = TCP_SYN | flags, .seq = f.irs, .mss = FX_SEG_BYTES,
	    .sack_ok = opts.sack);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK | answer, .any_seq = true);
	expect_tos(&f, NOT_ECT);
	return f;
}

/* ESTABLISHED with ECN, after a round trip of RTT. */
static struct fx
with_ecn(void)
{
	struct fx f = asked(ASK, 2, TCP_ECE, FX_OPTS(.sack = true, .peer_mss = FX_SEG_BYTES));

	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	begin(&f);
	return f;
}

/* Ten segments out, and a round trip gone by. */
static struct fx
ten_out(uint32_t written)
{
	struct fx f = with_ecn();

	EXPECT_EQ(fx_write(&f, written), written);
	for (unsigned i = 0; i < 10; i++) {
		expect_seg(&f, i);
		expect_tos(&f, ECT0);
	}
	expect_quiet(&f);
	fx_advance(&f, RTT);
	return f;
}

static void
peer_acks(struct fx *f, uint32_t at, unsigned flags)
{
	peer_sends(f, .flags = TCP_ACK | flags, .ack = fx_our(f, at));
}

static unsigned
cwnd(struct fx *f)
{
	return (unsigned)fx_info(f).snd_cwnd_segs;
}

/* ---- Agreeing ---- */

TEST_TWICE(listen_ecn_setup_syn_is_accepted)
{
	struct fx f = asked(ASK, 2, TCP_ECE, FX_OPTS());

	COVERS("R-3168-1", "R-3168-2", "R-3168-4", "SHLD-8", "5-D13");
	peer_sends(&f, .flags = TCP_ACK);
	begin(&f);
	EXPECT(agreed(&f));
}

/* Only a SYN with both flags asks; and nobody must agree. */
TEST_TWICE(listen_other_syn_is_answered_without)
{
	static const struct {
		unsigned flags;
		int64_t setting;
	} cases[] = { { 0, 1 }, { TCP_ECE, 1 }, { TCP_CWR, 1 }, { ASK, 0 } };

	COVERS("R-3168-2", "R-3168-3", "R-3168-18");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = asked(cases[i].flags, cases[i].setting, 0, FX_OPTS());

		peer_sends(&f, .flags = TCP_ACK);
		begin(&f);
		EXPECT(!agreed(&f));
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .len = 100);
		expect_tos(&f, NOT_ECT);
	}
}

/* Whoever repeats a SYN without asking has given up asking. */
TEST_TWICE(syn_received_repeated_syn_without_takes_it_back)
{
	struct fx f = asked(ASK, 2, TCP_ECE, FX_OPTS());

	COVERS("R-3168-2", "R-3168-3");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	peer_sends(&f, .flags = TCP_ACK);
	begin(&f);
	EXPECT(!agreed(&f));
}

TEST_TWICE(cookie_keeps_ecn_in_the_timestamp)
{
	COVERS("R-4987-4");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = fx_listen(.ts = (i & 1) != 0);

		EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_syncookies", 2), 0);
		peer_sends(&f, .flags = TCP_SYN | ((i & 2) != 0 ? ASK : 0), .seq = f.irs);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK | (i == 3 ? TCP_ECE : 0),
		    .any_seq = true);
		peer_sends(&f, .flags = TCP_ACK);
		fx_accept(&f);
		EXPECT_EQ(agreed(&f), i == 3);
	}
}

/* ---- Asking ---- */

/* SYN-SENT with the setting: the constructor's own SYN is made anew. */
static struct fx
connecting_by(const char *cc, int64_t setting, bool asks)
{
	struct fx f = fx_syn_sent();
	const struct sampan_sockaddr to = { fx_peer(), FX_PEER_PORT, 0 };
	const struct sampan_sockaddr local = { fx_local(), FX_LOCAL_PORT, 0 };

	set_ecn(&f, setting);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	fx_drop(&f);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_bind(f.s, f.h, &local), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, sampan_cc_find(cc)), 0);
	(void)sampan_connect(f.s, f.h, &to);
	expect_segment(&f, .flags = TCP_SYN | (asks ? ASK : 0), .any_seq = true);
	expect_tos(&f, NOT_ECT);
	f.iss = f.seg.seq;
	f.snd_una = f.iss;
	f.snd_nxt = seq_add(f.iss, 1);
	return f;
}

static struct fx
connecting(int64_t setting)
{
	return connecting_by("newreno", setting, setting == 1);
}

/* A SYN-ACK with both flags is our own SYN, reflected. */
TEST_TWICE(syn_sent_ecn_needs_the_right_answer)
{
	static const struct {
		int64_t setting;
		unsigned answer;
		bool agreed;
	} cases[] = { { 1, TCP_ECE, true }, { 1, 0, false }, { 1, ASK, false },
		{ 1, TCP_CWR, false }, { 2, TCP_ECE, false }, { 0, TCP_ECE, false } };

	COVERS("R-3168-1", "R-3168-2", "R-3168-3", "R-3168-4", "5-D13");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = connecting(cases[i].setting);

		peer_sends(&f, .flags = TCP_SYN | TCP_ACK | cases[i].answer, .seq = f.irs,
		    .mss = 1000);
		expect_segment(&f, .flags = TCP_ACK);
		EXPECT_EQ(agreed(&f), cases[i].agreed);
		f.mss = 1000;
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .len = 100);
		expect_tos(&f, cases[i].agreed ? ECT0 : NOT_ECT);
	}
}

/* A late answer to the SYN that asked does not count any more. */
TEST_TWICE(syn_sent_silence_makes_it_ask_no_more)
{
	struct fx f = connecting(1);

	COVERS("R-3168-15");
	(void)fx_wait(&f, SAMPAN_SEC(2));
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK | TCP_ECE, .seq = f.irs);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT(!agreed(&f));
}

/* ---- What is marked ---- */

TEST_TWICE(established_only_new_text_may_be_marked)
{
	struct fx f = with_ecn();

	COVERS("R-3168-3", "R-3168-5", "R-3168-6", "R-3168-7", "R-3168-17");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TOS, 0xb8 | CE), 0);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	expect_seg(&f, 0);
	expect_tos(&f, 0xb8 | ECT0);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 0), .len = 100);
	expect_segment(&f, .flags = TCP_ACK);
	expect_tos(&f, 0xb8);
	(void)fx_wait(&f, SAMPAN_SEC(2));
	expect_seg(&f, 0);		/* a tail loss probe, or the time-out */
	expect_tos(&f, 0xb8);
	(void)fx_wait(&f, SAMPAN_SEC(2));
	expect_seg(&f, 0);
	expect_tos(&f, 0xb8);
}

/* One that asks the peer for its window carries neither mark nor CWR. */
TEST_TWICE(established_window_probe_is_not_marked)
{
	struct fx f = ten_out(10000);

	COVERS("R-3168-8");
	peer_sends(&f, .flags = TCP_ACK | TCP_ECE, .ack = fx_our(&f, 10000), .wnd = 0);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	(void)fx_wait(&f, SAMPAN_SEC(5));
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 9999));
	expect_tos(&f, NOT_ECT);
	peer_acks(&f, 10000, 0);
	expect_segment(&f, .flags = TCP_ACK | TCP_CWR, .seq = fx_our(&f, 10000), .len = 1000);
}

/* ---- Echo ---- */

TEST_TWICE(established_mark_is_echoed_until_cwr)
{
	struct fx f = with_ecn();

	COVERS("R-3168-9", "R-3168-10", "R-3168-17");
	peer_sends(&f, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
	peer_sends(&f, .len = 1000, .tos = ECT0);
	peer_sends(&f, .len = 1000, .tos = ECT0);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE, .len = 100);
	peer_sends(&f, .flags = TCP_ACK | TCP_CWR, .len = 1000, .tos = ECT0);
	expect_segment(&f, .flags = TCP_ACK);
}

/* The mark of the segment that brings CWR is new. */
TEST_TWICE(established_mark_on_cwr_begins_again)
{
	struct fx f = with_ecn();

	COVERS("R-3168-9");
	peer_sends(&f, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
	peer_sends(&f, .flags = TCP_ACK | TCP_CWR, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
	peer_sends(&f, .flags = TCP_ACK | TCP_CWR, .len = 1000, .tos = ECT0);
	expect_segment(&f, .flags = TCP_ACK);
}

/* Of a delayed acknowledgement, the first or the second. */
TEST_TWICE(established_mark_in_a_batch_is_echoed)
{
	COVERS("R-3168-10");
	for (unsigned i = 0; i < 2; i++) {
		struct fx f = with_ecn();

		peer_sends(&f, .len = 1000, .tos = i == 0 ? CE : ECT0);
		peer_sends(&f, .len = 1000, .tos = i == 1 ? CE : ECT0);
		expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
		expect_quiet(&f);
	}
}

/* Left of the window, and right of it. */
TEST_TWICE(established_mark_outside_the_window_is_ignored)
{
	struct fx f = with_ecn();

	COVERS("R-3168-7");
	peer_sends(&f, .len = 1000, .tos = ECT0);
	fx_drop(&f);
	peer_sends(&f, .seq = f.irs, .len = 500, .tos = CE, .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
	peer_sends(&f, .seq = seq_add(f.rcv_nxt, f.rcv_wnd), .len = 500, .tos = CE,
	    .refused = true);
	expect_segment(&f, .flags = TCP_ACK);
}

TEST_TWICE(established_mark_without_agreement_is_ignored)
{
	struct fx f = fx_established();

	COVERS("R-3168-3");
	peer_sends(&f, .len = 1000, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK);
}

/* An octet that asks for our window: RFC 3168 §6.1.6. */
TEST_TWICE(established_mark_on_a_window_probe_counts)
{
	struct fx f = with_ecn();

	COVERS("R-3168-8");
	while (f.rcv_wnd > 0) {
		peer_sends(&f, .len = f.rcv_wnd < 1000 ? f.rcv_wnd : 1000, .tos = ECT0);
		fx_drop(&f);
	}
	peer_sends(&f, .len = 1, .tos = CE, .refused = true);
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE, .wnd = 0);
}

/* ---- Reduction ---- */

/* RFC 8511: to 0.8 of what is in flight; CWR goes with the next new text. */
TEST_TWICE(established_echo_reduces_once_a_round)
{
	struct fx f = ten_out(40000);

	COVERS("R-3168-11", "R-3168-12", "R-3168-13", "R-8511-1");
	peer_acks(&f, 1000, TCP_ECE);
	EXPECT_EQ(cwnd(&f), 8);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 8);
	EXPECT_EQ(fx_info(&f).ca_state, 2);
	expect_quiet(&f);		/* nine are out */
	peer_acks(&f, 2000, TCP_ECE);
	expect_quiet(&f);
	peer_acks(&f, 3000, TCP_ECE);
	expect_segment(&f, .flags = TCP_ACK | TCP_CWR, .seq = fx_our(&f, 10000), .len = 1000);
	expect_tos(&f, ECT0);
	for (unsigned i = 4; i <= 10; i++) {
		peer_acks(&f, i * 1000, TCP_ECE);
		expect_seg(&f, 7 + i);
		EXPECT_EQ(cwnd(&f), 8);
	}
	peer_acks(&f, 11000, 0);	/* beyond: CWR has been heard */
	EXPECT_EQ(fx_info(&f).ca_state, 0);
	expect_seg(&f, 18);
	peer_acks(&f, 12000, TCP_ECE);	/* news */
	EXPECT_EQ(cwnd(&f), 6);
}

/* Cubic: 0.85. */
TEST_TWICE(established_echo_reduces_cubic_by_less_than_a_loss)
{
	struct fx f = with_ecn();

	COVERS("R-8511-1");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, 1), 0);
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_acks(&f, 10000, TCP_ECE);
	EXPECT_EQ(cwnd(&f), 8);
}

/* Never below two segments, and nothing waits for a time-out. */
TEST_TWICE(established_endless_echo_leaves_two_segments)
{
	struct fx f = ten_out(200000);
	uint32_t at = 10000;

	COVERS("R-8511-1", "R-3168-11");
	peer_acks(&f, at, TCP_ECE);
	for (unsigned round = 0; round < 20; round++) {
		at += fx_count_out(&f) * FX_SEG_BYTES;
		fx_advance(&f, RTT);
		peer_acks(&f, at, TCP_ECE);
	}
	EXPECT_EQ(cwnd(&f), 2);
	EXPECT_EQ(fx_count_out(&f), 2);
}

/* A loss in the window that was reduced for is the same news. */
TEST_TWICE(reduced_loss_of_the_same_window_reduces_no_more)
{
	struct fx f = ten_out(30000);

	COVERS("R-3168-13");
	peer_acks(&f, 1000, TCP_ECE);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 8);
	peer_sacks(&f, 1000, { 2000, 5000 });
	expect_seg(&f, 1);
	expect_tos(&f, NOT_ECT);
	EXPECT_EQ(fx_info(&f).ca_state, 3);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 8);
}

/* The other way round; and CWR does not go with the repair. */
TEST_TWICE(recovery_echo_reduces_no_more)
{
	struct fx f = ten_out(30000);

	COVERS("R-3168-12", "R-3168-13");
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
	expect_segment(&f, .flags = TCP_ACK | TCP_CWR, .seq = fx_our(&f, 10000), .len = 1000);
	expect_quiet(&f);
	fx_advance(&f, RTT);
	peer_acks(&f, 10000, TCP_ECE);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 5);
	EXPECT_EQ(cwnd(&f), 5);
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 11000), .len = 1000);
	expect_seg(&f, 12);
}

/* With nothing in flight there is nothing to reduce. */
TEST_TWICE(established_echo_on_an_idle_connection_is_ignored)
{
	struct fx f = ten_out(10000);

	COVERS("R-3168-11");
	peer_acks(&f, 10000, 0);
	peer_sends(&f, .flags = TCP_ACK | TCP_ECE, .len = 100);
	fx_drop(&f);
	EXPECT(cwnd(&f) >= 10);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
}

TEST_TWICE(established_echo_without_agreement_is_ignored)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	COVERS("R-3168-3");
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_acks(&f, 10000, TCP_ECE);
	EXPECT(cwnd(&f) >= 10);
}

/* ---- The setting ---- */

TEST(setting_is_linuxs_without_accurate_ecn)
{
	struct fx f = fx_listen();
	int64_t value = 0;

	COVERS("5-D13");
	EXPECT_EQ(sampan_get(f.s, "net.ipv4.tcp_ecn", &value), 0);
	EXPECT_EQ(value, 2);
	for (int64_t refused = 3; refused <= 5; refused++)
		EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_ecn", refused), SAMPAN_ERANGE);
}

/* ---- Each mark: RFC 8257 ---- */

static void
choose_dctcp(struct fx *f)
{
	EXPECT_EQ(sampan_setopt(f->s, f->h, SAMPAN_OPT_CONGESTION, sampan_cc_find("dctcp")), 0);
}

/* §3.2: the echo is of the last segment; no CWR ends it. */
TEST_TWICE(established_dctcp_echoes_each_mark)
{
	struct fx f = with_ecn();

	choose_dctcp(&f);
	for (unsigned i = 0; i < 3; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1000, .tos = CE);
		expect_segment(&f, .flags = TCP_ACK | TCP_ECE);
		peer_sends(&f, .flags = TCP_ACK, .len = 1000, .tos = ECT0);
		expect_segment(&f, .flags = TCP_ACK);
	}
}

/* What came before the change is acknowledged by itself, though it could have waited. */
TEST_TWICE(established_dctcp_change_splits_a_delayed_acknowledgement)
{
	struct fx f = with_ecn();

	choose_dctcp(&f);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_QUICKACK, 0), 0);
	peer_sends(&f, .flags = TCP_ACK, .len = 500, .tos = ECT0);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 500, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK, .ack = seq_sub(f.rcv_nxt, 500));
	expect_segment(&f, .flags = TCP_ACK | TCP_ECE, .ack = f.rcv_nxt);
	expect_quiet(&f);
}

/* §3.3: a first mark is taken for all of them; then the window falls by half of alpha. */
TEST_TWICE(established_dctcp_reduces_once_a_round)
{
	struct fx f = ten_out(40000);

	choose_dctcp(&f);
	peer_acks(&f, 1000, TCP_ECE);
	EXPECT_EQ(cwnd(&f), 5);
	peer_acks(&f, 2000, TCP_ECE);
	EXPECT_EQ(cwnd(&f), 5);
}

/* The queues that it is for drop what is not marked. */
TEST_TWICE(recovery_dctcp_marks_repairs)
{
	struct fx f = ten_out(30000);

	choose_dctcp(&f);
	peer_sacks(&f, 0, { 1000, 4000 });
	expect_seg(&f, 0);
	expect_tos(&f, ECT0);
}

/* It asks where nobody else would, but not where the setting forbids it. */
TEST_TWICE(syn_sent_dctcp_asks_for_ecn)
{
	for (int64_t setting = 0; setting <= 2; setting++) {
		struct fx f = connecting_by("dctcp", setting, setting != 0);

		peer_sends(&f, .flags = TCP_SYN | TCP_ACK | TCP_ECE, .seq = f.irs, .mss = 1000);
		expect_segment(&f, .flags = TCP_ACK);
		EXPECT_EQ(agreed(&f), setting != 0);
	}
}
