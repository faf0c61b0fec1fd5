/*
 * dad.c - see dad.h.  What has been assigned is not probed again (R-5227-9).
 */
#include "net/dad.h"

#include "net/arp.h"
#include "net/dhcp.h"
#include "net/due.h"
#include "net/group.h"
#include "net/ll4.h"
#include "net/ndp.h"
#include "net/slaac.h"

/* RFC 5227 §1.1; RFC 4862 §5.4.2 waits as long, MAX_RTR_SOLICITATION_DELAY. */
#define PROBE_WAIT SAMPAN_SEC(1)
#define PROBE_NUM 3
#define PROBE_MIN SAMPAN_SEC(1)
#define PROBE_MAX SAMPAN_SEC(2)
#define ANNOUNCE_WAIT SAMPAN_SEC(2)
#define ANNOUNCE_NUM 2
#define ANNOUNCE_INTERVAL SAMPAN_SEC(2)
#define DEFEND_INTERVAL SAMPAN_SEC(10)

static sampan_dur
random_dur(struct sampan *s, sampan_dur below)
{
	return SAMPAN_US(sp_rng_below(&s->rng, (uint32_t)(below / 1000)));
}

/* How many probes.  IPv4: an address that was configured by hand is not checked
 * by default, as Linux does not.
 *
 * DEVIATES: R-5227-1: the setting net.ipv4.acd_probes is 0: four to seven seconds
 * of silence are too long for a server on a network of its own. */
static uint8_t
probes_of(const struct sampan *s, const struct sp_local_addr *l)
{
	if (!sp_addr_is_v4(&l->addr))
		return (uint8_t)sp_setting(s, SAMPAN_SET_DAD_TRANSMITS);	/* R-4862-1 */
	if (l->origin == SP_ADDR_LINK_LOCAL)
		return PROBE_NUM;
	return (uint8_t)sp_setting(s, l->origin == SP_ADDR_LEASED ? SAMPAN_SET_DHCP_PROBES :
								    SAMPAN_SET_ACD_PROBES);
}

static void
wait_until(struct sampan *s, struct sp_local_addr *l, sampan_time at)
{
	l->next_at = at;
	sp_due_at(s, at);
}

/* Nobody objected: RFC 4862 §5.4, RFC 5227 §2.3 (R-5227-5). */
static void
assign(struct sampan *s, struct sp_local_addr *l, bool announce)
{
	l->state = SP_ADDR_PREFERRED;
	l->next_at = SAMPAN_NEVER;
	s->route_gen++;
	if (sp_addr_is_v4(&l->addr) && announce) {
		l->announcements = ANNOUNCE_NUM;
		wait_until(s, l, s->now);
	}
	sp_slaac_assigned(s, l);
	sp_dhcp_assigned(s, l);
}

/* RFC 4862 §5.4.2 (R-4862-2), RFC 5227 §2.1.1 (R-5227-2). */
void
sp_dad_begin(struct sampan *s, struct sp_local_addr *l)
{
	const uint8_t probes = probes_of(s, l);

	if (probes == 0) {
		assign(s, l, false);
		return;
	}
	l->state = SP_ADDR_TENTATIVE;
	s->route_gen++;
	l->probes = (uint8_t)(probes + 1);
	wait_until(s, l, s->now + random_dur(s, PROBE_WAIT));
}

static void
probe(struct sampan *s, struct sp_local_addr *l)
{
	sampan_dur pause;

	l->probes--;
	if (sp_addr_is_v4(&l->addr)) {
		sp_arp_probe(s, l);
		pause = l->probes > 1 ? PROBE_MIN + random_dur(s, PROBE_MAX - PROBE_MIN) :
					ANNOUNCE_WAIT;
	} else {
		sp_ndp_probe(s, l);
		pause = sp_ndp_retrans_dur(s, l->link);
	}
	wait_until(s, l, s->now + pause);
}

void
sp_dad_step(struct sampan *s, struct sp_local_addr *l)
{
	l->next_at = SAMPAN_NEVER;
	if (l->probes > 1) {
		probe(s, l);
	} else if (l->probes == 1) {
		l->probes = 0;
		assign(s, l, true);
	} else if (l->announcements > 0) {
		sp_arp_announce(s, l);
		if (--l->announcements > 0)
			wait_until(s, l, s->now + ANNOUNCE_INTERVAL);
	}
}

/* RFC 5227 §2.4 (b) (R-5227-6): once in ten seconds an address that is in use is
 * defended.
 *
 * DEVIATES: R-5227-7: past that it is neither given up nor its connections reset:
 * anybody on the link could make us do so; a server keeps its address, (c). */
static void
defend(struct sampan *s, struct sp_local_addr *l)
{
	if (l->defended_at != 0 && s->now - l->defended_at < DEFEND_INTERVAL) {
		if (sp_ll4_chose(l))	/* RFC 3927 §2.5 (b) */
			sp_ll4_lost(s, l);
		return;
	}
	l->defended_at = s->now;
	sp_arp_announce(s, l);
}

/* Whoever the address came from knows what to do. */
static void
duplicate(struct sampan *s, struct sp_local_addr *l)
{
	if (l->origin == SP_ADDR_LEASED)
		sp_dhcp_conflict(s, l);
	else if (sp_ll4_chose(l))
		sp_ll4_lost(s, l);
	else
		sp_slaac_duplicate(s, l);
}

/* RFC 4862 §5.4.5 (R-4862-5): what was never assigned will not be. */
void
sp_dad_conflict(struct sampan *s, struct sp_local_addr *l)
{
	if (sp_team_follows(s))
		return;
	sp_count(s, SAMPAN_COUNT_ADDR_CONFLICTS);
	if (l->state == SP_ADDR_TENTATIVE) {
		sp_group_without_addr(s, l);
		l->state = SP_ADDR_DUPLICATE;
		s->route_gen++;
		l->next_at = SAMPAN_NEVER;
		l->probes = 0;
		duplicate(s, l);
	} else if (sp_addr_is_v4(&l->addr) && sp_addr_usable(l)) {
		defend(s, l);
	}
}
