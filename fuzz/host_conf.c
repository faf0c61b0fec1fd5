/*
 * host_conf.c - any bytes as a file of settings: each line acts, is answered
 * or is refused with a number and a reason, and every value stays one that its
 * setting allows.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <sampan/config.h>
#include <sampan/host.h>

static void
told(void *ctx, unsigned line, bool wrong, const char *why)
{
	unsigned *last = ctx;

	(void)wrong;
	if (line <= *last || why[0] == '\0' || strlen(why) >= SAMPAN_WHY_BYTES)
		abort();
	*last = line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static _Alignas(64) uint8_t block[SAMPAN_MIN_BYTES];
	const struct sampan_config config = { .size = sizeof(config) };
	struct sampan *s = (struct sampan *)(void *)block;
	struct sampan_setting_info info;
	char text[SAMPAN_SETTING_TEXT];
	unsigned last = 0;

	if (sampan_init(block, sizeof(block), &config, 0) != 0)
		abort();
	if (sampan_conf_apply(s, (const char *)data, bytes, told, &last) < 0)
		abort();
	for (unsigned i = 0; sampan_setting_at(i, &info) == 0; i++) {
		if (sampan_setting_read(s, info.name, text, sizeof(text)) < 0 ||
		    sampan_setting_write(s, info.name, text) != 0)
			abort();
	}
	return 0;
}
