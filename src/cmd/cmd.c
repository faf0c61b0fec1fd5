/*
 * cmd.c - the table of subcommands.
 */
#include "cmd/cmd.h"

#include <string.h>

static const struct cmd *const commands[] = {
	&sp_cmd_serve,
	&sp_cmd_ss,
	&sp_cmd_stat,
	&sp_cmd_sysctl,
	&sp_cmd_connect,
	&sp_cmd_capture,
	&sp_cmd_ping,
	&sp_cmd_sim,
	&sp_cmd_replay,
	&sp_cmd_help,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct cmd *
sp_cmd_at(unsigned i)
{
	return i < COMMANDS ? commands[i] : NULL;
}

const struct cmd *
sp_cmd_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}
