/*
 * stack_check.h - is a whole stack sound?  Every connection, record, queue,
 * list, timer, table and slab; to be asked after every event.
 */
#ifndef SAMPAN_TESTS_LIB_STACK_CHECK_H
#define SAMPAN_TESTS_LIB_STACK_CHECK_H

#include <sampan/sampan.h>

/* NULL, or the first rule that is broken. */
const char *stack_check(const struct sampan *s);

/* The same without the parts whose cost grows with the stack, not with what
 * is alive in it: connections and lists only. */
const char *stack_check_quick(const struct sampan *s);

/* Ends the test if the stack is not sound. */
void stack_expect_sound(const struct sampan *s, const char *file, int line);

#define EXPECT_SOUND(s) stack_expect_sound(s, __FILE__, __LINE__)

/* NULL, or that something is left besides neighbours: see below. */
const char *stack_left(const struct sampan *s);

/* Ends the test if anything but neighbours and their table is left: no
 * connection, no record, no byte of payload, no frame pinned. */
void stack_expect_empty(const struct sampan *s, const char *file, int line);

#define EXPECT_EMPTY(s) stack_expect_empty(s, __FILE__, __LINE__)

#endif
