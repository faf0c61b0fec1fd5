/*
 * conn.c - timestamps and payload of a connection.
 */
#include "pkt/conn.h"

#include <string.h>

void
sp_pkt_ts_learn(struct pkt_conn *c, struct pkt_pool *pool, uint32_t script, uint32_t live)
{
	struct pkt_ts_pair *pair = sp_pkt_alloc(pool, sizeof(*pair));

	*pair = (struct pkt_ts_pair){ script, live, c->ts };
	c->ts = pair;
}

/* The one that was seen; else as far from the last one as the script has it. */
uint32_t
sp_pkt_ts_live(const struct pkt_conn *c, struct pkt_num script)
{
	if (script.absolute)
		return script.n;
	for (const struct pkt_ts_pair *p = c->ts; p != NULL; p = p->next) {
		if (p->script == script.n)
			return p->live;
	}
	if (script.n == 0 || c->ts == NULL)
		return script.n;
	return script.n - c->ts->script + c->ts->live;
}

bool
sp_pkt_byte_fits(const struct pkt_conn *c, uint32_t offset, uint8_t byte)
{
	for (const struct pkt_literal *l = c->literals; l != NULL; l = l->next) {
		if (offset - l->offset < l->len)
			return l->bytes[offset - l->offset] == byte;
	}
	return byte == sp_pkt_pattern(offset);
}

bool
sp_pkt_datagram_fits(const struct pkt_conn *c, uint32_t n, const uint8_t *p, uint32_t len)
{
	for (const struct pkt_literal *l = c->literals; l != NULL; l = l->next) {
		if (l->offset == n)
			return l->len == len && memcmp(l->bytes, p, len) == 0;
	}
	for (uint32_t i = 0; i < len; i++) {
		if (p[i] != sp_pkt_pattern(i))
			return false;
	}
	return true;
}
