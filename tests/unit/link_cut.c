/*
 * link_cut.c - big frames cut and checksums completed, against the slow
 * obvious way of tests/lib/frame.c, and on frames that lie.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "base/rng.h"
#include "lib/frame.h"
#include "link/cut.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define TEXT_AT (ETH_HDR_LEN + IP4_HDR_LEN + TCP_HDR_LEN + 12)
#define TCP_AT (ETH_HDR_LEN + IP4_HDR_LEN)

/* A TCP segment over IPv4 with 12 octets of options and an open checksum. */
static uint32_t
make_tcp4(uint8_t *bytes, uint32_t text_len, uint8_t flags)
{
	const struct eth_hdr eth = { .type = ETH_TYPE_IP4 };
	const struct ip4_hdr ip = { .total_len = (uint16_t)(TEXT_AT - ETH_HDR_LEN + text_len),
		.id = 0xfffe, .df = true, .ttl = 64, .proto = IP_PROTO_TCP, .src = 0x0a000001,
		.dst = 0x0a000002 };
	const struct tcp_hdr tcp = { .src_port = 1, .dst_port = 2, .seq = 0xffffff00, .ack = 7,
		.data_off_bytes = TCP_HDR_LEN + 12, .flags = flags, .wnd = 1000 };

	eth_emit(bytes, &eth);
	ip4_emit(bytes + ETH_HDR_LEN, &ip);
	tcp_hdr_emit(bytes + TCP_AT, &tcp);
	memset(bytes + TCP_AT + TCP_HDR_LEN, 1, 12);
	be16_put(bytes + TCP_AT + TCP_CSUM_OFF, (uint16_t)frame_pseudo(bytes + ETH_HDR_LEN));
	for (uint32_t i = 0; i < text_len; i++)
		bytes[TEXT_AT + i] = (uint8_t)(i * 7 + i / 256);
	return TEXT_AT + text_len;
}

/* The frame as a stack hands it out: a head and slices of odd lengths. */
static struct sampan_frame
frame_of(const uint8_t *bytes, uint32_t len, uint16_t gso_bytes)
{
	struct sampan_frame f = { .len = len, .head_len = 40, .slices = 3,
		.csum = SAMPAN_CSUM_PARTIAL, .csum_start = TCP_AT, .csum_offset = TCP_CSUM_OFF,
		.tso = gso_bytes > 0, .gso_bytes = gso_bytes };
	const uint32_t rest = len - 40;

	memcpy(f.head, bytes, 40);
	f.slice[0] = (struct sampan_slice){ bytes + 40, 1 };
	f.slice[1] = (struct sampan_slice){ bytes + 41, rest / 2 };
	f.slice[2] = (struct sampan_slice){ bytes + 41 + rest / 2, rest - 1 - rest / 2 };
	return f;
}

/* Checks all pieces of a frame against tests/lib/frame.c, but for the
 * identification, which counts here. */
static void
expect_pieces(const struct sampan_frame *f, const uint8_t *bytes)
{
	static uint8_t got[SP_CUT_FRAME_MOST], want[FRAME_MAX];
	const unsigned pieces = frame_pieces(f, bytes);
	struct sp_cut cut;

	EXPECT(sp_cut_begin(&cut, f));
	for (unsigned i = 0; i < pieces; i++) {
		const uint32_t len = sp_cut_next(&cut, got);
		uint8_t *id = got + ETH_HDR_LEN + 4;

		EXPECT(len <= cut.piece_bytes);
		EXPECT_EQ(len, frame_piece(f, bytes, i, want));
		EXPECT_EQ(frame_sum(got + ETH_HDR_LEN, IP4_HDR_LEN, 0), 0xffff);
		EXPECT_EQ(be16_get(id), (uint16_t)(be16_get(bytes + ETH_HDR_LEN + 4) + i));
		memcpy(id, want + ETH_HDR_LEN + 4, 2);
		memcpy(id + 6, want + ETH_HDR_LEN + 10, 2);
		EXPECT_MEM(got, want, len);
	}
	EXPECT_EQ(sp_cut_next(&cut, got), 0);
	EXPECT_EQ(sp_cut_next(&cut, got), 0);
}

TEST(cut_big_segments_as_the_slow_way_does)
{
	static const uint32_t texts[] = { 1, 99, 100, 101, 200, 1448, 1449, 14480, 65000 };
	static const uint16_t gsos[] = { 100, 536, 1448, 8948 };
	static uint8_t bytes[FRAME_MAX];

	for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
		for (size_t g = 0; g < sizeof(gsos) / sizeof(gsos[0]); g++) {
			const uint32_t len = make_tcp4(bytes, texts[t],
			    TCP_ACK | TCP_PSH | TCP_FIN | TCP_CWR);
			const struct sampan_frame f = frame_of(bytes, len, gsos[g]);

			expect_pieces(&f, bytes);
		}
	}
}

TEST(cut_completes_an_open_checksum)
{
	static uint8_t bytes[FRAME_MAX];

	for (uint32_t text = 0; text < 70; text++) {
		const uint32_t len = make_tcp4(bytes, text, TCP_ACK);
		struct sampan_frame f = frame_of(bytes, len, 0);

		expect_pieces(&f, bytes);
	}
}

TEST(cut_leaves_a_complete_frame_alone)
{
	static uint8_t bytes[FRAME_MAX], got[FRAME_MAX];
	const uint32_t len = make_tcp4(bytes, 500, TCP_ACK);
	struct sampan_frame f = frame_of(bytes, len, 0);
	struct sp_cut cut;

	f.csum = SAMPAN_CSUM_COMPLETE;
	EXPECT(sp_cut_begin(&cut, &f));
	EXPECT_EQ(sp_cut_next(&cut, got), len);
	EXPECT_MEM(got, bytes, len);
}

/* RFC 9293 §3.1 knows no such form: tools that look call all ones wrong. */
TEST(cut_writes_a_tcp_checksum_of_zero_as_it_is)
{
	uint8_t bytes[34] = { 0 }, got[34];
	const struct sampan_frame f = { .len = 34, .slices = 1, .csum = SAMPAN_CSUM_PARTIAL,
		.csum_start = 14, .csum_offset = TCP_CSUM_OFF, .slice[0] = { bytes, 34 } };
	struct sp_cut cut;

	bytes[14] = 0xff;
	bytes[15] = 0xff;
	EXPECT(sp_cut_begin(&cut, &f));
	EXPECT_EQ(sp_cut_next(&cut, got), 34);
	EXPECT_EQ(be16_get(got + 30), 0);
}

/* RFC 768: a sum of zero is sent as all ones. */
TEST(cut_writes_no_checksum_of_zero)
{
	uint8_t bytes[22] = { 0 }, got[22];
	const struct sampan_frame f = { .len = 22, .slices = 1, .csum = SAMPAN_CSUM_PARTIAL,
		.csum_start = 14, .csum_offset = 6, .slice[0] = { bytes, 22 } };
	struct sp_cut cut;

	bytes[14] = 0xff;
	bytes[15] = 0xff;
	EXPECT(sp_cut_begin(&cut, &f));
	EXPECT_EQ(sp_cut_next(&cut, got), 22);
	EXPECT_EQ(be16_get(got + 20), 0xffff);
}

TEST(cut_over_ipv6_has_right_lengths_and_checksums)
{
	static uint8_t bytes[FRAME_MAX], got[FRAME_MAX];
	const uint32_t text = 3000, tcp_at = ETH_HDR_LEN + 40, text_at = tcp_at + TCP_HDR_LEN;
	const struct eth_hdr eth = { .type = ETH_TYPE_IP6 };
	const struct tcp_hdr tcp = { .seq = 5, .data_off_bytes = TCP_HDR_LEN, .flags = TCP_ACK };
	struct sampan_frame f = { .len = text_at + text, .slices = 1, .csum = SAMPAN_CSUM_PARTIAL,
		.csum_start = (uint16_t)tcp_at, .csum_offset = TCP_CSUM_OFF, .tso = true,
		.gso_bytes = 1400, .slice[0] = { bytes, text_at + text } };
	const uint32_t want[] = { 1400, 1400, 200 };
	uint8_t *ip = bytes + ETH_HDR_LEN;
	struct sp_cut cut;

	eth_emit(bytes, &eth);
	memset(bytes + text_at, 0x5a, text);
	memset(ip + 8, 0x21, 32);
	ip[0] = 0x60;
	ip[6] = IP_PROTO_TCP;
	tcp_hdr_emit(bytes + tcp_at, &tcp);
	EXPECT(sp_cut_begin(&cut, &f));
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t rest[4] = { 0, IP_PROTO_TCP, (uint8_t)((TCP_HDR_LEN + want[i]) >> 8),
		    (uint8_t)(TCP_HDR_LEN + want[i]) };

		EXPECT_EQ(sp_cut_next(&cut, got), text_at + want[i]);
		EXPECT_EQ(be16_get(got + ETH_HDR_LEN + 4), TCP_HDR_LEN + want[i]);
		EXPECT_EQ(be32_get(got + tcp_at + 4), 5 + 1400 * i);
		EXPECT_EQ(frame_sum(got + tcp_at, TCP_HDR_LEN + want[i],
		    frame_sum(rest, 4, frame_sum(got + ETH_HDR_LEN + 8, 32, 0))), 0xffff);
	}
	EXPECT_EQ(sp_cut_next(&cut, got), 0);
}

/* Whatever a frame claims, no byte outside of it is read or written; what can
 * be cut is cut into pieces that make up its text. */
TEST(cut_survives_frames_that_lie)
{
	static uint8_t bytes[FRAME_MAX];
	const uint64_t seed[2] = { 1, 2 };
	unsigned refused = 0;
	struct sp_rng rng;

	sp_rng_init(&rng, seed);
	for (unsigned round = 0; round < 20000; round++) {
		const uint32_t full = make_tcp4(bytes, sp_rng_below(&rng, 3000), TCP_ACK);
		struct sampan_frame f = frame_of(bytes, full, 100);
		struct sp_cut cut;
		uint32_t n, pieces = 0;

		for (unsigned k = sp_rng_below(&rng, 4); k > 0; k--)
			f.head[sp_rng_below(&rng, 40)] = (uint8_t)sp_rng_below(&rng, 256);
		f.len = sp_rng_below(&rng, 4) == 0 ? sp_rng_below(&rng, 70000) : full;
		f.slices = (uint8_t)sp_rng_below(&rng, 4);
		f.tso = sp_rng_below(&rng, 4) != 0;
		f.gso_bytes = (uint16_t)sp_rng_below(&rng, 2000);
		f.csum = (uint8_t)sp_rng_below(&rng, 3);
		if (sp_rng_below(&rng, 3) == 0)
			f.csum_start = (uint16_t)sp_rng_below(&rng, 65536);
		if (sp_rng_below(&rng, 3) == 0)
			f.csum_offset = (uint16_t)sp_rng_below(&rng, 65536);
		if (!sp_cut_begin(&cut, &f)) {
			refused++;
			continue;
		}
		do {
			uint8_t *room = malloc(cut.piece_bytes);

			n = sp_cut_next(&cut, room);
			EXPECT(n <= cut.piece_bytes);
			free(room);
		} while (n > 0 && ++pieces < 70000);
		EXPECT(pieces < 70000);
	}
	EXPECT(refused > 100 && refused < 19000);
}
