/*
 * symbol.h - constants by name, with Linux's values, and errno by name.
 */
#ifndef SAMPAN_PKT_SYMBOL_H
#define SAMPAN_PKT_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>

/* False: not known. */
bool sp_pkt_symbol_find(const char *name, int64_t *value);

/* The name of an errno value, or "errno N" in a static buffer. */
const char *sp_pkt_errno_name(int error);

/* 0: not known. */
int sp_pkt_errno_find(const char *name);

#endif
