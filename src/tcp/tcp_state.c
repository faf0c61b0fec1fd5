/*
 * tcp_state.c - the only writer of a connection's state.  RFC 9293 §3.3.2.
 *
 * Which changes are legal stands in one table, checked in every build that
 * checks anything; what entering a state brings with it stands here too.
 */
#include "base/assert.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_source.h"

#define TO(state) (1u << SAMPAN_TCP_##state)

/* RFC 9293 figure 5, its notes, and the ways to CLOSED of §3.10. */
static const uint16_t legal[SAMPAN_TCP_STATE_COUNT] = {
	[SAMPAN_TCP_CLOSED] = TO(LISTEN) | TO(SYN_SENT) | TO(ESTABLISHED) | TO(CLOSED),
	[SAMPAN_TCP_LISTEN] = TO(CLOSED),
	[SAMPAN_TCP_SYN_SENT] = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED),
	[SAMPAN_TCP_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(CLOSED),
	[SAMPAN_TCP_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED),
	[SAMPAN_TCP_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT) | TO(CLOSED),
	[SAMPAN_TCP_FIN_WAIT_2] = TO(TIME_WAIT) | TO(CLOSED),
	[SAMPAN_TCP_CLOSE_WAIT] = TO(LAST_ACK) | TO(CLOSED),
	[SAMPAN_TCP_CLOSING] = TO(TIME_WAIT) | TO(CLOSED),
	[SAMPAN_TCP_LAST_ACK] = TO(CLOSED),
	[SAMPAN_TCP_TIME_WAIT] = TO(CLOSED),
};

/* Nothing is left to send, to wait for, or to be found by. */
static void
end(struct sampan *s, struct tcp_tcb *t)
{
	t->armed = 0;
	t->flags &= ~(uint32_t)(TCP_F_SYN_DUE | TCP_F_FIN_QUEUED | TCP_F_FIN_DUE | TCP_F_ACK_NOW |
	    TCP_F_ACK_DUE | TCP_F_PROBE_DUE | TCP_F_PERSIST);
	sp_wheel_remove(&s->wheel, &s->arena, &t->timer);
	if (sp_node_linked(&t->run)) {
		struct sp_link *l = &s->link[t->link];

		sp_list_remove(&s->arena, tcp_is(t, TCP_F_PARKED) ? &l->parked : &l->run, &t->run);
		tcp_clear(t, TCP_F_PARKED);
	}
	sp_tcp_path_release(s, t);
	if (tcp_is(t, TCP_F_PASSIVE))
		sp_tcp_source_drop(s, &t->flow, TCP_SOURCE_CONNECTION);
	if (tcp_is(t, TCP_F_IN_TABLE)) {
		sp_tcp_remove(s, &t->flow, sp_ref(&s->arena, t));
		t->flags &= ~(uint32_t)(TCP_F_IN_TABLE | TCP_F_BOUND);
	}
	sp_tcp_tx_free(s, t);
}

/* Nobody will read any more, so it need not stay for long.  R-1337-5. */
void
sp_tcp_orphan_fin_wait_2(struct sampan *s, struct tcp_tcb *t)
{
	const int32_t own_s = t->rare != 0 ? tcp_rare_of(s, t)->linger2_s : 0;
	const int64_t setting_s = sp_setting(s, SAMPAN_SET_TCP_FIN_TIMEOUT);

	sp_tcp_arm(s, t, TCP_AT_LIFE, own_s < 0 ? 0 : SAMPAN_SEC(own_s > 0 ? own_s : setting_s));
}

void
sp_tcp_enter(struct sampan *s, struct tcp_tcb *t, enum sampan_tcp_state state)
{
	const uint8_t was = t->state;

	SP_ASSERT((legal[was] & 1u << state) != 0);
	t->state = (uint8_t)state;
	switch (state) {
	case SAMPAN_TCP_CLOSED:
		end(s, t);
		if (was != SAMPAN_TCP_TIME_WAIT)	/* that was told already */
			sp_endpoint_raise(s, &t->ep, SAMPAN_CLOSED);
		break;
	case SAMPAN_TCP_ESTABLISHED:
		t->space_seq = t->rcv.nxt;
		t->space_at = sp_tick_of(s->now);
		sp_endpoint_raise(s, &t->ep, SAMPAN_WRITABLE);
		if (tcp_is(t, TCP_F_KEEPALIVE))
			sp_tcp_on_keepalive(s, t);
		break;
	case SAMPAN_TCP_FIN_WAIT_2:
		if (!sp_endpoint_attached(&t->ep))
			sp_tcp_orphan_fin_wait_2(s, t);
		break;
	case SAMPAN_TCP_TIME_WAIT:
		/* RFC 9293 §3.6.1 (MUST-13) */
		sp_tcp_disarm(t, TCP_AT_RTX);
		sp_tcp_arm(s, t, TCP_AT_LIFE,
		    2 * SAMPAN_MS(sp_setting(s, SAMPAN_SET_TCP_MSL)));
		sp_count(s, SAMPAN_COUNT_TCP_TIME_WAITS);
		sp_endpoint_raise(s, &t->ep, SAMPAN_CLOSED);
		break;
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_SYN_RECEIVED:
	case SAMPAN_TCP_FIN_WAIT_1:
	case SAMPAN_TCP_CLOSE_WAIT:
	case SAMPAN_TCP_CLOSING:
	case SAMPAN_TCP_LAST_ACK:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
}

void
sp_tcp_fail(struct sampan *s, struct tcp_tcb *t, int error)
{
	sp_endpoint_fail(s, &t->ep, error);
	sp_tcp_enter(s, t, SAMPAN_TCP_CLOSED);
}
