/*
 * serve_args.h - what the command line of `sampan serve` asks for.
 */
#ifndef SAMPAN_CMD_SERVE_ARGS_H
#define SAMPAN_CMD_SERVE_ARGS_H

#include <argp.h>

#include "cmd/serve_net.h"
#include "cmd/svc.h"
#include "link/spec.h"

#define SERVE_LISTENERS 32
/* --set, how often. */
#define SERVE_SETTINGS 64
/* --threads */
#define SERVE_THREADS_MOST 16
/* The instance that nobody gave a name. */
#define SERVE_NAME "sampan"

struct serve_listener {
	const struct svc *svc;
	uint16_t port;
};

struct serve_args {
	const char *link;
	const char *emulate;	/* NULL: the line is good */
	const char *name;
	const char *conf;	/* a file of settings; NULL: none */
	struct serve_net net;
	const char *user;	/* whom root becomes; NULL: SANDBOX_USER */
	bool no_sandbox;
	const char *record;	/* a file for the tape; NULL: none */
	uint64_t record_bytes;
	size_t memory_bytes;	/* of all threads together */
	unsigned threads;
	bool seeded;
	uint64_t seed;
	unsigned listeners;	/* 0: not said */
	struct serve_listener listener[SERVE_LISTENERS];
	unsigned settings;
	char *setting[SERVE_SETTINGS];	/* KEY=VALUE, there is a = */
	struct svc_options services;
};

/* For the help of the command (cmd.h). */
extern const struct argp_option sp_serve_options[];
char *sp_serve_describe(int key, const char *text, void *input);

/* Everything as `make serve` has it where the command line says nothing.
 * 0, or the exit code. */
int sp_serve_args_read(struct serve_args *args, int argc, char **argv);

/* NAME[:PORT].  -1: not of that form, unknown; errno is EINVAL. */
int sp_serve_listener_read(struct serve_listener *l, const char *text, const struct sp_why *why);

#endif
