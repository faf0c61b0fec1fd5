/*
 * svc_daytime.c - the daytime service, RFC 867: one line that says what day
 * and time it is, then the end.  In UTC, so that it is the same everywhere.
 */
#include "cmd/svc.h"

#include <time.h>

static void
daytime_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	const time_t wall = (time_t)x->wall_s;
	struct tm tm;
	char line[80];
	size_t len = 0;

	(void)c;
	if (gmtime_r(&wall, &tm) != NULL)
		len = strftime(line, sizeof(line), "%A, %B %d, %Y %H:%M:%S UTC\r\n", &tm);
	/* An empty send queue takes a line. */
	if (sampan_send(x->stack, event->handle, line, len) == (int64_t)len)
		sp_svc_goodbye(x, event->handle, NULL);
	else
		(void)sampan_abort(x->stack, event->handle);
}

const struct svc sp_svc_daytime = {
	.name = "daytime",
	.text = "tells date and time (RFC 867)",
	.port = 13,
	.by_default = true,
	.hints = { "nc %a %p" },
	.run = daytime_run,
};
