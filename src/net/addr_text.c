/*
 * addr_text.c - addresses as text: dotted quads, and RFC 4291 §2.2 with the
 * canonical form of RFC 5952 when writing.
 */
#include <string.h>

#include "net/flow.h"

/* One number of a dotted quad: no sign, no leading zero, at most 255. */
static size_t
read_octet(uint8_t *octet, const char *text)
{
	unsigned n = 0;
	size_t len = 0;

	while (len < 3 && text[len] >= '0' && text[len] <= '9')
		n = n * 10 + (unsigned)(text[len++] - '0');
	if (len == 0 || n > 255 || (len > 1 && text[0] == '0'))
		return 0;
	*octet = (uint8_t)n;
	return len;
}

static size_t
read_v4(uint8_t octets[4], const char *text)
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t len;

		if (i > 0 && text[at++] != '.')
			return 0;
		len = read_octet(&octets[i], text + at);
		if (len == 0)
			return 0;
		at += len;
	}
	return text[at] >= '0' && text[at] <= '9' ? 0 : at;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static size_t
read_group(uint16_t *group, const char *text)
{
	unsigned n = 0;
	size_t len = 0;

	while (len < 4 && hex_digit(text[len]) >= 0)
		n = n << 4 | (unsigned)hex_digit(text[len++]);
	*group = (uint16_t)n;
	return len;
}

/* Groups up to a gap or the end: returns how many bytes of b they filled. */
static unsigned
read_groups(uint8_t *b, unsigned room, const char *text, size_t *at)
{
	unsigned n = 0;

	while (n < room) {
		uint16_t group;
		size_t start = *at;

		if (n > 0 && (text[start] != ':' || text[start + 1] == ':'))
			break;
		start += n > 0;
		if (room - n >= 4 && read_v4(b + n, text + start) != 0) {
			*at = start + read_v4(b + n, text + start);
			return n + 4;
		}
		if (read_group(&group, text + start) == 0)
			break;
		*at = start + read_group(&group, text + start);
		be16_put(b + n, group);
		n += 2;
	}
	return n;
}

static size_t
read_v6(uint8_t b[16], const char *text)
{
	uint8_t tail[16];
	size_t at = 0;
	unsigned front, back;

	memset(b, 0, 16);
	front = read_groups(b, 16, text, &at);
	if (front == 16)
		return at;
	if (text[at] != ':' || text[at + 1] != ':')
		return 0;
	at += 2;
	back = read_groups(tail, 14 - front, text, &at);
	memcpy(b + 16 - back, tail, back);
	return at;
}

size_t
sampan_addr_read(struct sampan_addr *addr, const char *text)
{
	uint8_t v4[4];
	const size_t len = read_v4(v4, text);

	if (len == 0)
		return read_v6(addr->b, text);
	*addr = sampan_addr_v4(v4[0], v4[1], v4[2], v4[3]);
	return len;
}

static size_t
write_number(char *text, unsigned n, unsigned base)
{
	static const char digit[] = "0123456789abcdef";
	char back[8];
	size_t len = 0, at = 0;

	do
		back[len++] = digit[n % base];
	while ((n /= base) > 0);
	while (len > 0)
		text[at++] = back[--len];
	return at;
}

static size_t
write_v4(const uint8_t *b, char *text)
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			text[at++] = '.';
		at += write_number(text + at, b[i], 10);
	}
	return at;
}

/* The longest run of two or more zero groups, the first of equals. */
static void
find_gap(const uint8_t b[16], unsigned *gap, unsigned *gap_len)
{
	unsigned run = 0;

	*gap = 8;
	*gap_len = 1;
	for (unsigned i = 0; i < 8; i++) {
		run = be16_get(b + 2 * i) == 0 ? run + 1 : 0;
		if (run > *gap_len) {
			*gap_len = run;
			*gap = i + 1 - run;
		}
	}
}

static size_t
write_v6(const uint8_t b[16], char *text)
{
	unsigned gap, gap_len;
	size_t at = 0;

	find_gap(b, &gap, &gap_len);
	for (unsigned i = 0; i < 8; i++) {
		if (i == gap) {
			text[at++] = ':';
			text[at++] = ':';
			i += gap_len - 1;
			continue;
		}
		if (i > 0 && text[at - 1] != ':')
			text[at++] = ':';
		at += write_number(text + at, be16_get(b + 2 * i), 16);
	}
	return at;
}

size_t
sampan_addr_write(const struct sampan_addr *addr, char *text)
{
	const size_t len = sp_addr_is_v4(addr) ? write_v4(addr->b + 12, text) :
						 write_v6(addr->b, text);

	text[len] = '\0';
	return len;
}
