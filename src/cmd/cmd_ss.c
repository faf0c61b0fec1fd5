/*
 * cmd_ss.c - `sampan ss`: what connections an instance has, as a table like
 * that of ss(8), or as lines of JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/control_client.h"

struct ss_args {
	const char *name;	/* NULL: the only one */
	bool listening;		/* these and no others */
	bool all;
	bool details;
	bool json;
};

enum { OPT_JSON = 256, OPT_NAME };

static const struct argp_option options[] = {
	{ "listening", 'l', NULL, 0, "listeners, instead of connections", 0 },
	{ "all", 'a', NULL, 0, "both", 0 },
	{ "info", 'i', NULL, 0, "a second line with window, segment size, round trip", 0 },
	{ "json", OPT_JSON, NULL, 0, "one JSON object a line", 0 },
	{ "name", OPT_NAME, "NAME", 0, "of the instance; needed if several run", 0 },
	{ "tcp", 't', NULL, 0, "as ss(8) has it; always so here", 0 },
	{ "numeric", 'n', NULL, 0, "as ss(8) has it; always so here", 0 },
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct ss_args *a = args->options;

	switch (key) {
	case 'l':
		a->listening = true;
		return 0;
	case 'a':
		a->all = true;
		return 0;
	case 'i':
		a->details = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case OPT_NAME:
		a->name = arg;
		return 0;
	case 't':
	case 'n':
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *
text_of(const cJSON *row, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));

	return text == NULL ? "?" : text;
}

static double
number_of(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* ADDRESS:PORT as ss(8) writes it: IPv6 in brackets, port 0 as *. */
static void
format_end(char *text, size_t room, const char *addr, double port)
{
	const bool v6 = strchr(addr, ':') != NULL;
	char port_text[8] = "*";

	if (port > 0)
		(void)snprintf(port_text, sizeof(port_text), "%.0f", port);
	(void)snprintf(text, room, v6 ? "[%s]:%s" : "%s:%s", addr, port_text);
}

static void
print_details(const cJSON *row)
{
	const double srtt_ns = number_of(row, "srtt_ns");
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "error"));

	if (cJSON_GetObjectItemCaseSensitive(row, "cwnd_bytes") == NULL)
		return;
	(void)printf("\t cwnd:%.0f mss:%.0f", number_of(row, "cwnd_bytes"),
	    number_of(row, "mss_bytes"));
	if (srtt_ns > 0)
		(void)printf(" rtt:%.3fms", srtt_ns / 1e6);
	(void)printf(" rto:%.0fms", number_of(row, "rto_ns") / 1e6);
	if (error != NULL)
		(void)printf(" error:%s", error);
	(void)printf("\n");
}

static void
print_row(void *ctx, const char *line, const cJSON *row)
{
	const struct ss_args *a = ctx;
	char local[80], peer[80];

	if (a->json) {
		(void)puts(line);
		return;
	}
	format_end(local, sizeof(local), text_of(row, "local"), number_of(row, "local_port"));
	format_end(peer, sizeof(peer), text_of(row, "peer"), number_of(row, "peer_port"));
	(void)printf("%-12s %-8.0f %-8.0f %-22s %s\n", text_of(row, "state"),
	    number_of(row, "recv_queue_bytes"), number_of(row, "send_queue_bytes"), local, peer);
	if (a->details)
		print_details(row);
}

static int
ask(struct ss_args *a, int fd, const struct sp_why *why)
{
	const bool listening = a->listening || a->all;
	const bool connected = !a->listening || a->all;
	char request[80];

	(void)snprintf(request, sizeof(request),
	    "{\"do\":\"ss\",\"listening\":%s,\"connected\":%s}", listening ? "true" : "false",
	    connected ? "true" : "false");
	if (!a->json)
		(void)printf("%-12s %-8s %-8s %-22s %s\n", "State", "Recv-Q", "Send-Q",
		    "Local Address:Port", "Peer Address:Port");
	return sp_control_ask(fd, request, print_row, a, why);
}

static int
ss_run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Show the connections of a running instance.",
	};
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct ss_args a = { 0 };
	int exit_code = sp_cmd_parse(&argp, argc, argv, &a);
	int fd;

	if (exit_code != 0)
		return exit_code;
	fd = sp_control_open_client(a.name, &why);
	if (fd < 0)
		return sp_cmd_fail(argv[0], errno, "%s", text);
	if (ask(&a, fd, &why) != 0)
		exit_code = sp_cmd_fail(argv[0], errno, "%s", text);
	(void)close(fd);
	return exit_code;
}

const struct cmd sp_cmd_ss = {
	.name = "ss",
	.text = "show the connections of a running instance",
	.run = ss_run,
};
