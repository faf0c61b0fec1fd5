/*
 * svc_chat.c - a chat room: a line goes to everybody, and who came and left is
 * told.
 *
 * A message is made once and shared: a client whose send queue is full holds a
 * reference in a queue of its own.  So one that reads slowly costs memory for
 * pointers, and nobody waits for it.  When its queue is full as well it is
 * hopeless: it is told so, and dropped (by then its send buffer, 256 KiB at
 * first, is full too).  Somebody who talks more than LINES_A_TICK is not read
 * for a while, so that nobody can push the others out.
 *
 * A client takes 1 KiB beside the stack.
 */
#include "cmd/svc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/chat_line.h"

#define NAME_BYTES 20
#define QUEUE_MESSAGES 64
#define MESSAGE_BYTES 4096
/* What a client may say in a tick, and at once after being silent. */
#define LINES_A_TICK 10
#define LINES_AT_ONCE 100
/* How long a dropped client may take to read why. */
#define LAST_WORD_DUR SAMPAN_SEC(10)

struct chat_message {
	unsigned refs;
	unsigned len;
	char text[];
};

struct chat_conn {
	struct svc_conn conn;
	struct chat_line line;
	char name[NAME_BYTES + 1];
	bool leaving;		/* what is queued is sent, then it ends */
	bool dropped;		/* the others have not been told */
	bool told;		/* they have, or will be */
	bool unread;		/* it has said too much: read on at the next tick */
	int16_t lines;		/* that it may say */
	uint8_t first, n;	/* of the queue */
	uint16_t sent;		/* bytes of the first message */
	struct chat_message *queue[QUEUE_MESSAGES];
};

struct chat {
	struct svc_host *x;
	unsigned dropped;	/* clients of which the others must be told */
};

static struct chat_conn *
chat_of(struct svc_conn *c)
{
	return (struct chat_conn *)(void *)c;
}

/* The client behind that number; NULL: no more. */
static struct chat_conn *
next_client(const struct chat *chat, uint64_t number)
{
	return chat_of(sp_svc_next(chat->x, &sp_svc_chat, number));
}

/* ---- Messages ---- */

static void
let_go(struct chat_message *m)
{
	if (--m->refs == 0)
		free(m);
}

static void
empty_queue(struct chat_conn *c)
{
	for (; c->n > 0; c->n--) {
		let_go(c->queue[c->first]);
		c->first = (uint8_t)((c->first + 1) % QUEUE_MESSAGES);
	}
	c->sent = 0;
}

static void
enqueue(struct chat_conn *c, struct chat_message *m)
{
	m->refs++;
	c->queue[(c->first + c->n++) % QUEUE_MESSAGES] = m;
}

/* NULL: no memory. */
__attribute__((format(printf, 1, 0)))
static struct chat_message *
make_message(const char *format, va_list args)
{
	char text[MESSAGE_BYTES];
	const int n = vsnprintf(text, sizeof(text), format, args);
	const unsigned len = n < 0 ? 0 : n < MESSAGE_BYTES ? (unsigned)n : MESSAGE_BYTES - 1;
	struct chat_message *m = malloc(sizeof(*m) + len);

	if (m == NULL)
		return NULL;
	m->refs = 1;
	m->len = len;
	memcpy(m->text, text, len);
	return m;
}

/* Sends of the queue what can be sent.  False: the connection has broken; its
 * event is on the way. */
static bool
send_queue(struct chat *chat, struct chat_conn *c)
{
	while (c->n > 0) {
		struct chat_message *m = c->queue[c->first];
		const int64_t n = sampan_send(chat->x->stack, c->conn.handle, m->text + c->sent,
		    m->len - c->sent);

		if (n <= 0)
			return n == SAMPAN_EAGAIN;
		c->sent = (uint16_t)(c->sent + n);
		if (c->sent < m->len)
			continue;
		let_go(m);
		c->first = (uint8_t)((c->first + 1) % QUEUE_MESSAGES);
		c->n--;
		c->sent = 0;
	}
	return true;
}

/* Hopeless: what it would have heard is dropped, and so is it. */
static void
drop(struct chat *chat, struct chat_conn *c)
{
	static const char why[] = "\r\n* You read too slowly and are dropped.\r\n";
	struct chat_message *m = malloc(sizeof(*m) + sizeof(why));

	empty_queue(c);
	c->leaving = true;
	c->dropped = true;
	c->told = true;
	chat->dropped++;
	c->conn.deadline_at = chat->x->now + LAST_WORD_DUR;
	if (m == NULL)
		return;
	m->refs = 0;
	m->len = sizeof(why) - 1;
	memcpy(m->text, why, m->len);
	enqueue(c, m);
}

static void
give(struct chat *chat, struct chat_conn *c, struct chat_message *m)
{
	if (c->leaving)
		return;
	if (c->n == QUEUE_MESSAGES) {
		drop(chat, c);
		return;
	}
	enqueue(c, m);
	if (c->n == 1)
		(void)send_queue(chat, c);
}

__attribute__((format(printf, 3, 4)))
static void
tell(struct chat *chat, struct chat_conn *c, const char *format, ...)
{
	struct chat_message *m;
	va_list args;

	va_start(args, format);
	m = make_message(format, args);
	va_end(args);
	if (m == NULL)
		return;
	give(chat, c, m);
	let_go(m);
}

__attribute__((format(printf, 2, 3)))
static void
tell_all(struct chat *chat, const char *format, ...)
{
	struct chat_message *m;
	struct chat_conn *c;
	va_list args;

	va_start(args, format);
	m = make_message(format, args);
	va_end(args);
	if (m == NULL)
		return;
	for (uint64_t at = 0; (c = next_client(chat, at)) != NULL; at = c->conn.number)
		give(chat, c, m);
	let_go(m);
}

/* Tells who was dropped; that may be what drops the next one. */
static void
tell_dropped(struct chat *chat)
{
	while (chat->dropped > 0) {
		struct chat_conn *c = next_client(chat, 0);

		while (c != NULL && !c->dropped)
			c = next_client(chat, c->conn.number);
		chat->dropped--;
		if (c == NULL)
			continue;
		c->dropped = false;
		tell_all(chat, "* %s reads too slowly and was dropped\r\n", c->name);
	}
}

/* ---- What a client says ---- */

static bool
is_name(const char *name)
{
	const size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_-");

	return len >= 1 && len <= NAME_BYTES && name[len] == '\0';
}

static struct chat_conn *
find_name(const struct chat *chat, const char *name)
{
	struct chat_conn *c = next_client(chat, 0);

	while (c != NULL && strcasecmp(c->name, name) != 0)
		c = next_client(chat, c->conn.number);
	return c;
}

static void
do_nick(struct chat *chat, struct chat_conn *c, const char *name)
{
	char old[NAME_BYTES + 1];
	const struct chat_conn *other;

	if (!is_name(name)) {
		tell(chat, c, "* A name is 1 to %d letters, digits, _ and -: /nick NAME\r\n",
		    NAME_BYTES);
		return;
	}
	other = find_name(chat, name);
	if (other != NULL && other != c) {
		tell(chat, c, "* There is a %s already\r\n", other->name);
		return;
	}
	memcpy(old, c->name, sizeof(old));
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	tell_all(chat, "* %s is now %s\r\n", old, c->name);
}

static void
do_who(struct chat *chat, struct chat_conn *c)
{
	char names[MESSAGE_BYTES - 100];
	size_t len = 0;
	unsigned all = 0, shown = 0;
	const struct chat_conn *other = next_client(chat, 0);

	names[0] = '\0';
	for (; other != NULL; other = next_client(chat, other->conn.number)) {
		all++;
		if (len + NAME_BYTES + 2 >= sizeof(names))
			continue;
		len += (size_t)snprintf(names + len, sizeof(names) - len, " %s", other->name);
		shown++;
	}
	tell(chat, c, "* %u here:%s%s\r\n", all, names, shown < all ? " ..." : "");
}

/* It leaves when it has heard what is queued, or has not in time. */
static void
set_out(const struct chat *chat, struct chat_conn *c)
{
	c->leaving = true;
	c->conn.deadline_at = chat->x->now + LAST_WORD_DUR;
}

static void
do_command(struct chat *chat, struct chat_conn *c, const char *line)
{
	if (strncmp(line, "/nick ", 6) == 0)
		do_nick(chat, c, line + 6);
	else if (strcmp(line, "/who") == 0)
		do_who(chat, c);
	else if (strcmp(line, "/quit") == 0)
		set_out(chat, c);
	else
		tell(chat, c, "* /nick NAME, /who, /quit\r\n");
}

static void
take_line(struct chat *chat, struct chat_conn *c)
{
	c->lines--;
	if (c->line.cut)
		tell(chat, c, "* A line has at most %d bytes: yours was cut\r\n", CHAT_LINE_BYTES);
	if (c->line.text[0] == '/')
		do_command(chat, c, c->line.text);
	else
		tell_all(chat, "<%s> %s\r\n", c->name, c->line.text);
}

static void
take_bytes(struct chat *chat, struct chat_conn *c, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && !c->leaving; i++) {
		uint8_t answer[3];

		switch (sp_chat_line_take(&c->line, bytes[i], answer)) {
		case CHAT_LINE:
			take_line(chat, c);
			break;
		case CHAT_ANSWER:
			/* Between messages only; without room telnet goes without. */
			if (c->n == 0)
				(void)sampan_send(chat->x->stack, c->conn.handle, answer, 3);
			break;
		case CHAT_MORE:
			break;
		}
	}
}

/* Reads what it says, as long as it may.  False: it has ended. */
static bool
hear(struct chat *chat, struct chat_conn *c)
{
	uint8_t bytes[512];
	int64_t n = 1;

	while (n > 0 && c->lines > 0 && !c->leaving) {
		n = sampan_recv(chat->x->stack, c->conn.handle, bytes, sizeof(bytes));
		if (n > 0)
			take_bytes(chat, c, bytes, (size_t)n);
	}
	c->unread = n > 0 && !c->leaving;
	return n > 0 || n == SAMPAN_EAGAIN;
}

/* ---- The service ---- */

/* Ends a client's part: the others are told, unless they were. */
static void
leave(struct chat *chat, struct chat_conn *c)
{
	char name[NAME_BYTES + 1];
	const bool told = c->told;

	memcpy(name, c->name, sizeof(name));
	sp_svc_goodbye(chat->x, c->conn.handle, &c->conn);
	if (!told)
		tell_all(chat, "* %s has left\r\n", name);
}

static void
chat_run(struct svc_host *x, struct svc_conn *conn, const struct sampan_event *event)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);
	struct chat_conn *c = chat_of(conn);
	bool goes_on = send_queue(chat, c);

	(void)event;
	if (goes_on && !c->leaving)
		goes_on = hear(chat, c);
	if (!goes_on || (c->leaving && c->n == 0))
		leave(chat, c);
	tell_dropped(chat);
}

static void
chat_accepted(struct svc_host *x, struct svc_conn *conn, const struct sampan_sockaddr *peer)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);
	struct chat_conn *c = chat_of(conn);

	(void)peer;
	c->lines = LINES_AT_ONCE;
	(void)snprintf(c->name, sizeof(c->name), "guest%llu", (unsigned long long)conn->number);
	if (find_name(chat, c->name) != c)		/* somebody calls himself that */
		(void)snprintf(c->name, sizeof(c->name), "-%llu",
		    (unsigned long long)conn->handle % 1000000000000u);
	tell(chat, c, "* Welcome. You are %s; /nick NAME, /who, /quit\r\n", c->name);
	tell_all(chat, "* %s has come\r\n", c->name);
	tell_dropped(chat);
}

/* Who did not take even the last word. */
static void
chat_expired(struct svc_host *x, struct svc_conn *conn)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);
	const struct chat_conn *c = chat_of(conn);
	char name[NAME_BYTES + 1];
	const bool told = c->told;

	memcpy(name, c->name, sizeof(name));
	sp_svc_abort(x, conn);
	if (told)
		return;
	tell_all(chat, "* %s has left\r\n", name);
	tell_dropped(chat);
}

static void
chat_tick(struct svc_host *x)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);
	struct chat_conn *c;

	for (uint64_t at = 0; (c = next_client(chat, at)) != NULL;) {
		at = c->conn.number;
		c->lines = (int16_t)(c->lines + LINES_A_TICK);
		if (c->lines > LINES_AT_ONCE)
			c->lines = LINES_AT_ONCE;
		if (c->unread)
			chat_run(x, &c->conn, NULL);
	}
}

static void
chat_stop(struct svc_host *x, struct svc_conn *conn)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);
	struct chat_conn *c = chat_of(conn);

	if (!c->leaving)
		tell(chat, c, "* The server ends\r\n");
	set_out(chat, c);
	c->told = true;
	if (c->n == 0)
		sp_svc_goodbye(x, conn->handle, conn);
}

static void
chat_release(struct svc_host *x, struct svc_conn *conn)
{
	(void)x;
	empty_queue(chat_of(conn));
}

static void
chat_failed(struct svc_host *x, struct svc_conn *conn)
{
	struct chat *chat = sp_svc_state(x, &sp_svc_chat);

	leave(chat, chat_of(conn));
	tell_dropped(chat);
}

static int
chat_start(struct svc_host *x, const struct sp_why *why)
{
	struct chat *chat = calloc(1, sizeof(*chat));

	if (chat == NULL)
		return sp_why(why, ENOMEM, "no memory for chat");
	chat->x = x;
	sp_svc_set_state(x, &sp_svc_chat, chat);
	return 0;
}

static void
chat_end(struct svc_host *x)
{
	free(sp_svc_state(x, &sp_svc_chat));
}

const struct svc sp_svc_chat = {
	.name = "chat",
	.text = "a chat room: lines go to all",
	.port = 5000,
	.by_default = true,
	.single = true,
	.nodelay = true,
	.conn_bytes = sizeof(struct chat_conn),
	.hints = { "nc %a %p" },
	.start = chat_start,
	.accepted = chat_accepted,
	.run = chat_run,
	.failed = chat_failed,
	.expired = chat_expired,
	.stop = chat_stop,
	.release = chat_release,
	.tick = chat_tick,
	.end = chat_end,
};
