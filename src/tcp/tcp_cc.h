/*
 * tcp_cc.h - congestion controls: facts in, window and rate out.
 *
 * A control never sees sequence numbers, segments or timers, and never decides
 * what is lost or when to send again.  It is told what was delivered and what
 * happened, and answers with a window and, if it likes, a pacing rate.  Adding
 * one is a file cc_<name>.c and a line in TCP_CCS.
 *
 * Its memory is of two kinds.  struct tcp_cc_state stands in the control block:
 * the window, and two words that outlive a pause.  What it needs while it sends
 * (mem_bytes of it) exists while text is queued or was until lately: it is zero
 * when a control wakes, and before it goes away the control rests, which is its
 * chance to save what matters.  There are no pointers in either.
 *
 * The facts are complete: CUBIC, BBR and DCTCP change nothing here.  Units:
 * bytes, nanoseconds, bytes per second.
 */
#ifndef SAMPAN_TCP_CC_H
#define SAMPAN_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

#include <sampan/sampan.h>

/* The number of a control is its place; the first is number 0. */
#define TCP_CCS(X) X(newreno) X(cubic) X(bbr) X(dctcp)

enum tcp_cc_id {
#define X(name) TCP_CC_##name,
	TCP_CCS(X)
#undef X
	TCP_CC_COUNT,
};

/* Words that a control keeps in every control block. */
#define TCP_CC_WORDS 2
/* The most memory while sending, and the part of it that needs no block of its own. */
#define TCP_CC_MEM_MAX 256
#define TCP_CC_MEM_INLINE 88

#define TCP_SSTHRESH_INFINITE UINT32_MAX

/* What is kept for the life of a connection; cwnd_bytes is 0 before it can send. */
struct tcp_cc_state {
	uint32_t cwnd_bytes;		/* else at least one mss */
	uint32_t ssthresh_bytes;
	uint32_t words[TCP_CC_WORDS];
};

/* How fast to send, while sending. */
struct tcp_cc_pace {
	uint64_t bytes_per_s;		/* 0: as fast as the window allows */
	uint32_t quantum_bytes;		/* may leave at once; 0: one segment or 1 ms of it */
};

/* What a control works on. */
struct tcp_cc {
	struct tcp_cc_state *kept;
	struct tcp_cc_pace *pace;
	void *mem;			/* of mem_bytes, aligned for 64 bits */
};

/* What every report tells. */
struct tcp_cc_facts {
	sampan_time now;
	uint32_t mss_bytes;		/* effective send MSS */
	uint32_t in_flight_bytes;	/* after this event; of a loss, FlightSize */
	uint64_t delivered_bytes;	/* since the connection began */
	uint64_t lost_bytes;		/* found lost while it sends */
	sampan_dur srtt;		/* 0: none yet */
	sampan_dur min_rtt;		/* of the last minutes; 0: none yet */
	uint32_t restart_bytes;		/* of an event: the most that may follow a pause */
	bool paced;			/* text leaves at the pace, not in bursts */
	bool selective;			/* acknowledgements are: losses are known one by one */
};

/* An acknowledgement of something new. */
struct tcp_cc_ack {
	struct tcp_cc_facts at;
	uint32_t acked_bytes;		/* newly delivered by it, selectively too */
	uint32_t prior_in_flight_bytes;	/* before it */
	uint32_t lost_bytes;		/* newly found lost with it */
	/* The sample of the delivery rate, of the segment sent last among those that
	 * it delivers. */
	uint64_t prior_delivered_bytes;	/* at.delivered_bytes when that was sent */
	sampan_dur interval_dur;	/* over which the difference was delivered; 0: unknown */
	uint32_t sent_in_flight_bytes;	/* in flight when it was sent, itself included */
	uint32_t sent_lost_bytes;	/* found lost since it was sent */
	bool app_limited;		/* it was sent while the application had no more */
	sampan_dur rtt;			/* of what arrived in order; 0: no sample */
	uint32_t ecn_ce_bytes;		/* of them marked on the way */
	bool round_start;		/* first one for data sent since the last round began */
	bool cwnd_limited;		/* the window was the limit in this round */
	bool in_recovery;		/* no growth: PRR meters what leaves */
};

/* Something was found lost; at.lost_bytes includes it. */
struct tcp_cc_lost {
	struct tcp_cc_facts at;
	uint32_t bytes;
	uint32_t sent_in_flight_bytes;	/* in flight when it was sent, itself included */
	uint32_t sent_lost_bytes;	/* found lost since it was sent, itself included */
	bool app_limited;		/* it was sent while the application had no more */
};

enum tcp_cc_event {
	TCP_CC_RECOVERY_ENTER,	/* loss found: reduce once */
	TCP_CC_RECOVERY_EXIT,	/* everything outstanding at its start is repaired */
	TCP_CC_RTO,		/* first time-out of these data */
	TCP_CC_RTO_EXIT,	/* what was outstanding then is repaired */
	TCP_CC_ECN,		/* congestion echoed: reduce once a round */
	TCP_CC_UNDO,		/* the last reduction was for nothing: restore */
	TCP_CC_RESTART,		/* nothing was in flight, and text leaves */
	TCP_CC_IDLE_RESTART,	/* the same after more than an RTO */
	TCP_CC_MSS,		/* the effective MSS has changed */
};

struct tcp_cc_ops {
	const char *name;
	uint16_t mem_bytes;		/* at most TCP_CC_MEM_MAX */
	bool paces;			/* asks for pacing */
	bool marks_each;		/* wants ECN, and an echo of each mark: RFC 8257 */
	bool brief;			/* of the facts its ack, and RESTART, look at now, mss_bytes
					 * and srtt only, and at no delivery rate: no others
					 * are filled in then */
	bool owns_window;		/* while repairing as well: PRR does not meter it */

	/* A connection begins to send (cwnd_bytes is 0), or changes to this control.
	 * There is no memory yet: wake follows. */
	void (*init)(struct tcp_cc *cc, const struct tcp_cc_facts *facts);
	void (*wake)(struct tcp_cc *cc, const struct tcp_cc_facts *facts);	/* or NULL */
	void (*rest)(struct tcp_cc *cc);					/* or NULL */
	void (*ack)(struct tcp_cc *cc, const struct tcp_cc_ack *ack);
	void (*event)(struct tcp_cc *cc, enum tcp_cc_event event,
	    const struct tcp_cc_facts *facts);
	void (*lost)(struct tcp_cc *cc, const struct tcp_cc_lost *lost);	/* or NULL */
};

/* RFC 6928 §2 (R-6928-1).
 * DEVIATES: R-5681-2: ten segments, which RFC 6928 allows in place of two to four. */
static inline uint32_t
tcp_cc_initial_window(uint32_t mss_bytes)
{
	const uint32_t most = 10 * mss_bytes;
	const uint32_t least = 2 * mss_bytes > 14600 ? 2 * mss_bytes : 14600;

	return most < least ? most : least;
}

/* Lets the window grow, not beyond what sequence numbers can tell apart. */
static inline void
tcp_cc_grow(struct tcp_cc_state *kept, uint64_t bytes)
{
	const uint32_t room = kept->cwnd_bytes < INT32_MAX ? INT32_MAX - kept->cwnd_bytes : 0;

	kept->cwnd_bytes += bytes < room ? (uint32_t)bytes : room;
}

#define X(name) extern const struct tcp_cc_ops tcp_cc_##name;
TCP_CCS(X)
#undef X

/* Never fails: id < TCP_CC_COUNT. */
const struct tcp_cc_ops *sp_tcp_cc_ops(unsigned id);

#endif
