/*
 * tcp_rate.c - see tcp_rate.h.  Delivery-rate estimation as in
 * draft-cheng-iccrg-delivery-rate-estimation, which BBR builds on.
 *
 * Theory of operation.  Every record remembers how many bytes had been delivered
 * when it was sent, and when that was.  When it is delivered itself, the bytes
 * delivered since were delivered in that time.  Acknowledgements may come in
 * bursts, faster than the path delivers; so the time that it took to send those
 * bytes is looked at as well, and the longer of the two counts.  A sample that
 * covers a time in which the application had nothing to send says how fast the
 * application was; it is marked.
 */
#include "tcp/tcp_rate.h"

#include "tcp/tcp_int.h"

void
sp_tcp_rate_delivered(const struct tcp_sent *r, struct tcp_delivery *d)
{
	if (d->rate.sent_at != 0 && r->sent_at < d->rate.sent_at)
		return;
	d->rate = *r;
}
