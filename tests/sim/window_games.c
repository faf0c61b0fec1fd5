/*
 * window_games.c - a peer that plays with its window: shrinks it below what is
 * out, shuts it, opens it a little, for a long time.  RFC 9293 §3.8.6.
 */
#include "lib/fx.h"
#include "lib/stack_check.h"
#include "unit/base_util.h"

#define TOTAL 60000u

/* A receiver that keeps only what comes in order, and offers what it likes. */
struct peer {
	uint32_t got;		/* bytes of our stream */
	uint32_t wnd;
};

static void
take(struct fx *f, struct peer *p)
{
	while (fx_next_out(f) != NULL) {
		const uint32_t from = seq_diff(f->seg.seq, f->iss) - 1;

		if (from <= p->got && from + f->seg.tcp.len > p->got)
			p->got = from + f->seg.tcp.len;
	}
}

static void
offer(struct fx *f, struct peer *p, struct sp_rng *rng)
{
	static const uint32_t windows[] = { 0, 0, 1, 10, 500, 1460, 3000, 20000, 65535 };

	p->wnd = windows[sp_rng_below(rng, sizeof(windows) / sizeof(windows[0]))];
	peer_sends(f, .flags = TCP_ACK, .ack = seq_add(f->iss, 1 + p->got), .wnd = p->wnd);
}

static void
play(uint64_t seed, bool ts)
{
	struct fx f = fx_established(.sack = seed % 2 == 0, .ts = ts);
	struct sp_rng rng = base_rng(seed);
	struct peer p = { 0 };

	while (f.written < TOTAL && fx_write(&f, TOTAL - f.written) > 0)
		continue;
	for (unsigned i = 0; p.got < TOTAL; i++) {
		EXPECT(i < 20000);
		fx_wait(&f, SAMPAN_SEC(300));
		take(&f, &p);
		if (sp_rng_below(&rng, 4) != 0)
			offer(&f, &p, &rng);
		fx_advance(&f, SAMPAN_MS(sp_rng_below(&rng, 300)));
	}
	peer_sends(&f, .flags = TCP_ACK, .ack = seq_add(f.iss, 1 + p.got));
	fx_drop(&f);
	expect_state(&f, TCP_ESTABLISHED);
	EXPECT_SOUND(f.s);
}

/* Everything gets through, however the window moves. */
TEST(stream_survives_window_games)
{
	COVERS("MUST-34", "MUST-35", "SHLD-15", "SHLD-16", "SHLD-17", "MUST-37");
	for (uint64_t seed = 0; seed < (test_full() ? 2000 : 40); seed++)
		play(seed, seed % 4 < 2);
}
