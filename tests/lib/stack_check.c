/*
 * stack_check.c - see stack_check.h.
 */
#include "lib/stack_check.h"

#include <stdio.h>

#include "buf/chunk.h"
#include "lib/test.h"
#include "net/neigh.h"
#include "net/stack.h"
#include "tcp/tcp.h"

/* Counts for each pool what a walk over its slabs finds alive. */
struct census {
	uint32_t alive[SP_KIND_COUNT];
	uint32_t timers;
};

static const char *
check_list(const struct sampan *s, const struct sp_list *l, uint32_t *n)
{
	uint32_t prev = 0, ref = l->first;

	for (*n = 0; ref != 0; (*n)++) {
		const struct sp_node *node = sp_at(&s->arena, ref);

		if (node->prev != (prev != 0 ? prev : ref))
			return "a list's nodes point back at each other";
		if (*n > s->arena.bytes / sizeof(*node))
			return "a list ends";
		prev = ref;
		ref = node->next;
	}
	return l->last == prev ? NULL : "a list's last node is its last";
}

/* The connections in a link's list say so themselves. */
static const char *
check_runners(const struct sampan *s, const struct sp_list *l, unsigned link, bool parked)
{
	for (uint32_t ref = l->first; ref != 0;) {
		const struct sp_node *node = sp_at(&s->arena, ref);
		const struct tcp_tcb *t = sp_container_of(node, struct tcp_tcb, run);

		if (sp_arena_kind(&s->arena, ref) != SP_KIND_TCB || t->link != link)
			return "a link's queue holds that link's connections";
		if (tcp_is(t, TCP_F_PARKED) != parked)
			return "PARKED says which list a connection stands in";
		ref = node->next;
	}
	return NULL;
}

static const char *
check_link(const struct sampan *s, unsigned link)
{
	const struct sp_link *l = &s->link[link];
	const char *broken;
	uint32_t replies = 0, waiting = 0, n;

	broken = check_list(s, &l->replies, &replies);
	if (broken == NULL)
		broken = check_list(s, &l->held, &waiting);
	if (broken == NULL && replies + waiting != l->reply_count)
		broken = "a link's count of replies is right";
	if (broken == NULL)
		broken = check_list(s, &l->run, &n);
	if (broken == NULL)
		broken = check_list(s, &l->parked, &n);
	if (broken == NULL)
		broken = check_runners(s, &l->run, link, false);
	return broken != NULL ? broken : check_runners(s, &l->parked, link, true);
}

/* A queue's chunks: in use, and holding so many bytes together. */
static const char *
check_chain(const struct sampan *s, const struct sp_chain *chain, uint32_t bytes)
{
	uint32_t last = 0, sum = 0;

	for (uint32_t ref = chain->head; ref != 0;) {
		const struct sp_chunk *c = sp_chunk_at(&s->arena, ref);

		if (!c->queued || c->start > c->end || c->end > sp_chunk_cap(c))
			return "a queue's chunks are in use and within bounds";
		sum += sp_chunk_len(c);
		last = ref;
		ref = c->next;
	}
	if (sum != bytes)
		return "a queue's chunks hold as many bytes as it counts";
	return chain->tail == last ? NULL : "a queue's last chunk is its last";
}

/* The cursor stands on a chunk of the queue, and knows where that begins. */
static const char *
check_cursor(const struct sampan *s, const struct sp_sendq *q)
{
	uint32_t off = 0;

	for (uint32_t ref = q->chain.head; ref != 0 && q->cursor != 0;) {
		const struct sp_chunk *c = sp_chunk_at(&s->arena, ref);

		if (ref == q->cursor)
			return off == q->cursor_off ? NULL : "the cursor knows its place";
		off += sp_chunk_len(c);
		ref = c->next;
	}
	return q->cursor == 0 ? NULL : "the cursor stands in its queue";
}

static const char *
check_tcb(const struct sampan *s, const struct tcp_tcb *t, struct census *census)
{
	const char *broken = sp_tcp_check(s, t);

	census->timers += sp_timer_armed(&t->timer);
	if (broken == NULL && t->tx != 0)
		broken = check_chain(s, &tcp_tx_of(s, t)->q.chain, tcp_tx_of(s, t)->q.bytes);
	if (broken == NULL && t->tx != 0)
		broken = check_cursor(s, &tcp_tx_of(s, t)->q);
	if (broken == NULL && t->rx != 0)
		broken = check_chain(s, &tcp_rx_of(s, t)->q.chain, tcp_rx_of(s, t)->q.bytes);
	return broken;
}

/* A half-open or TIME-WAIT record: its timer runs and its flow leads to it. */
static const char *
check_record(const struct sampan *s, uint32_t ref, struct census *census)
{
	const struct sp_flow *flow = sp_at(&s->arena, ref);
	const struct tcp_time_wait *w = sp_at(&s->arena, ref);
	struct sp_cursor c = sp_table_find(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow));
	const struct sp_entry *e;

	if (!sp_timer_armed(&w->timer))
		return "a record ends by itself";
	census->timers++;
	while ((e = sp_table_next(&s->arena, &c)) != NULL)
		if (e->ref == ref)
			return NULL;
	return "a record is found by its flow";
}

static const char *
check_object(const struct sampan *s, enum sp_kind kind, uint32_t ref, struct census *census)
{
	const struct sp_flow *flow = sp_at(&s->arena, ref);

	if (kind == SP_KIND_TCB) {
		if (tcp_tcb_at(s, ref)->state == SAMPAN_TCP_STATE_COUNT)
			return NULL;
		census->alive[kind]++;
		return check_tcb(s, tcp_tcb_at(s, ref), census);
	}
	if (flow->local_port == 0)
		return NULL;
	census->alive[kind]++;
	return check_record(s, ref, census);
}

static const char *
check_slab(const struct sampan *s, enum sp_kind kind, uint32_t slab, struct census *census)
{
	const char *broken = NULL;
	uint32_t ref;

	for (uint32_t i = 0; broken == NULL; i++) {
		ref = sp_pool_nth(&s->arena, kind, slab, i);
		if (ref == 0)
			break;
		broken = check_object(s, kind, ref, census);
	}
	return broken;
}

static const char *
check_census(const struct sampan *s, const struct census *census)
{
	static const enum sp_kind kinds[] = { SP_KIND_TCB, SP_KIND_HALF_OPEN, SP_KIND_TIME_WAIT };

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (census->alive[kinds[i]] != s->arena.pool[kinds[i]].objects)
			return "a pool counts as many objects as are alive";
	if (census->timers > s->wheel.armed)
		return "the wheel holds every armed timer";
	return NULL;
}

const char *
stack_check_quick(const struct sampan *s)
{
	struct census census = { 0 };
	const char *broken = NULL;

	for (uint32_t slab = 0; slab < s->arena.slabs_fresh && broken == NULL; slab++) {
		const enum sp_kind kind = sp_arena_kind(&s->arena, sp_slab_ref(&s->arena, slab));

		if (kind == SP_KIND_TCB || kind == SP_KIND_HALF_OPEN || kind == SP_KIND_TIME_WAIT)
			broken = check_slab(s, kind, slab, &census);
	}
	if (broken == NULL)
		broken = check_census(s, &census);
	for (unsigned link = 1; link < SP_LINKS_MAX && broken == NULL; link++)
		broken = check_link(s, link);
	return broken;
}

const char *
stack_check(const struct sampan *s)
{
	const char *broken = stack_check_quick(s);
	uint32_t n;

	if (broken == NULL)
		broken = check_list(s, &s->ready, &n);
	if (broken == NULL)
		broken = check_list(s, &s->neigh_idle, &n);
	if (broken == NULL)
		broken = check_list(s, &s->neigh_unresolved, &n);
	if (broken == NULL && !sp_arena_check(&s->arena))
		broken = "the arena is sound";
	if (broken == NULL && !sp_wheel_check(&s->wheel, &s->arena))
		broken = "the wheel is sound";
	if (broken == NULL && !sp_table_check(&s->conns, &s->arena))
		broken = "the table of connections is sound";
	if (broken == NULL && s->sources.buckets != 0 && !sp_table_check(&s->sources, &s->arena))
		broken = "the table of sources is sound";
	if (broken == NULL && !sp_table_check(&s->neighs, &s->arena))
		broken = "the table of neighbours is sound";
	return broken;
}

void
stack_expect_sound(const struct sampan *s, const char *file, int line)
{
	const char *broken = stack_check(s);

	if (broken != NULL)
		test_fail(file, line, broken);
}

const char *
stack_left(const struct sampan *s)
{
	for (unsigned kind = 0; kind < SP_KIND_COUNT; kind++) {
		const uint32_t n = s->arena.pool[kind].objects;

		if (kind == SP_KIND_BUCKETS || kind == SP_KIND_OVERFLOW || kind == SP_KIND_NEIGH ||
		    kind == SP_KIND_GROUP || n == 0)
			continue;
		printf("# %u objects of kind %u are left\n", n, kind);
		return "an empty stack";
	}
	return s->conns.entries != 0 ? "an empty table of connections" : NULL;
}

void
stack_expect_empty(const struct sampan *s, const char *file, int line)
{
	const char *left = stack_left(s);

	if (left != NULL)
		test_fail(file, line, left);
}
