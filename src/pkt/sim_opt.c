/*
 * sim_opt.c - options, information, settings and counters of the world in
 * virtual time: Linux's names and values to the stack's and back.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>

#include <sampan/config.h>
#include <sampan/host.h>
#include <sampan/option.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#include "pkt/sim.h"

#define NAME_MAX_BYTES 16
#define TCPI_OPT_ECN 8
/* What Linux calls reno. */
#define RENO "newreno"

static const struct {
	int level, name;
	enum sampan_option option;
} table[] = {
	{ SOL_SOCKET, SO_REUSEADDR, SAMPAN_OPT_REUSEADDR },
	{ SOL_SOCKET, SO_REUSEPORT, SAMPAN_OPT_REUSEPORT },
	{ SOL_SOCKET, SO_KEEPALIVE, SAMPAN_OPT_KEEPALIVE },
	{ SOL_SOCKET, SO_LINGER, SAMPAN_OPT_LINGER },
	{ SOL_SOCKET, SO_OOBINLINE, SAMPAN_OPT_OOBINLINE },
	{ SOL_SOCKET, SO_SNDBUF, SAMPAN_OPT_SNDBUF },
	{ SOL_SOCKET, SO_RCVBUF, SAMPAN_OPT_RCVBUF },
	{ SOL_SOCKET, SO_SNDBUFFORCE, SAMPAN_OPT_SNDBUF },
	{ SOL_SOCKET, SO_RCVBUFFORCE, SAMPAN_OPT_RCVBUF },
	{ SOL_SOCKET, SO_RCVLOWAT, SAMPAN_OPT_RCVLOWAT },
	{ SOL_SOCKET, SO_ERROR, SAMPAN_OPT_ERROR },
	{ SOL_SOCKET, SO_ACCEPTCONN, SAMPAN_OPT_ACCEPTCONN },
	{ IPPROTO_TCP, 1, SAMPAN_OPT_NODELAY },
	{ IPPROTO_TCP, 2, SAMPAN_OPT_MAXSEG },
	{ IPPROTO_TCP, 3, SAMPAN_OPT_CORK },
	{ IPPROTO_TCP, 4, SAMPAN_OPT_KEEPIDLE },
	{ IPPROTO_TCP, 5, SAMPAN_OPT_KEEPINTVL },
	{ IPPROTO_TCP, 6, SAMPAN_OPT_KEEPCNT },
	{ IPPROTO_TCP, 7, SAMPAN_OPT_SYNCNT },
	{ IPPROTO_TCP, 8, SAMPAN_OPT_LINGER2 },
	{ IPPROTO_TCP, 9, SAMPAN_OPT_DEFER_ACCEPT },
	{ IPPROTO_TCP, 10, SAMPAN_OPT_WINDOW_CLAMP },
	{ IPPROTO_TCP, 12, SAMPAN_OPT_QUICKACK },
	{ IPPROTO_TCP, 13, SAMPAN_OPT_CONGESTION },
	{ IPPROTO_TCP, 18, SAMPAN_OPT_USER_TIMEOUT },
	{ IPPROTO_TCP, 25, SAMPAN_OPT_NOTSENT_LOWAT },
	{ IPPROTO_IP, IP_TOS, SAMPAN_OPT_TOS },
	{ IPPROTO_IPV6, IPV6_TCLASS, SAMPAN_OPT_TOS },
	{ IPPROTO_IP, IP_TTL, SAMPAN_OPT_TTL },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, SAMPAN_OPT_TTL },
	{ IPPROTO_IPV6, IPV6_V6ONLY, SAMPAN_OPT_V6ONLY },
};

static bool
find_option(int level, int name, enum sampan_option *option)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].level == level && table[i].name == name) {
			*option = table[i].option;
			return true;
		}
	}
	return false;
}

static sampan_handle
handle_of(const struct sim *m, int s)
{
	return s < 0 || s >= SIM_SOCKETS ? 0 : m->socket[s].handle;
}

/* ---- Options that the stack need not know ---- */

/* Setting one of these changes nothing that a script could see; with a value,
 * only to that: what the stack does anyway. */
static const struct {
	int level, name;
	bool any;
	int value;
} harmless[] = {
	{ SOL_SOCKET, SO_DEBUG, true, 0 },
	{ SOL_SOCKET, SO_PRIORITY, true, 0 },		/* of a queue below */
	{ SOL_SOCKET, SO_MARK, true, 0 },		/* for rules that nobody made */
	{ SOL_SOCKET, SO_BROADCAST, true, 0 },		/* nothing to TCP */
	{ SOL_SOCKET, SO_BUSY_POLL, true, 0 },
	{ SOL_SOCKET, SO_ZEROCOPY, false, 0 },
	{ SOL_SOCKET, SO_TIMESTAMP, false, 0 },
	{ SOL_SOCKET, SO_TIMESTAMPNS, false, 0 },
	{ SOL_SOCKET, SO_TIMESTAMPING, false, 0 },
	{ IPPROTO_TCP, 16, false, 0 },			/* TCP_THIN_LINEAR_TIMEOUTS */
	{ IPPROTO_TCP, 17, true, 0 },			/* TCP_THIN_DUPACK: gone from Linux */
	{ IPPROTO_TCP, 23, false, 0 },			/* TCP_FASTOPEN */
	{ IPPROTO_TCP, 27, false, 0 },			/* TCP_SAVE_SYN */
	{ IPPROTO_TCP, 30, false, 0 },			/* TCP_FASTOPEN_CONNECT */
	{ IPPROTO_TCP, 37, false, 0 },			/* TCP_TX_DELAY */
	{ IPPROTO_IP, IP_MTU_DISCOVER, false, IP_PMTUDISC_WANT },
	{ IPPROTO_IP, IP_MTU_DISCOVER, false, IP_PMTUDISC_DO },
	{ IPPROTO_IP, IP_RECVERR, false, 0 },
	{ IPPROTO_IP, IP_RECVTOS, true, 0 },		/* TCP has no messages to tell it with */
	{ IPPROTO_IP, IP_RECVTTL, true, 0 },
	{ IPPROTO_IP, 24, true, 0 },			/* IP_BIND_ADDRESS_NO_PORT */
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, false, IPV6_PMTUDISC_WANT },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, false, IPV6_PMTUDISC_DO },
	{ IPPROTO_IPV6, IPV6_RECVERR, false, 0 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, true, 0 },
};

static bool
is_harmless(const struct pkt_sockopt *opt)
{
	int32_t value = 0;

	memcpy(&value, opt->value, opt->len < sizeof(value) ? opt->len : sizeof(value));
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		if (harmless[i].level == opt->level && harmless[i].name == opt->name &&
		    (harmless[i].any || harmless[i].value == value))
			return true;
	}
	return false;
}

/* What is known without the stack.  1: not this one. */
static int64_t
get_fixed(struct sim *m, int s, int level, int name, int32_t *value)
{
	int64_t mtu;

	if (level == SOL_SOCKET && name == SO_TYPE) {
		*value = SOCK_STREAM;
	} else if (level == SOL_SOCKET && name == SO_PROTOCOL) {
		*value = IPPROTO_TCP;
	} else if (level == SOL_SOCKET && name == SO_DOMAIN) {
		*value = m->world.setup.v6_sockets ? AF_INET6 : AF_INET;
	} else if (level == SOL_SOCKET && name == SO_SNDLOWAT) {
		*value = 1;
	} else if (level == IPPROTO_IP && name == IP_MTU_DISCOVER) {
		*value = IP_PMTUDISC_WANT;
	} else if ((level == IPPROTO_IP && name == IP_MTU) ||
	    (level == IPPROTO_IPV6 && name == IPV6_MTU)) {
		if (sp_pkt_sim_info(&m->world, s, "tcpi_pmtu", &mtu) != 0 || mtu == 0)
			return -ENOTCONN;
		*value = (int32_t)mtu;
	} else {
		return 1;
	}
	return 0;
}

/* ---- setsockopt ---- */

/* What Linux's bytes mean as one number; a result otherwise. */
static int64_t
read_value(enum sampan_option option, const struct pkt_sockopt *opt, int64_t *value)
{
	char name[NAME_MAX_BYTES] = "";
	int32_t n[2] = { 0, 0 };

	if (option == SAMPAN_OPT_CONGESTION) {
		memcpy(name, opt->value, opt->len < sizeof(name) ? opt->len : sizeof(name) - 1);
		*value = sampan_cc_find(strcmp(name, "reno") == 0 ? RENO : name);
		return *value < 0 ? -ENOENT : 0;
	}
	if (opt->len < sizeof(n[0]))
		return -EINVAL;
	memcpy(n, opt->value, opt->len < sizeof(n) ? opt->len : sizeof(n));
	*value = n[0];
	if (option == SAMPAN_OPT_LINGER) {
		if (opt->len < sizeof(n))
			return -EINVAL;
		*value = n[0] == 0 ? -1 : n[1];
	}
	return 0;
}

int64_t
sp_pkt_sim_setopt(struct pkt_world *w, int s, const struct pkt_sockopt *opt)
{
	struct sim *m = sim_of(w);
	enum sampan_option option;
	int64_t value, error;

	if (handle_of(m, s) == 0)
		return -EBADF;
	if (is_harmless(opt))
		return 0;
	if (opt->level == SOL_SOCKET && opt->name == SO_SNDLOWAT)
		return -ENOPROTOOPT;
	if (!find_option(opt->level, opt->name, &option))
		return sp_pkt_world_lacks(w, "sockopt:level %d option %d", opt->level, opt->name);
	error = read_value(option, opt, &value);
	if (error != 0)
		return error;
	error = sampan_setopt(m->stack, handle_of(m, s), option, value);
	if (error == SAMPAN_ERANGE)
		return -EINVAL;
	if (error == SAMPAN_ENOENT)
		return sp_pkt_world_lacks(w, "sockopt:level %d option %d", opt->level, opt->name);
	return error == 0 ? 0 : -sampan_errno((int)error);
}

/* ---- getsockopt ---- */

static void
write_bytes(struct pkt_sockopt *opt, const void *p, uint32_t len)
{
	if (len < opt->len)
		opt->len = len;
	memcpy(opt->value, p, opt->len);
}

static void
write_value(enum sampan_option option, int64_t value, struct pkt_sockopt *opt)
{
	char name[NAME_MAX_BYTES] = "";
	int32_t n[2] = { (int32_t)value, 0 };

	if (option == SAMPAN_OPT_CONGESTION) {
		const char *known = sampan_cc_name((unsigned)value);

		if (known == NULL || strcmp(known, RENO) == 0)
			known = "reno";
		memcpy(name, known, strlen(known));
		write_bytes(opt, name, sizeof(name));
		return;
	}
	if (option == SAMPAN_OPT_LINGER) {
		n[0] = value >= 0;
		n[1] = value >= 0 ? (int32_t)value : 0;
		write_bytes(opt, n, sizeof(n));
		return;
	}
	write_bytes(opt, n, sizeof(n[0]));
}

int64_t
sp_pkt_sim_getopt(struct pkt_world *w, int s, struct pkt_sockopt *opt)
{
	struct sim *m = sim_of(w);
	enum sampan_option option;
	int64_t value = 0, error;
	int32_t fixed;

	if (handle_of(m, s) == 0)
		return -EBADF;
	error = get_fixed(m, s, opt->level, opt->name, &fixed);
	if (error == 0)
		write_bytes(opt, &fixed, sizeof(fixed));
	if (error <= 0)
		return error;
	if (!find_option(opt->level, opt->name, &option))
		return sp_pkt_world_lacks(w, "sockopt:level %d option %d", opt->level, opt->name);
	error = sampan_getopt(m->stack, handle_of(m, s), option, &value);
	if (error == SAMPAN_ENOENT)
		return sp_pkt_world_lacks(w, "sockopt:level %d option %d", opt->level, opt->name);
	if (error != 0)
		return -sampan_errno((int)error);
	if (option == SAMPAN_OPT_ERROR)
		value = -sp_pkt_sim_error_of(&m->socket[s],
		    -sampan_errno((int)(value > 0 ? -value : value)));
	write_value(option, value, opt);
	return 0;
}

int64_t
sp_pkt_sim_ioctl(struct pkt_world *w, int s, int request, int64_t *value)
{
	struct sim *m = sim_of(w);
	enum sampan_option option;
	int error;

	if (request == FIONREAD)
		option = SAMPAN_OPT_INQ;
	else if (request == TIOCOUTQ)
		option = SAMPAN_OPT_OUTQ;
	else if (request == SIOCOUTQNSD)
		option = SAMPAN_OPT_OUTQNSD;
	else if (request == SIOCATMARK)
		option = SAMPAN_OPT_ATMARK;
	else
		return sp_pkt_world_lacks(w, "ioctl:0x%x", (unsigned)request);
	error = sampan_getopt(m->stack, handle_of(m, s), option, value);
	if (error == SAMPAN_ENOENT)
		return sp_pkt_world_lacks(w, "ioctl:0x%x", (unsigned)request);
	return error == 0 ? 0 : -sampan_errno(error);
}

/* ---- TCP_INFO ---- */

/* In Linux's numbers; a half-open connection is SYN_RECV. */
static const int linux_states[SAMPAN_TCP_STATE_COUNT] = {
	[SAMPAN_TCP_CLOSED] = 7, [SAMPAN_TCP_LISTEN] = 10, [SAMPAN_TCP_SYN_SENT] = 2,
	[SAMPAN_TCP_SYN_RECEIVED] = 3, [SAMPAN_TCP_ESTABLISHED] = 1,
	[SAMPAN_TCP_FIN_WAIT_1] = 4, [SAMPAN_TCP_FIN_WAIT_2] = 5, [SAMPAN_TCP_CLOSE_WAIT] = 8,
	[SAMPAN_TCP_CLOSING] = 11, [SAMPAN_TCP_LAST_ACK] = 9, [SAMPAN_TCP_TIME_WAIT] = 6,
};

/* Linux's memory information, where it does not depend on how large its
 * buffers' own bookkeeping is. */
static int64_t
mem_info(struct sim *m, int s, const char *field, int64_t *value)
{
	static const struct {
		const char *name;
		enum sampan_option option;
		bool only_empty;
	} map[] = {
		{ "SK_MEMINFO_RCVBUF", SAMPAN_OPT_RCVBUF, false },
		{ "SK_MEMINFO_SNDBUF", SAMPAN_OPT_SNDBUF, false },
		{ "SK_MEMINFO_RMEM_ALLOC", SAMPAN_OPT_INQ, true },
		{ "SK_MEMINFO_WMEM_ALLOC", SAMPAN_OPT_OUTQ, true },
		{ "SK_MEMINFO_WMEM_QUEUED", SAMPAN_OPT_OUTQ, true },
	};

	*value = 0;
	if (strcmp(field, "SK_MEMINFO_OPTMEM") == 0 || strcmp(field, "SK_MEMINFO_BACKLOG") == 0 ||
	    strcmp(field, "SK_MEMINFO_DROPS") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (strcmp(map[i].name, field) == 0 &&
		    sampan_getopt(m->stack, handle_of(m, s), map[i].option, value) == 0)
			return map[i].only_empty && *value != 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

/* Fields that are 0 as long as nothing can make them anything else: no ECN has
 * been negotiated. */
static int64_t
no_ecn_info(uint64_t options, const char *field, int64_t *value)
{
	static const char *const names[] = {
		"tcpi_delivered_ce", "tcpi_delivered_ce_bytes", "tcpi_received_ce",
		"tcpi_delivered_e0_bytes", "tcpi_delivered_e1_bytes", "tcpi_received_ce_bytes",
		"tcpi_received_e0_bytes", "tcpi_received_e1_bytes",
	};

	*value = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], field) == 0)
			return (options & TCPI_OPT_ECN) != 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

/* What Linux says of a connection as long as nothing was seen that would change it. */
static int64_t
unseen_info(const struct sampan_tcp_info *info, const char *field, int64_t *value)
{
	const bool reordered = info->reord_seen != 0 ||
	    (info->has >> SAMPAN_INFO_reord_seen & 1) == 0;

	if (strcmp(field, "tcpi_reordering") == 0 && !reordered)
		*value = 3;
	else if (strcmp(field, "tcpi_rcv_mss") == 0 && info->bytes_received == 0)
		*value = info->snd_mss_bytes < 536 ? (int64_t)info->snd_mss_bytes : 536;
	else
		return no_ecn_info(info->options, field, value);
	return 0;
}

/* Linux counts its SYN among what was delivered, the SYN of a connection that it
 * began among the bytes acknowledged, and of one that it accepted among what came in;
 * it has its own numbers of states. */
static int64_t
as_linux_counts(const struct sim_socket *k, uint64_t state, unsigned field, int64_t n)
{
	const bool open = state != SAMPAN_TCP_CLOSED && state != SAMPAN_TCP_LISTEN &&
	    state != SAMPAN_TCP_SYN_SENT && state != SAMPAN_TCP_SYN_RECEIVED;

	if (field == SAMPAN_INFO_state)
		return n < SAMPAN_TCP_STATE_COUNT ? linux_states[n] : n;
	if (field == SAMPAN_INFO_delivered_segs)
		return n + open;
	if (field == SAMPAN_INFO_bytes_acked)
		return n + (open && k->began);
	if (field == SAMPAN_INFO_segs_in)
		return n + (open && !k->began);
	return n;
}

int64_t
sp_pkt_sim_info(struct pkt_world *w, int s, const char *field, int64_t *value)
{
	static const char *const names[] = {
#define X(id, name, unit) name,
		SAMPAN_TCP_INFO(X)
#undef X
	};
	struct sim *m = sim_of(w);
	struct sampan_tcp_info info;
	const uint64_t all[] = {
#define X(id, name, unit) offsetof(struct sampan_tcp_info, id),
		SAMPAN_TCP_INFO(X)
#undef X
	};
	uint64_t n;

	sampan_advance(m->stack, sp_pkt_sim_clock(m));	/* its clock may be behind */
	if (sampan_tcp_info(m->stack, handle_of(m, s), &info) != 0)
		return -EBADF;
	if (strncmp(field, "SK_MEMINFO_", 11) == 0)
		return mem_info(m, s, field, value);
	for (unsigned i = 0; i < SAMPAN_INFO_COUNT; i++) {
		if (strcmp(names[i], field) != 0)
			continue;
		if ((info.has >> i & 1) == 0)
			break;
		memcpy(&n, (const uint8_t *)&info + all[i], sizeof(n));
		*value = as_linux_counts(&m->socket[s], info.state, i, (int64_t)n);
		return 0;
	}
	return unseen_info(&info, field, value);
}

/* ---- Settings and counters ---- */

int64_t
sp_pkt_sim_setting(struct pkt_world *w, const char *name, const char *value)
{
	struct sim *m = sim_of(w);

	switch (sampan_setting_write(m->stack, name, strcmp(value, "reno") == 0 ? RENO : value)) {
	case 0:
		return 0;
	case SAMPAN_ENOENT:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

int64_t
sp_pkt_sim_counter(struct pkt_world *w, const char *name, int64_t *value)
{
	static const char *const names[] = {
#define X(id, counter, text) counter,
		SAMPAN_DROPS(X)
		SAMPAN_COUNTS(X)
#undef X
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*value = (int64_t)sampan_counter(sim_of(w)->stack, i);
		return 0;
	}
	return -ENOENT;
}

typedef bool status_test(const struct sampan_status *status, const void *what);

static int64_t
count_if(struct sim *m, status_test *test, const void *what)
{
	struct sampan_status found[32];
	uint64_t cursor = 0;
	int64_t count = 0;

	while (cursor != SAMPAN_WALK_END) {
		const int n = sampan_walk(m->stack, &cursor, found, 32);

		if (n < 0)
			return count;
		for (int i = 0; i < n; i++)
			count += test(&found[i], what);
	}
	return count;
}

static bool
is_in_state(const struct sampan_status *status, const void *state)
{
	return linux_states[status->state] == *(const int *)state;
}

int64_t
sp_pkt_sim_count_state(struct pkt_world *w, int state)
{
	return count_if(sim_of(w), is_in_state, &state);
}

static bool
awaits_ack_of_fin(const struct sampan_status *status, const void *ports)
{
	const uint16_t *const port = ports;

	return status->local.port == port[0] && status->peer.port == port[1] &&
	    (status->state == SAMPAN_TCP_FIN_WAIT_1 || status->state == SAMPAN_TCP_CLOSING ||
		status->state == SAMPAN_TCP_LAST_ACK);
}

bool
sp_pkt_sim_is_ending(struct pkt_world *w, uint16_t local_port, uint16_t remote_port)
{
	const uint16_t ports[2] = { local_port, remote_port };

	return count_if(sim_of(w), awaits_ack_of_fin, ports) > 0;
}
