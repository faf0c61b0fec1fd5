/*
 * pmtu.c - the path MTU of connections: reports that must wait, black holes, probes.
 * RFC 1191, RFC 5927 §7, RFC 4821.
 */
#include <sampan/address.h>

#include "lib/fx_icmp.h"
#include "lib/fx_loss.h"

/* Octets around text, without options; sizes are told as of IPv4's packets. */
#define HDRS 40u
#define MSS 1460u

static void
set(struct fx *f, const char *name, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, name, value), 0);
}

/* Everything that is out is acknowledged, and what follows, until nothing leaves; the
 * longest segment of it. */
static uint32_t
acknowledge_all(struct fx *f)
{
	uint32_t longest = 0;
	bool more = true;

	while (more) {
		for (more = false; fx_next_out(f) != NULL; more = true)
			longest = f->seg.tcp.len > longest ? f->seg.tcp.len : longest;
		if (more)
			peer_sends(f, .flags = TCP_ACK);
	}
	return longest;
}

/* An established connection of whose text this much has got through. */
static struct fx
with_through(uint32_t bytes)
{
	struct fx f = fx_established(.sack = true, .sndbuf = 400000);

	EXPECT_EQ(fx_write(&f, bytes), bytes);
	acknowledge_all(&f);
	return f;
}

/* Full segments got through: a report waits until the one it quotes is late. */
TEST_TWICE(established_too_big_after_progress_waits_for_the_timer)
{
	struct fx f = with_through(14600);

	COVERS("R-5927-5", "R-V-32");
	EXPECT_EQ(fx_write(&f, 2 * MSS), 2 * MSS);
	expect_text(&f, f.snd_una, 2 * MSS);
	error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
	expect_quiet(&f);
	expect_count(&f, COUNT_PMTU_HELD, 1);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, MSS);
	while (sampan_counter(f.s, SAMPAN_COUNT_TCP_TIMEOUTS) == 0)
		fx_advance(&f, SAMPAN_MS(50));
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, 1300 - HDRS);
	while (fx_next_out(&f) != NULL)
		continue;
	EXPECT(f.seg.tcp.len <= 1300 - HDRS);
}

/* It is forgotten when what it quotes is acknowledged. */
TEST_TWICE(established_too_big_is_forgotten_with_progress)
{
	struct fx f = with_through(14600);

	COVERS("R-5927-5", "R-V-32");
	EXPECT_EQ(fx_write(&f, 2 * MSS), 2 * MSS);
	expect_text(&f, f.snd_una, 2 * MSS);
	error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, MSS));
	fx_advance(&f, SAMPAN_SEC(2));
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, MSS);
}

/* Less than the report says has got through: nothing speaks against it.  Both edges. */
TEST_TWICE(established_too_big_beyond_what_got_through_is_believed)
{
	COVERS("R-5927-5");
	for (uint32_t more = 0; more < 2; more++) {
		struct fx f = with_through(1300 - 1 - HDRS + more);

		EXPECT_EQ(fx_write(&f, MSS), MSS);
		expect_text(&f, f.snd_una, MSS);
		error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
		EXPECT_EQ(fx_info(&f).snd_mss_bytes, more == 0 ? 1300 - HDRS : MSS);
		fx_drop(&f);
	}
}

/* R-1191-5: after ten minutes segments are as large as the link again. */
TEST_TWICE(established_path_mtu_is_forgotten_after_ten_minutes)
{
	struct fx f = fx_outstanding();

	COVERS("R-1191-5", "R-8201-3");
	error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
	acknowledge_all(&f);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	EXPECT_EQ(acknowledge_all(&f), 1300 - HDRS);
	fx_advance(&f, SAMPAN_SEC(595));
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	EXPECT_EQ(acknowledge_all(&f), 1300 - HDRS);
	fx_advance(&f, SAMPAN_SEC(10));
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	EXPECT_EQ(acknowledge_all(&f), MSS);
}

/* R-1191-6: a second connection to that peer knows. */
TEST_TWICE(syn_sent_begins_with_the_path_mtu_of_others)
{
	struct fx f = fx_outstanding();
	const struct sampan_sockaddr peer = { fx_peer(), 7, 0 };
	int64_t mtu = 0;
	sampan_handle h;

	COVERS("R-1191-6", "R-8201-6");
	error_sends(&f, .type = 3, .code = 4, .mtu = 1300);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(f.s, h, &peer), SAMPAN_EINPROGRESS);
	EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_MTU, &mtu), 0);
	EXPECT_EQ(mtu, fx_is_v6() ? 1320 : 1300);
	fx_drop(&f);
}

#define BASE (fx_is_v6() ? 1220u : 1024u)

/* ---- Black holes: RFC 4821 §7.7 ---- */

/* Nothing comes back of 4 segments, so many time-outs long. */
static struct fx
without_answers(int64_t probing, unsigned timeouts)
{
	struct fx f = fx_established(.sack = true);

	set(&f, "net.ipv4.tcp_mtu_probing", probing);
	EXPECT_EQ(fx_write(&f, 4 * MSS), 4 * MSS);
	while (sampan_counter(f.s, SAMPAN_COUNT_TCP_TIMEOUTS) < timeouts) {
		fx_advance(&f, SAMPAN_MS(50));
		fx_drop(&f);
	}
	return f;
}

/* The third time-out in a row, R1, is told from the second. */
TEST_TWICE(established_black_hole_is_seen_at_the_third_timeout)
{
	COVERS("R-4821-6", "R-2923-1");
	for (unsigned timeouts = 2; timeouts <= 3; timeouts++) {
		struct fx f = without_answers(1, timeouts);

		EXPECT_EQ(fx_info(&f).snd_mss_bytes,
		    timeouts == 2 ? MSS : BASE);
		expect_count(&f, COUNT_TCP_MTU_BLACK_HOLES, timeouts == 3);
	}
}

/* Then half of that, down to the floor. */
TEST_TWICE(established_black_hole_halves_down_to_the_floor)
{
	struct fx f = without_answers(1, 5);

	COVERS("R-4821-6");
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, fx_is_v6() ? 1220 : (1064 / 2 / 2) - HDRS);
	while (sampan_counter(f.s, SAMPAN_COUNT_TCP_TIMEOUTS) < 10) {
		fx_advance(&f, SAMPAN_SEC(1));
		fx_drop(&f);
	}
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, fx_is_v6() ? 1220 : 48);
}

TEST_TWICE(established_black_hole_is_not_looked_for_when_off)
{
	struct fx f = without_answers(0, 5);

	COVERS("R-4821-6");
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, MSS);
	expect_count(&f, COUNT_TCP_MTU_BLACK_HOLES, 0);
}

/* Small segments that vanish say nothing about large ones. */
TEST_TWICE(established_small_segments_are_no_black_hole)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-4821-6");
	set(&f, "net.ipv4.tcp_mtu_probing", 1);
	EXPECT_EQ(fx_write(&f, 500), 500);
	while (sampan_counter(f.s, SAMPAN_COUNT_TCP_TIMEOUTS) < 5)
		fx_advance(&f, SAMPAN_MS(50));
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, MSS);
}

/* ---- Probes: RFC 4821 §7 ---- */

/* A connection that probes always has sent a probe: f->seg is it.  What was sent before
 * it is acknowledged. */
static struct fx
with_probe(void)
{
	struct fx f = fx_established(.sack = true, .sndbuf = 400000, .mtu_probing = 2);

	EXPECT_EQ(fx_info(&f).snd_mss_bytes, BASE);
	EXPECT_EQ(fx_write(&f, 100000), 100000);
	while (fx_next_out(&f) != NULL && f.seg.tcp.len <= BASE)
		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.seg.seq, f.seg.tcp.len));
	EXPECT_EQ(f.seg.tcp.len, MSS);	/* as large as can be, first */
	expect_count(&f, COUNT_TCP_MTU_PROBES, 1);
	return f;
}

static struct fx_block
block_behind(const struct fx *f, tcp_seq seq, uint32_t len)
{
	const uint32_t at = seq_diff(seq, fx_our(f, 0));

	return (struct fx_block){ at, at + len };
}

/* R-4821-1, R-4821-2, R-4821-7: the size grows, the window does not. */
TEST_TWICE(established_probe_that_arrives_is_the_new_size)
{
	struct fx f = with_probe();
	struct sampan_status before, after;

	COVERS("R-4821-1", "R-4821-2", "R-4821-7");
	EXPECT_EQ(sampan_status(f.s, f.h, &before), 0);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, BASE);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.seg.seq, MSS));
	fx_pump(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &after), 0);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, MSS);
	EXPECT(after.cwnd_bytes <= before.cwnd_bytes + MSS);
	expect_count(&f, COUNT_TCP_MTU_PROBES_OK, 1);
	EXPECT_EQ(acknowledge_all(&f), MSS);
	expect_count(&f, COUNT_TCP_MTU_PROBES, 0);	/* there is nothing larger */
}

/* The peer has all that is out but the first `lost` bytes from the probe on. */
static void
lose(struct fx *f, tcp_seq probe, uint32_t lost)
{
	const struct fx_block rest = block_behind(f, seq_add(probe, lost),
	    seq_diff(f->snd_nxt, probe) - lost);

	peer_sacks(f, seq_diff(probe, fx_our(f, 0)), rest);
	fx_pump(f);
}

/* R-4821-4: the probe alone was lost: sent again, smaller, and the window stays. */
TEST_TWICE(established_probe_that_is_lost_alone_reduces_nothing)
{
	struct fx f = with_probe();
	const tcp_seq probe = f.seg.seq;
	struct sampan_status before, after;

	COVERS("R-4821-4", "R-8201-4", "R-4821-3");
	while (fx_next_out(&f) != NULL)		/* R-4821-3: three at least follow */
		EXPECT(f.seg.tcp.len <= BASE);
	EXPECT(seq_diff(f.snd_nxt, probe) >= MSS + 3 * BASE);
	EXPECT_EQ(sampan_status(f.s, f.h, &before), 0);
	lose(&f, probe, MSS);
	expect_segment(&f, .seq = probe, .len = BASE);
	expect_segment(&f, .seq = seq_add(probe, BASE), .len = MSS - BASE);
	EXPECT_EQ(sampan_status(f.s, f.h, &after), 0);
	EXPECT(after.cwnd_bytes >= before.cwnd_bytes);
	EXPECT(fx_info(&f).snd_ssthresh_segs > 10000);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, BASE);
	EXPECT_EQ(acknowledge_all(&f), BASE);	/* no probe in this round trip */
}

/* Two losses are congestion. */
TEST_TWICE(established_probe_that_is_lost_with_another_reduces)
{
	struct fx f = with_probe();
	const tcp_seq probe = f.seg.seq;

	COVERS("R-4821-4");
	while (fx_next_out(&f) != NULL)
		continue;
	lose(&f, probe, MSS + BASE);
	EXPECT(fx_info(&f).snd_ssthresh_segs < 100);
}

static uint32_t
longest_of_much(struct fx *f)
{
	uint32_t longest = 0;

	for (unsigned i = 0; i < 20; i++) {
		EXPECT_EQ(fx_write(f, 100000), 100000);
		longest = acknowledge_all(f);
	}
	return longest;
}

/* After the loss the middle is tried, R-4821-2, once enough time has passed. */
TEST_TWICE(established_second_probe_takes_the_middle)
{
	struct fx f = with_probe();
	const tcp_seq probe = f.seg.seq;
	const uint32_t low = BASE, high = MSS - 1;
	uint32_t longest;

	COVERS("R-4821-2", "R-4821-4");
	set(&f, "net.ipv4.tcp_probe_threshold", 1);
	while (fx_next_out(&f) != NULL)
		continue;
	lose(&f, probe, MSS);
	acknowledge_all(&f);
	fx_advance(&f, SAMPAN_SEC(100));
	longest = longest_of_much(&f);
	EXPECT(longest > low + (high - low + 1) / 2);	/* and then three quarters, and so on */
	EXPECT_EQ(longest, high);
	EXPECT_EQ(fx_info(&f).snd_mss_bytes, longest);
}

/* R-4821-5: the search begins anew after ten minutes; and a report of a router's ends
 * above what it says. */
TEST_TWICE(established_search_begins_anew)
{
	struct fx f = with_probe();
	const tcp_seq probe = f.seg.seq;

	COVERS("R-4821-5");
	set(&f, "net.ipv4.tcp_probe_threshold", 1);
	while (fx_next_out(&f) != NULL)
		continue;
	lose(&f, probe, MSS);
	acknowledge_all(&f);
	fx_advance(&f, SAMPAN_SEC(100));
	EXPECT(longest_of_much(&f) < MSS);
	fx_advance(&f, SAMPAN_SEC(580));
	EXPECT(longest_of_much(&f) < MSS);
	fx_advance(&f, SAMPAN_SEC(30));
	EXPECT_EQ(longest_of_much(&f), MSS);
}

/* R-4821-3: without text behind it there is no probe. */
TEST_TWICE(established_little_text_makes_no_probe)
{
	struct fx f = fx_established(.sack = true, .sndbuf = 400000, .mtu_probing = 2);

	COVERS("R-4821-3");
	for (unsigned i = 0; i < 10; i++) {
		EXPECT_EQ(fx_write(&f, MSS + 2 * BASE), MSS + 2 * BASE);
		EXPECT(acknowledge_all(&f) <= BASE);
	}
	expect_count(&f, COUNT_TCP_MTU_PROBES, 0);
}

/* ---- Routes ---- */

static void
route_to_peer(struct fx *f, struct sampan_route r)
{
	r.size = sizeof(r);
	r.dst = fx_peer();
	r.prefix_bits = FX_HOST_BITS;
	r.link = f->link;
	EXPECT_EQ(sampan_route_set(f->s, &r), 0);
}

/* A route's MTU holds for what is sent, and for what is announced: also when it comes
 * and goes under a connection. */
TEST_TWICE(established_route_mtu_is_obeyed)
{
	struct fx f = fx_established();
	struct sampan_route r = { .size = sizeof(r), .dst = fx_peer(),
		.prefix_bits = FX_HOST_BITS, .link = f.link, .mtu_bytes = 1300 };

	EXPECT_EQ(sampan_route_set(f.s, &r), 0);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	EXPECT_EQ(acknowledge_all(&f), (fx_is_v6() ? 1280 : 1300) - HDRS);
	EXPECT_EQ(sampan_route_remove(f.s, &r), 0);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	EXPECT_EQ(acknowledge_all(&f), MSS);
}

TEST_TWICE(listen_route_is_used_at_set_up)
{
	struct fx f = fx_listen(.sack = true);

	route_to_peer(&f, (struct sampan_route){ .mtu_bytes = 1300, .initcwnd_segs = 2,
	    .window_bytes = 8000 });
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .ack = seq_of(0), .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true,
	    .mss = (fx_is_v6() ? 1280 : 1300) - HDRS);
	EXPECT(f.rcv_wnd <= 8000);
}
