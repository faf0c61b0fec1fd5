/*
 * link_emulate_spec.c - the words of the emulator.
 */
#include "lib/test.h"

#include <errno.h>

#include <sampan/host.h>

#include "link/emulate_spec.h"

static char text[SAMPAN_WHY_BYTES];
static const struct sp_why why = { text, sizeof(text) };

static struct sp_emulate_spec
spec_of(const char *words)
{
	struct sp_emulate_spec spec;

	EXPECT_EQ(sp_emulate_spec_read(&spec, words, &why), 0);
	return spec;
}

TEST(emulate_spec_all_words_apply_to_both_directions)
{
	const struct sp_emulate_spec spec = spec_of("loss=1%,burst=0.5%/20%/90%,delay=10ms,"
	    "jitter=2ms,rate=100mbit,queue=64k,reorder=3%,dup=4%,corrupt=0.0000001%,seed=42");

	for (unsigned d = 0; d < 2; d++) {
		const struct sp_emulate_way *w = &spec.way[d];

		EXPECT_EQ(w->loss_ppb, 10000000);
		EXPECT(w->bursts);
		EXPECT_EQ(w->burst_begin_ppb, 5000000);
		EXPECT_EQ(w->burst_end_ppb, 200000000);
		EXPECT_EQ(w->burst_loss_ppb, 900000000);
		EXPECT_EQ(w->delay_dur, SAMPAN_MS(10));
		EXPECT_EQ(w->jitter_dur, SAMPAN_MS(2));
		EXPECT_EQ(w->rate_bits, 100000000);
		EXPECT_EQ(w->queue_bytes, 65536);
		EXPECT_EQ(w->reorder_ppb, 30000000);
		EXPECT_EQ(w->dup_ppb, 40000000);
		EXPECT_EQ(w->corrupt_ppb, 1);
	}
	EXPECT_EQ(spec.seed, 42);
}

TEST(emulate_spec_a_direction_alone_and_the_later_word_counts)
{
	const struct sp_emulate_spec spec =
	    spec_of("loss=1%,in.loss=2%,out.delay=1.5s,delay=250us,out.delay=0.5ms");

	EXPECT_EQ(spec.way[SAMPAN_IN].loss_ppb, 20000000);
	EXPECT_EQ(spec.way[SAMPAN_OUT].loss_ppb, 10000000);
	EXPECT_EQ(spec.way[SAMPAN_IN].delay_dur, SAMPAN_US(250));
	EXPECT_EQ(spec.way[SAMPAN_OUT].delay_dur, SAMPAN_US(500));
	EXPECT_EQ(spec.seed, 1);
}

TEST(emulate_spec_queue_is_a_tenth_of_a_second_unless_said)
{
	EXPECT_EQ(spec_of("rate=100mbit").way[0].queue_bytes, 1250000);
	EXPECT_EQ(spec_of("rate=1mbit").way[0].queue_bytes, 65536);
	EXPECT_EQ(spec_of("rate=100gbit").way[0].queue_bytes, 64 << 20);
	EXPECT_EQ(spec_of("rate=1mbit,queue=1").way[1].queue_bytes, 1);
	EXPECT_EQ(spec_of("rate=1mbit,queue=1.5M").way[1].queue_bytes, 3 << 19);
}

TEST(emulate_spec_units_and_edges)
{
	EXPECT_EQ(spec_of("loss=100%").way[0].loss_ppb, SP_EMULATE_ALL);
	EXPECT_EQ(spec_of("loss=0%").way[0].loss_ppb, 0);
	EXPECT_EQ(spec_of("rate=1kbit").way[0].rate_bits, 1000);
	EXPECT_EQ(spec_of("rate=1000bit").way[0].rate_bits, 1000);
	EXPECT_EQ(spec_of("rate=2.5gbit").way[0].rate_bits, 2500000000);
	EXPECT_EQ(spec_of("delay=3600s").way[0].delay_dur, SAMPAN_SEC(3600));
	EXPECT_EQ(spec_of("burst=1%/10%").way[0].burst_loss_ppb, SP_EMULATE_ALL);
}

TEST(emulate_spec_bad_words_are_named_with_what_is_allowed)
{
	static const struct { const char *words, *named; } bad[] = {
		{ "", "loss=" },
		{ "loss", "'loss' lacks its value" },
		{ "in.loss", "'in.loss' lacks its value" },
		{ "seed", "'seed' lacks its value" },
		{ "los", "'los' is no word" },
		{ "los=1%", "'los' is no word" },
		{ "in.=1%", "'in.' is no word" },
		{ "in.seed=1", "'in.seed' is no word" },
		{ "in.out.loss=1%", "'in.out.loss' is no word" },
		{ "loss=1%,", "'' is no word" },
		{ "loss=1%,,dup=1%", "'' is no word" },
		{ "loss=", "0% to 100%" },
		{ "loss=1", "0% to 100%" },
		{ "loss=-1%", "loss=-1%" },
		{ "loss=100.1%", "0% to 100%" },
		{ "loss=1.%", "loss=1.%" },
		{ "loss=.1%", "loss=.1%" },
		{ "loss=1.0000000001%", "loss=1.0000000001%" },
		{ "loss=99999999999999999999%", "0% to 100%" },
		{ "loss=18446744073709551615%", "0% to 100%" },
		{ "out.dup=2", "dup=2" },
		{ "corrupt=x", "corrupt=x" },
		{ "delay=10", "such as 10ms" },
		{ "delay=3601s", "up to an hour" },
		{ "jitter=1h", "jitter=1h" },
		{ "rate=100", "1kbit" },
		{ "rate=999bit", "1kbit" },
		{ "rate=401gbit", "400gbit" },
		{ "rate=1mbit,queue=0", "from 1 to 64m" },
		{ "rate=1mbit,queue=65m", "from 1 to 64m" },
		{ "rate=1mbit,queue=1g", "from 1 to 64m" },
		{ "queue=64k", "needs rate=" },
		{ "in.rate=1mbit,queue=64k", "needs rate=" },
		{ "reorder=1%", "needs delay=" },
		{ "in.delay=1ms,reorder=1%", "needs delay=" },
		{ "burst=1%", "BEGIN/END" },
		{ "burst=1%/", "BEGIN/END" },
		{ "burst=1%/2%/3%/4%", "BEGIN/END" },
		{ "burst=1%/2", "BEGIN/END" },
		{ "seed=x", "seed=x" },
		{ "seed=18446744073709551616", "2^64" },
		{ "loss=0000000000000000000000000000000000000000000000000000000000000000001%",
		  "no word" },
	};
	struct sp_emulate_spec spec;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		EXPECT_EQ(sp_emulate_spec_read(&spec, bad[i].words, &why), -1);
		EXPECT_EQ(errno, EINVAL);
		if (strstr(text, bad[i].named) == NULL)
			print_message("# '%s': %s\n", bad[i].words, text);
		EXPECT(strstr(text, bad[i].named) != NULL);
		EXPECT(strlen(text) < sizeof(text) - 1);
	}
}
