/*
 * box.c - see box.h.
 */
#include "link/box.h"

#include "link/packet.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/tcp.h"
#include "wire/tcp_opt.h"

#define SEQ_AT 4
#define ACK_AT 8
#define FLAGS_AT 13
#define IP4_CSUM_AT 10

/* Counts what changed. */
struct pass {
	const struct sp_box *box;
	struct sp_packet packet;
	uint32_t back;		/* how far the other direction's numbers are moved */
	bool changed;
};

static bool
is_stripped(uint8_t kind, uint32_t strip)
{
	switch (kind) {
	case TCP_OPT_MSS:
		return (strip & 1u << SP_STRIP_MSS) != 0;
	case TCP_OPT_WSCALE:
		return (strip & 1u << SP_STRIP_WSCALE) != 0;
	case TCP_OPT_SACK_PERMITTED:
	case TCP_OPT_SACK:
		return (strip & 1u << SP_STRIP_SACK) != 0;
	case TCP_OPT_TS:
		return (strip & 1u << SP_STRIP_TS) != 0;
	default:
		return (strip & 1u << SP_STRIP_OTHER) != 0;
	}
}

static void
put32(struct pass *pass, uint32_t at, uint32_t value)
{
	sp_packet_put32(&pass->packet, at, value);
	pass->changed = true;
}

static void
blank_out(struct pass *pass, uint32_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sp_packet_put8(&pass->packet, at + i, TCP_OPT_NOP);
	pass->changed = true;
}

/* An option of len octets at `at`, kind and length included. */
static void
pass_option(struct pass *pass, uint32_t at, uint32_t len)
{
	const struct sp_box *box = pass->box;
	const uint8_t *p = pass->packet.l4 + at;

	if (is_stripped(p[0], box->strip)) {
		blank_out(pass, at, len);
	} else if (p[0] == TCP_OPT_MSS && len == 4 && box->mss_bytes != 0 &&
	    be16_get(p + 2) > box->mss_bytes) {
		sp_packet_put8(&pass->packet, at + 2, (uint8_t)(box->mss_bytes >> 8));
		sp_packet_put8(&pass->packet, at + 3, (uint8_t)box->mss_bytes);
		pass->changed = true;
	} else if (p[0] == TCP_OPT_SACK && box->seq == SP_BOX_SEQ_MOVED) {
		for (uint32_t i = 2; i + 4 <= len; i += 4)
			put32(pass, at + i, be32_get(p + i) - pass->back);
	}
}

static void
pass_options(struct pass *pass)
{
	const uint32_t end = (uint32_t)(pass->packet.l4[12] >> 4) * 4;
	uint32_t at = TCP_HDR_LEN;

	while (at < end && pass->packet.l4[at] != TCP_OPT_EOL) {
		uint32_t len = 1;

		if (pass->packet.l4[at] != TCP_OPT_NOP) {
			len = at + 1 < end ? pass->packet.l4[at + 1] : 0;
			if (len < 2 || len > end - at)
				return;
			pass_option(pass, at, len);
		}
		at += len;
	}
}

static void
move_numbers(struct pass *pass, const struct sp_key *key)
{
	const uint8_t *l4 = pass->packet.l4;

	pass->back = (uint32_t)sp_packet_flow_back(&pass->packet, key);
	put32(pass, SEQ_AT, be32_get(l4 + SEQ_AT) +
	    (uint32_t)sp_packet_flow(&pass->packet, key));
	if ((l4[FLAGS_AT] & TCP_ACK) != 0)
		put32(pass, ACK_AT, be32_get(l4 + ACK_AT) - pass->back);
}

static void
erase_ecn(struct pass *pass)
{
	uint8_t *ip = pass->packet.ip;
	const uint16_t was = be16_get(ip);
	const uint16_t is = (uint16_t)(was & ~(pass->packet.is_ip6 ? 0x30u : 3u));

	if (was == is)
		return;
	be16_put(ip, is);
	if (!pass->packet.is_ip6)
		be16_put(ip + IP4_CSUM_AT,
		    sp_csum_update16(be16_get(ip + IP4_CSUM_AT), was, is));
	pass->changed = true;
}

bool
sp_box_pass(const struct sp_box *box, const struct sp_key *key, uint8_t *frame, uint32_t len)
{
	struct pass pass = { .box = box };

	if (!sp_packet_look(&pass.packet, frame, len))
		return false;
	if ((box->strip & 1u << SP_STRIP_ECN) != 0)
		erase_ecn(&pass);
	if (!sp_packet_look_tcp(&pass.packet, frame, len))
		return pass.changed;
	if (box->seq != SP_BOX_SEQ_KEPT)
		move_numbers(&pass, key);
	pass_options(&pass);
	return pass.changed;
}
