/*
 * peer.c - see peer.h.
 */
#include "cmd/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/ask.h"

#define NAME_MAX_CHARS 254

/* What has no business in a name, nor in a request. */
static bool
is_name(const char *text)
{
	const size_t len = strlen(text);

	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\' || *p == '/' || *p == ':')
			return false;
	return len > 0 && len <= NAME_MAX_CHARS && strspn(text, "0123456789.") != len;
}

/* -1: refused. */
static int
hear_all(struct peer *peer, struct sp_talk *talk, const struct sp_why *why)
{
	cJSON *row;
	int result;

	while ((result = sp_talk_hear(talk, &row, why)) > 0) {
		const char *text = sp_row_text_of(row, "addr");

		if (text != NULL && peer->addrs < PEER_ADDRS &&
		    sampan_addr_read(&peer->addr[peer->addrs], text) > 0)
			peer->addrs++;
		cJSON_Delete(row);
	}
	return result;
}

static int
resolve(struct peer *peer, const char *command, const char *instance, const char *name)
{
	char text[SAMPAN_WHY_BYTES], request[NAME_MAX_CHARS + 60];
	const struct sp_why why = { text, sizeof(text) };
	const int fd = sp_control_open_client(instance, &why);
	struct sp_talk talk;
	int result;

	if (fd < 0 || sp_talk_open(&talk, fd, &why) != 0)
		return sp_cmd_fail(command, errno, "%s", text);
	(void)snprintf(request, sizeof(request), "{\"do\":\"resolve\",\"name\":\"%s\"}", name);
	sp_talk_be_patient(&talk);
	result = sp_talk_say(&talk, request, -1, &why);
	if (result == 0)
		result = hear_all(peer, &talk, &why);
	sp_talk_close(&talk);
	return result == 0 && peer->addrs > 0 ? 0 : sp_cmd_fail(command, ENOENT, "%s", text);
}

int
sp_peer_read(struct peer *peer, const char *command, const char *instance, const char *text)
{
	const size_t len = sampan_addr_read(&peer->addr[0], text);

	peer->addrs = 1;
	if (len > 0 && text[len] == '\0')
		return 0;
	peer->addrs = 0;
	if (!is_name(text))
		return sp_cmd_fail(command, EINVAL, "'%s' is neither an IP address nor a name: "
		    "give one such as 10.77.0.1 or www.example", text);
	return resolve(peer, command, instance, text);
}
