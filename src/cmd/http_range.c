/*
 * http_range.c - see http_range.h.
 */
#include "cmd/http_range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct reader {
	const char *at, *end;
};

static bool
take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static void
skip_blanks(struct reader *r)
{
	while (take(r, ' ') || take(r, '\t'))
		;
}

/* A number too big to hold is as good as the greatest.  False, and n as it was:
 * there is none. */
static bool
take_number(struct reader *r, uint64_t *n)
{
	const char *first = r->at;
	uint64_t sum = 0;

	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		const uint64_t digit = (uint64_t)(*r->at - '0');

		sum = sum > (UINT64_MAX - digit) / 10 ? UINT64_MAX : 10 * sum + digit;
	}
	if (r->at == first)
		return false;
	*n = sum;
	return true;
}

/* One "FIRST-LAST", "FIRST-" or "-COUNT".  False: not of that form.  What
 * cannot be served comes back empty. */
static bool
take_range(struct reader *r, struct http_range *range, uint64_t size)
{
	uint64_t first = 0, last = UINT64_MAX;
	const bool suffix = !take_number(r, &first);

	if (!take(r, '-'))
		return false;
	if (!take_number(r, &last) && suffix)
		return false;
	if (suffix) {
		range->at = last < size ? size - last : 0;
		range->end = last == 0 ? range->at : size;
		return true;
	}
	if (last < first)
		return false;
	range->at = first < size ? first : size;
	range->end = last < size ? last + 1 : size;
	return true;
}

int
sp_http_range_read(struct http_range ranges[HTTP_RANGES], const char *text, size_t len,
    uint64_t size)
{
	static const char unit[] = "bytes=";
	struct reader r = { text + sizeof(unit) - 1, text + len };
	struct http_range range;
	uint64_t all = 0;
	bool any = false;
	int n = 0;

	if (len < sizeof(unit) || strncasecmp(text, unit, sizeof(unit) - 1) != 0)
		return 0;
	do {
		skip_blanks(&r);
		if (r.at == r.end || *r.at == ',')
			continue;	/* RFC 9110 §5.6.1: empty elements */
		if (!take_range(&r, &range, size))
			return 0;
		any = true;
		skip_blanks(&r);
		if (range.at >= range.end)
			continue;
		if (n == HTTP_RANGES)
			return 0;
		ranges[n++] = range;
		all += range.end - range.at;
	} while (take(&r, ','));
	if (r.at != r.end || all > size)
		return 0;	/* overlapping: more than the file has */
	return n == 0 && any ? -1 : n;
}
