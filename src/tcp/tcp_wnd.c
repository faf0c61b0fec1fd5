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

/* Room for as many bytes as a window of the largest buffer setting can have,
 * in use or not: the scale cannot change later. */
uint8_t
sp_tcp_wnd_scale(const struct sampan *s)
{
	const int64_t most = sp_setting(s, SAMPAN_SET_TCP_RCVBUF_MAX);
	const int64_t now = sp_setting(s, SAMPAN_SET_TCP_RCVBUF);
	const int64_t want = most > now ? most : now;
	uint8_t scale = 0;	/* 7 for 6 MB, as Linux announces */

	while (scale < TCP_WSCALE_MAX && ((int64_t)WND_FIELD_MAX << scale) < want)
		scale++;
	return scale;
}

/* RFC 7323 §2.2 (R-7323-3): not scaled.  Whole segments, as Linux has it, and more
 * than ten of them by default (R-6928-6); of a buffer that is large enough, all that
 * the field can say. */
uint16_t
sp_tcp_wnd_initial(uint32_t rcvbuf_bytes, uint16_t mss_bytes)
{
	const uint32_t half = rcvbuf_bytes / 2;
	const uint32_t most = rcvbuf_bytes < WND_FIELD_MAX ? rcvbuf_bytes : WND_FIELD_MAX;

	if (half - half % mss_bytes >= WND_FIELD_MAX)
		return WND_FIELD_MAX;
	return (uint16_t)(most > mss_bytes ? most - most % mss_bytes : most);
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* RFC 9293 §3.8.6.2.2 (MUST-39; R-WND-5): the least step of the right edge. */
static uint32_t
least_step(const struct tcp_tcb *t)
{
	return smaller(t->rcvbuf_bytes / 2, t->mss_bytes);
}

/* The window that the buffer, and the application's clamp, would allow. */
static uint32_t
free_window(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t used = tcp_readable_bytes(s, t);
	const uint32_t room = used < t->rcvbuf_bytes ? t->rcvbuf_bytes - used : 0;
	const uint32_t clamp = t->rare != 0 ? tcp_rare_of(s, t)->window_clamp_bytes : 0;

	return clamp != 0 ? smaller(room, clamp) : room;
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* What is still offered while memory is short: enough to make progress. */
static uint32_t
pressed_window(const struct tcp_tcb *t)
{
	return 4u * t->mss_bytes;
}

/* Autotuning: what the application took in a round trip should fit into half
 * of the buffer, so that the peer's window may double while it does; it never
 * shrinks (R-WND-16).  A round trip is the smoothed one, or what a window's worth
 * of text took. */
void
sp_tcp_wnd_tune(const struct sampan *s, struct tcp_tcb *t)
{
	const uint32_t most = (uint32_t)sp_setting(s, SAMPAN_SET_TCP_RCVBUF_MAX);
	const uint32_t read = seq_diff(t->rcv.nxt, t->space_seq) - tcp_readable_bytes(s, t);
	const sampan_dur rtt = sp_tcp_rtt_srtt(&t->rtt);

	if (tcp_is(t, TCP_F_RCVBUF_SET) || sp_setting(s, SAMPAN_SET_TCP_MODERATE_RCVBUF) == 0)
		return;
	if (sp_tick_since(t->space_at, s->now) < rtt)
		return;
	if ((int32_t)read > 0 && 2 * (uint64_t)read > t->rcvbuf_bytes && t->rcvbuf_bytes < most &&
	    !sp_tcp_mem_pressure(s))
		t->rcvbuf_bytes = 2 * (uint64_t)read < most ? 2 * read : most;
	t->space_seq = seq_sub(t->rcv.nxt, tcp_readable_bytes(s, t));
	t->space_at = sp_tick_of(s->now);
}

/* R-WND-13. */
bool
sp_tcp_wnd_update_due(const struct sampan *s, const struct tcp_tcb *t)
{
	const uint32_t now = tcp_rcv_wnd(t);
	const uint32_t then = smaller(free_window(s, t), WND_FIELD_MAX << t->rcv_scale);

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
