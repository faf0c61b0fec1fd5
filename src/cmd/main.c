/*
 * main.c - the `sampan` command: finds the subcommand and runs it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help.h"

static int
print_version(void)
{
	(void)printf("sampan %d.%d.%d\n", SAMPAN_VERSION_MAJOR, SAMPAN_VERSION_MINOR,
	    SAMPAN_VERSION_PATCH);
	return 0;
}

static int
run(int argc, char **argv)
{
	const struct cmd *cmd;
	char name[32];

	if (argc < 2)
		return sp_cmd_fail("sampan", EINVAL, "give a command: see 'sampan --help'");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		sp_help_print_all(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	cmd = sp_cmd_find(argv[1]);
	if (cmd == NULL)
		return sp_cmd_fail("sampan", EINVAL, "unknown command '%s': see 'sampan --help'",
		    argv[1]);
	(void)snprintf(name, sizeof(name), "sampan %s", argv[1]);
	argv[1] = name;
	return cmd->run(argc - 1, argv + 1);
}

/* What was printed must also have been written. */
int
main(int argc, char **argv)
{
	int exit_code = run(argc, argv);

	if ((fflush(stdout) != 0 || ferror(stdout)) && exit_code == 0)
		exit_code = sp_cmd_fail("sampan", errno, "cannot write the output: %s",
		    strerror(errno));
	return exit_code;
}
