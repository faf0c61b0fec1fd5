/*
 * lane.c - see lane.h.
 *
 * A frame enters, may be altered, policed, lost or doubled, waits in the queue,
 * passes the rate and then travels.  What is lost by chance is decided when it
 * enters; what a discipline of the queue drops, when that looks at it.
 *
 * Nothing happens between calls, and a call brings the lane up to its time, in
 * the order of the times, so that it does not matter how often it is called.
 * What passes the rate is one frame at a time; the next begins when it has
 * passed, or when it comes.
 *
 * What has passed waits in a heap for its time to come out.  Without jitter
 * and reordering times never go back, and frames of the same time come out in
 * the order in which they went in.
 */
#include "link/lane.h"

#include <stdlib.h>
#include <string.h>

#include "link/cut.h"
#include "link/damage.h"

#define HEAP_LEAST 64
#define USUAL_FRAME_BYTES 1500u
#define KEY_BOX 0x626f78u
#define KEY_QUEUE 0x7175657565u
#define KEY_THIN 0x7468696eu

bool
sp_lane_open(struct sp_lane *lane, const struct sp_emulate_way *way, uint64_t seed,
    unsigned direction)
{
	*lane = (struct sp_lane){ .way = *way, .box_key = { { seed, KEY_BOX } } };
	for (unsigned lot = 0; lot < SP_LOTS; lot++)
		sp_rng_init(&lane->rng[lot], (const uint64_t[2]){ seed, direction << 8 | lot });
	lane->thin = (struct sp_thin){ .acks = way->thin_acks, .wait_dur = way->thin_dur,
		.key = { { seed, KEY_THIN } } };
	lane->trace_cursor.left_bytes = SP_CAPACITY_CHANCE_BYTES;
	sp_meter_open(&lane->rate, way->rate_bits, way->bucket_bytes);
	sp_meter_open(&lane->police, way->police_bits, way->police_bytes);
	return sp_queue_open(&lane->queue, &way->queue,
	    (const uint64_t[2]){ seed, KEY_QUEUE + direction });
}

void
sp_lane_close(struct sp_lane *lane)
{
	for (size_t i = 0; i < lane->parcels; i++)
		free(lane->heap[i]);
	free(lane->heap);
	free(lane->passing);
	sp_thin_close(&lane->thin);
	sp_queue_close(&lane->queue);
}

/* True once in 10^9 / ppb.  Draws a number whatever ppb is. */
static bool
chance(struct sp_lane *lane, enum sp_lane_lot lot, uint32_t ppb)
{
	return sp_rng_below(&lane->rng[lot], SP_SHARE_ALL) < ppb;
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
	lane->held_bytes += sp_parcel_size(p->len);
	lane->heap[at] = p;
	for (; at > 0 && comes_before(p, lane->heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(lane, at, (at - 1) / 2);
}

static struct sp_parcel *
pop(struct sp_lane *lane, sampan_time now)
{
	struct sp_parcel *first;
	size_t at = 0, child;

	if (lane->parcels == 0 || lane->heap[0]->due_at > now)
		return NULL;
	first = lane->heap[0];
	lane->held_bytes -= sp_parcel_size(first->len);
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

/* ---- Behind the rate ---- */

static bool
is_spiked(const struct sp_emulate_way *w, sampan_time at)
{
	return w->spike_every_dur > 0 && at >= w->spike_every_dur &&
	    at % w->spike_every_dur < w->spike_len_dur;
}

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

/* When what has passed the rate at `at` comes out.  Nothing overtakes what a
 * spike delays. */
static sampan_time
due_of(struct sp_lane *lane, sampan_time at)
{
	const struct sp_emulate_way *w = &lane->way;
	sampan_time due_at = at + delay_of(lane);

	if (is_spiked(w, at)) {
		due_at += w->spike_extra_dur;
		if (lane->spiked_until_at < due_at)
			lane->spiked_until_at = due_at;
	}
	if (due_at < lane->spiked_until_at)
		due_at = lane->spiked_until_at;
	if (w->batch_dur > 0)
		due_at += (w->batch_dur - due_at % w->batch_dur) % w->batch_dur;
	return due_at;
}

/* Takes the parcel over. */
static void
travel(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	p->due_at = due_of(lane, at);
	if (!make_room(lane)) {
		lane->counts.memory_drops++;
		free(p);
		return;
	}
	push(lane, p);
}

/* ---- The rate ---- */

static bool
has_rate(const struct sp_lane *lane)
{
	return lane->way.rate_bits > 0 || lane->way.trace != NULL;
}

static sampan_time
pass(struct sp_lane *lane, uint32_t len, sampan_time at)
{
	if (lane->way.trace != NULL)
		return sp_capacity_pass(lane->way.trace, &lane->trace_cursor, len, at);
	return sp_meter_pass(&lane->rate, len, at);
}

/* Brings queue and rate up to now. */
static void
serve(struct sp_lane *lane, sampan_time now)
{
	for (;;) {
		sampan_time from_at = now;

		if (lane->passing != NULL) {
			if (lane->passed_at > now)
				return;
			travel(lane, lane->passing, lane->passed_at);
			from_at = lane->passed_at;
		}
		lane->passing = sp_queue_pop(&lane->queue, from_at);
		if (lane->passing == NULL)
			return;
		lane->passed_at = pass(lane, lane->passing->len, from_at);
	}
}

/* Bytes of what is passing that have not passed. */
static uint64_t
passing_bytes(const struct sp_lane *lane, sampan_time at)
{
	if (lane->way.trace == NULL)
		return sp_meter_waiting(&lane->rate, at);
	return lane->passing == NULL ? 0 : lane->passing->len;
}

static sampan_dur
usual_dur(const struct sp_lane *lane)
{
	return lane->way.rate_bits == 0 ? SAMPAN_MS(1) :
	    USUAL_FRAME_BYTES * SAMPAN_SEC(8) / lane->way.rate_bits;
}

static size_t
held_bytes(const struct sp_lane *lane)
{
	return lane->held_bytes + lane->queue.held_bytes +
	    (lane->passing == NULL ? 0 : sp_parcel_size(lane->passing->len));
}

/* Takes the parcel over. */
static void
send_off(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	if (chance(lane, SP_LOT_CORRUPT, lane->way.corrupt_ppb))
		lane->counts.corrupted += sp_damage(p->bytes, p->len, &lane->rng[SP_LOT_CORRUPT]);
	if (held_bytes(lane) + sp_parcel_size(p->len) > SP_LANE_MOST_BYTES) {
		lane->counts.memory_drops++;
		free(p);
	} else if (!has_rate(lane)) {
		travel(lane, p, at);
	} else {
		sp_queue_push(&lane->queue, p, at, passing_bytes(lane, at), usual_dur(lane));
		serve(lane, at);
	}
}

/* ---- Going in ---- */

static struct sp_parcel *
new_parcel(struct sp_lane *lane, uint32_t room)
{
	struct sp_parcel *p = malloc(sizeof(*p) + room);

	if (p == NULL)
		lane->counts.memory_drops++;
	return p;
}

/* Behind the boxes.  Takes the parcel over. */
static void
meet_line(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	struct sp_parcel *copy;

	if (lane->way.police_bits > 0 && !sp_meter_admit(&lane->police, p->len, at)) {
		lane->counts.policed++;
		free(p);
		return;
	}
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

/* Brings the whole lane up to now. */
static void
bring_up(struct sp_lane *lane, sampan_time now)
{
	struct sp_parcel *p;
	sampan_time at;

	while ((p = sp_thin_take(&lane->thin, now, &at)) != NULL) {
		serve(lane, at);
		meet_line(lane, p, at);
	}
	serve(lane, now);
}

static void
note_counts(struct sp_lane *lane)
{
	lane->counts.queue_drops = lane->queue.full;
	lane->counts.early_drops = lane->queue.early;
	lane->counts.marked = lane->queue.marked;
	lane->counts.thinned = lane->thin.thinned;
}

static void
enter(struct sp_lane *lane, struct sp_parcel *p, sampan_time at)
{
	struct sp_parcel *on[2];
	unsigned n;

	lane->counts.frames++;
	if (!sp_box_is_none(&lane->way.box))
		lane->counts.altered += sp_box_pass(&lane->way.box, &lane->box_key, p->bytes,
		    p->len);
	n = sp_thin_put(&lane->thin, p, at, on);
	for (unsigned i = 0; i < n; i++)
		meet_line(lane, on[i], at);
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
	bring_up(lane, at);
	while ((p = new_parcel(lane, cut.piece_bytes)) != NULL) {
		p->len = sp_cut_next(&cut, p->bytes);
		if (p->len == 0)
			break;
		enter(lane, p, at);
	}
	free(p);
	note_counts(lane);
}

struct sp_parcel *
sp_lane_take(struct sp_lane *lane, sampan_time now)
{
	bring_up(lane, now);
	note_counts(lane);
	return pop(lane, now);
}

sampan_time
sp_lane_due(const struct sp_lane *lane)
{
	const struct sp_emulate_way *w = &lane->way;
	const sampan_dur least_dur = w->reorder_ppb > 0 ? 0 : w->delay_dur;
	sampan_time due_at = lane->parcels == 0 ? SAMPAN_NEVER : lane->heap[0]->due_at;
	const sampan_time thin_at = sp_thin_due(&lane->thin);

	if (lane->passing != NULL && lane->passed_at + least_dur < due_at)
		due_at = lane->passed_at + least_dur;
	return thin_at < due_at ? thin_at : due_at;
}

/* ---- Changes and state ---- */

void
sp_lane_change(struct sp_lane *lane, const struct sp_emulate_way *way, sampan_time now)
{
	bring_up(lane, now);
	if (way->rate_bits != lane->way.rate_bits && way->rate_bits > 0 &&
	    lane->way.rate_bits > 0) {
		sp_meter_change(&lane->rate, way->rate_bits, now);
		if (lane->passing != NULL && lane->rate.bucket_bytes == 0)
			lane->passed_at = lane->rate.busy_until_at;
	}
	lane->way = *way;
	lane->queue.config.limit_bytes = way->queue.limit_bytes;
}

uint64_t
sp_lane_waiting(const struct sp_lane *lane, sampan_time now)
{
	return has_rate(lane) ? lane->queue.bytes + passing_bytes(lane, now) : 0;
}
