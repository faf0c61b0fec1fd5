/*
 * span.c - see span.h.
 */
#include "buf/span.h"

#include <string.h>

/* Going over the pieces of a span in order. */
struct walk {
	const struct sampan_frame *frame;
	uint32_t skip;		/* bytes of the next pieces before the span */
	uint32_t left;		/* of the span */
	unsigned next;		/* 0: the head, then the slices */
};

static inline struct walk
walk_of(struct sp_span span)
{
	return (struct walk){ span.frame, span.off, span.len, 0 };
}

/* False: at the end, of the span or of the frame. */
static inline bool
next_piece(struct walk *w, struct sampan_slice *piece)
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

const uint8_t *
sp_span_piece(struct sp_span span, uint32_t *len)
{
	struct walk w = walk_of(span);
	struct sampan_slice piece = { NULL, 0 };

	(void)next_piece(&w, &piece);
	*len = piece.len;
	return piece.data;
}

void
sp_span_copy(uint8_t *dst, struct sp_span span)
{
	struct walk w = walk_of(span);
	struct sampan_slice piece;

	while (next_piece(&w, &piece)) {
		memcpy(dst, piece.data, piece.len);
		dst += piece.len;
	}
}

void
sp_span_csum(struct sp_csum *sum, struct sp_span span, unsigned variant)
{
	struct walk w = walk_of(span);
	struct sampan_slice piece;

	while (next_piece(&w, &piece))
		sp_csum_feed(sum, piece.data, piece.len, variant);
}
