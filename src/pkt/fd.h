/*
 * fd.h - descriptors: numbers in a script are labels for sockets of the world
 * and for epoll instances of our own.
 */
#ifndef SAMPAN_PKT_FD_H
#define SAMPAN_PKT_FD_H

#include "pkt/run.h"

enum pkt_fd_kind {
	PKT_FD_SOCKET, PKT_FD_EPOLL,
};

/* What one epoll instance watches. */
struct pkt_watch {
	struct pkt_watch *next;
	struct pkt_fd *fd;		/* NULL: removed */
	uint32_t events;
	uint64_t data;
	uint64_t seen_edges;		/* with EPOLLET: reported up to here */
	bool fresh;			/* not reported since it was added or changed */
};

struct pkt_fd {
	struct pkt_fd *next;
	int label;
	bool closed;
	enum pkt_fd_kind kind;
	int os;				/* the world's number */
	bool nonblock;
	bool is_listener;
	uint32_t tx_off, rx_off;	/* bytes written and read */
	uint16_t local_port, remote_port;
	struct pkt_watch *watches;
};

/* NULL: no open one of that label. */
struct pkt_fd *sp_pkt_fd_find(const struct pkt_run *r, int64_t label);

/* A new one, which takes the label from an open one that has it.  A negative
 * label: the lowest free one from 3 on. */
struct pkt_fd *sp_pkt_fd_add(struct pkt_run *r, enum pkt_fd_kind kind, int os, int64_t label);

/* The connection that it is an end of, NULL. */
struct pkt_conn *sp_pkt_fd_conn(struct pkt_run *r, struct pkt_fd *fd);

#endif
