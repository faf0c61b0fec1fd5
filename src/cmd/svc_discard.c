/*
 * svc_discard.c - the discard service, RFC 863: every byte is thrown away.
 */
#include "cmd/svc.h"

#define DISCARD_BYTES 65536

static void
discard_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	static _Thread_local uint8_t nowhere[DISCARD_BYTES];
	int64_t n;

	(void)c;
	do {
		n = sampan_recv(x->stack, event->handle, nowhere, sizeof(nowhere));
	} while (n > 0);
	if (n != SAMPAN_EAGAIN)		/* the end of the stream, or what broke it */
		(void)sampan_close(x->stack, event->handle);
}

static int
discard_answer(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer)
{
	(void)x;
	(void)said;
	(void)len;
	(void)answer;
	return -1;
}

const struct svc sp_svc_discard = {
	.name = "discard",
	.text = "throws every byte away (RFC 863)",
	.port = 9,
	.by_default = true,
	.hints = { "head -c 1G /dev/zero | nc -N %a %p" },
	.run = discard_run,
	.answer = discard_answer,
};
