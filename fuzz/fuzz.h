/*
 * fuzz.h - what a file in fuzz/ defines: one function that takes any bytes.
 */
#ifndef SAMPAN_FUZZ_H
#define SAMPAN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0.  Anything wrong is an assertion or a sanitizer's report. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif
