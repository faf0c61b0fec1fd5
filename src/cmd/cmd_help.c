/*
 * cmd_help.c - `sampan help`: the help of a command; also what `make install`
 * makes manual pages and the completion from.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help.h"

struct help_args {
	bool mdoc;
	bool bash;
};

enum { OPT_MDOC = 256, OPT_BASH };

static const struct argp_option options[] = {
	{ "mdoc", OPT_MDOC, NULL, 0, "as a manual page in mdoc(7); without COMMAND, that of "
	  "sampan itself", 0 },
	{ "bash", OPT_BASH, NULL, 0, "a completion for bash, to be read by 'source'", 0 },
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct help_args *a = args->options;

	(void)arg;
	switch (key) {
	case OPT_MDOC:
		a->mdoc = true;
		return 0;
	case OPT_BASH:
		a->bash = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int
help_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = 1 };
	struct help_args a = { 0 };
	const struct cmd *cmd = NULL;
	const int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);

	if (exit_code != 0)
		return exit_code;
	if (words.n > 0) {
		cmd = sp_cmd_find(words.word[0]);
		if (cmd == NULL)
			return sp_cmd_fail(argv[0], EINVAL, "unknown command '%s': see "
			    "'sampan --help'", words.word[0]);
	}
	if (a.bash)
		sp_help_print_bash(stdout);
	else if (a.mdoc)
		sp_help_print_mdoc(cmd, stdout);
	else if (cmd != NULL)
		sp_help_print(cmd, stdout);
	else
		sp_help_print_all(stdout);
	return 0;
}

const struct cmd sp_cmd_help = {
	.name = "help",
	.text = "explain a command",
	.words = "[COMMAND]",
	.options = options,
	.examples = {
		{ "ss", "What 'sampan ss' can do." },
	},
	.run = help_run,
};
