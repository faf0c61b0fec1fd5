/*
 * cmd_ping.c - `sampan ping`: is a host there, as a running instance's stack
 * sees it.  Prints what ping(8) prints.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ask.h"
#include "cmd/peer.h"
#include "link/number.h"
#include "link/spec.h"

struct ping_args {
	const char *name;	/* NULL: the only one */
	const char *to;		/* as the user says it */
	char addr[SAMPAN_ADDR_TEXT];
	bool json;
	bool quiet;
	uint64_t count;		/* 0: until Ctrl-C */
	uint64_t bytes, ttl;	/* ttl 0: not said */
	sampan_dur interval_dur, wait_dur;
};

/* Of the round trips, in milliseconds. */
struct tally {
	double sent, received;
	double least, most, sum, square_sum;
};

/* What fits into a packet: 65,535 octets with the header of IPv4, behind that of
 * IPv6, and 8 of ICMP. */
#define SIZE_MOST4 65507
#define SIZE_MOST6 65527

static const struct argp_option options[] = {
	{ "count", 'c', "N", 0, "send N requests; without it they go on until Ctrl-C", 0 },
	{ "interval", 'i', "SECONDS", 0, "between two requests, at least 0.01; the default is 1",
	  0 },
	{ "size", 's', "BYTES", 0, "of data behind the ICMP header, at most 65507, over IPv6 "
	  "65527; the default is 56", 0 },
	{ "timeout", 'W', "SECONDS", 0, "how long an answer is waited for; the default is 2", 0 },
	{ "ttl", 't', "N", 0, "time to live of the requests", 0 },
	{ "quiet", 'q', NULL, 0, "statistics only", 0 },
	{ "json", CMD_OPT_JSON, NULL, 0, "one JSON object a line", 0 },
	CMD_OPTION_NAME,
	{ 0 },
};

static error_t
read_number(uint64_t *number, const char *what, const char *text, const uint64_t range[2],
    const struct sp_why *why)
{
	if (sp_number_read(number, text) && *number >= range[0] && *number <= range[1])
		return 0;
	(void)sp_why(why, EINVAL, "%s %s: give a number from %llu to %llu", what, text,
	    (unsigned long long)range[0], (unsigned long long)range[1]);
	return EINVAL;
}

static error_t
read_seconds(sampan_dur *dur, const char *what, const char *text, const struct sp_why *why)
{
	if (sp_cmd_seconds(dur, text, SAMPAN_MS(10), SAMPAN_SEC(86400)))
		return 0;
	(void)sp_why(why, EINVAL, "%s %s: give 0.01 to 86400 seconds", what, text);
	return EINVAL;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	static const uint64_t counts[] = { 1, UINT32_MAX }, sizes[] = { 0, SIZE_MOST6 },
	    ttls[] = { 1, 255 };
	const struct cmd_args *args = state->input;
	struct ping_args *a = args->options;

	switch (key) {
	case 'c':
		return read_number(&a->count, "--count", arg, counts, &args->why);
	case 's':
		return read_number(&a->bytes, "--size", arg, sizes, &args->why);
	case 't':
		return read_number(&a->ttl, "--ttl", arg, ttls, &args->why);
	case 'i':
		return read_seconds(&a->interval_dur, "--interval", arg, &args->why);
	case 'W':
		return read_seconds(&a->wait_dur, "--timeout", arg, &args->why);
	case 'q':
		a->quiet = true;
		return 0;
	default:
		return sp_cmd_parse_asking(&a->name, &a->json, key, arg);
	}
}

/* ---- Rows ---- */

static void
count_answer(struct tally *t, double ms)
{
	if (t->received == 0 || ms < t->least)
		t->least = ms;
	if (ms > t->most)
		t->most = ms;
	t->sum += ms;
	t->square_sum += ms * ms;
	t->received++;
}

static void
print_row(const struct ping_args *a, const cJSON *row)
{
	const double seq = sp_row_number_of(row, "seq");

	if (sp_row_has(row, "rtt_ns"))
		(void)printf("%.0f bytes from %s: icmp_seq=%.0f ttl=%.0f time=%.3f ms\n",
		    sp_row_number_of(row, "bytes"), a->to, seq, sp_row_number_of(row, "ttl"),
		    sp_row_number_of(row, "rtt_ns") / 1e6);
	else if (sp_row_has(row, "error"))
		(void)printf("From %s: icmp_seq=%.0f %s\n", a->to, seq,
		    sp_row_text_of(row, "error"));
	else
		(void)printf("no answer from %s: icmp_seq=%.0f\n", a->to, seq);
	(void)fflush(stdout);
}

static void
take_row(const struct ping_args *a, struct tally *t, const char *line, const cJSON *row)
{
	if (a->json) {
		(void)puts(line);
		(void)fflush(stdout);
	}
	if (sp_row_has(row, "sent")) {
		t->sent = sp_row_number_of(row, "sent");
		return;
	}
	if (!a->json && !a->quiet)
		print_row(a, row);
	if (sp_row_has(row, "rtt_ns"))
		count_answer(t, sp_row_number_of(row, "rtt_ns") / 1e6);
}

/* By Newton; to a thousandth of what is printed. */
static double
root(double square)
{
	double x = square > 1 ? square : 1;

	for (int i = 0; i < 60; i++)
		x = (x + square / x) / 2;
	return square > 0 ? x : 0;
}

static void
print_statistics(const struct ping_args *a, const struct tally *t)
{
	const double mean = t->received > 0 ? t->sum / t->received : 0;

	(void)printf("\n--- %s ping statistics ---\n%.0f packets transmitted, %.0f received, "
	    "%.4g%% packet loss\n", a->to, t->sent, t->received,
	    t->sent > 0 ? 100 * (t->sent - t->received) / t->sent : 0);
	if (t->received > 0)
		(void)printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", t->least, mean,
		    t->most, root(t->square_sum / t->received - mean * mean));
}

/* ---- The command ---- */

static int
talk_about(const struct ping_args *a, struct sp_talk *talk, struct tally *t,
    const struct sp_why *why)
{
	char request[300], count[40] = "", ttl[20] = "";
	cJSON *row;
	int result;

	if (a->count > 0)
		(void)snprintf(count, sizeof(count), ",\"count\":%llu",
		    (unsigned long long)a->count);
	if (a->ttl > 0)
		(void)snprintf(ttl, sizeof(ttl), ",\"ttl\":%u", (unsigned)a->ttl);
	(void)snprintf(request, sizeof(request), "{\"do\":\"ping\",\"to\":\"%s\",\"bytes\":%u,"
	    "\"interval_ns\":%llu,\"wait_ns\":%llu%s%s}", a->addr, (unsigned)a->bytes,
	    (unsigned long long)a->interval_dur, (unsigned long long)a->wait_dur, count, ttl);
	sp_talk_be_patient(talk);
	sp_ask_ends_on_signal(talk->fd);
	result = sp_talk_say(talk, request, -1, why);
	if (result != 0)
		return result;
	if (!a->json)
		(void)printf("PING %s (%s): %u data bytes\n", a->to, a->addr, (unsigned)a->bytes);
	while ((result = sp_talk_hear(talk, &row, why)) > 0) {
		take_row(a, t, talk->line, row);
		cJSON_Delete(row);
	}
	return result;
}

static int
ping(const struct ping_args *a, const char *command)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	const int fd = sp_control_open_client(a->name, &why);
	struct sp_talk talk;
	struct tally t = { 0 };
	int exit_code = 0;

	if (fd < 0 || sp_talk_open(&talk, fd, &why) != 0)
		return sp_cmd_fail(command, errno, "%s", text);
	if (talk_about(a, &talk, &t, &why) != 0)
		exit_code = sp_cmd_fail(command, EPROTO, "%s: %s", a->to, text);
	else if (!a->json)
		print_statistics(a, &t);
	sp_talk_close(&talk);
	return exit_code != 0 || t.received > 0 ? exit_code : CMD_ENVIRONMENT;
}

static int
ping_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = 1 };
	struct peer peer = { 0 };
	struct ping_args a = { .bytes = 56, .interval_dur = SAMPAN_SEC(1),
	    .wait_dur = SAMPAN_SEC(2) };
	int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);

	if (exit_code != 0)
		return exit_code;
	if (words.n != 1)
		return sp_cmd_fail(argv[0], EINVAL, "give an address or a name, such as "
		    "'sampan ping 10.77.0.1'");
	a.to = words.word[0];
	exit_code = sp_peer_read(&peer, argv[0], a.name, a.to);
	if (exit_code != 0)
		return exit_code;
	if (sp_prefix_is_v4(&peer.addr[0]) && a.bytes > SIZE_MOST4)
		return sp_cmd_fail(argv[0], EINVAL, "--size %u: give a number from 0 to %d over "
		    "IPv4", (unsigned)a.bytes, SIZE_MOST4);
	(void)sampan_addr_write(&peer.addr[0], a.addr);
	return ping(&a, argv[0]);
}

const struct cmd sp_cmd_ping = {
	.name = "ping",
	.text = "send echo requests from a running instance",
	.words = "HOST",
	.about = "HOST is an address, or a name that the instance's name servers know. Prints "
	    "every answer and at the end, or after Ctrl-C, how many there were and how long they "
	    "took. The exit code is 1 if there was none.",
	.options = options,
	.examples = {
		{ "10.77.0.1", "Is the kernel's side there?" },
		{ "-c 100 -i 0.01 -s 1400 10.77.0.1", "A hundred large ones, quickly." },
	},
	.run = ping_run,
};
