/*
 * opts.c - a script's TCP options as bytes.
 */
#include <string.h>

#include "pkt/conn.h"
#include "wire/bytes.h"
#include "wire/tcp_opt.h"

#define OPT_MD5 19
#define OPT_FO 34
#define OPT_EXP 254
#define OPT_ACCECN0 172
#define OPT_ACCECN1 174
#define EXP_FO_MAGIC 0xf989
/* The largest single option: four SACK blocks. */
#define ONE_MAX 48

static uint32_t
emit_sack(uint8_t *p, const struct pkt_opt *o, const struct pkt_opts_ctx *ctx)
{
	p[0] = TCP_OPT_SACK;
	p[1] = (uint8_t)(2 + 8 * o->count);
	for (unsigned i = 0; i < o->count; i++) {
		/* Blocks are about the other side's numbers. */
		const uint32_t left = ctx->out ? sp_pkt_remote(ctx->conn, o->left[i]) :
		    sp_pkt_local(ctx->conn, o->left[i]);
		const uint32_t right = ctx->out ? sp_pkt_remote(ctx->conn, o->right[i]) :
		    sp_pkt_local(ctx->conn, o->right[i]);

		be32_put(p + 2 + (size_t)i * 8, left);
		be32_put(p + 6 + (size_t)i * 8, right);
	}
	return p[1];
}

static uint32_t
emit_ts(uint8_t *p, const struct pkt_opt *o, const struct pkt_opts_ctx *ctx)
{
	p[0] = TCP_OPT_TS;
	p[1] = 10;
	be32_put(p + 2, ctx->out ? ctx->live_tsval : o->a.n);
	be32_put(p + 6, ctx->out ? o->b.n : sp_pkt_ts_live(ctx->conn, o->b));
	return 10;
}

static uint32_t
emit_bytes(uint8_t *p, const struct pkt_opt *o)
{
	uint32_t at = 2;

	p[0] = o->kind == PKT_OPT_MD5 ? OPT_MD5 : OPT_FO;
	if (o->kind == PKT_OPT_FOEXP) {
		p[0] = OPT_EXP;
		be16_put(p + 2, EXP_FO_MAGIC);
		at = 4;
	}
	memcpy(p + at, o->bytes, o->count);
	p[1] = (uint8_t)(at + o->count);
	return p[1];
}

/* Three counters of 24 bits; which of the two kinds it is, the order says. */
static uint32_t
emit_accecn(uint8_t *p, const struct pkt_opt *o)
{
	uint8_t *at = p + 2;

	p[0] = o->count > 0 && o->ecn_name[0] == '1' ? OPT_ACCECN1 : OPT_ACCECN0;
	for (unsigned i = 0; i < o->count; i++, at += 3) {
		at[0] = (uint8_t)(o->ecn[i] >> 16);
		be16_put(at + 1, (uint16_t)o->ecn[i]);
	}
	p[1] = (uint8_t)(at - p);
	return p[1];
}

static uint32_t
emit_one(uint8_t *p, const struct pkt_opt *o, const struct pkt_opts_ctx *ctx)
{
	switch (o->kind) {
	case PKT_OPT_EOL:
		p[0] = TCP_OPT_EOL;
		return 1;
	case PKT_OPT_NOP:
		p[0] = TCP_OPT_NOP;
		return 1;
	case PKT_OPT_MSS:
		p[0] = TCP_OPT_MSS;
		p[1] = 4;
		be16_put(p + 2, (uint16_t)o->a.n);
		return 4;
	case PKT_OPT_WSCALE:
		p[0] = TCP_OPT_WSCALE;
		p[1] = 3;
		p[2] = (uint8_t)o->a.n;
		return 3;
	case PKT_OPT_SACK_OK:
		p[0] = TCP_OPT_SACK_PERMITTED;
		p[1] = 2;
		return 2;
	case PKT_OPT_SACK:
		return emit_sack(p, o, ctx);
	case PKT_OPT_TS:
		return emit_ts(p, o, ctx);
	case PKT_OPT_FO:
	case PKT_OPT_FOEXP:
	case PKT_OPT_MD5:
		return emit_bytes(p, o);
	case PKT_OPT_ACCECN:
		return emit_accecn(p, o);
	}
	return 0;
}

uint32_t
sp_pkt_opts_emit(uint8_t bytes[TCP_OPTS_MAX], const struct pkt_opt *opts, struct pkt_opts_ctx *ctx)
{
	uint8_t one[ONE_MAX];
	uint32_t len = 0;

	ctx->why = NULL;
	memset(bytes, TCP_OPT_EOL, TCP_OPTS_MAX);
	for (const struct pkt_opt *o = opts; o != NULL; o = o->next) {
		const uint32_t n = emit_one(one, o, ctx);

		if (len + n > TCP_OPTS_MAX) {
			ctx->why = "options of more than 40 bytes";
			return 0;
		}
		memcpy(bytes + len, one, n);
		len += n;
	}
	return (len + 3) & ~3u;
}
