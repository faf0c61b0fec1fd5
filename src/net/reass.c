/*
 * reass.c - see reass.h.
 *
 * Theory of operation.  Packets of any length are put together (R-FRAG-1), and then
 * checked like any other, the transport's checksum too (R-FRAG-16).  A packet is
 * found by both ends, its identification and
 * its link, and for IPv4 its protocol (R-FRAG-4).  Two things are kept of it: its
 * bytes, in a receive queue as TCP's are, whose positions are offsets; and the
 * edges of every fragment, so that the same one again can be told from one that
 * overlaps (RFC 815 keeps holes; this is their complement, outside of the bytes:
 * R-FRAG-22).  Whatever overlaps without being the same, or disagrees about the
 * end, kills the packet, and its record stays to swallow what still comes
 * (RFC 5722 §4 (R-FRAG-7), for IPv4 too: R-FRAG-8, R-FRAG-9, R-V-7).
 *
 * Limits.  Memory is charged as it is taken, chunks and records, and has a limit
 * for each family (R-FRAG-17).  Where it is reached, the group of senders that
 * takes most loses its oldest packet, so that who floods pushes out himself
 * (R-FRAG-18, R-V-6).  A group has few packets and a packet few fragments, so
 * the work for one fragment is bounded (R-V-5).
 *
 * Does not: put together what needs no second fragment (R-FRAG-10) other than
 * by taking the fragment header away.
 */
#include "net/reass.h"

#include <string.h>

#include "base/step.h"
#include "buf/recvq.h"
#include "net/frag.h"
#include "net/icmp_error.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define GROUP_PACKETS_MAX 64
#define PACKET_FRAGS_MAX 128	/* 65,535 octets over an MTU of 576 are 119 */
#define EVICT_MAX 8		/* for one fragment */
#define QUOTE_BYTES 192u

/* Packets that are being put together, by the keyed hash of where they come from:
 * there only while there are any. */
#define GROUPS 64

struct groups {
	struct sp_list list[GROUPS];	/* struct sp_reass, oldest first */
	uint32_t bytes[GROUPS];		/* of memory that they take */
	uint16_t count[GROUPS];
	uint64_t family_bytes[2];	/* IPv4, IPv6 */
	uint32_t packets;
};

/* The part of a packet that one fragment brought. */
struct frag {
	uint32_t next;
	uint32_t start, end;
	uint32_t pad;
};
_Static_assert(sizeof(struct frag) == 16, "one granule");

struct sp_reass {
	struct sp_node node;		/* 0: in its group */
	uint32_t id;
	uint32_t total_bytes;		/* of its payload; 0: the last one has not come */
	struct sp_timer timer;		/* 16 */
	uint32_t cost_bytes;		/* memory that it takes */
	struct sampan_addr src, dst;	/* 32 */
	struct sp_recvq q;		/* 64 */
	uint32_t frag, frag_last;	/* struct frag, in order; 0: none */
	uint32_t quote;			/* chunk: the start of the packet, for an error; 0: none */
	uint8_t frags;
	uint8_t group;
	uint8_t link, proto;		/* proto: 0 for IPv6, where the key has none */
	uint8_t next;			/* what the first one says that follows */
	uint8_t tos, hops;		/* of the first one (R-FRAG-25) */
	uint8_t ecn_seen;		/* 1 << codepoint of each */
	bool dead;			/* killed: swallows until its time is over */
	bool to_group, by_group;	/* IP and Ethernet destination */
	uint8_t pad[9];
};
_Static_assert(sizeof(struct sp_reass) == 128, "two cache lines");
_Static_assert(offsetof(struct sp_reass, timer) % SP_GRANULE == 0, "a node lies on a granule");

void
sp_reass_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_REASS, sizeof(struct sp_reass));
	sp_pool_init(&s->arena, SP_KIND_FRAG, sizeof(struct frag));
	sp_pool_init(&s->arena, SP_KIND_FRAG_GROUPS, sizeof(struct groups));
	s->reass = 0;
}

/* ---- Records ---- */

/* Where there is one packet at least. */
static struct groups *
groups_of(const struct sampan *s)
{
	return sp_at(&s->arena, s->reass);
}

uint64_t
sp_reass_bytes(const struct sampan *s, bool v4)
{
	return s->reass != 0 ? groups_of(s)->family_bytes[!v4] : 0;
}

/* False: no memory. */
static bool
need_groups(struct sampan *s)
{
	if (s->reass != 0)
		return true;
	s->reass = sp_pool_take(&s->arena, SP_KIND_FRAG_GROUPS);
	if (s->reass == 0)
		return false;
	*groups_of(s) = (struct groups){ 0 };
	return true;
}

static void
release_groups(struct sampan *s)
{
	if (groups_of(s)->packets > 0)
		return;
	sp_pool_give(&s->arena, SP_KIND_FRAG_GROUPS, s->reass);
	s->reass = 0;
}

static struct sp_reass *
reass_at(const struct sampan *s, uint32_t ref)
{
	return ref != 0 ? sp_at(&s->arena, ref) : NULL;
}

static unsigned
group_of(const struct sampan *s, const struct sampan_addr *src)
{
	uint64_t w[2];

	memcpy(w, src->b, sizeof(w));
	return (unsigned)(sp_siphash13_words(&s->flow_key, w, 2) % GROUPS);
}

/* Memory in objects that reassembly takes. */
static uint64_t
memory_in_use(const struct sampan *s)
{
	static const enum sp_kind kinds[] = { SP_KIND_SMALL, SP_KIND_LARGE, SP_KIND_PART,
		SP_KIND_FRAG, SP_KIND_REASS };
	uint64_t bytes = 0;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bytes += (uint64_t)s->arena.pool[kinds[i]].objects *
		    s->arena.pool[kinds[i]].object_bytes;
	return bytes;
}

/* What has changed since `before` is its to pay. */
static void
charge(struct sampan *s, struct sp_reass *r, uint64_t before)
{
	const uint64_t bytes = memory_in_use(s) - before;	/* less than before: modulo 2^64 */

	r->cost_bytes += (uint32_t)bytes;
	groups_of(s)->bytes[r->group] += (uint32_t)bytes;
	groups_of(s)->family_bytes[!sp_addr_is_v4(&r->dst)] += bytes;
}

/* Lets go of the bytes, not of the record. */
static void
empty(struct sampan *s, struct sp_reass *r)
{
	sp_recvq_clear(&r->q, &s->arena);
	r->q = (struct sp_recvq){ 0 };
	while (r->frag != 0) {
		const uint32_t ref = r->frag;

		r->frag = ((struct frag *)sp_at(&s->arena, ref))->next;
		sp_pool_give(&s->arena, SP_KIND_FRAG, ref);
	}
	r->frag_last = 0;
	r->frags = 0;
	if (r->quote != 0)
		sp_chunk_drop(&s->arena, r->quote);
	r->quote = 0;
}

static void
forget(struct sampan *s, struct sp_reass *r)
{
	empty(s, r);
	sp_wheel_remove(&s->wheel, &s->arena, &r->timer);
	sp_list_remove(&s->arena, &groups_of(s)->list[r->group], &r->node);
	groups_of(s)->count[r->group]--;
	groups_of(s)->bytes[r->group] -= r->cost_bytes;
	groups_of(s)->family_bytes[!sp_addr_is_v4(&r->dst)] -= r->cost_bytes;
	sp_pool_give(&s->arena, SP_KIND_REASS, sp_ref(&s->arena, r));
	groups_of(s)->packets--;
	release_groups(s);
}

/* It cannot become whole: R-FRAG-7, R-FRAG-8. */
static void
kill(struct sampan *s, struct sp_reass *r)
{
	const uint64_t before = memory_in_use(s);

	empty(s, r);
	charge(s, r, before);
	r->dead = true;
	sp_count(s, SAMPAN_COUNT_REASM_FAILS);
}

static void
evict_oldest(struct sampan *s, unsigned group)
{
	struct sp_node *n = sp_at(&s->arena, groups_of(s)->list[group].first);

	sp_count(s, SAMPAN_COUNT_REASM_FAILS);
	forget(s, sp_container_of(n, struct sp_reass, node));
}

static unsigned
heaviest_group(const struct sampan *s)
{
	unsigned most = 0;

	for (unsigned i = 1; i < GROUPS; i++)
		if (groups_of(s)->bytes[i] > groups_of(s)->bytes[most])
			most = i;
	return most;
}

/* R-FRAG-17: no more than the setting, and an eighth of all memory. */
static bool
make_room(struct sampan *s, bool v4)
{
	const uint64_t eighth = sp_arena_total_bytes(&s->arena) / 8;
	const uint64_t set = (uint64_t)sp_setting(s,
	    v4 ? SAMPAN_SET_IPFRAG_HIGH : SAMPAN_SET_IP6FRAG_HIGH);
	const uint64_t most = set < eighth ? set : eighth;

	for (unsigned i = 0; i < EVICT_MAX && sp_reass_bytes(s, v4) > most; i++)
		evict_oldest(s, heaviest_group(s));
	return sp_reass_bytes(s, v4) <= most && !sp_arena_low_for_newcomers(&s->arena);
}

static struct sp_reass *
find(const struct sampan *s, const struct sp_frag *f, unsigned group)
{
	const uint8_t proto = f->v4 ? f->proto : 0;
	struct sp_reass *r = NULL;

	if (s->reass != 0)
		r = reass_at(s, groups_of(s)->list[group].first);
	for (; r != NULL; r = reass_at(s, r->node.next))
		if (r->id == f->id && r->proto == proto && r->link == f->pkt->link &&
		    sp_addr_equal(&r->src, &f->pkt->flow.remote) &&
		    sp_addr_equal(&r->dst, &f->pkt->flow.local))
			return r;
	return NULL;
}

/* R-FRAG-2: the time begins with the first fragment that comes. */
static struct sp_reass *
begin(struct sampan *s, const struct sp_frag *f, unsigned group)
{
	const sampan_dur wait = SAMPAN_SEC((uint64_t)sp_setting(s,
	    f->v4 ? SAMPAN_SET_IPFRAG_TIME : SAMPAN_SET_IP6FRAG_TIME));
	struct sp_reass *r;
	uint64_t before;
	uint32_t ref;

	if (s->reass != 0 && groups_of(s)->count[group] >= GROUP_PACKETS_MAX)
		evict_oldest(s, group);
	if (!need_groups(s))
		return NULL;
	before = memory_in_use(s);
	ref = sp_pool_take(&s->arena, SP_KIND_REASS);
	if (ref == 0) {
		release_groups(s);
		return NULL;
	}
	r = sp_at(&s->arena, ref);
	*r = (struct sp_reass){ .id = f->id, .src = f->pkt->flow.remote, .dst = f->pkt->flow.local,
		.link = f->pkt->link, .proto = f->v4 ? f->proto : 0, .group = (uint8_t)group };
	sp_list_push(&s->arena, &groups_of(s)->list[group], &r->node);
	groups_of(s)->count[group]++;
	groups_of(s)->packets++;
	sp_wheel_add(&s->wheel, &s->arena, &r->timer, sp_tick_after(s->now, wait));
	charge(s, r, before);
	return r;
}

/* ---- Putting it in ---- */

enum place { PLACE_NEW, PLACE_KNOWN, PLACE_CONFLICT };

/* The record in front of which the fragment belongs, from *before on. */
static enum place
look_for_place(const struct sampan *s, const struct sp_reass *r, const struct sp_frag *f,
    uint32_t *before)
{
	const struct frag *last = r->frag_last != 0 ? sp_at(&s->arena, r->frag_last) : NULL;
	uint32_t ref = r->frag;

	*before = r->frag_last;
	if (last == NULL || f->start >= last->end)
		return PLACE_NEW;
	*before = 0;
	while (ref != 0) {
		const struct frag *g = sp_at(&s->arena, ref);

		SP_STEP();
		if (g->start == f->start && g->end == f->end)
			return PLACE_KNOWN;
		if (f->end <= g->start)
			return PLACE_NEW;
		if (f->start < g->end)
			return PLACE_CONFLICT;
		*before = ref;
		ref = g->next;
	}
	return PLACE_NEW;
}

/* R-FRAG-9. */
static bool
ends_agree(const struct sampan *s, const struct sp_reass *r, const struct sp_frag *f)
{
	const struct frag *last = r->frag_last != 0 ? sp_at(&s->arena, r->frag_last) : NULL;

	if (!f->more)
		return (r->total_bytes == 0 || r->total_bytes == f->end) &&
		    (last == NULL || last->end <= f->end);
	return r->total_bytes == 0 || f->end < r->total_bytes;
}

/* False: no memory. */
static bool
keep_bytes(struct sampan *s, struct sp_reass *r, const struct sp_frag *f, uint32_t before)
{
	const uint32_t ref = sp_pool_take(&s->arena, SP_KIND_FRAG);
	struct frag *g = sp_at(&s->arena, ref), *prev = sp_at(&s->arena, before);

	if (ref == 0)
		return false;
	*g = (struct frag){ .start = f->start, .end = f->end };
	g->next = before != 0 ? prev->next : r->frag;
	if (before != 0)
		prev->next = ref;
	else
		r->frag = ref;
	if (g->next == 0)
		r->frag_last = ref;
	r->frags++;
	if (f->start == r->q.bytes)
		return sp_recvq_append(&r->q, &s->arena, f->start, f->data) >= f->data.len;
	return sp_recvq_put(&r->q, &s->arena, f->start, f->data);
}

/* What an error would quote: only octets of the packet itself (R-V-46). */
static void
keep_quote(struct sampan *s, struct sp_reass *r, const struct sp_pkt *pkt)
{
	const uint32_t len = pkt->ip_len < QUOTE_BYTES ? pkt->ip_len : QUOTE_BYTES;
	struct sp_chunk *c;

	r->quote = sp_chunk_take(&s->arena, len);
	if (r->quote == 0)
		return;
	c = sp_chunk_at(&s->arena, r->quote);
	c->end = (uint16_t)len;
	sp_span_copy(c->data, (struct sp_span){ pkt->frame, pkt->ip_at, len });
}

static void
note_headers(struct sampan *s, struct sp_reass *r, const struct sp_frag *f)
{
	r->ecn_seen |= (uint8_t)(1u << (f->pkt->tos & 3));
	if (!f->more)
		r->total_bytes = f->end;
	if (f->start != 0)
		return;
	r->next = f->proto;
	r->tos = f->pkt->tos;
	r->hops = f->pkt->hops;
	r->to_group = f->pkt->ip_group;
	r->by_group = f->pkt->l2_group;
	keep_quote(s, r, f->pkt);
}

/* Counted already where it is not kept. */
static bool
put_in(struct sampan *s, struct sp_reass *r, const struct sp_frag *f)
{
	const uint64_t before_bytes = memory_in_use(s);
	enum sampan_count reason = SAMPAN_DROP_IP_OVERLAP;
	uint32_t before;
	bool kept = false;

	switch (look_for_place(s, r, f, &before)) {
	case PLACE_KNOWN:
		return sp_frag_refuse(s, f, SAMPAN_DROP_IP_OVERLAP);
	case PLACE_CONFLICT:
		break;
	case PLACE_NEW:
		if (!ends_agree(s, r, f) || r->frags >= PACKET_FRAGS_MAX)
			break;
		note_headers(s, r, f);
		kept = f->data.len == 0 || keep_bytes(s, r, f, before);
		reason = SAMPAN_DROP_MEMORY;
		break;
	}
	charge(s, r, before_bytes);
	if (kept)
		return true;
	kill(s, r);
	return sp_frag_refuse(s, f, reason);
}

/* ---- Whole again ---- */

/* RFC 3168 §5.3 (R-FRAG-15, R-3168-16): congestion that one of them met the packet has met;
 * one that cannot have met it makes the packet invalid. */
static bool
merge_ecn(struct sp_reass *r)
{
	if ((r->ecn_seen & 8) == 0)
		return true;
	r->tos |= 3;
	return (r->ecn_seen & 1) == 0;
}

static void
put_headers(const struct sampan *s, const struct sp_reass *r, struct sampan_frame *f)
{
	const bool v4 = sp_addr_is_v4(&r->dst);
	struct eth_hdr eth = { .type = v4 ? ETH_TYPE_IP4 : ETH_TYPE_IP6 };
	const struct sampan_addr src = sp_addr_wire(r->src), dst = sp_addr_wire(r->dst);
	struct ip6_hdr ip6 = { .tclass = r->tos, .payload_len = (uint16_t)r->total_bytes,
		.next = r->next, .hop_limit = r->hops };

	memcpy(eth.dst, s->link[r->link].mac, sizeof(eth.dst));
	if (r->by_group)
		eth.dst[0] |= 1;
	eth_emit(f->head, &eth);
	if (v4) {
		ip4_emit(f->head + ETH_HDR_LEN, &(struct ip4_hdr){
			.tos = r->tos, .total_len = (uint16_t)(IP4_HDR_LEN + r->total_bytes),
			.ttl = r->hops, .proto = r->next,
			.src = sp_addr_v4(&r->src), .dst = sp_addr_v4(&r->dst) });
	} else {
		memcpy(ip6.src, src.b, 16);
		memcpy(ip6.dst, dst.b, 16);
		ip6_emit(f->head + ETH_HDR_LEN, &ip6);
	}
	f->head_len = (uint16_t)(ETH_HDR_LEN + sp_ip_hdr_len(&r->dst));
	f->len = f->head_len + r->total_bytes;
}

static bool
show(const struct sampan *s, const struct sp_reass *r, struct sampan_frame *f)
{
	f->slices = 0;
	for (uint32_t ref = r->q.chain.head; ref != 0;) {
		const struct sp_chunk *c = sp_chunk_at(&s->arena, ref);

		if (f->slices == SAMPAN_FRAME_SLICES)
			return false;
		f->slice[f->slices++] =
		    (struct sampan_slice){ c->data + c->start, sp_chunk_len(c) };
		ref = c->next;
	}
	return true;
}

/* A fragment that is a whole packet: RFC 6946 §4 (R-FRAG-10). */
static bool
show_atomic(struct sampan *s, const struct sp_frag *f, struct sp_whole *whole)
{
	const struct sp_pkt *pkt = f->pkt;
	const struct sp_reass r = { .src = pkt->flow.remote, .dst = pkt->flow.local,
		.link = pkt->link, .next = f->proto, .tos = pkt->tos, .hops = pkt->hops,
		.by_group = pkt->l2_group, .total_bytes = f->data.len };
	struct sp_span left = f->data;

	whole->ref = 0;
	put_headers(s, &r, &whole->frame);
	while (left.len > 0) {
		uint32_t n;
		const uint8_t *p = sp_span_piece(left, &n);

		if (whole->frame.slices == SAMPAN_FRAME_SLICES)
			return sp_frag_refuse(s, f, SAMPAN_DROP_MEMORY);
		whole->frame.slice[whole->frame.slices++] = (struct sampan_slice){ p, n };
		left = sp_span_part(left, n, left.len - n);
	}
	return true;
}

static bool
complete(struct sampan *s, struct sp_reass *r, const struct sp_frag *f, struct sp_whole *whole)
{
	whole->ref = sp_ref(&s->arena, r);
	if (!merge_ecn(r)) {
		kill(s, r);
		return sp_frag_refuse(s, f, SAMPAN_DROP_IP_FRAGMENT);
	}
	put_headers(s, r, &whole->frame);
	if (!show(s, r, &whole->frame) &&
	    (!sp_chain_pack(&r->q.chain, &s->arena, r->q.bytes) || !show(s, r, &whole->frame))) {
		kill(s, r);
		return sp_frag_refuse(s, f, SAMPAN_DROP_MEMORY);
	}
	sp_count(s, SAMPAN_COUNT_REASM_OKS);
	return true;
}

bool
sp_reass_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_whole *whole)
{
	struct sp_reass *r;
	struct sp_frag f;
	unsigned group;

	whole->frame = (struct sampan_frame){ .at = pkt->at, .csum = SAMPAN_CSUM_COMPLETE };
	sp_count(s, SAMPAN_COUNT_REASM_REQDS);
	if (!sp_frag_read(s, pkt, &f))
		return false;
	if (f.start == 0 && !f.more)
		return show_atomic(s, &f, whole);
	group = group_of(s, &pkt->flow.remote);
	r = find(s, &f, group);
	if (r != NULL && r->dead)
		return sp_frag_refuse(s, &f, SAMPAN_DROP_IP_OVERLAP);
	if (r == NULL)
		r = make_room(s, f.v4) ? begin(s, &f, group) : NULL;
	if (r == NULL)
		return sp_frag_refuse(s, &f, SAMPAN_DROP_MEMORY);
	if (!put_in(s, r, &f))
		return false;
	return r->total_bytes != 0 && r->q.bytes == r->total_bytes && complete(s, r, &f, whole);
}

void
sp_reass_done(struct sampan *s, const struct sp_whole *whole)
{
	if (whole->ref != 0)
		forget(s, reass_at(s, whole->ref));
}

/* RFC 792, RFC 8200 §4.5 (R-FRAG-3): reported if the first one has come.
 *
 * DEVIATES: R-FRAG-2: 30 s for IPv4, as Linux has it: what is held meanwhile is
 * memory that strangers take (5-D7). */
void
sp_reass_timer(struct sampan *s, struct sp_timer *timer)
{
	struct sp_reass *r = sp_container_of(timer, struct sp_reass, timer);
	struct sampan_frame f = { .slices = 1 };
	struct sp_pkt pkt = { .frame = &f, .link = r->link, .ip_group = r->to_group,
		.l2_group = r->by_group, .flow = { .remote = r->src, .local = r->dst } };

	if (!r->dead) {
		sp_count(s, SAMPAN_COUNT_REASM_TIMEOUT);
		sp_count(s, SAMPAN_COUNT_REASM_FAILS);
	}
	if (r->quote != 0) {
		const struct sp_chunk *c = sp_chunk_at(&s->arena, r->quote);

		f.len = sp_chunk_len(c);
		f.slice[0] = (struct sampan_slice){ c->data, f.len };
		pkt.ip_len = (uint16_t)f.len;
		sp_icmp_reassembly_timeout(s, &pkt);
	}
	forget(s, r);
}
