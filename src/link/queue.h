/*
 * queue.h - where frames wait for a rate: drop-tail, RED, CoDel and FQ-CoDel.
 *
 * Knows parcels and the time that it is told; not the rate.  It tells when a
 * frame goes in and when it comes out; what is dropped is freed and counted.
 * RED: Floyd and Jacobson, 1993, gentle; CoDel: RFC 8289; FQ-CoDel: RFC 8290.
 */
#ifndef SAMPAN_LINK_QUEUE_H
#define SAMPAN_LINK_QUEUE_H

#include <sampan/types.h>

#include "base/rng.h"

/* A frame as a wire carries it. */
struct sp_parcel {
	struct sp_parcel *next;	/* in a queue */
	sampan_time entered_at;	/* the queue */
	sampan_time due_at;	/* comes out of the line */
	uint64_t serial;	/* order of those due at the same time */
	uint32_t len;
	uint8_t bytes[];
};

/* X(ID, "its word") */
#define SP_QUEUES(X) \
	X(DROPTAIL, "droptail") \
	X(RED, "red") \
	X(CODEL, "codel") \
	X(FQ_CODEL, "fq_codel")

enum sp_queue_kind {
#define X(id, word) SP_QUEUE_##id,
	SP_QUEUES(X)
#undef X
	SP_QUEUE_KINDS,
};

struct sp_queue_config {
	enum sp_queue_kind kind;
	bool ecn;		/* marks what may be marked instead of dropping it */
	uint64_t limit_bytes;
	sampan_dur target_dur, interval_dur;		/* CoDel */
	uint64_t red_min_bytes, red_max_bytes;
	uint32_t red_ppb;	/* share dropped when the average is red_max_bytes */
};

struct sp_fifo {
	struct sp_parcel *first, *last;
	uint64_t bytes;
};

struct sp_codel {
	sampan_time first_above_at, drop_next_at;	/* 0: not above */
	uint32_t count, last_count;
	bool dropping;
};

struct sp_fq;

struct sp_queue {
	struct sp_queue_config config;
	struct sp_rng rng;
	struct sp_fifo fifo;
	struct sp_codel codel;
	struct sp_fq *fq;
	uint64_t red_average;		/* bytes << SP_RED_SHIFT */
	uint64_t red_count;		/* passed since the last drop */
	sampan_time red_idle_at;	/* 0: not idle */
	uint64_t bytes;			/* that wait, of all flows */
	size_t held_bytes;		/* the same with their bookkeeping */
	uint64_t full, early, marked;	/* dropped at the limit, dropped by the discipline */
};

/* False: no memory.  The key is the seed's. */
bool sp_queue_open(struct sp_queue *q, const struct sp_queue_config *config,
    const uint64_t seed[2]);
void sp_queue_close(struct sp_queue *q);

/* Takes the parcel over.  `ahead` bytes wait outside of the queue; frame_dur is
 * how long the rate needs for a frame of 1,500 bytes. */
void sp_queue_push(struct sp_queue *q, struct sp_parcel *p, sampan_time now, uint64_t ahead_bytes,
    sampan_dur frame_dur);

/* The next one to go; NULL: none. */
struct sp_parcel *sp_queue_pop(struct sp_queue *q, sampan_time now);

/* What a parcel takes of memory. */
size_t sp_parcel_size(uint32_t len);

#endif
