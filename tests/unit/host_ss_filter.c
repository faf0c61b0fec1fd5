/*
 * host_ss_filter.c - the language of `sampan ss`.
 */
#include "lib/test.h"

#include <stdio.h>

#include "host/ss_filter.h"

/* 10.77.0.2:80, established, to 10.1.2.3:40000. */
static struct sampan_status
status(void)
{
	return (struct sampan_status){
		.state = SAMPAN_TCP_ESTABLISHED,
		.local = { sampan_addr_v4(10, 77, 0, 2), 80, 1 },
		.peer = { sampan_addr_v4(10, 1, 2, 3), 40000, 1 },
	};
}

static bool
holds(const char *text)
{
	const struct sampan_status st = status();
	struct sp_ss_filter f;
	char why_text[256] = "";
	const struct sp_why why = { why_text, sizeof(why_text) };

	if (sp_ss_filter_read(&f, text, &why) != 0)
		test_fail(__FILE__, __LINE__, text);
	return sp_ss_filter_holds(&f, &st);
}

static void
expect_refused(const char *text)
{
	struct sp_ss_filter f;
	char why_text[256] = "";
	const struct sp_why why = { why_text, sizeof(why_text) };

	if (sp_ss_filter_read(&f, text, &why) == 0)
		test_fail(__FILE__, __LINE__, text);
	EXPECT(why_text[0] != '\0');
}

TEST(ss_filter_that_holds)
{
	static const char *const good[] = { "", "sport = :80", "sport=:80", "sport 80",
	    "sport eq 80", "sport == *:80", "SPORT = 80", "dport > :39999", "dport >= 40000",
	    "dport <= 40000", "dport < 40001", "dport != 1", "src 10.77.0.2", "src 10.77.0.2:80",
	    "dst 10.0.0.0/8", "dst 10.0.0.0/8:40000", "dst = 10.1.2.3", "dst != 10.1.2.4",
	    "src :80", "dst *", "dst *:40000", "dst 0.0.0.0/0", "not dst 11.0.0.0/8",
	    "! dst 11.0.0.0/8", "sport = 80 dport = 40000", "sport = 80 and dport = 40000",
	    "sport = 80 && dport = 40000", "sport = 1 or dport = 40000",
	    "sport = 1 || dport = 40000", "(sport = 1 or sport = 80) and dport = 40000",
	    "sport = 80 or sport = 1 and sport = 2", "not (sport = 1 or dport = 1)",
	    "not not sport = 80", "state established", "state time-wait sport = 80" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!holds(good[i]))
			test_fail(__FILE__, __LINE__, good[i]);
	}
}

TEST(ss_filter_that_does_not_hold)
{
	static const char *const bad[] = { "sport = 81", "dport < 40000", "dport > 40000",
	    "sport != 80", "src 10.77.0.3", "src 10.77.0.2:81", "dst 10.0.0.0/16",
	    "dst 10.1.2.3/32:1", "dst ::1", "dst 11.0.0.0/8", "not src 10.77.0.2",
	    "src != 10.77.0.2:80", "sport = 80 and dport = 1", "sport = 80 dport = 1",
	    "(sport = 80 or sport = 1) dport = 1", "not (sport = 80)", "dst [::1]:40000" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (holds(bad[i]))
			test_fail(__FILE__, __LINE__, bad[i]);
	}
}

TEST(ss_filter_that_is_refused)
{
	static const char *const bad[] = { "state", "state open", "sport", "sport =", "sport = x",
	    "sport = 65536", "sport = :-1", "dst", "dst 10.0.0.0/33", "dst 10.0.0.0/8x",
	    "dst 10.0.0", "dst [::1", "(", ")", "()", "(sport = 1", "sport = 1)", "and",
	    "sport = 1 and", "sport = 1 or", "not", "sport = 1 blah", "exclude", "foo",
	    "sport =! 1", "dst ::1/129" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(bad[i]);
}

TEST(ss_filter_states)
{
	static const struct {
		const char *text;
		uint32_t states;
	} cases[] = {
		{ "", 0 },
		{ "state established", 1u << SAMPAN_TCP_ESTABLISHED },
		{ "state established state time-wait",
		    1u << SAMPAN_TCP_ESTABLISHED | 1u << SAMPAN_TCP_TIME_WAIT },
		{ "state all exclude listening", (1u << SAMPAN_TCP_STATE_COUNT) - 1 -
		    (1u << SAMPAN_TCP_LISTEN) },
		{ "exclude time-wait", (1u << SAMPAN_TCP_STATE_COUNT) - 1 -
		    (1u << SAMPAN_TCP_TIME_WAIT) },
	};
	const struct sp_why nobody = { NULL, 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_ss_filter f;

		EXPECT_EQ(sp_ss_filter_read(&f, cases[i].text, &nobody), 0);
		EXPECT_EQ(f.states, cases[i].states);
	}
}

/* 32 tests and 31 operators are the most; parentheses go 16 deep. */
TEST(ss_filter_is_bounded)
{
	char text[4096] = "sport = 80";

	for (int i = 1; i < 32; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " sport = 80");
	EXPECT(holds(text));
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " sport = 80");
	expect_refused(text);

	memset(text, '(', 16);
	(void)snprintf(text + 16, sizeof(text) - 16, "sport = 80))))))))))))))))");
	EXPECT(holds(text));
	memset(text, '(', 17);
	(void)snprintf(text + 17, sizeof(text) - 17, "sport = 80)))))))))))))))))");
	expect_refused(text);
}

/* Operands before operators, as deep as 64 terms allow. */
TEST(ss_filter_holds_many_operands_at_once)
{
	char text[4096] = "";

	for (int i = 0; i < 15; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "sport = 80 and (");
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "dport = 1");
	memset(text + strlen(text) + 1, 0, 20);
	for (int i = 0; i < 15; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ")");
	EXPECT(!holds(text));
}
