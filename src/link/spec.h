/*
 * spec.h - descriptions that users write: KIND:NAME[,KEY=VALUE]... for links,
 * ADDR/LEN for an address on one.
 *
 * Pure: text to struct.  Does not know what a kind's keys mean (tap_spec.h).
 */
#ifndef SAMPAN_LINK_SPEC_H
#define SAMPAN_LINK_SPEC_H

#include <sampan/sampan.h>

#include "link/why.h"

/* Options are looked at one by one; four more than any kind has. */
#define SP_SPEC_OPTIONS 8

struct sp_spec_option {
	char key[16];
	char value[64];
};

struct sp_spec {
	char kind[16];
	char name[64];
	unsigned n;	/* options */
	struct sp_spec_option options[SP_SPEC_OPTIONS];
};

/* EINVAL: not of that form, or a part too long. */
int sp_spec_read(struct sp_spec *spec, const char *text, const struct sp_why *why);

struct sp_prefix {
	struct sampan_addr addr;
	unsigned bits;	/* 0 to 32 for IPv4, 0 to 128 for IPv6 */
};

/* Addresses that a link's other side may be given: host= and host6=. */
#define SP_LINK_HOSTS 2

#define SP_PREFIX_TEXT (SAMPAN_ADDR_TEXT + 4)

/* The address of one host and the length of its network's prefix.
 * EINVAL: not of that form, or the address of a network or of everybody. */
int sp_prefix_read(struct sp_prefix *prefix, const char *text, const struct sp_why *why);

/* Needs SP_PREFIX_TEXT bytes. */
void sp_prefix_write(const struct sp_prefix *prefix, char *text);

bool sp_prefix_is_v4(const struct sampan_addr *addr);

/* Is addr in the network that the prefix names? */
bool sp_prefix_holds(const struct sp_prefix *prefix, const struct sampan_addr *addr);

#endif
