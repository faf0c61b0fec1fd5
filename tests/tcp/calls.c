/*
 * calls.c - what every call of socket.h answers in every state: the eleven of
 * TCP, and those of a socket that has not begun, or has ended in one way or
 * another.  Written from POSIX and RFC 9293 §3.10, not from the code.
 */
#include <stdio.h>

#include <sampan/option.h>

#include "lib/fx.h"
#include "lib/stack_check.h"

/* A socket that nothing was done with, or only bound; opened by both sides at
 * once; refused, reset (their errors not yet asked for); ended by FINs; closed. */
#define SITUATIONS(X) \
	X(FRESH) X(BOUND) X(LISTEN) X(SYN_SENT) X(SYN_RECEIVED) X(ESTABLISHED) X(FIN_WAIT_1) \
	X(FIN_WAIT_2) X(CLOSE_WAIT) X(CLOSING) X(LAST_ACK) X(TIME_WAIT) X(REFUSED) X(RESET) \
	X(ENDED) X(STALE)

enum situation {
#define X(name) IN_##name,
	SITUATIONS(X)
#undef X
	SITUATION_COUNT,
};

static struct fx
unused(bool bound)
{
	const struct sampan_sockaddr local = { .port = 8080 };
	struct fx f = fx_listen();

	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &f.h), 0);
	if (bound)
		EXPECT_EQ(sampan_bind(f.s, f.h, &local), 0);
	return f;
}

static struct fx
opening(bool refused)
{
	struct fx f = fx_syn_sent();

	if (refused)
		peer_sends(&f, .flags = TCP_RST | TCP_ACK, .seq = f.irs);
	else
		peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	fx_drop(&f);
	fx_expect_state(&f, refused ? SAMPAN_TCP_CLOSED : SAMPAN_TCP_SYN_RECEIVED);
	return f;
}

static struct fx
gone(enum situation in)
{
	struct fx f = in == IN_ENDED ? fx_last_ack() : fx_established();

	if (in == IN_STALE)
		EXPECT_EQ(sampan_abort(f.s, f.h), 0);
	else
		peer_sends(&f, .flags = in == IN_ENDED ? TCP_ACK : TCP_RST);
	fx_drop(&f);
	return f;
}

static struct fx
make(enum situation in)
{
	struct fx f;

	switch (in) {
	case IN_FRESH:
	case IN_BOUND: return unused(in == IN_BOUND);
	case IN_LISTEN:
		f = fx_listen();
		f.h = f.listener;
		return f;
	case IN_SYN_SENT: return fx_syn_sent();
	case IN_SYN_RECEIVED: return opening(false);
	case IN_ESTABLISHED: return fx_established();
	case IN_FIN_WAIT_1: return fx_fin_wait_1();
	case IN_FIN_WAIT_2: return fx_fin_wait_2();
	case IN_CLOSE_WAIT: return fx_close_wait();
	case IN_CLOSING: return fx_closing();
	case IN_LAST_ACK: return fx_last_ack();
	case IN_TIME_WAIT: return fx_make(SAMPAN_TCP_TIME_WAIT, FX_OPTS());
	case IN_REFUSED: return opening(true);
	case IN_RESET:
	case IN_ENDED:
	case IN_STALE:
	case SITUATION_COUNT: break;
	}
	return gone(in);
}

/* ---- The calls ---- */

#define THE_PEER &(struct sampan_sockaddr){ fx_peer(), FX_PEER_PORT, 0 }

static uint8_t byte;
static struct sampan_slice slice;
static struct sampan_room room;
static struct sampan_status status;
static struct sampan_tcp_info info;
static int64_t number;
static uint64_t word;
static sampan_handle handle;

/* The rows: name, the call on f, and what it answers in each situation. */
#define ALL(x) { x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, BAD }
#define BAD SAMPAN_EBADHANDLE
#define INV SAMPAN_EINVAL
#define NOT SAMPAN_ENOTCONN
#define AGN SAMPAN_EAGAIN
#define PIP SAMPAN_EPIPE
#define REF SAMPAN_ECONNREFUSED
#define RST SAMPAN_ECONNRESET
#define ISC SAMPAN_EISCONN
#define ALR SAMPAN_EALREADY
#define PRG SAMPAN_EINPROGRESS
#define SUP SAMPAN_EOPNOTSUPP

/*	FRESH BOUND LISTEN SSENT SRCVD ESTAB FW1 FW2 CW CLOSING LACK TW REFUSED RESET ENDED STALE */
#define ROWS(X) \
	X(bind, sampan_bind(f->s, f->h, &(struct sampan_sockaddr){ .port = 8081 }), \
	  { 0, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, BAD }) \
	X(listen, sampan_listen(f->s, f->h, 4), \
	  { 0, 0, 0, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, BAD }) \
	X(accept, sampan_accept(f->s, f->h, &handle, NULL), \
	  { INV, INV, AGN, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, BAD }) \
	X(connect, sampan_connect(f->s, f->h, THE_PEER), \
	  { PRG, PRG, SUP, ALR, ALR, ISC, ISC, ISC, ISC, ISC, ISC, ISC, REF, ISC, ISC, BAD }) \
	X(send, sampan_send(f->s, f->h, &byte, 1), \
	  { NOT, NOT, NOT, AGN, AGN, 1, PIP, PIP, 1, PIP, PIP, PIP, REF, RST, PIP, BAD }) \
	X(send_more, sampan_send_flags(f->s, f->h, &byte, 1, SAMPAN_MSG_MORE), \
	  { NOT, NOT, NOT, AGN, AGN, 1, PIP, PIP, 1, PIP, PIP, PIP, REF, RST, PIP, BAD }) \
	X(send_urgent, sampan_send_urgent(f->s, f->h, &byte, 1), \
	  { NOT, NOT, NOT, AGN, AGN, 1, PIP, PIP, 1, PIP, PIP, PIP, REF, RST, PIP, BAD }) \
	X(send_odd, sampan_send_flags(f->s, f->h, &byte, 1, 1u << 31), ALL(INV)) \
	X(recv, sampan_recv(f->s, f->h, &byte, 1), \
	  { NOT, NOT, NOT, AGN, AGN, AGN, AGN, AGN, 0, 0, 0, 0, REF, RST, 0, BAD }) \
	X(recv_peek, sampan_recv_flags(f->s, f->h, &byte, 1, SAMPAN_MSG_PEEK), \
	  { NOT, NOT, NOT, AGN, AGN, AGN, AGN, AGN, 0, 0, 0, 0, REF, RST, 0, BAD }) \
	X(recv_oob, sampan_recv_flags(f->s, f->h, &byte, 1, SAMPAN_MSG_OOB), \
	  { NOT, NOT, NOT, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, INV, BAD }) \
	X(recv_odd, sampan_recv_flags(f->s, f->h, &byte, 1, SAMPAN_MSG_MORE), ALL(INV)) \
	X(recv_lend, sampan_recv_lend(f->s, f->h, &slice, 1), \
	  { NOT, NOT, NOT, AGN, AGN, AGN, AGN, AGN, 0, 0, 0, 0, REF, RST, 0, BAD }) \
	X(recv_taken, sampan_recv_taken(f->s, f->h, 1), ALL(INV)) \
	X(send_reserve, sampan_send_reserve(f->s, f->h, &room, 1, 1), \
	  { NOT, NOT, NOT, AGN, AGN, 1, PIP, PIP, 1, PIP, PIP, PIP, REF, RST, PIP, BAD }) \
	X(send_commit, sampan_send_commit(f->s, f->h, 1), ALL(INV)) \
	X(splice, sampan_splice(f->s, f->h, f->h, 1), \
	  { NOT, NOT, NOT, AGN, AGN, AGN, AGN, AGN, 0, 0, 0, 0, REF, RST, 0, BAD }) \
	X(shutdown_rd, sampan_shutdown(f->s, f->h, SAMPAN_SHUT_RD), \
	  { NOT, NOT, NOT, NOT, 0, 0, 0, 0, 0, 0, 0, NOT, NOT, NOT, NOT, BAD }) \
	X(shutdown_wr, sampan_shutdown(f->s, f->h, SAMPAN_SHUT_WR), \
	  { NOT, NOT, NOT, NOT, 0, 0, 0, 0, 0, 0, 0, NOT, NOT, NOT, NOT, BAD }) \
	X(shutdown_odd, sampan_shutdown(f->s, f->h, (enum sampan_how)9), ALL(INV)) \
	X(ref, sampan_ref(f->s, f->h), ALL(0)) \
	X(close, sampan_close(f->s, f->h), ALL(0)) \
	X(abort, sampan_abort(f->s, f->h), ALL(0)) \
	X(set_user, sampan_set_user(f->s, f->h, 7), ALL(0)) \
	X(get_user, sampan_get_user(f->s, f->h, &word), ALL(0)) \
	X(status, sampan_status(f->s, f->h, &status), ALL(0)) \
	X(tcp_info, sampan_tcp_info(f->s, f->h, &info), ALL(0)) \
	X(readable, sampan_readable_bytes(f->s, f->h), ALL(0)) \
	X(writable, sampan_writable_bytes(f->s, f->h) > 0 ? 1 : \
	    sampan_writable_bytes(f->s, f->h), \
	  { 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, BAD }) \
	X(setopt, sampan_setopt(f->s, f->h, SAMPAN_OPT_KEEPALIVE, 1), ALL(0)) \
	X(getopt, sampan_getopt(f->s, f->h, SAMPAN_OPT_KEEPALIVE, &number), ALL(0)) \
	X(get_mtu, sampan_getopt(f->s, f->h, SAMPAN_OPT_MTU, &number), \
	  { NOT, NOT, NOT, 0, 0, 0, 0, 0, 0, 0, 0, 0, NOT, NOT, NOT, BAD }) \
	X(get_inq, sampan_getopt(f->s, f->h, SAMPAN_OPT_INQ, &number), \
	  { 0, 0, INV, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, BAD })

#define X(name, call, ...) \
	static int64_t call_##name(struct fx *f) { return call; }
ROWS(X)
#undef X

static const struct {
	const char *name;
	int64_t (*call)(struct fx *f);
	int64_t answers[SITUATION_COUNT];
} rows[] = {
#define X(name, call, ...) { #name, call_##name, __VA_ARGS__ },
	ROWS(X)
#undef X
};

static const char *const situations[] = {
#define X(name) #name,
	SITUATIONS(X)
#undef X
};

/* RFC 9293 §3.9.1, §3.10.1 to §3.10.6. */
TEST(every_call_in_every_state_answers_as_it_should)
{
	COVERS("R-9293-31", "MUST-12");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned in = 0; in < SITUATION_COUNT; in++) {
			struct fx f = make((enum situation)in);
			const int64_t got = rows[i].call(&f);

			if (got != rows[i].answers[in])
				printf("# %s in %s: %lld, not %lld\n", rows[i].name, situations[in],
				    (long long)got, (long long)rows[i].answers[in]);
			EXPECT_EQ(got, rows[i].answers[in]);
			fx_drop(&f);
			EXPECT_SOUND(f.s);
		}
	}
}

/* No call twice in a row, and no two one after the other, breaks anything. */
TEST(every_pair_of_calls_leaves_the_stack_sound)
{
	const size_t n = sizeof(rows) / sizeof(rows[0]);

	for (unsigned in = 0; in < SITUATION_COUNT; in++) {
		for (size_t i = 0; i < n * n; i++) {
			struct fx f = make((enum situation)in);

			(void)rows[i / n].call(&f);
			(void)rows[i % n].call(&f);
			EXPECT_SOUND(f.s);
		}
	}
}

/* Once the error was told, a socket that could not connect may try again. */
TEST(refused_connect_may_try_again)
{
	struct fx f = make(IN_REFUSED);

	EXPECT_EQ(sampan_setopt(f.s, f.h, SAMPAN_OPT_NODELAY, 1), 0);
	EXPECT_EQ(sampan_connect(f.s, f.h, THE_PEER), SAMPAN_ECONNREFUSED);
	EXPECT_EQ(sampan_connect(f.s, f.h, THE_PEER), SAMPAN_EINPROGRESS);
	EXPECT(fx_next_out(&f) != NULL);
	EXPECT_EQ(f.seg.tcp.h.flags, TCP_SYN);
	EXPECT_EQ(f.seg.tcp.h.src_port, FX_LOCAL_PORT);
	EXPECT_EQ(sampan_getopt(f.s, f.h, SAMPAN_OPT_NODELAY, &number), 0);
	EXPECT_EQ(number, 1);
	EXPECT_EQ(sampan_status(f.s, f.h, &status), 0);
	EXPECT_EQ(status.error, 0);
	EXPECT_EQ(sampan_close(f.s, f.h), 0);
	EXPECT_EMPTY(f.s);
}
