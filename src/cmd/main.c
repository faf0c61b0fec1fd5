/*
 * main.c - the `sampan` command: finds the subcommand and runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static const struct cmd *const commands[] = {
	&sp_cmd_serve,
	&sp_cmd_ss,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
print_help(FILE *to)
{
	(void)fprintf(to, "Usage: sampan COMMAND [OPTION...]\n"
	    "A TCP/IP stack in user space.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->text);
	(void)fprintf(to, "\n  --help     this list; 'sampan COMMAND --help' for one command\n"
	    "  --version  the version\n");
	return 0;
}

static int
print_version(void)
{
	(void)printf("sampan %d.%d.%d\n", SAMPAN_VERSION_MAJOR, SAMPAN_VERSION_MINOR,
	    SAMPAN_VERSION_PATCH);
	return 0;
}

int
main(int argc, char **argv)
{
	char name[32];

	if (argc < 2)
		return sp_cmd_fail("sampan", EINVAL, "give a command: see 'sampan --help'");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, argv[1]) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "sampan %s", argv[1]);
		argv[1] = name;
		return commands[i]->run(argc - 1, argv + 1);
	}
	return sp_cmd_fail("sampan", EINVAL, "unknown command '%s': see 'sampan --help'", argv[1]);
}
