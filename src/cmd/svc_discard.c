/*
 * svc_discard.c - the discard service, RFC 863: every byte is thrown away.
 */
#include "cmd/svc.h"

#define DISCARD_BYTES 65536

static void
discard_run(struct sampan *s, const struct sampan_event *event)
{
	static uint8_t nowhere[DISCARD_BYTES];
	int64_t n;

	do {
		n = sampan_recv(s, event->handle, nowhere, sizeof(nowhere));
	} while (n > 0);
	if (n != SAMPAN_EAGAIN)		/* the end of the stream, or what broke it */
		(void)sampan_close(s, event->handle);
}

const struct svc sp_svc_discard = {
	.name = "discard",
	.text = "throws every byte away (RFC 863)",
	.port = 9,
	.by_default = true,
	.hints = { "head -c 1G /dev/zero | nc -N" },
	.run = discard_run,
};
