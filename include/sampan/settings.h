/*
 * settings.h - every tunable of a stack, in one list.  config.h reads and writes them.
 *
 * X(ID, "name", default, least, most, "unit", "what it does").  Names are Linux's
 * where it has the same thing.  A unit of "switch" is 0 or 1; of "name" a number
 * here and a name in text.  docs/guide/settings.md is made from the two lists.
 */
#ifndef SAMPAN_SETTINGS_H
#define SAMPAN_SETTINGS_H

#define SAMPAN_SETTINGS(X) \
	X(IP_TTL, "net.ipv4.ip_default_ttl", 64, 1, 255, "hops", "TTL of packets sent") \
	X(HOP_LIMIT, "net.ipv6.conf.default.hop_limit", 64, 1, 255, "hops", \
	  "hop limit of IPv6 packets sent, where no router says otherwise") \
	X(IPFRAG_HIGH, "net.ipv4.ipfrag_high_thresh", 4194304, 0, 1073741824, "bytes", \
	  "memory for IPv4 packets of which fragments are lacking, but not over an eighth of all") \
	X(IPFRAG_TIME, "net.ipv4.ipfrag_time", 30, 1, 255, "s", \
	  "how long an IPv4 packet waits for its last fragment") \
	X(IP6FRAG_HIGH, "net.ipv6.ip6frag_high_thresh", 4194304, 0, 1073741824, "bytes", \
	  "the same memory for IPv6") \
	X(IP6FRAG_TIME, "net.ipv6.ip6frag_time", 60, 1, 255, "s", \
	  "how long an IPv6 packet waits for its last fragment") \
	X(MIN_PMTU, "net.ipv4.route.min_pmtu", 552, 68, 65535, "bytes", \
	  "no router is believed that says an IPv4 path takes less: RFC 1191") \
	X(PMTU_EXPIRES, "net.ipv4.route.mtu_expires", 600, 1, 1000000, "s", \
	  "a path MTU that was learned is forgotten after this") \
	X(PMTU6_EXPIRES, "net.ipv6.route.mtu_expires", 600, 1, 1000000, "s", "the same for IPv6") \
	X(AUTO_FLOWLABELS, "net.ipv6.auto_flowlabels", 1, 0, 1, "switch", \
	  "IPv6 packets of a connection carry a flow label: RFC 6437") \
	X(DAD_TRANSMITS, "net.ipv6.conf.default.dad_transmits", 1, 0, 10, "count", \
	  "probes before an IPv6 address is used, 0: none: RFC 4862 §5.4") \
	X(ACCEPT_RA, "net.ipv6.conf.default.accept_ra", 1, 0, 1, "switch", \
	  "routers are believed on links that configure themselves: RFC 4861 §6.3") \
	X(AUTOCONF, "net.ipv6.conf.default.autoconf", 1, 0, 1, "switch", \
	  "addresses are made of prefixes that routers advertise: RFC 4862") \
	X(USE_TEMPADDR, "net.ipv6.conf.default.use_tempaddr", 0, 0, 2, "switch", \
	  "temporary addresses beside them, and speaking from those: RFC 8981") \
	X(ACCEPT_REDIRECTS, "net.ipv6.conf.default.accept_redirects", 0, 0, 1, "switch", \
	  "routers may name a better first hop: RFC 4861 §8.3") \
	X(ACCEPT_REDIRECTS4, "net.ipv4.conf.all.accept_redirects", 0, 0, 1, "switch", \
	  "gateways may name a better first hop for a destination: RFC 1122 §3.2.2.2 (Linux: 1)") \
	X(SECURE_REDIRECTS, "net.ipv4.conf.all.secure_redirects", 1, 0, 1, "switch", \
	  "only gateways that some route names are such a better hop") \
	X(RP_FILTER, "net.ipv4.conf.all.rp_filter", 0, 0, 2, "number", \
	  "IPv4 packets whose source is not reached by the link they came by are dropped " \
	  "(1), or not at all (2): RFC 3704") \
	X(ACD_PROBES, "net.ipv4.acd_probes", 0, 0, 10, "count", \
	  "probes before a configured IPv4 address is used: RFC 5227 (no Linux name)") \
	X(DHCP_DELAY, "net.sampan.dhcp_delay", 1000, 0, 10000, "ms", "DHCP begins within this time") \
	X(DHCP_PROBES, "net.sampan.dhcp_probes", 3, 0, 10, "count", "probes of a leased address") \
	X(DHCP_ROUTES, "net.sampan.dhcp_classless_routes", 1, 0, 1, "switch", "RFC 3442 by DHCP") \
	X(IGMP_MEMBERSHIPS, "net.ipv4.igmp_max_memberships", 20, 0, 256, "count", "of one socket") \
	X(IGMP_LOCAL_REPORTS, "net.ipv4.igmp_link_local_mcast_reports", 1, 0, 1, "switch", \
	  "routers are told of groups of 224.0.0.0/24 too") \
	X(IGMP_QRV, "net.ipv4.igmp_qrv", 2, 1, 7, "count", "how often IGMP tells of a change") \
	X(MLD_QRV, "net.ipv6.mld_qrv", 2, 1, 7, "count", "the same for MLD: RFC 3810 §9.1") \
	X(FORCE_IGMP, "net.ipv4.conf.default.force_igmp_version", 0, 0, 3, "number", \
	  "the version of IGMP; 0: 3, or what an old router speaks") \
	X(FORCE_MLD, "net.ipv6.conf.default.force_mld_version", 0, 0, 2, "number", \
	  "the version of MLD; 0: 2, or what an old router speaks") \
	X(IGMP3_INTERVAL, "net.ipv4.conf.default.igmpv3_unsolicited_report_interval", 1000, 1, \
	  3600000, "ms", "at most between two reports of one change, by IGMP version 3") \
	X(MLD2_INTERVAL, "net.ipv6.conf.default.mldv2_unsolicited_report_interval", 1000, 1, \
	  3600000, "ms", "the same by MLD version 2") \
	X(ICMP_MSGS_PER_SEC, "net.ipv4.icmp_msgs_per_sec", 1000, 0, 1000000, "per second", \
	  "ICMP errors to all together, both families; 0: none") \
	X(ICMP_MSGS_BURST, "net.ipv4.icmp_msgs_burst", 50, 1, 1000000, "count", "of them at once") \
	X(ICMP_RATELIMIT, "net.ipv4.icmp_ratelimit", 1000, 0, 1000000, "ms", \
	  "between ICMP errors to one receiver, after the first few; 0: no limit") \
	X(ICMP6_RATELIMIT, "net.ipv6.icmp.ratelimit", 100, 0, 1000000, "ms", "the same for ICMPv6") \
	X(PORT_FIRST, "net.ipv4.ip_local_port_first", 32768, 1, 65535, "port", \
	  "first port chosen for connections we open (Linux: first number of ip_local_port_range)") \
	X(PORT_LAST, "net.ipv4.ip_local_port_last", 60999, 1, 65535, "port", \
	  "last port chosen for connections we open (Linux: second number of ip_local_port_range)") \
	X(RESERVED_PORTS, "net.ipv4.ip_local_reserved_ports", 0, 0, 0, "ports", \
	  "kept for who asks for them by number, such as 8080,9148-9150: not chosen by the stack; " \
	  "as a number: how many") \
	X(UNPRIVILEGED, "net.ipv4.ip_unprivileged_port_start", 1024, 0, 65535, "port", \
	  "lower ones are not chosen by the stack: RFC 6335 §6; bind takes them from anybody") \
	X(BINDV6ONLY, "net.ipv6.bindv6only", 0, 0, 1, "switch", \
	  "any address is of IPv6 alone for a new socket: IPV6_V6ONLY, RFC 3493 §5.3") \
	X(TCP_RCVBUF_MIN, "net.ipv4.tcp_rmem_min", 4096, 2304, 1073741824, "bytes", \
	  "receive buffer that a connection has under pressure too (Linux: first number of tcp_rmem)") \
	X(TCP_RCVBUF, "net.ipv4.tcp_rmem_default", 131072, 2304, 1073741824, "bytes", \
	  "receive buffer of a new socket (Linux: second number of tcp_rmem)") \
	X(TCP_RCVBUF_MAX, "net.ipv4.tcp_rmem_max", 6291456, 2304, 1073741824, "bytes", \
	  "most that a receive buffer grows to by itself (Linux: third number of tcp_rmem)") \
	X(TCP_SNDBUF_MIN, "net.ipv4.tcp_wmem_min", 4096, 2304, 1073741824, "bytes", \
	  "send buffer that a connection has under pressure too (Linux: first number of tcp_wmem)") \
	X(TCP_SNDBUF, "net.ipv4.tcp_wmem_default", 262144, 2304, 1073741824, "bytes", \
	  "send buffer of a new socket (Linux: second number of tcp_wmem)") \
	X(TCP_SNDBUF_MAX, "net.ipv4.tcp_wmem_max", 4194304, 2304, 1073741824, "bytes", \
	  "most that a send buffer grows to by itself (Linux: third number of tcp_wmem)") \
	X(TCP_MEM_MIN, "net.ipv4.tcp_mem_min", 0, 1, 1099511627776, "pages", \
	  "pressure ends below this many pages of 4096 bytes (Linux: first number of tcp_mem)") \
	X(TCP_MEM_PRESSURE, "net.ipv4.tcp_mem_pressure", 0, 1, 1099511627776, "pages", \
	  "from here on buffers and windows do not grow (Linux: second number of tcp_mem)") \
	X(TCP_MEM_MAX, "net.ipv4.tcp_mem_max", 0, 1, 1099511627776, "pages", \
	  "past this a connection has only what is guaranteed (Linux: third number of tcp_mem)") \
	X(RMEM_MAX, "net.core.rmem_max", 4194304, 2304, 1073741823, "bytes", \
	  "most that SO_RCVBUF may ask for; more is cut to this, silently") \
	X(WMEM_MAX, "net.core.wmem_max", 4194304, 2304, 1073741823, "bytes", \
	  "most that SO_SNDBUF may ask for; more is cut to this, silently") \
	X(RMEM_DEFAULT, "net.core.rmem_default", 212992, 2304, 1073741823, "bytes", \
	  "receive buffer of a new UDP socket") \
	X(WMEM_DEFAULT, "net.core.wmem_default", 212992, 2304, 1073741823, "bytes", \
	  "longest datagram that a new UDP socket sends") \
	X(UDP_CSUM_NEEDED, "net.ipv4.udp_checksum_needed", 0, 0, 1, "switch", \
	  "UDP without a checksum over IPv4 is dropped (no Linux name)") \
	X(TCP_MODERATE_RCVBUF, "net.ipv4.tcp_moderate_rcvbuf", 1, 0, 1, "switch", \
	  "receive buffers grow by themselves") \
	X(TCP_WINDOW_SCALING, "net.ipv4.tcp_window_scaling", 1, 0, 1, "switch", "RFC 7323 window scale") \
	X(TCP_TIMESTAMPS, "net.ipv4.tcp_timestamps", 1, 0, 1, "switch", "RFC 7323 timestamps") \
	X(TCP_SACK, "net.ipv4.tcp_sack", 1, 0, 1, "switch", "RFC 2018 selective acknowledgement") \
	X(TCP_ECN, "net.ipv4.tcp_ecn", 2, 0, 5, "number", \
	  "explicit congestion notification: 0: none; 1: RFC 3168's, asked for, and accepted; " \
	  "2: accepted; 3: accurate, RFC 9768, asked for, and either accepted; 4: RFC 3168's " \
	  "asked for, and either accepted; 5: either accepted") \
	X(TCP_ECN_OPTION, "net.ipv4.tcp_ecn_option", 2, 0, 2, "number", \
	  "octets of accurate ECN beside its three bits: 0: never sent; 1: once, and when marks " \
	  "arrived; 2: whenever they change") \
	X(TCP_CONGESTION, "net.ipv4.tcp_congestion_control", 1, 0, 255, "name", \
	  "congestion control of a new socket") \
	X(TCP_SLOW_START_AFTER_IDLE, "net.ipv4.tcp_slow_start_after_idle", 1, 0, 1, "switch", \
	  "a connection that was idle for an RTO begins again with the initial window: RFC 5681") \
	X(TCP_PACING, "net.sampan.tcp_pacing", 0, 0, 1, "switch", \
	  "every connection sends at a pace, not only those whose congestion control or " \
	  "application asks for it") \
	X(TCP_PACING_INITIAL, "net.sampan.tcp_pacing_initial_window", 0, 0, 1, "switch", \
	  "the first window leaves at a pace too, where a connection has one") \
	X(TCP_PACING_SS_RATIO, "net.ipv4.tcp_pacing_ss_ratio", 200, 1, 1000, "percent", \
	  "pace of a control without its own, of a window in a round trip, in slow start") \
	X(TCP_PACING_CA_RATIO, "net.ipv4.tcp_pacing_ca_ratio", 120, 1, 1000, "percent", \
	  "the same in congestion avoidance") \
	X(TCP_EARLY_RETRANS, "net.ipv4.tcp_early_retrans", 3, 0, 4, "number", \
	  "0: no tail loss probes (RFC 8985 §7); others: probes") \
	X(TCP_INVALID_RATELIMIT, "net.ipv4.tcp_invalid_ratelimit", 500, 0, 60000, "ms", \
	  "between challenge acknowledgements of one connection: RFC 5961 §7; 0: no limit") \
	X(TCP_ANSWERS, "net.sampan.tcp_answers_per_sec", 20000, 0, 1000000000, "per second", \
	  "resets, and what half-open connections and TIME-WAIT answer, to all together; 0: no limit") \
	X(TCP_ANSWERS_EACH, "net.sampan.tcp_answers_each_per_sec", 1000, 0, 500000, "per second", \
	  "of them to one receiver (one of 64 groups of receivers, by a keyed hash); 0: no limit") \
	X(TCP_SYN_RETRIES, "net.ipv4.tcp_syn_retries", 7, 1, 127, "count", \
	  "SYN retransmissions before connect fails: 7 give up after 255 s") \
	X(TCP_SYNACK_RETRIES, "net.ipv4.tcp_synack_retries", 5, 0, 7, "count", \
	  "SYN-ACK retransmissions before a half-open connection is forgotten") \
	X(TCP_RETRIES2, "net.ipv4.tcp_retries2", 15, 3, 63, "count", \
	  "retransmissions of the same data before the connection fails (R2)") \
	X(TCP_ORPHAN_RETRIES, "net.ipv4.tcp_orphan_retries", 0, 0, 63, "count", \
	  "the same for a connection that no socket holds any more; 0: 8") \
	X(TCP_RTO_MIN, "net.ipv4.tcp_rto_min_us", 200000, 10000, 1000000, "us", \
	  "least retransmission time-out") \
	X(TCP_RTO_MAX, "net.ipv4.tcp_rto_max_ms", 120000, 60000, 240000, "ms", \
	  "greatest retransmission time-out") \
	X(TCP_MIN_RTT_WLEN, "net.ipv4.tcp_min_rtt_wlen", 300, 0, 32767, "s", \
	  "the least round trip is that of so long a time") \
	X(TCP_RETRIES1, "net.ipv4.tcp_retries1", 3, 3, 63, "count", \
	  "time-outs after which the way to the peer is looked for anew (R1)") \
	X(TCP_MTU_PROBING, "net.ipv4.tcp_mtu_probing", 0, 0, 2, "number", \
	  "path MTU discovery by probes, RFC 4821: 0: none; 1: where large segments vanish; " \
	  "2: always") \
	X(TCP_BASE_MSS, "net.ipv4.tcp_base_mss", 1024, 48, 65483, "bytes", \
	  "segments that such a search begins with") \
	X(TCP_MTU_PROBE_FLOOR, "net.ipv4.tcp_mtu_probe_floor", 48, 48, 65483, "bytes", \
	  "the smallest that it comes to over IPv4") \
	X(TCP_PROBE_INTERVAL, "net.ipv4.tcp_probe_interval", 600, 300, 32767, "s", \
	  "how long it rests when it has found the size") \
	X(TCP_PROBE_THRESHOLD, "net.ipv4.tcp_probe_threshold", 8, 1, 65535, "bytes", \
	  "it has when it knows it to so many bytes") \
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
	X(TCP_TW_REUSE, "net.ipv4.tcp_tw_reuse", 2, 0, 2, "number", \
	  "1: a connect may take a flow in TIME-WAIT over after a second, by timestamps; " \
	  "2: only on loopback, which is not here: as 0") \
	X(TCP_RFC1337, "net.ipv4.tcp_rfc1337", 1, 0, 1, "switch", \
	  "a reset does not end TIME-WAIT (Linux: 0)") \
	X(TCP_MAX_ORPHANS, "net.ipv4.tcp_max_orphans", 16777216, 0, 1073741824, "count", \
	  "connections that no socket holds any more; one more is reset") \
	X(TCP_ABORT_ON_OVERFLOW, "net.ipv4.tcp_abort_on_overflow", 0, 0, 1, "switch", \
	  "a full accept queue answers with a reset, not with silence") \
	X(TCP_TALLY, "net.sampan.tcp_tally", 0, 0, 1, "switch", \
	  "new connections count what only sampan_tcp_info() needs: 256 bytes each") \
	X(TCP_MAX_SYN_BACKLOG, "net.ipv4.tcp_max_syn_backlog", 4194304, 1, 1073741824, "count", \
	  "half-open connections of the whole stack") \
	X(TCP_MAX_SYN_SOURCE, "net.sampan.tcp_max_syn_per_source", 0, 0, 1073741824, "count", \
	  "half-open connections of one address (IPv6: /64); more get cookies; 0: no limit") \
	X(TCP_MAX_SOURCE, "net.sampan.tcp_max_per_source", 0, 0, 1073741824, "count", \
	  "accepted connections of one address (IPv6: /64); more are dropped; 0: no limit") \
	X(TCP_EVICT_IDLE, "net.sampan.tcp_evict_idle_s", 300, 0, 32767, "s", \
	  "silence after which an accepted connection is reset if memory is short; 0: never") \
	X(TCP_SLOW_READER, "net.sampan.tcp_slow_reader_s", 30, 0, 32767, "s", \
	  "if memory is short, who takes too little for so long is reset; 0: never") \
	X(TCP_SLOW_READER_RATE, "net.sampan.tcp_slow_reader_rate", 500, 1, 1000000000, "B/s", \
	  "less than this is too little") \
	X(TCP_SLOW_ALWAYS, "net.sampan.tcp_slow_reader_always", 0, 0, 1, "switch", "always too") \
	X(TCP_SYNCOOKIES, "net.ipv4.tcp_syncookies", 1, 0, 2, "number", \
	  "0: without room for a half-open connection its SYN is dropped; 1: it gets a cookie; " \
	  "2: every SYN does") \
	X(SOMAXCONN, "net.core.somaxconn", 4096, 1, 16777216, "count", "cap on a listener's backlog") \
	X(NEIGH_MAX, "net.ipv4.neigh.default.gc_thresh3", 1024, 8, 1048576, "entries", \
	  "neighbours remembered")

/* Where Linux has several numbers under one name: X(ID, "name", first of them,
 * how many, "what it does").  They follow each other above, and none may be
 * less than the one before: where one of them is set alone, the others give way. */
#define SAMPAN_SETTING_GROUPS(X) \
	X(PORT_RANGE, "net.ipv4.ip_local_port_range", PORT_FIRST, 2, \
	  "first and last port chosen for connections we open") \
	X(TCP_MEM, "net.ipv4.tcp_mem", TCP_MEM_MIN, 3, \
	  "all queues together: where pressure ends, where it begins, and the most; " \
	  "1/2, 5/8 and all of the block unless set") \
	X(TCP_RMEM, "net.ipv4.tcp_rmem", TCP_RCVBUF_MIN, 3, \
	  "receive buffer: guaranteed, of a new socket, and what it grows to by itself") \
	X(TCP_WMEM, "net.ipv4.tcp_wmem", TCP_SNDBUF_MIN, 3, \
	  "send buffer: guaranteed, of a new socket, and what it grows to by itself")

#endif
