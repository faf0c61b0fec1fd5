/*
 * http_range.h - which bytes of a file are asked for, RFC 9110 §14.
 */
#ifndef SAMPAN_CMD_HTTP_RANGE_H
#define SAMPAN_CMD_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

/* Whoever asks for more at once gets the whole file: RFC 9110 §14.2 warns of
 * requests that make much work. */
#define HTTP_RANGES 16

struct http_range {
	uint64_t at, end;	/* at < end */
};

/* Reads the field's value for a file of that size.  Returns how many ranges
 * can be served, in the order asked for; 0: the field does not count and the
 * whole file is the answer; -1: none can (416). */
int sp_http_range_read(struct http_range ranges[HTTP_RANGES], const char *text, size_t len,
    uint64_t size);

#endif
