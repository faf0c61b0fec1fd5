/*
 * tcp_tally.h - what is counted about a connection only where somebody asked:
 * SAMPAN_OPT_TALLY, or net.sampan.tcp_tally for all that begin.
 *
 * A record of 128 bytes beside the connection.  Without it the fields of
 * sampan_tcp_info() that need it are absent, and nothing is counted.
 */
#ifndef SAMPAN_TCP_TCP_TALLY_H
#define SAMPAN_TCP_TCP_TALLY_H

#include "tcp/tcp_build.h"
#include "tcp/tcp_int.h"

/* What a connection waits for while it has something to send; times add up. */
enum tcp_limit {
	TCP_LIMIT_NONE,		/* nothing queued */
	TCP_LIMIT_BUSY,		/* the network, or ourselves */
	TCP_LIMIT_WINDOW,	/* the peer's window */
	TCP_LIMIT_BUFFER,	/* the application wants to queue more than it may */
	TCP_LIMIT_COUNT,
};

struct tcp_tally {
	uint64_t bytes_sent, bytes_retrans;
	sampan_dur spent_dur[TCP_LIMIT_COUNT];
	sampan_time since;		/* when `limit` began */
	uint32_t segs_in, segs_out;
	uint32_t text_segs_in, text_segs_out;
	uint32_t dsacks, reorders, out_of_order;
	uint32_t rate_bytes, rate_us;	/* delivered, and in what time; 0: not measured */
	uint32_t rcv_mss_bytes;		/* largest text of a segment */
	uint8_t limit;			/* enum tcp_limit */
	uint8_t pad[3];
	uint32_t delivered_segs;
	uint32_t behind_segs;		/* the most that something arrived behind what came later */
	uint8_t spare[20];
};
_Static_assert(sizeof(struct tcp_tally) == 128, "two cache lines");

/* NULL: nothing is counted. */
static inline struct tcp_tally *
tcp_tally_if_any(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t ref = t->rare != 0 ? tcp_rare_of(s, t)->tally : 0;

	return ref != 0 ? sp_at(&s->arena, ref) : NULL;
}

/* Begins to count, or ends it.  NOBUFS. */
int sp_tcp_tally_set(struct sampan *s, struct tcp_tcb *t, bool on);

/* A connection begins: counts if the setting says so. */
void sp_tcp_tally_begin(struct sampan *s, struct tcp_tcb *t);

void sp_tcp_tally_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);
void sp_tcp_tally_out(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan);

/* What an acknowledgement told about duplicates and reordering. */
void sp_tcp_tally_delivery(struct sampan *s, struct tcp_tcb *t, const struct tcp_delivery *d);

/* Bytes that were delivered over a time. */
void sp_tcp_tally_rate(struct sampan *s, struct tcp_tcb *t, uint32_t bytes, sampan_dur dur);

/* Looks at what it waits for now. */
void sp_tcp_tally_limit(struct sampan *s, struct tcp_tcb *t);

#endif
