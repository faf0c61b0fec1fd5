/*
 * options.c - every option of option.h: its range, what is got after it was
 * set, what an accepted socket inherits, and what it does where that is seen
 * nowhere else.
 */
#include "lib/fx_loss.h"

/* Values that are taken, and are got again as `got`; values that are not. */
struct rule {
	enum sampan_option option;
	int64_t value, got;
};

static const struct rule taken[] = {
	{ SAMPAN_OPT_REUSEADDR, 1, 1 }, { SAMPAN_OPT_REUSEADDR, 0, 0 },
	{ SAMPAN_OPT_REUSEPORT, 1, 1 }, { SAMPAN_OPT_REUSEPORT, 0, 0 },
	{ SAMPAN_OPT_KEEPALIVE, 1, 1 }, { SAMPAN_OPT_KEEPALIVE, 5, 1 },
	{ SAMPAN_OPT_KEEPALIVE, 0, 0 }, { SAMPAN_OPT_LINGER, -1, -1 },
	{ SAMPAN_OPT_LINGER, 0, 0 }, { SAMPAN_OPT_LINGER, 10, 10 },
	{ SAMPAN_OPT_OOBINLINE, 1, 1 }, { SAMPAN_OPT_OOBINLINE, 0, 0 },
	{ SAMPAN_OPT_SNDBUF, 100000, 200000 }, { SAMPAN_OPT_RCVBUF, 100000, 200000 },
	{ SAMPAN_OPT_RCVLOWAT, 1, 1 }, { SAMPAN_OPT_RCVLOWAT, 100, 100 },
	{ SAMPAN_OPT_NODELAY, 1, 1 }, { SAMPAN_OPT_NODELAY, 0, 0 },
	{ SAMPAN_OPT_CORK, 1, 1 }, { SAMPAN_OPT_CORK, 0, 0 },
	{ SAMPAN_OPT_QUICKACK, 0, 0 }, { SAMPAN_OPT_QUICKACK, 1, 1 },
	{ SAMPAN_OPT_KEEPIDLE, 1, 1 }, { SAMPAN_OPT_KEEPIDLE, 32767, 32767 },
	{ SAMPAN_OPT_KEEPINTVL, 1, 1 }, { SAMPAN_OPT_KEEPINTVL, 32767, 32767 },
	{ SAMPAN_OPT_KEEPCNT, 1, 1 }, { SAMPAN_OPT_KEEPCNT, 127, 127 },
	{ SAMPAN_OPT_USER_TIMEOUT, 0, 0 }, { SAMPAN_OPT_USER_TIMEOUT, 30000, 30000 },
	{ SAMPAN_OPT_NOTSENT_LOWAT, 0, 0 }, { SAMPAN_OPT_NOTSENT_LOWAT, 16384, 16384 },
	{ SAMPAN_OPT_SYNCNT, 1, 1 }, { SAMPAN_OPT_SYNCNT, 127, 127 },
	{ SAMPAN_OPT_LINGER2, 30, 30 }, { SAMPAN_OPT_LINGER2, -1, -1 },
	{ SAMPAN_OPT_WINDOW_CLAMP, 10000, 10000 }, { SAMPAN_OPT_CONGESTION, 0, 0 },
	{ SAMPAN_OPT_TOS, 0, 0 }, { SAMPAN_OPT_TOS, 0xb8, 0xb8 },
	{ SAMPAN_OPT_TTL, 1, 1 }, { SAMPAN_OPT_TTL, 255, 255 }, { SAMPAN_OPT_TTL, -1, 64 },
	{ SAMPAN_OPT_TALLY, 1, 1 }, { SAMPAN_OPT_TALLY, 1, 1 }, { SAMPAN_OPT_TALLY, 0, 0 },
};

static const struct rule fixed[] = {
	{ SAMPAN_OPT_TYPE, 0, 1 }, { SAMPAN_OPT_DOMAIN, 0, 2 }, { SAMPAN_OPT_PROTOCOL, 0, 6 },
	{ SAMPAN_OPT_MTU, 0, 1500 }, { SAMPAN_OPT_ACCEPTCONN, 0, 0 }, { SAMPAN_OPT_ERROR, 0, 0 },
};

static const struct rule refused[] = {
	{ SAMPAN_OPT_LINGER, -2, 0 }, { SAMPAN_OPT_SNDBUF, -1, 0 }, { SAMPAN_OPT_RCVBUF, -1, 0 },
	{ SAMPAN_OPT_RCVLOWAT, -1, 0 }, { SAMPAN_OPT_MAXSEG, 0, 0 }, { SAMPAN_OPT_MAXSEG, 1, 0 },
	{ SAMPAN_OPT_MAXSEG, 32768, 0 }, { SAMPAN_OPT_KEEPIDLE, 0, 0 },
	{ SAMPAN_OPT_KEEPIDLE, 32768, 0 }, { SAMPAN_OPT_KEEPIDLE, -1, 0 },
	{ SAMPAN_OPT_KEEPINTVL, 0, 0 }, { SAMPAN_OPT_KEEPINTVL, 32768, 0 },
	{ SAMPAN_OPT_KEEPCNT, 0, 0 }, { SAMPAN_OPT_KEEPCNT, 128, 0 },
	{ SAMPAN_OPT_USER_TIMEOUT, -1, 0 }, { SAMPAN_OPT_SYNCNT, 0, 0 },
	{ SAMPAN_OPT_SYNCNT, 128, 0 }, { SAMPAN_OPT_CONGESTION, -1, 0 },
	{ SAMPAN_OPT_CONGESTION, 1000, 0 }, { SAMPAN_OPT_TOS, -1, 0 }, { SAMPAN_OPT_TOS, 256, 0 },
	{ SAMPAN_OPT_TTL, 0, 0 }, { SAMPAN_OPT_TTL, 256, 0 }, { SAMPAN_OPT_TTL, -2, 0 },
	{ SAMPAN_OPT_SNDBUF, INT64_MAX, 0 }, { SAMPAN_OPT_RCVBUF, INT64_MAX, 0 },
	{ SAMPAN_OPT_KEEPALIVE, INT64_MAX, 0 }, { SAMPAN_OPT_NODELAY, INT64_MIN, 0 },
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static int64_t
get(struct fx *f, sampan_handle h, enum sampan_option option)
{
	int64_t value = -99;

	EXPECT_EQ(sampan_getopt(f->s, h, option, &value), 0);
	return value;
}

TEST(option_is_got_as_it_was_set)
{
	struct fx f = fx_established();

	COVERS("MUST-17", "MUST-24", "MUST-27", "MUST-21", "MUST-48", "MUST-49");
	for (unsigned i = 0; i < COUNT_OF(taken); i++) {
		EXPECT_EQ(sampan_setopt(f.s, f.h, taken[i].option, taken[i].value), 0);
		EXPECT_EQ(get(&f, f.h, taken[i].option), taken[i].got);
	}
	expect_state(&f, TCP_ESTABLISHED);
}

TEST(option_fixed_is_what_it_is)
{
	struct fx f = fx_established();
	int64_t value;

	for (unsigned i = 0; i < COUNT_OF(fixed); i++) {
		EXPECT_EQ(sampan_setopt(f.s, f.h, fixed[i].option, 1), SAMPAN_EOPNOTSUPP);
		EXPECT_EQ(get(&f, f.h, fixed[i].option), fixed[i].got);
	}
	EXPECT_EQ(sampan_getopt(f.s, f.listener, SAMPAN_OPT_MTU, &value), SAMPAN_ENOTCONN);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_DOMAIN), 2);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_TYPE), 1);
}

/* net.core.rmem_max, net.core.wmem_max: more is cut, in silence, and doubled. */
TEST(option_buffers_are_cut_to_the_most)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_set(f.s, "net.core.rmem_max", 50000), 0);
	EXPECT_EQ(sampan_set(f.s, "net.core.wmem_max", 60000), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_RCVBUF, 1 << 30), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_SNDBUF, 1 << 30), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RCVBUF), 100000);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_SNDBUF), 120000);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_RCVBUF, 0), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RCVBUF), 2304);
}

TEST(option_out_of_range_changes_nothing)
{
	struct fx f = fx_established();

	for (unsigned i = 0; i < COUNT_OF(refused); i++) {
		const int64_t before = get(&f, f.h, refused[i].option);

		EXPECT_EQ(sampan_setopt(f.s, f.h, refused[i].option, refused[i].value),
		    SAMPAN_ERANGE);
		EXPECT_EQ(get(&f, f.h, refused[i].option), before);
	}
}

TEST(option_get_only_cannot_be_set)
{
	static const enum sampan_option only[] = { SAMPAN_OPT_ERROR, SAMPAN_OPT_ACCEPTCONN,
		SAMPAN_OPT_INQ, SAMPAN_OPT_OUTQ, SAMPAN_OPT_OUTQNSD, SAMPAN_OPT_ATMARK };
	struct fx f = fx_established();

	for (unsigned i = 0; i < COUNT_OF(only); i++)
		EXPECT_EQ(sampan_setopt(f.s, f.h, only[i], 1), SAMPAN_EOPNOTSUPP);
}

TEST(option_that_does_not_exist_is_refused)
{
	struct fx f = fx_established();
	int64_t value;

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_COUNT, 1), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_COUNT, &value), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_setopt(f.s, f.h + 1, SAMPAN_OPT_NODELAY, 1), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_getopt(f.s, 0, SAMPAN_OPT_NODELAY, &value), SAMPAN_EBADHANDLE);
}

/* What nobody set is the setting's, and follows it. */
TEST(option_defaults_are_the_settings)
{
	struct fx f = fx_established();

	COVERS("MUST-28");
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPIDLE), 7200);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPINTVL), 75);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPCNT), 9);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_SYNCNT), 7);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_LINGER2), 60);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_TTL), 64);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_LINGER), -1);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RCVLOWAT), 1);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_MAXSEG), 1460);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_ACCEPTCONN), 0);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_ACCEPTCONN), 1);
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.tcp_keepalive_time", 99), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPIDLE), 99);
}

/* The peer's SYN comes to a listener whose options were set. */
static struct fx
accepted(const struct rule *rule)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_setopt(f.s, f.listener, rule->option, rule->value), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	return f;
}

TEST(option_is_inherited_by_accepted_socket)
{
	for (unsigned i = 0; i < COUNT_OF(taken); i++) {
		struct fx f;

		if (taken[i].option == SAMPAN_OPT_QUICKACK)
			continue;	/* of the moment, not of the socket */
		f = accepted(&taken[i]);
		EXPECT_EQ(get(&f, f.h, taken[i].option), taken[i].got);
	}
}

/* What the accepted one changes is not the listener's. */
TEST(option_of_accepted_socket_is_its_own)
{
	const struct rule rule = { SAMPAN_OPT_KEEPIDLE, 100, 100 };
	struct fx f = accepted(&rule);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPIDLE, 7), 0);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_KEEPIDLE), 100);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPIDLE), 7);
}

/* ---- What they do ---- */

/* The IP header in front of the segment expected last. */
static const uint8_t *
ip_of(const struct fx *f)
{
	return f->seg.tcp.text - f->seg.tcp.h.data_off_bytes - (fx_is_v6() ? 40 : 20);
}

static unsigned
tos_of(const struct fx *f)
{
	const uint8_t *ip = ip_of(f);

	return fx_is_v6() ? (ip[0] & 15u) << 4 | ip[1] >> 4 : ip[1];
}

/* MUST-48, MUST-49, SHLD-21, SHLD-22. */
TEST(established_tos_and_ttl_are_on_the_wire)
{
	struct fx f = fx_established();

	COVERS("MUST-48", "MUST-49", "SHLD-21", "SHLD-22");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TOS, 0xb8), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TTL, 17), 0);
	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT_EQ(tos_of(&f), 0xb8);
	EXPECT_EQ(ip_of(&f)[fx_is_v6() ? 7 : 8], 17);
	if (!fx_is_v6())
		EXPECT_EQ(ip_of(&f)[6] & 0x40, 0x40);	/* DF: R-1191-1 */
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_TOS, 0x28), 0);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	EXPECT_EQ(fx_write(&f, 10), 10);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT_EQ(tos_of(&f), 0x28);
}

/* MAY-9, R-IP4-10: IP_RECVTOS. */
TEST(established_tos_of_what_arrives_is_told)
{
	struct fx f = fx_established();

	COVERS("MAY-9", "R-IP4-10");
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RECVTOS), -1);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_RECVTOS, 1), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RECVTOS), -1);
	peer_sends(&f, .len = 10);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RECVTOS), 0);
	peer_sends(&f, .len = 10, .tos = 0xb8);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RECVTOS), 0xb8);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_RECVTOS, 0), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_RECVTOS), -1);
}

TEST(maxseg_caps_what_is_announced_and_sent)
{
	const struct rule rule = { SAMPAN_OPT_MAXSEG, 800, 800 };
	struct fx f = fx_listen();

	COVERS("MUST-14");
	EXPECT_EQ(sampan_setopt(f.s, f.listener, rule.option, rule.value), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .mss = 800);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_MAXSEG), 800);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_segment(&f, .flags = TCP_ACK, .seq = fx_our(&f, 0), .len = 800);
}

TEST(queues_are_told_in_bytes)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	peer_sends(&f, .flags = TCP_ACK, .len = 300);
	fx_drop(&f);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_INQ), 300);
	EXPECT_EQ(fx_write(&f, 1500), 1500);
	fx_drop(&f);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_OUTQ), 1500);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_OUTQNSD), 500);
	EXPECT_EQ(sampan_shutdown(f.s, f.h, SAMPAN_SHUT_WR), 0);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_OUTQ), 1501);
	EXPECT_EQ(sampan_readable_bytes(f.s, f.h), 300);
}

/* SO_ERROR: once. */
TEST(error_is_told_once)
{
	struct fx f = fx_established();

	COVERS("MUST-12");
	peer_sends(&f, .flags = TCP_RST);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_ERROR), SAMPAN_ECONNRESET);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_ERROR), 0);
	EXPECT_EQ(sampan_send(f.s, f.h, "x", 1), SAMPAN_EPIPE);
	EXPECT_EQ(fx_read(&f, 1), 0);
}

TEST(notsent_lowat_bounds_what_is_writable)
{
	struct fx f = fx_established(.peer_wnd = 1000);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NOTSENT_LOWAT, 500), 0);
	EXPECT_EQ(fx_write(&f, 1000), 1000);
	fx_drop(&f);
	EXPECT(sampan_writable_bytes(f.s, f.h) > 0);
	EXPECT_EQ(fx_write(&f, 600), 600);
	EXPECT_EQ(sampan_writable_bytes(f.s, f.h), 0);
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_EAGAIN);
	peer_sends(&f, .flags = TCP_ACK);
	fx_drop(&f);
	EXPECT(sampan_writable_bytes(f.s, f.h) > 0);
}

/* Woken once no more than half of it waits, which text that leaves brings about. */
TEST(notsent_lowat_wakes_at_half)
{
	struct fx f = fx_established(.peer_wnd = 2000);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NOTSENT_LOWAT, 2000), 0);
	EXPECT_EQ(fx_write(&f, 5000), 5000);
	fx_drop(&f);
	EXPECT_EQ(fx_write(&f, 1), SAMPAN_EAGAIN);
	fx_forget_events(&f);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 1000));
	fx_drop(&f);			/* 2,000 wait */
	expect_event(&f, 0);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2000));
	fx_drop(&f);			/* 1,000 */
	expect_event(&f, 0);
	peer_sends(&f, .flags = TCP_ACK, .ack = fx_our(&f, 2500));
	expect_event(&f, 0);
	fx_drop(&f);
	expect_event(&f, SAMPAN_WRITABLE);
}

TEST(window_clamp_bounds_the_window)
{
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_WINDOW_CLAMP, 5000), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	for (unsigned i = 0; i < 60; i++) {
		peer_sends(&f, .flags = TCP_ACK, .len = 1460);
		fx_drop(&f);
		(void)fx_read(&f, 1460);
		fx_drop(&f);
	}
	EXPECT(f.rcv_wnd <= 5000);
}

/* TCP_SYNCNT: one repetition, then it is given up. */
TEST(syncnt_ends_an_opening)
{
	struct fx f = fx_syn_sent();
	struct sampan_status st;

	COVERS("MUST-22");
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_SYNCNT, 2), 0);
	fx_advance(&f, SAMPAN_SEC(20));
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	expect_quiet(&f);
	EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
	EXPECT_EQ(st.error, SAMPAN_ETIMEDOUT);
}

/* SO_LINGER of 0 s: closing is aborting. */
TEST(linger_zero_close_resets)
{
	struct fx f = fx_established();

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_LINGER, 0), 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_reset(&f);
	expect_state(&f, TCP_CLOSED);
}

TEST(congestion_control_has_a_name)
{
	struct fx f = fx_established();

	EXPECT_STR(sampan_cc_name((unsigned)get(&f, f.h, SAMPAN_OPT_CONGESTION)), "newreno");
	EXPECT_EQ(sampan_cc_find("newreno"), get(&f, f.h, SAMPAN_OPT_CONGESTION));
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_CONGESTION, sampan_cc_find("cubic")), 0);
	EXPECT_STR(sampan_cc_name((unsigned)get(&f, f.h, SAMPAN_OPT_CONGESTION)), "cubic");
	EXPECT_EQ(sampan_cc_find("nosuch"), SAMPAN_ENOENT);
	EXPECT(sampan_cc_name(1000) == NULL);
}
