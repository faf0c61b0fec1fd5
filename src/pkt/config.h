/*
 * config.h - how a script is to be run: from the command line, then from the
 * script's own --options.
 */
#ifndef SAMPAN_PKT_CONFIG_H
#define SAMPAN_PKT_CONFIG_H

#include "pkt/compare.h"
#include "pkt/world.h"

enum pkt_ip_version {
	PKT_V4, PKT_V6, PKT_MAPPED,	/* mapped: IPv4 on sockets of family INET6 */
};

struct pkt_config {
	enum pkt_ip_version ip;
	enum pkt_profile profile;
	bool ip_forced;			/* --ip was given: the script does not change it */
	bool tight;
	bool complete;			/* packets that the script does not expect are wrong */
	bool kernel;
	bool verbose;
	uint32_t mtu_bytes, mss_bytes;
	uint64_t tolerance_us;
	double tolerance_percent;
	uint64_t ts_tick_us;
	bool strict_segments;
	uint32_t remote_isn_off;
	struct sampan_addr local, remote;	/* zero: the default of the version */
	bool has_local, has_remote;
	uint16_t local_port;
	const struct pkt_define *defines;
};

void sp_pkt_config_init(struct pkt_config *config);

/* Applies one --name=value.  False: *lacks says why the script must be
 * skipped, in pool. */
bool sp_pkt_config_apply(struct pkt_config *config, const struct pkt_option *option,
    struct pkt_pool *pool, const char **lacks);

/* Addresses and MTU as the version has them. */
struct pkt_setup sp_pkt_config_setup(const struct pkt_config *config);

#endif
