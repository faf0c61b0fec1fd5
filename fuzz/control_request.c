/*
 * control_request.c - any bytes as a request on the control socket: answered
 * or refused with a reason; nothing is left behind.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <sampan/socket.h>

#include "host/control_cmd.h"

static _Alignas(64) uint8_t memory[1 << 20];
static char text[64 * SP_REPLY_ROW_BYTES];

static void
ignore_events(void *ctx, const struct sampan_event *events, unsigned n)
{
	(void)ctx;
	(void)events;
	(void)n;
}

/* A stack with one listener. */
static struct sampan_loop *
open_loop(void)
{
	const struct sampan_config config = { .size = sizeof(config) };
	const struct sampan_sockaddr local = { .port = 7 };
	struct sampan *s = (struct sampan *)(void *)memory;
	const struct sampan_loop_config loop_config = { .size = sizeof(loop_config), .stack = s,
	    .events = ignore_events };
	struct sampan_loop *loop;
	sampan_handle h;

	if (sampan_init(memory, sizeof(memory), &config, 1) != 0 ||
	    sampan_socket(s, SAMPAN_STREAM, &h) != 0 || sampan_bind(s, h, &local) != 0 ||
	    sampan_listen(s, h, 1) != 0 || sampan_loop_open(&loop_config, &loop) != 0)
		abort();
	return loop;
}

/* A page or a hundred; whoever is live is told to stop. */
static void
answer(struct sp_query *q)
{
	struct sp_reply reply = { .text = text, .room = sizeof(text) };

	for (int i = 0; i < 100; i++) {
		reply.len = 0;
		q->stop = i > 2;
		if (q->cmd->page(q, &reply, SP_CONTROL_STEP))
			return;
		if (reply.len > 0 && text[reply.len - 1] != '\n')
			abort();
	}
	if (q->cmd->live)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct sampan_loop *loop;
	static const struct sp_ration ration = { 0 };
	struct sp_query q;

	if (loop == NULL)
		loop = open_loop();
	/* Not -1, so that commands get further; nobody reads or writes it before it is
	 * connected, which it cannot be. */
	q = (struct sp_query){ .loop = loop, .ration = &ration, .data_fd = 1000 };
	if (sp_query_begin(&q, (const char *)data, bytes) == 0)
		answer(&q);
	else if (q.refusal[0] == '\0' || strlen(q.refusal) >= sizeof(q.refusal))
		abort();
	sp_query_end(&q);
	return 0;
}
