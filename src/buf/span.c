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

/* The head and the slices in turn, without the walk. */
void
sp_span_csum_pieces(struct sp_csum *sum, struct sp_span span, unsigned variant)
{
	const struct sampan_frame *f = span.frame;
	struct sp_csum c = *sum;
	uint32_t skip = span.off, left = span.len;
	const uint8_t *data = f->head;
	uint32_t len = f->head_len;

	for (unsigned next = 0;; next++) {
		if (skip < len) {
			const uint32_t have = len - skip < left ? len - skip : left;

			sp_csum_feed(&c, data + skip, have, variant);
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
