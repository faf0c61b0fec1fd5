/*
 * junk.c - frames that nobody should send, onto a TAP interface: floods of
 * SYNs, scans, segments with wrong fields, fragments, ICMP, plain garbage.
 *
 *	junk INTERFACE MAC SECONDS SEED
 *
 * To 10.77.0.2 at that MAC address, some thousands a second.  Senders are
 * 10.77.0.100 to .199, where nobody is, and for SYNs also 10.77.0.1 from ports
 * below 20000, which answers what comes back with a reset; so that connections
 * that somebody has are left alone, except by guesses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IP_AT 14
#define L4_AT 34
#define FRAME_BYTES 1514
#define TO 0x0a4d0002u

static uint64_t lots;

/* SplitMix64 (Steele et al. 2014). */
static uint32_t
below(uint32_t n)
{
	uint64_t z = lots += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t
sum(const uint8_t *p, size_t len, uint32_t s)
{
	for (size_t i = 0; i < len; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return s;
}

static uint16_t
fold(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)below(256);
}

/* An IPv4 header in front of len octets; its checksum is right. */
static size_t
put_ip(uint8_t *f, uint32_t from, uint8_t proto, size_t len)
{
	uint8_t *ip = f + IP_AT;

	memset(ip, 0, 20);
	put16(f + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(20 + len));
	put16(ip + 4, below(65536));
	ip[8] = 64;
	ip[9] = proto;
	put32(ip + 12, from);
	put32(ip + 16, TO);
	put16(ip + 10, fold(sum(ip, 20, 0)));
	return L4_AT + len;
}

static uint32_t
nobody(void)
{
	return 0x0a4d0064 + below(100);
}

/* A segment with a right checksum. */
static size_t
put_tcp(uint8_t *f, uint32_t from, uint32_t port, uint8_t flags, size_t text)
{
	uint8_t *tcp = f + L4_AT;
	const size_t len = 20 + text;

	fill(tcp, len);
	put16(tcp, from == 0x0a4d0001 ? 1024 + below(18976) : 1 + below(65535));
	put16(tcp + 2, port);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 16, 0);
	put16(tcp + 18, 0);
	(void)put_ip(f, from, IPPROTO_TCP, len);
	put16(tcp + 16, fold(sum(tcp, len, sum(f + IP_AT + 12, 8, IPPROTO_TCP + (uint32_t)len))));
	return L4_AT + len;
}

static uint32_t
some_port(void)
{
	static const uint16_t ports[] = { 7, 9, 13, 19 };

	return below(4) == 0 ? 1 + below(65535) : ports[below(4)];
}

static size_t
make_syn(uint8_t *f)
{
	return put_tcp(f, below(2) == 0 ? nobody() : 0x0a4d0001, some_port(), 2, 0);
}

/* FIN, NULL, Xmas, and all other flags together. */
static size_t
make_scan(uint8_t *f)
{
	return put_tcp(f, nobody(), some_port(), (uint8_t)below(256), below(100));
}

/* A segment some of whose octets are others. */
static size_t
make_wrong(uint8_t *f)
{
	const size_t len = put_tcp(f, nobody(), some_port(), 0x10, below(1000));

	for (unsigned n = 1 + below(4); n > 0; n--)
		f[12 + below(L4_AT + 8)] = (uint8_t)below(256);
	return len - below(2) * below((uint32_t)len - IP_AT);
}

static size_t
make_fragment(uint8_t *f)
{
	const size_t len = put_ip(f, nobody(), (uint8_t)(below(2) == 0 ? 17 : 6), 8 * below(180));
	uint8_t *ip = f + IP_AT;

	fill(f + L4_AT, len - L4_AT);
	put16(ip + 6, below(65536) & 0x3fff);
	put16(ip + 10, 0);
	put16(ip + 10, fold(sum(ip, 20, 0)));
	return len;
}

static size_t
make_icmp(uint8_t *f)
{
	const size_t len = put_ip(f, nobody(), IPPROTO_ICMP, 8 + below(100));
	uint8_t *icmp = f + L4_AT;

	fill(icmp, len - L4_AT);
	icmp[0] = (uint8_t)below(20);
	if (len > L4_AT + 28)
		icmp[8] = 0x45;		/* the datagram that it quotes */
	put16(icmp + 2, 0);
	put16(icmp + 2, fold(sum(icmp, len - L4_AT, 0)));
	return len;
}

static size_t
make_garbage(uint8_t *f)
{
	static const uint16_t types[] = { ETHERTYPE_IP, ETHERTYPE_ARP, ETHERTYPE_IPV6, 0x8100 };
	const size_t len = IP_AT + below(FRAME_BYTES - IP_AT + 1);

	fill(f + IP_AT, len - IP_AT);
	put16(f + 12, below(5) == 0 ? below(65536) : types[below(4)]);
	return len;
}

static size_t (*const makers[])(uint8_t *f) = {
	make_syn, make_scan, make_wrong, make_fragment, make_icmp, make_garbage,
};

static bool
read_mac(uint8_t *mac, const char *text)
{
	unsigned m[6];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) != 6)
		return false;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)m[i];
	return true;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6 };
	const struct timespec pause = { 0, 2000000 };
	uint8_t frame[FRAME_BYTES] = { 0 };
	const int fd = socket(AF_PACKET, SOCK_RAW, 0);
	unsigned long long sent = 0, refused = 0;
	time_t end;

	if (argc != 5 || !read_mac(frame, argv[2])) {
		(void)fprintf(stderr, "usage: junk INTERFACE MAC SECONDS SEED\n");
		return 2;
	}
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	end = time(NULL) + strtol(argv[3], NULL, 10);
	lots = strtoull(argv[4], NULL, 10);
	frame[6] = 0x02;	/* from nobody's MAC address */
	while (time(NULL) < end) {
		for (unsigned i = 0; i < 10; i++) {
			const size_t len = makers[below(6)](frame);

			if (sendto(fd, frame, len, 0, (const void *)&to, sizeof(to)) >= 0)
				sent++;
			else
				refused++;
		}
		(void)nanosleep(&pause, NULL);
	}
	(void)printf("%llu frames sent, %llu refused by the kernel\n", sent, refused);
	return sent > 0 ? 0 : 1;
}
