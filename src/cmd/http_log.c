/*
 * http_log.c - see http_log.h.
 */
#include "cmd/http_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_BUFFER_BYTES 65536

struct http_log {
	FILE *to;
};

int
sp_http_log_open(struct http_log **out, const char *path, const struct sp_why *why)
{
	struct http_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return sp_why(why, ENOMEM, "no memory for --access-log");
	log->to = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
	if (log->to == NULL) {
		free(log);
		return sp_why(why, errno, "--access-log %.150s: %s", path, strerror(errno));
	}
	(void)setvbuf(log->to, NULL, _IOFBF, LOG_BUFFER_BYTES);
	*out = log;
	return 0;
}

static void
print_text(FILE *to, struct http_text text)
{
	for (size_t i = 0; i < text.len; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c >= 0x7f || c == '"' || c == '\\')
			(void)fprintf(to, "\\x%02x", (unsigned)c);
		else
			(void)fputc(c, to);
	}
}

static void
print_field(FILE *to, const struct http_log_line *line, enum http_field field)
{
	const struct http_text text = sp_http_request_text(line->message,
	    line->request->field[field]);

	(void)fputs(" \"", to);
	print_text(to, text.len > 0 ? text : (struct http_text){ "-", 1 });
	(void)fputc('"', to);
}

void
sp_http_log(struct http_log *log, const struct http_log_line *line)
{
	const time_t wall = (time_t)line->wall_s;
	char peer[SAMPAN_ADDR_TEXT], date[40] = "";
	struct tm tm;

	(void)sampan_addr_write(&line->peer->addr, peer);
	flockfile(log->to);	/* standard output is all threads' */
	if (gmtime_r(&wall, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	(void)fprintf(log->to, "%s - - [%s] \"", peer, date);
	print_text(log->to, sp_http_request_text(line->message, line->request->line));
	if (line->request->in_body)
		(void)fprintf(log->to, " HTTP/%u.%u", line->request->parser.http_major,
		    line->request->parser.http_minor);
	(void)fprintf(log->to, "\" %u %llu", line->status, (unsigned long long)line->body_bytes);
	print_field(log->to, line, HTTP_REFERER);
	print_field(log->to, line, HTTP_USER_AGENT);
	(void)fputc('\n', log->to);
	/* Whole lines only: other threads write behind them. */
	if (__fpending(log->to) > LOG_BUFFER_BYTES / 2)
		(void)fflush(log->to);
	funlockfile(log->to);
}

void
sp_http_log_flush(struct http_log *log)
{
	(void)fflush(log->to);
}

void
sp_http_log_close(struct http_log *log)
{
	if (log->to == stdout)
		(void)fflush(log->to);
	else
		(void)fclose(log->to);
	free(log);
}
