/*
 * queue.c - see queue.h.
 */
#include "link/queue.h"

#include <stdlib.h>

#include "link/packet.h"

#define RED_SHIFT 9		/* weight of the present in the average: 1/512 */
#define IDLE_FRAMES_MOST 8192	/* by then an average of any size is 0 */
#define ALL 1000000000u

#define FLOWS 1024u		/* RFC 8290 §5.2.3 */
#define QUANTUM 1514		/* RFC 8290 §5.2.4 */

size_t
sp_parcel_size(uint32_t len)
{
	return sizeof(struct sp_parcel) + sizeof(struct sp_parcel *) + len;
}

static void
append(struct sp_fifo *fifo, struct sp_parcel *p)
{
	p->next = NULL;
	if (fifo->first == NULL)
		fifo->first = p;
	else
		fifo->last->next = p;
	fifo->last = p;
	fifo->bytes += p->len;
}

static struct sp_parcel *
take_first(struct sp_queue *q, struct sp_fifo *fifo)
{
	struct sp_parcel *p = fifo->first;

	if (p == NULL)
		return NULL;
	fifo->first = p->next;
	fifo->bytes -= p->len;
	q->bytes -= p->len;
	q->held_bytes -= sp_parcel_size(p->len);
	return p;
}

static void
add(struct sp_queue *q, struct sp_fifo *fifo, struct sp_parcel *p, sampan_time now)
{
	p->entered_at = now;
	q->bytes += p->len;
	q->held_bytes += sp_parcel_size(p->len);
	append(fifo, p);
}

/* Instead of dropping; false: it has to be dropped. */
static bool
mark(struct sp_queue *q, struct sp_parcel *p)
{
	struct sp_packet packet;

	if (!q->config.ecn || !sp_packet_look(&packet, p->bytes, p->len) ||
	    !sp_packet_mark(&packet))
		return false;
	q->marked++;
	return true;
}

static void
drop_early(struct sp_queue *q, struct sp_parcel *p)
{
	q->early++;
	free(p);
}

/* ---- RED ---- */

/* The average falls while the queue is empty, as if small frames had passed. */
static void
average(struct sp_queue *q, sampan_time now, uint64_t waiting_bytes, sampan_dur frame_dur)
{
	if (q->red_idle_at != 0 && frame_dur > 0) {
		uint64_t frames = (now - q->red_idle_at) / frame_dur;

		for (frames = frames < IDLE_FRAMES_MOST ? frames : IDLE_FRAMES_MOST; frames > 0;
		     frames--)
			q->red_average -= q->red_average >> RED_SHIFT;
	}
	q->red_idle_at = 0;
	q->red_average = q->red_average - (q->red_average >> RED_SHIFT) + waiting_bytes;
}

/* The share to drop, in billionths, at this average: none up to the minimum,
 * red_ppb at the maximum, all at twice of it (gentle). */
static uint64_t
red_share(const struct sp_queue_config *c, uint64_t average_bytes)
{
	if (average_bytes < c->red_min_bytes)
		return 0;
	if (average_bytes < c->red_max_bytes)
		return c->red_ppb * (average_bytes - c->red_min_bytes) /
		    (c->red_max_bytes - c->red_min_bytes);
	if (average_bytes < 2 * c->red_max_bytes)
		return c->red_ppb + (ALL - c->red_ppb) * (average_bytes - c->red_max_bytes) /
		    c->red_max_bytes;
	return ALL;
}

/* Drops are spread evenly: the longer the last one is ago, the likelier. */
static bool
red_drops(struct sp_queue *q, struct sp_parcel *p)
{
	const uint64_t average_bytes = q->red_average >> RED_SHIFT;
	const uint64_t share = red_share(&q->config, average_bytes);
	uint64_t spread;

	if (share == 0) {
		q->red_count = 0;
		return false;
	}
	spread = q->red_count * share < ALL ? share * ALL / (ALL - q->red_count * share) : ALL;
	q->red_count++;
	if (sp_rng_below(&q->rng, ALL) >= spread)
		return false;
	q->red_count = 0;
	/* RFC 3168 §7: above the maximum marks have not helped. */
	return average_bytes >= q->config.red_max_bytes || !mark(q, p);
}

/* ---- CoDel: RFC 8289 §5 ---- */

static uint64_t
square_root(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit > 0; bit >>= 1) {
		if ((root | bit) * (root | bit) <= n)
			root |= bit;
	}
	return root;
}

static sampan_time
control_law(const struct sp_queue_config *c, sampan_time at, uint32_t count)
{
	return at + square_root(c->interval_dur * c->interval_dur / count);
}

/* Takes the first one; has the queue been above its target for an interval? */
static struct sp_parcel *
codel_take(struct sp_queue *q, struct sp_fifo *fifo, struct sp_codel *codel, sampan_time now,
    bool *drop)
{
	struct sp_parcel *p = take_first(q, fifo);

	*drop = false;
	if (p == NULL || now - p->entered_at < q->config.target_dur || fifo->bytes <= QUANTUM)
		codel->first_above_at = 0;
	else if (codel->first_above_at == 0)
		codel->first_above_at = now + q->config.interval_dur;
	else
		*drop = now >= codel->first_above_at;
	return p;
}

/* While dropping: what is due to be dropped, faster and faster. */
static struct sp_parcel *
codel_go_on(struct sp_queue *q, struct sp_fifo *fifo, struct sp_codel *codel, sampan_time now,
    struct sp_parcel *p)
{
	bool drop;

	while (codel->dropping && now >= codel->drop_next_at) {
		codel->count++;
		codel->drop_next_at = control_law(&q->config, codel->drop_next_at, codel->count);
		if (mark(q, p))
			return p;
		drop_early(q, p);
		p = codel_take(q, fifo, codel, now, &drop);
		codel->dropping = drop;
	}
	return p;
}

static struct sp_parcel *
codel_begin(struct sp_queue *q, struct sp_fifo *fifo, struct sp_codel *codel, sampan_time now,
    struct sp_parcel *p)
{
	const uint32_t delta = codel->count - codel->last_count;
	bool drop;

	codel->dropping = true;
	codel->count = delta > 1 && now - codel->drop_next_at < 16 * q->config.interval_dur ?
	    delta : 1;
	codel->drop_next_at = control_law(&q->config, now, codel->count);
	codel->last_count = codel->count;
	if (mark(q, p))
		return p;
	drop_early(q, p);
	return codel_take(q, fifo, codel, now, &drop);
}

static struct sp_parcel *
codel_pop(struct sp_queue *q, struct sp_fifo *fifo, struct sp_codel *codel, sampan_time now)
{
	bool drop;
	struct sp_parcel *p = codel_take(q, fifo, codel, now, &drop);

	if (codel->dropping) {
		codel->dropping = drop;
		return codel_go_on(q, fifo, codel, now, p);
	}
	return drop ? codel_begin(q, fifo, codel, now, p) : p;
}

/* ---- FQ-CoDel: RFC 8290 §4 ---- */

enum flow_list { FLOW_IDLE, FLOW_NEW, FLOW_OLD };

struct flow {
	struct sp_fifo fifo;
	struct sp_codel codel;
	int64_t deficit;
	struct flow *next;
	enum flow_list list;
};

struct flow_queue {
	struct flow *first, *last;
};

struct sp_fq {
	struct sp_key key;
	struct flow_queue fresh, old;
	struct flow flow[FLOWS];
};

static void
flow_append(struct flow_queue *list, struct flow *flow, enum flow_list which)
{
	flow->next = NULL;
	flow->list = which;
	if (list->first == NULL)
		list->first = flow;
	else
		list->last->next = flow;
	list->last = flow;
}

static struct flow *
flow_take(struct flow_queue *list)
{
	struct flow *flow = list->first;

	list->first = flow->next;
	flow->list = FLOW_IDLE;
	return flow;
}

static struct flow *
flow_of(struct sp_fq *fq, struct sp_parcel *p)
{
	struct sp_packet packet;

	if (!sp_packet_look(&packet, p->bytes, p->len))
		return &fq->flow[0];
	return &fq->flow[sp_packet_flow(&packet, &fq->key) % FLOWS];
}

/* The longest queue loses from its head: RFC 8290 §4.1.2. */
static void
drop_from_longest(struct sp_queue *q)
{
	struct flow *longest = &q->fq->flow[0];

	for (unsigned i = 1; i < FLOWS; i++) {
		if (q->fq->flow[i].fifo.bytes > longest->fifo.bytes)
			longest = &q->fq->flow[i];
	}
	free(take_first(q, &longest->fifo));
	q->full++;
}

static void
fq_push(struct sp_queue *q, struct sp_parcel *p, sampan_time now)
{
	struct flow *flow = flow_of(q->fq, p);

	add(q, &flow->fifo, p, now);
	if (flow->list == FLOW_IDLE) {
		flow->deficit = QUANTUM;
		flow_append(&q->fq->fresh, flow, FLOW_NEW);
	}
	while (q->bytes > q->config.limit_bytes)
		drop_from_longest(q);
}

static struct sp_parcel *
fq_pop(struct sp_queue *q, sampan_time now)
{
	struct sp_fq *fq = q->fq;

	for (;;) {
		struct flow_queue *list = fq->fresh.first != NULL ? &fq->fresh : &fq->old;
		struct flow *flow = list->first;
		struct sp_parcel *p;

		if (flow == NULL)
			return NULL;
		if (flow->deficit <= 0) {
			flow->deficit += QUANTUM;
			flow_append(&fq->old, flow_take(list), FLOW_OLD);
			continue;
		}
		p = codel_pop(q, &flow->fifo, &flow->codel, now);
		if (p != NULL) {
			flow->deficit -= p->len;
			return p;
		}
		(void)flow_take(list);
		if (list == &fq->fresh && fq->old.first != NULL)
			flow_append(&fq->old, flow, FLOW_OLD);
	}
}

/* ---- All of them ---- */

bool
sp_queue_open(struct sp_queue *q, const struct sp_queue_config *config, const uint64_t seed[2])
{
	*q = (struct sp_queue){ .config = *config };
	sp_rng_init(&q->rng, seed);
	if (config->kind == SP_QUEUE_FQ_CODEL) {
		q->fq = calloc(1, sizeof(*q->fq));
		if (q->fq == NULL)
			return false;
		q->fq->key = sp_rng_key(&q->rng);
	}
	return true;
}

static void
empty(struct sp_queue *q, struct sp_fifo *fifo)
{
	while (fifo->first != NULL)
		free(take_first(q, fifo));
}

void
sp_queue_close(struct sp_queue *q)
{
	for (unsigned i = 0; q->fq != NULL && i < FLOWS; i++)
		empty(q, &q->fq->flow[i].fifo);
	empty(q, &q->fifo);
	free(q->fq);
	q->fq = NULL;
}

void
sp_queue_push(struct sp_queue *q, struct sp_parcel *p, sampan_time now, uint64_t ahead_bytes,
    sampan_dur frame_dur)
{
	const uint64_t waiting = q->bytes + ahead_bytes;

	if (q->config.kind == SP_QUEUE_RED) {
		average(q, now, waiting, frame_dur);
		if (red_drops(q, p)) {
			drop_early(q, p);
			return;
		}
	}
	if (q->config.kind == SP_QUEUE_FQ_CODEL) {
		fq_push(q, p, now);
	} else if (waiting > 0 && waiting + p->len > q->config.limit_bytes) {
		q->full++;
		free(p);
	} else {
		add(q, &q->fifo, p, now);
	}
}

struct sp_parcel *
sp_queue_pop(struct sp_queue *q, sampan_time now)
{
	struct sp_parcel *p;

	switch (q->config.kind) {
	case SP_QUEUE_DROPTAIL:
		return take_first(q, &q->fifo);
	case SP_QUEUE_RED:
		p = take_first(q, &q->fifo);
		if (p != NULL && q->bytes == 0)
			q->red_idle_at = now;
		return p;
	case SP_QUEUE_CODEL:
		return codel_pop(q, &q->fifo, &q->codel, now);
	case SP_QUEUE_FQ_CODEL:
		return fq_pop(q, now);
	case SP_QUEUE_KINDS:
		break;
	}
	return NULL;
}
