/*
 * buf_util.h - what the tests of src/buf/ share: a stream whose byte depends on
 * its place only, and frames that show it in odd pieces.
 */
#ifndef SAMPAN_TESTS_UNIT_BUF_UTIL_H
#define SAMPAN_TESTS_UNIT_BUF_UTIL_H

#include "buf/recvq.h"
#include "buf/sendq.h"
#include "unit/base_util.h"

static inline uint8_t
buf_byte(uint32_t pos)
{
	const uint32_t x = (pos + 1) * 2654435761u;

	return (uint8_t)(x >> 24 ^ x >> 13);
}

static inline void
buf_fill(uint8_t *dst, uint32_t pos, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		dst[i] = buf_byte(pos + i);
}

/* An arena for queues. */
static inline struct sp_arena *
buf_arena(size_t bytes)
{
	struct sp_arena *a = base_arena(bytes, sizeof(struct sp_arena));

	for (unsigned k = 1; k < SP_KIND_COUNT; k++)
		sp_pool_init(a, (enum sp_kind)k, 64);
	sp_chunk_init(a);
	sp_recvq_init(a);
	return a;
}

/* The len bytes at data, behind `skip` others, cut into a head and slices where
 * the lots fall. */
static inline struct sp_span
buf_span(struct sampan_frame *f, struct sp_rng *rng, const uint8_t *data, uint32_t len)
{
	static const uint8_t before[SAMPAN_FRAME_HEAD];
	const uint32_t skip = sp_rng_below(rng, 60);
	const uint32_t in_head = sp_rng_below(rng, 2) != 0 || len < 40 ? 0 : sp_rng_below(rng, 40);
	uint32_t at = in_head;

	*f = (struct sampan_frame){ .head_len = (uint16_t)(skip + in_head), .len = skip + len };
	memcpy(f->head, before, skip);
	memcpy(f->head + skip, data, in_head);
	while (at < len) {
		const uint32_t left = len - at;
		const uint32_t n = f->slices == SAMPAN_FRAME_SLICES - 1 ? left :
		    sp_rng_below(rng, left + 1);	/* empty slices too */

		f->slice[f->slices++] = (struct sampan_slice){ data + at, n };
		at += n;
	}
	return (struct sp_span){ f, skip, len };
}

/* Nothing is left in the arena. */
static inline bool
buf_all_given_back(const struct sp_arena *a)
{
	return a->pool[SP_KIND_SMALL].objects == 0 && a->pool[SP_KIND_LARGE].objects == 0 &&
	    a->pool[SP_KIND_PART].objects == 0 && sp_arena_check(a);
}

#endif
