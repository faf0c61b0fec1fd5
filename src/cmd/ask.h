/*
 * ask.h - what commands that ask a running instance share: one request, rows
 * of JSON as the answer.
 */
#ifndef SAMPAN_CMD_ASK_H
#define SAMPAN_CMD_ASK_H

#include "cmd/cmd.h"
#include "host/control_client.h"

/* Finds the instance (NULL: the only one), asks, and gives each row to fn.
 * command: for messages.  Returns the exit code. */
struct ask {
	const char *command;
	const char *instance;
	const char *request;	/* one line of JSON */
	void (*begin)(void *ctx);	/* called when there is an instance; NULL */
	sp_control_row_fn *fn;
	void *ctx;
};
int sp_ask(const struct ask *ask);

/* From now on SIGINT and SIGTERM say on fd that nothing more is asked: the
 * instance then ends its answer properly.  A second signal does not wait. */
void sp_ask_ends_on_signal(int fd);

/* Fields of a row: "?" and 0 if they are not there. */
const char *sp_row_text_of(const cJSON *row, const char *key);
double sp_row_number_of(const cJSON *row, const char *key);
bool sp_row_has(const cJSON *row, const char *key);

/* Bytes as people read them: 0, 4.0K, 1.5M.  Needs 16 bytes. */
void sp_format_bytes(char *text, double bytes);

#endif
