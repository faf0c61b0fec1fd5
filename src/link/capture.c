/*
 * capture.c - see capture.h.
 *
 * A block is made in one piece in `scratch` and copied into the ring, so that
 * it may wrap there.
 */
#include "link/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sampan/stats.h>

#include "link/cut.h"
#include "link/link.h"
#include "link/pcapng.h"

#define RING_BYTES ((size_t)16 << 20)
#define COMMENT_BYTES 160
/* What other programs take for "all of it". */
#define SNAP_ALL 262144
#define SCRATCH_BYTES (SP_CUT_FRAME_MOST + COMMENT_BYTES + SP_PCAPNG_PACKET_BYTES + 8)
/* The last blocks find room always. */
#define RESERVE_BYTES ((size_t)SP_CAPTURE_LINKS * 128)

struct sp_capture {
	struct sp_capture_config config;
	struct bpf_insn *program;
	pthread_mutex_t lock;		/* of all below: links may be several threads' */
	struct sp_capture_counts counts;
	uint64_t file_bytes;
	uint64_t wall_offset;	/* from sampan_clock() to the time since 1970 */
	bool finished;
	unsigned links;
	struct sampan_link *link[SP_CAPTURE_LINKS];
	size_t ring_at, ring_len;	/* what waits */
	uint8_t piece[SP_CUT_FRAME_MOST];
	uint8_t scratch[SCRATCH_BYTES];
	uint8_t ring[RING_BYTES];
};

static const char *const drop_texts[] = {
#define X(id, name, text) [SAMPAN_DROP_##id] = (name ": " text),
	SAMPAN_DROPS(X)
#undef X
};

/* ---- The ring ---- */

static size_t
ring_room(const struct sp_capture *c)
{
	return RING_BYTES - RESERVE_BYTES - c->ring_len;
}

/* The first len bytes of scratch; there is room. */
static void
ring_put(struct sp_capture *c, size_t len)
{
	const size_t at = (c->ring_at + c->ring_len) % RING_BYTES;
	const size_t first = RING_BYTES - at < len ? RING_BYTES - at : len;

	memcpy(c->ring + at, c->scratch, first);
	memcpy(c->ring, c->scratch + first, len - first);
	c->ring_len += len;
	c->file_bytes += len;
}

size_t
sp_capture_peek(struct sp_capture *c, const uint8_t **bytes)
{
	size_t first, len;

	(void)pthread_mutex_lock(&c->lock);
	first = RING_BYTES - c->ring_at;
	*bytes = c->ring + c->ring_at;
	len = c->ring_len < first ? c->ring_len : first;
	(void)pthread_mutex_unlock(&c->lock);
	return len;
}

void
sp_capture_take(struct sp_capture *c, size_t len)
{
	(void)pthread_mutex_lock(&c->lock);
	c->ring_at = (c->ring_at + len) % RING_BYTES;
	c->ring_len -= len;
	if (c->ring_len == 0)
		c->ring_at = 0;
	(void)pthread_mutex_unlock(&c->lock);
}

/* ---- Open and close ---- */

static uint64_t
wall_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return SAMPAN_SEC((uint64_t)ts.tv_sec) + (uint64_t)ts.tv_nsec;
}

static int
copy_program(struct sp_capture *c)
{
	const unsigned len = c->config.program_len;

	if (len == 0)
		return 0;
	if (!bpf_validate(c->config.program, (int)len)) {
		errno = EINVAL;
		return -1;
	}
	c->program = calloc(len, sizeof(c->program[0]));
	if (c->program == NULL)
		return -1;
	memcpy(c->program, c->config.program, len * sizeof(c->program[0]));
	return 0;
}

struct sp_capture *
sp_capture_open(const struct sp_capture_config *config)
{
	struct sp_capture *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	/* The buffers stay as they are: pages that nobody touches cost nothing. */
	memset(c, 0, offsetof(struct sp_capture, piece));
	(void)pthread_mutex_init(&c->lock, NULL);
	c->config = *config;
	if (c->config.snap_bytes == 0)
		c->config.snap_bytes = SNAP_ALL;
	c->wall_offset = wall_clock() - sampan_clock();
	if (copy_program(c) != 0) {
		free(c);
		return NULL;
	}
	ring_put(c, sp_pcapng_section(c->scratch, sizeof(c->scratch), "sampan"));
	return c;
}

static void
leave_links(struct sp_capture *c)
{
	for (unsigned i = 0; i < c->links; i++) {
		for (unsigned k = 0; k < SP_LINK_CAPTURES; k++) {
			if (c->link[i]->capture[k] == c)
				c->link[i]->capture[k] = NULL;
		}
	}
}

void
sp_capture_close(struct sp_capture *c)
{
	if (c == NULL)
		return;
	leave_links(c);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->program);
	free(c);
}

int
sp_capture_add(struct sp_capture *c, struct sampan_link *link)
{
	unsigned k = 0;

	while (k < SP_LINK_CAPTURES && link->capture[k] != NULL)
		k++;
	if (k == SP_LINK_CAPTURES || c->links == SP_CAPTURE_LINKS) {
		errno = ENOSPC;
		return -1;
	}
	link->capture[k] = c;
	c->link[c->links++] = link;
	ring_put(c, sp_pcapng_interface(c->scratch, sizeof(c->scratch), sampan_link_name(link),
	    c->config.snap_bytes));
	return 0;
}

/* ---- Packets ---- */

struct view {
	uint32_t interface;
	bool outbound;
	uint64_t at;
	const char *comment;	/* NULL: none */
};

static bool
is_wanted(const struct sp_capture *c, uint32_t len)
{
	return c->program == NULL || bpf_filter(c->program, c->piece, len, len) != 0;
}

/* The first len bytes of piece are a packet. */
static void
put_packet(struct sp_capture *c, const struct view *v, uint32_t len)
{
	const struct sp_pcapng_packet p = {
		.interface = v->interface,
		.at = v->at,
		.bytes = c->piece,
		.kept_bytes = len < c->config.snap_bytes ? len : c->config.snap_bytes,
		.bytes_all = len,
		.outbound = v->outbound,
		.comment = v->comment,
	};
	size_t block;

	if (!is_wanted(c, len)) {
		c->counts.unwanted++;
		return;
	}
	block = sp_pcapng_packet(c->scratch, sizeof(c->scratch), &p);
	if (c->config.bytes_most != 0 && c->file_bytes + block > c->config.bytes_most) {
		c->counts.is_full = true;
		return;
	}
	if (block == 0 || block > ring_room(c)) {
		c->counts.dropped++;
		return;
	}
	ring_put(c, block);
	c->counts.packets++;
	if (c->counts.packets == c->config.packets_most)
		c->counts.is_full = true;
}

/* Packets that a frame would be; exact for those that are well formed. */
static uint64_t
pieces_of(const struct sampan_frame *f)
{
	return f->tso && f->gso_bytes != 0 ? (f->len + f->gso_bytes - 1u) / f->gso_bytes : 1;
}

static void
put_frame(struct sp_capture *c, const struct view *v, const struct sampan_frame *frame)
{
	struct sampan_frame f = *frame;
	struct sp_cut cut;
	uint32_t len;

	if (ring_room(c) < sizeof(c->scratch)) {	/* without looking at it: that is work */
		c->counts.dropped += pieces_of(frame);
		return;
	}
	if (c->config.whole)
		f.tso = false;
	if (!sp_cut_begin(&cut, &f)) {	/* as it is: it is the stack's to refuse */
		f.tso = false;
		f.csum = SAMPAN_CSUM_COMPLETE;
		if (!sp_cut_begin(&cut, &f))
			return;
	}
	while (!c->counts.is_full && (len = sp_cut_next(&cut, c->piece)) > 0)
		put_packet(c, v, len);
}

static unsigned
interface_of(const struct sp_capture *c, const struct sampan_link *link)
{
	unsigned i = 0;

	while (i < c->links - 1 && c->link[i] != link)
		i++;
	return i;
}

void
sp_capture_frames(struct sp_capture *c, const struct sampan_link *link,
    const struct sampan_frame *frames, unsigned n, bool outbound)
{
	const sampan_time now = sampan_clock();
	struct view v = { .interface = interface_of(c, link), .outbound = outbound };
	char comment[COMMENT_BYTES];

	(void)pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < n && !c->counts.is_full && !c->finished; i++) {
		const struct sampan_frame *f = &frames[i];
		const sampan_time at = outbound || f->at == 0 ? now : f->at;

		v.at = at + c->wall_offset;
		v.comment = NULL;
		if (!outbound && f->drop != 0 && f->drop <= SAMPAN_DROP_COUNT) {
			(void)snprintf(comment, sizeof(comment), "dropped: %s",
			    drop_texts[f->drop - 1]);
			v.comment = comment;
		}
		put_frame(c, &v, f);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

void
sp_capture_finish(struct sp_capture *c)
{
	if (c->finished)
		return;
	c->finished = true;
	for (unsigned i = 0; i < c->links; i++) {
		const struct sp_pcapng_stats stats = {
			.interface = i,
			.at = sampan_clock() + c->wall_offset,
			.received = c->counts.packets + c->counts.dropped + c->counts.unwanted,
			.dropped = c->counts.dropped,
		};

		ring_put(c, sp_pcapng_stats(c->scratch, sizeof(c->scratch), &stats));
	}
	leave_links(c);
}

struct sp_capture_counts
sp_capture_counts(struct sp_capture *c)
{
	struct sp_capture_counts counts;

	(void)pthread_mutex_lock(&c->lock);
	counts = c->counts;
	(void)pthread_mutex_unlock(&c->lock);
	return counts;
}
