/*
 * lend.c - text without copying: slices of what arrived, room for what is to be
 * sent, and from one connection to another.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

#define SLICES 16

/* Compares slices with the peer's stream from `from` on; their bytes. */
static uint32_t
expect_slices(const struct sampan_slice *slice, int n, uint32_t from)
{
	uint32_t done = 0;

	EXPECT(n > 0);
	for (int i = 0; i < n; i++)
		for (uint32_t j = 0; j < slice[i].len; j++)
			EXPECT_EQ(slice[i].data[j], fx_byte(from + done++));
	return done;
}

/* Lent twice it is the same; taken it is gone, and the window opens. */
TEST_TWICE(established_lent_text_stays_until_taken)
{
	struct fx f = fx_established(.rcvbuf = 8000);
	struct sampan_slice slice[SLICES];
	uint32_t taken = 0;

	for (unsigned i = 0; i < 5; i++)
		peer_sends(&f, .len = 1460);
	fx_drop(&f);
	EXPECT_EQ(expect_slices(slice, sampan_recv_lend(f.s, f.h, slice, SLICES), 0), 7300);
	EXPECT_EQ(expect_slices(slice, sampan_recv_lend(f.s, f.h, slice, SLICES), 0), 7300);
	for (uint32_t n = 1; taken + n <= 7300; n = 2 * n + 1) {
		EXPECT_EQ(sampan_recv_taken(f.s, f.h, n), n);
		taken += n;
		EXPECT_EQ(expect_slices(slice, sampan_recv_lend(f.s, f.h, slice, SLICES), taken),
		    7300 - taken);
	}
	EXPECT_EQ(sampan_recv_taken(f.s, f.h, 7300 - taken + 1), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_recv_taken(f.s, f.h, 7300 - taken), 7300 - taken);
	EXPECT_EQ(sampan_recv_lend(f.s, f.h, slice, SLICES), SAMPAN_EAGAIN);
	EXPECT_EQ(sampan_recv_taken(f.s, f.h, 0), 0);
	f.read = 7300;
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT(f.rcv_wnd > 7000);
}

/* What is lent does not change while more arrives. */
TEST(established_lent_slices_stay_while_text_arrives)
{
	struct fx f = fx_established();
	struct sampan_slice slice[SLICES];
	int n;

	peer_sends(&f, .len = 100);
	fx_drop(&f);
	n = sampan_recv_lend(f.s, f.h, slice, SLICES);
	peer_sends(&f, .len = 1400);
	peer_sends(&f, .flags = TCP_RST);
	fx_drop(&f);
	EXPECT_EQ(expect_slices(slice, n, 0), 100);
	n = sampan_recv_lend(f.s, f.h, slice, 1);
	EXPECT(expect_slices(slice, n, 0) >= 100);
}

TEST(lend_answers_as_recv_does)
{
	struct fx f = fx_close_wait();
	struct sampan_slice slice[1];

	EXPECT_EQ(sampan_recv_lend(f.s, f.h, slice, 1), 0);
	EXPECT_EQ(sampan_recv_lend(f.s, f.listener, slice, 1), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_recv_lend(f.s, 0, slice, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_recv_taken(f.s, 0, 1), SAMPAN_EBADHANDLE);
	f = fx_established();
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(sampan_recv_lend(f.s, f.h, slice, 1), SAMPAN_ECONNRESET);
	EXPECT_EQ(sampan_recv_lend(f.s, f.h, slice, 1), 0);
}

TEST(peek_leaves_what_it_reads)
{
	struct fx f = fx_established();
	uint8_t data[2000];

	peer_sends(&f, .len = 1460);
	peer_sends(&f, .len = 100);
	fx_drop(&f);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_EQ(sampan_recv_flags(f.s, f.h, data, sizeof(data), SAMPAN_MSG_PEEK), 1560);
		for (uint32_t j = 0; j < 1560; j++)
			EXPECT_EQ(data[j], fx_byte(j));
	}
	EXPECT_EQ(sampan_recv_flags(f.s, f.h, data, 1, 64), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send_flags(f.s, f.h, data, 1, SAMPAN_MSG_PEEK), SAMPAN_EINVAL);
	EXPECT_EQ(fx_read(&f, 2000), 1560);
	EXPECT_EQ(sampan_recv_flags(f.s, f.h, data, 1, SAMPAN_MSG_PEEK), SAMPAN_EAGAIN);
}

/* ---- Room to write ---- */

/* Writes the next n bytes of the application's stream into what is reserved. */
static int64_t
write_reserved(struct fx *f, uint32_t reserve, uint32_t n)
{
	struct sampan_room room[SLICES];
	const int rooms = sampan_send_reserve(f->s, f->h, room, SLICES, reserve);
	uint32_t done = 0;
	int64_t took;

	if (rooms <= 0)
		return rooms;
	for (int i = 0; i < rooms; i++)
		for (uint32_t j = 0; j < room[i].len && done < n; j++)
			room[i].data[j] = fx_byte(f->written + done++);
	took = sampan_send_commit(f->s, f->h, done);
	if (took > 0)
		f->written += (uint32_t)took;
	return took;
}

TEST_TWICE(established_reserved_room_is_sent)
{
	struct fx f = fx_established();

	EXPECT_EQ(write_reserved(&f, 3000, 3000), 3000);
	expect_text(&f, f.snd_una, 3000);
	EXPECT_EQ(write_reserved(&f, 3000, 17), 17);	/* less than was lent */
	EXPECT_EQ(fx_write(&f, 10), 10);
	peer_sends(&f, .flags = TCP_ACK);
	expect_text(&f, seq_add(f.snd_una, 0), 27);
	EXPECT_EQ(write_reserved(&f, 3000, 0), 0);
	peer_sends(&f, .flags = TCP_ACK);
	expect_quiet(&f);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
}

/* Between the two calls anything may happen. */
TEST(reservation_outlives_what_happens_meanwhile)
{
	struct fx f = fx_established();
	struct sampan_room room[SLICES];
	uint32_t n = 0;

	EXPECT_EQ(fx_write(&f, 500), 500);
	expect_text(&f, f.snd_una, 500);
	EXPECT(sampan_send_reserve(f.s, f.h, room, SLICES, 200) > 0);
	peer_sends(&f, .flags = TCP_ACK, .len = 300);
	fx_drop(&f);
	for (; n < 200; n++)
		room[0].data[n] = fx_byte(f.written + n);
	EXPECT_EQ(sampan_send_commit(f.s, f.h, 200), 200);
	expect_text(&f, f.snd_una, 200);
	EXPECT(sampan_send_reserve(f.s, f.h, room, SLICES, 200) > 0);
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(sampan_send_commit(f.s, f.h, 200), SAMPAN_ECONNRESET);
	EXPECT_SOUND(f.s);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

TEST(commit_of_what_was_not_reserved_is_refused)
{
	struct fx f = fx_established();
	struct sampan_room room[SLICES];

	EXPECT_EQ(sampan_send_commit(f.s, f.h, 1), SAMPAN_EINVAL);
	EXPECT(sampan_send_reserve(f.s, f.h, room, 1, 100) == 1);
	EXPECT_EQ(sampan_send_commit(f.s, f.h, 101), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send_commit(f.s, f.listener, 1), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send_reserve(f.s, f.listener, room, 1, 100), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_send_commit(f.s, f.h, 1), SAMPAN_EINVAL);	/* that ended it */
	EXPECT_EQ(sampan_send_reserve(f.s, f.h, room, 0, 100), 0);
	EXPECT_EQ(sampan_send_reserve(f.s, f.h, room, 1, 0), 0);
	EXPECT_EQ(sampan_send_commit(f.s, 0, 1), SAMPAN_EBADHANDLE);
	expect_quiet(&f);
}

/* Never more than the send buffer takes. */
TEST(reservation_is_bounded_by_the_buffer)
{
	struct fx f = fx_established(.peer_wnd = 0, .sndbuf = 5000);
	struct sampan_room room[SLICES];
	uint32_t sum = 0;
	int n;

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_SNDBUF, 2500), 0);
	n = sampan_send_reserve(f.s, f.h, room, SLICES, 100000);
	for (int i = 0; i < n; i++)
		sum += room[i].len;
	EXPECT_EQ(sum, 5000);
	EXPECT_EQ(fx_write(&f, 4000), 4000);
	EXPECT_EQ(sampan_send_commit(f.s, f.h, 5000), 1000);
	EXPECT_EQ(sampan_send_reserve(f.s, f.h, room, SLICES, 1), SAMPAN_EAGAIN);
	EXPECT_SOUND(f.s);
}

/* ---- From one to another ---- */

/* An echo: what arrives is what is sent, whatever its pieces. */
TEST_TWICE(splice_echoes_every_byte)
{
	static const uint32_t pieces[] = { 1, 1460, 100, 1460, 1460, 7, 1460, 300, 1460, 1460 };
	struct fx f = fx_established(.peer_wnd = 60000);
	uint32_t sum = 0;

	for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		peer_sends(&f, .len = pieces[i]);
		sum += pieces[i];
		if (i % 3 == 2)
			EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 500), 500);
	}
	sum -= 1500;
	while (sum > 0) {
		const int64_t n = sampan_splice(f.s, f.h, f.h, 4000);

		EXPECT(n > 0);
		sum -= (uint32_t)n;
	}
	EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 4000), SAMPAN_EAGAIN);
	f.written = 9168;
	f.read = 9168;
	EXPECT_SOUND(f.s);
	for (sum = 0; sum < 9168; sum += f.seg.tcp.len) {
		EXPECT(fx_next_out(&f) != NULL);
		for (uint32_t j = 0; j < f.seg.tcp.len; j++)
			EXPECT_EQ(f.seg.tcp.text[j], fx_byte(sum + j));
		peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.seg.seq, f.seg.tcp.len));
	}
	EXPECT_EQ(sum, 9168);
}

TEST(splice_answers_for_both_ends)
{
	struct fx f = fx_close_wait();

	EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 10), 0);
	EXPECT_EQ(sampan_splice(f.s, 0, f.h, 10), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_splice(f.s, f.h, 0, 10), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_splice(f.s, f.listener, f.h, 10), SAMPAN_ENOTCONN);
	f = fx_established();
	EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 10), SAMPAN_EAGAIN);
	peer_sends(&f, .len = 100);
	EXPECT_EQ(sampan_splice(f.s, f.h, f.listener, 10), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 0), 0);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	EXPECT_EQ(sampan_splice(f.s, f.h, f.h, 10), SAMPAN_EPIPE);
	EXPECT_EQ(fx_read(&f, 200), 100);
}

/* ---- MSG_MORE ---- */

TEST_TWICE(more_holds_a_part_of_a_segment_until_the_next_send)
{
	struct fx f = fx_established();
	uint8_t data[3000];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = fx_byte(i);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	EXPECT_EQ(sampan_send_flags(f.s, f.h, data, 100, SAMPAN_MSG_MORE), 100);
	expect_quiet(&f);
	EXPECT_EQ(sampan_send_flags(f.s, f.h, data + 100, 1500, SAMPAN_MSG_MORE), 1500);
	f.written = 1600;
	expect_segment(&f, .seq = f.snd_una, .len = 1460);
	expect_quiet(&f);
	EXPECT_EQ(sampan_send(f.s, f.h, data + 1600, 10), 10);
	f.written = 1610;
	expect_segment(&f, .len = 150, .seq = seq_add(f.snd_una, 1460));
}

/* Not for longer than CORK does, and not beyond the end. */
TEST(more_ends_with_time_and_with_close)
{
	struct fx f = fx_established();
	uint8_t byte = fx_byte(0);

	EXPECT_EQ(sampan_send_flags(f.s, f.h, &byte, 1, SAMPAN_MSG_MORE), 1);
	f.written = 1;
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_MS(210));
	expect_segment(&f, .seq = f.snd_una, .len = 1);
	f = fx_established();
	EXPECT_EQ(sampan_send_flags(f.s, f.h, &byte, 1, SAMPAN_MSG_MORE), 1);
	f.written = 1;
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .len = 1);
}
