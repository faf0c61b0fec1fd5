/*
 * link_emulate.c - a bad line as a link around a link: emulate.h.
 *
 * Two lanes, one for each direction.  Frames of the inner link go into one
 * and come out for the stack when they are due; frames of the stack go into
 * the other and out to the inner link.  The wrapper never refuses what the
 * stack sends: a line has no way to say that it is full, it drops.
 *
 * What is due and finds no room in the inner link waits here; the deadline
 * does not count it then, as the inner link's descriptor tells when there is
 * room (sampan_link_blocked()).
 */
#include "link/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link/emulate_spec.h"
#include "link/lane.h"

/* Parcels that are out of a lane and not yet done with. */
struct hand {
	unsigned n;
	struct sp_parcel *parcel[SP_LINK_BATCH];
};

struct emulator {
	struct sampan_link link;
	struct sampan_link *inner;
	struct sp_lane lane[2];		/* by enum sampan_direction */
	struct hand lent;		/* to the receiver, until its next call */
	struct hand due;		/* to the inner link */
};

static const struct sp_link_ops emulator_ops;

static void
free_hand(struct hand *hand, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(hand->parcel[i]);
	for (unsigned i = n; i < hand->n; i++)
		hand->parcel[i - n] = hand->parcel[i];
	hand->n -= n;
}

static void
fill_hand(struct hand *hand, unsigned most, struct sp_lane *lane, sampan_time now)
{
	struct sp_parcel *p;

	while (hand->n < most && (p = sp_lane_take(lane, now)) != NULL)
		hand->parcel[hand->n++] = p;
}

static struct sampan_frame
frame_of(const struct sp_parcel *p)
{
	return (struct sampan_frame){
		.at = p->due_at, .len = p->len, .slices = 1, .owner = SAMPAN_FRAME_BORROWED,
		.csum = SAMPAN_CSUM_COMPLETE, .slice[0] = { p->bytes, p->len },
	};
}

static uint64_t
drops_of(const struct sampan_emulate_counts *c)
{
	return c->lost + c->queue_drops + c->early_drops + c->policed + c->memory_drops +
	    c->unsendable;
}

/* What the lanes have dropped, and what ended the inner link. */
static void
note_state(struct emulator *e)
{
	const struct sampan_emulate_counts *in = &e->lane[SAMPAN_IN].counts;
	const struct sampan_emulate_counts *out = &e->lane[SAMPAN_OUT].counts;

	e->link.counts.drops_in = e->inner->counts.drops_in + drops_of(in);
	e->link.counts.drops_out = e->inner->counts.drops_out + drops_of(out);
	e->link.error = e->inner->error;
}

/* Sends what is due; stops where the inner link takes no more. */
static void
send_due(struct emulator *e, sampan_time now)
{
	struct sampan_frame *frames = e->inner->out;
	unsigned sent;

	do {
		fill_hand(&e->due, SP_LINK_BATCH, &e->lane[SAMPAN_OUT], now);
		for (unsigned i = 0; i < e->due.n; i++)
			frames[i] = frame_of(e->due.parcel[i]);
		sent = e->due.n == 0 ? 0 : sampan_link_send(e->inner, frames, e->due.n, now);
		free_hand(&e->due, sent);
	} while (sent > 0 && e->due.n == 0);
	note_state(e);
}

static unsigned
emulator_send(struct sampan_link *l, const struct sampan_frame *frames, unsigned n,
    sampan_time now)
{
	struct emulator *e = l->self;

	for (unsigned i = 0; i < n; i++)
		sp_lane_put(&e->lane[SAMPAN_OUT], &frames[i], now);
	send_due(e, now);
	return n;
}

static unsigned
emulator_receive(struct sampan_link *l, struct sampan_frame *frames, unsigned max,
    sampan_time now)
{
	struct emulator *e = l->self;
	struct sp_lane *lane = &e->lane[SAMPAN_IN];
	struct sampan_frame *got = e->inner->in;
	const unsigned n = sampan_link_receive(e->inner, got, SP_LINK_BATCH, now);

	for (unsigned i = 0; i < n; i++)
		sp_lane_put(lane, &got[i], got[i].at == 0 ? now : got[i].at);
	send_due(e, now);
	free_hand(&e->lent, e->lent.n);
	fill_hand(&e->lent, max < SP_LINK_BATCH ? max : SP_LINK_BATCH, lane, now);
	for (unsigned i = 0; i < e->lent.n; i++)
		frames[i] = frame_of(e->lent.parcel[i]);
	return e->lent.n;
}

static sampan_time
emulator_deadline(const struct sampan_link *l)
{
	const struct emulator *e = l->self;
	const sampan_time inner_at = sampan_link_deadline(e->inner);
	const sampan_time in_at = sp_lane_due(&e->lane[SAMPAN_IN]);
	const sampan_time out_at = e->due.n > 0 ? SAMPAN_NEVER : sp_lane_due(&e->lane[SAMPAN_OUT]);
	const sampan_time lanes_at = in_at < out_at ? in_at : out_at;

	return inner_at < lanes_at ? inner_at : lanes_at;
}

static bool
emulator_blocked(const struct sampan_link *l)
{
	const struct emulator *e = l->self;

	return e->due.n > 0;
}

static void
emulator_close(struct sampan_link *l)
{
	struct emulator *e = l->self;

	sampan_link_close(e->inner);
	free_hand(&e->lent, e->lent.n);
	free_hand(&e->due, e->due.n);
	sp_lane_close(&e->lane[SAMPAN_IN]);
	sp_lane_close(&e->lane[SAMPAN_OUT]);
	free(e);
}

static const struct sp_link_ops emulator_ops = {
	.receive = emulator_receive,
	.send = emulator_send,
	.deadline = emulator_deadline,
	.blocked = emulator_blocked,
	.close = emulator_close,
};

/* The inner link stays the caller's. */
static int
give_up(struct emulator *e, const struct sp_why *why)
{
	sp_lane_close(&e->lane[SAMPAN_IN]);
	sp_lane_close(&e->lane[SAMPAN_OUT]);
	free(e);
	return sp_why(why, ENOMEM, "no memory for the emulator");
}

int
sampan_link_emulate(struct sampan_link *inner, const char *text, struct sampan_link **out,
    char *why_text, size_t why_len)
{
	const struct sp_why why = { why_text, why_len };
	struct sp_emulate_spec spec;
	struct emulator *e;

	if (sp_emulate_spec_read(&spec, text, &why) != 0)
		return -1;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return sp_why(&why, ENOMEM, "no memory for the emulator");
	e->link.ops = &emulator_ops;
	e->link.self = e;
	e->link.config = inner->config;
	e->link.fd = inner->fd;
	e->link.hosts = inner->hosts;
	memcpy(e->link.host, inner->host, sizeof(inner->host));
	e->inner = inner;
	for (unsigned d = SAMPAN_IN; d <= SAMPAN_OUT; d++) {
		if (!sp_lane_open(&e->lane[d], &spec.way[d], spec.seed, d))
			return give_up(e, &why);
	}
	*out = &e->link;
	return 0;
}

bool
sampan_link_emulated(const struct sampan_link *link, enum sampan_direction direction,
    struct sampan_emulate_counts *counts)
{
	const struct emulator *e = link->self;

	if (link->ops != &emulator_ops)
		return false;
	*counts = e->lane[direction].counts;
	return true;
}
