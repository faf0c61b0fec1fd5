/*
 * config.h - every tunable of a stack, in one list.
 *
 * X(ID, "name", default, least, most, "unit", "what it does").  Names are
 * Linux's where it has the same thing; read and written with sampan_get() and
 * sampan_set() at any time.
 */
#ifndef SAMPAN_CONFIG_H
#define SAMPAN_CONFIG_H

#define SAMPAN_SETTINGS(X) \
	X(IP_TTL, "net.ipv4.ip_default_ttl", 64, 1, 255, "hops", "TTL of packets sent") \
	X(PORT_FIRST, "net.ipv4.ip_local_port_first", 32768, 1, 65535, "port", \
	  "first port chosen for connections we open (Linux: first number of ip_local_port_range)") \
	X(PORT_LAST, "net.ipv4.ip_local_port_last", 60999, 1, 65535, "port", \
	  "last port chosen for connections we open (Linux: second number of ip_local_port_range)") \
	X(TCP_RCVBUF, "net.ipv4.tcp_rmem_default", 131072, 2304, 1073741824, "bytes", \
	  "receive buffer of a new socket (Linux: second number of tcp_rmem)") \
	X(TCP_SNDBUF, "net.ipv4.tcp_wmem_default", 262144, 4608, 1073741824, "bytes", \
	  "send buffer of a new socket (Linux: second number of tcp_wmem)") \
	X(TCP_RCVBUF_MAX, "net.ipv4.tcp_rmem_max", 6291456, 2304, 1073741824, "bytes", \
	  "most that a receive buffer grows to by itself (Linux: third number of tcp_rmem)") \
	X(TCP_SNDBUF_MAX, "net.ipv4.tcp_wmem_max", 4194304, 4608, 1073741824, "bytes", \
	  "most that a send buffer grows to by itself (Linux: third number of tcp_wmem)") \
	X(TCP_MODERATE_RCVBUF, "net.ipv4.tcp_moderate_rcvbuf", 1, 0, 1, "switch", \
	  "receive buffers grow by themselves") \
	X(TCP_WINDOW_SCALING, "net.ipv4.tcp_window_scaling", 1, 0, 1, "switch", "RFC 7323 window scale") \
	X(TCP_TIMESTAMPS, "net.ipv4.tcp_timestamps", 1, 0, 1, "switch", "RFC 7323 timestamps") \
	X(TCP_SACK, "net.ipv4.tcp_sack", 1, 0, 1, "switch", "RFC 2018 selective acknowledgement") \
	X(TCP_SYN_RETRIES, "net.ipv4.tcp_syn_retries", 7, 1, 127, "count", \
	  "SYN retransmissions before connect fails: 7 give up after 255 s") \
	X(TCP_SYNACK_RETRIES, "net.ipv4.tcp_synack_retries", 5, 0, 7, "count", \
	  "SYN-ACK retransmissions before a half-open connection is forgotten") \
	X(TCP_RETRIES2, "net.ipv4.tcp_retries2", 15, 3, 63, "count", \
	  "retransmissions of the same data before the connection fails (R2)") \
	X(TCP_ORPHAN_RETRIES, "net.ipv4.tcp_orphan_retries", 8, 1, 63, "count", \
	  "the same for a connection that no socket holds any more") \
	X(TCP_RTO_MIN, "net.ipv4.tcp_rto_min_us", 200000, 10000, 1000000, "us", \
	  "least retransmission time-out") \
	X(TCP_RTO_MAX, "net.ipv4.tcp_rto_max_ms", 120000, 60000, 240000, "ms", \
	  "greatest retransmission time-out") \
	X(TCP_RETRIES1, "net.ipv4.tcp_retries1", 3, 3, 63, "count", \
	  "time-outs after which the way to the peer is looked for anew (R1)") \
	X(TCP_KEEP_TIME, "net.ipv4.tcp_keepalive_time", 7200, 1, 32767, "s", \
	  "silence before the first keepalive probe") \
	X(TCP_KEEP_INTVL, "net.ipv4.tcp_keepalive_intvl", 75, 1, 32767, "s", \
	  "between keepalive probes") \
	X(TCP_KEEP_PROBES, "net.ipv4.tcp_keepalive_probes", 9, 1, 127, "count", \
	  "unanswered keepalive probes that end a connection") \
	X(TCP_FIN_TIMEOUT, "net.ipv4.tcp_fin_timeout", 60, 1, 3600, "s", \
	  "how long a connection without a socket stays in FIN-WAIT-2") \
	X(TCP_MSL, "net.inet.tcp.msl", 30000, 0, 240000, "ms", \
	  "maximum segment lifetime: TIME-WAIT lasts twice this") \
	X(TCP_MAX_TW, "net.ipv4.tcp_max_tw_buckets", 16777216, 0, 1073741824, "count", \
	  "connections in TIME-WAIT") \
	X(TCP_MAX_SYN_BACKLOG, "net.ipv4.tcp_max_syn_backlog", 4194304, 1, 1073741824, "count", \
	  "half-open connections of the whole stack") \
	X(SOMAXCONN, "net.core.somaxconn", 4096, 1, 16777216, "count", "cap on a listener's backlog") \
	X(NEIGH_MAX, "net.ipv4.neigh.default.gc_thresh3", 1024, 8, 1048576, "entries", \
	  "neighbours remembered")

enum sampan_setting {
#define X(id, name, def, least, most, unit, text) SAMPAN_SET_##id,
	SAMPAN_SETTINGS(X)
#undef X
	SAMPAN_SET_COUNT,
};

#endif
