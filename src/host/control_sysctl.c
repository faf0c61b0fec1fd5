/*
 * control_sysctl.c - the request "sysctl": settings, read and written.
 *
 *	{"do":"sysctl"}					a row for each
 *	{"do":"sysctl","get":"net.ipv4.tcp_sack"}	that one
 *	{"do":"sysctl","set":"net.ipv4.tcp_sack","value":"0"}	and its row
 *	{"do":"sysctl","apply":"-net.ipv4.tcp_fack = 0"}	a line of sysctl.conf(5)
 *
 * What Linux has and a stack does not is answered with {"note":"why"}; what
 * is not allowed is refused with a line that says what is.
 */
#include <stdlib.h>
#include <string.h>

#include <sampan/config.h>

#include "host/conf.h"
#include "host/control_cmd.h"
#include "host/team.h"

/* No line of a file is longer. */
#define NOTE_BYTES SP_REFUSAL_BYTES

/* What a request other than the list has to say. */
struct sysctl {
	struct sampan_setting_info info;	/* name NULL: a note */
	char note[NOTE_BYTES];	/* empty: nothing */
};

static void
add_numbers(struct sp_reply *r, const char *key, const int64_t *number, unsigned n)
{
	char key_n[16];

	for (unsigned i = 0; i < n; i++) {
		char *end = stpcpy(key_n, key);

		if (i > 0)
			*end++ = (char)('1' + i);
		*end = '\0';
		sp_row_signed(r, key_n, number[i]);
	}
}

static void
add_setting(struct sp_query *q, struct sp_reply *r, const struct sampan_setting_info *info)
{
	char value[SAMPAN_SETTING_TEXT];

	if (sampan_setting_read(sampan_loop_stack(q->loop), info->name, value, sizeof(value)) < 0)
		return;
	sp_row_begin(r);
	sp_row_text(r, "name", info->name);
	sp_row_text(r, "value", value);
	sp_row_text(r, "unit", info->unit);
	add_numbers(r, "default", info->def, info->numbers);
	add_numbers(r, "least", info->least, info->numbers);
	add_numbers(r, "most", info->most, info->numbers);
	sp_row_text(r, "text", info->text);
	q->rows += sp_row_end(r);
}

static void
note_line(void *ctx, unsigned line, bool wrong, const char *why)
{
	struct sp_query *q = ctx;
	struct sysctl *c = q->state;

	(void)line;
	if (wrong)
		(void)sp_query_refuse(q, "%s", why);
	else
		(void)stpncpy(c->note, why, sizeof(c->note) - 1);
}

/* The setting of that name, which may be written with slashes. */
static bool
find(const char *name, struct sampan_setting_info *info)
{
	char dotted[SAMPAN_SETTING_TEXT];

	if (strlen(name) >= sizeof(dotted))
		return false;
	memcpy(dotted, name, strlen(name) + 1);
	sp_conf_dots(dotted);
	return sampan_setting_find(dotted, info) == 0;
}

/* What has been set here the other threads of the team have too. */
static void
set_others(struct sp_query *q, const char *name)
{
	char value[SAMPAN_SETTING_TEXT];

	if (sampan_setting_read(sampan_loop_stack(q->loop), name, value, sizeof(value)) < 0)
		return;
	for (unsigned i = 1; i < sp_team_loops(q->loop); i++) {
		(void)sampan_setting_write(sp_team_look(q->loop, i), name, value);
		sp_team_leave_alone(q->loop, i);
	}
}

static int
set(struct sp_query *q, const char *name, const char *value)
{
	struct sysctl *c = q->state;
	const int result = sampan_conf_set(sampan_loop_stack(q->loop), name, value, q->refusal,
	    sizeof(q->refusal));

	if (result > 0)
		(void)strcpy(c->note, q->refusal);
	if (result >= 0)
		q->refusal[0] = '\0';
	if (result == 0 && find(name, &c->info))
		set_others(q, c->info.name);
	return result < 0 ? -1 : 0;
}

/* A name that is none is answered as an attempt to set it is. */
static int
get(struct sp_query *q, const char *name)
{
	struct sysctl *c = q->state;

	return find(name, &c->info) ? 0 : set(q, name, "");
}

static int
sysctl_begin(struct sp_query *q, const cJSON *request)
{
	const char *name_get = sp_request_text(request, "get");
	const char *name_set = sp_request_text(request, "set");
	const char *value = sp_request_text(request, "value");
	const char *line = sp_request_text(request, "apply");

	if (name_get == NULL && name_set == NULL && line == NULL)
		return 0;	/* the list */
	q->state = calloc(1, sizeof(struct sysctl));
	if (q->state == NULL)
		return sp_query_refuse(q, "no memory");
	if (name_get != NULL)
		return get(q, name_get);
	if (name_set != NULL && value == NULL)
		return sp_query_refuse(q, "\"set\" needs a \"value\"");
	if (name_set != NULL)
		return set(q, name_set, value);
	(void)sampan_conf_apply(sampan_loop_stack(q->loop), line, strlen(line), note_line, q);
	for (unsigned i = 1; i < sp_team_loops(q->loop); i++) {
		(void)sampan_conf_apply(sp_team_look(q->loop, i), line, strlen(line), NULL, NULL);
		sp_team_leave_alone(q->loop, i);
	}
	return q->refusal[0] == '\0' ? 0 : -1;
}

static void
sysctl_end(struct sp_query *q)
{
	free(q->state);
}

static bool
sysctl_page(struct sp_query *q, struct sp_reply *reply, unsigned max_rows)
{
	const struct sysctl *c = q->state;
	struct sampan_setting_info info;

	if (c != NULL && c->info.name != NULL)
		add_setting(q, reply, &c->info);
	if (c != NULL && c->note[0] != '\0') {
		sp_row_begin(reply);
		sp_row_text(reply, "note", c->note);
		q->rows += sp_row_end(reply);
	}
	if (c != NULL)
		return true;
	for (unsigned i = 0; i < max_rows; i++) {
		if (sampan_setting_at((unsigned)q->cursor++, &info) != 0)
			return true;
		add_setting(q, reply, &info);
	}
	return false;
}

const struct sp_control_cmd sp_control_sysctl = {
	.name = "sysctl",
	.begin = sysctl_begin,
	.page = sysctl_page,
	.end = sysctl_end,
};
