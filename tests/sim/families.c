/*
 * families.c - two listeners on one port, one of each family: whoever comes finds the one
 * of its own, also in turns and in one batch.  RFC 3493 §5.3.
 */
#include <sampan/option.h>

#include "lib/sim.h"
#include "lib/stack_check.h"
#include "lib/test.h"

#define CLIENTS 40
#define PORT 7

enum { V4, V6 };

struct site {
	struct sim sim;
	struct sim_config config[2];	/* of the link, as either family has it */
	sampan_handle listener[2];
};

static void
pass(struct site *e, sampan_dur dur)
{
	const sampan_time end = e->sim.now + dur;

	sim_send(&e->sim);
	while (sim_step(&e->sim, end))
		continue;
}

static void
open_site(struct site *e)
{
	e->config[V4] = (struct sim_config){ .seed = 1, .mtu_bytes = { 1500, 1500 },
		.path = { { .delay_dur = SAMPAN_MS(1) }, { .delay_dur = SAMPAN_MS(1) } },
		.arena_bytes = (size_t)4 << 20, .begin = SAMPAN_SEC(1) };
	e->config[V6] = e->config[V4];
	e->config[V6].ip6 = true;
	sim_open(&e->sim, &e->config[V4]);
	for (unsigned i = 0; i < 2; i++) {
		const struct sampan_addr addr = sim_addr(&e->config[V6], i);

		EXPECT_EQ(sampan_addr_add(e->sim.s[i], e->sim.link[i], &addr, 64), 0);
	}
	pass(e, SAMPAN_SEC(5));		/* nobody else has the address */
}

/* any: 0.0.0.0 or ::. */
static sampan_handle
listen_on(struct site *e, const struct sampan_addr *any, bool v6only)
{
	const struct sampan_sockaddr here = { *any, PORT, 0 };
	sampan_handle h;

	EXPECT_EQ(sampan_socket(e->sim.s[1], SAMPAN_STREAM, &h), 0);
	if (v6only)
		EXPECT_EQ(sampan_setopt(e->sim.s[1], h, SAMPAN_OPT_V6ONLY, 1), 0);
	EXPECT_EQ(sampan_bind(e->sim.s[1], h, &here), 0);
	EXPECT_EQ(sampan_listen(e->sim.s[1], h, CLIENTS), 0);
	return h;
}

static sampan_handle
connect_by(struct site *e, unsigned family)
{
	const struct sampan_sockaddr there = { sim_addr(&e->config[family], 1), PORT, 0 };
	sampan_handle h;

	EXPECT_EQ(sampan_socket(e->sim.s[0], SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_connect(e->sim.s[0], h, &there), SAMPAN_EINPROGRESS);
	return h;
}

static unsigned
accepted(struct site *e, unsigned family)
{
	sampan_handle h;
	unsigned n = 0;

	while (sampan_accept(e->sim.s[1], e->listener[family], &h, NULL) == 0)
		n++;
	return n;
}

TEST(each_family_finds_its_own_listener)
{
	static struct site e;
	const struct sampan_addr any4 = sampan_addr_v4(0, 0, 0, 0), any6 = { { 0 } };

	COVERS("R-MISC-13");
	open_site(&e);
	e.listener[V4] = listen_on(&e, &any4, false);
	e.listener[V6] = listen_on(&e, &any6, true);
	for (unsigned i = 0; i < CLIENTS; i++)
		(void)connect_by(&e, i % 2);
	pass(&e, SAMPAN_SEC(5));
	EXPECT_EQ(accepted(&e, V4), CLIENTS / 2);
	EXPECT_EQ(accepted(&e, V6), CLIENTS / 2);
	sim_close();
}

/* Alone on its port, and last found by those that it takes. */
TEST(listener_of_ipv6_refuses_ipv4_in_the_same_batch)
{
	static struct site e;
	const struct sampan_addr any6 = { { 0 } };
	sampan_handle client[CLIENTS];

	COVERS("R-MISC-13");
	open_site(&e);
	e.listener[V6] = listen_on(&e, &any6, true);
	for (unsigned i = 0; i < CLIENTS; i++)
		client[i] = connect_by(&e, V6 - i % 2);
	pass(&e, SAMPAN_SEC(5));
	EXPECT_EQ(accepted(&e, V6), CLIENTS / 2);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct sampan_status st;

		EXPECT_EQ(sampan_status(e.sim.s[0], client[i], &st), 0);
		EXPECT_EQ(st.error, i % 2 == 0 ? 0 : SAMPAN_ECONNREFUSED);
	}
	sim_close();
}
