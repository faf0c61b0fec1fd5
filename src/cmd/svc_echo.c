/*
 * svc_echo.c - the echo service, RFC 862: every byte goes back.
 *
 * Only as much is read as can be sent, so what the client does not take back
 * stays in the receive queue and its window closes: no buffer of ours, no
 * loss.  After the client's FIN and its last byte, ours follows.
 */
#include "cmd/svc.h"

#include <string.h>

#define ECHO_BYTES 65536

/* Asks for WRITABLE, which is promised to a send that finds no room. */
static void
wait_for_room(struct sampan *s, sampan_handle h)
{
	static const uint8_t none = 0;

	if (sampan_send(s, h, &none, sizeof(none)) != SAMPAN_EAGAIN)
		(void)sampan_abort(s, h);
}

/* Sends back one piece.  False: nothing more to do now. */
static bool
echo_piece(struct sampan *s, sampan_handle h, int64_t room)
{
	static _Thread_local uint8_t piece[ECHO_BYTES];
	const size_t most = room < ECHO_BYTES ? (size_t)room : ECHO_BYTES;
	const int64_t n = sampan_recv(s, h, piece, most);

	if (n == SAMPAN_EAGAIN)
		return false;
	if (n <= 0) {		/* the end of the stream, or what broke it */
		(void)sampan_close(s, h);
		return false;
	}
	if (sampan_send(s, h, piece, (size_t)n) != n) {
		(void)sampan_abort(s, h);	/* never an echo with a hole in it */
		return false;
	}
	return true;
}

static void
echo_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	struct sampan *s = x->stack;
	const sampan_handle h = event->handle;
	int64_t room;

	(void)c;
	do {
		room = sampan_writable_bytes(s, h);
	} while (room > 0 && echo_piece(s, h, room));
	if (room == 0)
		wait_for_room(s, h);
	else if (room < 0)
		(void)sampan_close(s, h);
}

static int
echo_answer(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer)
{
	(void)x;
	memcpy(answer, said, len);
	return (int)len;
}

const struct svc sp_svc_echo = {
	.name = "echo",
	.text = "sends every byte back (RFC 862)",
	.port = 7,
	.by_default = true,
	.hints = { "printf hello | nc -N %a %p", "printf hello | nc -u -w 1 %a %p",
	    "nc %a %p" },
	.run = echo_run,
	.answer = echo_answer,
};
