/*
 * tcp_tx.h - what a connection knows while it sends, and of what is in flight.
 * Sizes: tcp_tcb.h.  Who writes what: tcp_rtx.c, tcp_loss.c, tcp_recovery.c,
 * tcp_rate.c, tcp_facts.c, tcp_pace.c.
 */
#ifndef SAMPAN_TCP_TCP_TX_H
#define SAMPAN_TCP_TCP_TX_H

#include "base/list.h"
#include "base/time.h"
#include "buf/sendq.h"
#include "tcp/tcp_cc.h"
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
 * for TX_REST after that (tcp_loss.c).  What an undisturbed conversation reads and
 * writes stands before the last line. */
struct tcp_tx {
	struct sp_sendq q;		/* 0: from SND.UNA on */
	bool round_limited : 1;		/* 20: the window was the limit when its text left */
	bool paced : 1;			/* text leaves at a pace: tcp_pace.c */
	uint8_t sacked_segs;		/* 21: at least, since sacked_bytes was 0; up to 255 */
	uint8_t burst_left;		/* 22: segments that the present burst still has */
	uint8_t dup_acks;		/* 23: without SACK */
	union {				/* 24 */
		struct {
			uint8_t phase;		/* enum tcp_phase */
			bool tlp_out;		/* a probe is out, until tlp_end is acknowledged */
			bool tlp_due;		/* a probe is to be sent */
			bool dsack_in_round;
			bool undo_on;		/* the last reduction may be undone, tcp_undo.c */
			uint8_t frto;		/* step of RFC 5682 */
			bool cwr;		/* reduced once until something beyond cwr_end is
						 * acknowledged, tcp_ecn.c */
			bool more;		/* MSG_MORE: hold back what fills no segment */
		};
		uint64_t unusual;	/* all of them; 0: sending goes on as it should */
	};
	struct sp_list by_seq;		/* 32: struct tcp_sent */
	struct sp_list by_time;		/* 40: not delivered, not lost, oldest first */
	struct sp_list lost;		/* 48 */
	uint32_t sacked_bytes;		/* 56: without SACK: an estimate by duplicates */
	uint32_t lost_bytes;		/* 60 */
	sampan_time rack_at;		/* 64: RACK.xmit_ts */
	tcp_seq rack_end;		/* 72: RACK.end_seq */
	tcp_seq rack_fack;		/* 76: RACK.fack */
	uint32_t rack_rtt_us;		/* 80: RACK.rtt */
	tcp_seq small_end;		/* 84: of the last segment below one MSS, for Nagle */
	tcp_seq round_end;		/* 88: the acknowledgement that starts the next round */
	sp_tick loss_at;		/* 92: reordering timer, probe time-out or end of the rest,
					 * TCP_AT_LOSS */
	/* Delivery-rate samples: tcp_rate.c. */
	sampan_time first_sent_at;	/* 96: of what the next sample's interval begins with */
	sampan_time delivered_at;	/* 104: last delivery */
	uint32_t app_limited_end;	/* 112: in bytes delivered */
	uint32_t lost_total_bytes;	/* 116: ever marked lost */
	bool app_limited : 1;		/* 120: until app_limited_end is delivered */
	bool rack_valid : 1;		/* one was delivered */
	bool tlp_timer : 1;		/* loss_at is the probe time-out */
	bool tlp_spent : 1;		/* no round trip was measured since the last probe */
	bool tlp_again : 1;		/* TLP.is_retrans */
	bool undo_timeout : 1;		/* the last reduction was a time-out's */
	bool lost_again : 1;		/* a repair of this recovery was lost */
	bool slow_on : 1;		/* slow_at_s, slow_una are set */
	uint8_t pad;
	uint16_t slow_at_s;		/* 122: the peer's speed is taken from here on, by what is
					 * acknowledged beyond slow_una: tcp_evict.c */
	uint32_t round_flight_bytes;	/* 124: the most outstanding in this round */

	/* The record of what left first, or alone: most messages need no other. */
	struct tcp_sent own;		/* 128; linked while it is in use */

	/* The congestion control; what a conversation needs of its memory stands first there. */
	uint32_t cc_block;		/* 192: its memory if it needs more than cc_mem, else 0 */
	uint32_t later_min_rtt_us;	/* 196: least of the later half of its window, 0: none */
	uint32_t newest;		/* 200: node of by_seq where the newest SACK block began */
	uint32_t prr_delivered_bytes;	/* 204 */
	uint64_t cc_mem[TCP_CC_MEM_INLINE / sizeof(uint64_t)];	/* 208 */
	struct tcp_cc_pace pace;	/* 296 */
	tcp_seq slow_una;		/* 312: see slow_at_s */
	uint32_t spare;
	uint32_t prr_flight_bytes;	/* 320: RecoverFS; else in flight when the probe left */
	tcp_seq dsack_round;		/* 324: RACK.dsack_round */
	sp_tick cut_at;			/* 328: last reduction of the window */
	tcp_seq tlp_end;		/* 332: TLP.end_seq */
	tcp_seq undo_start, undo_stop;	/* 336: what was outstanding then */
	sampan_time again_at;		/* 344: the first of it left again; 0: not yet */
	uint32_t undo_bytes;		/* 352: repairs that no D-SACK has reported */
	tcp_seq cwr_end;		/* 356 */
	uint32_t prr_out_bytes;		/* 360 */
	uint32_t pace_left_bytes;	/* 364: of the quantum that may leave at once */
	sampan_time pace_at;		/* 368: when the next one may */
	sp_tick pace_due_at;		/* 376: TCP_AT_PACE */
	tcp_seq recover;		/* 380 */
};
_Static_assert(sizeof(struct tcp_tx) == 384, "six cache lines");
_Static_assert(offsetof(struct tcp_tx, rack_at) == 64, "second line");
_Static_assert(offsetof(struct tcp_tx, own) == 128, "third line, and its nodes lie on granules");
_Static_assert(offsetof(struct tcp_tx, cc_block) == 192, "fourth line");
_Static_assert(offsetof(struct tcp_tx, prr_flight_bytes) == 320, "what is seldom needed");

/* What a conversation reads and writes of it. */
#define TCP_TX_HOT_BYTES 256

#endif
