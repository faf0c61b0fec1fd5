/*
 * fd.h - descriptors: numbers in a script are labels for sockets of the world
 * and for epoll instances of our own.
 */
#ifndef SAMPAN_PKT_FD_H
#define SAMPAN_PKT_FD_H

#include "pkt/run.h"

enum pkt_fd_kind {
	PKT_FD_SOCKET, PKT_FD_EPOLL, PKT_FD_PIPE,
};

/* What lies between the two ends of a pipe. */
#define PKT_PIPE_BYTES 65536u

struct pkt_pipe {
	uint8_t bytes[PKT_PIPE_BYTES];
	uint32_t len;
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
	bool is_datagram;
	uint32_t tx_off, rx_off;	/* bytes written and read */
	uint16_t local_port, remote_port;
	struct pkt_watch *watches;
	struct pkt_pipe *pipe;		/* both ends share it */
	int64_t recv_wait_ns;		/* SO_RCVTIMEO, SO_SNDTIMEO; 0: for ever */
	int64_t send_wait_ns;
	int linger_s;			/* SO_LINGER; -1: close does not wait */
	bool tells_inq;			/* TCP_INQ */
};

/* NULL: no open one of that label. */
struct pkt_fd *sp_pkt_fd_find(const struct pkt_run *r, int64_t label);

/* A new one, which takes the label from an open one that has it.  A negative
 * label: the lowest free one from 3 on. */
struct pkt_fd *sp_pkt_fd_add(struct pkt_run *r, enum pkt_fd_kind kind, int os, int64_t label);

/* The connection of TCP that it is an end of, NULL. */
struct pkt_conn *sp_pkt_fd_conn(struct pkt_run *r, struct pkt_fd *fd);

#endif
