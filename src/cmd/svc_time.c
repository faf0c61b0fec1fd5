/*
 * svc_time.c - the time service, RFC 868: the seconds since 1900 in four octets,
 * then the end.
 */
#include "cmd/svc.h"

#define SECONDS_1900_TO_1970 2208988800u

static size_t
write_time(const struct svc_host *x, uint8_t *p)
{
	const uint32_t t = (uint32_t)(uint64_t)x->wall_s + SECONDS_1900_TO_1970;

	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(t >> (24 - 8 * i));
	return 4;
}

static void
time_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	uint8_t text[4];
	const size_t len = write_time(x, text);

	(void)c;
	/* An empty send queue takes it. */
	if (sampan_send(x->stack, event->handle, text, len) == (int64_t)len)
		sp_svc_goodbye(x, event->handle, NULL);
	else
		(void)sampan_abort(x->stack, event->handle);
}

static int
time_answer(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer)
{
	(void)said;
	(void)len;
	return (int)write_time(x, answer);
}

const struct svc sp_svc_time = {
	.name = "time",
	.text = "tells the seconds since 1900 (RFC 868)",
	.port = 37,
	.by_default = true,
	.hints = { "nc %a %p | od -An -tu4 --endian=big" },
	.run = time_run,
	.answer = time_answer,
};
