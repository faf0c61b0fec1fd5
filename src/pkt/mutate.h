/*
 * mutate.h - proof that a script can fail: one number of it at a time is
 * changed, and each such script must fail.
 */
#ifndef SAMPAN_PKT_MUTATE_H
#define SAMPAN_PKT_MUTATE_H

#include "pkt/report.h"

/* Prints the mutants that passed.  A script counts as failed if there is one,
 * or if it does not pass as it is. */
void sp_pkt_mutate_file(const char *path, const struct pkt_config *config,
    struct pkt_count *count);

#endif
