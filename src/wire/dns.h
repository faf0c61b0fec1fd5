/*
 * dns.h - DNS messages as a stub resolver needs them, RFC 1035: one question out; of an
 * answer the addresses at the end of a chain of aliases.
 *
 * Names are text with dots, without one at the end.  A pointer in a name must go
 * backwards, a name has 255 octets at most, and its labels no dot, blank or zero: what
 * comes out can be printed and compared (R-V-15).
 *
 * Does not: cache, EDNS, DNSSEC, names that are not host names.
 */
#ifndef SAMPAN_WIRE_DNS_H
#define SAMPAN_WIRE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_PORT 53
#define DNS_NAME_MAX 254		/* characters, and room for a zero */
#define DNS_NAME_TEXT (DNS_NAME_MAX + 1)
#define DNS_QUERY_MAX (12 + 256 + 4)
#define DNS_UDP_MAX 512			/* an answer without EDNS: RFC 1035 §4.2.1 */
#define DNS_ADDRS 16			/* of one answer that are kept */

#define DNS_TYPE_A 1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_AAAA 28

/* Writes a question for addresses and returns its length, 0: that is no name. */
size_t dns_emit_query(uint8_t p[DNS_QUERY_MAX], uint16_t id, const char *name, uint16_t type);

enum dns_verdict {
	DNS_FOUND,		/* addresses, perhaps none: the name exists */
	DNS_NO_NAME,		/* nobody has that name */
	DNS_TRUNCATED,		/* to be asked for by TCP */
	DNS_SERVER_FAILED,	/* another server may know */
	DNS_NOT_OURS,		/* answers something else: goes on waiting */
	DNS_MALFORMED,
};

struct dns_answer {
	unsigned addrs;
	uint8_t addr[DNS_ADDRS][16];	/* of AAAA; of A the first four octets */
};

/* What is being asked. */
struct dns_question {
	uint16_t id;
	uint16_t type;
	const char *name;
};

/* Reads the answer to a question, len contiguous octets.  Aliases are followed up to 16
 * times, within this answer, whatever their order; a circle is malformed. */
enum dns_verdict dns_parse(struct dns_answer *a, const uint8_t *p, size_t len,
    const struct dns_question *q);

/* The name at *at of a message, which moves on; false: malformed. */
bool dns_read_name(char text[DNS_NAME_TEXT], const uint8_t *p, size_t len, size_t *at);

/* Without regard to case; either may end in a dot. */
bool dns_name_equal(const char *a, const char *b);

#endif
