/*
 * kernel.c - the running Linux kernel as a world: namespace, device, time.
 *
 * Every script gets a new network namespace (unshare), which ends with it; the
 * machine's own network is never touched.  Calls that block are tried again
 * every millisecond, as in virtual time, so that no threads are needed.
 */
#include "pkt/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "pkt/packet.h"

#define SLICE_NS ((int64_t)SAMPAN_MS(1))
#define DEVICE "tun0"
#define ADDRESS_TRIES 1000

static uint64_t
clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return SAMPAN_SEC(ts.tv_sec) + (uint64_t)ts.tv_nsec;
}

/* ---- The device ---- */

static int
open_tun(struct kernel *k)
{
	struct ifreq ifr = { .ifr_name = DEVICE };

	ifr.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	k->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (k->tun < 0 || ioctl(k->tun, TUNSETIFF, &ifr) != 0)
		return -1;
	return ioctl(k->tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
}

static void
put_v4(struct sockaddr *sa, const struct sampan_addr *addr)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (addr != NULL)
		memcpy(&in.sin_addr, addr->b + 12, 4);
	memcpy(sa, &in, sizeof(in));
}

static int
configure_v4(int s, const struct pkt_setup *setup)
{
	struct ifreq ifr = { .ifr_name = DEVICE };
	struct sampan_addr mask = sampan_addr_v4(255, 255, 0, 0);
	struct rtentry route = { .rt_flags = RTF_UP };
	char device[] = DEVICE;

	put_v4(&ifr.ifr_addr, &setup->local);
	if (ioctl(s, SIOCSIFADDR, &ifr) != 0)
		return -1;
	put_v4(&ifr.ifr_netmask, &mask);
	if (ioctl(s, SIOCSIFNETMASK, &ifr) != 0)
		return -1;
	put_v4(&route.rt_dst, NULL);
	put_v4(&route.rt_genmask, NULL);
	put_v4(&route.rt_gateway, NULL);
	route.rt_dev = device;
	return ioctl(s, SIOCADDRT, &route);
}

/* The kernel makes an address usable a little later, from a thread of its own. */
static void
await_v6(int s, const struct pkt_setup *setup)
{
	const struct timespec pause = { .tv_nsec = SLICE_NS };
	struct sockaddr_in6 in = { .sin6_family = AF_INET6 };

	memcpy(&in.sin6_addr, setup->local.b, sizeof(in.sin6_addr));
	for (unsigned i = 0; i < ADDRESS_TRIES; i++) {
		if (bind(s, (const struct sockaddr *)(const void *)&in, sizeof(in)) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static int
configure_v6(const struct pkt_setup *setup)
{
	struct in6_ifreq ifr = { .ifr6_prefixlen = setup->prefix_bits };
	struct in6_rtmsg route = { .rtmsg_flags = RTF_UP, .rtmsg_metric = 1 };
	const int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = -1;

	if (s < 0)
		return -1;
	ifr.ifr6_ifindex = (int)if_nametoindex(DEVICE);
	route.rtmsg_ifindex = ifr.ifr6_ifindex;
	memcpy(&ifr.ifr6_addr, setup->local.b, 16);
	if (ioctl(s, SIOCSIFADDR, &ifr) == 0)
		error = ioctl(s, SIOCADDRT, &route);
	await_v6(s, setup);
	(void)close(s);
	return error;
}

static int
set_up(int s, const char *device, uint32_t mtu)
{
	struct ifreq ifr = { .ifr_name = "" };

	memcpy(ifr.ifr_name, device, strlen(device));
	ifr.ifr_mtu = (int)mtu;
	if (mtu != 0 && ioctl(s, SIOCSIFMTU, &ifr) != 0)
		return -1;
	if (ioctl(s, SIOCGIFFLAGS, &ifr) != 0)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(s, SIOCSIFFLAGS, &ifr);
}

static int
configure(const struct pkt_setup *setup)
{
	const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = -1;

	if (s < 0)
		return -1;
	if (set_up(s, "lo", 0) == 0 && set_up(s, DEVICE, setup->mtu_bytes) == 0)
		error = setup->v6 ? configure_v6(setup) : configure_v4(s, setup);
	(void)close(s);
	return error;
}

/* ---- Beginning and end ---- */

static int
open_kernel(struct pkt_world *w, const struct pkt_setup *setup)
{
	struct kernel *k = kernel_of(w);

	w->setup = *setup;
	k->tun = -1;
	k->epoll = -1;
	if (unshare(CLONE_NEWNET) != 0)
		return sp_pkt_world_lacks(w, "kernel:no namespace: %s", strerror(errno));
	/* The address is there when the script begins. */
	(void)sp_pkt_kernel_setting(w, "net.ipv6.conf.default.accept_dad", "0");
	if (open_tun(k) != 0 || configure(setup) != 0)
		return sp_pkt_world_lacks(w, "kernel:no TUN device: %s", strerror(errno));
	k->epoll = epoll_create1(EPOLL_CLOEXEC);
	/* As Linux documents it; this machine may have been tuned. */
	(void)sp_pkt_kernel_setting(w, "net.ipv4.tcp_rmem", "4096 131072 6291456");
	if (sp_pkt_kernel_setting(w, "net.ipv4.tcp_congestion_control", "cubic") != 0)
		(void)sp_pkt_kernel_setting(w, "net.ipv4.tcp_congestion_control", "reno");
	(void)prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
	k->began_ns = clock_ns();
	return 0;
}

static void
close_kernel(struct pkt_world *w)
{
	struct kernel *k = kernel_of(w);

	for (int i = 0; i < KERNEL_SOCKETS; i++) {
		if (k->is_open[i])
			(void)close(i);
	}
	if (k->tun >= 0)
		(void)close(k->tun);
	if (k->epoll >= 0)
		(void)close(k->epoll);
}

/* ---- Packets and time ---- */

/* Neighbours and multicast groups are no business of a script. */
static bool
is_wanted(const uint8_t *p, ssize_t len)
{
	if (len < 20)
		return false;
	if (p[0] >> 4 == 4)
		return p[9] == 6 || p[9] == 1 || p[9] == 17;
	if (len < 41)
		return false;
	return p[6] == 6 || p[6] == 17 || (p[6] == 58 && (p[40] < 130 || p[40] > 143));
}

static void
take_packets(struct kernel *k)
{
	static uint8_t bytes[PKT_PACKET_MAX];
	struct virtio_net_hdr hdr;
	struct iovec iov[2] = { { &hdr, sizeof(hdr) }, { bytes, sizeof(bytes) } };
	ssize_t n;

	while ((n = readv(k->tun, iov, 2)) > (ssize_t)sizeof(hdr)) {
		k->world.now_ns = (int64_t)(clock_ns() - k->began_ns);
		n -= (ssize_t)sizeof(hdr);
		if (is_wanted(bytes, n))
			sp_pkt_kernel_arrived(k, &hdr, bytes, (uint32_t)n);
	}
	sp_pkt_kernel_take_edges(k);
}

static void
run(struct pkt_world *w, int64_t until_ns)
{
	struct kernel *k = kernel_of(w);
	struct pollfd p = { .fd = k->tun, .events = POLLIN };
	int64_t left = until_ns - (int64_t)(clock_ns() - k->began_ns);
	struct timespec ts = { 0, 0 };

	if (left > SLICE_NS)
		left = SLICE_NS;
	if (left > 0)
		ts.tv_nsec = (long)left;
	(void)ppoll(&p, 1, &ts, NULL);
	w->now_ns = (int64_t)(clock_ns() - k->began_ns);
	take_packets(k);
}

static bool
is_idle(struct pkt_world *w)
{
	(void)w;
	return false;
}

static void
inject(struct pkt_world *w, const uint8_t *packet, uint32_t len)
{
	struct kernel *k = kernel_of(w);
	static uint8_t bytes[PKT_PACKET_MAX + sizeof(struct virtio_net_hdr)];
	const size_t head = sizeof(struct virtio_net_hdr);

	memset(bytes, 0, head);
	memcpy(bytes + head, packet, len);
	if (write(k->tun, bytes, head + len) != (ssize_t)(head + len))
		(void)sp_pkt_world_lacks(w, "kernel:TUN: %s", strerror(errno));
	take_packets(k);
}

static void
flush(struct pkt_world *w)
{
	take_packets(kernel_of(w));
}

static const struct pkt_world_ops kernel_ops = {
	.open = open_kernel, .close = close_kernel, .run = run, .is_idle = is_idle,
	.inject = inject, .flush = flush,
	.socket = sp_pkt_kernel_socket, .bind = sp_pkt_kernel_bind,
	.listen = sp_pkt_kernel_listen, .accept = sp_pkt_kernel_accept,
	.connect = sp_pkt_kernel_connect, .send = sp_pkt_kernel_send,
	.recv = sp_pkt_kernel_recv, .shutdown = sp_pkt_kernel_shutdown,
	.close_socket = sp_pkt_kernel_close_socket, .setopt = sp_pkt_kernel_setopt,
	.getopt = sp_pkt_kernel_getopt, .ioctl = sp_pkt_kernel_ioctl,
	.ready = sp_pkt_kernel_ready, .edges = sp_pkt_kernel_edges, .ends = sp_pkt_kernel_ends,
	.info = sp_pkt_kernel_info, .setting = sp_pkt_kernel_setting,
	.counter = sp_pkt_kernel_counter, .count_state = sp_pkt_kernel_count_state,
	.is_ending = sp_pkt_kernel_is_ending,
};

struct pkt_world *
sp_pkt_kernel(void)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort();
	k->world.ops = &kernel_ops;
	return &k->world;
}
