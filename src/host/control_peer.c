/*
 * control_peer.c - see control_peer.h.
 *
 * Bytes of a live answer (a connection's, a capture's) go over a socket of
 * their own, which the client passes along with its request: so the lines stay
 * lines, and each of the two has its own flow control.
 */
#include "host/control_peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/loop.h"

#define REPLY_BYTES ((size_t)128 << 10)
/* A step of rows and the line behind the last. */
#define STEP_BYTES ((SP_CONTROL_STEP + 1) * SP_REPLY_ROW_BYTES)

_Static_assert(STEP_BYTES <= REPLY_BYTES, "a step fits");

/* ---- The two descriptors ---- */

static void
close_passed(struct sp_peer *p)
{
	if (p->passed_fd >= 0)
		(void)close(p->passed_fd);
	p->passed_fd = -1;
}

static void
unwatch_data(struct sp_peer *p)
{
	if (p->watched)
		(void)sampan_loop_remove_fd(p->loop, p->query.data_fd);
	p->watched = false;
}

/* Ends the query, however far it came, and closes its socket for bytes. */
static void
end_query(struct sp_peer *p)
{
	sp_query_end(&p->query);
	unwatch_data(p);
	if (p->query.data_fd >= 0)
		(void)close(p->query.data_fd);
	p->query.data_fd = -1;
}

void
sp_peer_drop(struct sp_peer *p)
{
	end_query(p);
	close_passed(p);
	(void)sampan_loop_remove_fd(p->loop, p->fd);
	(void)close(p->fd);
	free(p->reply.text);
	*p = (struct sp_peer){
		.loop = p->loop,
		.ration = p->ration,
		.fd = -1,
		.passed_fd = -1,
		.query = { .data_fd = -1 },
	};
}

/* The hook of the turn does the rest.  One that is gone would be ready for
 * ever. */
static void
data_ready(void *ctx, int fd, uint32_t ready)
{
	struct sp_peer *p = ctx;

	(void)fd;
	if ((ready & (EPOLLHUP | EPOLLERR)) == 0)
		return;
	p->query.data_gone = true;
	unwatch_data(p);
}

/* Watches the socket for bytes for what the command waits for; 0: the socket's
 * end alone. */
static void
watch_data(struct sp_peer *p)
{
	const struct sp_query *q = &p->query;

	if (q->data_fd < 0 || q->data_gone || (p->watched && q->data_interest == p->data_interest))
		return;
	if (p->watched)
		(void)sampan_loop_set_fd(p->loop, q->data_fd, q->data_interest);
	else
		p->watched = sampan_loop_add_fd(p->loop, q->data_fd, q->data_interest, data_ready,
		    p) == 0;
	p->data_interest = q->data_interest;
}

/* ---- Answering ---- */

/* What may still be done for clients in this turn. */
static struct sp_ration *
ration_of(struct sp_peer *p)
{
	const uint64_t turn = sp_loop_turn_number(p->loop);

	if (p->ration->turn != turn) {
		p->ration->turn = turn;
		p->ration->rows = SP_CONTROL_ROWS;
		p->ration->spent_dur = 0;
	}
	return p->ration;
}

static void
answer_end(struct sp_peer *p)
{
	struct sp_query *q = &p->query;
	const bool refused = q->refusal[0] != '\0';

	sp_row_begin(&p->reply);
	if (refused)
		sp_row_text(&p->reply, "refused", q->refusal);
	else
		sp_row_true(&p->reply, "end");
	if (!refused)
		sp_row_number(&p->reply, "rows", q->rows);
	(void)sp_row_end(&p->reply);
	end_query(p);
}

/* Begins with the next request if a whole line of it is there. */
static bool
next_request(struct sp_peer *p)
{
	const char *end = memchr(p->request, '\n', p->request_len);
	size_t len;

	if (end == NULL)
		return false;
	len = (size_t)(end - p->request);
	p->query.data_fd = p->passed_fd;
	p->passed_fd = -1;
	if (sp_query_begin(&p->query, p->request, len) != 0)
		answer_end(p);
	p->request_len -= len + 1;
	memmove(p->request, end + 1, p->request_len);
	return true;
}

/* Of this thread: what others do meanwhile is not ours. */
static sampan_dur
work_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return SAMPAN_SEC((sampan_dur)ts.tv_sec) + (sampan_dur)ts.tv_nsec;
}

/* One step; true: that was all. */
static bool
step(struct sp_peer *p, struct sp_ration *r)
{
	struct sp_query *q = &p->query;
	const sampan_dur start_dur = work_clock();
	const uint64_t rows = q->rows;
	const bool over = q->cmd->page(q, &p->reply, SP_CONTROL_STEP);

	r->rows -= q->rows - rows < r->rows ? (unsigned)(q->rows - rows) : r->rows;
	r->spent_dur += work_clock() - start_dur;
	if (r->spent_dur > r->most_dur)
		r->most_dur = r->spent_dur;
	return over;
}

/* A page of the answer, as the ration allows. */
static void
make_page(struct sp_peer *p)
{
	struct sp_ration *r = ration_of(p);
	bool over = false;

	while (!over && r->rows >= SP_CONTROL_STEP && r->spent_dur < SP_CONTROL_TURN_DUR &&
	    p->reply.room - p->reply.len >= STEP_BYTES)
		over = step(p, r);
	if (over)
		answer_end(p);
}

/* False: the client is gone. */
static bool
flush(struct sp_peer *p)
{
	ssize_t n;

	if (p->sent == p->reply.len)
		return true;
	n = send(p->fd, p->reply.text + p->sent, p->reply.len - p->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	p->sent += (size_t)n;
	if (p->sent == p->reply.len) {
		p->sent = 0;
		p->reply.len = 0;
	}
	return true;
}

/* ---- Requests ---- */

/* Keeps the first descriptor of a message, if it is a socket: no other kind is
 * sure never to hold the loop up. */
static void
take_descriptor(struct sp_peer *p, struct msghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	struct stat st;

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return;
	close_passed(p);
	memcpy(&p->passed_fd, CMSG_DATA(c), sizeof(int));
	if (fstat(p->passed_fd, &st) != 0 || !S_ISSOCK(st.st_mode))
		close_passed(p);
}

/* False: the client is gone, or asks for too much. */
static bool
take_request(struct sp_peer *p)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { p->request + p->request_len, SP_REQUEST_BYTES - p->request_len };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(sizeof(int)),	/* for one: with its padding, two */
	};
	ssize_t n;

	if (p->ended || iov.iov_len == 0)
		return true;
	n = recvmsg(p->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	take_descriptor(p, &message);
	p->ended = n == 0;
	p->request_len += (size_t)n;
	return true;
}

static bool
is_idle(const struct sp_peer *p)
{
	return p->query.cmd == NULL && p->reply.len == 0;
}

/* What the client waits for, or has still to say. */
static uint32_t
interest_of(const struct sp_peer *p)
{
	const bool asked = memchr(p->request, '\n', p->request_len) != NULL;
	const bool hears = !p->ended && p->request_len < SP_REQUEST_BYTES;

	if (sp_peer_is_live(p))
		return (p->reply.len > 0 ? EPOLLOUT : 0u) | (hears ? EPOLLIN : 0u);
	return is_idle(p) && !asked ? EPOLLIN : EPOLLOUT;
}

/* Sends what there is and waits for what comes next; drops who is gone. */
static void
go_on(struct sp_peer *p, bool alive)
{
	uint32_t interest;

	if (alive)
		alive = flush(p);
	if (alive && is_idle(p) && p->ended)
		alive = memchr(p->request, '\n', p->request_len) != NULL;
	if (!alive) {
		sp_peer_drop(p);
		return;
	}
	watch_data(p);
	interest = interest_of(p);
	if (interest != p->interest)
		(void)sampan_loop_set_fd(p->loop, p->fd, interest);
	p->interest = interest;
}

static void
peer_ready(void *ctx, int fd, uint32_t ready)
{
	struct sp_peer *p = ctx;
	bool alive = (ready & EPOLLERR) == 0;

	(void)fd;
	p->active_turn = sp_loop_turn_number(p->loop);
	if (sp_peer_is_live(p) && (ready & EPOLLHUP))
		alive = false;
	if (alive && (ready & (EPOLLIN | EPOLLHUP)))
		alive = take_request(p);
	if (alive && is_idle(p) && !next_request(p))
		alive = !p->ended && p->request_len < SP_REQUEST_BYTES;
	if (alive && p->query.cmd != NULL && !p->query.cmd->live && p->reply.len == 0)
		make_page(p);
	go_on(p, alive);
}

sampan_time
sp_peer_turn(struct sp_peer *p)
{
	if (!sp_peer_is_live(p))
		return SAMPAN_NEVER;
	p->query.stop = p->ended;
	p->query.wake_at = 0;
	if (p->reply.len == 0 && step(p, ration_of(p)))
		answer_end(p);
	go_on(p, true);
	return p->query.wake_at != 0 ? p->query.wake_at : SAMPAN_NEVER;
}

int
sp_peer_start(struct sp_peer *p, int fd)
{
	p->reply = (struct sp_reply){ .text = malloc(REPLY_BYTES), .room = REPLY_BYTES };
	p->interest = EPOLLIN;
	if (p->reply.text == NULL ||
	    sampan_loop_add_fd(p->loop, fd, EPOLLIN, peer_ready, p) != 0) {
		free(p->reply.text);
		p->reply.text = NULL;
		(void)close(fd);
		return -1;
	}
	p->fd = fd;
	p->query.loop = p->loop;
	p->query.ration = p->ration;
	p->active_turn = sp_loop_turn_number(p->loop);
	return 0;
}
