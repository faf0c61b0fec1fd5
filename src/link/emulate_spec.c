/*
 * emulate_spec.c - see emulate_spec.h.
 */
#include "link/emulate_spec.h"

#include <errno.h>
#include <string.h>

#include "link/number.h"

#define WORD_BYTES SP_EMULATE_WORD_BYTES
#define SEED_DEFAULT 1
#define QUEUE_MOST ((uint64_t)64 << 20)
#define DUR_MOST SAMPAN_SEC(3600)
#define QUEUE_LEAST_DEFAULT ((uint64_t)64 << 10)
#define PARTS_MOST 3

const struct sp_emulate_way sp_emulate_way_default = {
	.queue = { .target_dur = SAMPAN_MS(5), .interval_dur = SAMPAN_MS(100),	/* RFC 8289 §4.3 */
		.red_ppb = SP_SHARE_ALL / 10 },
};

/* ---- Values: 0, or -1 after a line in why ---- */

/* Takes A/B/C apart, in place; returns how many parts, 0: more than there is room. */
static unsigned
parts_of(char *text, const char *part[PARTS_MOST])
{
	unsigned n = 0;
	char *one;

	while ((one = strsep(&text, "/")) != NULL) {
		if (n == PARTS_MOST)
			return 0;
		part[n++] = one;
	}
	return n;
}

static int
read_share(const char *key, const char *text, uint32_t *ppb, const struct sp_why *why)
{
	if (!sp_share_read(ppb, text))
		return sp_why(why, EINVAL, "%s=%s: give a share from 0%% to 100%%, such as 1%% or "
		    "0.05%%", key, text);
	return 0;
}

static int
read_dur(const char *key, const char *text, sampan_dur *dur, const struct sp_why *why)
{
	if (!sp_dur_read(dur, text) || *dur > DUR_MOST)
		return sp_why(why, EINVAL, "%s=%s: give a duration up to an hour, such as 10ms, "
		    "250us or 1.5s", key, text);
	return 0;
}

static int
read_loss(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_share("loss", text, &w->loss_ppb, why);
}

static int
read_reorder(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_share("reorder", text, &w->reorder_ppb, why);
}

static int
read_dup(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_share("dup", text, &w->dup_ppb, why);
}

static int
read_corrupt(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_share("corrupt", text, &w->corrupt_ppb, why);
}

static int
read_delay(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_dur("delay", text, &w->delay_dur, why);
}

static int
read_jitter(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_dur("jitter", text, &w->jitter_dur, why);
}

static int
read_rate(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	if (!sp_rate_read(&w->rate_bits, text))
		return sp_why(why, EINVAL, "rate=%s: give bits a second from 1kbit to 400gbit, "
		    "such as 100mbit", text);
	return 0;
}

static int
read_bytes(const char *key, const char *text, uint64_t *bytes, const struct sp_why *why)
{
	if (!sp_size_read(bytes, text) || *bytes == 0 || *bytes > QUEUE_MOST)
		return sp_why(why, EINVAL, "%s=%s: give bytes from 1 to 64m, such as 64k", key,
		    text);
	return 0;
}

static int
read_queue(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_bytes("queue", text, &w->queue.limit_bytes, why);
}

static int
read_bucket(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_bytes("bucket", text, &w->bucket_bytes, why);
}

/* BEGIN/END[/LOSS] */
static int
read_burst(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST] = { NULL, NULL, "100%" };
	char copy[WORD_BYTES];
	unsigned n;

	memcpy(copy, text, strlen(text) + 1);
	n = parts_of(copy, part);
	if (n < 2 || !sp_share_read(&w->burst_begin_ppb, part[0]) ||
	    !sp_share_read(&w->burst_end_ppb, part[1]) ||
	    !sp_share_read(&w->burst_loss_ppb, part[2]))
		return sp_why(why, EINVAL, "burst=%s: give the shares BEGIN/END or "
		    "BEGIN/END/LOSS, such as 0.5%%/20%%/90%%", text);
	w->bursts = true;
	return 0;
}

/* ---- What the queue does ---- */

static int
read_aqm(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	static const char *const words[] = {
#define X(id, word) word,
		SP_QUEUES(X)
#undef X
	};

	for (unsigned i = 0; i < SP_QUEUE_KINDS; i++) {
		if (strcmp(words[i], text) == 0) {
			w->queue.kind = (enum sp_queue_kind)i;
			return 0;
		}
	}
	return sp_why(why, EINVAL, "aqm=%s: give droptail, red, codel or fq_codel", text);
}

static int
read_ecn(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	w->queue.ecn = strcmp(text, "on") == 0;
	if (!w->queue.ecn && strcmp(text, "off") != 0)
		return sp_why(why, EINVAL, "ecn=%s: give on or off", text);
	return 0;
}

/* MIN/MAX/SHARE */
static int
read_red(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST];
	char copy[WORD_BYTES];

	memcpy(copy, text, strlen(text) + 1);
	if (parts_of(copy, part) != 3 || !sp_size_read(&w->queue.red_min_bytes, part[0]) ||
	    !sp_size_read(&w->queue.red_max_bytes, part[1]) ||
	    w->queue.red_min_bytes >= w->queue.red_max_bytes ||
	    w->queue.red_max_bytes > QUEUE_MOST || !sp_share_read(&w->queue.red_ppb, part[2]))
		return sp_why(why, EINVAL, "red=%s: give MIN/MAX/SHARE: bytes, up to 64m, and the "
		    "share dropped at MAX, such as 20k/60k/10%%", text);
	return 0;
}

/* TARGET/INTERVAL */
static int
read_codel(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST];
	char copy[WORD_BYTES];

	memcpy(copy, text, strlen(text) + 1);
	if (parts_of(copy, part) != 2 || !sp_dur_read(&w->queue.target_dur, part[0]) ||
	    !sp_dur_read(&w->queue.interval_dur, part[1]) || w->queue.interval_dur == 0 ||
	    w->queue.interval_dur > SAMPAN_SEC(1) || w->queue.target_dur > w->queue.interval_dur)
		return sp_why(why, EINVAL, "codel=%s: give TARGET/INTERVAL, up to 1s and TARGET "
		    "not above INTERVAL, such as 5ms/100ms", text);
	return 0;
}

/* ---- Boxes, and when frames come out ---- */

/* RATE/BUCKET */
static int
read_police(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST];
	char copy[WORD_BYTES];

	memcpy(copy, text, strlen(text) + 1);
	if (parts_of(copy, part) != 2 || !sp_rate_read(&w->police_bits, part[0]) ||
	    !sp_size_read(&w->police_bytes, part[1]) || w->police_bytes == 0 ||
	    w->police_bytes > QUEUE_MOST)
		return sp_why(why, EINVAL, "police=%s: give RATE/BUCKET: bits a second and the "
		    "bytes, up to 64m, that may pass at once, such as 10mbit/64k", text);
	return 0;
}

/* EVERY/EXTRA[/LENGTH] */
static int
read_spike(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST];
	char copy[WORD_BYTES];
	unsigned n;

	memcpy(copy, text, strlen(text) + 1);
	n = parts_of(copy, part);
	if (n < 2 || !sp_dur_read(&w->spike_every_dur, part[0]) ||
	    !sp_dur_read(&w->spike_extra_dur, part[1]) ||
	    !sp_dur_read(&w->spike_len_dur, part[n - 1]) || w->spike_every_dur > DUR_MOST ||
	    w->spike_extra_dur > DUR_MOST || w->spike_len_dur >= w->spike_every_dur)
		return sp_why(why, EINVAL, "spike=%s: give EVERY/EXTRA or EVERY/EXTRA/LENGTH, up "
		    "to an hour and LENGTH (EXTRA) less than EVERY, such as 5s/200ms", text);
	return 0;
}

static int
read_batch(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	return read_dur("batch", text, &w->batch_dur, why);
}

/* N[/WAIT] */
static int
read_thin(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	const char *part[PARTS_MOST] = { NULL, "1ms" };
	char copy[WORD_BYTES];
	uint64_t acks;

	memcpy(copy, text, strlen(text) + 1);
	if (parts_of(copy, part) - 1u > 1 || !sp_number_read(&acks, part[0]) || acks == 0 ||
	    acks > 1000 || !sp_dur_read(&w->thin_dur, part[1]) || w->thin_dur > SAMPAN_SEC(1))
		return sp_why(why, EINVAL, "thin=%s: give N or N/WAIT: of up to 1 to 1000 "
		    "acknowledgements one, which waits up to 1s for others, such as 4/1ms", text);
	w->thin_acks = (uint32_t)acks;
	return 0;
}

static int
read_mss(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	uint64_t bytes;

	if (!sp_number_read(&bytes, text) || bytes == 0 || bytes > UINT16_MAX)
		return sp_why(why, EINVAL, "mss=%s: give bytes from 1 to 65535, such as 1400",
		    text);
	w->box.mss_bytes = (uint32_t)bytes;
	return 0;
}

/* WORD[+WORD...] */
static int
read_strip(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	static const char *const words[] = {
#define X(id, word, help) word,
		SP_STRIPS(X)
#undef X
	};
	char copy[WORD_BYTES], *rest = copy, *one;
	unsigned i;

	memcpy(copy, text, strlen(text) + 1);
	w->box.strip = 0;
	while ((one = strsep(&rest, "+")) != NULL) {
		for (i = 0; i < SP_STRIP_COUNT && strcmp(words[i], one) != 0; i++)
			continue;
		if (i == SP_STRIP_COUNT)
			return sp_why(why, EINVAL, "strip=%s: give any of mss wscale sack ts other "
			    "ecn with + between them", text);
		w->box.strip |= 1u << i;
	}
	return 0;
}

static int
read_rewrite(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	if (strcmp(text, "seq") == 0)
		w->box.seq = SP_BOX_SEQ_MOVED;
	else if (strcmp(text, "sackblind") == 0)
		w->box.seq = SP_BOX_SEQ_SACK_BLIND;
	else if (strcmp(text, "off") == 0)
		w->box.seq = SP_BOX_SEQ_KEPT;
	else
		return sp_why(why, EINVAL, "rewrite=%s: give seq, sackblind or off", text);
	return 0;
}

/* ---- Words ---- */

static const struct {
	const char *key;
	int (*read)(struct sp_emulate_way *w, const char *text, const struct sp_why *why);
} keys[] = {
	{ "loss", read_loss },
	{ "burst", read_burst },
	{ "delay", read_delay },
	{ "jitter", read_jitter },
	{ "rate", read_rate },
	{ "queue", read_queue },
	{ "reorder", read_reorder },
	{ "dup", read_dup },
	{ "corrupt", read_corrupt },
	{ "aqm", read_aqm },
	{ "ecn", read_ecn },
	{ "red", read_red },
	{ "codel", read_codel },
	{ "bucket", read_bucket },
	{ "police", read_police },
	{ "spike", read_spike },
	{ "batch", read_batch },
	{ "thin", read_thin },
	{ "mss", read_mss },
	{ "strip", read_strip },
	{ "rewrite", read_rewrite },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int
refuse_word(const char *word, const struct sp_why *why)
{
	return sp_why(why, EINVAL, "'%s' is no word: give loss= burst= delay= jitter= spike= "
	    "batch= reorder= dup= corrupt= rate= bucket= queue= aqm= ecn= red= codel= police= "
	    "thin= mss= strip= rewrite= (in. or out. before it: one direction) or seed=, as in "
	    "loss=1%%", word);
}

/* The directions that a key names; steps over its prefix. */
static void
take_direction(const char **key, bool wanted[2])
{
	const bool in = strncmp(*key, "in.", 3) == 0, out = strncmp(*key, "out.", 4) == 0;

	wanted[SAMPAN_IN] = !out;
	wanted[SAMPAN_OUT] = !in;
	*key += in ? 3 : out ? 4 : 0;
}

/* Its place in keys; KEYS: nowhere. */
static size_t
find_key(const char *name)
{
	size_t i = 0;

	while (i < KEYS && strcmp(keys[i].key, name) != 0)
		i++;
	return i;
}

/* A word without "=". */
static int
refuse_bare(const char *word, const struct sp_why *why)
{
	const char *name = word;
	bool wanted[2];

	take_direction(&name, wanted);
	if (find_key(name) == KEYS && strcmp(word, "seed") != 0)
		return refuse_word(word, why);
	return sp_why(why, EINVAL, "'%s' lacks its value: give KEY=VALUE, as in "
	    "loss=1%%,delay=10ms", word);
}

bool
sp_emulate_way_has(const char *key)
{
	return find_key(key) < KEYS;
}

int
sp_emulate_way_take(struct sp_emulate_way *way, const char *key, const char *value,
    const struct sp_why *why)
{
	const size_t i = find_key(key);

	if (i == KEYS)
		return refuse_word(key, why);
	if (strlen(value) >= WORD_BYTES)
		return sp_why(why, EINVAL, "%s=%.20s...: no value is as long as that", key, value);
	return keys[i].read(way, value, why);
}

static int
read_way(struct sp_emulate_spec *spec, const char *key, const char *value, const struct sp_why *why)
{
	const char *name = key;
	bool wanted[2];

	take_direction(&name, wanted);
	if (find_key(name) == KEYS)
		return refuse_word(key, why);
	for (unsigned d = SAMPAN_IN; d <= SAMPAN_OUT; d++) {
		if (wanted[d] && sp_emulate_way_take(&spec->way[d], name, value, why) != 0)
			return -1;
	}
	return 0;
}

static int
read_word(struct sp_emulate_spec *spec, char *word, const struct sp_why *why)
{
	char *equals = strchr(word, '=');

	if (equals == NULL)
		return refuse_bare(word, why);
	*equals = '\0';
	if (strcmp(word, "seed") != 0)
		return read_way(spec, word, equals + 1, why);
	if (!sp_number_read(&spec->seed, equals + 1))
		return sp_why(why, EINVAL, "seed=%s: give a number from 0 to 2^64 - 1", equals + 1);
	return 0;
}

static uint64_t
usual_queue(uint64_t rate_bits)
{
	const uint64_t tenth_bytes = rate_bits / 80;

	if (tenth_bytes > QUEUE_MOST)
		return QUEUE_MOST;
	return tenth_bytes > QUEUE_LEAST_DEFAULT ? tenth_bytes : QUEUE_LEAST_DEFAULT;
}

int
sp_emulate_way_finish(struct sp_emulate_way *w, const struct sp_why *why)
{
	struct sp_queue_config *q = &w->queue;

	if (w->reorder_ppb > 0 && w->delay_dur == 0 && w->jitter_dur == 0)
		return sp_why(why, EINVAL, "reorder= needs delay= in the same direction: a frame "
		    "overtakes by skipping it");
	if (w->rate_bits == 0 && w->trace == NULL && (q->limit_bytes > 0 ||
	    q->kind != SP_QUEUE_DROPTAIL || w->bucket_bytes > 0))
		return sp_why(why, EINVAL, "queue=, aqm= and bucket= need rate= in the same "
		    "direction: without a rate nothing waits");
	if (q->ecn && q->kind == SP_QUEUE_DROPTAIL)
		return sp_why(why, EINVAL, "ecn=on needs aqm=red, codel or fq_codel: a queue that "
		    "is full can only drop");
	if (q->limit_bytes == 0)
		q->limit_bytes = usual_queue(w->rate_bits);
	if (q->red_max_bytes == 0) {
		q->red_min_bytes = q->limit_bytes / 6;
		q->red_max_bytes = q->limit_bytes / 2 + 1;
	}
	return 0;
}

/* What the two directions must agree on. */
static int
finish(struct sp_emulate_spec *spec, const struct sp_why *why)
{
	for (unsigned d = SAMPAN_IN; d <= SAMPAN_OUT; d++) {
		if (sp_emulate_way_finish(&spec->way[d], why) != 0)
			return -1;
	}
	if (spec->way[SAMPAN_IN].box.seq != spec->way[SAMPAN_OUT].box.seq)
		return sp_why(why, EINVAL, "rewrite= is for both directions: what is moved in one "
		    "must be moved back in the other");
	return 0;
}

int
sp_emulate_spec_read(struct sp_emulate_spec *spec, const char *text, const struct sp_why *why)
{
	const char *end = text - 1;
	char word[WORD_BYTES];

	*spec = (struct sp_emulate_spec){ .seed = SEED_DEFAULT,
		.way = { sp_emulate_way_default, sp_emulate_way_default } };
	do {
		const char *begin = end + 1;

		end = strchrnul(begin, ',');
		if ((size_t)(end - begin) >= sizeof(word))
			return refuse_word("that long", why);
		memcpy(word, begin, (size_t)(end - begin));
		word[end - begin] = '\0';
		if (read_word(spec, word, why) != 0)
			return -1;
	} while (*end != '\0');
	return finish(spec, why);
}
