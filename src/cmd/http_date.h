/*
 * http_date.h - dates as HTTP writes them, RFC 9110 §5.6.7.
 *
 * Seconds since 1970 in UTC; years 1970 to 9999.
 */
#ifndef SAMPAN_CMD_HTTP_DATE_H
#define SAMPAN_CMD_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_DATE_BYTES 29

/* Writes HTTP_DATE_BYTES and no zero. */
void sp_http_date_write(char *text, int64_t at_s);

/* Reads any of the three forms; now_s resolves years of two digits.  False: it
 * is no date. */
bool sp_http_date_read(int64_t *at_s, const char *text, size_t len, int64_t now_s);

#endif
