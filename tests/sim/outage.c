/*
 * outage.c - what happens to a transfer whose path goes away, changes, or has a reader
 * that does not read: it goes on without anybody's help.  And what is sent again though
 * nothing was lost: counted, and bounded.
 */
#include <sampan/option.h>
#include <sampan/stats.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define PORT 9
#define ONE_WAY SAMPAN_MS(20)
#define SPIKES 10u
#define FLIGHT_SEGS 181u		/* what the send buffer holds */

struct flow {
	struct sim sim;
	sampan_handle listener, to, from;
	uint64_t read_bytes;
	bool deaf;			/* the receiver's application does not read */
};

static const char *const controls[] = { "newreno", "cubic", "bbr" };

static void
must(bool good)
{
	if (!good)
		test_fail(__FILE__, __LINE__, "a call to succeed");
}

static void
begin(struct flow *f, const char *cc)
{
	const struct sim_config config = { .seed = 1, .mtu_bytes = { 1500, 1500 },
		.arena_bytes = (size_t)16 << 20, .begin = SAMPAN_SEC(1), .check_every = 1000,
		.path = { { .delay_dur = ONE_WAY }, { .delay_dur = ONE_WAY } } };
	const struct sampan_sockaddr server = { .addr = sampan_addr_v4(10, 0, 0, 2),
		.port = PORT }, here = { .port = PORT };

	*f = (struct flow){ 0 };
	sim_open(&f->sim, &config);
	must(sampan_set(f->sim.s[0], "net.ipv4.tcp_congestion_control", sampan_cc_find(cc)) == 0);
	must(sampan_set(f->sim.s[0], "net.ipv4.tcp_wmem_max", 262144) == 0);
	must(sampan_socket(f->sim.s[1], SAMPAN_STREAM, &f->listener) == 0);
	must(sampan_bind(f->sim.s[1], f->listener, &here) == 0);
	must(sampan_listen(f->sim.s[1], f->listener, 1) == 0);
	must(sampan_socket(f->sim.s[0], SAMPAN_STREAM, &f->from) == 0);
	must(sampan_connect(f->sim.s[0], f->from, &server) == SAMPAN_EINPROGRESS);
	sim_send(&f->sim);
}

static void
act(struct flow *f)
{
	static uint8_t bytes[65536];
	int64_t n;

	if (f->to == 0 && sampan_accept(f->sim.s[1], f->listener, &f->to, NULL) != 0)
		f->to = 0;
	while (f->to != 0 && !f->deaf &&
	    (n = sampan_recv(f->sim.s[1], f->to, bytes, sizeof(bytes))) > 0)
		f->read_bytes += (uint64_t)n;
	while (sampan_send(f->sim.s[0], f->from, bytes, sizeof(bytes)) > 0)
		continue;
	sim_send(&f->sim);
}

/* Lets time pass; what was read in it. */
static uint64_t
pass(struct flow *f, sampan_dur dur)
{
	const sampan_time until = f->sim.now + dur;
	const uint64_t before = f->read_bytes;

	act(f);
	while (f->sim.now < until && sim_step(&f->sim, until))
		act(f);
	return f->read_bytes - before;
}

/* Until something is read again; how long that took. */
static sampan_dur
until_read(struct flow *f, sampan_dur most)
{
	const sampan_time begun_at = f->sim.now;

	while (pass(f, SAMPAN_MS(10)) == 0 && f->sim.now - begun_at < most)
		continue;
	return f->sim.now - begun_at;
}

static void
set_path(struct flow *f, uint32_t loss_ppm, sampan_dur delay)
{
	for (unsigned i = 0; i < 2; i++) {
		f->sim.config.path[i].loss_ppm = loss_ppm;
		f->sim.config.path[i].delay_dur = delay;
	}
}

static uint64_t
sent_again(const struct flow *f)
{
	struct sampan_tcp_info info;

	must(sampan_tcp_info(f->sim.s[0], f->from, &info) == 0);
	return info.total_retrans_segs;
}

static void
end(struct flow *f)
{
	EXPECT_SOUND(f->sim.s[0]);
	EXPECT_SOUND(f->sim.s[1]);
	sim_close();
}

/* The time-outs have doubled until then: what remains of the last one, as long as the
 * outage at most, and the transfer is as fast as before. */
TEST(a_minute_without_a_path)
{
	for (unsigned i = 0; i < 3; i++) {
		static struct flow f;
		uint64_t before;

		begin(&f, controls[i]);
		(void)pass(&f, SAMPAN_SEC(5));
		before = pass(&f, SAMPAN_SEC(1));
		EXPECT(before > 1000000);
		set_path(&f, 1000000, ONE_WAY);
		(void)pass(&f, SAMPAN_SEC(1));
		EXPECT_EQ(pass(&f, SAMPAN_SEC(59)), 0);
		set_path(&f, 0, ONE_WAY);
		EXPECT(until_read(&f, SAMPAN_SEC(120)) < SAMPAN_SEC(65));
		(void)pass(&f, SAMPAN_SEC(10));
		EXPECT(pass(&f, SAMPAN_SEC(1)) > before * 8 / 10);
		end(&f);
	}
}

/* Everything on its way is lost, and what comes after takes ten times as long; and back. */
TEST(another_path)
{
	for (unsigned i = 0; i < 3; i++) {
		static struct flow f;

		begin(&f, controls[i]);
		(void)pass(&f, SAMPAN_SEC(5));
		set_path(&f, 1000000, ONE_WAY);
		(void)pass(&f, SAMPAN_MS(50));
		set_path(&f, 0, 10 * ONE_WAY);
		EXPECT(until_read(&f, SAMPAN_SEC(10)) < SAMPAN_SEC(3));
		EXPECT(pass(&f, SAMPAN_SEC(30)) > 5000000);
		set_path(&f, 0, ONE_WAY);
		(void)pass(&f, SAMPAN_SEC(15));
		EXPECT(pass(&f, SAMPAN_SEC(5)) > 5000000);
		end(&f);
	}
}

/* Window probes go on for as long as they are answered: RFC 9293 §3.8.6.1. */
TEST(an_hour_without_reading)
{
	for (unsigned i = 0; i < 3; i++) {
		static struct flow f;

		COVERS("MUST-37");
		begin(&f, controls[i]);
		(void)pass(&f, SAMPAN_SEC(5));
		f.deaf = true;
		EXPECT_EQ(pass(&f, SAMPAN_SEC(3600)), 0);
		f.deaf = false;
		EXPECT(pass(&f, SAMPAN_MS(10)) > 0);
		(void)pass(&f, SAMPAN_SEC(5));
		EXPECT(pass(&f, SAMPAN_SEC(1)) > 1000000);
		end(&f);
	}
}

/* Ten times in a transfer what is sent within 100 ms comes 400 ms late, behind what is sent
 * after it: nothing is lost, but all of it is overtaken, for longer than a round trip.  No
 * more than that flight is sent again. */
TEST(delay_spikes_send_little_again)
{
	for (unsigned i = 0; i < 3; i++) {
		static struct flow f;
		uint64_t before;

		begin(&f, controls[i]);
		(void)pass(&f, SAMPAN_SEC(5));
		before = sent_again(&f);
		for (unsigned spike = 0; spike < SPIKES; spike++) {
			set_path(&f, 0, ONE_WAY + SAMPAN_MS(400));
			(void)pass(&f, SAMPAN_MS(100));
			set_path(&f, 0, ONE_WAY);
			(void)pass(&f, SAMPAN_SEC(2));
		}
		if (getenv("SAMPAN_PATH") != NULL)
			printf("# %s: %llu sent again in ten spikes\n", controls[i],
			    (unsigned long long)(sent_again(&f) - before));
		EXPECT(sent_again(&f) - before <= SPIKES * FLIGHT_SEGS);
		end(&f);
	}
}
