/*
 * host_control.c - the control socket, against clients of every kind.
 */
#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sampan/host.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#include "host/control_cmd.h"
#include "host/control_path.h"

#define ASK "{\"do\":\"ss\",\"listening\":true}\n"

static _Alignas(64) uint8_t memory[8 << 20];
static char dir[64];

struct fx {
	struct sampan *stack;
	struct sampan_loop *loop;
	struct sampan_control *control;
};

static void
ignore_events(void *ctx, const struct sampan_event *events, unsigned n)
{
	(void)ctx;
	(void)events;
	(void)n;
}

/* A loop with a stack that has so many listeners, and a control socket "t". */
static struct fx
fx_make(uint16_t listeners)
{
	const struct sampan_config config = { .size = sizeof(config) };
	struct fx f = { .stack = (struct sampan *)(void *)memory };
	const struct sampan_loop_config loop_config = { .size = sizeof(loop_config),
	    .stack = f.stack, .events = ignore_events };
	char why[SAMPAN_WHY_BYTES];

	(void)snprintf(dir, sizeof(dir), "/tmp/sampan-test-XXXXXX");
	EXPECT(mkdtemp(dir) != NULL);
	(void)setenv("SAMPAN_RUN_DIR", dir, 1);
	EXPECT_EQ(sampan_init(memory, sizeof(memory), &config, sampan_clock()), 0);
	for (uint16_t port = 1; port <= listeners; port++) {
		const struct sampan_sockaddr local = { .port = port };
		sampan_handle h;

		EXPECT_EQ(sampan_socket(f.stack, SAMPAN_STREAM, &h), 0);
		EXPECT_EQ(sampan_bind(f.stack, h, &local), 0);
		EXPECT_EQ(sampan_listen(f.stack, h, 1), 0);
	}
	EXPECT_EQ(sampan_loop_open(&loop_config, &f.loop), 0);
	EXPECT_EQ(sampan_control_open(f.loop, "t", &f.control, why, sizeof(why)), 0);
	return f;
}

static void
fx_end(struct fx *f)
{
	char path[80];

	sampan_control_close(f->control);
	sampan_loop_close(f->loop);
	(void)snprintf(path, sizeof(path), "%s/.lock", dir);
	EXPECT_EQ(unlink(path), 0);
	EXPECT_EQ(rmdir(dir), 0);	/* nothing is left behind */
}

static void
turns(const struct fx *f, unsigned n)
{
	while (n-- > 0)
		EXPECT_EQ(sampan_loop_turn(f->loop, 0), 0);
}

static int
client_of(const char *name)
{
	const struct sp_why nobody = { NULL, 0 };
	struct sockaddr_un address;
	int fd;

	EXPECT_EQ(sp_control_address(&address, dir, name, &nobody), 0);
	fd = sp_control_connect(&address);
	EXPECT(fd >= 0);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	EXPECT_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static unsigned
rows_in(const char *text)
{
	unsigned rows = 0;

	while ((text = strstr(text, "\"state\":\"LISTEN\"")) != NULL) {
		text++;
		rows++;
	}
	return rows;
}

/* What has come so far. */
static char *
take_all(int fd)
{
	static char all[1 << 20];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, all + len, sizeof(all) - 1 - len, 0)) > 0)
		len += (size_t)n;
	all[len] = '\0';
	return all;
}

/* Turns the loop until the other end is quiet; returns what it said. */
static char *
listen_to(const struct fx *f, int fd, unsigned *rows, unsigned *turns_taken)
{
	static char all[1 << 20];
	size_t len = 0;
	unsigned quiet = 0;

	*turns_taken = 0;
	for (unsigned i = 0; quiet < 10 && i < 10000; i++) {
		const ssize_t n = recv(fd, all + len, sizeof(all) - 1 - len, 0);

		if (n == 0)
			break;
		if (n < 0) {
			turns(f, 1);
			quiet++;
			continue;
		}
		len += (size_t)n;
		*turns_taken += quiet;
		quiet = 0;
	}
	all[len] = '\0';
	*rows = rows_in(all);
	return all;
}

TEST(control_ss_answers_a_row_for_each_listener)
{
	struct fx f = fx_make(3);
	const int fd = client_of("t");
	unsigned rows, taken;
	char *answer;

	say(fd, ASK);
	answer = listen_to(&f, fd, &rows, &taken);
	EXPECT_EQ(rows, 3);
	EXPECT(strstr(answer, "\"local_port\":2") != NULL);
	EXPECT(strstr(answer, "{\"end\":true,\"rows\":3}\n") != NULL);
	(void)close(fd);
	fx_end(&f);
}

/* Clients that read as fast as they can get no more of a turn together than
 * one gets alone. */
TEST(control_rows_are_rationed_by_turn)
{
	struct fx f = fx_make(1000);
	unsigned all = 0;
	int fds[4];

	for (unsigned i = 0; i < 4; i++) {
		fds[i] = client_of("t");
		turns(&f, 2);
	}
	for (unsigned i = 0; i < 4; i++)
		say(fds[i], ASK);
	for (unsigned turn = 0; turn < 100; turn++) {
		unsigned rows = 0;

		turns(&f, 1);
		for (unsigned i = 0; i < 4; i++)
			rows += rows_in(take_all(fds[i]));
		EXPECT(rows <= SP_CONTROL_ROWS);
		all += rows;
	}
	EXPECT_EQ(all, 4000);
	for (unsigned i = 0; i < 4; i++)
		(void)close(fds[i]);
	fx_end(&f);
}

TEST(control_long_answer_comes_in_pages)
{
	struct fx f = fx_make(1000);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, ASK);
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "\"rows\":1000}") != NULL);
	EXPECT_EQ(rows, 1000);
	EXPECT(taken >= 1000 / SP_CONTROL_ROWS);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_second_request_waits_for_the_first_answer)
{
	struct fx f = fx_make(300);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, ASK ASK ASK);
	(void)listen_to(&f, fd, &rows, &taken);
	EXPECT_EQ(rows, 900);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_connected_alone_leaves_listeners_out)
{
	struct fx f = fx_make(3);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, "{\"do\":\"ss\",\"connected\":true}\n");
	EXPECT_STR(listen_to(&f, fd, &rows, &taken), "{\"end\":true,\"rows\":0}\n");
	(void)close(fd);
	fx_end(&f);
}

TEST(control_nonsense_is_refused_and_the_client_stays)
{
	static const char *const bad[] = { "\n", "nonsense\n", "[]\n", "{\"do\":1}\n", "\"do\"\n",
	    "{\"do\":\"no such\"}\n", "{\"do\":\"ss\"\n" };
	struct fx f = fx_make(1);
	const int fd = client_of("t");
	unsigned rows, taken;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		say(fd, bad[i]);
		EXPECT(strncmp(listen_to(&f, fd, &rows, &taken), "{\"refused\":", 11) == 0);
	}
	say(fd, ASK);
	(void)listen_to(&f, fd, &rows, &taken);
	EXPECT_EQ(rows, 1);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_pieces_and_several_requests_at_once)
{
	struct fx f = fx_make(2);
	const int fd = client_of("t");
	unsigned rows, taken;

	for (const char *at = ASK ASK ASK; *at != '\0'; at++) {
		const char piece[2] = { *at, '\0' };

		say(fd, piece);
		if ((at[0] & 7) == 0)
			turns(&f, 1);
	}
	EXPECT_EQ(shutdown(fd, SHUT_WR), 0);	/* and still wants its answer */
	(void)listen_to(&f, fd, &rows, &taken);
	EXPECT_EQ(rows, 6);
	EXPECT_EQ(recv(fd, &(char){ 0 }, 1, 0), 0);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_endless_request_ends_the_client)
{
	struct fx f = fx_make(1);
	const int fd = client_of("t");
	static char line[20000];

	memset(line, ' ', sizeof(line) - 1);
	say(fd, line);
	turns(&f, 4);
	EXPECT(recv(fd, line, 1, 0) <= 0 && errno != EAGAIN);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_client_that_does_not_read_disturbs_nobody)
{
	struct fx f = fx_make(2000);
	const int deaf = client_of("t"), other = client_of("t");
	unsigned rows, taken;

	for (unsigned i = 0; i < 100; i++)
		say(deaf, ASK);
	turns(&f, 1000);
	say(other, ASK);
	(void)listen_to(&f, other, &rows, &taken);
	EXPECT_EQ(rows, 2000);
	(void)listen_to(&f, deaf, &rows, &taken);
	EXPECT(rows > 0);
	(void)close(deaf);
	turns(&f, 2);
	(void)close(other);
	fx_end(&f);
}

TEST(control_newcomer_replaces_the_quietest)
{
	struct fx f = fx_make(1);
	unsigned rows, taken;
	int fds[17];

	for (unsigned i = 0; i < 17; i++) {
		fds[i] = client_of("t");
		turns(&f, 2);
	}
	EXPECT_EQ(recv(fds[0], &(char){ 0 }, 1, 0), 0);
	say(fds[16], ASK);
	(void)listen_to(&f, fds[16], &rows, &taken);
	EXPECT_EQ(rows, 1);
	for (unsigned i = 0; i < 17; i++)
		(void)close(fds[i]);
	fx_end(&f);
}

TEST(control_name_of_a_live_instance_is_refused)
{
	struct fx f = fx_make(0);
	struct sampan_control *second;
	char why[SAMPAN_WHY_BYTES];

	EXPECT_EQ(sampan_control_open(f.loop, "t", &second, why, sizeof(why)), -1);
	EXPECT_EQ(errno, EADDRINUSE);
	EXPECT(strstr(why, "--name") != NULL);
	turns(&f, 2);
	fx_end(&f);
}

TEST(control_socket_of_a_dead_instance_is_replaced)
{
	struct fx f = fx_make(0);
	const struct sp_why nobody = { NULL, 0 };
	struct sampan_control *second;
	struct sockaddr_un address;
	char why[SAMPAN_WHY_BYTES];
	struct stat st;
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	EXPECT_EQ(sp_control_address(&address, dir, "dead", &nobody), 0);
	EXPECT_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	EXPECT_EQ(sampan_control_open(f.loop, "dead", &second, why, sizeof(why)), 0);
	EXPECT_EQ(stat(address.sun_path, &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 0600);
	(void)close(client_of("dead"));
	sampan_control_close(second);
	EXPECT_EQ(stat(address.sun_path, &st), -1);
	fx_end(&f);
}

TEST(control_ss_tells_everything_when_asked)
{
	struct fx f = fx_make(1);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, "{\"do\":\"ss\",\"listening\":true,\"info\":true}\n");
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "\"sacked_segs\":1") != NULL);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_ss_filters_before_it_answers)
{
	struct fx f = fx_make(300);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, "{\"do\":\"ss\",\"listening\":true,\"filter\":\"sport > :298\"}\n");
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "\"rows\":2}") != NULL);
	EXPECT_EQ(rows, 2);
	say(fd, "{\"do\":\"ss\",\"filter\":\"state listening sport = :7\"}\n");
	(void)listen_to(&f, fd, &rows, &taken);
	EXPECT_EQ(rows, 1);
	say(fd, "{\"do\":\"ss\",\"filter\":\"sport\"}\n");
	EXPECT(strncmp(listen_to(&f, fd, &rows, &taken), "{\"refused\":", 11) == 0);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_ss_counts_by_state)
{
	struct fx f = fx_make(300);
	const int fd = client_of("t");
	unsigned rows, taken;

	say(fd, "{\"do\":\"ss\",\"listening\":true,\"summary\":true}\n");
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "\"LISTEN\":300") != NULL);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_stat_tells_every_counter_once)
{
	struct fx f = fx_make(1);
	const int fd = client_of("t");
	unsigned rows, taken, lines = 0;
	const char *answer;

	say(fd, "{\"do\":\"stat\"}\n");
	answer = listen_to(&f, fd, &rows, &taken);
	EXPECT(strstr(answer, "\"name\":\"InFrames\",\"value\":0") != NULL);
	EXPECT(strstr(answer, "\"name\":\"memory connections\"") != NULL);
	EXPECT(strstr(answer, "\"kind\":\"drop\",\"name\":\"FrameShort\"") != NULL);
	for (; (answer = strstr(answer, "\"kind\":")) != NULL; answer++)
		lines++;
	EXPECT(lines > SAMPAN_COUNT_COUNT);
	(void)close(fd);
	fx_end(&f);
}

/* Says it with so many descriptors: fd is each. */
static void
say_with_descriptors(int to, const char *text, int fd, unsigned n)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	const int both[2] = { fd, fd };
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
	    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), both, n * sizeof(int));
	EXPECT_EQ(sendmsg(to, &message, 0), (ssize_t)strlen(text));
}

/* A descriptor that nobody asked for is closed, whatever it is, and how many
 * there are. */
TEST(control_closes_descriptors_it_does_not_want)
{
	struct fx f = fx_make(1);
	const int fd = client_of("t");
	int pipe_fd[2], quiet = 0;

	EXPECT_EQ(pipe(pipe_fd), 0);
	EXPECT_EQ(fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK), 0);
	for (unsigned i = 0; i < 3; i++) {
		say_with_descriptors(fd, "x", pipe_fd[1], i == 1 ? 2 : 1);
		turns(&f, 2);
	}
	(void)close(pipe_fd[1]);
	EXPECT_EQ(read(pipe_fd[0], &quiet, 1), 0);	/* nobody else holds it */
	(void)close(pipe_fd[0]);
	(void)close(fd);
	fx_end(&f);
}

/* What a request is answered with. */
static const char *
answer_to(const struct fx *f, int fd, const char *request)
{
	unsigned rows, taken;

	say(fd, request);
	return listen_to(f, fd, &rows, &taken);
}

TEST(control_sysctl_reads_and_writes)
{
	struct fx f = fx_make(0);
	const int fd = client_of("t");
	const char *answer;

	answer = answer_to(&f, fd, "{\"do\":\"sysctl\",\"get\":\"net.ipv4.tcp_sack\"}\n");
	EXPECT(strstr(answer, "\"value\":\"1\"") != NULL);
	EXPECT(strstr(answer, "\"default\":1,\"least\":0,\"most\":1") != NULL);
	answer = answer_to(&f, fd,
	    "{\"do\":\"sysctl\",\"set\":\"net/ipv4/tcp_sack\",\"value\":\"0\"}\n");
	EXPECT(strstr(answer, "\"name\":\"net.ipv4.tcp_sack\",\"value\":\"0\"") != NULL);
	answer = answer_to(&f, fd, "{\"do\":\"sysctl\"}\n");
	EXPECT(strstr(answer, "\"name\":\"net.ipv4.tcp_sack\",\"value\":\"0\"") != NULL);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_sysctl_says_what_is_allowed)
{
	struct fx f = fx_make(0);
	const int fd = client_of("t");
	const char *answer;

	answer = answer_to(&f, fd,
	    "{\"do\":\"sysctl\",\"set\":\"net.ipv4.tcp_sack\",\"value\":\"2\"}\n");
	EXPECT(strstr(answer, "{\"refused\":\"net.ipv4.tcp_sack: not 2, but 0 to 1") == answer);
	answer = answer_to(&f, fd,
	    "{\"do\":\"sysctl\",\"set\":\"net.ipv4.tcp_sak\",\"value\":\"0\"}\n");
	EXPECT(strstr(answer, "is it net.ipv4.tcp_sack?\"}") != NULL);
	answer = answer_to(&f, fd, "{\"do\":\"sysctl\",\"set\":\"net.ipv4.tcp_sack\"}\n");
	EXPECT(strstr(answer, "{\"refused\":") == answer);
	answer = answer_to(&f, fd, "{\"do\":\"sysctl\",\"get\":\"vm.swappiness\"}\n");
	EXPECT(strstr(answer, "{\"note\":\"vm.swappiness: does not apply") == answer);
	(void)close(fd);
	fx_end(&f);
}

TEST(control_sysctl_applies_a_line_of_a_file)
{
	struct fx f = fx_make(0);
	const int fd = client_of("t");
	int64_t value;

	EXPECT_STR(answer_to(&f, fd, "{\"do\":\"sysctl\",\"apply\":\"# a comment\"}\n"),
	    "{\"end\":true,\"rows\":0}\n");
	EXPECT_STR(answer_to(&f, fd,
	    "{\"do\":\"sysctl\",\"apply\":\"net.ipv4.tcp_retries2 = 8\"}\n"),
	    "{\"end\":true,\"rows\":0}\n");
	EXPECT_EQ(sampan_get(f.stack, "net.ipv4.tcp_retries2", &value), 0);
	EXPECT_EQ(value, 8);
	EXPECT(strncmp(answer_to(&f, fd, "{\"do\":\"sysctl\",\"apply\":\"nonsense\"}\n"),
	    "{\"refused\":", 11) == 0);
	(void)close(fd);
	fx_end(&f);
}

/* Says it with a socket, whose other end it returns. */
static int
say_with_socket(int fd, const char *text)
{
	int pair[2];

	EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	say_with_descriptors(fd, text, pair[1], 1);
	(void)close(pair[1]);
	return pair[0];
}

TEST(control_connect_needs_a_socket_an_address_and_a_way)
{
	struct fx f = fx_make(0);
	const int fd = client_of("t");
	unsigned rows, taken;
	char byte;
	int data;

	EXPECT(strstr(answer_to(&f, fd, "{\"do\":\"connect\",\"to\":\"10.0.0.1\",\"port\":1}\n"),
	    "needs a socket") != NULL);
	data = say_with_socket(fd, "{\"do\":\"connect\",\"to\":\"nobody\",\"port\":1}\n");
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "IP address") != NULL);
	EXPECT_EQ(recv(data, &byte, 1, 0), 0);	/* the other end is closed */
	(void)close(data);
	data = say_with_socket(fd, "{\"do\":\"connect\",\"to\":\"10.0.0.1\",\"port\":1}\n");
	EXPECT(strstr(listen_to(&f, fd, &rows, &taken), "no route") != NULL);
	(void)close(data);
	EXPECT_EQ(sampan_socket(f.stack, SAMPAN_STREAM, &(sampan_handle){ 0 }), 0);
	(void)close(fd);
	fx_end(&f);
}
