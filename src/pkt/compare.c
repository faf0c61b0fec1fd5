/*
 * compare.c - does a packet that came out fit the one that a script expects?
 */
#include "pkt/compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pkt/icmp.h"
#include "wire/tcp_opt.h"

__attribute__((format(printf, 2, 3)))
static bool
differs(struct pkt_compare *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	(void)vsnprintf(c->why, sizeof(c->why), format, args);
	va_end(args);
	return false;
}

bool
sp_pkt_is_pure_ack(const struct pkt_live *live)
{
	return live->ip.proto == PKT_PROTO_TCP && live->data_len == 0 &&
	    (live->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK;
}

/* ---- IP ---- */

static bool
compare_ip(struct pkt_compare *c)
{
	const struct pkt_ip *ip = &c->live->ip;

	if (!c->live->csum_ok)
		return differs(c, "checksum is wrong");
	if ((c->want->ecn_mask >> (ip->tos & 3) & 1) == 0)
		return differs(c, "ECN field is %u", ip->tos & 3u);
	if (c->want->has_tos && c->want->tos != ip->tos)
		return differs(c, "tos is 0x%02x", ip->tos);
	if (c->want->has_ttl && c->want->ttl != ip->ttl)
		return differs(c, "ttl is %u", ip->ttl);
	return true;
}

/* ---- Header ---- */

static bool
compare_flags(struct pkt_compare *c)
{
	const struct pkt_tcp_spec *want = &c->want->tcp;
	const struct tcp_hdr *h = &c->live->tcp;
	uint8_t mask = 0xff;

	if ((c->profile != PKT_STRICT && c->live->data_len > 0) || want->psh_free)
		mask = (uint8_t)~TCP_PSH;
	if (((want->flags ^ h->flags) & mask) != 0 || want->ae != h->ae)
		return differs(c, "flags differ");
	return true;
}

static bool
compare_numbers(struct pkt_compare *c)
{
	const struct pkt_tcp_spec *want = &c->want->tcp;
	const struct pkt_live *l = c->live;

	if (l->tcp.seq != sp_pkt_local(c->conn, want->seq))
		return differs(c, "sequence number differs");
	if (l->data_len != want->len)
		return differs(c, "carries %u bytes", l->data_len);
	if ((l->tcp.flags & TCP_ACK) != 0 && l->tcp.ack != sp_pkt_remote(c->conn, want->ack))
		return differs(c, "acknowledges %u", l->tcp.ack - c->conn->remote_off);
	if ((want->has_urg || (want->flags & TCP_URG) != 0) && l->tcp.up != want->urg)
		return differs(c, "urgent pointer is %u", l->tcp.up);
	return true;
}

static bool
compare_wnd(struct pkt_compare *c)
{
	const struct pkt_tcp_spec *want = &c->want->tcp;

	if (!want->has_wnd || want->wnd == c->live->tcp.wnd)
		return true;
	if (c->profile == PKT_RFC ||
	    (c->profile == PKT_SHAPE && (want->flags & TCP_SYN) != 0))
		return true;
	return differs(c, "window is %u", c->live->tcp.wnd);
}

/* ---- Options ---- */

/* The TS val that the stack sent. */
static uint32_t
live_tsval(const struct pkt_live *l)
{
	struct tcp_opts o;

	tcp_opts_parse(&o, l->opts, l->opts_len);
	return o.has_ts ? o.tsval : 0;
}

/* What options say without their order and padding; a SYN's scale is free. */
static bool
same_set(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	struct tcp_opts x, y;

	tcp_opts_parse(&x, a, a_len);
	tcp_opts_parse(&y, b, b_len);
	return x.has_mss == y.has_mss && x.mss == y.mss && x.has_wscale == y.has_wscale &&
	    x.has_ts == y.has_ts && x.tsval == y.tsval && x.tsecr == y.tsecr &&
	    x.sack_permitted == y.sack_permitted && x.malformed == y.malformed &&
	    x.sack_count == y.sack_count;
}

/* Has the list nothing that tcp_opts_parse() does not read? */
static bool
is_common(const struct pkt_opt *o)
{
	while (o != NULL && o->kind <= PKT_OPT_TS)
		o = o->next;
	return o == NULL;
}

static bool
compare_opts(struct pkt_compare *c)
{
	const struct pkt_tcp_spec *want = &c->want->tcp;
	const struct pkt_live *l = c->live;
	struct pkt_opts_ctx ctx = { .conn = c->conn, .out = true, .live_tsval = live_tsval(l) };
	uint8_t bytes[TCP_OPTS_MAX];
	uint32_t len;

	if (want->opts_mode == PKT_OPTS_ANY)
		return true;
	len = sp_pkt_opts_emit(bytes, want->opts, &ctx);
	if (ctx.why != NULL)
		return differs(c, "%s", ctx.why);
	if (len == l->opts_len && memcmp(bytes, l->opts, len) == 0)
		return true;
	if (c->profile != PKT_STRICT && (want->flags & TCP_SYN) != 0 && is_common(want->opts) &&
	    same_set(bytes, len, l->opts, l->opts_len))
		return true;
	return differs(c, "options differ");
}

static const struct pkt_opt *
ts_of(const struct pkt_tcp_spec *want)
{
	const struct pkt_opt *o = want->opts;

	while (o != NULL && o->kind != PKT_OPT_TS)
		o = o->next;
	return o;
}

/* Since the first packet the stack's clock went on as the script's. */
static bool
compare_tsval(struct pkt_compare *c)
{
	const struct pkt_opt *ts = ts_of(&c->want->tcp);
	const struct pkt_ts_pair *first = c->conn->ts;
	int64_t off;

	if (ts == NULL || c->ts_tick_us == 0 || first == NULL)
		return true;
	while (first->next != NULL)
		first = first->next;
	off = (int32_t)((live_tsval(c->live) - first->live) - (ts->a.n - first->script));
	off = (off < 0 ? -off : off) * (int64_t)c->ts_tick_us;
	if ((uint64_t)off > c->ts_slack_us + c->ts_tick_us)
		return differs(c, "TS val is %lld us off", (long long)off);
	return true;
}

/* ---- Payload ---- */

static bool
compare_data(struct pkt_compare *c)
{
	const struct pkt_live *l = c->live;
	const uint32_t syn = (l->tcp.flags & TCP_SYN) != 0;
	const uint32_t from = l->tcp.seq + syn - (c->conn->local_isn + 1);

	if (!c->conn->local_known)
		return true;
	for (uint32_t i = 0; i < l->data_len; i++) {
		if (!sp_pkt_byte_fits(c->conn, from + i, l->data[i]))
			return differs(c, "payload is wrong at byte %u of the stream", from + i);
	}
	return true;
}

static bool
compare_tcp(struct pkt_compare *c)
{
	return compare_ip(c) && compare_flags(c) && compare_numbers(c) && compare_wnd(c) &&
	    compare_opts(c) && compare_tsval(c) && compare_data(c);
}

static bool
compare_udp(struct pkt_compare *c)
{
	const struct pkt_live *l = c->live;

	if (!compare_ip(c))
		return false;
	if (l->is_fragment)
		return differs(c, "is a fragment");
	if (l->data_len != c->want->udp_len)
		return differs(c, "carries %u bytes", l->data_len);
	if (!sp_pkt_datagram_fits(c->conn, c->conn->datagrams_seen, l->data, l->data_len))
		return differs(c, "payload is wrong");
	return true;
}

static bool
compare_icmp(struct pkt_compare *c)
{
	const struct pkt_icmp_spec *want = &c->want->icmp;
	int type, code;

	if (!compare_ip(c))
		return false;
	if (!sp_pkt_icmp_numbers(want, c->live->v6, &type, &code))
		return differs(c, "no such ICMP type or code");
	if (type != c->live->icmp_type || (code >= 0 && code != c->live->icmp_code))
		return differs(c, "ICMP type %u code %u", c->live->icmp_type, c->live->icmp_code);
	if (want->has_mtu && want->mtu != c->live->icmp_mtu)
		return differs(c, "mtu is %u", (unsigned)c->live->icmp_mtu);
	return true;
}

bool
sp_pkt_compare(struct pkt_compare *c)
{
	c->why[0] = '\0';
	switch (c->want->proto) {
	case PKT_TCP:
		return compare_tcp(c);
	case PKT_UDP:
		return compare_udp(c);
	case PKT_ICMP:
		break;
	}
	return compare_icmp(c);
}
