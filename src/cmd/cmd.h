/*
 * cmd.h - the subcommands of `sampan`: one file each, one line in main.c.
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

struct cmd {
	const char *name;
	const char *text;	/* one line of help */
	/* argv[0] is "sampan NAME". */
	int (*run)(int argc, char **argv);
};

extern const struct cmd sp_cmd_serve;
extern const struct cmd sp_cmd_ss;

/* What an argp parser of ours gets as state->input. */
struct cmd_args {
	void *options;		/* of the subcommand */
	struct sp_why why;	/* for a parser that returns EINVAL */
};

/* Reads the command line; --help is answered here.  0, or the exit code,
 * after one line on stderr. */
int sp_cmd_parse(const struct argp *argp, int argc, char **argv, void *options);

/* Prints "NAME: text" and returns the exit code that fits the errno. */
__attribute__((format(printf, 3, 4)))
int sp_cmd_fail(const char *name, int error, const char *format, ...);

#endif
