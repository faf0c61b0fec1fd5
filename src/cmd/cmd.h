/*
 * cmd.h - the subcommands of `sampan`: one file each, one line in cmd.c.
 *
 * Exit codes: 0; CMD_USAGE when the command line asks for something that
 * cannot be; CMD_ENVIRONMENT when the machine, or another process, is in the
 * way.  Every failure is one line on stderr that says what to do.
 */
#ifndef SAMPAN_CMD_CMD_H
#define SAMPAN_CMD_CMD_H

#include <argp.h>

#include <sampan/host.h>

#include "link/why.h"

enum cmd_exit {
	CMD_ENVIRONMENT = 1,
	CMD_USAGE = 2,
};

#define CMD_EXAMPLES 6

/* What is said of a command: help, manual page and completion are made from it. */
struct cmd {
	const char *name;
	const char *text;	/* one line of help, without a full stop */
	const char *words;	/* what stands behind the options, such as "HOST PORT" */
	const char *about;	/* paragraphs, an empty line between */
	const struct argp_option *options;
	/* The help of an option made at run time, as argp's help_filter; NULL. */
	char *(*describe)(int key, const char *text, void *input);
	struct {
		const char *line, *text;	/* without "sampan NAME " */
	} examples[CMD_EXAMPLES];
	/* argv[0] is "sampan NAME". */
	int (*run)(int argc, char **argv);
};

extern const struct cmd sp_cmd_serve;
extern const struct cmd sp_cmd_ss;
extern const struct cmd sp_cmd_stat;
extern const struct cmd sp_cmd_sysctl;
extern const struct cmd sp_cmd_connect;
extern const struct cmd sp_cmd_capture;
extern const struct cmd sp_cmd_ping;
extern const struct cmd sp_cmd_sim;
extern const struct cmd sp_cmd_replay;
extern const struct cmd sp_cmd_help;

/* Commands in the order of the help; NULL behind the last. */
const struct cmd *sp_cmd_at(unsigned i);

/* NULL: no such command. */
const struct cmd *sp_cmd_find(const char *name);

/* What an argp parser of ours gets as state->input. */
struct cmd_args {
	void *options;		/* of the subcommand */
	struct cmd_words *words;	/* NULL: it takes none */
	struct sp_why why;	/* for a parser that returns EINVAL */
};

/* What stands behind the options. */
#define CMD_WORDS_MOST 64
struct cmd_words {
	unsigned n, most;	/* most: that the command takes */
	const char *word[CMD_WORDS_MOST];
};

/* Reads the command line; --help is answered here.  0, or the exit code,
 * after one line on stderr. */
int sp_cmd_parse(const struct argp *argp, int argc, char **argv, void *options);
int sp_cmd_parse_words(const struct argp *argp, int argc, char **argv, void *options,
    struct cmd_words *words);

/* The option by which a command finds its instance. */
#define CMD_OPT_NAME 1000
#define CMD_OPTION_NAME \
	{ "name", CMD_OPT_NAME, "NAME", 0, "of the instance; needed if several run", 0 }
#define CMD_OPT_JSON 1001

/* The last case of the parser of a command that asks an instance: --name and
 * --json.  0, or ARGP_ERR_UNKNOWN. */
error_t sp_cmd_parse_asking(const char **name, bool *json, int key, const char *arg);

/* Prints "NAME: text" and returns the exit code that fits the errno. */
__attribute__((format(printf, 3, 4)))
int sp_cmd_fail(const char *name, int error, const char *format, ...);

/* Reads a number of seconds such as 1, 0.2 or 1.5 in nanoseconds; false: it is
 * none, or not within [least, most]. */
bool sp_cmd_seconds(sampan_dur *dur, const char *text, sampan_dur least, sampan_dur most);

#endif
