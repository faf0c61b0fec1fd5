/*
 * sim_scenario.c - any bytes as a scenario: refused with a line that says why,
 * or a network that its limits hold, which then runs for a moment.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <sampan/host.h>

#include "sim/sim.h"

/* So that one input does not take long: few hosts, little memory, a short time, and
 * no faster than what a moment can carry. */
static bool
is_small(const struct sp_sim_scenario *s)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->node[i].memory_bytes > (uint64_t)256 << 20)
			return false;
	}
	return s->nodes <= 6 && s->flows <= 4;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct sampan_sim_config config = { .size = sizeof(config),
		.text = (const char *)data, .len = bytes };
	const struct sp_sim_text source = { (const char *)data, bytes, "t", NULL };
	char text[SAMPAN_WHY_BYTES] = "";
	const struct sp_why why = { text, sizeof(text) };
	struct sp_sim_scenario *s;
	struct sampan_sim *sim;

	if (sp_sim_scenario_read(&s, &source, &why) != 0) {
		if (strncmp(text, "t:", 2) != 0)
			abort();
		return 0;
	}
	if (is_small(s) && sampan_sim_open(&sim, &config, text, sizeof(text)) == 0) {
		sampan_sim_run(sim, SAMPAN_MS(5));
		sampan_sim_close(sim);
	}
	sp_sim_scenario_close(s);
	return 0;
}
