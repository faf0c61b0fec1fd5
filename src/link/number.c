/*
 * number.c - see number.h.
 */
#include "link/number.h"

#include <stddef.h>
#include <string.h>

/* Reads digits; returns what follows them, NULL if there are none or too
 * many. */
static const char *
read_digits(uint64_t *number, const char *text)
{
	uint64_t n = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9'; at++) {
		const uint64_t digit = (uint64_t)(*at - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return NULL;
		n = n * 10 + digit;
	}
	*number = n;
	return at == text ? NULL : at;
}

bool
sp_number_read(uint64_t *number, const char *text)
{
	const char *end = read_digits(number, text);

	return end != NULL && *end == '\0';
}

bool
sp_bytes_read(uint64_t *bytes, const char *text)
{
	static const char units[] = "KkMmGgTt";
	const char *end = read_digits(bytes, text);
	const char *unit;
	unsigned shift;

	if (end == NULL || *end == '\0')
		return end != NULL;
	unit = strchr(units, *end);
	if (unit == NULL || end[1] != '\0')
		return false;
	shift = 10 * (1 + (unsigned)(unit - units) / 2);
	if (*bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

const char *
sp_decimal_read(uint64_t *whole, uint64_t *billionths, const char *text)
{
	const char *end = read_digits(whole, text);
	const char *decimals;

	*billionths = 0;
	if (end == NULL || *end != '.')
		return end;
	decimals = end + 1;
	end = read_digits(billionths, decimals);
	if (end == NULL || end - decimals > 9)
		return NULL;
	for (long n = end - decimals; n < 9; n++)
		*billionths *= 10;
	return end;
}
