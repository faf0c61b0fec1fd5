/*
 * control_ss.c - the request "ss": one row for each connection and listener.
 *
 *	{"do":"ss","listening":true,"connected":true,"info":true,
 *	 "filter":"state established dport = :80"}
 *
 * With "udp" it is the sockets for datagrams instead, listening being those that are
 * not connected.
 *
 * Either of the first two words may be left out (false); without both, and
 * without a state in the filter, the answer is empty.  "info" adds what TCP
 * knows, "summary" answers one row that counts by state instead.
 * Source of every number: struct sampan_status, socket.h; SAMPAN_TCP_INFO,
 * option.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sampan/option.h>
#include <sampan/socket.h>

#include "host/control_cmd.h"
#include "host/ss_filter.h"
#include "host/team.h"

struct ss {
	bool info;
	bool summary;
	bool udp;
	struct sp_ss_filter filter;
	uint64_t count[SAMPAN_TCP_STATE_COUNT];
	unsigned member;	/* of the team, whose rows are next */
};

static const char *const state_names[] = {
#define X(id, name) [SAMPAN_TCP_##id] = (name),
	SAMPAN_TCP_STATES(X)
#undef X
};

static const char *const timer_names[] = {
#define X(id, name) [SAMPAN_TIMER_##id] = (name),
	SAMPAN_TIMERS(X)
#undef X
};

static const char *const info_names[] = {
#define X(field, name, unit) [SAMPAN_INFO_##field] = (#field),
	SAMPAN_TCP_INFO(X)
#undef X
};

static uint32_t
states_of(const cJSON *request)
{
	/* As ss(8) has it: a socket for datagrams that is not connected listens. */
	const uint32_t listen = 1u << (sp_request_flag(request, "udp") ? SAMPAN_TCP_CLOSED :
	    SAMPAN_TCP_LISTEN);
	uint32_t states = 0;

	if (sp_request_flag(request, "listening"))
		states |= listen;
	if (sp_request_flag(request, "connected"))
		states |= ~listen;
	return states;
}

static int
ss_begin(struct sp_query *q, const cJSON *request)
{
	const char *filter = sp_request_text(request, "filter");
	const struct sp_why why = { q->refusal, sizeof(q->refusal) };
	struct ss *ss = calloc(1, sizeof(*ss));

	if (ss == NULL)
		return sp_query_refuse(q, "no memory");
	q->state = ss;
	ss->info = sp_request_flag(request, "info");
	ss->summary = sp_request_flag(request, "summary");
	ss->udp = sp_request_flag(request, "udp");
	if (filter != NULL && sp_ss_filter_read(&ss->filter, filter, &why) != 0)
		return -1;
	if (ss->filter.states == 0)
		ss->filter.states = states_of(request);
	return 0;
}

static void
ss_end(struct sp_query *q)
{
	free(q->state);
}

static void
add_end(struct sp_reply *r, const char *addr_key, const char *port_key,
    const struct sampan_sockaddr *end)
{
	char text[SAMPAN_ADDR_TEXT];

	(void)sampan_addr_write(&end->addr, text);
	sp_row_text(r, addr_key, text);
	sp_row_number(r, port_key, end->port);
}

static void
add_status(struct sp_reply *r, const struct sampan_status *st, bool udp)
{
	char handle[19];

	sp_row_text(r, "state", udp && st->state == SAMPAN_TCP_CLOSED ? "UNCONN" :
	    state_names[st->state]);
	sp_row_number(r, "recv_queue_bytes", st->recv_queue_bytes);
	sp_row_number(r, "send_queue_bytes", st->send_queue_bytes);
	add_end(r, "local", "local_port", &st->local);
	add_end(r, "peer", "peer_port", &st->peer);
	if (st->v6only)
		sp_row_number(r, "v6only", 1);
	if (st->handle != 0) {
		(void)snprintf(handle, sizeof(handle), "0x%llx", (unsigned long long)st->handle);
		sp_row_text(r, "handle", handle);
	}
	if (st->state != SAMPAN_TCP_LISTEN && st->mss_bytes != 0) {
		sp_row_number(r, "cwnd_bytes", st->cwnd_bytes);
		sp_row_number(r, "mss_bytes", st->mss_bytes);
		sp_row_number(r, "srtt_ns", st->srtt_dur);
		sp_row_number(r, "rto_ns", st->rto_dur);
	}
	if (st->timer != SAMPAN_TIMER_NONE) {
		sp_row_text(r, "timer", timer_names[st->timer]);
		sp_row_number(r, "timer_ns", st->timer_dur);
		sp_row_number(r, "retries", st->retries);
	}
	if (udp)
		sp_row_number(r, "drops", st->drops);
	if (st->error != 0)
		sp_row_text(r, "error", sampan_strerror(st->error));
}

#define ADD(field, name, unit) \
	if (info->has & UINT64_C(1) << SAMPAN_INFO_##field) \
		sp_row_number(r, info_names[SAMPAN_INFO_##field], info->field);

/* The state is there already, and a control has a name. */
static void
add_info(struct sp_reply *r, const struct sampan_tcp_info *whole)
{
	const uint64_t as_text = UINT64_C(1) << SAMPAN_INFO_congestion;
	struct sampan_tcp_info without = *whole;
	const struct sampan_tcp_info *info = &without;

	if ((whole->has & as_text) != 0)
		sp_row_text(r, "congestion", sampan_cc_name((unsigned)whole->congestion));
	without.has &= ~(UINT64_C(1) << SAMPAN_INFO_state | as_text);
	SAMPAN_TCP_INFO(ADD)
}

#undef ADD

static bool
ss_summary(struct sp_query *q, struct sp_reply *reply)
{
	const struct ss *ss = q->state;

	sp_row_begin(reply);
	for (unsigned i = 0; i < SAMPAN_TCP_STATE_COUNT; i++)
		sp_row_number(reply, state_names[i], ss->count[i]);
	q->rows += sp_row_end(reply);
	return true;
}

static void
ss_row(struct sp_query *q, struct sp_reply *reply, const struct sampan_status *st,
    const struct sampan_tcp_info *info)
{
	struct ss *ss = q->state;

	if ((ss->filter.states >> st->state & 1) == 0 || !sp_ss_filter_holds(&ss->filter, st))
		return;
	if (ss->summary) {
		ss->count[st->state]++;
		return;
	}
	sp_row_begin(reply);
	if (sp_team_loops(q->loop) > 1)
		sp_row_number(reply, "thread", ss->member);
	add_status(reply, st, ss->udp);
	if (ss->info && !ss->udp)
		add_info(reply, info);
	q->rows += sp_row_end(reply);
}

/* Connections of one thread of the team after the other. */
static bool
ss_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	struct ss *ss = q->state;
	struct sampan_status found[SP_CONTROL_STEP];
	struct sampan_tcp_info info[SP_CONTROL_STEP];
	const struct sampan *stack;
	int n;

	if (max_rows > SP_CONTROL_STEP)
		max_rows = SP_CONTROL_STEP;
	stack = sp_team_look(q->loop, ss->member);
	if (ss->udp)
		n = sampan_walk_udp(stack, &q->cursor, found, max_rows);
	else
		n = sampan_walk_info(stack, &q->cursor, found, ss->info ? info : NULL, max_rows);
	sp_team_leave_alone(q->loop, ss->member);
	for (int i = 0; i < n; i++)
		ss_row(q, reply, &found[i], &info[i]);
	if (n >= 0 && q->cursor != SAMPAN_WALK_END)
		return false;
	if (++ss->member < sp_team_loops(q->loop)) {
		q->cursor = 0;
		return false;
	}
	return !ss->summary || ss_summary(q, reply);
}

const struct sp_control_cmd sp_control_ss = {
	.name = "ss",
	.begin = ss_begin,
	.page = ss_page,
	.end = ss_end,
};
