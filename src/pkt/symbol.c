/*
 * symbol.c - constants by name.
 *
 * Options and flags that the C library's headers may not have yet stand here
 * with their numbers, which are part of Linux's interface.
 */
#include "pkt/symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct symbol {
	const char *name;
	int64_t value;
};

#define S(name) { #name, (int64_t)(name) }

static const struct symbol sockets[] = {
	S(AF_INET), S(AF_INET6), S(AF_UNIX), S(AF_UNSPEC), S(PF_INET), S(PF_INET6),
	S(SOCK_STREAM), S(SOCK_DGRAM), S(SOCK_RAW), S(SOCK_NONBLOCK), S(SOCK_CLOEXEC),
	S(IPPROTO_IP), S(IPPROTO_IPV6), S(IPPROTO_TCP), S(IPPROTO_UDP), S(IPPROTO_ICMP),
	{ "IPPROTO_MPTCP", 262 }, { "IPPROTO_SCTP", 132 }, { "IPPROTO_UDPLITE", 136 },
	S(INADDR_ANY), S(INADDR_LOOPBACK),
	S(SHUT_RD), S(SHUT_WR), S(SHUT_RDWR), S(SOMAXCONN), { "NULL", 0 },
	S(MSG_OOB), S(MSG_PEEK), S(MSG_DONTROUTE), S(MSG_WAITALL), S(MSG_DONTWAIT), S(MSG_TRUNC),
	S(MSG_CTRUNC), S(MSG_NOSIGNAL), S(MSG_MORE), S(MSG_EOR), S(MSG_ERRQUEUE), S(MSG_FASTOPEN),
	{ "MSG_ZEROCOPY", 0x4000000 }, { "MSG_SPLICE_PAGES", 0x8000000 },
	S(SOL_SOCKET), S(SOL_IP), S(SOL_IPV6), { "SOL_TCP", 6 }, { "SOL_UDP", 17 },
	S(O_RDONLY), S(O_WRONLY), S(O_RDWR), S(O_NONBLOCK), S(O_APPEND), { "FNDELAY", O_NONBLOCK },
	S(F_GETFL), S(F_SETFL), S(F_GETFD), S(F_SETFD), S(FD_CLOEXEC),
	{ "SIOCINQ", FIONREAD }, { "FIONREAD", FIONREAD }, { "SIOCOUTQ", TIOCOUTQ },
	{ "TIOCOUTQ", TIOCOUTQ }, S(SIOCOUTQNSD), S(SIOCATMARK), S(FIONBIO),
	S(POLLIN), S(POLLOUT), S(POLLERR), S(POLLHUP), S(POLLNVAL), S(POLLPRI), S(POLLRDHUP),
	S(POLLRDNORM), S(POLLRDBAND), S(POLLWRNORM), S(POLLWRBAND),
	{ "EPOLLIN", 1 }, { "EPOLLOUT", 4 }, { "EPOLLERR", 8 }, { "EPOLLHUP", 16 },
	{ "EPOLLPRI", 2 }, { "EPOLLRDHUP", 0x2000 }, { "EPOLLRDNORM", 0x40 },
	{ "EPOLLRDBAND", 0x80 }, { "EPOLLWRNORM", 0x100 }, { "EPOLLWRBAND", 0x200 },
	{ "EPOLLMSG", 0x400 }, { "EPOLLET", 0x80000000 }, { "EPOLLONESHOT", 0x40000000 },
	{ "EPOLLEXCLUSIVE", 0x10000000 }, { "EPOLLWAKEUP", 0x20000000 },
	S(EPOLL_CTL_ADD), S(EPOLL_CTL_MOD), S(EPOLL_CTL_DEL), S(EPOLL_CLOEXEC),
	{ "SPLICE_F_MOVE", 1 }, { "SPLICE_F_NONBLOCK", 2 }, { "SPLICE_F_MORE", 4 },
	{ "SPLICE_F_GIFT", 8 },
};

static const struct symbol options[] = {
	S(SO_DEBUG),
	S(SO_REUSEADDR), S(SO_REUSEPORT), S(SO_KEEPALIVE), S(SO_LINGER), S(SO_OOBINLINE),
	S(SO_SNDBUF), S(SO_RCVBUF), S(SO_SNDBUFFORCE), S(SO_RCVBUFFORCE), S(SO_RCVLOWAT),
	S(SO_SNDLOWAT), S(SO_ERROR), S(SO_ACCEPTCONN), S(SO_TYPE), S(SO_DOMAIN), S(SO_PROTOCOL),
	S(SO_RCVTIMEO), S(SO_SNDTIMEO), S(SO_BROADCAST), S(SO_DONTROUTE), S(SO_PRIORITY),
	S(SO_MARK), S(SO_TIMESTAMP), S(SO_TIMESTAMPNS), S(SO_TIMESTAMPING), S(SO_BUSY_POLL),
	S(SO_MAX_PACING_RATE), { "SO_ZEROCOPY", 60 }, { "SO_MEMINFO", 55 },
	{ "SO_TXREHASH", 74 }, { "SO_INCOMING_CPU", 49 }, { "SO_INCOMING_NAPI_ID", 56 },
	{ "TCP_NODELAY", 1 }, { "TCP_MAXSEG", 2 }, { "TCP_CORK", 3 }, { "TCP_KEEPIDLE", 4 },
	{ "TCP_KEEPINTVL", 5 }, { "TCP_KEEPCNT", 6 }, { "TCP_SYNCNT", 7 }, { "TCP_LINGER2", 8 },
	{ "TCP_DEFER_ACCEPT", 9 }, { "TCP_WINDOW_CLAMP", 10 }, { "TCP_INFO", 11 },
	{ "TCP_QUICKACK", 12 }, { "TCP_CONGESTION", 13 }, { "TCP_MD5SIG", 14 },
	{ "TCP_USER_TIMEOUT", 18 }, { "TCP_FASTOPEN", 23 }, { "TCP_TIMESTAMP", 24 },
	{ "TCP_NOTSENT_LOWAT", 25 }, { "TCP_CC_INFO", 26 }, { "TCP_SAVE_SYN", 27 },
	{ "TCP_SAVED_SYN", 28 }, { "TCP_REPAIR", 19 }, { "TCP_REPAIR_QUEUE", 20 },
	{ "TCP_QUEUE_SEQ", 21 }, { "TCP_REPAIR_OPTIONS", 22 }, { "TCP_FASTOPEN_CONNECT", 30 },
	{ "TCP_ULP", 31 }, { "TCP_MD5SIG_EXT", 32 }, { "TCP_FASTOPEN_KEY", 33 },
	{ "TCP_FASTOPEN_NO_COOKIE", 34 }, { "TCP_ZEROCOPY_RECEIVE", 35 }, { "TCP_INQ", 36 },
	{ "TCP_CM_INQ", 36 }, { "TCP_TX_DELAY", 37 }, { "TCP_RTO_MAX_MS", 44 },
	{ "TCP_THIN_LINEAR_TIMEOUTS", 16 }, { "TCP_THIN_DUPACK", 17 }, { "TCP_RTO_MIN_US", 45 },
	{ "TCP_DELACK_MAX_US", 46 },
	S(IP_TOS), S(IP_TTL), S(IP_MTU), S(IP_MTU_DISCOVER), S(IP_RECVERR), S(IP_RECVTOS),
	S(IP_PMTUDISC_DONT), S(IP_PMTUDISC_WANT), S(IP_PMTUDISC_DO), S(IP_PMTUDISC_PROBE),
	{ "IP_FREEBIND", 15 }, { "IP_TRANSPARENT", 19 }, { "IP_LOCAL_PORT_RANGE", 51 },
	{ "IP_BIND_ADDRESS_NO_PORT", 24 }, { "IP_MINTTL", 21 },
	S(IPV6_V6ONLY), S(IPV6_MTU), S(IPV6_MTU_DISCOVER), S(IPV6_RECVERR), S(IPV6_TCLASS),
	{ "IPV6_RECVTCLASS", 66 }, { "IPV6_FLOWINFO", 11 }, { "IPV6_FLOWINFO_SEND", 33 },
	{ "IPV6_FLOWLABEL_MGR", 32 }, { "IPV6_AUTOFLOWLABEL", 70 }, { "IPV6_UNICAST_HOPS", 16 },
	{ "SOF_TIMESTAMPING_TX_HARDWARE", 1 << 0 }, { "SOF_TIMESTAMPING_TX_SOFTWARE", 1 << 1 },
	{ "SOF_TIMESTAMPING_RX_HARDWARE", 1 << 2 }, { "SOF_TIMESTAMPING_RX_SOFTWARE", 1 << 3 },
	{ "SOF_TIMESTAMPING_SOFTWARE", 1 << 4 }, { "SOF_TIMESTAMPING_OPT_ID", 1 << 7 },
	{ "SOF_TIMESTAMPING_TX_SCHED", 1 << 8 }, { "SOF_TIMESTAMPING_TX_ACK", 1 << 9 },
	{ "SOF_TIMESTAMPING_OPT_TSONLY", 1 << 11 }, { "SOF_TIMESTAMPING_OPT_STATS", 1 << 12 },
	{ "SCM_TIMESTAMPING", 37 }, { "SCM_TSTAMP_SND", 0 }, { "SCM_TSTAMP_SCHED", 1 },
	{ "SCM_TSTAMP_ACK", 2 }, { "SO_EE_ORIGIN_NONE", 0 }, { "SO_EE_ORIGIN_LOCAL", 1 },
	{ "SO_EE_ORIGIN_ICMP", 2 }, { "SO_EE_ORIGIN_ICMP6", 3 },
	{ "SO_EE_ORIGIN_TIMESTAMPING", 4 }, { "SO_EE_ORIGIN_ZEROCOPY", 5 },
	{ "SO_EE_CODE_ZEROCOPY_COPIED", 1 },
};

/* What assertions compare with. */
static const struct symbol infos[] = {
	{ "TCP_ESTABLISHED", 1 }, { "TCP_SYN_SENT", 2 }, { "TCP_SYN_RECV", 3 },
	{ "TCP_FIN_WAIT1", 4 }, { "TCP_FIN_WAIT2", 5 }, { "TCP_TIME_WAIT", 6 },
	{ "TCP_CLOSE", 7 }, { "TCP_CLOSE_WAIT", 8 }, { "TCP_LAST_ACK", 9 }, { "TCP_LISTEN", 10 },
	{ "TCP_CLOSING", 11 }, { "TCP_NEW_SYN_RECV", 12 },
	{ "TCP_CA_Open", 0 }, { "TCP_CA_Disorder", 1 }, { "TCP_CA_CWR", 2 },
	{ "TCP_CA_Recovery", 3 }, { "TCP_CA_Loss", 4 },
	{ "TCPI_OPT_TIMESTAMPS", 1 }, { "TCPI_OPT_SACK", 2 }, { "TCPI_OPT_WSCALE", 4 },
	{ "TCPI_OPT_ECN", 8 }, { "TCPI_OPT_ECN_SEEN", 16 }, { "TCPI_OPT_SYN_DATA", 32 },
	{ "TCPI_OPT_USEC_TS", 64 }, { "TCPI_OPT_TFO_CHILD", 128 },
};

static const struct symbol errors[] = {
	S(EPERM), S(ENOENT), S(EINTR), S(EIO), S(EBADF), S(EAGAIN), S(EWOULDBLOCK), S(ENOMEM),
	S(EACCES), S(EFAULT), S(EBUSY), S(EEXIST), S(ENODEV), S(EINVAL), S(EMFILE), S(ENFILE),
	S(ENOTTY), S(EFBIG), S(ENOSPC), S(ESPIPE), S(EPIPE), S(EDOM), S(ERANGE), S(ENOSYS),
	S(ENOTSOCK), S(EDESTADDRREQ), S(EMSGSIZE), S(EPROTOTYPE), S(ENOPROTOOPT), S(EPROTO),
	S(EPROTONOSUPPORT), S(ESOCKTNOSUPPORT), S(EOPNOTSUPP), S(ENOTSUP), S(EPFNOSUPPORT),
	S(EAFNOSUPPORT), S(EADDRINUSE), S(EADDRNOTAVAIL), S(ENETDOWN), S(ENETUNREACH),
	S(ENETRESET), S(ECONNABORTED), S(ECONNRESET), S(ENOBUFS), S(EISCONN), S(ENOTCONN),
	S(ESHUTDOWN), S(ETOOMANYREFS), S(ETIMEDOUT), S(ECONNREFUSED), S(EHOSTDOWN),
	S(EHOSTUNREACH), S(EALREADY), S(EINPROGRESS), S(ENOMSG), S(EKEYREJECTED), S(ECANCELED),
	S(E2BIG), S(ENXIO), S(EXDEV), S(ENAMETOOLONG), S(ELOOP), S(EOVERFLOW),
};

static bool
find_in(const struct symbol *table, size_t count, const char *name, int64_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*value = table[i].value;
			return true;
		}
	}
	return false;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

bool
sp_pkt_symbol_find(const char *name, int64_t *value)
{
	return find_in(sockets, COUNT(sockets), name, value) ||
	    find_in(options, COUNT(options), name, value) ||
	    find_in(infos, COUNT(infos), name, value) ||
	    find_in(errors, COUNT(errors), name, value);
}

const char *
sp_pkt_errno_name(int error)
{
	static char text[24];

	for (size_t i = 0; i < COUNT(errors); i++) {
		if (errors[i].value == error)
			return errors[i].name;
	}
	(void)snprintf(text, sizeof(text), "errno %d", error);
	return text;
}

int
sp_pkt_errno_find(const char *name)
{
	int64_t value = 0;

	(void)find_in(errors, COUNT(errors), name, &value);
	return (int)value;
}
