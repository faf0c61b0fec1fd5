/* stage.c - see stage.h. */
#include "lib/stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/frame.h"
#include "lib/stack_check.h"
#include "net/stack.h"

void
must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

void
stage_open(struct sampan *s, size_t bytes)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "fuzz" };

	must(sampan_init(s, bytes, &config, SAMPAN_SEC(1)) == 0, "a stack");
	must(sampan_link_add(s, &link) == 1, "a link");
}

void
stage_listen(struct sampan *s, sampan_time now, unsigned frames_most, bool whole)
{
	static uint8_t bytes[FRAME_MAX];
	struct sampan_frame f;
	unsigned n = 0;

	while (sampan_output(s, 1, &f, 1, now) == 1) {
		const char *flaw;

		(void)frame_flatten(&f, bytes);
		flaw = whole ? frame_flaw(&f, bytes) : NULL;
		must(flaw == NULL, flaw != NULL ? flaw : "");
		sampan_sent(s, &f, 1);
		must(++n <= frames_most, "few frames for one packet");
	}
}

void
stage_check(const struct sampan *s, unsigned addrs_most, unsigned routes_most)
{
	const char *broken = stack_check(s);
	unsigned addrs = 0, routes = 0;

	must(broken == NULL, broken != NULL ? broken : "");
	while (addrs < SP_ADDRS_MAX && s->addr[addrs].link != 0)
		addrs++;
	while (routes < SP_ROUTES_MAX && s->route[routes].link != 0)
		routes++;
	must(addrs <= addrs_most, "addresses within their limit");
	must(routes <= routes_most, "routes within their limit");
}
