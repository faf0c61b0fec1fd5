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

static bool
needs_block(const struct tcp_cc_ops *ops)
{
	return ops->mem_bytes > TCP_CC_MEM_INLINE;
}

static void
wake(struct ground *g, const struct sampan *s, const struct tcp_tcb *t)
{
	struct tcp_cc_facts facts;

	sp_tcp_facts_fill(s, t, sp_tcp_pipe(s, t), &facts);
	if (sp_tcp_cc_of(t)->wake != NULL && t->cc.cwnd_bytes != 0)
		sp_tcp_cc_of(t)->wake(&g->cc, &facts);
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
	if (g->scratched && sp_tcp_cc_of(t)->rest != NULL)
		sp_tcp_cc_of(t)->rest(&g->cc);
}

void
sp_tcp_cc_init(struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_cc cc = { .kept = &t->cc };
	struct tcp_cc_facts facts;

	sp_tcp_facts_fill(s, t, sp_tcp_pipe(s, t), &facts);
	sp_tcp_cc_of(t)->init(&cc, &facts);
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
	if (needs_block(sp_tcp_cc_of(t))) {
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
	if (sp_tcp_cc_of(t)->rest != NULL && t->cc.cwnd_bytes != 0)
		sp_tcp_cc_of(t)->rest(&g.cc);
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

	sp_tcp_facts_fill(s, t, flight_bytes, &facts);
	facts.restart_bytes = sp_tcp_restart_window(t);
	step_on(&g, s, t);
	sp_tcp_cc_of(t)->event(&g.cc, event, &facts);
	step_off(&g, t);
}

void
sp_tcp_cc_lost(struct sampan *s, struct tcp_tcb *t, const struct tcp_sent *r)
{
	struct tcp_cc cc;
	struct tcp_cc_lost lost;

	if (sp_tcp_cc_of(t)->lost == NULL)
		return;
	cc = sp_tcp_cc_ground(s, t);
	lost = (struct tcp_cc_lost){
		.bytes = tcp_sent_len(r),
		.sent_in_flight_bytes = r->in_flight_bytes,
		.sent_lost_bytes = tcp_tx_of(s, t)->lost_total_bytes - r->lost_bytes,
		.app_limited = r->app_limited != 0,
	};
	sp_tcp_facts_fill(s, t, sp_tcp_pipe(s, t), &lost.at);
	sp_tcp_cc_of(t)->lost(&cc, &lost);
}

bool
sp_tcp_cc_owns_window(const struct tcp_tcb *t)
{
	return sp_tcp_cc_of(t)->owns_window;
}

bool
sp_tcp_cc_marks_each(const struct tcp_tcb *t)
{
	return sp_tcp_cc_of(t)->marks_each;
}
