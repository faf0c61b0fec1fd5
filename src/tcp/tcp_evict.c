/*
 * tcp_evict.c - see tcp_evict.h.  Naptha, sockstress, slow readers (R-V-19).
 *
 * Theory of operation.  An attacker who completes handshakes costs us what each
 * connection holds: a control block, or, if it asks for much and reads nothing, a
 * send buffer.  Both are legal, so nothing is done while there is memory.  When it
 * is short, two kinds give way, each at a moment that comes by anyway:
 *
 * Silent ones.  A hand goes round over the slabs of control blocks, some steps for
 * each handshake that completes; forged SYNs do not move it.  What it passes and
 * has not been heard of for net.sampan.tcp_evict_idle_s is reset.  There is no
 * list by age: that would cost every segment of every connection.
 *
 * Slow readers.  Whoever takes text slower than it is written closes his window
 * (the persist timer runs) or does not acknowledge (the retransmission timer
 * does).  Each time it goes off, what was acknowledged since an earlier time
 * is held against net.sampan.tcp_slow_reader_rate.  RFC 9293 §3.8.6.1 (MUST-37)
 * keeps a connection open for as long as probes are answered; RFC 6429 §2
 * (R-WND-12) lets a policy end it.
 */
#include "tcp/tcp_evict.h"

#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"

/* Control blocks, or slabs without any, that one handshake looks at. */
#define HAND_STEPS 16

static void
reset(struct sampan *s, struct tcp_tcb *t, enum sampan_count reason)
{
	sp_count(s, reason);
	sp_tcp_send_abort(s, t);
	sp_tcp_fail(s, t, SAMPAN_ETIMEDOUT);
}

static bool
is_silent(const struct sampan *s, const struct tcp_tcb *t)
{
	const sampan_dur most = SAMPAN_SEC(sp_setting(s, SAMPAN_SET_TCP_EVICT_IDLE));

	return t->state != SAMPAN_TCP_STATE_COUNT && t->state >= SAMPAN_TCP_ESTABLISHED &&
	    t->state != SAMPAN_TCP_TIME_WAIT && tcp_is(t, TCP_F_PASSIVE) &&
	    sp_tick_since(t->heard_at, s->now) >= most;
}

/* The control block that the hand points at, and the next step; NULL: there is none. */
static struct tcp_tcb *
turn(struct sampan *s)
{
	struct tcp_globals *g = sp_tcp(s);
	uint32_t ref = 0;

	if (g->hand_slab >= s->arena.slabs_fresh)
		g->hand_slab = g->hand_at = 0;
	ref = sp_pool_nth(&s->arena, SP_KIND_TCB, g->hand_slab, g->hand_at);
	if (ref == 0) {
		g->hand_slab++;
		g->hand_at = 0;
		return NULL;
	}
	g->hand_at++;
	return tcp_tcb_at(s, ref);
}

void
sp_tcp_evict_idle(struct sampan *s)
{
	if (sp_setting(s, SAMPAN_SET_TCP_EVICT_IDLE) == 0 ||
	    !sp_arena_low_for_newcomers(&s->arena))
		return;
	for (unsigned i = 0; i < HAND_STEPS; i++) {
		struct tcp_tcb *t = turn(s);

		if (t == NULL || !is_silent(s, t))
			continue;
		reset(s, t, SAMPAN_COUNT_TCP_EVICTED_IDLE);
		sp_tcp_settle(s, t);
	}
}

/* Did it take too little since tx->slow_at_s?  A new stretch of time begins then. */
static bool
is_slow(const struct sampan *s, const struct tcp_tcb *t, struct tcp_tx *tx)
{
	const uint16_t now_s = (uint16_t)(s->now / SAMPAN_SEC(1));
	const uint16_t span_s = (uint16_t)(now_s - tx->slow_at_s);
	const uint64_t taken = seq_diff(t->snd.una, tx->slow_una);
	const bool slow = tx->slow_on &&
	    taken < (uint64_t)sp_setting(s, SAMPAN_SET_TCP_SLOW_READER_RATE) * span_s;

	if (tx->slow_on && span_s < sp_setting(s, SAMPAN_SET_TCP_SLOW_READER))
		return false;
	tx->slow_on = true;
	tx->slow_at_s = now_s;
	tx->slow_una = t->snd.una;
	return slow;
}

static bool
memory_is_short(const struct sampan *s)
{
	return sp_setting(s, SAMPAN_SET_TCP_SLOW_ALWAYS) != 0 ||
	    sp_arena_low_for_newcomers(&s->arena) || sp_tcp_mem_pressure(s);
}

bool
sp_tcp_evict_slow(struct sampan *s, struct tcp_tcb *t)
{
	if (t->tx == 0 || sp_setting(s, SAMPAN_SET_TCP_SLOW_READER) == 0 ||
	    t->state < SAMPAN_TCP_ESTABLISHED)
		return false;
	if (!is_slow(s, t, tcp_tx_of(s, t)) || !memory_is_short(s))
		return false;
	reset(s, t, SAMPAN_COUNT_TCP_EVICTED_SLOW);
	return true;
}
