/*
 * span.c - see span.h.
 */
#include "buf/span.h"

#include <string.h>

static const uint8_t *
piece_of_slices(const struct sampan_frame *f, uint32_t off, uint32_t *len)
{
	for (unsigned i = 0; i < f->slices; i++) {
		if (off < f->slice[i].len) {
			*len = f->slice[i].len - off;
			return f->slice[i].data + off;
		}
		off -= f->slice[i].len;
	}
	*len = 0;
	return NULL;
}

const uint8_t *
sp_span_piece(struct sp_span span, uint32_t *len)
{
	const struct sampan_frame *f = span.frame;
	const uint8_t *p;

	if (span.off < f->head_len) {
		*len = f->head_len - span.off;
		p = f->head + span.off;
	} else {
		p = piece_of_slices(f, span.off - f->head_len, len);
	}
	if (*len > span.len)
		*len = span.len;
	return p;
}

void
sp_span_copy(uint8_t *dst, struct sp_span span)
{
	while (span.len > 0) {
		uint32_t len;
		const uint8_t *p = sp_span_piece(span, &len);

		if (len == 0)
			return;
		memcpy(dst, p, len);
		dst += len;
		span = sp_span_part(span, len, span.len);
	}
}

void
sp_span_csum(struct sp_csum *sum, struct sp_span span, unsigned variant)
{
	while (span.len > 0) {
		uint32_t len;
		const uint8_t *p = sp_span_piece(span, &len);

		if (len == 0)
			return;
		sp_csum_feed(sum, p, len, variant);
		span = sp_span_part(span, len, span.len);
	}
}
