/*
 * spec.c - see spec.h.
 */
#include "link/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "link/number.h"

#define EXAMPLE "tap:sampan0,host=10.77.0.1/24"

/* Copies the bytes before end, at least one; false: they do not fit. */
static bool
copy_part(char *to, size_t room, const char *from, const char *end)
{
	const size_t len = (size_t)(end - from);

	if (len == 0 || len >= room)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static bool
read_option(struct sp_spec *spec, const char *text, const char *end)
{
	const char *equals = memchr(text, '=', (size_t)(end - text));
	struct sp_spec_option *o;

	if (equals == NULL || spec->n == SP_SPEC_OPTIONS)
		return false;
	o = &spec->options[spec->n++];
	return copy_part(o->key, sizeof(o->key), text, equals) &&
	    copy_part(o->value, sizeof(o->value), equals + 1, end);
}

static bool
read_parts(struct sp_spec *spec, const char *text)
{
	const char *colon = strchr(text, ':');
	const char *part, *end;

	spec->n = 0;
	if (colon == NULL || !copy_part(spec->kind, sizeof(spec->kind), text, colon))
		return false;
	end = strchrnul(colon + 1, ',');
	if (!copy_part(spec->name, sizeof(spec->name), colon + 1, end))
		return false;
	while (*end == ',') {
		part = end + 1;
		end = strchrnul(part, ',');
		if (!read_option(spec, part, end))
			return false;
	}
	return true;
}

int
sp_spec_read(struct sp_spec *spec, const char *text, const struct sp_why *why)
{
	if (!read_parts(spec, text))
		return sp_why(why, EINVAL, "malformed link '%s': give KIND:NAME[,KEY=VALUE]..., "
		    "for example " EXAMPLE, text);
	return 0;
}

bool
sp_prefix_is_v4(const struct sampan_addr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(addr->b, mapped, sizeof(mapped)) == 0;
}

/* The prefix in bits of the 16 bytes. */
static unsigned
bits_of_16(const struct sp_prefix *prefix)
{
	return sp_prefix_is_v4(&prefix->addr) ? prefix->bits + 96 : prefix->bits;
}

bool
sp_prefix_holds(const struct sp_prefix *prefix, const struct sampan_addr *addr)
{
	const unsigned bits = bits_of_16(prefix);
	const unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(prefix->addr.b, addr->b, whole) != 0)
		return false;
	return rest == 0 || (prefix->addr.b[whole] ^ addr->b[whole]) >> (8 - rest) == 0;
}

/* Are the bits behind an IPv4 prefix all zero (the network), or all one
 * (everybody on it)?  Neither exists in a /31 or /32 (RFC 3021). */
static bool
is_network_or_broadcast(const struct sp_prefix *prefix)
{
	const uint8_t *b = prefix->addr.b + 12;
	uint32_t ip = 0;
	uint32_t host_mask;

	if (!sp_prefix_is_v4(&prefix->addr) || prefix->bits > 30)
		return false;
	for (unsigned i = 0; i < 4; i++)
		ip = ip << 8 | b[i];
	host_mask = UINT32_MAX >> prefix->bits;
	return (ip & host_mask) == 0 || (ip & host_mask) == host_mask;
}

int
sp_prefix_read(struct sp_prefix *prefix, const char *text, const struct sp_why *why)
{
	const size_t len = sampan_addr_read(&prefix->addr, text);
	uint64_t bits;

	if (len == 0 || text[len] != '/' || !sp_number_read(&bits, text + len + 1) ||
	    bits > (sp_prefix_is_v4(&prefix->addr) ? 32 : 128))
		return sp_why(why, EINVAL, "malformed address '%s': give ADDR/LEN, "
		    "for example 10.77.0.2/24", text);
	prefix->bits = (unsigned)bits;
	if (is_network_or_broadcast(prefix))
		return sp_why(why, EINVAL, "'%s' is the address of a whole network: "
		    "give the address of one host in it", text);
	return 0;
}

void
sp_prefix_write(const struct sp_prefix *prefix, char *text)
{
	const size_t len = sampan_addr_write(&prefix->addr, text);

	(void)snprintf(text + len, SP_PREFIX_TEXT - len, "/%u", prefix->bits);
}
