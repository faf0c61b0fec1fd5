/*
 * dhcp.h - an IPv4 address, its prefix and routes from a DHCP server: RFC 2131.
 *
 * A client belongs to a link.  It asks, checks that nobody else has the address,
 * renews its lease and gives the address up when that ends, all by itself:
 * sampan_addr_get() tells which addresses there are.
 */
#ifndef SAMPAN_DHCP_H
#define SAMPAN_DHCP_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 2131 §4.4, figure 5; and what it does not name. */
#define SAMPAN_DHCP_STATES(X) \
	X(STOPPED, "stopped") \
	X(INIT, "init")			/* about to ask, or waiting before it asks again */ \
	X(SELECTING, "selecting") \
	X(REQUESTING, "requesting") \
	X(REBOOTING, "rebooting")	/* has an address, and asks whether it may keep it */ \
	X(CHECKING, "checking")		/* leased; does somebody else use it? */ \
	X(BOUND, "bound") \
	X(RENEWING, "renewing") \
	X(REBINDING, "rebinding") \
	X(RELEASING, "releasing")	/* has given the address back, and is about to forget it */

enum sampan_dhcp_state {
#define X(id, name) SAMPAN_DHCP_##id,
	SAMPAN_DHCP_STATES(X)
#undef X
	SAMPAN_DHCP_STATE_COUNT,
};

struct sampan_dhcp_info {
	enum sampan_dhcp_state state;
	struct sampan_addr addr;	/* leased or offered; zero: none */
	unsigned prefix_bits;
	struct sampan_addr server;	/* its identifier */
	sampan_time renew_at, rebind_at, valid_until;	/* SAMPAN_NEVER: for ever */
};

/* Begins to ask for an address on the link.  With a lease that it has already it
 * asks whether that still holds, as after a link was down.
 * INVAL: no such link.  NOBUFS. */
SAMPAN_API int sampan_dhcp_start(struct sampan *s, int link);

/* Gives the lease back and ends the client, a fifth of a second later, so that the
 * message finds its way.  INVAL: no such link. */
SAMPAN_API int sampan_dhcp_stop(struct sampan *s, int link);

/* INVAL: no such link. */
SAMPAN_API int sampan_dhcp_get(const struct sampan *s, int link, struct sampan_dhcp_info *info);

/* The name of a state, NULL if there is no such. */
SAMPAN_API const char *sampan_dhcp_state_name(enum sampan_dhcp_state state);

#ifdef __cplusplus
}
#endif

#endif
