/*
 * info.c - sampan_tcp_info() and sampan_status() say what is so.
 */
#include "lib/fx_loss.h"
#include "lib/stack_check.h"

#define RTT SAMPAN_MS(100)

#define EXPECT_HAS(info, field) EXPECT(((info).has >> SAMPAN_INFO_##field & 1) != 0)
#define EXPECT_INFO(info, field, value) \
	do { \
		EXPECT_HAS(info, field); \
		EXPECT_EQ((info).field, value); \
	} while (0)

static bool
near(uint64_t got, uint64_t want)
{
	return got >= want - want / 20 && got <= want + want / 20;
}

TEST_TWICE(established_info_tells_what_was_agreed)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .ts = true, .wscale = true, .peer_scale = 5,
	    .peer_wnd = 640000);
	struct sampan_tcp_info info = fx_info(&f);

	EXPECT_INFO(info, state, SAMPAN_TCP_ESTABLISHED);
	EXPECT_INFO(info, ca_state, 0);
	EXPECT_INFO(info, options, 7);
	EXPECT_INFO(info, snd_wscale, 5);
	EXPECT_INFO(info, rcv_wscale, f.rcv_scale);
	EXPECT_INFO(info, snd_mss_bytes, 988);
	EXPECT_INFO(info, advmss_bytes, 1460);
	EXPECT_INFO(info, pmtu_bytes, fx_is_v6() ? 1520 : 1500);
	EXPECT_INFO(info, snd_cwnd_segs, 10);
	EXPECT_INFO(info, snd_wnd_bytes, 640000);
	EXPECT_INFO(info, rcv_wnd_bytes, f.rcv_wnd);
	EXPECT_INFO(info, retransmits, 0);
	EXPECT_INFO(info, backoff, 0);
	EXPECT_INFO(info, unacked_segs, 0);
	EXPECT_INFO(info, notsent_bytes, 0);
	EXPECT_INFO(info, total_retrans_segs, 0);
	EXPECT_INFO(info, bytes_acked, 0);
	EXPECT_INFO(info, bytes_received, 0);
	EXPECT(info.snd_ssthresh_segs > 1000000);
}

/* RFC 6298 §2.2: SRTT = R, RTTVAR = R/2, RTO = 3 R. */
TEST_TWICE(established_info_tells_the_round_trip)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_tcp_info info = fx_info(&f);

	EXPECT(near(info.rtt_us, 100000));
	EXPECT(near(info.rttvar_us, 50000));
	EXPECT(near(info.rto_us, 300000));
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(80));
	peer_sends(&f, .flags = TCP_ACK);
	info = fx_info(&f);
	EXPECT(near(info.min_rtt_us, 80000));
	EXPECT(near(info.rtt_us, 97500));	/* §2.3: 7/8 and 1/8 */
	EXPECT(near(info.rttvar_us, 42500));	/* 3/4 of 50 ms, and 1/4 of 20 ms */
}

TEST_TWICE(established_info_counts_what_is_in_flight)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_tcp_info info;

	EXPECT_EQ(fx_write(&f, 15000), 15000);
	fx_drop(&f);
	info = fx_info(&f);
	EXPECT_INFO(info, unacked_segs, 10);
	EXPECT_INFO(info, notsent_bytes, 5000);
	EXPECT_INFO(info, last_data_sent_ms, 0);
	fx_advance(&f, RTT);
	peer_sacks(&f, 1000, { 2000, 6000 });
	info = fx_info(&f);
	EXPECT_INFO(info, unacked_segs, 9);
	EXPECT_INFO(info, sacked_segs, 4);
	EXPECT_INFO(info, lost_segs, 1);
	EXPECT_INFO(info, ca_state, 3);
	EXPECT_INFO(info, bytes_acked, 1000);
	fx_drop(&f);
	info = fx_info(&f);
	EXPECT_INFO(info, lost_segs, 1);	/* until the repair has arrived */
	EXPECT_INFO(info, retrans_segs, 1);
	EXPECT_INFO(info, total_retrans_segs, 1);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 10000));
	info = fx_info(&f);
	EXPECT_INFO(info, lost_segs, 0);
	EXPECT_INFO(info, retrans_segs, 0);
}

/* A probe of the tail is no repair: nothing is lost yet. */
TEST_TWICE(established_info_probe_is_no_repair)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_tcp_info info;

	EXPECT_EQ(fx_write(&f, 2000), 2000);
	fx_drop(&f);
	fx_advance(&f, 2 * RTT + SAMPAN_MS(1));
	fx_drop(&f);
	info = fx_info(&f);
	EXPECT_INFO(info, total_retrans_segs, 1);
	EXPECT_INFO(info, lost_segs, 0);
	EXPECT_INFO(info, retrans_segs, 0);
}

TEST_TWICE(established_info_tells_disorder)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, 5000), 5000);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 1000, 2000 });
	EXPECT_EQ(fx_info(&f).ca_state, 1);
}

TEST_TWICE(established_info_counts_timeouts)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .sack = false);
	struct sampan_tcp_info info;

	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(1000));	/* at 300 and at 900 */
	fx_drop(&f);
	info = fx_info(&f);
	EXPECT_INFO(info, retransmits, 2);
	EXPECT_INFO(info, backoff, 2);
	EXPECT_INFO(info, ca_state, 4);
	EXPECT_INFO(info, total_retrans_segs, 2);
	EXPECT(near(info.rto_us, 1200000));
	EXPECT(near(info.last_data_sent_ms, 100));
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_info(&f).retransmits, 0);
}

TEST_TWICE(established_info_counts_window_probes)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(1000));
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).probes, 2);
	EXPECT_EQ(fx_info(&f).retransmits, 0);
	EXPECT_EQ(fx_info(&f).snd_wnd_bytes, 0);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	EXPECT_EQ(fx_info(&f).probes, 0);
}

/* Unanswered keepalive probes are told, and are no retransmissions. */
TEST_TWICE(established_info_counts_keepalive_probes)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPIDLE, 10), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPINTVL, 5), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPALIVE, 1), 0);
	fx_advance(&f, SAMPAN_SEC(16));
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).probes, 2);
	EXPECT_EQ(fx_info(&f).retransmits, 0);
}

TEST_TWICE(established_info_counts_bytes_both_ways)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_tcp_info info;

	peer_sends(&f, .flags = TCP_ACK, .len = 700);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(250));
	info = fx_info(&f);
	EXPECT_INFO(info, bytes_received, 700);
	EXPECT(near(info.last_data_recv_ms, 250));
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_info(&f).bytes_acked, 3000);
}

/* FIN and SYN are no bytes. */
TEST_TWICE(fin_wait_2_info_counts_text_only)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, 3000), 3000);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 20);
	EXPECT_EQ(fx_info(&f).state, SAMPAN_TCP_FIN_WAIT_2);
	EXPECT_EQ(fx_info(&f).bytes_acked, 3000);
	EXPECT_EQ(fx_info(&f).bytes_received, 20);
}

TEST_TWICE(listen_info_tells_the_queue)
{
	struct fx f = fx_syn_received(.backlog = 5);
	struct sampan_tcp_info info;

	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(sampan_tcp_info(f.s, f.listener, &info), 0);
	EXPECT_INFO(info, state, SAMPAN_TCP_LISTEN);
	EXPECT_INFO(info, unacked_segs, 1);
	EXPECT_INFO(info, sacked_segs, 5);
	EXPECT_EQ(info.has >> SAMPAN_INFO_snd_cwnd_segs & 1, 0);
	EXPECT_EQ(sampan_tcp_info(f.s, f.listener + 1, &info), SAMPAN_EBADHANDLE);
}

/* What is not measured is absent, and 0. */
TEST(syn_sent_info_has_no_measurements)
{
	struct fx f = fx_syn_sent();
	const struct sampan_tcp_info info = fx_info(&f);

	EXPECT_INFO(info, state, SAMPAN_TCP_SYN_SENT);
	EXPECT_EQ(info.has >> SAMPAN_INFO_rtt_us & 1, 0);
	EXPECT_EQ(info.has >> SAMPAN_INFO_min_rtt_us & 1, 0);
	EXPECT_EQ(info.rtt_us, 0);
	EXPECT(near(info.rto_us, 1000000));
}

TEST_TWICE(established_status_tells_the_same)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_status st;

	EXPECT_EQ(fx_write(&f, 15000), 15000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000), .len = 50);
	fx_drop(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.handle, f.h);
	EXPECT_EQ(st.state, SAMPAN_TCP_ESTABLISHED);
	EXPECT_EQ(st.error, 0);
	EXPECT_EQ(st.recv_queue_bytes, 50);
	EXPECT_EQ(st.send_queue_bytes, 13000);
	EXPECT_EQ(st.mss_bytes, 1000);
	EXPECT_EQ(st.local.port, FX_LOCAL_PORT);
	EXPECT_EQ(st.peer.port, FX_PEER_PORT);
	EXPECT_EQ(st.level, SAMPAN_READABLE | SAMPAN_WRITABLE);
	EXPECT(st.cwnd_bytes >= 10000);
}

/* RFC 8985 §6.2: the handshake is a round trip too, and one of long ago is none. */
TEST_TWICE(established_info_least_round_trip_is_of_late)
{
	struct fx f = fx_with_rtt(.rtt = SAMPAN_MS(50));

	COVERS("R-8985-3");
	EXPECT(near(fx_info(&f).min_rtt_us, 50000));
	for (unsigned i = 0; i < 40; i++) {
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 100);
		fx_advance(&f, SAMPAN_MS(100));
		peer_sends(&f, .flags = TCP_ACK);
		if (i < 20)
			EXPECT(near(fx_info(&f).min_rtt_us, 50000));
		fx_advance(&f, SAMPAN_SEC(10));
	}
	EXPECT(near(fx_info(&f).min_rtt_us, 100000));
}

/* SYNs are segments too, from whichever side. */
TEST_TWICE(syn_sent_info_counts_repeated_syns)
{
	struct fx f = fx_syn_sent();

	(void)fx_wait(&f, SAMPAN_SEC(2));
	fx_drop(&f);
	EXPECT_EQ(fx_info(&f).total_retrans_segs, 1);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 1);
}

TEST_TWICE(syn_received_info_counts_repeated_syn_acks)
{
	struct fx f = fx_syn_received();

	(void)fx_wait(&f, SAMPAN_SEC(2));
	fx_drop(&f);
	expect_count(&f, COUNT_TCP_RETRANS_SEGS, 1);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(fx_info(&f).total_retrans_segs, 1);
}

/* ---- What only a tally knows ---- */

#define TALLY_FIELDS (1ull << SAMPAN_INFO_segs_out | 1ull << SAMPAN_INFO_bytes_sent | \
	1ull << SAMPAN_INFO_busy_us | 1ull << SAMPAN_INFO_delivery_rate_bytes_per_s | \
	1ull << SAMPAN_INFO_rcv_mss_bytes | 1ull << SAMPAN_INFO_dsack_dups | \
	1ull << SAMPAN_INFO_delivered_segs)

TEST(tally_fields_are_absent_without_one)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(fx_write(&f, 5000), 5000);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	EXPECT_EQ(fx_info(&f).has & TALLY_FIELDS, 0);
	EXPECT_HAS(fx_info(&f), last_ack_recv_ms);
	EXPECT_INFO(fx_info(&f), rcv_ssthresh_bytes, 131072 > 65535 ? 65535 : 131072);
}

TEST_TWICE(tally_counts_segments_and_bytes)
{
	struct fx f = fx_with_rtt(.rtt = RTT);
	struct sampan_tcp_info info;

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TALLY, 1), 0);
	info = fx_info(&f);
	EXPECT_INFO(info, segs_out, 0);
	EXPECT_INFO(info, busy_us, 0);
	EXPECT_EQ(fx_write(&f, 2500), 2500);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(50));
	info = fx_info(&f);
	EXPECT_INFO(info, data_segs_out, 3);
	EXPECT_INFO(info, bytes_sent, 2500);
	EXPECT_INFO(info, bytes_retrans, 0);
	EXPECT_INFO(info, busy_us, 50000);
	peer_sends(&f, .flags = TCP_ACK, .len = 700);
	fx_drop(&f);
	peer_sends(&f, .seq = seq_add(f.rcv_nxt, 500), .len = 100, .refused = true);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_SEC(1));
	info = fx_info(&f);
	EXPECT_INFO(info, segs_in, 2);
	EXPECT_INFO(info, data_segs_in, 2);
	EXPECT_INFO(info, rcv_mss_bytes, 700);
	EXPECT_INFO(info, rcv_ooopack, 1);
	EXPECT_INFO(info, busy_us, 50000);
	EXPECT_HAS(info, delivery_rate_bytes_per_s);
	EXPECT(near(info.delivery_rate_bytes_per_s, 50000));
}

/* What was sent again, and what it waits for. */
TEST_TWICE(tally_tells_what_holds_it_up)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 2000);
	struct sampan_tcp_info info;

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TALLY, 1), 0);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_MS(100));
	info = fx_info(&f);
	EXPECT(near(info.rwnd_limited_us, 100000));
	EXPECT_INFO(info, sndbuf_limited_us, 0);
	fx_advance(&f, SAMPAN_SEC(2));		/* it is sent again */
	fx_drop(&f);
	info = fx_info(&f);
	EXPECT(info.bytes_retrans > 0 && info.bytes_sent == 2000 + info.bytes_retrans);
	EXPECT(info.retrans_segs > 0);
}

/* Segments, however short, and never one twice: a segment is delivered when its last
 * octet is. */
TEST_TWICE(tally_counts_what_was_delivered)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TALLY, 1), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT_EQ(fx_write(&f, 10), 10);
		fx_drop(&f);
	}
	EXPECT_EQ(fx_write(&f, 2500), 2500);
	fx_drop(&f);
	EXPECT_INFO(fx_info(&f), unacked_segs, 6);
	EXPECT_INFO(fx_info(&f), delivered_segs, 0);
	peer_sacks(&f, 20, { 30, 1030 });
	EXPECT_INFO(fx_info(&f), delivered_segs, 3);
	EXPECT_INFO(fx_info(&f), sacked_segs, 1);
	EXPECT_INFO(fx_info(&f), unacked_segs, 4);
	peer_sacks(&f, 20, { 30, 1530 });	/* half of the next: it counts later */
	EXPECT_INFO(fx_info(&f), delivered_segs, 3);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1630));
	EXPECT_INFO(fx_info(&f), delivered_segs, 4);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2530));
	EXPECT_INFO(fx_info(&f), delivered_segs, 6);
	EXPECT_INFO(fx_info(&f), unacked_segs, 0);
}

/* A frame of many segments, cut where acknowledgements end; FIN is one of its own
 * where it left alone. */
TEST_TWICE(tally_counts_what_was_delivered_of_big_frames)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .caps = SAMPAN_LINK_TSO4 |
	    SAMPAN_LINK_TSO6 | SAMPAN_LINK_CSUM_OUT);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TALLY, 1), 0);
	EXPECT_EQ(fx_write(&f, 9500), 9500);
	fx_drop(&f);
	EXPECT_INFO(fx_info(&f), unacked_segs, 10);
	peer_sacks(&f, 3000, { 5000, 7000 });
	EXPECT_INFO(fx_info(&f), delivered_segs, 5);
	EXPECT_INFO(fx_info(&f), sacked_segs, 2);
	EXPECT_INFO(fx_info(&f), unacked_segs, 7);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 9500));
	EXPECT_INFO(fx_info(&f), delivered_segs, 10);
	EXPECT_INFO(fx_info(&f), unacked_segs, 1);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 9501));
	EXPECT_INFO(fx_info(&f), delivered_segs, 11);
}

/* By how many segments the latest came too late; three are nothing. */
TEST_TWICE(tally_tells_how_far_segments_change_places)
{
	struct fx f = fx_with_rtt(.rtt = RTT);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TALLY, 1), 0);
	EXPECT_INFO(fx_info(&f), reordering_segs, 3);
	EXPECT_EQ(fx_write(&f, 10000), 10000);
	fx_drop(&f);
	fx_advance(&f, RTT);
	peer_sacks(&f, 0, { 6000, 7000 });
	peer_sacks(&f, 0, { 1000, 2000 }, { 6000, 7000 });
	EXPECT_INFO(fx_info(&f), reordering_segs, 6);
	EXPECT_INFO(fx_info(&f), reord_seen, 1);
}

/* net.sampan.tcp_tally, and a listener that has one, for all that come. */
TEST(tally_of_accepted_connections)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_set(f.s, "net.sampan.tcp_tally", 1), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	fx_accept(&f);
	EXPECT_INFO(fx_info(&f), segs_in, 1);
	EXPECT_INFO(fx_info(&f), data_segs_in, 1);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	fx_drop(&f);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}
