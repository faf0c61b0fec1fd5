/*
 * team.c - see team.h.
 */
#include "net/team.h"

#include <string.h>

#include "buf/chunk.h"
#include "net/icmp.h"
#include "net/reass.h"
#include "wire/dhcp.h"
#include "wire/eth.h"
#include "wire/icmp4.h"
#include "wire/icmp6.h"
#include "wire/ip4.h"

/* Whole packets that wait to be carried; one more is dropped. */
#define HELD_MAX 64
/* Everybody's. */
#define ALL SAMPAN_TEAM_MAX

/* RFC 8415 §7.2. */
#define DHCP6_CLIENT_PORT 546

struct piece {
	uint64_t at; /* from the start of the block: nothing in it is an address */
	uint64_t len;
};

/* A frame whose slices are pinned. */
struct sp_held {
	struct sp_node node;
	uint8_t link, to, slices, head_len;
	uint32_t len;
	uint8_t head[SAMPAN_FRAME_HEAD];
	struct piece piece[SAMPAN_FRAME_SLICES];
};
_Static_assert(sizeof(struct sp_held) % SP_GRANULE == 0, "objects lie on granules");

void
sp_team_init(struct sampan *s)
{
	s->team.members = 1;
	sp_pool_init(&s->arena, SP_KIND_HELD, sizeof(struct sp_held));
}

/* ---- Whose is it? ---- */

static unsigned
share_of(const struct sampan *s, uint32_t hash)
{
	return (unsigned)((uint64_t)hash * s->team.members >> 32);
}

static unsigned
owner_of_port(const struct sampan *s, uint16_t port)
{
	const struct sp_flow end = {.local_port = port};

	return share_of(s, sp_flow_hash(&s->flow_key, &end));
}

static bool
is_pinned(const struct sampan *s, uint16_t port)
{
	for (unsigned i = 0; i < s->team.pins; i++)
		if (s->team.pin[i] == port)
			return true;
	return false;
}

static bool
is_automatic(const struct sampan *s, uint16_t port)
{
	return port >= sp_setting(s, SAMPAN_SET_PORT_FIRST) &&
	    port <= sp_setting(s, SAMPAN_SET_PORT_LAST);
}

unsigned
sp_team_owner(const struct sampan *s, uint8_t proto, const struct sp_flow *flow, uint32_t hash)
{
	const uint16_t port = flow->local_port;

	if (is_pinned(s, port))
		return 0;
	if (proto == IP_PROTO_TCP)
		return share_of(s, hash);
	if (proto != IP_PROTO_UDP || port == DHCP_CLIENT_PORT || port == DHCP6_CLIENT_PORT)
		return 0;
	return is_automatic(s, port) ? owner_of_port(s, port) : share_of(s, hash);
}

bool
sp_team_owns(const struct sampan *s, uint8_t proto, const struct sp_flow *flow)
{
	return s->team.members == 1 ||
	    s->team.number == sp_team_owner(s, proto, flow, sp_flow_hash(&s->flow_key, flow));
}

bool
sp_team_owns_port(const struct sampan *s, uint16_t port)
{
	return s->team.members == 1 || s->team.number == owner_of_port(s, port);
}

/* Errors are for whom they are about; neighbours for all, who have a table of them
 * each; what else there is the leader answers. */
static unsigned
owner_of_icmp(const struct sampan *s, const struct sp_pkt *pkt)
{
	const bool v4 = sp_pkt_is_v4(pkt);
	struct sp_icmp_error about = {.proto = 0};
	uint8_t type;

	if (pkt->body_len == 0)
		return 0;
	type = pkt->body[0];
	if (!v4 && type == ICMP6_NEIGH_ADVERT)
		return ALL;
	if (v4 ? !icmp4_is_error(type) : !icmp6_is_error(type))
		return 0;
	if (v4 ? !sp_icmp4_quoted(s, pkt, &about) : !sp_icmp6_quoted(s, pkt, &about))
		return 0;
	return sp_team_owner(s, about.proto, &about.flow, sp_flow_hash(&s->flow_key, &about.flow));
}

static unsigned
owner_of(const struct sampan *s, const struct sp_pkt *pkt)
{
	switch ((enum sp_pkt_kind)pkt->kind) {
	case SP_PKT_ARP:
		return ALL;
	case SP_PKT_ICMP:
		return owner_of_icmp(s, pkt);
	case SP_PKT_TRANSPORT:
		return sp_team_owner(s, pkt->proto, &pkt->flow, pkt->hash);
	case SP_PKT_FRAGMENT:
		return 0;
	case SP_PKT_DROPPED:
	case SP_PKT_PROBLEM:
	case SP_PKT_OTHERS:
		break;
	}
	return s->team.number;
}

void
sp_team_steer(struct sampan *s, struct sp_pkt *pkt)
{
	const unsigned owner = owner_of(s, pkt);

	pkt->frame->to = 0;
	if (owner == s->team.number)
		return;
	sp_count(s, SAMPAN_COUNT_TEAM_OUT);
	if (owner == ALL) {
		pkt->frame->to = SAMPAN_TO_ALL;
	} else {
		pkt->frame->to = (uint8_t)(1 + owner);
		pkt->kind = SP_PKT_OTHERS;
	}
}

/* ---- Packets that have become whole here, and are another's ---- */

static void
pin(struct sampan *s, struct sp_held *h, const struct sampan_frame *f)
{
	h->len = f->len;
	h->head_len = (uint8_t)f->head_len;
	h->slices = f->slices;
	memcpy(h->head, f->head, f->head_len);
	for (unsigned i = 0; i < f->slices; i++) {
		sp_chunk_pin(&s->arena, f->slice[i].data);
		h->piece[i].at = (uint64_t)(f->slice[i].data - (const uint8_t *)s);
		h->piece[i].len = f->slice[i].len;
	}
}

static bool
keep(struct sampan *s, unsigned link, const struct sampan_frame *f, unsigned owner)
{
	const uint32_t ref =
	    s->team.held_count < HELD_MAX ? sp_pool_take(&s->arena, SP_KIND_HELD) : 0;
	struct sp_held *h = sp_at(&s->arena, ref);

	if (ref == 0)
		return false;
	*h = (struct sp_held){.link = (uint8_t)link, .to = (uint8_t)(1 + owner)};
	pin(s, h, f);
	sp_list_push(&s->arena, &s->team.held, &h->node);
	s->team.held_count++;
	return true;
}

/* Where the fragment was all of it (RFC 6946), the frame itself goes. */
bool
sp_team_hold(struct sampan *s, const struct sp_pkt *pkt, const struct sp_whole *whole,
    struct sampan_frame *last)
{
	const unsigned owner = s->team.members == 1 ? 0 : owner_of(s, pkt);

	if (owner == s->team.number || owner == ALL)
		return false;
	if (whole->ref == 0)
		last->to = (uint8_t)(1 + owner);
	else if (!keep(s, pkt->link, &whole->frame, owner)) {
		sp_drop(s, SAMPAN_DROP_TEAM_FULL, pkt->link);
		return true;
	}
	sp_count(s, SAMPAN_COUNT_TEAM_OUT);
	return true;
}

int
sampan_team_next(struct sampan *s, int *link, struct sampan_frame *frame)
{
	struct sp_node *n = sp_list_pop(&s->arena, &s->team.held);
	struct sp_held *h;

	if (n == NULL)
		return 0;
	h = sp_container_of(n, struct sp_held, node);
	*link = h->link;
	*frame = (struct sampan_frame){
	    .len = h->len,
	    .head_len = h->head_len,
	    .slices = h->slices,
	    .owner = SAMPAN_FRAME_STACK,
	    .csum = SAMPAN_CSUM_COMPLETE,
	    .to = h->to,
	};
	memcpy(frame->head, h->head, h->head_len);
	for (unsigned i = 0; i < h->slices; i++)
		frame->slice[i] = (struct sampan_slice){
		    (const uint8_t *)s + h->piece[i].at, (uint32_t)h->piece[i].len};
	sp_pool_give(&s->arena, SP_KIND_HELD, sp_ref(&s->arena, h));
	s->team.held_count--;
	return 1;
}

void
sampan_team_lost(struct sampan *s, unsigned n)
{
	while (n-- > 0)
		sp_drop(s, SAMPAN_DROP_TEAM_FULL, 0);
}
