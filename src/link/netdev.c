/*
 * netdev.c - see netdev.h.
 */
#include "link/netdev.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* One SIOC* request about an interface. */
static int
ask(unsigned long request, const char *name, struct ifreq *ifr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result, error;

	if (fd < 0)
		return -1;
	(void)snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	result = ioctl(fd, request, ifr);
	error = errno;
	(void)close(fd);
	errno = error;
	return result < 0 ? -1 : 0;
}

int
sp_netdev_mac(const char *name, uint8_t mac[6])
{
	struct ifreq ifr = { 0 };

	if (ask(SIOCGIFHWADDR, name, &ifr) != 0)
		return -1;
	memcpy(mac, ifr.ifr_hwaddr.sa_data, 6);
	return 0;
}

int
sp_netdev_mtu(const char *name, unsigned *mtu_bytes)
{
	struct ifreq ifr = { 0 };

	if (ask(SIOCGIFMTU, name, &ifr) != 0)
		return -1;
	*mtu_bytes = (unsigned)ifr.ifr_mtu;
	return 0;
}

int
sp_netdev_set_mtu(const char *name, unsigned mtu_bytes)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu_bytes };

	return ask(SIOCSIFMTU, name, &ifr);
}

int
sp_netdev_set_up(const char *name)
{
	struct ifreq ifr = { 0 };

	if (ask(SIOCGIFFLAGS, name, &ifr) != 0)
		return -1;
	if (ifr.ifr_flags & IFF_UP)
		return 0;
	ifr.ifr_flags |= IFF_UP;
	return ask(SIOCSIFFLAGS, name, &ifr);
}

/* RTM_NEWADDR with room for three attributes of up to 16 bytes. */
struct addr_request {
	struct nlmsghdr hdr;
	struct ifaddrmsg addr;
	uint8_t attrs[3 * (4 + 16)];
};

static void
put_attr(struct addr_request *r, uint16_t type, const void *data, size_t len)
{
	const struct rtattr attr = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type };
	uint8_t *at = (uint8_t *)r + NLMSG_ALIGN(r->hdr.nlmsg_len);

	memcpy(at, &attr, sizeof(attr));
	memcpy(at + RTA_LENGTH(0), data, len);
	r->hdr.nlmsg_len = NLMSG_ALIGN(r->hdr.nlmsg_len) + (uint32_t)RTA_SPACE(len);
}

static void
build_request(struct addr_request *r, const struct sp_prefix *prefix, unsigned ifindex)
{
	const bool v4 = sp_prefix_is_v4(&prefix->addr);
	const uint8_t *bytes = v4 ? prefix->addr.b + 12 : prefix->addr.b;
	const size_t len = v4 ? 4 : 16;
	uint8_t everybody[4];

	*r = (struct addr_request){
		.hdr = { .nlmsg_type = RTM_NEWADDR, .nlmsg_len = NLMSG_LENGTH(sizeof(r->addr)),
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.addr = { .ifa_family = v4 ? AF_INET : AF_INET6,
		    .ifa_prefixlen = (uint8_t)prefix->bits, .ifa_index = ifindex,
		    .ifa_flags = v4 ? 0 : IFA_F_NODAD },
	};
	put_attr(r, IFA_LOCAL, bytes, len);
	put_attr(r, IFA_ADDRESS, bytes, len);
	if (!v4 || prefix->bits > 30)
		return;
	for (unsigned i = 0; i < 4; i++) {
		const unsigned in_prefix = prefix->bits > 8 * i ? prefix->bits - 8 * i : 0;

		everybody[i] = (uint8_t)(bytes[i] | (in_prefix >= 8 ? 0 : 0xff >> in_prefix));
	}
	put_attr(r, IFA_BROADCAST, everybody, sizeof(everybody));
}

/* Sends the request; returns what the kernel answers, an errno or 0. */
static int
talk(const struct addr_request *r)
{
	struct {
		struct nlmsghdr hdr;
		struct nlmsgerr error;
		uint8_t rest[256];
	} answer;
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t len;

	if (fd < 0)
		return errno;
	len = send(fd, r, r->hdr.nlmsg_len, 0);
	if (len >= 0)
		len = recv(fd, &answer, sizeof(answer), 0);
	if (len < 0) {
		const int error = errno;

		(void)close(fd);
		return error;
	}
	(void)close(fd);
	if ((size_t)len < sizeof(answer.hdr) + sizeof(answer.error.error) ||
	    answer.hdr.nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -answer.error.error;
}

int
sp_netdev_add_addr(const char *name, const struct sp_prefix *prefix)
{
	const unsigned ifindex = if_nametoindex(name);
	struct addr_request request;
	int error;

	if (ifindex == 0)
		return -1;
	build_request(&request, prefix, ifindex);
	error = talk(&request);
	if (error == 0 || error == EEXIST)
		return 0;
	errno = error;
	return -1;
}

/* The address and prefix length of a getifaddrs() entry; false: neither
 * family. */
static bool
read_entry(const struct ifaddrs *entry, struct sp_prefix *out)
{
	const bool v4 = entry->ifa_addr != NULL && entry->ifa_addr->sa_family == AF_INET;
	const bool v6 = entry->ifa_addr != NULL && entry->ifa_addr->sa_family == AF_INET6;
	const size_t at = v4 ? offsetof(struct sockaddr_in, sin_addr) :
	    offsetof(struct sockaddr_in6, sin6_addr);
	const size_t len = v4 ? 4 : 16;
	uint8_t mask[16];

	if ((!v4 && !v6) || entry->ifa_netmask == NULL)
		return false;
	out->addr = sampan_addr_v4(0, 0, 0, 0);
	memcpy(out->addr.b + 16 - len, (const uint8_t *)entry->ifa_addr + at, len);
	memcpy(mask, (const uint8_t *)entry->ifa_netmask + at, len);
	out->bits = 0;
	for (size_t i = 0; i < len; i++)
		out->bits += (unsigned)__builtin_popcount(mask[i]);
	return true;
}

static bool
is_rival(const struct sp_prefix *mine, const struct sp_prefix *other)
{
	if (memcmp(&mine->addr, &other->addr, sizeof(mine->addr)) == 0)
		return true;
	return mine->bits == other->bits && sp_prefix_holds(mine, &other->addr);
}

bool
sp_netdev_find_rival(const char *name, const struct sp_prefix *prefix, char *rival,
    size_t rival_len)
{
	struct ifaddrs *all, *entry;
	struct sp_prefix other;

	if (getifaddrs(&all) != 0)
		return false;
	for (entry = all; entry != NULL; entry = entry->ifa_next) {
		if (strcmp(entry->ifa_name, name) != 0 && read_entry(entry, &other) &&
		    is_rival(prefix, &other))
			break;
	}
	if (entry != NULL)
		(void)snprintf(rival, rival_len, "%s", entry->ifa_name);
	freeifaddrs(all);
	return entry != NULL;
}
