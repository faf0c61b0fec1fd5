/*
 * scenario.c - see scenario.h.
 *
 * A line is words between blanks: the first says what it is about, names
 * follow, and then words KEY=VALUE.  What a line asks is judged with it; what
 * needs the whole text (is everybody connected?) at the end.
 */
#include "sim/scenario.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>

#include "link/number.h"
#include "sim/route.h"

#define LINE_BYTES 512
#define WORDS_MOST 48u
#define NODE_MEMORY ((uint64_t)256 << 20)
#define MEMORY_LEAST ((uint64_t)1 << 20)
#define MEMORY_MOST ((uint64_t)4 << 30)
#define MTU_DEFAULT 1500
#define MTU_LEAST 576
#define LENGTH_DEFAULT SAMPAN_SEC(10)

struct reader {
	struct sp_sim_scenario *s;
	const char *name, *dir;
	unsigned line;
	unsigned words;
	char *word[WORDS_MOST];
	char text[LINE_BYTES];
	const struct sp_why *why;
	struct sp_why inner;		/* of what reads a value */
	char inner_text[SAMPAN_WHY_BYTES];
};

__attribute__((format(printf, 2, 3)))
static int
refuse(const struct reader *r, const char *format, ...)
{
	char text[SAMPAN_WHY_BYTES];
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return sp_why(r->why, EINVAL, "%s:%u: %s", r->name, r->line, text);
}

/* ---- Words ---- */

/* Splits KEY=VALUE in place; NULL: it is none. */
static char *
split(char *word)
{
	char *equals = strchr(word, '=');

	if (equals == NULL || equals == word)
		return NULL;
	*equals = '\0';
	return equals + 1;
}

static bool
is_name(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && len < SP_SIM_NAME_BYTES && text[len] == '\0';
}

static int
take_name(const struct reader *r, char *dst, const char *text)
{
	if (!is_name(text))
		return refuse(r, "'%.40s' is no name: give letters, digits, _ and -, up to %u",
		    text, SP_SIM_NAME_BYTES - 1);
	memcpy(dst, text, strlen(text) + 1);
	return 0;
}

static int
take_dur(const struct reader *r, const char *key, const char *text, sampan_dur *dur)
{
	if (!sp_dur_read(dur, text) || *dur > SP_SIM_DUR_MOST)
		return refuse(r, "%s=%.40s: give a duration up to a year, such as 10s or 250ms",
		    key, text);
	return 0;
}

static int
take_bytes(const struct reader *r, const char *key, const char *text, uint64_t *bytes)
{
	if (!sp_size_read(bytes, text) || *bytes == 0)
		return refuse(r, "%s=%.40s: give bytes, such as 100k or 20m", key, text);
	return 0;
}

static int
find_node(const struct reader *r, const char *name, unsigned *node)
{
	for (*node = 0; *node < r->s->nodes; ++*node) {
		if (strcmp(r->s->node[*node].name, name) == 0)
			return 0;
	}
	return refuse(r, "there is no '%.40s' above: 'host %.40s' or 'router %.40s' makes one",
	    name, name, name);
}

/* ---- Nodes ---- */

static int
add_setting(struct reader *r, unsigned node, const char *name, const char *value)
{
	struct sp_sim_setting *setting = &r->s->setting[r->s->settings];

	if (r->s->settings == SP_SIM_SETTINGS)
		return refuse(r, "more than %u settings", SP_SIM_SETTINGS);
	if (strlen(name) >= sizeof(setting->name) || strlen(value) >= sizeof(setting->value))
		return refuse(r, "%.40s=%.40s: longer than any setting", name, value);
	*setting = (struct sp_sim_setting){ .line = r->line, .node = node };
	memcpy(setting->name, name, strlen(name) + 1);
	memcpy(setting->value, value, strlen(value) + 1);
	for (char *c = setting->value; *c != '\0'; c++)
		*c = *c == ',' ? ' ' : *c;
	r->s->settings++;
	return 0;
}

static int
take_host_word(struct reader *r, unsigned node, const char *key, const char *value)
{
	struct sp_sim_node *n = &r->s->node[node];

	if (strcmp(key, "memory") == 0) {
		if (!sp_size_read(&n->memory_bytes, value) || n->memory_bytes < MEMORY_LEAST ||
		    n->memory_bytes > MEMORY_MOST)
			return refuse(r, "memory=%.40s: give 1m to 4096m", value);
		return 0;
	}
	if (strcmp(key, "tso") == 0) {
		n->cuts = strcmp(value, "on") == 0;
		return n->cuts || strcmp(value, "off") == 0 ? 0 :
		    refuse(r, "tso=%.40s: give on or off", value);
	}
	if (strchr(key, '.') == NULL)
		return refuse(r, "'%.40s' is no word of a host: give memory=, tso= or a setting "
		    "such as net.ipv4.tcp_congestion_control=", key);
	return add_setting(r, node, key, value);
}

static int
add_node(struct reader *r, bool is_router)
{
	struct sp_sim_scenario *s = r->s;
	struct sp_sim_node *n = &s->node[s->nodes];
	const unsigned node = s->nodes;

	if (r->words < 2 || (is_router && r->words > 2))
		return refuse(r, is_router ? "give 'router NAME'" :
		    "give 'host NAME [KEY=VALUE...]'");
	if (s->nodes == SP_SIM_NODES)
		return refuse(r, "more than %u hosts and routers", SP_SIM_NODES);
	*n = (struct sp_sim_node){ .is_router = is_router, .cuts = true,
		.memory_bytes = NODE_MEMORY };
	if (take_name(r, n->name, r->word[1]) != 0)
		return -1;
	for (unsigned i = 0; i < s->nodes; i++) {
		if (strcmp(s->node[i].name, n->name) == 0)
			return refuse(r, "there is a '%s' already", n->name);
	}
	s->nodes++;
	for (unsigned i = 2; i < r->words; i++) {
		char *value = split(r->word[i]);

		if (value == NULL)
			return refuse(r, "'%.40s': give KEY=VALUE", r->word[i]);
		if (take_host_word(r, node, r->word[i], value) != 0)
			return -1;
	}
	return 0;
}

static int
take_host(struct reader *r)
{
	return add_node(r, false);
}

static int
take_router(struct reader *r)
{
	return add_node(r, true);
}

/* Of all hosts above. */
static int
take_set(struct reader *r)
{
	char *value = r->words == 2 ? split(r->word[1]) : NULL;

	if (value == NULL)
		return refuse(r, "give 'set NAME=VALUE', for all hosts above");
	for (unsigned i = 0; i < r->s->nodes; i++) {
		if (!r->s->node[i].is_router && add_setting(r, i, r->word[1], value) != 0)
			return -1;
	}
	return 0;
}

/* ---- Links ---- */

static int
take_trace(struct reader *r, struct sp_emulate_way *way, const char *file)
{
	struct sp_sim_scenario *s = r->s;
	char path[LINE_BYTES * 2];

	if (r->dir == NULL)
		return refuse(r, "trace=%.40s: no files can be read here", file);
	if (s->traces == SP_SIM_TRACES)
		return refuse(r, "more than %u traces", SP_SIM_TRACES);
	(void)snprintf(path, sizeof(path), "%s%s%s", file[0] == '/' ? "" : r->dir,
	    file[0] == '/' ? "" : "/", file);
	if (sp_capacity_open(&s->trace[s->traces], path, &r->inner) != 0)
		return refuse(r, "%s", r->inner_text);
	way->trace = &s->trace[s->traces++];
	return 0;
}

static int
take_way_word(struct reader *r, struct sp_emulate_way *way, const char *key, const char *value)
{
	if (strcmp(key, "trace") == 0)
		return take_trace(r, way, value);
	if (sp_emulate_way_take(way, key, value, &r->inner) != 0)
		return refuse(r, "%s", r->inner_text);
	return 0;
}

/* there.KEY, back.KEY or KEY for both. */
static int
take_link_word(struct reader *r, struct sp_emulate_way way[2], char *word)
{
	const bool there = strncmp(word, "there.", 6) == 0, back = strncmp(word, "back.", 5) == 0;
	char *key = word + (there ? 6 : back ? 5 : 0);
	char *value = split(key);

	if (value == NULL)
		return refuse(r, "'%.40s': give KEY=VALUE", word);
	if (strcmp(key, "trace") != 0 && !sp_emulate_way_has(key))
		return refuse(r, "'%.40s' is no word of a link: give mtu=, trace= or a word of the "
		    "emulator, with there. or back. before it for one direction", word);
	if (!back && take_way_word(r, &way[SP_SIM_THERE], key, value) != 0)
		return -1;
	return there ? 0 : take_way_word(r, &way[SP_SIM_BACK], key, value);
}

static int
finish_ways(struct reader *r, struct sp_emulate_way way[2])
{
	for (unsigned d = 0; d < 2; d++) {
		if (sp_emulate_way_finish(&way[d], &r->inner) != 0)
			return refuse(r, "%s", r->inner_text);
		if (way[d].rate_bits == 0 && way[d].trace == NULL && way[d].delay_dur == 0)
			return refuse(r, "give rate= or delay= for both directions: on a link "
			    "without either time would stand still");
	}
	if (way[0].box.seq != way[1].box.seq)
		return refuse(r, "rewrite= is for both directions");
	return 0;
}

static int
take_mtu(struct reader *r, struct sp_sim_link *link, const char *text)
{
	uint64_t bytes;

	if (!sp_number_read(&bytes, text) || bytes < MTU_LEAST || bytes > 65535)
		return refuse(r, "mtu=%.40s: give %d to 65535", text, MTU_LEAST);
	link->mtu_bytes = (uint16_t)bytes;
	return 0;
}

static bool
has_link(const struct sp_sim_scenario *s, unsigned node)
{
	for (unsigned i = 0; i < s->links; i++) {
		if (s->link[i].end[0] == node || s->link[i].end[1] == node)
			return true;
	}
	return false;
}

/* The two ends that a line names. */
static int
take_ends(struct reader *r, unsigned at, unsigned end[2])
{
	if (find_node(r, r->word[at], &end[0]) != 0 || find_node(r, r->word[at + 1], &end[1]) != 0)
		return -1;
	return end[0] != end[1] ? 0 : refuse(r, "both ends are '%s'", r->word[at]);
}

static int
take_link(struct reader *r)
{
	struct sp_sim_scenario *s = r->s;
	struct sp_sim_link *link = &s->link[s->links];

	if (r->words < 3)
		return refuse(r, "give 'link NODE NODE KEY=VALUE...'");
	if (s->links == SP_SIM_LINKS)
		return refuse(r, "more than %u links", SP_SIM_LINKS);
	*link = (struct sp_sim_link){ .mtu_bytes = MTU_DEFAULT,
		.way = { sp_emulate_way_default, sp_emulate_way_default } };
	if (take_ends(r, 1, link->end) != 0)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		if (!s->node[link->end[i]].is_router && has_link(s, link->end[i]))
			return refuse(r, "host '%s' has a link already: put a router between",
			    s->node[link->end[i]].name);
	}
	for (unsigned i = 3; i < r->words; i++) {
		if (strncmp(r->word[i], "mtu=", 4) == 0 ? take_mtu(r, link, r->word[i] + 4) != 0 :
		    take_link_word(r, link->way, r->word[i]) != 0)
			return -1;
	}
	s->links++;
	return finish_ways(r, link->way);
}

/* at TIME link NODE NODE KEY=VALUE... */
static int
take_at(struct reader *r)
{
	struct sp_sim_scenario *s = r->s;
	struct sp_sim_change *change = &s->change[s->changes];
	const struct sp_emulate_way *was;
	unsigned end[2], link = 0;

	if (r->words < 6 || strcmp(r->word[2], "link") != 0)
		return refuse(r, "give 'at TIME link NODE NODE KEY=VALUE...'");
	if (s->changes == SP_SIM_CHANGES)
		return refuse(r, "more than %u changes", SP_SIM_CHANGES);
	if (take_dur(r, "at", r->word[1], &change->after_dur) != 0 || take_ends(r, 3, end) != 0)
		return -1;
	if (s->changes > 0 && change->after_dur < change[-1].after_dur)
		return refuse(r, "at %s: changes stand in the order of their times", r->word[1]);
	while (link < s->links && memcmp(s->link[link].end, end, sizeof(end)) != 0)
		link++;
	if (link == s->links)
		return refuse(r, "there is no 'link %s %s' above", r->word[3], r->word[4]);
	was = s->link[link].way;
	for (unsigned i = 0; i < s->changes; i++)
		was = s->change[i].link == link ? s->change[i].way : was;
	change->link = link;
	memcpy(change->way, was, sizeof(change->way));
	for (unsigned i = 5; i < r->words; i++) {
		if (take_link_word(r, change->way, r->word[i]) != 0)
			return -1;
	}
	s->changes++;
	return finish_ways(r, change->way);
}

/* ---- Flows ---- */

/* AT/LENGTH */
static int
take_pause(struct reader *r, struct sp_sim_flow *f, char *text)
{
	char *slash = strchr(text, '/');

	if (slash == NULL)
		return refuse(r, "pause=%.40s: give AT/LENGTH, such as 5s/10s", text);
	*slash = '\0';
	if (take_dur(r, "pause", text, &f->pause_dur) != 0)
		return -1;
	return take_dur(r, "pause", slash + 1, &f->pause_len_dur);
}

static int
take_flow_word(struct reader *r, struct sp_sim_flow *f, char *word)
{
	char *value = split(word);

	if (value == NULL)
		return refuse(r, "'%.40s': give KEY=VALUE", word);
	if (strcmp(word, "start") == 0)
		return take_dur(r, word, value, &f->start_dur);
	if (strcmp(word, "stop") == 0)
		return take_dur(r, word, value, &f->stop_dur);
	if (strcmp(word, "every") == 0)
		return take_dur(r, word, value, &f->every_dur);
	if (strcmp(word, "bytes") == 0)
		return take_bytes(r, word, value, &f->bytes);
	if (strcmp(word, "cc") == 0)
		return take_name(r, f->cc, value);
	if (strcmp(word, "name") == 0)
		return take_name(r, f->name, value);
	if (strcmp(word, "pause") == 0)
		return take_pause(r, f, value);
	if (strcmp(word, "rate") != 0)
		return refuse(r, "'%.40s' is no word of a flow: give start= stop= bytes= every= "
		    "rate= pause= cc= name=", word);
	return sp_rate_read(&f->rate_bits, value) ? 0 :
	    refuse(r, "rate=%.40s: give bits a second from 1kbit to 400gbit", value);
}

static int
take_flow(struct reader *r)
{
	struct sp_sim_scenario *s = r->s;
	struct sp_sim_flow *f = &s->flow[s->flows];
	unsigned end[2];

	if (r->words < 3)
		return refuse(r, "give 'flow HOST HOST [KEY=VALUE...]'");
	if (s->flows == SP_SIM_FLOWS)
		return refuse(r, "more than %u flows", SP_SIM_FLOWS);
	if (take_ends(r, 1, end) != 0)
		return -1;
	*f = (struct sp_sim_flow){ .line = r->line, .from = end[0], .to = end[1] };
	(void)snprintf(f->name, sizeof(f->name), "flow%u", s->flows + 1);
	for (unsigned i = 0; i < 2; i++) {
		if (s->node[end[i]].is_router)
			return refuse(r, "'%s' is a router: flows go from host to host",
			    s->node[end[i]].name);
	}
	for (unsigned i = 3; i < r->words; i++) {
		if (take_flow_word(r, f, r->word[i]) != 0)
			return -1;
	}
	if (f->every_dur > 0 && f->bytes == 0)
		return refuse(r, "every= needs bytes=: how much is sent each time");
	s->flows++;
	return 0;
}

static int
take_time(struct reader *r)
{
	if (r->words != 2 || take_dur(r, "time", r->word[1], &r->s->length_dur) != 0)
		return r->words == 2 ? -1 : refuse(r, "give 'time DURATION', such as 'time 30s'");
	return r->s->length_dur > 0 ? 0 : refuse(r, "time 0s: give more");
}

static int
take_seed(struct reader *r)
{
	if (r->words != 2 || !sp_number_read(&r->s->seed, r->word[1]))
		return refuse(r, "give 'seed NUMBER', from 0 to 2^64 - 1");
	return 0;
}

/* ---- The text ---- */

static const struct {
	const char *word;
	int (*take)(struct reader *r);
} statements[] = {
	{ "time", take_time },
	{ "seed", take_seed },
	{ "host", take_host },
	{ "router", take_router },
	{ "set", take_set },
	{ "link", take_link },
	{ "flow", take_flow },
	{ "at", take_at },
};

static int
take_statement(struct reader *r)
{
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (strcmp(statements[i].word, r->word[0]) == 0)
			return statements[i].take(r);
	}
	return refuse(r, "'%.40s': a line begins with time, seed, host, router, set, link, flow or "
	    "at", r->word[0]);
}

static int
take_line(struct reader *r, const char *line, size_t len)
{
	char *rest = r->text, *word;

	r->line++;
	if (len >= sizeof(r->text) || memchr(line, '\0', len) != NULL)
		return refuse(r, "longer than %d bytes, or not text", LINE_BYTES - 1);
	memcpy(r->text, line, len);
	r->text[len] = '\0';
	r->text[strcspn(r->text, "#")] = '\0';
	r->words = 0;
	while ((word = strsep(&rest, " \t\r")) != NULL) {
		/* The reader's caller frees. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		if (*word == '\0')
			continue;
		if (r->words == WORDS_MOST)
			return refuse(r, "more than %u words", WORDS_MOST);
		r->word[r->words++] = word;
	}
	return r->words == 0 ? 0 : take_statement(r);
}

static int
take_lines(struct reader *r, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		const size_t bytes = end == NULL ? len : (size_t)(end - text);

		if (take_line(r, text, bytes) != 0)
			return -1;
		text += bytes + (end != NULL);
		len -= bytes + (end != NULL);
	}
	return 0;
}

/* Now that all is known. */
static int
finish(struct reader *r)
{
	struct sp_sim_scenario *s = r->s;

	sp_sim_route(s);
	for (unsigned i = 0; i < s->flows; i++) {
		const struct sp_sim_flow *f = &s->flow[i];

		r->line = f->line;
		if (!sp_sim_reaches(s, f->from, f->to))
			return refuse(r, "no links lead from '%s' to '%s'", s->node[f->from].name,
			    s->node[f->to].name);
	}
	return s->flows > 0 ? 0 : sp_why(r->why, EINVAL, "%s: nobody sends: give 'flow HOST HOST'",
	    r->name);
}

int
sp_sim_scenario_read(struct sp_sim_scenario **out, const struct sp_sim_text *text,
    const struct sp_why *why)
{
	struct reader r = { .name = text->name, .dir = text->dir, .why = why };

	r.inner = (struct sp_why){ r.inner_text, sizeof(r.inner_text) };
	r.s = calloc(1, sizeof(*r.s));
	if (r.s == NULL)
		return sp_why(why, ENOMEM, "no memory for %s", text->name);
	r.s->length_dur = LENGTH_DEFAULT;
	r.s->seed = 1;
	if (take_lines(&r, text->text, text->len) == 0 && finish(&r) == 0) {
		*out = r.s;
		return 0;
	}
	sp_sim_scenario_close(r.s);
	errno = EINVAL;
	return -1;
}

void
sp_sim_scenario_close(struct sp_sim_scenario *s)
{
	for (unsigned i = 0; s != NULL && i < s->traces; i++)
		sp_capacity_close(&s->trace[i]);
	free(s);
}
