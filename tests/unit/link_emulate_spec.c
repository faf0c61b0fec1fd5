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
		EXPECT_EQ(w->queue.limit_bytes, 65536);
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

TEST(emulate_spec_queues_and_boxes)
{
	const struct sp_emulate_spec spec = spec_of("in.rate=1mbit,in.aqm=codel,codel=1ms/20ms,"
	    "in.ecn=on,red=1k/2k/50%,in.bucket=3k,police=2mbit/4k,spike=5s/200ms/1s,batch=4ms,"
	    "thin=4/2ms,mss=1400,strip=sack+ecn,rewrite=seq");
	const struct sp_emulate_way *w = &spec.way[SAMPAN_IN];

	EXPECT_EQ(w->queue.kind, SP_QUEUE_CODEL);
	EXPECT_EQ(w->queue.target_dur, SAMPAN_MS(1));
	EXPECT_EQ(w->queue.interval_dur, SAMPAN_MS(20));
	EXPECT(w->queue.ecn);
	EXPECT_EQ(w->queue.red_min_bytes, 1024);
	EXPECT_EQ(w->queue.red_max_bytes, 2048);
	EXPECT_EQ(w->queue.red_ppb, SP_SHARE_ALL / 2);
	EXPECT_EQ(w->bucket_bytes, 3072);
	EXPECT_EQ(w->police_bits, 2000000);
	EXPECT_EQ(w->police_bytes, 4096);
	EXPECT_EQ(w->spike_every_dur, SAMPAN_SEC(5));
	EXPECT_EQ(w->spike_extra_dur, SAMPAN_MS(200));
	EXPECT_EQ(w->spike_len_dur, SAMPAN_SEC(1));
	EXPECT_EQ(w->batch_dur, SAMPAN_MS(4));
	EXPECT_EQ(w->thin_acks, 4);
	EXPECT_EQ(w->thin_dur, SAMPAN_MS(2));
	EXPECT_EQ(w->box.mss_bytes, 1400);
	EXPECT_EQ(w->box.strip, 1u << SP_STRIP_SACK | 1u << SP_STRIP_ECN);
	EXPECT_EQ(w->box.seq, SP_BOX_SEQ_MOVED);
	EXPECT_EQ(spec.way[SAMPAN_OUT].queue.kind, SP_QUEUE_DROPTAIL);
}

/* RFC 8289 §4.3; a spike lasts as long as it delays. */
TEST(emulate_spec_defaults)
{
	const struct sp_emulate_spec spec = spec_of("rate=8mbit,aqm=red,spike=5s/200ms,thin=2");
	const struct sp_emulate_way *w = &spec.way[SAMPAN_IN];

	EXPECT_EQ(w->queue.target_dur, SAMPAN_MS(5));
	EXPECT_EQ(w->queue.interval_dur, SAMPAN_MS(100));
	EXPECT_EQ(w->queue.red_min_bytes, 100000 / 6);
	EXPECT_EQ(w->queue.red_max_bytes, 50001);
	EXPECT_EQ(w->queue.red_ppb, SP_SHARE_ALL / 10);
	EXPECT_EQ(w->spike_len_dur, SAMPAN_MS(200));
	EXPECT_EQ(w->thin_dur, SAMPAN_MS(1));
}

TEST(emulate_spec_queue_is_a_tenth_of_a_second_unless_said)
{
	EXPECT_EQ(spec_of("rate=100mbit").way[0].queue.limit_bytes, 1250000);
	EXPECT_EQ(spec_of("rate=1mbit").way[0].queue.limit_bytes, 65536);
	EXPECT_EQ(spec_of("rate=100gbit").way[0].queue.limit_bytes, 64 << 20);
	EXPECT_EQ(spec_of("rate=1mbit,queue=1").way[1].queue.limit_bytes, 1);
	EXPECT_EQ(spec_of("rate=1mbit,queue=1.5M").way[1].queue.limit_bytes, 3 << 19);
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

struct bad_words {
	const char *words, *named;
};

static void
expect_refused(const struct bad_words *bad)
{
	struct sp_emulate_spec spec;

	errno = 0;
	EXPECT_EQ(sp_emulate_spec_read(&spec, bad->words, &why), -1);
	EXPECT_EQ(errno, EINVAL);
	if (strstr(text, bad->named) == NULL)
		print_message("# '%s': %s\n", bad->words, text);
	EXPECT(strstr(text, bad->named) != NULL);
	EXPECT(strlen(text) < sizeof(text) - 1);
}

TEST(emulate_spec_bad_words_are_named_with_what_is_allowed)
{
	static const struct bad_words bad[] = {
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
		{ "queue=64k", "need rate=" },
		{ "in.rate=1mbit,queue=64k", "need rate=" },
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

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(&bad[i]);
}

TEST(emulate_spec_bad_queues_and_boxes_are_named_with_what_is_allowed)
{
	static const struct bad_words bad[] = {
		{ "rate=1mbit,aqm=pie", "droptail, red, codel or fq_codel" },
		{ "aqm=codel", "need rate=" },
		{ "bucket=1k", "need rate=" },
		{ "rate=1mbit,bucket=0", "from 1 to 64m" },
		{ "rate=1mbit,ecn=on", "needs aqm=" },
		{ "rate=1mbit,aqm=codel,ecn=1", "on or off" },
		{ "codel=5ms", "TARGET/INTERVAL" },
		{ "codel=5ms/2s", "TARGET/INTERVAL" },
		{ "codel=5ms/4ms", "TARGET/INTERVAL" },
		{ "codel=0us/0us", "TARGET/INTERVAL" },
		{ "red=1k/2k", "MIN/MAX/SHARE" },
		{ "red=2k/2k/1%", "MIN/MAX/SHARE" },
		{ "red=1k/65m/1%", "MIN/MAX/SHARE" },
		{ "police=10mbit", "RATE/BUCKET" },
		{ "police=10mbit/0", "RATE/BUCKET" },
		{ "spike=5s", "EVERY/EXTRA" },
		{ "spike=5s/5s", "less than EVERY" },
		{ "spike=5s/1s/5s", "less than EVERY" },
		{ "thin=0", "N/WAIT" },
		{ "thin=4/2s", "N/WAIT" },
		{ "thin=4/1ms/1ms", "N/WAIT" },
		{ "batch=1", "such as 10ms" },
		{ "mss=0", "1 to 65535" },
		{ "mss=65536", "1 to 65535" },
		{ "strip=", "any of mss" },
		{ "strip=sack+", "any of mss" },
		{ "strip=sack+url", "any of mss" },
		{ "rewrite=ack", "seq, sackblind or off" },
		{ "in.rewrite=seq", "both directions" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(&bad[i]);
}
