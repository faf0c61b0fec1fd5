/*
 * serve_net.h - the addresses and routes of `sampan serve`: --addr, --gateway, --route.
 */
#ifndef SAMPAN_CMD_SERVE_NET_H
#define SAMPAN_CMD_SERVE_NET_H

#include <sampan/address.h>
#include <sampan/host.h>

#include "link/spec.h"

#define SERVE_ADDRS 16
#define SERVE_GATEWAYS 4
#define SERVE_ROUTES 16

struct serve_net {
	unsigned addrs;		/* 0: not said */
	struct sp_prefix addr[SERVE_ADDRS];
	bool slaac;		/* routers on the link say which */
	bool dhcp;		/* a DHCP server does */
	bool link_local;	/* one of 169.254/16; with dhcp, if no server answers */
	unsigned name_servers;
	struct sampan_addr name_server[SERVE_GATEWAYS];
	unsigned gateways;
	struct sampan_addr gateway[SERVE_GATEWAYS];
	unsigned routes;
	struct sampan_route route[SERVE_ROUTES];
};

/* ADDR/LEN, slaac, dhcp or link-local; an address.  EINVAL after a message. */
int sp_serve_net_read_addr(struct serve_net *net, const char *text, const struct sp_why *why);
int sp_serve_net_read_server(struct serve_net *net, const char *text, const struct sp_why *why);
int sp_serve_net_read_gateway(struct serve_net *net, const char *text, const struct sp_why *why);
/* serve_route.h */
int sp_serve_net_read_route(struct serve_net *net, const char *text, const struct sp_why *why);

/* Gives the stack's link 1 what was asked for; the exit code after a message. */
int sp_serve_net_apply(const struct serve_net *net, struct sampan *s,
    const struct sampan_link *link);

/* Was nothing said of addresses? */
static inline bool
sp_serve_net_is_empty(const struct serve_net *net)
{
	return net->addrs == 0 && !net->slaac && !net->dhcp && !net->link_local;
}

/* Do addresses come and go by themselves? */
static inline bool
sp_serve_net_is_auto(const struct serve_net *net)
{
	return net->slaac || net->dhcp || net->link_local;
}

/* Gives back what was leased; false: that is done. */
bool sp_serve_net_end(const struct serve_net *net, struct sampan *s);

/* Is an address still being checked, or has none come yet that others can use? */
bool sp_serve_net_waits(const struct serve_net *net, const struct sampan *s);

/* Address number n of those in use, link-local ones last; false: there are fewer. */
bool sp_serve_net_addr(const struct sampan *s, unsigned n, struct sampan_addr *addr);

#endif
