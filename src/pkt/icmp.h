/*
 * icmp.h - ICMP types and codes by the names that scripts use.
 */
#ifndef SAMPAN_PKT_ICMP_H
#define SAMPAN_PKT_ICMP_H

#include "pkt/script.h"

/* code is -1 if the script has none.  False: a name that is not known. */
bool sp_pkt_icmp_numbers(const struct pkt_icmp_spec *icmp, bool v6, int *type, int *code);

#endif
