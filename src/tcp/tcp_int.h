/*
 * tcp_int.h - what the files of tcp/ call of each other.
 */
#ifndef SAMPAN_TCP_TCP_INT_H
#define SAMPAN_TCP_TCP_INT_H

#include "tcp/tcp.h"
#include "tcp/tcp_build.h"
#include "tcp/tcp_rtx.h"
#include "tcp/tcp_timer.h"
#include "tcp/tcp_user.h"
#include "wire/tcp.h"
#include "wire/tcp_opt.h"

/* RFC 9293 §3.7.1 (MUST-15, 5-D23): without the option. */
#define TCP_MSS_DEFAULT4 536
#define TCP_MSS_DEFAULT6 1220
/* Below this a peer's MSS is not believed (R-V-3, R-6691-3); Linux ships 48. */
#define TCP_MSS_FLOOR 48
/* RFC 7323 §2.3 (R-7323-5) */
#define TCP_WSCALE_MAX 14
/* Octets of the timestamp option with its padding. */
#define TCP_TS_BYTES 12

/* A segment that arrived: SEG.*, RFC 9293 §3.3.1. */
struct tcp_seg {
	tcp_seq seq, ack;
	uint32_t len;		/* SEG.LEN: text, SYN and FIN */
	uint32_t wnd;		/* as sent */
	uint16_t up;
	uint8_t flags;
	bool ae;		/* the highest bit of ACE, RFC 9768 §3.2.2 */
	struct sp_span text;
	struct tcp_opts opts;
	sampan_time at;
	const struct sp_pkt *pkt;
};

enum tcp_step {
	TCP_PASS,		/* the next step looks at it */
	TCP_DONE,		/* settled */
};

/* ---- tcp_demux.c ---- */

/* The record of a flow; entry.ref is 0 when there is none. */
struct sp_entry sp_tcp_find(const struct sampan *s, const struct sp_flow *flow, uint32_t hash);
struct sp_entry sp_tcp_find_for(const struct sampan *s, const struct sp_pkt *pkt);

/* The control blocks that stand for exactly this local end (a flow without a
 * peer), listening or only bound, one after the other; NULL at the end. */
struct sp_cursor sp_tcp_find_bound(const struct sampan *s, const struct sp_flow *local);
struct tcp_tcb *sp_tcp_next_bound(const struct sampan *s, struct sp_cursor *c,
    const struct sp_flow *local);

/* The listener that a flow belongs to: of an exact address before any. */
struct tcp_tcb *sp_tcp_find_listener(const struct sampan *s, const struct sp_flow *flow);

/* The same for a segment: of many in a row most are for one listener. */
struct tcp_tcb *sp_tcp_find_listener_again(struct sampan *s, const struct sp_flow *flow);

/* False: no memory. */
bool sp_tcp_insert(struct sampan *s, const struct sp_flow *flow, uint32_t ref,
    enum sp_conn_tag tag);
void sp_tcp_remove(struct sampan *s, const struct sp_flow *flow, uint32_t ref);

/* Another record takes the flow over from the one at ref. */
void sp_tcp_replace(struct sampan *s, const struct sp_flow *flow, uint32_t ref, uint32_t by,
    enum sp_conn_tag tag);

/* ---- tcp_tcb.c ---- */

/* A control block in CLOSED, not in the table; NULL: no memory. */
struct tcp_tcb *sp_tcp_tcb_new(struct sampan *s);

/* Sets the peer's MSS and what follows from it.  RFC 9293 §3.7.1 (MUST-16). */
void sp_tcp_set_mss(struct sampan *s, struct tcp_tcb *t, uint16_t peer_mss_bytes);

/* The MSS to announce on a link.  RFC 9293 §3.7.1 (MUST-67). */
uint16_t sp_tcp_announced_mss(const struct sampan *s, const struct tcp_tcb *t);

/* The text that the peer can put into a segment with the options in use. */
uint32_t sp_tcp_segment_room(const struct sampan *s, const struct tcp_tcb *t);
uint16_t sp_tcp_own_mss(const struct sampan *s, unsigned link, const struct sampan_addr *peer);

/* What the route to the peer says of its window: a cap on ours. */
void sp_tcp_take_route(struct sampan *s, struct tcp_tcb *t);

/* The way to the peer: finds it, and finds it again after routes changed. */
enum tcp_path {
	TCP_PATH_NONE,
	TCP_PATH_READY,
	TCP_PATH_WAIT,		/* the neighbour is being asked for */
	TCP_PATH_DEAD,
	TCP_PATH_MOVED,		/* another link, or another size: what was planned is void */
};
enum tcp_path sp_tcp_path(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_path_release(struct sampan *s, struct tcp_tcb *t);

/* Makes sure that there is a struct tcp_tx or tcp_rx; NULL: no memory. */
struct tcp_tx *sp_tcp_tx_need(struct sampan *s, struct tcp_tcb *t);
struct tcp_rx *sp_tcp_rx_need(struct sampan *s, struct tcp_tcb *t);
struct tcp_rare *sp_tcp_rare_need(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_tx_free(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_rx_free(struct sampan *s, struct tcp_tcb *t);

/* Frees it if nothing is held in it any more. */
void sp_tcp_rx_release(struct sampan *s, struct tcp_tcb *t);

/* ---- tcp_state.c ---- */

void sp_tcp_enter(struct sampan *s, struct tcp_tcb *t, enum sampan_tcp_state state);

/* FIN-WAIT-2 without a socket ends by itself. */
void sp_tcp_orphan_fin_wait_2(struct sampan *s, struct tcp_tcb *t);

/* Ends a connection with an error, without a segment. */
void sp_tcp_fail(struct sampan *s, struct tcp_tcb *t, int error);

/* ---- tcp_in*.c, tcp_listen.c, tcp_timewait.c: RFC 9293 §3.10.7 ---- */

void sp_tcp_arrives_closed(struct sampan *s, const struct tcp_seg *seg);
void sp_tcp_arrives_listen(struct sampan *s, struct tcp_tcb *listener, struct tcp_seg *seg);
enum tcp_step sp_tcp_arrives_cookie(struct sampan *s, struct tcp_tcb *listener,
    struct tcp_seg *seg);
void sp_tcp_arrives_syn_sent(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg);
void sp_tcp_arrives_other(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg);
void sp_tcp_arrives_half_open(struct sampan *s, struct tcp_half_open *h, struct tcp_seg *seg);
void sp_tcp_arrives_time_wait(struct sampan *s, struct tcp_time_wait *w, struct tcp_seg *seg);

enum tcp_step sp_tcp_check_ack(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);
void sp_tcp_process_text(struct sampan *s, struct tcp_tcb *t, struct tcp_seg *seg);
void sp_tcp_check_fin(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* Begins to send on a connection whose handshake is complete. */
void sp_tcp_start_sending(struct sampan *s, struct tcp_tcb *t, unsigned syns_lost);

/* Takes the first RTT sample from the segment that completes the handshake. */
void sp_tcp_handshake_sample(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg,
    unsigned syns_lost, sampan_dur took);

/* Makes the half-open record of a SYN for the listener; iss_after: the ISN must be
 * beyond it (NULL: any). */
void sp_tcp_half_open_new(struct sampan *s, const struct tcp_tcb *listener,
    const struct tcp_seg *seg, const tcp_seq *iss_after);
void sp_tcp_half_open_timer(struct sampan *s, struct tcp_half_open *h);
void sp_tcp_time_wait_timer(struct sampan *s, struct tcp_time_wait *w);

/* Replaces a control block in TIME-WAIT that nobody holds; t is gone after. */
void sp_tcp_time_wait_from(struct sampan *s, struct tcp_tcb *t);

/* May a connection of ours take the flow over from its record (R-6191-8)?  And
 * does: the number that its own must be beyond. */
bool sp_tcp_time_wait_reusable(const struct sampan *s, const struct tcp_time_wait *w);
tcp_seq sp_tcp_time_wait_reuse(struct sampan *s, struct tcp_time_wait *w);

/* A SYN for a connection in TIME-WAIT that a socket holds: true if it begins a
 * new one; t is in CLOSED then. */
bool sp_tcp_time_wait_revive(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* Lets go of what a listener holds. */
void sp_tcp_listen_end(struct sampan *s, struct tcp_tcb *listener);

/* ---- tcp_wnd.c ---- */

/* The window to put into a segment sent now, scaled; RCV.WND follows. */
uint16_t sp_tcp_wnd_advertise(const struct sampan *s, struct tcp_tcb *t);

/* What a SYN says of the window: of the socket's buffer, or its listener's; NULL: of the
 * settings'.  mss_bytes: what a segment has room for. */
uint16_t sp_tcp_wnd_initial(const struct sampan *s, const struct tcp_tcb *t,
    const struct sampan_addr *peer, uint16_t mss_bytes);
uint8_t sp_tcp_wnd_scale(const struct sampan *s, const struct tcp_tcb *t);

/* The handshake has agreed on a scale: RCV.WND is what the SYN could not say. */
void sp_tcp_wnd_open(const struct sampan *s, struct tcp_tcb *t);

/* Lets the receive buffer grow with what the application takes. */
void sp_tcp_wnd_tune(const struct sampan *s, struct tcp_tcb *t);

/* The most that the buffer, and the application's clamp, let it offer. */
uint32_t sp_tcp_wnd_limit(const struct sampan *s, const struct tcp_tcb *t);

/* Has reading opened the window enough to tell the peer at once? */
bool sp_tcp_wnd_update_due(const struct sampan *s, const struct tcp_tcb *t);

/* ---- tcp_ts.c ---- */

uint32_t sp_tcp_ts_now(const struct sampan *s, uint32_t offset);
uint32_t sp_tcp_ts_offset(struct sampan *s, const struct sp_flow *flow);

/* Remembers TS.Recent and when. */
void sp_tcp_ts_set(const struct sampan *s, struct tcp_tcb *t, uint32_t tsval);

/* PAWS, RFC 7323 §5.3 R1: is it older than what we have seen? */
bool sp_tcp_ts_is_old(const struct sampan *s, const struct tcp_tcb *t, const struct tcp_seg *seg);

/* RFC 7323 §4.3: takes TS.Recent from a segment that was acceptable. */
void sp_tcp_ts_update(const struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg);

/* ---- tcp_isn.c ---- */

tcp_seq sp_tcp_isn(struct sampan *s, const struct sp_flow *flow);

/* ---- tcp_syncookie.c: RFC 4987 §3.6 ---- */

/* Of net.ipv4.tcp_syncookies. */
#define SYNCOOKIES_ALWAYS 2

/* Makes h the cookie of what it says: sets its ISS, and takes off what a cookie
 * cannot hold. */
void sp_tcp_syncookie_make(struct sampan *s, struct tcp_half_open *h);

/* Our timestamp in its SYN-ACK. */
uint32_t sp_tcp_syncookie_tsval(const struct tcp_half_open *h, uint32_t now);

/* Does the segment bring a cookie of ours back?  Then h is what it says. */
bool sp_tcp_syncookie_check(struct sampan *s, const struct tcp_seg *seg, struct tcp_half_open *h);

/* ---- tcp_keepalive.c ---- */

/* Keepalive was switched, or its times have changed, or a connection began. */
void sp_tcp_on_keepalive(struct sampan *s, struct tcp_tcb *t);
void sp_tcp_keepalive_expired(struct sampan *s, struct tcp_tcb *t);

/* ---- tcp_pmtu.c ---- */

/* The largest packet towards the peer. */
uint16_t sp_tcp_mtu(const struct sampan *s, const struct tcp_tcb *t);

/* ---- tcp_challenge.c ---- */

/* RFC 5961: acknowledges what was not acceptable, not too often. */
void sp_tcp_challenge(struct sampan *s, struct tcp_tcb *t);

/* Takes one of the answers that the limit allows; false: there is none now. */
bool sp_tcp_may_challenge(const struct sampan *s, struct tcp_tcb *t);

/* The same for an answer that no connection stands behind; counted if not. */
bool sp_tcp_may_answer(struct sampan *s, const struct sp_flow *flow);

#endif
