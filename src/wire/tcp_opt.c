/* tcp_opt.c - see tcp_opt.h. */
#include "wire/tcp_opt.h"

#include "wire/bytes.h"
#include "wire/tcp.h"

/* Lengths on the wire, with kind and length octet. */
#define MSS_LEN 4
#define WSCALE_LEN 3
#define SACK_PERMITTED_LEN 2
#define SACK_BASE_LEN 2
#define SACK_BLOCK_LEN 8
#define TS_LEN 10

/* The four octets that begin a group, padding included. */
#define NOP_NOP ((uint32_t)TCP_OPT_NOP << 24 | TCP_OPT_NOP << 16)
#define NOP_NOP_TS (NOP_NOP | TCP_OPT_TS << 8 | TS_LEN)
#define NOP_NOP_SACK_PERMITTED (NOP_NOP | TCP_OPT_SACK_PERMITTED << 8 | SACK_PERMITTED_LEN)
#define SACK_PERMITTED_TS \
	((uint32_t)TCP_OPT_SACK_PERMITTED << 24 | SACK_PERMITTED_LEN << 16 | \
	    TCP_OPT_TS << 8 | TS_LEN)
#define NOP_WSCALE ((uint32_t)TCP_OPT_NOP << 24 | TCP_OPT_WSCALE << 16 | WSCALE_LEN << 8)
#define MSS ((uint32_t)TCP_OPT_MSS << 24 | MSS_LEN << 16)
#define NOP_NOP_SACK(n) \
	(NOP_NOP | TCP_OPT_SACK << 8 | (uint32_t)(SACK_BASE_LEN + (n) * SACK_BLOCK_LEN))

#define ACCECN_FIELD_LEN 3

#define TS_GROUP_LEN 12
#define USUAL_SYN_LEN 20
_Static_assert(NOP_NOP_TS == TCP_PLAIN_OPTS, "the one layout of timestamps");
#define SACK_GROUP_LEN(n) (4 + (size_t)(n) * SACK_BLOCK_LEN)

static void
take_ts(struct tcp_opts *o, const uint8_t *data)
{
	o->has_ts = true;
	o->tsval = be32_get(data);
	o->tsecr = be32_get(data + 4);
}

/* RFC 2018 §3 (R-2018-2). */
static bool
take_sack(struct tcp_opts *o, const uint8_t *data, size_t len)
{
	if (len == 0 || len % SACK_BLOCK_LEN != 0 || len > TCP_SACK_MAX * SACK_BLOCK_LEN)
		return false;
	o->sack_count = (uint8_t)(len / SACK_BLOCK_LEN);
	for (size_t i = 0; i < o->sack_count; i++, data += SACK_BLOCK_LEN) {
		o->sack[i].left = be32_get(data);
		o->sack[i].right = be32_get(data + 4);
	}
	return true;
}

/* RFC 9768 §3.2.3 (R-9768-2): of another length, whole fields count and the rest is
 * padding. */
static void
take_accecn(struct tcp_opt_accecn *a, uint8_t kind, const uint8_t *data, size_t len)
{
	const size_t fields = len / ACCECN_FIELD_LEN;

	a->has = true;
	a->order1 = kind == TCP_OPT_ACCECN1;
	a->count = (uint8_t)(fields < TCP_ACCECN_FIELDS ? fields : TCP_ACCECN_FIELDS);
	for (size_t i = 0; i < a->count; i++, data += ACCECN_FIELD_LEN)
		a->field[i] = (uint32_t)data[0] << 16 | be16_get(data + 1);
}

/* One option whose len octets of data lie within the header.  False: its
 * length is illegal for its kind. */
static bool
take(struct tcp_opts *o, uint8_t kind, const uint8_t *data, size_t len)
{
	switch (kind) {
	case TCP_OPT_MSS:
		o->has_mss = len == MSS_LEN - 2;
		o->mss = o->has_mss ? be16_get(data) : 0;
		return o->has_mss;
	case TCP_OPT_WSCALE:
		o->has_wscale = len == WSCALE_LEN - 2;
		o->wscale = o->has_wscale ? data[0] : 0;
		return o->has_wscale;
	case TCP_OPT_SACK_PERMITTED:
		o->sack_permitted = len == SACK_PERMITTED_LEN - 2;
		return o->sack_permitted;
	case TCP_OPT_SACK:
		return take_sack(o, data, len);
	case TCP_OPT_TS:
		if (len != TS_LEN - 2)
			return false;
		take_ts(o, data);
		return true;
	case TCP_OPT_ACCECN0:
	case TCP_OPT_ACCECN1:
		take_accecn(&o->accecn, kind, data, len);
		return true;
	/* RFC 9293 §3.1 (MUST-6): what others have is no error (R-5482-6, R-MISC-2,
	 * R-MISC-5 to R-MISC-7). */
	default:
		return true;
	}
}

/* What nearly every SYN carries, in the order of nearly every sender; false: it does not. */
static inline bool
take_usual_syn(struct tcp_opts *o, const uint8_t *p, size_t len)
{
	if (len != USUAL_SYN_LEN || be16_get(p) != MSS >> 16 ||
	    be32_get(p + 4) != SACK_PERMITTED_TS || be32_get(p + 16) >> 8 != NOP_WSCALE >> 8)
		return false;
	o->has_mss = true;
	o->mss = be16_get(p + 2);
	o->sack_permitted = true;
	take_ts(o, p + 8);
	o->has_wscale = true;
	o->wscale = p[19];
	return true;
}

/* RFC 9293 §3.1: whatever the segment (MUST-5), at any alignment (MUST-64), and
 * however it is made (R-V-11, R-V-13, R-V-16). */
void
tcp_opts_parse(struct tcp_opts *o, const uint8_t *p, size_t len)
{
	struct rd r = rd_init(p, len);

	*o = (struct tcp_opts){ .malformed = false };
	/* What nearly every segment of nearly every connection carries. */
	if (len == TS_GROUP_LEN && be32_get(p) == NOP_NOP_TS) {
		take_ts(o, p + 4);
		return;
	}
	if (take_usual_syn(o, p, len))
		return;
	while (rd_left(&r) > 0 && !o->malformed) {
		const uint8_t kind = rd_u8(&r);
		const uint8_t *data;
		uint8_t opt_len;

		if (kind == TCP_OPT_EOL)	/* RFC 9293 §3.2 (MUST-4) */
			return;
		if (kind == TCP_OPT_NOP)
			continue;
		/* RFC 9293 §3.1 (MUST-68); 0 if it is missing. */
		opt_len = rd_u8(&r);
		data = opt_len < 2 ? NULL : rd_skip(&r, opt_len - 2u);
		/* RFC 9293 §3.1 (MUST-7) */
		o->malformed = data == NULL || !take(o, kind, data, opt_len - 2u);
	}
}

/* With kind, length and padding. */
static size_t
accecn_len(const struct tcp_opt_accecn *a)
{
	return a->has ? (2u + a->count * (size_t)ACCECN_FIELD_LEN + 3u) & ~(size_t)3 : 0;
}

/* Of everything but SACK blocks. */
static size_t
fixed_len(const struct tcp_opts *o)
{
	const size_t ts_len = o->has_ts ? TS_GROUP_LEN : o->sack_permitted ? 4 : 0;

	return (o->has_mss ? 4u : 0u) + ts_len + (o->has_wscale ? 4u : 0u) +
	    accecn_len(&o->accecn);
}

/* As many blocks as fit behind the rest. */
static size_t
sack_fit(const struct tcp_opts *o)
{
	const size_t fit = (TCP_OPTS_MAX - 4 - fixed_len(o)) / SACK_BLOCK_LEN;

	return o->sack_count < fit ? o->sack_count : fit;
}

size_t
tcp_opts_len(const struct tcp_opts *o)
{
	const size_t blocks = sack_fit(o);

	return fixed_len(o) + (blocks > 0 ? SACK_GROUP_LEN(blocks) : 0);
}

/* Writes a group's first four octets. */
static uint8_t *
put_head(uint8_t *p, uint32_t head)
{
	be32_put(p, head);
	return p + 4;
}

static uint8_t *
put_pair(uint8_t *p, uint32_t first, uint32_t second)
{
	be32_put(p, first);
	be32_put(p + 4, second);
	return p + 8;
}

static uint8_t *
put_accecn(uint8_t *p, const struct tcp_opt_accecn *a)
{
	const size_t len = 2u + a->count * (size_t)ACCECN_FIELD_LEN;

	for (size_t pad = accecn_len(a) - len; pad > 0; pad--)
		*p++ = TCP_OPT_NOP;
	*p++ = a->order1 ? TCP_OPT_ACCECN1 : TCP_OPT_ACCECN0;
	*p++ = (uint8_t)len;
	for (size_t i = 0; i < a->count; i++, p += ACCECN_FIELD_LEN) {
		p[0] = (uint8_t)(a->field[i] >> 16);
		be16_put(p + 1, (uint16_t)a->field[i]);
	}
	return p;
}

/* Padding is NOPs in front, so that no list ends before the header does and
 * nothing follows an EOL (RFC 9293 §3.1 (MUST-69)). */
size_t
tcp_opts_emit(uint8_t *p, const struct tcp_opts *o)
{
	const size_t blocks = sack_fit(o);
	uint8_t *w = p;

	if (o->has_mss)
		w = put_head(w, MSS | o->mss);
	if (o->has_ts) {
		w = put_head(w, o->sack_permitted ? SACK_PERMITTED_TS : NOP_NOP_TS);
		w = put_pair(w, o->tsval, o->tsecr);
	} else if (o->sack_permitted) {
		w = put_head(w, NOP_NOP_SACK_PERMITTED);
	}
	if (o->has_wscale)
		w = put_head(w, NOP_WSCALE | o->wscale);
	if (o->accecn.has)
		w = put_accecn(w, &o->accecn);
	if (blocks > 0)
		w = put_head(w, NOP_NOP_SACK(blocks));
	for (size_t i = 0; i < blocks; i++)
		w = put_pair(w, o->sack[i].left, o->sack[i].right);
	return (size_t)(w - p);
}
