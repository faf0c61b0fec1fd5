/*
 * link_lane.c - one direction of a bad line, in virtual time: shares, times
 * against exact arithmetic, and what a checksum notices.
 */
#include "lib/test.h"

#include <stdlib.h>

#include "lib/frame.h"
#include "link/lane.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define TCP_AT (ETH_HDR_LEN + IP4_HDR_LEN)

static struct sp_lane
lane_of(const char *words)
{
	const struct sp_why nobody = { NULL, 0 };
	struct sp_emulate_spec spec;
	struct sp_lane lane;

	EXPECT_EQ(sp_emulate_spec_read(&spec, words, &nobody), 0);
	sp_lane_open(&lane, &spec.way[SAMPAN_OUT], spec.seed, SAMPAN_OUT);
	return lane;
}

/* A frame of some protocol that begins with a number. */
static void
put_number(struct sp_lane *lane, uint32_t number, uint32_t len, sampan_time at)
{
	static uint8_t bytes[FRAME_MAX];
	const struct sampan_frame f = { .len = len, .slices = 1, .slice[0] = { bytes, len } };

	be32_put(bytes, number);
	sp_lane_put(lane, &f, at);
}

/* Takes the next one; returns its number, -1: none. */
static int64_t
take_number(struct sp_lane *lane, sampan_time now, sampan_time *due_at)
{
	struct sp_parcel *p = sp_lane_take(lane, now);
	int64_t number;

	if (p == NULL)
		return -1;
	number = be32_get(p->bytes);
	if (due_at != NULL)
		*due_at = p->due_at;
	free(p);
	return number;
}

static bool
is_near(uint64_t got, uint64_t want, uint64_t percent)
{
	return got * 100 >= want * (100 - percent) && got * 100 <= want * (100 + percent);
}

/* ---- Shares ---- */

TEST(lane_loses_the_share_it_is_asked_for)
{
	struct sp_lane lane = lane_of("loss=1%");
	unsigned arrived = 0;

	for (uint32_t i = 0; i < 200000; i++) {
		put_number(&lane, i, 60, i);
		arrived += take_number(&lane, i, NULL) >= 0;
	}
	EXPECT(is_near(lane.counts.lost, 2000, 10));
	EXPECT_EQ(lane.counts.lost + arrived, 200000);
	EXPECT_EQ(lane.counts.frames, 200000);
	sp_lane_close(&lane);
}

/* In the mean 1/END frames long, and a share of BEGIN/(BEGIN+END) of all. */
TEST(lane_loses_in_bursts)
{
	struct sp_lane lane = lane_of("burst=1%/20%");
	unsigned bursts = 0;
	bool was_lost = false;

	for (uint32_t i = 0; i < 400000; i++) {
		bool lost;

		put_number(&lane, i, 60, i);
		lost = take_number(&lane, i, NULL) < 0;
		bursts += lost && !was_lost;
		was_lost = lost;
	}
	EXPECT(is_near(lane.counts.lost, 400000 / 21, 5));
	EXPECT(is_near(lane.counts.lost, (uint64_t)bursts * 5, 5));
	sp_lane_close(&lane);
}

TEST(lane_burst_loses_its_own_share)
{
	struct sp_lane lane = lane_of("loss=1%,burst=10%/10%/50%");

	for (uint32_t i = 0; i < 100000; i++) {
		put_number(&lane, i, 60, i);
		(void)take_number(&lane, i, NULL);
	}
	EXPECT(is_near(lane.counts.lost, 25500, 5));
	sp_lane_close(&lane);
}

TEST(lane_repeats_the_share_it_is_asked_for)
{
	struct sp_lane lane = lane_of("dup=2%");
	unsigned arrived = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		put_number(&lane, i, 60, i);
		while (take_number(&lane, i, NULL) == i)
			arrived++;
	}
	EXPECT(is_near(lane.counts.duplicated, 2000, 10));
	EXPECT_EQ(arrived, 100000 + lane.counts.duplicated);
	sp_lane_close(&lane);
}

/* Which frames are lost, as a hash. */
static uint64_t
losses_of(const char *words)
{
	struct sp_lane lane = lane_of(words);
	uint64_t hash = 0;

	for (uint32_t i = 0; i < 5000; i++) {
		const uint64_t lost = lane.counts.lost;

		put_number(&lane, i, 60, i);
		if (lane.counts.lost > lost)
			hash = hash * 31 + i;
	}
	sp_lane_close(&lane);
	return hash;
}

TEST(lane_losses_depend_on_the_seed_and_on_no_other_fault)
{
	const uint64_t hash = losses_of("loss=5%,seed=3");

	EXPECT(losses_of("loss=5%,seed=3") == hash);
	EXPECT(losses_of("loss=5%,seed=4") != hash);
	EXPECT(losses_of("loss=5%,seed=3,delay=1ms,jitter=5ms,reorder=3%,dup=9%,corrupt=7%,"
	    "rate=1mbit,queue=5k") == hash);
}

/* ---- Times ---- */

TEST(lane_without_jitter_keeps_order_and_delay)
{
	struct sp_lane lane = lane_of("delay=10ms");
	sampan_time due_at;

	EXPECT(sp_lane_due(&lane) == SAMPAN_NEVER);
	for (uint32_t i = 0; i < 1000; i++)
		put_number(&lane, i, 60, SAMPAN_US(i / 3));
	EXPECT(sp_lane_due(&lane) == SAMPAN_MS(10));
	EXPECT_EQ(take_number(&lane, SAMPAN_MS(10) - 1, NULL), -1);
	for (uint32_t i = 0; i < 1000; i++) {
		EXPECT_EQ(take_number(&lane, SAMPAN_SEC(1), &due_at), i);
		EXPECT_EQ(due_at, SAMPAN_MS(10) + SAMPAN_US(i / 3));
	}
	EXPECT(sp_lane_due(&lane) == SAMPAN_NEVER);
	EXPECT_EQ(lane.held_bytes, 0);
	sp_lane_close(&lane);
}

TEST(lane_jitter_is_spread_evenly_and_comes_out_by_time)
{
	struct sp_lane lane = lane_of("delay=10ms,jitter=4ms");
	unsigned quarter[4] = { 0 }, overtaken = 0;
	sampan_time due_at, last_at = 0;
	int64_t last = -1;

	for (uint32_t i = 0; i < 40000; i++)
		put_number(&lane, i, 60, i);
	for (uint32_t i = 0; i < 40000; i++) {
		const int64_t number = take_number(&lane, SAMPAN_SEC(1), &due_at);
		const sampan_dur extra = due_at - SAMPAN_MS(10) - (uint64_t)number;

		EXPECT(extra < SAMPAN_MS(4));
		EXPECT(due_at >= last_at);
		quarter[extra / SAMPAN_MS(1)]++;
		overtaken += number < last;
		last_at = due_at;
		last = number;
	}
	for (unsigned i = 0; i < 4; i++)
		EXPECT(is_near(quarter[i], 10000, 5));
	EXPECT(overtaken > 10000);
	sp_lane_close(&lane);
}

TEST(lane_reordered_frames_skip_the_delay)
{
	struct sp_lane lane = lane_of("delay=10ms,reorder=5%");
	unsigned skipped = 0;
	sampan_time due_at;
	int64_t number;

	for (uint32_t i = 0; i < 10000; i++)
		put_number(&lane, i, 60, SAMPAN_US(i));
	while ((number = take_number(&lane, SAMPAN_SEC(1), &due_at)) >= 0) {
		skipped += due_at == SAMPAN_US((uint64_t)number);
		EXPECT(due_at == SAMPAN_US((uint64_t)number) ||
		    due_at == SAMPAN_US((uint64_t)number) + SAMPAN_MS(10));
	}
	EXPECT(is_near(skipped, 500, 20));
	EXPECT_EQ(skipped, lane.counts.overtakers);
	sp_lane_close(&lane);
}

/* The rate and its queue in exact arithmetic: time in 1/rate of a nanosecond. */
struct model {
	uint64_t rate_bits, queue_bytes;
	__extension__ unsigned __int128 end;
};

/* When the frame has passed; 0: it does not fit. */
static sampan_time
model_put(struct model *m, uint32_t len, sampan_time at)
{
	__extension__ const unsigned __int128 byte = (uint64_t)8000000000, from = m->rate_bits;

	if (m->end < from * at)
		m->end = from * at;
	if (m->end >= from * at + m->rate_bits &&
	    (m->end - from * at) / byte + len > m->queue_bytes)
		return 0;
	m->end += byte * len;
	return (sampan_time)(m->end / m->rate_bits);
}

static void
compare_with_model(const char *words, uint64_t rate_bits, uint64_t queue_bytes, sampan_dur gap)
{
	struct model m = { .rate_bits = rate_bits, .queue_bytes = queue_bytes };
	struct sp_lane lane = lane_of(words);
	const uint64_t seed[2] = { rate_bits, 9 };
	sampan_time at = SAMPAN_SEC(1), due_at;
	uint64_t drops = 0;
	struct sp_rng rng;

	sp_rng_init(&rng, seed);
	for (uint32_t i = 0; i < 20000; i++) {
		const uint32_t len = 60 + sp_rng_below(&rng, 1455);
		sampan_time want_at;

		at += sp_rng_u64(&rng) % (2 * gap);
		want_at = model_put(&m, len, at);
		put_number(&lane, i, len, at);
		if (want_at == 0) {
			drops++;
			EXPECT_EQ(take_number(&lane, SAMPAN_NEVER, NULL), -1);
			continue;
		}
		EXPECT_EQ(take_number(&lane, SAMPAN_NEVER, &due_at), i);
		EXPECT_EQ(due_at, want_at);
	}
	EXPECT_EQ(lane.counts.queue_drops, drops);
	EXPECT(queue_bytes > 1000000 || drops > 100);
	sp_lane_close(&lane);
}

/* Gaps around what the rate needs for a frame of 788 bytes. */
TEST(lane_rate_and_queue_agree_with_exact_arithmetic)
{
	compare_with_model("rate=100mbit,queue=64k", 100000000, 65536, SAMPAN_US(60));
	compare_with_model("rate=7mbit,queue=3000", 7000000, 3000, SAMPAN_US(890));
	compare_with_model("rate=9.999999gbit,queue=20k", 9999999000, 20480, 600);
	compare_with_model("rate=1kbit,queue=9000", 1000, 9000, SAMPAN_SEC(6));
	compare_with_model("rate=333gbit,queue=10k", 333000000000, 10240, 15);
	compare_with_model("rate=100mbit,queue=2m", 100000000, 2 << 20, SAMPAN_US(64));
}

TEST(lane_busy_for_hours_is_not_a_nanosecond_off)
{
	struct sp_lane lane = lane_of("rate=7mbit,queue=64k");
	sampan_time due_at = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < 100000; i++) {
		const sampan_time at = due_at > SAMPAN_MS(1) ? due_at - SAMPAN_MS(1) : 0;

		put_number(&lane, i, 1514, at);
		bytes += 1514;
		EXPECT_EQ(take_number(&lane, SAMPAN_NEVER, &due_at), i);
	}
	EXPECT_EQ(due_at, bytes * 8000 / 7);
	EXPECT_EQ(lane.counts.queue_drops, 0);
	sp_lane_close(&lane);
}

TEST(lane_idle_line_takes_a_frame_longer_than_its_queue)
{
	struct sp_lane lane = lane_of("rate=1mbit,queue=100");

	put_number(&lane, 1, 1500, 0);
	put_number(&lane, 2, 60, 0);
	EXPECT_EQ(lane.counts.queue_drops, 1);
	put_number(&lane, 3, 1500, SAMPAN_MS(12));	/* 1500 * 8 bits have just passed */
	EXPECT_EQ(lane.counts.queue_drops, 1);
	EXPECT_EQ(take_number(&lane, SAMPAN_SEC(1), NULL), 1);
	EXPECT_EQ(take_number(&lane, SAMPAN_SEC(1), NULL), 3);
	sp_lane_close(&lane);
}

TEST(lane_memory_is_bounded)
{
	struct sp_lane lane = lane_of("delay=3600s");

	for (uint32_t i = 0; i < 80000; i++)
		put_number(&lane, i, 1514, i);
	EXPECT(lane.held_bytes <= SP_LANE_MOST_BYTES);
	EXPECT(lane.held_bytes > SP_LANE_MOST_BYTES - 2000);
	EXPECT_EQ(lane.counts.memory_drops + lane.parcels, 80000);
	EXPECT(lane.counts.memory_drops > 30000);
	sp_lane_close(&lane);
}

/* ---- Spikes, batches, changes ---- */

TEST(lane_spikes_delay_and_keep_order)
{
	struct sp_lane lane = lane_of("delay=10ms,spike=1s/100ms/50ms");
	static const struct { unsigned at_ms, due_ms; } frames[] = {
		{ 999, 1009 }, { 1000, 1110 }, { 1049, 1159 }, { 1050, 1159 }, { 1150, 1160 },
	};
	sampan_time due_at;

	for (uint32_t i = 0; i < 5; i++)
		put_number(&lane, i, 60, SAMPAN_MS(frames[i].at_ms));
	for (uint32_t i = 0; i < 5; i++) {
		EXPECT_EQ(take_number(&lane, SAMPAN_SEC(9), &due_at), i);
		EXPECT_EQ(due_at, SAMPAN_MS(frames[i].due_ms));
	}
	sp_lane_close(&lane);
}

TEST(lane_batches_come_out_together)
{
	struct sp_lane lane = lane_of("batch=4ms,delay=1ms");
	static const struct { unsigned at_us, due_ms; } frames[] = {
		{ 1, 4 }, { 2999, 4 }, { 3000, 4 }, { 3001, 8 },
	};
	sampan_time due_at;

	for (uint32_t i = 0; i < 4; i++)
		put_number(&lane, i, 60, SAMPAN_US(frames[i].at_us));
	for (uint32_t i = 0; i < 4; i++) {
		EXPECT_EQ(take_number(&lane, SAMPAN_SEC(9), &due_at), i);
		EXPECT_EQ(due_at, SAMPAN_MS(frames[i].due_ms));
	}
	sp_lane_close(&lane);
}

/* 1,000 bytes need 8 ms of 1 Mbit/s and 4 ms of 2 Mbit/s. */
TEST(lane_changed_sends_what_waits_at_the_new_rate)
{
	struct sp_lane lane = lane_of("rate=1mbit,queue=64k");
	struct sp_emulate_way way = lane.way;
	static const unsigned due_ms[] = { 8, 14, 18, 22 };
	sampan_time due_at;

	for (uint32_t i = 0; i < 4; i++)
		put_number(&lane, i, 1000, 0);
	(void)sp_lane_take(&lane, SAMPAN_MS(4));
	EXPECT_EQ(sp_lane_waiting(&lane, SAMPAN_MS(4)), 3500);
	way.rate_bits = 2000000;
	sp_lane_change(&lane, &way, SAMPAN_MS(12));
	for (uint32_t i = 0; i < 4; i++) {
		EXPECT_EQ(take_number(&lane, SAMPAN_SEC(1), &due_at), i);
		EXPECT_EQ(due_at, SAMPAN_MS(due_ms[i]));
	}
	sp_lane_close(&lane);
}

/* However seldom it is looked at, the same happens at the same times. */
TEST(lane_does_not_depend_on_when_it_is_asked)
{
	const char *words = "rate=8mbit,queue=200k,aqm=codel,delay=60s,jitter=1ms,loss=3%,dup=2%";
	struct sp_lane often = lane_of(words), seldom = lane_of(words);
	sampan_time due[2];
	unsigned n = 0;

	for (uint32_t i = 0; i < 3000; i++) {
		put_number(&seldom, i, 1000, SAMPAN_US(700 * i));
		put_number(&often, i, 1000, SAMPAN_US(700 * i));
		for (unsigned k = 0; k < 7; k++)	/* nothing has come out: a minute's delay */
			EXPECT(sp_lane_take(&often, SAMPAN_US(700 * i + 100 * k)) == NULL);
	}
	for (int64_t number = 0; number >= 0; n++) {
		number = take_number(&seldom, SAMPAN_SEC(90), &due[0]);
		EXPECT_EQ(take_number(&often, SAMPAN_SEC(90), &due[1]), number);
		EXPECT(number < 0 || due[0] == due[1]);
	}
	EXPECT(n > 1000);
	EXPECT(seldom.counts.early_drops > 10);
	sp_lane_close(&often);
	sp_lane_close(&seldom);
}

TEST(lane_police_drops_what_is_too_fast)
{
	struct sp_lane lane = lane_of("police=8mbit/3000");

	for (uint32_t i = 0; i < 5; i++)
		put_number(&lane, i, 1000, 0);
	EXPECT_EQ(lane.counts.policed, 2);
	put_number(&lane, 5, 1000, SAMPAN_MS(1));
	EXPECT_EQ(lane.counts.policed, 2);
	EXPECT_EQ(lane.counts.queue_drops, 0);
	sp_lane_close(&lane);
}

/* ---- Damage ---- */

/* An IPv4 packet of some protocol behind which come len octets; TCP and UDP
 * get their checksum. */
static uint32_t
make_ip4(uint8_t *bytes, uint8_t proto, uint32_t len)
{
	const struct eth_hdr eth = { .type = ETH_TYPE_IP4 };
	const struct ip4_hdr ip = { .total_len = (uint16_t)(IP4_HDR_LEN + len), .ttl = 64,
		.proto = proto, .src = 0x0a000001, .dst = 0x0a000002 };
	const uint32_t csum_at = proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 2;
	const uint32_t pseudo_of = proto == IP_PROTO_ICMP ? 0 : 1;
	uint8_t *l4 = bytes + TCP_AT;

	eth_emit(bytes, &eth);
	ip4_emit(bytes + ETH_HDR_LEN, &ip);
	memset(l4, 0x35, len);
	be16_put(l4 + csum_at, 0);
	be16_put(l4 + csum_at, (uint16_t)~frame_sum(l4, len,
	    pseudo_of * frame_pseudo(bytes + ETH_HDR_LEN)));
	memset(l4 + len, 0, 6);		/* Ethernet padding: nothing covers it */
	return TCP_AT + len + 6;
}

static bool
is_intact(const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	struct ip4_hdr h;

	if (ip4_parse(&h, ip, len - ETH_HDR_LEN, len - ETH_HDR_LEN) != IP4_OK)
		return false;
	return frame_sum(ip + h.hdr_len, h.total_len - (uint32_t)h.hdr_len,
	    h.proto == IP_PROTO_ICMP ? 0 : frame_pseudo(ip)) == 0xffff;
}

static unsigned
bits_changed(const uint8_t *a, const uint8_t *b, uint32_t len)
{
	unsigned bits = 0;

	for (uint32_t i = 0; i < len; i++)
		bits += (unsigned)__builtin_popcount(a[i] ^ b[i]);
	return bits;
}

TEST(lane_damage_is_one_bit_that_a_checksum_notices)
{
	static const uint8_t protos[] = { IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP };
	uint8_t bytes[200];

	for (size_t i = 0; i < sizeof(protos); i++) {
		struct sp_lane lane = lane_of("corrupt=100%");
		const uint32_t len = make_ip4(bytes, protos[i], 60);
		const struct sampan_frame f = { .len = len, .slices = 1,
			.slice[0] = { bytes, len } };

		EXPECT(is_intact(bytes, len));
		for (unsigned n = 0; n < 5000; n++) {
			struct sp_parcel *p;

			sp_lane_put(&lane, &f, 0);
			p = sp_lane_take(&lane, 0);
			EXPECT_EQ(bits_changed(p->bytes, bytes, len), 1);
			EXPECT(!is_intact(p->bytes, len));
			free(p);
		}
		EXPECT_EQ(lane.counts.corrupted, 5000);
		sp_lane_close(&lane);
	}
}

TEST(lane_damages_only_what_a_checksum_covers)
{
	struct sp_lane lane = lane_of("corrupt=100%");
	uint8_t bytes[200] = { 0 };
	const struct sampan_frame f = { .len = 60, .slices = 1, .slice[0] = { bytes, 60 } };
	static const uint16_t types[] = { ETH_TYPE_ARP, 0x88cc, ETH_TYPE_IP4, ETH_TYPE_IP6 };

	for (size_t i = 0; i < 4; i++) {	/* the last two are no IP within */
		struct sp_parcel *p;

		be16_put(bytes + 12, types[i]);
		be16_put(bytes + 18, 0xffff);
		sp_lane_put(&lane, &f, 0);
		p = sp_lane_take(&lane, 0);
		EXPECT_MEM(p->bytes, bytes, 60);
		free(p);
	}
	EXPECT_EQ(lane.counts.corrupted, 0);
	sp_lane_close(&lane);
}

/* What the line carries may be anything: no byte beside it is touched. */
TEST(lane_damage_stays_inside_of_random_frames)
{
	struct sp_lane lane = lane_of("corrupt=100%");
	const uint64_t seed[2] = { 5, 5 };
	uint8_t bytes[200];
	struct sp_rng rng;

	sp_rng_init(&rng, seed);
	for (unsigned n = 0; n < 50000; n++) {
		const uint32_t full = make_ip4(bytes, (uint8_t[]){ 6, 17, 1, 58, 41 }[n % 5], 60);
		const uint32_t len = 10 + sp_rng_below(&rng, full - 9);
		const struct sampan_frame f = { .len = len, .slices = 1,
			.slice[0] = { bytes, len } };
		struct sp_parcel *p;

		if (n % 3 == 0)
			be16_put(bytes + 12, ETH_TYPE_IP6);
		bytes[14 + sp_rng_below(&rng, 40)] = (uint8_t)sp_rng_below(&rng, 256);
		sp_lane_put(&lane, &f, 0);
		p = sp_lane_take(&lane, 0);
		if (len < ETH_HDR_LEN) {
			EXPECT(p == NULL);
			continue;
		}
		EXPECT(bits_changed(p->bytes, bytes, len) <= 1);
		EXPECT_MEM(p->bytes, bytes, ETH_HDR_LEN);
		free(p);
	}
	sp_lane_close(&lane);
}
