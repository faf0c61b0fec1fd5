/*
 * serve_route.h - routes as `sampan serve --route` takes them: the words of ip-route(8).
 *
 *	PREFIX|default [via ADDR] [metric N] [mtu N] [window N] [initcwnd N] [initrwnd N]
 *	    [advmss N] [rto_min TIME] [quickack 0|1]
 *
 * Pure: text to struct.
 */
#ifndef SAMPAN_CMD_SERVE_ROUTE_H
#define SAMPAN_CMD_SERVE_ROUTE_H

#include <sampan/address.h>

#include "link/why.h"

/* Fills in all but the link.  EINVAL after a message. */
int sp_serve_route_read(struct sampan_route *route, const char *text, const struct sp_why *why);

#endif
