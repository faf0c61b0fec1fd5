/*
 * unit.h - quantities that users write: a number with its unit, as in the
 * words of the emulator (emulate.h) and of scenarios.
 *
 * Numbers may have decimals; what lies beyond the smallest unit is dropped.
 * Each returns false when the text is no such quantity.
 */
#ifndef SAMPAN_LINK_UNIT_H
#define SAMPAN_LINK_UNIT_H

#include <sampan/types.h>

/* Shares of a whole, in billionths. */
#define SP_SHARE_ALL 1000000000u

/* 0% to 100%. */
bool sp_share_read(uint32_t *ppb, const char *text);

/* us, ms or s; at most ten years. */
bool sp_dur_read(sampan_dur *dur, const char *text);

/* bit, kbit, mbit or gbit a second (1000): 1 kbit to 400 gbit. */
bool sp_rate_read(uint64_t *bits, const char *text);

/* Bytes, k or m (1024), in either case. */
bool sp_size_read(uint64_t *bytes, const char *text);

#endif
