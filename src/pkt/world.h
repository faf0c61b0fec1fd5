/*
 * world.h - what a script drives: a stack in virtual time (sim.c), or the
 * running kernel (kernel.c).
 *
 * Sockets are small numbers; calls never block and return Linux's results:
 * not negative, or -errno, or PKT_LACKS with the reason in `lacks`.  Times are
 * nanoseconds since the script began.
 */
#ifndef SAMPAN_PKT_WORLD_H
#define SAMPAN_PKT_WORLD_H

#include <sampan/types.h>

#include "pkt/pool.h"

#define PKT_LACKS (-1000000)

struct pkt_setup {
	struct sampan_addr local, remote, gateway;
	unsigned prefix_bits;		/* of the local network */
	bool v6;			/* packets */
	bool v6_sockets;		/* of family INET6 */
	uint32_t mtu_bytes;
	uint64_t seed;
};

/* A packet that came out. */
struct pkt_arrival {
	struct pkt_arrival *next;
	int64_t at_ns;
	uint32_t len;
	uint8_t *bytes;
};

struct pkt_sockopt {
	int level, name;
	void *value;
	uint32_t len;			/* of value; get: as filled in */
};

/* Where a datagram came from. */
struct pkt_from {
	struct sampan_sockaddr peer;
	bool is_cut;			/* there was more of it: MSG_TRUNC */
};

struct pkt_io {
	void *data;
	uint32_t len;
	int flags;			/* MSG_* */
	const struct sampan_sockaddr *to;	/* NULL: whom the socket is connected to */
	struct pkt_from *from;		/* NULL: a stream */
};

struct pkt_world;

struct pkt_world_ops {
	int (*open)(struct pkt_world *w, const struct pkt_setup *setup);
	void (*close)(struct pkt_world *w);
	/* To the next point at which something may have happened, not beyond
	 * until_ns; sets now_ns. */
	void (*run)(struct pkt_world *w, int64_t until_ns);
	/* When nothing can happen any more without new input. */
	bool (*is_idle)(struct pkt_world *w);
	void (*inject)(struct pkt_world *w, const uint8_t *packet, uint32_t len);
	/* Gives the stack the chance to send what a call left to be sent. */
	void (*flush)(struct pkt_world *w);

	int64_t (*socket)(struct pkt_world *w, int type);
	int64_t (*bind)(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
	int64_t (*listen)(struct pkt_world *w, int s, int backlog);
	int64_t (*accept)(struct pkt_world *w, int s);
	int64_t (*connect)(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
	int64_t (*send)(struct pkt_world *w, int s, const struct pkt_io *io);
	int64_t (*recv)(struct pkt_world *w, int s, const struct pkt_io *io);
	int64_t (*shutdown)(struct pkt_world *w, int s, int how);
	int64_t (*close_socket)(struct pkt_world *w, int s);
	int64_t (*setopt)(struct pkt_world *w, int s, const struct pkt_sockopt *opt);
	int64_t (*getopt)(struct pkt_world *w, int s, struct pkt_sockopt *opt);
	int64_t (*ioctl)(struct pkt_world *w, int s, int request, int64_t *value);
	/* EPOLL* bits that hold now. */
	uint32_t (*ready)(struct pkt_world *w, int s);
	/* A number that changes when a readiness arrives anew (edge). */
	uint64_t (*edges)(struct pkt_world *w, int s);
	int64_t (*ends)(struct pkt_world *w, int s, struct sampan_sockaddr *local,
	    struct sampan_sockaddr *peer);
	/* A field of TCP_INFO; -ENOENT: no such field. */
	int64_t (*info)(struct pkt_world *w, int s, const char *field, int64_t *value);
	/* A sysctl by Linux's name, and a counter by its SNMP name. */
	int64_t (*setting)(struct pkt_world *w, const char *name, const char *value);
	int64_t (*counter)(struct pkt_world *w, const char *name, int64_t *value);
	/* Connections in one of Linux's states. */
	int64_t (*count_state)(struct pkt_world *w, int state);
	/* Has a connection sent, or is it to send, a FIN that is not acknowledged? */
	bool (*is_ending)(struct pkt_world *w, uint16_t local_port, uint16_t remote_port);
};

struct pkt_world {
	const struct pkt_world_ops *ops;
	struct pkt_pool pool;
	struct pkt_setup setup;
	int64_t now_ns;
	struct pkt_arrival *arrivals;	/* oldest first */
	char lacks[120];
};

struct pkt_world *sp_pkt_sim(void);
struct pkt_world *sp_pkt_kernel(void);

/* Closes and frees. */
void sp_pkt_world_end(struct pkt_world *w);

/* Returns PKT_LACKS. */
__attribute__((format(printf, 2, 3)))
int sp_pkt_world_lacks(struct pkt_world *w, const char *format, ...);

/* Appends a copy. */
void sp_pkt_world_arrived(struct pkt_world *w, const uint8_t *packet, uint32_t len, int64_t at_ns);

/* Unlinks one. */
void sp_pkt_world_take(struct pkt_world *w, const struct pkt_arrival *a);

#endif
