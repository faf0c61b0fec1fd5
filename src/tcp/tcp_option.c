/*
 * tcp_option.c - socket options.  RFC 9293 §3.9.1; names and ranges as Linux.
 *
 * What differs from the default and has no room in the control block makes a
 * struct tcp_rare; a listener's is copied to what it accepts.
 */
#include "tcp/tcp_delack.h"
#include "tcp/tcp_facts.h"
#include "tcp/tcp_int.h"
#include "tcp/tcp_pace.h"
#include "tcp/tcp_tally.h"

#define KEEP_S_MAX 32767
#define KEEPCNT_MAX 127
#define LINGER2_MAX 120
#define BUF_MIN 2304

/* What a plain number may be, and where it is kept. */
static const struct {
	int64_t least, most;
} bounds[SAMPAN_OPT_COUNT] = {
	[SAMPAN_OPT_REUSEADDR] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_REUSEPORT] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_KEEPALIVE] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_LINGER] = { -1, INT32_MAX },
	[SAMPAN_OPT_OOBINLINE] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_SNDBUF] = { 0, INT32_MAX },
	[SAMPAN_OPT_RCVBUF] = { 0, INT32_MAX },
	[SAMPAN_OPT_RCVLOWAT] = { 0, INT32_MAX },
	[SAMPAN_OPT_NODELAY] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_CORK] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_QUICKACK] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_MAXSEG] = { TCP_MSS_FLOOR, 32767 },
	[SAMPAN_OPT_KEEPIDLE] = { 1, KEEP_S_MAX },
	[SAMPAN_OPT_KEEPINTVL] = { 1, KEEP_S_MAX },
	[SAMPAN_OPT_KEEPCNT] = { 1, KEEPCNT_MAX },
	[SAMPAN_OPT_USER_TIMEOUT] = { 0, INT32_MAX },
	[SAMPAN_OPT_DEFER_ACCEPT] = { 0, INT32_MAX },
	[SAMPAN_OPT_NOTSENT_LOWAT] = { 0, UINT32_MAX },
	[SAMPAN_OPT_SYNCNT] = { 1, 127 },
	[SAMPAN_OPT_LINGER2] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_WINDOW_CLAMP] = { 0, INT32_MAX },
	[SAMPAN_OPT_CONGESTION] = { 0, TCP_CC_COUNT - 1 },
	[SAMPAN_OPT_TOS] = { 0, 255 },
	[SAMPAN_OPT_TTL] = { -1, 255 },
	[SAMPAN_OPT_RECVTOS] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_TALLY] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_V6ONLY] = { INT32_MIN, INT32_MAX },
	[SAMPAN_OPT_MAX_PACING_RATE] = { -1, INT64_MAX },
};

static enum tcp_flag
flag_of(enum sampan_option option)
{
	static const uint32_t flags[SAMPAN_OPT_COUNT] = {
		[SAMPAN_OPT_REUSEADDR] = TCP_F_REUSEADDR,
		[SAMPAN_OPT_REUSEPORT] = TCP_F_REUSEPORT,
		[SAMPAN_OPT_KEEPALIVE] = TCP_F_KEEPALIVE,
		[SAMPAN_OPT_OOBINLINE] = TCP_F_OOBINLINE,
		[SAMPAN_OPT_NODELAY] = TCP_F_NODELAY,
		[SAMPAN_OPT_CORK] = TCP_F_CORK,
	};

	return (enum tcp_flag)flags[option];
}

/* What was held back may go now, what a cork holds too, as tcp(7) says of NODELAY. */
static void
let_go(const struct sampan *s, struct tcp_tcb *t)
{
	struct tcp_tx *tx = tcp_tx_of(s, t);

	tx->small_end = t->snd.una;
	if ((tcp_is(t, TCP_F_CORK) || tx->more) && sp_tcp_unsent(s, t) > 0 &&
	    t->snd.wnd_bytes > 0 && seq_eq(t->snd.una, t->snd.nxt))
		tcp_set(t, TCP_F_PROBE_DUE);
}

/* Switches that are one flag. */
static void
set_flag(struct sampan *s, struct tcp_tcb *t, enum sampan_option option, bool on)
{
	if (on)
		tcp_set(t, flag_of(option));
	else
		tcp_clear(t, flag_of(option));
	if (option == SAMPAN_OPT_KEEPALIVE)
		sp_tcp_on_keepalive(s, t);
	if (option == SAMPAN_OPT_NODELAY && on && t->tx != 0)
		let_go(s, t);
}

/* Linux cuts what it is given to the most that is allowed and doubles it, for its
 * own overhead; the number got is the number in force. */
static uint32_t
buffer_bytes(const struct sampan *s, int64_t value, enum sampan_setting cap)
{
	const int64_t most = sp_setting(s, cap);
	const int64_t doubled = 2 * (value < most ? value : most);

	return doubled < BUF_MIN ? BUF_MIN : (uint32_t)doubled;
}

static int
set_here(struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t value)
{
	if (option == SAMPAN_OPT_SNDBUF) {
		t->sndbuf_bytes = buffer_bytes(s, value, SAMPAN_SET_WMEM_MAX);
		tcp_set(t, TCP_F_SNDBUF_SET);
	} else if (option == SAMPAN_OPT_RCVBUF) {
		t->rcvbuf_bytes = buffer_bytes(s, value, SAMPAN_SET_RMEM_MAX);
		tcp_set(t, TCP_F_RCVBUF_SET);
	} else if (option == SAMPAN_OPT_QUICKACK) {
		sp_tcp_delack_quick(t, value != 0);
		sp_tcp_settle(s, t);
	} else if (option == SAMPAN_OPT_CONGESTION) {
		const bool changed = sp_tcp_cc_change(s, t, (uint8_t)value);

		sp_tcp_settle(s, t);	/* what the old one held back may go */
		return changed ? 0 : SAMPAN_ENOBUFS;
	} else if (option == SAMPAN_OPT_TALLY) {
		return sp_tcp_tally_set(s, t, value != 0);
	} else if (option == SAMPAN_OPT_V6ONLY) {
		if (tcp_is(t, TCP_F_BOUND) || tcp_is(t, TCP_F_USED))
			return SAMPAN_EINVAL;
		t->v6only = value != 0;
	} else {
		return SAMPAN_EOPNOTSUPP;
	}
	return 0;
}

/* The lifetime in FIN-WAIT-2: 0 is the setting, above the most none at all. */
static int32_t
linger2_of(int64_t value)
{
	if (value < 0)
		return -1;
	return value > LINGER2_MAX ? 0 : (int32_t)value;
}

/* Acts on what is being sent already. */
static void
set_max_pace(struct sampan *s, struct tcp_tcb *t, int64_t value)
{
	tcp_rare_of(s, t)->max_pace_bytes_per_s = value > 0 ? (uint64_t)value : 0;
	sp_tcp_pace_begin(s, t);
}

/* At any time: RFC 9293 §3.9.1.9 (MUST-48, SHLD-21), §3.9.2 (MUST-49). */
static int
set_rare(struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t value)
{
	struct tcp_rare *r = sp_tcp_rare_need(s, t);

	if (r == NULL)
		return SAMPAN_ENOBUFS;
	r->set = true;
	if (option == SAMPAN_OPT_LINGER)
		r->linger_s = (int32_t)value;
	else if (option == SAMPAN_OPT_RCVLOWAT)
		r->rcvlowat_bytes = value > 0 ? (uint32_t)value : 1;
	else if (option == SAMPAN_OPT_MAXSEG)
		r->maxseg_bytes = (uint16_t)value;
	else if (option == SAMPAN_OPT_KEEPIDLE)
		r->keepidle_s = (uint32_t)value;
	else if (option == SAMPAN_OPT_KEEPINTVL)
		r->keepintvl_s = (uint32_t)value;
	else if (option == SAMPAN_OPT_KEEPCNT)
		r->keepcnt = (uint8_t)value;
	else if (option == SAMPAN_OPT_USER_TIMEOUT)
		r->user_timeout_ms = (uint32_t)value;
	else if (option == SAMPAN_OPT_DEFER_ACCEPT)
		r->defer_accept_s = (uint32_t)value;
	else if (option == SAMPAN_OPT_NOTSENT_LOWAT)
		r->notsent_lowat_bytes = (uint32_t)value;
	else if (option == SAMPAN_OPT_SYNCNT)
		r->syncnt = (uint8_t)value;
	else if (option == SAMPAN_OPT_LINGER2)
		r->linger2_s = linger2_of(value);
	else if (option == SAMPAN_OPT_WINDOW_CLAMP)
		r->window_clamp_bytes = (uint32_t)value;
	else if (option == SAMPAN_OPT_TOS)
		r->tos = (uint8_t)value;
	else if (option == SAMPAN_OPT_RECVTOS)
		r->tos_wanted = value != 0;
	else if (option == SAMPAN_OPT_TTL)
		r->ttl = value > 0 ? (uint8_t)value : 0;
	else if (option == SAMPAN_OPT_MAX_PACING_RATE)
		set_max_pace(s, t, value);
	return 0;
}

static bool
is_rare(enum sampan_option option)
{
	static const bool rare[SAMPAN_OPT_COUNT] = {
		[SAMPAN_OPT_LINGER] = true,
		[SAMPAN_OPT_RCVLOWAT] = true,
		[SAMPAN_OPT_MAXSEG] = true,
		[SAMPAN_OPT_KEEPIDLE] = true,
		[SAMPAN_OPT_KEEPINTVL] = true,
		[SAMPAN_OPT_KEEPCNT] = true,
		[SAMPAN_OPT_USER_TIMEOUT] = true,
		[SAMPAN_OPT_DEFER_ACCEPT] = true,
		[SAMPAN_OPT_NOTSENT_LOWAT] = true,
		[SAMPAN_OPT_SYNCNT] = true,
		[SAMPAN_OPT_LINGER2] = true,
		[SAMPAN_OPT_WINDOW_CLAMP] = true,
		[SAMPAN_OPT_TOS] = true,
		[SAMPAN_OPT_TTL] = true,
		[SAMPAN_OPT_RECVTOS] = true,
		[SAMPAN_OPT_MAX_PACING_RATE] = true,
	};

	return rare[option];
}

int
sp_tcp_setopt(struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t value)
{
	if ((unsigned)option >= SAMPAN_OPT_COUNT)
		return SAMPAN_ENOENT;
	if (bounds[option].least == bounds[option].most && option != SAMPAN_OPT_CONGESTION)
		return SAMPAN_EOPNOTSUPP;	/* get only */
	if (value < bounds[option].least || value > bounds[option].most ||
	    ((option == SAMPAN_OPT_TTL || option == SAMPAN_OPT_MAX_PACING_RATE) && value == 0))
		return SAMPAN_ERANGE;
	if (is_rare(option)) {
		const int error = set_rare(s, t, option, value);

		if (error == 0 && (option == SAMPAN_OPT_KEEPIDLE || option == SAMPAN_OPT_KEEPINTVL))
			sp_tcp_on_keepalive(s, t);
		sp_tcp_settle(s, t);
		return error;
	}
	if (flag_of(option) == 0)
		return set_here(s, t, option, value);
	set_flag(s, t, option, value != 0);
	sp_tcp_settle(s, t);
	return 0;
}

static int64_t
or_setting(const struct sampan *s, uint32_t value, enum sampan_setting setting)
{
	return value != 0 ? value : sp_setting(s, setting);
}

/* The value of an option kept in struct tcp_rare. */
static int64_t
get_rare(const struct sampan *s, const struct tcp_tcb *t, enum sampan_option option,
    const struct tcp_rare *r)
{
	const int64_t maxseg = r->maxseg_bytes != 0 ? r->maxseg_bytes : TCP_MSS_DEFAULT4;
	const int64_t value[SAMPAN_OPT_COUNT] = {
		[SAMPAN_OPT_LINGER] = r->linger_s,
		[SAMPAN_OPT_RCVLOWAT] = r->rcvlowat_bytes,
		[SAMPAN_OPT_MAXSEG] = t->mss_bytes != 0 ? t->mss_bytes : maxseg,
		[SAMPAN_OPT_KEEPIDLE] = or_setting(s, r->keepidle_s, SAMPAN_SET_TCP_KEEP_TIME),
		[SAMPAN_OPT_KEEPINTVL] = or_setting(s, r->keepintvl_s, SAMPAN_SET_TCP_KEEP_INTVL),
		[SAMPAN_OPT_KEEPCNT] = or_setting(s, r->keepcnt, SAMPAN_SET_TCP_KEEP_PROBES),
		[SAMPAN_OPT_USER_TIMEOUT] = r->user_timeout_ms,
		[SAMPAN_OPT_DEFER_ACCEPT] = r->defer_accept_s,
		[SAMPAN_OPT_NOTSENT_LOWAT] = r->notsent_lowat_bytes,
		[SAMPAN_OPT_SYNCNT] = or_setting(s, r->syncnt, SAMPAN_SET_TCP_SYN_RETRIES),
		[SAMPAN_OPT_LINGER2] = r->linger2_s < 0 ? -1 :
		    or_setting(s, (uint32_t)r->linger2_s, SAMPAN_SET_TCP_FIN_TIMEOUT),
		[SAMPAN_OPT_WINDOW_CLAMP] = r->window_clamp_bytes,
		[SAMPAN_OPT_TOS] = r->tos,
		[SAMPAN_OPT_TTL] = or_setting(s, r->ttl, SAMPAN_SET_IP_TTL),
		[SAMPAN_OPT_MAX_PACING_RATE] = r->max_pace_bytes_per_s != 0 ?
		    (int64_t)r->max_pace_bytes_per_s : -1,
		[SAMPAN_OPT_RECVTOS] = r->tos_wanted && r->rcv_tos_known ? r->rcv_tos : -1,
	};

	return value[option];
}

/* What ended the connection, once; else what did not but may yet, once (RFC 9293
 * §3.9.1.8 (MUST-47)): who does not ask is not told (SHLD-20). */
static int64_t
take_error(struct tcp_tcb *t)
{
	uint8_t *const place = t->ep.error != 0 ? &t->ep.error : &t->ep.soft_error;
	const int64_t error = -(int64_t)*place;

	*place = 0;
	return error;
}

/* What never changes, or is the path's.  False: none of these. */
static bool
get_fixed(const struct sampan *s, const struct tcp_tcb *t, enum sampan_option option,
    int64_t *value)
{
	const bool v6 = !sp_addr_is_v4(&t->flow.local);

	if (option == SAMPAN_OPT_TYPE)
		*value = 1;		/* SOCK_STREAM, IPPROTO_TCP, AF_INET, AF_INET6 */
	else if (option == SAMPAN_OPT_PROTOCOL)
		*value = 6;
	else if (option == SAMPAN_OPT_DOMAIN)
		*value = (v6 && !sp_addr_is_any(&t->flow.local)) || t->v6only ? 10 : 2;
	else if (option == SAMPAN_OPT_V6ONLY)
		*value = t->v6only;
	else if (option == SAMPAN_OPT_TALLY)
		*value = tcp_tally_if_any(s, t) != NULL;
	else if (option == SAMPAN_OPT_MTU)
		*value = t->link != 0 && t->state != SAMPAN_TCP_CLOSED ? sp_tcp_mtu(s, t) : 0;
	else
		return false;
	return true;
}

static int
get_here(const struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t *value)
{
	const struct tcp_rx *rx = tcp_rx_if_any(s, t);

	if (get_fixed(s, t, option, value))
		return option == SAMPAN_OPT_MTU && *value == 0 ? SAMPAN_ENOTCONN : 0;
	if (option == SAMPAN_OPT_SNDBUF) {
		*value = t->sndbuf_bytes;
	} else if (option == SAMPAN_OPT_RCVBUF) {
		*value = t->rcvbuf_bytes;
	} else if (option == SAMPAN_OPT_QUICKACK) {
		*value = !tcp_is(t, TCP_F_PINGPONG);
	} else if (option == SAMPAN_OPT_CONGESTION) {
		*value = t->cc_id;
	} else if (option == SAMPAN_OPT_ERROR) {
		*value = take_error(t);
	} else if (option == SAMPAN_OPT_ACCEPTCONN) {
		*value = t->state == SAMPAN_TCP_LISTEN;
	} else if (t->state == SAMPAN_TCP_LISTEN) {
		return SAMPAN_EINVAL;
	} else if (option == SAMPAN_OPT_INQ) {
		*value = rx != NULL ? rx->q.bytes : 0;
	} else if (option == SAMPAN_OPT_OUTQ) {
		*value = tcp_queued_bytes(s, t) + (tcp_is(t, TCP_F_FIN_QUEUED) &&
		    !(tcp_is(t, TCP_F_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt)));
	} else if (option == SAMPAN_OPT_OUTQNSD) {
		*value = sp_tcp_unsent(s, t);
	} else {
		*value = sp_tcp_at_mark(s, t);
	}
	return 0;
}

int
sp_tcp_getopt(const struct sampan *s, struct tcp_tcb *t, enum sampan_option option, int64_t *value)
{
	static const struct tcp_rare none = {
		.linger_s = -1,
		.notsent_lowat_bytes = UINT32_MAX,
		.rcvlowat_bytes = 1,
	};

	if ((unsigned)option >= SAMPAN_OPT_COUNT)
		return SAMPAN_ENOENT;
	if (is_rare(option))
		*value = get_rare(s, t, option, t->rare != 0 ? tcp_rare_of(s, t) : &none);
	else if (flag_of(option) != 0)
		*value = tcp_is(t, flag_of(option));
	else
		return get_here(s, t, option, value);
	return 0;
}

void
sp_tcp_note_segment(struct sampan *s, struct tcp_tcb *t, const struct tcp_seg *seg)
{
	struct tcp_rare *r = tcp_rare_of(s, t);

	r->rcv_tos = seg->pkt->tos;
	r->rcv_tos_known = true;
	sp_tcp_tally_in(s, t, seg);
}

void
sp_tcp_inherit_options(struct sampan *s, struct tcp_tcb *t, const struct tcp_tcb *listener)
{
	const uint32_t flags = TCP_F_KEEPALIVE | TCP_F_NODELAY | TCP_F_CORK | TCP_F_OOBINLINE |
	    TCP_F_SNDBUF_SET | TCP_F_RCVBUF_SET | TCP_F_REUSEADDR | TCP_F_REUSEPORT;
	const struct tcp_rare *from = tcp_rare_of(s, listener);
	struct tcp_rare *to;
	uint32_t tally;

	t->flags |= listener->flags & flags;
	t->cc_id = listener->cc_id;
	t->v6only = listener->v6only;
	t->sndbuf_bytes = listener->sndbuf_bytes;
	t->rcvbuf_bytes = listener->rcvbuf_bytes;
	if (from->tally != 0)
		(void)sp_tcp_tally_set(s, t, true);	/* as below */
	else
		sp_tcp_tally_begin(s, t);
	if (!from->set)
		return;
	tally = t->rare != 0 ? tcp_rare_of(s, t)->tally : 0;
	to = sp_tcp_rare_need(s, t);
	if (to == NULL)
		return;	/* without memory the defaults hold */
	*to = *from;
	to->listen = 0;
	to->tally = tally;
	to->accecn = 0;
	to->rcv_tos_known = false;
	to->refs = 0;
	to->mtup = (struct tcp_mtu_probe){ 0 };
	to->held_mtu_bytes = 0;
	to->snd_up = t->snd.una;
	to->rcv_up = t->rcv.nxt;
}
