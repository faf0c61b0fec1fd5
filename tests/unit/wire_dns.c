/*
 * wire_dns.c - names and answers of DNS, well made and otherwise.
 */
#include "lib/test.h"
#include "wire/bytes.h"
#include "wire/dns.h"

static uint8_t msg[2000];
static size_t len;
static const struct dns_question question = { 0x1234, DNS_TYPE_A, "www.example" };

/* The answer's header and question. */
static void
begin(uint16_t flags)
{
	len = dns_emit_query(msg, question.id, question.name, question.type);
	be16_put(msg + 2, (uint16_t)(0x8000 | flags));
	be16_put(msg + 6, 0);
}

/* One more record; its name a pointer to `at`, or as it is. */
static void
record(uint16_t name_at, uint16_t type, const void *data, uint16_t data_len)
{
	be16_put(msg + len, (uint16_t)(0xc000 | name_at));
	be16_put(msg + len + 2, type);
	be16_put(msg + len + 4, 1);
	be32_put(msg + len + 6, 60);
	be16_put(msg + len + 10, data_len);
	memcpy(msg + len + 12, data, data_len);
	len += 12u + data_len;
	be16_put(msg + 6, (uint16_t)(be16_get(msg + 6) + 1));
}

static enum dns_verdict
read_it(struct dns_answer *a)
{
	return dns_parse(a, msg, len, &question);
}

TEST(question_is_written)
{
	static const uint8_t want[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w',
		7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 28, 0, 1 };
	uint8_t p[DNS_QUERY_MAX];

	EXPECT_EQ(dns_emit_query(p, 0x1234, "www.example", DNS_TYPE_AAAA), sizeof(want));
	EXPECT_MEM(p, want, sizeof(want));
	EXPECT_EQ(dns_emit_query(p, 0x1234, "www.example.", DNS_TYPE_AAAA), sizeof(want));
}

TEST(what_is_no_name_is_not_asked_for)
{
	static const char *const wrong[] = { "", ".", "a..b", ".a", "a b", "a\tb", "\x80" };
	uint8_t p[DNS_QUERY_MAX];
	char name[300];

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		EXPECT_EQ(dns_emit_query(p, 1, wrong[i], 1), 0);
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	EXPECT(dns_emit_query(p, 1, name, 1) > 0);
	name[63] = 'a';
	name[64] = '\0';
	EXPECT_EQ(dns_emit_query(p, 1, name, 1), 0);
	name[64] = 'a';
	for (unsigned i = 49; i < 300; i += 50)
		name[i] = '.';
	name[253] = '\0';
	EXPECT(dns_emit_query(p, 1, name, 1) > 0);
	name[253] = 'a';
	name[254] = '\0';
	EXPECT_EQ(dns_emit_query(p, 1, name, 1), 0);
}

TEST(addresses_are_found)
{
	struct dns_answer a;

	begin(0);
	record(12, DNS_TYPE_A, "\x0a\0\0\x01", 4);
	record(12, DNS_TYPE_AAAA, "0123456789abcdef", 16);
	record(12, DNS_TYPE_A, "\x0a\0\0\x02", 4);
	EXPECT_EQ(read_it(&a), DNS_FOUND);
	EXPECT_EQ(a.addrs, 2);
	EXPECT_MEM(a.addr[1], "\x0a\0\0\x02", 4);
	for (unsigned i = 0; i < 40; i++)
		record(12, DNS_TYPE_A, "\x0a\0\0\x03", 4);
	EXPECT_EQ(read_it(&a), DNS_FOUND);
	EXPECT_EQ(a.addrs, DNS_ADDRS);
}

/* Aliases in any order; of others nothing is believed. */
TEST(aliases_are_followed)
{
	struct dns_answer a;
	uint16_t end_at, middle_at;

	begin(0);
	end_at = (uint16_t)(len + 12);		/* the name in the first record's data */
	record(12, 2, "\3end\0", 5);
	middle_at = (uint16_t)(len + 12);
	record(12, 2, "\6middle\0", 8);
	record(end_at, DNS_TYPE_A, "\x0a\0\0\x09", 4);
	record(middle_at, DNS_TYPE_CNAME, "\3END\0", 5);
	record(12, DNS_TYPE_CNAME, "\6middle\0", 8);
	record(middle_at, DNS_TYPE_A + 100, "\x0a\0\0\x08", 4);
	EXPECT_EQ(read_it(&a), DNS_FOUND);
	EXPECT_EQ(a.addrs, 1);
	EXPECT_MEM(a.addr[0], "\x0a\0\0\x09", 4);
	begin(0);
	record(12, 2, "\5other\0", 7);
	record((uint16_t)(len - 7), DNS_TYPE_A, "\x0a\0\0\x09", 4);
	EXPECT_EQ(read_it(&a), DNS_FOUND);
	EXPECT_EQ(a.addrs, 0);
}

TEST(circles_of_aliases_end)
{
	struct dns_answer a;

	begin(0);
	record(12, DNS_TYPE_CNAME, "\xc0\x0c", 2);	/* to itself */
	EXPECT_EQ(read_it(&a), DNS_MALFORMED);
	begin(0);
	record(12, DNS_TYPE_CNAME, "\1a\0", 3);
	record((uint16_t)(len - 3), DNS_TYPE_CNAME, "\xc0\x0c", 2);
	EXPECT_EQ(read_it(&a), DNS_MALFORMED);
}

/* R-V-15: pointers only go backwards. */
TEST(names_have_an_end)
{
	static const struct { const char *p; size_t len; } wrong[] = { { "\xc0\x00", 2 },
		{ "\xc0\x02", 2 }, { "\1a\xc0\x00", 4 }, { "\1a\xc0\x04", 4 }, { "\xc0", 1 },
		{ "\x40", 1 }, { "\x80", 1 }, { "\5abc", 4 }, { "\1a", 2 }, { "", 0 },
		{ "\1.\0", 3 }, { "\1 \0", 3 }, { "\2a\0\0", 4 }, { "\1\x7f\0", 3 } };
	char text[DNS_NAME_TEXT];
	size_t at;

	COVERS("R-V-15", "R-V-12");
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		at = 0;
		EXPECT(!dns_read_name(text, (const uint8_t *)wrong[i].p, wrong[i].len, &at));
	}
	at = 3;
	EXPECT(dns_read_name(text, (const uint8_t *)"\1b\0\1a\xc0\0x", 8, &at));
	EXPECT_STR(text, "a.b");
	EXPECT_EQ(at, 7);
	memset(msg, 0, sizeof(msg));
	for (unsigned i = 0; i < 127; i++)
		memcpy(msg + 2 * i, "\1a", 2);
	at = 0;
	EXPECT(dns_read_name(text, msg, sizeof(msg), &at));	/* 253 characters */
	EXPECT_EQ(strlen(text), 253);
	memcpy(msg + 252, "\2aa", 3);				/* 254 */
	at = 0;
	EXPECT(!dns_read_name(text, msg, sizeof(msg), &at));
	memcpy(msg + 252, "\1a\1a", 4);
	at = 0;
	EXPECT(!dns_read_name(text, msg, sizeof(msg), &at));
}

TEST(answers_to_other_questions_are_not_ours)
{
	static const size_t wrong[] = { 0, 1, 2, 5, 12, 13, 24, 26, 28 };
	struct dns_answer a;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(0);
		record(12, DNS_TYPE_A, "\x0a\0\0\x01", 4);
		EXPECT_EQ(read_it(&a), DNS_FOUND);
		msg[wrong[i]] ^= wrong[i] == 2 ? 0x80 : 1;
		EXPECT_EQ(read_it(&a), DNS_NOT_OURS);
	}
	begin(0);
	msg[14] ^= 0x20;		/* another case is the same name */
	EXPECT_EQ(read_it(&a), DNS_FOUND);
}

TEST(codes_say_what_to_do)
{
	struct dns_answer a;

	begin(3);
	EXPECT_EQ(read_it(&a), DNS_NO_NAME);
	begin(2);
	EXPECT_EQ(read_it(&a), DNS_SERVER_FAILED);
	begin(5);
	EXPECT_EQ(read_it(&a), DNS_SERVER_FAILED);
	begin(0x200);
	EXPECT_EQ(read_it(&a), DNS_TRUNCATED);
	begin(0x0800);
	EXPECT_EQ(read_it(&a), DNS_MALFORMED);
}

/* Cut anywhere it is malformed, or not ours; never more than is there. */
TEST(answers_that_are_cut_off)
{
	struct dns_answer a;
	size_t whole;

	begin(0);
	record(12, DNS_TYPE_CNAME, "\3end\0", 5);
	record((uint16_t)(len - 5), DNS_TYPE_A, "\x0a\0\0\x01", 4);
	whole = len;
	EXPECT_EQ(read_it(&a), DNS_FOUND);
	for (len = 0; len < whole; len++) {
		const enum dns_verdict v = read_it(&a);

		EXPECT(v == DNS_MALFORMED || v == DNS_NOT_OURS);
	}
	begin(0);
	record(12, DNS_TYPE_A, "\x0a\0\0", 3);
	EXPECT_EQ(read_it(&a), DNS_MALFORMED);
	begin(0);
	record(12, DNS_TYPE_CNAME, "\3end\0x", 6);	/* the name ends before its data */
	EXPECT_EQ(read_it(&a), DNS_MALFORMED);
}

TEST(names_are_compared_without_case)
{
	EXPECT(dns_name_equal("a.B", "A.b") && dns_name_equal("a.", "a") &&
	    dns_name_equal("a", "a."));
	EXPECT(!dns_name_equal("a", "ab") && !dns_name_equal("a.b", "a") &&
	    !dns_name_equal("a..", "a"));
}
