/*
 * thin.c - see thin.h.
 */
#include "link/thin.h"

#include <stdlib.h>

#include "link/packet.h"
#include "link/queue.h"
#include "wire/bytes.h"
#include "wire/tcp.h"
#include "wire/tcp_opt.h"

#define ACK_AT 8
#define FLAGS_AT 13

/* Its acknowledgement number; false: it says more than that.  Without other
 * options than timestamps, so that no SACK block is lost. */
static bool
is_pure(const struct sp_packet *packet)
{
	const uint32_t hdr = (uint32_t)(packet->l4[12] >> 4) * 4;

	return packet->l4_len == hdr && packet->l4[FLAGS_AT] == TCP_ACK &&
	    (hdr == TCP_HDR_LEN || tcp_hdr_is_plain(packet->l4, hdr));
}

static uint32_t
ack_of(const struct sp_parcel *p)
{
	struct sp_packet packet = { 0 };
	uint8_t *bytes = (uint8_t *)(uintptr_t)p->bytes;

	return sp_packet_look_tcp(&packet, bytes, p->len) ? be32_get(packet.l4 + ACK_AT) : 0;
}

static struct sp_parcel *
let_go(struct sp_thin_hold *hold)
{
	struct sp_parcel *p = hold->parcel;

	hold->parcel = NULL;
	return p;
}

/* The newer takes the older one's place, unless it repeats it: duplicates mean
 * something.  False: both have to go on. */
static bool
replace(struct sp_thin *thin, struct sp_thin_hold *hold, struct sp_parcel *p)
{
	if ((int32_t)(ack_of(p) - ack_of(hold->parcel)) <= 0)
		return false;
	free(hold->parcel);
	hold->parcel = p;
	hold->acks++;
	thin->thinned++;
	return true;
}

unsigned
sp_thin_put(struct sp_thin *thin, struct sp_parcel *p, sampan_time now, struct sp_parcel *out[2])
{
	struct sp_thin_hold *hold;
	struct sp_packet packet;
	unsigned n = 0;
	uint64_t flow;

	out[0] = p;
	if (thin->acks <= 1 || !sp_packet_look_tcp(&packet, p->bytes, p->len))
		return 1;
	flow = sp_packet_flow(&packet, &thin->key);
	hold = &thin->hold[flow % SP_THIN_FLOWS];
	if (hold->parcel != NULL && hold->flow == flow && is_pure(&packet) &&
	    replace(thin, hold, p)) {
		if (hold->acks < thin->acks)
			return 0;
		out[0] = let_go(hold);
		return 1;
	}
	if (hold->parcel != NULL)
		out[n++] = let_go(hold);
	if (is_pure(&packet)) {
		*hold = (struct sp_thin_hold){ p, flow, 1, now + thin->wait_dur };
		return n;
	}
	out[n++] = p;
	return n;
}

static size_t
first_due(const struct sp_thin *thin)
{
	size_t first = 0;

	for (size_t i = 1; i < SP_THIN_FLOWS; i++) {
		if (thin->hold[i].parcel != NULL && (thin->hold[first].parcel == NULL ||
		    thin->hold[i].until_at < thin->hold[first].until_at))
			first = i;
	}
	return first;
}

struct sp_parcel *
sp_thin_take(struct sp_thin *thin, sampan_time now, sampan_time *at)
{
	struct sp_thin_hold *hold = &thin->hold[thin->acks <= 1 ? 0 : first_due(thin)];

	if (hold->parcel == NULL || hold->until_at > now)
		return NULL;
	*at = hold->until_at;
	return let_go(hold);
}

sampan_time
sp_thin_due(const struct sp_thin *thin)
{
	const struct sp_thin_hold *hold = &thin->hold[thin->acks <= 1 ? 0 : first_due(thin)];

	return hold->parcel == NULL ? SAMPAN_NEVER : hold->until_at;
}

void
sp_thin_close(struct sp_thin *thin)
{
	for (size_t i = 0; i < SP_THIN_FLOWS; i++)
		free(let_go(&thin->hold[i]));
}
