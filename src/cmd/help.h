/*
 * help.h - what is said of a command, in the forms in which people look for
 * it: text, a manual page, a completion.
 */
#ifndef SAMPAN_CMD_HELP_H
#define SAMPAN_CMD_HELP_H

#include <stdio.h>

#include "cmd/cmd.h"

/* Is there no option more?  Is this one not to be told of? */
static inline bool
sp_help_is_end(const struct argp_option *o)
{
	return o == NULL || (o->name == NULL && o->key == 0);
}

static inline bool
sp_help_is_hidden(const struct argp_option *o)
{
	return (o->flags & (OPTION_ALIAS | OPTION_HIDDEN)) != 0;
}

/* As a manual page reads on a terminal. */
void sp_help_print(const struct cmd *cmd, FILE *to);

/* The list of commands. */
void sp_help_print_all(FILE *to);

/* The page in mdoc(7); cmd NULL: of `sampan` itself. */
void sp_help_print_mdoc(const struct cmd *cmd, FILE *to);

/* A script for bash that completes commands and options. */
void sp_help_print_bash(FILE *to);

#endif
