/*
 * span.c - see span.h.
 */
#include "buf/span.h"

#include <string.h>

const uint8_t *
sp_span_piece(struct sp_span span, uint32_t *len)
{
	struct sp_pieces w = sp_pieces_of(span);
	struct sampan_slice piece = { NULL, 0 };

	(void)sp_pieces_next(&w, &piece);
	*len = piece.len;
	return piece.data;
}

void
sp_span_copy(uint8_t *dst, struct sp_span span)
{
	struct sp_pieces w = sp_pieces_of(span);
	struct sampan_slice piece;

	while (sp_pieces_next(&w, &piece)) {
		memcpy(dst, piece.data, piece.len);
		dst += piece.len;
	}
}

/* Up to this many bytes are added up here, with no call for them. */
#define SMALL_BYTES 128

static inline void
feed(struct sp_csum *sum, const uint8_t *p, uint32_t len, unsigned variant)
{
	if (len <= SMALL_BYTES && !sum->odd && len % 2 == 0)
		sum->sum += sp_csum_small(p, len);
	else
		sp_csum_feed(sum, p, len, variant);
}

/* The head and the slices in turn, without the walk: every segment comes here
 * on its way in and on its way out. */
void
sp_span_csum(struct sp_csum *sum, struct sp_span span, unsigned variant)
{
	const struct sampan_frame *f = span.frame;
	struct sp_csum c = *sum;
	uint32_t skip = span.off, left = span.len;
	const uint8_t *data = f->head;
	uint32_t len = f->head_len;

	for (unsigned next = 0;; next++) {
		if (skip < len) {
			const uint32_t have = len - skip < left ? len - skip : left;

			feed(&c, data + skip, have, variant);
			left -= have;
			skip = 0;
		} else {
			skip -= len;
		}
		if (left == 0 || next == f->slices)
			break;
		data = f->slice[next].data;
		len = f->slice[next].len;
	}
	*sum = c;
}
