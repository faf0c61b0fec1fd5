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
	static const uint8_t prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	return memcmp(a->b, prefix, sizeof(prefix)) == 0;
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

/* Where a flow stands in the table of connections: nobody outside can tell
 * (R-V-30, R-V-31). */
static inline uint32_t
sp_flow_hash(const struct sp_key *key, const struct sp_flow *f)
{
	uint64_t w[5];

	w[0] = (uint64_t)f->remote_port << 16 | f->local_port;
	if (sp_addr_is_v4(&f->remote)) {
		w[1] = (uint64_t)sp_addr_v4(&f->remote) << 32 | be32_get(f->local.b + 12);
		return (uint32_t)sp_siphash13_words(key, w, 2);
	}
	memcpy(w + 1, &f->remote, sizeof(f->remote));
	memcpy(w + 3, &f->local, sizeof(f->local));
	return (uint32_t)sp_siphash13_words(key, w, 5);
}

#endif
