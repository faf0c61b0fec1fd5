/* dhcp.c - see dhcp.h. */
#include "wire/dhcp.h"

#include "wire/bytes.h"

#define OP_REQUEST 1
#define OP_REPLY 2
#define HTYPE_ETHERNET 1
#define OPT_PAD 0

#define SNAME_AT 44
#define FILE_AT 108
#define MAGIC_AT 236
#define OVERLOAD_FILE 1
#define OVERLOAD_SNAME 2

static const uint8_t magic[4] = { 99, 130, 83, 99 };

/* A stretch of options. */
struct field {
	const uint8_t *p;
	size_t len;
};

/* The fields that options are in, in the order in which their parts follow each
 * other: RFC 3396 §5. */
static unsigned
fields_of(const struct dhcp_msg *m, struct field f[3])
{
	unsigned n = 0;

	f[n++] = (struct field){ m->p + DHCP_FIXED_LEN, m->len - DHCP_FIXED_LEN };
	if ((m->overload & OVERLOAD_FILE) != 0)
		f[n++] = (struct field){ m->p + FILE_AT, MAGIC_AT - FILE_AT };
	if ((m->overload & OVERLOAD_SNAME) != 0)
		f[n++] = (struct field){ m->p + SNAME_AT, FILE_AT - SNAME_AT };
	return n;
}

/* The next option of a field at *at, which moves on: its code, its length in
 * *len, its octets behind the two.  NULL: no more.  What is cut off leaves *at at
 * SIZE_MAX. */
static const uint8_t *
next_option(const struct field *f, size_t *at, size_t *len)
{
	const uint8_t *o;

	while (*at < f->len && f->p[*at] == OPT_PAD)
		(*at)++;
	if (*at >= f->len || f->p[*at] == DHCP_OPT_END)
		return NULL;
	o = f->p + *at;
	if (f->len - *at < 2 || f->len - *at - 2 < o[1]) {
		*at = SIZE_MAX;
		return NULL;
	}
	*len = o[1];
	*at += 2 + *len;
	return o;
}

static bool
field_good(const struct field *f)
{
	size_t at = 0, len;

	while (next_option(f, &at, &len) != NULL)
		;
	return at != SIZE_MAX;
}

static bool
fields_good(const struct dhcp_msg *m)
{
	struct field f[3];
	const unsigned n = fields_of(m, f);

	for (unsigned i = 0; i < n; i++)
		if (!field_good(&f[i]))
			return false;
	return true;
}

/* RFC 2131 §4.1 (R-2131-4): the cookie, then options that stay where they are; one
 * says whether there are more of them elsewhere. */
bool
dhcp_parse(struct dhcp_msg *m, const uint8_t *p, size_t len)
{
	uint8_t type;

	if (len < DHCP_FIXED_LEN || p[0] != OP_REPLY || p[1] != HTYPE_ETHERNET || p[2] != 6 ||
	    __builtin_memcmp(p + MAGIC_AT, magic, sizeof(magic)) != 0)
		return false;
	*m = (struct dhcp_msg){
		.xid = be32_get(p + 4),
		.ciaddr = be32_get(p + 12),
		.yiaddr = be32_get(p + 16),
		.p = p,
		.len = len,
	};
	__builtin_memcpy(m->chaddr, p + 28, sizeof(m->chaddr));
	if (!fields_good(m))
		return false;
	if (dhcp_option(m, DHCP_OPT_OVERLOAD, &type, 1) == 1)
		m->overload = type & (OVERLOAD_FILE | OVERLOAD_SNAME);
	if (!fields_good(m) || dhcp_option(m, DHCP_OPT_TYPE, &type, 1) != 1 ||
	    type < DHCP_DISCOVER || type > DHCP_INFORM)
		return false;
	m->type = (enum dhcp_type)type;
	return true;
}

int
dhcp_option(const struct dhcp_msg *m, uint8_t code, uint8_t *out, size_t room)
{
	struct field f[3];
	const unsigned n = fields_of(m, f);
	size_t total = 0;
	bool found = false;

	for (unsigned i = 0; i < n; i++) {
		size_t at = 0, len;
		const uint8_t *o;

		while ((o = next_option(&f[i], &at, &len)) != NULL) {
			if (o[0] != code)
				continue;
			found = true;
			if (total < room)
				__builtin_memcpy(out + total, o + 2,
				    len < room - total ? len : room - total);
			total += len;
		}
	}
	return found ? (int)total : -1;
}

bool
dhcp_option_u16(const struct dhcp_msg *m, uint8_t code, uint16_t *value)
{
	uint8_t octets[2];

	if (dhcp_option(m, code, octets, sizeof(octets)) != sizeof(octets))
		return false;
	*value = be16_get(octets);
	return true;
}

bool
dhcp_option_u32(const struct dhcp_msg *m, uint8_t code, uint32_t *value)
{
	uint8_t octets[4];

	if (dhcp_option(m, code, octets, sizeof(octets)) != sizeof(octets))
		return false;
	*value = be32_get(octets);
	return true;
}

/* RFC 3442: only as many octets of the destination as its prefix has. */
bool
dhcp_next_route(struct dhcp_route *r, const uint8_t *option, size_t len, size_t *at)
{
	const size_t left = *at < len ? len - *at : 0;
	const uint8_t *o = option + *at;
	const size_t octets = left > 0 ? (o[0] + 7u) / 8 : 0;
	uint8_t dst[4] = { 0 };

	if (left == 0 || o[0] > 32 || left < 1 + octets + 4)
		return false;
	__builtin_memcpy(dst, o + 1, octets);
	r->bits = o[0];
	r->dst = be32_get(dst) & (r->bits == 0 ? 0 : UINT32_MAX << (32 - r->bits));
	r->gateway = be32_get(o + 1 + octets);
	*at += 1 + octets + 4;
	return true;
}

/* ---- Out ---- */

static uint8_t *
put_u32(uint8_t *p, uint8_t code, uint32_t value)
{
	p[0] = code;
	p[1] = 4;
	be32_put(p + 2, value);
	return p + 6;
}

/* RFC 2131 §3.5 (R-2131-15).  RFC 3442: classless routes are asked for before routers. */
static uint8_t *
put_wishes(uint8_t *p, uint16_t max_len)
{
	static const uint8_t wishes[] = { DHCP_OPT_MASK, DHCP_OPT_ROUTES, DHCP_OPT_ROUTER,
		DHCP_OPT_DNS, DHCP_OPT_DOMAIN, DHCP_OPT_SEARCH, DHCP_OPT_MTU, DHCP_OPT_LEASE,
		DHCP_OPT_T1, DHCP_OPT_T2 };

	p[0] = DHCP_OPT_MAX_LEN;
	p[1] = 2;
	be16_put(p + 2, max_len);
	p[4] = DHCP_OPT_PARAMETERS;
	p[5] = sizeof(wishes);
	__builtin_memcpy(p + 6, wishes, sizeof(wishes));
	return p + 6 + sizeof(wishes);
}

/* The client identifier is the hardware address with its type: RFC 2132 §9.14
 * (R-2131-14). */
static uint8_t *
put_client(uint8_t *p, const uint8_t chaddr[6])
{
	p[0] = DHCP_OPT_CLIENT;
	p[1] = 7;
	p[2] = HTYPE_ETHERNET;
	__builtin_memcpy(p + 3, chaddr, 6);
	return p + 9;
}

size_t
dhcp_emit(uint8_t *p, const struct dhcp_out *m)
{
	uint8_t *o = p + DHCP_FIXED_LEN;

	/* Flags stay 0: unicast reaches us before we have an address (R-2131-5). */
	__builtin_memset(p, 0, DHCP_OUT_MAX);
	p[0] = OP_REQUEST;
	p[1] = HTYPE_ETHERNET;
	p[2] = 6;
	be32_put(p + 4, m->xid);
	be16_put(p + 8, m->secs);
	be32_put(p + 12, m->ciaddr);
	__builtin_memcpy(p + 28, m->chaddr, 6);
	__builtin_memcpy(p + MAGIC_AT, magic, sizeof(magic));
	o[0] = DHCP_OPT_TYPE;
	o[1] = 1;
	o[2] = (uint8_t)m->type;
	o = put_client(o + 3, m->chaddr);
	if (m->requested != 0)
		o = put_u32(o, DHCP_OPT_REQUESTED, m->requested);
	if (m->server != 0)
		o = put_u32(o, DHCP_OPT_SERVER, m->server);
	if (m->max_len != 0)
		o = put_wishes(o, m->max_len);
	*o++ = DHCP_OPT_END;
	return (size_t)(o - p) < DHCP_OUT_MIN ? DHCP_OUT_MIN : (size_t)(o - p);
}
