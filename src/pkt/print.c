/*
 * print.c - packets as a script would write them.
 */
#include "pkt/print.h"

#include <stdarg.h>
#include <stdio.h>

#include "wire/bytes.h"
#include "wire/tcp_opt.h"

struct out {
	char *text;
	size_t len;
	const char *separator;
};

__attribute__((format(printf, 2, 3)))
static void
add(struct out *o, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): see link/why.c */
	n = vsnprintf(o->text + o->len, PKT_PRINT_MAX - o->len, format, args);
	va_end(args);
	if (n > 0)
		o->len += (size_t)n;
	if (o->len >= PKT_PRINT_MAX)
		o->len = PKT_PRINT_MAX - 1;
}

static void
add_flags(struct out *o, const struct tcp_hdr *h)
{
	static const struct { uint8_t bit; char c; } letters[] = {
		{ TCP_SYN, 'S' }, { TCP_FIN, 'F' }, { TCP_RST, 'R' }, { TCP_PSH, 'P' },
		{ TCP_URG, 'U' }, { TCP_ECE, 'E' }, { TCP_CWR, 'W' },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if ((h->flags & letters[i].bit) != 0)
			add(o, "%c", letters[i].c);
	}
	if (h->ae)
		add(o, "A");
	if ((h->flags & TCP_ACK) != 0)
		add(o, ".");
	else if (h->flags == 0 && !h->ae)
		add(o, "-");
}

static void
add_blocks(struct out *o, struct rd *r, uint32_t off)
{
	add(o, "%ssack", o->separator);
	while (rd_left(r) >= 8) {
		const uint32_t left = rd_be32(r) - off;

		add(o, " %u:%u", left, rd_be32(r) - off);
	}
}

static uint32_t
script_tsval(const struct pkt_conn *conn, uint32_t live)
{
	for (const struct pkt_ts_pair *p = conn == NULL ? NULL : conn->ts; p != NULL; p = p->next) {
		if (p->live == live)
			return p->script;
	}
	return live;
}

static void
add_opt(struct out *o, uint8_t kind, struct rd body, const struct pkt_conn *conn)
{
	if (kind == TCP_OPT_MSS) {
		add(o, "%smss %u", o->separator, rd_be16(&body));
	} else if (kind == TCP_OPT_WSCALE) {
		add(o, "%swscale %u", o->separator, rd_u8(&body));
	} else if (kind == TCP_OPT_SACK_PERMITTED) {
		add(o, "%ssackOK", o->separator);
	} else if (kind == TCP_OPT_SACK) {
		add_blocks(o, &body, conn == NULL ? 0 : conn->remote_off);
	} else if (kind == TCP_OPT_TS) {
		const uint32_t val = rd_be32(&body);

		add(o, "%sTS val %u ecr %u", o->separator, script_tsval(conn, val), rd_be32(&body));
	} else {
		add(o, "%skind %u", o->separator, kind);
		while (rd_left(&body) > 0)
			add(o, " %02x", rd_u8(&body));
	}
}

static void
add_opts(struct out *o, const struct pkt_live *live, const struct pkt_conn *conn)
{
	struct rd r = rd_init(live->opts, live->opts_len);

	o->separator = " <";
	while (rd_left(&r) > 0) {
		const uint8_t kind = rd_u8(&r);
		const uint8_t len = kind > TCP_OPT_NOP ? rd_u8(&r) : 2;
		const uint32_t rest = kind > TCP_OPT_NOP ? len - 2u : 0;
		const uint8_t *const body = len < 2 ? NULL : rd_skip(&r, rest);

		if (body == NULL) {
			add(o, "%smalformed", o->separator);
			break;
		}
		if (kind <= TCP_OPT_NOP)
			add(o, "%s%s", o->separator, kind == TCP_OPT_NOP ? "nop" : "eol");
		else
			add_opt(o, kind, rd_init(body, len - 2u), conn);
		o->separator = ",";
	}
	if (live->opts_len > 0)
		add(o, ">");
}

static void
print_tcp(struct out *o, const struct pkt_live *live, const struct pkt_conn *conn)
{
	const struct tcp_hdr *h = &live->tcp;
	const uint32_t seq = h->seq - (conn == NULL ? 0 : conn->local_off);

	if (conn == NULL)
		add(o, "%u > %u ", h->src_port, h->dst_port);
	add_flags(o, h);
	add(o, " %u:%u(%u)", seq, seq + live->data_len, live->data_len);
	if ((h->flags & TCP_ACK) != 0)
		add(o, " ack %u", h->ack - (conn == NULL ? 0 : conn->remote_off));
	add(o, " win %u", h->wnd);
	if ((h->flags & TCP_URG) != 0)
		add(o, " urg %u", h->up);
	add_opts(o, live, conn);
}

void
sp_pkt_print(char text[PKT_PRINT_MAX], const struct pkt_live *live, const struct pkt_conn *conn)
{
	static const char *const ecn[] = { "", "[ect1] ", "[ect0] ", "[ce] " };
	struct out o = { text, 0, "" };

	text[0] = '\0';
	add(&o, "%s", ecn[live->ip.tos & 3]);
	if (live->ip.tos >> 2 != 0)
		add(&o, "(tos 0x%02x) ", live->ip.tos);
	if (live->ip.proto == PKT_PROTO_TCP)
		print_tcp(&o, live, conn);
	else if (live->is_fragment)
		add(&o, "a fragment");
	else if (live->ip.proto == PKT_PROTO_UDP)
		add(&o, "udp %u > %u (%u)", live->tcp.src_port, live->tcp.dst_port,
		    live->data_len);
	else if (live->ip.proto == PKT_PROTO_ICMP4 || live->ip.proto == PKT_PROTO_ICMP6)
		add(&o, "icmp type %u code %u mtu %u", live->icmp_type, live->icmp_code,
		    (unsigned)live->icmp_mtu);
	else
		add(&o, "protocol %u", live->ip.proto);
}
