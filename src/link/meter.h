/*
 * meter.h - a rate: when so many bytes have passed it, and whether they may.
 *
 * Exact: the part of a nanosecond that a frame leaves over counts for the next,
 * so that the rate is right over any time.  With a bucket, that many bytes may
 * pass at once after a rest (a shaper's or a policer's token bucket).
 */
#ifndef SAMPAN_LINK_METER_H
#define SAMPAN_LINK_METER_H

#include <sampan/types.h>

struct sp_meter {
	uint64_t rate_bits;	/* a second; not 0 */
	uint64_t bucket_bytes;
	sampan_time busy_until_at;	/* all that was let in has passed, but for the bucket */
	uint64_t rest;		/* of a nanosecond, in 1 / rate */
};

void sp_meter_open(struct sp_meter *m, uint64_t rate_bits, uint64_t bucket_bytes);

/* Another rate from `at` on, for what has not passed by then too. */
void sp_meter_change(struct sp_meter *m, uint64_t rate_bits, sampan_time at);

/* Lets len bytes, up to 64 KiB, follow all that came before; when the last of
 * them has passed. */
sampan_time sp_meter_pass(struct sp_meter *m, uint32_t len, sampan_time at);

/* The same, unless they would have to wait: then false, and nothing is let in. */
bool sp_meter_admit(struct sp_meter *m, uint32_t len, sampan_time at);

/* Of what was let in, how many bytes have not passed; the bucket's count. */
uint64_t sp_meter_waiting(const struct sp_meter *m, sampan_time at);

#endif
