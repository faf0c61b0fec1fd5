/*
 * link_vnet.c - the virtio-net header, both ways.
 */
#include "lib/test.h"

#include "link/vnet.h"

/* Ethernet 14, IPv4 20. */
#define TCP_AT 34

static struct sampan_frame
frame_of(uint32_t len)
{
	return (struct sampan_frame){ .len = len };
}

TEST(vnet_plain_frame_is_for_the_stack_to_check)
{
	const struct virtio_net_hdr hdr = { 0 };
	struct sampan_frame f = frame_of(60);

	EXPECT(sp_vnet_to_frame(&hdr, &f));
	EXPECT_EQ(f.csum, SAMPAN_CSUM_COMPLETE);
	EXPECT(!f.tso);
}

TEST(vnet_valid_is_verified)
{
	const struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };
	struct sampan_frame f = frame_of(60);

	EXPECT(sp_vnet_to_frame(&hdr, &f));
	EXPECT_EQ(f.csum, SAMPAN_CSUM_VERIFIED);
}

TEST(vnet_open_checksum_is_partial)
{
	const struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .csum_start = TCP_AT, .csum_offset = 16 };
	struct sampan_frame f = frame_of(TCP_AT + 18);

	EXPECT(sp_vnet_to_frame(&hdr, &f));
	EXPECT_EQ(f.csum, SAMPAN_CSUM_PARTIAL);
	EXPECT_EQ(f.csum_start, TCP_AT);
	EXPECT_EQ(f.csum_offset, 16);

	f = frame_of(TCP_AT + 17);	/* the checksum lies half outside */
	EXPECT(!sp_vnet_to_frame(&hdr, &f));
}

TEST(vnet_offsets_do_not_wrap)
{
	const struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .csum_start = 0xffff, .csum_offset = 0xffff };
	struct sampan_frame f = frame_of(60);

	EXPECT(!sp_vnet_to_frame(&hdr, &f));
}

TEST(vnet_big_segments_of_both_families_are_taken)
{
	struct virtio_net_hdr hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_size = 1448,
	    .csum_start = TCP_AT, .csum_offset = 16, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 };
	struct sampan_frame f = frame_of(20000);

	EXPECT(sp_vnet_to_frame(&hdr, &f));
	EXPECT(f.tso);
	EXPECT_EQ(f.gso_bytes, 1448);
	hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN;
	EXPECT(sp_vnet_to_frame(&hdr, &f));
	EXPECT(f.tso);
	hdr.gso_size = 0;
	EXPECT(!sp_vnet_to_frame(&hdr, &f));
}

TEST(vnet_what_was_not_asked_for_is_refused)
{
	static const uint8_t types[] = { VIRTIO_NET_HDR_GSO_UDP, VIRTIO_NET_HDR_GSO_ECN, 5, 0x7f };
	struct virtio_net_hdr hdr = { .gso_size = 1000 };
	struct sampan_frame f = frame_of(20000);

	for (size_t i = 0; i < sizeof(types); i++) {
		hdr.gso_type = types[i];
		EXPECT(!sp_vnet_to_frame(&hdr, &f));
	}
}

/* A segment to be cut, its header in the head, or all of it in slices. */
static struct sampan_frame
big_frame(uint8_t *bytes, uint8_t ethertype, uint8_t tcp_flags, uint16_t head_len)
{
	struct sampan_frame f = { .len = 20000, .csum = SAMPAN_CSUM_PARTIAL, .tso = true,
	    .gso_bytes = 1448, .csum_start = TCP_AT, .csum_offset = 16, .head_len = head_len };

	bytes[12] = ethertype;
	bytes[TCP_AT + 12] = 8 << 4;
	bytes[TCP_AT + 13] = tcp_flags;
	memcpy(f.head, bytes, head_len);
	f.slices = 2;
	f.slice[0] = (struct sampan_slice){ bytes + head_len, 40 };
	f.slice[1] = (struct sampan_slice){ bytes + head_len + 40, f.len - head_len - 40 };
	return f;
}

TEST(vnet_from_frame_describes_a_segment_to_cut)
{
	static uint8_t bytes[20000];

	for (uint16_t head_len = 0; head_len <= 66; head_len += 33) {
		const struct sampan_frame f = big_frame(bytes, 0x08, 0x10, head_len);
		struct virtio_net_hdr hdr;

		sp_vnet_from_frame(&f, &hdr);
		EXPECT_EQ(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		EXPECT_EQ(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
		EXPECT_EQ(hdr.gso_size, 1448);
		EXPECT_EQ(hdr.hdr_len, TCP_AT + 32);
		EXPECT_EQ(hdr.csum_start, TCP_AT);
		EXPECT_EQ(hdr.csum_offset, 16);
	}
}

TEST(vnet_from_frame_tells_family_and_cwr)
{
	static uint8_t bytes[20000];
	struct sampan_frame f = big_frame(bytes, 0x86, 0x80, 66);
	struct virtio_net_hdr hdr;

	sp_vnet_from_frame(&f, &hdr);
	EXPECT_EQ(hdr.gso_type, VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN);
}

TEST(vnet_round_trip)
{
	static uint8_t bytes[20000];
	const struct sampan_frame f = big_frame(bytes, 0x08, 0x10, 66);
	struct sampan_frame back = frame_of(f.len);
	struct virtio_net_hdr hdr;

	sp_vnet_from_frame(&f, &hdr);
	EXPECT(sp_vnet_to_frame(&hdr, &back));
	EXPECT_EQ(back.csum, f.csum);
	EXPECT_EQ(back.csum_start, f.csum_start);
	EXPECT_EQ(back.csum_offset, f.csum_offset);
	EXPECT_EQ(back.tso, f.tso);
	EXPECT_EQ(back.gso_bytes, f.gso_bytes);
}
