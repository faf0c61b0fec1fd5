/*
 * dhcp_out.c - messages of a DHCP client, and their UDP and IP headers: RFC 2131
 * §4.1, §4.4.4.
 */
#include <string.h>

#include "net/dhcp.h"
#include "net/reply.h"
#include "wire/ip4.h"
#include "wire/udp.h"

static uint16_t
max_len(const struct sampan *s, unsigned link)
{
	const uint32_t len = s->link[link].mtu_bytes - (uint32_t)IP4_HDR_LEN - UDP_HDR_LEN;

	return (uint16_t)(len > SP_DHCP_MESSAGE_MAX ? SP_DHCP_MESSAGE_MAX :
	    len < DHCP_LEN_MIN_MAX ? DHCP_LEN_MIN_MAX : len);
}

/* What each message holds and must not hold: RFC 2131 §4.3.6, table 5 (R-2131-6, R-2131-7,
 * R-2131-8, R-2131-13). */
static struct dhcp_out
message_of(const struct sampan *s, const struct sp_dhcp *d, enum dhcp_type type)
{
	const bool asks = type == DHCP_DISCOVER || type == DHCP_REQUEST;
	const bool ours = d->state == SAMPAN_DHCP_RENEWING ||
	    d->state == SAMPAN_DHCP_REBINDING || type == DHCP_RELEASE;
	const bool names_server = d->state == SAMPAN_DHCP_REQUESTING || !asks;
	struct dhcp_out m = {
		.type = type,
		.xid = d->xid,
		.secs = d->secs,
		.ciaddr = ours ? d->addr : 0,
		.requested = ours ? 0 : d->addr,
		.server = names_server ? d->server : 0,
		.max_len = asks ? max_len(s, d->link) : 0,
	};

	memcpy(m.chaddr, s->link[d->link].mac, sizeof(m.chaddr));
	return m;
}

static void
write_datagram(const struct sampan *s, uint8_t *p, const struct sp_ip_out *out,
    const uint8_t *message)
{
	const struct udp_hdr h = { .src_port = DHCP_CLIENT_PORT, .dst_port = DHCP_SERVER_PORT,
		.len = (uint16_t)out->payload_len };

	udp_emit(p, &h);
	memcpy(p + UDP_HDR_LEN, message, out->payload_len - UDP_HDR_LEN);
	udp_csum_put(p, sp_csum_add(p, out->payload_len, sp_ip_pseudo(out), s->csum_variant));
}

/* RFC 2131 §4.4.4: to everybody, but to the server of a lease when that is renewed or
 * given back. */
void
sp_dhcp_send(struct sampan *s, struct sp_dhcp *d, enum dhcp_type type)
{
	const struct dhcp_out m = message_of(s, d, type);
	const bool direct = type == DHCP_RELEASE || d->state == SAMPAN_DHCP_RENEWING;
	const struct sampan_addr src = sp_addr_of_v4(m.ciaddr);
	const struct sampan_addr dst = sp_addr_of_v4(direct ? d->server : UINT32_MAX);
	uint8_t message[DHCP_OUT_MAX];
	struct sp_ip_out out = { .src = &src, .dst = &dst, .proto = IP_PROTO_UDP,
		.link = direct ? 0 : d->link };
	struct sp_reply *r;

	if (d->tries < UINT8_MAX)
		d->tries++;
	out.payload_len = UDP_HDR_LEN + (uint32_t)dhcp_emit(message, &m);
	r = sp_ip_take(s, &out);
	if (r == NULL)
		return;
	write_datagram(s, sp_ip_l4(r), &out, message);
	sp_ip_send(s, r);
	sp_count(s, SAMPAN_COUNT_DHCP_OUT);
}
