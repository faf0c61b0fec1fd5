/*
 * tcp_rtx.h - what is in flight.
 *
 * Does: remember every stretch of text that was sent (struct tcp_sent), take
 * out what was acknowledged, mark what was selectively acknowledged or lost,
 * and report what an acknowledgement delivered.  Does not: decide what is lost
 * (tcp_loss.c), what to send (tcp_out.c) or own bytes (buf/sendq.h).
 */
#ifndef SAMPAN_TCP_TCP_RTX_H
#define SAMPAN_TCP_TCP_RTX_H

#include "base/range.h"
#include "tcp/tcp_of.h"

struct tcp_plan;

/* What one acknowledgement delivered, collected while it is processed. */
struct tcp_delivery {
	uint32_t prior_in_flight_bytes;
	uint32_t acked_bytes;		/* SND.UNA moved by this, without our FIN */
	uint32_t sacked_bytes;		/* newly delivered selectively */
	uint32_t counted_bytes;		/* without SACK: of acked_bytes, by duplicates before */
	uint32_t fresh_bytes;		/* of both together: not known delivered before */
	uint32_t fresh_segs;		/* whose last octet is among them, or our FIN */
	bool any;			/* newest below is valid */
	bool again;			/* some of it was */
	bool reordered;			/* something sent once arrived behind what came later */
	uint32_t behind_bytes;		/* the most by which it did */
	sampan_dur late_dur;		/* so much before that was it sent, at most */
	bool dsack;			/* the peer reports a duplicate */
	bool once_before_timeout;	/* some of it was sent once, before undo_stop */
	tcp_seq dsack_start, dsack_end;	/* it */
	bool ends_recovery;		/* what was outstanding when it began is acknowledged */
	tcp_seq newest_end;
	sampan_time newest_at;		/* when the most recently sent part was sent */
	/* What was sent again after these cannot be what has arrived: it would be
	 * sooner than anything can, or the echoed timestamp is older. */
	sampan_time again_by_rtt, again_by_echo;
	tcp_seq undo_stop;		/* what ended before it was sent before the reduction */
	sampan_time once_at;		/* the same of parts sent only once; 0: none */
	uint32_t prior_lost_bytes;	/* of the connection, before this */
	struct tcp_sent rate;		/* what was sent last of it, tcp_rate.h */
};

/* A record for text; NULL: no memory. */
static inline struct tcp_sent *
sp_tcp_rtx_record(struct sampan *s, struct tcp_tx *tx)
{
	uint32_t ref;

	if (!sp_node_linked(&tx->own.by_seq))
		return &tx->own;
	ref = sp_pool_take(&s->arena, SP_KIND_TCP_SENT);
	return ref != 0 ? sp_at(&s->arena, ref) : NULL;
}

/* Books a frame of text.  r: a free record for new text; text that is sent again has
 * one (NULL). */
void sp_tcp_rtx_sent(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    struct tcp_sent *r);

/* SND.UNA moves to ack, which is beyond it.  The send queue follows. */
void sp_tcp_rtx_acked(struct sampan *s, struct tcp_tcb *t, tcp_seq ack, struct tcp_delivery *d);

/* The newest of the records before ack if they are whole and were all sent once, the last
 * of them at a known time; NULL: they are not. */
const struct tcp_sent *sp_tcp_rtx_front(const struct sampan *s, const struct tcp_tx *tx,
    tcp_seq ack);

/* The same as sp_tcp_rtx_acked() for these, where nothing else is in flight but what was
 * sent later. */
void sp_tcp_rtx_drop_front(struct sampan *s, struct tcp_tcb *t, tcp_seq ack);

/* [start, end), inside what is outstanding, was delivered.  is_newest: it caused the
 * acknowledgement, so that the next one's is not far. */
void sp_tcp_rtx_sacked(struct sampan *s, struct tcp_tcb *t, struct sp_range block, bool is_newest,
    struct tcp_delivery *d);

/* Marks one stretch as lost; or the first, and all that was sent at `last` or
 * before. */
void sp_tcp_rtx_lost(struct sampan *s, struct tcp_tx *tx, struct tcp_sent *r);
void sp_tcp_rtx_all_lost(struct sampan *s, struct tcp_tcb *t, sampan_time last);

/* Nothing is lost, everything is on its way. */
void sp_tcp_rtx_found(struct sampan *s, struct tcp_tcb *t);

/* Makes a record at most `bytes` long, the rest one of its own; without memory
 * it stays whole. */
void sp_tcp_rtx_cut(struct sampan *s, const struct tcp_tcb *t, struct tcp_sent *r, uint32_t bytes);

/* The last segment of what is outstanding, cut off, for a probe. */
struct tcp_sent *sp_tcp_rtx_last(struct sampan *s, const struct tcp_tcb *t, uint32_t bytes);

/* Did our FIN, which is outstanding, leave without text? */
bool sp_tcp_fin_is_alone(const struct sampan *s, const struct tcp_tcb *t);

/* The oldest stretch that is not acknowledged; NULL: none. */
struct tcp_sent *sp_tcp_rtx_first(const struct sampan *s, const struct tcp_tx *tx);

/* Forgets every selective acknowledgement: the peer has reneged. */
void sp_tcp_rtx_renege(struct sampan *s, struct tcp_tcb *t);

void sp_tcp_rtx_clear(struct sampan *s, struct tcp_tx *tx);

/* The end of the bytes sent: SND.NXT without our FIN. */
static inline tcp_seq
sp_tcp_sent_end(const struct tcp_tcb *t)
{
	return tcp_is(t, TCP_F_FIN_SENT) ? seq_sub(t->snd.nxt, 1) : t->snd.nxt;
}

/* Bytes believed to be in the network.  RFC 6675 §4 (R-6675-3). */
static inline uint32_t
sp_tcp_pipe(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);
	const uint32_t fin_lost = tcp_is(t, TCP_F_FIN_DUE) ? 1 : 0;
	const uint32_t outstanding = seq_diff(t->snd.nxt, t->snd.una) - fin_lost;
	uint32_t gone;

	if (tx == NULL)
		return outstanding;
	gone = tx->sacked_bytes + tx->lost_bytes;
	return gone < outstanding ? outstanding - gone : 0;
}

/* Delivered since the connection began. */
static inline uint64_t
sp_tcp_delivered(const struct sampan *s, const struct tcp_tcb *t)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	return ((uint64_t)t->una_wraps << 32 | seq_diff(t->snd.una, t->iss)) +
	    (tx != NULL ? tx->sacked_bytes : 0);
}

/* Queued bytes that were never sent. */
static inline uint32_t
sp_tcp_unsent(const struct sampan *s, const struct tcp_tcb *t)
{
	if (t->tx == 0)
		return 0;
	return tcp_tx_of(s, t)->q.bytes - seq_diff(sp_tcp_sent_end(t), t->snd.una);
}

static inline struct tcp_sent *
tcp_sent_by_seq(const struct sampan *s, uint32_t node)
{
	return node != 0 ? sp_container_of(sp_at(&s->arena, node), struct tcp_sent, by_seq) : NULL;
}

static inline struct tcp_sent *
tcp_sent_by_time(const struct sampan *s, uint32_t node)
{
	return node != 0 ? sp_container_of(sp_at(&s->arena, node), struct tcp_sent, by_time) : NULL;
}

/* The newest by sequence number; there must be one. */
static inline struct tcp_sent *
tcp_sent_last(const struct sampan *s, const struct tcp_tx *tx)
{
	return sp_container_of(sp_at(&s->arena, tx->by_seq.last), struct tcp_sent, by_seq);
}

static inline uint32_t
tcp_sent_len(const struct tcp_sent *r)
{
	return seq_diff(r->end, r->start);
}

#endif
