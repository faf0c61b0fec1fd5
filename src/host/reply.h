/*
 * reply.h - lines of JSON on their way to a client of the control socket.
 *
 * Written straight into one buffer: a row costs a microsecond, not the forty
 * that a tree of allocated objects takes, and a stack with a million
 * connections must show them all without a pause.  Does not: nest objects.
 */
#ifndef SAMPAN_HOST_REPLY_H
#define SAMPAN_HOST_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No row is longer, its end of line included; one that would be is left out. */
#define SP_REPLY_ROW_BYTES ((size_t)2048)

struct sp_reply {
	char *text;
	size_t room;
	size_t len;		/* of whole rows */
	size_t at;		/* end of the row in the making */
	bool full;		/* it did not fit */
};

/* A row is { fields }: begin, fields, end. */
void sp_row_begin(struct sp_reply *r);
void sp_row_text(struct sp_reply *r, const char *key, const char *value);
void sp_row_number(struct sp_reply *r, const char *key, uint64_t value);
void sp_row_signed(struct sp_reply *r, const char *key, int64_t value);
void sp_row_true(struct sp_reply *r, const char *key);

/* False: it did not fit, and is taken back. */
bool sp_row_end(struct sp_reply *r);

/* Does one more row fit, however long it is? */
static inline bool
sp_reply_has_room(const struct sp_reply *r)
{
	return r->room - r->len >= SP_REPLY_ROW_BYTES;
}

#endif
