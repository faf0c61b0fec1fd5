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
#include "tcp/tcp_seq.h"

/* While bytes are queued to be sent.  rtx: tcp_rtx.h. */
struct tcp_tx {
	struct sp_sendq q;	/* from SND.UNA on */
	struct {
		tcp_seq next, end;	/* [next, end) is lost and to be sent again */
	} lost;
	tcp_seq timed;		/* the acknowledgement that ends the measurement */
	bool timing;
	uint8_t pad[3];
	sampan_time timed_at;
	tcp_seq round_end;	/* the acknowledgement that starts the next round */
	tcp_seq small_end;	/* end of the last segment below one MSS, for Nagle */
	uint32_t spare[2];
};
_Static_assert(sizeof(struct tcp_tx) == 64, "one cache line");

/* While bytes wait to be read. */
struct tcp_rx {
	struct sp_recvq q;	/* up to RCV.NXT */
	uint32_t spare[1];
};

struct tcp_listen {
	struct sp_list ready;	/* endpoints of connections to be accepted */
	uint32_t ready_count;
	uint32_t backlog;
	uint32_t half_open;
	uint32_t spare[3];
};

/* SYN-RECEIVED after a passive open, before the handshake is complete. */
struct tcp_half_open {
	struct sp_flow flow;
	tcp_seq irs, iss;
	uint32_t ts_recent;
	struct sp_timer timer;		/* 48 */
	uint16_t peer_mss_bytes;
	uint16_t has;			/* see tcp_listen.c */
};
_Static_assert(sizeof(struct tcp_half_open) == 64, "aim 64, limit 96");

struct tcp_time_wait {
	struct sp_flow flow;
	tcp_seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	struct sp_timer timer;		/* 48 */
	uint16_t wnd;			/* as last sent, still scaled */
	uint8_t link;
	uint8_t ts;			/* timestamps were in use */
};
_Static_assert(sizeof(struct tcp_time_wait) == 64, "aim 64, limit 96");
/* What TCP has one of; lies in the stack's area for it. */
struct tcp_globals {
	struct sp_key isn_key;
	struct sp_key ts_key;
	struct sp_key port_key;
	uint32_t tcbs;
	uint32_t half_open;
	uint32_t time_wait;
	uint32_t port_offset;
};
_Static_assert(sizeof(struct tcp_globals) <= sizeof(struct sp_transport_area), "fits its area");

#endif
