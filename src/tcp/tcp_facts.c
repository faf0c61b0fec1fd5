/*
 * tcp_facts.c - see tcp_facts.h.
 *
 * A control's memory lies in struct tcp_tx, or where it needs more in a block of
 * its own that hangs there.  Between two sends there is neither; if something
 * happens then (a smaller path MTU, a time-out of our FIN) the control wakes on
 * scratch memory and rests again.
 */
#include "tcp/tcp_facts.h"

#include <string.h>

#include "tcp/tcp_int.h"
#include "tcp/tcp_pace.h"

/* Where a control works. */
struct ground {
	struct tcp_cc cc;
	struct tcp_cc_pace pace;
	uint64_t scratch[TCP_CC_MEM_MAX / sizeof(uint64_t)];
	bool scratched;
};

static const struct tcp_cc_ops *
ops_of(const struct tcp_tcb *t)
{
	return sp_tcp_cc_ops(t->cc_id);
}

static bool
needs_block(const struct tcp_cc_ops *ops)
{
	return ops->mem_bytes > TCP_CC_MEM_INLINE;
}

/* RFC 6928 §2 (R-6928-4): where that was too much once, RFC 3390's. */
static uint32_t
restart_window(const struct tcp_tcb *t)
{
	const uint32_t mss = t->mss_bytes, initial = tcp_cc_initial_window(mss);
	const uint32_t three = 2 * mss > 4380 ? 2 * mss : 4380;
	const uint32_t modest = 4 * mss < three ? 4 * mss : three;

	return t->lossy_start && modest < initial ? modest : initial;
}

/* In place, member by member: a struct that is written in small parts and then copied in
 * large ones makes the processor wait. */
static inline void
fill_facts(const struct sampan *s, const struct tcp_tcb *t, uint32_t in_flight_bytes,
    struct tcp_cc_facts *f)
{
	const struct tcp_tx *tx = tcp_tx_if_any(s, t);

	f->now = s->now;
	f->mss_bytes = t->mss_bytes;
	f->in_flight_bytes = in_flight_bytes;
	f->delivered_bytes = sp_tcp_delivered(s, t);
	f->lost_bytes = tx != NULL ? tx->lost_total_bytes : 0;
	f->srtt = sp_tcp_rtt_srtt(&t->rtt);
	f->min_rtt = SAMPAN_US(t->min_rtt_us);
	f->restart_bytes = 0;
	f->paced = tx != NULL && tx->paced;
	f->selective = tcp_is(t, TCP_F_SACK);
}

static void
wake(struct ground *g, const struct sampan *s, const struct tcp_tcb *t)
{
	struct tcp_cc_facts facts;

	fill_facts(s, t, sp_tcp_pipe(s, t), &facts);
	if (ops_of(t)->wake != NULL && t->cc.cwnd_bytes != 0)
		ops_of(t)->wake(&g->cc, &facts);
}

static void
step_on(struct ground *g, struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_if_any(s, t);

	g->cc.kept = &t->cc;
	g->scratched = tx == NULL;
	if (tx != NULL) {
		g->cc.pace = &tx->pace;
		g->cc.mem = tx->cc_block != 0 ? sp_at(&s->arena, tx->cc_block) : tx->cc_mem;
		return;
	}
	memset(g->scratch, 0, sizeof(g->scratch));
	g->pace = (struct tcp_cc_pace){ 0 };
	g->cc.pace = &g->pace;
	g->cc.mem = g->scratch;
	wake(g, s, t);
}

static void
step_off(struct ground *g, const struct tcp_tcb *t)
{
	if (g->scratched && ops_of(t)->rest != NULL)
		ops_of(t)->rest(&g->cc);
}

void
sp_tcp_cc_init(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_cc cc = { .kept = &t->cc };
	struct tcp_cc_facts facts;

	fill_facts(s, t, sp_tcp_pipe(s, t), &facts);
	ops_of(t)->init(&cc, &facts);
}

bool
sp_tcp_cc_wake(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	struct ground g;

	tx->cc_block = 0;
	memset(tx->cc_mem, 0, sizeof(tx->cc_mem));
	tx->pace = (struct tcp_cc_pace){ 0 };
	sp_tcp_pace_begin(s, t);
	if (needs_block(ops_of(t))) {
		tx->cc_block = sp_pool_take(&s->arena, SP_KIND_TCP_CC);
		if (tx->cc_block == 0)
			return false;
		memset(sp_at(&s->arena, tx->cc_block), 0, TCP_CC_MEM_MAX);
	}
	step_on(&g, s, t);
	wake(&g, s, t);
	return true;
}

void
sp_tcp_cc_rest(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);
	struct ground g;

	step_on(&g, s, t);
	if (ops_of(t)->rest != NULL && t->cc.cwnd_bytes != 0)
		ops_of(t)->rest(&g.cc);
	if (tx->cc_block != 0)
		sp_pool_give(&s->arena, SP_KIND_TCP_CC, tx->cc_block);
	tx->cc_block = 0;
}

bool
sp_tcp_cc_change(struct sampan *s, struct tcp_tcb *t, uint8_t id)
{
	const uint8_t before = t->cc_id;

	if (id == before)
		return true;
	if (t->tx != 0)
		sp_tcp_cc_rest(s, t);
	t->cc_id = id;
	if (t->cc.cwnd_bytes != 0) {
		memset(t->cc.words, 0, sizeof(t->cc.words));
		sp_tcp_cc_init(s, t);
	}
	if (t->tx == 0 || sp_tcp_cc_wake(s, t))
		return true;
	t->cc_id = TCP_CC_newreno;	/* which needs none */
	(void)sp_tcp_cc_wake(s, t);
	return false;
}

void
sp_tcp_cc_tell(struct sampan *s, struct tcp_tcb *t, enum tcp_cc_event event, uint32_t flight_bytes)
{
	struct tcp_cc_facts facts;
	struct ground g;

	fill_facts(s, t, flight_bytes, &facts);
	facts.restart_bytes = restart_window(t);
	step_on(&g, s, t);
	ops_of(t)->event(&g.cc, event, &facts);
	step_off(&g, t);
}

/* Of a connection with a struct tcp_tx. */
static inline struct tcp_cc
ground_of(const struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	return (struct tcp_cc){
		.kept = &t->cc,
		.pace = &tx->pace,
		.mem = tx->cc_block != 0 ? sp_at(&s->arena, tx->cc_block) : tx->cc_mem,
	};
}

/* Something was in flight until now, so there is a struct tcp_tx. */
void
sp_tcp_cc_ack(struct sampan *s, struct tcp_tcb *t, struct tcp_cc_ack *ack)
{
	struct tcp_cc cc = ground_of(s, t);

	fill_facts(s, t, sp_tcp_pipe(s, t), &ack->at);
	ops_of(t)->ack(&cc, ack);
}

/* RFC 5681 §4.1 (R-5681-18).  No RTO is shorter than its least, so mostly it need not be
 * known. */
void
sp_tcp_restart(struct sampan *s, struct tcp_tcb *t)
{
	const sampan_dur pause = sp_tick_since(t->sent_at, s->now);
	const bool idle = pause > SAMPAN_US(sp_setting(s, SAMPAN_SET_TCP_RTO_MIN)) &&
	    sp_setting(s, SAMPAN_SET_TCP_SLOW_START_AFTER_IDLE) != 0 &&
	    pause > sp_tcp_rtt_rto(s, &t->rtt, 0);

	struct tcp_cc cc = ground_of(s, t);
	struct tcp_cc_facts facts;

	fill_facts(s, t, 0, &facts);
	if (idle)
		facts.restart_bytes = restart_window(t);
	ops_of(t)->event(&cc, idle ? TCP_CC_IDLE_RESTART : TCP_CC_RESTART, &facts);
}

void
sp_tcp_cc_lost(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *r)
{
	struct tcp_cc cc;
	struct tcp_cc_lost lost;

	if (ops_of(t)->lost == NULL)
		return;
	cc = ground_of(s, t);
	lost = (struct tcp_cc_lost){
		.bytes = tcp_sent_len(r),
		.sent_in_flight_bytes = r->in_flight_bytes,
		.sent_lost_bytes = tcp_tx_of(s, t)->lost_total_bytes - r->lost_bytes,
		.app_limited = r->app_limited != 0,
	};
	fill_facts(s, t, sp_tcp_pipe(s, t), &lost.at);
	ops_of(t)->lost(&cc, &lost);
}

bool
sp_tcp_cc_owns_window(const struct tcp_tcb *t)
{
	return ops_of(t)->owns_window;
}

bool
sp_tcp_cc_marks_each(const struct tcp_tcb *t)
{
	return ops_of(t)->marks_each;
}
