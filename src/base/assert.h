/*
 * assert.h - statements about our own bugs, checked in builds with SP_CHECKS.
 *
 * Without SP_CHECKS the condition is compiled but never evaluated.  Untrusted
 * input can never reach a failing assertion; a caller's mistake is an error
 * code, not one of these.
 */
#ifndef SAMPAN_BASE_ASSERT_H
#define SAMPAN_BASE_ASSERT_H

#ifdef SP_CHECKS
#define SP_ASSERT(cond) \
	do { \
		if (!(cond)) \
			__builtin_trap(); \
	} while (0)
#else
#define SP_ASSERT(cond) ((void)(0 && (cond)))
#endif

#endif
