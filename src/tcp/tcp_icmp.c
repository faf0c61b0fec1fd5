/*
 * tcp_icmp.c - ICMP errors about our segments.  RFC 9293 §3.9.2.2 (MUST-54 to
 * MUST-56), RFC 5927, RFC 5461.
 *
 * Believed only if the quoted sequence number is outstanding (RFC 5927 §4.1
 * (R-5927-1); R-V-32), and nothing but that connection changes (R-5927-8,
 * R-V-28).  Once
 * synchronized every error is soft (R-5927-2): noted for the application, and
 * the connection lives, as an opening does (R-5927-7).  An opening is given up by
 * a hard one that quotes its ISN (R-5927-3).
 *
 * DEVIATES: SHLD-26: a hard error ends only an opening, since anybody can forge
 * one (5-D5).
 */
#include "tcp/tcp_int.h"
#include "tcp/tcp_pmtu.h"

static bool
is_outstanding(const struct tcp_tcb *t, tcp_seq seq)
{
	return seq_le(t->snd.una, seq) && seq_lt(seq, t->snd.nxt);
}

void
sp_tcp_icmp(struct sampan *s, const struct sp_icmp_error *error)
{
	const struct sp_entry e = sp_tcp_find(s, &error->flow,
	    sp_flow_hash(&s->flow_key, &error->flow));
	struct tcp_tcb *t;

	if (e.ref == 0 || sp_entry_tag(&e) != TCP_TAG_TCB) {
		sp_drop(s, SAMPAN_DROP_ICMP_NO_FLOW, 0);
		return;
	}
	t = tcp_tcb_at(s, e.ref);
	if (!is_outstanding(t, seq_of(error->seq))) {
		sp_drop(s, SAMPAN_DROP_ICMP_SEQ, t->link);
		return;
	}
	if (error->too_big) {
		if (t->state != SAMPAN_TCP_SYN_SENT && t->state != SAMPAN_TCP_SYN_RECEIVED)
			sp_tcp_pmtu_report(s, t, seq_of(error->seq), error->mtu_bytes);
	} else if (error->hard && t->state == SAMPAN_TCP_SYN_SENT) {
		sp_count(s, SAMPAN_COUNT_TCP_ATTEMPT_FAILS);
		sp_tcp_fail(s, t, error->error);
	} else {
		t->ep.soft_error = (uint8_t)-error->error;	/* SHLD-25 */
	}
	sp_tcp_settle(s, t);
}
