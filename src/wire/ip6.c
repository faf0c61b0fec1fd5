/* ip6.c - see ip6.h. */
#include "wire/ip6.h"

#include "wire/bytes.h"

/* RFC 8200 §4.2, RFC 2711, RFC 4782, RFC 2675. */
#define OPT_PAD1 0
#define OPT_PADN 1
#define OPT_ROUTER_ALERT 5

static void
read_fields(struct ip6_hdr *h, const uint8_t *p)
{
	const uint32_t first = be32_get(p);

	h->tclass = (uint8_t)(first >> 20);
	h->flow_label = first & 0xfffff;
	h->payload_len = be16_get(p + 4);
	h->next = p[6];
	h->hop_limit = p[7];
	__builtin_memcpy(h->src, p + 8, 16);
	__builtin_memcpy(h->dst, p + 24, 16);
}

enum ip6_error
ip6_parse(struct ip6_hdr *h, const uint8_t *p, size_t avail, size_t frame_left)
{
	if (avail < IP6_HDR_LEN)
		return IP6_SHORT;
	if (p[0] >> 4 != 6)
		return IP6_VERSION;
	read_fields(h, p);
	return h->payload_len > frame_left - IP6_HDR_LEN ? IP6_PAYLOAD_LEN : IP6_OK;
}

bool
ip6_quoted(struct ip6_hdr *h, const uint8_t *p, size_t avail)
{
	if (avail < IP6_HDR_LEN || p[0] >> 4 != 6)
		return false;
	read_fields(h, p);
	return true;
}

void
ip6_emit(uint8_t *p, const struct ip6_hdr *h)
{
	be32_put(p, 6u << 28 | (uint32_t)h->tclass << 20 | (h->flow_label & 0xfffff));
	be16_put(p + 4, h->payload_len);
	p[6] = h->next;
	p[7] = h->hop_limit;
	__builtin_memcpy(p + 8, h->src, 16);
	__builtin_memcpy(p + 24, h->dst, 16);
}

/* ---- The chain ---- */

struct walk {
	struct ip6_chain *c;
	const uint8_t *p;
	size_t avail;		/* octets of p that may be looked at */
	unsigned options;
};

static enum ip6_verdict
problem(struct ip6_chain *c, uint8_t code, size_t pointer)
{
	c->code = code;
	c->pointer = (uint16_t)pointer;
	return IP6_CHAIN_PROBLEM;
}

/* RFC 8200 §4.2 (R-8200-4): what the two highest bits of an option that we do
 * not know ask for.  The jumbo payload option is such a one (R-8200-21). */
static enum ip6_verdict
unknown_option(struct walk *w, size_t at)
{
	switch (w->p[at] >> 6) {
	case 0:
		return IP6_CHAIN_OK;
	case 1:
		return IP6_CHAIN_DROP;
	case 2:
		w->c->even_group = true;
		break;
	default:
		break;
	}
	return problem(w->c, IP6_PROBLEM_OPTION, at);
}

/* One option that is not Pad1, len octets of data behind its two. */
static enum ip6_verdict
take_option(struct walk *w, size_t at, size_t len)
{
	if (w->p[at] == OPT_PADN)
		return len + 2 <= IP6_CHAIN_PAD ? IP6_CHAIN_OK : IP6_CHAIN_DROP;
	if (++w->options > IP6_CHAIN_OPTIONS)
		return IP6_CHAIN_DROP;
	if (w->p[at] == OPT_ROUTER_ALERT && len == 2) {
		w->c->router_alert = true;
		return IP6_CHAIN_OK;
	}
	return unknown_option(w, at);
}

/* The options of a header in [at, end): R-8200-5, R-V-13. */
static enum ip6_verdict
take_options(struct walk *w, size_t at, size_t end)
{
	size_t pad = 0;

	w->options = 0;
	while (at < end) {
		enum ip6_verdict verdict;
		size_t len;

		if (w->p[at] == OPT_PAD1) {
			at++;
			if (++pad > IP6_CHAIN_PAD)
				return IP6_CHAIN_DROP;
			continue;
		}
		pad = 0;
		if (end - at < 2)
			return IP6_CHAIN_DROP;
		len = w->p[at + 1];
		if (len > end - at - 2)
			return IP6_CHAIN_DROP;
		verdict = take_option(w, at, len);
		if (verdict != IP6_CHAIN_OK)
			return verdict;
		at += 2 + len;
	}
	return IP6_CHAIN_OK;
}

/* RFC 8200 §4.4 (R-8200-6): no type is known here, type 0 neither (RFC 5095 §3
 * (R-8200-7), R-V-42).  With no segments left it says nothing. */
static enum ip6_verdict
take_routing(struct walk *w, size_t at)
{
	if (w->p[at + 3] == 0)
		return IP6_CHAIN_OK;
	return problem(w->c, IP6_PROBLEM_FIELD, at + 2);
}

/* The extension header at c->off, which c->proto names.  OK: it was stepped over. */
static enum ip6_verdict
step(struct walk *w)
{
	struct ip6_chain *c = w->c;
	const size_t at = c->off;
	enum ip6_verdict verdict;
	size_t len;

	if (w->avail - at < 8)
		return IP6_CHAIN_DROP;
	if (c->proto == IP_PROTO_FRAGMENT)
		return IP6_CHAIN_FRAGMENT;
	len = ((size_t)w->p[at + 1] + 1) * 8;
	if (len > w->avail - at)
		return IP6_CHAIN_DROP;
	verdict = c->proto == IP_PROTO_ROUTING ? take_routing(w, at) :
						 take_options(w, at + 2, at + len);
	if (verdict != IP6_CHAIN_OK)
		return verdict;
	c->proto = w->p[at];
	c->next_at = (uint16_t)at;
	c->off = (uint16_t)(at + len);
	return IP6_CHAIN_OK;
}

enum ip6_verdict
ip6_walk(struct ip6_chain *c, const uint8_t *p, size_t avail, size_t len)
{
	const size_t most = IP6_HDR_LEN + IP6_CHAIN_MAX;
	struct walk w = { .c = c, .p = p, .avail = avail < len ? avail : len };

	if (w.avail > most)
		w.avail = most;
	*c = (struct ip6_chain){ .proto = p[6], .next_at = 6, .off = IP6_HDR_LEN };
	for (unsigned n = 0; ip6_is_extension(c->proto); n++) {
		enum ip6_verdict verdict;

		if (c->proto == IP_PROTO_NONE)		/* §4.7 (R-8200-8) */
			return IP6_CHAIN_NOTHING;
		if (c->proto == IP_PROTO_HOPOPTS && n > 0)	/* §4 (R-8200-3) */
			return problem(c, IP6_PROBLEM_NEXT, c->next_at);
		if (n == IP6_CHAIN_HEADERS)
			return IP6_CHAIN_DROP;
		verdict = step(&w);
		if (verdict != IP6_CHAIN_OK)
			return verdict;
	}
	return IP6_CHAIN_OK;
}

/* ---- Addresses ---- */

bool
ip6_is_any(const uint8_t *a)
{
	static const uint8_t zero[16];

	return __builtin_memcmp(a, zero, 16) == 0;
}

bool
ip6_is_loopback(const uint8_t *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return __builtin_memcmp(a, one, 16) == 0;
}

void
ip6_solicited_node(uint8_t group[16], const uint8_t *a)
{
	static const uint8_t prefix[13] = { 0xff, 2, [11] = 1, [12] = 0xff };

	__builtin_memcpy(group, prefix, 13);
	__builtin_memcpy(group + 13, a + 13, 3);
}

void
ip6_group_mac(uint8_t mac[6], const uint8_t *group)
{
	mac[0] = 0x33;
	mac[1] = 0x33;
	__builtin_memcpy(mac + 2, group + 12, 4);
}
