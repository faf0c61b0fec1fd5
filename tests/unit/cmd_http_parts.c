/*
 * cmd_http_parts.c - paths, ranges, dates and types of the http service.
 */
#include "lib/test.h"

#include <stdio.h>

#include "cmd/http_date.h"
#include "cmd/http_mime.h"
#include "cmd/http_path.h"
#include "cmd/http_range.h"

/* ---- Paths ---- */

TEST(path_is_decoded_and_has_no_dots)
{
	static const struct { const char *target, *path; bool folder; } good[] = {
		{ "/", "", true },
		{ "/a", "a", false },
		{ "/a/", "a", true },
		{ "/a/b.txt", "a/b.txt", false },
		{ "//a///b", "a/b", false },
		{ "/a/./b", "a/b", false },
		{ "/a/.", "a", true },
		{ "/a/..", "", true },
		{ "/a/../b", "b", false },
		{ "/a/b/../../c", "c", false },
		{ "/a/%2e%2E/b", "b", false },
		{ "/%41%20%c3%a9", "A \xc3\xa9", false },
		{ "/a?b=/../c", "a", false },
		{ "/?", "", true },
		{ "/a%3Fb", "a?b", false },
		{ "/...", NULL, false },	/* hidden */
		{ "/.well-known/x", ".well-known/x", false },
		{ "http://host/a", "a", false },
		{ "HTTP://host:80/a/", "a", true },
		{ "http://host", "", true },
		{ "http://host?q", "", true },
	};
	struct http_path p;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *target = good[i].target;

		EXPECT_EQ(sp_http_path_read(&p, target, strlen(target)),
		    good[i].path == NULL ? 404 : 0);
		if (good[i].path == NULL)
			continue;
		EXPECT_STR(p.text, good[i].path);
		EXPECT_EQ(p.len, strlen(p.text));
		EXPECT_EQ(p.folder, good[i].folder);
	}
}

TEST(path_that_is_none_is_refused)
{
	static const struct { const char *target; int status; } bad[] = {
		{ "", 400 }, { "*", 400 }, { "a", 400 }, { "host:80", 400 },
		{ "https://host/a", 400 },
		{ "/..", 400 }, { "/../", 400 }, { "/a/../..", 400 }, { "/%2e%2e/etc", 400 },
		{ "/a/..%2f..", 404 }, { "/a%2Fb", 404 },
		{ "/a%00b", 400 }, { "/%", 400 }, { "/%4", 400 }, { "/%zz", 400 },
		{ "/.git/config", 404 }, { "/a/.b", 404 }, { "/..a", 404 }, { "/%2egit", 404 },
		{ "/.well-known2", 404 },
	};
	struct http_path p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(sp_http_path_read(&p, bad[i].target, strlen(bad[i].target)),
		    bad[i].status);
}

TEST(path_of_any_length_stays_within_its_room)
{
	static char target[3 * HTTP_PATH_BYTES];
	struct http_path p;

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	for (size_t len = HTTP_PATH_BYTES - 8; len < HTTP_PATH_BYTES + 8; len++) {
		const int status = sp_http_path_read(&p, target, len);

		EXPECT_EQ(status, len <= HTTP_PATH_BYTES - 1 ? 0 : 414);
		EXPECT(status != 0 || strlen(p.text) == len - 1);
	}
	for (size_t i = 0; i + 3 < sizeof(target); i += 2)
		memcpy(target + i, "/b", 2);
	EXPECT_EQ(sp_http_path_read(&p, target, sizeof(target) - 8), 414);
}

TEST(path_is_written_so_that_it_reads_the_same)
{
	char path[256], text[1 + 3 * 256 + 1];
	struct http_path p;

	for (unsigned i = 1; i < 256; i++)
		path[i - 1] = (char)(i == '/' ? 'x' : i);
	path[255] = '\0';
	text[0] = '/';
	EXPECT(sp_http_path_write(text + 1, sizeof(text) - 1, path) > 255);
	EXPECT_EQ(sp_http_path_read(&p, text, strlen(text)), 0);
	EXPECT_STR(p.text, path);
	EXPECT_EQ(sp_http_path_write(text, 3, "a b"), 0);
	EXPECT_EQ(sp_http_path_write(text, 4, "abc"), 0);
}

/* ---- Ranges of a file of 100 bytes ---- */

static const char *
ranges_of(const char *field)
{
	static char text[600];
	struct http_range r[HTTP_RANGES];
	const int n = sp_http_range_read(r, field, strlen(field), 100);
	size_t len = (size_t)snprintf(text, sizeof(text), "%d", n);

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %llu-%llu",
		    (unsigned long long)r[i].at, (unsigned long long)r[i].end);
	return text;
}

TEST(range_is_what_was_asked_for)
{
	static const struct { const char *field, *ranges; } cases[] = {
		{ "bytes=0-0", "1 0-1" }, { "bytes=0-99", "1 0-100" },
		{ "bytes=99-99", "1 99-100" },
		{ "bytes=0-100", "1 0-100" }, { "bytes=50-", "1 50-100" },
		{ "bytes=-1", "1 99-100" }, { "bytes=-100", "1 0-100" },
		{ "bytes=-101", "1 0-100" },
		{ "Bytes=1-2", "1 1-3" },
		{ "bytes=0-0,-1", "2 0-1 99-100" }, { "bytes=90-,0-9", "2 90-100 0-10" },
		{ "bytes= 1-2 , 4-5 ,, 7-7,", "3 1-3 4-6 7-8" },
		{ "bytes=0-18446744073709551615", "1 0-100" },
		{ "bytes=0-99999999999999999999999", "1 0-100" },
		/* One that cannot be served beside one that can. */
		{ "bytes=100-,5-5", "1 5-6" },
		/* None that can. */
		{ "bytes=100-", "-1" }, { "bytes=100-200", "-1" }, { "bytes=-0", "-1" },
		{ "bytes=99999999999999999999999-", "-1" },
		/* Not a range: the field does not count. */
		{ "bytes=", "0" }, { "bytes=,", "0" }, { "bytes=a", "0" }, { "bytes=-", "0" },
		{ "bytes=5-4", "0" }, { "bytes=1", "0" }, { "bytes=1-2x", "0" },
		{ "bytes=1-2;3-4", "0" }, { "byte=1-2", "0" }, { "lines=1-2", "0" },
		{ "", "0" }, { "bytes", "0" }, { "bytes=+1-2", "0" }, { "bytes=0x1-2", "0" },
		/* More than the file has. */
		{ "bytes=0-,0-", "0" }, { "bytes=0-99,5-5", "0" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_STR(ranges_of(cases[i].field), cases[i].ranges);
}

TEST(range_too_many_are_the_whole_file)
{
	char field[200] = "bytes=0-0";

	for (unsigned i = 1; i < HTTP_RANGES; i++)
		(void)snprintf(field + strlen(field), 20, ",%u-%u", 2 * i, 2 * i);
	EXPECT(strncmp(ranges_of(field), "16 0-1 2-3", 10) == 0);
	(void)strcat(field, ",50-50");
	EXPECT_STR(ranges_of(field), "0");
}

/* ---- Dates ---- */

#define NOW_S 1763596800	/* 20 November 2025 */

TEST(date_of_the_rfc_in_its_three_forms)
{
	static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" };
	char text[HTTP_DATE_BYTES + 1] = "";
	int64_t at_s;

	for (size_t i = 0; i < 3; i++) {
		EXPECT(sp_http_date_read(&at_s, forms[i], strlen(forms[i]), NOW_S));
		EXPECT_EQ(at_s, 784111777);
	}
	sp_http_date_write(text, 784111777);
	EXPECT_STR(text, forms[0]);
}

TEST(date_of_every_day_reads_as_it_was_written)
{
	char text[HTTP_DATE_BYTES + 1] = "";
	int64_t back;

	for (int64_t at = 0; at < 253402300800; at += 86400 - 1) {
		sp_http_date_write(text, at);
		if (!sp_http_date_read(&back, text, HTTP_DATE_BYTES, NOW_S) || back != at)
			test_fail(__FILE__, __LINE__, text);
	}
	sp_http_date_write(text, 253402300799);
	EXPECT_STR(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	sp_http_date_write(text, 951782400);
	EXPECT_STR(text, "Tue, 29 Feb 2000 00:00:00 GMT");
}

/* RFC 9110 §5.6.7: more than 50 years ahead is past. */
TEST(date_with_two_digits_is_near)
{
	int64_t at_s;

	EXPECT(sp_http_date_read(&at_s, "Friday, 01-Jan-75 00:00:00 GMT", 30, NOW_S));
	EXPECT_EQ(at_s, 3313526400);	/* 2075 */
	EXPECT(sp_http_date_read(&at_s, "Friday, 01-Jan-76 00:00:00 GMT", 30, NOW_S));
	EXPECT_EQ(at_s, 189302400);	/* 1976 */
}

TEST(date_that_is_none_is_refused)
{
	static const char *const bad[] = {
		"", ",", "x", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
		"Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 29 Feb 2001 08:49:37 GMT",
		"Sun, 06 Nvv 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
		"Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT ",
		"Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 gmt",
		"Sunday, 06-Nov-94 08:49:37 XXX", "S, 06-Nov-94 08:49:37 GMT",
		"Sun Nov 66 08:49:37 1994", "1994-11-06T08:49:37Z",
	};
	int64_t at_s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (sp_http_date_read(&at_s, bad[i], strlen(bad[i]), NOW_S))
			test_fail(__FILE__, __LINE__, bad[i]);
	}
}

/* ---- Types ---- */

TEST(mime_is_by_the_end_of_the_name)
{
	static const struct { const char *path, *type; } cases[] = {
		{ "a.html", "text/html; charset=utf-8" },
		{ "b/A.HTML", "text/html; charset=utf-8" },
		{ "a.tar.gz", "application/gzip" }, { "x.7z", "application/x-7z-compressed" },
		{ "x.zst", "application/zstd" }, { "boat.svg", "image/svg+xml" },
		{ "a.js", "text/javascript; charset=utf-8" }, { "f.woff2", "font/woff2" },
		{ "noend", "application/octet-stream" }, { "a.b/c", "application/octet-stream" },
		{ "a.", "application/octet-stream" }, { "", "application/octet-stream" },
		{ "a.unknown", "application/octet-stream" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_STR(sp_http_mime(cases[i].path), cases[i].type);
}
