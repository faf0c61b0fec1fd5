/*
 * link_capture.c - what a capture keeps of the frames that it is shown.
 */
#include "lib/test.h"

#include <pcap/pcap.h>

#include <errno.h>

#include <sampan/stats.h>

#include "lib/frame.h"
#include "link/capture.h"
#include "link/link.h"

static struct sampan_link link_of_test;
static uint8_t big[60000];

#define CONFIG(...) (&(struct sp_capture_config){ __VA_ARGS__ })

/* Packets in what has been written so far, which is taken; *first: the first. */
struct file {
	unsigned packets;
	uint32_t kept_bytes, bytes_all;	/* of the last packet */
	uint32_t flags;
	char comment[200];
};

static uint32_t
word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static void
look_at_packet(struct file *f, const uint8_t *block, uint32_t len)
{
	const uint8_t *option = block + 28 + ((word(block + 20) + 3) & ~3u);

	f->packets++;
	f->kept_bytes = word(block + 20);
	f->bytes_all = word(block + 24);
	f->comment[0] = '\0';
	while (option < block + len - 8) {
		const unsigned code = word(option) & 0xffff, bytes = word(option) >> 16;

		if (code == 2)
			f->flags = word(option + 4);
		if (code == 1) {
			memcpy(f->comment, option + 4, bytes);
			f->comment[bytes] = '\0';
		}
		option += 4 + ((bytes + 3) & ~3u);
	}
}

static struct file
take(struct sp_capture *c)
{
	struct file f = { 0 };
	const uint8_t *bytes;
	const size_t len = sp_capture_peek(c, &bytes);

	for (size_t at = 0; at < len; at += word(bytes + at + 4)) {
		if (word(bytes + at) == 6)
			look_at_packet(&f, bytes + at, word(bytes + at + 4));
	}
	sp_capture_take(c, len);
	return f;
}

static struct sp_capture *
open_capture(const struct sp_capture_config *config)
{
	struct sp_capture *c;

	memset(&link_of_test, 0, sizeof(link_of_test));
	memcpy(link_of_test.config.name, "test0", 6);
	c = sp_capture_open(config);
	EXPECT(c != NULL);
	EXPECT_EQ(sp_capture_add(c, &link_of_test), 0);
	return c;
}

/* A frame of so many bytes that no protocol knows. */
static struct sampan_frame
plain(uint32_t len)
{
	return (struct sampan_frame){ .len = len, .slices = 1, .slice[0] = { big, len } };
}

TEST(capture_keeps_frames_with_their_direction)
{
	struct sp_capture *c = open_capture(CONFIG(.whole = false));
	const struct sampan_frame f[2] = { plain(60), plain(100) };
	struct file file;

	sp_capture_frames(c, &link_of_test, f, 2, false);
	file = take(c);
	EXPECT_EQ(file.packets, 2);
	EXPECT_EQ(file.bytes_all, 100);
	EXPECT_EQ(file.flags, 1);
	EXPECT_STR(file.comment, "");
	sp_capture_frames(c, &link_of_test, f, 1, true);
	EXPECT_EQ(take(c).flags, 2);
	sp_capture_close(c);
	EXPECT(link_of_test.capture[0] == NULL);
}

TEST(capture_says_why_a_frame_was_dropped)
{
	struct sp_capture *c = open_capture(CONFIG(.whole = false));
	struct sampan_frame f = plain(60);

	f.drop = SAMPAN_DROP_TCP_CSUM + 1;
	sp_capture_frames(c, &link_of_test, &f, 1, false);
	EXPECT_STR(take(c).comment, "dropped: TcpInCsumErrors: TCP checksum wrong");
	sp_capture_close(c);
}

TEST(capture_cuts_what_is_longer_than_the_snap_length)
{
	struct sp_capture *c = open_capture(CONFIG(.snap_bytes = 64));
	const struct sampan_frame f[2] = { plain(64), plain(65) };
	struct file file;

	sp_capture_frames(c, &link_of_test, f, 2, false);
	file = take(c);
	EXPECT_EQ(file.kept_bytes, 64);
	EXPECT_EQ(file.bytes_all, 65);
	sp_capture_close(c);
}

TEST(capture_ends_after_so_many_packets)
{
	struct sp_capture *c = open_capture(CONFIG(.packets_most = 2));
	const struct sampan_frame f[3] = { plain(60), plain(60), plain(60) };

	sp_capture_frames(c, &link_of_test, f, 3, false);
	EXPECT(sp_capture_counts(c).is_full);
	EXPECT_EQ(take(c).packets, 2);
	sp_capture_close(c);
}

TEST(capture_never_makes_the_file_larger_than_asked_for)
{
	struct sp_capture *c = open_capture(CONFIG(.bytes_most = 2048));
	const struct sampan_frame f = plain(500);
	const uint8_t *bytes;
	size_t len;

	for (int i = 0; i < 10; i++)
		sp_capture_frames(c, &link_of_test, &f, 1, false);
	EXPECT(sp_capture_counts(c).is_full);
	len = sp_capture_peek(c, &bytes);
	EXPECT(len > 1024 && len <= 2048);
	sp_capture_close(c);
}

/* Nobody takes anything: the ring fills, the rest is counted, and what was in
 * it is whole. */
TEST(capture_that_is_not_taken_drops_and_counts)
{
	struct sp_capture *c = open_capture(CONFIG(.whole = false));
	const struct sampan_frame f = plain(60000);
	struct sp_capture_counts counts;
	const uint8_t *bytes;
	unsigned packets;

	for (int i = 0; i < 1000; i++)
		sp_capture_frames(c, &link_of_test, &f, 1, false);
	counts = sp_capture_counts(c);
	EXPECT(counts.packets > 200 && counts.dropped > 200);
	EXPECT_EQ(counts.packets + counts.dropped, 1000);
	packets = take(c).packets;
	EXPECT_EQ(packets, counts.packets);
	sp_capture_finish(c);
	EXPECT(sp_capture_peek(c, &bytes) > 0);
	EXPECT_EQ(word(bytes), 5);	/* statistics */
	EXPECT(link_of_test.capture[0] == NULL);
	sp_capture_close(c);
}

/* Blocks that wrap in the ring come out as they went in. */
TEST(capture_ring_wraps)
{
	struct sp_capture *c = open_capture(CONFIG(.whole = false));
	unsigned packets = 0;

	for (int i = 0; i < 1000; i++) {
		const struct sampan_frame f = plain(50000 + (uint32_t)i);
		const uint8_t *bytes;
		size_t len;

		sp_capture_frames(c, &link_of_test, &f, 1, false);
		while ((len = sp_capture_peek(c, &bytes)) > 0) {
			sp_capture_take(c, len < 7000 ? len : 7000);
			if (len < 7000)
				packets++;
		}
	}
	EXPECT(packets >= 1000);
	EXPECT_EQ(sp_capture_counts(c).dropped, 0);
	sp_capture_close(c);
}

TEST(capture_filter_leaves_out_what_it_returns_0_for)
{
	/* Accept those longer than 80 bytes. */
	const struct bpf_insn program[] = {
		{ 0x80, 0, 0, 0 }, { 0x25, 0, 1, 80 }, { 6, 0, 0, 262144 }, { 6, 0, 0, 0 },
	};
	struct sp_capture *c = open_capture(CONFIG(.program = program, .program_len = 4));
	const struct sampan_frame f[2] = { plain(80), plain(81) };
	struct file file;

	sp_capture_frames(c, &link_of_test, f, 2, false);
	file = take(c);
	EXPECT_EQ(file.packets, 1);
	EXPECT_EQ(file.bytes_all, 81);
	EXPECT_EQ(sp_capture_counts(c).unwanted, 1);
	sp_capture_close(c);
}

/* One that jumps out of itself, and one that does not end. */
TEST(capture_filter_that_is_not_sound_is_refused)
{
	const struct bpf_insn jumps[] = { { 0x05, 0, 0, 100 }, { 6, 0, 0, 0 } };
	const struct bpf_insn endless[] = { { 0, 0, 0, 0 } };

	EXPECT(sp_capture_open(CONFIG(.program = jumps, .program_len = 2)) == NULL);
	EXPECT_EQ(errno, EINVAL);
	EXPECT(sp_capture_open(CONFIG(.program = endless, .program_len = 1)) == NULL);
}

TEST(capture_of_a_link_by_as_many_as_it_can)
{
	struct sp_capture *c[SP_LINK_CAPTURES + 1];

	c[0] = open_capture(CONFIG(.whole = false));
	for (unsigned i = 1; i <= SP_LINK_CAPTURES; i++) {
		c[i] = sp_capture_open(CONFIG(.whole = false));
		EXPECT_EQ(sp_capture_add(c[i], &link_of_test), i < SP_LINK_CAPTURES ? 0 : -1);
	}
	for (unsigned i = 0; i <= SP_LINK_CAPTURES; i++)
		sp_capture_close(c[i]);
	for (unsigned i = 0; i < SP_LINK_CAPTURES; i++)
		EXPECT(link_of_test.capture[i] == NULL);
}
