/*
 * machine.h - what the figures were measured on, and where its work runs.
 */
#ifndef SAMPAN_BENCH_MACHINE_H
#define SAMPAN_BENCH_MACHINE_H

#include <stddef.h>

/* Cores that this process may run on. */
unsigned machine_cores(void);

/* Pins this process to the i-th of them (modulo their number). */
void machine_pin(unsigned i);

/* Lines that begin with '#': processor, kernel, pages, compiler, commit, date. */
void machine_print(void);

/* The directory of this program, without a slash at the end. */
void machine_directory(char *path, size_t room);

#endif
