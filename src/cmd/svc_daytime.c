/*
 * svc_daytime.c - the daytime service, RFC 867: one line that says what day
 * and time it is, then the end.  In UTC, so that it is the same everywhere.
 */
#include "cmd/svc.h"

#include <time.h>

#define LINE_BYTES 80

static size_t
write_line(const struct svc_host *x, char *line)
{
	const time_t wall = (time_t)x->wall_s;
	struct tm tm;

	if (gmtime_r(&wall, &tm) == NULL)
		return 0;
	return strftime(line, LINE_BYTES, "%A, %B %d, %Y %H:%M:%S UTC\r\n", &tm);
}

static void
daytime_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	char line[LINE_BYTES];
	const size_t len = write_line(x, line);

	(void)c;
	/* An empty send queue takes a line. */
	if (sampan_send(x->stack, event->handle, line, len) == (int64_t)len)
		sp_svc_goodbye(x, event->handle, NULL);
	else
		(void)sampan_abort(x->stack, event->handle);
}

static int
daytime_answer(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer)
{
	(void)said;
	(void)len;
	return (int)write_line(x, (char *)answer);
}

const struct svc sp_svc_daytime = {
	.name = "daytime",
	.text = "tells date and time (RFC 867)",
	.port = 13,
	.by_default = true,
	.hints = { "nc %a %p" },
	.run = daytime_run,
	.answer = daytime_answer,
};
