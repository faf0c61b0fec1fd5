/*
 * ss_filter.c - see ss_filter.h.  A recursive descent whose depth is counted;
 * what it makes is a program for a stack of truth values.
 */
#include "host/ss_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "link/number.h"
#include "link/spec.h"

#define DEPTH_MOST 16
#define WORD_BYTES 80

struct reader {
	struct sp_ss_filter *f;
	const char *at;
	const struct sp_why *why;
	unsigned depth;
	char word[WORD_BYTES];	/* the next one; empty: none is left */
};

#define STATE(id) (1u << SAMPAN_TCP_##id)
#define ALL_STATES ((1u << SAMPAN_TCP_STATE_COUNT) - 1)
#define CONNECTED (ALL_STATES & ~(STATE(LISTEN) | STATE(CLOSED)))

/* As ss(8) calls them. */
static const struct {
	const char *name;
	uint32_t states;
} state_names[] = {
	{ "established", STATE(ESTABLISHED) },
	{ "syn-sent", STATE(SYN_SENT) },
	{ "syn-recv", STATE(SYN_RECEIVED) },
	{ "syn-received", STATE(SYN_RECEIVED) },
	{ "fin-wait-1", STATE(FIN_WAIT_1) },
	{ "fin-wait-2", STATE(FIN_WAIT_2) },
	{ "time-wait", STATE(TIME_WAIT) },
	{ "closed", STATE(CLOSED) },
	{ "close-wait", STATE(CLOSE_WAIT) },
	{ "last-ack", STATE(LAST_ACK) },
	{ "listening", STATE(LISTEN) },
	{ "listen", STATE(LISTEN) },
	{ "closing", STATE(CLOSING) },
	{ "all", ALL_STATES },
	{ "connected", CONNECTED },
	{ "synchronized", CONNECTED & ~STATE(SYN_SENT) },
	{ "bucket", STATE(SYN_RECEIVED) | STATE(TIME_WAIT) },
	{ "big", ALL_STATES & ~(STATE(SYN_RECEIVED) | STATE(TIME_WAIT)) },
};

static const struct {
	const char *name;
	enum sp_ss_compare compare;
} compare_names[] = {
	{ "=", SP_SS_EQ }, { "==", SP_SS_EQ }, { "eq", SP_SS_EQ },
	{ "!=", SP_SS_NE }, { "ne", SP_SS_NE }, { "neq", SP_SS_NE },
	{ "<", SP_SS_LT }, { "lt", SP_SS_LT },
	{ ">", SP_SS_GT }, { "gt", SP_SS_GT },
	{ "<=", SP_SS_LE }, { "le", SP_SS_LE }, { "leq", SP_SS_LE },
	{ ">=", SP_SS_GE }, { "ge", SP_SS_GE }, { "geq", SP_SS_GE },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- Words ---- */

/* How long the word at `at` is: a parenthesis, an operator, or what goes on to
 * the next of them or blank. */
static size_t
word_len(const char *at)
{
	if (*at == '(' || *at == ')')
		return 1;
	if (strchr("=!<>&|", *at) != NULL)
		return strspn(at, *at == '&' ? "&" : *at == '|' ? "|" : "=!<>");
	return strcspn(at, " \t()=!<>&|");
}

/* -1: a word that is too long. */
static int
next(struct reader *r)
{
	size_t len;

	r->at += strspn(r->at, " \t");
	r->word[0] = '\0';
	if (*r->at == '\0')
		return 0;
	len = word_len(r->at);
	if (len >= sizeof(r->word))
		return sp_why(r->why, EINVAL, "a word of the filter is too long");
	memcpy(r->word, r->at, len);
	r->word[len] = '\0';
	r->at += len;
	return 0;
}

static bool
is_word(const struct reader *r, const char *a, const char *b, const char *c)
{
	return strcasecmp(r->word, a) == 0 || strcmp(r->word, b) == 0 || strcmp(r->word, c) == 0;
}

static int
refuse(const struct reader *r)
{
	if (r->word[0] == '\0')
		return sp_why(r->why, EINVAL, "the filter ends too early: give for example "
		    "'state established dport = :80'");
	return sp_why(r->why, EINVAL, "cannot read the filter at '%s': it is [state STATE] "
	    "and tests such as 'sport = :80' or 'dst 10.0.0.0/8', with and, or, not", r->word);
}

static int
emit(struct reader *r, const struct sp_ss_term *term)
{
	if (r->f->n == SP_SS_TERMS)
		return sp_why(r->why, EINVAL, "the filter is too long: give at most %d tests and "
		    "operators", SP_SS_TERMS);
	r->f->term[r->f->n++] = *term;
	return 0;
}

/* ---- Tests ---- */

static bool
read_port(const char *text, uint16_t *port)
{
	uint64_t number;

	text += strspn(text, "*");
	text += *text == ':';
	if (!sp_number_read(&number, text) || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* dport = :80 */
static int
read_port_test(struct reader *r, bool peer)
{
	struct sp_ss_term term = { .op = SP_SS_PORT, .peer = peer };

	if (next(r) != 0)
		return -1;
	for (size_t i = 0; i < COUNT(compare_names); i++) {
		if (strcasecmp(r->word, compare_names[i].name) != 0)
			continue;
		term.compare = (uint8_t)compare_names[i].compare;
		if (next(r) != 0)
			return -1;
		break;
	}
	if (!read_port(r->word, &term.port))
		return refuse(r);
	return emit(r, &term) != 0 ? -1 : next(r);
}

/* The address of ADDR[/BITS], *, or nothing; returns what follows, or NULL. */
static const char *
read_host(const char *text, struct sp_ss_term *term)
{
	const bool bracket = *text == '[';
	char *end;
	size_t len;

	if (*text == '*' || (*text == ':' && text[1] != ':') || *text == '\0')
		return text + (*text == '*');
	text += bracket;
	len = sampan_addr_read(&term->addr, text);
	if (len == 0 || (bracket && text[len] != ']'))
		return NULL;
	text += len + bracket;
	term->bits = 128;
	if (*text == '/' && text[1] >= '0' && text[1] <= '9') {
		const unsigned most = sp_prefix_is_v4(&term->addr) ? 32 : 128;
		const unsigned long bits = strtoul(text + 1, &end, 10);

		if (bits > most)
			return NULL;
		term->bits = (uint8_t)(bits + (128 - most));
		text = end;
	}
	return text;
}

/* dst 10.0.0.0/8:80, with = or != before it */
static int
read_addr_test(struct reader *r, bool peer)
{
	struct sp_ss_term addr = { .op = SP_SS_ADDR, .peer = peer };
	struct sp_ss_term port = { .op = SP_SS_PORT, .compare = SP_SS_EQ, .peer = peer };
	const char *rest;
	bool negated;

	if (next(r) != 0)
		return -1;
	negated = is_word(r, "ne", "!=", "neq");
	if ((negated || is_word(r, "eq", "=", "==")) && next(r) != 0)
		return -1;
	rest = read_host(r->word, &addr);
	if (r->word[0] == '\0' || rest == NULL || (*rest != '\0' && *rest != ':'))
		return refuse(r);
	if (*rest == ':' && rest[1] != '*' && !read_port(rest, &port.port))
		return refuse(r);
	if (emit(r, &addr) != 0)
		return -1;
	if (*rest == ':' && rest[1] != '*' &&
	    (emit(r, &port) != 0 || emit(r, &(struct sp_ss_term){ .op = SP_SS_AND }) != 0))
		return -1;
	if (negated && emit(r, &(struct sp_ss_term){ .op = SP_SS_NOT }) != 0)
		return -1;
	return next(r);
}

/* ---- Expressions ---- */

static int read_or(struct reader *r);

static int
read_group(struct reader *r)
{
	int result;

	if (++r->depth > DEPTH_MOST)
		return sp_why(r->why, EINVAL, "the filter has more than %d parentheses and "
		    "negations inside each other", DEPTH_MOST);
	result = next(r) != 0 || read_or(r) != 0 ? -1 : 0;
	r->depth--;
	if (result == 0 && strcmp(r->word, ")") != 0)
		return refuse(r);
	return result != 0 ? -1 : next(r);
}

static int
read_one(struct reader *r)
{
	unsigned negations = 0;
	int result;

	for (; is_word(r, "not", "!", "!"); negations++) {
		if (next(r) != 0)
			return -1;
	}
	if (strcmp(r->word, "(") == 0)
		result = read_group(r);
	else if (strcasecmp(r->word, "sport") == 0 || strcasecmp(r->word, "dport") == 0)
		result = read_port_test(r, (r->word[0] | 0x20) == 'd');
	else if (strcasecmp(r->word, "src") == 0 || strcasecmp(r->word, "dst") == 0)
		result = read_addr_test(r, (r->word[0] | 0x20) == 'd');
	else
		return refuse(r);
	if (result == 0 && negations % 2 == 1)
		result = emit(r, &(struct sp_ss_term){ .op = SP_SS_NOT });
	return result;
}

static int
read_and(struct reader *r)
{
	if (read_one(r) != 0)
		return -1;
	while (r->word[0] != '\0' && strcmp(r->word, ")") != 0 && !is_word(r, "or", "|", "||")) {
		if (is_word(r, "and", "&", "&&") && next(r) != 0)
			return -1;
		if (read_one(r) != 0 || emit(r, &(struct sp_ss_term){ .op = SP_SS_AND }) != 0)
			return -1;
	}
	return 0;
}

static int
read_or(struct reader *r)
{
	if (read_and(r) != 0)
		return -1;
	while (is_word(r, "or", "|", "||")) {
		if (next(r) != 0 || read_and(r) != 0 ||
		    emit(r, &(struct sp_ss_term){ .op = SP_SS_OR }) != 0)
			return -1;
	}
	return 0;
}

/* state STATE, exclude STATE. */
static int
read_states(struct reader *r)
{
	while (strcasecmp(r->word, "state") == 0 || strcasecmp(r->word, "exclude") == 0) {
		const bool excludes = (r->word[0] | 0x20) == 'e';
		size_t i = 0;

		if (next(r) != 0)
			return -1;
		while (i < COUNT(state_names) && strcasecmp(r->word, state_names[i].name) != 0)
			i++;
		if (i == COUNT(state_names))
			return sp_why(r->why, EINVAL, "unknown state '%s': there are established, "
			    "syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, closed, "
			    "close-wait, last-ack, listening, closing, all, connected, "
			    "synchronized, bucket, big", r->word);
		if (excludes)
			r->f->states = (r->f->states != 0 ? r->f->states : ALL_STATES) &
			    ~state_names[i].states;
		else
			r->f->states |= state_names[i].states;
		if (next(r) != 0)
			return -1;
	}
	return 0;
}

int
sp_ss_filter_read(struct sp_ss_filter *f, const char *text, const struct sp_why *why)
{
	struct reader r = { .f = f, .at = text, .why = why };

	f->states = 0;
	f->n = 0;
	if (next(&r) != 0 || read_states(&r) != 0)
		return -1;
	if (r.word[0] != '\0' && read_or(&r) != 0)
		return -1;
	return r.word[0] == '\0' ? 0 : refuse(&r);
}

/* ---- The program ---- */

static bool
port_holds(const struct sp_ss_term *term, uint16_t port)
{
	switch ((enum sp_ss_compare)term->compare) {
	case SP_SS_EQ: return port == term->port;
	case SP_SS_NE: return port != term->port;
	case SP_SS_LT: return port < term->port;
	case SP_SS_GT: return port > term->port;
	case SP_SS_LE: return port <= term->port;
	case SP_SS_GE: return port >= term->port;
	}
	return false;
}

static bool
addr_holds(const struct sp_ss_term *term, const struct sampan_addr *addr)
{
	/* Prefixes of IPv4 count from its own first bit in spec.h. */
	const unsigned bits = sp_prefix_is_v4(&term->addr) && term->bits >= 96 ?
	    term->bits - 96u : term->bits;
	const struct sp_prefix prefix = { term->addr, bits };

	return term->bits == 0 || sp_prefix_holds(&prefix, addr);
}

static bool
test_holds(const struct sp_ss_term *term, const struct sampan_status *st)
{
	const struct sampan_sockaddr *end = term->peer ? &st->peer : &st->local;

	if (term->op == SP_SS_PORT)
		return port_holds(term, end->port);
	return addr_holds(term, &end->addr);
}

/* A stack of truth values in one word: the top is bit 0.  64 terms never push
 * more than 64. */
bool
sp_ss_filter_holds(const struct sp_ss_filter *f, const struct sampan_status *st)
{
	uint64_t stack = 1;

	for (unsigned i = 0; i < f->n; i++) {
		const struct sp_ss_term *term = &f->term[i];
		const uint64_t top = stack & 1, below = stack >> 1 & 1;

		switch ((enum sp_ss_op)term->op) {
		case SP_SS_AND:
			stack = (stack >> 2) << 1 | (top & below);
			break;
		case SP_SS_OR:
			stack = (stack >> 2) << 1 | (top | below);
			break;
		case SP_SS_NOT:
			stack ^= 1;
			break;
		case SP_SS_PORT:
		case SP_SS_ADDR:
			stack = stack << 1 | test_holds(term, st);
			break;
		}
	}
	return stack & 1;
}
