/*
 * prefetch.h - asking for a cache line that will be read and written soon.
 */
#ifndef SAMPAN_BASE_PREFETCH_H
#define SAMPAN_BASE_PREFETCH_H

/* The empty asm is there because gcc takes a function that only prefetches for
 * one without effect and drops the call. */
static inline void
sp_prefetch(const void *p)
{
	__builtin_prefetch(p, 1, 3);
	__asm__ volatile("");
}

#endif
