/*
 * slaac.c - see slaac.h.
 */
#include "net/slaac.h"

#include <sampan/address.h>

#include <string.h>

#include "net/due.h"
#include "net/router.h"
#include "wire/ndp.h"

/* RFC 7217 §6 */
#define IDGEN_RETRIES 3
/* RFC 4862 §5.5.3 e */
#define TWO_HOURS SAMPAN_SEC(7200)
/* RFC 8981 §3.8 (5-D19) */
#define TEMP_VALID SAMPAN_SEC(2 * 86400)
#define TEMP_PREFERRED SAMPAN_SEC(86400)
#define TEMP_DESYNC_S (86400u * 4 / 10)
#define REGEN_ADVANCE SAMPAN_SEC(5)

/* RFC 5453: identifiers that no host may have. */
static bool
is_reserved(const uint8_t iid[8])
{
	static const uint8_t zero[8];
	static const uint8_t iana[5] = { 0x02, 0x00, 0x5e, 0xff, 0xfe };
	static const uint8_t anycast[7] = { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(iid, zero, 8) == 0 || memcmp(iid, iana, 5) == 0 ||
	    (memcmp(iid, anycast, 7) == 0 && iid[7] >= 0x80);
}

/* RFC 7217 §5 (R-7217-1, R-7217-2, R-7217-4): F(prefix, interface, counter, secret). */
static struct sampan_addr
stable_addr(const struct sampan *s, const struct sampan_addr *prefix, unsigned link, uint8_t tries)
{
	struct sampan_addr a = *prefix;
	uint8_t input[8 + 16 + 2] = { 0 };

	memcpy(input, prefix->b, 8);
	memcpy(input + 8, s->link[link].name, 16);
	input[24] = tries;
	do {
		const uint64_t hash = sp_siphash24(&s->iid_key, input, sizeof(input));

		memcpy(a.b + 8, &hash, 8);
		input[25]++;
	} while (is_reserved(a.b + 8));
	return a;
}

/* RFC 8981 §3.8: so that not all hosts change their addresses at once; the same for an
 * address whenever it is asked for. */
static uint32_t
desync_s(const struct sampan *s, const struct sp_local_addr *l)
{
	return (uint32_t)(sp_siphash13(&s->iid_key, l->addr.b, 16) % TEMP_DESYNC_S);
}

static void
make(struct sampan *s, const struct sp_local_addr *like, const struct sampan_addr *prefix)
{
	struct sp_local_addr want = *like;

	want.addr = stable_addr(s, prefix, like->link, like->tries);
	want.addr = sp_addr_scoped(want.addr, like->link);
	(void)sp_addr_make(s, &want);
}

void
sp_slaac_link_local(struct sampan *s, unsigned link)
{
	const struct sampan_addr prefix = { { 0xfe, 0x80 } };
	const struct sp_local_addr like = { .link = (uint8_t)link, .prefix_bits = 64,
		.net_bits = 64, .origin = SP_ADDR_LINK_LOCAL, .valid_until = SAMPAN_NEVER,
		.preferred_until = SAMPAN_NEVER };

	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++)
		if (s->addr[i].link == link && sp_addr_is_link_local(&s->addr[i].addr))
			return;
	make(s, &like, &prefix);
}

int
sampan_autoconf(struct sampan *s, int link)
{
	struct sp_link *l = sp_link_get(s, link);

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (l == NULL || l->mtu_bytes < IP6_MTU_MIN)
		return SAMPAN_EINVAL;
	l->autoconf = true;
	sp_slaac_link_local(s, (unsigned)link);
	return 0;
}

/* From the link-local address routers are asked: R-4861-24. */
void
sp_slaac_assigned(struct sampan *s, const struct sp_local_addr *l)
{
	if (sp_addr_is_link_local(&l->addr) && l->origin == SP_ADDR_LINK_LOCAL &&
	    s->link[l->link].autoconf && sp_setting(s, SAMPAN_SET_ACCEPT_RA) != 0)
		sp_router_solicit(s, l->link);
}

/* ---- Prefixes, RFC 4862 §5.5.3 ---- */

static sampan_time
end_of(const struct sampan *s, uint32_t seconds)
{
	return seconds == UINT32_MAX ? SAMPAN_NEVER : s->now + SAMPAN_SEC(seconds);
}

static bool
is_auto(const struct sp_local_addr *l)
{
	return l->origin == SP_ADDR_SLAAC || l->origin == SP_ADDR_TEMPORARY;
}

/* §5.5.3 e (R-4862-8): nobody can end an address at once with one forged packet. */
static void
renew_valid(const struct sampan *s, struct sp_local_addr *l, uint32_t valid_s)
{
	const sampan_time until = end_of(s, valid_s);

	if (until > s->now + TWO_HOURS || until > l->valid_until)
		l->valid_until = until;
	else if (l->valid_until > s->now + TWO_HOURS)
		l->valid_until = s->now + TWO_HOURS;
}

static void
renew(struct sampan *s, struct sp_local_addr *l, const struct ndp_prefix *p)
{
	renew_valid(s, l, p->valid_s);
	l->preferred_until = end_of(s, p->preferred_s);
	if (l->origin == SP_ADDR_TEMPORARY) {	/* RFC 8981 §3.4: never longer than planned */
		l->valid_until = sp_earlier(l->valid_until, l->made_at + TEMP_VALID);
		l->preferred_until = sp_earlier(l->preferred_until,
		    l->made_at + TEMP_PREFERRED - SAMPAN_SEC(desync_s(s, l)));
	}
	if (l->preferred_until > s->now && l->state == SP_ADDR_DEPRECATED) {
		l->state = SP_ADDR_PREFERRED;
		s->route_gen++;
	}
	sp_due_at(s, sp_earlier(l->valid_until, l->preferred_until));
}

/* How many addresses of the link routers have brought; has one of this prefix? */
static unsigned
renew_all(struct sampan *s, unsigned link, const struct ndp_prefix *p, bool *known)
{
	unsigned n = 0;

	*known = false;
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		struct sp_local_addr *l = &s->addr[i];

		if (l->link != link || !is_auto(l))
			continue;
		n++;
		if (memcmp(l->addr.b, p->prefix, 8) != 0)
			continue;
		*known = true;
		renew(s, l, p);
	}
	return n;
}

/* RFC 8981 §3.4 (R-8981-1, R-8981-2, R-8981-5): off unless somebody wants them. */
static void
make_temporary(struct sampan *s, const struct sp_local_addr *stable)
{
	struct sp_local_addr want = *stable;
	const uint64_t random = sp_rng_u64(&s->rng);

	memcpy(want.addr.b + 8, &random, 8);
	want.origin = SP_ADDR_TEMPORARY;
	want.tries = 0;
	want.announcements = 0;
	want.made_at = s->now;
	want.valid_until = sp_earlier(stable->valid_until, s->now + TEMP_VALID);
	want.preferred_until = sp_earlier(stable->preferred_until,
	    s->now + TEMP_PREFERRED - SAMPAN_SEC(desync_s(s, &want)));
	if (want.preferred_until > s->now + REGEN_ADVANCE && !is_reserved(want.addr.b + 8))
		(void)sp_addr_make(s, &want);
}

/* R-4862-7, R-4862-10, R-4862-12; the interface identifier has 64 bits. */
void
sp_slaac_prefix(struct sampan *s, unsigned link, const struct ndp_prefix *p)
{
	struct sp_local_addr like = { .link = (uint8_t)link, .prefix_bits = 128, .net_bits = 64,
		.origin = SP_ADDR_SLAAC, .valid_until = end_of(s, p->valid_s),
		.preferred_until = end_of(s, p->preferred_s) };
	struct sampan_addr prefix = { { 0 } };
	unsigned n;
	bool known;

	if (p->preferred_s > p->valid_s || p->bits != 64 ||
	    sp_setting(s, SAMPAN_SET_AUTOCONF) == 0)
		return;
	n = renew_all(s, link, p, &known);
	if (known || p->valid_s == 0 || n >= SP_AUTO_ADDRS_MAX)
		return;
	memcpy(prefix.b, p->prefix, 8);
	make(s, &like, &prefix);
	if (sp_setting(s, SAMPAN_SET_USE_TEMPADDR) != 0 && n + 1 < SP_AUTO_ADDRS_MAX) {
		like.addr = prefix;
		make_temporary(s, &like);
	}
}

/* RFC 8981 §3.5 (R-8981-3): the next one comes before this one is deprecated. */
sampan_time
sp_slaac_renew(struct sampan *s, struct sp_local_addr *l)
{
	struct sp_local_addr like = *l;

	if (l->origin != SP_ADDR_TEMPORARY || l->tries != 0)
		return SAMPAN_NEVER;
	if (l->preferred_until > s->now + REGEN_ADVANCE)
		return l->preferred_until == SAMPAN_NEVER ? SAMPAN_NEVER :
							    l->preferred_until - REGEN_ADVANCE;
	l->tries = 1;		/* it has a successor */
	for (int i = 0; i < SP_ADDRS_MAX && s->addr[i].link != 0; i++) {
		const struct sp_local_addr *stable = &s->addr[i];

		if (stable->origin != SP_ADDR_SLAAC || stable->link != like.link ||
		    memcmp(stable->addr.b, like.addr.b, 8) != 0)
			continue;
		like = *stable;
		make_temporary(s, &like);
		break;
	}
	return SAMPAN_NEVER;
}

/* RFC 7217 §6 (R-7217-3): another identifier, three times.  What was configured
 * stays as it is, unusable (R-4862-5). */
void
sp_slaac_duplicate(struct sampan *s, struct sp_local_addr *l)
{
	struct sp_local_addr like = *l;
	struct sampan_addr prefix = { { 0 } };

	if (l->origin == SP_ADDR_STATIC || l->origin == SP_ADDR_LEASED ||
	    l->origin == SP_ADDR_TEMPORARY || l->tries >= IDGEN_RETRIES)	/* R-8981-4 */
		return;
	like.tries++;
	memcpy(prefix.b, sp_addr_wire(l->addr).b, 8);
	sp_addr_drop(s, l);
	make(s, &like, &prefix);
}
