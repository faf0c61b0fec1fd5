/*
 * main.c - sampan-pkt: runs packet scripts.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/mutate.h"
#include "pkt/report.h"

#define USAGE 2
#define MTU_LEAST 68		/* RFC 791 */
#define MTU_MOST 65535

enum {
	KEY_PROFILE = 256, KEY_IP, KEY_MTU, KEY_TIGHT, KEY_KERNEL, KEY_MUTATE, KEY_COMPLETE,
	KEY_ISN,
};

struct arguments {
	struct pkt_config config;
	struct pkt_pool pool;
	bool mutate;
	int first_file;
};

static const struct argp_option options[] = {
	{ "profile", KEY_PROFILE, "NAME", 0, "strict, shape or rfc: what may differ", 0 },
	{ "ip", KEY_IP, "VERSION", 0, "v4, v6 or mapped", 0 },
	{ "mtu", KEY_MTU, "BYTES", 0, "of the link, where the script does not say; 1500", 0 },
	{ "define", 'D', "NAME=VALUE", 0, "a constant; #ifdef asks for it", 0 },
	{ "tight", KEY_TIGHT, NULL, 0, "times within 1 ms and 0 %", 0 },
	{ "complete", KEY_COMPLETE, NULL, 0, "packets after the last expected one are wrong", 0 },
	{ "isn", KEY_ISN, "N", 0, "what to add to the script's own sequence numbers", 0 },
	{ "mutate", KEY_MUTATE, NULL, 0, "change one number at a time: each script must fail", 0 },
	{ "against-kernel", KEY_KERNEL, NULL, 0, "run against Linux in a namespace", 0 },
	{ "verbose", 'v', NULL, 0, "show what comes out, and what scripts print", 0 },
	{ 0 },
};

static bool
set_profile(struct pkt_config *c, const char *name)
{
	for (unsigned p = 0; p < PKT_PROFILES; p++) {
		if (strcmp(sp_pkt_profile_name((enum pkt_profile)p), name) == 0) {
			c->profile = (enum pkt_profile)p;
			return true;
		}
	}
	return false;
}

static bool
set_version(struct pkt_config *c, const char *name)
{
	static const char *const names[] = { "v4", "v6", "mapped" };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(names[i], name) == 0) {
			c->ip = (enum pkt_ip_version)i;
			c->ip_forced = true;
			return true;
		}
	}
	return false;
}

static void
add_define(struct arguments *a, const char *text)
{
	struct pkt_define *d = sp_pkt_alloc(&a->pool, sizeof(*d));
	const size_t n = strcspn(text, "=");

	d->name = sp_pkt_copy(&a->pool, text, n);
	d->value = text[n] == '=' ? text + n + 1 : "";
	d->next = a->config.defines;
	a->config.defines = d;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	struct pkt_config *c = &a->config;

	switch (key) {
	case KEY_PROFILE:
		if (!set_profile(c, arg))
			argp_error(state, "--profile is strict, shape or rfc");
		return 0;
	case KEY_IP:
		if (!set_version(c, arg))
			argp_error(state, "--ip is v4, v6 or mapped");
		return 0;
	case KEY_MTU:
		c->mtu_bytes = (uint32_t)strtoul(arg, NULL, 10);
		if (c->mtu_bytes < MTU_LEAST || c->mtu_bytes > MTU_MOST)
			argp_error(state, "--mtu is a number from %d to %d", MTU_LEAST, MTU_MOST);
		return 0;
	case 'D':
		add_define(a, arg);
		return 0;
	case KEY_TIGHT:
		c->tight = true;
		c->tolerance_us = 1000;
		c->tolerance_percent = 0;
		return 0;
	case KEY_COMPLETE:
		c->complete = true;
		return 0;
	case KEY_ISN:
		c->remote_isn_off = (uint32_t)strtoul(arg, NULL, 0);
		return 0;
	case KEY_MUTATE:
		a->mutate = true;
		return 0;
	case KEY_KERNEL:
		c->kernel = true;
		return 0;
	case 'v':
		c->verbose = true;
		return 0;
	case ARGP_KEY_ARGS:
		a->first_file = state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "give a packet script");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
main(int argc, char **argv)
{
	const struct argp argp = {
		.options = options, .parser = parse_option, .args_doc = "FILE...",
		.doc = "Runs packet scripts against Sampan in virtual time: one verdict a script, "
		    "PASS, FAIL, SKIP or PARSE, and a last line that counts them.",
	};
	struct arguments a = { .first_file = argc };
	struct pkt_count count = { 0, 0, 0 };

	argp_err_exit_status = USAGE;
	sp_pkt_config_init(&a.config);
	if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
		return USAGE;
	for (int i = a.first_file; i < argc; i++) {
		if (a.mutate)
			sp_pkt_mutate_file(argv[i], &a.config, &count);
		else
			sp_pkt_report_file(argv[i], &a.config, &count);
	}
	(void)printf("%u passed, %u failed, %u skipped\n", count.passed, count.failed,
	    count.skipped);
	sp_pkt_pool_free(&a.pool);
	return count.failed > 0 ? 1 : 0;
}
