/*
 * link_tap.c - a TAP interface with the virtio-net header: big segments and
 * open checksums pass both ways in one system call each.
 *
 * A read takes one frame.  Reads go one behind the other into one buffer of
 * 512 KiB, small enough to stay in the cache until the stack has looked at
 * it: 64 frames of normal size fit, or 7 of 64 KiB.
 *
 * With several queues (IFF_MULTI_QUEUE) each is a descriptor and a link of its
 * own.  The kernel gives a flow to the queue that sent something of it last; what
 * is new it spreads.
 *
 * The interface is not persistent: it goes when the descriptor does, however
 * the process ends.  Source: Linux, Documentation/networking/tuntap.rst.
 */
#include "link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "link/netdev.h"
#include "link/tap_spec.h"
#include "link/vnet.h"

#define RX_BYTES ((size_t)512 << 10)
/* The largest frame that the kernel makes: 64 KiB of IP, Ethernet, a tag. */
#define RX_FRAME_BYTES ((size_t)66 << 10)
/* Frames begin here in their cache line, so that IP headers are aligned. */
#define RX_SKEW 2
#define RX_ALIGN 64

struct tap {
	struct sampan_link link;
	bool offload;
	uint8_t *rx;	/* RX_BYTES */
};

/* One frame into rx at `at`.  Returns its length, 0: none waits. */
static size_t
read_frame(struct sampan_link *l, uint8_t *at, struct virtio_net_hdr *hdr)
{
	const struct iovec iov[2] = {
		{ .iov_base = hdr, .iov_len = sizeof(*hdr) },
		{ .iov_base = at, .iov_len = RX_FRAME_BYTES },
	};
	const ssize_t len = readv(l->fd, iov, 2);

	if (len < 0 && errno != EAGAIN && errno != EINTR)
		l->error = errno;
	return len <= (ssize_t)sizeof(*hdr) ? 0 : (size_t)len - sizeof(*hdr);
}

static unsigned
tap_receive(struct sampan_link *l, struct sampan_frame *frames, unsigned max, sampan_time now)
{
	struct tap *tap = l->self;
	struct virtio_net_hdr hdr;
	size_t used = 0;
	unsigned n = 0;

	for (unsigned reads = 0; reads < max; reads++) {
		uint8_t *at = tap->rx + used + RX_SKEW;
		struct sampan_frame *f = &frames[n];
		size_t len;

		if (used + RX_SKEW + RX_FRAME_BYTES > RX_BYTES)
			break;
		len = read_frame(l, at, &hdr);
		if (len == 0)
			break;
		f->at = now;
		f->len = (uint32_t)len;
		f->head_len = 0;
		f->slices = 1;
		f->owner = SAMPAN_FRAME_BORROWED;
		f->slice[0] = (struct sampan_slice){ at, (uint32_t)len };
		if (!sp_vnet_to_frame(&hdr, f)) {
			l->counts.drops_in++;
			continue;
		}
		used += (RX_SKEW + len + RX_ALIGN - 1) & ~(size_t)(RX_ALIGN - 1);
		n++;
	}
	return n;
}

/* iovec has no const: the kernel only reads what is written from. */
static struct iovec
iov_of(const void *data, size_t len)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)data, .iov_len = len };
}

/* 0, or -1 with errno. */
static int
write_frame(int fd, const struct sampan_frame *f)
{
	struct iovec iov[2 + SAMPAN_FRAME_SLICES];
	struct virtio_net_hdr hdr;
	int n = 0;

	sp_vnet_from_frame(f, &hdr);
	iov[n++] = iov_of(&hdr, sizeof(hdr));
	if (f->head_len > 0)
		iov[n++] = iov_of(f->head, f->head_len);
	for (unsigned i = 0; i < f->slices; i++)
		iov[n++] = iov_of(f->slice[i].data, f->slice[i].len);
	return writev(fd, iov, n) < 0 ? -1 : 0;
}

static unsigned
tap_send(struct sampan_link *l, const struct sampan_frame *frames, unsigned n, sampan_time now)
{
	(void)now;
	for (unsigned i = 0; i < n; i++) {
		if (write_frame(l->fd, &frames[i]) == 0)
			continue;
		if (errno == EAGAIN || errno == EINTR)
			return i;
		l->counts.drops_out++;	/* the interface is down, or refuses this one */
		if (errno == EBADFD)
			l->error = errno;
	}
	return n;
}

static void
tap_close(struct sampan_link *l)
{
	struct tap *tap = l->self;

	if (l->fd >= 0)
		(void)close(l->fd);
	free(tap->rx);
	free(tap);
}

static const struct sp_link_ops tap_ops = {
	.receive = tap_receive,
	.send = tap_send,
	.close = tap_close,
};

static int
explain_open(const char *name, const struct sp_why *why)
{
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return sp_why(why, errno, "no /dev/net/tun on this machine: load it with "
		    "'modprobe tun'");
	case EPERM:
	case EACCES:
		return sp_why(why, errno, "no permission to make the interface %s: run as root, or "
		    "let root make it for you: ip tuntap add %s mode tap user $USER", name, name);
	case EBUSY:
		return sp_why(why, errno, "the interface %s is in use by another process: choose "
		    "another name, --link tap:NAME", name);
	case EINVAL:
		return sp_why(why, EEXIST, "the interface %s exists and is no TAP, or one with "
		    "another kind of queues (ip tuntap add ... multi_queue): choose another "
		    "name, --link tap:NAME", name);
	default:
		return sp_why(why, errno, "cannot open the TAP interface %s: %s", name,
		    strerror(errno));
	}
}

/* The virtio-net header, and what we take whole. */
static int
set_offload(struct tap *tap)
{
	const int hdr_len = sizeof(struct virtio_net_hdr);
	const unsigned long want = tap->offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
	const uint32_t caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6;

	tap->link.config.caps = tap->offload ? caps : 0;
	if (ioctl(tap->link.fd, TUNSETVNETHDRSZ, &hdr_len) != 0)
		return -1;
	return ioctl(tap->link.fd, TUNSETOFFLOAD, want);
}

static int
open_device(struct tap *tap, const struct sp_tap_spec *want, const struct sp_why *why)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	struct sampan_link *l = &tap->link;

	if (want->queues > 1)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	memcpy(ifr.ifr_name, want->name, sizeof(ifr.ifr_name));
	tap->offload = want->offload;
	l->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (l->fd < 0 || ioctl(l->fd, TUNSETIFF, &ifr) != 0 || set_offload(tap) != 0)
		return explain_open(want->name, why);
	(void)snprintf(l->config.name, sizeof(l->config.name), "%s", ifr.ifr_name);
	return 0;
}

/* The stack's MAC address is the kernel's with one bit turned, and marked as
 * locally administered: two TAPs differ, and so do the two ends of one.  It
 * lasts as long as the interface, which is as long as anybody remembers it. */
static void
derive_mac(uint8_t mac[6])
{
	mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02);
	mac[5] ^= 1;
}

static int
add_host_addr(struct sampan_link *l, const struct sp_prefix *host, const struct sp_why *why)
{
	char text[SP_PREFIX_TEXT], rival[SP_IFNAME_BYTES];

	sp_prefix_write(host, text);
	if (sp_netdev_find_rival(l->config.name, host, rival, sizeof(rival)))
		return sp_why(why, EADDRINUSE, "the network of host=%s is on the interface %s "
		    "already: choose another network for host= and --addr", text, rival);
	if (sp_netdev_add_addr(l->config.name, host) != 0)
		return sp_why(why, errno, "cannot give %s the address %s: %s", l->config.name, text,
		    errno == EPERM ? "run as root, or leave host= out and let root do it" :
		    strerror(errno));
	l->host[l->hosts++] = *host;
	return 0;
}

/* The kernel's side: address, MTU, up. */
static int
set_up_kernel(struct sampan_link *l, const struct sp_tap_spec *want, const struct sp_why *why)
{
	const char *name = l->config.name;
	unsigned mtu_bytes;

	if (want->mtu_bytes != 0 && sp_netdev_set_mtu(name, want->mtu_bytes) != 0)
		return sp_why(why, errno, "cannot set the MTU of %s to %u: %s", name,
		    (unsigned)want->mtu_bytes, strerror(errno));
	for (unsigned i = 0; i < want->hosts; i++)
		if (add_host_addr(l, &want->host[i], why) != 0)
			return -1;
	if (sp_netdev_set_up(name) != 0)
		return sp_why(why, errno, "cannot bring %s up (%s): let root run "
		    "'ip link set %s up'", name, strerror(errno), name);
	if (sp_netdev_mtu(name, &mtu_bytes) != 0 || sp_netdev_mac(name, l->config.mac) != 0)
		return sp_why(why, errno, "cannot read the settings of %s: %s", name,
		    strerror(errno));
	l->config.mtu_bytes = (uint16_t)mtu_bytes;
	derive_mac(l->config.mac);
	return 0;
}

static struct tap *
new_tap(void)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (tap == NULL)
		return NULL;
	tap->link.ops = &tap_ops;
	tap->link.self = tap;
	tap->link.fd = -1;
	tap->link.config.size = sizeof(tap->link.config);
	tap->rx = aligned_alloc(RX_ALIGN, RX_BYTES);
	if (tap->rx == NULL) {
		free(tap);
		return NULL;
	}
	return tap;
}

/* The first queue makes the interface, the others are of the one that it made. */
static int
open_queue(struct tap *tap, const struct sampan_link *first, struct sp_tap_spec *want,
    const struct sp_why *why)
{
	if (open_device(tap, want, why) != 0)
		return -1;
	if (first == NULL)
		return set_up_kernel(&tap->link, want, why);
	tap->link.config = first->config;
	tap->link.hosts = first->hosts;
	memcpy(tap->link.host, first->host, sizeof(first->host));
	return 0;
}

static int
open_next(struct sp_tap_spec *want, unsigned i, struct sampan_link **out, const struct sp_why *why)
{
	struct tap *tap = new_tap();

	if (tap == NULL)
		return sp_why(why, ENOMEM, "no memory for the link");
	if (open_queue(tap, i > 0 ? out[0] : NULL, want, why) != 0) {
		const int error = errno;

		tap_close(&tap->link);
		errno = error;
		return -1;
	}
	memcpy(want->name, tap->link.config.name, sizeof(want->name));
	out[i] = &tap->link;
	return 0;
}

int
sp_tap_open(const struct sp_spec *spec, unsigned queues, struct sampan_link **out,
    const struct sp_why *why)
{
	struct sp_tap_spec want;

	if (sp_tap_spec_read(&want, spec, why) != 0)
		return -1;
	want.queues = queues;
	for (unsigned i = 0; i < queues; i++) {
		if (open_next(&want, i, out, why) != 0) {
			const int error = errno;

			while (i-- > 0)
				tap_close(out[i]);
			errno = error;
			return -1;
		}
	}
	return 0;
}
