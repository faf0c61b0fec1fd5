/*
 * cmd_args.c - argp, made to say one line when it fails.
 *
 * argp writes the help and reads long, short and abbreviated options.  Its own
 * messages are switched off: they take two lines and leave with another code.
 * That switches its --help off too, so it is ours.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"

static const struct argp_option common_options[] = {
	{ "help", 'h', NULL, 0, "this list", -1 },
	{ 0 },
};

static _Noreturn void
print_help(const struct argp_state *state)
{
	argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK,
	    state->argv[0]);
	exit(0);
}

/* Around every parser: words that are no options, and what argp could not
 * read itself. */
static error_t
parse_rest(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = state->input;
		return 0;
	case 'h':
		print_help(state);
	case ARGP_KEY_ARG:
		(void)sp_why(&args->why, EINVAL, "'%s' is not an option: see '%s --help'", arg,
		    state->argv[0]);
		return EINVAL;
	case ARGP_KEY_ERROR:
		if (args->why.text[0] == '\0')
			(void)sp_why(&args->why, EINVAL, "cannot read '%s': see '%s --help'",
			    state->argv[state->next > 1 ? state->next - 1 : 1], state->argv[0]);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
sp_cmd_parse(const struct argp *argp, int argc, char **argv, void *options)
{
	const struct argp_child children[] = { { .argp = argp }, { .argp = NULL } };
	const struct argp whole = {
		.options = common_options,
		.parser = parse_rest,
		.doc = argp->doc,
		.children = children,
		.help_filter = argp->help_filter,
	};
	char text[SAMPAN_WHY_BYTES] = "";
	struct cmd_args args = { .options = options, .why = { text, sizeof(text) } };

	if (argp_parse(&whole, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &args) == 0)
		return 0;
	return sp_cmd_fail(argv[0], EINVAL, "%s", text);
}

int
sp_cmd_fail(const char *name, int error, const char *format, ...)
{
	va_list args;

	(void)fprintf(stderr, "%s: ", name);
	va_start(args, format);
	/* clang-tidy 14 loses sight of va_start() from the second file on. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	return error == EINVAL ? CMD_USAGE : CMD_ENVIRONMENT;
}
