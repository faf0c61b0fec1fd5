/*
 * server_10k.c - the profile of a ten-thousand-connection server is loaded, and
 * each of its keys that is a setting is seen to act; in the profile's values
 * where that can be seen, else in smaller ones.  What is no setting is answered
 * with the reason: tests/unit/host_conf.c.
 */
#include <stdio.h>

#include <sampan/config.h>
#include <sampan/host.h>
#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

/* A listener, and the profile. */
static struct fx
profile(void)
{
	static char text[8192];
	struct fx f = fx_listen();
	FILE *file = fopen("tests/conf/server-10k.conf", "r");

	EXPECT(file != NULL);
	EXPECT_EQ(sampan_conf_apply(f.s, text, fread(text, 1, sizeof(text), file), NULL, NULL), 0);
	(void)fclose(file);
	return f;
}

/* A socket made after the profile was loaded listens on another port. */
static struct fx
profile_listener(void)
{
	struct fx f = profile();
	const struct sampan_sockaddr local = { .port = FX_LOCAL_PORT };

	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.listener), 0);
	EXPECT_EQ(sampan_bind(f.s, f.listener, &local), 0);
	EXPECT_EQ(sampan_listen(f.s, f.listener, 1000000), 0);
	return f;
}

static int64_t
get(struct fx *f, sampan_handle h, enum sampan_option option)
{
	int64_t value = -99;

	EXPECT_EQ(sampan_getopt(f->s, h, option, &value), 0);
	return value;
}

/* tcp_rmem, tcp_wmem, rmem_max, wmem_max, somaxconn. */
TEST(profile_buffers_and_backlog)
{
	struct fx f = profile_listener();
	struct sampan_status st;

	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_RCVBUF), 873800);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_SNDBUF), 163840);
	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_RCVBUF, 400000000), 0);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_RCVBUF), 800000000);
	EXPECT_EQ(sampan_setopt(f.s, f.listener, SAMPAN_OPT_SNDBUF, 1000000000), 0);
	EXPECT_EQ(get(&f, f.listener, SAMPAN_OPT_SNDBUF), 2 * 524288000);
	EXPECT_EQ(sampan_status(f.s, f.listener, &st), 0);
	EXPECT_EQ(st.send_queue_bytes, 65535);
}

/* tcp_timestamps = 0, tcp_sack = 1, tcp_window_scaling = 1: what is agreed. */
TEST(profile_options_on_the_wire)
{
	struct fx f = profile_listener();

	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460, .wscale = 7, .sack_ok = true,
	    .tsval = 1);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true, .ts = 0,
	    .sack_ok = 1);
	EXPECT(f.seg.tcp.opts.has_wscale);
}

/* tcp_synack_retries = 3: four in all, and it is forgotten. */
TEST(profile_synack_retries)
{
	struct fx f = profile_listener();
	unsigned n = 0;

	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	fx_advance(&f, SAMPAN_SEC(100));
	while (fx_next_out(&f) != NULL)
		n++;
	EXPECT_EQ(n, 4);
	expect_count(&f, COUNT_TCP_ATTEMPT_FAILS, 1);
}

/* tcp_syn_retries = 3, ip_local_port_range = 20000 65000. */
TEST(profile_syn_retries_and_ports)
{
	const struct sampan_sockaddr peer = { sampan_addr_v4(10, 0, 0, 2), 4711, 0 };
	struct fx f = profile();
	struct sampan_status st;
	unsigned n = 0, low = 0;

	for (unsigned i = 0; i < 200; i++) {
		EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
		EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_EINPROGRESS);
		EXPECT_EQ(sampan_status(f.s, f.h, &st), 0);
		EXPECT(st.local.port >= 20000 && st.local.port <= 65000);
		low += st.local.port < 32768;
		EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	}
	EXPECT(low > 10);
	fx_drop(&f);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, &peer), SAMPAN_EINPROGRESS);
	fx_advance(&f, SAMPAN_SEC(300));
	while (fx_next_out(&f) != NULL)
		n++;
	EXPECT_EQ(n, 4);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_ERROR), SAMPAN_ETIMEDOUT);
}

/* tcp_fin_timeout = 30, tcp_keepalive_time = 300. */
TEST(profile_times)
{
	struct fx f = profile_listener();

	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_KEEPIDLE), 300);
	EXPECT_EQ(get(&f, f.h, SAMPAN_OPT_LINGER2), 30);
	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_KEEPALIVE, 1), 0);
	fx_drop(&f);
	fx_advance(&f, SAMPAN_SEC(299));
	expect_quiet(&f);
	fx_advance(&f, SAMPAN_SEC(2));
	expect_count(&f, COUNT_TCP_KEEPALIVES, 1);
	fx_drop(&f);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	expect_segment(&f, .flags = TCP_FIN | TCP_ACK);
	peer_sends(&f, .flags = TCP_ACK);
	fx_advance(&f, SAMPAN_SEC(29));
	expect_state(&f, TCP_FIN_WAIT_2);
	fx_advance(&f, SAMPAN_SEC(2));
	expect_state(&f, TCP_CLOSED);
}

/* rmem_default, wmem_default = 8388608: of a UDP socket. */
TEST(profile_datagram_buffers)
{
	struct fx f = profile();
	sampan_handle h;

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(get(&f, h, SAMPAN_OPT_RCVBUF), 8388608);
	EXPECT_EQ(get(&f, h, SAMPAN_OPT_SNDBUF), 8388608);
}

/* conf.all.rp_filter = 1: what would be answered by another link is dropped. */
TEST(profile_way_back)
{
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 1, 1 },
		.mtu_bytes = 1500, .name = "other" };
	const struct sampan_addr there = sampan_addr_v4(10, 9, 0, 1);
	struct fx f = profile_listener();

	EXPECT_EQ(sampan_addr_add(f.s, sampan_link_add(f.s, &link), &there, 24), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460, .src = 0x0a090002,
	    .port = 7000, .refused = true);
	expect_quiet(&f);
	expect_count(&f, DROP_IP_RP_FILTER, 1);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
}

/* What cannot be seen in the profile's own values holds them; the effect of each is seen
 * in smaller ones: memory.c (tcp_mem), syncookie.c (tcp_syncookies, tcp_max_syn_backlog),
 * time_wait.c (tcp_max_tw_buckets, tcp_tw_reuse), close.c (tcp_max_orphans),
 * ../unit/net_path4.c (redirects). */
TEST(profile_values_of_what_is_large)
{
	static const struct {
		const char *name;
		int64_t value;
	} large[] = {
		{ "net.ipv4.tcp_mem_min", 768432 }, { "net.ipv4.tcp_mem_pressure", 2097152 },
		{ "net.ipv4.tcp_mem_max", 15242880 }, { "net.ipv4.tcp_syncookies", 1 },
		{ "net.ipv4.tcp_max_syn_backlog", 81920 }, { "net.ipv4.tcp_max_tw_buckets", 6000 },
		{ "net.ipv4.tcp_tw_reuse", 1 }, { "net.ipv4.tcp_max_orphans", 3276800 },
		{ "net.ipv4.conf.all.accept_redirects", 0 },
		{ "net.ipv4.conf.all.secure_redirects", 0 },
		{ "net.ipv4.conf.all.rp_filter", 1 },
	};
	struct fx f = profile();

	for (unsigned i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		int64_t value = -1;

		EXPECT_EQ(sampan_get(f.s, large[i].name, &value), 0);
		EXPECT_EQ(value, large[i].value);
	}
}
