/*
 * mss.c - the MSS option, and what others mean to us.  RFC 9293 §3.1, §3.7.1;
 * RFC 6691.
 */
#include "lib/fx.h"

/* MUST-65: in every SYN, and nowhere else. */
TEST_TWICE(closed_to_closed_only_syns_have_mss)
{
	struct fx f = fx_listen();

	COVERS("MUST-65", "MUST-14", "SHLD-5", "MUST-2");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 1460);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 10, .mss = 0);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	expect_segment(&f, .flags = TCP_ACK, .mss = 0);
	EXPECT_EQ(fx_read(&f, 100), 10);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_add(f.iss, 11), .mss = 0);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .mss = 0);
}

/* R-6691-1: what options take is not taken off, on either side of an opening. */
TEST_TWICE(opening_mss_does_not_count_options)
{
	struct fx f = fx_listen(.ts = true);

	COVERS("R-6691-1", "MUST-67", "R-1191-9");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460, .wscale = 7, .sack_ok = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 1460, .ts = 1);
	f = fx_listen(.mtu = 9000);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 8960);
}

/* R-6691-2, MUST-16: but off what is sent. */
TEST_TWICE(established_segments_leave_room_for_options)
{
	struct fx f = fx_established(.ts = true, .peer_mss = 1460);

	COVERS("R-6691-2", "MUST-16", "R-2525-13");
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_segment(&f, .flags = TCP_ACK, .seq = seq_add(f.iss, 1), .len = 1448, .ts = 1);
}

/* R-6691-3: whatever the peer says, something fits. */
TEST_TWICE(established_absurd_mss_leaves_room_for_text)
{
	static const uint16_t absurd[] = { 0, 1, 8, 40 };

	COVERS("R-6691-3", "R-V-3");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = fx_established(.ts = true, .peer_mss = absurd[i]);

		f.mss = 1460;
		EXPECT_EQ(fx_write(&f, 1000), 1000);
		EXPECT(fx_next_out(&f) != NULL && f.seg.tcp.len >= 8);
	}
}

/* R-6691-4: behind the handshake the option means nothing. */
TEST_TWICE(established_mss_of_later_segments_is_ignored)
{
	struct fx f = fx_established();

	COVERS("R-6691-4", "MUST-5");
	peer_sends(&f, .flags = TCP_ACK, .mss = 100);
	EXPECT_EQ(fx_write(&f, 1460), 1460);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1460);
}

/* R-7323-1, R-2018-1: nor do window scale and SACK-permitted. */
TEST_TWICE(established_syn_options_of_later_segments_are_ignored)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	COVERS("R-7323-1", "R-2018-1");
	peer_sends(&f, .flags = TCP_ACK, .wscale = 7, .sack_ok = true);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1000);
	expect_quiet(&f);
}

/* R-5482-6, R-MISC-5 to R-MISC-7: user timeout, MD5, authentication, multipath and
 * experiments, on a SYN and behind it. */
TEST_TWICE(any_options_of_others_are_skipped)
{
	static const uint8_t others[][8] = { { 28, 4, 0x80, 1, 1, 1, 1, 0 }, { 19, 8 }, { 29, 8 },
		{ 30, 8 }, { 253, 8 }, { 254, 8 } };

	COVERS("R-5482-6", "R-MISC-2", "R-MISC-5", "R-MISC-6", "R-MISC-7", "MUST-6");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = fx_listen();

		peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .raw = others[i], .raw_len = 8);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
		peer_sends(&f, .flags = TCP_ACK, .raw = others[i], .raw_len = 8);
		fx_accept(&f);
		peer_sends(&f, .flags = TCP_ACK, .len = 10, .raw = others[i], .raw_len = 8);
		EXPECT_EQ(fx_read(&f, 100), 10);
	}
}

/* R-9293-33: as large as can be means that only the path sets a limit. */
TEST_TWICE(established_largest_mss_leaves_it_to_the_path)
{
	struct fx f = fx_established(.peer_mss = 65535, .peer_wnd = 65535);

	COVERS("R-9293-33", "MUST-16", "R-8200-11");
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = 1460);
}
