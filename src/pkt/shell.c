/*
 * shell.c - commands in backticks.  No shell is run: known forms act on the
 * world, others are a reason to skip.
 *
 * A command is taken apart into simple commands (at ; && || and line ends),
 * those into stages at |, those into words.  Redirections are dropped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/counter.h"
#include "pkt/sysctl.h"

#define WORDS_MAX 64
#define STAGES_MAX 8

struct stage {
	char *word[WORDS_MAX];
	unsigned words;
};

struct command {
	struct stage stage[STAGES_MAX];
	unsigned stages;
	const char *to;			/* where output is redirected, NULL */
};

/* ---- Taking apart ---- */

static bool
ends_command(const char *p)
{
	return *p == '\0' || *p == '\n' || *p == ';' || (p[0] == '&' && p[1] == '&') ||
	    (p[0] == '|' && p[1] == '|');
}

static bool
ends_word(const char *p)
{
	return ends_command(p) || strchr(" \t\r|&<>", *p) != NULL;
}

/* One word with its quotes taken off; returns what follows. */
static const char *
read_word(struct pkt_run *r, const char *p, char **word)
{
	char *out = sp_pkt_alloc(&r->pool, strlen(p) + 1);
	char quote = 0;

	*word = out;
	while (*p != '\0' && (quote != 0 || !ends_word(p))) {
		if (quote == 0 && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == quote && quote != 0)
			quote = 0;
		else if (*p == '\\' && p[1] != '\0')
			*out++ = *++p;
		else
			*out++ = *p;
		p++;
	}
	return p;
}

static const char *
skip_blank(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\r' || (p[0] == '\\' && p[1] == '\n'))
		p += *p == '\\' ? 2 : 1;
	return p;
}

/* > FILE, 2>&1, >>FILE, < FILE */
static const char *
read_redirection(struct pkt_run *r, const char *p, struct command *c)
{
	char *to;

	while (*p == '>' || *p == '<' || *p == '&')
		p++;
	p = read_word(r, skip_blank(p), &to);
	if (strncmp(to, "/proc/sys/", 10) == 0)
		c->to = to;
	return p;
}

static void
add_word(struct command *c, char *word)
{
	struct stage *s = &c->stage[c->stages - 1];

	if (s->words < WORDS_MAX)
		s->word[s->words++] = word;
}

/* Reads one simple command; returns what follows it. */
static const char *
read_command(struct pkt_run *r, const char *p, struct command *c)
{
	*c = (struct command){ .stages = 1 };
	for (p = skip_blank(p); !ends_command(p); p = skip_blank(p)) {
		char *word;

		if (*p == '|') {
			p++;
			c->stages += c->stages < STAGES_MAX;
		} else if (*p == '>' || *p == '<' || *p == '&') {
			p = read_redirection(r, p, c);
		} else if (*p >= '0' && *p <= '9' && (p[1] == '>' || p[1] == '<')) {
			p = read_redirection(r, p + 1, c);
		} else {
			p = read_word(r, p, &word);
			add_word(c, word);
		}
	}
	while (*p != '\0' && ends_command(p))
		p += *p == '&' || *p == '|' ? 2 : 1;
	return p;
}

/* ---- Settings ---- */

static void
set_pair(struct pkt_run *r, const char *name, const char *text)
{
	const char *const equals = strchr(text, '=');
	const size_t skip = strncmp(text, "/proc/sys/", 10) == 0 ? 10 : 0;

	(void)name;
	if (equals != NULL)
		sp_pkt_sysctl(r, sp_pkt_copy(&r->pool, text + skip,
		    (size_t)(equals - text) - skip), equals + 1);
}

static bool
do_sysctl(struct pkt_run *r, const struct stage *s)
{
	bool any = false;

	for (unsigned i = 1; i < s->words; i++) {
		if (s->word[i][0] == '-')
			continue;
		if (strchr(s->word[i], '=') == NULL)
			return false;
		set_pair(r, s->word[0], s->word[i]);
		any = true;
	}
	return any;
}

static bool
do_echo(struct pkt_run *r, const struct command *c)
{
	const char *value = "";

	if (c->to == NULL)
		return true;
	for (unsigned i = 1; i < c->stage[0].words; i++)
		value = sp_pkt_printf(&r->pool, "%s%s%s", value, i > 1 ? " " : "",
		    c->stage[0].word[i]);
	sp_pkt_sysctl(r, c->to + strlen("/proc/sys/"), value);
	return true;
}

/* ---- Questions about the state ---- */

static int
state_of(const char *name)
{
	static const struct { const char *name; int state; } states[] = {
		{ "ESTABLISHED", 1 }, { "ESTAB", 1 }, { "SYN_SENT", 2 }, { "SYN-SENT", 2 },
		{ "SYN_RCVD", 3 }, { "SYN-RECV", 3 }, { "SYN_RECEIVED", 3 }, { "FIN_WAIT_1", 4 },
		{ "FIN-WAIT-1", 4 }, { "FIN_WAIT_2", 5 }, { "FIN-WAIT-2", 5 }, { "TIME_WAIT", 6 },
		{ "TIME-WAIT", 6 }, { "CLOSED", 7 }, { "CLOSE_WAIT", 8 }, { "CLOSE-WAIT", 8 },
		{ "LAST_ACK", 9 }, { "LAST-ACK", 9 }, { "LISTEN", 10 }, { "CLOSING", 11 },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(states[i].name, name) == 0)
			return states[i].state;
	}
	return 0;
}

static const char *
last_word(const struct stage *s)
{
	return s->words == 0 ? "" : s->word[s->words - 1];
}

static bool
is_grep(const struct stage *s)
{
	return s->words >= 2 && strcmp(s->word[0], "grep") == 0;
}

/* sockstat ... | grep ... | grep -c STATE | grep N, and the same with ss. */
static bool
do_count(struct pkt_run *r, const struct command *c)
{
	int state = 0;
	int64_t count;
	char *end;
	long want;

	for (unsigned i = 1; i + 1 < c->stages; i++) {
		if (!is_grep(&c->stage[i]))
			return false;
		if (state_of(last_word(&c->stage[i])) != 0)
			state = state_of(last_word(&c->stage[i]));
	}
	if (c->stages < 3 || state == 0 || !is_grep(&c->stage[c->stages - 1]))
		return false;
	want = strtol(last_word(&c->stage[c->stages - 1]), &end, 10);
	if (*end != '\0')
		return false;
	count = r->w->ops->count_state(r->w, state);
	if (count != want)
		sp_pkt_fail(r, "%lld connections are in that state\n    script: `%s`",
		    (long long)count, r->event->text);
	return true;
}

/* nstat ... | grep NAME [| grep N]: the counter since the last time. */
static bool
do_nstat(struct pkt_run *r, const struct command *c)
{
	int64_t count;
	char *end = NULL;
	const char *const name = c->stages > 1 ? last_word(&c->stage[1]) : "";
	long want = -1;

	if (c->stages == 1) {
		sp_pkt_counters_reset(r);
		return true;
	}
	if (c->stages > 3 || !is_grep(&c->stage[1]))
		return false;
	if (c->stages == 3) {
		if (!is_grep(&c->stage[2]))
			return false;
		want = strtol(last_word(&c->stage[2]), &end, 10);
	}
	if (end != NULL && *end != '\0')
		return false;
	if (!sp_pkt_counter(r, name, &count)) {
		sp_pkt_skip(r, "shell:nstat | %.60s", name);
		return true;
	}
	if (want < 0 ? count == 0 : count != want)
		sp_pkt_fail(r, "the counter is %lld\n    script: `%s`", (long long)count,
		    r->event->text);
	return true;
}

/* ---- Which command ---- */

static const char *
base_name(const char *path)
{
	const char *const slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* What changes nothing in a fresh world. */
static bool
is_idle_command(const struct stage *s)
{
	static const char *const names[] = {
		"true", ":", "sleep", "sync", "modprobe", "export", "set", "cd", "kldload",
		"kldunload", "dmesg", "ethtool", "logger", "test", "[", "ulimit", "umask",
	};
	const char *const name = base_name(s->word[0]);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	if (strstr(name, "restore") != NULL)
		return true;
	if (strcmp(name, "tcpdrop") == 0)
		return true;	/* of connections that a script before this one left */
	return strcmp(name, "ip") == 0 && s->words > 1 && strcmp(s->word[1], "tcp_metrics") == 0;
}

/* Does one of the words say this? */
static bool
says(const struct stage *s, const char *word)
{
	for (unsigned i = 1; i < s->words; i++) {
		if (strcmp(s->word[i], word) == 0)
			return true;
	}
	return false;
}

/* ip link and ip route: what sets nothing that segments would show.  The MTU of
 * a link that stands cannot change here: --mtu says it before. */
static bool
is_harmless_ip(const struct stage *s)
{
	static const char *const acts[] = {
		"mtu", "initcwnd", "initrwnd", "advmss", "rto_min", "cwnd", "window", "rtt",
		"features", "quickack", "ssthresh", "reordering", "congctl", "rttvar", "hoplimit",
		"down", "via", "fastopen_no_cookie", "netem",
	};
	bool acting = false;

	if (strcmp(base_name(s->word[0]), "ip") != 0 || s->words < 3)
		return false;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		acting |= says(s, acts[i]);
	return !acting && (says(s, "link") || says(s, "route") || says(s, "flush") ||
	    says(s, "show"));
}

/* A queue that does not shape changes nothing. */
static bool
is_plain_queue(const struct stage *s)
{
	bool plain = false;

	if (strcmp(s->word[0], "tc") != 0)
		return false;
	for (unsigned i = 1; i < s->words; i++)
		plain |= strcmp(s->word[i], "fq") == 0 || strcmp(s->word[i], "pfifo") == 0 ||
		    strcmp(s->word[i], "pfifo_fast") == 0 || strcmp(s->word[i], "del") == 0 ||
		    strcmp(s->word[i], "fq_codel") == 0 || strcmp(s->word[i], "mq") == 0 ||
		    strcmp(s->word[i], "noqueue") == 0 || strcmp(s->word[i], "show") == 0;
	return plain;
}

static void
do_command(struct pkt_run *r, struct command *c)
{
	struct stage *s = &c->stage[0];
	const char *name;
	bool known = false;

	while (s->words > 1 && (strcmp(s->word[0], "sudo") == 0 || strcmp(s->word[0], "sh") == 0 ||
	    strcmp(s->word[0], "bash") == 0 || strcmp(s->word[0], ".") == 0 ||
	    strcmp(s->word[0], "source") == 0)) {
		memmove(s->word, s->word + 1, (s->words - 1) * sizeof(s->word[0]));
		s->words--;
	}
	if (s->words == 0)
		return;
	name = base_name(s->word[0]);
	if (strcmp(name, "defaults.sh") == 0) {
		sp_pkt_sysctl_defaults(r);
		known = true;
	} else if (strcmp(name, "set_sysctls.py") == 0 || strcmp(name, "sysctl") == 0) {
		known = do_sysctl(r, s);
	} else if (strcmp(name, "echo") == 0) {
		known = do_echo(r, c);
	} else if (strcmp(name, "sockstat") == 0 || strcmp(name, "ss") == 0 ||
	    strcmp(name, "netstat") == 0) {
		known = do_count(r, c);
	} else if (strcmp(name, "nstat") == 0) {
		known = do_nstat(r, c);
	}
	if (!known && !is_idle_command(s) && !is_plain_queue(s) && !is_harmless_ip(s))
		sp_pkt_skip(r, "shell:%.80s", s->word[0]);
}

void
sp_pkt_do_shell(struct pkt_run *r, const struct pkt_event *e)
{
	const char *p = e->text;

	while (*p != '\0' && r->verdict == PKT_PASS) {
		struct command c;

		if (*p == '#') {
			p += strcspn(p, "\n");
			p += *p == '\n';
			continue;
		}
		p = read_command(r, p, &c);
		do_command(r, &c);
		while (*p == ' ' || *p == '\t' || *p == '\n')
			p++;
	}
	r->w->ops->flush(r->w);
}
