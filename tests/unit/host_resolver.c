/*
 * host_resolver.c - the stub resolver against name servers that the test plays, in
 * virtual time: which names it tries, how it takes silence, lies and refusals.
 */
#include <sampan/names.h>

#include "host/resolver.h"
#include "lib/fx_udp.h"
#include "net/names.h"
#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

static struct sp_resolver r;

/* A question that left. */
struct asked {
	char name[DNS_NAME_TEXT];
	uint16_t id, port, type;
	struct sampan_addr server;
	uint8_t text[DNS_QUERY_MAX];
	uint32_t len;
};

static struct fx
with_server(void)
{
	struct fx f = fx_udp_begin();
	const struct sampan_addr peer = fx_peer();

	EXPECT_EQ(sampan_name_server_add(f.s, &peer), 0);
	return f;
}

/* The next question out; false: nothing leaves. */
static bool
next_asked(struct fx *f, struct asked *a)
{
	struct fx_packet p;
	size_t at = 12;

	if (!fx_udp_next(f, &p))
		return false;
	EXPECT_EQ(p.proto, IP_PROTO_UDP);
	EXPECT_EQ(p.dst_port, DNS_PORT);
	EXPECT(p.len <= sizeof(a->text));
	memcpy(a->text, p.text, p.len);
	a->len = p.len;
	a->id = be16_get(p.text);
	a->port = p.src_port;
	a->server = p.dst;
	EXPECT(dns_read_name(a->name, p.text, p.len, &at));
	a->type = be16_get(p.text + at);
	return true;
}

/* An answer with so many addresses 10.9.0.1 and on; the peer sends it. */
static void
server_answers(struct fx *f, const struct asked *a, uint16_t flags, unsigned n)
{
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP4 };
	uint8_t frame[700] = { 0 }, *udp = frame + ETH_HDR_LEN + 20, *p = udp + 8;
	uint32_t len = a->len;

	memcpy(p, a->text, a->len);
	be16_put(p + 2, (uint16_t)(0x8000 | flags));
	be16_put(p + 6, (uint16_t)n);
	for (unsigned i = 0; i < n; i++, len += 16) {
		static const uint8_t head[12] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4 };

		memcpy(p + len, head, 12);
		be32_put(p + len + 12, 0x0a090001 + i);
	}
	be16_put(udp, DNS_PORT);
	be16_put(udp + 2, a->port);
	be16_put(udp + 4, (uint16_t)(8 + len));
	eth_emit(frame, &eth);
	ip4_emit(frame + ETH_HDR_LEN, &(struct ip4_hdr){ .total_len = (uint16_t)(28 + len),
		.ttl = 64, .proto = IP_PROTO_UDP, .src = FX_PEER_V4, .dst = FX_LOCAL_V4 });
	fx_input(f, frame, ETH_HDR_LEN + 28 + len);
}

static enum sp_resolver_state
step(struct fx *f)
{
	return sp_resolver_step(&r, f->now);
}

static void
pass(struct fx *f, sampan_dur dur)
{
	f->now += dur;
	sampan_advance(f->s, f->now);
	(void)step(f);
}

static void
domain(struct fx *f, const char *text)
{
	const struct sp_domain like = { .until = SAMPAN_NEVER };

	sp_names_domain_text(f->s, &like, text);
}

/* Both families are asked for; numbers and ports differ. */
TEST(name_is_asked_for_and_found)
{
	struct fx f = with_server();
	struct asked a, b;

	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	EXPECT(next_asked(&f, &a) && next_asked(&f, &b));
	EXPECT_STR(a.name, "www.example");
	EXPECT_EQ(a.type, DNS_TYPE_A);
	EXPECT_EQ(b.type, DNS_TYPE_AAAA);
	EXPECT(a.port != b.port && a.port >= 32768);
	server_answers(&f, &b, 0, 0);
	EXPECT_EQ(step(&f), SP_RESOLVER_BUSY);
	server_answers(&f, &a, 0, 2);
	EXPECT_EQ(step(&f), SP_RESOLVER_DONE);
	EXPECT_EQ(r.addrs, 2);
	EXPECT_EQ(sp_addr_v4(&r.addr[0]), 0x0a090001);
}

/* RFC 5452: a wrong number, name or type is as if nothing had come. */
TEST(lies_are_not_heard)
{
	struct fx f = with_server();
	struct asked a, b, lie;

	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	EXPECT(next_asked(&f, &a) && next_asked(&f, &b));
	for (unsigned i = 0; i < 3; i++) {
		lie = a;
		lie.text[i == 0 ? 0 : i == 1 ? 13 : a.len - 3] ^= 1;
		server_answers(&f, &lie, 0, 1);
		EXPECT_EQ(step(&f), SP_RESOLVER_BUSY);
	}
	server_answers(&f, &a, 0, 1);
	server_answers(&f, &b, 0, 0);
	EXPECT_EQ(step(&f), SP_RESOLVER_DONE);
	EXPECT_EQ(r.addrs, 1);
}

/* 2, 4, 8 seconds, with new numbers and ports each time; then it gives up. */
TEST(silence_is_given_up)
{
	struct fx f = with_server();
	struct asked a;
	unsigned asked = 0;
	uint32_t last = 0;
	const sampan_time began_at = f.now;

	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	while (step(&f) == SP_RESOLVER_BUSY) {
		while (next_asked(&f, &a)) {
			if (a.type == DNS_TYPE_A) {
				EXPECT(((uint32_t)a.id << 16 | a.port) != last);
				last = (uint32_t)a.id << 16 | a.port;
				asked++;
			}
		}
		pass(&f, SAMPAN_MS(100));
	}
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
	EXPECT_STR(r.why, "no name server answers");
	EXPECT_EQ(asked, 3);
	EXPECT(f.now - began_at >= SAMPAN_SEC(14) && f.now - began_at < SAMPAN_SEC(15));
}

/* One family is enough when the other is not answered. */
TEST(half_an_answer_will_do)
{
	struct fx f = with_server();
	struct asked a, b;

	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	EXPECT(next_asked(&f, &a) && next_asked(&f, &b));
	server_answers(&f, &a, 0, 1);
	EXPECT_EQ(step(&f), SP_RESOLVER_BUSY);
	pass(&f, SAMPAN_MS(2001));
	EXPECT_EQ(r.state, SP_RESOLVER_DONE);
}

/* A server that cannot answer gives way to the next at once. */
TEST(servers_take_turns)
{
	const struct sampan_addr other = sampan_addr_v4(10, 0, 0, 3);
	struct fx f = with_server();
	struct asked a, b;

	EXPECT_EQ(sampan_name_server_add(f.s, &other), 0);
	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	EXPECT(next_asked(&f, &a) && next_asked(&f, &b));
	server_answers(&f, &a, 2, 0);
	server_answers(&f, &b, 5, 0);
	EXPECT_EQ(step(&f), SP_RESOLVER_BUSY);
	EXPECT_EQ(r.server, 1);
	pass(&f, SAMPAN_MS(2001));
	EXPECT_EQ(r.server, 0);
	EXPECT_EQ(r.attempt, 1);
	sp_resolver_end(&r);
}

static void
deny(struct fx *f, const char *name)
{
	struct asked a;

	for (unsigned i = 0; i < 2; i++) {
		EXPECT(next_asked(f, &a));
		EXPECT_STR(a.name, name);
		server_answers(f, &a, 3, 0);
	}
	(void)step(f);
}

/* RFC 1123 §6.1.4.3. */
TEST(names_are_completed)
{
	struct fx f = with_server();

	domain(&f, "one.example");
	domain(&f, "two.example");
	sp_resolver_begin(&r, f.s, NULL, "host", f.now);
	deny(&f, "host.one.example");
	deny(&f, "host.two.example");
	deny(&f, "host");
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
	EXPECT_STR(r.why, "no such name");
	sp_resolver_begin(&r, f.s, NULL, "a.host", f.now);
	deny(&f, "a.host");
	deny(&f, "a.host.one.example");
	deny(&f, "a.host.two.example");
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
	sp_resolver_begin(&r, f.s, NULL, "host.", f.now);
	deny(&f, "host");
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
}

TEST(what_cannot_be_asked)
{
	struct fx f = fx_udp_begin();
	const struct sampan_addr peer = fx_peer(), group = sampan_addr_v4(224, 0, 0, 1);

	sp_resolver_begin(&r, f.s, NULL, "www.example", f.now);
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
	EXPECT_EQ(sampan_name_server_add(f.s, &group), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_name_server_add(f.s, &peer), 0);
	sp_resolver_begin(&r, f.s, NULL, "a..b", f.now);
	EXPECT_EQ(r.state, SP_RESOLVER_FAILED);
	EXPECT_STR(r.why, "that is no name");
	EXPECT_EQ(step(&f), SP_RESOLVER_FAILED);
}

/* Four of each origin; what has expired gives way. */
TEST(name_servers_have_limits)
{
	struct fx f = fx_udp_begin();
	struct sampan_addr a = sampan_addr_v4(10, 0, 0, 10);
	struct sampan_sockaddr got;

	for (unsigned i = 0; i < 4; i++, a.b[15]++)
		EXPECT_EQ(sampan_name_server_add(f.s, &a), 0);
	EXPECT_EQ(sampan_name_server_add(f.s, &a), SAMPAN_ENOSPACE);
	for (unsigned i = 0; i < 6; i++, a.b[15]++)
		sp_names_server(f.s, &(struct sp_name_server){ .addr = a, .link = 1,
		    .origin = SP_NAMES_LEASED, .until = f.now + SAMPAN_SEC(10) });
	EXPECT_EQ(sampan_name_server_get(f.s, 7, &got), 0);
	EXPECT_EQ(sampan_name_server_get(f.s, 8, &got), SAMPAN_ENOENT);
	pass(&f, SAMPAN_SEC(11));
	EXPECT_EQ(sampan_name_server_get(f.s, 3, &got), 0);
	EXPECT_EQ(sampan_name_server_get(f.s, 4, &got), SAMPAN_ENOENT);
	sp_names_end(f.s, 1, SP_NAMES_LEASED);
}
