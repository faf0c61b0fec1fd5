/*
 * serve_sandbox.c - see serve_sandbox.h.
 */
#include "cmd/serve_sandbox.h"

#include <errno.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "host/control_path.h"

int
sp_serve_sandbox_prepare(struct serve_sandbox *b, const struct serve_args *args)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };

	_Static_assert(sizeof(b->run_dir) >= SP_CONTROL_DIR_BYTES, "holds the path");
	b->off = args->no_sandbox;
	b->box = (struct sandbox){ .user = args->user, .read_dir = args->services.root };
	b->janitor.fd = -1;
	if (b->off && args->user != NULL)
		return sp_cmd_fail("sampan serve", EINVAL, "--user changes nobody with "
		    "--no-sandbox: leave one of them out");
	if (b->off)
		return 0;
	if (sp_control_dir(b->run_dir, &why) != 0 || sp_sandbox_prepare(&b->box, &why) != 0)
		return sp_cmd_fail("sampan serve", errno, "%s", text);
	b->box.remove_dir = b->run_dir;
	if (b->box.changes_user && sp_janitor_start(&b->janitor, args->name, &why) != 0)
		return sp_cmd_fail("sampan serve", errno, "%s", text);
	return 0;
}

int
sp_serve_sandbox_enter(struct serve_sandbox *b)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };

	if (b->off || sp_sandbox_enter(&b->box, &why) == 0)
		return 0;
	return sp_cmd_fail("sampan serve", errno, "%s", text);
}

void
sp_serve_sandbox_print(const struct serve_sandbox *b)
{
	char text[200] = "Sandbox: none, as asked.";

	if (!b->off)
		sp_sandbox_describe(&b->box, text, sizeof(text));
	(void)printf("%s\n", text);
}
