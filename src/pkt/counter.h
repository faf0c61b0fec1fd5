/*
 * counter.h - counters as nstat shows them: by Linux's names, since they were
 * shown last.
 */
#ifndef SAMPAN_PKT_COUNTER_H
#define SAMPAN_PKT_COUNTER_H

#include "pkt/run.h"

/* How much the counter has grown since the last sp_pkt_counters_reset().
 * False: there is none that means the same. */
bool sp_pkt_counter(struct pkt_run *r, const char *name, int64_t *count);
void sp_pkt_counters_reset(struct pkt_run *r);

#endif
