/*
 * user_timeout.c - how long the application lets an opening, or a closed window,
 * wait.  RFC 9293 §3.8.3, §3.10.8; RFC 5482, without its option.
 */
#include <sampan/option.h>

#include "lib/fx.h"

TEST_TWICE(syn_sent_user_timeout_ends_the_opening)
{
	struct fx f = fx_syn_sent();

	COVERS("R-9293-31", "MUST-21");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_USER_TIMEOUT, 10000), 0);
	fx_advance(&f, SAMPAN_SEC(9));
	fx_drop(&f);
	expect_state(&f, TCP_SYN_SENT);
	fx_advance(&f, SAMPAN_SEC(7));
	expect_state(&f, TCP_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), SAMPAN_ETIMEDOUT);
}

/* R-WND-12: a window that stays closed, too, if the application says so. */
TEST_TWICE(blocked_user_timeout_ends_the_connection)
{
	struct fx f = fx_established();

	COVERS("R-WND-12", "R-MISC-11");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_USER_TIMEOUT, 60000), 0);
	f.wnd = 0;
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_write(&f, 10), 10);
	for (unsigned i = 0; i < 20 && fx_state(&f) == SAMPAN_TCP_ESTABLISHED; i++) {
		fx_wait(&f, SAMPAN_SEC(100));
		fx_drop(&f);
		peer_sends(&f, .flags = TCP_ACK, .ack = f.snd_una);
	}
	expect_state(&f, TCP_CLOSED);
}
