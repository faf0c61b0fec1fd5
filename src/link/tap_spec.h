/*
 * tap_spec.h - what a user asks of a TAP link:
 * tap:NAME[,host=ADDR/LEN][,host6=ADDR/LEN][,mtu=N][,offload=on|off].
 *
 * Pure; link_tap.c does it.
 */
#ifndef SAMPAN_LINK_TAP_SPEC_H
#define SAMPAN_LINK_TAP_SPEC_H

#include "link/spec.h"

/* IFNAMSIZ */
#define SP_IFNAME_BYTES 16

struct sp_tap_spec {
	char name[SP_IFNAME_BYTES];	/* may hold one %d */
	unsigned hosts;
	struct sp_prefix host[SP_LINK_HOSTS];	/* the kernel's side */
	uint16_t mtu_bytes;		/* 0: as the interface has it */
	bool offload;
	unsigned queues;		/* 0, 1: one */
};

/* EINVAL: a key or value that TAP does not have. */
int sp_tap_spec_read(struct sp_tap_spec *tap, const struct sp_spec *spec,
    const struct sp_why *why);

#endif
