/*
 * names.h - what is known of name servers and search domains; see sampan/names.h.
 *
 * A small table, there from when something stands in it.  Nothing has a timer: what has
 * expired is passed over, and gives way to what is new.
 */
#ifndef SAMPAN_NET_NAMES_H
#define SAMPAN_NET_NAMES_H

#include <sampan/names.h>

#include "net/stack.h"

enum sp_names_origin {
	SP_NAMES_STATIC,
	SP_NAMES_LEASED,	/* DHCP */
	SP_NAMES_ROUTER,	/* RFC 8106 */
};

#define SP_NAME_SERVERS 12
#define SP_NAME_SERVERS_EACH 4	/* of one origin */
#define SP_DOMAINS 4

struct sp_name_server {
	struct sampan_addr addr;
	sampan_time until;
	uint8_t link;
	uint8_t origin;		/* enum sp_names_origin */
	uint8_t pad[6];
};

struct sp_domain {
	char text[SAMPAN_DOMAIN_TEXT];
	sampan_time until;
	uint8_t link;
	uint8_t origin;
	uint8_t pad[6];
};

struct sp_names {
	struct sp_name_server server[SP_NAME_SERVERS];
	struct sp_domain domain[SP_DOMAINS];
};
_Static_assert(sizeof(struct sp_names) <= 1008, "fits the smallest slab");

void sp_names_init(struct sampan *s);

/* Says how long a server or a domain is good, of that link and origin; until now: no
 * longer.  What finds no room is left out. */
void sp_names_server(struct sampan *s, const struct sp_name_server *want);
void sp_names_domain(struct sampan *s, const struct sp_domain *want);

/* The same with its text apart; one that is too long is left out. */
void sp_names_domain_text(struct sampan *s, const struct sp_domain *like, const char *text);

/* Forgets what came with a lease. */
void sp_names_end(struct sampan *s, unsigned link, enum sp_names_origin origin);

#endif
