/*
 * thin.h - a box that thins acknowledgements out: of up to so many in a row of
 * one connection that say nothing but how far, only the newest goes on.
 *
 * One waits for others a while.  Nothing overtakes it: another segment of its
 * connection sends it on first.
 */
#ifndef SAMPAN_LINK_THIN_H
#define SAMPAN_LINK_THIN_H

#include <sampan/types.h>

#include "base/siphash.h"

struct sp_parcel;

#define SP_THIN_FLOWS 64u

struct sp_thin {
	uint32_t acks;		/* 0, 1: all go on */
	sampan_dur wait_dur;
	struct sp_key key;
	struct sp_thin_hold {
		struct sp_parcel *parcel;
		uint64_t flow;
		uint32_t acks;		/* that it stands for */
		sampan_time until_at;
	} hold[SP_THIN_FLOWS];
	uint64_t thinned;
};

/* Takes a parcel over; out[0, returned) go on, in this order: none, p or the
 * one held, or both. */
unsigned sp_thin_put(struct sp_thin *thin, struct sp_parcel *p, sampan_time now,
    struct sp_parcel *out[2]);

/* The next that has waited long enough by now; NULL: none. */
struct sp_parcel *sp_thin_take(struct sp_thin *thin, sampan_time now, sampan_time *at);

/* When the next one goes on; SAMPAN_NEVER: none waits. */
sampan_time sp_thin_due(const struct sp_thin *thin);

void sp_thin_close(struct sp_thin *thin);

#endif
