/*
 * svc_goodbye.c - the last stretch of a connection that we end: our FIN is
 * under way behind what was queued, what still comes is thrown away, and the
 * client's FIN closes it.  Nobody connects to this service; sp_svc_goodbye()
 * hands connections over.
 */
#include "cmd/svc.h"

#define PIECE_BYTES 65536

static void
goodbye_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	static _Thread_local uint8_t nowhere[PIECE_BYTES];
	int64_t n;

	do {
		n = sampan_recv(x->stack, event->handle, nowhere, sizeof(nowhere));
	} while (n > 0);
	if (n != SAMPAN_EAGAIN)
		sp_svc_close(x, c);
}

const struct svc sp_svc_goodbye_service = {
	.name = "goodbye",
	.text = "ends connections",
	.conn_bytes = sizeof(struct svc_conn),
	.run = goodbye_run,
	.expired = sp_svc_close,
};
