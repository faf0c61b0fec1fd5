/*
 * emulate_spec.c - see emulate_spec.h.
 */
#include "link/emulate_spec.h"

#include <errno.h>
#include <string.h>

#include "link/number.h"

#define WORD_BYTES 64
#define SEED_DEFAULT 1
#define QUEUE_MOST ((uint64_t)64 << 20)
#define RATE_LEAST 1000u
#define RATE_MOST 400000000000u
#define DUR_MOST SAMPAN_SEC(3600)
#define QUEUE_LEAST_DEFAULT ((uint64_t)64 << 10)

/* A number with its unit behind it. */
struct unit {
	const char *name;
	uint64_t factor;
};

/* Reads NUMBER UNIT as a whole number of the smallest unit; decimals beyond it
 * are dropped.  NULL at the end of units. */
static bool
read_with_unit(uint64_t *value, const char *text, const struct unit *units)
{
	uint64_t whole, billionths;
	const char *end = sp_decimal_read(&whole, &billionths, text);

	if (end == NULL)
		return false;
	for (; units->name != NULL; units++) {
		if (strcmp(units->name, end) != 0)
			continue;
		if (whole > UINT64_MAX / units->factor / 2)
			return false;
		*value = whole * units->factor + billionths * units->factor / 1000000000;
		return true;
	}
	return false;
}

/* In units of up to 10^9: no overflow above. */
static const struct unit shares[] = { { "%", SP_EMULATE_ALL / 100 }, { NULL, 0 } };
static const struct unit durs[] = {
	{ "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { NULL, 0 },
};
static const struct unit rates[] = {
	{ "bit", 1 }, { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 }, { NULL, 0 },
};
static const struct unit sizes[] = {
	{ "", 1 }, { "k", 1024 }, { "K", 1024 }, { "m", 1 << 20 }, { "M", 1 << 20 }, { NULL, 0 },
};

/* ---- Values: 0, or -1 after a line in why ---- */

static bool
share_of(uint32_t *ppb, const char *text)
{
	uint64_t value;

	if (!read_with_unit(&value, text, shares) || value > SP_EMULATE_ALL)
		return false;
	*ppb = (uint32_t)value;
	return true;
}

static int
read_share(const char *key, const char *text, uint32_t *ppb, const struct sp_why *why)
{
	if (!share_of(ppb, text))
		return sp_why(why, EINVAL, "%s=%s: give a share from 0%% to 100%%, such as 1%% or "
		    "0.05%%", key, text);
	return 0;
}

static int
read_dur(const char *key, const char *text, sampan_dur *dur, const struct sp_why *why)
{
	if (!read_with_unit(dur, text, durs) || *dur > DUR_MOST)
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
	if (!read_with_unit(&w->rate_bits, text, rates) || w->rate_bits < RATE_LEAST ||
	    w->rate_bits > RATE_MOST)
		return sp_why(why, EINVAL, "rate=%s: give bits a second from 1kbit to 400gbit, "
		    "such as 100mbit", text);
	return 0;
}

static int
read_queue(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	if (!read_with_unit(&w->queue_bytes, text, sizes) || w->queue_bytes == 0 ||
	    w->queue_bytes > QUEUE_MOST)
		return sp_why(why, EINVAL, "queue=%s: give bytes from 1 to 64m, such as 64k", text);
	return 0;
}

/* BEGIN/END[/LOSS] */
static int
read_burst(struct sp_emulate_way *w, const char *text, const struct sp_why *why)
{
	uint32_t *const shares_of[] = { &w->burst_begin_ppb, &w->burst_end_ppb,
	    &w->burst_loss_ppb };
	char copy[WORD_BYTES], *rest = copy, *part;
	unsigned n = 0;

	w->bursts = true;
	w->burst_loss_ppb = SP_EMULATE_ALL;
	memcpy(copy, text, strlen(text) + 1);
	for (; (part = strsep(&rest, "/")) != NULL; n++) {
		if (n == 3 || !share_of(shares_of[n], part)) {
			n = 0;
			break;
		}
	}
	if (n < 2)
		return sp_why(why, EINVAL, "burst=%s: give the shares BEGIN/END or "
		    "BEGIN/END/LOSS, such as 0.5%%/20%%/90%%", text);
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
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int
refuse_word(const char *word, const struct sp_why *why)
{
	return sp_why(why, EINVAL, "'%s' is no word of the emulator: give loss= burst= delay= "
	    "jitter= rate= queue= reorder= dup= corrupt= (with in. or out. before it for one "
	    "direction) or seed=, as in loss=1%%,delay=10ms", word);
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

static int
read_way(struct sp_emulate_spec *spec, const char *key, const char *value, const struct sp_why *why)
{
	const char *name = key;
	bool wanted[2];
	size_t i;

	take_direction(&name, wanted);
	i = find_key(name);
	if (i == KEYS)
		return refuse_word(key, why);
	for (unsigned d = SAMPAN_IN; d <= SAMPAN_OUT; d++) {
		if (wanted[d] && keys[i].read(&spec->way[d], value, why) != 0)
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

/* What only makes sense together. */
static int
finish_way(struct sp_emulate_way *w, const struct sp_why *why)
{
	const uint64_t tenth_bytes = w->rate_bits / 80;

	if (w->reorder_ppb > 0 && w->delay_dur == 0 && w->jitter_dur == 0)
		return sp_why(why, EINVAL, "reorder= needs delay= in the same direction: a frame "
		    "overtakes by skipping it");
	if (w->queue_bytes > 0 && w->rate_bits == 0)
		return sp_why(why, EINVAL, "queue= needs rate= in the same direction: without a "
		    "rate nothing waits");
	if (w->queue_bytes == 0)
		w->queue_bytes = tenth_bytes > QUEUE_MOST ? QUEUE_MOST :
		    tenth_bytes > QUEUE_LEAST_DEFAULT ? tenth_bytes : QUEUE_LEAST_DEFAULT;
	return 0;
}

int
sp_emulate_spec_read(struct sp_emulate_spec *spec, const char *text, const struct sp_why *why)
{
	const char *end = text - 1;
	char word[WORD_BYTES];

	*spec = (struct sp_emulate_spec){ .seed = SEED_DEFAULT };
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
	for (unsigned d = SAMPAN_IN; d <= SAMPAN_OUT; d++) {
		if (finish_way(&spec->way[d], why) != 0)
			return -1;
	}
	return 0;
}
