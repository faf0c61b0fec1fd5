/*
 * cmd_svc_udp.c - services over UDP: echo, discard, daytime, chargen, time; and
 * whom they do not answer.
 */
#include <sampan/datagram.h>

#include "svc_util.h"
#include "wire/bytes.h"

/* A client's socket, bound to that port. */
static sampan_handle
open_client(struct sv *v, uint16_t port)
{
	const struct sampan_sockaddr local = { .port = port };
	sampan_handle h = 0;

	EXPECT_EQ(sampan_socket(v->s[0], SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(sampan_bind(v->s[0], h, &local), 0);
	EXPECT_EQ(sampan_setopt(v->s[0], h, SAMPAN_OPT_BROADCAST, 1), 0);
	return h;
}

static uint8_t answer[65507];

/* What the service at that port of 10.0.0.host answers to len octets; AGAIN: nothing. */
static int64_t
ask_at(struct sv *v, sampan_handle h, uint8_t host, uint16_t port, size_t len)
{
	static const uint8_t text[65507] = { 'h', 'e', 'l', 'l', 'o' };
	const struct sampan_sockaddr peer = { sampan_addr_v4(10, 0, 0, host), port, 0 };

	EXPECT_EQ(sampan_sendto(v->s[0], h, text, len, &peer), (int64_t)len);
	sv_run(v, SAMPAN_MS(1));
	return sampan_recv(v->s[0], h, answer, sizeof(answer));
}

static int64_t
ask(struct sv *v, sampan_handle h, uint16_t port, size_t len)
{
	return ask_at(v, h, 2, port, len);
}

TEST(udp_services_answer)
{
	static struct sv v;
	sampan_handle h;

	sv_make(&v, (struct svc_options){ 0 });
	h = open_client(&v, 5000);
	EXPECT_EQ(ask(&v, h, 7, 5), 5);
	EXPECT_MEM(answer, "hello", 5);
	EXPECT_EQ(ask(&v, h, 7, 1400), 1400);
	EXPECT_EQ(ask(&v, h, 7, 0), 0);
	EXPECT_EQ(ask(&v, h, 7, 65507), 65507);	/* in fragments */
	EXPECT_EQ(ask(&v, h, 9, 5), SAMPAN_EAGAIN);
	EXPECT_EQ(ask(&v, h, 13, 0), 41);
	EXPECT_MEM(answer, "Sunday, September 09, 2001 01:46:4", 34);
	EXPECT_EQ(ask(&v, h, 37, 0), 4);
	EXPECT_EQ(be32_get(answer), 2208988800u + SV_WALL_S + 1);
	EXPECT_EQ(ask(&v, h, 80, 5), SAMPAN_EAGAIN);	/* http has none */
	sv_end(&v);
}

/* RFC 864: no more than 512, nor much more than was asked with. */
TEST(udp_chargen_is_no_amplifier)
{
	static struct sv v;
	sampan_handle h;

	COVERS("R-768-13");
	sv_make(&v, (struct svc_options){ 0 });
	h = open_client(&v, 5000);
	EXPECT_EQ(ask(&v, h, 19, 1), 74);
	EXPECT_MEM(answer, " !\"#", 4);
	EXPECT_EQ(ask(&v, h, 19, 200), 200);
	EXPECT_MEM(answer, "!\"#$", 4);
	for (unsigned i = 0; i < 300; i++)
		EXPECT_EQ(ask(&v, h, 19, 1400), 512);
	sv_end(&v);
}

/* Two services would go on for ever. */
TEST(udp_services_do_not_answer_services_or_groups)
{
	static struct sv v;
	sampan_handle low, own, high;

	COVERS("R-768-13");
	COVERS("R-V-56");
	sv_make(&v, (struct svc_options){ 0 });
	EXPECT_EQ(sp_svc_listen(&v.services, sp_svc_find("echo"), 7777), 0);
	v.listeners++;
	low = open_client(&v, 7);
	own = open_client(&v, 7777);
	high = open_client(&v, 1024);
	EXPECT_EQ(ask(&v, low, 19, 5), SAMPAN_EAGAIN);
	EXPECT_EQ(ask(&v, own, 7, 5), SAMPAN_EAGAIN);
	EXPECT_EQ(ask_at(&v, high, 255, 7, 5), SAMPAN_EAGAIN);
	EXPECT_EQ(ask(&v, high, 7777, 5), 5);
	sv_end(&v);
}

/* The end closes them too. */
TEST(udp_services_end_with_the_server)
{
	static struct sv v;
	sampan_handle h;

	sv_make(&v, (struct svc_options){ 0 });
	h = open_client(&v, 5000);
	EXPECT_EQ(ask(&v, h, 7, 5), 5);
	sp_svc_stop(&v.services);
	EXPECT_EQ(ask(&v, h, 7, 5), SAMPAN_EAGAIN);
	sv_end(&v);
}
