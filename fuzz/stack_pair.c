/*
 * stack_pair.c - two stacks and a line that does what the input says: frames
 * are lost, repeated, overtaken, and their bits turned, while both applications
 * write, read and close.  What one reads is what the other wrote, from the
 * first byte on and in order; and all invariants hold at every moment.
 *
 * A turned bit may not be noticed by a checksum of 16 bits if there are more of
 * them, so one bit of a frame is turned, never two.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/socket.h>

#include "lib/frame.h"
#include "lib/stack_check.h"

#define ARENA_BYTES ((size_t)256 << 10)
#define PORT 7
#define FRAME_BYTES 1600
#define LINE_MAX 32
#define STEPS_MAX 600

struct bytes {
	const uint8_t *p, *end;
};

struct side {
	struct sampan *s;
	sampan_handle h;
	uint32_t written, read;
	bool ended;		/* end of stream was read */
	bool failed;
	unsigned frames;	/* on the line, to this side */
	struct {
		uint8_t bytes[FRAME_BYTES];
		uint32_t len;
		bool turned;	/* one of its bits */
	} line[LINE_MAX];
};

static _Alignas(64) uint8_t memory[2][ARENA_BYTES];
static struct side side[2];
static sampan_handle listener;
static sampan_time now;
static bool ip6;		/* of inputs of odd length */

static struct sampan_addr
addr_of(unsigned i)
{
	const struct sampan_addr v6 = { { 0xfd, [15] = (uint8_t)(1 + i) } };

	return ip6 ? v6 : sampan_addr_v4(10, 0, 0, (uint8_t)(1 + i));
}

static uint32_t
take(struct bytes *b, unsigned n)
{
	uint32_t v = 0;

	for (; n > 0; n--)
		v = v << 8 | (b->p < b->end ? *b->p++ : 0);
	return v;
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void
no_flaw(const char *flaw)
{
	must(flaw == NULL, flaw != NULL ? flaw : "");
}

static uint8_t
byte_of(unsigned from, uint32_t at)
{
	return (uint8_t)((at + 1) * 2654435761u >> 24 ^ from);
}

/* ---- The line ---- */

static void
collect(unsigned i, unsigned most)
{
	static uint8_t bytes[FRAME_MAX];
	struct side *to = &side[1 - i];
	struct sampan_frame f;

	for (unsigned n = 0; n < most && to->frames < LINE_MAX; n++) {
		if (sampan_output(side[i].s, 1, &f, 1, now) != 1)
			return;
		to->line[to->frames].len = frame_flatten(&f, bytes);
		no_flaw(frame_flaw(&f, bytes));
		must(to->line[to->frames].len <= FRAME_BYTES, "a frame within the MTU");
		memcpy(to->line[to->frames].bytes, bytes, to->line[to->frames].len);
		to->line[to->frames].turned = false;
		to->frames++;
		sampan_sent(side[i].s, &f, 1);
	}
}

static void
deliver(unsigned i, unsigned which)
{
	struct sampan_frame f = { .csum = SAMPAN_CSUM_COMPLETE, .slices = 1 };
	uint8_t *copy = malloc(side[i].line[which].len);

	must(copy != NULL, "memory");
	memcpy(copy, side[i].line[which].bytes, side[i].line[which].len);
	f.len = side[i].line[which].len;
	f.slice[0] = (struct sampan_slice){ copy, f.len };
	(void)sampan_input(side[i].s, 1, &f, 1, now);
	free(copy);
}

static void
forget(unsigned i, unsigned which)
{
	side[i].frames--;
	memmove(&side[i].line[which], &side[i].line[which + 1],
	    (side[i].frames - which) * sizeof(side[i].line[0]));
}

/* Bits of the Ethernet header are not covered by any checksum; a real line's
 * would be. */
static void
turn_a_bit(unsigned i, unsigned which, uint32_t at)
{
	const uint32_t bits = (side[i].line[which].len - 14) * 8;
	uint8_t *p = side[i].line[which].bytes + 14;

	if (side[i].line[which].turned)
		return;
	side[i].line[which].turned = true;
	if (side[i].line[which].bytes[12] == 8 && side[i].line[which].bytes[13] == 0)
		p[at % bits / 8] ^= (uint8_t)(1u << at % 8);
	else
		forget(i, which);	/* ARP has no checksum: lost, then */
}

static void
step_line(struct bytes *b)
{
	const uint32_t how = take(b, 1), i = how & 1;
	uint32_t which = how >> 5;

	if (side[i].frames == 0)
		return;
	if (which >= side[i].frames)
		which = 0;
	switch (how >> 1 & 7) {
	case 0:					/* lost */
		forget(i, which);
		break;
	case 1:					/* repeated later */
		deliver(i, which);
		break;
	case 2:
		turn_a_bit(i, which, take(b, 2));
		break;
	default:
		deliver(i, which);
		forget(i, which);
		break;
	}
}

/* ---- The applications ---- */

static void
step_write(unsigned i, uint32_t len)
{
	uint8_t data[4096];
	int64_t n;

	len %= sizeof(data);
	for (uint32_t k = 0; k < len; k++)
		data[k] = byte_of(i, side[i].written + k);
	n = sampan_send(side[i].s, side[i].h, data, len);
	must(n <= (int64_t)len, "not more than was given");
	if (n > 0)
		side[i].written += (uint32_t)n;
	else
		side[i].failed |= n != 0 && n != SAMPAN_EAGAIN && n != SAMPAN_EPIPE;
}

static void
step_read(unsigned i, uint32_t len)
{
	uint8_t data[4096];
	struct side *me = &side[i];
	const struct side *other = &side[1 - i];
	const int64_t n = sampan_recv(me->s, me->h, data, 1 + len % sizeof(data));

	for (int64_t k = 0; k < n; k++)
		must(data[k] == byte_of(1 - i, me->read + (uint32_t)k), "the bytes that were sent");
	if (n > 0)
		me->read += (uint32_t)n;
	must(me->read <= other->written, "not more than was sent");
	me->ended |= n == 0 && me->h != 0;
	me->failed |= n < 0 && n != SAMPAN_EAGAIN;
}

static void
step_app(struct bytes *b)
{
	const uint32_t how = take(b, 1), i = how & 1;

	if (side[i].h == 0) {
		(void)sampan_accept(side[1].s, listener, &side[1].h, NULL);
		return;
	}
	switch (how >> 1 & 7) {
	case 0: case 1: case 2: step_write(i, take(b, 2)); break;
	case 3: case 4: case 5: step_read(i, take(b, 2)); break;
	case 6: (void)sampan_shutdown(side[i].s, side[i].h, SAMPAN_SHUT_WR); break;
	default:
		if (how >> 4 == 15)
			(void)sampan_abort(side[i].s, side[i].h);
		break;
	}
}

/* ---- The run ---- */

static void
pass_time(sampan_dur dur)
{
	now += dur;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned n = 0; n < 8 && sampan_deadline(side[i].s) <= now; n++)
			sampan_advance(side[i].s, now);
}

static void
step(struct bytes *b)
{
	switch (take(b, 1) & 7) {
	case 0: case 1: case 2: step_line(b); break;
	case 3: case 4: step_app(b); break;
	case 5: pass_time(SAMPAN_US(1) << take(b, 1) % 32); break;
	default: collect(take(b, 1) & 1, 8); break;
	}
	no_flaw(stack_check_quick(side[0].s));
	no_flaw(stack_check_quick(side[1].s));
}

static void
begin_side(unsigned i)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 3, i } };
	const struct sampan_link_config link = { .size = sizeof(link),
		.mac = { 2, 0, 0, 0, 0, (uint8_t)(1 + i) }, .mtu_bytes = 1500, .name = "line" };
	const struct sampan_addr addr = addr_of(i);

	side[i] = (struct side){ .s = (struct sampan *)(void *)memory[i] };
	must(sampan_init(memory[i], ARENA_BYTES, &config, now) == 0, "a stack");
	must(sampan_link_add(side[i].s, &link) == 1 &&
	    sampan_set(side[i].s, "net.ipv6.conf.default.dad_transmits", 0) == 0 &&
	    sampan_addr_add(side[i].s, 1, &addr, ip6 ? 64 : 24) == 0, "a link");
}

static void
begin(void)
{
	const struct sampan_sockaddr any = { .port = PORT };
	const struct sampan_sockaddr there = { addr_of(1), PORT, 0 };

	now = SAMPAN_SEC(1000);
	begin_side(0);
	begin_side(1);
	must(sampan_socket(side[1].s, SAMPAN_STREAM, &listener) == 0 &&
	    sampan_bind(side[1].s, listener, &any) == 0 &&
	    sampan_listen(side[1].s, listener, 3) == 0, "a listener");
	must(sampan_socket(side[0].s, SAMPAN_STREAM, &side[0].h) == 0 &&
	    sampan_connect(side[0].s, side[0].h, &there) == SAMPAN_EINPROGRESS, "a connect");
}

/* All that both have to say arrives, at once; false: they were silent. */
static bool
good_line(void)
{
	bool any = false;

	for (unsigned i = 0; i < 2; i++) {
		collect(i, LINE_MAX);
		any |= side[1 - i].frames > 0;
		for (; side[1 - i].frames > 0; forget(1 - i, 0))
			deliver(1 - i, 0);
	}
	return any;
}

/* To the next deadline; false: there is none. */
static bool
skip_time(void)
{
	sampan_time at = now + SAMPAN_SEC(3600);

	for (unsigned i = 0; i < 2; i++)
		if (sampan_deadline(side[i].s) < at)
			at = sampan_deadline(side[i].s);
	pass_time(at > now ? at - now : 0);
	return sampan_deadline(side[0].s) != SAMPAN_NEVER ||
	    sampan_deadline(side[1].s) != SAMPAN_NEVER;
}

/* The line is good again: what was written arrives, unless somebody gave up. */
static void
settle(void)
{
	for (unsigned n = 0; n < 3000; n++) {
		const uint32_t before = side[0].read + side[1].read;

		if (side[1].h == 0)
			(void)sampan_accept(side[1].s, listener, &side[1].h, NULL);
		for (unsigned i = 0; i < 2; i++)
			if (side[i].h != 0)
				step_read(i, 4095);
		if (!good_line() && !skip_time() && !good_line() &&
		    side[0].read + side[1].read == before)
			break;
	}
	for (unsigned i = 0; i < 2; i++)
		must(side[0].failed || side[1].failed || side[1].h == 0 ||
		    side[i].read == side[1 - i].written, "what was written arrives");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct bytes b = { data, data + bytes };

	ip6 = bytes % 2 == 1;
	begin();
	for (unsigned i = 0; i < STEPS_MAX && b.p < b.end; i++)
		step(&b);
	settle();
	no_flaw(stack_check(side[0].s));
	no_flaw(stack_check(side[1].s));
	return 0;
}
