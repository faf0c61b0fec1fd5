/*
 * states.c - the constructors of the fixture reach their states, near the wrap
 * too.  lib/fx.h.
 */
#include "lib/fx.h"

TEST_TWICE(fx_constructors_reach_their_states)
{
	struct fx f = fx_syn_sent();

	f = fx_syn_received();
	f = fx_established();
	f = fx_established_active();
	f = fx_close_wait();
	f = fx_fin_wait_1();
	f = fx_fin_wait_2();
	f = fx_closing();
	f = fx_last_ack();
	f = fx_time_wait();
	expect_quiet(&f);
}

TEST_TWICE(fx_constructors_take_all_options)
{
	struct fx f = fx_established(.ts = true, .wscale = true, .peer_scale = 7, .sack = true);

	f = fx_established_active(.ts = true, .wscale = true, .peer_scale = 3, .peer_mss = 1000);
	EXPECT_EQ(f.mss, 988);
	f = fx_time_wait(.ts = true, .active = true);
	expect_quiet(&f);
}
