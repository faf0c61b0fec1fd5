/*
 * config.h - the tunables of a stack (settings.h has the list), as numbers and in
 * their textual forms.
 *
 * Read and written at any time, as numbers with sampan_get() and sampan_set(), in
 * Linux's textual form by sampan_setting_read() and sampan_setting_write().
 */
#ifndef SAMPAN_CONFIG_H
#define SAMPAN_CONFIG_H

#include <sampan/sampan.h>
#include <sampan/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sampan_setting {
#define X(id, name, def, least, most, unit, text) SAMPAN_SET_##id,
	SAMPAN_SETTINGS(X)
#undef X
	SAMPAN_SET_COUNT,
};

#define SAMPAN_SETTING_NUMBERS 3	/* the most that one name has */

struct sampan_setting_info {
	const char *name;	/* Linux's where it has one */
	const char *unit;	/* "switch": 0 or 1; "name": text such as cubic */
	const char *text;	/* what it does */
	unsigned numbers;	/* 1 to SAMPAN_SETTING_NUMBERS */
	int64_t def[SAMPAN_SETTING_NUMBERS];
	int64_t least[SAMPAN_SETTING_NUMBERS], most[SAMPAN_SETTING_NUMBERS];
};

/* The setting of number i, from 0 on, in the order of the lists; those that
 * belong to a group are told as the group.  NOENT: there are no more. */
SAMPAN_API int sampan_setting_at(unsigned i, struct sampan_setting_info *info);

/* The setting of that name; one of a group's numbers has one too.  NOENT. */
SAMPAN_API int sampan_setting_find(const char *name, struct sampan_setting_info *info);

#define SAMPAN_SETTING_TEXT 80	/* room for every value's text */

/* The value as Linux shows it, several numbers with tabs between; returns the
 * length without the zero.  NOENT; MSGSIZE: len is too small. */
SAMPAN_API int sampan_setting_read(const struct sampan *s, const char *name, char *text,
    size_t len);

/* Sets it from text as Linux reads it: decimal, 0x or 0 in front, blanks between
 * and around; all of a group's numbers or none.  NOENT; INVAL: not a number, too
 * few or too many of them, or an unknown name; RANGE: one is not allowed, or less
 * than the one before. */
SAMPAN_API int sampan_setting_write(struct sampan *s, const char *name, const char *text);

#ifdef __cplusplus
}
#endif

#endif
