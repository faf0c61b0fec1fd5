/*
 * lifecycle.c - from the first SYN to an empty stack, both roles, all ways to
 * close.  RFC 9293 §3.5, §3.6.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"

/* RFC 9293 §3.5, figure 6, from B's side. */
TEST_TWICE(listen_syn_to_established)
{
	struct fx f = fx_listen();

	COVERS("MUST-2", "SHLD-5", "MAY-3", "MUST-67");
	peer_sends(&f, .flags = TCP_SYN, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 1460, .ts = 0,
	    .wscale = -2);
	expect_state(&f, TCP_SYN_RECEIVED);
	EXPECT_EQ(sampan_accept(f.s, f.listener, &f.h, NULL), SAMPAN_EAGAIN);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
	expect_quiet(&f);
	fx_accept(&f);
	expect_event(&f, SAMPAN_WRITABLE);
}

/* Figure 6, from A's side. */
TEST_TWICE(syn_sent_syn_ack_to_established)
{
	struct fx f = fx_syn_sent();

	peer_sends(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .seq = seq_add(f.iss, 1), .ack = seq_add(f.irs, 1));
	expect_state(&f, TCP_ESTABLISHED);
	expect_event(&f, SAMPAN_WRITABLE);
	expect_quiet(&f);
}

/* Figure 7: both send SYN; each then has the other's SYN-ACK. */
TEST_TWICE(syn_sent_crossing_syns_to_established)
{
	struct fx f = fx_syn_sent();

	COVERS("MUST-10", "R-9293-6");
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss, .ack = seq_add(f.irs, 1));
	expect_state(&f, TCP_SYN_RECEIVED);
	peer_sends(
	    &f, .flags = TCP_SYN | TCP_ACK, .seq = f.irs, .ack = seq_add(f.iss, 1), .mss = 1460);
	fx_drop(&f);			/* an acknowledgement is allowed */
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
	expect_event(&f, SAMPAN_WRITABLE);
}

/* What is left after TIME-WAIT: nothing. */
static void
end_quietly(struct fx *f)
{
	fx_advance(f, SAMPAN_SEC(60) + SAMPAN_MS(1));
	expect_quiet(f);
	expect_state(f, TCP_CLOSED);
	if (f->listener != 0)
		EXPECT_EQ(sampan_close(f->s, f->listener), 0);
	EXPECT_SOUND(f->s);
	EXPECT_EMPTY(f->s);
}

/* Figure 12, A: we close first. */
TEST_TWICE(established_close_first_to_time_wait)
{
	struct fx f = fx_established();

	COVERS("MUST-13", "R-9293-20");
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	expect_state(&f, TCP_FIN_WAIT_1);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_FIN_WAIT_2);
	expect_quiet(&f);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
	fx_advance(&f, SAMPAN_SEC(59));
	expect_state(&f, TCP_TIME_WAIT);
	end_quietly(&f);
}

/* Figure 12, B: the peer closes first. */
TEST_TWICE(established_peer_closes_first_to_closed)
{
	struct fx f = fx_established_active();

	COVERS("MUST-12");
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSE_WAIT);
	expect_event(&f, SAMPAN_READABLE | SAMPAN_PEER_CLOSED);
	EXPECT_EQ(fx_read(&f, 1), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	expect_state(&f, TCP_LAST_ACK);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSED);
	end_quietly(&f);
}

/* Figure 13: both close at once. */
TEST_TWICE(established_both_close_to_time_wait)
{
	struct fx f = fx_established();

	COVERS("R-9293-24");
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .ack = f.snd_una);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSING);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
	end_quietly(&f);
}

TEST_TWICE(established_fin_with_ack_of_fin_to_time_wait)
{
	struct fx f = fx_established(.ts = true);

	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_TIME_WAIT);
	end_quietly(&f);
}

/* Half-close: RFC 9293 §3.6, case 1.  We end our stream and go on reading. */
TEST_TWICE(fin_wait_2_text_is_still_read)
{
	struct fx f = fx_fin_wait_2();

	COVERS("R-9293-25", "MAY-1");
	for (unsigned i = 0; i < 100; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1460);
		fx_advance(&f, SAMPAN_MS(50));
		EXPECT_EQ(fx_read(&f, 2000), 1460);
		fx_drop(&f);
	}
	expect_state(&f, TCP_FIN_WAIT_2);
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 1), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	end_quietly(&f);
}

/* The other way round: the peer has ended its stream, ours goes on. */
TEST_TWICE(close_wait_text_is_still_sent)
{
	struct fx f = fx_close_wait();

	COVERS("R-9293-25");
	EXPECT_EQ(fx_write(&f, 1460), 1460);
	expect_segment(&f, .flags = TCP_ACK, .len = 1460);
	peer_sends(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_CLOSE_WAIT);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	peer_sends(&f, .flags = TCP_ACK);
	end_quietly(&f);
}

/* R-9293-26: what was queued before the close is repeated until it arrives. */
TEST_TWICE(fin_wait_1_lost_text_and_fin_are_sent_again)
{
	struct fx f = fx_established();
	tcp_seq first = f.snd_nxt;

	COVERS("R-9293-26", "R-2525-2");
	EXPECT_EQ(fx_write(&f, 100), 100);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .seq = first, .len = 100);
	for (unsigned i = 0; i < 3; i++) {
		fx_wait(&f, SAMPAN_SEC(10));
		expect_segment(&f, .flags = TCP_FIN | TCP_ACK, .seq = first, .len = 100);
	}
	peer_sends(&f, .flags = TCP_FIN | TCP_ACK);
	expect_segment(&f, .flags = TCP_ACK);
	end_quietly(&f);
}
