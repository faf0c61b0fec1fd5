/*
 * control_peer.h - one client of the control socket: its requests in, its
 * answers out.
 *
 * A client costs the loop a bounded amount, whatever it does: a request longer
 * than its buffer ends it, answers are made a page at a time into one buffer
 * and only when that has been taken, and all clients together get a ration of
 * every turn.  A client may close its sending side and still gets its answer;
 * a live answer then comes to its end.
 */
#ifndef SAMPAN_HOST_CONTROL_PEER_H
#define SAMPAN_HOST_CONTROL_PEER_H

#include "host/control_cmd.h"

#define SP_REQUEST_BYTES 16384

struct sp_peer {
	struct sampan_loop *loop;
	struct sp_ration *ration;
	int fd;			/* -1: free */
	int passed_fd;		/* came with what was read, not yet taken; -1: none */
	bool ended;		/* it sends no more */
	uint32_t interest;	/* what the loop watches for */
	uint32_t data_interest;	/* the same of query.data_fd, while `watched` */
	bool watched;
	uint64_t active_turn;	/* when it last did something */
	size_t request_len;
	size_t sent;		/* of reply */
	struct sp_query query;
	struct sp_reply reply;
	char request[SP_REQUEST_BYTES];
};

/* Takes the descriptor of a client that has just come.  -1: it is closed. */
int sp_peer_start(struct sp_peer *p, int fd);
void sp_peer_drop(struct sp_peer *p);

/* Its live answer goes on; returns when to be called although nothing happens. */
sampan_time sp_peer_turn(struct sp_peer *p);

static inline bool
sp_peer_is_live(const struct sp_peer *p)
{
	return p->query.cmd != NULL && p->query.cmd->live;
}

#endif
