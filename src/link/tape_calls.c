/*
 * tape_calls.c - see tape_calls.h: each call is written down, made, and what it gave
 * back is summed up.  A name in parentheses is the stack's own.
 */
#include "link/tape_calls.h"

#include <string.h>

#include "link/tape.h"

/* Begins a call that is given words only, up to three. */
static struct tape_call *
begin(const struct sampan *s, enum tape_id id, uint64_t a, uint64_t b, uint64_t c)
{
	const struct tape_in in = { .arg = { a, b, c } };

	return sp_tape_begin(s, id, &in);
}

/* Begins one that is given two words and a structure. */
static struct tape_call *
begin_with(const struct sampan *s, enum tape_id id, const uint64_t words[2], const void *what,
    size_t len)
{
	const struct tape_in in = { .arg = { words[0], words[1] }, .blob = { what },
		.len = { len } };

	return sp_tape_begin(s, id, &in);
}

/* It has given back a number, and what lies there if that was not an error. */
static int64_t
end(struct tape_call *call, int64_t result, const void *out, size_t len)
{
	if (call != NULL)
		sp_tape_end(call, result, result >= 0 ? sp_tape_sum(0, out, len) : 0);
	return result;
}

/* ---- Frames and time ---- */

int
sp_tape_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n, sampan_time now)
{
	struct tape_call *call = sp_tape_begin_input(s, link, frames, n, now);

	return (int)end(call, (sampan_input)(s, link, frames, n, now), NULL, 0);
}

int
sp_tape_output(struct sampan *s, int link, struct sampan_frame *frames, unsigned max,
    sampan_time now)
{
	struct tape_call *call = begin(s, TAPE_OUTPUT, (uint64_t)link, max, now);
	const int n = (sampan_output)(s, link, frames, max, now);

	if (call != NULL)
		sp_tape_end(call, n, n > 0 ? sp_tape_sum_frames(frames, (unsigned)n) : 0);
	return n;
}

void
sp_tape_sent(struct sampan *s, const struct sampan_frame *frames, unsigned n)
{
	struct tape_call *call = sp_tape_begin_sent(s, frames, n);

	(sampan_sent)(s, frames, n);
	(void)end(call, 0, NULL, 0);
}

void
sp_tape_advance(struct sampan *s, sampan_time now)
{
	struct tape_call *call = begin(s, TAPE_ADVANCE, now, 0, 0);

	(sampan_advance)(s, now);
	(void)end(call, 0, NULL, 0);
}

int
sp_tape_events(struct sampan *s, struct sampan_event *events, unsigned max)
{
	struct tape_call *call = begin(s, TAPE_EVENTS, max, 0, 0);
	const int n = (sampan_events)(s, events, max);

	if (call != NULL)
		sp_tape_end(call, n, n > 0 ? sp_tape_sum_events(events, (unsigned)n) : 0);
	return n;
}

/* ---- Sockets ---- */

int
sp_tape_socket(struct sampan *s, enum sampan_type type, sampan_handle *out)
{
	struct tape_call *call = begin(s, TAPE_SOCKET, type, 0, 0);

	return (int)end(call, (sampan_socket)(s, type, out), out, sizeof(*out));
}

int
sp_tape_bind(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *local)
{
	const uint64_t words[2] = { h };
	struct tape_call *call = begin_with(s, TAPE_BIND, words, local, sizeof(*local));

	return (int)end(call, (sampan_bind)(s, h, local), NULL, 0);
}

int
sp_tape_listen(struct sampan *s, sampan_handle h, unsigned backlog)
{
	struct tape_call *call = begin(s, TAPE_LISTEN, h, backlog, 0);

	return (int)end(call, (sampan_listen)(s, h, backlog), NULL, 0);
}

int
sp_tape_accept(struct sampan *s, sampan_handle h, sampan_handle *out, struct sampan_sockaddr *peer)
{
	struct tape_call *call = begin(s, TAPE_ACCEPT, h, 0, 0);

	return (int)end(call, (sampan_accept)(s, h, out, peer), out, sizeof(*out));
}

int
sp_tape_connect(struct sampan *s, sampan_handle h, const struct sampan_sockaddr *peer)
{
	const uint64_t words[2] = { h };
	struct tape_call *call = begin_with(s, TAPE_CONNECT, words, peer, sizeof(*peer));

	return (int)end(call, (sampan_connect)(s, h, peer), NULL, 0);
}

int64_t
sp_tape_send(struct sampan *s, sampan_handle h, const void *data, size_t len)
{
	const uint64_t words[2] = { h, len };
	struct tape_call *call = begin_with(s, TAPE_SEND, words, data, len);

	return end(call, (sampan_send)(s, h, data, len), NULL, 0);
}

int64_t
sp_tape_recv(struct sampan *s, sampan_handle h, void *data, size_t len)
{
	struct tape_call *call = begin(s, TAPE_RECV, h, len, 0);
	const int64_t n = (sampan_recv)(s, h, data, len);

	return end(call, n, data, n > 0 ? (size_t)n : 0);
}

int64_t
sp_tape_sendmsg(struct sampan *s, sampan_handle h, const void *data, size_t len,
    const struct sampan_datagram *d)
{
	const struct tape_in in = { .arg = { h, len, d != NULL }, .blob = { d, data },
		.len = { d != NULL ? sizeof(*d) : 0, len } };
	struct tape_call *call = sp_tape_begin(s, TAPE_SENDMSG, &in);

	return end(call, (sampan_sendmsg)(s, h, data, len, d), NULL, 0);
}

int64_t
sp_tape_recvmsg(struct sampan *s, sampan_handle h, void *data, size_t len,
    struct sampan_datagram *d)
{
	struct tape_call *call = begin(s, TAPE_RECVMSG, h, len, d != NULL);
	const int64_t n = (sampan_recvmsg)(s, h, data, len, d);
	const size_t got = n <= 0 ? 0 : (size_t)n < len ? (size_t)n : len;

	return end(call, n, data, got);
}

int
sp_tape_setopt(struct sampan *s, sampan_handle h, enum sampan_option option, int64_t value)
{
	struct tape_call *call = begin(s, TAPE_SETOPT, h, option, (uint64_t)value);

	return (int)end(call, (sampan_setopt)(s, h, option, value), NULL, 0);
}

int
sp_tape_set_user(struct sampan *s, sampan_handle h, uint64_t user)
{
	struct tape_call *call = begin(s, TAPE_SET_USER, h, user, 0);

	return (int)end(call, (sampan_set_user)(s, h, user), NULL, 0);
}

int
sp_tape_shutdown(struct sampan *s, sampan_handle h, enum sampan_how how)
{
	struct tape_call *call = begin(s, TAPE_SHUTDOWN, h, how, 0);

	return (int)end(call, (sampan_shutdown)(s, h, how), NULL, 0);
}

int
sp_tape_close_socket(struct sampan *s, sampan_handle h)
{
	struct tape_call *call = begin(s, TAPE_CLOSE, h, 0, 0);

	return (int)end(call, (sampan_close)(s, h), NULL, 0);
}

int
sp_tape_abort(struct sampan *s, sampan_handle h)
{
	struct tape_call *call = begin(s, TAPE_ABORT, h, 0, 0);

	return (int)end(call, (sampan_abort)(s, h), NULL, 0);
}

/* ---- Links, addresses, settings ---- */

int
sp_tape_link_add(struct sampan *s, const struct sampan_link_config *config)
{
	const uint64_t words[2] = { 0 };
	struct tape_call *call = begin_with(s, TAPE_LINK_ADD, words, config, sizeof(*config));

	return (int)end(call, (sampan_link_add)(s, config), NULL, 0);
}

int
sp_tape_addr_add(struct sampan *s, int link, const struct sampan_addr *addr, unsigned prefix_bits)
{
	const uint64_t words[2] = { (uint64_t)link, prefix_bits };
	struct tape_call *call = begin_with(s, TAPE_ADDR_ADD, words, addr, sizeof(*addr));

	return (int)end(call, (sampan_addr_add)(s, link, addr, prefix_bits), NULL, 0);
}

int
sp_tape_route_add(struct sampan *s, int link, const struct sampan_addr *dst, unsigned prefix_bits,
    const struct sampan_addr *gateway)
{
	const struct tape_in in = { .arg = { (uint64_t)link, prefix_bits },
		.blob = { dst, gateway }, .len = { sizeof(*dst), sizeof(*gateway) } };
	struct tape_call *call = sp_tape_begin(s, TAPE_ROUTE_ADD, &in);

	return (int)end(call, (sampan_route_add)(s, link, dst, prefix_bits, gateway), NULL, 0);
}

int
sp_tape_route_set(struct sampan *s, const struct sampan_route *route)
{
	const uint64_t words[2] = { 0 };
	struct tape_call *call = begin_with(s, TAPE_ROUTE_SET, words, route, sizeof(*route));

	return (int)end(call, (sampan_route_set)(s, route), NULL, 0);
}

int
sp_tape_autoconf(struct sampan *s, int link)
{
	struct tape_call *call = begin(s, TAPE_AUTOCONF, (uint64_t)link, 0, 0);

	return (int)end(call, (sampan_autoconf)(s, link), NULL, 0);
}

int
sp_tape_link_local(struct sampan *s, int link, enum sampan_link_local when)
{
	struct tape_call *call = begin(s, TAPE_LINK_LOCAL, (uint64_t)link, when, 0);

	return (int)end(call, (sampan_link_local)(s, link, when), NULL, 0);
}

int
sp_tape_name_server_add(struct sampan *s, const struct sampan_addr *addr)
{
	const uint64_t words[2] = { 0 };
	struct tape_call *call = begin_with(s, TAPE_NAME_SERVER_ADD, words, addr, sizeof(*addr));

	return (int)end(call, (sampan_name_server_add)(s, addr), NULL, 0);
}

int
sp_tape_dhcp_start(struct sampan *s, int link)
{
	struct tape_call *call = begin(s, TAPE_DHCP_START, (uint64_t)link, 0, 0);

	return (int)end(call, (sampan_dhcp_start)(s, link), NULL, 0);
}

int
sp_tape_dhcp_stop(struct sampan *s, int link)
{
	struct tape_call *call = begin(s, TAPE_DHCP_STOP, (uint64_t)link, 0, 0);

	return (int)end(call, (sampan_dhcp_stop)(s, link), NULL, 0);
}

int
sp_tape_setting_write(struct sampan *s, const char *name, const char *text)
{
	const struct tape_in in = { .blob = { name, text },
		.len = { strlen(name) + 1, strlen(text) + 1 } };
	struct tape_call *call = sp_tape_begin(s, TAPE_SETTING_WRITE, &in);

	return (int)end(call, (sampan_setting_write)(s, name, text), NULL, 0);
}

/* ---- Echo requests ---- */

int
sp_tape_echo_send(struct sampan *s, const struct sampan_echo *echo, uint32_t *ticket)
{
	const uint64_t words[2] = { 0 };
	struct tape_call *call = begin_with(s, TAPE_ECHO_SEND, words, echo, sizeof(*echo));

	return (int)end(call, (sampan_echo_send)(s, echo, ticket), ticket, sizeof(*ticket));
}

int
sp_tape_echo_take(struct sampan *s, uint32_t ticket, struct sampan_echo_answer *answer)
{
	struct tape_call *call = begin(s, TAPE_ECHO_TAKE, ticket, 0, 0);

	return (int)end(call, (sampan_echo_take)(s, ticket, answer), &answer->rtt_dur,
	    sizeof(answer->rtt_dur));
}

void
sp_tape_echo_forget(struct sampan *s, uint32_t ticket)
{
	struct tape_call *call = begin(s, TAPE_ECHO_FORGET, ticket, 0, 0);

	(sampan_echo_forget)(s, ticket);
	(void)end(call, 0, NULL, 0);
}
