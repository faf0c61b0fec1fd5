/*
 * sim.h - the world in virtual time: one stack, whose link's other end is the
 * script.
 *
 * sim.c: the stack, time, frames, neighbours.  sim_sock.c: the calls;
 * sim_datagram.c: those of UDP.
 * sim_opt.c: options, information, settings, counters.
 */
#ifndef SAMPAN_PKT_SIM_H
#define SAMPAN_PKT_SIM_H

#include <sampan/sampan.h>

#include "pkt/world.h"

struct sampan_status;

#define SIM_SOCKETS 1024

struct sim_socket {
	sampan_handle handle;		/* 0: free */
	bool is_datagram;
	bool connecting;		/* connect() has not been answered yet */
	bool was_connected;
	bool began;			/* it was connect() that made the connection */
	uint32_t events;		/* reported since it was made */
	uint64_t edges;
	int shut;			/* 1 reading, 2 writing */
	int error;			/* SO_ERROR that we hold, errno */
};

struct sim {
	struct pkt_world world;		/* first: a world is cast to its sim */
	struct sampan *stack;
	int link;
	bool has_neighbours;		/* it answers solicitations over IPv6 */
	struct sim_socket socket[SIM_SOCKETS];
};

static inline struct sim *
sim_of(struct pkt_world *w)
{
	return (struct sim *)(void *)w;
}

/* Sends what waits to be sent, and takes events. */
void sp_pkt_sim_pump(struct sim *m);

/* When the script's time is now_ns for the stack. */
sampan_time sp_pkt_sim_clock(const struct sim *m);

int64_t sp_pkt_sim_socket(struct pkt_world *w, int type);
int64_t sp_pkt_sim_bind(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
int64_t sp_pkt_sim_listen(struct pkt_world *w, int s, int backlog);
int64_t sp_pkt_sim_accept(struct pkt_world *w, int s);
int64_t sp_pkt_sim_connect(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
int64_t sp_pkt_sim_send(struct pkt_world *w, int s, const struct pkt_io *io);
int64_t sp_pkt_sim_recv(struct pkt_world *w, int s, const struct pkt_io *io);
/* The same of datagrams, and readiness. */
int64_t sp_pkt_sim_sendto(struct sim *m, const struct sim_socket *k, const struct pkt_io *io);
int64_t sp_pkt_sim_recvfrom(struct sim *m, const struct sim_socket *k, const struct pkt_io *io);
uint32_t sp_pkt_sim_datagram_ready(const struct sim_socket *k, const struct sampan_status *st);

int64_t sp_pkt_sim_shutdown(struct pkt_world *w, int s, int how);
int64_t sp_pkt_sim_close_socket(struct pkt_world *w, int s);
uint32_t sp_pkt_sim_ready(struct pkt_world *w, int s);
uint64_t sp_pkt_sim_edges(struct pkt_world *w, int s);
int64_t sp_pkt_sim_ends(struct pkt_world *w, int s, struct sampan_sockaddr *local,
    struct sampan_sockaddr *peer);

/* The error as this socket would tell it, negative. */
int64_t sp_pkt_sim_error_of(const struct sim_socket *k, int64_t error);

int64_t sp_pkt_sim_setopt(struct pkt_world *w, int s, const struct pkt_sockopt *opt);
int64_t sp_pkt_sim_getopt(struct pkt_world *w, int s, struct pkt_sockopt *opt);
int64_t sp_pkt_sim_ioctl(struct pkt_world *w, int s, int request, int64_t *value);
int64_t sp_pkt_sim_info(struct pkt_world *w, int s, const char *field, int64_t *value);
int64_t sp_pkt_sim_setting(struct pkt_world *w, const char *name, const char *value);
int64_t sp_pkt_sim_counter(struct pkt_world *w, const char *name, int64_t *value);
int64_t sp_pkt_sim_count_state(struct pkt_world *w, int state);
bool sp_pkt_sim_is_ending(struct pkt_world *w, uint16_t local_port, uint16_t remote_port);

#endif
