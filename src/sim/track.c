/*
 * track.c - see track.h.
 */
#include "sim/track.h"

#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#define TCP_AT (ETH_HDR_LEN + IP4_HDR_LEN)
#define KEEP_BEHIND ((uint32_t)1 << 29)

bool
sp_sim_look(struct sp_sim_seen *seen, const uint8_t *head, uint32_t len)
{
	const uint8_t *tcp = head + TCP_AT;
	uint32_t hdrs, all;

	if (len < SP_SIM_HEAD_BYTES || be16_get(head + ETH_HDR_LEN - 2) != ETH_TYPE_IP4 ||
	    head[ETH_HDR_LEN] != 0x45 || head[ETH_HDR_LEN + 9] != IP_PROTO_TCP)
		return false;
	all = be16_get(head + ETH_HDR_LEN + 2);
	hdrs = IP4_HDR_LEN + (uint32_t)(tcp[12] >> 4) * 4;
	*seen = (struct sp_sim_seen){ .src_port = be16_get(tcp), .dst_port = be16_get(tcp + 2),
		.flags = tcp[13], .seq = be32_get(tcp + 4), .ack = be32_get(tcp + 8),
		.len = all < hdrs ? 0 : all - hdrs };
	return all >= hdrs;
}

uint32_t
sp_sim_track_sent(struct sp_sim_track *t, const struct sp_sim_seen *seen)
{
	const uint32_t end = seen->seq + seen->len;
	uint32_t fresh;

	if ((seen->flags & TCP_SYN) != 0) {
		t->known = true;
		t->next = t->acked = seen->seq + 1;
		t->gots = 0;
	}
	if (!t->known || seen->len == 0)
		return 0;
	fresh = (int32_t)(end - t->next) > 0 ? end - t->next : 0;
	fresh = fresh < seen->len ? fresh : seen->len;
	t->all_bytes += seen->len;
	t->next += fresh;
	t->sent_bytes += fresh;
	t->again_bytes += seen->len - fresh;
	t->again_segs += fresh < seen->len;
	return seen->len - fresh;
}

void
sp_sim_track_arrived(struct sp_sim_track *t, const struct sp_sim_seen *seen)
{
	const struct sp_ranges got = { t->got, &t->gots, SP_SIM_RANGES };
	const uint32_t end = seen->seq + seen->len;

	if (!t->known || seen->len == 0)
		return;
	t->spurious_bytes += sp_ranges_bytes(got, seen->seq, end);
	(void)sp_ranges_add(got, seen->seq, end);
	if (t->gots > 0 && t->got[0].end - t->got[0].start > 2 * KEEP_BEHIND)
		sp_ranges_trim(got, t->got[0].end - KEEP_BEHIND);
}

void
sp_sim_track_acked(struct sp_sim_track *t, const struct sp_sim_seen *seen)
{
	if (!t->known || (seen->flags & TCP_ACK) == 0 || (int32_t)(seen->ack - t->acked) <= 0 ||
	    (int32_t)(seen->ack - t->next) > 0)
		return;
	t->acked_bytes += seen->ack - t->acked;
	t->acked = seen->ack;
}
