/*
 * near.c - see near.h.  Levenshtein's distance, a row at a time.
 */
#include "host/near.h"

#include <string.h>

#define LETTERS 63

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
sp_near(const char *a, const char *b)
{
	const size_t len_a = strnlen(a, LETTERS), len_b = strnlen(b, LETTERS);
	unsigned row[LETTERS + 1];

	for (size_t j = 0; j <= len_b; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			const unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, 1 + least(row[j], row[j - 1]));
		}
	}
	return row[len_b];
}
