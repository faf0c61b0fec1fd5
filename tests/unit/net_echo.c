/*
 * net_echo.c - echo requests of ours and what comes back.  RFC 792; RFC 1122
 * §3.2.2.6.
 */
#include "lib/fx.h"

#include <sampan/echo.h>

#include "lib/frame.h"
#include "net/stack.h"
#include "wire/bytes.h"

static uint8_t frame[FRAME_MAX];
static uint32_t frame_len;

/* The peer tells who it is, so that nobody need ask. */
static void
introduce(struct fx *f)
{
	static const uint8_t arp[42] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6,
	    4, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1 };

	fx_input(f, arp, sizeof(arp));
}

static int
send_echo(struct fx *f, uint16_t seq, uint16_t bytes, uint32_t *ticket)
{
	const struct sampan_echo echo = { .size = sizeof(echo), .to = sampan_addr_v4(10, 0, 0, 2),
	    .seq = seq, .payload_bytes = bytes };

	return sampan_echo_send(f->s, &echo, ticket);
}

/* Takes what leaves until an echo request does; its bytes are in frame. */
static void
take_request(struct fx *f)
{
	struct sampan_frame out;

	while (sampan_output(f->s, f->link, &out, 1, f->now) == 1) {
		frame_len = frame_flatten(&out, frame);
		sampan_sent(f->s, &out, 1);
		if (be16_get(frame + 12) == 0x0800 && frame[23] == 1 && frame[34] == 8)
			return;
	}
	fx_fail("no echo request left");
}

/* Makes the answer of the request in frame. */
static void
answer(void)
{
	uint8_t a[6];

	memcpy(a, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, a, 6);
	memcpy(a, frame + 26, 4);
	memcpy(frame + 26, frame + 30, 4);
	memcpy(frame + 30, a, 4);
	frame[34] = 0;
}

/* After bytes were changed. */
static void
mend(void)
{
	be16_put(frame + 24, 0);
	be16_put(frame + 24, (uint16_t)~frame_sum(frame + 14, 20, 0));
	be16_put(frame + 36, 0);
	be16_put(frame + 36, (uint16_t)~frame_sum(frame + 34, frame_len - 34, 0));
}

TEST(echo_request_is_answered_after_a_round_trip)
{
	struct fx f = fx_listen();
	struct sampan_echo_answer a;
	uint32_t ticket;

	introduce(&f);
	EXPECT_EQ(send_echo(&f, 7, 56, &ticket), 0);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), SAMPAN_EAGAIN);
	take_request(&f);
	EXPECT_EQ(frame_len, 14 + 20 + 8 + 56);
	EXPECT_EQ(be16_get(frame + 40), 7);
	EXPECT_EQ((uint16_t)~frame_sum(frame + 34, frame_len - 34, 0), 0);
	f.now += SAMPAN_MS(3);
	answer();
	frame[22] = 61;
	mend();
	fx_input(&f, frame, frame_len);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), 0);
	EXPECT_EQ(a.rtt_dur, SAMPAN_MS(3));
	EXPECT_EQ(a.seq, 7);
	EXPECT_EQ(a.payload_bytes, 56);
	EXPECT_EQ(a.ttl, 61);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), SAMPAN_EBADHANDLE);
	EXPECT_EQ(f.s->echoes, 0);	/* nothing is left of it */
	expect_count(&f, COUNT_ICMP_ECHO_REPS_IN, 1);
}

/* Changed at one octet, an answer is nobody's: identifier, number, the start of
 * its data. */
TEST(echo_reply_that_was_not_asked_for_is_dropped)
{
	static const unsigned places[] = { 38, 39, 40, 41, 42, 49 };
	struct fx f = fx_listen();
	struct sampan_echo_answer a;
	uint32_t ticket;

	introduce(&f);
	EXPECT_EQ(send_echo(&f, 1, 56, &ticket), 0);
	take_request(&f);
	answer();
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		frame[places[i]] ^= 1;
		mend();
		fx_input(&f, frame, frame_len);
		expect_count(&f, DROP_ICMP_ECHO_REPLY, 1);
		frame[places[i]] ^= 1;
	}
	frame[29] = 3;			/* from somebody else */
	mend();
	fx_input(&f, frame, frame_len);
	expect_count(&f, DROP_ICMP_ECHO_REPLY, 1);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), SAMPAN_EAGAIN);
}

/* The second one, and one whose ticket was given up. */
TEST(echo_reply_counts_once)
{
	struct fx f = fx_listen();
	struct sampan_echo_answer a;
	uint32_t ticket;

	introduce(&f);
	EXPECT_EQ(send_echo(&f, 1, 0, &ticket), 0);
	take_request(&f);
	answer();
	mend();
	fx_input(&f, frame, frame_len);
	fx_input(&f, frame, frame_len);
	expect_count(&f, DROP_ICMP_ECHO_REPLY, 1);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), 0);
	EXPECT_EQ(send_echo(&f, 2, 8, &ticket), 0);
	take_request(&f);
	sampan_echo_forget(f.s, ticket);
	sampan_echo_forget(f.s, ticket);
	answer();
	mend();
	fx_input(&f, frame, frame_len);
	expect_count(&f, DROP_ICMP_ECHO_REPLY, 1);
}

TEST(echo_error_ends_the_request_that_it_quotes)
{
	struct fx f = fx_listen();
	struct sampan_echo_answer a;
	uint8_t quote[28];
	uint32_t ticket;

	introduce(&f);
	EXPECT_EQ(send_echo(&f, 1, 56, &ticket), 0);
	take_request(&f);
	memcpy(quote, frame + 14, sizeof(quote));
	answer();
	frame[34] = 3;			/* destination unreachable: host */
	frame[35] = 1;
	memset(frame + 38, 0, 4);
	memcpy(frame + 42, quote, sizeof(quote));
	frame_len = 42 + sizeof(quote);
	be16_put(frame + 16, (uint16_t)(frame_len - 14));
	mend();
	fx_input(&f, frame, frame_len);
	EXPECT_EQ(sampan_echo_take(f.s, ticket, &a), SAMPAN_EHOSTUNREACH);
	fx_input(&f, frame, frame_len);
	expect_count(&f, DROP_ICMP_NO_FLOW, 1);
}

TEST(echo_request_that_cannot_be_is_refused)
{
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);
	struct sampan_echo echo = { .size = sizeof(echo), .to = sampan_addr_v4(10, 0, 0, 2) };
	uint32_t ticket;

	EXPECT_EQ(send_echo(&f, 1, 65507, &ticket), 0);
	EXPECT_EQ(send_echo(&f, 1, 65508, &ticket), SAMPAN_EMSGSIZE);
	echo.to = sampan_addr_v4(192, 0, 2, 1);
	EXPECT_EQ(sampan_echo_send(f.s, &echo, &ticket), SAMPAN_ENETUNREACH);
	echo.to = sampan_addr_v4(10, 0, 0, 1);
	EXPECT_EQ(sampan_echo_send(f.s, &echo, &ticket), SAMPAN_ENETUNREACH);
	echo.to = sampan_addr_v4(10, 0, 0, 255);
	EXPECT_EQ(sampan_echo_send(f.s, &echo, &ticket), SAMPAN_EINVAL);
	echo.size = 1;
	EXPECT_EQ(sampan_echo_send(f.s, &echo, &ticket), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_echo_take(f.s, 0, &(struct sampan_echo_answer){ 0 }), SAMPAN_EBADHANDLE);
	sampan_echo_forget(f.s, 255);
}

/* What is too big for the link leaves in fragments: RFC 791. */
TEST(echo_request_of_any_size_is_whole)
{
	static uint8_t got[65536];
	static const uint16_t sizes[] = { 0, 7, 8, 9, 1472, 1473, 2500, 4089, 60000, 65507 };
	struct fx f = fx_listen(.arena_bytes = (size_t)4 << 20);
	uint32_t ticket, n, at;

	introduce(&f);
	fx_drop(&f);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		EXPECT_EQ(send_echo(&f, 1, sizes[i], &ticket), 0);
		for (n = 0; n < 8u + sizes[i]; n += frame_len - 34) {
			struct sampan_frame out;

			EXPECT_EQ(sampan_output(f.s, f.link, &out, 1, f.now), 1);
			frame_len = frame_flatten(&out, frame);
			sampan_sent(f.s, &out, 1);
			at = 8u * (be16_get(frame + 20) & 0x1fff);
			EXPECT_EQ(at, n);
			EXPECT_EQ((be16_get(frame + 20) & 0x2000) != 0,
			    at + frame_len - 34 < 8u + sizes[i]);
			memcpy(got + at, frame + 34, frame_len - 34);
		}
		EXPECT_EQ((uint16_t)~frame_sum(got, n, 0), 0);
		for (uint32_t j = 16; j < n; j++)
			EXPECT_EQ(got[j], (uint8_t)(j - 8));
		sampan_echo_forget(f.s, ticket);
	}
	expect_quiet(&f);
}

/* All places are taken; a minute later the first gives way. */
TEST(echo_requests_are_bounded)
{
	struct fx f = fx_listen();
	uint32_t ticket[SAMPAN_ECHO_MOST], one_more;
	struct sampan_echo_answer a;

	introduce(&f);
	for (unsigned i = 0; i < SAMPAN_ECHO_MOST; i++)
		EXPECT_EQ(send_echo(&f, (uint16_t)i, 8, &ticket[i]), 0);
	EXPECT_EQ(send_echo(&f, 99, 8, &one_more), SAMPAN_ENOBUFS);
	for (unsigned i = 0; i < SAMPAN_ECHO_MOST; i++)
		take_request(&f);
	f.now += SAMPAN_SEC(61);
	sampan_advance(f.s, f.now);
	EXPECT_EQ(sampan_echo_take(f.s, ticket[1], &a), SAMPAN_EAGAIN);
	EXPECT_EQ(send_echo(&f, 99, 8, &one_more), 0);
	EXPECT_EQ(sampan_echo_take(f.s, ticket[0], &a), SAMPAN_EBADHANDLE);
	EXPECT_EQ(sampan_echo_take(f.s, ticket[1], &a), SAMPAN_EAGAIN);
}
