/*
 * accecn.c - accurate ECN, how it is agreed on: RFC 9768 §3.1.
 */
#include "lib/fx_accecn.h"

/* ---- Agreeing ---- */

/* §3.1.2: the SYN-ACK tells how the SYN arrived, and has the option once. */
TEST_TWICE(listen_accurate_syn_ack_tells_the_mark_of_the_syn)
{
	COVERS("R-9768-1");
	for (unsigned mark = 0; mark < 4; mark++) {
		struct fx f = listener(3);

		peer_asks(&f, ASK, mark);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK | answer_of(mark), .any_seq = true);
		expect_tos(&f, NOT_ECT);
		EXPECT(option(&f)->has && !option(&f)->order1 && option(&f)->count == 3);
		EXPECT(option(&f)->field[0] == 1 && option(&f)->field[1] == 0);
	}
}

/* §3.1.2, §3.1.3: what nobody sends yet asks for it; the classic ones are what they were,
 * and who does not know it does not see AE. */
TEST_TWICE(listen_each_kind_of_syn_has_its_answer)
{
	static const struct {
		int64_t setting;
		unsigned asks, answer;
	} cases[] = { { 3, 0, 0 }, { 3, CWR | ECE, ECE }, { 3, AE, CWR }, { 4, AE | ECE, CWR },
		{ 5, CWR, CWR }, { 5, ASK, CWR }, { 2, ASK, ECE }, { 1, AE, 0 }, { 0, ASK, 0 } };

	COVERS("R-9768-1", "R-3168-2");
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fx f = listener(cases[i].setting);

		peer_asks(&f, cases[i].asks, NOT_ECT);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK | cases[i].answer, .any_seq = true);
	}
}

/* §3.2.3.2.2: the second one has no option, the third no flags; §3.1.5: then nothing may
 * be marked, but marks are told. */
TEST_TWICE(syn_received_accurate_syn_ack_falls_back)
{
	struct fx f = listener(3);

	COVERS("R-9768-1");
	peer_asks(&f, ASK, NOT_ECT);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK | CWR, .any_seq = true);
	(void)fx_wait(&f, SAMPAN_SEC(2));
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK | CWR, .seq = f.iss);
	EXPECT(!option(&f)->has);
	(void)fx_wait(&f, SAMPAN_SEC(4));
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .seq = f.iss);
	peer_sends(&f, .flags = TCP_ACK | CWR);
	begin(&f);
	EXPECT_EQ(fx_write(&f, 100), 100);
	expect_segment(&f, .flags = TCP_ACK | FIVE, .len = 100);
	expect_tos(&f, NOT_ECT);
}

/* §3.1.5: a SYN without flags after one with them changes nothing that was agreed, but
 * nothing is marked; and the two kinds of ECN do not go together. */
TEST_TWICE(syn_received_other_syn_after_an_accurate_one)
{
	struct fx f = listener(3);

	COVERS("R-9768-1");
	peer_asks(&f, ASK, NOT_ECT);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	f = listener(3);
	peer_asks(&f, ASK, NOT_ECT);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_SYN | CWR | ECE, .seq = f.irs, .mss = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .any_seq = true, .any_ack = true);
	f = listener(3);
	peer_asks(&f, CWR | ECE, NOT_ECT);
	fx_drop(&f);
	peer_sends(&f, .flags = TCP_SYN | ASK, .seq = f.irs, .mss = 1000, .refused = true);
	expect_segment(&f, .flags = TCP_RST | TCP_ACK, .any_seq = true, .any_ack = true);
}

/* §5.1: a cookie remembers nothing of it, but the peer's answer says it. */
TEST_TWICE(cookie_accurate_is_known_by_the_answer)
{
	static const struct {
		unsigned asks, answer, says;
		bool accurate;
	} cases[] = { { ASK, CWR, CWR, true }, { ASK, CWR, AE | CWR, true },
		{ CWR | ECE, 0, 0, false }, { 0, 0, 0, false } };

	COVERS("R-9768-1");
	for (unsigned i = 0; i < 4; i++) {
		struct fx f = listener(3);

		set_to(&f, "net.ipv4.tcp_syncookies", 2);
		peer_asks(&f, cases[i].asks, NOT_ECT);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK | cases[i].answer, .any_seq = true);
		peer_sends(&f, .flags = TCP_ACK | cases[i].says);
		begin(&f);
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .flags = TCP_ACK | (cases[i].accurate ? FIVE : 0), .len = 100);
	}
}

/* ---- Asking ---- */

TEST_TWICE(syn_sent_settings_are_linuxs)
{
	static const unsigned asks[] = { 0, CWR | ECE, 0, ASK, CWR | ECE, 0 };

	COVERS("R-9768-1", "5-D13");
	for (int64_t setting = 0; setting <= 5; setting++)
		(void)connecting(setting, asks[setting]);
}

/* Table 2; and §3.2.2.3: where the SYN arrived with a mark that nobody had set, nothing
 * is marked. */
TEST_TWICE(syn_sent_each_answer_has_its_mode)
{
	static const struct {
		unsigned answer, ack, text;
		unsigned tos;
	} cases[] = { { CWR, CWR, FIVE, ECT0 }, { CWR | ECE, CWR, FIVE, NOT_ECT },
		{ AE, CWR, FIVE, NOT_ECT }, { AE | CWR, CWR, FIVE, NOT_ECT },
		{ AE | ECE, CWR, FIVE, ECT0 }, { ECE, 0, 0, ECT0 }, { 0, 0, 0, NOT_ECT },
		{ ASK, 0, 0, NOT_ECT } };

	COVERS("R-9768-1");
	for (unsigned i = 0; i < 8; i++) {
		struct fx f = connecting(3, ASK);

		peer_answers(&f, cases[i].answer, NOT_ECT);
		expect_segment(&f, .flags = TCP_ACK | cases[i].ack);
		EXPECT_EQ(option(&f)->has, cases[i].text != 0);
		EXPECT_EQ(agreed(&f), cases[i].text != 0 || cases[i].tos == ECT0);
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .flags = TCP_ACK | cases[i].text, .len = 100);
		expect_tos(&f, cases[i].tos);
	}
}

/* §3.2.2.1: so does the acknowledgement of the SYN-ACK; CE on it is counted, once. */
TEST_TWICE(syn_sent_acknowledgement_tells_the_mark_of_the_syn_ack)
{
	COVERS("R-9768-1");
	for (unsigned mark = 0; mark < 4; mark++) {
		struct fx f = connecting(3, ASK);

		peer_answers(&f, CWR, mark);
		expect_segment(&f, .flags = TCP_ACK | answer_of(mark));
		EXPECT_EQ(fx_write(&f, 100), 100);
		expect_segment(&f, .flags = TCP_ACK | (mark == CE ? SIX : FIVE), .len = 100);
	}
}

/* §3.1.4: it asks twice, then does not; the answer to the first counts all the same. */
TEST_TWICE(syn_sent_silence_makes_it_ask_twice)
{
	struct fx f = connecting(3, ASK);

	COVERS("R-9768-1");
	(void)fx_wait(&f, SAMPAN_SEC(2));
	expect_segment(&f, .flags = TCP_SYN | ASK, .seq = f.iss);
	(void)fx_wait(&f, SAMPAN_SEC(4));
	expect_segment(&f, .flags = TCP_SYN, .seq = f.iss);
	peer_answers(&f, CWR, NOT_ECT);
	expect_segment(&f, .flags = TCP_ACK | CWR);
	EXPECT(agreed(&f));
}

/* §3.1.3: who crossed our SYN is answered as if it had been the first. */
TEST_TWICE(syn_sent_crossing_syn_agrees)
{
	struct fx f = connecting(3, ASK);

	COVERS("R-9768-1");
	peer_sends(&f, .flags = TCP_SYN | ASK, .seq = f.irs, .mss = 1000, .sack_ok = true,
	    .tos = ECT1);
	expect_segment(&f, .flags = TCP_SYN | TCP_ACK | CWR | ECE, .seq = f.iss);
	peer_sends(&f, .flags = TCP_SYN | TCP_ACK | CWR, .seq = f.irs, .mss = 1000,
	    .refused = true);
	fx_drop(&f);
	expect_state(&f, TCP_ESTABLISHED);
	peer_sends(&f, .flags = TCP_ACK | FIVE, .len = 100, .tos = CE);
	expect_segment(&f, .flags = TCP_ACK | SIX);
}
