/*
 * relay.c - see relay.h.
 *
 * Who sleeps and who wakes, in short: a sleeper says so, then looks into its
 * rings once more; a writer publishes, then looks whether the reader sleeps.
 * Both with sequential consistency, so that one of them sees the other.
 */
#include "link/relay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "link/cut.h"
#include "link/ring.h"

/* Of a ring: 15 frames of the greatest size, or thousands of small ones. */
#define RING_BYTES ((uint64_t)1 << 20)
#define BATCH 64

/* In front of a frame in a ring. */
struct head {
	sampan_time at;
	uint32_t len;
	uint16_t gso_bytes, csum_start, csum_offset;
	uint8_t csum;
	bool tso;
	uint8_t link;
	uint8_t pad[3];
};
/* Where the frame begins, so that its IP header is aligned. */
#define FRAME_AT 26
_Static_assert(sizeof(struct head) <= FRAME_AT, "the frame is behind it");

struct member {
	_Alignas(SP_RING_LINE) atomic_bool asleep;
	int fd;
	uint64_t heard;	 /* the number of what it heard last */
	uint64_t marked; /* members that it has put something for, one bit each */
	struct sampan_frame frames[BATCH];
};

struct sp_relay {
	unsigned members;
	struct member *member;
	struct sp_ring *rings; /* [from * members + to] */
	/* What the leader said last, and how often it has spoken. */
	_Atomic uint64_t said;
	pthread_mutex_t words_lock;
	size_t words_len;
	uint8_t words[SAMPAN_TEAM_WORDS];
};

static struct sp_ring *
ring_of(const struct sp_relay *relay, unsigned from, unsigned to)
{
	return &relay->rings[from * relay->members + to];
}

static int
open_members(struct sp_relay *relay)
{
	const unsigned n = relay->members;

	for (unsigned i = 0; i < n; i++) {
		relay->member[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		atomic_init(&relay->member[i].asleep, false);
		if (relay->member[i].fd < 0)
			return -1;
	}
	for (unsigned i = 0; i < n * n; i++)
		if (i / n != i % n && sp_ring_open(&relay->rings[i], RING_BYTES) != 0)
			return -1;
	return 0;
}

struct sp_relay *
sp_relay_open(unsigned members)
{
	struct sp_relay *relay = calloc(1, sizeof(*relay));

	if (relay == NULL)
		return NULL;
	relay->members = members;
	(void)pthread_mutex_init(&relay->words_lock, NULL);
	relay->member = aligned_alloc(SP_RING_LINE, members * sizeof(relay->member[0]));
	relay->rings = aligned_alloc(SP_RING_LINE, members * members * sizeof(relay->rings[0]));
	if (relay->member != NULL) {
		memset(relay->member, 0, members * sizeof(relay->member[0]));
		for (unsigned i = 0; i < members; i++)
			relay->member[i].fd = -1;
	}
	if (relay->rings != NULL)
		memset(relay->rings, 0, members * members * sizeof(relay->rings[0]));
	if (relay->member == NULL || relay->rings == NULL || open_members(relay) != 0) {
		sp_relay_close(relay);
		return NULL;
	}
	return relay;
}

void
sp_relay_close(struct sp_relay *relay)
{
	if (relay == NULL)
		return;
	for (unsigned i = 0; relay->member != NULL && i < relay->members; i++)
		if (relay->member[i].fd >= 0)
			(void)close(relay->member[i].fd);
	for (unsigned i = 0; relay->rings != NULL && i < relay->members * relay->members; i++)
		sp_ring_close(&relay->rings[i]);
	(void)pthread_mutex_destroy(&relay->words_lock);
	free(relay->member);
	free(relay->rings);
	free(relay);
}

unsigned
sp_relay_members(const struct sp_relay *relay)
{
	return relay->members;
}

/* Whoever publishes something looks behind this whether the reader sleeps; whoever
 * goes to sleep says so before it looks once more. */
static void
wake_sleeper(struct sp_relay *relay, unsigned to)
{
	if (atomic_load(&relay->member[to].asleep))
		sp_relay_wake(relay, to);
}

/* ---- Frames ---- */

/* False: the ring is full. */
static bool
put_frame(struct sp_ring *ring, int link, const struct sampan_frame *f)
{
	const struct head head = {
	    .at = f->at,
	    .len = f->len,
	    .gso_bytes = f->gso_bytes,
	    .tso = f->tso,
	    .csum = f->csum,
	    .csum_start = f->csum_start,
	    .csum_offset = f->csum_offset,
	    .link = (uint8_t)link,
	};
	uint8_t *p = f->len <= SP_CUT_FRAME_MOST ? sp_ring_put(ring, FRAME_AT + f->len) : NULL;

	if (p == NULL)
		return false;
	memcpy(p, &head, sizeof(head));
	/* sampan_input() has cut the length to what is there. */
	(void)sp_frame_copy(p + FRAME_AT, f, 0, f->len);
	return true;
}

/* Returns its link. */
static int
get_frame(struct sampan_frame *f, const uint8_t *p)
{
	struct head head;

	memcpy(&head, p, sizeof(head));
	f->at = head.at;
	f->len = head.len;
	f->head_len = 0;
	f->slices = 1;
	f->owner = SAMPAN_FRAME_BORROWED;
	f->csum = head.csum;
	f->csum_start = head.csum_start;
	f->csum_offset = head.csum_offset;
	f->tso = head.tso;
	f->gso_bytes = head.gso_bytes;
	f->slice[0] = (struct sampan_slice){p + FRAME_AT, head.len};
	return head.link;
}

/* Shows the others what was put for them. */
static void
publish(struct sp_relay *relay, unsigned from)
{
	uint64_t marked = relay->member[from].marked;

	relay->member[from].marked = 0;
	for (unsigned to = 0; marked != 0; to++, marked >>= 1) {
		if ((marked & 1) == 0)
			continue;
		sp_ring_publish(ring_of(relay, from, to));
		wake_sleeper(relay, to);
	}
}

/* One frame, to whom it is marked for. */
static void
hand_frame(
    struct sp_relay *relay, const struct sp_relay_end *e, int link, const struct sampan_frame *f)
{
	for (unsigned to = 0; to < relay->members; to++) {
		if (to == e->member || (f->to != SAMPAN_TO_ALL && f->to != 1 + to))
			continue;
		if (put_frame(ring_of(relay, e->member, to), link, f))
			relay->member[e->member].marked |= UINT64_C(1) << to;
		else
			sampan_team_lost(e->stack, 1);
	}
}

void
sp_relay_hand_on(struct sp_relay *relay, const struct sp_relay_end *e, int link,
    const struct sampan_frame *frames, unsigned n)
{
	struct sampan_frame whole;

	for (unsigned i = 0; i < n; i++)
		if (frames[i].to != 0)
			hand_frame(relay, e, link, &frames[i]);
	while (sampan_team_next(e->stack, &link, &whole) == 1) {
		hand_frame(relay, e, link, &whole);
		sampan_sent(e->stack, &whole, 1);
	}
	publish(relay, e->member);
}

/* Frames that follow each other and came by the same link; returns how many. */
static unsigned
input_from(struct sp_relay *relay, const struct sp_relay_end *e, unsigned from, sampan_time now)
{
	struct sp_ring *ring = ring_of(relay, from, e->member);
	struct sampan_frame *frames = relay->member[e->member].frames;
	unsigned n = 0, first = 0;
	int link = 0, next;
	const uint8_t *p;
	uint32_t len;

	while (n < BATCH && (p = sp_ring_get(ring, &len)) != NULL) {
		next = get_frame(&frames[n], p);
		if (next != link && n > first) {
			(void)sampan_team_input(e->stack, link, frames + first, n - first, now);
			first = n;
		}
		link = next;
		n++;
	}
	if (n == 0)
		return 0;
	(void)sampan_team_input(e->stack, link, frames + first, n - first, now);
	sp_relay_hand_on(relay, e, link, frames, n);
	sp_ring_release(ring);
	return n;
}

unsigned
sp_relay_input(struct sp_relay *relay, const struct sp_relay_end *e, sampan_time now)
{
	unsigned n = 0;

	for (unsigned from = 0; from < relay->members; from++)
		if (from != e->member)
			n += input_from(relay, e, from, now);
	return n;
}

/* ---- What the leader tells ---- */

void
sp_relay_tell(struct sp_relay *relay, struct sampan *leader)
{
	uint8_t words[SAMPAN_TEAM_WORDS];
	const int len = sampan_team_tell(leader, words, sizeof(words));

	if (len <= 0)
		return;
	(void)pthread_mutex_lock(&relay->words_lock);
	memcpy(relay->words, words, (size_t)len);
	relay->words_len = (size_t)len;
	(void)atomic_fetch_add(&relay->said, 1);
	(void)pthread_mutex_unlock(&relay->words_lock);
	for (unsigned to = 1; to < relay->members; to++)
		wake_sleeper(relay, to);
}

void
sp_relay_hear(struct sp_relay *relay, const struct sp_relay_end *e)
{
	struct member *m = &relay->member[e->member];

	if (e->member == 0 || atomic_load_explicit(&relay->said, memory_order_acquire) == m->heard)
		return;
	(void)pthread_mutex_lock(&relay->words_lock);
	m->heard = atomic_load_explicit(&relay->said, memory_order_relaxed);
	(void)sampan_team_hear(e->stack, relay->words, relay->words_len);
	(void)pthread_mutex_unlock(&relay->words_lock);
}

/* ---- Sleep ---- */

bool
sp_relay_rest(struct sp_relay *relay, unsigned member)
{
	struct member *m = &relay->member[member];

	atomic_store(&m->asleep, true);
	for (unsigned from = 0; from < relay->members; from++)
		if (from != member && sp_ring_waits(ring_of(relay, from, member)))
			return false;
	return member == 0 || atomic_load(&relay->said) == m->heard;
}

void
sp_relay_rise(struct sp_relay *relay, unsigned member)
{
	atomic_store_explicit(&relay->member[member].asleep, false, memory_order_relaxed);
}

int
sp_relay_fd(const struct sp_relay *relay, unsigned member)
{
	return relay->member[member].fd;
}

void
sp_relay_wake(struct sp_relay *relay, unsigned member)
{
	const uint64_t one = 1;

	(void)!write(relay->member[member].fd, &one, sizeof(one));
}
