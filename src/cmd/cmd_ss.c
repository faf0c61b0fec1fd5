/*
 * cmd_ss.c - `sampan ss`: what connections an instance has, as a table like
 * that of ss(8), or as lines of JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/ask.h"
#include "cmd/ss_print.h"
#include "host/ss_filter.h"

#define FILTER_BYTES 2048

struct ss_args {
	const char *name;	/* NULL: the only one */
	bool listening;		/* these and no others */
	bool all;
	bool udp;
	bool summary;
	bool json;
	bool no_header;
	struct ss_print print;
	char filter[FILTER_BYTES];
};

static const struct argp_option options[] = {
	{ "listening", 'l', NULL, 0, "listeners, instead of connections", 0 },
	{ "all", 'a', NULL, 0, "connections and listeners", 0 },
	{ "info", 'i', NULL, 0, "a second line with everything that TCP knows", 0 },
	{ "options", 'o', NULL, 0, "the timer that goes off next: its name, when, and how many "
	  "times it did since the last progress", 0 },
	{ "summary", 's', NULL, 0, "count by state, instead of a table", 0 },
	{ "no-header", 'H', NULL, 0, "no first line", 0 },
	{ "json", CMD_OPT_JSON, NULL, 0, "one JSON object a line", 0 },
	CMD_OPTION_NAME,
	{ "udp", 'u', NULL, 0, "sockets for datagrams, instead of TCP: with -l those that are not "
	  "connected", 0 },
	{ "tcp", 't', NULL, 0, "as ss(8) has it; always so without -u", 0 },
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
	case 'u':
		a->udp = true;
		return 0;
	case 'i':
		a->print.info = true;
		return 0;
	case 'o':
		a->print.timer = true;
		return 0;
	case 's':
		a->summary = true;
		return 0;
	case 'H':
		a->no_header = true;
		return 0;
	case 't':
	case 'n':
		return 0;
	default:
		return sp_cmd_parse_asking(&a->name, &a->json, key, arg);
	}
}

/* The words behind the options are one filter. */
static int
read_filter(struct ss_args *a, const struct cmd_words *words, const struct sp_why *why)
{
	struct sp_ss_filter unused;
	size_t len = 0;

	for (unsigned i = 0; i < words->n; i++) {
		len += (size_t)snprintf(a->filter + len, sizeof(a->filter) - len, "%s%s",
		    i > 0 ? " " : "", words->word[i]);
		if (len >= sizeof(a->filter))
			return sp_why(why, EINVAL, "the filter is too long");
	}
	return sp_ss_filter_read(&unused, a->filter, why);
}

static void
print_row(void *ctx, const char *line, const cJSON *row)
{
	const struct ss_args *a = ctx;

	if (a->json)
		(void)puts(line);
	else if (a->summary)
		sp_ss_print_summary(row, stdout);
	else
		sp_ss_print_row(&a->print, row, stdout);
}

static void
print_header(void *ctx)
{
	const struct ss_args *a = ctx;

	if (!a->json && !a->summary && !a->no_header)
		sp_ss_print_header(&a->print, stdout);
}

static int
ask(struct ss_args *a, const char *command)
{
	cJSON *request = cJSON_CreateObject();
	char text[FILTER_BYTES + 256];
	const struct ask question = { command, a->name, text, print_header, print_row, a };
	const bool both = a->all || a->summary;

	cJSON_AddStringToObject(request, "do", "ss");
	cJSON_AddBoolToObject(request, "listening", a->listening || both);
	cJSON_AddBoolToObject(request, "connected", !a->listening || both);
	cJSON_AddBoolToObject(request, "udp", a->udp);
	cJSON_AddBoolToObject(request, "info", a->print.info);
	cJSON_AddBoolToObject(request, "summary", a->summary);
	if (a->filter[0] != '\0')
		cJSON_AddStringToObject(request, "filter", a->filter);
	if (!cJSON_PrintPreallocated(request, text, sizeof(text), false))
		text[0] = '\0';
	cJSON_Delete(request);
	return sp_ask(&question);
}

static int
ss_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = CMD_WORDS_MOST };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct ss_args a = { 0 };
	const int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);

	if (exit_code != 0)
		return exit_code;
	if (read_filter(&a, &words, &why) != 0)
		return sp_cmd_fail(argv[0], EINVAL, "%s", text);
	return ask(&a, argv[0]);
}

const struct cmd sp_cmd_ss = {
	.name = "ss",
	.text = "show the connections of a running instance",
	.words = "[FILTER]",
	.about = "Without options: every connection, but no listeners. Recv-Q is what the "
	    "application has not read, Send-Q what the peer has not acknowledged; of a listener, "
	    "the connections that wait to be accepted and how many may.\n\n"
	    "FILTER is [state STATE | exclude STATE]... and an expression of tests with and, or, "
	    "not and parentheses: 'sport = :80' and 'dport >= :1024' look at the ports, "
	    "'src 10.77.0.2' and 'dst 10.0.0.0/8:443' at the addresses. STATE is established, "
	    "syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, closed, close-wait, last-ack, "
	    "listening or closing, or one of all, connected, synchronized, bucket, big.\n\n"
	    "The instance looks at its connections a few at a time, and works for less than a "
	    "millisecond on it between two turns of its own: what changes meanwhile may be "
	    "missing, nothing is shown twice.",
	.options = options,
	.examples = {
		{ "-i state established", "Everything about connections that are open." },
		{ "-o 'dport = :80 or dport = :443'", "Whose peers are web servers, with timers." },
		{ "-s", "How many there are of each state." },
		{ "--json dst 10.0.0.0/8 | jq .peer", "The peers of a network, for a script." },
	},
	.run = ss_run,
};
