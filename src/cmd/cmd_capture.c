/*
 * cmd_capture.c - `sampan capture`: frames of a running instance into a pcapng
 * file.
 *
 * The instance writes the file's bytes into a socket; what is done here is to
 * compile the filter, and to copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/ask.h"
#include "link/number.h"

#define SNAP_MOST 262144
/* Bytes that may wait between the two processes. */
#define SOCKET_BYTES (1 << 20)

struct capture_args {
	const char *name;	/* NULL: the only one */
	const char *command;
	const char *path;	/* "-": standard output */
	bool whole;
	bool quiet;
	uint64_t packets, bytes, snap;	/* 0: not said */
	char filter[1024];
};

enum { OPT_SIZE = 256, OPT_WHOLE };

static const struct argp_option options[] = {
	{ "count", 'c', "N", 0, "end after N packets", 0 },
	{ "size", OPT_SIZE, "SIZE", 0, "end before the file is larger, such as 10M", 0 },
	{ "snaplen", 's', "BYTES", 0, "keep so much of each packet; the default is all of it", 0 },
	{ "whole", OPT_WHOLE, NULL, 0, "show big segments as they cross the link, instead of the "
	  "packets that they are cut into", 0 },
	{ "quiet", 'q', NULL, 0, "say nothing at the beginning and the end", 0 },
	CMD_OPTION_NAME,
	{ 0 },
};

static int
read_count(uint64_t *number, const char *option, const char *text, const struct sp_why *why)
{
	if (sp_bytes_read(number, text) && *number > 0 && *number <= UINT32_MAX)
		return 0;
	(void)sp_why(why, EINVAL, "%s %s: give a number from 1 to 4294967295", option, text);
	return EINVAL;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct capture_args *a = args->options;

	switch (key) {
	case 'c':
		return read_count(&a->packets, "--count", arg, &args->why);
	case OPT_SIZE:
		if (sp_bytes_read(&a->bytes, arg) && a->bytes >= 1024 && a->bytes >> 50 == 0)
			return 0;
		(void)sp_why(&args->why, EINVAL, "--size %s: give at least 1K, such as 10M", arg);
		return EINVAL;
	case 's':
		if (sp_number_read(&a->snap, arg) && a->snap >= 14 && a->snap <= SNAP_MOST)
			return 0;
		(void)sp_why(&args->why, EINVAL, "--snaplen %s: give 14 to %d", arg, SNAP_MOST);
		return EINVAL;
	case OPT_WHOLE:
		a->whole = true;
		return 0;
	case 'q':
		a->quiet = true;
		return 0;
	case CMD_OPT_NAME:
		a->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* FILE, then the filter. */
static int
read_words(struct capture_args *a, const struct cmd_words *words)
{
	size_t len = 0;

	if (words->n == 0)
		return sp_cmd_fail(a->command, EINVAL, "give a file to write, or - for standard "
		    "output");
	a->path = words->word[0];
	for (unsigned i = 1; i < words->n; i++) {
		len += (size_t)snprintf(a->filter + len, sizeof(a->filter) - len, "%s%s",
		    i > 1 ? " " : "", words->word[i]);
		if (len >= sizeof(a->filter))
			return sp_cmd_fail(a->command, EINVAL, "the filter is too long");
	}
	return 0;
}

/* ---- The request ---- */

static cJSON *
program_of(const struct bpf_program *program)
{
	cJSON *array = cJSON_CreateArray();

	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		cJSON_AddItemToArray(array, cJSON_CreateNumber(insn->code));
		cJSON_AddItemToArray(array, cJSON_CreateNumber(insn->jt));
		cJSON_AddItemToArray(array, cJSON_CreateNumber(insn->jf));
		cJSON_AddItemToArray(array, cJSON_CreateNumber(insn->k));
	}
	return array;
}

/* 0, or the exit code. */
static int
add_filter(const struct capture_args *a, cJSON *request)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAP_MOST);
	struct bpf_program program;
	int exit_code = 0;

	if (p == NULL)
		return sp_cmd_fail(a->command, ENOMEM, "no memory for the filter");
	if (pcap_compile(p, &program, a->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		exit_code = sp_cmd_fail(a->command, EINVAL, "cannot read the filter '%s': %s",
		    a->filter, pcap_geterr(p));
	} else {
		cJSON_AddItemToObject(request, "program", program_of(&program));
		pcap_freecode(&program);
	}
	pcap_close(p);
	return exit_code;
}

/* NULL: *exit_code says why. */
static char *
request_of(const struct capture_args *a, int *exit_code)
{
	cJSON *request = cJSON_CreateObject();
	char *text = NULL;

	cJSON_AddStringToObject(request, "do", "capture");
	cJSON_AddBoolToObject(request, "whole", a->whole);
	if (a->snap != 0)
		cJSON_AddNumberToObject(request, "snap", (double)a->snap);
	if (a->packets != 0)
		cJSON_AddNumberToObject(request, "packets", (double)a->packets);
	if (a->bytes != 0)
		cJSON_AddNumberToObject(request, "bytes", (double)a->bytes);
	*exit_code = a->filter[0] == '\0' ? 0 : add_filter(a, request);
	if (*exit_code == 0)
		text = cJSON_PrintUnformatted(request);
	cJSON_Delete(request);
	return text;
}

/* ---- Copying ---- */

/* Until the instance has no more; -1: errno of the file. */
static int
copy(int from, int to)
{
	static char bytes[1 << 16];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)) {
		for (ssize_t at = 0, m; at < n; at += m) {
			m = write(to, bytes + at, (size_t)(n - at));
			if (m < 0 && errno != EINTR)
				return -1;
			m = m < 0 ? 0 : m;
		}
	}
	return 0;
}

static void
print_end(const struct capture_args *a, const cJSON *row)
{
	if (!a->quiet)
		(void)fprintf(stderr, "%.0f packets captured, %.0f dropped because they were not "
		    "taken in time\n", sp_row_number_of(row, "packets"),
		    sp_row_number_of(row, "dropped"));
}

/* Reads the answers around the bytes; -1: why has been written. */
static int
follow(const struct capture_args *a, struct sp_talk *talk, const int fd[2],
    const struct sp_why *why)
{
	cJSON *row;

	if (sp_talk_hear(talk, &row, why) <= 0)
		return -1;
	if (!a->quiet)
		(void)fprintf(stderr, "capturing on %s; Ctrl-C ends it\n",
		    sp_row_text_of(row, "link"));
	cJSON_Delete(row);
	if (copy(fd[0], fd[1]) != 0)
		return sp_why(why, errno, "cannot write %s: %s", a->path, strerror(errno));
	if (sp_talk_hear(talk, &row, why) <= 0)
		return -1;
	print_end(a, row);
	cJSON_Delete(row);
	return 0;
}

static int
capture(const struct capture_args *a, struct sp_talk *talk, const char *request, int file)
{
	const int room = SOCKET_BYTES;
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	int pair[2], result;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return sp_cmd_fail(a->command, errno, "cannot make a pair of sockets: %s",
		    strerror(errno));
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	sp_talk_be_patient(talk);
	sp_ask_ends_on_signal(talk->fd);
	result = sp_talk_say(talk, request, pair[1], &why);
	(void)close(pair[1]);
	if (result == 0)
		result = follow(a, talk, (const int[2]){ pair[0], file }, &why);
	(void)close(pair[0]);
	return result == 0 ? 0 : sp_cmd_fail(a->command, errno == EINVAL ? EPROTO : errno, "%s",
	    text);
}

static int
capture_to_file(const struct capture_args *a, struct sp_talk *talk, const char *request)
{
	const bool is_stdout = strcmp(a->path, "-") == 0;
	const int file = is_stdout ? STDOUT_FILENO :
	    open(a->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int exit_code;

	if (file < 0)
		return sp_cmd_fail(a->command, ENOENT, "cannot write %s: %s", a->path,
		    strerror(errno));
	exit_code = capture(a, talk, request, file);
	if (!is_stdout && close(file) != 0 && exit_code == 0)
		exit_code = sp_cmd_fail(a->command, EIO, "cannot write %s: %s", a->path,
		    strerror(errno));
	return exit_code;
}

static int
capture_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = CMD_WORDS_MOST };
	struct capture_args a = { .command = argv[0] };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct sp_talk talk;
	int fd, exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);
	char *request;

	if (exit_code == 0)
		exit_code = read_words(&a, &words);
	if (exit_code != 0)
		return exit_code;
	request = request_of(&a, &exit_code);
	if (request == NULL)
		return exit_code;
	fd = sp_control_open_client(a.name, &why);
	if (fd < 0 || sp_talk_open(&talk, fd, &why) != 0) {
		exit_code = sp_cmd_fail(argv[0], errno, "%s", text);
	} else {
		exit_code = capture_to_file(&a, &talk, request);
		sp_talk_close(&talk);
	}
	free(request);
	return exit_code;
}

const struct cmd sp_cmd_capture = {
	.name = "capture",
	.text = "write the frames of a running instance to a file",
	.words = "FILE [FILTER]",
	.about = "Writes what comes in and goes out of the stack, in the pcapng format that "
	    "wireshark and tcpdump read, until Ctrl-C. FILE - is standard output. FILTER is that "
	    "of tcpdump, see pcap-filter(7).\n\n"
	    "A packet is shown as a wire would carry it: big segments are cut, checksums that "
	    "are left to the link are completed. It has the time at which it arrived or left, "
	    "and its direction; one that the stack dropped has the reason as a comment. With an "
	    "emulated line, what is shown is what the stack sees behind it.\n\n"
	    "The stack never waits: packets that are not taken in time are dropped and counted, "
	    "in the last line and in the file's interface statistics.",
	.options = options,
	.examples = {
		{ "trace.pcapng tcp port 80", "Web traffic, until Ctrl-C." },
		{ "- | wireshark -k -i -", "Live in wireshark." },
		{ "-c 100 -s 96 - | tcpdump -nr -", "Headers of the next 100 packets." },
	},
	.run = capture_run,
};
