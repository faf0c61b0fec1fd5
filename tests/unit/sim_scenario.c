/*
 * sim_scenario.c - networks as text: what is read, and how what is wrong is
 * answered.
 */
#include "lib/test.h"

#include <errno.h>
#include <stdio.h>

#include <sampan/host.h>

#include "sim/route.h"
#include "sim/scenario.h"

static char text[SAMPAN_WHY_BYTES];
static const struct sp_why why = { text, sizeof(text) };

static struct sp_sim_scenario *
scenario_of(const char *lines)
{
	const struct sp_sim_text t = { lines, strlen(lines), "t", NULL };
	struct sp_sim_scenario *s = NULL;

	if (sp_sim_scenario_read(&s, &t, &why) != 0)
		print_message("# %s\n", text);
	EXPECT(s != NULL);
	return s;
}

#define TWO "host a\nhost b\nlink a b rate=1mbit delay=5ms\n"

TEST(scenario_reads_all_its_statements)
{
	struct sp_sim_scenario *s = scenario_of("# a comment\n\ntime 90s\nseed 7\n"
	    "host a memory=2m tso=off net.ipv4.tcp_rmem=1,2,3 # and one here\n"
	    "host b\r\nrouter r\nset net.ipv4.tcp_sack=0\n"
	    "link a r rate=1mbit there.delay=5ms back.queue=9k mtu=1400\n\tlink r  b delay=1ms\n"
	    "flow a b start=1s stop=9s bytes=5k every=2s rate=64kbit pause=3s/1s cc=reno name=x\n"
	    "at 4s link a r rate=2mbit\nat 5s link a r back.loss=1%");

	EXPECT_EQ(s->length_dur, SAMPAN_SEC(90));
	EXPECT_EQ(s->seed, 7);
	EXPECT_EQ(s->nodes, 3);
	EXPECT_EQ(s->node[0].memory_bytes, 2 << 20);
	EXPECT(!s->node[0].cuts && s->node[1].cuts && s->node[2].is_router);
	EXPECT_EQ(s->settings, 3);
	EXPECT_STR(s->setting[0].value, "1 2 3");
	EXPECT_EQ(s->setting[2].node, 1);
	EXPECT_EQ(s->link[0].mtu_bytes, 1400);
	EXPECT_EQ(s->link[0].way[SP_SIM_THERE].delay_dur, SAMPAN_MS(5));
	EXPECT_EQ(s->link[0].way[SP_SIM_BACK].delay_dur, 0);
	EXPECT_EQ(s->link[0].way[SP_SIM_BACK].queue.limit_bytes, 9216);
	EXPECT_EQ(s->flow[0].start_dur, SAMPAN_SEC(1));
	EXPECT_EQ(s->flow[0].stop_dur, SAMPAN_SEC(9));
	EXPECT_EQ(s->flow[0].bytes, 5120);
	EXPECT_EQ(s->flow[0].every_dur, SAMPAN_SEC(2));
	EXPECT_EQ(s->flow[0].rate_bits, 64000);
	EXPECT_EQ(s->flow[0].pause_len_dur, SAMPAN_SEC(1));
	EXPECT_STR(s->flow[0].cc, "reno");
	EXPECT_STR(s->flow[0].name, "x");
	EXPECT_EQ(s->change[1].way[0].rate_bits, 2000000);
	EXPECT_EQ(s->change[1].way[1].loss_ppb, 10000000);
	sp_sim_scenario_close(s);
}

/* By the fewest links; a host passes nothing on. */
TEST(scenario_routes_by_routers)
{
	struct sp_sim_scenario *s = scenario_of("host a\nhost b\nrouter r\nrouter s\nrouter t\n"
	    "link a r delay=1ms\nlink r s delay=1ms\nlink s t delay=1ms\nlink r t delay=1ms\n"
	    "link t b delay=1ms\nflow a b\n");

	EXPECT_EQ(s->next[0][1], 0);
	EXPECT_EQ(s->next[2][1], 3);
	EXPECT_EQ(s->next[4][1], 4);
	EXPECT_EQ(s->next[3][0], 1);
	EXPECT(sp_sim_reaches(s, 1, 0));
	sp_sim_scenario_close(s);
}

static const struct bad_line {
	const char *lines, *named;
} bad_lines[] = {
	{ "", "nobody sends" },
	{ "hello\n", "t:1: 'hello': a line begins with" },
	{ "\n\ntime\n", "t:3: give 'time DURATION'" },
	{ "time 5\n", "such as 10s" },
	{ "time 0s\n", "give more" },
	{ "time 400000000s\n", "up to a year" },
	{ "seed x\n", "give 'seed NUMBER'" },
	{ "host\n", "give 'host NAME" },
	{ "router a b\n", "give 'router NAME'" },
	{ "host a/b\n", "is no name" },
	{ "host aaaaaaaaaaaaaaaaaaaaaaaa\n", "is no name" },
	{ "host a\nrouter a\n", "t:2: there is a 'a' already" },
	{ "host a b\n", "'b': give KEY=VALUE" },
	{ "host a b=1\n", "is no word of a host" },
	{ "host a memory=1k\n", "1m to 4096m" },
	{ "host a tso=1\n", "on or off" },
	{ "set a\n", "give 'set NAME=VALUE'" },
	{ "host a\nlink a\n", "give 'link NODE NODE" },
	{ "host a\nlink a b\n", "there is no 'b' above" },
	{ "host a\nlink a a\n", "both ends are 'a'" },
	{ "host a\nhost b\nlink a b\n", "give rate= or delay=" },
	{ "host a\nhost b\nlink a b there.rate=1mbit\n", "give rate= or delay=" },
	{ "host a\nhost b\nlink a b rate=1\n", "from 1kbit" },
	{ "host a\nhost b\nlink a b speed=1mbit\n", "is no word of a link" },
	{ "host a\nhost b\nlink a b there.mtu=900\n", "is no word of a link" },
	{ "host a\nhost b\nlink a b rate\n", "give KEY=VALUE" },
	{ "host a\nhost b\nlink a b mtu=500\n", "576 to 65535" },
	{ "host a\nhost b\nlink a b trace=/etc/passwd\n", "no files can be read here" },
	{ "host a\nhost b\nlink a b delay=1ms there.rewrite=seq\n", "both directions" },
	{ TWO "host c\nlink b c delay=1ms\n", "put a router between" },
	{ TWO, "nobody sends" },
	{ TWO "flow a\n", "give 'flow HOST HOST" },
	{ TWO "flow a c\n", "there is no 'c' above" },
	{ TWO "flow a b pause=1s\n", "AT/LENGTH" },
	{ TWO "flow a b every=1s\n", "every= needs bytes=" },
	{ TWO "flow a b bytes=0\n", "such as 100k" },
	{ TWO "flow a b size=1\n", "is no word of a flow" },
	{ TWO "flow a b rate=1\n", "from 1kbit" },
	{ TWO "router r\nflow a r\n", "'r' is a router" },
	{ TWO "host c\nflow a c\n", "no links lead from 'a' to 'c'" },
	{ TWO "at 1s link a b\n", "give 'at TIME link" },
	{ TWO "at 1s link b a rate=1mbit\n", "there is no 'link b a' above" },
	{ TWO "at 2s link a b loss=1%\nat 1s link a b loss=2%\n", "order of their times" },
	{ TWO "at 1s link a b reorder=x\n", "reorder=x" },
};

TEST(scenario_names_the_line_and_what_is_allowed)
{
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++) {
		const char *lines = bad_lines[i].lines;
		const struct sp_sim_text t = { lines, strlen(lines), "t", NULL };
		struct sp_sim_scenario *s;

		errno = 0;
		EXPECT_EQ(sp_sim_scenario_read(&s, &t, &why), -1);
		EXPECT_EQ(errno, EINVAL);
		if (strstr(text, bad_lines[i].named) == NULL)
			print_message("# '%s': %s\n", lines, text);
		EXPECT(strstr(text, bad_lines[i].named) != NULL);
	}
}

/* n lines of the same kind, with a number where %u stands. */
static void
expect_limit(const char *before, const char *line, unsigned n, const char *named)
{
	static char lines[1 << 16];
	struct sp_sim_scenario *s;
	size_t len = (size_t)snprintf(lines, sizeof(lines), "%s", before);

	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len, "%s%u\n", line, i);
	EXPECT_EQ(sp_sim_scenario_read(&s, &(struct sp_sim_text){ lines, len, "t", NULL }, &why),
	    -1);
	EXPECT(strstr(text, named) != NULL);
}

TEST(scenario_limits_are_said)
{
	expect_limit("", "host h", SP_SIM_NODES + 1, "more than 64 hosts");
	expect_limit(TWO, "flow a b name=f", SP_SIM_FLOWS + 1, "more than 64 flows");
	expect_limit("host a\n", "set net.ipv4.tcp_sack=", SP_SIM_SETTINGS + 1, "more than 256");
	expect_limit("host a\nhost b\nrouter r\nrouter s\n", "link r s delay=1ms mtu=60",
	    SP_SIM_LINKS + 1, "more than 64 links");
}
