/*
 * fx_accecn.h - connections with accurate ECN, RFC 9768, for tests.
 *
 * Segments have 1,000 bytes, and there are no timestamps, so that options are seen by
 * themselves.  ACE is written as its flags: 5, with which each count begins, is AE + ECE.
 */
#ifndef SAMPAN_TESTS_LIB_FX_ACCECN_H
#define SAMPAN_TESTS_LIB_FX_ACCECN_H

#include "lib/fx_loss.h"

#define RTT SAMPAN_MS(100)
#define AE FX_AE
#define CWR TCP_CWR
#define ECE TCP_ECE
#define ASK (AE | CWR | ECE)
#define FIVE (AE | ECE)
#define SIX (AE | CWR)
#define SEVEN (AE | CWR | ECE)

enum { NOT_ECT, ECT1, ECT0, CE };

/* What a SYN-ACK, and its acknowledgement, say of the field of the other. */
static inline unsigned
answer_of(unsigned mark)
{
	static const unsigned ace[] = { CWR, CWR | ECE, AE, AE | CWR };

	return ace[mark];
}

static inline void
set_to(struct fx *f, const char *name, int64_t value)
{
	EXPECT_EQ(sampan_set(f->s, name, value), 0);
}

static inline bool
agreed(struct fx *f)
{
	return (fx_info(f).options & 8) != 0;
}

static inline unsigned
cwnd(struct fx *f)
{
	return (unsigned)fx_info(f).snd_cwnd_segs;
}

static const struct tcp_opt_accecn *
option(const struct fx *f)
{
	return &f->seg.tcp.opts.accecn;
}

#define expect_tos(f, want) EXPECT_EQ((f)->seg.tcp.tos, want)

/* A listener that accepts accurate ECN, or what the setting says. */
static inline struct fx
listener(int64_t setting)
{
	struct fx f = fx_make(SAMPAN_TCP_LISTEN, FX_OPTS(.sack = true, .peer_mss = FX_SEG_BYTES));

	set_to(&f, "net.ipv4.tcp_ecn", setting);
	return f;
}

static inline void
peer_asks(struct fx *f, unsigned flags, unsigned tos)
{
	peer_sends(f, .flags = TCP_SYN | flags, .seq = f->irs, .mss = FX_SEG_BYTES, .sack_ok = true,
	    .tos = (uint8_t)tos);
}

static inline void
begin(struct fx *f)
{
	fx_accept(f);
	f->mss = FX_SEG_BYTES;
	fx_drop(f);
	fx_forget_events(f);
}

/* ESTABLISHED after a round trip of RTT; the peer's answer to our SYN-ACK. */
static inline struct fx
served(unsigned answer)
{
	struct fx f = listener(3);

	peer_asks(&f, ASK, NOT_ECT);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK | CWR, .any_seq = true);
	fx_advance(&f, RTT);
	peer_sends(&f, .flags = TCP_ACK | answer);
	begin(&f);
	return f;
}

/* Ten segments out, and a round trip gone by. */
static inline struct fx
ten_out(unsigned answer, unsigned tos)
{
	struct fx f = served(answer);

	EXPECT_EQ(fx_write(&f, 40000), 40000);
	for (unsigned i = 0; i < 10; i++) {
		expect_segment(&f, .flags = TCP_ACK | FIVE, .seq = fx_our(&f, i * 1000),
		    .len = 1000);
		expect_tos(&f, tos);
	}
	expect_quiet(&f);
	fx_advance(&f, RTT);
	return f;
}

static inline void
peer_acks(struct fx *f, uint32_t at, unsigned ace)
{
	peer_sends(f, .flags = TCP_ACK | ace, .ack = fx_our(f, at));
}

/* The same with an option of the first kind: EE0B, ECEB. */
static inline void
peer_tells(struct fx *f, uint32_t at, unsigned ace, const uint32_t *field)
{
	const uint8_t raw[] = { 172, 8, (uint8_t)(field[0] >> 16), (uint8_t)(field[0] >> 8),
		(uint8_t)field[0], (uint8_t)(field[1] >> 16), (uint8_t)(field[1] >> 8),
		(uint8_t)field[1] };

	peer_sends(f, .flags = TCP_ACK | ace, .ack = fx_our(f, at), .raw = raw, .raw_len = 8);
}

#define peer_tells(f, at, ace, ...) peer_tells(f, at, ace, (const uint32_t[]){ __VA_ARGS__ })

static inline struct fx
connecting(int64_t setting, unsigned asks)
{
	struct fx f = fx_syn_sent(.sack = true);
	const struct sampan_sockaddr to = { fx_peer(), FX_PEER_PORT, 0 };
	const struct sampan_sockaddr local = { fx_local(), FX_LOCAL_PORT, 0 };

	set_to(&f, "net.ipv4.tcp_ecn", setting);
	EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	fx_drop(&f);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	EXPECT_EQ(sampan_bind(f.s, f.h, &local), 0);
	(void)sampan_connect(f.s, f.h, &to);
	expect_segment(&f, .flags = TCP_SYN | asks, .any_seq = true);
	EXPECT(!option(&f)->has);
	f.iss = f.seg.seq;
	f.snd_una = f.iss;
	f.snd_nxt = seq_add(f.iss, 1);
	return f;
}

static inline void
peer_answers(struct fx *f, unsigned flags, unsigned tos)
{
	peer_sends(f, .flags = TCP_SYN | TCP_ACK | flags, .seq = f->irs, .mss = 1000,
	    .sack_ok = true, .tos = (uint8_t)tos);
	f->mss = 1000;
}

#endif
