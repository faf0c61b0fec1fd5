/*
 * control_cmd.c - see control_cmd.h.
 */
#include "host/control_cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sampan/address.h>

static const struct sp_control_cmd *const commands[] = {
	&sp_control_capture,
	&sp_control_conn,
	&sp_control_ping,
	&sp_control_resolve,
	&sp_control_ss,
	&sp_control_stat,
	&sp_control_sysctl,
};

static const struct sp_control_cmd *
find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

int
sp_query_refuse(struct sp_query *q, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* clang-tidy 14 loses sight of va_start() from the second file on. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(q->refusal, sizeof(q->refusal), format, args);
	va_end(args);
	return -1;
}

static bool
is_own(const struct sampan *s, const struct sampan_addr *to)
{
	struct sampan_addr_info info;

	for (unsigned i = 0; sampan_addr_get(s, i, &info) == 0; i++) {
		if (memcmp(&info.addr, to, sizeof(*to)) == 0)
			return true;
	}
	return false;
}

int
sp_query_refuse_to(struct sp_query *q, const struct sampan_addr *to, int error)
{
	if (is_own(sampan_loop_stack(q->loop), to))
		return sp_query_refuse(q, "that is an address of the stack itself, which has no "
		    "loopback: give another host's");
	return sp_query_refuse(q, "%s", sampan_strerror(error));
}

static int
begin(struct sp_query *q, const cJSON *request)
{
	const char *name = sp_request_text(request, "do");

	if (name == NULL)
		return sp_query_refuse(q, "not a JSON object with a \"do\"");
	q->cmd = find(name);
	if (q->cmd == NULL)
		return sp_query_refuse(q, "no such command");
	return q->cmd->begin(q, request);
}

int
sp_query_begin(struct sp_query *q, const char *text, size_t len)
{
	cJSON *request = cJSON_ParseWithLength(text, len);
	int result;

	*q = (struct sp_query){ .loop = q->loop, .ration = q->ration, .data_fd = q->data_fd };
	result = begin(q, request);
	cJSON_Delete(request);
	return result;
}

void
sp_query_end(struct sp_query *q)
{
	if (q->cmd != NULL && q->cmd->end != NULL)
		q->cmd->end(q);
	q->cmd = NULL;
	q->state = NULL;
}

bool
sp_request_flag(const cJSON *request, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, key));
}

const char *
sp_request_text(const cJSON *request, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, key));
}

int
sp_request_number(struct sp_query *q, const cJSON *request, const struct sp_request_range *range,
    uint64_t *number)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(request, range->key);
	const double value = cJSON_IsNumber(item) ? item->valuedouble : -1;

	*number = range->otherwise;
	if (item == NULL)
		return 0;
	if (!(value >= (double)range->least && value <= (double)range->most))
		return sp_query_refuse(q, "\"%s\" is a number from %llu to %llu", range->key,
		    (unsigned long long)range->least, (unsigned long long)range->most);
	*number = (uint64_t)value;
	return 0;
}
