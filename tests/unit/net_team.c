/*
 * net_team.c - one stack of several: whose a frame is, which port a connect gets,
 * and what the leader tells.
 */
#include <sampan/address.h>
#include <sampan/datagram.h>
#include <sampan/echo.h>
#include <sampan/stats.h>
#include <sampan/team.h>

#include "lib/stack_check.h"
#include "lib/test.h"
#include "net/stack.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define MEMBERS 4
#define OURS 0x0a000001u /* 10.0.0.1/24 */
#define PEER 0x0a000002u
#define NOW SAMPAN_SEC(5)

static _Alignas(64) uint8_t block[MEMBERS][(size_t)1 << 20];
static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

static struct sampan_team_config
config_of(unsigned number)
{
	return (struct sampan_team_config){.size = sizeof(struct sampan_team_config),
	    .members = MEMBERS,
	    .number = number,
	    .key = {1, 2, 3}};
}

static struct sampan *
fresh(unsigned i)
{
	const struct sampan_config config = {.size = sizeof(config), .seed = {1, 2}};

	EXPECT_EQ(sampan_init(block[i], sizeof(block[i]), &config, NOW), 0);
	return (struct sampan *)(void *)block[i];
}

static int
add_link(struct sampan *s)
{
	struct sampan_link_config link = {.size = sizeof(link), .mtu_bytes = 1500, .name = "l"};

	memcpy(link.mac, our_mac, 6);
	return sampan_link_add(s, &link);
}

/* Member i of four, with the team's address. */
static struct sampan *
member(unsigned i)
{
	const struct sampan_addr addr = sp_addr_of_v4(OURS);
	uint8_t words[SAMPAN_TEAM_WORDS];
	struct sampan *leader = fresh(0), *s = leader;
	struct sampan_team_config config = config_of(0);
	int len;

	EXPECT_EQ(sampan_team_join(leader, &config), 0);
	EXPECT_EQ(add_link(leader), 1);
	EXPECT_EQ(sampan_addr_add(leader, 1, &addr, 24), 0);
	len = sampan_team_tell(leader, words, sizeof(words));
	EXPECT(len > 0);
	if (i == 0)
		return leader;
	s = fresh(i);
	config.number = i;
	EXPECT_EQ(sampan_team_join(s, &config), 0);
	EXPECT_EQ(add_link(s), 1);
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len), 0);
	return s;
}

/* ---- Frames ---- */

struct bytes {
	uint8_t b[128];
	uint32_t len;
};

static struct bytes
packet(uint8_t proto, uint16_t frag, uint32_t payload_len)
{
	struct bytes f = {.len = 34 + payload_len};
	struct eth_hdr eth = {.type = ETH_TYPE_IP4};
	uint32_t sum;

	memcpy(eth.dst, our_mac, 6);
	memcpy(eth.src, peer_mac, 6);
	eth_emit(f.b, &eth);
	ip4_emit(f.b + 14,
	    &(struct ip4_hdr){.total_len = (uint16_t)(20 + payload_len),
		.ttl = 64,
		.proto = proto,
		.src = PEER,
		.dst = OURS});
	sum = (uint16_t)~be16_get(f.b + 24) + (uint32_t)(uint16_t)~be16_get(f.b + 20) + frag;
	be16_put(f.b + 20, frag);
	be16_put(f.b + 24, (uint16_t) ~(sum + (sum >> 16)));
	return f;
}

static struct bytes
segment(uint8_t proto, uint16_t from, uint16_t to)
{
	struct bytes f = packet(proto, 0, 20);

	be16_put(f.b + 34, from);
	be16_put(f.b + 36, to);
	f.b[46] = 5 << 4;
	f.b[47] = TCP_ACK;
	return f;
}

/* An ICMP error about a segment of ours. */
static struct bytes
icmp_about(uint16_t peer_port, uint16_t port)
{
	struct bytes f = packet(IP_PROTO_ICMP, 0, 8 + 28);
	uint8_t *quote = f.b + 42;

	f.b[34] = ICMP4_DEST_UNREACHABLE;
	ip4_emit(quote,
	    &(struct ip4_hdr){
		.total_len = 40, .ttl = 64, .proto = IP_PROTO_TCP, .src = OURS, .dst = PEER});
	be16_put(quote + 20, port);
	be16_put(quote + 22, peer_port);
	return f;
}

static struct bytes
arp(uint16_t op)
{
	struct bytes f = {.len = 42};
	struct eth_hdr eth = {.dst = {255, 255, 255, 255, 255, 255}, .type = ETH_TYPE_ARP};
	struct arp_pkt a = {.op = op, .spa = PEER, .tpa = OURS};

	memcpy(eth.src, peer_mac, 6);
	memcpy(a.sha, peer_mac, 6);
	eth_emit(f.b, &eth);
	arp_emit(f.b + 14, &a);
	return f;
}

/* For whom is it?  0: this one. */
static unsigned
sort(struct sampan *s, struct bytes bytes)
{
	struct sampan_frame f = {
	    .len = bytes.len, .slices = 1, .to = 99, .slice[0] = {bytes.b, bytes.len}};

	EXPECT_EQ(sampan_input(s, 1, &f, 1, NOW), 0);
	return f.to;
}

static unsigned
owner(const struct sampan *s, uint16_t peer_port, uint16_t port)
{
	const struct sampan_sockaddr local = {.addr = sp_addr_of_v4(OURS), .port = port};
	const struct sampan_sockaddr peer = {.addr = sp_addr_of_v4(PEER), .port = peer_port};

	return sampan_team_owner(s, &local, &peer);
}

static unsigned
mark(unsigned owner, unsigned self)
{
	return owner == self ? 0 : 1 + owner;
}

/* ---- Joining ---- */

TEST(join_refuses_what_cannot_be)
{
	struct sampan_team_config c = config_of(MEMBERS);
	struct sampan *s = fresh(0);
	sampan_handle h;

	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
	c = config_of(0);
	c.members = 0;
	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
	c.members = SAMPAN_TEAM_MAX + 1;
	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
	c = config_of(0);
	c.size--;
	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
	c = config_of(0);
	EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
	s = fresh(0);
	EXPECT_EQ(add_link(s), 1);
	EXPECT_EQ(sampan_team_join(s, &c), SAMPAN_EINVAL);
}

TEST(alone_nothing_is_anybody_elses)
{
	struct sampan *s = fresh(0);
	const struct sampan_addr addr = sp_addr_of_v4(OURS);
	uint8_t words[SAMPAN_TEAM_WORDS];

	EXPECT_EQ(add_link(s), 1);
	EXPECT_EQ(sampan_addr_add(s, 1, &addr, 24), 0);
	for (uint16_t port = 1; port < 100; port++) {
		EXPECT_EQ(owner(s, port, 80), 0);
		EXPECT_EQ(sort(s, segment(IP_PROTO_TCP, port, 80)), 99); /* untouched */
	}
	EXPECT_EQ(sampan_team_tell(s, words, sizeof(words)), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_team_hear(s, words, sizeof(words)), SAMPAN_EOPNOTSUPP);
}

/* ---- Whose is it? ---- */

TEST(flows_are_shared_out_evenly_and_alike)
{
	struct sampan *a = member(1), *b = member(2);
	unsigned n[MEMBERS] = {0};

	for (unsigned port = 1; port <= 4000; port++) {
		const unsigned who = owner(a, (uint16_t)port, 80);

		EXPECT_EQ(owner(b, (uint16_t)port, 80), who);
		n[who]++;
	}
	for (unsigned i = 0; i < MEMBERS; i++)
		EXPECT(n[i] > 850 && n[i] < 1150);
}

TEST(segments_are_their_flows_owners)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sampan *s = member(i);

		for (uint16_t port = 1; port < 200; port++)
			EXPECT_EQ(
			    sort(s, segment(IP_PROTO_TCP, port, 80)), mark(owner(s, port, 80), i));
	}
}

/* RFC 1122 §3.2.2: an error is for whom it is about. */
TEST(icmp_errors_are_the_quoted_flows_owners)
{
	struct sampan *s = member(3);

	for (uint16_t port = 1; port < 200; port++)
		EXPECT_EQ(sort(s, icmp_about(port, 80)), mark(owner(s, port, 80), 3));
}

TEST(what_there_is_one_of_is_the_leaders)
{
	struct bytes echo = packet(IP_PROTO_ICMP, 0, 8);

	echo.b[34] = ICMP4_ECHO;
	EXPECT_EQ(sort(member(2), echo), 1);
	EXPECT_EQ(sort(member(2), packet(IP_PROTO_TCP, 0x2000, 24)), 1); /* a fragment */
	EXPECT_EQ(sort(member(2), packet(200, 0, 24)), 1);
	EXPECT_EQ(sort(member(2), segment(IP_PROTO_UDP, 67, 68)), 1);
	EXPECT_EQ(sort(member(0), segment(IP_PROTO_UDP, 67, 68)), 0);
	EXPECT_EQ(sort(member(0), echo), 0);
}

TEST(arp_is_everybodys_and_the_leader_answers)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sampan *s = member(i);
		struct sampan_frame f;

		EXPECT_EQ(sort(s, arp(ARP_REQUEST)), SAMPAN_TO_ALL);
		EXPECT_EQ(sampan_output(s, 1, &f, 1, NOW), i == 0);
		if (i == 0)
			sampan_sent(s, &f, 1);
	}
}

/* RFC 768 knows no connections: a port of the automatic range is one member's. */
TEST(automatic_udp_ports_are_one_members)
{
	struct sampan *s = member(1);
	unsigned ours = 0;

	for (uint16_t port = 40000; port < 40200; port++) {
		const unsigned to = sort(s, segment(IP_PROTO_UDP, 53, port));

		EXPECT_EQ(sort(s, segment(IP_PROTO_UDP, 54, port)), to);
		ours += to == 0;
	}
	EXPECT(ours > 20 && ours < 100);
}

TEST(what_was_carried_here_stays)
{
	struct sampan *s = member(1);
	struct bytes bytes = segment(IP_PROTO_TCP, 1, 80);
	struct sampan_frame f = {
	    .len = bytes.len, .slices = 1, .to = 99, .slice[0] = {bytes.b, bytes.len}};

	EXPECT_EQ(sampan_team_input(s, 1, &f, 1, NOW), 0);
	EXPECT_EQ(f.to, 0);
	EXPECT_EQ(sampan_counter(s, SAMPAN_COUNT_TEAM_IN), 1);
	EXPECT_EQ(sampan_counter(s, SAMPAN_COUNT_FRAMES_IN), 0);
	EXPECT_EQ(sampan_team_input(s, 9, &f, 1, NOW), SAMPAN_EINVAL);
}

/* ---- Keys: nobody outside can tell who answered ---- */

TEST(a_syn_is_answered_alike_by_all)
{
	uint8_t first[128];

	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sampan *s = member(i);
		struct bytes syn = segment(IP_PROTO_TCP, 4000, 80);
		struct sampan_frame in = {.len = syn.len,
		    .slices = 1,
		    .csum = SAMPAN_CSUM_VERIFIED,
		    .slice[0] = {syn.b, syn.len}};
		struct bytes told = arp(ARP_REPLY);
		struct sampan_frame out;
		sampan_handle h;

		syn.b[47] = TCP_SYN;
		memcpy(told.b, our_mac, 6);
		EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
		EXPECT_EQ(sampan_bind(s, h, &(struct sampan_sockaddr){.port = 80}), 0);
		EXPECT_EQ(sampan_listen(s, h, 8), 0);
		EXPECT_EQ(sampan_team_input(s, 1, &in, 1, NOW), 0);
		EXPECT_EQ(sampan_output(s, 1, &out, 1, NOW), 1); /* it asks where that is */
		sampan_sent(s, &out, 1);
		(void)sort(s, told);
		EXPECT_EQ(sampan_output(s, 1, &out, 1, NOW), 1);
		if (i == 0)
			memcpy(first, out.head, sizeof(first));
		EXPECT_MEM(out.head + 34, first + 34, 20);
		sampan_sent(s, &out, 1);
	}
}

/* ---- Ports ---- */

TEST(connects_choose_flows_of_their_own)
{
	const struct sampan_sockaddr peer = {.addr = sp_addr_of_v4(PEER), .port = 80};

	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sampan *s = member(i);

		for (unsigned n = 0; n < 50; n++) {
			struct sampan_status st;
			sampan_handle h;

			EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
			EXPECT_EQ(sampan_connect(s, h, &peer), SAMPAN_EINPROGRESS);
			EXPECT_EQ(sampan_status(s, h, &st), 0);
			EXPECT_EQ(owner(s, 80, st.local.port), i);
		}
	}
}

/* Where only some ports are left, all of one's own are found, and no more. */
TEST(connects_find_every_port_of_their_own)
{
	const struct sampan_sockaddr peer = {.addr = sp_addr_of_v4(PEER), .port = 80};
	struct sampan *s = member(2);
	unsigned ours = 0, got = 0;
	sampan_handle h;

	EXPECT_EQ(sampan_set(s, "net.ipv4.ip_local_port_first", 50000), 0);
	EXPECT_EQ(sampan_set(s, "net.ipv4.ip_local_port_last", 50099), 0);
	for (uint16_t port = 50000; port < 50100; port++)
		ours += owner(s, 80, port) == 2;
	EXPECT(ours > 0);
	for (;; got++) {
		EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
		const int error = sampan_connect(s, h, &peer);

		if (error == SAMPAN_EADDRNOTAVAIL)
			break;
		EXPECT_EQ(error, SAMPAN_EINPROGRESS);
	}
	EXPECT_EQ(got, ours);
}

TEST(a_bound_port_whose_flow_is_anothers_is_refused)
{
	const struct sampan_sockaddr peer = {.addr = sp_addr_of_v4(PEER), .port = 80};
	struct sampan *s = member(1);

	for (uint16_t port = 1000; port < 1050; port++) {
		const int want =
		    owner(s, 80, port) == 1 ? SAMPAN_EINPROGRESS : SAMPAN_EADDRNOTAVAIL;
		sampan_handle h;

		EXPECT_EQ(sampan_socket(s, SAMPAN_STREAM, &h), 0);
		EXPECT_EQ(sampan_bind(s, h, &(struct sampan_sockaddr){.port = port}), 0);
		EXPECT_EQ(sampan_connect(s, h, &peer), want);
	}
}

/* ---- What the leader tells ---- */

TEST(only_what_is_new_is_told)
{
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 9);
	struct sampan *s = member(0);
	uint8_t words[SAMPAN_TEAM_WORDS];

	EXPECT_EQ(sampan_team_tell(s, words, sizeof(words)), 0);
	EXPECT_EQ(sampan_addr_add(s, 1, &addr, 24), 0);
	EXPECT_EQ(sampan_team_tell(s, words, sizeof(words) - 1), SAMPAN_EMSGSIZE);
	EXPECT(sampan_team_tell(s, words, sizeof(words)) > 0);
	EXPECT_EQ(sampan_team_tell(s, words, sizeof(words)), 0);
}

TEST(addresses_and_routes_are_as_the_leader_has_them)
{
	const struct sampan_addr more = {{0xfd, [15] = 7}}, zero = {{0}};
	const struct sampan_addr router = sampan_addr_v4(10, 0, 0, 254);
	struct sampan *s = member(3), *leader = (struct sampan *)(void *)block[0];
	struct sampan_addr_info want, got;
	uint8_t words[SAMPAN_TEAM_WORDS];
	int len;

	EXPECT_EQ(sampan_set(leader, "net.ipv6.conf.default.dad_transmits", 0), 0);
	EXPECT_EQ(sampan_addr_add(leader, 1, &more, 64), 0);
	EXPECT_EQ(sampan_route_add(leader, 1, &zero, 0, &router), 0);
	len = sampan_team_tell(leader, words, sizeof(words));
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len), 0);
	for (unsigned i = 0; sampan_addr_get(leader, i, &want) == 0; i++) {
		EXPECT_EQ(sampan_addr_get(s, i, &got), 0);
		EXPECT_MEM(&got.addr, &want.addr, sizeof(got.addr));
		EXPECT_EQ(got.prefix_bits, want.prefix_bits);
		EXPECT_EQ(got.state, want.state);
	}
	EXPECT_EQ(s->route[0].link, 1);
	EXPECT_MEM(&s->route[0].gateway, &router, sizeof(router));
	EXPECT_EQ(sampan_addr_remove(leader, 1, &more), 0);
	len = sampan_team_tell(leader, words, sizeof(words));
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len), 0);
	EXPECT(sp_local_find(s, 0, &more) == NULL);
}

TEST(what_no_leader_told_is_refused)
{
	struct sampan *s = member(1), *leader = (struct sampan *)(void *)block[0];
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 9);
	uint8_t words[SAMPAN_TEAM_WORDS];
	int len;

	EXPECT_EQ(sampan_addr_add(leader, 1, &addr, 24), 0);
	len = sampan_team_tell(leader, words, sizeof(words));
	for (int cut = 0; cut < len; cut += 13)
		EXPECT_EQ(sampan_team_hear(s, words, (size_t)cut), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len + 1), SAMPAN_EINVAL);
	words[0] ^= 1;
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len), SAMPAN_EINVAL);
	words[0] ^= 1;
	EXPECT_EQ(sampan_team_hear(leader, words, (size_t)len), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_team_hear(s, words, (size_t)len), 0);
}

TEST(whoever_follows_changes_no_addresses)
{
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, 9), zero = {{0}};
	struct sampan *s = member(1);
	uint8_t words[SAMPAN_TEAM_WORDS];

	EXPECT_EQ(sampan_addr_add(s, 1, &addr, 24), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_addr_remove(s, 1, &addr), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_route_add(s, 1, &zero, 0, &addr), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_autoconf(s, 1), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_team_tell(s, words, sizeof(words)), SAMPAN_EOPNOTSUPP);
}

/* ---- Whatever arrives ---- */

static struct bytes
any_frame(struct sp_rng *rng)
{
	struct bytes f;

	switch (sp_rng_below(rng, 6)) {
	case 0:
		f = segment(IP_PROTO_TCP, (uint16_t)sp_rng_below(rng, 65536), 80);
		break;
	case 1:
		f = segment(IP_PROTO_UDP, 53, (uint16_t)sp_rng_below(rng, 65536));
		break;
	case 2:
		f = icmp_about((uint16_t)sp_rng_below(rng, 65536), 80);
		break;
	case 3:
		f = packet(IP_PROTO_UDP, (uint16_t)(sp_rng_below(rng, 2) << 13 |
		    sp_rng_below(rng, 4)), 8 * (1 + sp_rng_below(rng, 8)));
		break;
	case 4:
		f = arp((uint16_t)(1 + sp_rng_below(rng, 2)));
		break;
	default:
		f = packet(IP_PROTO_ICMP, 0, sp_rng_below(rng, 64));
		break;
	}
	for (uint32_t n = sp_rng_below(rng, 4); n > 0; n--)
		f.b[sp_rng_below(rng, f.len)] = (uint8_t)sp_rng_below(rng, 256);
	if (sp_rng_below(rng, 4) == 0)
		f.len = sp_rng_below(rng, f.len + 1);
	return f;
}

TEST(no_frame_hurts_a_member)
{
	struct sp_rng rng;

	sp_rng_init(&rng, (const uint64_t[]){ 5, 6 });
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sampan *s = member(i);
		sampan_time now = NOW;

		for (unsigned n = 0; n < 50000; n++) {
			struct bytes bytes = any_frame(&rng);
			struct sampan_frame f = { .len = bytes.len, .slices = 1,
				.slice[0] = { bytes.b, bytes.len } };
			int link;

			now += SAMPAN_US(sp_rng_below(&rng, 2000));
			EXPECT_EQ(sp_rng_below(&rng, 2) == 0 ? sampan_input(s, 1, &f, 1, now) :
			    sampan_team_input(s, 1, &f, 1, now), 0);
			EXPECT(f.to == 0 || f.to == SAMPAN_TO_ALL || f.to <= MEMBERS);
			EXPECT(f.to != 1 + i);
			while (n % 3 == 0 && sampan_team_next(s, &link, &f) == 1) {
				EXPECT(i == 0 && f.to > 1 && f.to <= MEMBERS);
				sampan_sent(s, &f, 1);
			}
			sampan_advance(s, now);
			while (sampan_output(s, 1, &f, 1, now) == 1)
				sampan_sent(s, &f, 1);
		}
		EXPECT_SOUND(s);
	}
}
