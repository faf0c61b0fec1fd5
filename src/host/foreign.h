/*
 * foreign.h - keys of Linux's that people have in their sysctl.conf and that
 * are no settings here, each with the reason and what to do instead.
 *
 * X("name", "value", "reason"): a name that ends with * stands for all that
 * begin so; the value is the one that holds here always, "" if there is none to
 * compare with.  A line that asks for that value is right; one that asks for
 * another is answered with the reason.  docs/guide/settings.md is made from this
 * list too.
 */
#ifndef SAMPAN_HOST_FOREIGN_H
#define SAMPAN_HOST_FOREIGN_H

#include <stdbool.h>

#define SP_FOREIGN_SETTINGS(X) \
	X("kernel.*", "", "belongs to the machine, not to a network stack: set it there") \
	X("vm.*", "", "belongs to the machine, not to a network stack: set it there") \
	X("fs.*", "", "belongs to the machine: sockets here are no file descriptors") \
	X("dev.*", "", "belongs to the machine, not to a network stack: set it there") \
	X("net.netfilter.*", "", "there is no connection tracking: nothing here needs it") \
	X("net.nf_conntrack_max", "", "there is no connection tracking: nothing here needs it") \
	X("net.bridge.*", "", "there is no bridge: set it on the machine whose bridge the link is on") \
	X("net.unix.*", "", "there are no local sockets") \
	X("net.core.netdev_max_backlog", "", "links hand frames over in batches: no queue stands between") \
	X("net.core.netdev_budget*", "", "sampan_input() takes as many frames as it is given") \
	X("net.core.dev_weight*", "", "sampan_input() takes as many frames as it is given") \
	X("net.core.optmem_max", "", "no ancillary data are kept: nothing to bound") \
	X("net.core.busy_*", "", "the event loop decides when it sleeps: sampan_loop_turn()") \
	X("net.core.rps_*", "", "threads share flows out by themselves: sampan serve --threads") \
	X("net.core.bpf_*", "", "no programs are loaded into the stack") \
	X("net.core.default_qdisc", "", "output is pulled and in turn, nothing queues below TCP: " \
	  "net.sampan.tcp_pacing paces every connection, as fq would") \
	X("net.ipv4.tcp_available_congestion_control", "", "newreno (or reno), cubic, bbr, dctcp: " \
	  "net.ipv4.tcp_congestion_control, or TCP_CONGESTION for one socket") \
	X("net.ipv4.tcp_allowed_congestion_control", "", "all of them are: newreno, cubic, bbr, " \
	    "dctcp") \
	X("net.ipv4.tcp_tw_recycle", "0", "removed from Linux 4.12, because it refused clients behind " \
	  "address translation: TIME-WAIT takes 64 bytes here; net.ipv4.tcp_tw_reuse is safe") \
	X("net.ipv4.tcp_no_metrics_save", "1", "nothing is remembered of connections that have ended") \
	X("net.ipv4.tcp_fack", "0", "removed from Linux 4.15: RACK does it better") \
	X("net.ipv4.tcp_low_latency", "0", "removed from Linux 4.14: there is no queue to skip") \
	X("net.ipv4.tcp_dsack", "1", "duplicates are always reported: RFC 2883") \
	X("net.ipv4.tcp_autocorking", "0", "small writes are joined by Nagle's rule and while output waits") \
	X("net.ipv4.tcp_tso_win_divisor", "", "output is pulled, as much as the link takes") \
	X("net.ipv4.tcp_limit_output_bytes", "", "output is pulled: nothing queues below TCP") \
	X("net.ipv4.tcp_adv_win_scale", "", "a buffer counts payload only: all of it is window") \
	X("net.ipv4.tcp_app_win", "", "a buffer counts payload only: all of it is window") \
	X("net.ipv4.tcp_retrans_collapse", "", "what is sent again is cut anew, whole segments if it can be") \
	X("net.ipv4.tcp_stdurg", "1", "the urgent pointer is RFC 9293's: the octet behind the urgent data") \
	X("net.ipv4.route.*", "", "there is no route cache: Linux dropped its own in 3.6") \
	X("net.ipv4.inet_peer_*", "", "nothing is remembered of a peer") \
	X("net.ipv4.ip_forward", "0", "packets are never forwarded") \
	X("net.ipv4.conf.*.forwarding", "0", "packets are never forwarded") \
	X("net.ipv6.conf.*.forwarding", "0", "packets are never forwarded") \
	X("net.ipv4.conf.*.send_redirects", "0", "a host sends none, and packets are never forwarded") \
	X("net.ipv4.conf.*.accept_redirects", "0", \
	  "all links have one value: net.ipv4.conf.all.accept_redirects") \
	X("net.ipv4.conf.*.secure_redirects", "0", \
	  "all links have one value: net.ipv4.conf.all.secure_redirects") \
	X("net.ipv6.conf.*.accept_redirects", "0", "redirects are counted and not obeyed") \
	X("net.ipv4.conf.*.accept_source_route", "0", "packets with a source route are dropped and counted") \
	X("net.ipv6.conf.*.accept_source_route", "0", "packets with a source route are dropped and counted") \
	X("net.ipv4.conf.*.rp_filter", "0", "all links have one value: net.ipv4.conf.all.rp_filter") \
	X("net.ipv4.conf.*.arp_announce", "2", "ARP asks with the address of ours that fits its target") \
	X("net.ipv4.conf.*.arp_ignore", "1", "ARP answers on the link that has the address") \
	X("net.ipv4.conf.*.log_martians", "0", "sources that cannot be are counted, each under its reason") \
	X("net.ipv6.conf.*.disable_ipv6", "1", "there is no IPv6 unless a link is given an address of it") \
	X("net.ipv4.icmp_echo_ignore_broadcasts", "1", "echo requests to a broadcast address are counted only") \
	X("net.ipv4.icmp_ignore_bogus_error_responses", "1", "odd ICMP is counted and not logged") \
	X("net.ipv4.icmp_echo_ignore_all", "0", "echo requests are answered") \
	X("net.ipv4.neigh.*.gc_stale_time", "", "neighbours nobody uses are dropped when room is needed: " \
	  "net.ipv4.neigh.default.gc_thresh3") \
	X("net.ipv4.neigh.*.gc_thresh1", "", "neighbours nobody uses are dropped when room is needed: " \
	  "net.ipv4.neigh.default.gc_thresh3") \
	X("net.ipv4.neigh.*.gc_thresh2", "", "neighbours nobody uses are dropped when room is needed: " \
	  "net.ipv4.neigh.default.gc_thresh3") \
	X("net.ipv4.ip_nonlocal_bind", "0", "only addresses of a link can be bound") \
	X("net.ipv4.udp_*", "", "there is no UDP yet")

/* The reason why a name is no setting; *agrees: the value is what holds here.
 * NULL: the name is not known. */
const char *sp_foreign(const char *name, const char *value, bool *agrees);

#endif
