/*
 * number.h - decimal numbers that users write.
 *
 * Stricter than strtoull(): digits only, no sign, no blanks, no overflow, and
 * nothing may follow but an optional unit in sp_bytes_read().
 */
#ifndef SAMPAN_LINK_NUMBER_H
#define SAMPAN_LINK_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

bool sp_number_read(uint64_t *number, const char *text);

/* A number of bytes with an optional K, M, G or T (powers of 1024, either
 * case). */
bool sp_bytes_read(uint64_t *bytes, const char *text);

/* The number at the start of text, with up to nine decimals behind a point.
 * Returns what follows it; NULL if there is none. */
const char *sp_decimal_read(uint64_t *whole, uint64_t *billionths, const char *text);

#endif
