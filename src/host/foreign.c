/*
 * foreign.c - see foreign.h.
 */
#include "host/foreign.h"

#include <stddef.h>
#include <string.h>

/* Does the name fit?  A * stands for one label, or for all the rest at the end. */
static bool
fits(const char *pattern, const char *name)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '*') {
			if (pattern[1] == '\0')
				return true;
			name += strcspn(name, ".");
		} else if (*pattern != *name++) {
			return false;
		}
	}
	return *name == '\0';
}

const char *
sp_foreign(const char *name, const char *value, bool *agrees)
{
	static const struct {
		const char *name, *value, *reason;
	} table[] = {
#define X(name, value, reason) { name, value, reason },
		SP_FOREIGN_SETTINGS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!fits(table[i].name, name))
			continue;
		*agrees = table[i].value[0] != '\0' && strcmp(table[i].value, value) == 0;
		return table[i].reason;
	}
	return NULL;
}
