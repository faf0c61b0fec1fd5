/*
 * stats.h - every counter of a stack, in one list: X(ID, "name", "what it counts").
 *
 * Names follow Linux's SNMP names where the meaning is the same.  A frame that
 * is not wanted is counted under exactly one SAMPAN_DROPS entry.
 */
#ifndef SAMPAN_STATS_H
#define SAMPAN_STATS_H

#define SAMPAN_DROPS(X) \
	X(FRAME_SHORT, "FrameShort", "frame shorter than its headers") \
	X(FRAME_TYPE, "FrameType", "Ethernet type that nothing here understands") \
	X(FRAME_OTHER_HOST, "FrameOtherHost", "addressed to another MAC address") \
	X(ARP_MALFORMED, "ArpMalformed", "ARP with wrong type or length") \
	X(ARP_SENDER, "ArpSender", "ARP whose sender address cannot be a neighbour's") \
	X(ARP_NOT_OURS, "ArpNotOurs", "ARP that concerns others") \
	X(IP_MALFORMED, "InHdrErrors", "IP version or length fields wrong") \
	X(IP_CSUM, "IpCsum", "IPv4 header checksum wrong") \
	X(IP_SOURCE, "IpSource", "source address that no host may have, or our own") \
	X(IP_RP_FILTER, "IPReversePathFilter", "source that is not reached that way") \
	X(IP_DESTINATION, "InAddrErrors", "destination is not ours") \
	X(IP_BROADCAST, "IpBroadcast", "broadcast or multicast that nothing here takes") \
	X(IP_FRAGMENT, "IpFragment", "fragment with a length, offset or start that cannot be") \
	X(IP_OVERLAP, "IpOverlap", "fragment that overlaps another, is a repeat, or came after that") \
	X(IP_OPTIONS, "IpOptions", "malformed IP options, or a source route") \
	X(IP_PROTOCOL, "InUnknownProtos", "no such transport here") \
	X(IP6_CHAIN, "Ip6Chain", "extension headers malformed, too many, or asking to be dropped") \
	X(IP6_PROBLEM, "Ip6Problem", "extension header or option that nothing here understands") \
	X(IP6_NOTHING, "Ip6InNoNextHeader", "nothing behind the headers") \
	X(ND_MALFORMED, "NdMalformed", "neighbour discovery from off the link, or malformed") \
	X(ND_NOT_OURS, "NdNotOurs", "neighbour discovery that concerns others") \
	X(ICMP_MALFORMED, "IcmpMalformed", "ICMP too short") \
	X(ICMP_CSUM, "IcmpInCsumErrors", "ICMP checksum wrong") \
	X(ICMP_TYPE, "IcmpType", "ICMP type that is not acted on") \
	X(ICMP_NO_FLOW, "IcmpNoFlow", "ICMP error about a connection that does not exist") \
	X(ICMP_SEQ, "OutOfWindowIcmps", "ICMP error about nothing that is outstanding") \
	X(ICMP_ECHO_REPLY, "IcmpEchoReply", "echo reply to nothing that was asked") \
	X(ICMP_BROADCAST, "IcmpBroadcast", "echo request to a broadcast address") \
	X(ICMP_REDIRECT, "IcmpInRedirects", "redirect, not accepted") \
	X(TCP_MALFORMED, "TcpInErrs", "TCP header or data offset wrong") \
	X(TCP_CSUM, "TcpInCsumErrors", "TCP checksum wrong") \
	X(TCP_NO_FLAGS, "TcpNoFlags", "segment without ACK, RST or SYN where one is needed") \
	X(TCP_NO_SOCKET, "TcpNoSocket", "no connection and no listener") \
	X(TCP_SEQ, "TcpOutOfWindow", "sequence number outside the receive window") \
	X(TCP_PAWS, "PAWSEstab", "timestamp older than the last one") \
	X(TCP_NO_TS, "TcpNoTimestamp", "timestamp negotiated but missing") \
	X(TCP_RST_CHALLENGED, "TcpRstChallenged", "reset inside the window but not at its edge") \
	X(TCP_RST_OLD, "TcpRstOld", "reset outside the window, or for a state that ignores it") \
	X(TCP_SYN_CHALLENGED, "TCPSYNChallenge", "SYN on a synchronized connection") \
	X(TCP_ACK_RANGE, "TcpAckRange", "acknowledges what was never sent, or is too old") \
	X(TCP_OUT_OF_ORDER, "TcpOutOfOrder", "data behind a gap that was not kept") \
	X(TCP_AFTER_CLOSE, "TcpAfterClose", "data after the application closed") \
	X(TCP_BACKLOG, "ListenOverflows", "accept queue full") \
	X(TCP_HALF_OPEN, "ListenDrops", "no room for one more half-open connection") \
	X(TCP_TIME_WAIT, "TcpTimeWait", "segment for a connection in TIME-WAIT that does not revive it") \
	X(UDP_MALFORMED, "UdpInErrors", "UDP header or length wrong") \
	X(UDP_CSUM, "UdpInCsumErrors", "UDP checksum wrong") \
	X(UDP_NO_CSUM, "UdpNoChecksum", "UDP checksum missing: over IPv6, or where it is asked for") \
	X(UDP_NO_SOCKET, "UdpNoPorts", "no socket has the port") \
	X(UDP_RCVBUF, "UdpRcvbufErrors", "receive buffer full") \
	X(DHCP_MALFORMED, "DhcpMalformed", "DHCP message or option cut short, or too long") \
	X(DHCP_NOT_OURS, "DhcpNotOurs", "DHCP message that answers no question of ours") \
	X(DHCP_REFUSED, "DhcpRefused", "DHCP lease with an address, mask or times that cannot be") \
	X(TEAM_FULL, "TeamFull", "another thread's, whose ring was full") \
	X(GROUP_MALFORMED, "GroupMalformed", "IGMP or MLD from off the link, or malformed") \
	X(GROUP_NOT_OURS, "GroupNotOurs", "IGMP or MLD that is for routers") \
	X(TCP_SOURCE, "TcpSourceLimit", "one peer has as many connections as it may") \
	X(MEMORY, "NoMemory", "no memory to keep it")

#define SAMPAN_COUNTS(X) \
	X(FRAMES_IN, "InFrames", "frames given to the stack") \
	X(FRAMES_OUT, "OutFrames", "frames given to links") \
	X(TEAM_OUT, "TeamOut", "frames of other threads' flows, handed on") \
	X(TEAM_IN, "TeamIn", "frames that other threads handed on") \
	X(CLOCK_JUMPS, "ClockJumps", "jumps of the clock over hours in which something was due") \
	X(ARP_IN, "ArpIn", "ARP packets") \
	X(ARP_REQUESTS_OUT, "ArpRequestsOut", "ARP requests sent") \
	X(ARP_REPLIES_OUT, "ArpRepliesOut", "ARP replies sent") \
	X(ICMP_ECHOS_IN, "IcmpInEchos", "echo requests") \
	X(ICMP_ECHOS_OUT, "IcmpOutEchos", "echo requests sent") \
	X(ICMP_ECHO_REPS_IN, "IcmpInEchoReps", "echo replies to requests of ours") \
	X(ICMP_ECHO_REPS_OUT, "IcmpOutEchoReps", "echo replies sent") \
	X(ICMP_ERRORS_OUT, "IcmpOutErrors", "ICMP errors sent") \
	X(ICMP_LIMITED, "IcmpOutRateLimit", "ICMP errors not sent: too many of them") \
	X(NEIGH_SOLICITS_OUT, "Icmp6OutNeighborSolicits", "neighbour solicitations sent") \
	X(NEIGH_ADVERTS_OUT, "Icmp6OutNeighborAdvertisements", "neighbour advertisements sent") \
	X(ADDR_CONFLICTS, "AddrConflicts", "packets of others that use an address of ours") \
	X(REASM_REQDS, "ReasmReqds", "fragments") \
	X(REASM_OKS, "ReasmOKs", "packets put together") \
	X(REASM_FAILS, "ReasmFails", "packets that were given up") \
	X(REASM_TIMEOUT, "ReasmTimeout", "of them, for time") \
	X(FRAG_CREATES, "FragCreates", "fragments sent") \
	X(PMTU_LEARNED, "PmtuLearned", "destinations whose path MTU a router has lowered") \
	X(PMTU_HELD, "PmtuHeld", "reports of a smaller path MTU that wait until a segment is late") \
	X(TCP_SEGS_IN, "TcpInSegs", "segments, big ones counted once") \
	X(TCP_SEGS_OUT, "TcpOutSegs", "segments sent, big ones counted once") \
	X(TCP_ACCECN, "TcpAccECN", "connections with accurate ECN") \
	X(TCP_ACCECN_MANGLED, "TcpAccECNMangled", "of them, those whose path changes the marks") \
	X(TCP_UNDONE, "TcpUndone", "reductions of the window undone: nothing had been lost") \
	X(TCP_RETRANS_SEGS, "TcpRetransSegs", "segments sent again, big ones counted once") \
	X(TCP_RSTS_OUT, "TcpOutRsts", "resets sent") \
	X(TCP_ANSWERS_LIMITED, "TcpAnswersLimited", "resets and the like not sent: too many of them") \
	X(TCP_ACTIVE_OPENS, "TcpActiveOpens", "CLOSED to SYN-SENT") \
	X(TCP_PASSIVE_OPENS, "TcpPassiveOpens", "half-open connections made by listeners") \
	X(TCP_COOKIES_SENT, "SyncookiesSent", "SYN-ACKs that are cookies") \
	X(TCP_COOKIES_RECV, "SyncookiesRecv", "cookies that came back") \
	X(TCP_COOKIES_FAILED, "SyncookiesFailed", "acknowledgements that were taken for cookies") \
	X(TCP_ACCEPTED, "TcpAccepted", "handshakes completed by listeners") \
	X(TCP_DEFERRED, "TCPDeferAcceptDrop", "handshakes that wait for text") \
	X(TCP_ATTEMPT_FAILS, "TcpAttemptFails", "connections that failed before ESTABLISHED") \
	X(TCP_ESTAB_RESETS, "TcpEstabResets", "established connections that were reset") \
	X(TCP_TIMEOUTS, "TCPTimeouts", "retransmission time-outs") \
	X(TCP_PROBES, "TCPWinProbe", "zero-window probes sent") \
	X(TCP_MTU_PROBES, "TCPMTUProbes", "larger segments sent to try the path") \
	X(TCP_MTU_PROBES_OK, "TCPMTUPSuccess", "of them, acknowledged") \
	X(TCP_MTU_BLACK_HOLES, "TCPMTUBlackHoles", "connections whose large segments vanish") \
	X(TCP_KEEPALIVES, "TCPKeepAlive", "keepalive probes sent") \
	X(TCP_CHALLENGES, "TCPChallengeACK", "challenge ACKs sent") \
	X(TCP_DELAYED_ACKS, "DelayedACKs", "acknowledgements that waited for the timer") \
	X(TCP_TIME_WAITS, "TW", "connections that entered TIME-WAIT") \
	X(TCP_TIME_WAIT_OVERFLOW, "TCPTimeWaitOverflow", "connections that skipped TIME-WAIT for want of room") \
	X(TCP_TIME_WAIT_REUSED, "TWRecycled", "flows that a connect took over from TIME-WAIT") \
	X(TCP_ABORT_ON_MEMORY, "TCPAbortOnMemory", "orphans reset: too many, or no memory") \
	X(TCP_EVICTED_IDLE, "TcpEvictedIdle", "silent connections reset for want of memory") \
	X(TCP_EVICTED_SLOW, "TcpEvictedSlow", "connections reset: their peers read too slowly") \
	X(TCP_ABORT_ON_LINGER, "TCPAbortOnLinger", "orphans reset: their time to linger was over") \
	X(TCP_MEM_PRESSURES, "TCPMemoryPressures", "times that tcp_mem's pressure began") \
	X(TCP_OFO_PRUNED, "OfoPruned", "times that all text behind gaps was let go of: no memory") \
	X(TCP_RCV_DROPPED, "TcpRcvDropped", "bytes inside the window that memory could not keep") \
	X(UDP_IN, "UdpInDatagrams", "datagrams given to sockets") \
	X(UDP_OUT, "UdpOutDatagrams", "datagrams sent") \
	X(RAW_IN, "RawIn", "ICMP messages given to sockets") \
	X(RAW_OUT, "RawOut", "ICMP messages of sockets sent") \
	X(RAW_DROPS, "RawDrops", "ICMP messages for which a socket had no room") \
	X(DHCP_IN, "DhcpIn", "DHCP messages to a client of ours") \
	X(DHCP_OUT, "DhcpOut", "DHCP messages sent") \
	X(DHCP_LEASES, "DhcpLeases", "leases given or renewed") \
	X(DHCP_NAKS, "DhcpNaks", "leases refused by the server") \
	X(DHCP_DECLINES, "DhcpDeclines", "leased addresses that somebody else has") \
	X(GROUP_IN, "GroupIn", "IGMP and MLD messages") \
	X(GROUP_OUT, "GroupOut", "IGMP and MLD messages sent") \
	X(REPLIES_DROPPED, "RepliesDropped", "answers without a connection that found no room") \
	X(NEIGH_FAILED, "NeighFailed", "neighbours that did not answer")

enum sampan_count {
#define X(id, name, text) SAMPAN_DROP_##id,
	SAMPAN_DROPS(X)
#undef X
	SAMPAN_DROP_COUNT,
	SAMPAN_COUNT_BASE_ = SAMPAN_DROP_COUNT - 1,
#define X(id, name, text) SAMPAN_COUNT_##id,
	SAMPAN_COUNTS(X)
#undef X
	SAMPAN_COUNT_COUNT,
};

#endif
