/*
 * icmp_error.h - errors that we report to whoever sent a packet, both families:
 * RFC 1122 §3.2.2, RFC 4443 §2.4.  Whether one may be sent, and how often, is
 * decided here; the caller drops and counts the packet.
 */
#ifndef SAMPAN_NET_ICMP_ERROR_H
#define SAMPAN_NET_ICMP_ERROR_H

#include "net/ip.h"

/* Destination unreachable: no such protocol (IPv6: parameter problem, code 1);
 * counts the packet. */
void sp_icmp_no_protocol(struct sampan *s, const struct sp_pkt *pkt);

/* Destination unreachable: nobody has this port. */
void sp_icmp_no_port(struct sampan *s, const struct sp_pkt *pkt);

/* SP_PKT_PROBLEM: parameter problem; counts the packet. */
void sp_icmp_problem(struct sampan *s, const struct sp_pkt *pkt);

/* Time exceeded: the fragments of the packet that pkt began did not all come.  The
 * caller has its start in pkt->frame at ip_at. */
void sp_icmp_reassembly_timeout(struct sampan *s, const struct sp_pkt *pkt);

#endif
