/*
 * limit.h - token buckets for what strangers can make us send.
 *
 * Two of them must agree: one for all, whose depth varies at random, so that it
 * tells an observer nothing about what others caused (CVE-2020-25705, R-V-28),
 * and one for each of 64 groups of receivers, told apart by a keyed hash.
 * A bucket is one instant: the time at which it would be full again.
 */
#ifndef SAMPAN_NET_LIMIT_H
#define SAMPAN_NET_LIMIT_H

#include <sampan/sampan.h>

#define SP_LIMIT_GROUPS 64

struct sp_limit {
	sampan_time all_at;
	sampan_time at[SP_LIMIT_GROUPS];
};

/* May one more packet go to dst?  Takes its token if so. */
bool sp_limit_take(struct sampan *s, const struct sampan_addr *dst);

#endif
