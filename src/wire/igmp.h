/*
 * igmp.h - group membership messages: IGMP (RFC 3376, 2236, 1112) and MLD (RFC 3810,
 * 2710), which is the same with longer addresses.
 *
 * Queries are read, of all versions; reports are written, of all versions; of other
 * hosts' reports only the old ones are read, for whoever still waits with his own.
 *
 * Does not: source filters, beyond reading over them in a query.
 */
#ifndef SAMPAN_WIRE_IGMP_H
#define SAMPAN_WIRE_IGMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_PROTO_IGMP 2

#define IGMP_QUERY 0x11
#define IGMP1_REPORT 0x12
#define IGMP2_REPORT 0x16
#define IGMP2_LEAVE 0x17
#define IGMP3_REPORT 0x22

#define IGMP_OLD_LEN 8		/* every message of versions 1 and 2 */
#define MLD_OLD_LEN 24		/* every message of version 1 */
#define GROUP_REPORT_HDR_LEN 8	/* in front of the records, both families */
#define IGMP_RECORD_LEN 8
#define MLD_RECORD_LEN 20

/* RFC 3376 §4.2.12, RFC 3810 §5.2.12 */
enum group_record {
	GROUP_IS_EXCLUDE = 2,	/* member, of any source: an answer to a query */
	GROUP_TO_INCLUDE = 3,	/* member no longer */
	GROUP_TO_EXCLUDE = 4,	/* member from now on */
};

struct group_query {
	uint8_t version;	/* of IGMP 1 to 3, of MLD 1 to 2 */
	uint8_t robustness;	/* 0: not said */
	uint32_t max_resp_ms;	/* answer within this time */
	bool general;		/* about all groups */
	uint32_t group4;	/* IGMP: which one, in the machine's order */
	uint8_t group6[16];	/* MLD */
};

/* A message of type IGMP_QUERY, or ICMPv6's of MLD; len contiguous octets, the checksum is
 * good.  False: no length that a query has. */
bool igmp_parse_query(struct group_query *q, const uint8_t *p, size_t len);
bool mld_parse_query(struct group_query *q, const uint8_t *p, size_t len);

/* A message of an old version about one group, the checksum as 0: IGMP_OLD_LEN octets;
 * MLD_OLD_LEN octets. */
void igmp_emit_old(uint8_t *p, uint8_t type, uint32_t group);
void mld_emit_old(uint8_t *p, uint8_t type, const uint8_t group[16]);

/* The header of a report with so many records, the checksum as 0; and a record. */
void igmp_emit_report(uint8_t *p, uint8_t type, uint16_t records);
void igmp_emit_record(uint8_t *p, enum group_record kind, uint32_t group);
void mld_emit_record(uint8_t *p, enum group_record kind, const uint8_t group[16]);

#endif
