/*
 * shrink.c - windows that move the wrong way, ours and the peer's.  RFC 9293
 * §3.8.6, RFC 7323 §2.4.
 */
#include "lib/fx.h"

/* SHLD-16, MAY-7: what was sent is sent again, below a shrunk edge and beyond. */
TEST_TWICE(established_text_beyond_a_shrunk_edge_is_repeated)
{
	struct fx f = fx_established();

	COVERS("SHLD-16", "MAY-7", "R-7323-12");
	EXPECT_EQ(fx_write(&f, 1460 * 3), 1460 * 3);
	expect_text(&f, f.snd_una, 1460 * 3);
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.snd_una, 1460), .wnd = 100);
	expect_quiet(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1460);
}

/* R-7323-6: what fitted into a window that was offered is taken, up to the last
 * octet, also when rounding has made later ones look smaller. */
TEST_TWICE(established_text_up_to_the_largest_edge_is_taken)
{
	struct fx f = fx_established(.wscale = true, .peer_scale = 7, .rcvbuf = 100000);
	const tcp_seq edge = f.rcv_edge;

	COVERS("R-7323-6", "R-7323-7", "SHLD-14");
	for (unsigned i = 0; i < 50; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 101);
		fx_drop(&f);
	}
	while (seq_lt(f.rcv_nxt, edge)) {
		const uint32_t left = seq_diff(edge, f.rcv_nxt);

		peer_sends(&f, .flags = TCP_ACK, .len = left < 1460 ? left : 1460);
		fx_drop(&f);
	}
	EXPECT_EQ(fx_read(&f, 200000), seq_diff(edge, f.irs) - 1);
}

/* R-7323-18: a timestamp is judged when its segment comes, not when a gap closes. */
TEST_TWICE(established_held_text_survives_newer_timestamps)
{
	struct fx f = fx_established(.ts = true);
	const int64_t now = f.peer_tsval + (int64_t)(f.now / SAMPAN_MS(1));

	COVERS("R-7323-18");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 100), .len = 100, .tsval = now);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 100, .tsval = now + 50000);
	f.rcv_nxt = seq_add(f.rcv_nxt, 100);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 1000), 200);
}

/* R-1337-4: an old duplicate of the FIN does not prolong TIME-WAIT. */
TEST_TWICE(time_wait_old_fin_does_not_prolong)
{
	struct fx f = fx_time_wait(.ts = true);

	COVERS("R-1337-4");
	fx_advance(&f, SAMPAN_SEC(30));
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1), .tsval = 1,
	    .refused = true);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_SEC(31));
	expect_state(&f, TCP_CLOSED);
}

/* R-5961-10: the end of what is held behind a gap is no exact place for a reset. */
TEST_TWICE(established_rst_at_the_end_of_held_text_is_challenged)
{
	struct fx f = fx_established(.sack = true);

	COVERS("R-5961-10", "R-5961-3");
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 100), .len = 100);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_RST, .seq = seq_add(f.rcv_nxt, 200));
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
}

/* R-6298-7: every round trip is measured, so the estimate follows. */
TEST_TWICE(established_estimate_follows_the_round_trip)
{
	struct fx f = fx_established();
	struct sampan_status st;

	COVERS("R-6298-7");
	for (unsigned i = 0; i < 60; i++) {
		EXPECT_EQ(fx_write(&f, 1460), 1460);
		fx_drop(&f);
		fx_advance(&f, i < 30 ? SAMPAN_MS(20) : SAMPAN_MS(80));
		peer_sends(&f, .flags = TCP_ACK);
		if (i == 29) {
			EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
			EXPECT(st.srtt_dur > SAMPAN_MS(18) && st.srtt_dur < SAMPAN_MS(22));
		}
	}
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT(st.srtt_dur > SAMPAN_MS(76) && st.srtt_dur < SAMPAN_MS(84));
}

/* R-3042-4, R-3042-2: without new text a first duplicate brings nothing. */
TEST_TWICE(established_first_duplicates_without_text_bring_nothing)
{
	struct fx f = fx_established();
	struct sampan_status before, after;

	COVERS("R-3042-2", "R-3042-4");
	EXPECT_EQ(fx_write(&f, 14600), 14600);
	fx_drop(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &before), 0);
	peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una);
	peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una);
	expect_quiet(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &after), 0);
	EXPECT_EQ(after.cwnd_bytes, before.cwnd_bytes);
}
