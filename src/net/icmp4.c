/*
 * icmp4.c - ICMP: the echo server, and errors that others report.  RFC 792,
 * RFC 1122 §3.2.2.
 *
 * Does not: report errors itself (icmp_error.c does); no redirect and no source
 * quench ever leaves (R-ICMP-7, R-ICMP-9).
 */
#include <string.h>

#include "net/echo.h"
#include "net/icmp.h"
#include "net/router.h"
#include "net/split.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"

/* RFC 1122 §3.2.2.6; R-ICMP-11: the same data, identifier and sequence number,
 * from the address that was asked (R-IP4-19), whatever its length (R-ICMP-20). */
static void
answer_echo(struct sampan *s, const struct sp_pkt *pkt)
{
	const struct sp_ip_out out = {
		.src = &pkt->flow.local,
		.dst = &pkt->flow.remote,
		.payload_len = pkt->span.len,
		.proto = IP_PROTO_ICMP,
		.tos = pkt->tos,	/* R-ICMP-17 */
		.no_df = true,		/* nobody could tell us that it is too big */
	};
	struct sp_text text = { .hdr_len = ICMP4_HDR_LEN,
		.body = sp_span_part(pkt->span, ICMP4_HDR_LEN, pkt->span.len) };
	struct sp_csum sum = { 0, false };

	sp_span_copy(text.hdr, sp_span_part(pkt->span, 0, ICMP4_HDR_LEN));
	text.hdr[0] = ICMP4_ECHO_REPLY;
	memset(text.hdr + 2, 0, 2);
	sum.sum = sp_csum_add(text.hdr, ICMP4_HDR_LEN, 0, s->csum_variant);
	sp_span_csum(&sum, text.body, s->csum_variant);
	icmp4_csum_put(text.hdr, sum.sum);
	if (sp_ip_send_text(s, &out, &text))
		sp_count(s, SAMPAN_COUNT_ICMP_ECHO_REPS_OUT);
}

/* What a router means that finds a packet of this length too big and does not
 * say how big it may be: RFC 1191 §5, §7.1 (R-1191-4). */
static uint16_t
plateau_below(uint16_t total_len)
{
	static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296 };

	for (unsigned i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++)
		if (plateaus[i] < total_len)
			return plateaus[i];
	return 68;
}

/* RFC 1122 §4.2.3.9, by type and code: is it hard, and what does it say?  RFC 9293
 * §3.9.2.2 (MUST-56); R-ICMP-6, R-ICMP-10. */
static void
judge(const struct icmp4_hdr *icmp, struct sp_icmp_error *error)
{
	const bool unreachable = icmp->type == ICMP4_DEST_UNREACHABLE;

	error->too_big = unreachable && icmp->code == 4;
	if (!error->too_big || icmp4_next_hop_mtu(icmp) != 0)
		error->mtu_bytes = error->too_big ? icmp4_next_hop_mtu(icmp) : 0;
	error->hard = unreachable && (icmp->code == 2 || icmp->code == 3);
	error->error = SAMPAN_EHOSTUNREACH;
	if (unreachable && (icmp->code == 0 || icmp->code == 6 || icmp->code == 9))
		error->error = SAMPAN_ENETUNREACH;
	if (error->hard)
		error->error = SAMPAN_ECONNREFUSED;
}

/* The packet of ours that an error quotes: its IP header with all options and
 * eight octets more.  R-ICMP-18, R-5927-6, R-V-8. */
bool
sp_icmp4_quoted(const struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error)
{
	uint8_t quote[IP4_HDR_MAX + 8];
	struct ip4_hdr ip;
	const struct sp_span span = sp_span_part(pkt->span, ICMP4_HDR_LEN, sizeof(quote));

	sp_span_copy(quote, span);
	if (!ip4_quoted(&ip, quote, span.len) || span.len < ip.hdr_len + 8u)
		return false;
	error->proto = ip.proto;
	error->flow.local = sp_addr_of_v4(ip.src);
	error->flow.remote = sp_addr_of_v4(ip.dst);
	error->flow.local_port = be16_get(quote + ip.hdr_len);
	error->flow.remote_port = be16_get(quote + ip.hdr_len + 2);
	error->seq = be32_get(quote + ip.hdr_len + 4);
	error->mtu_bytes = plateau_below(ip.total_len);
	error->ours = true;
	return sp_local_find(s, pkt->link, &error->flow.local) != NULL;
}

/* True: the error is a transport's to act on. */
static bool
take_error(struct sampan *s, const struct sp_pkt *pkt, const struct icmp4_hdr *icmp,
    struct sp_icmp_error *error)
{
	*error = (struct sp_icmp_error){ 0 };
	if (icmp->type == ICMP4_SOURCE_QUENCH) {
		/* RFC 6633 (MUST-55, R-5927-4, 5-D21) */
		sp_drop(s, SAMPAN_DROP_ICMP_TYPE, pkt->link);
		return false;
	}
	if (!sp_icmp4_quoted(s, pkt, error)) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return false;
	}
	if (icmp->type == ICMP4_REDIRECT) {
		const struct sampan_addr gateway = sp_addr_of_v4(icmp->rest);

		sp_router_redirect4(s, pkt, &error->flow.remote, &gateway);
		return false;
	}
	judge(icmp, error);
	return true;
}

/* R-ICMP-1; nothing but an echo is answered (R-ICMP-14, R-ICMP-15). */
bool
sp_icmp4_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_icmp_error *error)
{
	struct sp_csum sum = { 0, false };
	struct icmp4_hdr icmp;

	if (!icmp4_parse(&icmp, pkt->body, pkt->body_len)) {
		sp_drop(s, SAMPAN_DROP_ICMP_MALFORMED, pkt->link);
		return false;
	}
	sp_span_csum(&sum, pkt->span, s->csum_variant);
	if (!sp_csum_good(sum.sum)) {
		sp_drop(s, SAMPAN_DROP_ICMP_CSUM, pkt->link);
		return false;
	}
	if (icmp4_is_error(icmp.type))
		return take_error(s, pkt, &icmp, error);
	if (icmp.type == ICMP4_ECHO_REPLY) {
		if (!sp_echo_reply(s, pkt))
			sp_drop(s, SAMPAN_DROP_ICMP_ECHO_REPLY, pkt->link);
		return false;
	}
	if (icmp.type != ICMP4_ECHO) {
		sp_drop(s, SAMPAN_DROP_ICMP_TYPE, pkt->link);
		return false;
	}
	sp_count(s, SAMPAN_COUNT_ICMP_ECHOS_IN);
	if (pkt->ip_group || pkt->l2_group) {
		/* R-ICMP-12, R-V-36, 5-D22 */
		sp_drop(s, SAMPAN_DROP_ICMP_BROADCAST, pkt->link);
		return false;
	}
	answer_echo(s, pkt);
	return false;
}
