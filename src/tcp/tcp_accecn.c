/*
 * tcp_accecn.c - see tcp_accecn.h.
 *
 * Theory of operation.  Classic ECN says once a round trip that something was marked;
 * accurate ECN says how much.  Each end counts the packets that arrive marked, beginning
 * with 5, and puts the last three bits of the count into every header (ACE): so the count
 * survives lost acknowledgements, as long as fewer than eight marks hide behind one.  An
 * option brings octets beside it, of 24 bits each, where the path lets it through and
 * where there is room: on what carries no text.
 *
 * Numbers that begin with something else than 0 show a path that erases them (§3.2.2.4,
 * §3.2.3.2.4), and since both ends tell how the other's SYN or SYN-ACK arrived, which
 * nobody here marks, a path that writes marks of its own shows as well (§3.2.2.3).
 * Where the path lies, nothing more is marked; what arrives is told all the same.
 *
 * Names: r counts what came from the peer, s what the peer says of ours: r.cep, r.ceb,
 * r.e0b, r.e1b, s.cep and so on.
 */
#include "tcp/tcp_accecn.h"

#include "tcp/tcp_ecn.h"

#define ACE_FIRST 5u		/* §3.2.1: of r.cep and s.cep */
#define ACE_CE 6u		/* a SYN or SYN-ACK arrived with CE */
#define ACE_CYCLE 8u
#define FIELD_MASK 0xffffffu
/* §3.2.2.5.1 (R-9768-2): so many marks are told at once; of pure acknowledgements one more. */
#define CE_AT_ONCE 2u
/* Acknowledgements of more segments than this, on average, are usual here: A.2.1. */
#define STRETCH_SEGS 4u

/* Which counters of octets: bits in the order of the first kind of option. */
#define HAS_E0B 1u
#define HAS_CEB 2u
#define HAS_E1B 4u

/* Of net.ipv4.tcp_ecn_option. */
#define OPTION_NEVER 0
#define OPTION_MARKS 1

uint8_t
sp_tcp_accecn_answer(unsigned mark)
{
	static const uint8_t ace[] = { 2, 3, 4, ACE_CE };

	return ace[mark & IP_ECN_MASK];
}

/* ---- Agreeing ---- */

bool
sp_tcp_accecn_begin(struct sampan *s, struct tcp_tcb *t)
{
	const struct tcp_marks first = { ACE_FIRST, 0, 1, 1 };
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	t->ecn = 0;
	t->accecn = 0;
	if (r != NULL && r->accecn == 0)
		r->accecn = sp_pool_take(&s->arena, SP_KIND_TCP_ACCECN);
	if (r == NULL || r->accecn == 0)
		return false;
	*tcp_accecn_of(s, t) = (struct tcp_accecn){ .r = first, .s = first,
		.told_segs = ACE_FIRST, .unheard = true };
	t->ecn = 1;
	t->accecn = 1;
	return true;
}

void
sp_tcp_accecn_end(struct sampan *s, struct tcp_tcb *t)
{
	t->accecn = 0;
	if (t->rare == 0 || tcp_rare_of(s, t)->accecn == 0)
		return;
	sp_pool_give(&s->arena, SP_KIND_TCP_ACCECN, tcp_rare_of(s, t)->accecn);
	tcp_rare_of(s, t)->accecn = 0;
}

/* The path changes marks, or erases what is said of them: ours are of no use. */
static void
stop_marking(struct sampan *s, struct tcp_tcb *t)
{
	if (t->ecn)
		sp_count(s, SAMPAN_COUNT_TCP_ACCECN_MANGLED);
	t->ecn = 0;
}

void
sp_tcp_accecn_accept(struct sampan *s, struct tcp_tcb *t, bool silent)
{
	if (!sp_tcp_accecn_begin(s, t))
		return;
	tcp_accecn_of(s, t)->handshake = true;
	if (silent)
		t->ecn = 0;
	sp_count(s, SAMPAN_COUNT_TCP_ACCECN);
}

/* The peer may be sent text; what the SYN that crossed ours asked for. */
static void
take_crossing_syn(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const uint8_t ace = tcp_ace(seg);

	if (ace == ACE_NONE || ace == ACE_CLASSIC_SYN) {
		sp_tcp_accecn_end(s, t);
		t->ecn = ace == ACE_CLASSIC_SYN;
		return;
	}
	t->ecn = 1;
	tcp_accecn_of(s, t)->syn_mark = seg->pkt->tos & IP_ECN_MASK;
	sp_count(s, SAMPAN_COUNT_TCP_ACCECN);
}

/* Table 2.  Our SYN was not marked: where it arrived with a mark, the path makes them
 * (§3.2.2.3), and so it does where their SYN-ACK, which is no more, arrives with one that
 * nobody may have set.  CE on it is counted, once (§3.2.2.2). */
void
sp_tcp_accecn_take_syn(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_accecn *a = tcp_accecn_of(s, t);
	const unsigned mark = seg->pkt->tos & IP_ECN_MASK;
	const uint8_t ace = tcp_ace(seg);

	if ((seg->flags & TCP_ACK) == 0) {
		take_crossing_syn(s, t, seg);
		return;
	}
	if (ace == ACE_NONE || ace == ACE_CLASSIC || ace == ACE_REQUEST) {
		sp_tcp_accecn_end(s, t);
		t->ecn = ace == ACE_CLASSIC;
		return;
	}
	t->ecn = 1;
	a->answer = sp_tcp_accecn_answer(mark);
	if (mark == IP_ECN_CE)
		a->r.ce_segs++;
	if (ace != ACE_RESERVED && ace != sp_tcp_accecn_answer(0))
		stop_marking(s, t);
	sp_count(s, SAMPAN_COUNT_TCP_ACCECN);
}

/* ---- What the peer says of our marks ---- */

/* Is it newer than what was heard last, and about something?  A.1: by what it newly
 * acknowledges, or by its timestamp. */
static bool
brings_news(const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	if ((seg->flags & TCP_ACK) == 0 || seq_lt(t->snd.nxt, seg->ack) ||
	    seq_lt(seg->ack, t->snd.una) || seq_lt(seg->seq, t->snd.wl1))
		return false;
	return seq_lt(t->snd.una, seg->ack) || seg->opts.sack_count > 0 || seg->text.len > 0 ||
	    (tcp_is(t, TCP_F_TS) && seg->opts.has_ts &&
	    (int32_t)(seg->opts.tsval - t->ts_recent) > 0);
}

/* Table 4, and §3.2.2.3: our SYN-ACK was not marked. */
static void
take_answer(struct sampan *s, struct tcp_tcb *t, struct tcp_accecn *a, uint8_t ace)
{
	if (ace == 0)
		a->deaf = true;
	if (ace == ACE_CE)
		a->s.ce_segs++;
	if (ace == 0 || ace == sp_tcp_accecn_answer(1) || ace == sp_tcp_accecn_answer(2) ||
	    ace == ACE_CE)
		stop_marking(s, t);
}

/* How far one field of 24 bits is ahead of the count; what is behind it came late. */
static uint32_t
ahead(uint32_t field, uint32_t count)
{
	const uint32_t more = (field - count) & FIELD_MASK;

	return more <= FIELD_MASK / 2 ? more : 0;
}

/* §3.2.3.2.4: counters that begin with 0 were erased. */
static bool
option_is_zeroed(const struct tcp_opt_accecn *o)
{
	return (o->count > 0 && o->field[0] == 0) || (o->count > 2 && o->field[2] == 0);
}

/* Octets that it says have newly arrived with CE; *told: it says so. */
static uint32_t
read_option(struct tcp_accecn *a, const struct tcp_opt_accecn *o, bool *told)
{
	uint32_t ce = 0;

	*told = false;
	if (!o->has || a->option_bad)
		return 0;
	if (!a->option_seen && option_is_zeroed(o)) {
		a->option_bad = true;
		return 0;
	}
	a->option_seen = true;
	*told = true;
	for (unsigned i = 0; i < o->count; i++) {
		uint32_t *const count = i == 1 ? &a->s.ce_bytes : (i == 0) != o->order1 ?
		    &a->s.ect0_bytes : &a->s.ect1_bytes;
		const uint32_t more = ahead(o->field[i], *count);

		*count += more;
		if (i == 1)
			ce = more;
	}
	return ce;
}

/* Segments that it newly acknowledges, if each was full. */
static uint32_t
newly_acked_segs(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg)
{
	const uint32_t bytes = seq_diff(seg->ack, t->snd.una);
	const uint32_t known = t->tx != 0 ? tcp_tx_of(s, t)->sacked_bytes : 0;

	return bytes > known && t->mss_bytes != 0 ? (bytes - known) / t->mss_bytes : 0;
}

/* §3.2.2.5.2, A.2: ACE may have gone round, once for eight segments.  The safest likely
 * case: that it has, unless the octets say otherwise, or long acknowledgements are usual
 * here. */
static uint32_t
marked_segs(const struct tcp_tcb *t, struct tcp_accecn *a, uint8_t ace, uint32_t acked,
    const uint32_t *ce_bytes)
{
	const uint32_t least = (ace - a->s.ce_segs) % ACE_CYCLE;
	const bool usual = a->acked_segs8 / 8 >= STRETCH_SEGS;
	uint32_t safer;

	a->acked_segs8 = (uint16_t)(a->acked_segs8 - a->acked_segs8 / 8 +
	    (acked < 1024 ? acked : 1024));
	if (acked < ACE_CYCLE || least > acked)
		return least;
	safer = acked - (acked - least) % ACE_CYCLE;
	if (ce_bytes == NULL)
		return usual || a->option_seen ? least : safer;
	if (*ce_bytes > least * t->mss_bytes)
		return safer;
	return *ce_bytes < safer * (t->mss_bytes / 2) ? least : safer;
}

/* §3.2.2.4: the first that is heard of the counter is not 0. */
static void
check_first(struct sampan *s, struct tcp_tcb *t, struct tcp_accecn *a, uint8_t ace)
{
	a->unheard = false;
	if (ace != 0)
		return;
	a->deaf = true;
	stop_marking(s, t);
}

void
sp_tcp_accecn_feedback(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg)
{
	struct tcp_accecn *a = tcp_accecn_of(s, t);
	const uint8_t ace = tcp_ace(seg);
	uint32_t segs, bytes, acked;
	bool told;

	seg->flags &= (uint8_t)~TCP_ECN_FLAGS;
	a->fresh_bytes = 0;
	if (a->handshake && seg->len == 0 && seg->opts.sack_count == 0) {
		a->handshake = false;
		take_answer(s, t, a, ace);
		(void)read_option(a, &seg->opts.accecn, &told);
		return;
	}
	if (!brings_news(t, seg))
		return;
	a->handshake = false;
	if (a->unheard)
		check_first(s, t, a, ace);
	acked = newly_acked_segs(s, t, seg);
	bytes = read_option(a, &seg->opts.accecn, &told);
	segs = marked_segs(t, a, ace, acked, told ? &bytes : NULL);
	a->s.ce_segs += segs;
	/* §3.2.3.2.5: octets without packets are no feedback of a peer's. */
	if (bytes > 0 && segs == 0 && acked < ACE_CYCLE)
		stop_marking(s, t);
	if (a->deaf || (segs == 0 && bytes == 0))
		return;
	a->fresh_bytes = told ? bytes : segs * t->mss_bytes;
	seg->flags |= TCP_ECE;
}

uint32_t
sp_tcp_accecn_fresh(const struct sampan *s, const struct tcp_tcb *t)
{
	return tcp_accecn_of(s, t)->fresh_bytes;
}

/* ---- What arrives marked ---- */

/* Packets on the way: a big frame was several. */
static uint32_t
packets_of(const struct tcp_seg *seg)
{
	const uint32_t each = seg->pkt->frame->gso_bytes;

	return each != 0 && seg->text.len > each ? (seg->text.len + each - 1) / each : 1;
}

static void
count_bytes(struct tcp_accecn *a, unsigned mark, uint32_t len)
{
	if (len == 0 || mark == 0)
		return;
	a->untold |= mark == IP_ECN_CE ? HAS_CEB : mark == IP_ECN_ECT0 ? HAS_E0B : HAS_E1B;
	if (mark == IP_ECN_CE)
		a->r.ce_bytes += len;
	else if (mark == IP_ECN_ECT0)
		a->r.ect0_bytes += len;
	else
		a->r.ect1_bytes += len;
	a->changed |= a->untold;
}

/* §3.2.1; and §3.2.2.5.1: the first mark behind what had none is told at once, and every
 * second one, or third where there is nothing to acknowledge. */
void
sp_tcp_accecn_in(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_accecn *a = tcp_accecn_of(s, t);
	const unsigned mark = seg->pkt->tos & IP_ECN_MASK, was = a->last_mark;
	const bool text = seg->text.len > 0;
	const bool owed = text || !seq_eq(t->rcv.acked, t->rcv.nxt);

	a->last_mark = (uint8_t)mark;
	count_bytes(a, mark, seg->text.len);
	if (mark != IP_ECN_CE)
		return;
	a->r.ce_segs += packets_of(seg);
	if ((text && was != IP_ECN_CE) ||
	    a->r.ce_segs - a->told_segs >= CE_AT_ONCE + (owed ? 0 : 1))
		tcp_set(t, TCP_F_ACK_NOW);
}

/* ---- Telling ---- */

bool
sp_tcp_accecn_answers(const struct sampan *s, const struct tcp_tcb *t)
{
	return t->accecn && tcp_accecn_of(s, t)->answer != 0;
}

uint8_t
sp_tcp_accecn_ace(const struct sampan *s, const struct tcp_tcb *t, bool pure)
{
	const struct tcp_accecn *a = tcp_accecn_of(s, t);

	return pure && a->answer != 0 ? a->answer : (uint8_t)(a->r.ce_segs % ACE_CYCLE);
}

/* The first so many fields of one order. */
static void
put_fields(const struct tcp_accecn *a, bool order1, unsigned count, struct tcp_opt_accecn *o)
{
	const uint32_t field[] = { order1 ? a->r.ect1_bytes : a->r.ect0_bytes, a->r.ce_bytes,
		order1 ? a->r.ect0_bytes : a->r.ect1_bytes };

	*o = (struct tcp_opt_accecn){ .has = true, .order1 = order1, .count = (uint8_t)count };
	for (unsigned i = 0; i < count; i++)
		o->field[i] = field[i] & FIELD_MASK;
}

void
sp_tcp_accecn_first(const struct sampan *s, struct tcp_opt_accecn *o)
{
	const struct tcp_accecn fresh = { .r = { ACE_FIRST, 0, 1, 1 } };

	if (sp_setting(s, SAMPAN_SET_TCP_ECN_OPTION) != OPTION_NEVER)
		put_fields(&fresh, false, TCP_ACCECN_FIELDS, o);
}

/* How many fields reach to all of `which`, in that order. */
static unsigned
fields_for(unsigned which, bool order1)
{
	const unsigned last = order1 ? HAS_E0B : HAS_E1B;

	return (which & last) != 0 ? 3 : (which & HAS_CEB) != 0 ? 2 : 1;
}

/* Octets that are left for it; two SACK blocks go first. */
static size_t
room_beside(const struct tcp_opts *o)
{
	const unsigned blocks = o->sack_count < 2 ? o->sack_count : 2;
	struct tcp_opts others = *o;

	others.sack_count = (uint8_t)blocks;
	return TCP_OPTS_MAX - tcp_opts_len(&others);
}

/* The first time all fields, so that the peer sees what erases them; then those that have
 * ever changed, where one has changed since; fewer, or none, where there is no room.
 *
 * DEVIATES: R-9768-2: not beside text, whose room it would take from segments that are
 * full. */
void
sp_tcp_accecn_option(const struct sampan *s, const struct tcp_tcb *t,
    const struct tcp_plan *plan, struct tcp_opts *o)
{
	const struct tcp_accecn *a = tcp_accecn_of(s, t);
	const int64_t when = sp_setting(s, SAMPAN_SET_TCP_ECN_OPTION);
	const bool order1 = (a->changed & (HAS_E0B | HAS_E1B)) == HAS_E1B;
	const unsigned all = a->told_once ? a->changed : HAS_E0B | HAS_CEB | HAS_E1B;
	const unsigned least = a->untold != 0 ? fields_for(a->untold, order1) : 0;
	unsigned count = fields_for(all, order1);
	size_t room;

	if (when == OPTION_NEVER || plan->len > 0 || (plan->flags & TCP_ACK) == 0 ||
	    (a->told_once && a->untold == 0) ||
	    (when == OPTION_MARKS && a->told_once && (a->untold & HAS_CEB) == 0))
		return;
	room = room_beside(o);
	while (count >= least && count > 0) {
		put_fields(a, order1, count, &o->accecn);
		if (((2u + 3u * count + 3u) & ~3u) <= room)
			return;
		count--;
	}
	o->accecn.has = false;
}

void
sp_tcp_accecn_told(struct sampan *s, struct tcp_tcb *t, const struct tcp_plan *plan,
    const struct tcp_opts *o)
{
	struct tcp_accecn *a = tcp_accecn_of(s, t);

	if ((plan->flags & TCP_SYN) == 0) {
		a->told_segs = a->r.ce_segs;
		if (plan->len == 0 && o->sack_count == 0)
			a->answer = 0;
	}
	if (o->accecn.has) {
		a->told_once = true;
		a->untold = 0;
	}
}
