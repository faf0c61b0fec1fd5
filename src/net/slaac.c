/*
 * slaac.c - see slaac.h.
 */
#include "net/slaac.h"

#include <sampan/address.h>

#include <string.h>

/* RFC 7217 §6 */
#define IDGEN_RETRIES 3

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

	if (l == NULL || l->mtu_bytes < IP6_MTU_MIN)
		return SAMPAN_EINVAL;
	l->autoconf = true;
	sp_slaac_link_local(s, (unsigned)link);
	return 0;
}

void
sp_slaac_assigned(struct sampan *s, const struct sp_local_addr *l)
{
	(void)s;
	(void)l;
}

/* RFC 7217 §6 (R-7217-3): another identifier, three times.  What was configured
 * stays as it is, unusable (R-4862-5). */
void
sp_slaac_duplicate(struct sampan *s, struct sp_local_addr *l)
{
	struct sp_local_addr like = *l;
	struct sampan_addr prefix = { { 0 } };

	if (l->origin == SP_ADDR_STATIC || l->origin == SP_ADDR_LEASED || l->tries >= IDGEN_RETRIES)
		return;
	like.tries++;
	memcpy(prefix.b, sp_addr_wire(l->addr).b, 8);
	sp_addr_drop(s, l);
	make(s, &like, &prefix);
}
