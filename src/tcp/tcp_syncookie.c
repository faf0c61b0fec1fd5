/*
 * tcp_syncookie.c - half-open connections that cost no memory.  RFC 4987 §3.6.
 *
 * When there is no room for one more half-open record, what it would hold is
 * put into the SYN-ACK, and comes back in the acknowledgement: the initial
 * sequence number is a keyed hash of both ends, the peer's number, what was
 * agreed on, and the time.
 *
 *	31             4 3     1 0
 *	+---------------+-------+-+	hash 28 bits, MSS 1 of 8, generation odd or even
 *
 * Window scale, SACK and ECN ride in the low bits of our timestamp; a peer without
 * timestamps goes without them (R-4987-4):
 *
 *	5 4 3       0
 *	+-+-+-------+	SACK permitted, ECN agreed, the peer's shift + 1 (0: no scaling)
 *
 * A generation lasts 64 s and is accepted for one more (R-4987-3); each has a key of
 * its own, so who learns one learns no other.  With keys set from outside, a
 * generation is what the caller says it is: then several stacks behind one address
 * take each other's cookies.
 *
 * Does not: keep anything of the peer's (R-4987-5); take a round-trip sample.
 * Read first: tcp_listen.c, which asks for cookies and gives up records.
 */
#include <sampan/sampan.h>

#include "tcp/tcp_accecn.h"
#include "tcp/tcp_ecn.h"
#include "tcp/tcp_int.h"

#define GENERATION_DUR SAMPAN_SEC(64)
#define HASH_SHIFT 4
#define MSS_SHIFT 1
#define TS_BITS 6
#define TS_MASK ((1u << TS_BITS) - 1)
#define TS_SACK 0x20u
#define TS_ECN 0x10u
#define TS_SCALE 0x0fu
#define NO_TS 0xffu	/* in place of these bits */

/* What is announced today: Ethernet's with its tunnels, IPv6's least, jumbo frames. */
static const uint16_t mss_of[8] = { 216, TCP_MSS_DEFAULT4, TCP_MSS_DEFAULT6, 1360, 1440, 1452,
	1460, 8940 };

static const struct tcp_cookies *
cookies_of(const struct sampan *s)
{
	return &((const struct tcp_globals *)(const void *)s->tcp.bytes)->cookies;
}

/* Does anybody have to look for cookies now?  Only for as long as one that was
 * sent may come back (R-4987-7). */
static bool
awaited(const struct sampan *s)
{
	const struct tcp_cookies *c = cookies_of(s);

	if (sp_setting(s, SAMPAN_SET_TCP_SYNCOOKIES) == 0)
		return false;
	return c->fixed || (c->sent && s->now / GENERATION_DUR - c->sent_generation <= 1);
}

/* The members of a team, which share the master, have the same. */
static struct sp_key
key_of(const struct tcp_cookies *c, uint32_t generation)
{
	const uint32_t w[2] = { generation, 1 }, v[2] = { generation, 2 };

	return (struct sp_key){ {
	    sp_siphash24(&c->master, w, sizeof(w)),
	    sp_siphash24(&c->master, v, sizeof(v)),
	} };
}

/* The present generation; the keys are those of it and of the one before. */
static uint32_t
generation_now(struct sampan *s)
{
	struct tcp_cookies *c = &sp_tcp(s)->cookies;
	const uint32_t now = (uint32_t)(s->now / GENERATION_DUR);

	if (c->fixed || (c->keyed && now == c->generation))
		return c->generation;
	if (!c->keyed || now - c->generation > 1)
		c->key[(now & 1) ^ 1] = key_of(c, now - 1);
	c->key[now & 1] = key_of(c, now);
	c->generation = now;
	c->keyed = true;
	return now;
}

/* The whole number: the hash covers all that the acknowledgement will tell. */
static tcp_seq
cookie_of(const struct sampan *s, const struct tcp_half_open *h, uint32_t generation, uint32_t bits)
{
	const struct tcp_cookies *c = cookies_of(s);
	uint64_t w[SP_FLOW_WORDS + 1], hash;
	size_t n = sp_flow_words(w, &h->flow);
	uint32_t low = generation & 1;

	w[0] |= (uint64_t)h->irs.raw << 32;	/* beside the ports */
	w[n++] = (uint64_t)generation << 32 | bits << 16 | h->peer_mss_bytes;
	hash = sp_siphash24_words(&c->key[generation & 1], w, n);
	for (unsigned i = 0; i < 8; i++)
		if (mss_of[i] == h->peer_mss_bytes)
			low |= i << MSS_SHIFT;
	return seq_of((uint32_t)hash << HASH_SHIFT | low);
}

static uint32_t
ts_bits(const struct tcp_half_open *h)
{
	const unsigned scale = h->has & HALF_OPEN_SCALE;

	if ((h->has & HALF_OPEN_TS) == 0)
		return NO_TS;
	return ((h->has & HALF_OPEN_SACK) != 0 ? TS_SACK : 0) |
	    ((h->has & HALF_OPEN_ANY_ECN) == HALF_OPEN_ECN ? TS_ECN : 0) |
	    (scale == HALF_OPEN_NO_SCALE ? 0 : scale + 1);
}

void
sp_tcp_syncookie_make(struct sampan *s, struct tcp_half_open *h)
{
	struct tcp_cookies *c = &sp_tcp(s)->cookies;
	unsigned i = 7;

	while (i > 0 && mss_of[i] > h->peer_mss_bytes)
		i--;
	h->peer_mss_bytes = mss_of[i];
	if ((h->has & HALF_OPEN_TS) == 0) {
		h->has |= HALF_OPEN_NO_SCALE;
		h->has &= (uint16_t)~HALF_OPEN_SACK;
		if ((h->has & HALF_OPEN_ACCECN) == 0)
			h->has &= (uint16_t)~HALF_OPEN_ECN;
	}
	h->iss = cookie_of(s, h, generation_now(s), ts_bits(h));
	c->sent = true;
	c->sent_generation = (uint32_t)(s->now / GENERATION_DUR);
	sp_count(s, SAMPAN_COUNT_TCP_COOKIES_SENT);
}

uint32_t
sp_tcp_syncookie_tsval(const struct tcp_half_open *h, uint32_t now)
{
	const uint32_t val = (now & ~TS_MASK) | ts_bits(h);

	return (int32_t)(val - now) > 0 ? val - (1u << TS_BITS) : val;
}

/* What the bits of the echoed timestamp say. */
static void
read_ts(struct tcp_half_open *h, uint32_t tsecr)
{
	const unsigned scale = tsecr & TS_SCALE;

	h->has = HALF_OPEN_TS;
	h->has |= (uint16_t)(scale == 0 ? HALF_OPEN_NO_SCALE : scale - 1);
	if ((tsecr & TS_SACK) != 0)
		h->has |= HALF_OPEN_SACK;
	if ((tsecr & TS_ECN) != 0)
		h->has |= HALF_OPEN_ECN;
}

/* Is `h`, put together from an acknowledgement, what one of our cookies says? */
static bool
genuine(struct sampan *s, const struct tcp_half_open *h)
{
	const uint32_t now = generation_now(s);
	const uint32_t generation = (h->iss.raw & 1) == (now & 1) ? now : now - 1;

	return seq_eq(h->iss, cookie_of(s, h, generation, ts_bits(h)));
}

/* RFC 9768 §5.1: a pure acknowledgement tells how our SYN-ACK arrived only where that
 * agreed on accurate ECN; ACE is 0 or 1 else. */
static void
recall_accecn(const struct sampan *s, const struct tcp_seg *seg, struct tcp_half_open *h)
{
	if (seg->len > 0 || tcp_ace(seg) <= ACE_CLASSIC ||
	    sp_setting(s, SAMPAN_SET_TCP_ECN) < ECN_ACCURATE)
		return;
	h->has &= (uint16_t)~HALF_OPEN_ANY_ECN;
	h->has |= HALF_OPEN_ACCECN;
}

bool
sp_tcp_syncookie_check(struct sampan *s, const struct tcp_seg *seg, struct tcp_half_open *h)
{
	const unsigned flags = TCP_SYN | TCP_RST | TCP_ACK;
	bool good;

	if (!awaited(s) || (seg->flags & flags) != TCP_ACK)
		return false;
	*h = (struct tcp_half_open){
		.flow = seg->pkt->flow,
		.irs = seq_sub(seg->seq, 1),
		.iss = seq_sub(seg->ack, 1),
		.ts_recent = seg->opts.tsval,
		.has = HALF_OPEN_NO_SCALE,
	};
	h->peer_mss_bytes = mss_of[h->iss.raw >> MSS_SHIFT & 7];
	if (seg->opts.has_ts)
		read_ts(h, seg->opts.tsecr);
	good = genuine(s, h);
	if (!good) {
		h->irs = seg->seq;	/* a keepalive probe (R-4987-13) */
		good = genuine(s, h);
	}
	if (good)
		recall_accecn(s, seg, h);
	else
		sp_count(s, SAMPAN_COUNT_TCP_COOKIES_FAILED);
	return good;
}

int
sampan_syncookie_key(struct sampan *s, uint32_t generation, const uint8_t key[16])
{
	struct tcp_cookies *c = &sp_tcp(s)->cookies;
	struct sp_key k;

	if (c->fixed && generation - c->generation > UINT32_MAX / 2)
		return SAMPAN_EINVAL;
	memcpy(&k, key, sizeof(k));
	if (!c->fixed || generation - c->generation > 1)
		c->key[(generation & 1) ^ 1] = k;
	c->key[generation & 1] = k;
	c->fixed = true;
	c->generation = generation;
	return 0;
}
