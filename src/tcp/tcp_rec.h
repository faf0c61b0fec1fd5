/*
 * tcp_rec.h - the records beside the control block: what exists only while it
 * is needed, and the compact ones that stand in for it.  Sizes: tcp_tcb.h.
 */
#ifndef SAMPAN_TCP_TCP_REC_H
#define SAMPAN_TCP_TCP_REC_H

#include "base/wheel.h"
#include "buf/recvq.h"
#include "buf/sendq.h"
#include "net/flow.h"
#include "net/stack.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_cookies.h"
#include "tcp/tcp_seq.h"

/* A stretch of text that was sent and is not acknowledged; never empty.  It
 * stands in two lists: all of them by sequence number, and those that may
 * still arrive by the time they were sent (or, once lost, in the lost list). */
enum tcp_sent_flag {
	TCP_SENT_SACKED = 1 << 0,	/* delivered; stands in no second list */
	TCP_SENT_LOST = 1 << 1,		/* to be sent again */
	TCP_SENT_AGAIN = 1 << 2,	/* was sent more than once */
	TCP_SENT_FIN = 1 << 3,		/* our FIN left with it */
	TCP_SENT_REPAIR = 1 << 4,	/* again because it was lost: not to probe the tail */
};

struct tcp_sent {
	struct sp_node by_seq;		/* 0 */
	tcp_seq start, end;
	struct sp_node by_time;		/* 16 */
	uint8_t flags;			/* enum tcp_sent_flag */
	uint8_t app_limited;		/* the application had no more */
	uint16_t segs;			/* of which the last octet is in it */
	uint32_t delivered_bytes;	/* of the connection, when it was sent */
	sampan_time sent_at;		/* last; RFC 8985 §4 (R-8985-2) */
	sampan_time delivered_at;	/* when that many were delivered */
	sampan_time first_sent_at;	/* what was sent while they were, from here on */
	uint32_t in_flight_bytes;	/* itself included */
	uint32_t lost_bytes;		/* of the connection, until then */
};
_Static_assert(sizeof(struct tcp_sent) == 64, "one cache line");
_Static_assert(offsetof(struct tcp_sent, by_time) % SP_GRANULE == 0, "a node lies on a granule");

/* RFC 5681, 6675, 9937: how the connection stands to loss. */
enum tcp_phase {
	TCP_PHASE_OPEN,
	TCP_PHASE_RECOVERY,	/* fast recovery, until `recover` is acknowledged */
	TCP_PHASE_LOSS,		/* after a time-out, until `recover` is acknowledged */
};

/* While bytes are queued to be sent, or sent and not acknowledged; and, resting,
 * for TX_REST after that (tcp_loss.c). */
struct tcp_tx {
	struct sp_sendq q;		/* 0: from SND.UNA on */
	uint8_t phase;			/* 20: enum tcp_phase */
	uint8_t dup_acks;		/* 21: without SACK */
	bool lost_again;		/* 22: a repair of this recovery was lost */
	uint8_t sacked_segs;		/* 23: at least, since sacked_bytes was 0; up to 255 */
	struct sp_list by_seq;		/* 24: struct tcp_sent */
	struct sp_list by_time;		/* 32: not delivered, not lost, oldest first */
	struct sp_list lost;		/* 40 */
	uint32_t sacked_bytes;		/* 48: without SACK: an estimate by duplicates */
	uint32_t lost_bytes;		/* 52 */
	tcp_seq recover;		/* 56 */
	tcp_seq small_end;		/* 60: of the last segment below one MSS, for Nagle */
	sampan_time rack_at;		/* 64: RACK.xmit_ts */
	tcp_seq rack_end;		/* 72: RACK.end_seq */
	tcp_seq rack_fack;		/* 76: RACK.fack */
	uint32_t rack_rtt_us;		/* 80: RACK.rtt */
	tcp_seq slow_una;		/* 84: see slow_at_s */
	tcp_seq tlp_end;		/* 88: TLP.end_seq */
	sp_tick loss_at;		/* 92: TCP_AT_LOSS, also the end of the rest */
	uint32_t prr_delivered_bytes;	/* 96 */
	uint32_t prr_out_bytes;		/* 100 */
	uint32_t prr_flight_bytes;	/* 104: RecoverFS; else in flight when the probe left */
	tcp_seq round_end;		/* 108: the acknowledgement that starts the next round */
	tcp_seq dsack_round;		/* 112: RACK.dsack_round */
	uint32_t later_min_rtt_us;	/* 116: least of the later half of its window, 0: none */
	sp_tick cut_at;			/* 120: last reduction of the window */
	bool rack_valid : 1;		/* 124: one was delivered */
	bool dsack_in_round : 1;
	bool tlp_out : 1;		/* a probe is out, until tlp_end is acknowledged */
	bool tlp_again : 1;		/* TLP.is_retrans */
	bool tlp_due : 1;		/* a probe is to be sent */
	bool slow_on : 1;		/* slow_at_s, slow_una are set */
	bool undo_on : 1;		/* the last reduction may be undone, tcp_undo.c */
	bool undo_timeout : 1;		/* it was a time-out's */
	bool tlp_timer;			/* 125: loss_at is the probe time-out */
	bool tlp_spent : 1;		/* 126: no round trip was measured since the last probe */
	bool more : 1;			/* MSG_MORE: hold back what does not fill a segment */
	bool paced : 1;			/* text leaves at a pace: tcp_pace.c */
	bool round_limited : 1;		/* the window was the limit when this round's text left */
	bool cwr : 1;			/* reduced once until cwr_end is passed, tcp_ecn.c */
	uint8_t burst_left;		/* 127: segments that the present burst still has */
	/* Delivery-rate samples: tcp_rate.c. */
	sampan_time first_sent_at;	/* 128: of what the next sample's interval begins with */
	sampan_time delivered_at;	/* 136: last delivery */
	uint32_t app_limited_end;	/* 144: in bytes delivered */
	uint32_t lost_total_bytes;	/* 148: ever marked lost */
	/* The congestion control. */
	struct tcp_cc_pace pace;	/* 152 */
	uint32_t cc_block;		/* 168: its memory if it needs more than cc_mem, else 0 */
	bool app_limited;		/* 172: until app_limited_end is delivered */
	uint8_t frto;			/* 173: step of RFC 5682 */
	uint16_t slow_at_s;		/* 174: the peer's speed is taken from here on, by what is
					 * acknowledged beyond slow_una: tcp_evict.c */
	tcp_seq undo_start, undo_stop;	/* 176: what was outstanding then */
	sampan_time again_at;		/* 184: the first of it left again; 0: not yet */
	uint32_t undo_bytes;		/* 192: repairs that no D-SACK has reported */
	uint32_t newest;		/* 196: node of by_seq where the newest SACK block began */
	tcp_seq cwr_end;		/* 200 */
	uint32_t pace_left_bytes;	/* 204: of the quantum that may leave at once */
	sampan_time pace_at;		/* 208: when the next one may */
	sp_tick pace_due_at;		/* 216: TCP_AT_PACE */
	uint32_t round_flight_bytes;	/* 220: the most outstanding in this round */
	uint64_t cc_mem[TCP_CC_MEM_INLINE / sizeof(uint64_t)];	/* 224 */
};
_Static_assert(sizeof(struct tcp_tx) == 320, "five cache lines");

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
	uint32_t spare[2];
	uint64_t max_pace_bytes_per_s;	/* SO_MAX_PACING_RATE; 0: none */
	struct tcp_mtu_probe mtup;	/* tcp_mtu_probe.h */
	tcp_seq held_seq;		/* what the report below is about */
	uint16_t held_mtu_bytes;	/* not believed yet, tcp_pmtu.c; 0: none */
	uint16_t more_spare[3];
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
	HALF_OPEN_ECN = 0x0040,
	HALF_OPEN_RETRIES_SHIFT = 8,	/* three bits: SYN-ACKs sent again */
	HALF_OPEN_OWN_SCALE_SHIFT = 11,	/* four bits: the shift that we announce */
	HALF_OPEN_COOKIE = 0x8000,	/* not a record: only what a SYN cookie says */
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
	bool mem_pressure;		/* tcp_mem.c */
	struct sp_chain reserved;	/* sampan_send_reserve(): chunks lent to be written */
	uint32_t reserved_bytes;
	uint64_t reserved_for;		/* handle */
};
_Static_assert(sizeof(struct tcp_globals) <= sizeof(struct sp_transport_area), "fits its area");

#endif
