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

#endif
