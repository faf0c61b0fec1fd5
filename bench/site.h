/*
 * site.h - where the TAP rows happen: two network namespaces, a veth pair
 * between them, `sampan serve` on a TAP, and a kernel server.
 *
 * The namespaces have no names and the servers end with this process, so
 * nothing is left behind however it ends.
 */
#ifndef SAMPAN_BENCH_SITE_H
#define SAMPAN_BENCH_SITE_H

#include <stdbool.h>
#include <sys/types.h>

struct site {
	int home;		/* the namespace that this process came from, -1: still there */
	pid_t kernel, sampan;	/* servers; 0: not running */
	bool is_ours;		/* sampan did it, not the machine */
	char why[160];		/* what did not work */
};

/* Of the servers: sampan's, the kernel's; of IPv6 with --ipv6. */
const char *site_address(bool ours);

/* This process is in the client's namespace afterwards.  False: see why. */
bool site_open(struct site *site);

/* Ends the servers and goes home; of a site that did not open, too.  False:
 * sampan did not end as it should, see why. */
bool site_close(struct site *site);

#endif
