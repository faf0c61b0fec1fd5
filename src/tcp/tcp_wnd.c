/*
 * tcp_wnd.c - the window to advertise.  RFC 9293 §3.8.6, RFC 7323 §2.
 *
 * RCV.WND is kept as the right edge that was promised: it never moves left
 * (SHLD-14), and what was promised is kept up to rounding by the scale (RFC 7323
 * §2.4 (R-7323-6, R-7323-7)).  It stays closed for as long as nobody reads (MAY-8).
 */
#include "tcp/tcp_int.h"
#include "tcp/tcp_mem.h"

#define WND_FIELD_MAX 65535u

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What is left of a buffer when its overhead is taken off, as ip-sysctl documents
 * Linux's tcp_adv_win_scale of 1: no window is larger. */
static uint32_t
space_of(uint32_t rcvbuf_bytes)
{
	return rcvbuf_bytes / 2;
}

static uint32_t
rcvbuf_of(const struct sampan *s, const struct tcp_tcb *t)
{
	return t != NULL ? t->rcvbuf_bytes : (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RCVBUF);
}

/* The application's cap. */
static uint32_t
clamp_of(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t clamp = t != NULL && t->rare != 0 ?
	    tcp_rare_of(s, t)->window_clamp_bytes : 0;

	return clamp != 0 ? clamp : UINT32_MAX;
}

/* Room for the largest window there can be: that of the buffer which the
 * application has set, else of the largest setting.  It cannot change later.  7 for
 * 6 MB, as Linux announces. */
uint8_t
sp_tcp_wnd_scale(const struct sampan *s, const struct tcp_tcb *t)
{
	const bool set = t != NULL && tcp_is(t, TCP_F_RCVBUF_SET);
	uint32_t most = space_of(rcvbuf_of(s, t));
	uint8_t scale = 0;

	if (!set)
		most = larger(most, larger((uint32_t)sp_setting(s, SAMPAN_SET_TCP_RCVBUF_MAX),
		    (uint32_t)sp_setting(s, SAMPAN_SET_RMEM_MAX)));
	most = smaller(most, clamp_of(s, t));
	while (scale < TCP_WSCALE_MAX && most >> scale > WND_FIELD_MAX)
		scale++;
	return scale;
}

/* Whole segments, as Linux has it: a window that nothing came into yet. */
static uint32_t
whole_segments(uint32_t bytes, uint32_t mss_bytes)
{
	return bytes > mss_bytes ? bytes - bytes % mss_bytes : bytes;
}

/* What the route lets us offer until something has come: initrwnd, or all of its window. */
static uint32_t
first_most(const struct sampan *s, const struct sampan_addr *peer, uint32_t mss_bytes)
{
	const struct sp_route *r = sp_route_metrics(s, peer);
	const uint32_t most = r != NULL && r->window_bytes != 0 ? r->window_bytes : UINT32_MAX;

	if (r == NULL || r->initrwnd_segs == 0)
		return most;
	return smaller(most, r->initrwnd_segs * mss_bytes);
}

/* RFC 7323 §2.2 (R-7323-3): not scaled.  More than ten segments by default
 * (R-6928-6). */
uint16_t
sp_tcp_wnd_initial(const struct sampan *s, const struct tcp_tcb *t,
    const struct sampan_addr *peer, uint16_t mss_bytes)
{
	const uint32_t most = smaller(clamp_of(s, t), first_most(s, peer, mss_bytes));
	const uint32_t space = smaller(space_of(rcvbuf_of(s, t)), most);

	return (uint16_t)smaller(whole_segments(space, mss_bytes), WND_FIELD_MAX);
}

/* RFC 9293 §3.8.6.2.2 (MUST-39; R-WND-5): the least step of the right edge. */
static uint32_t
least_step(const struct tcp_tcb *t)
{
	return smaller(space_of(t->rcvbuf_bytes) / 2, t->mss_bytes);
}

uint32_t
sp_tcp_wnd_limit(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t most = smaller(space_of(t->rcvbuf_bytes), WND_FIELD_MAX << t->rcv_scale);

	return smaller(most, clamp_of(s, t));
}

/* The window that the buffer, and the application's clamp, would allow. */
static uint32_t
free_window(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t used = tcp_readable_bytes(s, t);
	const uint32_t space = space_of(t->rcvbuf_bytes);
	const uint32_t room = smaller(used < space ? space - used : 0, clamp_of(s, t));
	uint32_t mss;

	if (!seq_eq(t->rcv.nxt, seq_add(t->irs, 1)))
		return room;
	mss = sp_tcp_segment_room(s, t);
	return whole_segments(smaller(room, first_most(s, &t->flow.remote, mss)), mss);
}

void
sp_tcp_wnd_open(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t wnd = smaller(free_window(s, t), WND_FIELD_MAX << t->rcv_scale);

	if (tcp_rcv_wnd(t) < wnd)
		t->rcv.edge = seq_add(t->rcv.nxt, wnd);
}

/* What is still offered while memory is short: enough to make progress. */
static uint32_t
pressed_window(const struct tcp_tcb *t)
{
	return 4u * t->mss_bytes;
}

/* Autotuning: the window is four times what the application took in a round trip; it
 * never shrinks (R-WND-16).  Twice would hold a starting sender up: what doubles in each
 * round trip is measured one later, and needs to be twice as much at its end.  It is
 * also what a repair needs: a flight lies behind the gap, and what the sender adds until
 * the repair, and once more if that is lost.  A round trip is the smoothed one. */
void
sp_tcp_wnd_tune(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t most = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RCVBUF_MAX);
	uint64_t wanted;
	uint32_t read;

	if (tcp_is(t, TCP_F_RCVBUF_SET) || sp_setting(s, SAMPAN_SET_TCP_MODERATE_RCVBUF) == 0)
		return;
	if (sp_tick_since(t->space_at, s->now) < sp_tcp_rtt_srtt(&t->rtt))
		return;
	read = seq_diff(t->rcv.nxt, t->space_seq) - tcp_readable_bytes(s, t);
	wanted = 2 * 4 * (uint64_t)read;		/* space_of() halves it */
	if ((int32_t)read > 0 && wanted > t->rcvbuf_bytes && t->rcvbuf_bytes < most &&
	    !sp_tcp_mem_pressure(s))
		t->rcvbuf_bytes = wanted < most ? (uint32_t)wanted : most;
	t->space_seq = seq_sub(t->rcv.nxt, tcp_readable_bytes(s, t));
	t->space_at = sp_tick_of(s->now);
}

/* R-WND-13. */
bool
sp_tcp_wnd_update_due(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t now = tcp_rcv_wnd(t);
	uint32_t then;

	if (space_of(t->rcvbuf_bytes) / 2 < now)
		return false;
	then = smaller(free_window(s, t), WND_FIELD_MAX << t->rcv_scale);
	return then >= 2 * now && then - now >= least_step(t);
}

/* RFC 7323 §2.3 (R-7323-4). */
uint16_t
sp_tcp_wnd_advertise(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t unit = 1u << t->rcv_scale;
	const uint32_t most = WND_FIELD_MAX << t->rcv_scale;
	const uint32_t now = tcp_rcv_wnd(t), room = free_window(s, t);
	uint32_t wnd = smaller(room, most);

	if (wnd < now || wnd - now < least_step(t))
		wnd = now;
	if (wnd > now && sp_tcp_mem_pressure(s))
		wnd = larger(now, smaller(wnd, pressed_window(t)));
	/* Rounded up, or each segment would take back a little; but not when that
	 * would promise more and more than the buffer holds: RFC 7323 §2.4. */
	wnd = smaller((wnd + unit - 1) & ~(unit - 1), most);
	if (wnd >= room + unit)
		wnd = now & ~(unit - 1);
	if (seq_lt(t->rcv.edge, seq_add(t->rcv.nxt, wnd)))
		t->rcv.edge = seq_add(t->rcv.nxt, wnd);
	return (uint16_t)(wnd >> t->rcv_scale);
}
