/*
 * close.c - the last close: who still holds the socket, how long an orphan
 * lives, and how many of them there may be.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

static uint32_t
orphans(const struct fx *f)
{
	struct sampan_stats st;

	sampan_stats(f->s, &st);
	return st.orphans;
}

/* FIN leaves with the last close. */
TEST_TWICE(established_ref_fin_leaves_with_the_last_close)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_ref(f.s, f.h), 0);
	EXPECT_EQ(sampan_ref(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_quiet(&f);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_EQ(fx_write(&f, 10), 10);
	expect_segment(&f, .len = 10);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_ref(f.s, f.h), SAMPAN_EBADHANDLE);
}

/* Abort ends it for all; the listener's holders are not the accepted socket's. */
TEST(ref_is_counted_for_one_socket)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_KEEPIDLE, 5), 0);
	EXPECT_EQ(sampan_ref(f.s, f.listener), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(sampan_ref(f.s, f.h), 0);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	expect_reset(&f);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EQ(sampan_listen(f.s, f.listener, 3), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

/* ---- SO_LINGER with a time ---- */

TEST_TWICE(linger_close_is_under_way_and_ends_with_the_acknowledgement)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_LINGER, 5), 0);
	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EINPROGRESS);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EBADHANDLE);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .len = 10);
	peer_sends(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(10));		/* that time has no say here any more */
	expect_state(&f, TCP_FIN_WAIT_2);
	fx_advance(&f, SAMPAN_SEC(60));
	expect_state(&f, TCP_CLOSED);
	expect_quiet(&f);
}

/* Not a moment longer, and the peer is told. */
TEST_TWICE(linger_over_is_a_reset)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_LINGER, 5), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPALIVE, 1), 0);
	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT_EQ(sampan_close(f.s, f.h), SAMPAN_EINPROGRESS);
	EXPECT_EQ(orphans(&f), 1);
	fx_advance(&f, SAMPAN_SEC(5) - SAMPAN_MS(1));
	fx_drop(&f);
	expect_state(&f, TCP_FIN_WAIT_1);
	fx_advance(&f, SAMPAN_MS(2));
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
	expect_count(&f, COUNT_TCP_ABORT_ON_LINGER, 1);
	EXPECT_EQ(orphans(&f), 0);
}

TEST(linger_close_with_nothing_to_deliver_is_done)
{
	struct fx f = fx_fin_wait_2();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_LINGER, 5), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_state(&f, TCP_FIN_WAIT_2);
	fx_advance(&f, SAMPAN_SEC(59));
	expect_state(&f, TCP_FIN_WAIT_2);
}

/* TCP_LINGER2 below 0: no FIN-WAIT-2 without a socket, and the peer is told. */
TEST_TWICE(linger2_negative_resets_in_fin_wait_2)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_LINGER2, -1), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	peer_sends(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_MS(2));
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
}

/* ---- Orphans ---- */

/* R-V-17: net.ipv4.tcp_max_orphans. */
TEST_TWICE(orphan_past_the_limit_is_reset)
{
	struct fx f = fx_established();

	COVERS("R-V-17");
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_orphans", 0), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
	expect_count(&f, COUNT_TCP_ABORT_ON_MEMORY, 1);
	EXPECT_EQ(orphans(&f), 0);
	f = fx_established();
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_max_orphans", 1), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	EXPECT_EQ(orphans(&f), 1);
}

/* However it ends, it is not counted any more. */
TEST_TWICE(orphan_is_counted_until_it_ends)
{
	struct fx f = fx_last_ack(.orphan = true);

	EXPECT_EQ(orphans(&f), 1);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_EQ(orphans(&f), 0);
	f = fx_fin_wait_1(.orphan = true);
	EXPECT_EQ(orphans(&f), 1);
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(orphans(&f), 0);
	f = fx_time_wait();
	EXPECT_EQ(orphans(&f), 0);
	f = fx_fin_wait_1(.orphan = true);
	fx_advance(&f, SAMPAN_SEC(1000));	/* R2 of orphans */
	fx_drop(&f);
	EXPECT_EQ(orphans(&f), 0);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EMPTY(f.s);
}

/* net.ipv4.tcp_orphan_retries. */
TEST(orphan_is_given_up_after_its_own_number_of_time_outs)
{
	struct fx f = fx_fin_wait_1(.orphan = true);
	unsigned repeats = 0;

	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_orphan_retries", 3), 0);
	fx_advance(&f, SAMPAN_SEC(1000));
	while (fx_next_out(&f) != NULL)
		repeats++;
	EXPECT_EQ(repeats, 3);
	expect_state(&f, TCP_CLOSED);
}
