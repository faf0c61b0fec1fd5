/*
 * stacks.c - see stacks.h.
 */
#include "stacks.h"

#include <sampan/socket.h>
#include <sampan/stats.h>

bool stacks_ip6;

struct sampan_addr
stacks_addr(bool ip6, unsigned end)
{
	const struct sampan_addr v6 = { { 0xfd, [15] = (uint8_t)(end + 1) } };

	return ip6 ? v6 : sampan_addr_v4(10, 0, 0, (uint8_t)(end + 1));
}

unsigned
stacks_prefix_bits(bool ip6)
{
	return ip6 ? 64 : 24;
}

static bool
fail(struct stacks *k, const char *why)
{
	k->why = why;
	return false;
}

/* The machine's own configuration but for the seed, so that all runs do the same. */
static bool
open_one(struct stacks *k, unsigned i)
{
	const struct sampan_addr addr = stacks_addr(stacks_ip6, i);
	struct sampan_config config;

	k->s[i] = sampan_memory_alloc(k->bytes, true);
	if (k->s[i] == NULL || sampan_config_fill(&config) != 0)
		return fail(k, "no memory");
	config.seed[0] = i;
	config.seed[1] = 0;
	if (sampan_init(k->s[i], k->bytes, &config, k->now) != 0 ||
	    sampan_set(k->s[i], "net.ipv4.ip_local_port_first", 1024) != 0 ||
	    sampan_set(k->s[i], "net.ipv4.ip_local_port_last", 65535) != 0 ||
	    sampan_link_attach(sampan_pair_end(k->pair, i), k->s[i]) < 0 ||
	    sampan_set(k->s[i], "net.ipv6.conf.default.dad_transmits", 0) != 0 ||
	    sampan_addr_add(k->s[i], 1, &addr, stacks_prefix_bits(stacks_ip6)) != 0)
		return fail(k, "no stack");
	return true;
}

bool
stacks_open(struct stacks *k, size_t bytes, uint32_t caps)
{
	const struct sampan_pair_config pair = { .size = sizeof(pair), .caps = caps };

	*k = (struct stacks){ .bytes = bytes, .now = SAMPAN_SEC(1) };
	if (sampan_pair_open(&pair, &k->pair) != 0)
		return fail(k, "no memory pair");
	return open_one(k, 0) && open_one(k, 1);
}

void
stacks_close(struct stacks *k)
{
	sampan_pair_close(k->pair);
	for (unsigned i = 0; i < 2; i++)
		sampan_memory_free(k->s[i], k->bytes);
}

void
stacks_advance(struct stacks *k, sampan_dur dur)
{
	k->now += dur;
	for (unsigned i = 0; i < 2; i++)
		while (sampan_deadline(k->s[i]) <= k->now)
			sampan_advance(k->s[i], k->now);
}

int
stacks_dropped(const struct sampan *s, bool ip6)
{
	for (unsigned i = 0; i < SAMPAN_DROP_COUNT; i++) {
		/* Who the groups of the other end are is for routers. */
		if (ip6 && i == SAMPAN_DROP_IP_BROADCAST)
			continue;
		if (sampan_counter(s, i) != 0)
			return (int)i;
	}
	return -1;
}

sampan_handle
stacks_listen(struct stacks *k, uint16_t port, unsigned backlog)
{
	const struct sampan_sockaddr local = { .port = port };
	sampan_handle h;

	if (sampan_socket(k->s[1], SAMPAN_STREAM, &h) != 0 ||
	    sampan_bind(k->s[1], h, &local) != 0 || sampan_listen(k->s[1], h, backlog) != 0)
		return 0;
	return h;
}

sampan_handle
stacks_connect(struct stacks *k, uint16_t port)
{
	const struct sampan_sockaddr peer = { .addr = stacks_addr(stacks_ip6, 1), .port = port };
	sampan_handle h;

	if (sampan_socket(k->s[0], SAMPAN_STREAM, &h) != 0 ||
	    sampan_connect(k->s[0], h, &peer) != SAMPAN_EINPROGRESS)
		return 0;
	return h;
}
