/* igmp.c - see igmp.h. */
#include "wire/igmp.h"

#include "wire/bytes.h"

#define IGMP3_QUERY_LEN 12
#define MLD2_QUERY_LEN 28
#define GROUP_AT 4		/* in IGMP */
#define MLD_GROUP_AT 8
/* RFC 2236 §4: version 1 says no time. */
#define IGMP1_RESP_MS 10000

/* RFC 3376 §4.1.1: beyond 127 it is a mantissa and an exponent. */
static uint32_t
code8(uint8_t code)
{
	return code < 128 ? code : (uint32_t)((code & 15u) | 16u) << ((code >> 4 & 7u) + 3);
}

/* RFC 3810 §5.1.3. */
static uint32_t
code16(uint16_t code)
{
	return code < 32768 ? code :
	    (uint32_t)((code & 0xfffu) | 0x1000u) << ((code >> 12 & 7u) + 3);
}

/* RFC 3376 §7.1 (R-MISC-15): the length says the version. */
bool
igmp_parse_query(struct group_query *q, const uint8_t *p, size_t len)
{
	if (len < IGMP_OLD_LEN || (len > IGMP_OLD_LEN && len < IGMP3_QUERY_LEN))
		return false;
	*q = (struct group_query){ .group4 = be32_get(p + GROUP_AT) };
	q->general = q->group4 == 0;
	if (len >= IGMP3_QUERY_LEN) {
		q->version = 3;
		q->max_resp_ms = code8(p[1]) * 100;
		q->robustness = p[8] & 7;
		return len >= IGMP3_QUERY_LEN + 4u * be16_get(p + 10);
	}
	q->version = p[1] == 0 ? 1 : 2;
	q->max_resp_ms = p[1] == 0 ? IGMP1_RESP_MS : p[1] * 100u;
	return true;
}

/* RFC 3810 §8.1 (R-8200-19). */
bool
mld_parse_query(struct group_query *q, const uint8_t *p, size_t len)
{
	static const uint8_t zero[16];

	if (len < MLD_OLD_LEN || (len > MLD_OLD_LEN && len < MLD2_QUERY_LEN))
		return false;
	*q = (struct group_query){ .version = 1, .max_resp_ms = be16_get(p + 4) };
	__builtin_memcpy(q->group6, p + MLD_GROUP_AT, 16);
	q->general = __builtin_memcmp(q->group6, zero, 16) == 0;
	if (len < MLD2_QUERY_LEN)
		return true;
	q->version = 2;
	q->max_resp_ms = code16(be16_get(p + 4));
	q->robustness = p[24] & 7;
	return len >= MLD2_QUERY_LEN + 16u * be16_get(p + 26);
}

void
igmp_emit_old(uint8_t *p, uint8_t type, uint32_t group)
{
	__builtin_memset(p, 0, IGMP_OLD_LEN);
	p[0] = type;
	be32_put(p + GROUP_AT, group);
}

void
mld_emit_old(uint8_t *p, uint8_t type, const uint8_t group[16])
{
	__builtin_memset(p, 0, MLD_OLD_LEN);
	p[0] = type;
	__builtin_memcpy(p + MLD_GROUP_AT, group, 16);
}

void
igmp_emit_report(uint8_t *p, uint8_t type, uint16_t records)
{
	__builtin_memset(p, 0, GROUP_REPORT_HDR_LEN);
	p[0] = type;
	be16_put(p + 6, records);
}

static void
put_record(uint8_t *p, enum group_record kind)
{
	__builtin_memset(p, 0, 4);
	p[0] = (uint8_t)kind;
}

void
igmp_emit_record(uint8_t *p, enum group_record kind, uint32_t group)
{
	put_record(p, kind);
	be32_put(p + 4, group);
}

void
mld_emit_record(uint8_t *p, enum group_record kind, const uint8_t group[16])
{
	put_record(p, kind);
	__builtin_memcpy(p + 4, group, 16);
}
