/*
 * fx_state.c - the constructors: each state by real segments.  fx.h.
 */
#include "lib/fx.h"

#include "lib/stack_check.h"

/* Where initial sequence numbers lie, far from the wrap and near it. */
#define IRS_FAR 1000000u
#define IRS_NEAR (0u - 8u)
#define ISS_NEAR (0u - 16u)
#define BEGIN SAMPAN_SEC(1000)
#define MEMORY_MAX ((size_t)16 << 20)

static bool wrap;

void
fx_near_wrap(bool near)
{
	wrap = near;
}

static void
must(int result)
{
	if (result != 0)
		fx_fail("a call to succeed while a state is constructed");
}

static void
set(struct fx *f, const char *name, int64_t value)
{
	must(sampan_set(f->s, name, value));
}

/* A fresh stack with a link and an address. */
static struct fx
begin(struct fx_opts opts, sampan_time now)
{
	static _Alignas(64) uint8_t memory[MEMORY_MAX];
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };
	struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = (uint16_t)(opts.mtu + (fx_is_v6() ? 20 : 0)), .caps = opts.caps,
		.name = "fx" };
	const struct sampan_addr addr = fx_local();
	struct fx f = { .s = (struct sampan *)(void *)memory, .now = now, .opts = opts,
		.irs = seq_of(wrap ? IRS_NEAR : IRS_FAR), .peer_tsval = 5000 };

	if (fx_is_v6() && link.mtu_bytes < 1280)
		SKIP("no IPv6 on a link as narrow as that");
	memset(memory, 0xa5, opts.arena_bytes);
	must(sampan_init(memory, opts.arena_bytes, &config, now));
	f.link = sampan_link_add(f.s, &link);
	set(&f, "net.ipv6.conf.default.dad_transmits", 0);
	must(sampan_addr_add(f.s, f.link, &addr, FX_NET_BITS));
	if (opts.rcvbuf != 0)
		set(&f, "net.ipv4.tcp_rmem_default", 2 * opts.rcvbuf);
	if (opts.sndbuf != 0)
		set(&f, "net.ipv4.tcp_wmem_default", opts.sndbuf);
	must(sampan_set(f.s, "net.ipv4.tcp_mtu_probing", opts.mtu_probing));
	must(sampan_set(f.s, "net.ipv4.tcp_congestion_control", sampan_cc_find(opts.cc)));
	f.rcv_nxt = f.irs;
	f.acked = f.irs;
	f.rcv_edge = f.irs;
	f.wnd = opts.peer_wnd;
	f.ts = opts.ts;
	fx_drop(&f);
	return f;
}

static void
listen_on_port(struct fx *f)
{
	const struct sampan_sockaddr local = { .port = FX_LOCAL_PORT };

	must(sampan_socket(f->s, SAMPAN_STREAM, &f->listener));
	must(sampan_bind(f->s, f->listener, &local));
	must(sampan_listen(f->s, f->listener, f->opts.backlog));
}

static void
connect_to_peer(struct fx *f)
{
	const struct sampan_sockaddr local = { .port = FX_LOCAL_PORT };
	const struct sampan_sockaddr peer = { fx_peer(), FX_PEER_PORT, 0 };

	must(sampan_socket(f->s, SAMPAN_STREAM, &f->h));
	must(sampan_bind(f->s, f->h, &local));
	must(sampan_connect(f->s, f->h, &peer) == SAMPAN_EINPROGRESS ? 0 : 1);
}

static void
peer_syn(struct fx *f, unsigned flags)
{
	peer_sends(f, .flags = flags, .seq = f->irs, .mss = f->opts.peer_mss,
	    .wscale = f->opts.wscale ? f->opts.peer_scale : FX_ANY, .sack_ok = f->opts.sack);
}

/* To SYN-SENT or SYN-RECEIVED. */
static struct fx
open_at(struct fx_opts opts, sampan_time now)
{
	struct fx f = begin(opts, now);

	if (opts.active) {
		connect_to_peer(&f);
		expect_segment(&f, .flags = TCP_SYN, .any_seq = true);
	} else {
		listen_on_port(&f);
		peer_syn(&f, TCP_SYN);
		expect_segment(&f, .flags = TCP_SYN | TCP_ACK, .any_seq = true);
	}
	return f;
}

/* Near the wrap our ISS is to be what we want.  It depends on the flow and on
 * a clock that counts 4 us (RFC 9293 §3.4.1), so one try tells when. */
static struct fx
open_connection(struct fx_opts opts)
{
	struct fx f = open_at(opts, BEGIN);

	if (wrap)
		f = open_at(opts, BEGIN + SAMPAN_US(4) * (sampan_dur)(ISS_NEAR - f.iss.raw));
	if (wrap && f.iss.raw != ISS_NEAR)
		fx_fail("an ISS that follows a clock of 4 us (MUST-8)");
	return f;
}

static void
complete(struct fx *f)
{
	const uint32_t own = f->opts.mtu - 40u;
	const uint32_t peers =
	    f->opts.peer_mss == FX_ANY ? FX_MSS_DEFAULT : (uint32_t)f->opts.peer_mss;

	f->mss = (own < peers ? own : peers) - (f->ts ? 12 : 0);
	if (f->opts.active) {
		peer_syn(f, TCP_SYN | TCP_ACK);
		expect_segment(f, .flags = TCP_ACK);
	} else {
		peer_sends(f, .flags = TCP_ACK);
		fx_accept(f);
	}
}

void
fx_accept(struct fx *f)
{
	must(sampan_accept(f->s, f->listener, &f->h, NULL));
}

static void
close_our_side(struct fx *f)
{
	must(f->opts.orphan ? sampan_close(f->s, f->h)
			    : sampan_shutdown(f->s, f->h, SAMPAN_SHUT_WR));
	expect_segment(f, .flags = TCP_FIN | TCP_ACK);
}

static void
close_peer_side(struct fx *f, tcp_seq ack)
{
	peer_sends(f, .flags = TCP_FIN | TCP_ACK, .ack = ack);
	expect_segment(f, .flags = TCP_ACK);
}

/* From ESTABLISHED on. */
static void
advance_to(struct fx *f, enum sampan_tcp_state state)
{
	switch (state) {
	case SAMPAN_TCP_FIN_WAIT_1:
		close_our_side(f);
		break;
	case SAMPAN_TCP_FIN_WAIT_2:
		close_our_side(f);
		peer_sends(f, .flags = TCP_ACK);
		break;
	case SAMPAN_TCP_CLOSE_WAIT:
		close_peer_side(f, f->snd_nxt);
		break;
	case SAMPAN_TCP_CLOSING:
		close_our_side(f);
		close_peer_side(f, f->snd_una);
		break;
	case SAMPAN_TCP_LAST_ACK:
		close_peer_side(f, f->snd_nxt);
		close_our_side(f);
		break;
	case SAMPAN_TCP_TIME_WAIT:
		close_our_side(f);
		close_peer_side(f, f->snd_nxt);
		break;
	case SAMPAN_TCP_ESTABLISHED:
	case SAMPAN_TCP_SYN_SENT:
	case SAMPAN_TCP_SYN_RECEIVED:
	case SAMPAN_TCP_CLOSED:
	case SAMPAN_TCP_LISTEN:
	case SAMPAN_TCP_STATE_COUNT:
		break;
	}
}

struct fx
fx_make(enum sampan_tcp_state state, struct fx_opts opts)
{
	struct fx f;

	fx_begun(fx_state_name(state));
	if (state == SAMPAN_TCP_LISTEN) {
		f = begin(opts, BEGIN);
		listen_on_port(&f);
	} else {
		f = open_connection(opts);
		if (state != SAMPAN_TCP_SYN_SENT && state != SAMPAN_TCP_SYN_RECEIVED) {
			complete(&f);
			advance_to(&f, state);
		}
	}
	if (state != SAMPAN_TCP_LISTEN)
		fx_expect_state(&f, state);
	fx_drop(&f);
	fx_forget_events(&f);
	for (unsigned i = 0; i < SAMPAN_COUNT_COUNT; i++)
		f.counts[i] = sampan_counter(f.s, i);
	return f;
}
