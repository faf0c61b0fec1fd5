/*
 * flow.h - addresses of both families, and the pair of ends that names a
 * connection.  Everything above the network layer is written once with them.
 */
#ifndef SAMPAN_NET_FLOW_H
#define SAMPAN_NET_FLOW_H

#include <string.h>

#include <sampan/sampan.h>

#include "base/siphash.h"
#include "wire/bytes.h"
#include "wire/csum.h"
#include "wire/ip6.h"

/* Seen from here.  A listener's has a zero remote end, and a zero local
 * address when it takes any. */
struct sp_flow {
	struct sampan_addr remote, local;
	uint16_t remote_port, local_port;
};
_Static_assert(sizeof(struct sp_flow) == 36, "the key of every connection record");

static inline bool
sp_addr_is_v4(const struct sampan_addr *a)
{
	uint64_t zero;
	uint32_t mapped;

	memcpy(&zero, a->b, sizeof(zero));
	memcpy(&mapped, a->b + 8, sizeof(mapped));
	return zero == 0 && mapped == be32_word(0xffff);	/* ::ffff:0:0/96 */
}

/* The IPv4 address in host order; a must be one. */
static inline uint32_t
sp_addr_v4(const struct sampan_addr *a)
{
	return be32_get(a->b + 12);
}

static inline struct sampan_addr
sp_addr_of_v4(uint32_t v4)
{
	return sampan_addr_v4((uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8),
	    (uint8_t)v4);
}

static inline bool
sp_addr_equal(const struct sampan_addr *a, const struct sampan_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* ---- Link-local addresses mean something on their link only (RFC 4007 §6; R-8200-17).
 * Inside the stack such an address has its link's number in octet 3, which is
 * zero on the wire, so that nothing that compares addresses can mix links up.
 * It enters by sp_addr_scoped() and leaves by sp_addr_wire(). ---- */

static inline bool
sp_addr_is_link_local(const struct sampan_addr *a)
{
	return ip6_is_link_local(a->b);
}

static inline struct sampan_addr
sp_addr_scoped(struct sampan_addr a, unsigned link)
{
	if (sp_addr_is_link_local(&a))
		a.b[3] = (uint8_t)link;
	return a;
}

/* The link that a link-local address is on; 0: it is none. */
static inline unsigned
sp_addr_link(const struct sampan_addr *a)
{
	return sp_addr_is_link_local(a) ? a->b[3] : 0;
}

static inline struct sampan_addr
sp_addr_wire(struct sampan_addr a)
{
	if (sp_addr_is_link_local(&a))
		a.b[3] = 0;
	return a;
}

/* As applications see it; link is of what has the address. */
static inline struct sampan_sockaddr
sp_sockaddr_of(const struct sampan_addr *a, uint16_t port, unsigned link)
{
	return (struct sampan_sockaddr){ sp_addr_wire(*a), port, (uint16_t)link };
}

static inline bool
sp_addr_is_multicast(const struct sampan_addr *a)
{
	return ip6_is_multicast(a->b) || (sp_addr_is_v4(a) && a->b[12] >> 4 == 0xe);
}

/* :: or 0.0.0.0 */
static inline bool
sp_addr_is_any(const struct sampan_addr *a)
{
	static const struct sampan_addr zero;

	return sp_addr_equal(a, &zero) || (sp_addr_is_v4(a) && sp_addr_v4(a) == 0);
}

static inline bool
sp_flow_equal(const struct sp_flow *a, const struct sp_flow *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* A flow over IPv6 as 64 bits of a keyed hash.  The local address is folded into the word of the
 * ports: nobody outside chooses it, so a flow has no more doubles than we have addresses. */
static inline uint64_t
sp_flow_hash6(const struct sp_key *key, const struct sp_flow *f)
{
	uint64_t w[3], local[2];

	memcpy(w + 1, &f->remote, sizeof(f->remote));
	memcpy(local, &f->local, sizeof(f->local));
	w[0] = ((uint64_t)f->remote_port << 16 | f->local_port) ^ local[0] ^
	    (local[1] << 32 | local[1] >> 32);
	return sp_siphash13_words(key, w, 3);
}

/* The whole flow as words to be hashed; returns how many, which tells the families
 * apart. */
#define SP_FLOW_WORDS 5

static inline size_t
sp_flow_words(uint64_t w[SP_FLOW_WORDS], const struct sp_flow *f)
{
	w[0] = (uint64_t)f->remote_port << 16 | f->local_port;
	if (sp_addr_is_v4(&f->remote)) {
		w[1] = (uint64_t)sp_addr_v4(&f->remote) << 32 | be32_get(f->local.b + 12);
		return 2;
	}
	memcpy(w + 1, &f->remote, sizeof(f->remote));
	memcpy(w + 3, &f->local, sizeof(f->local));
	return SP_FLOW_WORDS;
}

/* Where a flow stands in the table of connections: nobody outside can tell
 * (R-V-30, R-V-31). */
static inline uint32_t
sp_flow_hash(const struct sp_key *key, const struct sp_flow *f)
{
	uint64_t w[SP_FLOW_WORDS];

	if (!sp_addr_is_v4(&f->remote))
		return (uint32_t)sp_flow_hash6(key, f);
	(void)sp_flow_words(w, f);
	return (uint32_t)sp_siphash13_words(key, w, 2);
}

/* The pseudo-header's part of a transport checksum, either way (RFC 9293 §3.1,
 * RFC 8200 §8.1); len: of the transport header and its data. */
static inline uint64_t
sp_flow_pseudo(const struct sp_flow *f, uint8_t proto, uint32_t len)
{
	uint32_t a, b;

	if (!sp_addr_is_v4(&f->remote)) {
		const struct sampan_addr remote = sp_addr_wire(f->remote);
		const struct sampan_addr local = sp_addr_wire(f->local);

		return sp_csum_pseudo6(local.b, remote.b, proto, len);
	}
	memcpy(&a, f->local.b + 12, sizeof(a));
	memcpy(&b, f->remote.b + 12, sizeof(b));
	return (uint64_t)a + b + be32_word(proto + len);
}

#endif
