/*
 * fx_loss.c - see fx_loss.h.
 */
#include "lib/fx_loss.h"

#include <inttypes.h>
#include <stdio.h>

struct fx
fx_make_with_rtt(struct fx_opts opts)
{
	struct fx f = fx_make(SAMPAN_TCP_SYN_RECEIVED, opts);

	fx_advance(&f, opts.rtt);
	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	f.mss = (uint32_t)opts.peer_mss - (opts.ts ? 12 : 0);
	fx_drop(&f);
	fx_forget_events(&f);
	for (unsigned i = 0; i < SAMPAN_COUNT_COUNT; i++)
		f.counts[i] = sampan_counter(f.s, i);
	return f;
}

void
fx_peer_sacks(struct fx *f, uint32_t ack, const struct fx_block *b, unsigned n)
{
	struct tcp_opts o = {
		.has_ts = f->ts,
		.tsval = f->peer_tsval + (uint32_t)(f->now / SAMPAN_MS(1)),
		.tsecr = f->tsval,
		.sack_count = (uint8_t)n,
	};
	uint8_t raw[40];

	for (unsigned i = 0; i < n; i++) {
		o.sack[i].left = fx_our(f, b[i].from).raw;
		o.sack[i].right = fx_our(f, b[i].to).raw;
	}
	tcp_opts_emit(raw, &o);
	fx_peer_sends(f, FX_SEG(f, .ack = fx_our(f, ack), .raw = raw,
	    .raw_len = (unsigned)tcp_opts_len(&o)));
}

void
fx_expect_blocks(struct fx *f, const struct fx_block *b, unsigned n)
{
	const struct tcp_opts *o = &f->seg.tcp.opts;
	bool same = o->sack_count == n;

	for (unsigned i = 0; i < n && same; i++)
		same = o->sack[i].left == fx_their(f, b[i].from).raw &&
		    o->sack[i].right == fx_their(f, b[i].to).raw;
	if (same)
		return;
	for (unsigned i = 0; i < o->sack_count; i++)
		printf("# got  block %" PRId32 " to %" PRId32 "\n",
		    (int32_t)(o->sack[i].left - f->irs.raw - 1),
		    (int32_t)(o->sack[i].right - f->irs.raw - 1));
	for (unsigned i = 0; i < n; i++)
		printf("# want block %" PRIu32 " to %" PRIu32 "\n", b[i].from, b[i].to);
	fx_fail("other blocks");
}

unsigned
fx_count_out(struct fx *f)
{
	unsigned n = 0;

	while (fx_next_out(f) != NULL)
		n++;
	return n;
}

bool
fx_about(sampan_dur dur, sampan_dur want)
{
	return dur >= want - want / 50 && dur <= want + want / 50 + SAMPAN_MS(2);
}

struct sampan_tcp_info
fx_info(struct fx *f)
{
	struct sampan_tcp_info info;

	if (sampan_tcp_info(f->s, f->h, &info) != 0)
		fx_fail("sampan_tcp_info()");
	return info;
}
