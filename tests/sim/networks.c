/*
 * networks.c - whole networks of src/sim: that they do what their text says, to
 * the nanosecond where that can be known, and the same on every run; and that the
 * scenarios of examples/sim work.
 */
#include "lib/test.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include <sampan/host.h>
#include <sampan/sim.h>

#include "lib/stack_check.h"
#include "sim/report.h"

static char why[SAMPAN_WHY_BYTES];

static struct sampan_sim *
sim_of(const char *text, uint64_t seed)
{
	const struct sampan_sim_config config = { .size = sizeof(config), .name = "t",
		.text = text, .len = strlen(text), .has_seed = true, .seed = seed };
	struct sampan_sim *sim = NULL;

	if (sampan_sim_open(&sim, &config, why, sizeof(why)) != 0)
		print_message("# %s\n", why);
	EXPECT(sim != NULL);
	return sim;
}

static struct sampan_sim_flow
flow_of(const struct sampan_sim *sim, unsigned i)
{
	struct sampan_sim_flow flow;

	EXPECT_EQ(sampan_sim_flow(sim, i, &flow), 0);
	return flow;
}

/* SYN there and back, then the text, with 54 or 66 bytes of headers at 8 Mbit/s: a
 * microsecond a byte.  SYN 74, SYN-ACK 74, one segment of 1,066 (its ACK before it,
 * 66) and FIN with it. */
TEST(network_takes_the_time_that_its_links_need)
{
	struct sampan_sim *sim = sim_of("time 1s\nhost a\nhost b\nrouter r\n"
	    "link a r rate=8mbit delay=10ms\nlink r b delay=5ms\n"
	    "flow a b bytes=1000\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT_EQ(flow_of(sim, 0).done, 1);
	EXPECT_EQ(flow_of(sim, 0).read_bytes, 1000);
	EXPECT(flow_of(sim, 0).done_median_dur >= SAMPAN_US(45000 + 74 + 74 + 1066));
	EXPECT(flow_of(sim, 0).done_median_dur <= SAMPAN_US(45000 + 74 + 74 + 66 + 1066));
	sampan_sim_close(sim);
}

/* A digest of all samples. */
static uint64_t
digest_of(const char *text, uint64_t seed)
{
	struct sampan_sim *sim = sim_of(text, seed);
	uint64_t hash = 0;
	char *csv = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&csv, &len);

	EXPECT(to != NULL);
	sampan_sim_run(sim, 0);
	sp_sim_report_csv(sim, to);
	(void)fclose(to);
	for (size_t i = 0; i < len; i++)
		hash = hash * 31 + (uint8_t)csv[i];
	free(csv);
	sampan_sim_close(sim);
	return hash;
}

TEST(network_is_the_same_for_a_seed)
{
	const char *text = "time 3s\nhost a\nhost b\nrouter r\n"
	    "link a r rate=20mbit delay=3ms jitter=1ms loss=1%\n"
	    "link r b rate=10mbit delay=3ms aqm=fq_codel dup=1% corrupt=1% thin=3\n"
	    "flow a b\nflow b a start=1s\n";
	const uint64_t hash = digest_of(text, 3);

	EXPECT(digest_of(text, 3) == hash);
	EXPECT(digest_of(text, 4) != hash);
}

TEST(network_counts_what_its_flows_do)
{
	struct sampan_sim *sim = sim_of("time 10s\nhost a\nhost b\n"
	    "link a b rate=10mbit delay=10ms\nflow a b bytes=20k every=1s stop=8500ms\n"
	    "flow a b rate=800kbit start=1s\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT_EQ(flow_of(sim, 0).done, 9);
	EXPECT_EQ(flow_of(sim, 0).read_bytes, 9 * 20480);
	EXPECT_EQ(flow_of(sim, 0).sent_bytes, 9 * 20480);
	EXPECT(flow_of(sim, 1).read_bytes > 880000 && flow_of(sim, 1).read_bytes <= 900000);
	EXPECT_EQ(flow_of(sim, 1).again_bytes + flow_of(sim, 1).spurious_bytes, 0);
	sampan_sim_close(sim);
}

/* An hour without a reader: the window is probed, and then it all goes on. */
TEST(network_reader_that_rests_for_an_hour_goes_on)
{
	struct sampan_sim *sim = sim_of("time 3700s\nhost a\nhost b\n"
	    "link a b rate=10mbit delay=10ms\nflow a b bytes=20m pause=2s/3600s\n", 1);

	sampan_sim_run(sim, SAMPAN_SEC(3600));
	EXPECT_EQ(flow_of(sim, 0).done, 0);
	sampan_sim_run(sim, 0);
	EXPECT_EQ(flow_of(sim, 0).done, 1);
	EXPECT_EQ(flow_of(sim, 0).failures, 0);
	EXPECT_SOUND(sampan_sim_stack(sim, "a"));
	sampan_sim_close(sim);
}

/* A minute in which nothing passes. */
TEST(network_transfer_outlives_an_outage)
{
	struct sampan_sim *sim = sim_of("time 200s\nhost a\nhost b\n"
	    "link a b rate=10mbit delay=10ms\nat 2s link a b loss=100%\n"
	    "at 62s link a b loss=0%\nflow a b bytes=20m\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT_EQ(flow_of(sim, 0).done, 1);
	EXPECT_EQ(flow_of(sim, 0).read_bytes, 20 << 20);
	EXPECT_SOUND(sampan_sim_stack(sim, "a"));
	EXPECT_SOUND(sampan_sim_stack(sim, "b"));
	sampan_sim_close(sim);
}

TEST(network_path_that_changes_keeps_its_transfer)
{
	struct sampan_sim *sim = sim_of("time 20s\nhost a\nhost b\n"
	    "link a b rate=100mbit delay=5ms\nat 3s link a b rate=2mbit delay=200ms\n"
	    "at 9s link a b rate=50mbit delay=20ms\nflow a b\n", 1);
	uint64_t read_bytes;

	sampan_sim_run(sim, SAMPAN_SEC(12));
	read_bytes = flow_of(sim, 0).read_bytes;
	sampan_sim_run(sim, 0);
	EXPECT((flow_of(sim, 0).read_bytes - read_bytes) * 8 / 8 > 30000000);
	sampan_sim_close(sim);
}

/* A flight of thousands of segments with thousands of gaps: what has arrived is known,
 * so nothing is sent again in vain.  A search from its ends alone did not find it. */
TEST(network_repairs_a_large_flight_without_waste)
{
	struct sampan_sim *sim = sim_of("time 4s\nhost a memory=512m\nhost b memory=512m\n"
	    "set net.ipv4.tcp_rmem=4096,131072,64000000\n"
	    "set net.ipv4.tcp_wmem=4096,65536,64000000\n"
	    "link a b delay=50ms rate=1gbit queue=3m\nflow a b\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT(flow_of(sim, 0).again_bytes > 1000000);
	EXPECT(flow_of(sim, 0).spurious_bytes < 20000);
	sampan_sim_close(sim);
}

/* 1 Gbit/s and 300 ms: ten segments double every round trip, so that 37.5 MB are on
 * their way after twelve of them and one to connect; the receiver's window must have
 * grown ahead of that.  At 5 s the link has been full for half a second. */
TEST(network_window_grows_ahead_of_a_start)
{
	struct sampan_sim *sim = sim_of("time 5s\nhost a memory=1024m\nhost b memory=1024m\n"
	    "set net.ipv4.tcp_rmem=4096,131072,300000000\n"
	    "set net.ipv4.tcp_wmem=4096,65536,300000000\n"
	    "link a b delay=150ms rate=1gbit queue=30m\nflow a b\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT(flow_of(sim, 0).read_bytes > 100000000);
	sampan_sim_close(sim);
}

/* A time-out in the middle of a recovery, when nearly all of the flight is either
 * delivered or lost, is of the loss that has been answered: the window comes back. */
TEST(network_timeout_in_recovery_reduces_once)
{
	struct sampan_sim *sim = sim_of("time 20s\nhost a\nhost b\n"
	    "link a b delay=50ms rate=10mbit queue=125000 there.reorder=1%\n"
	    "flow a b cc=cubic\n", 1);

	sampan_sim_run(sim, 0);
	EXPECT(flow_of(sim, 0).read_bytes > 21000000);
	sampan_sim_close(sim);
}

TEST(network_of_many_hosts_shares_its_line)
{
	static char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text), "time 10s\nrouter r\nrouter s\n"
	    "link r s rate=50mbit delay=10ms queue=125k aqm=fq_codel\n");
	struct sampan_sim *sim;

	for (unsigned i = 0; i < 10; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "host a%u memory=16m\n"
		    "host b%u memory=16m\nlink a%u r rate=1gbit\nlink s b%u rate=1gbit\n"
		    "flow a%u b%u\n", i, i, i, i, i, i);
	sim = sim_of(text, 1);
	sampan_sim_run(sim, 0);
	EXPECT(sampan_sim_jain(sim) > 0.95);
	sampan_sim_close(sim);
}

TEST(network_says_which_line_is_wrong)
{
	const char *text = "host a net.ipv4.tcp_sack=7\nhost b\nlink a b delay=1ms\nflow a b\n";
	const char *cc = "host a\nhost b\nlink a b delay=1ms\nflow a b cc=vegas9\n";
	struct sampan_sim_config config = { .size = sizeof(config), .name = "t", .text = text,
		.len = strlen(text) };
	struct sampan_sim *sim;

	EXPECT_EQ(sampan_sim_open(&sim, &config, why, sizeof(why)), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT(strstr(why, "t:1: net.ipv4.tcp_sack: not 7") != NULL);
	config.text = cc;
	config.len = strlen(cc);
	EXPECT_EQ(sampan_sim_open(&sim, &config, why, sizeof(why)), -1);
	EXPECT(strstr(why, "t:4: cc=vegas9") != NULL);
	config.from_dur = SAMPAN_SEC(11);
	EXPECT_EQ(sampan_sim_open(&sim, &config, why, sizeof(why)), -1);
	EXPECT(strstr(why, "must lie within") != NULL);
}

/* ---- The examples ---- */

static void
run_example(const char *path)
{
	static char text[1 << 16];
	struct sampan_sim_config config = { .size = sizeof(config), .name = path, .text = text,
		.dir = "examples/sim" };
	struct sampan_sim *sim = NULL;
	struct sampan_sim_flow flow;
	FILE *from = fopen(path, "r");

	EXPECT(from != NULL);
	config.len = fread(text, 1, sizeof(text), from);
	(void)fclose(from);
	if (sampan_sim_open(&sim, &config, why, sizeof(why)) != 0)
		print_message("# %s\n", why);
	EXPECT(sim != NULL);
	sampan_sim_run(sim, 0);
	for (unsigned i = 0; sampan_sim_flow(sim, i, &flow) == 0; i++) {
		EXPECT(flow.read_bytes > 100000);
		EXPECT_EQ(flow.failures, 0);
	}
	sampan_sim_close(sim);
}

TEST(network_examples_work)
{
	glob_t found;

	EXPECT_EQ(glob("examples/sim/*.sim", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_example(found.gl_pathv[i]);
	EXPECT(found.gl_pathc >= 6);
	globfree(&found);
}
