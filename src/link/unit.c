/*
 * unit.c - see unit.h.
 */
#include "link/unit.h"

#include <string.h>

#include "link/number.h"

#define RATE_LEAST 1000u
#define RATE_MOST 400000000000u
#define DUR_MOST SAMPAN_SEC(10 * 366 * (uint64_t)86400)

struct unit {
	const char *name;
	uint64_t factor;	/* at most 10^9, so that billionths times it fit */
};

/* Reads NUMBER UNIT as a whole number of the smallest unit.  NULL at the end of
 * units. */
static bool
read_with_unit(uint64_t *value, const char *text, const struct unit *units)
{
	uint64_t whole, billionths;
	const char *end = sp_decimal_read(&whole, &billionths, text);

	if (end == NULL)
		return false;
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, end) != 0)
			continue;
		if (whole > UINT64_MAX / units->factor / 2)
			return false;
		*value = whole * units->factor + billionths * units->factor / 1000000000;
		return true;
	}
	return false;
}

bool
sp_share_read(uint32_t *ppb, const char *text)
{
	static const struct unit shares[] = { { "%", SP_SHARE_ALL / 100 }, { NULL, 0 } };
	uint64_t value;

	if (!read_with_unit(&value, text, shares) || value > SP_SHARE_ALL)
		return false;
	*ppb = (uint32_t)value;
	return true;
}

bool
sp_dur_read(sampan_dur *dur, const char *text)
{
	static const struct unit durs[] = {
		{ "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { NULL, 0 },
	};

	return read_with_unit(dur, text, durs) && *dur <= DUR_MOST;
}

bool
sp_rate_read(uint64_t *bits, const char *text)
{
	static const struct unit rates[] = {
		{ "bit", 1 }, { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 },
		{ NULL, 0 },
	};

	return read_with_unit(bits, text, rates) && *bits >= RATE_LEAST && *bits <= RATE_MOST;
}

bool
sp_size_read(uint64_t *bytes, const char *text)
{
	static const struct unit sizes[] = {
		{ "", 1 }, { "k", 1024 }, { "K", 1024 }, { "m", 1 << 20 }, { "M", 1 << 20 },
		{ NULL, 0 },
	};

	return read_with_unit(bytes, text, sizes);
}
