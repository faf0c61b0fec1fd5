/*
 * input.c - frames in.
 *
 * Theory of operation.  A batch goes through four stages: look at every frame
 * and ask for the hash bucket that it will need; find what is in the buckets
 * and ask for those control blocks; ask for what these remember of text in
 * flight; process the frames in their order.  With many connections each of
 * these is a cache miss, which costs 190 ns alone and a twentieth of that in
 * company.  The stages before the last change nothing but counters, so the order
 * of events is that of the frames.
 *
 * Everything behind an IP header but ICMP is a transport's; one more transport
 * is one more row of the table below.
 */
#include "net/arp.h"
#include "net/echo.h"
#include "net/icmp_error.h"
#include "net/ip.h"
#include "net/pmtu.h"
#include "net/reass.h"
#include "tcp/tcp_ahead.h"
#include "udp/udp.h"
#include "udp/udp_raw.h"
#include "wire/igmp.h"
#include "wire/ip4.h"

#define BATCH 16

/* What the stack asks of a transport. */
struct transport {
	uint8_t proto;
	/* Ask for the cache lines that _in will read: the bucket; when that has
	 * come, the control block; then what hangs on that. */
	void (*prefetch[3])(struct sampan *s, struct sp_pkt *pkt);
	/* A packet; its ports and flow are known, its checksum is not. */
	void (*in)(struct sampan *s, const struct sp_pkt *pkt);
	/* An ICMP error about a packet of ours. */
	void (*error)(struct sampan *s, const struct sp_icmp_error *error);
};

static const struct transport transports[] = {
	{ IP_PROTO_TCP, { NULL }, sp_tcp_in, sp_tcp_icmp },	/* tcp/tcp_ahead.h */
	{ IP_PROTO_UDP, { sp_udp_prefetch, sp_udp_prefetch_sock, sp_udp_prefetch_rest },
	    sp_udp_in, sp_udp_icmp },
};

/* NULL: there is none. */
static inline const struct transport *
transport_of(uint8_t proto)
{
	for (unsigned i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
		if (transports[i].proto == proto)
			return &transports[i];
	return NULL;
}

static void
to_transport(struct sampan *s, const struct sp_pkt *pkt)
{
	const struct transport *t;

	if (pkt->proto == IP_PROTO_TCP) {
		sp_tcp_in(s, pkt);
		return;
	}
	t = transport_of(pkt->proto);
	if (t != NULL)
		t->in(s, pkt);
	else
		sp_icmp_no_protocol(s, pkt);
}

/* About a request of ours, or (too big) an answer. */
static void
to_echo(struct sampan *s, const struct sp_pkt *pkt, const struct sp_icmp_error *error)
{
	bool sure = false;
	const bool heard = sp_raw_any(s) && sp_raw_error(s, error, &sure);
	const bool ours = sp_echo_error(s, error) || sure ||
	    (error->ours && error->proto == IP_PROTO_ICMP6);
	const bool known = ours || heard;

	if (error->too_big && ours)
		(void)sp_pmtu_learn(s, &error->flow.remote, error->mtu_bytes);
	if (!known)
		sp_drop(s, SAMPAN_DROP_ICMP_NO_FLOW, pkt->link);
}

static void
to_icmp(struct sampan *s, const struct sp_pkt *pkt)
{
	const struct transport *t;
	struct sp_icmp_error error;

	if (sp_raw_any(s) && pkt->proto != IP_PROTO_IGMP && sp_raw_in(s, pkt)) {
		(void)sp_echo_reply(s, pkt);
		return;
	}
	if (!sp_icmp_in(s, pkt, &error))
		return;
	if (error.proto == IP_PROTO_ICMP || error.proto == IP_PROTO_ICMP6) {
		to_echo(s, pkt, &error);
		return;
	}
	t = transport_of(error.proto);
	if (t != NULL)
		t->error(s, &error);
	else
		sp_drop(s, SAMPAN_DROP_ICMP_NO_FLOW, pkt->link);
}

static void process(struct sampan *s, const struct sp_pkt *pkt);

/* Once only: a fragment of a fragment is none (R-V-40). */
static void
to_reassembly(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_whole whole;
	struct sp_pkt again;

	if (pkt->fragmented) {
		sp_drop(s, SAMPAN_DROP_IP_FRAGMENT, pkt->link);
		return;
	}
	if (!sp_reass_in(s, pkt, &whole))
		return;
	sp_ip_look(s, pkt->link, &whole.frame, &again);
	again.fragmented = true;
	if (!sp_team_hold(s, &again, &whole, pkt->frame))
		process(s, &again);
	sp_reass_done(s, &whole);
}

static void
process(struct sampan *s, const struct sp_pkt *pkt)
{
	switch ((enum sp_pkt_kind)pkt->kind) {
	case SP_PKT_DROPPED:
	case SP_PKT_OTHERS:
		break;
	case SP_PKT_ARP:
		sp_arp_in(s, pkt->link, pkt->body, pkt->body_len);
		break;
	case SP_PKT_ICMP:
		to_icmp(s, pkt);
		break;
	case SP_PKT_TRANSPORT:
		to_transport(s, pkt);
		break;
	case SP_PKT_FRAGMENT:
		to_reassembly(s, pkt);
		break;
	case SP_PKT_PROBLEM:
		sp_icmp_problem(s, pkt);
		break;
	}
}

/* ---- The stages ---- */

static inline bool
is_tcp(const struct sp_pkt *pkt)
{
	return pkt->kind == SP_PKT_TRANSPORT && pkt->proto == IP_PROTO_TCP;
}

__attribute__((noinline)) static void
prefetch_other(struct sampan *s, struct sp_pkt *pkt, unsigned stage)
{
	const struct transport *t = pkt->kind == SP_PKT_TRANSPORT ? transport_of(pkt->proto) : NULL;

	if (t != NULL && t->prefetch[stage] != NULL)
		t->prefetch[stage](s, pkt);
}

static inline void
look(struct sampan *s, unsigned link, struct sampan_frame *f, struct sp_pkt *pkt)
{
	s->dropped = 0;
	if (!sp_ip_look_fast(s, link, f, pkt))
		sp_ip_look(s, link, f, pkt);
	f->drop = s->dropped;
	if (s->team.steers)
		sp_team_steer(s, pkt);
	if (is_tcp(pkt))
		sp_tcp_ahead(s, pkt);
	else
		prefetch_other(s, pkt, 0);
}

/* The stages between the first and the last; most packets are TCP's. */
static inline void
prefetch(struct sampan *s, struct sp_pkt *pkt, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (is_tcp(&pkt[i]))
			sp_tcp_ahead_found(s, &pkt[i]);
		else
			prefetch_other(s, &pkt[i], 1);
	}
	for (unsigned i = 0; i < n; i++) {
		if (is_tcp(&pkt[i]))
			sp_tcp_ahead_queues(s, &pkt[i]);
		else
			prefetch_other(s, &pkt[i], 2);
	}
	for (unsigned i = 0; i < n; i++)
		if (is_tcp(&pkt[i]))
			sp_tcp_ahead_text(s, &pkt[i]);
}

static void
input_batch(struct sampan *s, unsigned link, struct sampan_frame *frames, unsigned n)
{
	struct sp_pkt pkt[BATCH];

	for (unsigned i = 0; i < n; i++)
		look(s, link, &frames[i], &pkt[i]);
	if (n > 1)		/* else there is nothing to do meanwhile */
		prefetch(s, pkt, n);
	for (unsigned i = 0; i < n; i++) {
		s->dropped = frames[i].drop;
		if (is_tcp(&pkt[i]))
			sp_tcp_in(s, &pkt[i]);
		else
			process(s, &pkt[i]);
		frames[i].drop = s->dropped;
		if (frames[i].owner == SAMPAN_FRAME_LENT)
			frames[i].owner = SAMPAN_FRAME_BORROWED;
	}
}

static void
input_all(struct sampan *s, unsigned link, struct sampan_frame *frames, unsigned n)
{
	while (n > 0) {
		const unsigned batch = n < BATCH ? n : BATCH;

		input_batch(s, link, frames, batch);
		frames += batch;
		n -= batch;
	}
}

int
sampan_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n, sampan_time now)
{
	if (sp_link_get(s, link) == NULL)
		return SAMPAN_EINVAL;
	sp_stack_time(s, now);
	s->counter[SAMPAN_COUNT_FRAMES_IN] += n;
	input_all(s, (unsigned)link, frames, n);
	return 0;
}

int
sampan_team_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n,
    sampan_time now)
{
	if (sp_link_get(s, link) == NULL)
		return SAMPAN_EINVAL;
	sp_stack_time(s, now);
	s->counter[SAMPAN_COUNT_TEAM_IN] += n;
	s->team.steers = false;
	for (unsigned i = 0; i < n; i++)
		frames[i].to = 0;
	input_all(s, (unsigned)link, frames, n);
	s->team.steers = s->team.members > 1;
	return 0;
}
