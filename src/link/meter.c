/*
 * meter.c - see meter.h.
 *
 * busy_until_at is when everything will have passed at the rate alone; a bucket
 * lets a frame leave as much earlier as the bucket lasts, but not before it came.
 */
#include "link/meter.h"

#define BITS_NS (8 * (uint64_t)1000000000)	/* bits of a byte, ns of a second */

void
sp_meter_open(struct sp_meter *m, uint64_t rate_bits, uint64_t bucket_bytes)
{
	*m = (struct sp_meter){ .rate_bits = rate_bits, .bucket_bytes = bucket_bytes };
}

void
sp_meter_change(struct sp_meter *m, uint64_t rate_bits, sampan_time at)
{
	const uint64_t waiting = sp_meter_waiting(m, at);

	m->rest = 0;
	m->rate_bits = rate_bits;
	if (waiting > 0)
		m->busy_until_at = at + waiting * BITS_NS / rate_bits;
}

static sampan_dur
bucket_dur(const struct sp_meter *m)
{
	return m->bucket_bytes * BITS_NS / m->rate_bits;
}

static void
rest_until(struct sp_meter *m, sampan_time at)
{
	if (m->busy_until_at >= at)
		return;
	m->busy_until_at = at;
	m->rest = 0;
}

sampan_time
sp_meter_pass(struct sp_meter *m, uint32_t len, sampan_time at)
{
	uint64_t part;

	rest_until(m, at);
	part = len * BITS_NS + m->rest;
	m->busy_until_at += part / m->rate_bits;
	m->rest = part % m->rate_bits;
	return m->busy_until_at > at + bucket_dur(m) ? m->busy_until_at - bucket_dur(m) : at;
}

bool
sp_meter_admit(struct sp_meter *m, uint32_t len, sampan_time at)
{
	struct sp_meter next = *m;

	if (sp_meter_pass(&next, len, at) > at)
		return false;
	*m = next;
	return true;
}

uint64_t
sp_meter_waiting(const struct sp_meter *m, sampan_time at)
{
	/* At most the queue's bytes times BITS_NS, 2^59. */
	if (m->busy_until_at <= at)
		return 0;
	return ((m->busy_until_at - at) * m->rate_bits + m->rest) / BITS_NS;
}
