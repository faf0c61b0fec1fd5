/*
 * icmp_error.c - see icmp_error.h.
 */
#include "net/icmp_error.h"

#include "net/limit.h"
#include "net/reply.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

/* RFC 1812 §4.3.2.5 (R-ICMP-17): internetwork control. */
#define ERROR_TOS 0xc0
/* RFC 1812 §4.3.2.3 (R-ICMP-2), RFC 4443 §2.4 (R-4443-5). */
#define ERROR4_MAX 576
#define ERROR6_MAX IP6_MTU_MIN

struct report {
	uint8_t type, code;
	uint32_t rest;
	bool even_group;	/* also about a packet to a group */
};

/* RFC 1122 §3.2.2 (R-ICMP-3), RFC 4443 §2.4 (R-4443-7): never about what more than
 * one host got, or what nobody could get an answer to.  Packets with a source or a
 * header that cannot be do not come here, nor do errors of ICMP. */
static bool
may_report(struct sampan *s, const struct sp_pkt *pkt, const struct report *report)
{
	if (sp_addr_is_any(&pkt->flow.remote))
		return false;
	if ((pkt->ip_group || pkt->l2_group) && !report->even_group)
		return false;
	if (sp_limit_take(s, &pkt->flow.remote))	/* R-ICMP-4, R-4443-8 */
		return true;
	sp_count(s, SAMPAN_COUNT_ICMP_LIMITED);
	return false;
}

/* R-ICMP-16, R-4443-2: from the address that was meant, if it is ours. */
static const struct sampan_addr *
source_of(const struct sampan *s, const struct sp_pkt *pkt)
{
	const struct sp_path path = { pkt->link, pkt->flow.remote, NULL };
	const struct sp_local_addr *l = sp_local_find(s, pkt->link, &pkt->flow.local);

	if (l == NULL)
		l = sp_source_on(s, &pkt->flow.remote, &path);
	return l != NULL ? &l->addr : NULL;
}

/* Only octets of the packet itself are quoted (R-V-46). */
static void
fill(struct sampan *s, struct sp_reply *r, const struct sp_ip_out *out,
    const struct report *report, struct sp_span quote)
{
	uint8_t *p = sp_ip_l4(r);

	if (out->proto == IP_PROTO_ICMP)
		icmp4_emit(p, &(struct icmp4_hdr){ report->type, report->code, report->rest });
	else
		icmp6_emit(p, &(struct icmp6_hdr){ report->type, report->code, report->rest });
	sp_span_copy(p + ICMP6_HDR_LEN, quote);
	if (out->proto == IP_PROTO_ICMP)
		icmp4_csum_put(p, sp_csum_add(p, out->payload_len, 0, s->csum_variant));
	else
		sp_ip_csum_icmp6(s, r, out);
}

static void
send_report(struct sampan *s, const struct sp_pkt *pkt, const struct report *report)
{
	const bool v4 = sp_pkt_is_v4(pkt);
	const uint32_t most = (v4 ? ERROR4_MAX - IP4_HDR_LEN : ERROR6_MAX - IP6_HDR_LEN) -
	    ICMP6_HDR_LEN;
	const struct sp_span quote = { pkt->frame, pkt->ip_at,
		pkt->ip_len < most ? pkt->ip_len : most };
	const struct sp_ip_out out = {
		.src = source_of(s, pkt),
		.dst = &pkt->flow.remote,
		.payload_len = ICMP6_HDR_LEN + quote.len,
		.proto = v4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6,
		.tos = v4 ? ERROR_TOS : 0,
	};
	struct sp_reply *r;

	if (!may_report(s, pkt, report) || out.src == NULL)
		return;
	r = sp_ip_take(s, &out);
	if (r == NULL)
		return;
	fill(s, r, &out, report, quote);
	sp_ip_send(s, r);
	sp_count(s, SAMPAN_COUNT_ICMP_ERRORS_OUT);
}

/* R-ICMP-5; RFC 8200 §4 (R-8200-3), R-4443-12. */
void
sp_icmp_no_protocol(struct sampan *s, const struct sp_pkt *pkt)
{
	sp_drop(s, SAMPAN_DROP_IP_PROTOCOL, pkt->link);
	if (sp_pkt_is_v4(pkt))
		send_report(s, pkt, &(struct report){ ICMP4_DEST_UNREACHABLE, ICMP4_UNREACH_PROTO,
			0, false });
	else
		send_report(s, pkt, &(struct report){ ICMP6_PARAM_PROBLEM, IP6_PROBLEM_NEXT,
			pkt->problem_at, false });
}

/* R-ICMP-5, R-4443-9. */
void
sp_icmp_no_port(struct sampan *s, const struct sp_pkt *pkt)
{
	if (sp_pkt_is_v4(pkt))
		send_report(s, pkt, &(struct report){ ICMP4_DEST_UNREACHABLE, ICMP4_UNREACH_PORT,
			0, false });
	else
		send_report(s, pkt, &(struct report){ ICMP6_DEST_UNREACHABLE, ICMP6_UNREACH_PORT,
			0, false });
}

/* RFC 8200 §4.2, §4.4 (R-8200-4, R-8200-6), R-4443-12. */
void
sp_icmp_problem(struct sampan *s, const struct sp_pkt *pkt)
{
	sp_drop(s, SAMPAN_DROP_IP6_PROBLEM, pkt->link);
	send_report(s, pkt, &(struct report){ ICMP6_PARAM_PROBLEM, pkt->problem_code,
		pkt->problem_at, pkt->problem_even_group });
}

/* R-4443-11. */
void
sp_icmp_reassembly_timeout(struct sampan *s, const struct sp_pkt *pkt)
{
	if (sp_pkt_is_v4(pkt))
		send_report(s, pkt, &(struct report){ ICMP4_TIME_EXCEEDED,
			ICMP4_EXCEEDED_REASSEMBLY, 0, false });
	else
		send_report(s, pkt, &(struct report){ ICMP6_TIME_EXCEEDED,
			ICMP6_EXCEEDED_REASSEMBLY, 0, false });
}
