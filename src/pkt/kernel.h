/*
 * kernel.h - the world in real time: the running Linux kernel, in a network
 * namespace of its own, over a TUN device whose other end is the script.
 *
 * kernel.c: namespace, device, time.  kernel_gso.c: big segments.
 * kernel_sock.c: the calls.
 * kernel_info.c: TCP_INFO, sysctls, states.
 */
#ifndef SAMPAN_PKT_KERNEL_H
#define SAMPAN_PKT_KERNEL_H

#include "pkt/world.h"

#define KERNEL_SOCKETS 1024

struct kernel {
	struct pkt_world world;		/* first: a world is cast to its kernel */
	int tun;
	int epoll;			/* edge-triggered over all sockets */
	uint64_t began_ns;
	uint64_t edges[KERNEL_SOCKETS];
	bool is_open[KERNEL_SOCKETS];
};

static inline struct kernel *
kernel_of(struct pkt_world *w)
{
	return (struct kernel *)(void *)w;
}

void sp_pkt_kernel_take_edges(struct kernel *k);

/* A packet that the kernel sent, cut into what goes over a wire. */
struct virtio_net_hdr;
void sp_pkt_kernel_arrived(struct kernel *k, const struct virtio_net_hdr *hdr, uint8_t *p,
    uint32_t len);

int64_t sp_pkt_kernel_socket(struct pkt_world *w, int type);
int64_t sp_pkt_kernel_bind(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
int64_t sp_pkt_kernel_listen(struct pkt_world *w, int s, int backlog);
int64_t sp_pkt_kernel_accept(struct pkt_world *w, int s);
int64_t sp_pkt_kernel_connect(struct pkt_world *w, int s, const struct sampan_sockaddr *addr);
int64_t sp_pkt_kernel_send(struct pkt_world *w, int s, const struct pkt_io *io);
int64_t sp_pkt_kernel_recv(struct pkt_world *w, int s, const struct pkt_io *io);
int64_t sp_pkt_kernel_shutdown(struct pkt_world *w, int s, int how);
int64_t sp_pkt_kernel_close_socket(struct pkt_world *w, int s);
int64_t sp_pkt_kernel_setopt(struct pkt_world *w, int s, const struct pkt_sockopt *opt);
int64_t sp_pkt_kernel_getopt(struct pkt_world *w, int s, struct pkt_sockopt *opt);
int64_t sp_pkt_kernel_ioctl(struct pkt_world *w, int s, int request, int64_t *value);
uint32_t sp_pkt_kernel_ready(struct pkt_world *w, int s);
uint64_t sp_pkt_kernel_edges(struct pkt_world *w, int s);
int64_t sp_pkt_kernel_ends(struct pkt_world *w, int s, struct sampan_sockaddr *local,
    struct sampan_sockaddr *peer);

int64_t sp_pkt_kernel_info(struct pkt_world *w, int s, const char *field, int64_t *value);
int64_t sp_pkt_kernel_setting(struct pkt_world *w, const char *name, const char *value);
int64_t sp_pkt_kernel_counter(struct pkt_world *w, const char *name, int64_t *value);
int64_t sp_pkt_kernel_count_state(struct pkt_world *w, int state);
bool sp_pkt_kernel_is_ending(struct pkt_world *w, uint16_t local_port, uint16_t remote_port);

#endif
