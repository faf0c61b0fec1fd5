/*
 * fx.c - the fixture's machinery: frames in and out of the stack, time, what is
 * seen on the wire.  Read fx.h first.
 */
#include "lib/fx.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/step.h"
#include "lib/stack_check.h"
#include "net/flow.h"
#include "wire/arp.h"
#include "wire/eth.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"
#include "wire/ndp.h"

#define OUTS_MAX 4096
#define TEXT_BYTES ((size_t)8 << 20)

static struct {
	const char *file;
	int line;
	struct fx_out out[OUTS_MAX];	/* a ring */
	unsigned first, count;
	uint8_t text[TEXT_BYTES];	/* frames, end to end; starts anew when it is full */
	size_t text_used;
	unsigned inputs;
	const char *begun;		/* the state that the fixture was made in */
} room;

void
fx_here(const char *file, int line)
{
	room.file = file;
	room.line = line;
}

void
fx_begun(const char *state)
{
	room.begun = state;
}

_Noreturn void
fx_fail(const char *what)
{
	printf("# begun in %s\n", room.begun != NULL ? room.begun : "no state");
	test_fail(room.file, room.line, what);
	abort();
}

/* A stream's byte depends on its place only. */
uint8_t
fx_byte(uint32_t offset)
{
	const uint32_t x = offset * 2654435761u;

	return (uint8_t)(x >> 24 ^ x >> 11);
}

static void
check(const struct fx *f)
{
	const char *broken = stack_check(f->s);

	if (broken != NULL)
		fx_fail(broken);
}

/* ---- In ---- */

/* The same bytes in another cloth every time: all in slices, headers in the
 * head, cut in odd places. */
static struct sampan_frame
clothe(uint8_t *bytes, uint32_t len)
{
	struct sampan_frame fr = { .len = len, .owner = SAMPAN_FRAME_BORROWED };
	const uint32_t head = room.inputs % 3 == 0 ? 0 : len < 54 ? len : 54;
	const uint32_t cut = room.inputs % 3 == 2 ? head + (len - head) / 3 : len;

	room.inputs++;
	memcpy(fr.head, bytes, head);
	fr.head_len = (uint16_t)head;
	if (cut > head)
		fr.slice[fr.slices++] = (struct sampan_slice){ bytes + head, cut - head };
	if (len > cut)
		fr.slice[fr.slices++] = (struct sampan_slice){ bytes + cut, len - cut };
	return fr;
}

/* The bytes are borrowed: they are spoilt as soon as the stack may not look. */
void
fx_input(struct fx *f, const uint8_t *bytes, uint32_t len)
{
	static uint8_t copy[FRAME_MAX];
	struct sampan_frame fr;
	uint64_t before;

	memcpy(copy, bytes, len);
	fr = clothe(copy, len);
	before = SP_STEPS_SO_FAR;
	if (sampan_input(f->s, f->link, &fr, 1, f->now) != 0)
		fx_fail("sampan_input() to take a frame");
	f->steps = SP_STEPS_SO_FAR - before;
	memset(copy, 0xdd, len);
	check(f);
}

static void
answer_arp(struct fx *f, const uint8_t *bytes)
{
	uint8_t reply[ETH_HDR_LEN + ARP_LEN] = { 0 };
	struct arp_pkt arp;
	struct eth_hdr eth = { .src = { 2, 0, 0, 0, 0, 2 }, .type = ETH_TYPE_ARP };

	if (f->opts.no_arp || !arp_parse(&arp, bytes + ETH_HDR_LEN, ARP_LEN) ||
	    arp.op != ARP_REQUEST)
		return;
	memcpy(eth.dst, arp.sha, 6);
	memcpy(arp.tha, arp.sha, 6);
	memcpy(arp.sha, eth.src, 6);
	arp.op = ARP_REPLY;
	arp.tpa ^= arp.spa;
	arp.spa ^= arp.tpa;
	arp.tpa ^= arp.spa;
	eth_emit(reply, &eth);
	arp_emit(reply + ETH_HDR_LEN, &arp);
	fx_input(f, reply, sizeof(reply));
}

/* Whoever asks with a link-layer address gets an answer. */
static void
answer_solicit(struct fx *f, const uint8_t *bytes, uint32_t len)
{
	uint8_t reply[ETH_HDR_LEN + IP6_HDR_LEN + NDP_MAX] = { 0 };
	const struct eth_hdr eth = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 }, ETH_TYPE_IP6 };
	uint8_t *ip = reply + ETH_HDR_LEN, *icmp = ip + IP6_HDR_LEN;
	struct ip6_hdr h = { .next = IP_PROTO_ICMP6, .hop_limit = 255 };
	struct ndp_msg m;

	if (f->opts.no_arp || !ndp_parse(&m, bytes + 54, len - 54) || !m.has_mac)
		return;
	memcpy(h.src, m.target, 16);
	memcpy(h.dst, bytes + ETH_HDR_LEN + 8, 16);
	m.type = ICMP6_NEIGH_ADVERT;
	m.solicited = true;
	m.override = true;
	memcpy(m.mac, eth.src, 6);
	h.payload_len = (uint16_t)ndp_emit(icmp, &m);
	eth_emit(reply, &eth);
	ip6_emit(ip, &h);
	be16_put(icmp + 2, (uint16_t)~frame_sum(icmp, h.payload_len, frame_pseudo(ip)));
	fx_input(f, reply, ETH_HDR_LEN + IP6_HDR_LEN + h.payload_len);
}

/* ---- What every segment must hold to ---- */

static void
check_text(const struct fx *f, const struct fx_out *o)
{
	const uint32_t first = seq_diff(o->seq, f->iss) - 1 + ((o->tcp.h.flags & TCP_SYN) != 0);

	for (uint32_t i = 0; i < o->tcp.len; i++)
		if (o->tcp.text[i] != fx_byte(first + i))
			fx_fail("the text of a segment to be that of its place in the stream");
	if (o->tcp.len > 0 && seq_lt(f->wnd_edge, seq_add(o->seq, o->tcp.len)))
		fx_fail("no text beyond the window that the peer offered (R-5681-1)");
}

/* RFC 9293 §3.8.6 (SHLD-14), up to the rounding of the scale (RFC 7323 §2.4). */
static void
check_window(struct fx *f, const struct fx_out *o)
{
	const bool syn = (o->tcp.h.flags & TCP_SYN) != 0;
	const uint32_t wnd = (uint32_t)o->tcp.h.wnd << (syn ? 0 : f->rcv_scale);
	const uint32_t unit = syn ? 1 : 1u << f->rcv_scale;
	const tcp_seq edge = seq_add(o->ack, wnd);

	if (!syn && seq_lt(o->ack, f->acked))
		fx_fail("acknowledgements not to go back");
	if (!syn && seq_lt(seq_add(edge, unit - 1), f->rcv_edge))
		fx_fail("the right edge of the window not to move left (SHLD-14)");
	f->acked = o->ack;
	f->rcv_edge = syn ? edge : seq_max(edge, f->rcv_edge);
	f->rcv_wnd = seq_lt(f->rcv_nxt, f->rcv_edge) ? seq_diff(f->rcv_edge, f->rcv_nxt) : 0;
}

static bool
ours(const struct fx_out *o)
{
	return o->tcp.h.dst_port == FX_PEER_PORT && o->tcp.h.src_port == FX_LOCAL_PORT &&
	    memcmp(&o->tcp.to, &(struct sampan_addr[]){ fx_peer() }, 16) == 0;
}

/* Follows the connection by what is seen of it. */
static void
follow(struct fx *f, const struct fx_out *o)
{
	const unsigned flags = o->tcp.h.flags;
	const uint32_t len = o->tcp.len + ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0);

	if (!ours(o) || (flags & TCP_RST) != 0)
		return;
	if ((flags & TCP_SYN) != 0) {
		if (!seq_eq(f->iss, o->seq))
			f->wnd_edge = o->seq;
		f->iss = o->seq;
		f->snd_una = o->seq;
		f->snd_nxt = o->seq;
		f->rcv_scale = 0;
	}
	check_text(f, o);
	if (seq_lt(f->snd_nxt, seq_add(o->seq, len)))
		f->snd_nxt = seq_add(o->seq, len);
	if ((flags & TCP_ACK) != 0)
		check_window(f, o);
	if ((flags & TCP_SYN) != 0)
		f->rcv_scale = o->tcp.opts.has_wscale && f->opts.wscale ? o->tcp.opts.wscale : 0;
	if (o->tcp.opts.has_ts) {
		f->tsval = o->tcp.opts.tsval;
		f->tsecr = o->tcp.opts.tsecr;
	}
}

/* ---- Out ---- */

static void
keep(struct fx *f, uint8_t *bytes, uint32_t len)
{
	struct fx_out *o = &room.out[(room.first + room.count) % OUTS_MAX];

	if (room.count == OUTS_MAX)
		fx_fail("the test to look at the segments that leave");
	*o = (struct fx_out){ .at = f->now };
	if (!frame_tcp_read(&o->tcp, bytes, len))
		return;		/* ICMP */
	o->seq = seq_of(o->tcp.h.seq);
	o->ack = seq_of(o->tcp.h.ack);
	follow(f, o);
	room.count++;
	room.text_used += len;
}

static void
take_frame(struct fx *f, const struct sampan_frame *fr)
{
	uint8_t *bytes;
	const char *flaw;
	uint32_t len;

	if (room.text_used + FRAME_MAX > TEXT_BYTES)
		room.text_used = 0;
	bytes = room.text + room.text_used;
	len = frame_flatten(fr, bytes);
	flaw = frame_flaw(fr, bytes);
	if (flaw != NULL)
		fx_fail(flaw);
	if (be16_get(bytes + 12) == ETH_TYPE_ARP)
		answer_arp(f, bytes);
	else if (be16_get(bytes + 12) == ETH_TYPE_IP6 && bytes[20] == IP_PROTO_ICMP6 &&
	    bytes[54] == ICMP6_NEIGH_SOLICIT)
		answer_solicit(f, bytes, len);
	else
		keep(f, bytes, len);
}

void
fx_pump(struct fx *f)
{
	struct sampan_frame fr[4];
	int n;

	check(f);
	while ((n = sampan_output(f->s, f->link, fr, 4, f->now)) > 0) {
		check(f);
		for (int i = 0; i < n; i++)
			take_frame(f, &fr[i]);
		sampan_sent(f->s, fr, (unsigned)n);
		check(f);
	}
}

const struct fx_out *
fx_next_out(struct fx *f)
{
	fx_pump(f);
	if (room.count == 0)
		return NULL;
	f->seg = room.out[room.first];
	room.first = (room.first + 1) % OUTS_MAX;
	room.count--;
	return &f->seg;
}

void
fx_drop(struct fx *f)
{
	fx_pump(f);
	room.count = 0;
}

/* ---- Time ---- */

/* One step towards `end`; false: it was the last. */
static bool
step(struct fx *f, sampan_time end)
{
	const sampan_time next = sampan_deadline(f->s);

	if (next > end) {
		f->now = end;
		return false;
	}
	f->now = next > f->now ? next : f->now;
	sampan_advance(f->s, f->now);
	fx_pump(f);
	return true;
}

/* A deadline that does not pass would be a loop without end. */
void
fx_pass_time(struct fx *f, sampan_dur dur)
{
	const sampan_time end = f->now + dur;
	sampan_time last = 0;
	unsigned same = 0;

	fx_pump(f);
	while (step(f, end)) {
		same = f->now == last ? same + 1 : 0;
		last = f->now;
		if (same > 1000)
			fx_fail("time to pass");
	}
	sampan_advance(f->s, f->now);
	fx_pump(f);
}

sampan_dur
fx_wait_for(struct fx *f, sampan_dur most)
{
	const sampan_time begin = f->now, end = begin + most;

	fx_pump(f);
	while (room.count == 0 && step(f, end))
		continue;
	return f->now - begin;
}

/* ---- The application ---- */

int64_t
fx_app_write(struct fx *f, uint32_t n)
{
	uint8_t *data = malloc(n + 1u);
	int64_t done;

	if (data == NULL)
		fx_fail("memory");
	for (uint32_t i = 0; i < n; i++)
		data[i] = fx_byte(f->written + i);
	done = sampan_send(f->s, f->h, data, n);
	free(data);
	if (done > 0)
		f->written += (uint32_t)done;
	check(f);
	return done;
}

int64_t
fx_app_read(struct fx *f, uint32_t n)
{
	uint8_t *data = malloc(n + 1u);
	int64_t done;

	if (data == NULL)
		fx_fail("memory");
	done = sampan_recv(f->s, f->h, data, n);
	for (int64_t i = 0; i < done; i++)
		if (data[i] != fx_byte(f->read + (uint32_t)i))
			fx_fail("the bytes read to be the next of the peer's stream");
	free(data);
	if (done > 0)
		f->read += (uint32_t)done;
	check(f);
	return done;
}
