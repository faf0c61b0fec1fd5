/*
 * raw.c - sockets for ICMP: echo requests and their answers, and messages of any type.
 * RFC 792, RFC 4443, RFC 3542 §3.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"
#include "net/flow.h"
#include "wire/bytes.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

#define ID 77
#define ECHO (fx_is_v6() ? ICMP6_ECHO : ICMP4_ECHO)
#define ANSWER (fx_is_v6() ? ICMP6_ECHO_REPLY : ICMP4_ECHO_REPLY)
#define TYPE_PING (fx_is_v6() ? SAMPAN_PING6 : SAMPAN_PING4)
#define TYPE_RAW (fx_is_v6() ? SAMPAN_ICMP6 : SAMPAN_ICMP4)

static sampan_handle
open_socket(struct fx *f, enum sampan_type type, uint16_t id)
{
	const struct sampan_sockaddr local = { .port = id };
	sampan_handle h = 0;

	EXPECT_EQ(sampan_socket(f->s, type, &h), 0);
	if (id != 0)
		EXPECT_EQ(sampan_bind(f->s, h, &local), 0);
	return h;
}

static void
message_comes(struct fx *f, uint8_t type, uint16_t id, uint32_t len)
{
	uint8_t m[1400] = { type, 0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id, 0, 5 };

	fx_icmp_comes(f, m, len, false);
}

static int64_t
reads(struct fx *f, sampan_handle h, uint8_t *first)
{
	uint8_t data[1500];
	struct sampan_datagram d;
	const int64_t n = sampan_recvmsg(f->s, h, data, sizeof data, &d);

	if (n > 0) {
		EXPECT_MEM(&d.peer.addr, &(struct sampan_addr[]){ fx_peer() }, 16);
		EXPECT_EQ(d.ttl, 64);
		*first = data[0];
	}
	return n;
}

static void
expect_reads(struct fx *f, sampan_handle h, uint8_t type, int64_t len)
{
	uint8_t first = 0;

	EXPECT_EQ(reads(f, h, &first), len);
	EXPECT_EQ(first, type);
}

static void
expect_none(struct fx *f, sampan_handle h)
{
	uint8_t first;

	EXPECT_EQ(reads(f, h, &first), SAMPAN_EAGAIN);
}

static const struct sampan_sockaddr *
peer(void)
{
	static struct sampan_sockaddr to;

	to.addr = fx_peer();
	return &to;
}

static bool
checksum_good(const struct fx_packet *p)
{
	const uint8_t *m = p->text - 8;
	const uint32_t len = p->len + 8;
	const struct sp_flow flow = { .local = p->src, .remote = p->dst };
	const uint64_t pseudo = fx_is_v6() ? sp_flow_pseudo(&flow, 58, len) : 0;

	return sp_csum_good(sp_csum_add(m, len, pseudo, 0));
}

/* ---- Echo ---- */

TEST(echo_request_has_the_sockets_identifier_and_a_checksum)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_PING, ID);
	const uint8_t m[20] = { ECHO, 0, 0x12, 0x34, 9, 9, 0, 1, 'x' };
	struct fx_packet p;

	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_TTL, 9), 0);
	EXPECT_EQ(sampan_sendto(f.s, h, m, sizeof m, peer()), sizeof m);
	expect_count(&f, COUNT_RAW_OUT, 1);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.proto, fx_is_v6() ? 58 : 1);
	EXPECT_EQ(p.ttl, 9);
	EXPECT_EQ(p.len, 12);
	EXPECT_EQ(p.text[-8], ECHO);
	EXPECT_EQ(be16_get(p.text - 4), ID);
	EXPECT_EQ(be16_get(p.text - 2), 1);
	EXPECT_EQ(p.text[0], 'x');
	EXPECT(checksum_good(&p));
}

TEST(echo_answers_go_to_who_asked)
{
	struct fx f = fx_udp_begin();
	const sampan_handle a = open_socket(&f, TYPE_PING, ID);
	const sampan_handle b = open_socket(&f, TYPE_PING, ID + 1);
	struct sampan_event event;
	struct fx_packet p;

	message_comes(&f, ANSWER, ID + 1, 100);
	message_comes(&f, ANSWER, ID + 2, 100);
	expect_none(&f, a);
	EXPECT_EQ(sampan_events(f.s, &event, 1), 1);
	EXPECT_EQ(event.handle, b);
	expect_reads(&f, b, ANSWER, 100);
	expect_none(&f, b);
	expect_count(&f, DROP_ICMP_ECHO_REPLY, 1);
	expect_count(&f, COUNT_RAW_IN, 1);
	message_comes(&f, ECHO, ID, 100);	/* is answered, and nobody's */
	expect_none(&f, a);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.text[-8], ANSWER);
}

TEST(echo_socket_sends_nothing_but_requests)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_PING, 0);
	uint8_t m[8] = { ANSWER };

	EXPECT_EQ(sampan_sendto(f.s, h, m, 8, peer()), SAMPAN_EINVAL);
	m[0] = ECHO;
	m[1] = 1;
	EXPECT_EQ(sampan_sendto(f.s, h, m, 8, peer()), SAMPAN_EINVAL);
	m[1] = 0;
	EXPECT_EQ(sampan_sendto(f.s, h, m, 7, peer()), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_send(f.s, h, m, 8), SAMPAN_ENOTCONN);
	EXPECT_EQ(sampan_sendto(f.s, h, m, 8, peer()), 8);
	EXPECT_EQ(sampan_close(f.s, h), 0);
}

TEST(echo_identifiers_are_unique)
{
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr local = { .port = ID };
	const sampan_handle a = open_socket(&f, TYPE_PING, ID), b = open_socket(&f, TYPE_PING, 0);

	EXPECT_EQ(sampan_bind(f.s, b, &local), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_bind(f.s, a, &local), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_close(f.s, a), 0);
	EXPECT_EQ(sampan_bind(f.s, b, &local), 0);
	EXPECT_EQ(sampan_close(f.s, b), 0);
	fx_drop(&f);
	EXPECT(stack_left(f.s) == NULL);
}

/* An error that quotes a message of type `quoted`: IP header and eight octets. */
static void
error_comes(struct fx *f, struct icmp4_hdr error, uint8_t quoted, uint16_t id)
{
	const uint32_t ip_len = fx_is_v6() ? 40 : 20;
	uint8_t m[8 + 48] = { error.type, error.code }, *q = m + 8;
	const struct sampan_addr src = fx_local(), dst = fx_peer();

	if (fx_is_v6()) {
		q[0] = 0x60;
		q[5] = 8;
		q[6] = 58;
		memcpy(q + 8, src.b, 16);
		memcpy(q + 24, dst.b, 16);
	} else {
		ip4_emit(q, &(struct ip4_hdr){ .total_len = 28, .ttl = 9, .proto = 1,
			.src = sp_addr_v4(&src), .dst = sp_addr_v4(&dst) });
	}
	be32_put(m + 4, error.rest);
	q[ip_len] = quoted;
	be16_put(q + ip_len + 4, id);
	fx_icmp_comes(f, m, 8 + ip_len + 8, false);
}

static void
unreachable_comes(struct fx *f, uint16_t id)
{
	error_comes(f, (struct icmp4_hdr){ fx_is_v6() ? 1 : 3, 1, 0 }, ECHO, id);
}

static void
too_big_comes(struct fx *f, uint16_t mtu)
{
	error_comes(f, (struct icmp4_hdr){ fx_is_v6() ? 2 : 3, fx_is_v6() ? 0 : 4, mtu }, ECHO, ID);
}

TEST(echo_errors_are_told_to_who_is_connected_or_asks)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_PING, ID);

	unreachable_comes(&f, ID);
	expect_none(&f, h);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RECVERR, 1), 0);
	unreachable_comes(&f, ID + 1);
	expect_none(&f, h);
	unreachable_comes(&f, ID);
	EXPECT_EQ(sampan_recv(f.s, h, &f, 0), SAMPAN_EHOSTUNREACH);
	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RECVERR, 0), 0);
	EXPECT_EQ(sampan_connect(f.s, h, peer()), 0);
	unreachable_comes(&f, ID);
	EXPECT_EQ(sampan_recv(f.s, h, &f, 0), SAMPAN_EHOSTUNREACH);
}

TEST(echo_errors_about_answers_are_nobodys)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_PING, ID);

	EXPECT_EQ(sampan_connect(f.s, h, peer()), 0);
	error_comes(&f, (struct icmp4_hdr){ fx_is_v6() ? 1 : 3, 1, 0 }, ANSWER, ID);
	expect_none(&f, h);
}

/* An identifier is soon guessed: what it knows of the path is heard from a peer only. */
TEST(echo_error_lowers_the_path_of_who_is_connected)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_PING, ID);
	const struct sampan_sockaddr to = { .addr = fx_peer(), .port = 9 };
	sampan_handle other;
	int64_t mtu = 0, whole = 0;

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_DGRAM, &other), 0);
	EXPECT_EQ(sampan_connect(f.s, other, &to), 0);
	EXPECT_EQ(sampan_getopt(f.s, other, SAMPAN_OPT_MTU, &whole), 0);
	too_big_comes(&f, 1300);
	EXPECT_EQ(sampan_getopt(f.s, other, SAMPAN_OPT_MTU, &mtu), 0);
	EXPECT_EQ(mtu, whole);
	EXPECT_EQ(sampan_connect(f.s, h, peer()), 0);
	too_big_comes(&f, 1300);
	EXPECT_EQ(sampan_getopt(f.s, other, SAMPAN_OPT_MTU, &mtu), 0);
	EXPECT_EQ(mtu, 1300);
}

/* ---- Raw ---- */

TEST(raw_socket_sees_all_types_and_the_stack_does_its_part)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0);
	struct fx_packet p;

	message_comes(&f, ECHO, ID, 60);
	message_comes(&f, ANSWER, ID, 8);
	message_comes(&f, 200, ID, 300);
	expect_reads(&f, h, ECHO, 60);
	expect_reads(&f, h, ANSWER, 8);
	expect_reads(&f, h, 200, 300);
	expect_none(&f, h);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.text[-8], ANSWER);
	expect_count(&f, DROP_ICMP_ECHO_REPLY, 0);
	expect_count(&f, DROP_ICMP_TYPE, 1);
}

TEST(raw_socket_sees_nothing_that_is_damaged)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0);
	const uint8_t m[8] = { ECHO };

	fx_icmp_comes(&f, m, 8, true);
	fx_icmp_comes(&f, m, 4, false);
	expect_none(&f, h);
	expect_count(&f, DROP_ICMP_CSUM, 1);
	expect_count(&f, DROP_ICMP_MALFORMED, 1);
}

/* RFC 3542 §3.2: each type by its bit. */
TEST(raw_filter_blocks_the_types_that_it_names)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0), udp = fx_udp_socket(&f, 0);
	struct sampan_icmp_filter filter = { { 0 } }, got;

	EXPECT_EQ(sampan_icmp_filter_get(f.s, h, &got), 0);
	EXPECT_MEM(&got, &filter, sizeof got);
	for (unsigned blocked = 0; blocked < 256; blocked += 15) {
		filter = (struct sampan_icmp_filter){ { 0 } };
		filter.blocked[blocked / 32] = 1u << blocked % 32;
		EXPECT_EQ(sampan_icmp_filter_set(f.s, h, &filter), 0);
		for (unsigned type = 0; type < 256; type += 5) {
			message_comes(&f, (uint8_t)type, ID, 8);
			if (type == blocked)
				expect_none(&f, h);
			else
				expect_reads(&f, h, (uint8_t)type, 8);
		}
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_icmp_filter_get(f.s, h, &got), 0);
	EXPECT_MEM(&got, &filter, sizeof got);
	EXPECT_EQ(sampan_icmp_filter_set(f.s, udp, &filter), SAMPAN_EOPNOTSUPP);
	EXPECT_EQ(sampan_close(f.s, h), 0);
	EXPECT_EQ(sampan_close(f.s, udp), 0);
	fx_drop(&f);
	EXPECT(stack_left(f.s) == NULL);
}

TEST(raw_socket_hears_its_peer_only)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0), all = open_socket(&f, TYPE_RAW, 0);
	const struct sampan_sockaddr other = { fx_addr(0, 5), 0, 0 }, nobody = { .port = 0 };

	message_comes(&f, 200, ID, 8);		/* is forgotten with the peer */
	EXPECT_EQ(sampan_connect(f.s, h, &other), 0);
	message_comes(&f, 201, ID, 8);
	expect_none(&f, h);
	EXPECT_EQ(sampan_connect(f.s, h, &nobody), 0);
	message_comes(&f, 202, ID, 8);
	expect_reads(&f, h, 202, 8);
	expect_reads(&f, all, 200, 8);
	expect_reads(&f, all, 201, 8);
	expect_reads(&f, all, 202, 8);
}

/* RFC 3542 §3.1: the stack's for ICMPv6; IPv4's is the sender's. */
TEST(raw_message_leaves_with_the_checksum_of_its_family)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0);
	uint8_t m[9] = { 200, 3, 0, 0, 1, 2, 3, 4, 5 };
	struct fx_packet p;

	be16_put(m + 2, fx_is_v6() ? 0xabcd : (uint16_t)~frame_sum(m, sizeof m, 0));

	EXPECT_EQ(sampan_connect(f.s, h, peer()), 0);
	EXPECT_EQ(sampan_send(f.s, h, m, sizeof m), sizeof m);
	EXPECT(fx_udp_next(&f, &p));
	EXPECT_EQ(p.len, 1);
	EXPECT_EQ(be32_get(p.text - 4), 0x01020304);
	EXPECT(checksum_good(&p));
	if (!fx_is_v6())
		EXPECT_MEM(p.text - 8, m, sizeof m);
}

/* The queue is the socket's to lose; the stack has the message all the same. */
TEST(raw_queue_is_limited_by_its_buffer)
{
	struct fx f = fx_udp_begin();
	const sampan_handle h = open_socket(&f, TYPE_RAW, 0);
	struct sampan_status st;
	unsigned n = 0;
	uint8_t first;

	EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_RCVBUF, 4096), 0);
	for (unsigned i = 0; i < 100; i++) {
		message_comes(&f, ECHO, ID, 64);
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_status(f.s, h, &st), 0);
	EXPECT(st.recv_queue_bytes <= 8192);
	while (reads(&f, h, &first) > 0)
		n++;
	EXPECT_EQ(n + st.drops, 100);
	EXPECT(n >= 16 && n <= 32);
	expect_count(&f, COUNT_RAW_DROPS, st.drops);
	expect_count(&f, COUNT_ICMP_ECHO_REPS_OUT, 100);
}

TEST(sockets_of_icmp_keep_to_their_family)
{
	static const enum sampan_type types[] = { SAMPAN_PING4, SAMPAN_PING6, SAMPAN_ICMP4,
		SAMPAN_ICMP6 };
	const uint8_t m[8] = { ECHO };
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr own = { fx_local(), 0, 0 };
	uint64_t cursor = 0;
	struct sampan_status st[8];

	for (unsigned i = 0; i < 4; i++) {
		const bool right = fx_is_v6() == (i % 2 == 1);
		const sampan_handle h = open_socket(&f, types[i], 0);
		int64_t value;

		EXPECT_EQ(sampan_bind(f.s, h, &own), right ? 0 : SAMPAN_EINVAL);
		EXPECT_EQ(sampan_connect(f.s, h, peer()) == 0, right);
		EXPECT_EQ(sampan_sendto(f.s, h, m, 8, peer()) == 8, right);
		EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_PROTOCOL, &value), 0);
		EXPECT_EQ(value, i % 2 == 1 ? 58 : 1);
		EXPECT_EQ(sampan_getopt(f.s, h, SAMPAN_OPT_TYPE, &value), 0);
		EXPECT_EQ(value, i < 2 ? 2 : 3);
	}
	EXPECT_EQ(sampan_walk_udp(f.s, &cursor, st, 8), 0);
	EXPECT_EQ(sampan_socket(f.s, (enum sampan_type)7, &f.h), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_socket(f.s, (enum sampan_type)0, &f.h), SAMPAN_EINVAL);
}
