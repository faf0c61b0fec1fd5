/*
 * serve_args.c - see serve_args.h.
 */
#include "cmd/serve_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/sandbox.h"
#include "host/control_path.h"
#include "link/emulate_spec.h"
#include "link/number.h"
#include "link/tape.h"

#define LINK_DEFAULT "tap:sampan0,host=10.77.0.1/24"
#define RECORD_DEFAULT ((uint64_t)256 << 20)
#define MEMORY_DEFAULT ((size_t)256 << 20)
#define MEMORY_MOST ((uint64_t)32 << 30)	/* sampan_init() */

enum {
	OPT_LINK = 256,
	OPT_ADDR,
	OPT_GATEWAY,
	OPT_ROUTE,
	OPT_NAME_SERVER,
	OPT_SERVICE,
	OPT_ROOT,
	OPT_ACCESS_LOG,
	OPT_NAME,
	OPT_MEMORY,
	OPT_SET,
	OPT_CONF,
	OPT_SEED,
	OPT_EMULATE,
	OPT_USER,
	OPT_RECORD,
	OPT_RECORD_SIZE,
	OPT_NO_SANDBOX,
	OPT_THREADS,
};

const struct argp_option sp_serve_options[] = {
	{ "link", OPT_LINK, "LINK", 0,
	  "tap:NAME[,host=ADDR/LEN][,host6=ADDR/LEN][,mtu=N][,offload=on|off]; "
	  "the default is " LINK_DEFAULT, 0 },
	{ "addr", OPT_ADDR, "ADDR/LEN", 0, "an address of the stack's, IPv4 or IPv6, or slaac: as "
	  "routers on the link say, or dhcp: as a DHCP server says, or link-local: one of "
	  "169.254/16, with dhcp only if no server answers; may be repeated; the default "
	  "is 10.77.0.2/24", 0 },
	{ "gateway", OPT_GATEWAY, "ADDR", 0, "the router to whoever is not on the link; may be "
	  "repeated; the default is none, or what routers say", 0 },
	{ "route", OPT_ROUTE, "ROUTE", 0, "PREFIX|default [via ADDR] [metric N] [mtu N] "
	  "[window N] [initcwnd N] [initrwnd N] [advmss N] [rto_min TIME] [quickack 0|1]: what "
	  "connections to there are told, and which router; may be repeated", 0 },
	{ "name-server", OPT_NAME_SERVER, "ADDR", 0, "for names in 'sampan connect' and 'sampan "
	  "ping'; may be repeated; the default is none, or what --addr dhcp and slaac bring", 0 },
	{ "services", OPT_SERVICE, "LIST", 0, "NAME[:PORT][,...]", 0 },
	{ "service", OPT_SERVICE, NULL, OPTION_ALIAS, NULL, 0 },
	{ "root", OPT_ROOT, "DIR", 0, "the folder that http serves; the default is a welcome page",
	  0 },
	{ "access-log", OPT_ACCESS_LOG, "FILE", 0, "a line for each request to http goes there; "
	  "- is standard output; the default is none", 0 },
	{ "name", OPT_NAME, "NAME", 0, "of this instance, for 'sampan ss'; the default is "
	  SERVE_NAME, 0 },
	{ "memory", OPT_MEMORY, "SIZE", 0, "all that the stack may use, such as 64M or 1G; the "
	  "default is 256M", 0 },
	{ "set", OPT_SET, "KEY=VALUE", 0, "a setting, by the name that sysctl has; may be repeated",
	  0 },
	{ "conf", OPT_CONF, "FILE", 0, "settings in the form of sysctl.conf; --set wins over it",
	  0 },
	{ "threads", OPT_THREADS, "N", 0, "so many stacks with the one address, each with a thread "
	  "and a share of the memory; the default is 1", 0 },
	{ "seed", OPT_SEED, "N", 0, "foreseeable random numbers, for tests; the default is a "
	  "secret seed", 0 },
	{ "emulate", OPT_EMULATE, "SPEC", 0, "a bad line, such as "
	  "loss=1%,delay=10ms,jitter=2ms,rate=100mbit,queue=64k,reorder=1%,dup=1%,corrupt=1%", 0 },
	{ "user", OPT_USER, "NAME", 0, "whom root becomes once everything is open; the default is "
	  SANDBOX_USER, 0 },
	{ "no-sandbox", OPT_NO_SANDBOX, NULL, 0, "keep root, capabilities, files and system calls: "
	  "for debuggers, and for kernels that cannot", 0 },
	{ "record", OPT_RECORD, "FILE", 0, "write down everything that goes into the stack, for "
	  "'sampan replay'; the file holds keys and all that is said", 0 },
	{ "record-size", OPT_RECORD_SIZE, "SIZE", 0, "of that file, which is a ring: the latest "
	  "half of it at least is there; the default is 256M", 0 },
	{ 0 },
};

/* The services there are, as " echo, discard". */
static void
list_services(char *text, size_t room)
{
	size_t len = 0;

	for (unsigned i = 0; sp_svc_at(i) != NULL && len < room; i++)
		len += (size_t)snprintf(text + len, room - len, "%s %s", i > 0 ? "," : "",
		    sp_svc_at(i)->name);
}

int
sp_serve_listener_read(struct serve_listener *l, const char *text, const struct sp_why *why)
{
	const char *colon = strchrnul(text, ':');
	char name[32], known[128];
	uint64_t port;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	l->svc = sp_svc_find(name);
	if (l->svc == NULL) {
		list_services(known, sizeof(known));
		return sp_why(why, EINVAL, "--services %s: no such service, there are%s", text,
		    known);
	}
	l->port = l->svc->port;
	if (*colon == '\0')
		return 0;
	if (!sp_number_read(&port, colon + 1) || port < 1 || port > 65535)
		return sp_why(why, EINVAL, "--services %s: give a port from 1 to 65535, as in "
		    "%s:%u", text, name, (unsigned)l->port);
	l->port = (uint16_t)port;
	return 0;
}

static int
read_one_service(struct serve_args *a, const char *text, const struct sp_why *why)
{
	struct serve_listener l = { 0 };

	if (sp_serve_listener_read(&l, text, why) != 0)
		return EINVAL;
	if (a->listeners == SERVE_LISTENERS) {
		(void)sp_why(why, EINVAL, "--services %s: give at most %d services", text,
		    SERVE_LISTENERS);
		return EINVAL;
	}
	for (unsigned i = 0; i < a->listeners; i++) {
		if (a->listener[i].port != l.port)
			continue;
		(void)sp_why(why, EINVAL, "--services %s: port %u is taken by %s: give another, "
		    "as in %s:PORT", text, (unsigned)l.port, a->listener[i].svc->name, l.svc->name);
		return EINVAL;
	}
	a->listener[a->listeners++] = l;
	return 0;
}

/* NAME[:PORT][,...] */
static int
read_services(struct serve_args *a, const char *text, const struct sp_why *why)
{
	const char *at = text;

	for (;;) {
		const size_t len = strcspn(at, ",");
		char one[64];

		(void)snprintf(one, sizeof(one), "%.*s", (int)(len < 64 ? len : 63), at);
		if (read_one_service(a, one, why) != 0)
			return EINVAL;
		if (at[len] == '\0')
			return 0;
		at += len + 1;
	}
}

static int
read_setting(struct serve_args *a, char *text, const struct sp_why *why)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0') {
		(void)sp_why(why, EINVAL, "--set %s: give KEY=VALUE, such as "
		    "net.ipv4.tcp_sack=0", text);
		return EINVAL;
	}
	if (a->settings == SERVE_SETTINGS) {
		(void)sp_why(why, EINVAL, "--set %s: give at most %d, or a file of them: --conf",
		    text, SERVE_SETTINGS);
		return EINVAL;
	}
	a->setting[a->settings++] = text;
	return 0;
}

static int
read_memory(struct serve_args *a, const char *text, const struct sp_why *why)
{
	uint64_t bytes;

	if (!sp_bytes_read(&bytes, text) || bytes < SAMPAN_MIN_BYTES || bytes > MEMORY_MOST) {
		(void)sp_why(why, EINVAL, "--memory %s: give %zuK to %lluG, such as 256M", text,
		    SAMPAN_MIN_BYTES >> 10, (unsigned long long)MEMORY_MOST >> 30);
		return EINVAL;
	}
	a->memory_bytes = (size_t)bytes;
	return 0;
}

static int
read_record_size(struct serve_args *a, const char *text, const struct sp_why *why)
{
	if (sp_bytes_read(&a->record_bytes, text) && a->record_bytes >= TAPE_BYTES_MIN &&
	    a->record_bytes <= TAPE_BYTES_MAX)
		return 0;
	(void)sp_why(why, EINVAL, "--record-size %s: give %lluM to %lluG, such as 1G", text,
	    (unsigned long long)TAPE_BYTES_MIN >> 20, (unsigned long long)TAPE_BYTES_MAX >> 30);
	return EINVAL;
}

static int
read_name(struct serve_args *a, const char *text, const struct sp_why *why)
{
	if (!sp_control_name_is_valid(text)) {
		(void)sp_why(why, EINVAL, "--name %s: give up to %d letters, digits and . _ -",
		    text, SP_CONTROL_NAME_MOST);
		return EINVAL;
	}
	a->name = text;
	return 0;
}

static int
read_seed(struct serve_args *a, const char *text, const struct sp_why *why)
{
	a->seeded = true;
	if (sp_number_read(&a->seed, text))
		return 0;
	(void)sp_why(why, EINVAL, "--seed %s: give a number from 0 to 2^64 - 1", text);
	return EINVAL;
}

static int
read_threads(struct serve_args *a, const char *text, const struct sp_why *why)
{
	uint64_t n;

	if (!sp_number_read(&n, text) || n < 1 || n > SERVE_THREADS_MOST) {
		(void)sp_why(why, EINVAL, "--threads %s: give a number from 1 to %d", text,
		    SERVE_THREADS_MOST);
		return EINVAL;
	}
	a->threads = (unsigned)n;
	return 0;
}

static int
read_emulate(struct serve_args *a, const char *text, const struct sp_why *why)
{
	struct sp_emulate_spec spec;

	a->emulate = text;
	return sp_emulate_spec_read(&spec, text, why) != 0 ? EINVAL : 0;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct serve_args *a = args->options;

	switch (key) {
	case OPT_LINK:
		a->link = arg;
		return 0;
	case OPT_ADDR:
		return sp_serve_net_read_addr(&a->net, arg, &args->why);
	case OPT_SERVICE:
		return read_services(a, arg, &args->why);
	case OPT_GATEWAY:
		return sp_serve_net_read_gateway(&a->net, arg, &args->why);
	case OPT_ROUTE:
		return sp_serve_net_read_route(&a->net, arg, &args->why);
	case OPT_NAME_SERVER:
		return sp_serve_net_read_server(&a->net, arg, &args->why);
	case OPT_SET:
		return read_setting(a, arg, &args->why);
	case OPT_ROOT:
		a->services.root = arg;
		return 0;
	case OPT_ACCESS_LOG:
		a->services.access_log = arg;
		return 0;
	case OPT_CONF:
		a->conf = arg;
		return 0;
	case OPT_NAME:
		return read_name(a, arg, &args->why);
	case OPT_MEMORY:
		return read_memory(a, arg, &args->why);
	case OPT_SEED:
		return read_seed(a, arg, &args->why);
	case OPT_THREADS:
		return read_threads(a, arg, &args->why);
	case OPT_EMULATE:
		return read_emulate(a, arg, &args->why);
	case OPT_USER:
		a->user = arg;
		return 0;
	case OPT_RECORD:
		a->record = arg;
		return 0;
	case OPT_RECORD_SIZE:
		return read_record_size(a, arg, &args->why);
	case OPT_NO_SANDBOX:
		a->no_sandbox = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The help of --services, from the table of services. */
char *
sp_serve_describe(int key, const char *text, void *input)
{
	char *all = NULL;
	size_t len = 0;
	FILE *to = key == OPT_SERVICE ? open_memstream(&all, &len) : NULL;

	(void)input;
	if (to == NULL)
		return (char *)(uintptr_t)text;		/* as argp's interface has it */
	(void)fprintf(to, "%s:", text);
	for (unsigned i = 0; sp_svc_at(i) != NULL; i++) {
		const struct svc *svc = sp_svc_at(i);

		(void)fprintf(to, "%s %s %s, port %u%s", i > 0 ? ";" : "", svc->name, svc->text,
		    (unsigned)svc->port, svc->by_default ? ", on by default" : "");
	}
	(void)fclose(to);
	return all;
}

static void
add_default_services(struct serve_args *a)
{
	for (unsigned i = 0; sp_svc_at(i) != NULL; i++) {
		const struct svc *svc = sp_svc_at(i);

		if (svc->by_default)
			a->listener[a->listeners++] = (struct serve_listener){ svc, svc->port };
	}
}

int
sp_serve_args_read(struct serve_args *args, int argc, char **argv)
{
	static const struct argp argp = {
		.options = sp_serve_options,
		.parser = parse,
	};
	int exit_code;

	*args = (struct serve_args){
		.link = LINK_DEFAULT,
		.name = SERVE_NAME,
		.memory_bytes = MEMORY_DEFAULT,
		.record_bytes = RECORD_DEFAULT,
		.threads = 1,
	};
	exit_code = sp_cmd_parse(&argp, argc, argv, args);
	if (exit_code == 0 && args->threads > 1 && args->emulate != NULL)
		return sp_cmd_fail("sampan serve", EINVAL, "--emulate is one line, and "
		    "--threads %u would be more: leave one of the two out", args->threads);
	if (exit_code == 0 && args->threads > 1 && args->record != NULL)
		return sp_cmd_fail("sampan serve", EINVAL, "--record is the tape of one stack, and "
		    "--threads %u has more: leave one of the two out", args->threads);
	if (exit_code == 0 && args->listeners == 0)
		add_default_services(args);
	if (sp_serve_net_is_empty(&args->net))
		args->net.addr[args->net.addrs++] =
		    (struct sp_prefix){ sampan_addr_v4(10, 77, 0, 2), 24 };
	return exit_code;
}
