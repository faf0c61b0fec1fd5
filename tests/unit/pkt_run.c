/* Tests of pkt/run.h: times, verdicts, what is compared, on whole scripts. */
#include "lib/test.h"

#include <stdio.h>

#include "pkt/parse.h"
#include "pkt/run.h"

#define HANDSHAKE \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
	"0 bind(3, ..., ...) = 0\n" \
	"0 listen(3, 1) = 0\n" \
	"0.1 < S 0:0(0) win 32792 <mss 1000>\n" \
	"+0 > S. 0:0(0) ack 1 <mss 1460>\n" \
	"+.1 < . 1:1(0) ack 1 win 32792\n" \
	"+0 accept(3, ..., ...) = 4\n"

static struct pkt_result result;

static enum pkt_verdict
run_in(enum pkt_profile profile, const char *text)
{
	struct pkt_script script = { .name = "test" };
	struct pkt_config config;

	sp_pkt_config_init(&config);
	config.profile = profile;
	result = (struct pkt_result){ .verdict = PKT_PARSE };
	if (sp_pkt_parse(&script, text, strlen(text), NULL))
		sp_pkt_run(&script, &config, &result);
	else
		print_message("# %d: %s\n", script.error_line, script.error);
	sp_pkt_script_free(&script);
	return result.verdict;
}

static void
expect_run(const char *text, enum pkt_verdict want)
{
	char whole[2000];

	(void)snprintf(whole, sizeof(whole), "%s%s", HANDSHAKE, text);
	if (run_in(PKT_STRICT, whole) != want)
		print_message("# %s\n# %s\n", text, result.why);
	EXPECT_EQ(result.verdict, want);
}

/* It is skipped for this reason. */
static void
expect_skip(const char *text, const char *why)
{
	expect_run(text, PKT_SKIP);
	EXPECT_STR(result.why, why);
}

TEST(handshake_passes)
{
	expect_run("+0 close(4) = 0\n+0 > F. 1:1(0) ack 1", PKT_PASS);
}

TEST(each_wrong_field_fails)
{
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1", PKT_PASS);
	expect_run("+0 write(4, ..., 100) = 99", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = -1 EAGAIN", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > . 1:101(100) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 2:102(100) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 1:100(99) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 2", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 win 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1 <nop,nop,nop,nop>",
	    PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > [ce] P. 1:101(100) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 100) = 100\n+0 > (ttl 63) P. 1:101(100) ack 1", PKT_FAIL);
	expect_run("+0 > . 1:1(0) ack 1", PKT_FAIL);
}

TEST(times_have_a_tolerance)
{
	expect_run("+.4 write(4, ..., 100) = 100\n+0.004 > P. 1:101(100) ack 1", PKT_PASS);
	expect_run("+.4 write(4, ..., 100) = 100\n+0.005 > P. 1:101(100) ack 1", PKT_FAIL);
	expect_run("+.4 write(4, ..., 100) = 100\n* > P. 1:101(100) ack 1", PKT_PASS);
	expect_run("+.4 write(4, ..., 100) = 100\n+0~+1 > P. 1:101(100) ack 1", PKT_PASS);
	expect_run("+.4 write(4, ..., 100) = 100\n+.5~+1 > P. 1:101(100) ack 1", PKT_FAIL);
	EXPECT_EQ(run_in(PKT_STRICT, "1 socket(..., SOCK_STREAM, 0) = 3\n0.5 close(3) = 0"),
	    PKT_PARSE);
}

TEST(blocking_calls_end_when_they_should)
{
	expect_run("+0...+.2 read(4, ..., 100) = 50\n+.2 < P. 1:51(50) ack 1 win 9", PKT_PASS);
	expect_run("+0...+.3 read(4, ..., 100) = 50\n+.2 < P. 1:51(50) ack 1 win 9", PKT_FAIL);
	expect_run("+0...+.2 read(4, ..., 100) = 51\n+.2 < P. 1:51(50) ack 1 win 9", PKT_FAIL);
	expect_run("+0...+.2 read(4, ..., 100) = 50", PKT_FAIL);
	expect_run("+0 read(4, ..., 100) = 50", PKT_FAIL);
	expect_run("+0...+.1 poll([{fd=4, events=POLLIN, revents=0}], 1, 100) = 0", PKT_PASS);
	expect_run("+0...+.2 poll([{fd=4, events=POLLIN, revents=0}], 1, 100) = 0", PKT_FAIL);
}

TEST(payload_is_checked_both_ways)
{
	expect_run("+0 write(4, \"hello\", 5) = 5\n+0 > P. 1:6(5) ack 1", PKT_PASS);
	expect_run("+.1 < P. 1:6(5) ack 1 win 9\n+.3 read(4, \"hello\", 5) = 5", PKT_FAIL);
	expect_run("+.1 < P. 1:6(5) ack 1 win 9\n+.3 read(4, ..., 5) = 5", PKT_PASS);
}

TEST(descriptors_are_labels)
{
	expect_run("+0 write(5, ..., 1) = -1 EBADF (Bad file descriptor)", PKT_PASS);
	expect_run("+0 close(4) = 0\n+0 close(4) = -1 EBADF (Bad file descriptor)", PKT_PASS);
}

TEST(assertions_hold_or_fail)
{
	expect_run("+0 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%", PKT_PASS);
	expect_run("+0 %{ assert tcpi_state == TCP_LISTEN, \"is %d\" % tcpi_state }%", PKT_FAIL);
	expect_run("+0 %{ x = 3 + 0x10; assert x == 19 and not x > 20 }%", PKT_PASS);
	expect_run("+0 %{ assert -7 // 2 == -4 and -7 % 3 == 2 and 1 < 2 <= 2 }%", PKT_PASS);
	expect_run("+0 %{ assert (6 & 3) == 2 and max(1, 5, 2) == 5 and abs(-3) == 3 }%", PKT_PASS);
	expect_run("+0 %{ assert 1 == 1\nassert 1 == 2 }%", PKT_FAIL);
	expect_run("+0 %{ assert True or nothing_of_that_name }%", PKT_PASS);
}

TEST(what_is_not_known_is_skipped)
{
	expect_skip("+0 %{ assert tcpi_unheard_of == 0 }%", "info:tcpi_unheard_of");
	expect_skip("+0 %{ for x in y: pass }%", "code:for x in y: pass ");
	expect_skip("+0 `rm -rf /`", "shell:rm");
	expect_skip("+0 `sysctl -w net.ipv4.tcp_unheard_of=1`",
	    "sysctl:net.ipv4.tcp_unheard_of=1");
	expect_skip("+0 vmsplice(4, ..., 5, 0) = 1", "call:vmsplice");
	expect_skip("+0 setsockopt(4, SOL_TCP, TCP_UNHEARD, [1], 4) = 0",
	    "sockopt:TCP_UNHEARD");
	expect_skip("+0 > udplite (1000)", "packet:udplite");
	expect_run("+0 write(4, ..., 1) = SOMETHING", PKT_SKIP);
}

TEST(profiles_hide_no_data)
{
	static const char wrong[] = HANDSHAKE "+0 write(4, ..., 100) = 100\n"
	    "+0 > P. 1:51(50) ack 1\n";
	static const char push[] = HANDSHAKE "+0 write(4, ..., 100) = 100\n"
	    "+0 > . 1:101(100) ack 1 win 1\n";

	for (unsigned p = 0; p < PKT_PROFILES; p++)
		EXPECT_EQ(run_in((enum pkt_profile)p, wrong), PKT_FAIL);
	EXPECT_EQ(run_in(PKT_STRICT, push), PKT_FAIL);
	EXPECT_EQ(run_in(PKT_SHAPE, push), PKT_FAIL);
	EXPECT_EQ(run_in(PKT_RFC, push), PKT_PASS);
}

TEST(several_connections_are_told_apart_by_ports)
{
	static const char text[] =
	    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	    "0 bind(3, ..., ...) = 0\n"
	    "0 listen(3, 5) = 0\n"
	    "+.1 < 1111 > 8080 S 0:0(0) win 5000 <mss 1000>\n"
	    "+0 < 2222 > 8080 S 100:100(0) win 5000 <mss 1000>\n"
	    "+0 > 8080 > 2222 S. 0:0(0) ack 101 <mss 1460>\n"
	    "+0 > 8080 > 1111 S. 0:0(0) ack 1 <mss 1460>\n"
	    "+.1 < 2222 > 8080 . 101:101(0) ack 1 win 5000\n"
	    "+0 accept(3, ..., ...) = 4\n"
	    "+0 write(4, ..., 10) = 10\n"
	    "+0 > 8080 > 2222 P. 1:11(10) ack 101\n";

	if (run_in(PKT_STRICT, text) != PKT_PASS)
		print_message("# %s\n", result.why);
	EXPECT_EQ(result.verdict, PKT_PASS);
}

#define TS_HANDSHAKE \
	"0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n" \
	"0 bind(3, ..., ...) = 0\n" \
	"0 listen(3, 1) = 0\n" \
	"0.1 < S 0:0(0) win 32792 <mss 1000,nop,nop,TS val 500 ecr 0>\n" \
	"+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 500>\n" \
	"+.1 < . 1:1(0) ack 1 win 32792 <nop,nop,TS val 600 ecr 100>\n" \
	"+0 accept(3, ..., ...) = 4\n" \
	"+0 write(4, ..., 100) = 100\n"

TEST(timestamps_are_learnt_and_checked)
{
	EXPECT_EQ(run_in(PKT_STRICT, TS_HANDSHAKE
	    "+0 > P. 1:101(100) ack 1 <nop,nop,TS val 200 ecr 600>\n"), PKT_PASS);
	EXPECT_EQ(run_in(PKT_STRICT, TS_HANDSHAKE
	    "+0 > P. 1:101(100) ack 1 <nop,nop,TS val 200 ecr 601>\n"), PKT_FAIL);
	EXPECT_EQ(run_in(PKT_STRICT, "--tcp_ts_tick_usecs=1000\n" TS_HANDSHAKE
	    "+0 > P. 1:101(100) ack 1 <nop,nop,TS val 200 ecr 600>\n"), PKT_PASS);
	EXPECT_EQ(run_in(PKT_STRICT, "--tcp_ts_tick_usecs=1000\n" TS_HANDSHAKE
	    "+0 > P. 1:101(100) ack 1 <nop,nop,TS val 210 ecr 600>\n"), PKT_FAIL);
}

TEST(big_segments_of_a_script_stand_for_full_ones)
{
	expect_run("+0 write(4, ..., 2500) = 2500\n+0 > P. 1:2501(2500) ack 1", PKT_PASS);
	expect_run("+0 write(4, ..., 2500) = 2500\n+0 > . 1:2501(2500) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 2500) = 2500\n+0 > P. 1:2502(2501) ack 1", PKT_FAIL);
	expect_run("+0 write(4, ..., 2500) = 2500\n+0 > P. 1:2501(2500) ack 2", PKT_FAIL);
	EXPECT_EQ(run_in(PKT_STRICT, "--strict_segments\n" HANDSHAKE
	    "+0 write(4, ..., 2500) = 2500\n+0 > P. 1:2501(2500) ack 1\n"), PKT_FAIL);
}

TEST(options_of_the_tool_that_are_not_known_are_skipped)
{
	EXPECT_EQ(run_in(PKT_STRICT, "--udp_encapsulation=1\n0 close(3) = -1 EBADF\n"), PKT_SKIP);
	EXPECT_STR(result.why, "tool option:udp_encapsulation");
	EXPECT_EQ(run_in(PKT_STRICT, "--mtu=abc\n0 close(3) = -1 EBADF\n"), PKT_SKIP);
	EXPECT_EQ(run_in(PKT_STRICT, "--mss=1000\n0 close(3) = -1 EBADF\n"), PKT_PASS);
}

TEST(time_outs_of_calls_are_kept_to)
{
	expect_run("+0 epoll_create(1) = 5\n"
	    "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0\n"
	    "+0...+.1 epoll_wait(5, ..., 1, 100) = 0\n+1 close(5) = 0", PKT_PASS);
	expect_run("+0 epoll_create(1) = 5\n"
	    "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0\n"
	    "+0...+.1 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 500) = 1\n"
	    "+.1 < P. 1:11(10) ack 1 win 9", PKT_PASS);
	expect_run("+0 epoll_create(1) = 5\n"
	    "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, u64=7}) = 0\n"
	    "+.1 < P. 1:11(10) ack 1 win 9\n"
	    "+0 epoll_wait(5, {events=EPOLLIN, u64=8}, 1, 0) = 1\n", PKT_FAIL);
}

#define BOUND "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3\n0 bind(3, ..., ...) = 0\n" \
	"+0 < udp 5555 > 8080 (100)\n"

/* What a datagram says, how long it is, whom it is from and when it comes are compared. */
TEST(datagrams_are_compared)
{
	static const char *const wrong[] = {
		"+0 recv(3, \"hello\", 2000, 0) = 100",
		"+0 recv(3, ..., 2000, 0) = 99",
		"+0 recvfrom(3, ..., 2000, 0, {sin_port=htons(5556)}, ...) = 100",
		"+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 9}], msg_flags=0}, 0) = 9",
		"+0 sendto(3, ..., 9, 0, {sa_family=AF_INET, sin_port=htons(7)}, ...) = 9\n"
		"+0 > udp 8080 > 7 (10)",
		"+0 sendto(3, ..., 9, 0, {sa_family=AF_INET, sin_port=htons(7)}, ...) = 9\n"
		"+0 > udp 8080 > 8 (9)",
		"+0 > udp 8080 > 5555 (100)",
		"+0 < udp 5555 > 9 (9)\n+0 > icmp unreachable host_unreachable",
	};

	EXPECT_EQ(run_in(PKT_STRICT, BOUND "+0 recv(3, ..., 2000, 0) = 100\n"), PKT_PASS);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[400];

		(void)snprintf(text, sizeof(text), BOUND "%s\n", wrong[i]);
		if (run_in(PKT_RFC, text) != PKT_FAIL)
			print_message("# %s\n# %s\n", wrong[i], result.why);
		EXPECT_EQ(result.verdict, PKT_FAIL);
	}
}
