/*
 * near.h - how far apart two words are, for "did you mean".
 */
#ifndef SAMPAN_HOST_NEAR_H
#define SAMPAN_HOST_NEAR_H

/* Letters to be put in, left out or replaced to make one of the other; words
 * are compared up to 63 letters. */
unsigned sp_near(const char *a, const char *b);

#endif
