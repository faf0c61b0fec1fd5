/*
 * tcp_demux.c - from a flow to what stands for it.  RFC 9293 §3.10.7 (R-9293-35).
 *
 * One table for connections, half-open and TIME-WAIT records, and (by their
 * local end only) listeners: a segment costs one search, a SYN up to three.  Its
 * hash is keyed (R-4987-10, R-V-31).
 */
#include "net/stack.h"
#include "tcp/tcp_int.h"

static struct sp_entry
find(const struct sampan *s, const struct sp_flow *flow, uint32_t hash, bool bound)
{
	struct sp_cursor c = sp_table_find(&s->conns, &s->arena, hash);
	const struct sp_entry *e;

	while ((e = sp_table_next(&s->arena, &c)) != NULL) {
		const struct sp_flow *f = sp_at(&s->arena, e->ref);

		if ((sp_entry_tag(e) == TCP_TAG_BOUND) == bound && sp_flow_equal(f, flow))
			return *e;
	}
	return (struct sp_entry){ 0, 0 };
}

struct sp_entry
sp_tcp_find(const struct sampan *s, const struct sp_flow *flow, uint32_t hash)
{
	return find(s, flow, hash, false);
}

struct tcp_tcb *
sp_tcp_find_bound(const struct sampan *s, const struct sampan_addr *local, uint16_t port)
{
	const struct sp_flow flow = { .local = *local, .local_port = port };
	const struct sp_entry e = find(s, &flow, sp_flow_hash(&s->flow_key, &flow), true);

	return e.ref != 0 ? tcp_tcb_at(s, e.ref) : NULL;
}

struct tcp_tcb *
sp_tcp_find_listener(const struct sampan *s, const struct sp_flow *flow)
{
	static const struct sampan_addr any;
	struct tcp_tcb *t = sp_tcp_find_bound(s, &flow->local, flow->local_port);

	if (t == NULL || t->state != SAMPAN_TCP_LISTEN)
		t = sp_tcp_find_bound(s, &any, flow->local_port);
	return t != NULL && t->state == SAMPAN_TCP_LISTEN ? t : NULL;
}

bool
sp_tcp_insert(struct sampan *s, const struct sp_flow *flow, uint32_t ref, enum sp_conn_tag tag)
{
	return sp_table_add(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow), ref, tag);
}

void
sp_tcp_remove(struct sampan *s, const struct sp_flow *flow, uint32_t ref)
{
	sp_table_remove(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow), ref);
}

void
sp_tcp_replace(struct sampan *s, const struct sp_flow *flow, uint32_t ref, uint32_t by,
    enum sp_conn_tag tag)
{
	sp_table_replace(&s->conns, &s->arena, sp_flow_hash(&s->flow_key, flow), ref,
	    (struct sp_entry){ by, tag });
}

void
sp_tcp_prefetch(struct sampan *s, const struct sp_pkt *pkt)
{
	sp_table_prefetch(&s->conns, &s->arena, pkt->hash);
}

void
sp_tcp_prefetch_found(struct sampan *s, const struct sp_pkt *pkt)
{
	struct sp_cursor c = sp_table_find(&s->conns, &s->arena, pkt->hash);
	const struct sp_entry *e = sp_table_next(&s->arena, &c);
	const uint8_t *p;

	if (e == NULL)
		return;
	p = sp_at(&s->arena, e->ref);
	sp_prefetch(p);
	if (sp_entry_tag(e) == TCP_TAG_TCB) {
		sp_prefetch(p + 64);
		sp_prefetch(p + 128);
		sp_prefetch(p + 192);
	}
}
