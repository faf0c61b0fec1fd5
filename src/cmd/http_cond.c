/*
 * http_cond.c - see http_cond.h.
 */
#include "cmd/http_cond.h"

#include <string.h>

#include "cmd/http_date.h"

/* An entity tag without its weakness mark. */
static struct http_text
opaque(struct http_text tag)
{
	const bool weak = tag.len >= 2 && tag.p[0] == 'W' && tag.p[1] == '/';

	return weak ? (struct http_text){ tag.p + 2, tag.len - 2 } : tag;
}

static bool
is_equal(struct http_text a, struct http_text b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* RFC 9110 §8.8.3.2. */
static bool
tags_match(struct http_text a, struct http_text b, bool strong)
{
	if (strong && (a.p[0] == 'W' || b.p[0] == 'W'))
		return false;
	return is_equal(opaque(a), opaque(b));
}

/* The next entity tag of a list; false: no more, or no list. */
static bool
next_tag(struct http_text *list, struct http_text *tag)
{
	const char *at = list->p, *end = at + list->len, *quote;

	while (at < end && (*at == ' ' || *at == '\t' || *at == ','))
		at++;
	tag->p = at;
	if (end - at > 2 && at[0] == 'W' && at[1] == '/')
		at += 2;
	if (at == end || *at != '"')
		return false;
	quote = memchr(at + 1, '"', (size_t)(end - at - 1));
	if (quote == NULL)
		return false;
	tag->len = (size_t)(quote + 1 - tag->p);
	*list = (struct http_text){ quote + 1, (size_t)(end - quote - 1) };
	return true;
}

static bool
list_has(struct http_text list, const struct http_file *f, bool strong)
{
	const struct http_text ours = { f->etag, strlen(f->etag) };
	struct http_text tag;

	if (list.len == 1 && list.p[0] == '*')
		return true;
	while (next_tag(&list, &tag)) {
		if (tags_match(tag, ours, strong))
			return true;
	}
	return false;
}

/* Is the field a date, and which? */
static bool
date_in(const struct http_request *r, const char *message, enum http_field field, int64_t wall_s,
    int64_t *at_s)
{
	const struct http_text text = sp_http_request_text(message, r->field[field]);

	return text.len > 0 && sp_http_date_read(at_s, text.p, text.len, wall_s);
}

/* The order is RFC 9110 §13.2.2. */
uint16_t
sp_http_cond(const struct http_request *r, const char *message, const struct http_file *f,
    int64_t wall_s)
{
	const struct http_text if_match = sp_http_request_text(message, r->field[HTTP_IF_MATCH]);
	const struct http_text if_none = sp_http_request_text(message,
	    r->field[HTTP_IF_NONE_MATCH]);
	int64_t at_s;

	if (if_match.len > 0) {
		if (!list_has(if_match, f, true))
			return 412;
	} else if (date_in(r, message, HTTP_IF_UNMODIFIED_SINCE, wall_s, &at_s) &&
	    f->modified_s > at_s) {
		return 412;
	}
	if (if_none.len > 0)
		return list_has(if_none, f, false) ? 304 : 0;
	if (date_in(r, message, HTTP_IF_MODIFIED_SINCE, wall_s, &at_s) && f->modified_s <= at_s)
		return 304;
	return 0;
}

bool
sp_http_cond_range(const struct http_request *r, const char *message, const struct http_file *f,
    int64_t wall_s)
{
	const struct http_text ours = { f->etag, strlen(f->etag) };
	const struct http_text text = sp_http_request_text(message, r->field[HTTP_IF_RANGE]);
	int64_t at_s;

	if (text.len == 0)
		return true;
	if (text.p[0] == '"' || text.p[0] == 'W')
		return tags_match(text, ours, true);
	/* RFC 9110 §13.1.5: a date counts only if nothing could have changed
	 * within its second. */
	return !f->racy && date_in(r, message, HTTP_IF_RANGE, wall_s, &at_s) &&
	    at_s == f->modified_s;
}
