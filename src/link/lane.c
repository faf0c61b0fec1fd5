/*
 * lane.c - see lane.h.
 *
 * A frame's fate is decided when it enters.  The queue before the rate is a
 * number: what is still to pass is the time until the lane is idle, times the
 * rate.  Its arithmetic is exact, the part of a nanosecond that a frame leaves
 * over counts for the next, so that the rate is right over any time.
 *
 * What has passed waits in a heap for its time to come out.  Without jitter
 * and reordering times never go back, and frames of the same time come out in
 * the order in which they went in.
 */
#include "link/lane.h"

#include <stdlib.h>
#include <string.h>

#include "link/cut.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define IP6_HDR_LEN 40
#define IP_PROTO_ICMP6 58
#define UDP_HDR_LEN 8
#define UDP_CSUM_AT 6
#define BITS_NS (8 * (uint64_t)1000000000)	/* bits of a byte, ns of a second */
#define HEAP_LEAST 64

void
sp_lane_open(struct sp_lane *lane, const struct sp_emulate_way *way, uint64_t seed,
    unsigned direction)
{
	*lane = (struct sp_lane){ .way = *way };
	for (unsigned lot = 0; lot < SP_LOTS; lot++)
		sp_rng_init(&lane->rng[lot], (const uint64_t[2]){ seed, direction << 8 | lot });
}

void
sp_lane_close(struct sp_lane *lane)
{
	for (size_t i = 0; i < lane->parcels; i++)
		free(lane->heap[i]);
	free(lane->heap);
}

/* True once in 10^9 / ppb.  Draws a number whatever ppb is. */
static bool
chance(struct sp_lane *lane, enum sp_lane_lot lot, uint32_t ppb)
{
	return sp_rng_below(&lane->rng[lot], SP_EMULATE_ALL) < ppb;
}

/* Gilbert and Elliott: first the line changes, then the frame meets it. */
static bool
is_lost(struct sp_lane *lane)
{
	const struct sp_emulate_way *w = &lane->way;

	if (w->bursts &&
	    chance(lane, SP_LOT_BURST, lane->is_bad ? w->burst_end_ppb : w->burst_begin_ppb))
		lane->is_bad = !lane->is_bad;
	return chance(lane, SP_LOT_LOSS, lane->is_bad ? w->burst_loss_ppb : w->loss_ppb);
}

/* ---- Damage ---- */

/* Bytes of a frame whose change a checksum shows. */
struct part {
	uint32_t first, end;
};

/* All behind the first octet, which says how far the checksum reaches; of UDP
 * its data only, for the same reason. */
static struct part
covered_by_ip4(const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	struct part part = { ETH_HDR_LEN + 1, ETH_HDR_LEN + IP4_HDR_LEN };
	struct ip4_hdr h;
	uint32_t end;

	if (ip4_parse(&h, ip, len - ETH_HDR_LEN, len - ETH_HDR_LEN) != IP4_OK)
		return (struct part){ 0, 0 };
	part.end = ETH_HDR_LEN + (uint32_t)h.hdr_len;
	end = ETH_HDR_LEN + (uint32_t)h.total_len;
	if (h.proto == IP_PROTO_TCP || h.proto == IP_PROTO_ICMP)
		part.end = end;
	else if (h.proto == IP_PROTO_UDP && h.frag_off_bytes == 0 && end > part.end + UDP_HDR_LEN &&
	    be16_get(bytes + part.end + UDP_CSUM_AT) != 0)
		part = (struct part){ part.end + UDP_HDR_LEN, end };
	return part;
}

/* There is no checksum of the header. */
static struct part
covered_by_ip6(const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	struct part part = { ETH_HDR_LEN + IP6_HDR_LEN, ETH_HDR_LEN + IP6_HDR_LEN };

	if (len < part.end || be16_get(ip + 4) > len - part.end)
		return part;
	if (ip[6] == IP_PROTO_TCP || ip[6] == IP_PROTO_ICMP6)
		part.end += be16_get(ip + 4);
	else if (ip[6] == IP_PROTO_UDP && be16_get(ip + 4) > UDP_HDR_LEN)
		part = (struct part){ part.first + UDP_HDR_LEN, part.end + be16_get(ip + 4) };
	return part;
}

static void
corrupt(struct sp_lane *lane, struct sp_parcel *p)
{
	const uint16_t type = be16_get(p->bytes + ETH_HDR_LEN - 2);
	struct part part = { 0, 0 };
	uint32_t bit;

	if (type == ETH_TYPE_IP4)
		part = covered_by_ip4(p->bytes, p->len);
	else if (type == ETH_TYPE_IP6)
		part = covered_by_ip6(p->bytes, p->len);
	if (part.end <= part.first)
		return;
	bit = sp_rng_below(&lane->rng[SP_LOT_CORRUPT], (part.end - part.first) * 8);
	p->bytes[part.first + bit / 8] ^= (uint8_t)(1u << bit % 8);
	lane->counts.corrupted++;
}

/* ---- The rate ---- */

/* Lets len bytes pass behind all that came before, and sets when the last of
 * them has.  False: the queue is full. */
static bool
pass(struct sp_lane *lane, uint32_t len, sampan_time at, sampan_time *passed_at)
{
	const struct sp_emulate_way *w = &lane->way;
	uint64_t waiting_bytes, part;

	*passed_at = at;
	if (w->rate_bits == 0)
		return true;
	if (lane->busy_until_at < at) {
		lane->busy_until_at = at;
		lane->busy_rest = 0;
	}
	/* At most the queue's bytes times BITS_NS, 2^59. */
	waiting_bytes = ((lane->busy_until_at - at) * w->rate_bits + lane->busy_rest) / BITS_NS;
	if (lane->busy_until_at > at && waiting_bytes + len > w->queue_bytes)
		return false;
	part = len * BITS_NS + lane->busy_rest;
	lane->busy_until_at += part / w->rate_bits;
	lane->busy_rest = part % w->rate_bits;
	*passed_at = lane->busy_until_at;
	return true;
}

/* ---- On the way: a heap ---- */

static bool
comes_before(const struct sp_parcel *a, const struct sp_parcel *b)
{
	return a->due_at < b->due_at || (a->due_at == b->due_at && a->serial < b->serial);
}

static void
swap(struct sp_lane *lane, size_t a, size_t b)
{
	struct sp_parcel *p = lane->heap[a];

	lane->heap[a] = lane->heap[b];
	lane->heap[b] = p;
}

static size_t
size_of(uint32_t len)
{
	return sizeof(struct sp_parcel) + sizeof(struct sp_parcel *) + len;
}

static bool
make_room(struct sp_lane *lane)
{
	const size_t room = lane->room == 0 ? HEAP_LEAST : lane->room * 2;
	struct sp_parcel **heap;

	if (lane->parcels < lane->room)
		return true;
	heap = realloc(lane->heap, room * sizeof(struct sp_parcel *));
	if (heap == NULL)
		return false;
	lane->heap = heap;
	lane->room = room;
	return true;
}

/* There is room. */
static void
push(struct sp_lane *lane, struct sp_parcel *p)
{
	size_t at = lane->parcels++;

	p->serial = lane->serial++;
	lane->held_bytes += size_of(p->len);
	lane->heap[at] = p;
	for (; at > 0 && comes_before(p, lane->heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(lane, at, (at - 1) / 2);
}

struct sp_parcel *
sp_lane_take(struct sp_lane *lane, sampan_time now)
{
	struct sp_parcel *first;
	size_t at = 0, child;

	if (lane->parcels == 0 || lane->heap[0]->due_at > now)
		return NULL;
	first = lane->heap[0];
	lane->held_bytes -= size_of(first->len);
	lane->heap[0] = lane->heap[--lane->parcels];
	while ((child = 2 * at + 1) < lane->parcels) {
		if (child + 1 < lane->parcels &&
		    comes_before(lane->heap[child + 1], lane->heap[child]))
			child++;
		if (!comes_before(lane->heap[child], lane->heap[at]))
			break;
		swap(lane, at, child);
		at = child;
	}
	return first;
}

sampan_time
sp_lane_due(const struct sp_lane *lane)
{
	return lane->parcels == 0 ? SAMPAN_NEVER : lane->heap[0]->due_at;
}

/* ---- Going in ---- */

static sampan_dur
delay_of(struct sp_lane *lane)
{
	const struct sp_emulate_way *w = &lane->way;
	const uint64_t lot = sp_rng_u64(&lane->rng[SP_LOT_JITTER]);

	if (chance(lane, SP_LOT_REORDER, w->reorder_ppb)) {
		lane->counts.overtakers++;
		return 0;
	}
	return w->delay_dur + (w->jitter_dur == 0 ? 0 : lot % w->jitter_dur);
}

/* Takes the parcel over. */
static void
send_off(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	sampan_time passed_at;

	if (!pass(lane, p->len, at, &passed_at)) {
		lane->counts.queue_drops++;
		free(p);
		return;
	}
	if (chance(lane, SP_LOT_CORRUPT, lane->way.corrupt_ppb))
		corrupt(lane, p);
	p->due_at = passed_at + delay_of(lane);
	if (lane->held_bytes + size_of(p->len) > SP_LANE_MOST_BYTES || !make_room(lane)) {
		lane->counts.memory_drops++;
		free(p);
		return;
	}
	push(lane, p);
}

static struct sp_parcel *
new_parcel(struct sp_lane *lane, uint32_t room)
{
	struct sp_parcel *p = malloc(sizeof(*p) + room);

	if (p == NULL)
		lane->counts.memory_drops++;
	return p;
}

static void
enter(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	struct sp_parcel *copy;

	lane->counts.frames++;
	if (is_lost(lane)) {
		lane->counts.lost++;
		free(p);
		return;
	}
	copy = chance(lane, SP_LOT_DUP, lane->way.dup_ppb) ? new_parcel(lane, p->len) : NULL;
	if (copy != NULL) {
		memcpy(copy, p, sizeof(*p) + p->len);
		lane->counts.duplicated++;
	}
	send_off(lane, p, at);
	if (copy != NULL)
		send_off(lane, copy, at);
}

void
sp_lane_put(struct sp_lane *lane, const struct sampan_frame *frame, sampan_time at)
{
	struct sp_parcel *p;
	struct sp_cut cut;

	if (!sp_cut_begin(&cut, frame)) {
		lane->counts.unsendable++;
		return;
	}
	while ((p = new_parcel(lane, cut.piece_bytes)) != NULL) {
		p->len = sp_cut_next(&cut, p->bytes);
		if (p->len == 0)
			break;
		enter(lane, p, at);
	}
	free(p);
}
