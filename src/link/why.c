/*
 * why.c - see why.h.
 */
#include "link/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int
sp_why(const struct sp_why *why, int error, const char *format, ...)
{
	va_list args;

	if (why->len > 0) {
		va_start(args, format);
		/* clang-tidy 14 loses sight of va_start() from the second file on. */
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
		(void)vsnprintf(why->text, why->len, format, args);
		va_end(args);
	}
	errno = error;
	return -1;
}
