/*
 * pkt_parse.c - any text as a packet script: it is read to the end or refused
 * with a line and a reason.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "pkt/parse.h"

static const struct pkt_define define = { "NAME", "4", NULL };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct pkt_script script = { .name = "fuzz" };
	const bool ok = sp_pkt_parse(&script, (const char *)data, bytes, &define);

	if (ok && script.events == NULL)
		abort();
	if (!ok && (script.error[0] == '\0' || script.error_line < 1))
		abort();
	for (const struct pkt_mark *m = script.marks; m != NULL; m = m->next) {
		if (m->offset + m->len > bytes)
			abort();
	}
	sp_pkt_script_free(&script);
	return 0;
}
