/*
 * urgent.c - urgent data both ways: RFC 9293 §3.8.5, RFC 6093; pointers that
 * have broken others: R-V-10, R-V-13, R-V-16.
 */
#include "lib/fx_loss.h"
#include "lib/stack_check.h"
#include "tcp/grid.h"

static int64_t
at_mark(struct fx *f)
{
	int64_t at = -1;

	EXPECT_EQ(sampan_getopt(f->s, f->h, SAMPAN_OPT_ATMARK, &at), 0);
	return at;
}

static int64_t
write_urgent(struct fx *f, uint32_t n)
{
	static uint8_t data[300000];
	int64_t done;

	for (uint32_t i = 0; i < n; i++)
		data[i] = fx_byte(f->written + i);
	done = sampan_send_urgent(f->s, f->h, data, n);
	if (done > 0)
		f->written += (uint32_t)done;
	return done;
}

/* The segment that leaves now has URG, and its pointer names byte `at`. */
static void
expect_pointer(struct fx *f, uint32_t at)
{
	EXPECT(fx_next_out(f) != NULL);
	EXPECT((f->seg.tcp.h.flags & TCP_URG) != 0);
	EXPECT_EQ(f->seg.tcp.h.up, seq_diff(fx_our(f, at), f->seg.seq));
}

/* ---- Out ---- */

/* MUST-62: the octet behind the urgent data. */
TEST_TWICE(established_urgent_pointer_names_the_octet_behind)
{
	struct fx f = fx_established();

	COVERS("MUST-62", "MUST-30", "5-D6");
	EXPECT_EQ(write_urgent(&f, 5), 5);
	fx_drop(&f);
	f = fx_established();
	EXPECT_EQ(write_urgent(&f, 5), 5);
	expect_pointer(&f, 5);
	EXPECT_EQ(f.seg.tcp.len, 5);
	expect_quiet(&f);
}

/* What is written later is not urgent. */
TEST_TWICE(established_text_behind_the_urgent_has_no_pointer)
{
	struct fx f = fx_established();

	COVERS("MUST-30");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	EXPECT_EQ(write_urgent(&f, 5), 5);
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 5), 5);
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .len = 5, .seq = fx_our(&f, 5));
}

/* All that was queued before is urgent with it. */
TEST_TWICE(established_urgent_covers_what_was_queued)
{
	struct fx f = fx_established(.peer_wnd = 1460);

	COVERS("MUST-31");
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_segment(&f, .flags = TCP_ACK, .len = 1460, .seq = fx_our(&f, 0));
	EXPECT_EQ(write_urgent(&f, 1), 1);
	expect_pointer(&f, 3001);
	EXPECT_EQ(f.seg.tcp.len, 0);
}

/* MUST-31: of any length: farther than the field reaches, the pointer says as
 * far as it can, and goes on with the stream. */
TEST_TWICE(established_urgent_beyond_64_kib_is_signalled)
{
	struct fx f = fx_established(.peer_wnd = 60000, .sndbuf = 200000);
	uint32_t acked = 0, got = 0;

	COVERS("MUST-31");
	EXPECT_EQ(write_urgent(&f, 150000), 150000);
	while (acked < 150000) {
		while (fx_next_out(&f) != NULL) {
			const uint32_t left = seq_diff(fx_our(&f, 150000), f.seg.seq);

			if (f.seg.tcp.len == 0)
				continue;
			EXPECT((f.seg.tcp.h.flags & TCP_URG) != 0);
			EXPECT_EQ(f.seg.tcp.h.up, left < 65535 ? left : 65535);
			got = seq_diff(f.seg.seq, fx_our(&f, 0)) + f.seg.tcp.len;
		}
		EXPECT(got > acked);
		acked = got;
		peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, acked));
	}
	EXPECT_EQ(acked, 150000);
}

/* A shut window keeps the text, not the news of it: MUST-66's other side. */
TEST_TWICE(established_urgent_is_announced_through_a_shut_window)
{
	struct fx f = fx_established();

	COVERS("MUST-30");
	peer_sends(&f, .flags = TCP_ACK, .wnd = 0);
	fx_drop(&f);
	EXPECT_EQ(write_urgent(&f, 10), 10);
	expect_pointer(&f, 10);
	EXPECT_EQ(f.seg.tcp.len, 0);
}

/* A repair has the pointer too. */
TEST_TWICE(established_repeated_urgent_text_has_its_pointer)
{
	struct fx f = fx_established();

	EXPECT_EQ(write_urgent(&f, 5), 5);
	fx_drop(&f);
	fx_wait(&f, SAMPAN_SEC(10));
	expect_pointer(&f, 5);
	EXPECT_EQ(f.seg.tcp.len, 5);
}

TEST(urgent_send_in_wrong_states_is_refused)
{
	struct fx f = fx_fin_wait_1();

	EXPECT_EQ(sampan_send_urgent(f.s, f.h, "x", 1), SAMPAN_EPIPE);
	f = fx_listen();
	EXPECT_EQ(sampan_send_urgent(f.s, f.listener, "x", 1), SAMPAN_ENOTCONN);
	f = fx_syn_sent();
	EXPECT_EQ(sampan_send_urgent(f.s, f.h, "x", 1), SAMPAN_EAGAIN);
	expect_quiet(&f);
}

/* ---- In ---- */

static void
urgent_arrives(struct fx *f, uint32_t len, uint16_t up)
{
	peer_sends(f, .flags = TCP_ACK | TCP_URG, .len = len, .up = up);
	fx_pump(f);
}

/* MUST-32, MUST-33: the application hears of it, and reading stops at the mark,
 * once. */
TEST_TWICE(established_reading_stops_at_the_mark)
{
	struct fx f = fx_established();

	COVERS("MUST-30", "MUST-32", "MUST-33");
	urgent_arrives(&f, 10, 4);
	expect_event(&f, SAMPAN_READABLE | SAMPAN_URGENT);
	EXPECT_EQ(at_mark(&f), 0);
	EXPECT_EQ(fx_read(&f, 100), 4);
	EXPECT_EQ(at_mark(&f), 1);
	EXPECT_EQ(fx_read(&f, 100), 6);
	EXPECT_EQ(at_mark(&f), 0);
}

/* Inline: it does not stop, but knows. */
TEST_TWICE(established_oobinline_reading_does_not_stop)
{
	struct fx f = fx_established();

	COVERS("MUST-33");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_OOBINLINE, 1), 0);
	urgent_arrives(&f, 10, 4);
	EXPECT_EQ(fx_read(&f, 100), 10);
}

/* MUST-32: even before the text is there. */
TEST_TWICE(established_pointer_ahead_of_text_is_reported)
{
	struct fx f = fx_established();

	COVERS("MUST-32");
	urgent_arrives(&f, 0, 50);
	expect_event(&f, SAMPAN_URGENT);
	peer_sends(&f, .flags = TCP_ACK, .len = 100);
	fx_pump(&f);
	EXPECT_EQ(fx_read(&f, 100), 50);
	EXPECT_EQ(at_mark(&f), 1);
	EXPECT_EQ(fx_read(&f, 100), 50);
}

/* A pointer that advances moves the mark, and is told; one that does not, does
 * neither. */
TEST_TWICE(established_pointer_only_advances)
{
	struct fx f = fx_established();

	COVERS("MUST-32");
	urgent_arrives(&f, 10, 8);
	fx_forget_events(&f);
	urgent_arrives(&f, 10, 5);
	expect_event(&f, SAMPAN_READABLE | SAMPAN_URGENT);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .seq = fx_their(&f, 0), .len = 10, .up = 3);
	fx_pump(&f);
	expect_event(&f, 0);
	EXPECT_EQ(fx_read(&f, 100), 15);
	EXPECT_EQ(at_mark(&f), 1);
	EXPECT_EQ(fx_read(&f, 100), 5);
}

/* MUST-66: with a shut window, too. */
TEST_TWICE(established_urgent_is_heard_with_a_shut_window)
{
	struct fx f = fx_established(.rcvbuf = 4096);

	COVERS("MUST-66");
	peer_sends(&f, .flags = TCP_ACK, .len = f.rcv_wnd);
	fx_drop(&f);
	EXPECT_EQ(f.rcv_wnd, 0);
	fx_forget_events(&f);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .len = 0, .up = 20);
	expect_event(&f, SAMPAN_URGENT);
}

/* R-V-10: a pointer of 0 points at nothing. */
TEST_TWICE(established_pointer_zero_is_ignored)
{
	struct fx f = fx_established();

	COVERS("R-V-10");
	urgent_arrives(&f, 10, 0);
	expect_event(&f, SAMPAN_READABLE);
	EXPECT_EQ(fx_read(&f, 100), 10);
	EXPECT_EQ(at_mark(&f), 0);
}

/* R-V-16: far beyond the text, and the FIN comes before it. */
TEST_TWICE(established_pointer_beyond_the_fin_is_harmless)
{
	struct fx f = fx_established();

	COVERS("R-V-10", "R-V-13", "R-V-16");
	peer_sends(&f, .flags = TCP_ACK | TCP_URG | TCP_FIN, .len = 10, .up = 65535);
	fx_pump(&f);
	EXPECT_EQ(fx_read(&f, 100), 10);
	EXPECT_EQ(fx_read(&f, 100), 0);
	EXPECT_EQ(at_mark(&f), 0);
}

/* In a duplicate below the window, behind a gap, and without the flag. */
TEST_TWICE(established_odd_pointers_are_harmless)
{
	struct fx f = fx_established();

	COVERS("R-V-10", "R-V-13");
	peer_sends(&f, .flags = TCP_ACK, .len = 10, .up = 7);
	EXPECT_EQ(fx_read(&f, 100), 10);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .seq = fx_their(&f, 0), .len = 10, .up = 9);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .seq = fx_their(&f, 50), .len = 10, .up = 65535);
	fx_pump(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 40);
	f.rcv_nxt = fx_their(&f, 60);
	fx_drop(&f);
	EXPECT_EQ(fx_read(&f, 100), 50);
	expect_state(&f, TCP_ESTABLISHED);
}

/* R-V-10: in every state, with every odd pointer: nothing breaks.  After the
 * peer's FIN it means nothing: RFC 9293 §3.10.7.4, sixth. */
TEST_TWICE(synchronized_urgent_pointers_break_nothing)
{
	static const uint16_t up[] = { 0, 1, 2, 32767, 32768, 65535 };

	COVERS("R-V-10");
	for (unsigned i = 0; i < GRID_STATES; i++) {
		struct fx f = grid_make(i);

		for (unsigned k = 0; k < sizeof(up) / sizeof(up[0]); k++) {
			grid_peer_sends(&f, .flags = TCP_ACK | TCP_URG, .up = up[k]);
			fx_drop(&f);
		}
		grid_expect_unmoved(&f, i);
		(void)at_mark(&f);
	}
}

TEST_TWICE(close_wait_urgent_is_not_reported)
{
	struct fx f = fx_close_wait();

	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .up = 10, .refused = true);
	fx_drop(&f);
	expect_event(&f, 0);
	EXPECT_EQ(at_mark(&f), 0);
}

TEST_TWICE(listen_and_syn_sent_ignore_urgent)
{
	struct fx f = fx_listen();

	COVERS("R-V-10");
	peer_sends(&f, .flags = TCP_SYN | TCP_URG, .seq = f.irs, .up = 65535, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	f = fx_syn_sent();
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK | TCP_URG, .seq = f.irs, .up = 65535);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
}

/* ---- MSG_OOB: the last urgent byte, out of its turn ---- */

static int64_t
recv_oob(struct fx *f, uint8_t *byte, unsigned flags)
{
	return sampan_recv_flags(f->s, f->h, byte, 1, SAMPAN_MSG_OOB | flags);
}

/* It is taken once, and the stream leaves it out. */
TEST_TWICE(oob_byte_is_taken_out_of_the_stream)
{
	struct fx f = fx_established();
	uint8_t data[40], byte;

	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_EINVAL);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .len = 20, .up = 11);
	fx_drop(&f);
	EXPECT_EQ(recv_oob(&f, &byte, SAMPAN_MSG_PEEK), 1);
	EXPECT_EQ(byte, fx_byte(10));
	EXPECT_EQ(recv_oob(&f, &byte, 0), 1);
	EXPECT_EQ(byte, fx_byte(10));
	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_recv(f.s, f.h, data, sizeof(data)), 10);
	EXPECT_EQ(data[9], fx_byte(9));
	EXPECT_EQ(sampan_recv(f.s, f.h, data, sizeof(data)), 9);
	EXPECT_EQ(data[0], fx_byte(11));
	EXPECT_EQ(sampan_recv(f.s, f.h, data, sizeof(data)), SAMPAN_EAGAIN);
}

/* The first byte of all that is there. */
TEST_TWICE(oob_byte_at_the_front_is_taken)
{
	struct fx f = fx_established();
	uint8_t data[4], byte;

	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .len = 1, .up = 1);
	fx_drop(&f);
	EXPECT_EQ(recv_oob(&f, &byte, 0), 1);
	EXPECT_EQ(sampan_recv(f.s, f.h, data, sizeof(data)), SAMPAN_EAGAIN);
	peer_sends(&f, .len = 2);
	fx_drop(&f);
	EXPECT_EQ(sampan_recv(f.s, f.h, data, sizeof(data)), 2);
	EXPECT_EQ(data[0], fx_byte(1));
	EXPECT_SOUND(f.s);
}

/* Announced and not there yet; read in its turn; OOBINLINE. */
TEST_TWICE(oob_answers_why_there_is_none)
{
	struct fx f = fx_established();
	uint8_t byte;

	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .len = 5, .up = 100);
	fx_drop(&f);
	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_EAGAIN);
	peer_sends(&f, .len = 100);
	EXPECT_EQ(fx_read(&f, 200), 100);
	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_EINVAL);
	f = fx_established();
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_OOBINLINE, 1), 0);
	peer_sends(&f, .flags = TCP_ACK | TCP_URG, .len = 5, .up = 5);
	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_EINVAL);
	EXPECT_EQ(fx_read(&f, 5), 5);
	f.h = f.listener;
	EXPECT_EQ(recv_oob(&f, &byte, 0), SAMPAN_ENOTCONN);
}
