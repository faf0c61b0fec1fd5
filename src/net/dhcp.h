/*
 * dhcp.h - the DHCP client of a link: RFC 2131.  dhcp.c has the states and their
 * times, dhcp_lease.c what a server's answer means.
 */
#ifndef SAMPAN_NET_DHCP_H
#define SAMPAN_NET_DHCP_H

#include <sampan/dhcp.h>

#include "net/ip.h"
#include "wire/dhcp.h"

/* One for each link that has a client. */
struct sp_dhcp {
	sampan_time next_at;	/* when there is something to do */
	sampan_time began_at;	/* to look for an address */
	sampan_time sent_at;	/* the first request with this xid: the lease counts from it */
	sampan_time t1_at, t2_at, expires_at;
	uint32_t xid;
	uint32_t addr;		/* leased, offered, or had before; 0: none */
	uint32_t server;	/* its identifier */
	uint16_t secs;		/* since began_at, as the last DHCPDISCOVER says */
	uint8_t state;		/* enum sampan_dhcp_state */
	uint8_t link;
	uint8_t tries;		/* messages sent in this state */
	uint8_t setbacks;	/* refusals since the last lease */
	uint8_t conflicts;	/* of leased addresses with somebody else's */
	uint8_t prefix_bits;
	uint8_t pad[4];
};
_Static_assert(sizeof(struct sp_dhcp) <= 80, "five granules");

/* What a server's offer or acknowledgement says, judged. */
struct sp_lease {
	uint32_t addr, server;
	uint8_t prefix_bits;
	uint16_t mtu_bytes;	/* 0: not said */
	uint32_t lease_s, t1_s, t2_s;	/* UINT32_MAX: for ever */
};

/* The longest message that is looked at: what we say that we take, at most. */
#define SP_DHCP_MESSAGE_MAX 1472u

void sp_dhcp_init(struct sampan *s);

/* The client of a link; NULL: there is none. */
struct sp_dhcp *sp_dhcp_of(const struct sampan *s, unsigned link);

/* A datagram to the client's port on this link; text: behind the UDP header. */
void sp_dhcp_in(struct sampan *s, const struct sp_pkt *pkt, struct sp_span text);

/* Is a client waiting on the link for an answer to an address that is not ours yet? */
bool sp_dhcp_expects(const struct sampan *s, unsigned link);

/* What has come due; returns when there is more. */
sampan_time sp_dhcp_due(struct sampan *s);

/* The leased address has been found free, or to be somebody else's. */
void sp_dhcp_assigned(struct sampan *s, const struct sp_local_addr *l);
void sp_dhcp_conflict(struct sampan *s, const struct sp_local_addr *l);

/* ---- dhcp_out.c ---- */

/* Sends the message that fits the state. */
void sp_dhcp_send(struct sampan *s, struct sp_dhcp *d, enum dhcp_type type);

/* ---- dhcp_lease.c ---- */

/* False: what it says cannot be, or is not enough. */
bool sp_lease_read(const struct sampan *s, const struct dhcp_msg *m, struct sp_lease *lease);

/* The routes, the MTU and the name servers that come with a lease, until then; and without. */
void sp_lease_apply(struct sampan *s, unsigned link, const struct dhcp_msg *m,
    const struct sp_lease *lease, sampan_time until);
void sp_lease_end(struct sampan *s, unsigned link);

#endif
