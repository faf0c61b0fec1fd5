/*
 * samples.c - see samples.h.
 */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

void
samples_add(struct samples *s, double value)
{
	if (s->n < SAMPLES_MAX)
		s->value[s->n++] = value;
}

static int
compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

double
samples_median(const struct samples *s)
{
	struct samples sorted = *s;

	if (s->n == 0)
		return 0;
	qsort(sorted.value, sorted.n, sizeof(sorted.value[0]), compare);
	return (sorted.value[(s->n - 1) / 2] + sorted.value[s->n / 2]) / 2;
}

double
samples_min(const struct samples *s)
{
	double least = s->n > 0 ? s->value[0] : 0;

	for (unsigned i = 1; i < s->n; i++)
		least = s->value[i] < least ? s->value[i] : least;
	return least;
}

double
samples_max(const struct samples *s)
{
	double most = s->n > 0 ? s->value[0] : 0;

	for (unsigned i = 1; i < s->n; i++)
		most = s->value[i] > most ? s->value[i] : most;
	return most;
}
