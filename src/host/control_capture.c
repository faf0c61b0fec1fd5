/*
 * control_capture.c - the request "capture": frames as a pcapng file, over the
 * socket that came along.
 *
 *	{"do":"capture","whole":false,"snap":262144,"packets":100,"bytes":1000000,
 *	 "program":[40,0,0,12, 21,0,1,2048, 6,0,0,262144, 6,0,0,0]}
 *
 * answers {"started":true,...}, and at the end how many packets there were.
 * The program is classic BPF, four numbers an instruction: whoever asks
 * compiles it, because that may look up names and take long; here it is only
 * checked and run.  Packets that the client does not take in time are dropped
 * and counted.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "host/control_cmd.h"
#include "host/loop.h"
#include "host/team.h"
#include "link/capture.h"

#define SNAP_MOST 262144
#define PROGRAM_MOST 1024u
/* To the client in a turn, no more than begins within this time; at a time. */
#define TURN_DUR SAMPAN_US(300)
#define SEND_BYTES ((size_t)64 << 10)

struct capture {
	struct sp_capture *capture;
	bool started;
};

/* Four numbers an instruction. */
static int
read_program(struct sp_query *q, const cJSON *array, struct bpf_insn *program, unsigned *len)
{
	const cJSON *item;
	double number[4] = { 0 };
	unsigned i = 0;

	cJSON_ArrayForEach(item, array) {
		if (i == 4 * PROGRAM_MOST || !cJSON_IsNumber(item) || item->valuedouble < 0 ||
		    item->valuedouble > UINT32_MAX)
			return sp_query_refuse(q, "\"program\" is an array of numbers, four an "
			    "instruction, for %u of them at most", PROGRAM_MOST);
		number[i % 4] = item->valuedouble;
		if (++i % 4 != 0)
			continue;
		program[i / 4 - 1] = (struct bpf_insn){
			.code = (u_short)((uint32_t)number[0] & 0xffff),
			.jt = (u_char)((uint32_t)number[1] & 0xff),
			.jf = (u_char)((uint32_t)number[2] & 0xff),
			.k = (uint32_t)number[3],
		};
	}
	*len = i / 4;
	return i % 4 == 0 ? 0 : sp_query_refuse(q, "\"program\" is cut short");
}

static int
read_numbers(struct sp_query *q, const cJSON *request, struct sp_capture_config *config)
{
	const struct sp_request_range snap = { "snap", 14, SNAP_MOST, SNAP_MOST };
	const struct sp_request_range packets = { "packets", 1, UINT32_MAX, 0 };
	const struct sp_request_range bytes = { "bytes", 1024, UINT64_C(1) << 50, 0 };
	uint64_t number;

	if (sp_request_number(q, request, &snap, &number) != 0)
		return -1;
	config->snap_bytes = (uint32_t)number;
	if (sp_request_number(q, request, &packets, &config->packets_most) != 0)
		return -1;
	return sp_request_number(q, request, &bytes, &config->bytes_most);
}

/* The other threads of the team stay asleep meanwhile. */
static void
hold_all(struct sampan_loop *loop)
{
	for (unsigned i = 0; i < sp_team_loops(loop); i++)
		(void)sp_team_look(loop, i);
}

static void
release_all(struct sampan_loop *loop)
{
	for (unsigned i = 0; i < sp_team_loops(loop); i++)
		sp_team_leave_alone(loop, i);
}

static int
add_links(struct sp_capture *c, struct sampan_loop *loop)
{
	for (unsigned k = 0; k < sp_team_loops(loop); k++) {
		const struct sampan_loop *member = sp_team_loop(loop, k);

		for (unsigned i = 0; sp_loop_link_at(member, i) != NULL; i++)
			if (sp_capture_add(c, sp_loop_link_at(member, i)) != 0)
				return -1;
	}
	return 0;
}

static void
finish(struct sp_query *q)
{
	const struct capture *c = q->state;

	hold_all(q->loop);
	sp_capture_finish(c->capture);
	release_all(q->loop);
}

static int
start(struct sp_query *q, const struct sp_capture_config *config)
{
	struct capture *c = calloc(1, sizeof(*c));
	int result;

	q->state = c;
	if (c != NULL)
		c->capture = sp_capture_open(config);
	if (c == NULL || c->capture == NULL)
		return sp_query_refuse(q, errno == EINVAL ? "the filter's program is not sound" :
		    "no memory for a capture");
	hold_all(q->loop);
	result = add_links(c->capture, q->loop);
	release_all(q->loop);
	return result == 0 ? 0 : sp_query_refuse(q, "there are as many captures as can be");
}

static int
capture_begin(struct sp_query *q, const cJSON *request)
{
	struct sp_capture_config config = { .whole = sp_request_flag(request, "whole") };
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(request, "program");
	struct bpf_insn *program;
	int result;

	if (q->data_fd < 0)
		return sp_query_refuse(q, "\"capture\" needs a socket for the bytes");
	if (sp_loop_link_at(q->loop, 0) == NULL)
		return sp_query_refuse(q, "there is no link");
	if (read_numbers(q, request, &config) != 0)
		return -1;
	program = calloc(PROGRAM_MOST, sizeof(program[0]));
	if (program == NULL)
		return sp_query_refuse(q, "no memory for a capture");
	config.program = program;
	result = read_program(q, array, program, &config.program_len);
	if (result == 0)
		result = start(q, &config);
	free(program);
	return result;
}

static void
capture_end(struct sp_query *q)
{
	struct capture *c = q->state;

	hold_all(q->loop);
	if (c != NULL)
		sp_capture_close(c->capture);
	release_all(q->loop);
	free(c);
}

static void
answer_start(struct sp_query *q, struct sp_reply *reply)
{
	sp_row_begin(reply);
	sp_row_true(reply, "started");
	sp_row_text(reply, "link", sampan_link_name(sp_loop_link_at(q->loop, 0)));
	q->rows += sp_row_end(reply);
}

static void
answer_counts(struct sp_query *q, struct sp_reply *reply)
{
	const struct capture *c = q->state;
	const struct sp_capture_counts counts = sp_capture_counts(c->capture);

	sp_row_begin(reply);
	sp_row_number(reply, "packets", counts.packets);
	sp_row_number(reply, "unwanted", counts.unwanted);
	sp_row_number(reply, "dropped", counts.dropped);
	q->rows += sp_row_end(reply);
}

/* False: the client is gone. */
static bool
flush(const struct sp_query *q, struct sp_capture *capture)
{
	const sampan_time end_at = sampan_clock() + TURN_DUR;

	do {
		const uint8_t *bytes;
		const size_t len = sp_capture_peek(capture, &bytes);
		ssize_t n;

		if (len == 0)
			return true;
		n = send(q->data_fd, bytes, len < SEND_BYTES ? len : SEND_BYTES,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		sp_capture_take(capture, (size_t)n);
	} while (sampan_clock() < end_at);
	return true;
}

static bool
capture_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	struct capture *c = q->state;
	const uint8_t *bytes;

	(void)max_rows;
	if (!c->started)
		answer_start(q, reply);
	c->started = true;
	if (q->stop || sp_capture_counts(c->capture).is_full)
		finish(q);
	if (q->data_gone || !flush(q, c->capture))
		return true;
	if (sp_capture_peek(c->capture, &bytes) > 0) {
		q->data_interest = EPOLLOUT;
		return false;
	}
	q->data_interest = 0;
	if (!q->stop && !sp_capture_counts(c->capture).is_full)
		return false;
	answer_counts(q, reply);
	return true;
}

const struct sp_control_cmd sp_control_capture = {
	.name = "capture",
	.live = true,
	.begin = capture_begin,
	.page = capture_page,
	.end = capture_end,
};
