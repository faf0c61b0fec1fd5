/*
 * in_syn_sent.c - segments for a connection in SYN-SENT.  RFC 9293 §3.10.7.3;
 * erratum 8167: no check of a reset's sequence number.
 */
#include "lib/fx.h"

/* Four positions of SEG.ACK around (ISS, SND.NXT], which has one number. */
static const struct {
	int32_t off;		/* from the ISS */
	bool good;
} acks[] = { { -1, false }, { 0, false }, { 1, true }, { 2, false } };

/* First: a bad acknowledgement is answered with a reset that takes it for its
 * sequence number. */
TEST_TWICE(syn_sent_bad_ack_is_answered_with_reset)
{
	COVERS("R-9293-4", "R-9293-27");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = fx_syn_sent();
		const tcp_seq ack = seq_add(f.iss, (uint32_t)acks[i].off);

		if (acks[i].good)
			continue;
		peer_sends(
		    &f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .ack = ack, .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = ack);
		expect_state(&f, TCP_SYN_SENT);
		peer_sends(&f, .flags = TCP_ACK, .seq = f.irs, .ack = ack, .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = ack);
		peer_sends(&f, .flags = TCP_RST | TCP_ACK, .ack = ack);
		expect_quiet(&f);
		expect_state(&f, TCP_SYN_SENT);
	}
}

/* Second: a reset counts only with a good acknowledgement, whatever its
 * sequence number. */
TEST_TWICE(syn_sent_rst_with_good_ack_is_refusal)
{
	static const uint32_t seqs[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };

	COVERS("R-9293-5", "MUST-12");
	for (unsigned i = 0; i < 5; i++) {
		struct fx f = fx_syn_sent();

		peer_sends(&f, .flags = TCP_RST | TCP_ACK, .seq = seq_of(seqs[i]));
		expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
		EXPECT_EQ(fx_write(&f, 1), SAMPAN_ECONNREFUSED);
		expect_quiet(&f);
	}
}

TEST_TWICE(syn_sent_rst_without_ack_is_dropped)
{
	struct fx f = fx_syn_sent();

	COVERS("R-9293-5", "5-D8");
	peer_sends(&f, .flags = TCP_RST, .seq = seq_of(0));
	peer_sends(&f, .flags = TCP_RST, .seq = f.irs);
	expect_state(&f, TCP_SYN_SENT);
	expect_event(&f, 0);
	expect_quiet(&f);
}

/* Fifth: neither SYN nor RST. */
TEST_TWICE(syn_sent_segment_without_syn_is_dropped)
{
	struct fx f = fx_syn_sent();

	COVERS("R-9293-7", "R-9293-8");
	peer_sends(&f, .flags = TCP_ACK, .refused = true);
	peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = 10, .refused = true);
	peer_sends(&f, .flags = TCP_FIN, .refused = true);
	peer_sends(&f, .flags = 0, .refused = true);
	expect_count(&f, DROP_TCP_NO_FLAGS, 4);
	expect_state(&f, TCP_SYN_SENT);
	expect_quiet(&f);
}

/* Fourth.  The ACK of our SYN is not counted for cwnd, and the window is not
 * scaled: R-5681-3, R-7323-3. */
TEST_TWICE(syn_sent_syn_ack_allows_the_initial_window)
{
	struct fx f = fx_syn_sent(.wscale = true, .peer_scale = 4);

	COVERS("R-5681-3", "R-6928-1", "MUST-14");
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1000, .wscale = 4);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 50000), 50000);
	fx_drop(&f);
	EXPECT_EQ(seq_diff(f.snd_nxt, f.iss), 1 + 10000);
}

/* MUST-15. */
TEST_TWICE(syn_sent_syn_ack_without_mss_means_the_default)
{
	struct fx f = fx_syn_sent();

	COVERS("MUST-15", "5-D23");
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1), .len = FX_MSS_DEFAULT);
}

/* Text and FIN of the peer's SYN are not lost: they may be left for it to send
 * again.  R-9293-3's rule, seen from here. */
TEST_TWICE(syn_sent_syn_ack_with_text_and_fin_loses_nothing)
{
	struct fx f = fx_syn_sent();

	peer_sends(
	    &f, .flags = TCP_SYN | TCP_ACK | TCP_FIN, .seq = f.irs, .len = 20, .refused = true);
	f.rcv_nxt = seq_add(f.irs, 1);
	expect_segment(&f, .flags = TCP_ACK, .any_ack = true);
	f.rcv_nxt = f.seg.ack;
	if (seq_eq(f.rcv_nxt, seq_add(f.irs, 1))) {
		peer_sends(&f, .flags = TCP_ACK | TCP_FIN, .len = 20);
		expect_segment(&f, .flags = TCP_ACK);
	}
	EXPECT_EQ(fx_read(&f, 100), 20);
	EXPECT_EQ(fx_read(&f, 100), 0);
	expect_state(&f, TCP_CLOSE_WAIT);
}

/* What our SYN says. */
TEST_TWICE(syn_sent_syn_has_its_options)
{
	struct fx f = fx_syn_sent(.mtu = 1000);

	COVERS("MUST-14", "MUST-67", "SHLD-5", "R-7323-8", "R-2018-1");
	fx_wait(&f, SAMPAN_SEC(5));
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss, .mss = 960, .ts = 1, .tsecr = 0,
	    .sack_ok = 1);
	EXPECT(f.seg.tcp.opts.has_wscale);
	EXPECT_EQ(f.seg.tcp.h.ack, 0);
	EXPECT_EQ(f.seg.tcp.h.up, 0);
}

/* R-7323-1: an option counts only if both sides have it. */
TEST_TWICE(syn_sent_syn_ack_without_options_uses_none)
{
	struct fx f = fx_syn_sent();

	COVERS("R-7323-1", "R-7323-9", "R-2018-3");
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_ACK, .ts = 0);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 10), .len = 10);
	expect_segment(&f, .flags = TCP_ACK, .ts = 0);
	EXPECT_EQ(f.seg.tcp.opts.sack_count, 0);
}

/* ---- The SYN is lost: MUST-20, MUST-22, MUST-23; 5-D1 ---- */

TEST_TWICE(syn_sent_syns_are_repeated_and_given_up_after_three_minutes)
{
	static const unsigned at_s[] = { 1, 3, 7, 15, 31, 63, 127 };
	struct fx f = fx_syn_sent();
	const sampan_time begin = f.now;

	COVERS("MUST-20", "MUST-22", "MUST-23", "R-6298-1", "R-6298-11", "R-2525-5", "5-D1");
	for (unsigned i = 0; i < 7; i++) {
		fx_wait(&f, SAMPAN_SEC(200));
		expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
		EXPECT_EQ((f.now - begin) / SAMPAN_MS(100), at_s[i] * 10);
	}
	fx_advance(&f, SAMPAN_SEC(180) - (f.now - begin));
	expect_event(&f, 0);
	fx_advance(&f, SAMPAN_SEC(100));
	expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ETIMEDOUT);
}

/* RFC 6298 §5.7, 5-D9: without a sample the data begin with an RTO of 3 s. */
TEST_TWICE(syn_sent_after_lost_syn_data_rto_is_3_s)
{
	struct fx f = fx_syn_sent();

	COVERS("R-6298-12", "5-D9");
	fx_wait(&f, SAMPAN_SEC(2));
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK, .len = 10, .seq = seq_add(f.iss, 1));
	fx_advance(&f, SAMPAN_MS(2990));
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_MS(20));
	expect_segment(&f, .flags = TCP_ACK, .len = 10, .seq = seq_add(f.iss, 1));
}

/* R-6928-3: the initial window shrinks to one segment only after two losses. */
static uint32_t
window_after_lost_syns(unsigned lost)
{
	struct fx f = fx_syn_sent();

	for (unsigned i = 0; i < lost; i++) {
		fx_wait(&f, SAMPAN_SEC(5));
		expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	}
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 50000), 50000);
	fx_drop(&f);
	return seq_diff(f.snd_nxt, f.iss) - 1;
}

TEST_TWICE(syn_sent_lost_syns_and_initial_window)
{
	COVERS("R-6928-3", "R-5681-4", "R-6928-1", "R-5681-2");
	EXPECT_EQ(window_after_lost_syns(0), 14600);
	EXPECT_EQ(window_after_lost_syns(1), 14600);
	EXPECT_EQ(window_after_lost_syns(2), 1460);
}

/* R-7323-24: the handshake gives the first sample. */
TEST_TWICE(syn_sent_handshake_measures_the_round_trip)
{
	struct fx f = fx_syn_sent();
	struct sampan_status st;

	COVERS("R-7323-24", "R-6298-2");
	fx_advance(&f, SAMPAN_MS(100));
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT(st.srtt_dur > SAMPAN_MS(99) && st.srtt_dur < SAMPAN_MS(101));
	EXPECT(st.rto_dur > SAMPAN_MS(295) && st.rto_dur < SAMPAN_MS(305));
}

/* ---- Crossing SYNs: SYN-RECEIVED from an active open ---- */

static struct fx
crossed(void)
{
	struct fx f = fx_syn_sent();

	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss, .ack = seq_add(f.irs, 1));
	return f;
}

/* MUST-11: a reset refuses an active opening. */
TEST_TWICE(crossed_rst_at_rcv_nxt_is_refusal)
{
	struct fx f = crossed();

	COVERS("MUST-11", "R-9293-13");
	peer_sends(&f, .flags = TCP_RST);
	expect_event(&f, SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ECONNREFUSED);
}

/* R-9293-36. */
TEST_TWICE(crossed_repeated_syn_gets_the_syn_ack_again)
{
	struct fx f = crossed();

	COVERS("R-9293-36");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss, .ack = seq_add(f.irs, 1));
	expect_state(&f, TCP_SYN_RECEIVED);
}

/* The peer's SYN-ACK, all that it sends if it had our SYN first: R-9293-32. */
TEST_TWICE(crossed_syn_ack_completes_the_handshake)
{
	struct fx f = crossed();

	COVERS("MUST-10", "R-9293-32");
	peer_sends(
	    &f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .ack = seq_add(f.iss, 1), .mss = 1460);
	fx_drop(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

/* The peer's SYN and what acknowledges ours come before anything could leave: its
 * SYN is acknowledged all the same.  Found by fuzz/stack_segments. */
TEST_TWICE(crossed_syn_and_ack_in_one_batch_are_acknowledged)
{
	struct fx f = fx_syn_sent();

	COVERS("R-9293-32");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.irs, 1), .ack = seq_add(f.iss, 1));
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1), .ack = seq_add(f.irs, 1));
	expect_state(&f, TCP_ESTABLISHED);
	expect_quiet(&f);
}

/* RFC 9293 §3.10.4: CLOSE in SYN-RECEIVED sends the FIN when it can. */
TEST_TWICE(crossed_close_sends_fin_after_the_handshake)
{
	struct fx f = crossed();

	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_ACK);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	expect_state(&f, TCP_FIN_WAIT_1);
}

/* The SYN-ACK is repeated like a SYN. */
TEST_TWICE(crossed_lost_syn_ack_is_repeated)
{
	struct fx f = crossed();

	for (unsigned i = 0; i < 3; i++) {
		fx_wait(&f, SAMPAN_SEC(10));
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	}
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
}

/* The time-out came, but the SYN-ACK came before the repeated SYN left. */
TEST_TWICE(syn_sent_syn_ack_takes_a_repeated_syn_back)
{
	struct fx f = fx_syn_sent();

	f.now += SAMPAN_MS(1100);
	sampan_advance(f.s, f.now);
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .mss = 1460);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
	expect_quiet(&f);
}
