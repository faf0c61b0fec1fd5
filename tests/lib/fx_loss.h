/*
 * fx_loss.h - more words for fx.h: round trips, and selective acknowledgement.
 *
 * Stretches of a stream are named by offsets: byte 0 is the first one of text,
 * whatever the sequence numbers are.  Loss is tested with segments of 1,000
 * bytes, of which the initial window has ten (RFC 6928).
 */
#ifndef SAMPAN_TESTS_LIB_FX_LOSS_H
#define SAMPAN_TESTS_LIB_FX_LOSS_H

#include <sampan/option.h>

#include "lib/fx.h"

#define FX_SEG_BYTES 1000u

/* [from, to) of a stream. */
struct fx_block {
	uint32_t from, to;
};

/* ESTABLISHED by a handshake that took .rtt, with segments of 1,000 bytes;
 * with SACK unless told otherwise. */
#define fx_with_rtt(...) \
	fx_make_with_rtt(FX_OPTS(.sack = true, .peer_mss = FX_SEG_BYTES, __VA_ARGS__))

struct fx fx_make_with_rtt(struct fx_opts opts);

/* Byte number `at` of our stream; of the peer's. */
static inline tcp_seq
fx_our(const struct fx *f, uint32_t at)
{
	return seq_add(f->iss, 1 + at);
}

static inline tcp_seq
fx_their(const struct fx *f, uint32_t at)
{
	return seq_add(f->irs, 1 + at);
}

/* The peer acknowledges our stream up to `ack` and reports blocks of it. */
#define peer_sacks(f, ack, ...) \
	(fx_here(__FILE__, __LINE__), \
	    fx_peer_sacks(f, ack, (const struct fx_block[]){ __VA_ARGS__ }, \
		sizeof((const struct fx_block[]){ __VA_ARGS__ }) / sizeof(struct fx_block)))

/* The segment expected last reports exactly these blocks of the peer's stream,
 * in this order. */
#define expect_blocks(f, ...) \
	(fx_here(__FILE__, __LINE__), \
	    fx_expect_blocks(f, (const struct fx_block[]){ __VA_ARGS__ }, \
		sizeof((const struct fx_block[]){ __VA_ARGS__ }) / sizeof(struct fx_block)))
#define expect_no_blocks(f) (fx_here(__FILE__, __LINE__), fx_expect_blocks(f, NULL, 0))

/* Segment number n of our stream, and nothing else, in this moment. */
#define expect_seg(f, n) \
	expect_segment(f, .seq = fx_our(f, (n) * FX_SEG_BYTES), .len = FX_SEG_BYTES)

/* How many segments leave now, whatever they are. */
unsigned fx_count_out(struct fx *f);

/* Is a duration as long as it should be, up to ticks of the clock and 2 %? */
bool fx_about(sampan_dur dur, sampan_dur want);

void fx_peer_sacks(struct fx *f, uint32_t ack, const struct fx_block *b, unsigned n);
void fx_expect_blocks(struct fx *f, const struct fx_block *b, unsigned n);
struct sampan_tcp_info fx_info(struct fx *f);

#endif
