/*
 * cmd_svc_small.c - daytime and chargen, and what services share: records,
 * deadlines, the end.
 */
#include "svc_util.h"

TEST(daytime_says_the_time_and_ends)
{
	static struct sv v;
	struct sv_client *c;

	sv_make(&v, (struct svc_options){ 0 });
	c = sv_connect(&v, 13);
	EXPECT_STR(c->text, "Sunday, September 09, 2001 01:46:40 UTC\r\n");
	EXPECT(c->ended);
	sv_leave(&v, c);
	EXPECT_EQ(sv_connections(&v), 0);
	sv_end(&v);
}

/* Bytes that nobody reads would make the close a reset (RFC 9293 §3.6.1). */
TEST(daytime_reaches_a_client_that_talks)
{
	static struct sv v;
	struct sv_client *c;

	sv_make(&v, (struct svc_options){ 0 });
	c = sv_connect(&v, 13);
	sv_say(&v, c, "what time is it?\n");
	EXPECT(c->ended && !c->failed);
	sv_leave(&v, c);
	EXPECT_EQ(sv_connections(&v), 0);
	sv_end(&v);
}

/* A client that never ends its side is given up. */
TEST(goodbye_takes_no_longer_than_its_limit)
{
	static struct sv v;
	struct sv_client *c;

	sv_make(&v, (struct svc_options){ 0 });
	c = sv_connect(&v, 13);
	EXPECT(sp_svc_wants_tick(&v.services));
	sv_run(&v, SVC_GOODBYE_DUR - SAMPAN_SEC(1));
	EXPECT(sp_svc_wants_tick(&v.services));
	EXPECT_EQ(sv_connections(&v), 1);
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT(!sp_svc_wants_tick(&v.services));
	EXPECT(c->ended);
	sv_end(&v);
}

/* RFC 864: the first line begins with the blank, each begins one later. */
TEST(chargen_draws_the_pattern)
{
	static struct sv v;
	struct sv_client *c;
	size_t wrong = 0;

	sv_make(&v, (struct svc_options){ 0 });
	v.client[0].deaf = true;
	c = sv_connect(&v, 19);
	c->deaf = false;
	sv_hear(&v, c);
	EXPECT(c->len > 7030);
	EXPECT(strncmp(c->text, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]"
	    "^_`abcdefg\r\n!\"#", 77) == 0);
	for (size_t i = 0; i < c->len; i++) {
		const size_t line = i / 74, column = i % 74;
		const char expected = column == 72 ? '\r' : column == 73 ? '\n' :
		    (char)(' ' + (line + column) % 95);

		wrong += c->text[i] != expected;
	}
	EXPECT_EQ(wrong, 0);
	sv_leave(&v, c);
	sv_end(&v);
}

TEST(chargen_goes_on_where_it_was_held_up)
{
	static struct sv v;
	struct sv_client *c;
	size_t wrong = 0;

	sv_make(&v, (struct svc_options){ 0 });
	v.client[0].deaf = true;
	c = sv_connect(&v, 19);
	for (unsigned i = 0; i < 20; i++) {
		c->deaf = false;
		sv_hear(&v, c);
		c->deaf = true;
		sv_run(&v, SAMPAN_MS(500));
	}
	EXPECT(c->len > 1000000);
	for (size_t i = 7030; i < c->len; i++)
		wrong += c->text[i] != c->text[i - 7030];
	EXPECT_EQ(wrong, 0);
	sv_leave(&v, c);
	sv_end(&v);
}

/* What is queued is delivered, then comes the end; listeners are gone. */
TEST(stop_delivers_what_is_queued)
{
	static struct sv v;
	struct sv_client *deaf, *echo;

	sv_make(&v, (struct svc_options){ 0 });
	v.client[0].deaf = true;
	deaf = sv_connect(&v, 19);
	echo = sv_connect(&v, 7);
	sv_say(&v, echo, "hello");
	sp_svc_stop(&v.services);
	sv_run(&v, SAMPAN_MS(100));
	EXPECT_STR(echo->text, "hello");
	EXPECT(echo->ended && !deaf->ended);
	deaf->deaf = false;
	sv_run(&v, SAMPAN_SEC(1));
	EXPECT(deaf->ended && deaf->len > 100000);
	sv_leave(&v, deaf);
	sv_leave(&v, echo);
	v.listeners = 0;
	EXPECT_EQ(sv_connections(&v), 0);
	sv_end(&v);
}

/* An event of a socket that an event before it gave up. */
TEST(pool_numbers_are_used_again_and_found_only_while_in_use)
{
	struct svc_pool p = { 0 };
	struct svc_conn *a = sp_svc_pool_take(&p, sizeof(*a), 1), *b;

	EXPECT(sp_svc_pool_at(&p, a->number) == a);
	EXPECT(sp_svc_pool_at(&p, 0) == NULL && sp_svc_pool_at(&p, 2) == NULL);
	sp_svc_pool_free(&p, a);
	EXPECT(sp_svc_pool_at(&p, 1) == NULL);
	EXPECT_EQ(p.used, 0);
	b = sp_svc_pool_take(&p, sizeof(*b), 2);
	EXPECT(b == a && b->number == 1 && b->handle == 2);
	EXPECT_EQ(b->deadline_at, SAMPAN_NEVER);
	sp_svc_pool_end(&p);
}

/* Every record is seen, however few at a time. */
TEST(pool_sweep_finds_whom_time_has_passed)
{
	struct svc_pool p = { 0 };
	unsigned found = 0;

	for (unsigned i = 1; i <= 1000; i++)
		sp_svc_pool_take(&p, sizeof(struct svc_conn), i)->deadline_at = i % 2 ? i : 5000;
	for (unsigned round = 0; round < 100; round++) {
		unsigned most = 10;
		struct svc_conn *c;

		while ((c = sp_svc_pool_sweep(&p, &most, 1000)) != NULL) {
			EXPECT(c->handle % 2 == 1);
			sp_svc_pool_free(&p, c);
			found++;
		}
	}
	EXPECT_EQ(found, 500);
	EXPECT_EQ(p.used, 500);
	sp_svc_pool_end(&p);
}

TEST(hints_name_address_and_port)
{
	char text[40];

	sp_svc_hint(text, sizeof(text), "nc -N %a %p", "10.0.0.2", 19);
	EXPECT_STR(text, "nc -N 10.0.0.2 19");
	sp_svc_hint(text, sizeof(text), "http://%u/", "::1", 80);
	EXPECT_STR(text, "http://[::1]/");
	sp_svc_hint(text, sizeof(text), "http://%u/", "10.0.0.2", 8080);
	EXPECT_STR(text, "http://10.0.0.2:8080/");
	sp_svc_hint(text, 8, "nc -N %a %p", "10.0.0.2", 19);
	EXPECT_STR(text, "nc -N 1");
}
