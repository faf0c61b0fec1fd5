/*
 * parse_icmp.c - icmp TYPE [CODE] [mtu N] [FIRST:LAST(LENGTH)], or [udp (LENGTH)].
 *
 * Names mean different numbers in the two versions of ICMP, and the version is
 * known only when the script runs: they stay names (icmp.h).
 */
#include <string.h>

#include "pkt/parse_int.h"

static const char *
parse_name(struct pkt_parser *p, bool compared, int *number)
{
	const struct pkt_token t = p->lex.tok;
	uint64_t n = 0;

	*number = -1;
	if (t.kind == PKT_TOK_INT) {
		(void)sp_pkt_parse_int(p, 255, compared, &n);
		*number = (int)n;
		return NULL;
	}
	sp_pkt_lex_next(&p->lex);
	return sp_pkt_copy(&p->script->pool, t.text, t.len);
}

static void
skip_quote(struct pkt_parser *p, const char *why)
{
	sp_pkt_parse_lacks(p, "icmp:%s", why);
	while (!pkt_tok_is(&p->lex, ']') && p->lex.tok.kind != PKT_TOK_END &&
	    p->lex.tok.kind != PKT_TOK_BAD)
		sp_pkt_lex_next(&p->lex);
}

/* [1:1001(1000)]: the range that the quoted segment has; [udp (1000)] of a datagram. */
static void
parse_quote(struct pkt_parser *p, struct pkt_icmp_spec *icmp)
{
	struct pkt_num last;

	if (sp_pkt_parse_take_word(p, "udp")) {
		icmp->quotes_udp = sp_pkt_parse_expect(p, '(') &&
		    sp_pkt_parse_u32(p, false, &icmp->quote_len) && sp_pkt_parse_expect(p, ')');
	} else if (p->lex.tok.kind != PKT_TOK_INT) {
		skip_quote(p, "quote of another protocol");
	} else if (sp_pkt_parse_num(p, false, &icmp->quote_seq) && sp_pkt_parse_expect(p, ':') &&
	    sp_pkt_parse_num(p, false, &last) && sp_pkt_parse_expect(p, '(') &&
	    sp_pkt_parse_u32(p, false, &icmp->quote_len) && sp_pkt_parse_expect(p, ')')) {
		icmp->has_quote = true;
		if (last.n - icmp->quote_seq.n != icmp->quote_len)
			sp_pkt_parse_fail(p, "%u:%u is not %u bytes", icmp->quote_seq.n, last.n,
			    icmp->quote_len);
	}
	if (!p->failed && !pkt_tok_is(&p->lex, ']'))
		skip_quote(p, "quote with more than a range");
	(void)sp_pkt_parse_expect(p, ']');
}

void
sp_pkt_parse_icmp(struct pkt_parser *p, struct pkt_packet *k)
{
	struct pkt_icmp_spec *icmp = &k->icmp;

	k->proto = PKT_ICMP;
	icmp->code = -1;
	if (p->lex.tok.kind != PKT_TOK_WORD && p->lex.tok.kind != PKT_TOK_INT) {
		sp_pkt_parse_fail(p, "expected an ICMP type");
		return;
	}
	icmp->type_name = parse_name(p, k->out, &icmp->type);
	if (p->lex.tok.kind == PKT_TOK_INT ? icmp->type_name == NULL :
	    p->lex.tok.kind == PKT_TOK_WORD && !sp_pkt_tok_is_word(&p->lex, "mtu"))
		icmp->code_name = parse_name(p, k->out, &icmp->code);
	if (sp_pkt_parse_take_word(p, "mtu"))
		icmp->has_mtu = sp_pkt_parse_u32(p, k->out, &icmp->mtu);
	if (sp_pkt_parse_take(p, '['))
		parse_quote(p, icmp);
}
