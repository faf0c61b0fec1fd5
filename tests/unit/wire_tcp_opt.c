/* Tests of wire/tcp_opt.h. */
#include "lib/test.h"

#include "wire/tcp.h"
#include "wire/tcp_opt.h"

#include "wire_util.h"

#define TS_OCTETS 0x11, 0x22, 0x33, 0x44, 0xaa, 0xbb, 0xcc, 0xdd
#define TSVAL 0x11223344
#define TSECR 0xaabbccdd

static struct tcp_opts
parse(const uint8_t *opts, size_t len)
{
	uint8_t *const p = wire_tight(opts, len);
	struct tcp_opts o;

	memset(&o, 0xff, sizeof o);
	tcp_opts_parse(&o, p, len);
	free(p);
	return o;
}

static void
expect_same(const struct tcp_opts *a, const struct tcp_opts *b)
{
	EXPECT(a->has_mss == b->has_mss && a->mss == b->mss);
	EXPECT(a->has_wscale == b->has_wscale && a->wscale == b->wscale);
	EXPECT(a->has_ts == b->has_ts && a->tsval == b->tsval && a->tsecr == b->tsecr);
	EXPECT_EQ(a->sack_permitted, b->sack_permitted);
	EXPECT_EQ(a->sack_count, b->sack_count);
	for (size_t i = 0; i < a->sack_count && i < TCP_SACK_MAX; i++) {
		EXPECT_EQ(a->sack[i].left, b->sack[i].left);
		EXPECT_EQ(a->sack[i].right, b->sack[i].right);
	}
	EXPECT_EQ(a->malformed, b->malformed);
	EXPECT(a->accecn.has == b->accecn.has && a->accecn.count == b->accecn.count);
	EXPECT(a->accecn.order1 == b->accecn.order1);
	for (size_t i = 0; i < a->accecn.count && i < TCP_ACCECN_FIELDS; i++)
		EXPECT_EQ(a->accecn.field[i], b->accecn.field[i]);
}

/* Nothing was found. */
static void
expect_none(const struct tcp_opts *o, bool malformed)
{
	const struct tcp_opts none = { .malformed = malformed };

	expect_same(o, &none);
}

/* What Linux puts into a SYN. */
static const uint8_t syn[20] = {
	2, 4, 0x05, 0xb4, 4, 2, 8, 10, TS_OCTETS, 1, 3, 3, 7,
};
static const struct tcp_opts syn_opts = {
	.has_mss = true, .mss = 1460, .sack_permitted = true,
	.has_ts = true, .tsval = TSVAL, .tsecr = TSECR,
	.has_wscale = true, .wscale = 7,
};

TEST(tcp_opt_syn_of_linux_parses)
{
	const struct tcp_opts o = parse(syn, sizeof syn);

	expect_same(&o, &syn_opts);
}

TEST(tcp_opt_syn_is_laid_out_like_that_of_linux)
{
	uint8_t b[TCP_OPTS_MAX];

	EXPECT_EQ(tcp_opts_emit(b, &syn_opts), sizeof syn);
	EXPECT_MEM(b, syn, sizeof syn);
}

TEST(tcp_opt_syn_without_timestamps_is_laid_out_like_that_of_linux)
{
	const struct tcp_opts o = {
		.has_mss = true, .mss = 1460, .sack_permitted = true,
		.has_wscale = true, .wscale = 7,
	};
	const uint8_t want[12] = { 2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7 };
	uint8_t b[TCP_OPTS_MAX];

	EXPECT_EQ(tcp_opts_emit(b, &o), sizeof want);
	EXPECT_MEM(b, want, sizeof want);
}

TEST(tcp_opt_ack_with_timestamps_and_a_block_is_laid_out_like_that_of_linux)
{
	const struct tcp_opts o = {
		.has_ts = true, .tsval = TSVAL, .tsecr = TSECR,
		.sack_count = 1, .sack = { { 0x01020304, 0x05060708 } },
	};
	const uint8_t want[24] = { 1, 1, 8, 10, TS_OCTETS, 1, 1, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t b[TCP_OPTS_MAX];

	EXPECT_EQ(tcp_opts_emit(b, &o), sizeof want);
	EXPECT_MEM(b, want, sizeof want);
}

TEST(tcp_opt_empty_list_is_empty)
{
	const struct tcp_opts none = { .malformed = false };
	const struct tcp_opts o = parse(syn, 0);
	uint8_t b[TCP_OPTS_MAX];

	expect_none(&o, false);
	EXPECT_EQ(tcp_opts_emit(b, &none), 0);
}

TEST(tcp_opt_mss_between_padding_and_the_end_of_list)
{
	const uint8_t opts[12] = { 1, 1, 1, 2, 4, 0x02, 0x18, 0, 3, 3, 7, 0 };
	const struct tcp_opts o = parse(opts, sizeof opts);
	const struct tcp_opts want = { .has_mss = true, .mss = 536 };

	COVERS("MUST-4");
	expect_same(&o, &want);
}

TEST(tcp_opt_unknown_kinds_are_skipped_by_their_length)
{
	const struct tcp_opts want = { .has_mss = true, .mss = 1460 };

	COVERS("MUST-6");
	for (unsigned kind = 6; kind < 256; kind++)
		for (uint8_t len = 2; kind != TCP_OPT_TS && len <= 36; len++) {
			uint8_t opts[40] = { (uint8_t)kind, len };
			struct tcp_opts o;

			memcpy(opts + len, "\x02\x04\x05\xb4", 4);
			o = parse(opts, sizeof opts);
			if (kind == TCP_OPT_ACCECN0 || kind == TCP_OPT_ACCECN1)
				o.accecn = want.accecn;
			expect_same(&o, &want);
		}
}

/* Kinds without a length octet are 0 and 1; of the others, every length that
 * is too small, runs out of the header or does not suit the kind. */
TEST(tcp_opt_illegal_length_ends_the_list)
{
	const uint8_t legal[] = { [2] = 4, [3] = 3, [4] = 2, [8] = 10 };

	COVERS("MUST-7", "MUST-68");
	for (unsigned kind = 2; kind < 256; kind++)
		for (unsigned len = 0; len < 256; len++) {
			const uint8_t opts[20] = { (uint8_t)kind, (uint8_t)len };
			const struct tcp_opts o = parse(opts, sizeof opts);
			const bool known = kind < sizeof legal && legal[kind] != 0;
			const bool good = known ? len == legal[kind] : len >= 2 && len <= 20;
			const bool sack_good = len == 10 || len == 18;

			EXPECT_EQ(o.malformed, kind == TCP_OPT_SACK ? !sack_good : !good);
			if (o.malformed)
				expect_none(&o, true);
		}
}

TEST(tcp_opt_what_stood_before_an_illegal_length_counts)
{
	const uint8_t opts[12] = { 2, 4, 0x05, 0xb4, 3, 0, 4, 2, 1, 3, 3, 7 };
	const struct tcp_opts o = parse(opts, sizeof opts);
	const struct tcp_opts want = { .has_mss = true, .mss = 1460, .malformed = true };

	COVERS("MUST-7");
	expect_same(&o, &want);
}

TEST(tcp_opt_kind_without_a_length_octet_is_malformed)
{
	const uint8_t opts[4] = { 1, 1, 1, 2 };
	const struct tcp_opts o = parse(opts, sizeof opts);

	COVERS("MUST-7", "MUST-68");
	expect_none(&o, true);
}

/* A SYN's options cut at every length: good where an option ends. */
TEST(tcp_opt_list_cut_short_is_read_up_to_there)
{
	COVERS("MUST-7");
	for (size_t len = 0; len <= sizeof syn; len++) {
		const struct tcp_opts o = parse(syn, len);

		EXPECT_EQ(o.has_mss, len >= 4);
		EXPECT_EQ(o.sack_permitted, len >= 6);
		EXPECT_EQ(o.has_ts, len >= 16);
		EXPECT_EQ(o.has_wscale, len >= 20);
		EXPECT_EQ(o.malformed, memchr("\0\4\6\20\21\24", (int)len, 6) == NULL);
	}
}

TEST(tcp_opt_list_may_begin_at_any_octet)
{
	COVERS("MUST-64");
	for (size_t nops = 0; nops <= TCP_OPTS_MAX - sizeof syn; nops++) {
		uint8_t opts[TCP_OPTS_MAX];
		struct tcp_opts o;

		memset(opts, TCP_OPT_NOP, sizeof opts);
		memcpy(opts + nops, syn, sizeof syn);
		o = parse(opts, sizeof opts);
		expect_same(&o, &syn_opts);
	}
}

TEST(tcp_opt_usual_layout_reads_as_any_other)
{
	const uint8_t usual[12] = { 1, 1, 8, 10, TS_OCTETS };
	const uint8_t other[12] = { 8, 10, TS_OCTETS, 1, 1 };
	const struct tcp_opts a = parse(usual, sizeof usual), b = parse(other, sizeof other);
	const struct tcp_opts want = { .has_ts = true, .tsval = TSVAL, .tsecr = TSECR };

	expect_same(&a, &want);
	expect_same(&b, &want);
}

/* Whichever octet of it is another; behind a NOP it is read option by option. */
TEST(tcp_opt_usual_syn_reads_as_any_other)
{
	for (size_t at = 0; at < sizeof(syn); at++) {
		for (unsigned octet = 0; octet < 256; octet++) {
			uint8_t usual[sizeof(syn)], longer[1 + sizeof(syn)] = { 1 };
			struct tcp_opts a, b;

			memcpy(usual, syn, sizeof(syn));
			usual[at] = (uint8_t)octet;
			memcpy(longer + 1, usual, sizeof(usual));
			a = parse(usual, sizeof(usual));
			b = parse(longer, sizeof(longer));
			expect_same(&a, &b);
		}
	}
}

TEST(tcp_opt_sack_takes_one_to_four_blocks)
{
	COVERS("R-2018-2");
	for (uint8_t len = 2; len <= 40; len++) {
		uint8_t opts[40] = { 5, len };
		struct tcp_opts o;

		opts[9] = 7;
		o = parse(opts, sizeof opts);
		EXPECT_EQ(o.malformed, len != 10 && len != 18 && len != 26 && len != 34);
		EXPECT_EQ(o.sack_count, o.malformed ? 0 : len / 8);
		EXPECT(o.malformed || (o.sack[0].left == 0 && o.sack[0].right == 7));
	}
}

TEST(tcp_opt_list_longer_than_a_header_holds_no_fifth_block)
{
	const uint8_t opts[60] = { 5, 42 };
	const struct tcp_opts o = parse(opts, sizeof opts);

	expect_none(&o, true);
}

TEST(tcp_opt_window_scale_is_passed_on_as_sent)
{
	const uint8_t opts[4] = { 1, 3, 3, 255 };
	const struct tcp_opts o = parse(opts, sizeof opts);

	EXPECT(o.has_wscale);
	EXPECT_EQ(o.wscale, 255);
}

TEST(tcp_opt_last_of_two_counts)
{
	const uint8_t opts[8] = { 2, 4, 0x05, 0xb4, 2, 4, 0x02, 0x18 };
	const struct tcp_opts o = parse(opts, sizeof opts);

	EXPECT(!o.malformed);
	EXPECT_EQ(o.mss, 536);
}

/* Any combination: pick's bits say which options are there. */
static struct tcp_opts
combination(struct sp_rng *rng, unsigned pick)
{
	struct tcp_opts o = { .malformed = false };

	o.has_mss = pick & 1;
	o.has_wscale = pick & 2;
	o.has_ts = pick & 4;
	o.sack_permitted = pick & 8;
	o.mss = o.has_mss ? (uint16_t)sp_rng_u64(rng) : 0;
	o.wscale = o.has_wscale ? (uint8_t)sp_rng_u64(rng) : 0;
	o.tsval = o.has_ts ? (uint32_t)sp_rng_u64(rng) : 0;
	o.tsecr = o.has_ts ? (uint32_t)sp_rng_u64(rng) : 0;
	o.sack_count = (uint8_t)(pick >> 4);
	for (size_t i = 0; i < o.sack_count; i++) {
		o.sack[i].left = (uint32_t)sp_rng_u64(rng);
		o.sack[i].right = (uint32_t)sp_rng_u64(rng);
	}
	return o;
}

#define COMBINATIONS ((TCP_SACK_MAX + 1) << 4)

TEST(tcp_opt_any_combination_survives_the_round_trip)
{
	struct sp_rng rng = wire_rng(1);

	COVERS("R-2018-2");
	for (unsigned i = 0; i < 100 * COMBINATIONS; i++) {
		struct tcp_opts in = combination(&rng, i % COMBINATIONS);
		uint8_t b[TCP_OPTS_MAX];
		const size_t len = tcp_opts_emit(b, &in);
		const struct tcp_opts out = parse(b, len);

		EXPECT(!in.has_ts || out.sack_count <= 3);
		EXPECT(out.sack_count == in.sack_count || len + 8 > TCP_OPTS_MAX);
		in.sack_count = out.sack_count;
		expect_same(&in, &out);
	}
}

TEST(tcp_opt_length_is_what_is_written)
{
	struct sp_rng rng = wire_rng(2);

	for (unsigned i = 0; i < COMBINATIONS; i++) {
		const struct tcp_opts o = combination(&rng, i);
		const size_t len = tcp_opts_len(&o);
		uint8_t b[TCP_OPTS_MAX + 1];

		memset(b, 0xa5, sizeof b);
		EXPECT_EQ(tcp_opts_emit(b, &o), len);
		EXPECT(len % 4 == 0 && len <= TCP_OPTS_MAX);
		EXPECT_EQ(b[len], 0xa5);
	}
}

/* Steps through a list by RFC 9293 §3.1 alone.  False: a length is illegal, or
 * something but zeros follows the end of the list. */
static bool
well_formed(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] != TCP_OPT_EOL) {
		const size_t step = p[i] == TCP_OPT_NOP ? 1 : i + 1 < len ? p[i + 1] : 0;

		if (step == 0 || (p[i] != TCP_OPT_NOP && step < 2) || step > len - i)
			return false;
		i += step;
	}
	for (; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

TEST(tcp_opt_emitted_lists_are_well_formed)
{
	struct sp_rng rng = wire_rng(3);

	COVERS("MUST-68", "MUST-69");
	for (unsigned i = 0; i < 100 * COMBINATIONS; i++) {
		const struct tcp_opts o = combination(&rng, i % COMBINATIONS);
		uint8_t b[TCP_OPTS_MAX];

		EXPECT(well_formed(b, tcp_opts_emit(b, &o)));
	}
}

TEST(tcp_opt_random_octets_do_no_harm)
{
	struct sp_rng rng = wire_rng(4);

	COVERS("MUST-7");
	for (unsigned i = 0; i < 200000; i++) {
		const size_t len = sp_rng_below(&rng, 48);
		const uint64_t mask = i % 2 ? 0x0f0f0f0f0f0f0f0f : UINT64_MAX;
		uint8_t b[48];
		struct tcp_opts o;

		wire_fill(&rng, b, len);
		for (size_t k = 0; k < len; k++)
			b[k] &= (uint8_t)mask;
		o = parse(b, len);
		EXPECT(o.sack_count <= TCP_SACK_MAX);
		EXPECT(!o.malformed || len > 0);
		EXPECT(tcp_opts_len(&o) <= TCP_OPTS_MAX);
	}
}

/* RFC 9768 §3.2.3: each kind, with none to three fields, behind NOPs. */
TEST(tcp_opt_accecn_survives_the_round_trip)
{
	COVERS("R-9768-2");
	for (unsigned i = 0; i < 16; i++) {
		struct tcp_opts o = { .has_ts = (i & 8) != 0, .tsval = (i & 8) != 0 ? TSVAL : 0,
			.tsecr = (i & 8) != 0 ? TSECR : 0,
			.accecn = { true, (i & 4) != 0, (uint8_t)(i & 3),
			    { 0xfffffe, 0x010203, 0x800000 } } };
		uint8_t bytes[TCP_OPTS_MAX] = { 0 };
		const size_t len = tcp_opts_emit(bytes, &o);
		const struct tcp_opts back = parse(bytes, len);

		EXPECT_EQ(len, tcp_opts_len(&o));
		EXPECT_EQ(len % 4, 0);
		for (unsigned n = o.accecn.count; n < TCP_ACCECN_FIELDS; n++)
			o.accecn.field[n] = 0;
		expect_same(&o, &back);
	}
}

/* Of another length: whole fields count. */
TEST(tcp_opt_accecn_of_odd_length_gives_whole_fields)
{
	static const uint8_t opts[] = { 172, 9, 0, 0, 1, 0, 0, 2, 9,
		174, 15, 0, 1, 0, 0, 2, 0, 0, 3, 0, 7, 7, 7, 7 };
	struct tcp_opts o = parse(opts, 9);

	COVERS("R-9768-2");
	EXPECT(o.accecn.has && !o.accecn.order1 && o.accecn.count == 2 && !o.malformed);
	EXPECT(o.accecn.field[0] == 1 && o.accecn.field[1] == 2);
	o = parse(opts, sizeof(opts));
	EXPECT(o.accecn.order1 && o.accecn.count == 3 && o.accecn.field[2] == 0x300);
	EXPECT(!o.malformed);
}
