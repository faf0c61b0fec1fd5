/*
 * storm.c - many frames a second from strangers onto a TAP interface, and a client
 * that counts how long it takes.
 *
 *	storm flood INTERFACE MAC KIND RATE SECONDS	KIND: syn ack rst fin fragment echo
 *	storm knock ADDRESS PORT CLIENTS		of an echo service, one after the other
 *
 * The flood goes to 10.77.0.2 at that MAC address from random addresses of 32.0.0.0/3, RATE
 * frames a second, 0: as many as the interface takes.  Prints what was sent, and was not for
 * lack of room, and the seconds.  A client connects, sends 64 bytes, has them back, and
 * closes; printed are the median and the longest time in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define IP_AT 14
#define L4_AT 34
#define BATCH 64
#define FRAME_BYTES 128
#define TO 0x0a4d0002u
#define CLIENTS_MOST 1000
#define PATIENCE_S 20

static uint64_t lots = 1;

/* SplitMix64 (Steele et al. 2014). */
static uint32_t
draw(void)
{
	uint64_t z = lots += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
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

/* Of n octets, an even number. */
static uint32_t
sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (size_t i = 0; i < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* ---- The flood ---- */

static size_t
put_tcp(uint8_t *l4, uint8_t flags, const uint8_t *ip)
{
	static const uint8_t opts[20] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1,
		3, 3, 7 };
	const size_t len = flags == 2 ? 40 : 20;

	memset(l4, 0, 20);
	put16(l4, 1024 + draw() % 60000);
	put16(l4 + 2, 7);
	put32(l4 + 4, draw());
	put32(l4 + 8, draw());
	l4[12] = (uint8_t)(len / 4 << 4);
	l4[13] = flags;
	put16(l4 + 14, 64240);
	memcpy(l4 + 20, opts, len - 20);
	put16(l4 + 16, (uint16_t)~sum(l4, len, sum(ip + 12, 8, 6 + (uint32_t)len)));
	return len;
}

static size_t
put_echo(uint8_t *l4)
{
	memset(l4, 0, 64);
	l4[0] = 8;
	put32(l4 + 4, draw());
	put16(l4 + 2, (uint16_t)~sum(l4, 64, 0));
	return 64;
}

/* Behind the Ethernet header. */
static size_t
put_packet(uint8_t *ip, const char *kind)
{
	static const struct {
		const char *name;
		uint8_t flags;
	} segments[] = { { "syn", 2 }, { "ack", 16 }, { "rst", 4 }, { "fin", 1 } };
	uint8_t proto = strcmp(kind, "echo") == 0 ? 1 : 17;
	size_t len = 64;

	memset(ip, 0, 20 + 64);
	put32(ip + 12, 0x20000000u | draw() >> 3);
	put32(ip + 16, TO);
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		if (strcmp(kind, segments[i].name) == 0) {
			len = put_tcp(ip + 20, segments[i].flags, ip);
			proto = 6;
		}
	}
	if (proto == 1)
		len = put_echo(ip + 20);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(20 + len));
	put16(ip + 4, draw());
	ip[6] = proto == 17 ? 0x20 : 0x40;	/* the first of some fragments, or one whole */
	ip[8] = 64;
	ip[9] = proto;
	put16(ip + 10, (uint16_t)~sum(ip, 20, 0));
	return IP_AT + 20 + len;
}

static int
open_interface(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	const int fd = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;

	at.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || at.sll_ifindex == 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) != 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static int
flood(char **argv)
{
	static uint8_t bytes[BATCH][FRAME_BYTES];
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH];
	const int fd = open_interface(argv[0]);
	const uint64_t rate = strtoull(argv[3], NULL, 10), begun = now_us();
	const uint64_t end = begun + strtoull(argv[4], NULL, 10) * 1000000;
	uint64_t sent = 0, refused = 0, now;
	unsigned mac[6];

	if (sscanf(argv[1], "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
	    &mac[5]) != 6)
		return 2;
	while ((now = now_us()) < end) {
		int n;

		if (rate > 0 && (sent + refused) >= (now - begun) * rate / 1000000) {
			usleep(50);
			continue;
		}
		for (unsigned i = 0; i < BATCH; i++) {
			for (unsigned j = 0; j < 6; j++)
				bytes[i][j] = (uint8_t)mac[j];
			memcpy(bytes[i] + 6, "\2\0\0\0\0\x99\x08\0", 8);
			parts[i].iov_base = bytes[i];
			parts[i].iov_len = put_packet(bytes[i] + IP_AT, argv[2]);
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		n = sendmmsg(fd, messages, BATCH, 0);
		if (n < 0 && errno != ENOBUFS && errno != EAGAIN) {
			perror("sendmmsg");
			return 1;
		}
		sent += n > 0 ? (unsigned)n : 0;
		refused += BATCH - (n > 0 ? (unsigned)n : 0);
	}
	printf("sent %llu refused %llu in %.3f s\n", (unsigned long long)sent,
	    (unsigned long long)refused, (double)(now - begun) / 1e6);
	return 0;
}

/* ---- The client ---- */

/* One connection; 0: it failed. */
static uint64_t
knock(const struct sockaddr_in *to)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const uint64_t begun = now_us();
	char text[64] = "knock";
	size_t got = 0;
	ssize_t n = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 &&
	    send(fd, text, sizeof(text), 0) == (ssize_t)sizeof(text)) {
		while (got < sizeof(text) && (n = recv(fd, text, sizeof(text), 0)) > 0)
			got += (size_t)n;
	}
	close(fd);
	return got == sizeof(text) ? now_us() - begun : 0;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int
knock_all(char **argv)
{
	static uint64_t took_us[CLIENTS_MOST];
	const unsigned most = (unsigned)strtoul(argv[2], NULL, 10);
	const unsigned n = most < CLIENTS_MOST ? most : CLIENTS_MOST;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)) };
	unsigned failed = 0;

	inet_pton(AF_INET, argv[0], &to.sin_addr);
	for (unsigned i = 0; i < n; i++) {
		took_us[i] = knock(&to);
		failed += took_us[i] == 0;
	}
	qsort(took_us, n, sizeof(took_us[0]), compare);
	printf("median %llu longest %llu failed %u\n", (unsigned long long)took_us[n / 2],
	    (unsigned long long)took_us[n - 1], failed);
	return failed == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "flood") == 0)
		return flood(argv + 2);
	if (argc == 5 && strcmp(argv[1], "knock") == 0)
		return knock_all(argv + 2);
	fprintf(stderr, "usage: storm flood INTERFACE MAC KIND RATE SECONDS | "
	    "storm knock ADDRESS PORT CLIENTS\n");
	return 2;
}
