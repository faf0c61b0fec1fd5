/*
 * link.c - what all kinds of links have in common: opening by description,
 * the way into a stack and out of it.
 */
#include "link/link.h"

#include <errno.h>
#include <string.h>

#include <sampan/threads.h>

#include "link/capture.h"

static const struct {
	const char *kind;
	int (*open)(const struct sp_spec *spec, unsigned queues, struct sampan_link **out,
	    const struct sp_why *why);
} kinds[] = {
	{ "tap", sp_tap_open },
};

static int
open_queues(const char *text, unsigned queues, struct sampan_link **out, const struct sp_why *why)
{
	struct sp_spec spec;

	if (sp_spec_read(&spec, text, why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, spec.kind) == 0)
			return kinds[i].open(&spec, queues, out, why);
	}
	return sp_why(why, EINVAL, "unknown kind of link '%s': there is tap, for example "
	    "tap:sampan0,host=10.77.0.1/24", spec.kind);
}

int
sampan_link_open(const char *text, struct sampan_link **out, char *why_text, size_t why_len)
{
	const struct sp_why why = { why_text, why_len };

	return open_queues(text, 1, out, &why);
}

int
sampan_link_open_queues(const char *text, unsigned queues, struct sampan_link **out,
    char *why_text, size_t why_len)
{
	const struct sp_why why = { why_text, why_len };

	if (queues < 1 || queues > SAMPAN_TEAM_MAX)
		return sp_why(&why, EINVAL, "a link has 1 to %d queues", SAMPAN_TEAM_MAX);
	return open_queues(text, queues, out, &why);
}

int
sampan_link_attach(struct sampan_link *link, struct sampan *s)
{
	const int number = sampan_link_add(s, &link->config);

	if (number < 0) {
		errno = sampan_errno(number);
		return -1;
	}
	link->stack = s;
	link->number = number;
	return number;
}

const char *
sampan_link_name(const struct sampan_link *link)
{
	return link->config.name;
}

bool
sampan_link_host(const struct sampan_link *link, unsigned i, struct sampan_addr *addr,
    unsigned *prefix_bits)
{
	if (i >= link->hosts)
		return false;
	*addr = link->host[i].addr;
	*prefix_bits = link->host[i].bits;
	return true;
}

int
sampan_link_fd(const struct sampan_link *link)
{
	return link->fd;
}

/* Shows a batch to whoever captures. */
static void
show(const struct sampan_link *link, const struct sampan_frame *frames, unsigned n, bool outbound)
{
	for (unsigned i = 0; i < SP_LINK_CAPTURES; i++) {
		if (link->capture[i] != NULL)
			sp_capture_frames(link->capture[i], link, frames, n, outbound);
	}
}

void
sp_link_relay(struct sampan_link *link, struct sp_relay *relay, unsigned member)
{
	link->relay = relay;
	link->member = member;
}

/* What the leader told before these frames came is heard before them. */
static void
input_of_team(struct sampan_link *link, unsigned n, sampan_time now)
{
	const struct sp_relay_end end = { link->member, link->stack };

	sp_relay_hear(link->relay, &end);
	(void)sampan_input(link->stack, link->number, link->in, n, now);
	sp_relay_hand_on(link->relay, &end, link->number, link->in, n);
}

unsigned
sampan_link_input(struct sampan_link *link, sampan_time now)
{
	const unsigned n = sampan_link_receive(link, link->in, SP_LINK_BATCH, now);

	if (n > 0 && link->relay != NULL)
		input_of_team(link, n, now);
	else if (n > 0)
		(void)sampan_input(link->stack, link->number, link->in, n, now);
	show(link, link->in, n, false);
	return n;
}

/* The stack has nothing to say; the link itself may. */
static unsigned
send_held(struct sampan_link *link, sampan_time now)
{
	return sampan_link_blocked(link) ? sampan_link_send(link, NULL, 0, now) : 0;
}

unsigned
sampan_link_output(struct sampan_link *link, sampan_time now)
{
	unsigned sent;

	if (link->kept == 0) {
		const int n = sampan_output(link->stack, link->number, link->out, SP_LINK_BATCH,
		    now);

		link->kept_first = 0;
		link->kept = n > 0 ? (unsigned)n : 0;
	}
	if (link->kept == 0)
		return send_held(link, now);
	sent = sampan_link_send(link, &link->out[link->kept_first], link->kept, now);
	show(link, &link->out[link->kept_first], sent, true);
	sampan_sent(link->stack, &link->out[link->kept_first], sent);
	link->kept_first += sent;
	link->kept -= sent;
	return sent;
}

bool
sampan_link_blocked(const struct sampan_link *link)
{
	return link->kept > 0 || (link->ops->blocked != NULL && link->ops->blocked(link));
}

unsigned
sampan_link_receive(struct sampan_link *link, struct sampan_frame *frames, unsigned max,
    sampan_time now)
{
	const unsigned n = link->ops->receive(link, frames, max, now);

	link->counts.frames_in += n;
	return n;
}

unsigned
sampan_link_send(struct sampan_link *link, const struct sampan_frame *frames, unsigned n,
    sampan_time now)
{
	const unsigned sent = link->ops->send(link, frames, n, now);

	link->counts.frames_out += sent;
	return sent;
}

sampan_time
sampan_link_deadline(const struct sampan_link *link)
{
	return link->ops->deadline == NULL ? SAMPAN_NEVER : link->ops->deadline(link);
}

int
sampan_link_error(const struct sampan_link *link)
{
	return link->error;
}

void
sampan_link_counts(const struct sampan_link *link, struct sampan_link_counts *counts)
{
	*counts = link->counts;
}

void
sampan_link_close(struct sampan_link *link)
{
	if (link != NULL && link->ops->close != NULL)
		link->ops->close(link);
}
