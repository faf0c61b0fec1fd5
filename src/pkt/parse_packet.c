/*
 * parse_packet.c - packets:
 *
 *	< [ect0] (ttl 5) 8080 > 5555 P. 1:1001(1000) ack 1 win 257 urg 3 <OPTIONS>
 *	> udp 8080 > 5555 (1000)
 *	< icmp unreachable frag_needed mtu 1300 [1:1001(1000)]
 */
#include <string.h>

#include "pkt/parse_int.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define FLAG_SET "FSRPEWAU.01234567-"
/* What fits into one IP packet behind the headers. */
#define LEN_MAX 65535u

/* ---- IP fields in brackets ---- */

struct ecn_name {
	const char *name;
	uint8_t mask;
};

static const struct ecn_name ecn_names[] = {
	{ "noecn", 1 << 0 }, { "nonect", 1 << 0 }, { "ect1", 1 << 1 }, { "ect0", 1 << 2 },
	{ "ect01", 1 << 1 | 1 << 2 }, { "ce", 1 << 3 }, { "NOECN", 1 << 0 }, { "NONECT", 1 << 0 },
	{ "ECT1", 1 << 1 }, { "ECT0", 1 << 2 }, { "ECT01", 1 << 1 | 1 << 2 }, { "CE", 1 << 3 },
};

static bool
parse_ecn(struct pkt_parser *p, struct pkt_packet *k)
{
	for (size_t i = 0; i < sizeof(ecn_names) / sizeof(ecn_names[0]); i++) {
		if (sp_pkt_parse_take_word(p, ecn_names[i].name)) {
			k->ecn_mask = ecn_names[i].mask;
			return true;
		}
	}
	return false;
}

static void
parse_ip_item(struct pkt_parser *p, struct pkt_packet *k)
{
	uint64_t n = 0;

	if (parse_ecn(p, k))
		return;
	if (sp_pkt_parse_take_word(p, "tos") || sp_pkt_parse_take_word(p, "tclass")) {
		k->has_tos = sp_pkt_parse_int(p, 255, k->out, &n);
		k->tos = (uint8_t)n;
	} else if (sp_pkt_parse_take_word(p, "ttl") || sp_pkt_parse_take_word(p, "hlim")) {
		k->has_ttl = sp_pkt_parse_int(p, 255, k->out, &n);
		k->ttl = (uint8_t)n;
	} else if (p->lex.tok.kind == PKT_TOK_WORD) {
		sp_pkt_parse_lacks(p, "ip:%.*s", (int)p->lex.tok.len, p->lex.tok.text);
		sp_pkt_lex_next(&p->lex);
		if (p->lex.tok.kind == PKT_TOK_INT)
			sp_pkt_lex_next(&p->lex);
	} else {
		sp_pkt_parse_fail(p, "expected ECN, tos or ttl");
	}
}

static void
parse_ip(struct pkt_parser *p, struct pkt_packet *k)
{
	while (!p->failed && (pkt_tok_is(&p->lex, '[') || pkt_tok_is(&p->lex, '('))) {
		const char close = pkt_tok_is(&p->lex, '[') ? ']' : ')';

		sp_pkt_lex_next(&p->lex);
		while (!p->failed && !pkt_tok_is(&p->lex, close)) {
			parse_ip_item(p, k);
			(void)sp_pkt_parse_take(p, ',');
		}
		(void)sp_pkt_parse_expect(p, close);
	}
}

/* ---- TCP ---- */

static uint8_t
flag_of(char c)
{
	switch (c) {
	case 'F': return TCP_FIN;
	case 'S': return TCP_SYN;
	case 'R': return TCP_RST;
	case 'P': return TCP_PSH;
	case '.': return TCP_ACK;
	case 'U': return TCP_URG;
	case 'E': return TCP_ECE;
	case 'W': return TCP_CWR;
	default: return 0;
	}
}

/* Letters; or a digit for the three bits of accurate ECN. */
static void
parse_flags(struct pkt_parser *p, struct pkt_tcp_spec *tcp)
{
	const struct pkt_token t = sp_pkt_lex_raw(&p->lex, FLAG_SET);

	if (t.len == 0)
		sp_pkt_parse_fail(p, "expected the flags of a segment");
	for (size_t i = 0; i < t.len; i++) {
		const char c = t.text[i];

		if (c >= '0' && c <= '7') {
			const unsigned ace = (unsigned)(c - '0');

			if ((ace & 1) != 0)
				tcp->flags |= TCP_ECE;
			if ((ace & 2) != 0)
				tcp->flags |= TCP_CWR;
			tcp->ae = (ace & 4) != 0;
		} else if (c == 'A') {
			tcp->ae = true;
		} else {
			tcp->flags |= flag_of(c);
		}
	}
}

/* FIRST:LAST(LENGTH) */
static void
parse_seq(struct pkt_parser *p, struct pkt_num *seq, uint32_t *len, bool compared)
{
	struct pkt_num last;

	if (!sp_pkt_parse_num(p, compared, seq) || !sp_pkt_parse_expect(p, ':') ||
	    !sp_pkt_parse_num(p, compared, &last) || !sp_pkt_parse_expect(p, '(') ||
	    !sp_pkt_parse_u32(p, compared, len) || !sp_pkt_parse_expect(p, ')'))
		return;
	if (last.n - seq->n != *len)
		sp_pkt_parse_fail(p, "%u:%u is not %u bytes", seq->n, last.n, *len);
	else if (*len > LEN_MAX)
		sp_pkt_parse_lacks(p, "packet:%u bytes", *len);
}

static void
parse_tcp_field(struct pkt_parser *p, struct pkt_tcp_spec *tcp, bool out)
{
	if (sp_pkt_parse_take_word(p, "ack")) {
		(void)sp_pkt_parse_num(p, out, &tcp->ack);
	} else if (sp_pkt_parse_take_word(p, "win")) {
		if (sp_pkt_parse_take(p, '*'))
			return;
		tcp->has_wnd = sp_pkt_parse_u32(p, out, &tcp->wnd);
		(void)sp_pkt_parse_take(p, '!');
		if (tcp->wnd > 65535)
			sp_pkt_parse_fail(p, "a window field of more than 65535");
	} else if (sp_pkt_parse_take_word(p, "urg")) {
		tcp->has_urg = sp_pkt_parse_u32(p, out, &tcp->urg);
		if (tcp->urg > 65535)
			sp_pkt_parse_fail(p, "an urgent pointer of more than 65535");
	} else {
		sp_pkt_parse_lacks(p, "packet:%.*s", (int)(p->lex.tok.len % 40), p->lex.tok.text);
		sp_pkt_parse_skip_event(p);
	}
}

/* What the stack neither sends nor, beyond passing over it, understands. */
static void
look_for_foreign_opts(struct pkt_parser *p, const struct pkt_packet *k)
{
	const bool early_data = (k->tcp.flags & TCP_SYN) != 0 && k->tcp.len > 0;

	for (const struct pkt_opt *o = k->tcp.opts; o != NULL; o = o->next) {
		if (o->kind == PKT_OPT_MD5)
			sp_pkt_parse_lacks(p, "option:md5");
		else if ((o->kind == PKT_OPT_FO || o->kind == PKT_OPT_FOEXP) &&
		    (k->out || early_data))
			sp_pkt_parse_lacks(p, "option:FO");
	}
}

static void
parse_tcp(struct pkt_parser *p, struct pkt_packet *k)
{
	struct pkt_tcp_spec *tcp = &k->tcp;

	k->proto = PKT_TCP;
	parse_flags(p, tcp);
	parse_seq(p, &tcp->seq, &tcp->len, k->out);
	(void)sp_pkt_parse_take(p, ',');
	while (!p->failed && p->lex.tok.kind == PKT_TOK_WORD) {
		parse_tcp_field(p, tcp, k->out);
		(void)sp_pkt_parse_take(p, ',');
	}
	if (sp_pkt_parse_take(p, '<'))
		sp_pkt_parse_opts(p, tcp, k->out);
	look_for_foreign_opts(p, k);
}

/* ---- The whole ---- */

static void
parse_ports(struct pkt_parser *p, struct pkt_packet *k)
{
	uint64_t src = 0, dst = 0;

	struct pkt_lex ahead = p->lex;

	sp_pkt_lex_next(&ahead);
	if (p->lex.tok.kind != PKT_TOK_INT || !pkt_tok_is(&ahead, '>'))
		return;		/* no ports: a digit may be the flags */
	k->has_ports = sp_pkt_parse_int(p, 65535, false, &src) && sp_pkt_parse_expect(p, '>') &&
	    sp_pkt_parse_int(p, 65535, false, &dst);
	k->src_port = (uint16_t)src;
	k->dst_port = (uint16_t)dst;
}

/* udp (1000), udp 5555 > 8080 (1000); udp(9899 > 9899) would be what something else is
 * carried in. */
static void
parse_udp(struct pkt_parser *p, struct pkt_packet *k)
{
	struct pkt_lex ahead = p->lex;

	k->proto = PKT_UDP;
	parse_ports(p, k);
	sp_pkt_lex_next(&ahead);
	sp_pkt_lex_next(&ahead);
	if (!k->has_ports && pkt_tok_is(&ahead, '>')) {
		sp_pkt_parse_lacks(p, "packet:encapsulation in udp");
		sp_pkt_parse_skip_event(p);
	} else if (sp_pkt_parse_expect(p, '(') && sp_pkt_parse_u32(p, k->out, &k->udp_len) &&
	    sp_pkt_parse_expect(p, ')') && k->udp_len > UDP4_DATA_MAX) {
		sp_pkt_parse_lacks(p, "packet:%u bytes", k->udp_len);
	}
}

/* Protocols that are not ours to test. */
static bool
parse_foreign(struct pkt_parser *p)
{
	static const char *const names[] = {
		"sctp", "ipv4", "ipv6", "gre", "mpls", "udplite", "ipip", "vxlan", "geneve", "esp",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!sp_pkt_tok_is_word(&p->lex, names[i]))
			continue;
		sp_pkt_parse_lacks(p, "packet:%s", names[i]);
		sp_pkt_parse_skip_event(p);
		return true;
	}
	return false;
}

struct pkt_packet *
sp_pkt_parse_packet(struct pkt_parser *p)
{
	struct pkt_packet *k = sp_pkt_alloc(&p->script->pool, sizeof(*k));

	k->out = pkt_tok_is(&p->lex, '>');
	k->ecn_mask = PKT_ECN_ANY;
	sp_pkt_lex_next(&p->lex);
	parse_ip(p, k);
	if (parse_foreign(p))
		return k;
	if (sp_pkt_parse_take_word(p, "udp")) {
		parse_udp(p, k);
		return k;
	}
	if (sp_pkt_parse_take_word(p, "icmp") || sp_pkt_parse_take_word(p, "icmpv4") ||
	    sp_pkt_parse_take_word(p, "icmpv6")) {
		sp_pkt_parse_icmp(p, k);
		return k;
	}
	(void)sp_pkt_parse_take_word(p, "tcp");
	parse_ports(p, k);
	parse_tcp(p, k);
	return k;
}
