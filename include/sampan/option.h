/*
 * option.h - socket options, and what TCP knows about a connection.
 *
 * Options carry one 64-bit number; names and meanings are Linux's.  An
 * accepted socket inherits its listener's.
 */
#ifndef SAMPAN_OPTION_H
#define SAMPAN_OPTION_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(ID, "Linux's name", "unit", "meaning") */
#define SAMPAN_OPTIONS(X) \
	X(REUSEADDR, "SO_REUSEADDR", "switch", "bind though connections of this port linger") \
	X(REUSEPORT, "SO_REUSEPORT", "switch", "several listeners share a port") \
	X(KEEPALIVE, "SO_KEEPALIVE", "switch", "probe a silent peer: RFC 9293 §3.8.4") \
	X(LINGER, "SO_LINGER", "s", "close waits (-1: off); 0: close aborts") \
	X(OOBINLINE, "SO_OOBINLINE", "switch", "urgent bytes stay in the stream") \
	X(SNDBUF, "SO_SNDBUF", "bytes", "send buffer; setting it ends autotuning") \
	X(RCVBUF, "SO_RCVBUF", "bytes", "receive buffer; setting it ends autotuning") \
	X(RCVLOWAT, "SO_RCVLOWAT", "bytes", "readable only with this many") \
	X(ERROR, "SO_ERROR", "error", "the pending error, cleared by reading; get only") \
	X(ACCEPTCONN, "SO_ACCEPTCONN", "switch", "is it a listener?  get only") \
	X(NODELAY, "TCP_NODELAY", "switch", "Nagle off: RFC 9293 §3.7.4 (MUST-17)") \
	X(CORK, "TCP_CORK", "switch", "hold back what does not fill a segment, 200 ms at most") \
	X(QUICKACK, "TCP_QUICKACK", "switch", "acknowledge at once for the time being") \
	X(MAXSEG, "TCP_MAXSEG", "bytes", "cap on the MSS; get: the one in force") \
	X(KEEPIDLE, "TCP_KEEPIDLE", "s", "silence before the first keepalive probe") \
	X(KEEPINTVL, "TCP_KEEPINTVL", "s", "between keepalive probes") \
	X(KEEPCNT, "TCP_KEEPCNT", "count", "unanswered probes that end the connection") \
	X(USER_TIMEOUT, "TCP_USER_TIMEOUT", "ms", "unacknowledged this long ends it; 0: by retries") \
	X(DEFER_ACCEPT, "TCP_DEFER_ACCEPT", "s", "acceptable only once data arrived") \
	X(NOTSENT_LOWAT, "TCP_NOTSENT_LOWAT", "bytes", "writable only with fewer unsent") \
	X(SYNCNT, "TCP_SYNCNT", "count", "SYN retransmissions") \
	X(LINGER2, "TCP_LINGER2", "s", "life in FIN-WAIT-2 without a socket") \
	X(WINDOW_CLAMP, "TCP_WINDOW_CLAMP", "bytes", "cap on the window advertised") \
	X(CONGESTION, "TCP_CONGESTION", "number", "congestion control: sampan_cc_find()") \
	X(TOS, "IP_TOS", "octet", "DSCP and ECN field of packets sent") \
	X(TTL, "IP_TTL", "hops", "TTL of packets sent; -1: the default") \
	X(RECVTOS, "IP_RECVTOS", "octet", "set: keep it; get: the TOS of the last segment, -1: none") \
	X(MTU, "IP_MTU", "bytes", "largest packet on the path; get only, connected only") \
	X(MTU_DISCOVER, "IP_MTU_DISCOVER", "number", \
	  "UDP, 0: routers may cut (no DF); 1: fragments by the path's MTU; 2: what is larger is " \
	  "refused; 3: by the link's, for probes") \
	X(TYPE, "SO_TYPE", "number", "1, SOCK_STREAM, 2, SOCK_DGRAM, or 3, SOCK_RAW; get only") \
	X(DOMAIN, "SO_DOMAIN", "number", "of its address: 2, AF_INET, or 10, AF_INET6; get only") \
	X(PROTOCOL, "SO_PROTOCOL", "number", "6, TCP, 17, UDP, 1, ICMP, or 58, ICMPv6; get only") \
	X(TALLY, "SAMPAN_TALLY", "switch", "count for sampan_tcp_info() what it does not know else") \
	X(BROADCAST, "SO_BROADCAST", "switch", "UDP may send to broadcast addresses") \
	X(RECVERR, "IP_RECVERR", "switch", "UDP hears of ICMP errors though not connected") \
	X(MAX_PACING_RATE, "SO_MAX_PACING_RATE", "bytes/s", \
	  "text leaves no faster, and at a pace; -1: no such limit") \
	X(V6ONLY, "IPV6_V6ONLY", "switch", \
	  "any address is of IPv6 alone; of a new socket: net.ipv6.bindv6only; before bind only") \
	X(INQ, "SIOCINQ", "bytes", "to be read; get only") \
	X(OUTQ, "SIOCOUTQ", "bytes", "not acknowledged, FIN counts 1; get only") \
	X(OUTQNSD, "SIOCOUTQNSD", "bytes", "not sent; get only") \
	X(ATMARK, "SIOCATMARK", "switch", "the next byte to be read is the urgent mark; get only")

enum sampan_option {
#define X(id, name, unit, text) SAMPAN_OPT_##id,
	SAMPAN_OPTIONS(X)
#undef X
	SAMPAN_OPT_COUNT,
};

/* BADHANDLE; NOENT: no such option; RANGE: not that value; OPNOTSUPP: not set,
 * or not got, in this state; INVAL: too late; NOBUFS: no memory to remember it. */
SAMPAN_API int sampan_setopt(struct sampan *s, sampan_handle h, enum sampan_option option,
    int64_t value);
SAMPAN_API int sampan_getopt(struct sampan *s, sampan_handle h, enum sampan_option option,
    int64_t *value);

/* The number of a congestion control, by name (Linux's reno is newreno); NOENT.  And
 * back, the numbers from 0 on: NULL. */
SAMPAN_API int sampan_cc_find(const char *name);
SAMPAN_API const char *sampan_cc_name(unsigned number);

/* What TCP knows: X(field, "Linux's tcpi_ name", "unit"). */
#define SAMPAN_TCP_INFO(X) \
	X(state, "tcpi_state", "enum sampan_tcp_state") \
	X(ca_state, "tcpi_ca_state", "0 open 1 disorder 2 cwr 3 recovery 4 loss") \
	X(congestion, "TCP_CONGESTION", "number: sampan_cc_name()") \
	X(retransmits, "tcpi_retransmits", "time-outs since progress") \
	X(probes, "tcpi_probes", "unanswered window or keepalive probes") \
	X(backoff, "tcpi_backoff", "doublings of the RTO") \
	X(options, "tcpi_options", "1 timestamps 2 SACK 4 window scale 8 ECN") \
	X(snd_wscale, "tcpi_snd_wscale", "bits") \
	X(rcv_wscale, "tcpi_rcv_wscale", "bits") \
	X(rto_us, "tcpi_rto", "us") \
	X(ato_us, "tcpi_ato", "us") \
	X(snd_mss_bytes, "tcpi_snd_mss", "bytes") \
	X(rcv_mss_bytes, "tcpi_rcv_mss", "bytes") \
	X(unacked_segs, "tcpi_unacked", "segs; LISTEN: connections to be accepted") \
	X(sacked_segs, "tcpi_sacked", "segs; LISTEN: backlog") \
	X(lost_segs, "tcpi_lost", "segs") \
	X(retrans_segs, "tcpi_retrans", "segs sent again and not acknowledged") \
	X(last_data_sent_ms, "tcpi_last_data_sent", "ms ago") \
	X(last_data_recv_ms, "tcpi_last_data_recv", "ms ago") \
	X(last_ack_recv_ms, "tcpi_last_ack_recv", "ms ago, any segment") \
	X(pmtu_bytes, "tcpi_pmtu", "bytes") \
	X(rtt_us, "tcpi_rtt", "us, smoothed") \
	X(rttvar_us, "tcpi_rttvar", "us") \
	X(min_rtt_us, "tcpi_min_rtt", "us") \
	X(snd_ssthresh_segs, "tcpi_snd_ssthresh", "segs") \
	X(snd_cwnd_segs, "tcpi_snd_cwnd", "segs") \
	X(snd_wnd_bytes, "tcpi_snd_wnd", "bytes") \
	X(rcv_wnd_bytes, "tcpi_rcv_wnd", "bytes") \
	X(rcv_ssthresh_bytes, "tcpi_rcv_ssthresh", "bytes that the buffer lets it offer at most") \
	X(advmss_bytes, "tcpi_advmss", "bytes") \
	X(reordering_segs, "tcpi_reordering", "segs") \
	X(total_retrans_segs, "tcpi_total_retrans", "segs") \
	X(bytes_acked, "tcpi_bytes_acked", "bytes") \
	X(bytes_received, "tcpi_bytes_received", "bytes") \
	X(notsent_bytes, "tcpi_notsent_bytes", "bytes") \
	X(pacing_rate_bytes_per_s, "tcpi_pacing_rate", "bytes/s, while it sends at a pace") \
	X(delivery_rate_bytes_per_s, "tcpi_delivery_rate", "bytes/s, last measured") \
	X(busy_us, "tcpi_busy_time", "us with something queued") \
	X(rwnd_limited_us, "tcpi_rwnd_limited", "us of them held by the peer's window") \
	X(sndbuf_limited_us, "tcpi_sndbuf_limited", "us of them held by the send buffer") \
	X(segs_out, "tcpi_segs_out", "segs") \
	X(segs_in, "tcpi_segs_in", "segs") \
	X(data_segs_out, "tcpi_data_segs_out", "segs with text") \
	X(data_segs_in, "tcpi_data_segs_in", "segs with text") \
	X(bytes_sent, "tcpi_bytes_sent", "bytes, again too") \
	X(bytes_retrans, "tcpi_bytes_retrans", "bytes sent again") \
	X(delivered_segs, "tcpi_delivered", "segs, again too, SYN not") \
	X(dsack_dups, "tcpi_dsack_dups", "duplicates that the peer reported") \
	X(reord_seen, "tcpi_reord_seen", "times that reordering was seen") \
	X(rcv_ooopack, "tcpi_rcv_ooopack", "segs that came behind a gap")

enum sampan_tcp_info_field {
#define X(field, name, unit) SAMPAN_INFO_##field,
	SAMPAN_TCP_INFO(X)
#undef X
	SAMPAN_INFO_COUNT,
};

/* A field that the connection does not have is absent: its bit in `has` is 0.
 * From delivery_rate on, and rcv_mss, they are counted only with TALLY, from when
 * that was set: 256 bytes a connection. */
struct sampan_tcp_info {
	uint64_t has;		/* 1 << enum sampan_tcp_info_field */
#define X(field, name, unit) uint64_t field;
	SAMPAN_TCP_INFO(X)
#undef X
};

SAMPAN_API int sampan_tcp_info(const struct sampan *s, sampan_handle h,
    struct sampan_tcp_info *info);

/* sampan_walk() (socket.h) that also tells what TCP knows, of connections
 * without a socket too.  Compact records (half-open, TIME-WAIT) have the state
 * alone. */
struct sampan_status;
SAMPAN_API int sampan_walk_info(const struct sampan *s, uint64_t *cursor,
    struct sampan_status *out, struct sampan_tcp_info *info, unsigned max);

#ifdef __cplusplus
}
#endif

#endif
