/*
 * fx_ip6.c - see fx_ip6.h.
 */
#include "lib/fx_ip6.h"

uint8_t frame[2000];
uint8_t out[FRAME_MAX];

uint32_t
make(struct sampan_addr src, struct sampan_addr dst, uint8_t next, const void *payload,
    uint32_t len)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP6 };
	struct ip6_hdr ip = { .payload_len = (uint16_t)len, .next = next, .hop_limit = 255 };

	memset(frame, 0, sizeof(frame));
	memcpy(ip.src, src.b, 16);
	memcpy(ip.dst, dst.b, 16);
	eth_emit(frame, &eth);
	ip6_emit(frame + ETH_HDR_LEN, &ip);
	if (payload != NULL)
		memcpy(frame + L4, payload, len);
	return L4 + len;
}

void
seal(uint32_t at, uint32_t len)
{
	uint8_t *ip = frame + ETH_HDR_LEN, *p = frame + L4 + at;
	uint8_t rest[4] = { 0, IP_PROTO_ICMP6, (uint8_t)(len >> 8), (uint8_t)len };

	be16_put(p + 2, 0);
	be16_put(p + 2, (uint16_t)~frame_sum(p, len,
	    frame_sum(rest, 4, frame_sum(ip + 8, 32, 0))));
}

uint32_t
make_icmp(struct sampan_addr src, struct sampan_addr dst, const void *message, uint32_t len)
{
	const uint32_t total = make(src, dst, IP_PROTO_ICMP6, message, len);

	seal(0, len);
	return total;
}

uint32_t
make_echo(struct sampan_addr dst)
{
	const uint8_t echo[16] = { ICMP6_ECHO, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	return make_icmp(fx_peer(), dst, echo, sizeof(echo));
}

uint32_t
next_frame(struct fx *f)
{
	struct sampan_frame fr;
	uint32_t len;

	do {
		if (sampan_output(f->s, f->link, &fr, 1, f->now) != 1)
			return 0;
		len = frame_flatten(&fr, out);
		EXPECT(frame_flaw(&fr, out) == NULL);
		sampan_sent(f->s, &fr, 1);
	} while (out[ETH_HDR_LEN + 6] == IP_PROTO_HOPOPTS);
	return len;
}

void
pass(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
}

void
expect_dropped(struct fx *f, uint32_t len, unsigned reason)
{
	uint64_t before[SAMPAN_DROP_COUNT];

	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		before[i] = sampan_counter(f->s, i);
	fx_input(f, frame, len);
	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++)
		EXPECT_EQ(sampan_counter(f->s, i), before[i] + (i == reason));
}

struct fx
ready(void)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);	/* room for long answers */
	const uint32_t len = make_echo(fx_local());

	fx_input(&f, frame, len);
	fx_drop(&f);
	return f;
}

struct sampan_addr
group(uint8_t scope, uint8_t last)
{
	return (struct sampan_addr){ { 0xff, scope, [15] = last } };
}

struct sampan_addr_info
info_of(struct fx *f, unsigned i)
{
	struct sampan_addr_info info;

	EXPECT_EQ(sampan_addr_get(f->s, i, &info), 0);
	return info;
}
