/*
 * svc_util.h - clients that say something to services and keep what they
 * hear: two stacks on the memory pair, in virtual time.
 *
 * Stack 0 is the clients', 1 the server's, 10.0.0.2, with every service on its
 * port.
 */
#ifndef SAMPAN_TESTS_UNIT_SVC_UTIL_H
#define SAMPAN_TESTS_UNIT_SVC_UTIL_H

#include <stdlib.h>

#include <sampan/host.h>
#include <sampan/option.h>

#include "cmd/svc.h"
#include "lib/test.h"

#define SV_MEMORY_BYTES ((size_t)64 << 20)
#define SV_CLIENTS 1200
/* Sunday, 9 September 2001, 01:46:40 UTC. */
#define SV_WALL_S 1000000000

struct sv_client {
	sampan_handle handle;
	bool deaf;		/* reads nothing for now */
	bool ended, failed;
	size_t len, room;
	char *text;		/* what it has heard, and a zero */
};

struct sv {
	struct sampan *s[2];
	struct sampan_pair *pair;
	struct svc_host services;
	sampan_time now, tick_at;
	unsigned listeners, clients;
	struct sv_client client[SV_CLIENTS];
};

static inline struct sampan *
sv_stack(struct sv *v, unsigned i)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { i, 7 } };
	const struct sampan_addr addr = sampan_addr_v4(10, 0, 0, (uint8_t)(i + 1));
	struct sampan *s = sampan_memory_alloc(SV_MEMORY_BYTES, false);
	int link;

	EXPECT_EQ(sampan_init(s, SV_MEMORY_BYTES, &config, v->now), 0);
	link = sampan_link_attach(sampan_pair_end(v->pair, i), s);
	EXPECT_EQ(sampan_addr_add(s, link, &addr, 24), 0);
	return s;
}

static inline void
sv_make(struct sv *v, struct svc_options options)
{
	const struct sampan_pair_config pair = { .size = sizeof(pair),
		.caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 | SAMPAN_LINK_TSO6 };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };

	*v = (struct sv){ .now = SAMPAN_SEC(1), .tick_at = SAMPAN_SEC(1) };
	EXPECT_EQ(sampan_pair_open(&pair, &v->pair), 0);
	v->s[0] = sv_stack(v, 0);
	v->s[1] = sv_stack(v, 1);
	v->services.stack = v->s[1];
	v->services.options = options;
	v->services.now = v->now;
	v->services.wall_s = SV_WALL_S;
	for (unsigned i = 0; sp_svc_at(i) != NULL; i++) {
		EXPECT_EQ(sp_svc_start(&v->services, sp_svc_at(i), &why), 0);
		EXPECT_EQ(sp_svc_listen(&v->services, sp_svc_at(i), sp_svc_at(i)->port), 0);
		v->listeners++;
	}
}

static inline void
sv_end(struct sv *v)
{
	sp_svc_end(&v->services);
	sampan_pair_close(v->pair);
	sampan_memory_free(v->s[0], SV_MEMORY_BYTES);
	sampan_memory_free(v->s[1], SV_MEMORY_BYTES);
	for (unsigned i = 0; i < v->clients; i++)
		free(v->client[i].text);
}

static inline void
sv_hear(struct sv *v, struct sv_client *c)
{
	int64_t n = 1;

	while (n > 0 && !c->deaf && !c->ended && !c->failed && c->handle != 0) {
		if (c->room - c->len < 65536) {
			c->room = 2 * c->room + 131072;
			c->text = realloc(c->text, c->room);
		}
		n = sampan_recv(v->s[0], c->handle, c->text + c->len, c->room - c->len - 1);
		if (n > 0)
			c->len += (size_t)n;
		c->text[c->len] = '\0';
		c->ended = n == 0;
		c->failed = n < 0 && n != SAMPAN_EAGAIN && n != SAMPAN_ENOTCONN;
	}
}

/* Everything that happens at this instant. */
static inline void
sv_settle(struct sv *v)
{
	struct sampan_event events[64];
	unsigned moved;
	int n;

	do {
		n = sampan_events(v->s[1], events, 64);
		v->services.now = v->now;
		sp_svc_events(&v->services, events, (unsigned)n);
		moved = (unsigned)n + (unsigned)sampan_events(v->s[0], events, 64);
		for (unsigned i = 0; i < v->clients; i++)
			sv_hear(v, &v->client[i]);
		moved += sampan_pair_move(v->pair, 0, v->now);
		moved += sampan_pair_move(v->pair, 1, v->now);
	} while (moved > 0);
}

static inline sampan_time
sv_next(const struct sv *v)
{
	const sampan_time at[] = { sampan_deadline(v->s[0]), sampan_deadline(v->s[1]),
		sampan_pair_deadline(v->pair), v->tick_at };
	sampan_time next = SAMPAN_NEVER;

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		next = at[i] < next ? at[i] : next;
	return next > v->now ? next : v->now;
}

static inline void
sv_run(struct sv *v, sampan_dur dur)
{
	const sampan_time end_at = v->now + dur;

	sv_settle(v);
	while (v->now < end_at) {
		const sampan_time next = sv_next(v);

		v->now = next < end_at ? next : end_at;
		v->services.now = v->now;
		v->services.wall_s = SV_WALL_S + (int64_t)(v->now / SAMPAN_SEC(1));
		sampan_advance(v->s[0], v->now);
		sampan_advance(v->s[1], v->now);
		if (v->now >= v->tick_at) {
			sp_svc_tick(&v->services);
			v->tick_at = v->now + SVC_TICK_DUR;
		}
		sv_settle(v);
	}
}

static inline struct sv_client *
sv_connect(struct sv *v, uint16_t port)
{
	const struct sampan_sockaddr peer = { sampan_addr_v4(10, 0, 0, 2), port, 0 };
	struct sv_client *c = &v->client[v->clients++];

	EXPECT_EQ(sampan_socket(v->s[0], SAMPAN_STREAM, &c->handle), 0);
	EXPECT_EQ(sampan_setopt(v->s[0], c->handle, SAMPAN_OPT_NODELAY, 1), 0);
	EXPECT_EQ(sampan_connect(v->s[0], c->handle, &peer), SAMPAN_EINPROGRESS);
	sv_run(v, SAMPAN_MS(1));
	return c;
}

static inline void
sv_say_bytes(struct sv *v, struct sv_client *c, const void *bytes, size_t len)
{
	EXPECT_EQ(sampan_send(v->s[0], c->handle, bytes, len), (int64_t)len);
	sv_run(v, SAMPAN_MS(1));
}

static inline void
sv_say(struct sv *v, struct sv_client *c, const char *text)
{
	sv_say_bytes(v, c, text, strlen(text));
}

static inline void
sv_shut(struct sv *v, struct sv_client *c)
{
	EXPECT_EQ(sampan_shutdown(v->s[0], c->handle, SAMPAN_SHUT_WR), 0);
	sv_run(v, SAMPAN_MS(1));
}

/* Gives its socket up. */
static inline void
sv_leave(struct sv *v, struct sv_client *c)
{
	EXPECT_EQ(sampan_close(v->s[0], c->handle), 0);
	c->handle = 0;
	sv_run(v, SAMPAN_MS(1));
}

/* Forgets what was heard. */
static inline void
sv_forget(struct sv_client *c)
{
	c->len = 0;
	if (c->text != NULL)
		c->text[0] = '\0';
}

/* Control blocks of the server, listeners not counted. */
static inline unsigned
sv_connections(const struct sv *v)
{
	struct sampan_stats stats;

	sampan_stats(v->s[1], &stats);
	return stats.connections - v->listeners;
}

#endif
