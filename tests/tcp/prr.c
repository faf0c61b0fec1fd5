/*
 * prr.c - what may leave while a loss is repaired: RFC 9937 §6, against its
 * arithmetic done here once more; the reduction itself, RFC 5681 §3.2.
 */
#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

/* RFC 9937 §6.1, §6.2, in bytes, as far as segments of one size show it. */
struct model {
	uint32_t ssthresh, recover_fs;
	uint32_t delivered, out;	/* prr_delivered, prr_out */
};

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* §6.2: how much may leave after an acknowledgement that delivered `data`. */
static uint32_t
allowed(struct model *m, uint32_t data, uint32_t in_flight, bool safe)
{
	int64_t n;

	m->delivered += data;
	if (in_flight > m->ssthresh) {
		n = ((int64_t)m->delivered * m->ssthresh + m->recover_fs - 1) / m->recover_fs;
		n += (FX_SEG_BYTES - n % FX_SEG_BYTES) % FX_SEG_BYTES;
		n -= m->out;
	} else {
		n = larger(m->delivered > m->out ? m->delivered - m->out : 0, data);
		n += safe ? FX_SEG_BYTES : 0;
		if (n > (int64_t)m->ssthresh - in_flight)
			n = (int64_t)m->ssthresh - in_flight;
	}
	if (m->out == 0 && n <= 0)
		n = FX_SEG_BYTES;
	return n > 0 ? (uint32_t)n : 0;
}

/* Twenty segments are out, a round trip ago, and there is more to send. */
static struct fx
twenty_out(void)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sndbuf = 200000);

	EXPECT_EQ(fx_write(&f, 100000), 100000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	expect_text(&f, fx_our(&f, 10000), 20000);
	expect_quiet(&f);
	fx_advance(&f, RTT);
	return f;
}

/* ssthresh = FlightSize / 2, without what limited transmit added: R-5681-14. */
TEST_TWICE(established_loss_halves_the_flight)
{
	struct fx f = twenty_out();

	COVERS("R-5681-8", "R-5681-14", "R-6675-8", "R-9937-2");
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, 20);
	peer_sacks(&f, 10000, { 11000, 14000 });
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, 10);
	EXPECT_EQ(fx_info(&f).ca_state, 3);
}

/* Segment `hole` of twenty is lost; the others are reported one by one.  What
 * leaves is what the model lets go. */
TEST_TWICE(established_recovery_sends_what_prr_allows)
{
	struct fx f = twenty_out();
	struct model m = { .ssthresh = 10000 };
	uint32_t sacked = 3000, sent;

	COVERS("R-9937-3", "R-9937-6", "R-9937-7", "R-9937-8", "R-9937-9", "R-5681-22");
	peer_sacks(&f, 10000, { 11000, 14000 });
	m.recover_fs = 20000 - sacked + 3000;
	EXPECT(allowed(&m, 3000, 20000 - sacked - 1000, false) > 0);
	sent = fx_count_out(&f) * FX_SEG_BYTES;
	EXPECT(sent >= FX_SEG_BYTES && sent <= 2 * FX_SEG_BYTES);
	m.out += sent;
	while (sacked < 19000) {
		const uint32_t in_flight = 20000 - sacked - 1000 + m.out - 1000;
		uint32_t room;

		sacked += 1000;
		peer_sacks(&f, 10000, { 11000, 11000 + sacked });
		room = allowed(&m, 1000, in_flight, false);
		sent = fx_count_out(&f) * FX_SEG_BYTES;
		EXPECT_EQ(sent, room - room % FX_SEG_BYTES);
		m.out += sent;
	}
	EXPECT(m.out >= 9000 && m.out <= 10000);
}

/* R-9937-11: 320,000 octets delivered times a target of 160,000 are more than 32 bits
 * hold. */
TEST_TWICE(established_recovery_of_a_large_flight_keeps_proportion)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sndbuf = 2000000, .wscale = true, .peer_scale = 7,
	    .peer_wnd = 4000000, .arena_bytes = (size_t)8 << 20);
	uint32_t una = 0, flight = 10, sent = 0;

	COVERS("R-9937-11", "R-9937-6");
	EXPECT_EQ(fx_write(&f, 1000000), 1000000);
	for (; flight < 320; flight *= 2) {
		EXPECT_EQ(fx_count_out(&f), flight);
		fx_advance(&f, RTT);
		una += flight * FX_SEG_BYTES;
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, una));
	}
	EXPECT_EQ(fx_count_out(&f), flight);
	fx_advance(&f, RTT);
	for (uint32_t sacked = 3; sacked < flight; sacked++) {
		peer_sacks(&f, una, { una + 1000, una + 1000 + sacked * FX_SEG_BYTES });
		sent += fx_count_out(&f);
		EXPECT(sent + 2 >= sacked / 2 && sent <= sacked / 2 + 2);
	}
}

/* Half of the flight is lost: never more leaves than arrives, and the pipe is
 * not filled beyond ssthresh. */
TEST_TWICE(established_heavy_loss_is_repaired_as_fast_as_text_arrives)
{
	struct fx f = twenty_out();
	uint32_t out;

	COVERS("R-9937-7", "R-5681-22");
	peer_sacks(&f, 10000, { 25000, 28000 });
	out = fx_count_out(&f);
	EXPECT(out >= 1 && out <= 3);
	peer_sacks(&f, 10000, { 25000, 29000 });
	out += fx_count_out(&f);
	EXPECT(out <= 4);
	peer_sacks(&f, 10000, { 25000, 30000 });
	out += fx_count_out(&f);
	EXPECT(out <= 5 && out >= 3);
}

/* §6.2: nothing delivered, nothing sent. */
TEST_TWICE(established_recovery_window_updates_send_nothing)
{
	struct fx f = twenty_out();

	COVERS("R-9937-5", "R-V-21");
	peer_sacks(&f, 10000, { 11000, 14000 });
	fx_drop(&f);
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000), .wnd = 60000 + i);
		expect_quiet(&f);
		peer_sacks(&f, 10000, { 11000, 14000 });
		expect_quiet(&f);
	}
}

/* At the end cwnd is ssthresh, and congestion is avoided from there. */
TEST_TWICE(established_recovery_ends_at_ssthresh)
{
	struct fx f = twenty_out();
	uint32_t ssthresh;

	COVERS("R-9937-10", "R-5681-17", "R-6675-9", "R-2525-6", "5-D16");
	peer_sacks(&f, 10000, { 11000, 30000 });
	fx_drop(&f);
	ssthresh = (uint32_t)fx_info(&f).snd_ssthresh_segs;
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).ca_state, 0);
	EXPECT_EQ(fx_info(&f).snd_cwnd_segs, ssthresh);
}

/* A partial acknowledgement does not end it, nor reduces once more. */
TEST_TWICE(established_recovery_reduces_once)
{
	struct fx f = twenty_out();
	uint64_t ssthresh;

	COVERS("R-9937-1", "R-6675-9", "R-5681-22");
	peer_sacks(&f, 10000, { 11000, 15000 }, { 16000, 20000 });
	fx_drop(&f);
	ssthresh = fx_info(&f).snd_ssthresh_segs;
	fx_advance(&f, RTT / 2);
	peer_sacks(&f, 15000, { 16000, 20000 });
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).ca_state, 3);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, ssthresh);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 29000));
	EXPECT_EQ(fx_info(&f).ca_state, 3);
	EXPECT_EQ(fx_info(&f).snd_ssthresh_segs, ssthresh);
}

/* SACKs of one byte each let no more go than SACKs of segments: R-8985-19. */
TEST_TWICE(established_recovery_crumbs_gain_nothing)
{
	struct fx f = twenty_out();
	unsigned out;

	COVERS("R-8985-19", "R-V-20", "R-9937-4");
	peer_sacks(&f, 10000, { 11000, 14000 });
	fx_drop(&f);
	out = 0;
	for (uint32_t i = 1; i <= 1000; i++) {
		peer_sacks(&f, 10000, { 11000, 14000 + i });
		out += fx_count_out(&f);
	}
	EXPECT(out <= 1);
}

/* RFC 5681 §4.3: the loss of a repair is a second sign of congestion. */
TEST_TWICE(established_lost_repair_reduces_twice)
{
	struct fx f = twenty_out();
	uint64_t first;

	COVERS("R-5681-22", "R-8985-18", "R-9937-1");
	peer_sacks(&f, 10000, { 11000, 29000 });
	expect_seg(&f, 10);
	fx_drop(&f);
	first = fx_info(&f).snd_ssthresh_segs;
	EXPECT_EQ(first, 10);
	fx_advance(&f, SAMPAN_MS(5));
	peer_sacks(&f, 10000, { 11000, 30000 });
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sacks(&f, 10000, { 11000, 31000 });
	fx_wait(&f, RTT / 2);
	expect_seg(&f, 10);
	EXPECT(fx_info(&f).snd_ssthresh_segs <= first / 2);
	EXPECT_EQ(fx_info(&f).ca_state, 3);
	expect_count(&f, COUNT_TCP_TIMEOUTS, 0);
}
