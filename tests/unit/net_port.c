/*
 * net_port.c - counts of local ports against an array.
 */
#include "lib/test.h"

#include "net/port.h"

static _Alignas(64) uint8_t block[1 << 20];

static struct sampan *
stack(size_t bytes)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };

	EXPECT_EQ(sampan_init(block, bytes, &config, 0), 0);
	return (struct sampan *)(void *)block;
}

TEST(counts_are_those_of_an_array)
{
	static uint32_t model[65536];
	struct sampan *s = stack(sizeof(block));
	struct sp_rng rng;

	sp_rng_init(&rng, (const uint64_t[]){ 3, 4 });
	for (unsigned i = 0; i < 100000; i++) {
		const uint16_t port = (uint16_t)(sp_rng_below(&rng, 40) * 1638);

		if (model[port] > 0 && sp_rng_below(&rng, 2) == 0) {
			sp_port_drop(s, port);
			model[port]--;
		} else if (sp_port_hold(s, port)) {
			model[port]++;
		}
		EXPECT_EQ(sp_port_count(s, port), model[port]);
	}
	for (uint32_t port = 0; port < 65536; port++) {
		EXPECT_EQ(sp_port_count(s, (uint16_t)port), model[port]);
		for (; model[port] > 0; model[port]--)
			sp_port_drop(s, (uint16_t)port);
	}
	EXPECT_EQ(s->arena.pool[SP_KIND_PORTS].objects, 0);
}

TEST(without_memory_nothing_is_counted)
{
	struct sampan *s = stack(SAMPAN_MIN_BYTES);
	uint32_t port = 0;

	while (port < 65536 && sp_port_hold(s, (uint16_t)port))
		port += SP_PORTS_IN_PAGE;
	EXPECT(port > 0 && port < 65536);
	EXPECT_EQ(sp_port_count(s, (uint16_t)port), 0);
	sp_port_drop(s, 0);
	EXPECT(sp_port_hold(s, (uint16_t)port));
}
