/*
 * control_ping.c - the request "ping": echo requests from the stack, one at a
 * time, and what came of each.
 *
 *	{"do":"ping","to":"10.77.0.1","count":3,"interval_ns":1000000000,
 *	 "wait_ns":2000000000,"bytes":56}
 *
 * answers {"seq":1,"bytes":64,"ttl":64,"rtt_ns":N}, {"seq":2,"timeout":true} or
 * {"seq":3,"error":"why"}, and at the end {"sent":3,"received":1}.  Without
 * "count" it goes on until the client wants no more.
 */
#include <stdlib.h>

#include <sampan/echo.h>

#include "host/control_cmd.h"

#define INTERVAL_LEAST SAMPAN_MS(10)
#define DAY SAMPAN_SEC(86400)
#define ICMP_HDR_BYTES 8

struct waiting {
	uint32_t ticket;	/* 0: none */
	uint16_t seq;
	sampan_time sent_at;
};

struct ping {
	struct sampan_echo echo;	/* the next one */
	uint64_t count, sent, received;	/* count 0: any number */
	sampan_dur interval_dur, wait_dur;
	sampan_time next_at;
	struct waiting waiting[SAMPAN_ECHO_MOST];
};

static int
read_numbers(struct sp_query *q, const cJSON *request, struct ping *p)
{
	const struct sp_request_range count = { "count", 1, UINT32_MAX, 0 };
	const struct sp_request_range interval = { "interval_ns", INTERVAL_LEAST, DAY,
	    SAMPAN_SEC(1) };
	const struct sp_request_range wait = { "wait_ns", SAMPAN_MS(1), DAY, SAMPAN_SEC(2) };
	const struct sp_request_range bytes = { "bytes", 0, 65527, 56 };
	const struct sp_request_range ttl = { "ttl", 1, 255, 0 };
	uint64_t number;

	if (sp_request_number(q, request, &count, &p->count) != 0 ||
	    sp_request_number(q, request, &interval, &p->interval_dur) != 0 ||
	    sp_request_number(q, request, &wait, &p->wait_dur) != 0 ||
	    sp_request_number(q, request, &bytes, &number) != 0)
		return -1;
	p->echo.payload_bytes = (uint16_t)number;
	if (sp_request_number(q, request, &ttl, &number) != 0)
		return -1;
	p->echo.ttl = (uint8_t)number;
	return 0;
}

static int
ping_begin(struct sp_query *q, const cJSON *request)
{
	const char *to = sp_request_text(request, "to");
	struct ping *p = calloc(1, sizeof(*p));
	size_t len;

	q->state = p;
	if (p == NULL)
		return sp_query_refuse(q, "no memory");
	p->echo.size = sizeof(p->echo);
	len = to == NULL ? 0 : sampan_addr_read(&p->echo.to, to);
	if (len == 0 || to[len] != '\0')
		return sp_query_refuse(q, "\"to\" is an IP address");
	return read_numbers(q, request, p);
}

static void
ping_end(struct sp_query *q)
{
	const struct ping *p = q->state;

	for (unsigned i = 0; p != NULL && i < SAMPAN_ECHO_MOST; i++) {
		if (p->waiting[i].ticket != 0)
			sampan_echo_forget(sampan_loop_stack(q->loop), p->waiting[i].ticket);
	}
	free(q->state);
}

/* ---- Answers ---- */

static void
answer(struct sp_query *q, struct sp_reply *r, const struct sampan_echo_answer *a)
{
	sp_row_begin(r);
	sp_row_number(r, "seq", a->seq);
	sp_row_number(r, "bytes", a->payload_bytes + (uint64_t)ICMP_HDR_BYTES);
	sp_row_number(r, "ttl", a->ttl);
	sp_row_number(r, "rtt_ns", a->rtt_dur);
	q->rows += sp_row_end(r);
}

/* error NULL: it took too long. */
static void
answer_loss(struct sp_query *q, struct sp_reply *r, uint16_t seq, const char *error)
{
	sp_row_begin(r);
	sp_row_number(r, "seq", seq);
	if (error != NULL)
		sp_row_text(r, "error", error);
	else
		sp_row_true(r, "timeout");
	q->rows += sp_row_end(r);
}

/* Has it come, failed, or taken too long? */
static void
look_at(struct sp_query *q, struct sp_reply *r, struct waiting *w)
{
	struct sampan *s = sampan_loop_stack(q->loop);
	struct ping *p = q->state;
	struct sampan_echo_answer a;
	const int error = sampan_echo_take(s, w->ticket, &a);

	if (error == SAMPAN_EAGAIN && sampan_loop_now(q->loop) < w->sent_at + p->wait_dur)
		return;
	if (error == 0) {
		p->received++;
		answer(q, r, &a);
	} else {
		answer_loss(q, r, w->seq, error == SAMPAN_EAGAIN ? NULL : sampan_strerror(error));
		sampan_echo_forget(s, w->ticket);
	}
	w->ticket = 0;
}

/* Returns when the first of those that are waited for has taken too long;
 * 0: none is. */
static sampan_time
look_at_all(struct sp_query *q, struct sp_reply *r, unsigned max_rows)
{
	const uint64_t end = q->rows + max_rows;
	struct ping *p = q->state;
	sampan_time first_at = 0;

	for (unsigned i = 0; i < SAMPAN_ECHO_MOST; i++) {
		struct waiting *w = &p->waiting[i];

		if (w->ticket != 0 && q->rows < end)
			look_at(q, r, w);
		if (w->ticket != 0 && (first_at == 0 || w->sent_at + p->wait_dur < first_at))
			first_at = w->sent_at + p->wait_dur;
	}
	return first_at;
}

/* ---- Requests ---- */

/* A place for one more; the oldest gives way if there is none. */
static struct waiting *
find_place(struct sp_query *q, struct sp_reply *r)
{
	struct ping *p = q->state;
	struct waiting *oldest = p->waiting;

	for (struct waiting *w = p->waiting; w < p->waiting + SAMPAN_ECHO_MOST; w++) {
		if (w->ticket == 0)
			return w;
		if (w->sent_at < oldest->sent_at)
			oldest = w;
	}
	sampan_echo_forget(sampan_loop_stack(q->loop), oldest->ticket);
	answer_loss(q, r, oldest->seq, NULL);
	return oldest;
}

/* -1: it cannot be sent, now or ever. */
static int
send_next(struct sp_query *q, struct sp_reply *r, sampan_time now)
{
	struct ping *p = q->state;
	struct waiting *w = find_place(q, r);
	int error;

	p->next_at = now + p->interval_dur;
	p->echo.seq++;
	p->sent++;
	error = sampan_echo_send(sampan_loop_stack(q->loop), &p->echo, &w->ticket);
	if (error == 0) {
		w->seq = p->echo.seq;
		w->sent_at = now;
		return 0;
	}
	w->ticket = 0;
	if (error != SAMPAN_ENOBUFS)
		return sp_query_refuse_to(q, &p->echo.to, error);
	answer_loss(q, r, p->echo.seq, sampan_strerror(error));
	return 0;
}

static bool
ping_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	const sampan_time now = sampan_loop_now(q->loop);
	struct ping *p = q->state;
	const sampan_time first_at = look_at_all(q, reply, max_rows - 3);
	bool all_sent = p->count != 0 && p->sent == p->count;

	if (!q->stop && !all_sent && now >= p->next_at) {
		if (send_next(q, reply, now) != 0)
			return true;
		all_sent = p->sent == p->count;
		q->wake_at = now + (p->wait_dur < p->interval_dur ? p->wait_dur : p->interval_dur);
		return false;
	}
	if (q->stop || (all_sent && first_at == 0)) {
		sp_row_begin(reply);
		sp_row_number(reply, "sent", p->sent);
		sp_row_number(reply, "received", p->received);
		q->rows += sp_row_end(reply);
		return true;
	}
	q->wake_at = all_sent ? first_at : p->next_at;
	if (first_at != 0 && first_at < q->wake_at)
		q->wake_at = first_at;
	return false;
}

const struct sp_control_cmd sp_control_ping = {
	.name = "ping",
	.live = true,
	.begin = ping_begin,
	.page = ping_page,
	.end = ping_end,
};
