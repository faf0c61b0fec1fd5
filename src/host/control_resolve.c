/*
 * control_resolve.c - the request "resolve": the addresses of a name, asked of the stack's
 * name servers over the stack.
 *
 *	{"do":"resolve","name":"www.example"}
 *
 * answers {"addr":"192.0.2.1"} for each, best first, or why there is none.
 */
#include <stdlib.h>

#include "host/control_cmd.h"
#include "host/resolver.h"

static int
resolve_begin(struct sp_query *q, const cJSON *request)
{
	const char *name = sp_request_text(request, "name");
	struct sp_resolver *r;

	if (name == NULL || *name == '\0')
		return sp_query_refuse(q, "\"name\" is missing");
	r = malloc(sizeof(*r));
	q->state = r;
	if (r == NULL)
		return sp_query_refuse(q, "no memory");
	sp_resolver_begin(r, sampan_loop_stack(q->loop), q->loop, name, sampan_loop_now(q->loop));
	return 0;
}

static void
resolve_end(struct sp_query *q)
{
	if (q->state != NULL)
		sp_resolver_end(q->state);
	free(q->state);
}

static bool
resolve_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	struct sp_resolver *r = q->state;
	char text[SAMPAN_ADDR_TEXT];

	switch (sp_resolver_step(r, sampan_loop_now(q->loop))) {
	case SP_RESOLVER_BUSY:
		q->wake_at = r->wake_at;
		return q->stop;
	case SP_RESOLVER_FAILED:
		(void)sp_query_refuse(q, "%s: %s", r->asked, r->why);
		return true;
	case SP_RESOLVER_DONE:
		break;
	}
	for (; q->cursor < r->addrs && max_rows-- > 0; q->cursor++) {
		(void)sampan_addr_write(&r->addr[q->cursor], text);
		sp_row_begin(reply);
		sp_row_text(reply, "addr", text);
		q->rows += sp_row_end(reply);
	}
	return q->cursor == r->addrs;
}

const struct sp_control_cmd sp_control_resolve = {
	.name = "resolve",
	.live = true,
	.begin = resolve_begin,
	.page = resolve_page,
	.end = resolve_end,
};
