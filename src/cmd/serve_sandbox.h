/*
 * serve_sandbox.h - when `sampan serve` enters its sandbox, and with what left to it.
 */
#ifndef SAMPAN_CMD_SERVE_SANDBOX_H
#define SAMPAN_CMD_SERVE_SANDBOX_H

#include "cmd/janitor.h"
#include "cmd/sandbox.h"
#include "cmd/serve_args.h"

struct serve_sandbox {
	bool off;
	struct sandbox box;
	struct janitor janitor;	/* while the server may not remove its socket itself */
	char run_dir[108];	/* where that is */
};

/* First of all; then, when everything is open, for good.  0, or the exit code. */
int sp_serve_sandbox_prepare(struct serve_sandbox *b, const struct serve_args *args);
int sp_serve_sandbox_enter(struct serve_sandbox *b);

/* A line about what holds. */
void sp_serve_sandbox_print(const struct serve_sandbox *b);

#endif
