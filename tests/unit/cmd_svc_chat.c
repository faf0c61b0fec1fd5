/*
 * cmd_svc_chat.c - the chat room, and the lines that are said in it.
 */
#include "svc_util.h"

#include <stdio.h>

#include "cmd/chat_line.h"

/* The lines in some bytes, each with a '|' behind it, and answers as "!xx". */
static const char *
lines_of(const char *bytes, size_t len)
{
	static char out[2000];
	struct chat_line l = { 0 };
	uint8_t answer[3];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < len; i++) {
		const enum chat_took took = sp_chat_line_take(&l, (uint8_t)bytes[i], answer);

		if (took == CHAT_LINE)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s|", l.text,
			    l.cut ? "..." : "");
		if (took == CHAT_ANSWER)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "!%02x%02x", answer[1],
			    answer[2]);
	}
	return out;
}

#define LINES(bytes) lines_of(bytes, sizeof(bytes) - 1)

TEST(chat_line_is_fit_to_be_shown)
{
	EXPECT_STR(LINES("hello\nyou\r\n\r\0\n  x\t y\n"), "hello|you|  x  y|");
	EXPECT_STR(LINES("a\x1b[2Jb\x07\x01\n"), "a[2Jb|");
	EXPECT_STR(LINES("axy\b\x7f" "b\n\b\bc\n"), "ab|c|");
	EXPECT_STR(LINES("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9b\xb6\n"), "\xc3\xa9 \xe2\x82\xac "
	    "\xf0\x9f\x9b\xb6|");
	/* Cut short, too long, surrogates, and controls of ISO 6429. */
	EXPECT_STR(LINES("\xc3 \xe2\x82\n\xc0\xaf\n\xed\xa0\x80\n\xc2\x9bJ\n\xf5\n"),
	    "? \?\?|\?\?|\?\?\?|\?\?J|?|");
	EXPECT_STR(LINES("no end"), "");
}

/* RFC 854: commands go, options are refused, once. */
TEST(chat_line_speaks_telnet)
{
	EXPECT_STR(LINES("a\xff\xfb\x01" "b\xff\xfd\x03\xff\xfc\x05\xff\xfe\x06\n"),
	    "!fe01!fc03ab|");
	EXPECT_STR(LINES("a\xff\xf1" "b\xff\xfa\x18\x01\n\xff\xffx\xff\xf0" "c\n"), "abc|");
	EXPECT_STR(LINES("a\xff\xff" "b\n"), "ab|");
}

TEST(chat_line_too_long_is_cut)
{
	static char bytes[CHAT_LINE_BYTES + 100];
	const char *out;

	memset(bytes, 'x', sizeof(bytes));
	bytes[CHAT_LINE_BYTES] = '\n';
	bytes[sizeof(bytes) - 1] = '\n';
	out = lines_of(bytes, sizeof(bytes));
	EXPECT_EQ(strlen(out), CHAT_LINE_BYTES + 1 + 98 + 1);
	bytes[CHAT_LINE_BYTES] = 'x';
	out = lines_of(bytes, sizeof(bytes));
	EXPECT_EQ(strlen(out), CHAT_LINE_BYTES + 3 + 1);
}

/* ---- The room ---- */

static struct sv v;

static bool
heard(const struct sv_client *c, const char *text)
{
	return c->text != NULL && strstr(c->text, text) != NULL;
}

TEST(chat_lines_go_to_all)
{
	struct sv_client *a, *b;

	sv_make(&v, (struct svc_options){ 0 });
	a = sv_connect(&v, 5000);
	EXPECT(heard(a, "* Welcome. You are guest1;"));
	b = sv_connect(&v, 5000);
	EXPECT(heard(a, "* guest2 has come\r\n"));
	sv_say(&v, a, "hello\n");
	EXPECT(heard(a, "<guest1> hello\r\n") && heard(b, "<guest1> hello\r\n"));
	sv_say(&v, b, "/nick bob\n/who\nhi\n");
	EXPECT(heard(a, "* guest2 is now bob\r\n<bob> hi\r\n") && heard(b, "* 2 here: guest1 bob"));
	sv_say(&v, a, "/nick Bob\n/nick a b\n/nick\n");
	EXPECT(heard(a, "* There is a bob already") && heard(a, "* A name is 1 to 20"));
	sv_say(&v, b, "/quit\n");
	EXPECT(b->ended && heard(a, "* bob has left\r\n"));
	sv_leave(&v, b);
	EXPECT_EQ(sv_connections(&v), 1);
	sv_end(&v);
}

/* However it goes, the others are told. */
TEST(chat_tells_who_left)
{
	struct sv_client *a, *b, *c;

	sv_make(&v, (struct svc_options){ 0 });
	a = sv_connect(&v, 5000);
	b = sv_connect(&v, 5000);
	c = sv_connect(&v, 5000);
	sv_leave(&v, b);
	EXPECT(heard(a, "* guest2 has left\r\n"));
	EXPECT_EQ(sampan_abort(v.s[0], c->handle), 0);
	c->handle = 0;
	sv_run(&v, SAMPAN_MS(10));
	EXPECT(heard(a, "* guest3 has left\r\n"));
	sv_run(&v, SAMPAN_SEC(1));
	EXPECT_EQ(sv_connections(&v), 1);
	sv_end(&v);
}

/* Everybody else hears everything at once. */
TEST(chat_slow_reader_holds_nobody_up_and_is_dropped)
{
	static char line[CHAT_LINE_BYTES + 1];
	struct sv_client *talker, *reader, *slow;
	unsigned said = 0;

	sv_make(&v, (struct svc_options){ 0 });
	talker = sv_connect(&v, 5000);
	reader = sv_connect(&v, 5000);
	slow = sv_connect(&v, 5000);
	slow->deaf = true;
	memset(line, 'x', sizeof(line));
	line[CHAT_LINE_BYTES] = '\n';
	while (said < 20000 && !heard(reader, "* guest3 reads too slowly and was dropped\r\n")) {
		sv_say_bytes(&v, talker, line, sizeof(line));
		sv_run(&v, SAMPAN_MS(50));
		sv_forget(talker);
		said++;
	}
	EXPECT(said > 500 && said < 20000);
	EXPECT_EQ(reader->ended || talker->ended, false);
	EXPECT(reader->len > said * CHAT_LINE_BYTES);
	slow->deaf = false;
	sv_run(&v, SAMPAN_SEC(5));
	EXPECT(slow->ended && heard(slow, "\r\n* You read too slowly and are dropped.\r\n"));
	sv_end(&v);
}

TEST(chat_dropped_reader_that_takes_nothing_is_gone_soon)
{
	static char line[CHAT_LINE_BYTES + 1];
	struct sv_client *talker, *slow;

	sv_make(&v, (struct svc_options){ 0 });
	talker = sv_connect(&v, 5000);
	slow = sv_connect(&v, 5000);
	slow->deaf = true;
	memset(line, 'x', sizeof(line));
	line[CHAT_LINE_BYTES] = '\n';
	for (unsigned i = 0; i < 20000 && !heard(talker, "was dropped"); i++) {
		sv_forget(talker);
		sv_say_bytes(&v, talker, line, sizeof(line));
		sv_run(&v, SAMPAN_MS(50));
	}
	sv_run(&v, SAMPAN_SEC(12));
	EXPECT_EQ(sv_connections(&v), 1);
	sv_end(&v);
}

/* The same for who wants to go, and then does not take what is left. */
TEST(chat_quit_by_who_takes_nothing_is_gone_soon)
{
	static char line[CHAT_LINE_BYTES + 1];
	struct sv_client *talker, *slow;

	sv_make(&v, (struct svc_options){ 0 });
	talker = sv_connect(&v, 5000);
	slow = sv_connect(&v, 5000);
	slow->deaf = true;
	memset(line, 'x', sizeof(line));
	line[CHAT_LINE_BYTES] = '\n';
	for (unsigned i = 0; i < 830; i++) {
		sv_say_bytes(&v, talker, line, sizeof(line));
		sv_run(&v, SAMPAN_MS(50));
		sv_forget(talker);
	}
	EXPECT_EQ(sv_connections(&v), 2);
	sv_say(&v, slow, "/quit\n");
	sv_run(&v, SAMPAN_SEC(5));
	EXPECT_EQ(sv_connections(&v), 2);
	sv_run(&v, SAMPAN_SEC(7));
	EXPECT_EQ(sv_connections(&v), 1);
	EXPECT(heard(talker, "* guest2 has left\r\n"));
	sv_end(&v);
}

/* Who talks without pause is read as fast as is good for the others. */
TEST(chat_flood_drops_nobody)
{
	static char flood[200000];
	struct sv_client *talker, *reader;

	sv_make(&v, (struct svc_options){ 0 });
	talker = sv_connect(&v, 5000);
	reader = sv_connect(&v, 5000);
	for (size_t i = 0; i < sizeof(flood); i += 2)
		memcpy(flood + i, "x\n", 2);
	EXPECT(sampan_send(v.s[0], talker->handle, flood, sizeof(flood)) > 100000);
	sv_run(&v, SAMPAN_SEC(20));
	EXPECT(!talker->ended && !reader->ended);
	EXPECT(reader->len > 500 * strlen("<guest1> x\r\n"));
	EXPECT(reader->len < 5000 * strlen("<guest1> x\r\n"));
	sv_end(&v);
}

TEST(chat_of_a_thousand)
{
	struct sv_client *first;

	sv_make(&v, (struct svc_options){ 0 });
	first = sv_connect(&v, 5000);
	for (unsigned i = 1; i < 1000; i++)
		(void)sv_connect(&v, 5000);
	sv_say(&v, first, "hello everybody\n/who\n");
	sv_run(&v, SAMPAN_MS(100));
	for (unsigned i = 0; i < 1000; i++)
		EXPECT(heard(&v.client[i], "<guest1> hello everybody\r\n") && !v.client[i].ended);
	EXPECT(heard(first, "* 1000 here: guest1 guest2"));
	sp_svc_stop(&v.services);
	sv_run(&v, SAMPAN_MS(100));
	for (unsigned i = 0; i < 1000; i++)
		EXPECT(heard(&v.client[i], "* The server ends\r\n") && v.client[i].ended);
	sv_end(&v);
}
