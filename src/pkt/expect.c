/*
 * expect.c - packets: < puts one in, > takes one out.
 *
 * An expected packet is taken from those that came out for its connection, in
 * their order; others of the same connection may not come before it.
 */
#include <stdio.h>
#include <string.h>

#include "pkt/icmp.h"
#include "pkt/print.h"
#include "pkt/run.h"
#include "wire/bytes.h"
#include "wire/tcp_opt.h"

#define TTL_OUT 64
#define MSS_DEFAULT 536
#define QUOTE_MAX 64
/* How much longer the rfc profile waits for what is late. */
#define LATE_NS ((int64_t)SAMPAN_SEC(1))

/* ---- Which connection ---- */

static struct pkt_conn *
add_conn(struct pkt_run *r, enum pkt_proto proto, uint16_t local_port, uint16_t remote_port)
{
	struct pkt_conn *c = sp_pkt_alloc(&r->pool, sizeof(*c));

	c->proto = proto;
	c->local_port = local_port;
	c->remote_port = remote_port;
	c->remote_off = r->config.remote_isn_off;
	c->mss_bytes = MSS_DEFAULT;
	c->next = r->conns;
	r->conns = c;
	return c;
}

static struct pkt_conn *
find_conn(const struct pkt_run *r, enum pkt_proto proto, uint16_t local_port, uint16_t remote_port)
{
	struct pkt_conn *c = r->conns;

	while (c != NULL && (c->proto != proto || c->local_port != local_port ||
	    c->remote_port != remote_port))
		c = c->next;
	return c;
}

struct pkt_conn *
sp_pkt_conn_get(struct pkt_run *r, enum pkt_proto proto, uint16_t local_port, uint16_t remote_port)
{
	struct pkt_conn *c = find_conn(r, proto, local_port, remote_port);

	return c != NULL ? c : add_conn(r, proto, local_port, remote_port);
}

/* The connection that a packet of the script is about; NULL: not there yet. */
static struct pkt_conn *
conn_of(struct pkt_run *r, const struct pkt_packet *k)
{
	struct pkt_conn *const c = r->current;

	if (!k->has_ports)
		return k->proto == PKT_ICMP || (c != NULL && c->proto == k->proto) ? c : NULL;
	return k->out ? sp_pkt_conn_get(r, k->proto, k->src_port, k->dst_port) :
			sp_pkt_conn_get(r, k->proto, k->dst_port, k->src_port);
}

/* ---- In ---- */

static void
fill(struct pkt_conn *c, uint8_t *p, uint32_t len, uint32_t seq)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = sp_pkt_pattern(seq + i - (c->remote_isn + 1));
}

static struct pkt_ip
ip_in(const struct pkt_run *r, const struct pkt_packet *k)
{
	struct pkt_ip ip = {
		.src = r->w->setup.remote,
		.dst = r->w->setup.local,
		.tos = k->tos,
		.ttl = k->has_ttl ? k->ttl : TTL_OUT,
		.proto = k->proto == PKT_UDP ? PKT_PROTO_UDP : PKT_PROTO_TCP,
	};

	if (k->ecn_mask != PKT_ECN_ANY)
		ip.tos = (uint8_t)((ip.tos & ~3u) |
		    ((k->ecn_mask & 8) != 0 ? 3u : (k->ecn_mask & 4) != 0 ? 2u :
		    (k->ecn_mask & 2) != 0 ? 1u : 0u));
	return ip;
}

/* A SYN of the script's side sets where its numbers begin. */
static void
note_syn(struct pkt_conn *c, const struct pkt_tcp_spec *tcp, uint32_t seq)
{
	if ((tcp->flags & TCP_RST) != 0)
		c->may_restart = true;
	if ((tcp->flags & TCP_URG) != 0)
		c->urgent_in = true;
	for (const struct pkt_opt *o = tcp->opts; o != NULL; o = o->next) {
		if (o->kind == PKT_OPT_MSS)
			c->mss_bytes = o->a.n;
	}
	if ((tcp->flags & TCP_SYN) == 0 || (c->remote_known && seq == c->remote_isn))
		return;
	/* Only what can begin a connection; a SYN within one changes nothing. */
	if (!c->remote_known || c->may_restart)
		c->remote_isn = seq;
	c->remote_known = true;
}

static void
inject_tcp(struct pkt_run *r, const struct pkt_packet *k, struct pkt_conn *c)
{
	static uint8_t bytes[PKT_PACKET_MAX + 200];
	const struct pkt_tcp_spec *tcp = &k->tcp;
	uint8_t opts[TCP_OPTS_MAX];
	struct pkt_opts_ctx ctx = { .conn = c };
	struct pkt_tcp_out out = {
		.ip = ip_in(r, k),
		.tcp = {
			.src_port = c->remote_port, .dst_port = c->local_port,
			.seq = sp_pkt_remote(c, tcp->seq), .flags = tcp->flags, .ae = tcp->ae,
			.wnd = (uint16_t)tcp->wnd, .up = (uint16_t)tcp->urg,
		},
		.opts = opts,
		.data_len = tcp->len,
	};
	uint32_t at;

	if ((tcp->flags & TCP_ACK) != 0)
		out.tcp.ack = sp_pkt_local(c, tcp->ack);
	out.opts_len = sp_pkt_opts_emit(opts, tcp->opts, &ctx);
	if (ctx.why != NULL) {
		sp_pkt_skip(r, "option:%s", ctx.why);
		return;
	}
	note_syn(c, tcp, out.tcp.seq);
	at = sp_pkt_emit_tcp(bytes, &out);
	fill(c, bytes + at, tcp->len, out.tcp.seq + ((tcp->flags & TCP_SYN) != 0));
	sp_pkt_finish(bytes, at + tcp->len);
	r->w->ops->inject(r->w, bytes, at + tcp->len);
	sp_pkt_call_again(r);
}

static void
inject_udp(struct pkt_run *r, const struct pkt_packet *k, const struct pkt_conn *c)
{
	static uint8_t bytes[PKT_PACKET_MAX + 200];
	const struct pkt_udp_out out = {
		.ip = ip_in(r, k), .src_port = c->remote_port, .dst_port = c->local_port,
		.data_len = k->udp_len,
	};
	const uint32_t at = sp_pkt_emit_udp(bytes, &out);

	for (uint32_t i = 0; i < k->udp_len; i++)
		bytes[at + i] = sp_pkt_pattern(i);
	sp_pkt_finish(bytes, at + k->udp_len);
	r->w->ops->inject(r->w, bytes, at + k->udp_len);
	sp_pkt_call_again(r);
}

/* The headers of the packet that the error is about: it was on its way out. */
static uint32_t
quote_udp(const struct pkt_run *r, const struct pkt_icmp_spec *icmp, const struct pkt_conn *c,
    uint8_t *p)
{
	const struct pkt_udp_out out = {
		.ip = {
			.src = r->w->setup.local, .dst = r->w->setup.remote, .ttl = TTL_OUT - 1,
			.proto = PKT_PROTO_UDP,
		},
		.src_port = c->local_port, .dst_port = c->remote_port,
		.data_len = icmp->quote_len,
	};

	return sp_pkt_emit_udp(p, &out);
}

static uint32_t
quote(const struct pkt_run *r, const struct pkt_icmp_spec *icmp, const struct pkt_conn *c,
    uint8_t *p)
{
	const struct pkt_tcp_out out = {
		.ip = {
			.src = r->w->setup.local, .dst = r->w->setup.remote, .ttl = TTL_OUT - 1,
			.proto = PKT_PROTO_TCP,
		},
		.tcp = {
			.src_port = c->local_port, .dst_port = c->remote_port,
			.seq = icmp->has_quote ? sp_pkt_local(c, icmp->quote_seq) : c->last_seq,
			.flags = TCP_ACK,
		},
		.data_len = icmp->quote_len,
	};

	return sp_pkt_emit_tcp(p, &out);
}

static void
inject_icmp(struct pkt_run *r, const struct pkt_packet *k, const struct pkt_conn *c)
{
	const bool v6 = r->w->setup.v6;
	uint8_t bytes[256], quoted[QUOTE_MAX + 60];
	struct pkt_icmp_out out = { .ip = ip_in(r, k), .quoted = quoted };
	int type, code;

	if (!sp_pkt_icmp_numbers(&k->icmp, v6, &type, &code)) {
		sp_pkt_skip(r, "icmp:%s %s", k->icmp.type_name == NULL ? "" : k->icmp.type_name,
		    k->icmp.code_name == NULL ? "" : k->icmp.code_name);
		return;
	}
	out.ip.src = r->w->setup.gateway;
	out.ip.proto = v6 ? PKT_PROTO_ICMP6 : PKT_PROTO_ICMP4;
	out.type = (uint8_t)type;
	out.code = (uint8_t)(code < 0 ? 0 : code);
	out.rest = k->icmp.mtu;
	out.quoted_len = c->proto == PKT_UDP ? quote_udp(r, &k->icmp, c, quoted) :
	    quote(r, &k->icmp, c, quoted);
	r->w->ops->inject(r->w, bytes, sp_pkt_emit_icmp(bytes, &out));
	sp_pkt_call_again(r);
}

void
sp_pkt_inject(struct pkt_run *r, const struct pkt_packet *k)
{
	struct pkt_conn *c = conn_of(r, k);

	if (c == NULL) {
		c = add_conn(r, k->proto == PKT_UDP ? PKT_UDP : PKT_TCP, r->listen_port,
		    r->next_remote_port++);
		r->current = c;
	}
	if (k->proto == PKT_ICMP && k->icmp.quotes_udp != (c->proto == PKT_UDP))
		sp_pkt_skip(r, "icmp:quote of another protocol");
	else if (k->proto == PKT_ICMP)
		inject_icmp(r, k, c);
	else if (k->proto == PKT_UDP)
		inject_udp(r, k, c);
	else
		inject_tcp(r, k, c);
}

/* ---- Out: which ---- */

/* PKT_ICMP: that, or anything else that is about no connection. */
static enum pkt_proto
proto_of(const struct pkt_live *live)
{
	return live->ip.proto == PKT_PROTO_TCP ? PKT_TCP :
	    live->ip.proto == PKT_PROTO_UDP ? PKT_UDP : PKT_ICMP;
}

static bool
is_known(const struct pkt_run *r, const struct pkt_live *live)
{
	return find_conn(r, proto_of(live), live->tcp.src_port, live->tcp.dst_port) != NULL;
}

/* The oldest that belongs to the connection; or, if that is not there yet, to
 * none that is. */
static const struct pkt_arrival *
find_arrival(const struct pkt_run *r, const struct pkt_packet *k, const struct pkt_conn *c,
    struct pkt_live *live)
{
	for (const struct pkt_arrival *a = r->w->arrivals; a != NULL; a = a->next) {
		if (!sp_pkt_decode(live, a->bytes, a->len))
			continue;
		if (k->proto != proto_of(live))
			continue;
		if (k->proto == PKT_ICMP || (c == NULL ? !is_known(r, live) :
		    live->tcp.src_port == c->local_port && live->tcp.dst_port == c->remote_port))
			return a;
	}
	return NULL;
}

static int64_t
deadline_of(const struct pkt_run *r)
{
	const int64_t late = r->config.profile == PKT_RFC ? LATE_NS : 0;

	return r->last_ns + r->slack_ns + late;
}

static const struct pkt_arrival *
await(struct pkt_run *r, const struct pkt_packet *k, struct pkt_live *live)
{
	const struct pkt_conn *c = conn_of(r, k);

	for (;;) {
		const struct pkt_arrival *a = find_arrival(r, k, c, live);

		if (a != NULL || r->verdict != PKT_PASS)
			return a;
		if (r->w->now_ns >= deadline_of(r) || r->w->ops->is_idle(r->w))
			return NULL;
		(void)sp_pkt_step(r, deadline_of(r));
	}
}

/* ---- Out: what the script learns from it ---- */

static void
learn(struct pkt_conn *c, const struct pkt_packet *k, const struct pkt_live *live)
{
	const struct tcp_hdr *h = &live->tcp;
	const bool other = c->local_known && h->seq != c->local_isn;

	if ((h->flags & TCP_SYN) == 0 || (c->local_known && !(other && c->may_restart)))
		return;
	c->local_off = k->tcp.seq.absolute ? 0 : h->seq - k->tcp.seq.n;
	c->local_isn = h->seq;
	c->local_known = true;
	c->may_restart = false;
	c->ts = NULL;
}

static void
learn_ts(struct pkt_run *r, struct pkt_conn *c, const struct pkt_packet *k,
    const struct pkt_live *live)
{
	struct tcp_opts o;

	tcp_opts_parse(&o, live->opts, live->opts_len);
	for (const struct pkt_opt *want = k->tcp.opts; want != NULL; want = want->next) {
		if (o.has_ts && want->kind == PKT_OPT_TS)
			sp_pkt_ts_learn(c, &r->pool, want->a.n, o.tsval);
	}
	c->last_seq = live->tcp.seq;
	if ((live->tcp.flags & (TCP_RST | TCP_FIN)) != 0)
		c->may_restart = true;
}

/* ---- Out: does it fit ---- */

static void
report(struct pkt_run *r, const struct pkt_arrival *a, const struct pkt_live *live,
    const struct pkt_conn *c, const char *what)
{
	const struct pkt_event *e = r->event;
	char got[PKT_PRINT_MAX];

	sp_pkt_print(got, live, c);
	sp_pkt_fail(r, "%s\n    script: %.*s\n    packet: %.6f > %s", what, (int)e->len, e->text,
	    (double)a->at_ns / 1e9, got);
}

static void
check_time(struct pkt_run *r, const struct pkt_arrival *a, const struct pkt_live *live,
    const struct pkt_conn *c)
{
	const bool early = a->at_ns < r->first_ns - r->slack_ns;
	const bool late = a->at_ns > deadline_of(r);
	char what[160];

	if (r->event->when.any || (!early && !late))
		return;
	if (early && r->config.profile == PKT_RFC && sp_pkt_is_pure_ack(live))
		return;
	(void)snprintf(what, sizeof(what), "sent at %.6f s, expected %.6f~%.6f +- %.6f s",
	    (double)a->at_ns / 1e9, (double)r->first_ns / 1e9, (double)r->last_ns / 1e9,
	    (double)r->slack_ns / 1e9);
	report(r, a, live, c, what);
}

static bool
compare(struct pkt_run *r, const struct pkt_packet *k, const struct pkt_arrival *a,
    const struct pkt_live *live, const struct pkt_conn *c)
{
	struct pkt_compare cmp = {
		.want = k, .live = live, .conn = c, .profile = r->config.profile,
		.ts_tick_us = r->config.ts_tick_us, .ts_slack_us = (uint64_t)r->slack_ns / 1000,
	};

	if (sp_pkt_compare(&cmp))
		return true;
	if (r->config.profile == PKT_RFC && sp_pkt_is_pure_ack(live))
		return false;		/* one more than expected: legal */
	report(r, a, live, c, cmp.why);
	return false;
}

static struct pkt_conn *
conn_of_live(struct pkt_run *r, const struct pkt_live *live)
{
	struct pkt_conn *c = sp_pkt_conn_get(r, proto_of(live), live->tcp.src_port,
	    live->tcp.dst_port);

	if (r->current == NULL)
		r->current = c;
	return c;
}

static void
report_missing(struct pkt_run *r)
{
	sp_pkt_fail(r, "no packet until %.6f s\n    script: %.*s", (double)r->w->now_ns / 1e9,
	    (int)r->event->len, r->event->text);
}

/* Does the script mean a big segment, of which this is the first full piece?
 * What was sent as one may leave the machine cut. */
static bool
is_piece(const struct pkt_run *r, const struct pkt_packet *k, const struct pkt_live *live,
    const struct pkt_conn *c)
{
	return !r->config.strict_segments && k->tcp.len > c->mss_bytes &&
	    live->data_len < k->tcp.len && live->data_len <= c->mss_bytes &&
	    live->data_len + TCP_OPTS_MAX >= c->mss_bytes;
}

/* Makes *part what the piece must be, and *rest what follows it. */
static void
split(struct pkt_packet *rest, struct pkt_packet *part, uint32_t len)
{
	*part = *rest;
	part->tcp.len = len;
	part->tcp.flags &= (uint8_t)~(TCP_PSH | TCP_FIN);
	part->tcp.psh_free = true;	/* the script speaks of the whole */
	rest->tcp.len -= len;
	rest->tcp.seq.n += len;
}

static void
show(const struct pkt_run *r, const struct pkt_arrival *a, const struct pkt_live *live,
    const struct pkt_conn *c)
{
	char text[PKT_PRINT_MAX];

	if (!r->config.verbose)
		return;
	sp_pkt_print(text, live, c);
	(void)printf("%.6f > %s\n", (double)a->at_ns / 1e9, text);
}

/* True: the packet that is expected has come, whole. */
static bool
take(struct pkt_run *r, struct pkt_packet *rest, const struct pkt_arrival *a,
    const struct pkt_live *live)
{
	struct pkt_conn *const c = rest->proto != PKT_ICMP ? conn_of_live(r, live) : NULL;
	struct pkt_packet part = *rest;
	bool is_last = true, fits;

	if (rest->proto == PKT_TCP) {
		learn(c, rest, live);
		is_last = !is_piece(r, rest, live, c);
	}
	if (!is_last)
		split(rest, &part, live->data_len);
	show(r, a, live, c);
	fits = compare(r, &part, a, live, c);
	if (fits)
		check_time(r, a, live, c);
	if (fits && rest->proto == PKT_TCP)
		learn_ts(r, c, &part, live);
	if (rest->proto == PKT_UDP)
		c->datagrams_seen++;
	sp_pkt_world_take(r->w, a);
	return fits && is_last;
}

void
sp_pkt_expect(struct pkt_run *r, const struct pkt_packet *k)
{
	struct pkt_packet rest = *k;
	struct pkt_live live;

	while (r->verdict == PKT_PASS) {
		const struct pkt_arrival *a = await(r, &rest, &live);

		if (a == NULL)
			report_missing(r);
		else if (take(r, &rest, a, &live))
			return;
	}
}

void
sp_pkt_expect_quiet(struct pkt_run *r)
{
	const struct pkt_arrival *a = r->w->arrivals;
	struct pkt_live live;

	if (a == NULL || !sp_pkt_decode(&live, a->bytes, a->len))
		return;
	report(r, a, &live, proto_of(&live) != PKT_ICMP ? conn_of_live(r, &live) : NULL,
	    "a packet that the script does not expect");
}
