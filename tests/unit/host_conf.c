/*
 * host_conf.c - settings as people write them: what acts, what is answered with
 * a reason, what is refused, and in which words.
 */
#include "lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sampan/config.h>
#include <sampan/host.h>

static _Alignas(64) uint8_t block[SAMPAN_MIN_BYTES];

static struct sampan *
stack(void)
{
	const struct sampan_config config = { .size = sizeof(config) };

	EXPECT_EQ(sampan_init(block, sizeof(block), &config, 0), 0);
	return (struct sampan *)(void *)block;
}

/* What sampan_conf_apply() told. */
struct told {
	unsigned lines, wrong, last;
	char why[SAMPAN_WHY_BYTES];
};

static void
tell(void *ctx, unsigned line, bool wrong, const char *why)
{
	struct told *told = ctx;

	told->lines++;
	told->wrong += wrong;
	told->last = line;
	(void)snprintf(told->why, sizeof(told->why), "%s", why);
}

static struct told
apply(struct sampan *s, const char *text)
{
	struct told told = { 0, 0, 0, "" };

	const int errors = sampan_conf_apply(s, text, strlen(text), tell, &told);

	EXPECT_EQ(told.wrong, errors);
	EXPECT_EQ(sampan_conf_apply(s, text, strlen(text), NULL, NULL), told.wrong);
	return told;
}

static int64_t
number(struct sampan *s, const char *name)
{
	int64_t value = 0;

	EXPECT_EQ(sampan_get(s, name, &value), 0);
	return value;
}

TEST(lines_take_every_form_that_sysctl_takes)
{
	struct sampan *s = stack();
	const struct told told = apply(s,
	    "# a comment\n"
	    "   ; another\n"
	    "\n"
	    "net.ipv4.tcp_sack=0\n"
	    "  net.core.somaxconn\t=  100  \r\n"
	    "net/ipv4/tcp_fin_timeout = 10\n"
	    "net.ipv4.tcp_rmem = 8192\t87380 16777216\n"
	    "-net.ipv4.tcp_synack_retries = 2\n"
	    "net.ipv4.tcp_syn_retries = 3");

	EXPECT_EQ(told.lines, 0);
	EXPECT_EQ(number(s, "net.ipv4.tcp_sack"), 0);
	EXPECT_EQ(number(s, "net.core.somaxconn"), 100);
	EXPECT_EQ(number(s, "net.ipv4.tcp_fin_timeout"), 10);
	EXPECT_EQ(number(s, "net.ipv4.tcp_rmem_default"), 87380);
	EXPECT_EQ(number(s, "net.ipv4.tcp_synack_retries"), 2);
	EXPECT_EQ(number(s, "net.ipv4.tcp_syn_retries"), 3);
}

TEST(the_last_line_for_a_name_counts)
{
	struct sampan *s = stack();

	EXPECT_EQ(apply(s, "net.ipv4.tcp_sack=0\nnet.ipv4.tcp_sack=1\n").lines, 0);
	EXPECT_EQ(number(s, "net.ipv4.tcp_sack"), 1);
}

TEST(a_wrong_line_is_named_and_the_others_act)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "net.ipv4.tcp_sack", "not NAME = VALUE" },
		{ "net.ipv4.tcp_sack =", "not NAME = VALUE" },
		{ "= 1", "not NAME = VALUE" },
		{ "-", "not NAME = VALUE" },
		{ "net.ipv4.tcp_sack = 2", "net.ipv4.tcp_sack: not 2, but 0 to 1 (switch)" },
		{ "net.ipv4.tcp_sack = on", "net.ipv4.tcp_sack: not on, but 0 to 1 (switch)" },
		{ "net.ipv4.tcp_sak = 1",
		    "net.ipv4.tcp_sak: no such setting; is it net.ipv4.tcp_sack?" },
		{ "tcp_sack = 1", "tcp_sack: no such setting; is it net.ipv4.tcp_sack?" },
		{ "net.ipv4.ip_local_port_range = 9 8",
		    "net.ipv4.ip_local_port_range: not 9 8, but 2 numbers, each 1 to 65535 (port) "
		    "and none less than the one before" },
	};
	struct sampan *s = stack();
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct told told;

		(void)snprintf(text, sizeof(text), "net.core.somaxconn=%zu\n%s\n"
		    "net.ipv4.tcp_fin_timeout=%zu\n", i + 1, wrong[i].text, i + 1);
		told = apply(s, text);
		EXPECT_EQ(told.wrong, 1);
		EXPECT_EQ(told.last, 2);
		EXPECT_STR(told.why, wrong[i].why);
		EXPECT_EQ(number(s, "net.core.somaxconn"), i + 1);
		EXPECT_EQ(number(s, "net.ipv4.tcp_fin_timeout"), i + 1);
	}
}

TEST(a_name_of_a_control_that_is_not_there_is_answered_with_those_that_are)
{
	char why[SAMPAN_WHY_BYTES];

	EXPECT_EQ(sampan_conf_set(stack(), "net.ipv4.tcp_congestion_control", "turbo", why,
	    sizeof(why)), -1);
	EXPECT(strstr(why, "not turbo, but one of:") != NULL);
	EXPECT(strstr(why, "reno") != NULL);
}

TEST(a_minus_forgives)
{
	const struct told told = apply(stack(), "-net.ipv4.no_such = 1\n");

	EXPECT_EQ(told.lines, 1);
	EXPECT_EQ(told.wrong, 0);
}

TEST(keys_of_the_machine_are_answered_with_the_reason)
{
	char why[SAMPAN_WHY_BYTES];
	struct sampan *s = stack();

	EXPECT_EQ(sampan_conf_set(s, "kernel.sem", "250 65536 100 2048", why, sizeof(why)), 1);
	EXPECT_STR(why, "kernel.sem: does not apply: belongs to the machine, not to a network "
	    "stack: set it there");
	EXPECT_EQ(sampan_conf_set(s, "net/ipv4/conf/eth0.1/send_redirects", "0", why, sizeof(why)),
	    1);
	EXPECT(strstr(why, "is so already") != NULL);
	EXPECT_EQ(sampan_conf_set(s, "net.ipv4.ip_forward", "1", why, sizeof(why)), 1);
	EXPECT(strstr(why, "does not apply") != NULL);
	EXPECT(sampan_setting_foreign("vm.swappiness") != NULL);
	EXPECT(sampan_setting_foreign("net.ipv4.tcp_sack") == NULL);
	EXPECT(sampan_setting_foreign("net.ipv4.no_such") == NULL);
	EXPECT(sampan_setting_foreign("vmx") == NULL);
}

TEST(odd_bytes_and_endless_lines_are_refused)
{
	static char text[70000];
	struct sampan *s = stack();
	struct told told = { 0, 0, 0, "" };
	char why[8];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(sampan_conf_apply(s, text, sizeof(text), tell, &told), 1);
	memcpy(text, "net.ipv4.tcp_sack=1\0junk", 24);
	text[24] = '\n';
	EXPECT_EQ(sampan_conf_apply(s, text, 25, tell, &told), 1);
	EXPECT_EQ(sampan_conf_apply(s, "", 0, tell, &told), 0);
	memset(text, 'y', 400);
	text[400] = '\0';
	EXPECT_EQ(sampan_conf_set(s, text, "1", why, sizeof(why)), -1);
	EXPECT_EQ(strlen(why), sizeof(why) - 1);
	EXPECT_EQ(sampan_conf_set(s, "net.ipv4.tcp_sack", text, NULL, 0), -1);
}

/* SCOPE of the loader: each key of a real profile acts or says why not. */
TEST(the_profile_of_a_ten_thousand_connection_server_loads)
{
	static char text[8192];
	struct sampan *s = stack();
	FILE *f = fopen("tests/conf/server-10k.conf", "r");
	struct told told;

	EXPECT(f != NULL);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	told = apply(s, text);
	EXPECT_EQ(told.wrong, 0);
	EXPECT(told.lines > 0);
	EXPECT_EQ(number(s, "net.ipv4.tcp_rmem_default"), 873800);
	EXPECT_EQ(number(s, "net.ipv4.tcp_wmem_default"), 163840);
	EXPECT_EQ(number(s, "net.ipv4.tcp_max_syn_backlog"), 81920);
	EXPECT_EQ(number(s, "net.ipv4.tcp_timestamps"), 0);
	EXPECT_EQ(number(s, "net.ipv4.ip_local_port_first"), 20000);
	EXPECT_EQ(number(s, "net.ipv4.tcp_max_tw_buckets"), 6000);
	EXPECT_EQ(number(s, "net.core.somaxconn"), 65535);
}
