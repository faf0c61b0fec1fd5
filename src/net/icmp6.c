/*
 * icmp6.c - ICMPv6: the echo server, errors that others report, and handing
 * neighbour discovery and MLD on.  RFC 4443.
 */
#include <string.h>

#include "net/echo.h"
#include "net/group.h"
#include "net/icmp.h"
#include "net/ndp.h"
#include "net/split.h"
#include "wire/icmp6.h"

/* The longest message that is looked at as a whole: neighbour discovery is never
 * fragmented (RFC 6980), and what is in use is far shorter. */
#define MESSAGE_MAX 1500

bool
sp_icmp_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error)
{
	if (!sp_pkt_is_v4(pkt))
		return sp_icmp6_in(s, pkt, error);
	if (pkt->proto != IP_PROTO_IGMP)
		return sp_icmp4_in(s, pkt, error);
	sp_igmp_in(s, pkt);
	return false;
}

/* §4.2 (R-4443-13): the same data, from the address that was asked or, where that
 * is a group, from one of that link (R-4443-2). */
static void
answer_echo(struct sampan *s, const struct sp_pkt *pkt)
{
	const struct sp_path path = { pkt->link, pkt->flow.remote, NULL };
	const struct sp_local_addr *src = pkt->ip_group ?
	    sp_source_on(s, &pkt->flow.remote, &path) : sp_local_find(s, 0, &pkt->flow.local);
	struct sp_flow flow = { .remote = pkt->flow.remote };
	struct sp_ip_out out = {
		.dst = &pkt->flow.remote,
		.flow = &flow,		/* so that errors about it can be known */
		.payload_len = pkt->span.len,
		.proto = IP_PROTO_ICMP6,
		.tos = pkt->tos,
	};
	struct sp_text text = { .hdr_len = ICMP6_HDR_LEN,
		.body = sp_span_part(pkt->span, ICMP6_HDR_LEN, pkt->span.len) };
	struct sp_csum sum = { 0, false };

	if (src == NULL)
		return;
	out.src = &src->addr;
	flow.local = src->addr;
	sp_span_copy(text.hdr, sp_span_part(pkt->span, 0, ICMP6_HDR_LEN));
	text.hdr[0] = ICMP6_ECHO_REPLY;
	be16_put(text.hdr + ICMP6_CSUM_OFF, 0);
	sum.sum = sp_csum_add(text.hdr, ICMP6_HDR_LEN, sp_ip_pseudo(&out), s->csum_variant);
	sp_span_csum(&sum, text.body, s->csum_variant);
	be16_put(text.hdr + ICMP6_CSUM_OFF, (uint16_t)~sp_csum_fold(sum.sum));
	if (sp_ip_send_text(s, &out, &text))
		sp_count(s, SAMPAN_COUNT_ICMP_ECHO_REPS_OUT);
}

/* RFC 1122 §4.2.3.9's words for RFC 4443: is it hard, and what does it say?
 * R-4443-9, R-4443-10, R-4443-11; a code or a type that nobody knows is soft (R-4443-3). */
static void
judge(const struct icmp6_hdr *icmp, struct sp_icmp_error *error)
{
	error->error = SAMPAN_EHOSTUNREACH;
	switch (icmp->type) {
	case ICMP6_DEST_UNREACHABLE:
		error->hard = icmp->code == ICMP6_UNREACH_PORT;
		if (icmp->code == ICMP6_UNREACH_NO_ROUTE)
			error->error = SAMPAN_ENETUNREACH;
		break;
	case ICMP6_PACKET_TOO_BIG:
		error->too_big = true;
		error->mtu_bytes = icmp->rest < UINT16_MAX ? (uint16_t)icmp->rest : UINT16_MAX;
		break;
	case ICMP6_PARAM_PROBLEM:
		error->hard = icmp->code == IP6_PROBLEM_NEXT;
		break;
	default:
		break;
	}
	if (error->hard)
		error->error = SAMPAN_ECONNREFUSED;
}

/* Where the transport's header is in what is quoted, and whose it is; false: not
 * there.  Of fragments only the first has it. */
static bool
follow_quote(struct ip6_chain *c, const uint8_t *quote, size_t len)
{
	const enum ip6_verdict verdict = ip6_walk(c, quote, len, len);

	if (verdict == IP6_CHAIN_FRAGMENT && len >= c->off + 8u &&
	    be16_get(quote + c->off + 2) >> 3 == 0) {
		c->proto = quote[c->off];
		c->off = (uint16_t)(c->off + 8);
	} else if (verdict != IP6_CHAIN_OK) {
		return false;
	}
	return len >= c->off + 8u;
}

/* Nobody outside can make up the flow label of a packet of ours (R-V-30, R-5927-8). */
static bool
label_good(const struct sampan *s, const struct ip6_hdr *ip, const struct sp_icmp_error *error)
{
	struct sp_flow flow = error->flow;

	if (error->proto == IP_PROTO_ICMP6)
		flow.local_port = flow.remote_port = 0;
	return ip->flow_label != 0 && ip->flow_label == sp_ip_flow_label(s, &flow);
}

/* The packet of ours that an error quotes, behind whatever headers it has there:
 * R-4443-6, R-4443-14, R-8201-2. */
bool
sp_icmp6_quoted(const struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error)
{
	uint8_t quote[IP6_HDR_LEN + IP6_CHAIN_MAX + 8];
	const struct sp_span span = sp_span_part(pkt->span, ICMP6_HDR_LEN, sizeof(quote));
	struct ip6_chain c;
	struct ip6_hdr ip;

	sp_span_copy(quote, span);
	if (!ip6_quoted(&ip, quote, span.len) || !follow_quote(&c, quote, span.len))
		return false;
	error->proto = c.proto;
	memcpy(error->flow.local.b, ip.src, 16);
	memcpy(error->flow.remote.b, ip.dst, 16);
	error->flow.local = sp_addr_scoped(error->flow.local, pkt->link);
	error->flow.remote = sp_addr_scoped(error->flow.remote, pkt->link);
	error->flow.local_port = be16_get(quote + c.off);
	error->flow.remote_port = be16_get(quote + c.off + 2);
	error->seq = be32_get(quote + c.off + 4);
	error->ours = label_good(s, &ip, error);
	return sp_local_find(s, pkt->link, &error->flow.local) != NULL;
}

/* True: it is a transport's to act on. */
static bool
take_error(struct sampan *s, const struct sp_pkt *pkt, const struct icmp6_hdr *icmp,
    struct sp_icmp_error *error)
{
	*error = (struct sp_icmp_error){ 0 };
	if (!sp_icmp6_quoted(s, pkt, error)) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return false;
	}
	judge(icmp, error);
	/* RFC 8201 §4 (R-8201-1, R-V-43). */
	if (error->too_big && error->mtu_bytes < IP6_MTU_MIN) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return false;
	}
	return true;
}

/* Neighbour discovery and MLD are never fragmented (RFC 6980 §5 (R-FRAG-24)). */
static void
take_link_message(struct sampan *s, const struct sp_pkt *pkt, uint8_t type)
{
	const bool mld = type == ICMP6_MLD_QUERY || type == ICMP6_MLD1_REPORT;
	uint8_t message[MESSAGE_MAX];

	if (pkt->fragmented || pkt->span.len > sizeof(message)) {
		sp_drop(s, mld ? SAMPAN_DROP_GROUP_MALFORMED : SAMPAN_DROP_ND_MALFORMED,
		    pkt->link);
		return;
	}
	sp_span_copy(message, pkt->span);
	if (mld)
		sp_mld_in(s, pkt, message, pkt->span.len);
	else
		sp_ndp_in(s, pkt, message, pkt->span.len);
}

/* Informational messages; the rest is discarded in silence (R-4443-4). */
static void
take_message(struct sampan *s, const struct sp_pkt *pkt, uint8_t type)
{
	switch (type) {
	case ICMP6_ECHO:
		sp_count(s, SAMPAN_COUNT_ICMP_ECHOS_IN);
		answer_echo(s, pkt);
		break;
	case ICMP6_ECHO_REPLY:
		if (!sp_echo_reply(s, pkt))
			sp_drop(s, SAMPAN_DROP_ICMP_ECHO_REPLY, pkt->link);
		break;
	case ICMP6_ROUTER_SOLICIT:
	case ICMP6_ROUTER_ADVERT:
	case ICMP6_NEIGH_SOLICIT:
	case ICMP6_NEIGH_ADVERT:
	case ICMP6_REDIRECT:
	case ICMP6_MLD_QUERY:
	case ICMP6_MLD1_REPORT:
		take_link_message(s, pkt, type);
		break;
	case ICMP6_MLD1_DONE:
	case ICMP6_MLD2_REPORT:
		sp_drop(s, SAMPAN_DROP_GROUP_NOT_OURS, pkt->link);
		break;
	default:
		sp_drop(s, SAMPAN_DROP_ICMP_TYPE, pkt->link);
		break;
	}
}

static bool
checksum_good(const struct sampan *s, const struct sp_pkt *pkt)
{
	const struct sp_ip_out pseudo = { .src = &pkt->flow.remote, .dst = &pkt->flow.local,
		.payload_len = pkt->span.len, .proto = IP_PROTO_ICMP6 };
	struct sp_csum sum = { sp_ip_pseudo(&pseudo), false };

	sp_span_csum(&sum, pkt->span, s->csum_variant);
	return sp_csum_good(sum.sum);
}

bool
sp_icmp_good(const struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_csum sum = { 0, false };

	if (pkt->body_len < ICMP6_HDR_LEN)
		return false;
	if (!sp_pkt_is_v4(pkt))
		return pkt->frame->csum == SAMPAN_CSUM_PARTIAL || checksum_good(s, pkt);
	sp_span_csum(&sum, pkt->span, s->csum_variant);
	return sp_csum_good(sum.sum);
}

/* R-4443-1. */
bool
sp_icmp6_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error)
{
	struct icmp6_hdr icmp;

	if (!icmp6_parse(&icmp, pkt->body, pkt->body_len)) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return false;
	}
	if (pkt->frame->csum != SAMPAN_CSUM_PARTIAL && !checksum_good(s, pkt)) {
		sp_drop(s, SAMPAN_DROP_ICMP_CSUM, pkt->link);
		return false;
	}
	/* Only neighbour discovery and MLD come from nowhere. */
	if (sp_addr_is_any(&pkt->flow.remote) && icmp.type != ICMP6_NEIGH_SOLICIT &&
	    icmp.type != ICMP6_MLD2_REPORT) {
		sp_drop(s, SAMPAN_DROP_IP_SOURCE, pkt->link);
		return false;
	}
	if (icmp6_is_error(icmp.type))
		return take_error(s, pkt, &icmp, error);
	take_message(s, pkt, icmp.type);
	return false;
}
