/*
 * test.h - the words every test program uses: TEST, EXPECT, COVERS.
 *
 * Does: registration, expectations, the record of requirements covered.
 * Does not: know anything of the stack; fixtures are in other headers here.
 * Each .c in tests/unit, tests/tcp and tests/sim is one program, which prints
 * TAP.  On its command line: words that a test's name must contain one of,
 * or --list.
 */
#ifndef SAMPAN_TESTS_LIB_TEST_H
#define SAMPAN_TESTS_LIB_TEST_H

/* What cmocka.h needs before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

void test_register(struct test_case *test);
void test_fail(const char *file, int line, const char *what);
void test_expect_eq(int64_t got, int64_t want, const char *what, const char *file, int line);
void test_expect_mem(const void *got, const void *want, size_t bytes, const char *file, int line);
void test_expect_str(const char *got, const char *want, const char *file, int line);
void test_covers(const char *const *ids);

/* The test that runs now; NULL outside of one.  Set by main.c only. */
const struct test_case *test_current(void);
void test_set_current(const struct test_case *test);

/* Do long tests run (make check-full)? */
bool test_full(void);

/* Defines a test and puts it on the program's list, in the file's order. */
#define TEST(name) \
	static void test_##name(void); \
	__attribute__((constructor)) static void register_test_##name(void) \
	{ \
		static struct test_case test = {#name, test_##name, NULL}; \
		test_register(&test); \
	} \
	static void test_##name(void)

#define EXPECT(cond) ((cond) ? (void)0 : test_fail(__FILE__, __LINE__, #cond))

/* Integers of up to 64 bits; the value under test comes first. */
#define EXPECT_EQ(got, want) \
	test_expect_eq((int64_t)(got), (int64_t)(want), #got " == " #want, __FILE__, __LINE__)

#define EXPECT_MEM(got, want, bytes) test_expect_mem(got, want, bytes, __FILE__, __LINE__)

#define EXPECT_STR(got, want) test_expect_str(got, want, __FILE__, __LINE__)

/* COVERS("MUST-18", "RFC 6298 §2.4"): this test, as it runs, covers these
 * requirements.  Appends "test<TAB>id" lines to the file that the environment
 * variable SAMPAN_COVERS names, if it names one. */
#define COVERS(...) test_covers((const char *const[]){__VA_ARGS__, NULL})

/* Ends the test as skipped. */
#define SKIP(why) \
	do { \
		print_message("# skipped: %s\n", why); \
		skip(); \
	} while (0)

#endif
