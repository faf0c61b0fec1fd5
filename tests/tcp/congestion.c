/*
 * congestion.c - which congestion control a connection has: by setting, of its listener,
 * of its socket, at any time.
 */
#include <sampan/config.h>

#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)

static int64_t
control_of(struct fx *f, sampan_handle h)
{
	int64_t value = -1;

	EXPECT_EQ(sampan_getopt(f->s, h, SAMPAN_OPT_CONGESTION, &value), 0);
	return value;
}

static void
choose(struct fx *f, sampan_handle h, const char *name)
{
	EXPECT_EQ(sampan_setopt(f->s, h, SAMPAN_OPT_CONGESTION, sampan_cc_find(name)), 0);
}

TEST(controls_have_names)
{
	unsigned n = 0;

	for (; sampan_cc_name(n) != NULL; n++)
		EXPECT_EQ(sampan_cc_find(sampan_cc_name(n)), n);
	EXPECT(n >= 3);
	EXPECT_EQ(sampan_cc_find("reno"), sampan_cc_find("newreno"));
	EXPECT_EQ(sampan_cc_find("vegas"), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_cc_find(""), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_cc_find("cubi"), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_cc_find("cubicx"), SAMPAN_ENOENT);
}

/* A new socket has what the setting says then; later changes are for later ones. */
TEST_TWICE(closed_control_is_the_setting)
{
	struct fx f = fx_listen();
	sampan_handle a, b;

	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.tcp_congestion_control", "bbr"), 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &a), 0);
	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.tcp_congestion_control", "reno"), 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &b), 0);
	EXPECT_EQ(control_of(&f, a), sampan_cc_find("bbr"));
	EXPECT_EQ(control_of(&f, b), sampan_cc_find("newreno"));
	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.tcp_congestion_control", "vegas"),
	    SAMPAN_EINVAL);
}

/* Of its listener, whatever the setting says by then. */
TEST_TWICE(listen_control_is_inherited)
{
	struct fx f = fx_listen(.peer_mss = 1000);

	choose(&f, f.listener, "bbr");
	peer_sends(&f, .flags = TCP_SYN, .mss = 1000);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(control_of(&f, f.h), sampan_cc_find("bbr"));
}

TEST_TWICE(established_unknown_control_is_refused)
{
	struct fx f = fx_established();
	const int64_t before = control_of(&f, f.h);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, 99), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, -1), SAMPAN_ERANGE);
	EXPECT_EQ(control_of(&f, f.h), before);
}

/* In mid-transfer, from each to each: what is in flight stays in flight, the window does
 * not grow by it, and all that was written arrives. */
TEST_TWICE(established_control_changes_while_sending)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 1000000, .wscale = true, .peer_scale = 6,
	    .sndbuf = 400000, .arena_bytes = (size_t)4 << 20);
	unsigned n = 0;

	EXPECT_EQ(fx_write(&f, 400000), 400000);
	while (f.snd_una.raw - f.iss.raw < 400001) {
		const uint64_t cwnd = fx_info(&f).snd_cwnd_segs;

		fx_drop(&f);
		choose(&f, f.h, sampan_cc_name(n % 2 == 0 ? 2 : n / 2 % 2));
		n++;
		EXPECT(fx_info(&f).snd_cwnd_segs <= cwnd);
		fx_drop(&f);
		fx_advance(&f, RTT);
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK);
		EXPECT(n < 200);
	}
	EXPECT(n > 4);
}

/* While a loss is repaired. */
TEST_TWICE(established_control_changes_in_recovery)
{
	static const char *const to[] = { "newreno", "cubic", "bbr" };

	for (unsigned i = 0; i < 9; i++) {
		struct fx f = fx_with_rtt(.rtt = RTT, .cc = to[i / 3]);

		EXPECT_EQ(fx_write(&f, 10000), 10000);
		fx_drop(&f);
		fx_advance(&f, RTT);
		peer_sacks(&f, 0, { 2000, 10000 });
		choose(&f, f.h, to[i % 3]);
		fx_advance(&f, RTT);
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK);
		EXPECT(fx_info(&f).snd_cwnd_segs >= 1);
		EXPECT_EQ(fx_info(&f).lost_segs, 0);
		EXPECT_EQ(fx_info(&f).ca_state, 0);
	}
}

/* And back: the pace goes with the control that asked for it. */
TEST_TWICE(established_pace_goes_with_its_control)
{
	struct fx f = fx_with_rtt(.rtt = RTT, .peer_wnd = 1000000, .wscale = true, .peer_scale = 6,
	    .sndbuf = 100000, .arena_bytes = (size_t)4 << 20, .cc = "bbr");

	EXPECT_EQ(fx_write(&f, 100000), 100000);
	expect_text(&f, fx_our(&f, 0), 10000);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK);
	expect_text(&f, fx_our(&f, 10000), 2000);
	expect_quiet(&f);
	EXPECT(fx_info(&f).pacing_rate_bytes_per_s > 0);
	choose(&f, f.h, "cubic");
	EXPECT(fx_count_out(&f) > 5);
}
