/*
 * tcp_rec.h - the records beside the control block: what exists only while it
 * is needed, and the compact ones that stand in for it.  Sizes: tcp_tcb.h.
 */
#ifndef SAMPAN_TCP_TCP_REC_H
#define SAMPAN_TCP_TCP_REC_H

#include "base/wheel.h"
#include "buf/recvq.h"
#include "net/flow.h"
#include "net/stack.h"
#include "tcp/tcp_cookies.h"
#include "tcp/tcp_seq.h"
#include "tcp/tcp_tx.h"

/* Blocks that a SACK option repeats (RFC 2018 §4). */
#define TCP_SACK_RECENT 4

/* While bytes wait to be read, or behind a gap. */
struct tcp_rx {
	struct sp_recvq q;		/* positions are sequence numbers */
	uint32_t recent[TCP_SACK_RECENT];	/* where text behind a gap came, newest first */
	uint8_t recent_count;
	bool fin_held;			/* the peer's FIN is at fin_at, behind a gap */
	uint8_t pad[2];
	tcp_seq fin_at;
	uint32_t spare[2];
};
_Static_assert(sizeof(struct tcp_rx) == 64, "one cache line");

/* The search for the largest packet that gets through, RFC 4821; sizes of packets. */
struct tcp_mtu_probe {
	uint16_t low_bytes;		/* known to get through; 0: there is no search */
	uint16_t high_bytes;		/* as large as there is hope */
	uint16_t size_bytes;		/* of the probe that is out; 0: none */
	bool lost, halving;		/* it was; the largest was tried, now the middle is */
	tcp_seq start, end;		/* its text */
	sp_tick next_at;		/* no probe before this */
};

/* What one end knows of the marks that arrived: RFC 9768 §3.2.1. */
struct tcp_marks {
	uint32_t ce_segs;		/* .cep: packets */
	uint32_t ce_bytes;		/* .ceb: octets of text */
	uint32_t ect0_bytes, ect1_bytes;	/* .e0b, .e1b */
};

/* Only with accurate ECN: tcp_accecn.c. */
struct tcp_accecn {
	struct tcp_marks r;		/* of the peer's packets */
	struct tcp_marks s;		/* of ours, as the peer says */
	uint32_t told_segs;		/* r.ce_segs in the last segment that left */
	uint32_t fresh_bytes;		/* newly marked, as the present segment says */
	uint16_t acked_segs8;		/* by an acknowledgement, on average; times 8 */
	uint8_t answer;			/* ACE that answers their SYN-ACK; 0: it has left */
	uint8_t syn_mark;		/* IP-ECN of the SYN that crossed ours */
	uint8_t last_mark;		/* of the last segment */
	uint8_t changed, untold;	/* counters of octets: ever, since the last option */
	bool told_once;			/* an option has left */
	bool handshake;			/* the peer's answer to our SYN-ACK is awaited */
	bool unheard;			/* nothing was heard of the counter yet */
	bool deaf;			/* it was erased on the way: not listened to */
	bool option_seen, option_bad;	/* one came; the first was erased */
	uint8_t pad[3];
	uint32_t spare[2];
};
_Static_assert(sizeof(struct tcp_accecn) == 64, "one cache line");

/* What most connections do not have: options that differ from the defaults,
 * urgent data, a path MTU. */
struct tcp_rare {
	uint32_t listen;		/* struct tcp_listen in LISTEN */
	int32_t linger_s;		/* -1: off */
	uint32_t keepidle_s;		/* 0: the setting's, and so on below */
	uint32_t keepintvl_s;
	uint32_t user_timeout_ms;
	uint32_t notsent_lowat_bytes;
	uint32_t window_clamp_bytes;
	uint32_t defer_accept_s;
	int32_t linger2_s;		/* -1: at once */
	uint32_t rcvlowat_bytes;
	sp_tick progress_at;		/* what is outstanding was sent, or some acknowledged */
	tcp_seq snd_up, rcv_up;		/* urgent pointers: RFC 9293 §3.8.5 */
	uint16_t maxseg_bytes;
	uint8_t keepcnt;
	uint8_t syncnt;
	uint8_t tos;
	uint8_t ttl;
	bool set;			/* some option of it was: accepted sockets inherit it */
	bool urg_out, urg_in;		/* snd_up, rcv_up point at something still to come */
	bool oob_taken;			/* MSG_OOB has read the byte below rcv_up */
	uint32_t refs;			/* sampan_ref(): handles beyond the first */
	uint32_t tally;			/* struct tcp_tally, 0: nothing is counted */
	bool tos_wanted;		/* IP_RECVTOS: rcv_tos is kept */
	uint8_t rcv_tos;		/* of the last segment */
	bool rcv_tos_known;
	uint8_t pad;
	uint32_t accecn;		/* struct tcp_accecn, 0: another kind of ECN, or none */
	uint32_t spare;
	uint64_t max_pace_bytes_per_s;	/* SO_MAX_PACING_RATE; 0: none */
	struct tcp_mtu_probe mtup;	/* tcp_mtu_probe.h */
	tcp_seq held_seq;		/* what the report below is about */
	uint16_t held_mtu_bytes;	/* not believed yet, tcp_pmtu.c; 0: none */
	uint16_t rto_min_ms;		/* the route's; 0: the setting's */
	bool route_quickack;		/* acknowledgements are never delayed */
	uint8_t more_spare[3];
};
_Static_assert(sizeof(struct tcp_rare) == 128, "two cache lines");

struct tcp_listen {
	struct sp_list ready;	/* endpoints of connections to be accepted */
	uint32_t ready_count;
	uint32_t backlog;
	uint32_t spare[4];
};

/* SYN-RECEIVED after a passive open, before the handshake is complete. */
enum tcp_half_open_has {
	HALF_OPEN_SCALE = 0x000f,	/* the peer's window shift */
	HALF_OPEN_NO_SCALE = 15,	/* it has none */
	HALF_OPEN_TS = 0x0010,
	HALF_OPEN_SACK = 0x0020,
	HALF_OPEN_ECN = 0x0040,		/* classic; else, with ACCECN, two bits: */
	HALF_OPEN_MARK_SHIFT = 6,	/* the IP-ECN field of the last SYN */
	HALF_OPEN_RETRIES_SHIFT = 8,	/* three bits: SYN-ACKs sent again */
	HALF_OPEN_OWN_SCALE_SHIFT = 11,	/* four bits: the shift that we announce */
	HALF_OPEN_ACCECN = 0x8000,
	HALF_OPEN_ANY_ECN = 0x80c0,
};

struct tcp_half_open {
	struct sp_flow flow;
	tcp_seq irs, iss;
	uint32_t ts_recent;
	struct sp_timer timer;		/* 48 */
	uint16_t peer_mss_bytes;
	uint16_t has;			/* enum tcp_half_open_has */
};
_Static_assert(sizeof(struct tcp_half_open) == 64, "aim 64, limit 96");

struct tcp_time_wait {
	struct sp_flow flow;
	tcp_seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	struct sp_timer timer;		/* 48 */
	uint16_t wnd;			/* as last sent, still scaled */
	uint8_t link;
	uint8_t has;			/* bit 0: timestamps; bits 4-7: the shift of wnd */
};
_Static_assert(sizeof(struct tcp_time_wait) == 64, "aim 64, limit 96");

/* What TCP has one of; lies in the stack's area for it. */
struct tcp_globals {
	struct sp_key isn_key;
	struct sp_key ts_key;
	struct sp_key group_key;	/* which listener of several has a flow */
	struct tcp_cookies cookies;
	uint32_t tcbs;
	uint32_t half_open;
	uint32_t time_wait;
	uint32_t next_port;		/* of the walk in tcp_user.c */
	uint32_t hand_slab, hand_at;	/* of the walk in tcp_evict.c */
	struct sp_list orphans;		/* by their endpoints, oldest first: tcp_close.c */
	uint32_t orphan_count;
	uint32_t bound_exactly;		/* bound to one address: tcp_demux.c */
	uint32_t listener;		/* that had the last segment; 0: none */
	bool mem_pressure;		/* tcp_mem.c */
	struct sp_chain reserved;	/* sampan_send_reserve(): chunks lent to be written */
	uint32_t reserved_bytes;
	uint64_t reserved_for;		/* handle */
};
_Static_assert(sizeof(struct tcp_globals) <= sizeof(struct sp_transport_area), "fits its area");

#endif
