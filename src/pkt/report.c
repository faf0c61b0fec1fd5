/*
 * report.c - one verdict a script.
 *
 * A script that passes in a loose profile is run again in the stricter ones, and
 * one that fails in the looser ones, so that the report can name the strictest
 * one that it passes.
 */
#include "pkt/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/parse.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)

const char *
sp_pkt_profile_name(enum pkt_profile profile)
{
	static const char *const names[PKT_PROFILES] = { "strict", "shape", "rfc" };

	return profile < PKT_PROFILES ? names[profile] : "?";
}

char *
sp_pkt_read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;

	if (f == NULL)
		return NULL;
	text = calloc(1, FILE_BYTES_MAX + 1);
	if (text != NULL)
		*len = fread(text, 1, FILE_BYTES_MAX, f);
	(void)fclose(f);
	return text;
}

/* The strictest profile of [from, to) that the script passes; to: none. */
static unsigned
find_profile(const struct pkt_script *script, const struct pkt_config *config, unsigned from,
    unsigned to)
{
	struct pkt_config c = *config;
	struct pkt_result result;

	for (unsigned p = from; p < to && !config->kernel; p++) {
		c.profile = (enum pkt_profile)p;
		sp_pkt_run(script, &c, &result);
		if (result.verdict == PKT_PASS)
			return p;
	}
	return to;
}

static void
print_verdict(const struct pkt_script *script, const struct pkt_config *config,
    const struct pkt_result *result, struct pkt_count *count)
{
	const unsigned asked = (unsigned)config->profile;
	unsigned p;

	switch (result->verdict) {
	case PKT_PASS:
		count->passed++;
		p = find_profile(script, config, PKT_STRICT, asked);
		(void)printf("PASS %s (%s)\n", script->name,
		    sp_pkt_profile_name((enum pkt_profile)p));
		break;
	case PKT_FAIL:
		count->failed++;
		(void)printf("FAIL %s:%d: %s\n", script->name, result->line, result->why);
		p = find_profile(script, config, asked + 1, PKT_PROFILES);
		if (p < PKT_PROFILES)
			(void)printf("    passes in profile %s\n",
			    sp_pkt_profile_name((enum pkt_profile)p));
		break;
	case PKT_SKIP:
		count->skipped++;
		(void)printf("SKIP %s:%d: %s\n", script->name, result->line, result->why);
		break;
	case PKT_PARSE:
		count->failed++;
		(void)printf("PARSE %s:%d: %s\n", script->name, result->line, result->why);
		break;
	}
}

void
sp_pkt_report_file(const char *path, const struct pkt_config *config, struct pkt_count *count)
{
	struct pkt_script script = { .name = path };
	size_t len = 0;
	char *text = sp_pkt_read_file(path, &len);
	struct pkt_result *result = calloc(1, sizeof(*result));

	if (text == NULL || result == NULL) {
		count->failed++;
		(void)printf("PARSE %s:0: %s\n", path, strerror(errno));
	} else {
		if (sp_pkt_parse(&script, text, len, config->defines)) {
			sp_pkt_run(&script, config, result);
		} else {
			result->verdict = PKT_PARSE;
			result->line = script.error_line;
			(void)snprintf(result->why, sizeof(result->why), "%s", script.error);
		}
		print_verdict(&script, config, result, count);
	}
	sp_pkt_script_free(&script);
	free(result);
	free(text);
}
