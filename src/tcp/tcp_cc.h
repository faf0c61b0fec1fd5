/*
 * tcp_cc.h - congestion controls: facts in, window and rate out.
 *
 * A control never sees sequence numbers, segments or timers, and never decides
 * what is lost or when to send again.  It is told what was delivered and what
 * happened, and answers with a window (and, if it paces, a rate).  Adding one
 * is a file cc_<name>.c and a line in TCP_CCS.  The control block holds its
 * number and TCP_CC_WORDS words of its own; there are no pointers.
 *
 * The facts are complete from the start, so that later controls (CUBIC, BBR,
 * DCTCP) change no interface.  Units: bytes, nanoseconds, KiB per second.
 */
#ifndef SAMPAN_TCP_CC_H
#define SAMPAN_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

#include <sampan/sampan.h>

#define TCP_CCS(X) X(newreno)

enum tcp_cc_id {
#define X(name) TCP_CC_##name,
	TCP_CCS(X)
#undef X
	TCP_CC_COUNT,
};

/* Words that a control keeps in every control block; one that needs more asks
 * for a block of its own while data is in flight. */
#define TCP_CC_WORDS 2

#define TCP_SSTHRESH_INFINITE UINT32_MAX

/* What a control decides. */
struct tcp_cc_state {
	uint32_t cwnd_bytes;		/* at least one mss */
	uint32_t ssthresh_bytes;
	uint32_t words[TCP_CC_WORDS];
};

/* What every report tells. */
struct tcp_cc_facts {
	sampan_time now;
	uint32_t mss_bytes;		/* effective send MSS */
	uint32_t in_flight_bytes;	/* after this event */
	uint64_t delivered_bytes;	/* since the connection began */
	sampan_dur srtt;		/* 0: none yet */
	sampan_dur min_rtt;		/* 0: none yet */
	uint32_t restart_bytes;		/* the most that may follow a pause */
};

/* An acknowledgement of something new. */
struct tcp_cc_ack {
	struct tcp_cc_facts at;
	uint32_t acked_bytes;		/* newly delivered by it, selectively too */
	uint32_t prior_in_flight_bytes;	/* before it */
	uint32_t lost_bytes;		/* newly found lost with it */
	uint64_t prior_delivered_bytes;	/* at.delivered_bytes when that was sent */
	sampan_dur interval_dur;	/* over which the difference was delivered; 0: unknown */
	sampan_dur rtt;			/* of this acknowledgement; 0: no sample */
	uint32_t ecn_ce_bytes;		/* of them marked on the way */
	bool round_start;		/* first one for data sent since the last round began */
	bool app_limited;		/* it was sent while the application had no more */
	bool cwnd_limited;		/* the window was the limit when it was sent */
	bool in_recovery;
};

enum tcp_cc_event {
	TCP_CC_RECOVERY_ENTER,	/* loss found: reduce once */
	TCP_CC_RECOVERY_EXIT,	/* everything outstanding at its start is repaired */
	TCP_CC_RTO,		/* first time-out of these data */
	TCP_CC_ECN,		/* congestion echoed: reduce once a round */
	TCP_CC_UNDO,		/* the last reduction was for nothing: restore */
	TCP_CC_IDLE_RESTART,	/* nothing sent for longer than the RTO */
	TCP_CC_MSS,		/* the effective MSS has changed */
};

struct tcp_cc_ops {
	const char *name;
	void (*init)(struct tcp_cc_state *cc, const struct tcp_cc_facts *facts);
	void (*ack)(struct tcp_cc_state *cc, const struct tcp_cc_ack *ack);
	void (*event)(struct tcp_cc_state *cc, enum tcp_cc_event event,
	    const struct tcp_cc_facts *facts);
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

#define X(name) extern const struct tcp_cc_ops tcp_cc_##name;
TCP_CCS(X)
#undef X

/* Never fails: id < TCP_CC_COUNT. */
const struct tcp_cc_ops *sp_tcp_cc_ops(unsigned id);

#endif
