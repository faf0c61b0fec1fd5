/*
 * svc_pool.h - records of connections, all of one size, found by a number.
 *
 * Records are made in chunks, never move, and a chunk is kept once made.  A
 * number is what a socket's word can hold; 0 is none.  Takes and frees in
 * constant time.
 */
#ifndef SAMPAN_CMD_SVC_POOL_H
#define SAMPAN_CMD_SVC_POOL_H

#include <sampan/sampan.h>

/* What every record begins with. */
struct svc_conn {
	sampan_handle handle;	/* 0: the record is free */
	union {
		sampan_time deadline_at;	/* SAMPAN_NEVER: none */
		uint64_t next_free;		/* while it is free: a number */
	};
	uint64_t number;
};

struct svc_pool {
	uint8_t **chunks;
	unsigned chunk_count;
	uint32_t record_bytes;
	uint64_t records;	/* made so far */
	uint64_t used;
	uint64_t free;		/* a number */
	uint64_t swept;		/* where the sweep is */
};

/* A record of zeroes, but for its number and a deadline of SAMPAN_NEVER.
 * NULL: no memory. */
struct svc_conn *sp_svc_pool_take(struct svc_pool *p, uint32_t record_bytes, sampan_handle h);
void sp_svc_pool_free(struct svc_pool *p, struct svc_conn *c);

/* NULL: not in use. */
struct svc_conn *sp_svc_pool_at(const struct svc_pool *p, uint64_t number);

/* The next record in use after number, 0 to begin; NULL: that was the last. */
struct svc_conn *sp_svc_pool_next(const struct svc_pool *p, uint64_t number);

/* The next record of the sweep whose deadline has passed; *most records are
 * looked at, at most, and counted down.  NULL: no more for now.  A pool of N
 * records is seen whole every N / most calls. */
struct svc_conn *sp_svc_pool_sweep(struct svc_pool *p, unsigned *most, sampan_time now);

void sp_svc_pool_end(struct svc_pool *p);

#endif
