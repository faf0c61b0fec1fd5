/* ndp.c - see ndp.h. */
#include "wire/ndp.h"

#include "wire/bytes.h"
#include "wire/icmp6.h"
#include "wire/ip6.h"

#define NS_LEN 24
#define REDIRECT_LEN 40
#define FLAG_ROUTER 0x80
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE 0x20
#define MAC_OPT_LEN 8

const uint8_t *
ndp_next_option(const uint8_t *p, size_t len, size_t *at, size_t *opt_len)
{
	const uint8_t *o = p + *at;

	if (len - *at < 2 || o[1] == 0 || o[1] * 8u > len - *at)
		return NULL;
	*opt_len = o[1] * 8u;
	*at += *opt_len;
	return o;
}

/* §6.1, §7.1: all options have a length that is not 0, and end where the
 * message does. */
static bool
options_good(const uint8_t *p, size_t len, size_t at)
{
	size_t opt_len;

	while (at < len)
		if (ndp_next_option(p, len, &at, &opt_len) == NULL)
			return false;
	return true;
}

static void
take_option(struct ndp_msg *m, const uint8_t *o, size_t len)
{
	const uint8_t own =
	    m->type == ICMP6_NEIGH_SOLICIT ? NDP_OPT_SOURCE_MAC : NDP_OPT_TARGET_MAC;

	if (o[0] == own && len == MAC_OPT_LEN) {
		m->has_mac = true;
		__builtin_memcpy(m->mac, o + 2, 6);
	} else if (o[0] == NDP_OPT_NONCE && len == 2 + NDP_NONCE_LEN) {
		m->has_nonce = true;
		__builtin_memcpy(m->nonce, o + 2, NDP_NONCE_LEN);
	}
}

/* What §8.1 asks of a redirect's target: a link-local router, or the
 * destination itself. */
static bool
redirect_good(const struct ndp_msg *m)
{
	return !ip6_is_multicast(m->dst) &&
	    (ip6_is_link_local(m->target) || __builtin_memcmp(m->target, m->dst, 16) == 0);
}

bool
ndp_parse(struct ndp_msg *m, const uint8_t *p, size_t len)
{
	const size_t fixed = len > 0 && p[0] == ICMP6_REDIRECT ? REDIRECT_LEN : NS_LEN;
	size_t at = fixed, opt_len;
	const uint8_t *o;

	if (len < fixed || p[1] != 0 || ip6_is_multicast(p + 8) || !options_good(p, len, fixed))
		return false;
	*m = (struct ndp_msg){ .type = p[0] };
	m->router = (p[4] & FLAG_ROUTER) != 0;
	m->solicited = (p[4] & FLAG_SOLICITED) != 0;
	m->override = (p[4] & FLAG_OVERRIDE) != 0;
	__builtin_memcpy(m->target, p + 8, 16);
	if (fixed == REDIRECT_LEN)
		__builtin_memcpy(m->dst, p + 24, 16);
	while (at < len && (o = ndp_next_option(p, len, &at, &opt_len)) != NULL)
		take_option(m, o, opt_len);
	return m->type != ICMP6_REDIRECT || redirect_good(m);
}

static size_t
put_mac(uint8_t *p, uint8_t type, const uint8_t *mac)
{
	p[0] = type;
	p[1] = 1;
	__builtin_memcpy(p + 2, mac, 6);
	return MAC_OPT_LEN;
}

size_t
ndp_emit(uint8_t *p, const struct ndp_msg *m)
{
	const bool solicit = m->type == ICMP6_NEIGH_SOLICIT;
	size_t len = NS_LEN;

	__builtin_memset(p, 0, NS_LEN);
	p[0] = m->type;
	p[4] = (uint8_t)((m->router ? FLAG_ROUTER : 0) | (m->solicited ? FLAG_SOLICITED : 0) |
	    (m->override ? FLAG_OVERRIDE : 0));
	__builtin_memcpy(p + 8, m->target, 16);
	if (m->has_mac)
		len += put_mac(p + len, solicit ? NDP_OPT_SOURCE_MAC : NDP_OPT_TARGET_MAC, m->mac);
	if (m->has_nonce)
		len += put_mac(p + len, NDP_OPT_NONCE, m->nonce);
	return len;
}

size_t
ndp_emit_router_solicit(uint8_t *p, const uint8_t *mac)
{
	icmp6_emit(p, &(struct icmp6_hdr){ .type = ICMP6_ROUTER_SOLICIT });
	return ICMP6_HDR_LEN +
	    (mac != NULL ? put_mac(p + ICMP6_HDR_LEN, NDP_OPT_SOURCE_MAC, mac) : 0);
}

/* RFC 4191 §2.1: two bits, signed; 10 is to be taken for 00. */
static int8_t
preference_of(uint8_t flags)
{
	switch (flags >> 3 & 3) {
	case 1:
		return 1;
	case 3:
		return -1;
	default:
		return 0;
	}
}

bool
ndp_parse_ra(struct ndp_ra *ra, const uint8_t *p, size_t len)
{
	if (len < NDP_RA_LEN || p[1] != 0 || !options_good(p, len, NDP_RA_LEN))
		return false;
	*ra = (struct ndp_ra){
		.hop_limit = p[4],
		.managed = (p[5] & 0x80) != 0,
		.other = (p[5] & 0x40) != 0,
		.preference = preference_of(p[5]),
		.lifetime_s = be16_get(p + 6),
		.reachable_ms = be32_get(p + 8),
		.retrans_ms = be32_get(p + 12),
	};
	return true;
}

bool
ndp_parse_prefix(struct ndp_prefix *o, const uint8_t *p, size_t len)
{
	if (len != 32 || p[2] > 128)
		return false;
	o->bits = p[2];
	o->on_link = (p[3] & 0x80) != 0;
	o->autonomous = (p[3] & 0x40) != 0;
	o->valid_s = be32_get(p + 4);
	o->preferred_s = be32_get(p + 8);
	__builtin_memcpy(o->prefix, p + 16, 16);
	return true;
}

bool
ndp_parse_route(struct ndp_route *o, const uint8_t *p, size_t len)
{
	if (len < 8 || len > 24 || p[2] > 128 || p[2] > (len - 8) * 8)
		return false;
	o->bits = p[2];
	o->preference = preference_of(p[3]);
	o->lifetime_s = be32_get(p + 4);
	__builtin_memset(o->prefix, 0, 16);
	__builtin_memcpy(o->prefix, p + 8, len - 8);
	return (p[3] >> 3 & 3) != 2;	/* reserved: the option is to be ignored */
}

unsigned
ndp_parse_rdnss(uint32_t *lifetime_s, const uint8_t **addrs, const uint8_t *p, size_t len)
{
	if (len < 24 || (len - 8) % 16 != 0)
		return 0;
	*lifetime_s = be32_get(p + 4);
	*addrs = p + 8;
	return (unsigned)((len - 8) / 16);
}
