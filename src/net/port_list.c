/*
 * port_list.c - see port_list.h.
 */
#include "net/port_list.h"

#include "net/port.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* NULL: no number; one that is too great stays so. */
static const char *
read_port(const char *p, uint32_t *port)
{
	const char *first = p;

	for (*port = 0; *p >= '0' && *p <= '9'; p++)
		*port = *port <= UINT16_MAX ? *port * 10 + (uint32_t)(*p - '0') : *port;
	return p > first ? p : NULL;
}

/* The next range of a list that is not empty; 1: there is another one behind it, 0: there is
 * none. */
static int
next_range(const char **at, uint32_t *first, uint32_t *last)
{
	const char *p = read_port(*at, first);

	*last = *first;
	if (p != NULL && *p == '-')
		p = read_port(p + 1, last);
	if (p == NULL)
		return SAMPAN_EINVAL;
	if (*last > UINT16_MAX || *first > *last)
		return SAMPAN_ERANGE;
	if (*p == ',') {
		*at = p + 1;
		return 1;
	}
	while (is_blank(*p))
		p++;
	*at = p;
	return *p == '\0' ? 0 : SAMPAN_EINVAL;
}

static int
check(const char *p)
{
	const char *const begin = p;
	uint32_t first, last;
	int more = 1;

	while (more == 1)
		more = next_range(&p, &first, &last);
	return more == 0 && p - begin >= SAMPAN_SETTING_TEXT ? SAMPAN_ERANGE : more;
}

static void
clear(struct sampan *s)
{
	for (uint32_t port = 0; port <= UINT16_MAX; port++)
		if (sp_port_is_reserved(s, (uint16_t)port))
			sp_port_unreserve(s, (uint16_t)port);
	s->setting[SAMPAN_SET_RESERVED_PORTS] = 0;
}

/* Of text that has been checked. */
static int
reserve(struct sampan *s, const char *p)
{
	uint32_t first, last;
	int more = 1;

	while (more == 1) {
		more = next_range(&p, &first, &last);
		for (uint32_t port = first; port <= last; port++) {
			if (sp_port_is_reserved(s, (uint16_t)port))
				continue;
			if (!sp_port_reserve(s, (uint16_t)port))
				return SAMPAN_ENOBUFS;
			s->setting[SAMPAN_SET_RESERVED_PORTS]++;
		}
	}
	return 0;
}

int
sp_port_list_read(struct sampan *s, const char *text)
{
	int error;

	while (is_blank(*text))
		text++;
	error = *text != '\0' ? check(text) : 0;
	if (error != 0)
		return error;
	clear(s);
	error = *text != '\0' ? reserve(s, text) : 0;
	if (error != 0)
		clear(s);
	return error;
}

/* Where text is written to; what does not fit is counted all the same. */
struct writer {
	char *text;
	size_t len, at;
};

static void
put(struct writer *w, char c)
{
	if (w->at < w->len)
		w->text[w->at] = c;
	w->at++;
}

static void
put_number(struct writer *w, uint32_t n)
{
	if (n >= 10)
		for (uint32_t unit = n >= 10000 ? 10000 : n >= 1000 ? 1000 : n >= 100 ? 100 : 10;
		    unit > 1; unit /= 10)
			put(w, (char)('0' + n / unit % 10));
	put(w, (char)('0' + n % 10));
}

int
sp_port_list_write(const struct sampan *s, char *text, size_t len)
{
	struct writer w = { text, len, 0 };

	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		const uint32_t first = port;

		if (!sp_port_is_reserved(s, (uint16_t)port))
			continue;
		while (port < UINT16_MAX && sp_port_is_reserved(s, (uint16_t)(port + 1)))
			port++;
		if (w.at > 0)
			put(&w, ',');
		put_number(&w, first);
		if (port > first) {
			put(&w, '-');
			put_number(&w, port);
		}
	}
	put(&w, '\0');
	return w.at <= len ? (int)w.at - 1 : SAMPAN_EMSGSIZE;
}
