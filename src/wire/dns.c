/* dns.c - see dns.h. */
#include "wire/dns.h"

#include "wire/bytes.h"

#define HDR_LEN 12
#define CLASS_IN 1
#define LABEL_MAX 63
#define LABELS_MAX 127
#define ALIASES_MAX 16

#define FLAG_RESPONSE 0x8000
#define FLAGS_OPCODE 0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSE 0x0100
#define FLAGS_RCODE 0x000f
#define RCODE_NO_NAME 3

/* ---- Names ---- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
dns_name_equal(const char *a, const char *b)
{
	for (; lower(*a) == lower(*b); a++, b++)
		if (*a == '\0')
			return true;
	return (*a == '.' && a[1] == '\0' && *b == '\0') ||
	    (*b == '.' && b[1] == '\0' && *a == '\0');
}

/* What can be told from a dot, and printed. */
static bool
label_good(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == '.')
			return false;
	return true;
}

/* Adds a label; false: the name is too long for 255 octets (RFC 1035 §2.3.4), which with no
 * dot at its end is one character less than DNS_NAME_MAX. */
static bool
add_label(char *text, size_t *n, const uint8_t *label, size_t len)
{
	if (!label_good(label, len) || *n + len + 1 >= DNS_NAME_MAX)
		return false;
	if (*n > 0)
		text[(*n)++] = '.';
	__builtin_memcpy(text + *n, label, len);
	*n += len;
	return true;
}

/* RFC 1035 §4.1.4 (R-V-15): each pointer goes to before the one before it, so that there is
 * an end. */
bool
dns_read_name(char text[DNS_NAME_TEXT], const uint8_t *p, size_t len, size_t *at)
{
	size_t i = *at, before = *at, n = 0;
	bool jumped = false;

	for (unsigned labels = 0; labels <= LABELS_MAX && i < len; labels++) {
		const uint8_t c = p[i];

		if (c == 0) {
			text[n] = '\0';
			*at = jumped ? *at : i + 1;
			return true;
		}
		if (c >= 0xc0) {
			if (len - i < 2)
				return false;
			if (!jumped)
				*at = i + 2;
			jumped = true;
			i = be16_get(p + i) & 0x3fffu;
			if (i >= before)
				return false;
			before = i;
			continue;
		}
		if (c > LABEL_MAX || len - i - 1 < c || !add_label(text, &n, p + i + 1, c))
			return false;
		i += 1u + c;
	}
	return false;
}

/* Writes the name's labels; 0: it has an empty or a long one, or none. */
static size_t
put_name(uint8_t *p, const char *name)
{
	size_t n = 0;

	while (*name != '\0') {
		size_t len = 0;

		while (name[len] != '\0' && name[len] != '.')
			len++;
		if (len == 0 || len > LABEL_MAX || n + len + 2 > 255 ||
		    !label_good((const uint8_t *)name, len))
			return 0;
		p[n++] = (uint8_t)len;
		__builtin_memcpy(p + n, name, len);
		n += len;
		name += name[len] == '.' ? len + 1 : len;
	}
	p[n] = 0;
	return n > 0 ? n + 1 : 0;
}

size_t
dns_emit_query(uint8_t p[DNS_QUERY_MAX], uint16_t id, const char *name, uint16_t type)
{
	const size_t n = put_name(p + HDR_LEN, name);

	if (n == 0)
		return 0;
	__builtin_memset(p, 0, HDR_LEN);
	be16_put(p, id);
	be16_put(p + 2, FLAG_RECURSE);
	be16_put(p + 4, 1);
	be16_put(p + HDR_LEN + n, type);
	be16_put(p + HDR_LEN + n + 2, CLASS_IN);
	return HDR_LEN + n + 4;
}

/* ---- Answers ---- */

/* What is being read: the records of an answer begin at `records`. */
struct reading {
	const uint8_t *p;
	size_t len, records;
	unsigned count;
	uint16_t type;
};

struct record {
	char name[DNS_NAME_TEXT];
	uint16_t type, class, data_len;
	size_t data;
};

/* The record at *at, which moves on. */
static bool
next_record(const struct reading *r, size_t *at, struct record *rec)
{
	const uint8_t *p;

	if (!dns_read_name(rec->name, r->p, r->len, at) || r->len - *at < 10)
		return false;
	p = r->p + *at;
	rec->type = be16_get(p);
	rec->class = be16_get(p + 2);
	rec->data_len = be16_get(p + 8);
	rec->data = *at + 10;
	if (r->len - rec->data < rec->data_len)
		return false;
	*at = rec->data + rec->data_len;
	return true;
}

/* Looks all records over; collects the addresses of a name, or its alias.  False:
 * malformed. */
static bool
look_up(const struct reading *r, const char *name, struct dns_answer *a, char *alias)
{
	const size_t addr_len = r->type == DNS_TYPE_A ? 4 : 16;
	size_t at = r->records;
	struct record rec;

	alias[0] = '\0';
	for (unsigned i = 0; i < r->count; i++) {
		size_t data;

		if (!next_record(r, &at, &rec))
			return false;
		if (rec.class != CLASS_IN || !dns_name_equal(rec.name, name))
			continue;
		data = rec.data;
		if (rec.type == DNS_TYPE_CNAME &&
		    (!dns_read_name(alias, r->p, rec.data + rec.data_len, &data) ||
		    data != rec.data + rec.data_len || alias[0] == '\0'))
			return false;
		if (rec.type != r->type)
			continue;
		if (rec.data_len != addr_len)
			return false;
		if (a->addrs < DNS_ADDRS)
			__builtin_memcpy(a->addr[a->addrs++], r->p + rec.data, addr_len);
	}
	return true;
}

/* RFC 1034 §3.6.2: addresses of the name itself count before an alias. */
static enum dns_verdict
follow(const struct reading *r, const char *name, struct dns_answer *a)
{
	char names[2][DNS_NAME_TEXT];

	for (unsigned i = 0; i < ALIASES_MAX; i++) {
		char *alias = names[i % 2];

		if (!look_up(r, name, a, alias))
			return DNS_MALFORMED;
		if (a->addrs > 0 || alias[0] == '\0')
			return DNS_FOUND;
		name = alias;
	}
	return DNS_MALFORMED;		/* round and round */
}

/* RFC 5452 §9.1: the same question, name, type and class, with the same number. */
static bool
fits(const uint8_t *p, size_t len, const struct dns_question *q, size_t *records)
{
	char name[DNS_NAME_TEXT];
	size_t at = HDR_LEN;

	if (len < HDR_LEN || be16_get(p) != q->id || (be16_get(p + 2) & FLAG_RESPONSE) == 0 ||
	    be16_get(p + 4) != 1 || !dns_read_name(name, p, len, &at) || len - at < 4)
		return false;
	*records = at + 4;
	return dns_name_equal(name, q->name) && be16_get(p + at) == q->type &&
	    be16_get(p + at + 2) == CLASS_IN;
}

enum dns_verdict
dns_parse(struct dns_answer *a, const uint8_t *p, size_t len, const struct dns_question *q)
{
	struct reading r = { .p = p, .len = len, .type = q->type };
	uint16_t flags;

	a->addrs = 0;
	if (!fits(p, len, q, &r.records))
		return DNS_NOT_OURS;
	flags = be16_get(p + 2);
	if ((flags & FLAGS_OPCODE) != 0)
		return DNS_MALFORMED;
	if ((flags & FLAG_TRUNCATED) != 0)
		return DNS_TRUNCATED;
	if ((flags & FLAGS_RCODE) == RCODE_NO_NAME)
		return DNS_NO_NAME;
	if ((flags & FLAGS_RCODE) != 0)
		return DNS_SERVER_FAILED;
	r.count = be16_get(p + 6);
	return follow(&r, q->name, a);
}
