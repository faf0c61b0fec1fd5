/*
 * serve_worker.h - one thread of `sampan serve`: a stack, its loop, its queue of
 * the link, and services.
 *
 * The first is the command's own thread and leads: it has the signals, the control
 * socket, addresses, and services that are one for all.  Without --threads it is
 * the only one.
 */
#ifndef SAMPAN_CMD_SERVE_WORKER_H
#define SAMPAN_CMD_SERVE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include <sampan/threads.h>

#include "cmd/serve_args.h"

struct serve_worker {
	const struct serve_args *args;
	unsigned number;
	size_t memory_bytes;
	struct sampan *stack;
	struct sampan_loop *loop;
	struct sampan_link *link;
	struct svc_host services;
	int tick_fd; /* a timer for deadlines of services */
	bool ticking;
	bool running; /* thread is there to be joined */
	pthread_t thread;
	const atomic_uint *signals; /* how many came: 1: say goodbye, 2: at once */
	atomic_bool ended;	    /* it has said goodbye, or its link is gone */
	char why[SAMPAN_WHY_BYTES];
};

/* Each returns 0, or the exit code after a message.  team: NULL, there is one. */
int sp_serve_worker_stack(struct serve_worker *w, struct sampan_team *team);
void sp_serve_worker_copy(struct serve_worker *w, const struct sampan *from); /* settings */
int sp_serve_worker_services(struct serve_worker *w);
int sp_serve_worker_loop(struct serve_worker *w, struct sampan_team *team);

/* Begins its thread.  -1: errno. */
int sp_serve_worker_begin(struct serve_worker *w);

/* Lets what is queued leave, and FINs be answered. */
void sp_serve_worker_goodbye(struct serve_worker *w);

/* Gives back what there is, of whatever it has so far. */
void sp_serve_worker_end(struct serve_worker *w);

#endif
