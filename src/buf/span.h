/*
 * span.h - a run of bytes inside a frame, across its head and slices.
 *
 * Read only; valid as long as the frame is.
 */
#ifndef SAMPAN_BUF_SPAN_H
#define SAMPAN_BUF_SPAN_H

#include <sampan/sampan.h>

#include "wire/csum.h"

struct sp_span {
	const struct sampan_frame *frame;
	uint32_t off;	/* from the start of the frame */
	uint32_t len;
};

/* The part of `span` from `skip` on, of at most `len` bytes. */
static inline struct sp_span
sp_span_part(struct sp_span span, uint32_t skip, uint32_t len)
{
	const uint32_t left = skip < span.len ? span.len - skip : 0;

	return (struct sp_span){ span.frame, span.off + skip, len < left ? len : left };
}

/* The bytes at the start of the span that lie in one piece; sets *len. */
const uint8_t *sp_span_piece(struct sp_span span, uint32_t *len);

/* Copies the whole span. */
void sp_span_copy(uint8_t *dst, struct sp_span span);

/* Adds the whole span to an Internet checksum. */
void sp_span_csum(struct sp_csum *sum, struct sp_span span, unsigned variant);

#endif
