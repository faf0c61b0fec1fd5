/*
 * control_cmd.c - see control_cmd.h.
 */
#include "host/control_cmd.h"

#include <string.h>

static const struct sp_control_cmd *const commands[] = {
	&sp_control_ss,
};

const struct sp_control_cmd *
sp_control_cmd_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

bool
sp_reply_line(struct sp_reply *reply, cJSON *object)
{
	char *at = reply->text + reply->len;
	const size_t room = SP_CONTROL_REPLY_BYTES - reply->len;
	bool fits;

	fits = object != NULL && room >= SP_CONTROL_ROW_BYTES &&
	    cJSON_PrintPreallocated(object, at, SP_CONTROL_ROW_BYTES - 1, false);
	cJSON_Delete(object);
	if (!fits)
		return false;
	reply->len += strlen(at);
	reply->text[reply->len++] = '\n';
	return true;
}
