/*
 * cmd_connect.c - `sampan connect`: standard input and output over a TCP
 * connection of a running instance's stack.
 *
 * Two directions, two threads: one that waits to write holds up no other.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/peer.h"
#include "host/control_client.h"
#include "link/number.h"

#define COPY_BYTES ((size_t)64 << 10)

struct connect_args {
	const char *name;	/* NULL: the only one */
	bool verbose;
	const char *command;
	struct sampan_sockaddr peer;	/* the one that is tried */
	struct peer found;
};

static const struct argp_option options[] = {
	{ "verbose", 'v', NULL, 0, "say on standard error when the connection is made", 0 },
	CMD_OPTION_NAME,
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct connect_args *a = args->options;

	switch (key) {
	case 'v':
		a->verbose = true;
		return 0;
	case CMD_OPT_NAME:
		a->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int
read_peer(struct connect_args *a, const struct cmd_words *words)
{
	uint64_t port;

	if (words->n != 2)
		return sp_cmd_fail(a->command, EINVAL, "give an address or a name and a port, such "
		    "as 'sampan connect 10.77.0.1 80'");
	if (!sp_number_read(&port, words->word[1]) || port < 1 || port > 65535)
		return sp_cmd_fail(a->command, EINVAL, "'%s' is no port: give 1 to 65535",
		    words->word[1]);
	a->peer.port = (uint16_t)port;
	return sp_peer_read(&a->found, a->command, a->name, words->word[0]);
}

/* Everything from one descriptor to the other; -1: an error at `to`. */
static int
copy(int from, int to)
{
	static _Thread_local char bytes[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0) {
		for (ssize_t at = 0, m; at < n; at += m) {
			m = write(to, bytes + at, (size_t)(n - at));
			if (m < 0)
				return -1;
		}
	}
	return 0;
}

/* Standard input; its end is told, an error of the connection is the other
 * thread's to tell. */
static void *
copy_out(void *fd)
{
	(void)copy(STDIN_FILENO, *(const int *)fd);
	(void)shutdown(*(const int *)fd, SHUT_WR);
	return NULL;
}

/* After the answer that it is connected. */
static int
carry(const struct connect_args *a, int fd)
{
	pthread_t out;
	const int error = pthread_create(&out, NULL, copy_out, &fd);

	if (error != 0)
		return sp_cmd_fail(a->command, error, "cannot start a thread: %s",
		    strerror(error));
	(void)pthread_detach(out);
	if (copy(fd, STDOUT_FILENO) != 0)
		return sp_cmd_fail(a->command, errno, "cannot write the output: %s",
		    strerror(errno));
	return 0;
}

static int
talk_about(const struct connect_args *a, struct sp_talk *talk, int fd, const struct sp_why *why)
{
	cJSON *row;
	int exit_code, result = sp_talk_hear(talk, &row, why);

	if (result <= 0)
		return result;
	cJSON_Delete(row);
	if (a->verbose)
		(void)sp_cmd_fail(a->command, 0, "connected");
	exit_code = carry(a, fd);
	if (exit_code != 0)
		return exit_code;
	/* The end of what the peer sends need not be the end of what we do,
	 * unless somebody would have to press a key for that. */
	return isatty(STDIN_FILENO) ? 0 : sp_talk_hear(talk, &row, why);
}

static int
run(const struct connect_args *a, struct sp_talk *talk, const struct sp_why *why)
{
	char addr[SAMPAN_ADDR_TEXT], request[120];
	int pair[2], result;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return sp_why(why, errno, "cannot make a pair of sockets: %s", strerror(errno));
	(void)sampan_addr_write(&a->peer.addr, addr);
	(void)snprintf(request, sizeof(request), "{\"do\":\"connect\",\"to\":\"%s\",\"port\":%u}",
	    addr, (unsigned)a->peer.port);
	sp_talk_be_patient(talk);
	result = sp_talk_say(talk, request, pair[1], why);
	(void)close(pair[1]);
	if (result == 0)
		result = talk_about(a, talk, pair[0], why);
	(void)close(pair[0]);
	return result;
}

/* The exit code; -1: refused, the next address may do better. */
static int
try_one(const struct connect_args *a, const char *text, const struct sp_why *why)
{
	const int fd = sp_control_open_client(a->name, why);
	struct sp_talk talk;
	int result;

	if (fd < 0 || sp_talk_open(&talk, fd, why) != 0)
		return sp_cmd_fail(a->command, errno, "%s", text);
	result = run(a, &talk, why);
	sp_talk_close(&talk);
	return result;
}

static int
connect_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = 2 };
	struct connect_args a = { .command = argv[0] };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);

	if (exit_code == 0)
		exit_code = read_peer(&a, &words);
	if (exit_code != 0)
		return exit_code;
	for (unsigned i = 0; i < a.found.addrs; i++) {
		a.peer.addr = a.found.addr[i];
		exit_code = try_one(&a, text, &why);
		if (exit_code >= 0)
			return exit_code;
	}
	return sp_cmd_fail(argv[0], ECONNREFUSED, "%s port %s: %s", words.word[0], words.word[1],
	    text);
}

const struct cmd sp_cmd_connect = {
	.name = "connect",
	.text = "open a TCP connection from a running instance",
	.words = "HOST PORT",
	.about = "Standard input goes to the peer, what it sends to standard output. The "
	    "connection is one of the instance's own stack; HOST is an address, or a name that its "
	    "name servers know, of whose addresses the first that answers is taken. "
	    "The end of standard input becomes a "
	    "FIN; the command ends when the peer has ended its direction too (on a terminal, when "
	    "the peer has), or when the connection fails, which is exit code 1.",
	.options = options,
	.examples = {
		{ "10.77.0.1 22", "What the kernel's ssh server says first." },
		{ "10.77.0.1 9 <file", "Send a file." },
	},
	.run = connect_run,
};
