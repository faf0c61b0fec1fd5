/*
 * control_ss.c - the request "ss": one row for each connection and listener.
 *
 *	{"do":"ss","listening":true,"connected":true}
 *
 * Either word may be left out (false); without both the answer is empty.
 * Source of every number: struct sampan_status, socket.h.
 */
#include <stdio.h>

#include <sampan/socket.h>

#include "host/control_cmd.h"

enum ss_flags {
	SS_LISTENING = 1 << 0,
	SS_CONNECTED = 1 << 1,
};

static const char *const state_names[] = {
#define X(id, name) [SAMPAN_TCP_##id] = (name),
	SAMPAN_TCP_STATES(X)
#undef X
};

static const char *
ss_begin(struct sp_query *q, const cJSON *request)
{
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "listening")))
		q->flags |= SS_LISTENING;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "connected")))
		q->flags |= SS_CONNECTED;
	return NULL;
}

static void
add_end(cJSON *row, const char *addr_key, const char *port_key, const struct sampan_sockaddr *end)
{
	char text[SAMPAN_ADDR_TEXT];

	(void)sampan_addr_write(&end->addr, text);
	cJSON_AddStringToObject(row, addr_key, text);
	cJSON_AddNumberToObject(row, port_key, end->port);
}

/* NULL: no memory. */
static cJSON *
row_of(const struct sampan_status *st)
{
	cJSON *row = cJSON_CreateObject();
	char handle[19];

	if (row == NULL)
		return NULL;
	cJSON_AddStringToObject(row, "state", state_names[st->state]);
	cJSON_AddNumberToObject(row, "recv_queue_bytes", st->recv_queue_bytes);
	cJSON_AddNumberToObject(row, "send_queue_bytes", st->send_queue_bytes);
	add_end(row, "local", "local_port", &st->local);
	add_end(row, "peer", "peer_port", &st->peer);
	if (st->handle != 0) {
		(void)snprintf(handle, sizeof(handle), "0x%llx", (unsigned long long)st->handle);
		cJSON_AddStringToObject(row, "handle", handle);
	}
	if (st->state != SAMPAN_TCP_LISTEN) {
		cJSON_AddNumberToObject(row, "cwnd_bytes", st->cwnd_bytes);
		cJSON_AddNumberToObject(row, "mss_bytes", st->mss_bytes);
		cJSON_AddNumberToObject(row, "srtt_ns", (double)st->srtt_dur);
		cJSON_AddNumberToObject(row, "rto_ns", (double)st->rto_dur);
	}
	if (st->error != 0)
		cJSON_AddStringToObject(row, "error", sampan_strerror(st->error));
	return row;
}

static bool
is_wanted(const struct sp_query *q, const struct sampan_status *st)
{
	return q->flags & (st->state == SAMPAN_TCP_LISTEN ? SS_LISTENING : SS_CONNECTED);
}

static bool
ss_page(struct sp_query *q, const struct sampan *s, struct sp_reply *reply, unsigned max_rows)
{
	struct sampan_status found[SP_CONTROL_ROWS];
	const int n = sampan_walk(s, &q->cursor, found, max_rows);

	for (int i = 0; i < n; i++) {
		if (is_wanted(q, &found[i]) && sp_reply_line(reply, row_of(&found[i])))
			q->rows++;
	}
	return n < 0 || q->cursor == SAMPAN_WALK_END;
}

const struct sp_control_cmd sp_control_ss = {
	.name = "ss",
	.begin = ss_begin,
	.page = ss_page,
};
