/*
 * control_conn.c - the request "connect": a connection of the stack for a
 * client, whose bytes go over the socket that came along.
 *
 *	{"do":"connect","to":"10.77.0.1","port":80}
 *
 * answers {"connected":true,...}, then nothing until both directions have
 * ended, or the connection has failed.  The end of the client's bytes becomes
 * a FIN, the peer's FIN the end of the bytes for the client.
 *
 * Nothing waits here but one buffer for the client: bytes are taken from it
 * only as far as the stack has room, and from the stack only when the buffer
 * is empty.  So a side that does not read holds up the other through TCP's
 * window, and costs nobody else anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <sampan/socket.h>

#include "host/control_cmd.h"
#include "host/loop.h"

#define BUFFER_BYTES ((size_t)64 << 10)
/* Buffers that a direction moves in a turn, at most. */
#define ROUNDS 2

struct conn {
	sampan_handle handle;	/* 0: none */
	bool connected;
	bool sent_all;		/* the client's end of stream is on its way */
	bool got_all;		/* the peer's is */
	bool more;		/* left over for the next turn */
	size_t len, at;		/* of buffer: for the client */
	uint8_t buffer[BUFFER_BYTES];
};

static int
begin_connecting(struct sp_query *q, const struct sampan_sockaddr *peer)
{
	struct sampan *s = sampan_loop_stack(q->loop);
	struct conn *c = q->state;
	int error = sampan_socket(s, SAMPAN_STREAM, &c->handle);

	if (error != 0)
		c->handle = 0;
	else if (sp_loop_own(q->loop, c->handle) != 0)
		error = SAMPAN_ENOSPACE;
	else
		error = sampan_connect(s, c->handle, peer);
	return error == SAMPAN_EINPROGRESS ? 0 : sp_query_refuse_to(q, &peer->addr, error);
}

static int
connect_begin(struct sp_query *q, const cJSON *request)
{
	const struct sp_request_range range = { "port", 1, 65535, 0 };
	const char *to = sp_request_text(request, "to");
	struct sampan_sockaddr peer = { 0 };
	uint64_t port;
	size_t len;

	if (q->data_fd < 0)
		return sp_query_refuse(q, "\"connect\" needs a socket for the bytes");
	len = to == NULL ? 0 : sampan_addr_read(&peer.addr, to);
	if (len == 0 || to[len] != '\0')
		return sp_query_refuse(q, "\"to\" is an IP address");
	if (sp_request_number(q, request, &range, &port) != 0)
		return -1;
	if (port == 0)
		return sp_query_refuse(q, "\"port\" is missing");
	peer.port = (uint16_t)port;
	q->state = calloc(1, sizeof(struct conn));
	if (q->state == NULL)
		return sp_query_refuse(q, "no memory");
	return begin_connecting(q, &peer);
}

static void
connect_end(struct sp_query *q)
{
	const struct conn *c = q->state;

	if (c != NULL && c->handle != 0) {
		sp_loop_disown(q->loop, c->handle);
		(void)sampan_close(sampan_loop_stack(q->loop), c->handle);
	}
	free(q->state);
}

static void
answer_connected(struct sp_query *q, struct sp_reply *reply, const struct sampan_status *st)
{
	char local[SAMPAN_ADDR_TEXT], peer[SAMPAN_ADDR_TEXT];

	(void)sampan_addr_write(&st->local.addr, local);
	(void)sampan_addr_write(&st->peer.addr, peer);
	sp_row_begin(reply);
	sp_row_true(reply, "connected");
	sp_row_text(reply, "local", local);
	sp_row_number(reply, "local_port", st->local.port);
	sp_row_text(reply, "peer", peer);
	sp_row_number(reply, "peer_port", st->peer.port);
	q->rows += sp_row_end(reply);
}

/* 1: go on; 0: not yet; -1: it failed. */
static int
look_at_connection(struct sp_query *q, struct sp_reply *reply)
{
	struct conn *c = q->state;
	struct sampan_status st;

	if (sampan_status(sampan_loop_stack(q->loop), c->handle, &st) != 0)
		return sp_query_refuse(q, "the connection is gone");
	if (st.error != 0 && !c->connected)
		return sp_query_refuse(q, "%s", sampan_strerror(st.error));
	if (c->connected)
		return 1;
	if (st.state == SAMPAN_TCP_SYN_SENT || st.state == SAMPAN_TCP_SYN_RECEIVED)
		return 0;
	c->connected = true;
	answer_connected(q, reply, &st);
	return 1;
}

/* From the client to the stack, as much as that has room for. */
static int
move_out(struct sp_query *q, struct sampan *s)
{
	struct conn *c = q->state;
	uint8_t bytes[16384];

	for (unsigned i = 0; i < ROUNDS * BUFFER_BYTES / sizeof(bytes) && !c->sent_all; i++) {
		const int64_t room = sampan_writable_bytes(s, c->handle);
		const size_t most = room < (int64_t)sizeof(bytes) ? (size_t)room : sizeof(bytes);
		ssize_t n;
		int64_t taken;

		if (room <= 0)
			break;
		n = recv(q->data_fd, bytes, most, MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN ? 0 : sp_query_refuse(q, "the client is gone");
		if (n == 0) {
			c->sent_all = true;
			(void)sampan_shutdown(s, c->handle, SAMPAN_SHUT_WR);
			break;
		}
		taken = sampan_send(s, c->handle, bytes, (size_t)n);
		if (taken != n)
			return sp_query_refuse(q, "%s", sampan_strerror((int)taken));
	}
	return 0;
}

/* What waits for the client; -1: it has gone. */
static int
flush_buffer(struct sp_query *q)
{
	struct conn *c = q->state;

	while (c->at < c->len) {
		const ssize_t n = send(q->data_fd, c->buffer + c->at, c->len - c->at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : sp_query_refuse(q, "the client is gone");
		c->at += (size_t)n;
	}
	c->at = c->len = 0;
	return 0;
}

/* From the stack to the client. */
static int
move_in(struct sp_query *q, struct sampan *s)
{
	struct conn *c = q->state;

	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t n;

		if (flush_buffer(q) != 0)
			return -1;
		if (c->len > 0 || c->got_all)
			return 0;
		n = sampan_recv(s, c->handle, c->buffer, BUFFER_BYTES);
		if (n == SAMPAN_EAGAIN)
			return 0;
		if (n < 0)
			return sp_query_refuse(q, "%s", sampan_strerror((int)n));
		c->len = (size_t)n;
		if (n == 0) {
			c->got_all = true;
			(void)shutdown(q->data_fd, SHUT_WR);
		}
	}
	c->more = true;
	return flush_buffer(q);
}

/* Both directions; true: it is over. */
static bool
move(struct sp_query *q)
{
	struct sampan *s = sampan_loop_stack(q->loop);
	struct conn *c = q->state;

	c->more = false;
	if (move_out(q, s) != 0 || move_in(q, s) != 0)
		return true;
	q->data_interest = (c->len > 0 ? EPOLLOUT : 0u) |
	    (!c->sent_all && sampan_writable_bytes(s, c->handle) > 0 ? EPOLLIN : 0u);
	if (c->more)
		q->wake_at = 1;		/* at once */
	return c->sent_all && c->got_all && c->len == 0;
}

static bool
connect_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	int result;

	(void)max_rows;
	result = look_at_connection(q, reply);
	if (result < 0 || q->stop)
		return true;
	return result > 0 && move(q);
}

const struct sp_control_cmd sp_control_conn = {
	.name = "connect",
	.live = true,
	.begin = connect_begin,
	.page = connect_page,
	.end = connect_end,
};
