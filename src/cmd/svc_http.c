/*
 * svc_http.c - the web server: GET and HEAD of the files of a folder, over
 * HTTP/1.0 and 1.1, with keep-alive and pipelining.  RFC 9110, RFC 9112.
 *
 * A connection that rests is a record of 56 bytes.  Requests are read into one
 * buffer that all share; only what is left of it when nothing can be done any
 * more, half a request or some that wait for their turn, is kept for the
 * connection (struct http_in, at most 16 KiB).  The same with replies: one that
 * the client cannot take now is kept (struct http_reply, 2.4 KiB), and
 * while it waits nothing is read, so the client's window closes.
 *
 * The short way, from a request for a small file to its answer, allocates
 * nothing and makes no system call.
 *
 * Read first: http_request.h, http_file.h, http_reply.h.
 */
#include "cmd/svc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/http_file.h"
#include "cmd/http_log.h"
#include "cmd/http_reply.h"
#include "cmd/http_request.h"

#define PIECE_BYTES 65536
/* A half request is kept in as little as this. */
#define IN_LEAST_BYTES 1024

/* From the first byte of a request to its last: who sends slower holds a
 * place and 16 KiB (slow loris). */
#define HEAD_DUR SAMPAN_SEC(15)
/* Between requests, and before the first one. */
#define IDLE_DUR SAMPAN_SEC(60)
/* A reply of which the client takes nothing for so long. */
#define STALL_DUR SAMPAN_SEC(60)

/* Bytes that came: [at, len) are not used up, and the request that is being
 * read begins at `at`. */
struct http_in {
	struct http_request request;
	uint32_t at, len, room;
	char *bytes;
};

struct http_conn {
	struct svc_conn conn;
	struct http_in *in;		/* NULL: nothing is left over */
	struct http_reply *reply;	/* NULL: none is under way */
	sampan_time head_at;		/* when the half request must be whole; 0: none */
};

struct http {
	struct svc_host *x;
	struct http_files *files;
	struct http_log *log;		/* NULL: none */
	struct http_in in;		/* for whoever is served now */
	struct http_reply reply;	/* the same */
	char bytes[HTTP_MESSAGE_BYTES];
	uint8_t piece[PIECE_BYTES];
};

/* What became of a connection. */
enum outcome {
	GO_ON,		/* there may be more to do */
	WAIT,		/* not before the next event */
	GONE,		/* its record is no more */
};

static struct http_conn *
http_of(struct svc_conn *c)
{
	return (struct http_conn *)(void *)c;
}

/* ---- Replies ---- */

/* Some bytes of the file.  Negative: as sampan_send(), or the file is shorter
 * than was promised. */
static int64_t
send_file(struct http *h, sampan_handle s, struct http_reply *a)
{
	const struct http_file *f = a->file;
	const uint64_t left = a->end - a->at;
	int64_t n = sampan_writable_bytes(h->x->stack, s);
	size_t len;

	if (f->bytes != NULL)
		return sampan_send(h->x->stack, s, f->bytes + a->at, left);
	/* Without room a byte is offered all the same: that asks for WRITABLE. */
	len = n <= 0 ? 1 : n < PIECE_BYTES ? (size_t)n : PIECE_BYTES;
	n = sp_http_file_read(f, h->piece, left < len ? left : len, a->at);
	return n <= 0 ? SAMPAN_ECONNABORTED : sampan_send(h->x->stack, s, h->piece, (size_t)n);
}

/* Sends what can be sent now.  1: all of it.  0: the client must take some
 * first.  -1: it cannot be finished. */
static int
push(struct http *h, sampan_handle s, struct http_reply *a)
{
	int64_t n;

	for (;;) {
		if (a->text_at < a->text_len) {
			n = sampan_send(h->x->stack, s, a->text + a->text_at,
			    (size_t)(a->text_len - a->text_at));
			a->text_at = (uint16_t)(a->text_at + (n > 0 ? n : 0));
		} else if (a->at < a->end) {
			n = send_file(h, s, a);
			a->at += n > 0 ? (uint64_t)n : 0;
		} else if (sp_http_reply_next(a)) {
			continue;
		} else {
			return 1;
		}
		if (n <= 0)
			return n == SAMPAN_EAGAIN ? 0 : -1;
	}
}

static enum outcome
after_reply(struct http *h, struct http_conn *c, bool keep_alive)
{
	if (keep_alive && !h->x->ending)
		return GO_ON;
	sp_svc_goodbye(h->x, c->conn.handle, &c->conn);
	return GONE;
}

/* Keeps a reply that must wait. */
static enum outcome
keep_reply(struct http *h, struct http_conn *c)
{
	c->reply = malloc(sizeof(*c->reply));
	if (c->reply == NULL) {
		sp_http_reply_end(&h->reply);
		sp_svc_abort(h->x, &c->conn);
		return GONE;
	}
	*c->reply = h->reply;
	return WAIT;
}

/* Starts the reply in h->reply on its way. */
static enum outcome
send_reply(struct http *h, struct http_conn *c)
{
	const int sent = push(h, c->conn.handle, &h->reply);

	if (sent == 0)
		return keep_reply(h, c);
	sp_http_reply_end(&h->reply);
	if (sent > 0)
		return after_reply(h, c, h->reply.keep_alive);
	sp_svc_abort(h->x, &c->conn);
	return GONE;
}

/* Goes on with the one that waited. */
static enum outcome
resume_reply(struct http *h, struct http_conn *c)
{
	struct http_reply *a = c->reply;
	const uint64_t before = a->at + a->text_at + a->part;
	const int sent = push(h, c->conn.handle, a);
	const bool keep_alive = a->keep_alive;

	if (sent == 0) {
		if (a->at + a->text_at + a->part != before)
			c->conn.deadline_at = h->x->now + STALL_DUR;
		return WAIT;
	}
	sp_http_reply_end(a);
	free(a);
	c->reply = NULL;
	if (sent > 0)
		return after_reply(h, c, keep_alive);
	sp_svc_abort(h->x, &c->conn);
	return GONE;
}

/* ---- Requests ---- */

static void
write_log(struct http *h, const struct http_conn *c, const struct http_in *in)
{
	struct sampan_status st = { 0 };
	const struct http_log_line line = {
		.peer = &st.peer,
		.request = &in->request,
		.message = in->bytes + in->at,
		.wall_s = h->x->wall_s,
		.status = h->reply.status,
		.body_bytes = h->reply.body_bytes,
	};

	if (h->log == NULL)
		return;
	(void)sampan_status(h->x->stack, c->conn.handle, &st);
	sp_http_log(h->log, &line);
}

/* A folder without its slash: links in it would lead astray. */
static void
reply_moved(struct http *h, const struct http_path *path, struct http_text target)
{
	char location[HTTP_LOCATION_BYTES] = "/";
	const char *query = memchr(target.p, '?', target.len);
	const size_t query_len = query == NULL ? 0 : (size_t)(target.p + target.len - query);
	const size_t len = 1 + sp_http_path_write(location + 1, sizeof(location) - 3, path->text);

	if (len == 1 || len + query_len + 2 > sizeof(location)) {
		sp_http_reply_status(&h->reply, 414, NULL, h->x->wall_s);
		return;
	}
	location[len] = '/';
	if (query != NULL)
		memcpy(location + len + 1, query, query_len);
	location[len + 1 + query_len] = '\0';
	sp_http_reply_status(&h->reply, 301, location, h->x->wall_s);
}

/* Looks the target up and makes the reply. */
static void
reply_target(struct http *h, const struct http_request *r, const char *message)
{
	const struct http_text target = sp_http_request_text(message, r->target);
	struct http_path path;
	struct http_file *f = sp_http_file_cached(h->files, target);
	int status = 0;

	if (f != NULL)
		f->refs++;
	else
		status = sp_http_file_find(h->files, target, &f, &path);
	if (status == 301)
		reply_moved(h, &path, target);
	else if (status != 0)
		sp_http_reply_status(&h->reply, (uint16_t)status, NULL, h->x->wall_s);
	else
		sp_http_reply_file(&h->reply, r, message, f, h->x->wall_s);
}

/* Does a request want nothing but a file as it is? */
static bool
is_plain(const struct http_request *r)
{
	uint16_t asked = r->status;

	for (unsigned i = HTTP_RANGE; i <= HTTP_IF_UNMODIFIED_SINCE; i++)
		asked |= r->field[i].len;
	return asked == 0 && r->keep_alive && !r->head && !r->http_1_0;
}

/* The short way; false: the long one, from the start or from where the reply
 * in h->reply stands. */
static bool
answer_at_once(struct http *h, const struct http_conn *c, const struct http_in *in, bool *begun)
{
	const struct http_text target = sp_http_request_text(in->bytes + in->at,
	    in->request.target);
	struct http_reply *a = &h->reply;
	struct http_file *f;
	const char *whole;
	size_t len = 0;
	int64_t n;

	if (!is_plain(&in->request))
		return false;
	f = sp_http_file_cached(h->files, target);
	whole = f == NULL ? NULL : sp_http_reply_whole(f, h->x->wall_s, &len);
	if (whole == NULL)
		return false;
	a->status = 200;
	a->body_bytes = f->size;
	n = sampan_send(h->x->stack, c->conn.handle, whole, len);
	if (n == (int64_t)len)
		return true;
	if (n <= 0)
		return false;
	/* The rest of the head, in case it is rewritten meanwhile, and of the
	 * bytes. */
	*begun = true;
	f->refs++;
	a->file = f;
	a->keep_alive = true;
	a->parts = a->part = 0;
	a->last_boundary = false;
	a->text_at = 0;
	a->text_len = (uint16_t)((size_t)n < f->head_len ? f->head_len - (size_t)n : 0);
	memcpy(a->text, f->head + f->head_len - a->text_len, a->text_len);
	a->at = (size_t)n > f->head_len ? (size_t)n - f->head_len : 0;
	a->end = f->size;
	return false;
}

/* A whole request, or one to refuse, begins at in->at. */
static enum outcome
answer(struct http *h, struct http_conn *c, struct http_in *in)
{
	const struct http_request *r = &in->request;
	struct http_reply *a = &h->reply;
	bool begun = false;
	const bool sent = answer_at_once(h, c, in, &begun);

	if (!sent && !begun) {
		a->keep_alive = r->keep_alive && !h->x->ending;
		a->no_body = r->head;
		if (r->status != 0)
			sp_http_reply_status(a, r->status, NULL, h->x->wall_s);
		else
			reply_target(h, r, in->bytes + in->at);
	}
	write_log(h, c, in);
	in->at += r->bytes;
	sp_http_request_begin(&in->request);
	c->head_at = 0;
	return sent ? GO_ON : send_reply(h, c);
}

/* ---- Bytes that come ---- */

/* Makes room behind what is there; false: it is as long as may be. */
static bool
make_room(struct http_in *in)
{
	char *bytes;

	if (in->at > 0)
		memmove(in->bytes, in->bytes + in->at, in->len - in->at);
	in->len -= in->at;
	in->at = 0;
	if (in->len < in->room)
		return true;
	if (in->room >= HTTP_MESSAGE_BYTES)
		return false;
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): IN_LEAST_BYTES or more */
	bytes = realloc(in->bytes, 2 * (size_t)in->room);
	if (bytes == NULL)
		return false;
	in->bytes = bytes;
	in->room *= 2;
	return true;
}

/* Refuses what does not fit. */
static enum outcome
refuse_long(struct http *h, struct http_conn *c, struct http_in *in)
{
	in->request.status = sp_http_request_too_long(&in->request);
	in->request.keep_alive = false;
	in->request.bytes = (uint16_t)(in->len - in->at);
	return answer(h, c, in);
}

/* Reads what has come and answers what is whole in it. */
static enum outcome
step(struct http *h, struct http_conn *c, struct http_in *in)
{
	int64_t n;

	if (in->at < in->len &&
	    sp_http_request_feed(&in->request, in->bytes + in->at, in->len - in->at))
		return answer(h, c, in);
	if (!make_room(in))
		return refuse_long(h, c, in);
	n = sampan_recv(h->x->stack, c->conn.handle, in->bytes + in->len, in->room - in->len);
	if (n == SAMPAN_EAGAIN)
		return WAIT;
	if (n <= 0) {		/* the end of the stream, or what broke it */
		sp_svc_close(h->x, &c->conn);
		return GONE;
	}
	in->len += (uint32_t)n;
	return GO_ON;
}

static void
free_in(struct http_in *in)
{
	if (in != NULL)
		free(in->bytes);
	free(in);
}

/* Keeps what is left of the shared buffer for the connection.  False: no
 * memory. */
static bool
keep_in(struct http *h, struct http_conn *c)
{
	const uint32_t left = h->in.len - h->in.at;
	struct http_in *in;

	if (left == 0)
		return true;
	in = malloc(sizeof(*in));
	if (in == NULL)
		return false;
	*in = h->in;
	in->at = 0;
	in->len = left;
	for (in->room = IN_LEAST_BYTES; in->room < left; in->room *= 2)
		;
	in->bytes = malloc(in->room);
	if (in->bytes == NULL) {
		free(in);
		return false;
	}
	memcpy(in->bytes, h->in.bytes + h->in.at, left);
	c->in = in;
	return true;
}

/* What to wait for, and how long. */
static void
rest(struct http *h, struct http_conn *c)
{
	const sampan_time now = h->x->now;

	if (c->reply != NULL) {
		c->conn.deadline_at = now + STALL_DUR;
		return;
	}
	if (c->in != NULL && c->head_at == 0)
		c->head_at = now + HEAD_DUR;
	c->conn.deadline_at = c->in != NULL ? c->head_at : now + IDLE_DUR;
}

static void
serve(struct http *h, struct http_conn *c)
{
	struct http_in *in = c->in != NULL ? c->in : &h->in;
	enum outcome outcome;

	if (in == &h->in) {
		in->at = in->len = 0;
		sp_http_request_begin(&in->request);
	}
	do {
		outcome = step(h, c, in);
	} while (outcome == GO_ON);
	if (outcome == GONE)
		return;
	if (in != &h->in && in->at == in->len) {
		free_in(in);
		c->in = NULL;
	}
	if (in == &h->in && !keep_in(h, c)) {
		sp_svc_abort(h->x, &c->conn);
		return;
	}
	rest(h, c);
}

/* ---- The service ---- */

static void
http_run(struct svc_host *x, struct svc_conn *conn, const struct sampan_event *event)
{
	struct http *h = sp_svc_state(x, &sp_svc_http);
	struct http_conn *c = http_of(conn);

	(void)event;
	sp_http_files_time(h->files, x->now, x->wall_s);
	if (c->reply == NULL || resume_reply(h, c) == GO_ON)
		serve(h, c);
}

/* 408 to half a request; who is silent is left in silence. */
static void
http_expired(struct svc_host *x, struct svc_conn *conn)
{
	struct http *h = sp_svc_state(x, &sp_svc_http);
	struct http_conn *c = http_of(conn);

	if (c->reply != NULL) {
		sp_svc_abort(x, conn);
		return;
	}
	if (c->in == NULL) {
		sp_svc_goodbye(x, conn->handle, conn);
		return;
	}
	c->in->request.status = 408;
	c->in->request.keep_alive = false;
	c->in->request.bytes = (uint16_t)(c->in->len - c->in->at);
	if (answer(h, c, c->in) == WAIT)
		rest(h, c);
}

/* A reply that is under way is finished first. */
static void
http_stop(struct svc_host *x, struct svc_conn *conn)
{
	struct http_conn *c = http_of(conn);

	if (c->reply == NULL)
		sp_svc_goodbye(x, conn->handle, conn);
}

static void
http_release(struct svc_host *x, struct svc_conn *conn)
{
	struct http_conn *c = http_of(conn);

	(void)x;
	if (c->reply != NULL) {
		sp_http_reply_end(c->reply);
		free(c->reply);
	}
	free_in(c->in);
	c->reply = NULL;
	c->in = NULL;
}

static void
http_tick(struct svc_host *x)
{
	struct http *h = sp_svc_state(x, &sp_svc_http);

	sp_http_files_time(h->files, x->now, x->wall_s);
	sp_http_files_tick(h->files);
	if (h->log != NULL)
		sp_http_log_flush(h->log);
}

static int
http_start(struct svc_host *x, const struct sp_why *why)
{
	const struct svc_options *o = &x->options;
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return sp_why(why, ENOMEM, "no memory for http");
	h->x = x;
	h->in.bytes = h->bytes;
	h->in.room = HTTP_MESSAGE_BYTES;
	sp_svc_set_state(x, &sp_svc_http, h);
	if (sp_http_files_open(&h->files, o->root, why) != 0)
		return -1;
	return o->access_log == NULL ? 0 : sp_http_log_open(&h->log, o->access_log, why);
}

static void
http_end(struct svc_host *x)
{
	struct http *h = sp_svc_state(x, &sp_svc_http);

	if (h->files != NULL)
		sp_http_files_close(h->files);
	if (h->log != NULL)
		sp_http_log_close(h->log);
	free(h);
}

const struct svc sp_svc_http = {
	.name = "http",
	.text = "serves a folder of files, or a welcome page",
	.port = 80,
	.by_default = true,
	.nodelay = true,
	.conn_bytes = sizeof(struct http_conn),
	.hints = { "curl http://%u/" },
	.start = http_start,
	.run = http_run,
	.expired = http_expired,
	.stop = http_stop,
	.release = http_release,
	.tick = http_tick,
	.end = http_end,
};
