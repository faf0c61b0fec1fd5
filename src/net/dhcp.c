/*
 * dhcp.c - see dhcp.h.
 *
 * Theory of operation.  A client is a state and the time of its next step.  Three
 * things move it: that time, a message that fits what it waits for, and what
 * conflict detection (dad.c) finds out about the leased address.  Everything else
 * that arrives is dropped: a message counts only with the number of the question
 * that it answers, which nobody off the link has seen, and in a state in which
 * there is a question (R-2131-20).
 *
 * The lease counts from when the request was sent, so a late answer does not make it
 * longer.  A request that is sent again to renew is a new one with a number of its
 * own; while asking for a first lease the number stays, from DISCOVER to REQUEST.
 *
 * Messages are sent here and not by a UDP socket: before there is an address no
 * socket could send them, and answers come to an address that is not ours yet.
 */
#include "net/dhcp.h"

#include <string.h>

#include "net/due.h"
#include "net/ll4.h"

/* RFC 2131 §4.1 */
#define BACKOFF_FIRST_S 4u
#define BACKOFF_DOUBLINGS 4
/* After so many requests without an answer it begins anew: 60 seconds. */
#define REQUESTS_MAX 4
/* RFC 2131 §3.1 */
#define DECLINE_WAIT SAMPAN_SEC(10)
/* RFC 5227 §1.1: MAX_CONFLICTS, RATE_LIMIT_INTERVAL */
#define CONFLICTS_MAX 10
#define CONFLICT_WAIT SAMPAN_SEC(60)
/* RFC 2131 §4.4.5 */
#define RENEW_LEAST SAMPAN_SEC(60)
#define RELEASE_WAIT SAMPAN_MS(200)
/* A server that leases for moments is not asked more often than that. */
#define BOUND_LEAST SAMPAN_SEC(1)
#define FUZZ_MAX SAMPAN_SEC(600)

void
sp_dhcp_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_DHCP, sizeof(struct sp_dhcp));
}

struct sp_dhcp *
sp_dhcp_of(const struct sampan *s, unsigned link)
{
	const uint32_t ref = s->link[link].dhcp;

	return ref != 0 ? sp_at(&s->arena, ref) : NULL;
}

static sampan_dur
random_dur(struct sampan *s, sampan_dur below)
{
	const uint32_t ms = (uint32_t)(below / SAMPAN_MS(1));

	return ms != 0 ? SAMPAN_MS(sp_rng_below(&s->rng, ms)) : 0;
}

static void
wait_until(struct sampan *s, struct sp_dhcp *d, sampan_time at)
{
	d->next_at = at;
	sp_due_at(s, at);
}

static void
enter(struct sp_dhcp *d, enum sampan_dhcp_state state)
{
	d->state = (uint8_t)state;
	d->tries = 0;
}

/* ---- Questions ---- */

/* A question that has not been asked before. */
static void
new_question(struct sampan *s, struct sp_dhcp *d)
{
	d->xid = (uint32_t)sp_rng_u64(&s->rng);	/* R-2131-3 */
	d->sent_at = s->now;
}

/* RFC 2131 §4.1 (R-2131-2): 4, 8, 16, 32, 64 seconds, each one more or less. */
static sampan_dur
backoff(struct sampan *s, const struct sp_dhcp *d)
{
	const unsigned doublings = d->tries <= BACKOFF_DOUBLINGS ? d->tries - 1u :
								   BACKOFF_DOUBLINGS;

	return SAMPAN_SEC(BACKOFF_FIRST_S << doublings) - SAMPAN_SEC(1) +
	    random_dur(s, SAMPAN_SEC(2));
}

/* ---- Without a lease ---- */

static struct sp_local_addr *
leased_addr(struct sampan *s, const struct sp_dhcp *d)
{
	const struct sampan_addr addr = sp_addr_of_v4(d->addr);
	struct sp_local_addr *l = d->addr != 0 ? sp_addr_find(s, d->link, &addr) : NULL;

	return l != NULL && l->origin == SP_ADDR_LEASED ? l : NULL;
}

/* Without a lease its address is not used any more, nor what came with it: RFC 2131
 * §4.4.5 (R-2131-11). */
static void
give_up(struct sampan *s, struct sp_dhcp *d)
{
	struct sp_local_addr *l = leased_addr(s, d);

	if (l != NULL)
		sp_addr_drop(s, l);
	sp_lease_end(s, d->link);
}

/* From the start, after a while; the address of before is asked for again. */
static void
begin(struct sampan *s, struct sp_dhcp *d, sampan_dur wait_dur)
{
	give_up(s, d);
	enter(d, SAMPAN_DHCP_INIT);
	d->server = 0;
	d->began_at = s->now + wait_dur;
	wait_until(s, d, d->began_at);
}

/* RFC 3927 §2.11: silence so far. */
#define SILENCE_DISCOVERS 3

/* ---- Steps that time takes ---- */

static void
discover(struct sampan *s, struct sp_dhcp *d)
{
	const sampan_dur since = (s->now - d->began_at) / SAMPAN_SEC(1);

	if (d->state != SAMPAN_DHCP_SELECTING) {
		enter(d, SAMPAN_DHCP_SELECTING);
		new_question(s, d);
	}
	d->secs = since < UINT16_MAX ? (uint16_t)since : UINT16_MAX;
	sp_dhcp_send(s, d, DHCP_DISCOVER);
	if (d->tries == SILENCE_DISCOVERS)
		sp_ll4_need(s, d->link, true);
	wait_until(s, d, s->now + backoff(s, d));
}

/* RFC 2131 §3.2: what is leased already may be kept although nobody answers. */
static void
stop_asking(struct sampan *s, struct sp_dhcp *d)
{
	if (d->state == SAMPAN_DHCP_REBOOTING && leased_addr(s, d) != NULL) {
		enter(d, SAMPAN_DHCP_BOUND);
		wait_until(s, d, d->t1_at);
	} else {
		begin(s, d, 0);
	}
}

static void
request(struct sampan *s, struct sp_dhcp *d)
{
	if (d->tries == REQUESTS_MAX) {
		stop_asking(s, d);
		return;
	}
	sp_dhcp_send(s, d, DHCP_REQUEST);
	wait_until(s, d, s->now + backoff(s, d));
}

/* RFC 2131 §4.4.5 (R-2131-10): half of what is left, but not within a minute. */
static void
renew(struct sampan *s, struct sp_dhcp *d, sampan_time until)
{
	const sampan_dur half = (until - s->now) / 2;
	const sampan_time at = s->now + (half > RENEW_LEAST ? half : RENEW_LEAST);

	d->secs = 0;
	new_question(s, d);
	sp_dhcp_send(s, d, DHCP_REQUEST);
	wait_until(s, d, at < until ? at : until);
}

static void
end(struct sampan *s, struct sp_dhcp *d)
{
	const unsigned link = d->link;

	give_up(s, d);
	sp_pool_give(&s->arena, SP_KIND_DHCP, s->link[link].dhcp);
	s->link[link].dhcp = 0;
}

/* In a state with a lease. */
static void
hold_lease(struct sampan *s, struct sp_dhcp *d)
{
	if (s->now >= d->expires_at) {
		begin(s, d, 0);
	} else if (s->now >= d->t2_at) {
		if (d->state != SAMPAN_DHCP_REBINDING)
			enter(d, SAMPAN_DHCP_REBINDING);
		renew(s, d, d->expires_at);
	} else {
		if (d->state != SAMPAN_DHCP_RENEWING)
			enter(d, SAMPAN_DHCP_RENEWING);
		renew(s, d, d->t2_at);
	}
}

static void
step(struct sampan *s, struct sp_dhcp *d)
{
	d->next_at = SAMPAN_NEVER;
	switch ((enum sampan_dhcp_state)d->state) {
	case SAMPAN_DHCP_INIT:
	case SAMPAN_DHCP_SELECTING:
		discover(s, d);
		break;
	case SAMPAN_DHCP_REQUESTING:
	case SAMPAN_DHCP_REBOOTING:
		request(s, d);
		break;
	case SAMPAN_DHCP_BOUND:
	case SAMPAN_DHCP_RENEWING:
	case SAMPAN_DHCP_REBINDING:
		hold_lease(s, d);
		break;
	case SAMPAN_DHCP_RELEASING:
		end(s, d);
		break;
	case SAMPAN_DHCP_CHECKING:	/* dad.c's to end; not longer than the lease */
		begin(s, d, 0);
		break;
	case SAMPAN_DHCP_STOPPED:
	case SAMPAN_DHCP_STATE_COUNT:
		break;
	}
}

sampan_time
sp_dhcp_due(struct sampan *s)
{
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = 1; i < SP_LINKS_MAX; i++) {
		struct sp_dhcp *d = sp_dhcp_of(s, i);

		if (d != NULL && d->next_at <= s->now)
			step(s, d);
		d = sp_dhcp_of(s, i);
		if (d != NULL)
			next = sp_earlier(next, d->next_at);
	}
	return next;
}

/* ---- In ---- */

/* RFC 2131 §4.4.1: the first that will do. */
static void
take_offer(struct sampan *s, struct sp_dhcp *d, const struct sp_lease *lease)
{
	d->addr = lease->addr;
	d->server = lease->server;
	enter(d, SAMPAN_DHCP_REQUESTING);
	d->sent_at = s->now;
	request(s, d);
}

/* The end of a time that began when the request was sent. */
static sampan_time
end_of(const struct sp_dhcp *d, uint32_t seconds)
{
	return seconds == UINT32_MAX ? SAMPAN_NEVER : d->sent_at + SAMPAN_SEC(seconds);
}

/* RFC 2131 §4.4.5: a sixteenth earlier at most, so that not all clients come at once. */
static sampan_time
fuzzed(struct sampan *s, sampan_time at)
{
	return at == SAMPAN_NEVER || at <= s->now ? at :
	    at - random_dur(s, sp_earlier((at - s->now) / 16, FUZZ_MAX));
}

static void
bind(struct sampan *s, struct sp_dhcp *d)
{
	enter(d, SAMPAN_DHCP_BOUND);
	d->setbacks = 0;
	sp_ll4_need(s, d->link, false);
	wait_until(s, d, d->t1_at > s->now + BOUND_LEAST ? d->t1_at : s->now + BOUND_LEAST);
}

/* The address is ours until then; a new one is checked first (R-2131-9).  False: there
 * is no room for it. */
static bool
have_address(struct sampan *s, struct sp_dhcp *d)
{
	const struct sp_local_addr want = { .addr = sp_addr_of_v4(d->addr), .link = d->link,
		.prefix_bits = (uint8_t)(96 + d->prefix_bits), .origin = SP_ADDR_LEASED,
		.valid_until = d->expires_at, .preferred_until = d->expires_at };
	struct sp_local_addr *l = leased_addr(s, d);

	if (l == NULL) {
		enter(d, SAMPAN_DHCP_CHECKING);
		wait_until(s, d, d->expires_at);
		return sp_addr_make(s, &want) == 0;
	}
	if (l->prefix_bits != want.prefix_bits || l->state == SP_ADDR_DEPRECATED)
		s->route_gen++;
	l->prefix_bits = want.prefix_bits;
	l->valid_until = l->preferred_until = d->expires_at;
	sp_due_at(s, d->expires_at);
	if (l->state == SP_ADDR_DEPRECATED)
		l->state = SP_ADDR_PREFERRED;
	bind(s, d);
	return true;
}

/* A refusal may be repeated for ever: ever more slowly. */
static void
set_back(struct sampan *s, struct sp_dhcp *d)
{
	const unsigned doublings = d->setbacks < 6 ? d->setbacks : 6;

	if (d->setbacks < UINT8_MAX)
		d->setbacks++;
	begin(s, d, SAMPAN_SEC(1u << doublings) + random_dur(s, SAMPAN_SEC(1)));
}

static void
take_ack(struct sampan *s, struct sp_dhcp *d, const struct dhcp_msg *m,
    const struct sp_lease *lease)
{
	if (lease->addr != d->addr)
		give_up(s, d);
	d->addr = lease->addr;
	d->server = lease->server;
	d->prefix_bits = lease->prefix_bits;
	d->expires_at = end_of(d, lease->lease_s);
	d->t2_at = fuzzed(s, end_of(d, lease->t2_s));
	d->t1_at = fuzzed(s, end_of(d, lease->t1_s));
	if (d->t1_at > d->t2_at)
		d->t1_at = d->t2_at;
	sp_count(s, SAMPAN_COUNT_DHCP_LEASES);
	if (!have_address(s, d))
		set_back(s, d);
	else
		sp_lease_apply(s, d->link, m, lease, d->expires_at);
}

/* RFC 2131 §3.1 (R-2131-12): what was had or offered is not asked for again. */
static void
take_nak(struct sampan *s, struct sp_dhcp *d)
{
	sp_count(s, SAMPAN_COUNT_DHCP_NAKS);
	give_up(s, d);
	d->addr = 0;
	set_back(s, d);
}

/* RFC 2131 §4.1 (R-2131-16): servers may answer so before they are done. */
bool
sp_dhcp_expects(const struct sampan *s, unsigned link)
{
	const struct sp_dhcp *d = sp_dhcp_of(s, link);

	return d != NULL && (d->state == SAMPAN_DHCP_SELECTING ||
	    d->state == SAMPAN_DHCP_REQUESTING || d->state == SAMPAN_DHCP_REBOOTING);
}

/* Is it an answer to what was asked last?  R-2131-3, R-2131-20. */
static bool
fits(const struct sampan *s, const struct sp_dhcp *d, const struct dhcp_msg *m)
{
	bool answers = false;

	switch ((enum sampan_dhcp_state)d->state) {
	case SAMPAN_DHCP_SELECTING:
		answers = m->type == DHCP_OFFER;
		break;
	case SAMPAN_DHCP_REQUESTING:
	case SAMPAN_DHCP_REBOOTING:
	case SAMPAN_DHCP_RENEWING:
	case SAMPAN_DHCP_REBINDING:
		answers = m->type == DHCP_ACK || m->type == DHCP_NAK;
		break;
	case SAMPAN_DHCP_STOPPED:
	case SAMPAN_DHCP_INIT:
	case SAMPAN_DHCP_CHECKING:
	case SAMPAN_DHCP_BOUND:
	case SAMPAN_DHCP_RELEASING:
	case SAMPAN_DHCP_STATE_COUNT:
		break;
	}
	return answers && m->xid == d->xid &&
	    memcmp(m->chaddr, s->link[d->link].mac, sizeof(m->chaddr)) == 0;
}

/* While one server is being asked, another's refusal is not for us. */
static bool
from_chosen(const struct sp_dhcp *d, const struct dhcp_msg *m)
{
	uint32_t server;

	return d->state != SAMPAN_DHCP_REQUESTING ||
	    (dhcp_option_u32(m, DHCP_OPT_SERVER, &server) && server == d->server);
}

static void
answered(struct sampan *s, struct sp_dhcp *d, const struct dhcp_msg *m)
{
	struct sp_lease lease;

	if (m->type == DHCP_NAK)
		take_nak(s, d);
	else if (!sp_lease_read(s, m, &lease))
		sp_drop(s, SAMPAN_DROP_DHCP_REFUSED, d->link);
	else if (m->type == DHCP_OFFER)
		take_offer(s, d, &lease);
	else
		take_ack(s, d, m, &lease);
}

/* UDP's checksum has been verified, and the lengths are those that are there
 * (R-2131-17, R-V-17). */
void
sp_dhcp_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_span text)
{
	struct sp_dhcp *d = sp_dhcp_of(s, pkt->link);
	uint8_t bytes[SP_DHCP_MESSAGE_MAX];
	const struct sp_span part = sp_span_part(text, 0, sizeof(bytes));
	struct dhcp_msg m;

	sp_count(s, SAMPAN_COUNT_DHCP_IN);
	sp_span_copy(bytes, part);
	if (text.len > sizeof(bytes) || !dhcp_parse(&m, bytes, part.len))
		sp_drop(s, SAMPAN_DROP_DHCP_MALFORMED, pkt->link);
	else if (d == NULL || !fits(s, d, &m) || !from_chosen(d, &m))
		sp_drop(s, SAMPAN_DROP_DHCP_NOT_OURS, pkt->link);
	else
		answered(s, d, &m);
}

/* ---- What conflict detection says ---- */

static struct sp_dhcp *
checking(const struct sampan *s, const struct sp_local_addr *l)
{
	struct sp_dhcp *d = l->origin == SP_ADDR_LEASED ? sp_dhcp_of(s, l->link) : NULL;

	return d != NULL && d->state == SAMPAN_DHCP_CHECKING ? d : NULL;
}

void
sp_dhcp_assigned(struct sampan *s, const struct sp_local_addr *l)
{
	struct sp_dhcp *d = checking(s, l);

	if (d == NULL)
		return;
	d->conflicts = 0;
	bind(s, d);
}

/* RFC 2131 §3.1 (R-2131-9): the server is told, and not asked again for a while; after
 * many conflicts for longer (RFC 5227 §2.1.1 (R-5227-4)). */
void
sp_dhcp_conflict(struct sampan *s, const struct sp_local_addr *l)
{
	struct sp_dhcp *d = checking(s, l);

	if (d == NULL)
		return;
	if (d->conflicts < UINT8_MAX)
		d->conflicts++;
	new_question(s, d);
	d->secs = 0;
	sp_dhcp_send(s, d, DHCP_DECLINE);
	sp_count(s, SAMPAN_COUNT_DHCP_DECLINES);
	give_up(s, d);
	d->addr = 0;
	begin(s, d, d->conflicts < CONFLICTS_MAX ? DECLINE_WAIT : CONFLICT_WAIT);
}

/* ---- Calls ---- */

/* RFC 2131 §3.7, §4.4.2 (R-2131-7, R-2131-18). */
static void
ask_again(struct sampan *s, struct sp_dhcp *d)
{
	enter(d, SAMPAN_DHCP_REBOOTING);
	d->secs = 0;
	new_question(s, d);
	wait_until(s, d, s->now);
}

static bool
has_lease(const struct sp_dhcp *d)
{
	return d->state == SAMPAN_DHCP_BOUND || d->state == SAMPAN_DHCP_RENEWING ||
	    d->state == SAMPAN_DHCP_REBINDING;
}

/* RFC 2131 §4.4.1 (R-2131-1).
 *
 * DEVIATES: R-2131-1: by default it begins within a second, not after one to ten:
 * somebody waits for it.  net.sampan.dhcp_delay says otherwise. */
int
sampan_dhcp_start(struct sampan *s, int link)
{
	struct sp_link *l = sp_link_get(s, link);
	struct sp_dhcp *d;

	if (sp_team_follows(s))
		return SAMPAN_EOPNOTSUPP;
	if (l == NULL)
		return SAMPAN_EINVAL;
	d = sp_dhcp_of(s, (unsigned)link);
	if (d != NULL && d->state == SAMPAN_DHCP_RELEASING) {
		end(s, d);
	} else if (d != NULL) {
		if (has_lease(d))
			ask_again(s, d);
		return 0;
	}
	l->dhcp = sp_pool_take(&s->arena, SP_KIND_DHCP);
	d = sp_dhcp_of(s, (unsigned)link);
	if (d == NULL)
		return SAMPAN_ENOBUFS;
	*d = (struct sp_dhcp){ .link = (uint8_t)link };
	begin(s, d, random_dur(s, SAMPAN_MS(sp_setting(s, SAMPAN_SET_DHCP_DELAY))));
	return 0;
}

int
sampan_dhcp_stop(struct sampan *s, int link)
{
	struct sp_dhcp *d;

	if (sp_link_get(s, link) == NULL)
		return SAMPAN_EINVAL;
	d = sp_dhcp_of(s, (unsigned)link);
	if (d == NULL || d->state == SAMPAN_DHCP_RELEASING)
		return 0;
	if (!has_lease(d)) {
		end(s, d);
		return 0;
	}
	new_question(s, d);
	d->secs = 0;
	enter(d, SAMPAN_DHCP_RELEASING);
	sp_dhcp_send(s, d, DHCP_RELEASE);
	wait_until(s, d, s->now + RELEASE_WAIT);
	return 0;
}

int
sampan_dhcp_get(const struct sampan *s, int link, struct sampan_dhcp_info *info)
{
	const struct sp_dhcp *d;

	if (link < 1 || link >= SP_LINKS_MAX || !s->link[link].used)
		return SAMPAN_EINVAL;
	d = sp_dhcp_of(s, (unsigned)link);
	*info = (struct sampan_dhcp_info){ .state = SAMPAN_DHCP_STOPPED };
	if (d == NULL)
		return 0;
	*info = (struct sampan_dhcp_info){
		.state = (enum sampan_dhcp_state)d->state,
		.prefix_bits = d->prefix_bits,
		.renew_at = d->t1_at,
		.rebind_at = d->t2_at,
		.valid_until = d->expires_at,
	};
	if (d->addr != 0)
		info->addr = sp_addr_of_v4(d->addr);
	if (d->server != 0)
		info->server = sp_addr_of_v4(d->server);
	return 0;
}

const char *
sampan_dhcp_state_name(enum sampan_dhcp_state state)
{
	static const char *const names[] = {
#define X(id, name) [SAMPAN_DHCP_##id] = name,
		SAMPAN_DHCP_STATES(X)
#undef X
	};

	return (unsigned)state < SAMPAN_DHCP_STATE_COUNT ? names[state] : NULL;
}
