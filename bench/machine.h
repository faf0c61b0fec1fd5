/*
 * machine.h - what the figures were measured on, and where its work runs.
 */
#ifndef SAMPAN_BENCH_MACHINE_H
#define SAMPAN_BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Cores that this process may run on. */
unsigned machine_cores(void);

/* Pins this process to the i-th of them (modulo their number). */
void machine_pin(unsigned i);

/* Nanoseconds of this thread on a processor: what happens in memory never waits, so
 * that is its time, whatever else the machine does. */
uint64_t machine_cpu_time(void);

/* Lines that begin with '#': processor, kernel, pages, compiler, commit, date. */
void machine_print(void);

/* The directory of this program, without a slash at the end. */
void machine_directory(char *path, size_t room);

#endif
