/*
 * main.c - main() of every test program: collects what TEST() registered and
 * hands it to cmocka.  Read test.h first.
 */
#include "lib/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct test_case *first, **last = &first;
static size_t count;

void
test_register(struct test_case *test)
{
	*last = test;
	last = &test->next;
	count++;
}

static void
run_case(void **state)
{
	const struct test_case *test = *state;

	test_set_current(test);
	test->run();
	test_set_current(NULL);
}

/* abort() ends the program: say in which test. */
static void
report_abort(int sig)
{
	const char *name = test_current() != NULL ? test_current()->name : "no test";
	static const char text[] = "# aborted in ";

	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDOUT_FILENO, name, strlen(name)) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(1);
	signal(sig, SIG_DFL);
}

static bool
selected(const struct test_case *test, int words, char **word)
{
	for (int i = 0; i < words; i++) {
		if (strstr(test->name, word[i]) != NULL)
			return true;
	}
	return words == 0;
}

static int
list_tests(void)
{
	for (const struct test_case *test = first; test != NULL; test = test->next)
		printf("%s\n", test->name);
	return 0;
}

static int
run_selected(struct CMUnitTest *unit, int words, char **word)
{
	size_t n = 0;

	for (struct test_case *test = first; test != NULL; test = test->next) {
		if (!selected(test, words, word))
			continue;
		unit[n++] = (struct CMUnitTest){
		    .name = test->name, .test_func = run_case, .initial_state = test};
	}
	if (n == 0) {
		fprintf(stderr, "%s: no test has such a name\n", program_invocation_short_name);
		return 2;
	}
	return _cmocka_run_group_tests(program_invocation_short_name, unit, n, NULL, NULL) != 0;
}

/* Lines leave at once, so that nothing is lost if a test ends the program. */
int
main(int argc, char **argv)
{
	struct CMUnitTest *unit;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list_tests();
	unit = calloc(count + 1, sizeof(*unit));
	if (unit == NULL)
		return 2;
	signal(SIGABRT, report_abort);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	status = run_selected(unit, argc - 1, argv + 1);
	free(unit);
	return status;
}
