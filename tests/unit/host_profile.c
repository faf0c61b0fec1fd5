/*
 * host_profile.c - every key of the profile of a ten-thousand-connection server: it acts, and
 * a test shows the effect, or it is answered with the reason why it does not.
 */
#include <stdio.h>
#include <string.h>

#include <sampan/host.h>

#include "lib/test.h"

/* What acts, and the test in which that is seen. */
static struct {
	const char *key, *file, *test;
	unsigned seen;
} acts[] = {
	{ "net.ipv4.tcp_mem", "tcp/memory", "mem_full_text_behind_a_gap_is_let_go", 0 },
	{ "net.ipv4.tcp_wmem", "tcp/server_10k", "profile_buffers_and_backlog", 0 },
	{ "net.ipv4.tcp_rmem", "tcp/server_10k", "profile_buffers_and_backlog", 0 },
	{ "net.core.wmem_default", "tcp/server_10k", "profile_datagram_buffers", 0 },
	{ "net.core.rmem_default", "tcp/server_10k", "profile_datagram_buffers", 0 },
	{ "net.core.rmem_max", "tcp/server_10k", "profile_buffers_and_backlog", 0 },
	{ "net.core.wmem_max", "tcp/server_10k", "profile_buffers_and_backlog", 0 },
	{ "net.core.somaxconn", "tcp/server_10k", "profile_buffers_and_backlog", 0 },
	{ "net.ipv4.tcp_syncookies", "tcp/syncookie", "listen_with_cookies_off_drops", 0 },
	{ "net.ipv4.tcp_max_syn_backlog", "tcp/syncookie",
	  "listen_without_room_sends_a_cookie_and_keeps_nothing", 0 },
	{ "net.ipv4.tcp_timestamps", "tcp/server_10k", "profile_options_on_the_wire", 0 },
	{ "net.ipv4.tcp_window_scaling", "tcp/server_10k", "profile_options_on_the_wire", 0 },
	{ "net.ipv4.tcp_sack", "tcp/server_10k", "profile_options_on_the_wire", 0 },
	{ "net.ipv4.tcp_synack_retries", "tcp/server_10k", "profile_synack_retries", 0 },
	{ "net.ipv4.tcp_syn_retries", "tcp/server_10k", "profile_syn_retries_and_ports", 0 },
	{ "net.ipv4.ip_local_port_range", "tcp/server_10k", "profile_syn_retries_and_ports", 0 },
	{ "net.ipv4.tcp_fin_timeout", "tcp/server_10k", "profile_times", 0 },
	{ "net.ipv4.tcp_keepalive_time", "tcp/server_10k", "profile_times", 0 },
	{ "net.ipv4.tcp_max_tw_buckets", "sim/limits", "time_wait_buckets_at_their_limit", 0 },
	{ "net.ipv4.tcp_tw_reuse", "tcp/time_wait", "time_wait_reuse_by_connect_after_a_second",
	  0 },
	{ "net.ipv4.tcp_max_orphans", "sim/limits", "orphans_at_their_limit", 0 },
	{ "net.ipv4.conf.all.rp_filter", "tcp/server_10k", "profile_way_back", 0 },
	{ "net.ipv4.conf.all.accept_redirects", "unit/net_path4",
	  "redirect_is_not_obeyed_unless_allowed", 0 },
	{ "net.ipv4.conf.all.secure_redirects", "unit/net_path4",
	  "redirect_that_cannot_be_is_dropped", 0 },
};

static struct sampan *
stack(void)
{
	static _Alignas(64) uint8_t block[1 << 20];
	const struct sampan_config config = { .size = sizeof(config) };

	EXPECT_EQ(sampan_init(block, sizeof(block), &config, 0), 0);
	return (struct sampan *)(void *)block;
}

static void
check_act(const char *key)
{
	size_t i = 0;

	while (i < sizeof(acts) / sizeof(acts[0]) && strcmp(acts[i].key, key) != 0)
		i++;
	if (i == sizeof(acts) / sizeof(acts[0]))
		print_message("# %s acts: name the test that shows it\n", key);
	EXPECT(i < sizeof(acts) / sizeof(acts[0]));
	acts[i].seen++;
}

/* The reason says more than the key. */
static void
check_answer(const char *key, const char *why)
{
	EXPECT(strncmp(why, key, strlen(key)) == 0);
	EXPECT(strstr(why, "does not apply: ") != NULL || strstr(why, "is so already: ") != NULL);
	EXPECT(strlen(why) > strlen(key) + 30);
}

TEST(every_key_of_the_profile_acts_or_is_answered)
{
	struct sampan *s = stack();
	FILE *f = fopen("tests/conf/server-10k.conf", "r");
	char line[300], why[SAMPAN_WHY_BYTES];
	unsigned acting = 0, answered = 0;

	EXPECT(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *value = strchr(line, '='), *key = strtok(line, " \t=\n");
		int result;

		if (key == NULL || key[0] == '#' || value == NULL)
			continue;
		value = value + 1 + strspn(value + 1, " \t");
		value[strcspn(value, "\n")] = '\0';
		result = sampan_conf_set(s, key, value, why, sizeof(why));
		EXPECT(result == 0 || result == 1);
		if (result == 0)
			check_act(key);
		else
			check_answer(key, why);
		acting += result == 0;
		answered += result == 1;
	}
	(void)fclose(f);
	printf("# %u keys act, %u are answered\n", acting, answered);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		EXPECT(acts[i].seen > 0);
}

/* The tests that are named are there. */
TEST(effects_of_the_profile_have_tests)
{
	static char text[200000];

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		char want[120];
		FILE *f;

		(void)snprintf(want, sizeof(want), "tests/%s.c", acts[i].file);
		f = fopen(want, "r");
		EXPECT(f != NULL);
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		(void)fclose(f);
		(void)snprintf(want, sizeof(want), "(%s)", acts[i].test);
		if (strstr(text, want) == NULL)
			print_message("# %s: no test %s\n", acts[i].key, want);
		EXPECT(strstr(text, want) != NULL);
	}
}
