/*
 * mutate.c - proof that a script can fail.
 *
 * The parser marks what is compared: numbers of outgoing packets, results,
 * values that calls fill in, numbers of assertions, times at which blocking
 * calls end.  A number is increased by one, a time by a minute.
 */
#include "pkt/mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/parse.h"

#define TIME_STEP 60
#define NUMBER_MAX 32

struct mutation {
	const char *path;
	const struct pkt_config *config;
	const char *text;
	size_t len;
	unsigned made, survived;
};

/* The text with one number changed, to be freed. */
static char *
change(const struct mutation *m, const struct pkt_mark *mark, size_t *len)
{
	char number[NUMBER_MAX + 1] = "", changed[NUMBER_MAX * 2];
	char *out;
	size_t n;

	memcpy(number, m->text + mark->offset, mark->len);
	if (mark->is_time)
		(void)snprintf(changed, sizeof(changed), "%.6f", strtod(number, NULL) + TIME_STEP);
	else
		(void)snprintf(changed, sizeof(changed), "%llu", strtoull(number, NULL, 0) + 1);
	n = strlen(changed);
	*len = m->len - mark->len + n;
	out = calloc(1, *len + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, m->text, mark->offset);
	memcpy(out + mark->offset, changed, n);
	memcpy(out + mark->offset + n, m->text + mark->offset + mark->len,
	    m->len - mark->offset - mark->len);
	return out;
}

static int
line_of(const struct mutation *m, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < offset; i++)
		line += m->text[i] == '\n';
	return line;
}

static void
try(struct mutation *m, const struct pkt_mark *mark)
{
	struct pkt_script script = { .name = m->path };
	struct pkt_result result = { .verdict = PKT_PARSE };
	size_t len = 0;
	char *text;

	if (mark->len > NUMBER_MAX)
		return;
	text = change(m, mark, &len);
	if (text != NULL && sp_pkt_parse(&script, text, len, m->config->defines))
		sp_pkt_run(&script, m->config, &result);
	m->made++;
	if (result.verdict == PKT_PASS || result.verdict == PKT_SKIP) {
		m->survived++;
		(void)printf("SURVIVOR %s:%d: %.*s changed, and the script %s\n", m->path,
		    line_of(m, mark->offset), (int)mark->len, m->text + mark->offset,
		    result.verdict == PKT_PASS ? "passes" : "is skipped");
	}
	sp_pkt_script_free(&script);
	free(text);
}

static void
try_all(struct mutation *m, struct pkt_script *script, struct pkt_count *count)
{
	struct pkt_result result;

	sp_pkt_run(script, m->config, &result);
	if (result.verdict == PKT_SKIP) {
		count->skipped++;
		(void)printf("SKIP %s:%d: %s\n", m->path, result.line, result.why);
		return;
	}
	if (result.verdict != PKT_PASS) {
		count->failed++;
		(void)printf("FAIL %s:%d: %s\n", m->path, result.line, result.why);
		return;
	}
	for (const struct pkt_mark *mark = script->marks; mark != NULL; mark = mark->next)
		try(m, mark);
	count->failed += m->survived > 0;
	count->passed += m->survived == 0;
	(void)printf("%s %s: %u of %u mutants fail\n", m->survived > 0 ? "FAIL" : "PASS", m->path,
	    m->made - m->survived, m->made);
}

void
sp_pkt_mutate_file(const char *path, const struct pkt_config *config, struct pkt_count *count)
{
	struct mutation m = { .path = path, .config = config };
	struct pkt_script script = { .name = path };
	char *text = sp_pkt_read_file(path, &m.len);

	m.text = text;
	if (text != NULL && sp_pkt_parse(&script, text, m.len, config->defines)) {
		try_all(&m, &script, count);
	} else {
		count->failed++;
		(void)printf("PARSE %s:%d: %s\n", path, script.error_line, script.error);
	}
	sp_pkt_script_free(&script);
	free(text);
}
