/*
 * capacity.c - see capacity.h.
 */
#include "link/capacity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/number.h"

#define CHANCES_MOST ((size_t)4 << 20)
#define MS_MOST (24u * 3600 * 1000)
#define LINE_BYTES 32

static bool
add(struct sp_capacity *c, uint32_t at_ms)
{
	if (c->n == c->room) {
		const size_t room = c->room == 0 ? 1024 : c->room * 2;
		uint32_t *more = realloc(c->at_ms, room * sizeof(*more));

		if (more == NULL)
			return false;
		c->at_ms = more;
		c->room = room;
	}
	c->at_ms[c->n++] = at_ms;
	return true;
}

static int
take_line(struct sp_capacity *c, char *line, const char *path, const struct sp_why *why)
{
	uint64_t ms;

	line[strcspn(line, "\r\n")] = '\0';
	if (!sp_number_read(&ms, line) || ms > MS_MOST ||
	    (c->n > 0 && ms < c->at_ms[c->n - 1]))
		return sp_why(why, EINVAL, "%s:%zu: give milliseconds, up to a day and none less "
		    "than the line before", path, c->n + 1);
	if (c->n == CHANCES_MOST)
		return sp_why(why, EINVAL, "%s: longer than %zu lines", path, CHANCES_MOST);
	return add(c, (uint32_t)ms) ? 0 : sp_why(why, ENOMEM, "no memory for %s", path);
}

int
sp_capacity_open(struct sp_capacity *c, const char *path, const struct sp_why *why)
{
	FILE *from = fopen(path, "re");
	char line[LINE_BYTES];
	int result = 0;

	*c = (struct sp_capacity){ 0 };
	if (from == NULL)
		return sp_why(why, errno, "cannot read %s: %s", path, strerror(errno));
	while (result == 0 && fgets(line, sizeof(line), from) != NULL)
		result = take_line(c, line, path, why);
	if (result == 0 && ferror(from))
		result = sp_why(why, EIO, "cannot read %s", path);
	(void)fclose(from);
	if (result == 0 && (c->n == 0 || c->at_ms[c->n - 1] == 0))
		result = sp_why(why, EINVAL, "%s: give at least one line, and the last above 0",
		    path);
	if (result != 0)
		sp_capacity_close(c);
	return result;
}

void
sp_capacity_close(struct sp_capacity *c)
{
	free(c->at_ms);
	*c = (struct sp_capacity){ 0 };
}

static sampan_time
time_of(const struct sp_capacity *c, uint64_t chance)
{
	return SAMPAN_MS(chance / c->n * c->at_ms[c->n - 1] + c->at_ms[chance % c->n]);
}

/* The first chance that is not before `at`. */
static uint64_t
chance_at(const struct sp_capacity *c, sampan_time at)
{
	const sampan_dur turn_dur = SAMPAN_MS(c->at_ms[c->n - 1]);
	const uint64_t turn = at / turn_dur;
	size_t least = 0, most = c->n;

	while (least < most) {
		const size_t middle = (least + most) / 2;

		if (SAMPAN_MS(c->at_ms[middle]) < at % turn_dur)
			least = middle + 1;
		else
			most = middle;
	}
	return turn * c->n + least;
}

sampan_time
sp_capacity_pass(const struct sp_capacity *c, struct sp_capacity_cursor *cursor, uint32_t len,
    sampan_time at)
{
	if (time_of(c, cursor->chance) < at) {
		cursor->chance = chance_at(c, at);
		cursor->left_bytes = SP_CAPACITY_CHANCE_BYTES;
	}
	while (cursor->left_bytes < len) {
		len -= cursor->left_bytes;
		cursor->left_bytes = SP_CAPACITY_CHANCE_BYTES;
		cursor->chance++;
	}
	cursor->left_bytes -= len;
	return time_of(c, cursor->chance);
}
