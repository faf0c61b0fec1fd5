/*
 * tcp_tcb.h - the control block and the compact records that stand in for it.
 * RFC 9293 §3.3.1.
 *
 * What survives when a connection goes idle, and what it costs (bytes; the
 * same for IPv4 and IPv6, whose addresses take the same 16):
 *
 *	struct tcp_tcb		256	everything that must be remembered
 *	hash slot		14.5	8 in a bucket that is 5/7 full, and overflow
 *	-----------------------------
 *	idle connection		271	aim 256, limit 320
 *
 *	struct tcp_tx		384	only while bytes are queued to be sent, and a little longer
 *	struct tcp_cc block	256	beside it, where the congestion control needs much
 *	struct tcp_sent		64	for each stretch of them in flight but the first
 *	struct tcp_rx		64	only while bytes wait to be read, or for a gap to close; or
 *				while there is a struct tcp_tx
 *	struct sp_part		32	for each stretch behind a gap
 *	chunks			256 or 4096 each, only while they hold bytes
 *	struct tcp_rare		128	only with unusual options, or in LISTEN
 *	struct tcp_accecn	64	only with accurate ECN, which needs a tcp_rare too
 *	struct tcp_listen	64	only in LISTEN
 *	struct tcp_half_open	64	instead of a control block, SYN-RECEIVED
 *	struct tcp_time_wait	64	instead of a control block, TIME-WAIT
 *
 * The socket is the `ep` inside; the timer node is the `timer` inside.
 * All three records begin with the flow and have their timer at the same
 * place, so that the table and the wheel need not know which one they hold.
 */
#ifndef SAMPAN_TCP_TCB_H
#define SAMPAN_TCP_TCB_H

#include <sampan/socket.h>

#include "net/endpoint.h"
#include "net/flow.h"
#include "net/stack.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_rec.h"
#include "tcp/tcp_rtt.h"
#include "tcp/tcp_seq.h"

/* Tags in the table of connections. */
enum sp_conn_tag {
	TCP_TAG_TCB,
	TCP_TAG_HALF_OPEN,
	TCP_TAG_TIME_WAIT,
	TCP_TAG_BOUND,		/* a control block by its local end only: bound, or listening */
};

enum tcp_flag {
	TCP_F_TS = 1 << 0,		/* timestamps in use */
	TCP_F_WSCALE = 1 << 1,		/* window scaling in use */
	TCP_F_SACK = 1 << 2,		/* both sides permit SACK */
	TCP_F_NODELAY = 1 << 3,		/* RFC 9293 §3.7.4 (MUST-17): Nagle off */
	TCP_F_PASSIVE = 1 << 4,		/* opened by a listener (MUST-11) */
	TCP_F_IN_TABLE = 1 << 5,	/* found by its flow, or by its local end if BOUND */
	TCP_F_BOUND = 1 << 6,		/* stands in the table by its local end */
	TCP_F_QUEUED = 1 << 7,		/* in a listener's accept queue */
	TCP_F_SYN_DUE = 1 << 8,		/* our SYN is to be sent (again) */
	TCP_F_FIN_QUEUED = 1 << 9,	/* nothing more will be queued: FIN follows */
	TCP_F_FIN_SENT = 1 << 10,	/* snd.nxt counts it */
	TCP_F_FIN_DUE = 1 << 11,	/* it is to be sent again */
	TCP_F_PEER_FIN = 1 << 12,	/* rcv.nxt counts theirs */
	TCP_F_SHUT_RD = 1 << 13,	/* reading ends where nothing waits to be read */
	TCP_F_ACK_NOW = 1 << 14,	/* an acknowledgement must leave */
	TCP_F_ACK_DUE = 1 << 15,	/* one is owed, and may wait */
	TCP_F_PROBE_DUE = 1 << 16,	/* a zero-window probe is to be sent */
	TCP_F_PERSIST = 1 << 17,	/* TCP_AT_RTX is the persist timer */
	TCP_F_WANT_ROOM = 1 << 18,	/* send answered AGAIN: tell when there is room */
	TCP_F_PARKED = 1 << 19,		/* `run` stands in the link's parked list */
	TCP_F_CWND_LIMITED = 1 << 20,	/* the congestion window was the limit in this round */
	TCP_F_DIRTY = 1 << 21,		/* deadlines changed: the timer node is to be looked at */
	TCP_F_USED = 1 << 22,		/* was opened once: CLOSED means ended */
	TCP_F_KEEPALIVE = 1 << 23,	/* RFC 9293 §3.8.4 (MUST-24) */
	TCP_F_CORK = 1 << 24,		/* hold back what does not fill a segment */
	TCP_F_REUSEADDR = 1 << 25,
	TCP_F_REUSEPORT = 1 << 26,
	TCP_F_SNDBUF_SET = 1 << 27,	/* by the application: no autotuning */
	TCP_F_RCVBUF_SET = 1 << 28,
	TCP_F_OOBINLINE = 1 << 29,
	TCP_F_PINGPONG = 1 << 30,	/* text goes both ways in turn: tcp_delack.c */
};

enum tcp_deadline {
	TCP_AT_RTX,		/* retransmission or persist */
	TCP_AT_ACK,		/* delayed acknowledgement */
	TCP_AT_LIFE,		/* keepalive; end of FIN-WAIT-2 or TIME-WAIT */
	TCP_AT_COUNT,
	TCP_AT_LOSS = TCP_AT_COUNT,	/* kept in struct tcp_tx: it needs data in flight */
	TCP_AT_PACE,			/* there too: it needs something to send */
};

struct tcp_tcb {
	/* First cache line: who, and the timer. */
	struct sp_flow flow;		/* 0 */
	uint8_t state;			/* 36: enum sampan_tcp_state, written by tcp_state.c only */
	uint8_t link;			/* 37: 0: no way found yet */
	uint16_t route_gen;		/* 38: the stack's when it was found */
	uint32_t neigh;			/* 40: 0: none; holds a reference */
	uint32_t flags;			/* 44: enum tcp_flag */
	struct sp_timer timer;		/* 48: not after the earliest deadline */
	uint32_t ts_recent;		/* 60: RFC 7323 §4.3 */

	/* Second: what every segment reads and writes. */
	struct {
		tcp_seq una, nxt;
		uint32_t wnd_bytes;	/* scaled; unsigned: RFC 9293 §3.1 (MUST-1, REC-1) */
		tcp_seq wl1;		/* SND.WL2 says nothing more: see tcp_in_ack.c */
	} snd;				/* 64 */
	sp_tick got_at;			/* 80: last text of the peer's */
	struct {
		tcp_seq nxt;
		tcp_seq edge;		/* rightmost ever advertised: RCV.NXT + RCV.WND at least */
		tcp_seq acked;		/* last acknowledgement sent, RFC 7323's Last.ACK.sent */
	} rcv;				/* 84 */
	struct sp_node run;		/* 96: in the link's run queue or parked list */
	struct tcp_cc_state cc;		/* 104 */
	uint16_t min_rtt_at_s;		/* 120: when min_rtt_us was seen */
	unsigned reo_mult : 7;		/* 122: RACK.reo_wnd_mult - 1, RFC 8985 §6.2 */
	unsigned accecn : 1;		/* accurate; in SYN-SENT: asked for.  tcp_accecn.h */
	unsigned reo_persist : 5;	/* 123: RACK.reo_wnd_persist */
	unsigned reordering : 1;	/* RACK.reordering_seen */
	unsigned lossy_start : 1;	/* a loss in the initial window: RFC 6928 §2 */
	unsigned v6only : 1;		/* IPV6_V6ONLY: net/end.h */
	uint32_t rare;			/* 124: struct tcp_rare, 0: nothing unusual */

	/* Third: the socket, and what data in flight needs. */
	struct sp_endpoint ep;		/* 128 */
	sp_tick at[TCP_AT_COUNT];	/* 152: deadlines, valid where `armed` says so */
	uint8_t armed;			/* 164: 1 << enum tcp_deadline */
	uint8_t cc_id;			/* 165 */
	unsigned snd_scale : 4;		/* 166: window shifts */
	unsigned rcv_scale : 4;
	uint8_t ato_ms;			/* 167: the peer's pause, 0: no text yet; tcp_delack.c */
	uint32_t tx;			/* 168: struct tcp_tx, 0: nothing queued */
	uint32_t rx;			/* 172: struct tcp_rx, 0: nothing to read */
	uint16_t mss_bytes;		/* 176: effective send MSS, options taken off */
	uint8_t backoff;		/* 178: doublings of the RTO in force */
	uint8_t retries;		/* 179: time-outs or probes since the last progress */
	struct tcp_rtt rtt;		/* 180 */
	uint32_t ts_offset;		/* 188: added to our clock, RFC 7323 §5.4 */

	/* Fourth: what is seldom needed. */
	tcp_seq iss, irs;		/* 192 */
	uint32_t snd_max_wnd_bytes;	/* 200: largest ever offered, RFC 5961 §5.2 */
	uint32_t sndbuf_bytes;		/* 204 */
	uint32_t rcvbuf_bytes;		/* 208 */
	sp_tick sent_at;		/* 212: last segment sent with data */
	sp_tick heard_at;		/* 216: last segment of the peer's */
	uint32_t min_rtt_us;		/* 220: least of tcp_min_rtt_wlen, 0: none yet */
	uint32_t retrans_segs;		/* 224 */
	tcp_seq space_seq;		/* 228: RCV.NXT when the present measurement began */
	sp_tick space_at;		/* 232: when that was: tcp_wnd.c */
	uint32_t dsack_start;		/* 236: a duplicate to be reported, RFC 2883 */
	uint32_t dsack_end;		/* 240: the same as dsack_start: none */
	uint16_t peer_mss_bytes;	/* 244: as the SYN said, or the default */
	uint16_t ts_recent_h;		/* 246: when it was taken, hours; RFC 7323 §5.5 */
	uint16_t challenge_at;		/* 248: last challenge acknowledgement: tcp_challenge.c */
	unsigned quick : 5;		/* 250: acknowledgements still to be sent at once */
	unsigned ecn : 1;		/* agreed on; in SYN-SENT: asked for.  tcp_ecn.c */
	unsigned ece_owed : 1;		/* CE came and no CWR since: RFC 3168 §6.1.3 */
	unsigned cwr_due : 1;		/* the next new text says that we reduced: §6.1.2 */
	uint8_t dup_acks_owed;		/* 251: duplicates that a peer without SACK is to count */
	uint16_t una_wraps, rcv_wraps;	/* 252: of SND.UNA past ISS, of RCV.NXT past IRS */
};
_Static_assert(sizeof(struct tcp_tcb) == 256, "four cache lines");
_Static_assert(offsetof(struct tcp_tcb, snd) == 64, "second line");
_Static_assert(offsetof(struct tcp_tcb, ep) == 128, "third line: the first two are the hot ones");
_Static_assert(offsetof(struct tcp_tcb, iss) == 192, "fourth line");
_Static_assert(offsetof(struct tcp_tcb, timer) % SP_GRANULE == 0, "a node lies on a granule");
_Static_assert(offsetof(struct tcp_tcb, run) % SP_GRANULE == 0, "a node lies on a granule");
_Static_assert(offsetof(struct tcp_tcb, ep) % SP_GRANULE == 0, "a node lies on a granule");

_Static_assert(offsetof(struct tcp_half_open, timer) == offsetof(struct tcp_tcb, timer), "");
_Static_assert(offsetof(struct tcp_time_wait, timer) == offsetof(struct tcp_tcb, timer), "");

#endif
