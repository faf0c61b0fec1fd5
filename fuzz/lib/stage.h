/*
 * stage.h - one stack with one link, for fuzzers that send it packets: what must hold
 * after each of them, and what it says.
 */
#ifndef SAMPAN_FUZZ_STAGE_H
#define SAMPAN_FUZZ_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <sampan/sampan.h>

/* Ends the program with these words unless it is so. */
void must(bool good, const char *what);

/* A stack in the block, at the first second, with link 1, whose MAC address ends in 1. */
void stage_open(struct sampan *s, size_t bytes);

/* Takes all that it has to send on link 1: at most so many frames; with `whole` each of
 * them must be without a flaw. */
void stage_listen(struct sampan *s, sampan_time now, unsigned frames_most, bool whole);

/* It is sound, and has no more addresses and routes than that. */
void stage_check(const struct sampan *s, unsigned addrs_most, unsigned routes_most);

#endif
