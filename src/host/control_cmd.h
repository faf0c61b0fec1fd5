/*
 * control_cmd.h - what a request on the control socket can ask for: a table
 * of commands, one file each.
 *
 * A command reads its request once, then is asked for a page of its answer
 * at a time, when there is room for one and the turn's ration is not spent.
 * The answer of a `live` command goes on until it is over or the client wants
 * no more of it: its page is asked for in every turn.
 */
#ifndef SAMPAN_HOST_CONTROL_CMD_H
#define SAMPAN_HOST_CONTROL_CMD_H

#include <cjson/cJSON.h>

#include <sampan/host.h>

#include "host/reply.h"

/* In a turn all clients together get this many rows and take this long of the
 * processor; the clock is looked at after each step of so many rows. */
#define SP_CONTROL_ROWS 256
#define SP_CONTROL_TURN_DUR SAMPAN_US(400)
#define SP_CONTROL_STEP 16

#define SP_REFUSAL_BYTES 256

/* How much of a turn has been spent on clients. */
struct sp_ration {
	uint64_t turn;
	unsigned rows;		/* left in it */
	sampan_dur spent_dur;	/* in it */
	sampan_dur most_dur;	/* in any turn so far */
};

struct sp_query {
	const struct sp_control_cmd *cmd;	/* NULL: no request is being answered */
	struct sampan_loop *loop;
	const struct sp_ration *ration;
	uint64_t cursor;	/* 0 to begin with; the command's own */
	uint64_t rows;		/* answered so far */
	void *state;		/* the command's own, for end() to free */
	/* A socket for bytes that came with the request, -1: none.  It is
	 * closed after end(). */
	int data_fd;
	uint32_t data_interest;	/* EPOLLIN, EPOLLOUT: what to wake up for */
	bool data_gone;		/* nobody reads at its other end */
	bool stop;		/* the client wants no more: end soon */
	sampan_time wake_at;	/* when to be asked although nothing happens; 0: never */
	char refusal[SP_REFUSAL_BYTES];	/* not empty: why it failed */
};

struct sp_control_cmd {
	const char *name;
	bool live;
	/* Looks at the request.  -1: refused, by sp_query_refuse(). */
	int (*begin)(struct sp_query *q, const cJSON *request);
	/* Does a bounded amount of work, appends at most max_rows rows and
	 * counts them in q->rows.  True: that was all, or it was refused. */
	bool (*page)(struct sp_query *q, struct sp_reply *reply, unsigned max_rows);
	/* Gives back what begin() and page() made; also after a refusal.
	 * NULL: nothing. */
	void (*end)(struct sp_query *q);
};

extern const struct sp_control_cmd sp_control_capture;
extern const struct sp_control_cmd sp_control_conn;
extern const struct sp_control_cmd sp_control_ping;
extern const struct sp_control_cmd sp_control_resolve;
extern const struct sp_control_cmd sp_control_ss;
extern const struct sp_control_cmd sp_control_stat;
extern const struct sp_control_cmd sp_control_sysctl;

/* Reads a request, one line of JSON, and begins with it.  Everything in q but
 * loop, ration and data_fd is set here.  -1: q->refusal says why. */
int sp_query_begin(struct sp_query *q, const char *text, size_t len);

/* Frees what the query holds and makes it idle; not its data_fd. */
void sp_query_end(struct sp_query *q);

/* Writes the line that tells the client why, and returns -1. */
__attribute__((format(printf, 2, 3)))
int sp_query_refuse(struct sp_query *q, const char *format, ...);

/* The same for an error of a call that speaks to `to`: an address of the stack's own
 * is told as such, since it has no loopback. */
int sp_query_refuse_to(struct sp_query *q, const struct sampan_addr *to, int error);

/* Fields of a request: false, 0 or NULL if there is none of that type. */
bool sp_request_flag(const cJSON *request, const char *key);
const char *sp_request_text(const cJSON *request, const char *key);

/* A whole number within [least, most]; the default if it is left out.  -1: it
 * is something else, and q is refused. */
struct sp_request_range {
	const char *key;
	uint64_t least, most, otherwise;
};
int sp_request_number(struct sp_query *q, const cJSON *request,
    const struct sp_request_range *range, uint64_t *number);

#endif
