/*
 * why.h - the one line that tells a user what went wrong and what to do.
 */
#ifndef SAMPAN_LINK_WHY_H
#define SAMPAN_LINK_WHY_H

#include <stddef.h>

struct sp_why {
	char *text;
	size_t len;	/* 0: nobody reads it, text may be NULL */
};

/* Writes the line, sets errno and returns -1: `return sp_why(...)`. */
__attribute__((format(printf, 3, 4)))
int sp_why(const struct sp_why *why, int error, const char *format, ...);

#endif
