/*
 * tcp_out_fast6.c - the headers in front of tcp_out_fast.c's segment, over IPv6: what
 * sp_ip_emit() would write, word by word.
 */
#include <string.h>

#include "net/neigh.h"
#include "tcp/tcp_fast.h"
#include "tcp/tcp_int.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define IP_AT ETH_HDR_LEN

/* The words of an address, as a sum (csum.h). */
static inline uint64_t
sum_of(const struct sampan_addr *a)
{
	uint32_t w[4];

	memcpy(w, a->b, sizeof(w));
	return (uint64_t)w[0] + w[1] + w[2] + w[3];
}

uint64_t
sp_tcp_put_network6(const struct sampan *s, const struct tcp_tcb *t, uint8_t *p, uint32_t l4_len,
    uint8_t tos)
{
	const struct sp_link *l = &s->link[t->link];
	const uint8_t hops = l->hops != 0 ? l->hops : (uint8_t)sp_setting(s, SAMPAN_SET_HOP_LIMIT);
	const uint64_t first = be64_word((uint64_t)(6u << 28 | (uint32_t)tos << 20 |
	    sp_ip_flow_label(s, &t->flow)) << 32 | l4_len << 16 | IP_PROTO_TCP << 8 | hops);

	memcpy(p, sp_neigh_at(s, t->neigh)->mac, ETH_ADDR_LEN);
	memcpy(p + 6, l->mac, ETH_ADDR_LEN);
	be16_put(p + 12, ETH_TYPE_IP6);
	memcpy(p + IP_AT, &first, sizeof(first));
	memcpy(p + IP_AT + 8, t->flow.local.b, 16);
	memcpy(p + IP_AT + 24, t->flow.remote.b, 16);
	return sum_of(&t->flow.local) + sum_of(&t->flow.remote);
}
