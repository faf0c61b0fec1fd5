/*
 * state_grid_states.h - the columns of the grid: a state, and how to get there.
 */
#ifndef SAMPAN_TESTS_TCP_STATE_GRID_STATES_H
#define SAMPAN_TESTS_TCP_STATE_GRID_STATES_H

#include "lib/fx.h"

#define OUTSTANDING 100		/* octets, in ESTABLISHED and CLOSE-WAIT */
#define RCVBUF 2920

struct column {
	const char *name;
	enum sampan_tcp_state state;
	bool active, orphan;
	bool zero_window;
};

static const struct column opening[] = {
	{ "CLOSED", SAMPAN_TCP_CLOSED, .active = false },
	{ "LISTEN", SAMPAN_TCP_LISTEN, .active = false },
	{ "SYN-SENT", SAMPAN_TCP_SYN_SENT, .active = true },
};

static const struct column synchronized[] = {
	{ "SYN-RECEIVED (passive)", SAMPAN_TCP_SYN_RECEIVED, .active = false },
	{ "SYN-RECEIVED (active)", SAMPAN_TCP_SYN_RECEIVED, .active = true },
	{ "ESTABLISHED", SAMPAN_TCP_ESTABLISHED, .active = false },
	{ "FIN-WAIT-1", SAMPAN_TCP_FIN_WAIT_1, .active = false },
	{ "FIN-WAIT-2", SAMPAN_TCP_FIN_WAIT_2, .active = false },
	{ "CLOSE-WAIT", SAMPAN_TCP_CLOSE_WAIT, .active = false },
	{ "CLOSING", SAMPAN_TCP_CLOSING, .active = false },
	{ "LAST-ACK", SAMPAN_TCP_LAST_ACK, .active = false },
	{ "TIME-WAIT (held)", SAMPAN_TCP_TIME_WAIT, .active = false },
	{ "TIME-WAIT (record)", SAMPAN_TCP_TIME_WAIT, .orphan = true },
};

static const struct column zero_window[] = {
	{ "ESTABLISHED, no window", SAMPAN_TCP_ESTABLISHED, .zero_window = true },
	{ "FIN-WAIT-1, no window", SAMPAN_TCP_FIN_WAIT_1, .zero_window = true },
	{ "FIN-WAIT-2, no window", SAMPAN_TCP_FIN_WAIT_2, .zero_window = true },
};

static inline struct fx
make_crossed(bool ts)
{
	struct fx f = fx_syn_sent(.ts = ts, .rcvbuf = RCVBUF);

	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	return f;
}

/* What waits unread fills the whole window. */
static inline struct fx
make_zero_window(enum sampan_tcp_state state)
{
	struct fx f = fx_established(.rcvbuf = RCVBUF);

	peer_sends(&f, .flags = TCP_ACK, .len = f.rcv_wnd);
	expect_segment(&f, .flags = TCP_ACK, .wnd = 0);
	if (state != SAMPAN_TCP_ESTABLISHED) {
		EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
		expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	}
	if (state == SAMPAN_TCP_FIN_WAIT_2)
		peer_sends(&f, .flags = TCP_ACK);
	fx_expect_state(&f, state);
	return f;
}

static inline struct fx
make_plain(const struct column *c, bool ts)
{
	struct fx f;

	if (c->state == SAMPAN_TCP_CLOSED) {
		f = fx_listen();
		EXPECT_EQ(sampan_close(f.s, f.listener), 0);
		f.listener = 0;
		return f;
	}
	f = fx_make(c->state,
	    FX_OPTS(.active = c->active, .orphan = c->orphan, .ts = ts, .rcvbuf = RCVBUF));
	if (c->state == SAMPAN_TCP_ESTABLISHED || c->state == SAMPAN_TCP_CLOSE_WAIT) {
		EXPECT_EQ(fx_write(&f, OUTSTANDING), OUTSTANDING);
		expect_segment(&f, .flags = TCP_ACK, .seq = f.snd_una, .len = OUTSTANDING);
	}
	return f;
}

static inline struct fx
make_column(const struct column *c, bool ts)
{
	struct fx f;

	fx_begun(c->name);
	if (c->zero_window)
		f = make_zero_window(c->state);
	else if (c->state == SAMPAN_TCP_SYN_RECEIVED && c->active)
		f = make_crossed(ts);
	else
		f = make_plain(c, ts);
	fx_drop(&f);
	fx_forget_events(&f);
	return f;
}

#endif
