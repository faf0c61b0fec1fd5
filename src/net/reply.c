/*
 * reply.c - see reply.h.
 */
#include "net/reply.h"

#include <string.h>

#include "net/neigh.h"
#include "wire/eth.h"

static struct sp_chunk *
chunk_of(struct sp_reply *r)
{
	return (struct sp_chunk *)(void *)((uint8_t *)r - sizeof(struct sp_chunk));
}

struct sp_reply *
sp_reply_take(struct sampan *s, unsigned link, uint32_t len)
{
	const uint32_t want = len + (uint32_t)sizeof(struct sp_reply);
	struct sp_reply *r;
	struct sp_chunk *c;
	uint32_t ref = 0;

	if (s->link[link].reply_count < SP_REPLIES_MAX)
		ref = sp_chunk_take(&s->arena, want);
	if (ref == 0) {
		sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
		return NULL;
	}
	c = sp_chunk_at(&s->arena, ref);
	if (sp_chunk_cap(c) < want) {
		sp_chunk_drop(&s->arena, ref);
		sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
		return NULL;
	}
	r = (struct sp_reply *)(void *)c->data;
	*r = (struct sp_reply){ .len = len };
	return r;
}

void
sp_reply_send(struct sampan *s, unsigned link, struct sp_reply *r)
{
	s->link[link].reply_count++;
	sp_list_push(&s->arena, &s->link[link].replies, &r->node);
}

static void
discard(struct sampan *s, struct sp_link *l, struct sp_reply *r)
{
	l->reply_count--;
	sp_chunk_drop(&s->arena, sp_ref(&s->arena, chunk_of(r)));
}

/* Finds out the MAC address it goes to. */
static enum sp_neigh_verdict
resolve(struct sampan *s, unsigned link, struct sp_reply *r)
{
	enum sp_neigh_verdict verdict;
	uint32_t ref;

	if (r->to_mac)
		return SP_NEIGH_USE;
	ref = sp_neigh_hold(s, link, &r->next_hop);
	if (ref == 0)
		return SP_NEIGH_DEAD;
	verdict = sp_neigh_use(s, ref);
	memcpy(r->mac, sp_neigh_at(s, ref)->mac, sizeof(r->mac));
	sp_neigh_release(s, ref);
	return verdict;
}

/* The head takes what fits, headers first; the rest is shown from the chunk. */
static void
fill_frame(struct sampan *s, const struct sp_link *l, struct sp_reply *r, struct sampan_frame *f)
{
	const uint32_t room = SAMPAN_FRAME_HEAD - ETH_HDR_LEN;
	const uint32_t first = r->len < room ? r->len : room;
	struct eth_hdr eth = { .type = r->type };

	memcpy(eth.dst, r->mac, sizeof(eth.dst));
	memcpy(eth.src, l->mac, sizeof(eth.src));
	f->len = ETH_HDR_LEN + r->len;
	f->head_len = (uint16_t)(ETH_HDR_LEN + first);
	f->slices = 0;
	f->owner = SAMPAN_FRAME_STACK;
	f->csum = SAMPAN_CSUM_COMPLETE;
	f->tso = false;
	eth_emit(f->head, &eth);
	memcpy(f->head + ETH_HDR_LEN, sp_reply_packet(r), first);
	if (r->len > first) {
		f->slices = 1;
		f->slice[0] = (struct sampan_slice){ sp_reply_packet(r) + first, r->len - first };
		chunk_of(r)->pins++;
	}
	sp_count(s, SAMPAN_COUNT_FRAMES_OUT);
}

bool
sp_reply_output(struct sampan *s, unsigned link, struct sampan_frame *f)
{
	struct sp_link *l = &s->link[link];

	while (!sp_list_empty(&l->replies)) {
		struct sp_reply *r = sp_container_of(sp_list_pop(&s->arena, &l->replies),
		    struct sp_reply, node);

		switch (resolve(s, link, r)) {
		case SP_NEIGH_USE:
			fill_frame(s, l, r, f);
			discard(s, l, r);
			return true;
		case SP_NEIGH_WAIT:
			sp_list_push(&s->arena, &l->held, &r->node);
			break;
		case SP_NEIGH_DEAD:
			sp_count(s, SAMPAN_COUNT_REPLIES_DROPPED);
			discard(s, l, r);
			break;
		}
	}
	return false;
}
