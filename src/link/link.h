/*
 * link.h - what a kind of link is: a table of operations and the part that
 * all kinds share.
 *
 * A kind is one file, link_KIND.c, and one line in link.c; a link around
 * another (capture, emulator) calls sampan_link_receive() and
 * sampan_link_send() of the inner one.
 */
#ifndef SAMPAN_LINK_LINK_H
#define SAMPAN_LINK_LINK_H

#include <sampan/host.h>

#include "link/relay.h"
#include "link/spec.h"

/* Frames that pass at a time: enough for the stages of the core to prefetch
 * for each other, few enough to keep a turn of the loop short. */
#define SP_LINK_BATCH 64

struct sp_link_ops {
	/* As sampan_link_receive() and sampan_link_send(). */
	unsigned (*receive)(struct sampan_link *l, struct sampan_frame *frames, unsigned max,
	    sampan_time now);
	unsigned (*send)(struct sampan_link *l, const struct sampan_frame *frames, unsigned n,
	    sampan_time now);
	/* When a frame that is on its way arrives.  NULL: a descriptor tells. */
	sampan_time (*deadline)(const struct sampan_link *l);
	/* Does it hold frames that wait for the descriptor to be writable?
	 * send() with no frames tries again.  NULL: it holds none. */
	bool (*blocked)(const struct sampan_link *l);
	/* Frees everything.  NULL: somebody else does. */
	void (*close)(struct sampan_link *l);
};

struct sp_capture;

/* Captures of one link at a time. */
#define SP_LINK_CAPTURES 4

struct sampan_link {
	const struct sp_link_ops *ops;
	void *self;			/* of the kind */
	struct sampan_link_config config;
	int fd;				/* -1: none */
	int error;			/* errno that ended it */
	unsigned hosts;			/* addresses of the kernel's side */
	struct sp_prefix host[SP_LINK_HOSTS];
	struct sampan_link_counts counts;
	struct sampan *stack;		/* NULL: not attached */
	int number;			/* there */
	struct sp_relay *relay;		/* NULL: the stack is in no team */
	unsigned member;		/* of it */
	struct sp_capture *capture[SP_LINK_CAPTURES];	/* NULL: none */
	unsigned kept_first, kept;	/* taken from the stack, not yet sent: in out[] */
	struct sampan_frame in[SP_LINK_BATCH];
	struct sampan_frame out[SP_LINK_BATCH];
};

/* What arrives for other members of the stack's team is handed on; NULL: nobody. */
void sp_link_relay(struct sampan_link *link, struct sp_relay *relay, unsigned member);

/* out: one for each queue. */
int sp_tap_open(const struct sp_spec *spec, unsigned queues, struct sampan_link **out,
    const struct sp_why *why);

#endif
