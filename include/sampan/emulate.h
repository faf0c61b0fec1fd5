/*
 * emulate.h - a bad line on purpose: a link around a link that loses, delays,
 * limits, reorders, repeats and damages frames.
 *
 * Made by a description, words with commas between them:
 *
 *	loss=1%			each frame is lost with this probability
 *	burst=0.5%/20%[/90%]	losses in bursts, after Gilbert and Elliott: before
 *				each frame the line turns bad with the first
 *				probability, and good again with the second;
 *				while bad it loses with the third (100%), while
 *				good with that of loss=
 *	delay=10ms		each frame takes so long
 *	jitter=2ms		and up to so much longer, evenly distributed, anew
 *				for each: frames overtake each other
 *	rate=100mbit		so many bits a second, Ethernet header included
 *	queue=64k		bytes that may wait for the rate; a frame that does
 *				not fit is dropped, an idle line takes any.  Without
 *				it: what the rate sends in 100 ms, at least 64k
 *	reorder=1%		with this probability a frame skips delay and jitter
 *				and so overtakes those before it; needs delay=
 *	dup=1%			arrives twice, the copy with a fate of its own
 *	corrupt=1%		one bit is turned that a checksum covers: of the IPv4
 *				header behind its first octet, or of TCP, ICMP or
 *				UDP data.  Other frames are left alone
 *	aqm=codel		how the queue is kept: droptail (it drops what does not
 *				fit), red, codel (RFC 8289) or fq_codel (RFC 8290)
 *	codel=5ms/100ms		its target and interval
 *	red=20k/60k/10%		from which average on RED drops, where it drops the
 *				share behind it, and all at twice of that; without it:
 *				a sixth and a half of the queue, 10%
 *	ecn=on			the discipline marks instead, what may be marked
 *	bucket=64k		so much passes the rate at once after a rest: a shaper
 *	police=10mbit/64k	what comes faster than a bucket of that size fills at
 *				that rate is dropped
 *	spike=5s/200ms[/1s]	every 5 s, for 1 s (200 ms), 200 ms are added to the
 *				delay; nothing overtakes
 *	batch=4ms		frames come out together, at multiples of this time
 *	thin=4[/1ms]		of up to so many acknowledgements in a row only the
 *				newest passes; it waits for others at most 1 ms
 *	mss=1400		an MSS option says at most so much
 *	strip=sack+ts		options are taken away: mss, wscale, sack, ts, other; and
 *				ecn, the ECN field
 *	rewrite=seq		sequence numbers are others; rewrite=sackblind forgets
 *				to move SACK blocks.  In both directions
 *	seed=1			of all random numbers (1): same frames at the same
 *				times, same fate
 *
 * A word applies to both directions; with in. (to the stack) or out. (from it)
 * before it, as in out.rate=2mbit, to one.  Of two that say the same the later
 * counts.  Numbers may have decimals; durations end in us, ms or s, rates in
 * bit, kbit, mbit or gbit, bytes in nothing, k or m (1024).
 *
 * Things happen in the order rewrite, strip and mss, thin, police, loss, dup,
 * corrupt, queue and rate, delay; each kind has its own random numbers, so that
 * adding one does not change the others.
 *
 * Big frames are cut and open checksums completed first: everything happens to
 * frames as a wire carries them.  A direction holds up to 64 MiB; what does
 * not fit is dropped and counted.  frame.at is when a frame came out of the
 * line, however late it is fetched.
 */
#ifndef SAMPAN_EMULATE_H
#define SAMPAN_EMULATE_H

#include <sampan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sampan_link;

/* Puts a bad line behind `inner`.  On success the new link stands for both:
 * it has the name, descriptor and settings of the inner one and closes it.
 * The new link is the one to attach to a stack, and its deadline matters
 * (sampan_link_deadline()).  -1 and errno with a line in why (host.h):
 * EINVAL: the description.  ENOMEM. */
SAMPAN_API int sampan_link_emulate(struct sampan_link *inner, const char *spec,
    struct sampan_link **out, char *why, size_t why_len);

enum sampan_direction {
	SAMPAN_IN,	/* to the stack */
	SAMPAN_OUT,	/* from it */
};

/* Of frames as on a wire. */
#define SAMPAN_EMULATE_COUNTS(X) \
	X(frames, "entered") \
	X(lost, "lost, bursts included") \
	X(queue_drops, "found the queue full") \
	X(memory_drops, "found no memory, or 64 MiB on their way") \
	X(unsendable, "were not what they said they were: could not be cut") \
	X(duplicated, "copies made") \
	X(corrupted, "had a bit turned") \
	X(overtakers, "skipped the delay") \
	X(early_drops, "dropped by the queue's discipline") \
	X(marked, "marked: congestion experienced") \
	X(policed, "dropped by the policer") \
	X(thinned, "acknowledgements that a newer one replaced") \
	X(altered, "changed by a box")

struct sampan_emulate_counts {
#define X(field, text) uint64_t field;
	SAMPAN_EMULATE_COUNTS(X)
#undef X
};

/* False: not made by sampan_link_emulate(). */
SAMPAN_API bool sampan_link_emulated(const struct sampan_link *link,
    enum sampan_direction direction, struct sampan_emulate_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
