/*
 * syncookie.c - SYN cookies, RFC 4987 §3.6: when there is no room for a
 * half-open connection, what it would hold comes back with the peer's answer.
 */
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"
#include "net/ip.h"
#include "tcp/tcp_of.h"

#define SEED_KEY { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }

static void
set(struct fx *f, const char *name, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, name, value), 0);
}

/* Every SYN gets a cookie. */
static struct fx
always(struct fx_opts opts)
{
	struct fx f = fx_make(SAMPAN_TCP_LISTEN, opts);

	set(&f, "net.ipv4.tcp_syncookies", 2);
	return f;
}

static void
syn(struct fx *f)
{
	peer_sends(f, .flags = TCP_SYN, .seq = f->irs, .mss = f->opts.peer_mss,
	    .wscale = f->opts.wscale ? f->opts.peer_scale : FX_ANY, .sack_ok = f->opts.sack);
	expect_segment(f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
}

static unsigned
connections(const struct fx *f)
{
	struct sampan_stats st;

	sampan_stats(f->s, &st);
	return st.connections - 1;	/* without the listener */
}

static unsigned
half_open(const struct fx *f)
{
	struct sampan_stats st;

	sampan_stats(f->s, &st);
	return st.half_open;
}

/* ---- When ---- */

TEST_TWICE(listen_with_room_sends_no_cookie)
{
	struct fx f = fx_listen(.ts = true);

	COVERS("R-4987-7");
	syn(&f);
	EXPECT_EQ(half_open(&f), 1);
	expect_count(&f, COUNT_TCP_COOKIES_SENT, 0);
	expect_count(&f, COUNT_TCP_PASSIVE_OPENS, 1);
}

TEST_TWICE(listen_without_room_sends_a_cookie_and_keeps_nothing)
{
	struct fx f = fx_listen();
	struct sampan_stats before, after;

	COVERS("R-4987-2", "R-4987-5", "R-V-18");
	set(&f, "net.ipv4.tcp_max_syn_backlog", 1);
	peer_sends(&f, .flags = TCP_SYN, .port = 9, .refused = true);
	fx_drop(&f);
	sampan_stats(f.s, &before);
	for (uint16_t port = 1000; port < 1200; port++)
		peer_sends(&f, .flags = TCP_SYN, .port = port, .refused = true);
	fx_drop(&f);
	sampan_stats(f.s, &after);
	EXPECT_EQ(half_open(&f), 1);
	EXPECT_EQ(after.used_bytes, before.used_bytes);
	expect_count(&f, COUNT_TCP_COOKIES_SENT, 200);
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 100), 10);
}

/* The memory of the whole stack is the other limit. */
TEST(flood_leaves_memory_for_whoever_is_honest)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)128 << 10);

	COVERS("R-4987-2", "R-V-18");
	for (unsigned i = 0; i < 3000; i++) {
		peer_sends(&f, .flags = TCP_SYN, .port = (uint16_t)(1 + i), .src = 0x0a000003,
		    .refused = true);
		fx_drop(&f);
	}
	EXPECT(sampan_counter(f.s, SAMPAN_COUNT_TCP_COOKIES_SENT) > 0);
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 1000);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 2000), 1000);
}

TEST_TWICE(listen_with_cookies_off_drops)
{
	struct fx f = fx_listen();

	set(&f, "net.ipv4.tcp_syncookies", 0);
	set(&f, "net.ipv4.tcp_max_syn_backlog", 1);
	peer_sends(&f, .flags = TCP_SYN, .port = 9, .refused = true);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_SYN, .refused = true);
	expect_quiet(&f);
	expect_count(&f, DROP_TCP_HALF_OPEN, 1);
}

/* ---- What comes back ---- */

TEST_TWICE(cookie_with_timestamps_keeps_scale_and_sack)
{
	struct fx f = always(FX_OPTS(.ts = true, .wscale = true, .peer_scale = 9, .sack = true));
	struct sampan_tcp_info info;

	COVERS("R-4987-4");
	syn(&f);
	EXPECT(f.seg.tcp.opts.has_wscale && f.seg.tcp.opts.sack_permitted);
	peer_sends(&f, .flags = TCP_ACK, .wnd = 100 << 9);
	fx_accept(&f);
	EXPECT_EQ(sampan_tcp_info(f.s, f.h, &info), 0);
	EXPECT_EQ(info.options & 7, 7);
	EXPECT_EQ(info.snd_wscale, 9);
	EXPECT_EQ(info.snd_wnd_bytes, 100 << 9);
	expect_count(&f, COUNT_TCP_COOKIES_RECV, 1);
}

TEST_TWICE(cookie_with_timestamps_only_keeps_nothing_else)
{
	struct fx f = always(FX_OPTS(.ts = true));
	struct sampan_tcp_info info;

	COVERS("R-4987-4");
	syn(&f);
	EXPECT(!f.seg.tcp.opts.has_wscale && !f.seg.tcp.opts.sack_permitted);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(sampan_tcp_info(f.s, f.h, &info), 0);
	EXPECT_EQ(info.options & 7, 1);
}

TEST_TWICE(cookie_without_timestamps_offers_no_scale_and_no_sack)
{
	struct fx f = always(FX_OPTS(.wscale = true, .peer_scale = 9, .sack = true));

	COVERS("R-4987-4");
	syn(&f);
	EXPECT(!f.seg.tcp.opts.has_wscale && !f.seg.tcp.opts.sack_permitted);
	f.opts.wscale = false;
	peer_sends(&f, .flags = TCP_ACK, .wnd = 30000);
	fx_accept(&f);
	expect_state(&f, TCP_ESTABLISHED);
}

/* The MSS is the next one below that the cookie has a number for. */
TEST_TWICE(cookie_rounds_the_mss_down)
{
	static const struct {
		int peer, kept;
	} cases[] = { { 100, 216 }, { 536, 536 }, { 1000, 536 }, { 1459, 1452 }, { 1460, 1460 },
		{ 65535, 1460 } };

	COVERS("R-4987-3");
	for (unsigned i = 0; i < 6; i++) {
		struct fx f = always(FX_OPTS(.peer_mss = cases[i].peer));
		struct sampan_tcp_info info;

		syn(&f);
		peer_sends(&f, .flags = TCP_ACK);
		fx_accept(&f);
		EXPECT_EQ(sampan_tcp_info(f.s, f.h, &info), 0);
		EXPECT_EQ(info.snd_mss_bytes, cases[i].kept);
	}
}

/* Both directions carry text afterwards. */
TEST_TWICE(cookie_connection_works)
{
	struct fx f = always(FX_OPTS(.ts = true, .sack = true));

	COVERS("R-4987-2");
	syn(&f);
	f.mss = 1448;
	peer_sends(&f, .flags = TCP_ACK, .len = 500);
	fx_accept(&f);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 1000), 500);
	EXPECT_EQ(fx_write(&f, 3000), 3000);
	expect_text(&f, f.snd_nxt, 3000);
	peer_sends(&f, .flags = TCP_ACK);
	EXPECT_SOUND(f.s);
}

/* ---- What does not ---- */

TEST_TWICE(cookie_with_a_bit_changed_is_reset)
{
	COVERS("R-4987-3", "R-4987-6");
	for (unsigned bit = 0; bit < 32; bit++) {
		struct fx f = always(FX_OPTS(.ts = false));
		tcp_seq ack;

		syn(&f);
		ack = seq_of(f.snd_nxt.raw ^ 1u << bit);
		peer_sends(&f, .flags = TCP_ACK, .ack = ack, .refused = true);
		expect_segment(&f, .flags = TCP_RST, .seq = ack);
		EXPECT_EQ(connections(&f), 0);
		expect_count(&f, COUNT_TCP_COOKIES_FAILED, 1);
	}
}

/* Another port, another first number, other options: not what was hashed. */
TEST_TWICE(cookie_of_somebody_else_is_reset)
{
	struct fx f = always(FX_OPTS(.ts = true));

	COVERS("R-4987-3");
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK, .port = 4711, .refused = true);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_add(f.rcv_nxt, 1), .refused = true);
	peer_sends(&f, .flags = TCP_ACK, .tsecr = (int64_t)(f.tsecr ^ 0x21), .refused = true);
	peer_sends(&f, .flags = TCP_ACK, .no_ts = true, .refused = true);
	EXPECT_EQ(connections(&f), 0);
	expect_count(&f, COUNT_TCP_COOKIES_FAILED, 4);
	expect_count(&f, COUNT_TCP_RSTS_OUT, 4);
}

TEST_TWICE(cookie_is_good_for_a_minute_and_not_for_three)
{
	COVERS("R-4987-3");
	for (unsigned minutes = 1; minutes <= 3; minutes += 2) {
		struct fx f = always(FX_OPTS(.ts = true));

		syn(&f);
		fx_advance(&f, SAMPAN_SEC(60) * minutes);
		peer_sends(&f, .flags = TCP_ACK, .refused = minutes == 3);
		EXPECT_EQ(connections(&f), minutes == 1);
	}
}

/* Every generation has its own key: what was sent in the one before is still good, and
 * a key that was used before does not come back. */
TEST_TWICE(cookie_keys_change_with_every_generation)
{
	struct fx f = always(FX_OPTS(.ts = false));
	const struct tcp_cookies *c = &sp_tcp_const(f.s)->cookies;
	struct sp_key keys[6];

	COVERS("R-4987-3");
	for (unsigned i = 0; i < 6; i++) {
		fx_advance(&f, SAMPAN_SEC(64));
		peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .refused = true);
		fx_drop(&f);
		keys[i] = c->key[c->generation & 1];
		for (unsigned k = 0; k < i; k++)
			EXPECT(memcmp(&keys[k], &keys[i], sizeof(keys[i])) != 0);
		EXPECT(i == 0 || memcmp(&keys[i - 1], &c->key[(c->generation & 1) ^ 1],
		    sizeof(keys[0])) == 0);
	}
}

/* RFC 6437: all packets of a flow have its label, the first of them too. */
TEST_TWICE(cookie_and_what_follows_have_one_flow_label)
{
	struct fx f = always(FX_OPTS(.ts = true));
	struct sp_flow flow = { .remote = fx_peer(), .local = fx_local(),
		.remote_port = FX_PEER_PORT, .local_port = FX_LOCAL_PORT };

	COVERS("R-4987-11");
	if (!fx_is_v6())
		SKIP("is about IPv6");
	syn(&f);
	EXPECT_EQ(f.seg.tcp.flow_label, sp_ip_flow_label(f.s, &flow));
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(f.seg.tcp.flow_label, sp_ip_flow_label(f.s, &flow));
	EXPECT(f.seg.tcp.flow_label != 0);
}

/* Nobody looks for cookies where none was sent. */
TEST_TWICE(ack_without_a_cookie_sent_is_not_looked_at)
{
	struct fx f = fx_listen();

	COVERS("R-4987-7");
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_of(4711), .refused = true);
	expect_segment(&f, .flags = TCP_RST, .seq = seq_of(4711));
	expect_count(&f, COUNT_TCP_COOKIES_FAILED, 0);
}

TEST_TWICE(cookie_that_meets_a_full_queue_is_dropped)
{
	struct fx f = always(FX_OPTS(.backlog = 0));

	COVERS("R-4987-9");
	peer_sends(&f, .flags = TCP_SYN, .port = 9, .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .any_ack = true);
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK, .len = 10);
	EXPECT_EQ(connections(&f), 1);
	fx_drop(&f);
	EXPECT_EQ(half_open(&f), 0);
}

/* ---- The acknowledgement that was lost: R-4987-13 ---- */

TEST_TWICE(cookie_comes_back_with_text)
{
	struct fx f = always(FX_OPTS(.ts = true));

	COVERS("R-4987-13");
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK | TCP_PSH, .len = 700);
	fx_accept(&f);
	EXPECT_EQ(fx_read(&f, 1000), 700);
}

TEST_TWICE(cookie_comes_back_with_a_keepalive_probe)
{
	struct fx f = always(FX_OPTS(.ts = true));

	COVERS("R-4987-13");
	syn(&f);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1));
	fx_accept(&f);
	expect_segment(&f, .flags = TCP_ACK);
	expect_state(&f, TCP_ESTABLISHED);
}

/* ---- Keys from outside ---- */

TEST(cookie_of_another_stack_with_the_same_key_is_taken)
{
	static const uint8_t key[16] = SEED_KEY, other[16] = { 9 };
	struct fx f = always(FX_OPTS(.ts = false));
	tcp_seq ack, seq;

	EXPECT_EQ(sampan_syncookie_key(f.s, 7, key), 0);
	syn(&f);
	ack = f.snd_nxt;
	seq = f.rcv_nxt;
	for (uint32_t later = 0; later < 3; later++) {
		f = always(FX_OPTS(.ts = false));
		EXPECT_EQ(sampan_syncookie_key(f.s, 7, key), 0);
		for (uint32_t i = 1; i <= later; i++)
			EXPECT_EQ(sampan_syncookie_key(f.s, 7 + i, other), 0);
		peer_sends(&f, .flags = TCP_ACK, .seq = seq, .ack = ack, .refused = later == 2);
		EXPECT_EQ(connections(&f), later < 2);
	}
	EXPECT_EQ(sampan_syncookie_key(f.s, 3, key), SAMPAN_EINVAL);
}

TEST(cookie_of_a_stack_with_another_key_is_reset)
{
	static const uint8_t key[16] = SEED_KEY, other[16] = { 9 };
	struct fx f = always(FX_OPTS(.ts = false));
	tcp_seq ack, seq;

	EXPECT_EQ(sampan_syncookie_key(f.s, 7, key), 0);
	syn(&f);
	ack = f.snd_nxt;
	seq = f.rcv_nxt;
	f = always(FX_OPTS(.ts = false));
	EXPECT_EQ(sampan_syncookie_key(f.s, 7, other), 0);
	peer_sends(&f, .flags = TCP_ACK, .seq = seq, .ack = ack, .refused = true);
	EXPECT_EQ(connections(&f), 0);
}
