/*
 * wire.c - see wire.h.
 *
 * One loop: take what the ends send, let the lanes bring it out, hand it over,
 * sleep until the next frame or deadline.  A frame that comes out later than it
 * should, because the machine was busy, counts as late; the lanes' own times
 * do not suffer, as they go by when a frame came in.
 */
#include "path/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "link/cut.h"
#include "wire/arp.h"
#include "wire/bytes.h"
#include "wire/eth.h"

#define BATCH 64
#define IP4_DST_AT (ETH_HDR_LEN + 16)
#define ARP_TPA_AT (ETH_HDR_LEN + 24)

static sampan_time
earlier(sampan_time a, sampan_time b)
{
	return a < b ? a : b;
}

/* ---- From an end into its lane ---- */

static void
enter(struct wire *w, struct path_end *end, const struct sampan_frame *f, sampan_time now)
{
	uint8_t head[64] = { 0 };
	const uint32_t len = f->len < sizeof(head) ? f->len : (uint32_t)sizeof(head);
	struct sp_sim_seen seen;

	if (!sp_frame_copy(head, f, 0, len))
		return;
	if (end->side == PATH_FROM && sp_sim_look(&seen, head, len))
		(void)sp_sim_track_sent(&w->track[end->flow], &seen);
	sp_lane_put(&w->lane[end->side], f, now);
}

static unsigned
take_from_tap(struct wire *w, struct path_end *end, sampan_time now)
{
	struct sampan_frame f[BATCH];
	const unsigned n = sampan_link_receive(end->tap, f, BATCH, now);

	for (unsigned i = 0; i < n; i++)
		enter(w, end, &f[i], now);
	return n;
}

static unsigned
take_from_stack(struct wire *w, struct path_end *end, sampan_time now)
{
	struct sampan_frame f[BATCH];
	int n;

	if (sampan_deadline(end->stack) <= now)
		sampan_advance(end->stack, now);
	path_stack_act(end, now);
	n = sampan_output(end->stack, end->link, f, BATCH, now);
	for (int i = 0; i < n; i++)
		enter(w, end, &f[i], now);
	if (n > 0)
		sampan_sent(end->stack, f, (unsigned)n);
	return n > 0 ? (unsigned)n : 0;
}

static void
take_all(struct wire *w)
{
	for (unsigned i = 0; i < 2 * w->flows; i++) {
		struct path_end *end = &w->end[i / 2][i % 2];
		unsigned rounds = 0;

		while ((end->is_kernel ? take_from_tap(w, end, sampan_clock()) :
		    take_from_stack(w, end, sampan_clock())) == BATCH && rounds < 8)
			rounds++;
	}
}

/* ---- Out of a lane to an end ---- */

/* Whose packet it is: the third octet of its destination; -1: nobody's. */
static int
flow_of(const struct sp_parcel *p)
{
	const uint16_t type = p->len < ARP_TPA_AT + 4 ? 0 : be16_get(p->bytes + 12);
	const uint32_t at = type == ETH_TYPE_ARP ? ARP_TPA_AT : IP4_DST_AT;
	const unsigned flow = p->bytes[at + 2];

	return (type == ETH_TYPE_ARP || type == ETH_TYPE_IP4) && p->bytes[at] == 10 &&
	    flow < PATH_FLOWS ? (int)flow : -1;
}

static void
hand_over(struct wire *w, struct path_end *end, const struct sp_parcel *p, sampan_time now)
{
	struct sampan_frame f = { .len = p->len, .slices = 1, .owner = SAMPAN_FRAME_BORROWED,
		.slice[0] = { p->bytes, p->len } };
	struct sp_sim_seen seen;

	if (sp_sim_look(&seen, p->bytes, p->len)) {
		if (end->side == PATH_TO)
			sp_sim_track_arrived(&w->track[end->flow], &seen);
		else
			sp_sim_track_acked(&w->track[end->flow], &seen);
	}
	if (!end->is_kernel)
		(void)sampan_input(end->stack, end->link, &f, 1, now);
	else
		w->refused += sampan_link_send(end->tap, &f, 1, now) == 0;
}

static void
bring_out(struct wire *w, enum path_side from)
{
	const sampan_time now = sampan_clock();
	struct sp_parcel *p;

	while ((p = sp_lane_take(&w->lane[from], now)) != NULL) {
		const int flow = flow_of(p);

		if (w->samples > 0 && (now - p->due_at) / 1000 > w->late[w->samples - 1])
			w->late[w->samples - 1] = (uint32_t)((now - p->due_at) / 1000);
		if (flow >= 0 && (unsigned)flow < w->flows)
			hand_over(w, &w->end[flow][1 - from], p, now);
		free(p);
	}
}

/* ---- Time ---- */

static void
sample(struct wire *w, sampan_time now)
{
	if (w->samples == WIRE_SAMPLES)
		return;
	w->waiting[w->samples] = (uint32_t)sp_lane_waiting(&w->lane[PATH_FROM], now);
	w->late[w->samples++] = 0;
}

static sampan_time
next_time(const struct wire *w, sampan_time sample_at)
{
	sampan_time next = earlier(sample_at, earlier(sp_lane_due(&w->lane[0]),
	    sp_lane_due(&w->lane[1])));

	for (unsigned i = 0; i < 2 * w->flows; i++) {
		const struct path_end *end = &w->end[i / 2][i % 2];

		if (!end->is_kernel)
			next = earlier(next, sampan_deadline(end->stack));
	}
	return next;
}

static void
sleep_until(const struct wire *w, sampan_time at)
{
	const sampan_time now = sampan_clock();
	const sampan_dur dur = at > now ? at - now : 0;
	const struct timespec wait = { .tv_sec = (time_t)(dur / SAMPAN_SEC(1)),
		.tv_nsec = (long)(dur % SAMPAN_SEC(1)) };
	struct pollfd fds[2 * PATH_FLOWS];
	nfds_t n = 0;

	for (unsigned i = 0; i < 2 * w->flows; i++) {
		const struct path_end *end = &w->end[i / 2][i % 2];

		if (end->is_kernel)
			fds[n++] = (struct pollfd){ .fd = sampan_link_fd(end->tap),
				.events = POLLIN };
	}
	if (dur > 0)
		(void)ppoll(fds, n, &wait, NULL);
}

void
wire_run(struct wire *w, sampan_dur dur)
{
	const sampan_time begun_at = sampan_clock();
	sampan_time sample_at = begun_at;

	for (unsigned i = 0; i < w->flows; i++)
		atomic_store(&w->shared[i]->go, true);
	for (;;) {
		const sampan_time now = sampan_clock();

		if (now - begun_at >= dur)
			return;
		if (now >= sample_at) {
			sample(w, now);
			sample_at += SAMPAN_MS(1);
		}
		take_all(w);
		bring_out(w, PATH_FROM);
		bring_out(w, PATH_TO);
		take_all(w);
		sleep_until(w, next_time(w, sample_at));
	}
}
