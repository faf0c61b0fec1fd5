/* Tests of wire/tcp.h. */
#include "lib/test.h"

#include "wire/bytes.h"
#include "wire/tcp.h"

#include "wire_util.h"

static const uint8_t example[TCP_HDR_LEN] = {
	0x9c, 0x40, 0x00, 0x50, 0xfe, 0xdc, 0xba, 0x98, 0x01, 0x23,
	0x45, 0x67, 0x50, 0x18, 0xff, 0xff, 0x00, 0x00, 0x00, 0x2a,
};

TEST(tcp_header_parses)
{
	struct tcp_hdr h;

	EXPECT(tcp_hdr_parse(&h, example, sizeof example, 1000));
	EXPECT_EQ(h.src_port, 40000);
	EXPECT_EQ(h.dst_port, 80);
	EXPECT_EQ(h.seq, 0xfedcba98);
	EXPECT_EQ(h.ack, 0x01234567);
	EXPECT_EQ(h.data_off_bytes, 20);
	EXPECT_EQ(h.flags, TCP_PSH | TCP_ACK);
	EXPECT(!h.ae);
	EXPECT_EQ(h.wnd, 65535);
	EXPECT_EQ(h.up, 42);
}

TEST(tcp_header_is_emitted)
{
	const struct tcp_hdr h = {
		.src_port = 40000,
		.dst_port = 80,
		.seq = 0xfedcba98,
		.ack = 0x01234567,
		.data_off_bytes = 20,
		.flags = TCP_PSH | TCP_ACK,
		.wnd = 65535,
		.up = 42,
	};
	uint8_t b[TCP_HDR_LEN];

	memset(b, 0xff, sizeof b);
	tcp_hdr_emit(b, &h);

	EXPECT_MEM(b, example, sizeof example);
}

/* The control bits in the order of RFC 9293 §3.1, lowest first. */
TEST(tcp_flags_have_their_places)
{
	const uint8_t flags[] = {
		TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK, TCP_URG, TCP_ECE, TCP_CWR,
	};

	for (unsigned i = 0; i < 8; i++)
		EXPECT_EQ(flags[i], 1u << i);
}

static struct tcp_hdr
parse_octet_12(uint8_t octet)
{
	uint8_t b[TCP_HDR_MAX] = { 0 };
	struct tcp_hdr h;

	b[12] = octet;
	EXPECT_EQ(tcp_hdr_parse(&h, b, sizeof b, sizeof b), octet >> 4 >= 5);
	return h;
}

TEST(tcp_reserved_bits_are_ignored_but_for_ae)
{
	COVERS("R-9293-29");
	for (uint8_t bits = 0; bits < 16; bits++) {
		const struct tcp_hdr h = parse_octet_12((uint8_t)(0x60 | bits));

		EXPECT_EQ(h.data_off_bytes, 24);
		EXPECT_EQ(h.flags, 0);
		EXPECT_EQ(h.ae, bits & 1);
	}
}

TEST(tcp_reserved_bits_are_sent_as_zero)
{
	struct tcp_hdr h = { .data_off_bytes = 60, .flags = 0xff };
	uint8_t b[TCP_HDR_LEN];

	COVERS("R-9293-29");
	tcp_hdr_emit(b, &h);
	EXPECT_EQ(be16_get(b + 12), 0xf0ff);
	h.ae = true;
	tcp_hdr_emit(b, &h);
	EXPECT_EQ(be16_get(b + 12), 0xf1ff);
}

TEST(tcp_data_offset_lies_between_header_and_segment)
{
	uint8_t b[TCP_HDR_MAX] = { 0 };
	struct tcp_hdr h;

	COVERS("R-9293-30");
	for (uint8_t off = 0; off < 16; off++)
		for (size_t seg_len = 0; seg_len <= 80; seg_len++) {
			b[12] = (uint8_t)(off << 4);
			EXPECT_EQ(tcp_hdr_parse(&h, b, sizeof b, seg_len),
			    off >= 5 && off * 4u <= seg_len);
		}
}

TEST(tcp_header_cut_short_is_refused)
{
	uint8_t b[TCP_HDR_MAX] = { 0 };

	COVERS("R-9293-30");
	for (uint8_t off = 0; off < 16; off++)
		for (size_t avail = 0; avail <= sizeof b; avail++) {
			struct tcp_hdr h;
			uint8_t *p;

			b[12] = (uint8_t)(off << 4);
			p = wire_tight(b, avail);
			EXPECT_EQ(tcp_hdr_parse(&h, p, avail, 1000), off >= 5 && off * 4u <= avail);
			free(p);
		}
}

TEST(tcp_any_header_survives_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	for (unsigned i = 0; i < 10000; i++) {
		uint8_t in[TCP_HDR_LEN], out[TCP_HDR_LEN];
		struct tcp_hdr h;

		wire_fill(&rng, in, sizeof in);
		in[12] &= 0xf1;
		in[16] = in[17] = 0;
		tcp_hdr_parse(&h, in, sizeof in, sizeof in);
		tcp_hdr_emit(out, &h);
		EXPECT_MEM(in, out, sizeof in);
	}
}
