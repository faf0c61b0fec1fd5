/*
 * kernel_info.c - what the kernel tells about itself: TCP_INFO, sysctls,
 * counters, states of connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pkt/kernel.h"

#define LINE_MAX_BYTES 512
#define LEVEL_TCP 6

#define F(name) { #name, offsetof(struct tcp_info, name), \
	sizeof(((const struct tcp_info *)NULL)->name) }

static const struct {
	const char *name;
	size_t offset, bytes;
} fields[] = {
	F(tcpi_state), F(tcpi_ca_state), F(tcpi_retransmits), F(tcpi_probes), F(tcpi_backoff),
	F(tcpi_options), F(tcpi_rto), F(tcpi_ato), F(tcpi_snd_mss), F(tcpi_rcv_mss),
	F(tcpi_unacked), F(tcpi_sacked), F(tcpi_lost), F(tcpi_retrans), F(tcpi_fackets),
	F(tcpi_last_data_sent), F(tcpi_last_ack_sent), F(tcpi_last_data_recv),
	F(tcpi_last_ack_recv), F(tcpi_pmtu), F(tcpi_rcv_ssthresh), F(tcpi_rtt), F(tcpi_rttvar),
	F(tcpi_snd_ssthresh), F(tcpi_snd_cwnd), F(tcpi_advmss), F(tcpi_reordering),
	F(tcpi_rcv_rtt), F(tcpi_rcv_space), F(tcpi_total_retrans), F(tcpi_pacing_rate),
	F(tcpi_max_pacing_rate), F(tcpi_bytes_acked), F(tcpi_bytes_received), F(tcpi_segs_out),
	F(tcpi_segs_in), F(tcpi_notsent_bytes), F(tcpi_min_rtt), F(tcpi_data_segs_in),
	F(tcpi_data_segs_out), F(tcpi_delivery_rate), F(tcpi_busy_time), F(tcpi_rwnd_limited),
	F(tcpi_sndbuf_limited), F(tcpi_delivered), F(tcpi_delivered_ce), F(tcpi_bytes_sent),
	F(tcpi_bytes_retrans), F(tcpi_dsack_dups), F(tcpi_reord_seen), F(tcpi_rcv_ooopack),
	F(tcpi_snd_wnd),
};

static int64_t
read_field(const struct tcp_info *info, const char *field, int64_t *value)
{
	if (strcmp(field, "tcpi_snd_wscale") == 0) {
		*value = info->tcpi_snd_wscale;
		return 0;
	}
	if (strcmp(field, "tcpi_rcv_wscale") == 0) {
		*value = info->tcpi_rcv_wscale;
		return 0;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t wide = 0;

		if (strcmp(fields[i].name, field) != 0)
			continue;
		/* Little-endian: the low bytes come first. */
		memcpy(&wide, (const uint8_t *)info + fields[i].offset, fields[i].bytes);
		*value = (int64_t)wide;
		return 0;
	}
	return -ENOENT;
}

int64_t
sp_pkt_kernel_info(struct pkt_world *w, int s, const char *field, int64_t *value)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	(void)w;
	memset(&info, 0, sizeof(info));
	if (getsockopt(s, LEVEL_TCP, TCP_INFO, &info, &len) != 0)
		return -errno;
	return read_field(&info, field, value);
}

/* Only below net/: in a namespace those are its own. */
int64_t
sp_pkt_kernel_setting(struct pkt_world *w, const char *name, const char *value)
{
	char path[256];
	int fd;
	int64_t result = 0;

	(void)w;
	if (strncmp(name, "net.", 4) != 0 || strstr(name, "..") != NULL)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *p = path + strlen("/proc/sys/"); *p != '\0'; p++) {
		if (*p == '.')
			*p = '/';
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		result = -errno;
	(void)close(fd);
	return result;
}

int64_t
sp_pkt_kernel_counter(struct pkt_world *w, const char *name, int64_t *value)
{
	(void)w;
	(void)name;
	*value = 0;
	return -ENOENT;
}

/* The fourth column of /proc/net/tcp. */
static int64_t
count_in(const char *path, int state)
{
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(path, "re");
	int64_t count = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *p = line;

		for (int column = 0; column < 3; column++) {
			p += strspn(p, " ");
			p += strcspn(p, " ");
		}
		count += strtol(p, NULL, 16) == state;
	}
	if (f != NULL)
		(void)fclose(f);
	return count;
}

int64_t
sp_pkt_kernel_count_state(struct pkt_world *w, int state)
{
	(void)w;
	return count_in("/proc/thread-self/net/tcp", state) +
	    count_in("/proc/thread-self/net/tcp6", state);
}

/* Its close() waits by itself: that is skipped before. */
bool
sp_pkt_kernel_is_ending(struct pkt_world *w, uint16_t local_port, uint16_t remote_port)
{
	(void)w;
	(void)local_port;
	(void)remote_port;
	return false;
}
