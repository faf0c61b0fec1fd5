/*
 * fx.h - the words of TCP tests: one stack, one scripted peer, virtual time.
 *
 * A constructor brings a connection into a state by real segments; then the
 * test makes one thing happen and says what it expects:
 *
 *	struct fx f = fx_established(.peer_mss = 1000);
 *
 *	peer_sends(&f, .flags = TCP_ACK, .len = 100);
 *	expect_segment(&f, .ack = f.rcv_nxt);
 *	expect_state(&f, TCP_ESTABLISHED);
 *	expect_quiet(&f);
 *
 * Segments leave the stack when somebody looks: two peer_sends() in a row are
 * one batch.  Every frame that leaves is verified (lengths, checksums, text,
 * windows), ARP is answered, and the whole stack is checked after every step.
 * rcv_nxt is the stack's RCV.NXT.  One fixture at a time, with fresh memory.
 */
#ifndef SAMPAN_TESTS_LIB_FX_H
#define SAMPAN_TESTS_LIB_FX_H

#include <sampan/option.h>
#include <sampan/socket.h>
#include <sampan/stats.h>

#include "lib/frame.h"
#include "lib/fx_family.h"
#include "lib/test.h"
#include "tcp/tcp_seq.h"

/* Defaults come first and what a test names overrides them: on purpose. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define FX_ANY (-1)
#define FX_MTU 1500
#define FX_LOCAL_PORT 80
#define FX_PEER_PORT 40000
#define FX_LOCAL_V4 0x0a000001u		/* 10.0.0.1/24 */
#define FX_PEER_V4 0x0a000002u

/* What a constructor may be told. */
struct fx_opts {
	bool active;		/* the stack opens the connection */
	bool orphan;		/* closed by sampan_close(), not sampan_shutdown() */
	bool ts, wscale, sack;	/* the peer's SYN has these options */
	uint8_t peer_scale;	/* its shift, with wscale */
	int peer_mss;		/* FX_ANY: no option */
	uint32_t peer_wnd;	/* bytes */
	int64_t rcvbuf, sndbuf, mtu_probing;	/* 0: as it comes */
	uint16_t mtu;
	uint32_t caps;		/* enum sampan_link_caps */
	bool no_arp;		/* the peer does not answer ARP */
	unsigned backlog;
	size_t arena_bytes;
	sampan_dur rtt;		/* of the handshake: fx_loss.h */
	const char *cc;		/* congestion control: one that can be calculated in the head */
};

#define FX_OPTS(...) \
	((struct fx_opts){ .peer_mss = 1460, .peer_wnd = 65535, .mtu = FX_MTU, .backlog = 8, \
	    .cc = "newreno", .arena_bytes = (size_t)512 << 10, __VA_ARGS__ })

/* A segment that the stack sent. */
struct fx_out {
	struct frame_tcp tcp;	/* text points into memory of the fixture */
	sampan_time at;
	tcp_seq seq, ack;
};

struct fx {
	struct sampan *s;
	int link;
	sampan_time now;
	sampan_handle h;	/* the connection; 0: none that a socket holds */
	sampan_handle listener;
	struct fx_opts opts;
	tcp_seq iss, irs;
	tcp_seq snd_una, snd_nxt;	/* of the stack, as seen on the wire */
	tcp_seq rcv_nxt;	/* behind what the peer has sent in order */
	tcp_seq rcv_edge;	/* right edge of the window last advertised */
	uint32_t rcv_wnd;	/* from rcv_nxt to there */
	tcp_seq acked;		/* last acknowledgement number seen */
	tcp_seq wnd_edge;	/* rightmost that the peer ever allowed */
	uint32_t wnd;		/* bytes that peer_sends() offers */
	uint32_t mss;		/* the most text that a segment may carry */
	uint8_t rcv_scale;	/* of the stack */
	bool ts;		/* in use */
	uint32_t peer_tsval;	/* at time 0 of its clock, which counts ms */
	uint32_t tsval, tsecr;	/* as the stack sent them last */
	uint64_t steps;		/* of the stack for the last frame: base/step.h */
	uint32_t written, read;	/* bytes passed to and from the application */
	uint32_t events, listener_events;	/* not yet expected */
	struct fx_out seg;	/* the segment that was expected last */
	uint64_t counts[SAMPAN_COUNT_COUNT];	/* as they were when last asked for */
};

/* What the peer sends.  Defaults: an acknowledgement of everything, next in
 * its stream. */
struct fx_seg {
	unsigned flags;
	tcp_seq seq, ack;
	int64_t wnd;		/* bytes; FX_ANY: f->wnd */
	uint32_t len;		/* of text, which is the next of its stream by seq */
	bool refused;		/* the stack will not take it: rcv_nxt stays */
	bool no_ts, bad_csum;
	int64_t tsval, tsecr;	/* FX_ANY: as usual */
	int mss, wscale;	/* FX_ANY: no option */
	bool sack_ok;
	const void *raw;	/* options as they are, instead */
	unsigned raw_len;	/* a multiple of 4 */
	uint16_t port;		/* 0: as usual */
	uint16_t up;
	uint32_t src, dst;	/* 0: as usual; IPv6: src's last octet; any dst is all nodes */
	uint8_t tos;
	bool broadcast;		/* in an Ethernet broadcast frame */
};

#define FX_SEG(f, ...) \
	((struct fx_seg){ .flags = TCP_ACK, \
	    .seq = (f)->rcv_nxt, \
	    .ack = (f)->snd_nxt, \
	    .wnd = FX_ANY, \
	    .tsval = FX_ANY, \
	    .tsecr = FX_ANY, \
	    .mss = FX_ANY, \
	    .wscale = FX_ANY, \
	    __VA_ARGS__ })

#define peer_sends(f, ...) \
	(fx_here(__FILE__, __LINE__), fx_peer_sends(f, FX_SEG(f, __VA_ARGS__)))

/* What the next segment is.  Defaults: an acknowledgement of everything, next
 * in our stream, without text; windows and options are not compared. */
struct fx_want {
	unsigned flags;
	tcp_seq seq, ack;
	bool any_seq, any_ack;
	int64_t len;
	int64_t wnd;		/* bytes; FX_ANY */
	int64_t mss, wscale;	/* 0 in mss: no such option; FX_ANY */
	int64_t ts;		/* 0: no timestamps; 1: some; FX_ANY */
	int64_t tsecr;		/* FX_ANY */
	int64_t sack_ok;	/* 0, 1; FX_ANY */
};

#define FX_WANT(f, ...) \
	((struct fx_want){ .flags = TCP_ACK, \
	    .seq = (f)->snd_nxt, \
	    .ack = (f)->rcv_nxt, \
	    .wnd = FX_ANY, \
	    .mss = FX_ANY, \
	    .wscale = FX_ANY, \
	    .ts = FX_ANY, \
	    .tsecr = FX_ANY, \
	    .sack_ok = FX_ANY, \
	    __VA_ARGS__ })

/* PSH is compared only where it is asked for. */
#define expect_segment(f, ...) \
	(fx_here(__FILE__, __LINE__), fx_expect_segment(f, FX_WANT(f, __VA_ARGS__)))

/* Text of the stream from seq on, in as many segments as it takes. */
#define expect_text(f, seq, len) (fx_here(__FILE__, __LINE__), fx_expect_text(f, seq, len))

#define expect_reset(f) (fx_here(__FILE__, __LINE__), fx_expect_reset(f))
#define expect_quiet(f) (fx_here(__FILE__, __LINE__), fx_expect_quiet(f))
#define expect_state(f, name) (fx_here(__FILE__, __LINE__), fx_expect_state(f, SAMPAN_##name))

/* Exactly these bits were reported for the connection since last asked. */
#define expect_event(f, bits) (fx_here(__FILE__, __LINE__), fx_expect_event(f, bits))

/* The counter has grown by n since last asked for it, or since the state was
 * reached. */
#define expect_count(f, name, n) \
	(fx_here(__FILE__, __LINE__), fx_expect_count(f, SAMPAN_##name, n))

/* Time passes, from deadline to deadline; what leaves waits to be expected. */
#define fx_advance(f, dur) (fx_here(__FILE__, __LINE__), fx_pass_time(f, dur))

/* Passes time until something leaves, at most `most`; how long it took. */
#define fx_wait(f, most) (fx_here(__FILE__, __LINE__), fx_wait_for(f, most))

/* The application writes the next n bytes of its stream, or reads up to n and
 * finds them to be the next of the peer's: what the call returned. */
#define fx_write(f, n) (fx_here(__FILE__, __LINE__), fx_app_write(f, n))
#define fx_read(f, n) (fx_here(__FILE__, __LINE__), fx_app_read(f, n))

/* Forgets what has left the stack, or happened, and not been expected. */
void fx_drop(struct fx *f);
void fx_forget_events(struct fx *f);

/* Takes the connection that waits at the listener. */
void fx_accept(struct fx *f);

/* ---- States.  Passive unless .active. ---- */

#define fx_listen(...) fx_make(SAMPAN_TCP_LISTEN, FX_OPTS(__VA_ARGS__))
#define fx_syn_sent(...) fx_make(SAMPAN_TCP_SYN_SENT, FX_OPTS(.active = true, __VA_ARGS__))
#define fx_syn_received(...) fx_make(SAMPAN_TCP_SYN_RECEIVED, FX_OPTS(__VA_ARGS__))
#define fx_established(...) fx_make(SAMPAN_TCP_ESTABLISHED, FX_OPTS(__VA_ARGS__))
#define fx_established_active(...) \
	fx_make(SAMPAN_TCP_ESTABLISHED, FX_OPTS(.active = true, __VA_ARGS__))
#define fx_close_wait(...) fx_make(SAMPAN_TCP_CLOSE_WAIT, FX_OPTS(__VA_ARGS__))
#define fx_fin_wait_1(...) fx_make(SAMPAN_TCP_FIN_WAIT_1, FX_OPTS(__VA_ARGS__))
#define fx_fin_wait_2(...) fx_make(SAMPAN_TCP_FIN_WAIT_2, FX_OPTS(__VA_ARGS__))
#define fx_closing(...) fx_make(SAMPAN_TCP_CLOSING, FX_OPTS(__VA_ARGS__))
#define fx_last_ack(...) fx_make(SAMPAN_TCP_LAST_ACK, FX_OPTS(__VA_ARGS__))
#define fx_time_wait(...) fx_make(SAMPAN_TCP_TIME_WAIT, FX_OPTS(.orphan = true, __VA_ARGS__))

struct fx fx_make(enum sampan_tcp_state state, struct fx_opts opts);

/* A test that runs twice: name, and name_near_wrap with both initial sequence
 * numbers just below 2^32. */
#define TEST_TWICE(name) \
	static void both_##name(void); \
	TEST(name) { fx_near_wrap(false); both_##name(); } \
	TEST(name##_near_wrap) { fx_near_wrap(true); both_##name(); fx_near_wrap(false); } \
	static void both_##name(void)

/* ---- Behind the macros ---- */

void fx_here(const char *file, int line);
void fx_begun(const char *state);
_Noreturn void fx_fail(const char *what);
const char *fx_state_name(enum sampan_tcp_state state);
void fx_near_wrap(bool near);
void fx_pump(struct fx *f);
const struct fx_out *fx_next_out(struct fx *f);
void fx_peer_sends(struct fx *f, struct fx_seg seg);
uint32_t fx_craft(struct fx *f, struct fx_seg seg, uint8_t *bytes);
void fx_expect_segment(struct fx *f, struct fx_want want);
void fx_expect_text(struct fx *f, tcp_seq seq, uint32_t len);
void fx_expect_reset(struct fx *f);
void fx_expect_quiet(struct fx *f);
void fx_expect_state(struct fx *f, enum sampan_tcp_state state);
void fx_expect_event(struct fx *f, uint32_t bits);
void fx_expect_count(struct fx *f, unsigned counter, uint64_t n);
void fx_pass_time(struct fx *f, sampan_dur dur);
sampan_dur fx_wait_for(struct fx *f, sampan_dur most);
int64_t fx_app_write(struct fx *f, uint32_t n);
int64_t fx_app_read(struct fx *f, uint32_t n);
uint8_t fx_byte(uint32_t offset);
void fx_input(struct fx *f, const uint8_t *bytes, uint32_t len);
enum sampan_tcp_state fx_state(struct fx *f);

#endif
