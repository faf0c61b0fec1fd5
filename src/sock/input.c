/*
 * input.c - frames in.
 *
 * Theory of operation.  A batch goes through three stages: look at every frame
 * and ask for the hash bucket that it will need; find what is in the buckets
 * and ask for those control blocks; process the frames in their order.  With
 * many connections each of these is a cache miss, which costs 190 ns alone and
 * a twentieth of that in company.  The first two stages change nothing but
 * counters, so the order of events is that of the frames.
 */
#include "net/ip.h"
#include "net/neigh.h"
#include "tcp/tcp.h"

#define BATCH 16

static void
process(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_icmp_error error;

	switch ((enum sp_pkt_kind)pkt->kind) {
	case SP_PKT_DROPPED:
		break;
	case SP_PKT_ARP:
		sp_arp_in(s, pkt->link, pkt->body, pkt->body_len);
		break;
	case SP_PKT_ICMP4:
		if (sp_icmp4_in(s, pkt, &error))
			sp_tcp_icmp(s, &error);
		break;
	case SP_PKT_TCP:
		sp_tcp_in(s, pkt);
		break;
	}
}

static void
input_batch(struct sampan *s, unsigned link, struct sampan_frame *frames, unsigned n)
{
	const bool alone = n == 1;	/* nothing to wait for meanwhile */
	struct sp_pkt pkt[BATCH];

	for (unsigned i = 0; i < n; i++) {
		s->dropped = 0;
		if (!sp_ip_look_fast(s, link, &frames[i], &pkt[i]))
			sp_ip_look(s, link, &frames[i], &pkt[i]);
		frames[i].drop = s->dropped;
		if (!alone && pkt[i].kind == SP_PKT_TCP)
			sp_tcp_prefetch(s, &pkt[i]);
	}
	for (unsigned i = 0; i < n && !alone; i++)
		if (pkt[i].kind == SP_PKT_TCP)
			sp_tcp_prefetch_found(s, &pkt[i]);
	for (unsigned i = 0; i < n; i++) {
		s->dropped = frames[i].drop;
		process(s, &pkt[i]);
		frames[i].drop = s->dropped;
		if (frames[i].owner == SAMPAN_FRAME_LENT)
			frames[i].owner = SAMPAN_FRAME_BORROWED;
	}
}

int
sampan_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n, sampan_time now)
{
	if (sp_link_get(s, link) == NULL)
		return SAMPAN_EINVAL;
	sp_stack_time(s, now);
	s->counter[SAMPAN_COUNT_FRAMES_IN] += n;
	while (n > 0) {
		const unsigned batch = n < BATCH ? n : BATCH;

		input_batch(s, (unsigned)link, frames, batch);
		frames += batch;
		n -= batch;
	}
	return 0;
}
