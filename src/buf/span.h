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

/* The bytes of a span that lies in the head or in the first slice; NULL: it does not. */
static inline const uint8_t *
sp_span_whole(struct sp_span span)
{
	const struct sampan_frame *f = span.frame;
	const uint32_t behind = span.off - f->head_len;

	if (span.off < f->head_len)
		return span.off + span.len <= f->head_len ? f->head + span.off : NULL;
	if (f->slices == 0 || behind > f->slice[0].len || f->slice[0].len - behind < span.len)
		return NULL;
	return f->slice[0].data + behind;
}

/* Going over the pieces of a span in order. */
struct sp_pieces {
	const struct sampan_frame *frame;
	uint32_t skip;		/* bytes of the next pieces before the span */
	uint32_t left;		/* of the span */
	unsigned next;		/* 0: the head, then the slices */
};

static inline struct sp_pieces
sp_pieces_of(struct sp_span span)
{
	return (struct sp_pieces){ span.frame, span.off, span.len, 0 };
}

/* False: at the end, of the span or of the frame. */
static inline bool
sp_pieces_next(struct sp_pieces *w, struct sampan_slice *piece)
{
	const struct sampan_frame *f = w->frame;

	while (w->left > 0 && w->next <= f->slices) {
		const uint8_t *data = w->next == 0 ? f->head : f->slice[w->next - 1].data;
		const uint32_t len = w->next == 0 ? f->head_len : f->slice[w->next - 1].len;

		w->next++;
		if (w->skip < len) {
			const uint32_t have = len - w->skip;

			*piece = (struct sampan_slice){ data + w->skip,
				have < w->left ? have : w->left };
			w->skip = 0;
			w->left -= piece->len;
			return true;
		}
		w->skip -= len;
	}
	return false;
}

/* The bytes at the start of the span that lie in one piece; sets *len. */
const uint8_t *sp_span_piece(struct sp_span span, uint32_t *len);

/* Copies the whole span. */
void sp_span_copy(uint8_t *dst, struct sp_span span);

/* Adds the whole span to an Internet checksum. */
void sp_span_csum_pieces(struct sp_csum *sum, struct sp_span span, unsigned variant);

static inline void
sp_span_csum(struct sp_csum *sum, struct sp_span span, unsigned variant)
{
	const uint8_t *whole = sp_span_whole(span);

	if (whole != NULL)
		sp_csum_feed(sum, whole, span.len, variant);
	else
		sp_span_csum_pieces(sum, span, variant);
}

#endif
