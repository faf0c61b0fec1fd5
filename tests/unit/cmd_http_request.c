/*
 * cmd_http_request.c - what is read out of a request, and what is refused.
 */
#include "lib/test.h"

#include <stdio.h>

#include "cmd/http_request.h"

/* Feeds a message in pieces of that many bytes; false: it is not whole. */
static bool
feed(struct http_request *r, const char *message, size_t len, size_t piece)
{
	sp_http_request_begin(r);
	for (size_t at = piece; at < len; at += piece) {
		if (sp_http_request_feed(r, message, at))
			return true;
	}
	return sp_http_request_feed(r, message, len);
}

static bool
is_text(const char *message, struct http_span span, const char *text)
{
	return span.len == strlen(text) && memcmp(message + span.at, text, span.len) == 0;
}

TEST(request_is_read_in_pieces_of_any_size)
{
	static const char message[] = "GET /a?b HTTP/1.1\r\nHost: h\r\nrange: bytes=1-2 \r\n"
	    "X: y\r\nIf-None-Match:\"e\"\r\n\r\nGET /next";
	struct http_request r;

	for (size_t piece = 1; piece < sizeof(message); piece++) {
		EXPECT(feed(&r, message, sizeof(message) - 1, piece));
		EXPECT_EQ(r.status, 0);
		EXPECT(r.keep_alive && !r.head && !r.http_1_0);
		EXPECT(is_text(message, r.target, "/a?b"));
		EXPECT(is_text(message, r.line, "GET /a?b"));
		EXPECT(is_text(message, r.field[HTTP_HOST], "h"));
		EXPECT(is_text(message, r.field[HTTP_RANGE], "bytes=1-2"));
		EXPECT(is_text(message, r.field[HTTP_IF_NONE_MATCH], "\"e\""));
		EXPECT_EQ(r.bytes, sizeof(message) - 1 - 9);
	}
}

TEST(request_says_if_the_connection_stays)
{
	static const struct { const char *message; bool keep_alive; } cases[] = {
		{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost:\r\nConnection: x, Close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost:\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", true },
	};
	struct http_request r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EXPECT(feed(&r, cases[i].message, strlen(cases[i].message), 1000));
		EXPECT_EQ(r.status, 0);
		EXPECT_EQ(r.keep_alive, cases[i].keep_alive);
		EXPECT_EQ(r.bytes, strlen(cases[i].message));
	}
}

TEST(request_that_is_wrong_is_refused_with_what_is_wrong)
{
	static const struct { const char *message; int status; } bad[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 },			/* no Host */
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", 400 },
		{ "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ "\x16\x03\x01\x02", 400 },				/* TLS */
		{ "FROB / HTTP/1.1\r\n", 501 },
		{ "get / HTTP/1.1\r\n", 501 },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 405 },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 405 },
		{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", 405 },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
		{ "GET / HTTP/0.9\r\n\r\n", 505 },
		{ "GET / HTTP/1.7\r\n\r\n", 505 },
		{ "GET / FTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", 413 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		    400 },
		/* Requests hidden in requests: RFC 9112 §11.2. */
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
		  "\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400 },
	};
	struct http_request r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t piece = 1; piece < 200; piece += 199) {
			EXPECT(feed(&r, bad[i].message, strlen(bad[i].message), piece));
			if (r.status != bad[i].status)
				test_fail(__FILE__, __LINE__, bad[i].message);
		}
	}
}

/* Its end is known: the connection need not end. */
TEST(request_of_another_method_without_a_body_may_be_followed)
{
	static const char message[] = "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_request r;

	EXPECT(feed(&r, message, sizeof(message) - 1, 1000));
	EXPECT(r.status == 405 && r.keep_alive && r.bytes == sizeof(message) - 1);
}

TEST(request_bodies_are_read_past)
{
	static const char *const messages[] = {
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nRange: bytes=0-1\r\n\r\n",
	};
	struct http_request r;

	for (size_t i = 0; i < 2; i++) {
		for (size_t piece = 1; piece < 200; piece += 7) {
			EXPECT(feed(&r, messages[i], strlen(messages[i]), piece));
			EXPECT(r.status == 0 && r.keep_alive);
			EXPECT_EQ(r.bytes, strlen(messages[i]));
			EXPECT_EQ(r.field[HTTP_RANGE].len, 0);	/* a trailer */
		}
	}
}

TEST(request_too_long_is_told_by_its_part)
{
	static char message[HTTP_MESSAGE_BYTES + 1];
	struct http_request r;
	int head;

	memset(message, 'a', sizeof(message));
	memcpy(message, "GET /", 5);
	EXPECT(feed(&r, message, sizeof(message), 1000));
	EXPECT_EQ(r.status, 414);
	head = snprintf(message, sizeof(message), "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	message[head] = 'a';
	EXPECT(!feed(&r, message, HTTP_MESSAGE_BYTES, 1000));
	EXPECT_EQ(sp_http_request_too_long(&r), 431);
	head = snprintf(message, sizeof(message), "GET / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: %d\r\n\r\n", HTTP_MESSAGE_BYTES);
	message[head] = 'a';
	EXPECT(!feed(&r, message, HTTP_MESSAGE_BYTES, 1000));
	EXPECT_EQ(sp_http_request_too_long(&r), 413);
}

TEST(request_with_too_many_fields_is_refused)
{
	static char message[4000];
	struct http_request r;
	size_t len = (size_t)snprintf(message, sizeof(message), "GET / HTTP/1.1\r\nHost: a\r\n");

	for (unsigned i = 0; i < HTTP_FIELDS; i++)
		len += (size_t)snprintf(message + len, sizeof(message) - len, "X%u: y\r\n", i);
	EXPECT(feed(&r, message, len, 4000));
	EXPECT_EQ(r.status, 431);
}
