/*
 * Tests of the whole language of packet scripts: each construct and each name
 * runs, or is a reason to skip that names it.  None is an error of the script.
 */
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

/* why: NULL if the line passes, or the reason to skip. */
struct entry {
	const char *text, *why;
};

static struct pkt_result result;

static void
run(const char *before, const char *text)
{
	struct pkt_script script = { .name = "test" };
	struct pkt_config config;
	char whole[6000];

	(void)snprintf(whole, sizeof(whole), "%s%s\n", before, text);
	sp_pkt_config_init(&config);
	result = (struct pkt_result){ .verdict = PKT_PARSE };
	if (sp_pkt_parse(&script, whole, strlen(whole), NULL))
		sp_pkt_run(&script, &config, &result);
	else
		(void)snprintf(result.why, sizeof(result.why), "%d: %s", script.error_line,
		    script.error);
	sp_pkt_script_free(&script);
}

static void
check(const char *before, const struct entry *e)
{
	const enum pkt_verdict want = e->why == NULL ? PKT_PASS : PKT_SKIP;

	run(before, e->text);
	if (result.verdict != want || (want == PKT_SKIP && strcmp(result.why, e->why) != 0))
		print_message("# %s\n# %s\n", e->text, result.why);
	EXPECT_EQ(result.verdict, want);
	if (want == PKT_SKIP)
		EXPECT_STR(result.why, e->why);
}

#define CHECK(before, ...) do { \
		static const struct entry entries_[] = { __VA_ARGS__ }; \
		for (size_t i_ = 0; i_ < sizeof(entries_) / sizeof(entries_[0]); i_++) \
			check(before, &entries_[i_]); \
	} while (0)

/* ---- What stands around events ---- */

TEST(options_of_the_tool)
{
	CHECK("",
	{ "--ip_version=ipv4\n--mss=1460 --mtu=1500\n--tolerance_usecs=14000\n"
	  "--tolerance_percent=20\n--tcp_ts_tick_usecs=1000\n--tcp_ts_ecr_scaled\n"
	  "--send_omit_free\n--non_fatal=packet\n--non_fatal packet,syscall\n"
	  "--local_ip=192.168.0.1\n--remote_ip=192.0.2.1\n--gateway_ip=192.168.0.2\n"
	  "--netmask_ip=255.255.0.0\n--strict_segments\n-D NAME=5\n-DOTHER=6\n"
	  "--init_scripts=/tmp/a.sh\n0 socket(..., SOCK_STREAM, NAME) = 3", "socket:protocol 5" },
	{ "--ip_version=ipv4-mapped-ipv6\n0 close(3) = -1 EBADF (Bad file descriptor)", NULL },
	{ "--udp_encapsulation\n0 close(3) = -1 EBADF", "tool option:udp_encapsulation" },
	{ "--tcp_md5_secret=abc\n0 close(3) = -1 EBADF", "tool option:tcp_md5_secret" },
	{ "--feature_of_tomorrow=1\n0 close(3) = -1 EBADF", "tool option:feature_of_tomorrow" });
}

TEST(what_stands_before_and_between_events)
{
	CHECK("",
	{ "// a comment\n# another /* one\n/* over\n lines */ `./defaults.sh\n"
	  " sysctl -q net.ipv4.tcp_timestamps=0`\n\n"
	  " 0.000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3 // here\n"
	  "+0.00 close(3) = 0 /* and */ # there\n", NULL },
	{ "0 `true\n sleep 1\n true`\n0 socket(..., SOCK_STREAM, 0) = 3;\n", NULL },
	{ "#ifdef NOT_THERE\n0 nonsense nonsense\n#else\n0 close(7) = -1 EBADF\n#endif\n", NULL },
	{ "0 socket(..., SOCK_STREAM, 0) = 3\n0.000...0.100 connect(3, ..., ...) = 0\n"
	  "*  > S 0:0(0) <...>\n+.1 < S. 0:0(0) ack 1 win 5792 <mss 1460>\n+0 > . 1:1(0) ack 1\n"
	  "0.2~0.3 %{ assert True }%\n", NULL });
}

/* ---- Packets ---- */

TEST(segments)
{
	CHECK(HANDSHAKE,
	{ "+.1 < P. 1:101(100) ack 1 win 257 <nop,nop,sack 1:2 3:4>\n+0~+.1 > . 1:1(0) ack 101",
	  NULL },
	{ "+.1 < FP. 1:101(100) ack 1 win 257\n+0 > . 1:1(0) ack 102", NULL },
	{ "+.1 < . 1:101(100), ack 1, win 257\n* > . 1:1(0) ack 101", NULL },
	{ "+.1 < [ect0] P. 1:11(10) ack 1 win 257\n* > [noecn] . 1:1(0) ack 11", NULL },
	{ "+.1 < [ce] P. 1:11(10) ack 1 win 257\n* > [nonect] . 1:1(0) ack 11", NULL },
	{ "+.1 < [ect1] (ttl 5) P. 1:11(10) ack 1 win 257\n* > (tos 0, ttl 64) . 1:1(0) ack 11",
	  NULL },
	{ "+.1 < (tos 0x10) PU. 1:11(10) ack 1 win 257 urg 3\n* > . 1:1(0) ack 11 win *", NULL },
	{ "+.1 < EWAP. 1:11(10) ack 1 win 257\n* > . 1:1(0) ack 11", NULL },
	{ "+.1 < - 1:1(0) win 257", NULL },
	{ "+.1 < 0. 1:11(10) ack 1 win 257\n* > .0 1:1(0) ack 11", NULL },
	{ "+.1 < R 1!:1!(0) win 0", NULL },
	{ "+.1 < tcp 9999 > 8080 . 1:1(0) ack 1 win 257\n* > 8080 > 9999 R 1:1(0)", NULL },
	{ "+.1 < (flowlabel 7) . 1:1(0) ack 1 win 257", "ip:flowlabel" },
	{ "+.1 < [flowlabel 0x5, ect0] . 1:1(0) ack 1 win 257", "ip:flowlabel" },
	{ "+.1 < . 1:70001(70000) ack 1 win 257", "packet:70000 bytes" },
	{ "+.1 < . 1:1(0) ack 1 win 257 future 5", "packet:future" });
}

TEST(options_of_segments)
{
	CHECK("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n0 bind(3, ..., ...) = 0\n"
	    "0 listen(3, 1) = 0\n",
	{ "+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>\n"
	  "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 7>", NULL },
	{ "+0 < S 0:0(0) win 32792 <mss 1000,TS val 100 ecr 0,eol>\n"
	  "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val! 100 ecr 100!>", NULL },
	{ "+0 < S 0:0(0) win 32792 <mss 1000,FO,eol,eol>\n+0 > S. 0:0(0) ack 1 < ... >", NULL },
	{ "+0 < S 0:0(0) win 32792 <FO abcd0123abcd0123,nop,nop>\n+0 > S. 0:0(0) ack 1 <...>",
	  NULL },
	{ "+0 < S 0:10(10) win 32792 <FO abcd0123abcd0123,nop,nop>", "option:FO" },
	{ "+0 < S 0:10(10) win 32792 <FOEXP abcd0123abcd0123>", "option:FO" },
	{ "+0 < S 0:0(0) win 32792 <mss 1460,FOEXP,nop,nop>\n"
	  "+0 > S. 0:0(0) ack 1 <mss 1460,FOEXP aabb,nop,nop>", "option:FO" },
	{ "+0 < S 0:0(0) win 32792 <mss 1460,exp-FO 01>", NULL },
	{ "+0 < S 0:0(0) win 9 <nop,nop,md5 000102030405060708090a0b0c0d0e0f>", "option:md5" },
	{ "+0 < S 0:0(0) win 9 <md5 valid,nop,nop>", "option value:valid" },
	{ "+0 < SEWA 0:0(0) win 9 <mss 1000,ECN e1b 1 ceb 0 e0b 1,nop>\n"
	  "+0 > SE. 0:0(0) ack 1 <mss 1460>", NULL },
	{ "+0 < S 0:0(0) win 9 <TS val ... ecr ...>", "option:TS val without a number" },
	{ "+0 < S 0:0(0) win 9 <mptcp capable 5,nop>", "option:mptcp" },
	{ "+0 < S 0:0(0) win 9 <41 0x0011,nop>", "option:41" },
	{ "+0 < S 0:0(0) win 9 <AO keyid 1>", "option:AO" });
}

TEST(icmp)
{
	CHECK(HANDSHAKE "+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n",
	{ "+0 < icmp unreachable host_unreachable [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable net_unreachable [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable protocol_unreachable [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable port_unreachable [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable source_route_failed [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable net_unknown [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable host_unknown [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable source_host_isolated [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable net_prohibited [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable host_prohibited [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable net_unreachable_for_tos [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable host_unreachable_for_tos [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable packet_filtered [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable precedence_violation [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable precedence_cutoff [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable frag_needed mtu 600 [1:1001(1000)]\n"
	  "+0 > . 1:561(560) ack 1\n+0 > P. 561:1001(440) ack 1", NULL },
	{ "+0 < icmpv4 3 1 [1:1001(1000)]", NULL },
	{ "+0 < icmp time_exceeded ttl_exceeded [1:1001(1000)]", NULL },
	{ "+0 < icmp parameter_problem [1:1001(1000)]", NULL },
	{ "+0 < icmp source_quench [1:1001(1000)]", NULL },
	{ "+0 < icmp unreachable of_mind [1:1001(1000)]", "icmp:unreachable of_mind" },
	{ "+0 < icmpv6 packet_too_big mtu 1280 [1:1001(1000)]", "icmp:packet_too_big " },
	{ "+0 < icmp unreachable host_unreachable [udp (1000)]",
	  "icmp:quote of another protocol" },
	{ "+0 < icmp unreachable host_unreachable [1:1001(1000) ack 1]",
	  "icmp:quote with more than a range" });
}

TEST(other_protocols)
{
	CHECK("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n",
	{ "+0 > udp(9899 > 9899) . 1:1(0) ack 1", "packet:encapsulation in udp" },
	{ "+0 > udplite (1000, 8)", "packet:udplite" },
	{ "+0 > sctp: INIT[flgs=0, tag=1, a_rwnd=1500, os=..., is=..., tsn=1,\n"
	  "   ECN_CAPABLE[], SUPPORTED_EXTENSIONS[types=[RECONFIG, 0x40]]]", "packet:sctp" },
	{ "+0 > ipv4 192.0.2.2 > 192.0.2.1: ipv6 ::1 > ::2: . 1:1(0) ack 1", "packet:ipv4" },
	{ "+0 > ipv6 fd00::1 > fd00::2: udp (10)", "packet:ipv6" },
	{ "+0 > gre flags 0x0 : . 1:1(0) ack 1", "packet:gre" },
	{ "+0 > mpls (label 0, tc 0, [S], ttl 0) . 1:1(0) ack 1", "packet:mpls" });
}

TEST(datagrams)
{
	CHECK("0 socket(PF_INET6, SOCK_DGRAM, IPPROTO_UDP) = 3\n0 bind(3, ..., ...) = 0\n",
	{ "+0 < udp (65507)\n+0 recv(3, ..., 65535, 0) = 65507", NULL },
	{ "+0 < [ce] (ttl 5) udp 5555 > 8080 (1)\n+0 recvfrom(3, ..., 10, MSG_TRUNC,\n"
	  "    {sa_family = AF_INET, sin_port = htons(5555)}, [16]) = 1", NULL },
	{ "+0 < udp (5)\n+0 recvfrom(3, ..., 5, 0, NULL, NULL) = 5", NULL },
	{ "+0 sendto(3, \"hello\", 5, 0, {sa_family = AF_INET, sin_port = htons(99)}, 16) = 5\n"
	  "+0 > udp 8080 > 99 (5)\n+0 < icmp 3 3 [udp (5)]", NULL },
	{ "+0 < udp (5)\n+0 < icmp 3 3 [1:2(1)]", "icmp:quote of another protocol" },
	{ "+0 sendto(3, ..., 5, MSG_MORE, ..., 16) = 5", "flag:MSG_MORE" },
	{ "+0 recv(3, ..., 5, MSG_PEEK) = 5", "flag:MSG_PEEK" },
	{ "+0 accept(3, ..., ...) = -1 EOPNOTSUPP\n+0 listen(3, 1) = -1 EOPNOTSUPP", NULL },
	{ "+0 shutdown(3, SHUT_WR) = 0", "call:shutdown of a socket for datagrams" },
	{ "+0 < udp (65508)", "packet:65508 bytes" });
}

/* ---- Calls ---- */

TEST(calls_that_make_and_name_sockets)
{
	CHECK("",
	{ "0 socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
	  "0 bind(3, {sa_family = AF_INET, sin_port = htons(8080),\n"
	  "    sin_addr = inet_addr(\"192.168.0.1\")}, 16) = 0\n"
	  "0 getsockname(3, {sa_family=AF_INET, sin_port=htons(8080),\n"
	  "    sin_addr=inet_addr(\"192.168.0.1\")}, [16]) = 0\n"
	  "0 getpeername(3, ..., ...) = -1 ENOTCONN (Transport endpoint is not connected)\n"
	  "0 listen(3, SOMAXCONN) = 0\n"
	  "0 accept(3, ..., ...) = -1 EAGAIN (Resource temporarily unavailable)\n"
	  "0 accept4(3, ..., ..., SOCK_NONBLOCK) = -1 EWOULDBLOCK\n"
	  "0 getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, [1], [4]) = 0", NULL },
	{ "0 socket(..., SOCK_RAW, 0) = 3", "socket:type" },
	{ "0 socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 3", "socket:protocol 262" },
	{ "0 socket(..., SOCK_SEQPACKET, IPPROTO_SCTP) = 3", "call:socket: symbol SOCK_SEQPACKET" },
	{ "0 socket(..., SOCK_STREAM, 0) = 3\n0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)\n"
	  "0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
	  "0 fcntl(3, F_GETFL, 0) = 0x802 (flags O_RDWR|O_NONBLOCK)\n"
	  "0 fcntl(3, F_SETFD, FD_CLOEXEC) = 0\n"
	  "0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n"
	  "0 connect(3, ..., ...) = -1 EALREADY (Operation already in progress)\n", NULL },
	{ "0 dup(3) = 4", "call:dup" },
	{ "0 sctp_bindx(3, {sa_family=AF_INET, sin_port=htons(0)}, 1, SCTP_BINDX_ADD_ADDR) = 0",
	  "call:sctp_bindx" },
	{ "0 close(3) = -1 ENOTCAPABLE (FreeBSD)", "errno:ENOTCAPABLE" },
	{ "0 close(3, 4) = 0", "call:close with 2 arguments" });
}

TEST(calls_that_read)
{
	CHECK(HANDSHAKE "+0 < P. 1:1001(1000) ack 1 win 32792\n+0~+.2 > . 1:1(0) ack 1001\n",
	{ "+0 read(4, ..., 1000) = 1000", NULL },
	{ "+0 recv(4, ..., 2000, MSG_DONTWAIT) = 1000\n"
	  "+0 recv(4, ..., 2000, MSG_DONTWAIT) = -1 EAGAIN", NULL },
	{ "+0 recvfrom(4, ..., 100, MSG_WAITALL, ..., ...) = 100", NULL },
	{ "+0 recv(4, ..., 100, MSG_TRUNC) = 100\n+0 ioctl(4, SIOCINQ, [900]) = 0", NULL },
	{ "+0 recv(4, ..., 100, MSG_ERRQUEUE) = -1 EAGAIN", NULL },
	{ "+0 readv(4, [{..., 500}, {..., 600}], 2) = 1000", NULL },
	{ "+0 recvmsg(4, {msg_name(...)=...,\n msg_iov(1)=[{..., 600}],\n msg_flags=0}, 0) = 600",
	  NULL },
	{ "+0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 600},{...,600}],\n"
	  "msg_control=[], msg_flags=0}, MSG_NOSIGNAL) = 1000", NULL },
	{ "+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0\n"
	  "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 600}], msg_flags=0,\n"
	  "  msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=400}]}, 0) = 600",
	  NULL },
	{ "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=MSG_ERRQUEUE,\n"
	  " msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ENOMSG,\n"
	  " ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0,\n"
	  " ee_info=SCM_TSTAMP_SND, ee_data=0}}]}, MSG_ERRQUEUE) = -1 EAGAIN", NULL },
	{ "+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,10}], msg_flags=0,\n"
	  " msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING,\n"
	  " cmsg_data={scm_sec=0,scm_nsec=0}}]}, 0) = 10", "call:recvmsg: control messages" },
	{ "+0 ioctl(4, SIOCINQ, [1000]) = 0\n+0 ioctl(4, FIONREAD, [1000]) = 0", NULL },
	{ "+0 ioctl(4, SIOCATMARK, [0]) = 0\n+0 ioctl(4, FIONBIO, [1]) = 0", NULL },
	{ "+0 ioctl(4, SIOCGSTAMP, ...) = 0", "call:ioctl: symbol SIOCGSTAMP" },
	{ "+0 pipe([5, 6]) = 0\n+0 splice(4, NULL, 6, NULL, 600, 0) = 600\n"
	  "+0 splice(5, NULL, 4, NULL, 600, 0) = 600\n+0 > P. 1:601(600) ack 1001",
	  NULL },
	{ "+0 pipe2([5, 6], O_NONBLOCK) = 0\n+0 splice(4, NULL, 6, NULL, 2000, 0) = 1000\n"
	  "+0 splice(4, NULL, 6, NULL, 10, SPLICE_F_NONBLOCK) = -1 EAGAIN", NULL },
	{ "+0 vmsplice(5, [{..., 10}], 1, SPLICE_F_GIFT) = 10", "call:vmsplice" });
}

TEST(calls_that_write)
{
	CHECK(HANDSHAKE,
	{ "+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1", NULL },
	{ "+0 send(4, \"ab\\x41\\n\", 4, MSG_NOSIGNAL) = 4\n+0 > P. 1:5(4) ack 1", NULL },
	{ "+0 sendto(4, ..., 100, 0, ..., ...) = 100\n+0 > P. 1:101(100) ack 1", NULL },
	{ "+0 send(4, ..., 100, MSG_ZEROCOPY) = 100\n+0 > P. 1:101(100) ack 1", NULL },
	{ "+0 send(4, ..., 100, MSG_MORE) = 100\n+.01 send(4, ..., 100, 0) = 100\n"
	  "+0 > P. 1:201(200) ack 1", NULL },
	{ "+0 sendto(4, ..., 100, MSG_FASTOPEN, ..., ...) = 100", "flag:MSG_FASTOPEN" },
	{ "+0 writev(4, [{..., 60}, {..., 40}], 2) = 100\n+0 > P. 1:101(100) ack 1", NULL },
	{ "+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 100}], msg_flags=0}, 0) = 100\n"
	  "+0 > P. 1:101(100) ack 1", NULL },
	{ "+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 4}], msg_control=[\n"
	  "{cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMPING, cmsg_data=3}], msg_flags=0}, 0) = 4",
	  "call:sendmsg: control messages" },
	{ "+0 sendfile(4, 5, [0], 1000) = 1000", "call:sendfile" },
	{ "+0 open(\"/dev/null\", O_RDWR|O_CREAT) = 5", "call:open" },
	{ "+0 ioctl(4, SIOCOUTQ, [0]) = 0\n+0 ioctl(4, SIOCOUTQNSD, [0]) = 0", NULL },
	{ "+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 1:1(0) ack 1\n"
	  "+0 write(4, ..., 1) = -1 EPIPE (Broken pipe)", NULL });
}

TEST(calls_that_wait)
{
	CHECK(HANDSHAKE "+0 epoll_create(1) = 5\n",
	{ "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLOUT, fd=4}) = 0\n"
	  "+0 epoll_wait(5, {events=EPOLLOUT, fd=4}, 1, 0) = 1\n"
	  "+0 epoll_ctl(5, EPOLL_CTL_MOD, 4, {events=EPOLLERR|EPOLLET, ptr=4}) = 0\n"
	  "+0...+.1 epoll_wait(5, ..., 1, 100) = 0\n"
	  "+0 epoll_ctl(5, EPOLL_CTL_DEL, 4, ...) = 0\n"
	  "+0 epoll_ctl(5, EPOLL_CTL_DEL, 4, ...) = -1 ENOENT", NULL },
	{ "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN|EPOLLRDHUP|EPOLLONESHOT, u32=4}) = 0\n"
	  "+.1 < F. 1:1(0) ack 1 win 9\n+0 > . 1:1(0) ack 2\n"
	  "+0 epoll_wait(5, [{events=EPOLLIN|EPOLLRDHUP, u32=4}], 8, 0) = 1", NULL },
	{ "+0 epoll_create1(EPOLL_CLOEXEC) = 6\n+0 close(6) = 0", NULL },
	{ "+0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 100) = 1", NULL },
	{ "+0...+.05 poll([{fd=4,\n events=POLLIN,\n revents=POLLIN}], 1, 100) = 1\n"
	  "+.05 < P. 1:2(1) ack 1 win 9\n", NULL },
	{ "+0 poll([{fd=9, events=POLLIN, revents=POLLNVAL}], 1, 0) = 1", NULL });
}

TEST(options_of_sockets)
{
	CHECK(HANDSHAKE,
	{ "+0 setsockopt(4, SOL_SOCKET, SO_SNDBUF, [8192], 4) = 0\n"
	  "+0 getsockopt(4, SOL_SOCKET, SO_SNDBUF, [16384], [4]) = 0", NULL },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n"
	  "+0 getsockopt(4, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=0}, [8]) = 0", NULL },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=0, tv_usec=200000}, 16) = 0\n"
	  "+0...+.2 read(4, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)", NULL },
	{ "+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0\n"
	  "+0 getsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", [16]) = 0", NULL },
	{ "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0\n"
	  "+0 getsockopt(4, IPPROTO_TCP, TCP_NODELAY, [1], [4]) = 0", NULL },
	{ "+0 getsockopt(4, SOL_TCP, TCP_MAXSEG, [1000], [4]) = 0", NULL },
	{ "+0 getsockopt(4, SOL_IP, IP_MTU, [1500], [4]) = 0", NULL },
	{ "+0 setsockopt(4, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DO], 4) = 0", NULL },
	{ "+0 setsockopt(4, SOL_IP, IP_MTU_DISCOVER, [IP_PMTUDISC_DONT], 4) = 0",
	  "sockopt:IP_MTU_DISCOVER" },
	{ "+0 setsockopt(4, SOL_IP, IP_TOS, [4], 4) = 0\n"
	  "+0 setsockopt(4, SOL_IP, IP_TTL, [32], 4) = 0", NULL },
	{ "+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4]) = 0\n"
	  "+0 getsockopt(4, SOL_SOCKET, SO_PROTOCOL, [IPPROTO_TCP], [4]) = 0\n"
	  "+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0", NULL },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0", "sockopt:SO_ZEROCOPY" },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING,\n [SOF_TIMESTAMPING_TX_SCHED |\n"
	  " SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID], 4) = 0",
	  "sockopt:SO_TIMESTAMPING" },
	{ "+0 setsockopt(4, SOL_TCP, TCP_FASTOPEN, [1], 4) = 0", "sockopt:TCP_FASTOPEN" },
	{ "+0 setsockopt(4, SOL_TCP, TCP_SAVE_SYN, [1], 4) = 0", "sockopt:TCP_SAVE_SYN" },
	{ "+0 setsockopt(4, SOL_TCP, TCP_REPAIR, [TCP_REPAIR_ON], 4) = 0", "sockopt:TCP_REPAIR" },
	{ "+0 setsockopt(4, SOL_TCP, TCP_MD5SIG, ..., 4) = 0", "sockopt:TCP_MD5SIG" },
	{ "+0 getsockopt(4, SOL_TCP, TCP_INFO, {tcpi_state=1, tcpi_options=0}, [8]) = 0",
	  "sockopt:TCP_INFO" },
	{ "+0 getsockopt(4, SOL_SOCKET, SO_MEMINFO, ..., [36]) = 0", "sockopt:SO_MEMINFO" },
	{ "+0 setsockopt(4, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name=\"freebsd\",\n"
	  "   pcbcnt=0}, 36) = 0", NULL },
	{ "+0 setsockopt(4, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name=\"rack\",\n"
	  "   pcbcnt=0}, 36) = 0", "sockopt:TCP_FUNCTION_BLK" },
	{ "+0 setsockopt(4, IPPROTO_TCP, TCP_REMOTE_UDP_ENCAPS_PORT, [htons(9899)], 4) = 0",
	  "sockopt:TCP_REMOTE_UDP_ENCAPS_PORT" },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [1 << 16], 4) = 0", NULL },
	{ "+0 setsockopt(4, SOL_SOCKET, SO_RCVBUF, [64*1024 - 1], 4) = 0", NULL },
	{ "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 2) = -1 EINVAL (Invalid argument)", NULL },
	{ "+0 usleep(0.5) = 0", "call:usleep" });
}

TEST(a_close_that_lingers_waits_for_the_acknowledgement)
{
	CHECK(HANDSHAKE
	    "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=2}, 8) = 0\n"
	    "+0 write(4, ..., 100) = 100\n+0 > P. 1:101(100) ack 1\n",
	{ "+0...+.1 close(4) = 0\n+0 > F. 101:101(0) ack 1\n+.1 < . 1:1(0) ack 102 win 257",
	  NULL },
	{ "+0...+2 close(4) = 0\n+0 > F. 101:101(0) ack 1\n+.1 < . 1:1(0) ack 101 win 257\n"
	  "* > F. 101:101(0) ack 1", NULL });
	run(HANDSHAKE "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=2}, 8) = 0\n",
	    "+0...+.2 close(4) = 0\n+0 > F. 1:1(0) ack 1\n+.1 < . 1:1(0) ack 2 win 257");
	EXPECT_EQ(result.verdict, PKT_FAIL);
}

/* ---- Assertions ---- */

TEST(assertions)
{
	CHECK(HANDSHAKE,
	{ "+0 %{\nassert tcpi_snd_cwnd == 10, tcpi_snd_cwnd\n assert tcpi_unacked == 0\n}%", NULL },
	{ "+0 %{ assert tcpi_options & TCPI_OPT_SACK == 0 or not (tcpi_options), \\\n"
	  " 'opt %d' % tcpi_options }%", NULL },
	{ "+0 %{ assert tcpi_state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT) and\\\n"
	  " 5 not in [1, 2] }%", NULL },
	{ "+0 %{ assert (10 <= tcpi_snd_cwnd <= 11 and\n  tcpi_lost == 0),"
	  " \"a\" \"b %d %s\" % (\n tcpi_lost, tcpi_snd_cwnd) }%", NULL },
	{ "+0 %{ x = 5; x += 2; x *= 3\nassert x == 21 and x ** 2 == 441 and -2 ** 2 == -4"
	  " }%", NULL },
	{ "+0 %{ assert 1 | 2 & 4 == 1, 'bits' }%", NULL },
	{ "+0 %{ assert (1 | 6 & 3) == 3 and (1 << 2 + 1) == 8 and (5 ^ 1) == 4 }%", NULL },
	{ "+0 %{ assert (1 if tcpi_state == 1 else 2) == 1, f'{tcpi_state}' }%", NULL },
	{ "+0 %{ assert tcpi_ca_state == TCP_CA_Open, '{}'.format(tcpi_ca_state) }%", NULL },
	{ "+0 %{ print tcpi_nothing_of_this }%", NULL },
	{ "+0 %{ print('cwnd', tcpi_snd_cwnd) }%", NULL },
	{ "+0 %{ assert tcpi_delivered_ce == 0 and tcpi_delivered_ce_bytes == 0 }%", NULL },
	{ "+0 %{ assert SK_MEMINFO_BACKLOG == 0, SK_MEMINFO_BACKLOG\n"
	  "assert SK_MEMINFO_RMEM_ALLOC == 0 and SK_MEMINFO_WMEM_QUEUED == 0 }%", NULL },
	{ "+0 %{ assert tcpi_rtt >= 0; assert tcpi_pmtu == 1500 }%", NULL },
	{ "+0 %{ assert tcpi_pacing_rate > 0 }%", "info:tcpi_pacing_rate" },
	{ "+0 %{ assert bbr_pacing_gain == 1 }%", "info:bbr_pacing_gain" },
	{ "+0 %{\nif tcpi_state == 1:\n  assert True\n}%", "code:if tcpi_state == 1:" });
}

/* ---- Commands ---- */

TEST(commands)
{
	CHECK(HANDSHAKE,
	{ "+0 `nstat -n`\n+.1 < P. 1:11(10) ack 1 win 9\n* > . 1:1(0) ack 11\n"
	  "+.1 `nstat | grep DelayedACKs | grep 0`", NULL },
	{ "+0 `nstat -n`\n+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n"
	  "+.2~+.4 > P. 1:11(10) ack 1\n+0 `nstat | grep TcpRetransSegs | grep 1`", NULL },
	{ "+0 `nstat -az | grep TcpExtTCPAckCompressed | grep 1`",
	  "shell:nstat | TcpExtTCPAckCompressed" },
	{ "+0 `ss -tn | grep -c ESTAB | grep 1`", NULL },
	{ "+0 `sockstat -s -P tcp | grep -c ESTABLISHED | grep 1`", NULL },
	{ "+0 `tcpdrop -s TIME_WAIT > /dev/null`", NULL },
	{ "+0 `ip tcp_metrics flush all > /dev/null 2>&1`", NULL },
	{ "+0 `ip link set dev tun0 txqueuelen 1000`", NULL },
	{ "+0 `ip link set dev tun0 mtu 1000`", "shell:ip" },
	{ "+0 `ip route change 192.0.2.0/24 dev tun0 initcwnd 20`", "shell:ip" },
	{ "+0 `tc qdisc replace dev tun0 root fq`\n", NULL },
	{ "+0 `tc qdisc add dev tun0 root netem delay 5ms`\n", "shell:tc" },
	{ "+0 `setkey -c`", "shell:setkey" },
	{ "+0 `sysctl -q net.ipv4.tcp_fack=0 net.ipv4.tcp_early_retrans=3 "
	  "net.ipv4.tcp_recovery=1 net.ipv4.tcp_ecn=0 net.ipv4.tcp_no_metrics_save=1 "
	  "net.ipv4.tcp_fastopen=0 net.ipv4.tcp_min_tso_segs=4 net.core.wmem_max=4194304`",
	  NULL },
	{ "+0 `set_sysctls.py /proc/sys/net/ipv4/tcp_ecn=6`", "sysctl:net.ipv4.tcp_ecn=6" },
	{ "+0 `sysctl -w net.inet.tcp.rexmit_min=200 net.inet.tcp.hostcache.purgenow=1`", NULL },
	{ "+0 `sysctl net.inet.tcp.functions_default=rack`",
	  "sysctl:net.inet.tcp.functions_default=rack" });
}
