/*
 * cmd_svc_http.c - the http service, asked by a client on another stack.
 */
#include "svc_util.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST "Host: h\r\n"
#define BIG_BYTES 3000000
/* Saturday, 1 January 2000: older than the clock of svc_util.h. */
#define OLD_S 946684800

static struct sv v;
static char root[64];

static void
write_file(const char *name, const char *bytes, size_t len)
{
	const struct timespec times[2] = { { OLD_S, 0 }, { OLD_S, 0 } };
	char path[128];
	FILE *to;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	to = fopen(path, "w");
	EXPECT(to != NULL && fwrite(bytes, 1, len, to) == len && fclose(to) == 0);
	EXPECT_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
}

static char
big_byte(size_t i)
{
	return (char)((i * 0x9e3779b97f4a7c15u) >> 56);
}

static void
fill_root(void)
{
	char *big = malloc(BIG_BYTES), path[128];

	(void)snprintf(root, sizeof(root), "/tmp/sampan-unit-XXXXXX");
	EXPECT(mkdtemp(root) != NULL);
	write_file("a.txt", "hello world\n", 12);
	write_file("empty", "", 0);
	write_file(".hidden", "secret", 6);
	write_file("a <b>&.txt", "x", 1);
	for (size_t i = 0; i < BIG_BYTES; i++)
		big[i] = big_byte(i);
	write_file("big", big, BIG_BYTES);
	free(big);
	(void)snprintf(path, sizeof(path), "%s/sub", root);
	EXPECT_EQ(mkdir(path, 0755), 0);
	write_file("sub/index.html", "<h1>index", 9);
	(void)snprintf(path, sizeof(path), "%s/list", root);
	EXPECT_EQ(mkdir(path, 0755), 0);
	write_file("list/one", "1", 1);
	(void)snprintf(path, sizeof(path), "%s/out", root);
	EXPECT_EQ(symlink("/etc/passwd", path), 0);
	(void)snprintf(path, sizeof(path), "%s/up", root);
	EXPECT_EQ(symlink("..", path), 0);
	(void)snprintf(path, sizeof(path), "%s/in", root);
	EXPECT_EQ(symlink("sub/../a.txt", path), 0);
	(void)snprintf(path, sizeof(path), "%s/fifo", root);
	EXPECT_EQ(mkfifo(path, 0644), 0);
}

static void
begin(void)
{
	fill_root();
	sv_make(&v, (struct svc_options){ .root = root });
}

static void
end(void)
{
	char command[100];

	sv_end(&v);
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	EXPECT_EQ(system(command), 0);
}

/* Says a request and returns what comes back, all of it. */
static const char *
ask(struct sv_client *c, const char *request)
{
	sv_forget(c);
	sv_say(&v, c, request);
	sv_run(&v, SAMPAN_MS(50));
	return c->text;
}

static const char *
get(struct sv_client *c, const char *target, const char *fields)
{
	static char request[1000];

	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "%s\r\n", target,
	    fields);
	return ask(c, request);
}

static unsigned
status_of(const char *reply)
{
	unsigned status = 0;

	return sscanf(reply, "HTTP/1.1 %u ", &status) == 1 ? status : 0;
}

static bool
has(const char *reply, const char *text)
{
	return strstr(reply, text) != NULL;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

TEST(http_get_has_what_caches_need)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	get(c, "/a.txt", "");
	EXPECT(strncmp(c->text, "HTTP/1.1 200 OK\r\nServer: sampan\r\n"
	    "Date: Sun, 09 Sep 2001 01:46:4", 63) == 0);
	EXPECT(has(c->text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	EXPECT(has(c->text, "\r\nContent-Length: 12\r\n"));
	EXPECT(has(c->text, "\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n"));
	EXPECT(has(c->text, "\r\nETag: \""));
	EXPECT(has(c->text, "\r\nAccept-Ranges: bytes\r\n"));
	EXPECT(has(c->text, "\r\nConnection: keep-alive\r\n\r\nhello world\n"));
	EXPECT(!c->ended);
	end();
}

/* The short way and the long way say the same, but for the date. */
TEST(http_second_get_equals_the_first)
{
	struct sv_client *c;
	static char first[2000];

	begin();
	c = sv_connect(&v, 80);
	(void)snprintf(first, sizeof(first), "%s", get(c, "/a.txt", ""));
	EXPECT_STR(get(c, "/a.txt", ""), first);
	sv_run(&v, SAMPAN_SEC(3));
	get(c, "/a.txt", "");
	EXPECT(has(c->text, "Date: Sun, 09 Sep 2001 01:46:4"));
	EXPECT(strcmp(c->text, first) != 0);
	EXPECT(strcmp(strstr(c->text, "Content-Type"), strstr(first, "Content-Type")) == 0);
	end();
}

TEST(http_head_is_the_head_of_get)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	ask(c, "HEAD /a.txt HTTP/1.1\r\n" HOST "\r\n");
	EXPECT_EQ(status_of(c->text), 200);
	EXPECT(has(c->text, "Content-Length: 12\r\n"));
	EXPECT_STR(c->text + c->len - 4, "\r\n\r\n");
	ask(c, "HEAD /big HTTP/1.1\r\n" HOST "Range: bytes=0-1\r\n\r\n");
	EXPECT(status_of(c->text) == 200 && has(c->text, "Content-Length: 3000000\r\n"));
	ask(c, "HEAD /none HTTP/1.1\r\n" HOST "\r\n");
	EXPECT_EQ(status_of(c->text), 404);
	EXPECT_STR(c->text + c->len - 4, "\r\n\r\n");
	end();
}

TEST(http_paths_stay_in_their_folder)
{
	static const struct { const char *target; unsigned status; } cases[] = {
		{ "/none", 404 }, { "/.hidden", 404 }, { "/out", 404 }, { "/up", 404 },
		{ "/up/etc/passwd", 404 }, { "/in", 200 }, { "/../etc/passwd", 400 },
		{ "/%2e%2e/%2e%2e/etc/passwd", 400 }, { "/sub/../../etc/passwd", 400 },
		{ "/..%2f..%2fetc%2fpasswd", 404 }, { "//etc/passwd", 404 }, { "/fifo", 403 },
		{ "/a.txt/", 404 }, { "/a.txt/x", 404 }, { "/a.txt%00.html", 400 },
		{ "/sub", 301 }, { "/sub/", 200 }, { "/empty", 200 },
		{ "http://other/a.txt", 200 }, { "/a.txt?x=/../..", 200 },
		{ "/a%20%3cb%3E%26.txt", 200 },
	};
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (status_of(get(c, cases[i].target, "")) != cases[i].status)
			test_fail(__FILE__, __LINE__, cases[i].target);
		EXPECT(!has(c->text, "root:"));
	}
	end();
}

/* A folder without its slash; "//host" would be another machine. */
TEST(http_folder_moves_to_its_slash)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	EXPECT(has(get(c, "/sub?a=b", ""), "\r\nLocation: /sub/?a=b\r\n"));
	EXPECT(has(get(c, "//sub", ""), "\r\nLocation: /sub/\r\n"));
	EXPECT(has(get(c, "/%73ub", ""), "\r\nLocation: /sub/\r\n"));
	end();
}

TEST(http_list_is_escaped_and_hides_what_is_hidden)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	get(c, "/", "");
	EXPECT_EQ(status_of(c->text), 200);
	EXPECT(has(c->text, "<a href=\"./a%20%3Cb%3E%26.txt\">a &lt;b&gt;&amp;.txt</a>"));
	EXPECT(has(c->text, "<a href=\"./sub/\">sub/</a>"));
	EXPECT(!has(c->text, "hidden") && !has(c->text, "fifo") && !has(c->text, "../"));
	EXPECT(has(get(c, "/list/", ""), "<a href=\"../\">../</a>"));
	end();
}

TEST(http_conditions_in_the_order_of_the_rfc)
{
	static const struct { const char *fields; unsigned status; } cases[] = {
		{ "If-None-Match: *\r\n", 304 },
		{ "If-None-Match: \"x\"\r\n", 200 },
		{ "If-None-Match: \"x\", %s\r\n", 304 },
		{ "If-None-Match: W/%s\r\n", 304 },
		{ "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n", 304 },
		{ "If-Modified-Since: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 200 },
		{ "If-Modified-Since: soon\r\n", 200 },
		{ "If-None-Match: \"x\"\r\nIf-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n",
		    200 },
		{ "If-Match: %s\r\n", 200 },
		{ "If-Match: W/%s\r\n", 412 },
		{ "If-Match: \"x\"\r\n", 412 },
		{ "If-Match: *\r\n", 200 },
		{ "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n", 200 },
		{ "If-Unmodified-Since: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 412 },
		{ "If-Match: %s\r\nIf-None-Match: %s\r\n", 304 },
		{ "If-None-Match: \r\n", 200 },
		{ "If-None-Match: \"\r\n", 200 },
	};
	struct sv_client *c;
	char etag[100], fields[300];

	begin();
	c = sv_connect(&v, 80);
	get(c, "/a.txt", "");
	EXPECT_EQ(sscanf(strstr(c->text, "ETag: "), "ETag: %99[^\r]", etag), 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = 0;

		for (const char *at = cases[i].fields; *at != '\0'; at++) {
			if (at[0] == '%' && at[1] == 's')
				len += (size_t)sprintf(fields + len, "%s", etag);
			else
				fields[len++] = *at;
			at += at[0] == '%' && at[1] == 's';
		}
		fields[len] = '\0';
		if (status_of(get(c, "/a.txt", fields)) != cases[i].status)
			test_fail(__FILE__, __LINE__, fields);
		EXPECT(cases[i].status != 304 || (!has(c->text, "Content-Length") &&
		    has(c->text, "ETag")));
	}
	end();
}

TEST(http_ranges_one_many_none)
{
	struct sv_client *c;
	size_t len;
	char etag[100], fields[200];

	begin();
	c = sv_connect(&v, 80);
	get(c, "/a.txt", "Range: bytes=6-8\r\n");
	EXPECT_EQ(status_of(c->text), 206);
	EXPECT(has(c->text, "\r\nContent-Range: bytes 6-8/12\r\n"));
	EXPECT(has(c->text, "\r\n\r\nwor"));
	get(c, "/a.txt", "Range: bytes=20-\r\n");
	EXPECT(status_of(c->text) == 416 && has(c->text, "\r\nContent-Range: bytes */12\r\n"));
	EXPECT_EQ(status_of(get(c, "/a.txt", "Range: lines=1-\r\n")), 200);
	get(c, "/a.txt", "Range: bytes=0-1,-2\r\n");
	EXPECT_EQ(status_of(c->text), 206);
	EXPECT_EQ(sscanf(strstr(c->text, "Content-Length: "), "Content-Length: %zu", &len), 1);
	EXPECT_EQ(strlen(strstr(c->text, "\r\n\r\n") + 4), len);
	EXPECT(has(c->text, "Content-Range: bytes 0-1/12\r\n\r\nhe\r\n--"));
	EXPECT(has(c->text, "Content-Range: bytes 10-11/12\r\n\r\nd\n\r\n--"));
	/* If-Range. */
	EXPECT_EQ(sscanf(strstr(c->text, "ETag: "), "ETag: %99[^\r]", etag), 1);
	(void)snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n", etag);
	EXPECT_EQ(status_of(get(c, "/a.txt", fields)), 206);
	EXPECT_EQ(status_of(get(c, "/a.txt", "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n")), 200);
	EXPECT_EQ(status_of(get(c, "/a.txt", "Range: bytes=0-1\r\n"
	    "If-Range: Sat, 01 Jan 2000 00:00:00 GMT\r\n")), 206);
	EXPECT_EQ(status_of(get(c, "/a.txt", "Range: bytes=0-1\r\n"
	    "If-Range: Sat, 01 Jan 2000 00:00:01 GMT\r\n")), 200);
	end();
}

static size_t
wrong_bytes(const char *bytes, size_t from, size_t len)
{
	size_t wrong = 0;

	for (size_t i = 0; i < len; i++)
		wrong += bytes[i] != big_byte(from + i);
	return wrong;
}

TEST(http_large_file_comes_whole_to_a_client_that_pauses)
{
	struct sv_client *c;
	const char *body;

	begin();
	c = sv_connect(&v, 80);
	c->deaf = true;
	sv_say(&v, c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	sv_run(&v, SAMPAN_SEC(20));
	c->deaf = false;
	sv_run(&v, SAMPAN_SEC(5));
	body = strstr(c->text, "\r\n\r\n") + 4;
	EXPECT_EQ(c->len - (size_t)(body - c->text), BIG_BYTES);
	EXPECT_EQ(wrong_bytes(body, 0, BIG_BYTES), 0);
	get(c, "/big", "Range: bytes=2000000-2999999\r\n");
	sv_run(&v, SAMPAN_SEC(5));
	body = strstr(c->text, "\r\n\r\n") + 4;
	EXPECT_EQ(c->len - (size_t)(body - c->text), 1000000);
	EXPECT_EQ(wrong_bytes(body, 2000000, 1000000), 0);
	end();
}

TEST(http_pipelined_requests_are_answered_in_order)
{
	static char requests[200 * 40];
	struct sv_client *c;
	size_t len = 0;

	begin();
	c = sv_connect(&v, 80);
	for (unsigned i = 0; i < 200; i++)
		len += (size_t)sprintf(requests + len, "GET %s HTTP/1.1\r\n" HOST "\r\n",
		    i % 3 == 0 ? "/a.txt" : i % 3 == 1 ? "/none" : "/empty");
	/* In pieces that end anywhere. */
	for (size_t at = 0; at < len; at += 333)
		sv_say_bytes(&v, c, requests + at, len - at < 333 ? len - at : 333);
	sv_run(&v, SAMPAN_SEC(1));
	EXPECT_EQ(count(c->text, "HTTP/1.1 200 OK"), 133);
	EXPECT_EQ(count(c->text, "HTTP/1.1 404 Not Found"), 67);
	EXPECT_EQ(count(c->text, "hello world\n"), 67);
	end();
}

/* Replies, one behind the other as their lengths say; 0: something else. */
static unsigned
count_whole(const struct sv_client *c)
{
	const char *at = c->text, *end = c->text + c->len;
	unsigned n = 0;
	size_t len;

	for (; at < end && strncmp(at, "HTTP/1.1 200 OK\r\n", 17) == 0; n++) {
		if (sscanf(strstr(at, "Content-Length: "), "Content-Length: %zu", &len) != 1)
			return 0;
		at = strstr(at, "\r\n\r\n") + 4 + len;
	}
	return at == end ? n : 0;
}

/* Who does not read what he asks for is not read from either. */
TEST(http_pipeline_waits_for_the_reader)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	c->deaf = true;
	for (unsigned i = 0; i < 5; i++)
		sv_say(&v, c, "GET /big HTTP/1.1\r\n" HOST "\r\n"
		    "GET /a.txt HTTP/1.1\r\n" HOST "\r\n");
	sv_run(&v, SAMPAN_SEC(10));
	c->deaf = false;
	sv_run(&v, SAMPAN_SEC(20));
	EXPECT_EQ(count_whole(c), 10);
	EXPECT_EQ(memcmp(c->text + c->len - 12, "hello world\n", 12), 0);
	end();
}

/* RFC 9112 §9.6: the refusal arrives although the body was not read. */
TEST(http_refusal_reaches_a_client_that_still_sends)
{
	static char body[100000];
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	sv_say(&v, c, "POST /a.txt HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	sv_say_bytes(&v, c, body, sizeof(body));
	sv_run(&v, SAMPAN_MS(100));
	EXPECT(status_of(c->text) == 405 && has(c->text, "Allow: GET, HEAD"));
	EXPECT(c->ended && !c->failed);
	end();
}

TEST(http_slow_request_times_out_with_408)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	sv_say(&v, c, "GET / HTTP/1.1\r\n");
	for (unsigned i = 0; i < 17 && !c->ended; i++) {
		sv_say(&v, c, "X: y\r\n");
		sv_run(&v, SAMPAN_SEC(1));
	}
	EXPECT(c->ended && status_of(c->text) == 408);
	end();
}

TEST(http_idle_connection_ends_in_silence)
{
	struct sv_client *first, *second;

	begin();
	first = sv_connect(&v, 80);
	second = sv_connect(&v, 80);
	get(second, "/a.txt", "");
	sv_run(&v, SAMPAN_SEC(40));
	get(second, "/a.txt", "");
	sv_forget(second);
	sv_run(&v, SAMPAN_SEC(25));
	EXPECT(first->ended && first->len == 0);
	EXPECT(!second->ended);
	sv_run(&v, SAMPAN_SEC(40));
	EXPECT(second->ended && second->len == 0);
	end();
}

/* A client that takes nothing for a minute. */
TEST(http_stalled_reply_is_given_up)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	c->deaf = true;
	sv_say(&v, c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	sv_run(&v, SAMPAN_SEC(70));
	EXPECT_EQ(sv_connections(&v), 0);
	EXPECT(!sp_svc_wants_tick(&v.services));
	end();
}

/* What was promised cannot be kept: the client must see that. */
TEST(http_file_that_shrinks_breaks_the_connection)
{
	struct sv_client *c;
	char path[128];

	begin();
	c = sv_connect(&v, 80);
	c->deaf = true;
	sv_say(&v, c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	(void)snprintf(path, sizeof(path), "%s/big", root);
	EXPECT_EQ(truncate(path, 2000000), 0);
	c->deaf = false;
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT(c->failed && c->len < BIG_BYTES);
	end();
}

TEST(http_file_that_grows_is_served_as_it_was)
{
	struct sv_client *c;
	char path[128];

	begin();
	c = sv_connect(&v, 80);
	c->deaf = true;
	sv_say(&v, c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	(void)snprintf(path, sizeof(path), "%s/big", root);
	EXPECT_EQ(truncate(path, 4000000), 0);
	c->deaf = false;
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT(!c->failed);
	EXPECT_EQ(c->len - (size_t)(strstr(c->text, "\r\n\r\n") + 4 - c->text), BIG_BYTES);
	get(c, "/big", "Range: bytes=3999999-\r\n");
	EXPECT_EQ(status_of(c->text), 206);
	end();
}

TEST(http_file_that_changes_is_seen_after_a_second)
{
	struct sv_client *c;
	char path[128];

	begin();
	c = sv_connect(&v, 80);
	EXPECT(has(get(c, "/a.txt", ""), "hello world"));
	write_file("a.txt", "other", 5);
	sv_run(&v, SAMPAN_MS(1100));
	EXPECT(has(get(c, "/a.txt", ""), "\r\n\r\nother"));
	(void)snprintf(path, sizeof(path), "%s/a.txt", root);
	EXPECT_EQ(unlink(path), 0);
	sv_run(&v, SAMPAN_MS(1100));
	EXPECT_EQ(status_of(get(c, "/a.txt", "")), 404);
	end();
}

/* At the end: replies under way are finished, others hear the end at once. */
TEST(http_stop_finishes_replies)
{
	struct sv_client *busy, *idle;

	begin();
	busy = sv_connect(&v, 80);
	idle = sv_connect(&v, 80);
	busy->deaf = true;
	sv_say(&v, busy, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	sp_svc_stop(&v.services);
	sv_run(&v, SAMPAN_MS(100));
	EXPECT(idle->ended && !busy->ended);
	busy->deaf = false;
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT(busy->ended && busy->len > BIG_BYTES);
	end();
}

TEST(http_half_closed_client_gets_its_answer)
{
	struct sv_client *c;

	begin();
	c = sv_connect(&v, 80);
	EXPECT_EQ(sampan_send(v.s[0], c->handle, "GET /big HTTP/1.0\r\n\r\n", 21), 21);
	sv_shut(&v, c);
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT(c->ended && c->len > BIG_BYTES);
	sv_leave(&v, c);
	sv_run(&v, SAMPAN_SEC(2));
	EXPECT_EQ(sv_connections(&v), 0);
	end();
}

TEST(http_without_a_folder_is_the_welcome_page)
{
	struct sv_client *c;

	sv_make(&v, (struct svc_options){ 0 });
	c = sv_connect(&v, 80);
	EXPECT(has(get(c, "/", ""), "<title>Sampan is serving</title>"));
	EXPECT(has(get(c, "/index.html", ""), "<title>Sampan is serving</title>"));
	EXPECT(has(get(c, "/boat.svg", ""), "Content-Type: image/svg+xml"));
	EXPECT_EQ(status_of(get(c, "/boat.svg", "If-None-Match: *\r\n")), 304);
	EXPECT_EQ(status_of(get(c, "/none", "")), 404);
	EXPECT_EQ(status_of(get(c, "/../../etc/passwd", "")), 400);
	EXPECT_EQ(status_of(get(c, "/sub/index.html", "")), 404);
	sv_end(&v);
}

/* Many at once, each with half a request: what is kept is small, and all of it
 * is freed. */
TEST(http_many_half_requests)
{
	struct sv_client *c[300];

	begin();
	for (unsigned i = 0; i < 300; i++) {
		c[i] = sv_connect(&v, 80);
		sv_say(&v, c[i], "GET /a.txt HTTP/1.1\r\nHo");
	}
	for (unsigned i = 0; i < 300; i += 2)
		EXPECT(has(ask(c[i], "st: h\r\n\r\n"), "hello world"));
	sv_run(&v, SAMPAN_SEC(30));
	for (unsigned i = 1; i < 300; i += 2)
		EXPECT_EQ(status_of(c[i]->text), 408);
	end();
}
