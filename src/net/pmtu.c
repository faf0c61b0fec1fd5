/*
 * pmtu.c - see pmtu.h.
 *
 * What was learned stands in one slab, taken with the first and given back with the
 * last of it: sets of four, found by a keyed hash of the destination (R-8201-6), so
 * that nobody can aim at an entry of another's.  A set that is full forgets its
 * oldest.  So the cache is bounded by construction, and whoever floods it loses only
 * what would be learned anew.
 *
 * Ten minutes after it was learned an entry is forgotten, and what is sent then may
 * be as large as the link allows again (RFC 1191 §6.3 (R-1191-5), RFC 8201 §4).
 */
#include "net/pmtu.h"

#include "net/due.h"

#define WAYS 4u

struct entry {
	struct sampan_addr dst;
	sampan_time until;	/* 0: free */
	uint16_t mtu_bytes;
	uint8_t pad[6];
};
_Static_assert(sizeof(struct entry) == 32, "a set is two cache lines");

void
sp_pmtu_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_PMTU, (uint32_t)1 << s->arena.slab_shift);
}

static uint32_t
entries(const struct sampan *s)
{
	return ((uint32_t)1 << s->arena.slab_shift) / (uint32_t)sizeof(struct entry);
}

static struct entry *
table_of(const struct sampan *s)
{
	return sp_at(&s->arena, s->pmtus);
}

static struct entry *
set_of(const struct sampan *s, const struct sampan_addr *dst)
{
	uint64_t w[2];

	memcpy(w, dst, sizeof(w));
	return table_of(s) +
	    ((uint32_t)sp_siphash13_words(&s->flow_key, w, 2) & (entries(s) / WAYS - 1)) * WAYS;
}

static struct entry *
find(const struct sampan *s, const struct sampan_addr *dst)
{
	struct entry *e = s->pmtus != 0 ? set_of(s, dst) : NULL;

	for (unsigned i = 0; e != NULL && i < WAYS; i++)
		if (e[i].until > s->now && sp_addr_equal(&e[i].dst, dst))
			return &e[i];
	return NULL;
}

uint16_t
sp_path_mtu_known(const struct sampan *s, const struct sampan_addr *dst, unsigned link)
{
	const struct sp_route *r = sp_route_metrics(s, dst);
	const struct entry *e = find(s, dst);
	uint16_t mtu = sp_link_mtu(s, link, sp_addr_is_v4(dst));

	if (r != NULL && r->mtu_bytes != 0 && r->mtu_bytes < mtu)
		mtu = r->mtu_bytes;
	return e != NULL && e->mtu_bytes < mtu ? e->mtu_bytes : mtu;
}

uint16_t
sp_pmtu_floor(const struct sampan *s, bool v4)
{
	return v4 ? (uint16_t)sp_setting(s, SAMPAN_SET_MIN_PMTU) : SP_PMTU_FLOOR6;
}

/* The destination's entry, a free one, or the oldest of its set; NULL: no memory. */
static struct entry *
place_for(struct sampan *s, const struct sampan_addr *dst)
{
	struct entry *e, *oldest;

	if (s->pmtus == 0) {
		s->pmtus = sp_pool_take(&s->arena, SP_KIND_PMTU);
		if (s->pmtus == 0)
			return NULL;
		memset(table_of(s), 0, entries(s) * sizeof(struct entry));
	}
	e = find(s, dst);
	if (e != NULL)
		return e;
	oldest = e = set_of(s, dst);
	for (unsigned i = 1; i < WAYS; i++)
		if (e[i].until < oldest->until)
			oldest = &e[i];
	return oldest;
}

static sampan_dur
lifetime(const struct sampan *s, bool v4)
{
	return SAMPAN_SEC(sp_setting(s, v4 ? SAMPAN_SET_PMTU_EXPIRES : SAMPAN_SET_PMTU6_EXPIRES));
}

/* Never raised (R-1191-3, R-8201-3), never below the floor (R-1191-2, R-8201-1, 5-D10). */
bool
sp_pmtu_learn(struct sampan *s, const struct sampan_addr *dst, uint16_t mtu_bytes)
{
	const bool v4 = sp_addr_is_v4(dst);
	const uint16_t least = sp_pmtu_floor(s, v4);
	const uint16_t mtu = mtu_bytes < least ? least : mtu_bytes;
	struct sp_path path;
	struct entry *e;

	/* Never to raise it: RFC 8899 §4.6 (R-8899-3). */
	if (!sp_route_find(s, dst, &path) || mtu >= sp_path_mtu(s, dst, path.link))
		return false;
	e = place_for(s, dst);
	if (e == NULL)
		return false;
	*e = (struct entry){ .dst = *dst, .until = s->now + lifetime(s, v4), .mtu_bytes = mtu };
	sp_due_at(s, e->until);
	s->route_gen++;
	sp_count(s, SAMPAN_COUNT_PMTU_LEARNED);
	return true;
}

sampan_time
sp_pmtu_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	if (s->pmtus == 0)
		return next;
	for (struct entry *e = table_of(s); e < table_of(s) + entries(s); e++) {
		if (e->until != 0 && e->until <= s->now) {
			e->until = 0;
			s->route_gen++;
		}
		if (e->until != 0)
			next = sp_earlier(next, e->until);
	}
	if (next == SAMPAN_NEVER) {
		sp_pool_give(&s->arena, SP_KIND_PMTU, s->pmtus);
		s->pmtus = 0;
	}
	return next;
}
