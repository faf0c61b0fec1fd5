/*
 * serve_route.c - see serve_route.h.
 */
#include "cmd/serve_route.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MOST 200
#define SPACE " \t"

/* What is being read, for messages. */
struct reading {
	const char *text;
	const struct sp_why *why;
};

__attribute__((format(printf, 2, 3)))
static int
refuse(const struct reading *r, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	(void)sp_why(r->why, EINVAL, "--route '%s': %s", r->text, what);
	return EINVAL;
}

static bool
read_addr(const char *text, struct sampan_addr *addr)
{
	const size_t len = text != NULL ? sampan_addr_read(addr, text) : 0;

	return len > 0 && text[len] == '\0';
}

static bool
is_v4(const struct sampan_addr *a)
{
	const struct sampan_addr zero = sampan_addr_v4(0, 0, 0, 0);

	return memcmp(a->b, zero.b, 12) == 0;
}

/* ADDR/LEN, ADDR for one host, default. */
static int
read_prefix(const struct reading *r, char *text, struct sampan_route *route)
{
	char *slash = strchr(text, '/'), *end;
	unsigned long bits = 0;

	if (strcmp(text, "default") == 0)
		return 0;
	if (slash != NULL)
		*slash = '\0';
	if (!read_addr(text, &route->dst))
		return refuse(r, "begin with a prefix, such as 10.9.0.0/16 or default");
	route->prefix_bits = is_v4(&route->dst) ? 32 : 128;
	if (slash == NULL)
		return 0;
	bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > route->prefix_bits)
		return refuse(r, "a prefix has 0 to %u bits", route->prefix_bits);
	route->prefix_bits = (unsigned)bits;
	return 0;
}

/* N, and a time also Nms or Ns. */
static bool
read_number(const char *text, bool is_time, uint64_t most, uint64_t *n)
{
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9' || strlen(text) > 12)
		return false;
	*n = strtoull(text, &end, 10);
	if (is_time && strcmp(end, "s") == 0)
		*n *= 1000;
	else if (*end != '\0' && !(is_time && strcmp(end, "ms") == 0))
		return false;
	return *n <= most;
}

static int
read_word(const struct reading *r, const char *key, const char *value, struct sampan_route *to)
{
	static const struct { const char *name; uint32_t most; } keys[] = {
		{ "metric", UINT32_MAX }, { "mtu", 65535 }, { "window", 1u << 30 },
		{ "initcwnd", 65535 }, { "initrwnd", 65535 }, { "advmss", 65535 },
		{ "rto_min", 60000 }, { "quickack", 1 },
	};
	size_t i = 0;
	uint64_t n = 0;

	if (strcmp(key, "via") == 0)
		return read_addr(value, &to->gateway) ? 0 : refuse(r, "via: give an address");
	while (i < sizeof(keys) / sizeof(keys[0]) && strcmp(keys[i].name, key) != 0)
		i++;
	if (i == sizeof(keys) / sizeof(keys[0]))
		return refuse(r, "'%s' is none of via, metric, mtu, window, initcwnd, initrwnd, "
		    "advmss, rto_min, quickack", key);
	if (!read_number(value, i == 6, keys[i].most, &n))
		return refuse(r, "%s: give a number up to %u%s", key, keys[i].most,
		    i == 6 ? ", as ms, or 200ms, or 2s" : "");
	switch (i) {
	case 0: to->metric = (uint32_t)n; break;
	case 1: to->mtu_bytes = (uint16_t)n; break;
	case 2: to->window_bytes = (uint32_t)n; break;
	case 3: to->initcwnd_segs = (uint16_t)n; break;
	case 4: to->initrwnd_segs = (uint16_t)n; break;
	case 5: to->advmss_bytes = (uint16_t)n; break;
	case 6: to->rto_min_ms = (uint16_t)n; break;
	default: to->quickack = n != 0; break;
	}
	return 0;
}

int
sp_serve_route_read(struct sampan_route *route, const char *text, const struct sp_why *why)
{
	static const struct sampan_addr none;
	const struct reading r = { text, why };
	char copy[TEXT_MOST], *at, *key, *value;
	int error;

	*route = (struct sampan_route){ .size = sizeof(*route) };
	if (strlen(text) >= sizeof(copy))
		return refuse(&r, "is too long");
	memcpy(copy, text, strlen(text) + 1);
	key = strtok_r(copy, SPACE, &at);
	error = read_prefix(&r, key != NULL ? key : copy, route);
	while (error == 0 && (key = strtok_r(NULL, SPACE, &at)) != NULL) {
		value = strtok_r(NULL, SPACE, &at);
		error = read_word(&r, key, value, route);
	}
	if (error == 0 && route->prefix_bits == 0 &&
	    memcmp(&route->gateway, &none, sizeof(none)) == 0)
		return refuse(&r, "say via which router");
	return error;
}
