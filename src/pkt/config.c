/*
 * config.c - how a script is to be run.
 */
#include "pkt/config.h"

#include <stdlib.h>
#include <string.h>

#define LISTEN_PORT 8080

void
sp_pkt_config_init(struct pkt_config *config)
{
	*config = (struct pkt_config){
		.mtu_bytes = 1500,
		.tolerance_us = 4000,
		.tolerance_percent = 12.5,
		.local_port = LISTEN_PORT,
	};
}

/* ---- One function an option; false: the value makes no sense ---- */

static bool
set_ip(struct pkt_config *c, const char *value)
{
	static const struct { const char *name; enum pkt_ip_version version; } versions[] = {
		{ "ipv4", PKT_V4 }, { "ipv6", PKT_V6 }, { "ipv4-mapped-ipv6", PKT_MAPPED },
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (strcmp(value, versions[i].name) != 0)
			continue;
		if (!c->ip_forced)
			c->ip = versions[i].version;
		return true;
	}
	return false;
}

static bool
read_number(const char *text, uint64_t max, uint64_t *n)
{
	char *end;
	const unsigned long long wide = strtoull(text, &end, 10);

	*n = wide;
	return end != text && *end == '\0' && wide <= max;
}

static bool
set_mtu(struct pkt_config *c, const char *value)
{
	uint64_t n;
	const bool ok = read_number(value, 65535, &n);

	c->mtu_bytes = (uint32_t)n;
	return ok;
}

static bool
set_tolerance(struct pkt_config *c, const char *value)
{
	uint64_t n;
	const bool ok = read_number(value, 1000000000, &n);

	if (!c->tight)
		c->tolerance_us = n;
	return ok;
}

static bool
set_percent(struct pkt_config *c, const char *value)
{
	char *end;
	const double n = strtod(value, &end);

	if (!c->tight)
		c->tolerance_percent = n;
	return end != value && n >= 0 && n <= 1000;
}

static bool
set_tick(struct pkt_config *c, const char *value)
{
	return read_number(value, 1000000, &c->ts_tick_us);
}

static bool
set_local_ip(struct pkt_config *c, const char *value)
{
	c->has_local = sampan_addr_read(&c->local, value) == strlen(value);
	return c->has_local;
}

static bool
set_remote_ip(struct pkt_config *c, const char *value)
{
	c->has_remote = sampan_addr_read(&c->remote, value) == strlen(value);
	return c->has_remote;
}

static bool
set_strict_segments(struct pkt_config *c, const char *value)
{
	c->strict_segments = strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
	return true;
}

static bool
set_port(struct pkt_config *c, const char *value)
{
	uint64_t n;
	const bool ok = read_number(value, 65535, &n);

	c->local_port = (uint16_t)n;
	return ok && n > 0;
}

/* What changes nothing here: how a real machine is set up, what is printed, or
 * what happens after a failure. */
static bool
ignore(struct pkt_config *c, const char *value)
{
	(void)c;
	(void)value;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct pkt_config *c, const char *value);
} options[] = {
	{ "ip_version", set_ip }, { "mtu", set_mtu }, { "tolerance_usecs", set_tolerance },
	{ "tolerance_percent", set_percent }, { "tcp_ts_tick_usecs", set_tick },
	{ "local_ip", set_local_ip }, { "remote_ip", set_remote_ip },
	{ "strict_segments", set_strict_segments }, { "bind_port", set_port },
	{ "mss", ignore }, { "tcp_ts_ecr_scaled", ignore }, { "send_omit_free", ignore },
	{ "non_fatal", ignore },
	{ "verbose", ignore }, { "code", ignore }, { "speed", ignore }, { "init_scripts", ignore },
	{ "netmask_ip", ignore }, { "gateway_ip", ignore }, { "persistent_tun_dev", ignore },
	{ "dry_run", ignore }, { "debug", ignore }, { "define", ignore }, { "D", ignore },
	{ "no_cleanup", ignore }, { "so_filename", ignore }, { "so_flags", ignore },
	{ "tun_dev", ignore }, { "wire_client_dev", ignore }, { "wire_server_dev", ignore },
};

bool
sp_pkt_config_apply(struct pkt_config *config, const struct pkt_option *option,
    struct pkt_pool *pool, const char **lacks)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, option->name) != 0)
			continue;
		if (options[i].set(config, option->value))
			return true;
		*lacks = sp_pkt_printf(pool, "tool option:%s=%s", option->name, option->value);
		return false;
	}
	*lacks = sp_pkt_printf(pool, "tool option:%s", option->name);
	return false;
}

static struct sampan_addr
read_addr(const char *text)
{
	struct sampan_addr addr = { { 0 } };

	(void)sampan_addr_read(&addr, text);
	return addr;
}

struct pkt_setup
sp_pkt_config_setup(const struct pkt_config *c)
{
	const bool v6 = c->ip == PKT_V6;
	struct pkt_setup setup = {
		.local = read_addr(v6 ? "fd3d:a0b:17d6::1" : "192.168.0.1"),
		.remote = read_addr(v6 ? "2001:db8::1" : "192.0.2.1"),
		.gateway = read_addr(v6 ? "fd3d:a0b:17d6::2" : "192.168.0.2"),
		.prefix_bits = v6 ? 64 : 16,
		.v6 = v6,
		.v6_sockets = c->ip != PKT_V4,
		.mtu_bytes = c->mtu_bytes,
		.seed = 0x70616e,
	};

	if (c->has_local) {
		setup.local = c->local;
		setup.gateway = c->local;
		setup.gateway.b[15] ^= 3;	/* a neighbour of it */
	}
	if (c->has_remote)
		setup.remote = c->remote;
	return setup;
}
