/*
 * samples.h - what repeated runs of the same measurement gave.
 */
#ifndef SAMPAN_BENCH_SAMPLES_H
#define SAMPAN_BENCH_SAMPLES_H

#define SAMPLES_MAX 16

struct samples {
	unsigned n;
	double value[SAMPLES_MAX];
};

/* Those beyond SAMPLES_MAX are not kept. */
void samples_add(struct samples *s, double value);

/* 0 without samples.  Of an even number the median is the mean of the middle two. */
double samples_median(const struct samples *s);
double samples_min(const struct samples *s);
double samples_max(const struct samples *s);

#endif
