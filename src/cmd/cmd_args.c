/*
 * cmd_args.c - argp, made to say one line when it fails.
 *
 * argp reads long, short and abbreviated options.  Its own messages are
 * switched off: they take two lines and leave with another code; its help too,
 * which knows no examples: ours is made from struct cmd.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help.h"
#include "link/number.h"

static const struct argp_option common_options[] = {
	{ "help", 'h', NULL, 0, "this text", -1 },
	{ 0 },
};

static _Noreturn void
print_help(const struct argp_state *state)
{
	const char *space = strchr(state->argv[0], ' ');
	const struct cmd *cmd = space == NULL ? NULL : sp_cmd_find(space + 1);

	if (cmd != NULL)
		sp_help_print(cmd, stdout);
	exit(fflush(stdout) == 0 ? 0 : CMD_ENVIRONMENT);
}

static int
take_word(const struct cmd_args *args, const char *word, const char *command)
{
	struct cmd_words *words = args->words;

	if (words == NULL || words->most == 0)
		(void)sp_why(&args->why, EINVAL, "'%s' is not an option: see '%s --help'", word,
		    command);
	else if (words->n == words->most)
		(void)sp_why(&args->why, EINVAL, "'%s' is one argument too many: see '%s --help'",
		    word, command);
	else {
		words->word[words->n++] = word;
		return 0;
	}
	return EINVAL;
}

/* Whole or, if it is long, its beginning: argp knows it by that too. */
static const struct argp_option *
find_option(const struct argp_option *options, const char *word)
{
	const bool is_long = word[0] == '-' && word[1] == '-';

	for (; options->name != NULL || options->key != 0; options++) {
		if (is_long && options->name != NULL && word[2] != '\0' &&
		    /* A prefix. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		    strncmp(options->name, word + 2, strlen(word + 2)) == 0)
			return options;
		if (!is_long && options->key == word[1] && word[2] == '\0')
			return options;
	}
	return NULL;
}

/* What argp could not read itself. */
static void
refuse_option(const struct cmd_args *args, const struct argp_state *state)
{
	const char *word = state->argv[state->next > 1 ? state->next - 1 : 1];
	const struct argp_option *option = find_option(state->root_argp->children[0].argp->options,
	    word);

	if (option != NULL && option->arg != NULL)
		(void)sp_why(&args->why, EINVAL, "'%s' lacks its %s: see '%s --help'", word,
		    option->arg, state->argv[0]);
	else if (option == NULL && word[0] == '-' && (word[1] == '-' || word[2] == '\0'))
		(void)sp_why(&args->why, EINVAL, "there is no option '%s': see '%s --help'", word,
		    state->argv[0]);
	else
		(void)sp_why(&args->why, EINVAL, "cannot read '%s': see '%s --help'", word,
		    state->argv[0]);
}

/* Around every parser: words that are no options, and what is wrong. */
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
		return take_word(args, arg, state->argv[0]);
	case ARGP_KEY_ERROR:
		if (args->why.text[0] == '\0')
			refuse_option(args, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
sp_cmd_parse_words(const struct argp *argp, int argc, char **argv, void *options,
    struct cmd_words *words)
{
	const struct argp_child children[] = { { .argp = argp }, { .argp = NULL } };
	const struct argp whole = {
		.options = common_options,
		.parser = parse_rest,
		.children = children,
	};
	char text[SAMPAN_WHY_BYTES] = "";
	struct cmd_args args = {
		.options = options,
		.words = words,
		.why = { text, sizeof(text) },
	};

	if (argp_parse(&whole, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &args) == 0)
		return 0;
	return sp_cmd_fail(argv[0], EINVAL, "%s", text);
}

int
sp_cmd_parse(const struct argp *argp, int argc, char **argv, void *options)
{
	return sp_cmd_parse_words(argp, argc, argv, options, NULL);
}

error_t
sp_cmd_parse_asking(const char **name, bool *json, int key, const char *arg)
{
	switch (key) {
	case CMD_OPT_NAME:
		*name = arg;
		return 0;
	case CMD_OPT_JSON:
		*json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
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

bool
sp_cmd_seconds(sampan_dur *dur, const char *text, sampan_dur least, sampan_dur most)
{
	uint64_t whole = 0, part = 0, unit = SAMPAN_SEC(1);
	const size_t digits = strspn(text, "0123456789");
	char first[12];

	if (digits >= sizeof(first))
		return false;
	memcpy(first, text, digits);
	first[digits] = '\0';
	if (digits > 0 && !sp_number_read(&whole, first))
		return false;
	text += digits;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9' && unit > 1; text++) {
			unit /= 10;
			part += (uint64_t)(*text - '0') * unit;
		}
	} else if (digits == 0) {
		return false;
	}
	*dur = whole * SAMPAN_SEC(1) + part;
	return *text == '\0' && *dur >= least && *dur <= most;
}
