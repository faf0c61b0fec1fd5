/*
 * ask.c - see ask.h.
 */
#include "cmd/ask.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int
sp_ask(const struct ask *ask)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	const int fd = sp_control_open_client(ask->instance, &why);
	int exit_code = 0;

	if (fd < 0)
		return sp_cmd_fail(ask->command, errno, "%s", text);
	if (ask->begin != NULL)
		ask->begin(ask->ctx);
	if (sp_control_ask(fd, ask->request, ask->fn, ask->ctx, &why) != 0)
		exit_code = sp_cmd_fail(ask->command, errno, "%s", text);
	(void)close(fd);
	return exit_code;
}

static int asking_fd = -1;

static void
end_asking(int signal_number)
{
	(void)signal_number;
	(void)shutdown(asking_fd, SHUT_WR);
}

void
sp_ask_ends_on_signal(int fd)
{
	struct sigaction action = { .sa_handler = end_asking };

	action.sa_flags = (int)(SA_RESTART | (unsigned)SA_RESETHAND);
	asking_fd = fd;
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

const char *
sp_row_text_of(const cJSON *row, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));

	return text == NULL ? "?" : text;
}

double
sp_row_number_of(const cJSON *row, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

bool
sp_row_has(const cJSON *row, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(row, key) != NULL;
}

void
sp_format_bytes(char *text, double bytes)
{
	static const char units[] = "BKMGT";
	unsigned unit = 0;

	while (bytes >= 1024 && unit < sizeof(units) - 2) {
		bytes /= 1024;
		unit++;
	}
	(void)snprintf(text, 16, unit == 0 ? "%.0f" : "%.1f%c", bytes, units[unit]);
}
