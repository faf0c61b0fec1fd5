/*
 * small.c - datagrams of a stack whose largest piece of memory is smaller than a packet:
 * below 1 MiB a chunk has 1 KiB.
 */
#include <sampan/option.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"
#include "net/reply.h"

/* What the frames that leave carry behind IP and fragment headers; all fit the link. */
static uint32_t
carried(struct fx *f, unsigned *frames)
{
	const uint32_t ip_len = fx_is_v6() ? 40 : 20;
	struct sampan_frame out;
	uint32_t sum = 0;

	for (*frames = 0; sampan_output(f->s, f->link, &out, 1, f->now) == 1; (*frames)++) {
		const bool cut = fx_is_v6() && out.head[14 + 6] == 44;

		EXPECT(out.len <= 14u + FX_MTU + (fx_is_v6() ? 20u : 0u));
		sum += out.len - 14 - ip_len - (cut ? 8 : 0);
		sampan_sent(f->s, &out, 1);
	}
	return sum;
}

static sampan_handle
begin(struct fx *f)
{
	sampan_handle h = 0;

	*f = fx_established();	/* 512 KiB */
	EXPECT_EQ(sampan_abort(f->s, f->h), 0);
	fx_drop(f);
	EXPECT_EQ(sampan_socket(f->s, SAMPAN_DGRAM, &h), 0);
	return h;
}

/* It was NOBUFS, whatever was free: a fragment as long as the MTU needs a chunk that long. */
TEST(small_stack_sends_datagrams_in_fragments_that_its_memory_holds)
{
	static const uint32_t len[] = { 0, 900, 952, 953, 1400, 1472, 3000, 20000, 65000 };
	static const uint8_t data[65000];
	const struct sampan_sockaddr to = { fx_peer(), 7, 0 };
	struct fx f;
	const sampan_handle h = begin(&f);
	unsigned frames;

	for (unsigned i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		EXPECT_EQ(sampan_sendto(f.s, h, data, len[i], &to), len[i]);
		EXPECT_EQ(carried(&f, &frames), len[i] + 8);
		EXPECT(frames >= 1 && frames <= 1 + len[i] / 800);
	}
	expect_count(&f, COUNT_REPLIES_DROPPED, 0);
	EXPECT_SOUND(f.s);
}

/* Who wants no fragments is told how much there may be. */
TEST(small_stack_refuses_what_would_be_cut_if_nothing_may_be)
{
	static const uint8_t data[1500];
	const struct sampan_sockaddr to = { fx_peer(), 7, 0 };
	struct fx f;
	const sampan_handle h = begin(&f);
	const uint32_t most = sp_reply_packet_max(f.s) - (fx_is_v6() ? 48 : 28);
	unsigned frames;

	for (int64_t how = 2; how <= 3; how++) {
		EXPECT_EQ(sampan_setopt(f.s, h, SAMPAN_OPT_MTU_DISCOVER, how), 0);
		EXPECT_EQ(sampan_sendto(f.s, h, data, most + 1, &to), SAMPAN_EMSGSIZE);
		EXPECT_EQ(sampan_sendto(f.s, h, data, most, &to), most);
		EXPECT_EQ(carried(&f, &frames), most + 8);
		EXPECT_EQ(frames, 1);
	}
}
