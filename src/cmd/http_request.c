/*
 * http_request.c - see http_request.h.
 */
#include "cmd/http_request.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint8_t len;
} fields[HTTP_FIELD_COUNT] = {
#define X(id, name) { name, sizeof(name) - 1 },
	HTTP_REQUEST_FIELDS(X)
#undef X
};

static struct http_request *
request_of(const llhttp_t *parser)
{
	return parser->data;
}

/* A part may come in pieces, one behind the other. */
static void
extend(const struct http_request *r, struct http_span *span, const char *at, size_t len)
{
	if (span->len == 0)
		span->at = (uint16_t)(at - r->base);
	span->len = (uint16_t)(span->len + len);
}

static int
refuse(struct http_request *r, uint16_t status)
{
	r->status = status;
	r->keep_alive = false;
	return HPE_USER;
}

static int
method_came(llhttp_t *parser, const char *at, size_t len)
{
	extend(request_of(parser), &request_of(parser)->line, at, len);
	return 0;
}

static int
target_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_request *r = request_of(parser);

	extend(r, &r->target, at, len);
	r->line.len = (uint16_t)(r->target.at + r->target.len - r->line.at);
	return r->target.len > HTTP_TARGET_BYTES ? refuse(r, 414) : 0;
}

static int
name_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_request *r = request_of(parser);

	r->in_fields = true;
	extend(r, &r->name, at, len);
	return 0;
}

static enum http_field
field_of(const char *name, size_t len)
{
	unsigned i = 0;

	while (i < HTTP_FIELD_COUNT &&
	    (fields[i].len != len || strncasecmp(fields[i].name, name, len) != 0))
		i++;
	return (enum http_field)i;
}

static int
name_ended(llhttp_t *parser)
{
	struct http_request *r = request_of(parser);

	if (++r->fields > HTTP_FIELDS)
		return refuse(r, 431);
	/* A trailer says nothing to us: RFC 9110 §6.5.1. */
	r->field_now = r->in_body ? HTTP_FIELD_COUNT :
	    (uint8_t)field_of(r->base + r->name.at, r->name.len);
	r->name.len = 0;
	/* The first of two lines counts, but a second Host is an attack:
	 * RFC 9112 §3.2. */
	if (r->field_now == HTTP_HOST && r->field[HTTP_HOST].at != 0)
		return refuse(r, 400);
	if (r->field_now < HTTP_FIELD_COUNT && r->field[r->field_now].at != 0)
		r->field_now = HTTP_FIELD_COUNT;
	return 0;
}

static int
value_came(llhttp_t *parser, const char *at, size_t len)
{
	struct http_request *r = request_of(parser);

	if (r->field_now < HTTP_FIELD_COUNT)
		extend(r, &r->field[r->field_now], at, len);
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9112 §5: blanks around a value are not part of it; llhttp leaves those
 * at its end.  An empty value is there all the same. */
static int
value_ended(llhttp_t *parser)
{
	struct http_request *r = request_of(parser);
	struct http_span *value;

	if (r->field_now == HTTP_FIELD_COUNT)
		return 0;
	value = &r->field[r->field_now];
	if (value->at == 0)
		value->at = 1;
	while (value->len > 0 && is_blank(r->base[value->at + value->len - 1]))
		value->len--;
	return 0;
}

static bool
has_body(const llhttp_t *parser)
{
	return parser->content_length > 0 || (parser->flags & F_CHUNKED) != 0;
}

/* Any method but GET and HEAD; its body is not waited for. */
static int
refuse_method(struct http_request *r)
{
	const bool whole = !has_body(&r->parser) && r->parser.method != HTTP_CONNECT;

	r->status = 405;
	r->keep_alive = r->keep_alive && whole;
	return whole ? 0 : HPE_USER;
}

static int
head_ended(llhttp_t *parser)
{
	struct http_request *r = request_of(parser);

	r->in_fields = true;
	r->in_body = true;
	r->keep_alive = llhttp_should_keep_alive(parser) != 0;
	r->http_1_0 = parser->http_major == 1 && parser->http_minor == 0;
	r->head = parser->method == HTTP_HEAD;
	if (parser->http_major != 1)
		return refuse(r, 505);
	/* RFC 9112 §3.2: 400 without Host, of HTTP/1.1 on. */
	if (!r->http_1_0 && r->field[HTTP_HOST].at == 0)
		return refuse(r, 400);
	if (parser->method != HTTP_GET && parser->method != HTTP_HEAD)
		return refuse_method(r);
	if (parser->content_length > HTTP_MESSAGE_BYTES)
		return refuse(r, 413);
	parser->upgrade = 0;	/* RFC 9110 §7.8: may be ignored */
	return 0;
}

static int
message_ended(llhttp_t *parser)
{
	(void)parser;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_method = method_came,
	.on_url = target_came,
	.on_header_field = name_came,
	.on_header_field_complete = name_ended,
	.on_header_value = value_came,
	.on_header_value_complete = value_ended,
	.on_headers_complete = head_ended,
	.on_message_complete = message_ended,
};

void
sp_http_request_begin(struct http_request *r)
{
	memset(r, 0, sizeof(*r));
	llhttp_init(&r->parser, HTTP_REQUEST, &settings);
}

/* May it be part of a method? */
static bool
is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", c) == NULL;
}

/* What the parser could not read, and where. */
static uint16_t
status_of(llhttp_errno_t error, const char *at, const char *end)
{
	if (error == HPE_INVALID_METHOD && at < end && is_token(*at))
		return 501;	/* RFC 9110 §9.1: not known */
	if (error == HPE_INVALID_VERSION)
		return 505;
	return 400;
}

bool
sp_http_request_feed(struct http_request *r, const char *message, size_t len)
{
	llhttp_errno_t error;

	r->base = message;
	r->parser.data = r;
	error = llhttp_execute(&r->parser, message + r->fed, len - r->fed);
	r->fed = (uint16_t)len;
	if (error == HPE_OK)
		return false;
	if (error == HPE_PAUSED) {
		r->bytes = (uint16_t)(llhttp_get_error_pos(&r->parser) - message);
		return true;
	}
	if (r->status == 0)
		(void)refuse(r, status_of(error, llhttp_get_error_pos(&r->parser),
		    message + len));
	r->bytes = (uint16_t)len;
	return true;
}

uint16_t
sp_http_request_too_long(const struct http_request *r)
{
	if (!r->in_fields)
		return 414;
	return r->in_body ? 413 : 431;
}
