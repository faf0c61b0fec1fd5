/*
 * link_pair.c - the memory pair: a cable between two stacks in one thread.
 *
 * Without a queue, sampan_pair_move() pulls frames from one stack straight
 * into the other: the receiver reads the sender's memory, then the sender
 * may let go of it.  Nothing is copied here and nothing waits.
 *
 * With a queue each direction is a ring of frames that are copies, so that
 * they may outlive the call: for delay, and to stand links around the ends.
 * A slot keeps its memory for the next frame.  A full ring takes no more; it
 * does not drop.  Lost frames come from a seeded generator (SplitMix64, Steele
 * et al. 2014), one number a frame: the same seed and frames lose the same.
 */
#include "link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLION 1000000u
#define MTU_DEFAULT 1500
#define MTU_LEAST 576

struct slot {
	struct sampan_frame frame;	/* of one slice, in bytes */
	sampan_time due_at;
	uint8_t *bytes;
	size_t room;
};

/* A direction: sent at one end, received at the other. */
struct queue {
	struct slot *slots;
	unsigned first, n;
	unsigned lent;		/* first ones that the receiver still reads */
	uint64_t rng;
};

struct end {
	struct sampan_link link;
	struct sampan_pair *pair;
	struct queue *in, *out;
};

struct sampan_pair {
	struct sampan_pair_config config;
	struct queue queues[2];
	struct end ends[2];
};

/* SplitMix64. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Does the next frame of this direction get lost? */
static bool
is_lost(struct end *from)
{
	if (from->pair->config.loss_ppm == 0 ||
	    next_random(&from->out->rng) % MILLION >= from->pair->config.loss_ppm)
		return false;
	from->link.counts.drops_out++;
	return true;
}

/* Copies a frame flat into a slot; false: no memory. */
static bool
fill_slot(struct slot *slot, const struct sampan_frame *f)
{
	uint32_t at = f->head_len;

	if (slot->room < f->len) {
		uint8_t *bytes = realloc(slot->bytes, f->len);

		if (bytes == NULL)
			return false;
		slot->bytes = bytes;
		slot->room = f->len;
	}
	memcpy(slot->bytes, f->head, f->head_len);
	for (unsigned i = 0; i < f->slices; i++) {
		memcpy(slot->bytes + at, f->slice[i].data, f->slice[i].len);
		at += f->slice[i].len;
	}
	slot->frame = (struct sampan_frame){
		.len = f->len, .slices = 1, .owner = SAMPAN_FRAME_BORROWED,
		.csum = f->csum, .csum_start = f->csum_start, .csum_offset = f->csum_offset,
		.tso = f->tso, .gso_bytes = f->gso_bytes,
		.slice[0] = { slot->bytes, f->len },
	};
	return true;
}

static struct slot *
slot_at(const struct end *e, const struct queue *q, unsigned i)
{
	return &q->slots[(q->first + i) % e->pair->config.queue_frames];
}

static unsigned
end_send(struct sampan_link *l, const struct sampan_frame *frames, unsigned n, sampan_time now)
{
	struct end *e = l->self;
	struct queue *q = e->out;

	for (unsigned i = 0; i < n; i++) {
		struct slot *slot;

		if (q->n == e->pair->config.queue_frames)
			return i;
		if (is_lost(e))
			continue;
		slot = slot_at(e, q, q->n);
		if (!fill_slot(slot, &frames[i])) {
			l->counts.drops_out++;
			continue;
		}
		slot->due_at = now + e->pair->config.delay_dur;
		q->n++;
	}
	return n;
}

/* The receiver has done with what it got last. */
static void
release_lent(struct end *e)
{
	struct queue *q = e->in;

	if (q->lent == 0)
		return;
	q->first = (q->first + q->lent) % e->pair->config.queue_frames;
	q->n -= q->lent;
	q->lent = 0;
}

static unsigned
end_receive(struct sampan_link *l, struct sampan_frame *frames, unsigned max, sampan_time now)
{
	struct end *e = l->self;
	struct queue *q = e->in;
	unsigned n = 0;

	release_lent(e);
	while (n < max && n < q->n && slot_at(e, q, n)->due_at <= now) {
		frames[n] = slot_at(e, q, n)->frame;
		frames[n].at = slot_at(e, q, n)->due_at;
		n++;
	}
	q->lent = n;
	return n;
}

static sampan_time
end_deadline(const struct sampan_link *l)
{
	const struct end *e = l->self;

	return e->in->n == e->in->lent ? SAMPAN_NEVER : slot_at(e, e->in, e->in->lent)->due_at;
}

static const struct sp_link_ops end_ops = {
	.receive = end_receive,
	.send = end_send,
	.deadline = end_deadline,
};

static int
open_queue(struct queue *q, const struct sampan_pair_config *config, uint64_t stream)
{
	q->rng = config->seed ^ stream << 63;
	if (config->queue_frames == 0)
		return 0;
	q->slots = calloc(config->queue_frames, sizeof(*q->slots));
	return q->slots == NULL ? -1 : 0;
}

static void
close_queue(struct queue *q, uint32_t frames)
{
	for (uint32_t i = 0; q->slots != NULL && i < frames; i++)
		free(q->slots[i].bytes);
	free(q->slots);
}

static void
open_end(struct sampan_pair *pair, unsigned i)
{
	struct end *e = &pair->ends[i];

	e->pair = pair;
	e->out = &pair->queues[i];
	e->in = &pair->queues[1 - i];
	e->link.ops = &end_ops;
	e->link.self = e;
	e->link.fd = -1;
	e->link.config = (struct sampan_link_config){
		.size = sizeof(e->link.config),
		.mac = { 0x02, 's', 'p', 'a', 'i', (uint8_t)(i + 1) },
		.mtu_bytes = pair->config.mtu_bytes,
		.caps = pair->config.caps,
	};
	(void)snprintf(e->link.config.name, sizeof(e->link.config.name), "pair%u", i);
}

static bool
config_is_valid(const struct sampan_pair_config *config)
{
	return config->size == sizeof(*config) && config->loss_ppm <= MILLION &&
	    (config->mtu_bytes == 0 || config->mtu_bytes >= MTU_LEAST) &&
	    (config->delay_dur == 0 || config->queue_frames > 0);
}

int
sampan_pair_open(const struct sampan_pair_config *config, struct sampan_pair **out)
{
	struct sampan_pair *pair;

	if (!config_is_valid(config)) {
		errno = EINVAL;
		return -1;
	}
	pair = calloc(1, sizeof(*pair));
	if (pair == NULL)
		return -1;
	pair->config = *config;
	if (config->mtu_bytes == 0)
		pair->config.mtu_bytes = MTU_DEFAULT;
	if (open_queue(&pair->queues[0], config, 0) != 0 ||
	    open_queue(&pair->queues[1], config, 1) != 0) {
		sampan_pair_close(pair);
		errno = ENOMEM;
		return -1;
	}
	open_end(pair, 0);
	open_end(pair, 1);
	*out = pair;
	return 0;
}

struct sampan_link *
sampan_pair_end(struct sampan_pair *pair, unsigned end)
{
	return &pair->ends[end & 1].link;
}

/* Gives frames of one stack to the other, in runs between lost ones. */
static void
hand_over(struct end *from, struct end *to, unsigned n, sampan_time now)
{
	struct sampan_frame *frames = from->link.out;
	unsigned begin = 0;

	for (unsigned i = 0; i <= n; i++) {
		if (i < n && !is_lost(from)) {
			frames[i].owner = SAMPAN_FRAME_BORROWED;
			frames[i].at = now;
			continue;
		}
		if (i > begin)
			(void)sampan_input(to->link.stack, to->link.number, &frames[begin],
			    i - begin, now);
		to->link.counts.frames_in += i - begin;
		begin = i + 1;
	}
}

static unsigned
move_direct(struct end *from, struct end *to, sampan_time now)
{
	struct sampan_frame *frames = from->link.out;
	const int n = sampan_output(from->link.stack, from->link.number, frames, SP_LINK_BATCH,
	    now);

	if (n <= 0)
		return 0;
	hand_over(from, to, (unsigned)n, now);
	for (int i = 0; i < n; i++)
		frames[i].owner = SAMPAN_FRAME_STACK;
	sampan_sent(from->link.stack, frames, (unsigned)n);
	from->link.counts.frames_out += (unsigned)n;
	return (unsigned)n;
}

unsigned
sampan_pair_move(struct sampan_pair *pair, unsigned from, sampan_time now)
{
	struct end *sender = &pair->ends[from & 1];
	struct end *receiver = &pair->ends[~from & 1];
	unsigned moved;

	if (pair->config.queue_frames == 0)
		return move_direct(sender, receiver, now);
	moved = sampan_link_output(&sender->link, now) + sampan_link_input(&receiver->link, now);
	release_lent(receiver);
	return moved;
}

sampan_time
sampan_pair_deadline(const struct sampan_pair *pair)
{
	const sampan_time a = end_deadline(&pair->ends[0].link);
	const sampan_time b = end_deadline(&pair->ends[1].link);

	return a < b ? a : b;
}

void
sampan_pair_close(struct sampan_pair *pair)
{
	if (pair == NULL)
		return;
	close_queue(&pair->queues[0], pair->config.queue_frames);
	close_queue(&pair->queues[1], pair->config.queue_frames);
	free(pair);
}
