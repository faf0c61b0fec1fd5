/*
 * icmp.c - the echo server.  RFC 792, RFC 1122 §3.2.2.6.
 *
 * Does not: report errors (there is nothing yet to report them about), or act
 * on those of others.
 */
#include <string.h>

#include "net/ip.h"
#include "net/reply.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

/* RFC 1122 §3.2.2.6; R-ICMP-11: the same data, identifier and sequence number,
 * from the address that was asked. */
static void
answer_echo(struct sampan *s, const struct sp_pkt *pkt)
{
	const struct sp_ip_out out = {
		.src = &pkt->flow.local,
		.dst = &pkt->flow.remote,
		.payload_len = pkt->span.len,
		.proto = IP_PROTO_ICMP,
		.tos = pkt->tos,	/* R-ICMP-17 */
	};
	struct sp_reply *r;
	unsigned link;
	uint8_t *l4;

	r = sp_ip_reply_take(s, &out, &link);
	if (r == NULL)
		return;
	l4 = sp_ip_reply_l4(r, &out);
	sp_span_copy(l4, pkt->span);
	l4[0] = ICMP4_ECHO_REPLY;
	memset(l4 + 2, 0, 2);
	icmp4_csum_put(l4, sp_csum_add(l4, pkt->span.len, 0, s->csum_variant));
	sp_reply_send(s, link, r);
	sp_count(s, SAMPAN_COUNT_ICMP_ECHO_REPS_OUT);
}

void
sp_icmp4_in(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_csum sum = { 0, false };
	struct icmp4_hdr icmp;

	if (!icmp4_parse(&icmp, pkt->body, pkt->body_len)) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return;
	}
	sp_span_csum(&sum, pkt->span, s->csum_variant);
	if (!sp_csum_good(sum.sum)) {
		sp_drop(s, SAMPAN_DROP_ICMP_CSUM, pkt->link);
		return;
	}
	if (icmp.type != ICMP4_ECHO) {
		sp_drop(s, SAMPAN_DROP_ICMP_TYPE, pkt->link);
		return;
	}
	sp_count(s, SAMPAN_COUNT_ICMP_ECHOS_IN);
	if (pkt->ip_group || pkt->l2_group) {
		sp_drop(s, SAMPAN_DROP_ICMP_BROADCAST, pkt->link);	/* R-ICMP-12 */
		return;
	}
	answer_echo(s, pkt);
}
