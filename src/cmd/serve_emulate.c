/*
 * serve_emulate.c - see serve_emulate.h.
 */
#include "cmd/serve_emulate.h"

#include <stdio.h>

#include <sampan/emulate.h>

static void
report(const char *direction, const struct sampan_emulate_counts *counts)
{
	(void)printf("emulate %s:", direction);
#define X(field, text) (void)printf(" " #field "=%llu", (unsigned long long)counts->field);
	SAMPAN_EMULATE_COUNTS(X)
#undef X
	(void)putchar('\n');
}

void
sp_serve_emulate_report(const struct sampan_link *link)
{
	struct sampan_emulate_counts counts;

	if (!sampan_link_emulated(link, SAMPAN_IN, &counts))
		return;
	report("in", &counts);
	(void)sampan_link_emulated(link, SAMPAN_OUT, &counts);
	report("out", &counts);
	(void)fflush(stdout);
}
