/*
 * control_cmd.h - what a request on the control socket can ask for: a table
 * of commands, one file each.
 *
 * A command reads its request once, then is asked for a page of its answer
 * at a time, when there is room for one and the turn's ration is not spent.
 */
#ifndef SAMPAN_HOST_CONTROL_CMD_H
#define SAMPAN_HOST_CONTROL_CMD_H

#include <cjson/cJSON.h>

#include <sampan/sampan.h>

/* Rows that all clients together get in a turn of the loop. */
#define SP_CONTROL_ROWS 256
/* No row is longer, its end of line and a zero included. */
#define SP_CONTROL_ROW_BYTES 512
#define SP_CONTROL_REPLY_BYTES ((size_t)SP_CONTROL_ROWS * SP_CONTROL_ROW_BYTES)

/* Lines on their way to a client. */
struct sp_reply {
	char *text;	/* SP_CONTROL_REPLY_BYTES */
	size_t len;
};

/* Appends the object as one line and deletes it.  False: it was NULL, or does
 * not fit. */
bool sp_reply_line(struct sp_reply *reply, cJSON *object);

struct sp_query {
	const struct sp_control_cmd *cmd;	/* NULL: no request is being answered */
	uint64_t cursor;	/* 0 to begin with; the command's own */
	uint64_t rows;		/* answered so far */
	uint32_t flags;		/* the command's own */
};

struct sp_control_cmd {
	const char *name;
	/* Looks at the request.  NULL, or the text of an error. */
	const char *(*begin)(struct sp_query *q, const cJSON *request);
	/* Looks at no more than max_rows things, appends a line for each that
	 * belongs in the answer, and counts them in q->rows.  True: that was
	 * all. */
	bool (*page)(struct sp_query *q, const struct sampan *s, struct sp_reply *reply,
	    unsigned max_rows);
};

extern const struct sp_control_cmd sp_control_ss;

/* NULL: no command of that name. */
const struct sp_control_cmd *sp_control_cmd_find(const char *name);

#endif
