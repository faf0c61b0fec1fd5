/*
 * sysctl.h - settings that scripts make, by Linux's and FreeBSD's names, onto
 * the world's.
 */
#ifndef SAMPAN_PKT_SYSCTL_H
#define SAMPAN_PKT_SYSCTL_H

#include "pkt/run.h"

/* Applies NAME = VALUE (several numbers with blanks between for the triples);
 * what the world does not know is fine if it is what Linux does anyway, and a
 * reason to skip otherwise. */
void sp_pkt_sysctl(struct pkt_run *r, const char *name, const char *value);

/* What the defaults.sh beside the scripts in the wild sets. */
void sp_pkt_sysctl_defaults(struct pkt_run *r);

#endif
