/*
 * svc_chargen.c - the character generator, RFC 864: lines of 72 of the 95
 * printing characters, each line beginning one character later than the one
 * before, without end, as fast as the client takes them.  What it sends is
 * thrown away.
 *
 * A connection's place in the pattern is in the socket's word.
 */
#include "cmd/svc.h"

#include <string.h>

#define PRINTING 95		/* from the blank to the tilde */
#define LINE_BYTES 74		/* 72 characters, CR, LF */
#define PATTERN_BYTES (PRINTING * LINE_BYTES)
/* Whole patterns that one send may take: so a place never splits one. */
#define PATTERNS 9
/* RFC 864, "UDP Based Character Generator Service". */
#define DATAGRAM_MAX 512

static uint8_t patterns[(PATTERNS + 1) * PATTERN_BYTES];

static void
draw_patterns(void)
{
	for (unsigned i = 0; i < sizeof(patterns); i++) {
		const unsigned line = i / LINE_BYTES, column = i % LINE_BYTES;

		patterns[i] = (uint8_t)(' ' + (line + column) % PRINTING);
		if (column >= LINE_BYTES - 2)
			patterns[i] = column == LINE_BYTES - 1 ? '\n' : '\r';
	}
}

static int
chargen_start(struct svc_host *x, const struct sp_why *why)
{
	(void)why;
	draw_patterns();
	sp_svc_set_state(x, &sp_svc_chargen, patterns);
	return 0;
}

/* False: it has ended. */
static bool
throw_away(struct svc_host *x, sampan_handle h)
{
	static _Thread_local uint8_t nowhere[65536];
	int64_t n;

	do {
		n = sampan_recv(x->stack, h, nowhere, sizeof(nowhere));
	} while (n > 0);
	return n == SAMPAN_EAGAIN || n == 0;	/* who ended his side may still read */
}

static void
chargen_run(struct svc_host *x, struct svc_conn *c, const struct sampan_event *event)
{
	uint64_t place = sp_svc_own(event);
	int64_t n = throw_away(x, event->handle) ? 1 : SAMPAN_EPIPE;

	(void)c;
	while (n > 0) {
		n = sampan_send(x->stack, event->handle, patterns + place,
		    PATTERNS * PATTERN_BYTES);
		if (n > 0)
			place = (place + (uint64_t)n) % PATTERN_BYTES;
	}
	if (n == SAMPAN_EAGAIN)
		sp_svc_set_own(x, event, place);
	else
		(void)sampan_close(x->stack, event->handle);
}

/* RFC 864: a datagram of up to 512 characters.  Not more than was said, or one line:
 * a forged question does not make a flood (R-V-36). */
static int
chargen_answer(struct svc_host *x, const uint8_t *said, size_t len, uint8_t *answer)
{
	static _Thread_local unsigned line;
	const size_t n = len < LINE_BYTES ? LINE_BYTES : len < DATAGRAM_MAX ? len : DATAGRAM_MAX;

	(void)x;
	(void)said;
	memcpy(answer, patterns + line * LINE_BYTES, n);
	line = (line + 1) % PRINTING;
	return (int)n;
}

const struct svc sp_svc_chargen = {
	.name = "chargen",
	.text = "sends a pattern of characters without end (RFC 864)",
	.port = 19,
	.by_default = true,
	.hints = { "nc %a %p | head -n 100" },
	.start = chargen_start,
	.run = chargen_run,
	.answer = chargen_answer,
};
