/*
 * setting.c - settings by name, as numbers and as the text that Linux has for
 * them.  config.h.
 *
 * Does not: know what a setting does; whoever obeys one reads it when it
 * matters, so a change acts from then on.
 */
#include <sampan/config.h>

#include "net/port_list.h"
#include "net/stack.h"
#include "tcp/tcp.h"

static const struct sampan_setting_info rules[SAMPAN_SET_COUNT] = {
#define X(id, name, def, least, most, unit, text) \
	[SAMPAN_SET_##id] = { name, unit, text, 1, { def }, { least }, { most } },
	SAMPAN_SETTINGS(X)
#undef X
};

static const struct {
	const char *name, *text;
	unsigned first, numbers;
} groups[] = {
#define X(id, name, first, numbers, text) { name, text, SAMPAN_SET_##first, numbers },
	SAMPAN_SETTING_GROUPS(X)
#undef X
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

#define X(id, name, first, numbers, text) \
	_Static_assert((numbers) <= SAMPAN_SETTING_NUMBERS, name);
SAMPAN_SETTING_GROUPS(X)
#undef X

static bool
text_equal(const char *a, const char *b)
{
	for (; *a != '\0' && *a == *b; b++)
		a++;
	return *a == *b;
}

static bool
is_name(unsigned i)
{
	return text_equal(rules[i].unit, "name");
}

/* What a congestion control may be is not the list's to know. */
static int64_t
most_of(unsigned i)
{
	return is_name(i) ? TCP_CC_COUNT - 1 : rules[i].most[0];
}

/* The numbers that a name stands for. */
struct place {
	unsigned first, numbers;
};

/* The group of that name, or the single number; numbers 0: none. */
static struct place
find(const char *name)
{
	for (unsigned i = 0; i < GROUPS; i++)
		if (text_equal(groups[i].name, name))
			return (struct place){ groups[i].first, groups[i].numbers };
	for (unsigned i = 0; i < SAMPAN_SET_COUNT; i++)
		if (text_equal(rules[i].name, name))
			return (struct place){ i, 1 };
	return (struct place){ 0, 0 };
}

static void
describe(struct place at, const char *name, const char *text, struct sampan_setting_info *info)
{
	*info = rules[at.first];
	info->name = name;
	info->text = text;
	info->numbers = at.numbers;
	for (unsigned i = 0; i < at.numbers; i++) {
		info->def[i] = rules[at.first + i].def[0];
		info->least[i] = rules[at.first + i].least[0];
		info->most[i] = most_of(at.first + i);
	}
}

/* The group that the number belongs to; GROUPS: none. */
static unsigned
group_of(unsigned number)
{
	unsigned g = 0;

	while (g < GROUPS && number - groups[g].first >= groups[g].numbers)
		g++;
	return g;
}

int
sampan_setting_at(unsigned i, struct sampan_setting_info *info)
{
	for (unsigned n = 0; n < SAMPAN_SET_COUNT; n++) {
		const unsigned g = group_of(n);

		if (g < GROUPS && n != groups[g].first)
			continue;
		if (i-- > 0)
			continue;
		if (g < GROUPS)
			describe((struct place){ n, groups[g].numbers }, groups[g].name,
			    groups[g].text, info);
		else
			describe((struct place){ n, 1 }, rules[n].name, rules[n].text, info);
		return 0;
	}
	return SAMPAN_ENOENT;
}

int
sampan_setting_find(const char *name, struct sampan_setting_info *info)
{
	const struct place at = find(name);
	const unsigned g = group_of(at.first);

	if (at.numbers == 0)
		return SAMPAN_ENOENT;
	if (g < GROUPS && text_equal(groups[g].name, name))
		describe(at, groups[g].name, groups[g].text, info);
	else
		describe(at, rules[at.first].name, rules[at.first].text, info);
	return 0;
}

/* Sets one number; those of its group that would be out of order follow it. */
static void
put_one(struct sampan *s, unsigned number, int64_t value)
{
	const unsigned g = group_of(number);

	s->setting[number] = value;
	if (g == GROUPS)
		return;
	for (unsigned i = number; i > groups[g].first && s->setting[i - 1] > value; i--)
		s->setting[i - 1] = value;
	for (unsigned i = number + 1; i < groups[g].first + groups[g].numbers; i++)
		if (s->setting[i] < value)
			s->setting[i] = value;
}

int
sampan_set(struct sampan *s, const char *name, int64_t value)
{
	const struct place at = find(name);

	if (at.numbers != 1)
		return SAMPAN_ENOENT;
	if (value < rules[at.first].least[0] || value > most_of(at.first))
		return SAMPAN_ERANGE;
	if (at.first == SAMPAN_SET_RESERVED_PORTS)
		return sp_port_list_read(s, "");
	put_one(s, at.first, value);
	return 0;
}

int
sampan_get(const struct sampan *s, const char *name, int64_t *value)
{
	const struct place at = find(name);

	if (at.numbers != 1)
		return SAMPAN_ENOENT;
	*value = s->setting[at.first];
	return 0;
}

/* ---- Text ---- */

/* Where text is written to; what does not fit is counted all the same. */
struct writer {
	char *text;
	size_t len, at;
};

static void
put(struct writer *w, char c)
{
	if (w->at < w->len)
		w->text[w->at] = c;
	w->at++;
}

static void
put_text(struct writer *w, const char *text)
{
	for (; *text != '\0'; text++)
		put(w, *text);
}

static void
put_number(struct writer *w, int64_t value)
{
	char digits[20];
	unsigned n = 0;
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (value < 0)
		put(w, '-');
	do {
		digits[n++] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	while (n > 0)
		put(w, digits[--n]);
}

int
sampan_setting_read(const struct sampan *s, const char *name, char *text, size_t len)
{
	const struct place at = find(name);
	struct writer w = { text, len, 0 };

	if (at.numbers == 0)
		return SAMPAN_ENOENT;
	if (at.first == SAMPAN_SET_RESERVED_PORTS)
		return sp_port_list_write(s, text, len);
	for (unsigned i = at.first; i < at.first + at.numbers; i++) {
		if (i > at.first)
			put(&w, '\t');
		if (is_name(i))
			put_text(&w, sampan_cc_name((unsigned)s->setting[i]));
		else
			put_number(&w, s->setting[i]);
	}
	put(&w, '\0');
	return w.at <= len ? (int)w.at - 1 : SAMPAN_EMSGSIZE;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *
skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* A digit's value; 255: none. */
static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 255;
}

/* Reads a number; NULL: there is none.  What is too great stays as it is, which
 * no setting allows. */
static const char *
read_number(const char *p, int64_t *value)
{
	const int64_t most = INT64_MAX / 16 - 1;
	const bool negative = *p == '-';
	unsigned base = 10;
	int64_t n = 0;
	const char *first;

	p += negative;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (p[0] == '0') {
		base = 8;
	}
	for (first = p; digit_of(*p) < base; p++)
		n = n < most ? n * base + digit_of(*p) : n;
	if (p == first || (*p != '\0' && !is_blank(*p)))
		return NULL;
	*value = negative ? -n : n;
	return p;
}

/* Text of the numbers of a place. */
static int
read_numbers(const char *text, struct place at, int64_t *values)
{
	const char *p = skip_blanks(text);

	for (unsigned i = 0; i < at.numbers; i++) {
		p = read_number(p, &values[i]);
		if (p == NULL)
			return SAMPAN_EINVAL;
		p = skip_blanks(p);
	}
	return *p == '\0' ? 0 : SAMPAN_EINVAL;
}

/* The name without blanks around it. */
static int
read_name(const char *text, int64_t *value)
{
	char name[SAMPAN_SETTING_TEXT];
	unsigned n = 0;
	int found;

	for (text = skip_blanks(text); *text != '\0' && !is_blank(*text); text++) {
		if (n == sizeof(name) - 1)
			return SAMPAN_EINVAL;
		name[n++] = *text;
	}
	name[n] = '\0';
	found = sampan_cc_find(name);
	if (found < 0 || *skip_blanks(text) != '\0')
		return SAMPAN_EINVAL;
	*value = found;
	return 0;
}

int
sampan_setting_write(struct sampan *s, const char *name, const char *text)
{
	const struct place at = find(name);
	int64_t values[SAMPAN_SETTING_NUMBERS] = { 0 };
	int error;

	if (at.numbers == 0)
		return SAMPAN_ENOENT;
	if (at.first == SAMPAN_SET_RESERVED_PORTS)
		return sp_port_list_read(s, text);
	error = is_name(at.first) ? read_name(text, values) : read_numbers(text, at, values);
	if (error != 0)
		return error;
	for (unsigned i = 0; i < at.numbers; i++)
		if (values[i] < rules[at.first + i].least[0] ||
		    values[i] > most_of(at.first + i) || (i > 0 && values[i] < values[i - 1]))
			return SAMPAN_ERANGE;
	for (unsigned i = 0; i < at.numbers; i++)
		put_one(s, at.first + i, values[i]);
	return 0;
}
