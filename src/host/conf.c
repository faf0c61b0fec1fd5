/*
 * conf.c - settings from text as people have it: one NAME and VALUE, or a file
 * in the form of sysctl.conf(5).
 *
 * Every line is judged by itself and in order, so that the last of two lines for
 * one name counts.  What a line cannot do is said in one sentence; what Linux
 * has and a stack does not is answered with the reason (foreign.h).
 */
#include "host/conf.h"

#include <sampan/config.h>
#include <sampan/host.h>
#include <sampan/option.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/foreign.h"
#include "host/near.h"
#include "link/why.h"

/* No name or value is longer; a longer line is refused. */
#define FIELD_BYTES 160

void
sp_conf_dots(char *name)
{
	const char first = name[strcspn(name, "./")];

	for (char *c = name; first == '/' && *c != '\0'; c++) {
		if (*c == '/')
			*c = '.';
		else if (*c == '.')
			*c = '/';
	}
}

static const char *
last_label(const char *name)
{
	const char *const dot = strrchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/* The setting whose last label is nearest to this one's: whoever left the rest
 * out, or mistyped it.  False: none is near enough to be meant. */
static bool
meant(const char *name, struct sampan_setting_info *found)
{
	const char *const last = last_label(name);
	unsigned best = 1 + (unsigned)strlen(last) / 4;
	struct sampan_setting_info info;
	bool any = false;

	for (unsigned i = 0; sampan_setting_at(i, &info) == 0; i++) {
		const unsigned distance = sp_near(last, last_label(info.name));

		if (distance >= best)
			continue;
		best = distance;
		*found = info;
		any = true;
	}
	return any;
}

static int
refuse_unknown(const struct sp_why *why, const char *name)
{
	struct sampan_setting_info info;

	if (meant(name, &info))
		return sp_why(why, EINVAL, "%.80s: no such setting; is it %s?", name, info.name);
	return sp_why(why, EINVAL, "%.80s: no such setting; `sampan sysctl` lists all", name);
}

/* Says what is allowed. */
static int
refuse_value(const struct sp_why *why, const char *value, const struct sampan_setting_info *info)
{
	char names[SAMPAN_WHY_BYTES / 2] = "";
	size_t len = 0;

	if (strcmp(info->unit, "name") == 0) {
		for (unsigned i = 0; sampan_cc_name(i) != NULL && len < sizeof(names); i++)
			len += (size_t)snprintf(names + len, sizeof(names) - len, " %s",
			    sampan_cc_name(i));
		return sp_why(why, EINVAL, "%s: not %.60s, but one of:%s", info->name, value,
		    names);
	}
	if (info->numbers == 1)
		return sp_why(why, EINVAL, "%s: not %.60s, but %" PRId64 " to %" PRId64 " (%s)",
		    info->name, value, info->least[0], info->most[0], info->unit);
	return sp_why(why, EINVAL, "%s: not %.60s, but %u numbers, each %" PRId64 " to %" PRId64
	    " (%s) and none less than the one before", info->name, value, info->numbers,
	    info->least[0], info->most[info->numbers - 1], info->unit);
}

int
sampan_conf_set(struct sampan *s, const char *name, const char *value, char *why, size_t why_len)
{
	const struct sp_why to = { why, why_len };
	struct sampan_setting_info info;
	char dotted[FIELD_BYTES];
	const char *reason;
	bool agrees;

	if (strlen(name) >= sizeof(dotted))
		return sp_why(&to, EINVAL, "%.40s...: no setting has a name as long as this", name);
	memcpy(dotted, name, strlen(name) + 1);
	sp_conf_dots(dotted);
	if (sampan_setting_find(dotted, &info) == 0)
		return sampan_setting_write(s, dotted, value) == 0 ? 0 :
		    refuse_value(&to, value, &info);
	reason = sp_foreign(dotted, value, &agrees);
	if (reason == NULL)
		return refuse_unknown(&to, dotted);
	if (!agrees)
		(void)sp_why(&to, 0, "%.80s: does not apply: %s", dotted, reason);
	else
		(void)sp_why(&to, 0, "%.80s: is so already: %s", dotted, reason);
	return 1;
}

/* ---- A file ---- */

struct span {
	const char *p;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct span
trimmed(const char *p, size_t len)
{
	while (len > 0 && is_blank(p[0])) {
		p++;
		len--;
	}
	while (len > 0 && is_blank(p[len - 1]))
		len--;
	return (struct span){ p, len };
}

/* As text with an end; false: too long, or with a zero in it. */
static bool
copy(char *dst, struct span from)
{
	if (from.len >= FIELD_BYTES || memchr(from.p, '\0', from.len) != NULL)
		return false;
	memcpy(dst, from.p, from.len);
	dst[from.len] = '\0';
	return true;
}

/* NAME = VALUE, perhaps with a `-' in front; the result and `why` as
 * sampan_conf_set() has them. */
static int
take_line(struct sampan *s, struct span line, char *why)
{
	const struct sp_why to = { why, SAMPAN_WHY_BYTES };
	const bool lenient = line.p[0] == '-';
	const struct span whole = trimmed(line.p + lenient, line.len - lenient);
	const char *const equals = memchr(whole.p, '=', whole.len);
	char name[FIELD_BYTES], value[FIELD_BYTES];
	int result;

	if (equals == NULL)
		return sp_why(&to, EINVAL, "not NAME = VALUE");
	if (!copy(name, trimmed(whole.p, (size_t)(equals - whole.p))) ||
	    !copy(value, trimmed(equals + 1, whole.len - 1 - (size_t)(equals - whole.p))))
		return sp_why(&to, EINVAL, "longer than any setting, or not text");
	if (name[0] == '\0' || value[0] == '\0')
		return sp_why(&to, EINVAL, "not NAME = VALUE");
	result = sampan_conf_set(s, name, value, why, SAMPAN_WHY_BYTES);
	return result < 0 && lenient ? 1 : result;
}

int
sampan_conf_apply(struct sampan *s, const char *text, size_t len, sampan_conf_fn *fn, void *ctx)
{
	char why[SAMPAN_WHY_BYTES];
	unsigned number = 0;
	int errors = 0;

	while (len > 0) {
		const char *const end = memchr(text, '\n', len);
		const size_t bytes = end != NULL ? (size_t)(end - text) : len;
		const struct span line = trimmed(text, bytes);
		int result = 0;

		number++;
		if (line.len > 0 && line.p[0] != '#' && line.p[0] != ';')
			result = take_line(s, line, why);
		if (result != 0 && fn != NULL)
			fn(ctx, number, result < 0, why);
		errors += result < 0;
		text += bytes + (end != NULL);
		len -= bytes + (end != NULL);
	}
	return errors;
}

const char *
sampan_setting_foreign(const char *name)
{
	struct sampan_setting_info info;
	bool agrees;

	return sampan_setting_find(name, &info) != 0 ? sp_foreign(name, "", &agrees) : NULL;
}
