/*
 * fx_expect.c - what a test expects of the stack.  fx.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/fx.h"

static const char *const state_names[] = {
#define X(id, name) [SAMPAN_TCP_##id] = name,
	SAMPAN_TCP_STATES(X)
#undef X
};

const char *
fx_state_name(enum sampan_tcp_state state)
{
	return state_names[state];
}

static void
print_flags(unsigned flags)
{
	static const char letters[] = "FSRPAUECA";

	for (unsigned i = 0; i < 9; i++)
		if ((flags & 1u << i) != 0)
			printf("%c", letters[i]);
}

static unsigned
flags_of(const struct fx_out *o)
{
	return o->tcp.h.flags | (o->tcp.h.ae ? FX_AE : 0);
}

/* Relative to the connection's initial sequence numbers. */
static void
print_segment(const char *label, const struct fx *f, const struct fx_out *o)
{
	printf("# %s ", label);
	print_flags(flags_of(o));
	printf(" seq iss%+" PRId32 " ack irs%+" PRId32 " len %" PRIu32 " wnd %u\n",
	    (int32_t)(o->seq.raw - f->iss.raw), (int32_t)(o->ack.raw - f->irs.raw), o->tcp.len,
	    o->tcp.h.wnd);
}

static void
differ(const struct fx *f, const struct fx_want *want, const char *what)
{
	print_segment("got ", f, &f->seg);
	printf("# want ");
	print_flags(want->flags);
	printf(" seq iss%+" PRId32 " ack irs%+" PRId32 " len %" PRId64 " wnd %" PRId64 "\n",
	    (int32_t)(want->seq.raw - f->iss.raw), (int32_t)(want->ack.raw - f->irs.raw), want->len,
	    want->wnd);
	fx_fail(what);
}

static bool
agrees(int64_t want, int64_t got)
{
	return want == FX_ANY || want == got;
}

static const char *
option_difference(const struct fx *f, const struct fx_want *want)
{
	const struct tcp_opts *o = &f->seg.tcp.opts;

	if (o->malformed)
		return "options that are well formed (MUST-68)";
	if (!agrees(want->mss, o->has_mss ? o->mss : 0))
		return "another MSS";
	if (!agrees(want->wscale, o->has_wscale ? o->wscale : -2))
		return "another window scale";
	if (!agrees(want->sack_ok, o->sack_permitted))
		return "SACK-permitted to be otherwise";
	if (!agrees(want->ts, o->has_ts))
		return "timestamps to be otherwise";
	return agrees(want->tsecr, o->tsecr) ? NULL : "another echo of our timestamp";
}

static const char *
difference(const struct fx *f, const struct fx_want *want)
{
	const unsigned mask = (want->flags & TCP_PSH) != 0 ? 0x1ff : 0x1ff & ~(unsigned)TCP_PSH;
	const struct fx_out *o = &f->seg;
	const unsigned scale = (o->tcp.h.flags & TCP_SYN) != 0 ? 0 : f->rcv_scale;

	if ((flags_of(o) & mask) != want->flags)
		return "other flags";
	if (!want->any_seq && !seq_eq(o->seq, want->seq))
		return "another sequence number";
	if ((want->flags & TCP_ACK) != 0 && !want->any_ack && !seq_eq(o->ack, want->ack))
		return "another acknowledgement number";
	if (!agrees(want->len, o->tcp.len))
		return "another length of text";
	if (!agrees(want->wnd, (int64_t)o->tcp.h.wnd << scale))
		return "another window";
	return option_difference(f, want);
}

void
fx_expect_segment(struct fx *f, struct fx_want want)
{
	const char *what;

	if (fx_next_out(f) == NULL) {
		f->seg = (struct fx_out){ 0 };
		differ(f, &want, "a segment");
	}
	what = difference(f, &want);
	if (what != NULL)
		differ(f, &want, what);
}

void
fx_expect_text(struct fx *f, tcp_seq seq, uint32_t len)
{
	while (len > 0) {
		const struct fx_out *o = fx_next_out(f);

		if (o == NULL)
			fx_fail("more text");
		if (!seq_eq(o->seq, seq) || o->tcp.len == 0 || o->tcp.len > len) {
			print_segment("got ", f, o);
			fx_fail("text of the stream, in its order");
		}
		seq = seq_add(seq, o->tcp.len);
		len -= o->tcp.len;
	}
}

void
fx_expect_reset(struct fx *f)
{
	const struct fx_out *o = fx_next_out(f);

	if (o == NULL)
		fx_fail("a reset, not silence");
	if ((o->tcp.h.flags & TCP_RST) == 0) {
		print_segment("got ", f, o);
		fx_fail("a reset");
	}
}

void
fx_expect_quiet(struct fx *f)
{
	if (fx_next_out(f) == NULL)
		return;
	print_segment("got ", f, &f->seg);
	fx_fail("silence");
}

static bool
is_ours(const struct sampan_status *st)
{
	return st->peer.port == FX_PEER_PORT && st->local.port == FX_LOCAL_PORT;
}

/* By a walk over everything, so that records and orphans are found as well. */
enum sampan_tcp_state
fx_state(struct fx *f)
{
	enum sampan_tcp_state state = SAMPAN_TCP_CLOSED;
	struct sampan_status st[4];
	uint64_t cursor = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(f->s, &cursor, st, 4);

		for (int i = 0; i < n; i++)
			if (is_ours(&st[i]) && st[i].state != SAMPAN_TCP_CLOSED)
				state = st[i].state;
	}
	return state;
}

void
fx_expect_state(struct fx *f, enum sampan_tcp_state state)
{
	const enum sampan_tcp_state got = fx_state(f);

	fx_pump(f);
	if (got == state)
		return;
	printf("# in %s, not in %s\n", state_names[got], state_names[state]);
	fx_fail("another state");
}

static void
drain_events(struct fx *f)
{
	struct sampan_event e[4];
	int n;

	while ((n = sampan_events(f->s, e, 4)) > 0) {
		for (int i = 0; i < n; i++) {
			if (e[i].handle == f->h)
				f->events |= e[i].what;
			else if (e[i].handle == f->listener)
				f->listener_events |= e[i].what;
		}
	}
}

void
fx_forget_events(struct fx *f)
{
	drain_events(f);
	f->events = 0;
	f->listener_events = 0;
}

void
fx_expect_event(struct fx *f, uint32_t bits)
{
	uint32_t got;

	drain_events(f);
	got = f->events;
	f->events = 0;
	if (got == bits)
		return;
	printf("# events %#" PRIx32 ", want %#" PRIx32 "\n", got, bits);
	fx_fail("other events");
}

void
fx_expect_count(struct fx *f, unsigned counter, uint64_t n)
{
	const uint64_t got = sampan_counter(f->s, counter);
	const uint64_t grown = got - f->counts[counter];

	f->counts[counter] = got;
	if (grown == n)
		return;
	printf("# counter %u grew by %" PRIu64 ", not by %" PRIu64 "\n", counter, grown, n);
	fx_fail("another count");
}
