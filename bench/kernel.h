/*
 * kernel.h - the peer: echo (RFC 862) and discard (RFC 863) on the kernel's
 * own TCP, as plainly as can be: one connection at a time, blocking.
 */
#ifndef SAMPAN_BENCH_KERNEL_H
#define SAMPAN_BENCH_KERNEL_H

#define KERNEL_ECHO_PORT 7
#define KERNEL_DISCARD_PORT 9

/* Serves until killed; returns 1 if it cannot. */
int kernel_serve(void);

#endif
