/*
 * dns_message.c - any answers of a name server: what is found lies within limits, names
 * can be written again, and reading ends.  The question is set right, so that what is
 * behind it is reached; the first octet says which question.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "wire/bytes.h"
#include "wire/dns.h"

#define ANSWER_MAX 2000u

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
check_names(const uint8_t *p, size_t len)
{
	for (size_t start = 0; start < len; start++) {
		char text[DNS_NAME_TEXT];
		uint8_t query[DNS_QUERY_MAX];
		size_t at = start;

		if (!dns_read_name(text, p, len, &at))
			continue;
		check(at > start && at <= len && strlen(text) <= DNS_NAME_MAX);
		check(text[0] == '\0' || dns_emit_query(query, 1, text, DNS_TYPE_A) > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct dns_question q = { .id = 7, .type = DNS_TYPE_A, .name = "a.example" };
	uint8_t p[DNS_QUERY_MAX + ANSWER_MAX];
	struct dns_answer a;
	size_t len;

	if (bytes < 4)
		return 0;
	(void)dns_parse(&a, data + 1, bytes - 1, &q);	/* as it is */
	check_names(data + 1, bytes - 1 < 400 ? bytes - 1 : 400);
	if ((data[0] & 1) != 0)
		q.type = DNS_TYPE_AAAA;
	len = dns_emit_query(p, q.id, q.name, q.type);
	p[2] = 0x80;
	p[3] = data[1] & 0x0f;
	be16_put(p + 6, (uint16_t)(data[2] % 64));
	bytes = bytes - 3 < ANSWER_MAX ? bytes - 3 : ANSWER_MAX;
	memcpy(p + len, data + 3, bytes);
	if (dns_parse(&a, p, len + bytes, &q) == DNS_FOUND)
		check(a.addrs <= DNS_ADDRS);
	return 0;
}
