/*
 * limit.h - token buckets for what strangers can make us send.
 *
 * Two of them must agree: one for each of 64 groups of receivers, told apart by a
 * keyed hash, and one for all, whose depth varies at random, so that it tells an
 * observer nothing about what others caused (CVE-2020-25705, R-V-28).  Who asks
 * too much is refused by his group's first, and takes nothing from the others.
 * A bucket is one instant, the time at which it would be full again; a group's in 32
 * bits, where one that seems farther ahead than a bucket is deep lies in the past.
 */
#ifndef SAMPAN_NET_LIMIT_H
#define SAMPAN_NET_LIMIT_H

#include <sampan/sampan.h>

#define SP_LIMIT_GROUPS 64
#define SP_LIMIT_SHIFT 10	/* log2 of nanoseconds */

struct sp_limit {
	sampan_time all_at;
	uint32_t at[SP_LIMIT_GROUPS];	/* units of SP_LIMIT_SHIFT */
};

/* May one more ICMP error go to dst?  Takes its tokens if so. */
bool sp_limit_take(struct sampan *s, const struct sampan_addr *dst);

/* The same for resets and other answers of a transport to what no connection stands
 * behind.  RFC 4987 (R-4987-14). */
bool sp_limit_take_answer(struct sampan *s, const struct sampan_addr *dst);

#endif
