/*
 * state_grid.c - every state with every kind of segment at every place: runs
 * the table.  RFC 9293 §3.10.7; RFC 5961; RFC 1337; RFC 6191; RFC 7323.
 *
 * Each row has its own stack, and runs a second time with both sequence spaces
 * near their wrap.  Read state_grid.h first.
 */
#include "tcp/state_grid.h"

#include <ctype.h>
#include <stdio.h>

#include "tcp/state_grid_known.h"
#include "tcp/state_grid_states.h"
#include "tcp/state_grid_table.h"

#define FAR 0x40000000u
#define MAX_SND_WND 65535u	/* FX_OPTS() */
#define ENDED (SAMPAN_FAILED | SAMPAN_CLOSED | SAMPAN_READABLE | SAMPAN_WRITABLE)

/* ---- Kinds of segments ---- */

enum ack_of { ACK_OF_NONE, ACK_OF_UNA, ACK_OF_NXT, ACK_OF_OLD, ACK_OF_TOO_OLD, ACK_OF_BEYOND };
enum ts_of { TS_OF_NO, TS_OF_GOOD, TS_OF_OLD, TS_OF_MISSING };

static const struct kind {
	const char *name;
	unsigned flags;
	uint32_t len;		/* of its text */
	enum ack_of ack;
	uint16_t up;
	enum ts_of ts;
} kinds[] = {
#define X(id, flags, len, ack, up, ts) [K_##id] = {#id, flags, len, ACK_OF_##ack, up, TS_OF_##ts},
	KINDS(X)
#undef X
};

/* SEG.LEN. */
static uint32_t
seg_len(const struct kind *k)
{
	return k->len + ((k->flags & TCP_SYN) != 0) + ((k->flags & TCP_FIN) != 0);
}

/* ---- States ---- */

static const struct {
	char name[3];
	enum sampan_tcp_state state;
} short_states[] = {
	{ "CD", SAMPAN_TCP_CLOSED },
	{ "LI", SAMPAN_TCP_LISTEN },
	{ "SS", SAMPAN_TCP_SYN_SENT },
	{ "SR", SAMPAN_TCP_SYN_RECEIVED },
	{ "ES", SAMPAN_TCP_ESTABLISHED },
	{ "F1", SAMPAN_TCP_FIN_WAIT_1 },
	{ "F2", SAMPAN_TCP_FIN_WAIT_2 },
	{ "CW", SAMPAN_TCP_CLOSE_WAIT },
	{ "CL", SAMPAN_TCP_CLOSING },
	{ "LA", SAMPAN_TCP_LAST_ACK },
	{ "TW", SAMPAN_TCP_TIME_WAIT },
};

/* As a walk over connections shows it. */
static enum sampan_tcp_state
seen_state(enum sampan_tcp_state state)
{
	return state == SAMPAN_TCP_LISTEN ? SAMPAN_TCP_CLOSED : state;
}

/* ---- A row, and what it should come to ---- */

struct row {
	const struct column *column;
	const struct kind *kind;
	char at;
	char cell[16];
	bool known_wrong;
	/* Of the segment. */
	tcp_seq seq, ack;
	/* As they were before it. */
	tcp_seq rcv_nxt, rcv_edge, iss, snd_nxt;
	uint64_t challenges;
	uint32_t unread;
};

static bool
has(const struct row *r, char mark)
{
	const char *state = strchr(r->cell, '>');
	const char *found = strchr(r->cell, mark);

	return found != NULL && (state == NULL || found < state);
}

static tcp_seq
seq_at(const struct fx *f, const struct row *r)
{
	const uint32_t len = seg_len(r->kind);

	switch (r->at) {
	case '{':
		return seq_sub(f->rcv_nxt, FAR);
	case '<':
		return seq_sub(f->rcv_nxt, len > 0 ? len : 1);
	case 'i':
		return seq_sub(f->rcv_nxt, 1);
	case '/':
		return seq_sub(f->rcv_nxt, r->kind->len / 2);
	case '[':
		return f->rcv_nxt;
	case '=':
		return seq_add(f->rcv_nxt, 1000);
	case ']':
		return seq_sub(f->rcv_edge, 1);
	case '>':
		return seq_add(f->rcv_edge, r->column->zero_window);
	default:
		return seq_add(f->rcv_edge, FAR);
	}
}

static tcp_seq
ack_of(const struct fx *f, const struct kind *k)
{
	switch (k->ack) {
	case ACK_OF_NONE:
		return seq_of(0);
	case ACK_OF_UNA:
		return f->snd_una;
	case ACK_OF_NXT:
		return f->snd_nxt;
	case ACK_OF_OLD:
		return seq_sub(f->snd_una, MAX_SND_WND);
	case ACK_OF_TOO_OLD:
		return seq_sub(f->snd_una, MAX_SND_WND + 1);
	case ACK_OF_BEYOND:
		break;
	}
	return seq_add(f->snd_nxt, 1);
}

/* Of the segment's text: new and inside the window. */
static uint32_t
new_text(const struct row *r)
{
	const tcp_seq first = seq_max(r->seq, r->rcv_nxt);
	const tcp_seq end = seq_add(r->seq, r->kind->len);
	const tcp_seq last = seq_lt(r->rcv_edge, end) ? r->rcv_edge : end;

	return seq_lt(first, last) ? seq_diff(last, first) : 0;
}

static bool
fin_in_window(const struct row *r)
{
	return (r->kind->flags & TCP_FIN) != 0 &&
	    seq_lt(seq_add(r->seq, r->kind->len), r->rcv_edge);
}

/* RCV.NXT behind the segment. */
static tcp_seq
next_rcv_nxt(const struct row *r)
{
	if (r->column->state == SAMPAN_TCP_SYN_SENT || has(r, 'N'))
		return seq_add(r->seq, 1);
	return seq_add(r->rcv_nxt, (has(r, 't') ? new_text(r) : 0) + has(r, 'e'));
}

static enum sampan_tcp_state
next_state(const struct row *r)
{
	const char *name = strchr(r->cell, '>');

	for (unsigned i = 0; name != NULL && i < sizeof(short_states) / sizeof(*short_states); i++)
		if (strcmp(short_states[i].name, name + 1) == 0)
			return short_states[i].state;
	EXPECT(name == NULL);
	return r->column->state;
}

/* ---- What it came to ---- */

static unsigned failures, row_failures;

__attribute__((format(printf, 2, 3))) static void
wrong(const struct row *r, const char *what, ...)
{
	va_list args;

	row_failures++;
	if (r->known_wrong)
		return;
	printf("# %s, %s at %c, \"%s\": ", r->column->name, r->kind->name, r->at, r->cell);
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	printf("\n");
}

static char
classify(const struct row *r, const struct fx_out *o, bool challenge)
{
	const unsigned flags = o->tcp.h.flags & ~(unsigned)TCP_PSH;
	const tcp_seq rcv_nxt = next_rcv_nxt(r);

	if (o->tcp.len > 0)
		return '?';
	if (flags == TCP_RST && seq_eq(o->seq, r->ack) && (r->kind->flags & TCP_ACK) != 0)
		return 'R';
	if (flags == (TCP_RST | TCP_ACK) && o->seq.raw == 0 &&
	    seq_eq(o->ack, seq_add(r->seq, seg_len(r->kind))))
		return 'Z';
	if (flags == TCP_ACK && seq_eq(o->seq, r->snd_nxt) && seq_eq(o->ack, rcv_nxt))
		return challenge ? 'C' : 'A';
	if (flags != (TCP_SYN | TCP_ACK))
		return '?';
	if (seq_eq(o->seq, r->iss) && seq_eq(o->ack, rcv_nxt))
		return 'S';
	/* RFC 6191 §3: the new ISS is beyond what was sent. */
	if (r->column->state == SAMPAN_TCP_TIME_WAIT && !seq_lt(r->snd_nxt, o->seq))
		return '?';
	return seq_eq(o->ack, seq_add(r->seq, 1)) ? 'N' : '?';
}

static void
check_sent(struct fx *f, const struct row *r)
{
	const uint64_t challenges = sampan_counter(f->s, SAMPAN_COUNT_TCP_CHALLENGES);
	const bool challenge = challenges != r->challenges;
	const struct fx_out *o = fx_next_out(f);
	const char got = o == NULL ? '-' : classify(r, o, challenge);
	const char want = r->cell[0];
	const bool ack = got == 'A' || got == 'C';

	if (got == '?')
		wrong(r, "sent flags %#x seq SND.NXT%+d ack RCV.NXT%+d len %u", o->tcp.h.flags,
		    (int32_t)(o->seq.raw - r->snd_nxt.raw), (int32_t)(o->ack.raw - r->rcv_nxt.raw),
		    o->tcp.len);
	else if (got != want && !(want == 'A' && ack) && !(want == 'a' && (ack || got == '-')))
		wrong(r, "sent %c", got);
	if (fx_next_out(f) != NULL)
		wrong(r, "sent more than one segment");
}

static void
check_state(struct fx *f, const struct row *r)
{
	const enum sampan_tcp_state got = fx_state(f), want = seen_state(next_state(r));

	if (got != want)
		wrong(r, "in %s, not %s", fx_state_name(got), fx_state_name(want));
}

static uint32_t
told(struct fx *f)
{
	struct sampan_event e[8];
	uint32_t bits = 0;
	const int n = sampan_events(f->s, e, 8);

	for (int i = 0; i < n; i++) {
		if (f->h != 0 && e[i].handle == f->h)
			bits |= e[i].what;
		if (f->listener != 0 && e[i].handle == f->listener)
			bits |= e[i].what & SAMPAN_ACCEPTABLE;
	}
	return bits;
}

static void
check_told(struct fx *f, const struct row *r)
{
	const bool ended = has(r, 'x') || has(r, 'f'), none = f->h == 0 || r->column->orphan;
	uint32_t got = told(f), want = ended ? ENDED : 0;
	struct sampan_status st = { 0 };
	const int error = has(r, 'x') ? SAMPAN_ECONNRESET : has(r, 'f') ? SAMPAN_ECONNREFUSED : 0;

	want |= has(r, 'p') ? SAMPAN_ACCEPTABLE : 0;
	want |= has(r, 'w') ? SAMPAN_WRITABLE : 0;
	want |= has(r, 'c') || has(r, 'X') ? SAMPAN_CLOSED : 0;
	want |= has(r, 'u') ? SAMPAN_URGENT : 0;
	if (!none)
		want |= (has(r, 't') ? SAMPAN_READABLE : 0) |
		    (has(r, 'e') ? SAMPAN_READABLE | SAMPAN_PEER_CLOSED : 0);
	if (has(r, 'X'))
		got &= SAMPAN_CLOSED;
	if (has(r, 'U'))
		got &= ~(uint32_t)SAMPAN_URGENT;
	if (got != want)
		wrong(r, "told %#x, not %#x", got, want);
	if (none || has(r, 'X'))
		return;
	if (sampan_status(f->s, f->h, &st) != 0 || st.error != error)
		wrong(r, "error %d, not %d", st.error, error);
}

/* Everything there is; recv stops at the urgent mark once. */
static uint32_t
read_all(struct fx *f)
{
	const uint32_t before = f->read;

	while (fx_read(f, 65536) > 0)
		continue;
	return f->read - before;
}

/* The next state with the peer's FIN. */
static enum sampan_tcp_state
after_fin(enum sampan_tcp_state state)
{
	switch (state) {
	case SAMPAN_TCP_SYN_RECEIVED:
	case SAMPAN_TCP_ESTABLISHED:
		return SAMPAN_TCP_CLOSE_WAIT;
	case SAMPAN_TCP_FIN_WAIT_1:
		return SAMPAN_TCP_CLOSING;
	case SAMPAN_TCP_FIN_WAIT_2:
		return SAMPAN_TCP_TIME_WAIT;
	case SAMPAN_TCP_CLOSED:
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_CLOSE_WAIT:
	case SAMPAN_TCP_CLOSING:
	case SAMPAN_TCP_LAST_ACK:
	case SAMPAN_TCP_TIME_WAIT:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
	return state;
}

/* Fills the gap: what was held comes with it. */
static void
check_held(struct fx *f, const struct row *r)
{
	const uint32_t gap = seq_diff(r->seq, r->rcv_nxt);
	const enum sampan_tcp_state want =
	    fin_in_window(r) ? after_fin(next_state(r)) : next_state(r);
	uint32_t got;

	peer_sends(f, .flags = TCP_ACK, .seq = r->rcv_nxt, .len = gap, .refused = true,
	    .ack = seq_max(r->ack, f->snd_una), .tsval = FX_ANY);
	fx_drop(f);
	got = read_all(f);
	if (got != gap + new_text(r))
		wrong(r, "read %u behind the gap, not %u", got, gap + new_text(r));
	if (fx_state(f) != want)
		wrong(r, "in %s with the gap filled, not %s", fx_state_name(fx_state(f)),
		    fx_state_name(want));
}

static void
check_text(struct fx *f, const struct row *r)
{
	const uint32_t want = r->unread + (has(r, 't') ? new_text(r) : 0);
	uint32_t got;

	if (f->h == 0 && has(r, 'p') && sampan_accept(f->s, f->listener, &f->h, NULL) != 0)
		wrong(r, "nothing to accept");
	if (f->h == 0 || r->column->orphan || has(r, 'x') || has(r, 'f') || has(r, 'X'))
		return;
	got = read_all(f);
	if (got != want)
		wrong(r, "read %u octets, not %u", got, want);
	if (has(r, 'h'))
		check_held(f, r);
}

/* ---- Running ---- */

/* The peer's sequence space begins where its SYN is, if that opens. */
static void
rebase(struct fx *f, const struct row *r)
{
	if (r->column->state != SAMPAN_TCP_LISTEN && r->column->state != SAMPAN_TCP_SYN_SENT)
		return;
	f->irs = r->seq;
	f->rcv_nxt = r->seq;
	f->acked = r->seq;
	f->rcv_edge = r->seq;
}

static void
run_row(struct row *r)
{
	const struct kind *k = r->kind;
	struct fx f = make_column(r->column, k->ts != TS_OF_NO);

	r->seq = seq_at(&f, r);
	r->ack = ack_of(&f, k);
	r->rcv_nxt = f.rcv_nxt;
	r->rcv_edge = f.rcv_edge;
	r->iss = f.iss;
	r->snd_nxt = f.snd_nxt;
	r->unread = r->column->zero_window ? seq_diff(f.rcv_nxt, f.irs) - 1 : 0;
	r->challenges = sampan_counter(f.s, SAMPAN_COUNT_TCP_CHALLENGES);
	rebase(&f, r);
	peer_sends(&f, .flags = k->flags, .seq = r->seq, .ack = r->ack, .len = k->len, .up = k->up,
	    .mss = (k->flags & TCP_SYN) != 0 ? 1460 : FX_ANY, .refused = true,
	    .tsval = k->ts == TS_OF_OLD ? 1 : FX_ANY, .no_ts = k->ts == TS_OF_MISSING);
	row_failures = 0;
	check_sent(&f, r);
	check_state(&f, r);
	check_told(&f, r);
	check_text(&f, r);
	if (r->known_wrong && row_failures == 0)
		printf("# %s, %s at %c holds now: take it out of known_wrong\n", r->column->name,
		    k->name, r->at);
	failures += r->known_wrong == (row_failures == 0);
}

/* Reads the next cell; false: there is none. */
static bool
next_cell(const char **cells, char *cell)
{
	unsigned n = 0;

	while (isspace((unsigned char)**cells))
		(*cells)++;
	while (**cells != '\0' && !isspace((unsigned char)**cells) && n < 15)
		cell[n++] = *(*cells)++;
	cell[n] = '\0';
	return n > 0;
}

struct grid {
	const struct column *columns;
	unsigned count;
	const struct grid_line *lines;
	size_t lines_count;
	const struct grid_line *wrong;
	size_t wrong_count;
};

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static bool
is_known_wrong(const struct grid *g, const struct row *r, unsigned column)
{
	char cell[16];

	for (size_t i = 0; i < g->wrong_count; i++) {
		const struct grid_line *w = &g->wrong[i];
		const char *cells = w->cells;

		for (unsigned k = 0; k <= column; k++)
			EXPECT(next_cell(&cells, cell));
		if (&kinds[w->kind] == r->kind && strchr(w->at, r->at) != NULL && cell[0] == 'x')
			return true;
	}
	return false;
}

static void
run_line(const struct grid *g, const struct grid_line *line, unsigned counts[2])
{
	struct row r = { .kind = &kinds[line->kind] };
	const char *cells = line->cells;

	for (unsigned i = 0; i < g->count; i++) {
		EXPECT(next_cell(&cells, r.cell));
		r.column = &g->columns[i];
		for (const char *at = line->at; *at != '\0' && r.cell[0] != '.'; at++) {
			r.at = *at;
			r.known_wrong = is_known_wrong(g, &r, i);
			counts[r.known_wrong]++;
			run_row(&r);
		}
	}
	EXPECT(!next_cell(&cells, r.cell));
}

static void
run_grid(const struct grid *g)
{
	unsigned counts[2] = { 0, 0 };

	failures = 0;
	for (size_t i = 0; i < g->lines_count; i++)
		run_line(g, &g->lines[i], counts);
	printf("# %u rows, %u more known to be wrong\n", counts[0], counts[1]);
	EXPECT_EQ(failures, 0);
}

TEST_TWICE(opening_states_grid)
{
	COVERS("R-9293-1", "R-9293-2", "R-9293-4", "R-9293-5", "R-9293-6", "R-9293-7", "R-9293-8");
	run_grid(&(struct grid){ opening, COUNT_OF(opening), grid_opening, COUNT_OF(grid_opening),
	    NULL, 0 });
}

TEST_TWICE(synchronized_states_grid)
{
	COVERS("R-9293-9", "R-9293-10", "R-9293-12", "R-9293-13", "R-9293-14", "R-9293-15",
	    "R-9293-16", "R-9293-17", "R-9293-18", "R-9293-20", "R-9293-22", "R-9293-23",
	    "R-9293-24", "R-5961-1", "R-5961-2", "R-5961-3", "R-5961-4", "R-5961-6", "R-1337-1",
	    "R-6191-5", "R-7323-10", "R-7323-16", "R-7323-17");
	run_grid(&(struct grid){ synchronized, COUNT_OF(synchronized), grid_synchronized,
	    COUNT_OF(grid_synchronized), known_wrong_synchronized,
	    COUNT_OF(known_wrong_synchronized) });
}

TEST_TWICE(zero_window_grid)
{
	COVERS("R-9293-9", "R-9293-11", "MUST-66");
	run_grid(&(struct grid){ zero_window, COUNT_OF(zero_window), grid_zero_window,
	    COUNT_OF(grid_zero_window), known_wrong_zero_window,
	    COUNT_OF(known_wrong_zero_window) });
}

/* What the cells of TIME-WAIT do not show: only a FIN that PAWS lets pass starts
 * the time anew (R-1337-4, R-7323-10). */
TEST_TWICE(time_wait_fin_that_paws_refuses_prolongs_nothing)
{
	for (unsigned i = 0; i < 3; i++) {
		struct fx f = fx_time_wait(.ts = true);

		fx_advance(&f, SAMPAN_SEC(40));
		peer_sends(&f, .flags = TCP_FIN | TCP_ACK, .seq = seq_sub(f.rcv_nxt, 1),
		    .tsval = i == 0 ? 1 : FX_ANY, .no_ts = i == 1);
		fx_drop(&f);
		fx_advance(&f, SAMPAN_SEC(21));
		fx_expect_state(&f, i == 2 ? SAMPAN_TCP_TIME_WAIT : SAMPAN_TCP_CLOSED);
	}
}
