/*
 * tape_play.c - see tape_play.h.
 *
 * link/tape_calls.c is the other side: what it sums up of a call is summed up here in
 * the same way.
 */
#include "cmd/tape_play.h"

#include <errno.h>
#include <string.h>

#include <sampan/host.h>
#include <sampan/names.h>

#include "net/stack.h"

#define SIGNED(word) ((int)(int64_t)(word))

static struct tape_result
gave(int64_t result, const void *out, size_t len)
{
	return (struct tape_result){ result, result >= 0 ? sp_tape_sum(0, out, len) : 0 };
}

static struct tape_result
gave_number(int64_t result)
{
	return gave(result, NULL, 0);
}

/* ---- Frames ---- */

static struct tape_result
play_input(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	static struct sampan_frame frames[64];
	const uint64_t all = call->arg[1];
	int64_t result = 0;

	/* Batches of the loop are no larger; the fuzzer's may be. */
	if (all > sizeof(frames) / sizeof(frames[0]))
		return gave_number(SAMPAN_EINVAL);
	for (uint64_t i = 0; i < all; i++)
		sp_tape_take_frame(&blob, &frames[i]);
	result = sampan_input(s, SIGNED(call->arg[0]), frames, (unsigned)all, call->arg[2]);
	return gave_number(result);
}

static struct tape_result
play_output(struct sampan *s, const struct tape_call *call)
{
	static struct sampan_frame frames[64];
	const unsigned most = sizeof(frames) / sizeof(frames[0]);
	const int n = sampan_output(s, SIGNED(call->arg[0]), frames,
	    call->arg[1] < most ? (unsigned)call->arg[1] : most, call->arg[2]);

	return (struct tape_result){ n, n > 0 ? sp_tape_sum_frames(frames, (unsigned)n) : 0 };
}

static struct tape_result
play_sent(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	struct sampan_frame f = { 0 };
	struct tape_shown shown;

	for (uint64_t i = 0; i < call->arg[0]; i++, blob += sizeof(shown)) {
		memcpy(&shown, blob, sizeof(shown));
		f.slices = (uint8_t)shown.slices;
		f.owner = (uint8_t)shown.owner;
		for (unsigned j = 0; j < shown.slices; j++)
			f.slice[j] = (struct sampan_slice){ (const uint8_t *)s + shown.offset[j],
				shown.len[j] };
		sampan_sent(s, &f, 1);
	}
	return gave_number(0);
}

static struct tape_result
play_events(struct sampan *s, const struct tape_call *call)
{
	struct sampan_event events[64];
	const unsigned most = sizeof(events) / sizeof(events[0]);
	const int n = sampan_events(s, events, call->arg[0] < most ? (unsigned)call->arg[0] : most);

	return (struct tape_result){ n, n > 0 ? sp_tape_sum_events(events, (unsigned)n) : 0 };
}

/* ---- Sockets ---- */

static struct tape_result
play_socket(struct sampan *s, const struct tape_call *call)
{
	sampan_handle h = 0;
	const int result = sampan_socket(s, (enum sampan_type)call->arg[0], &h);

	return gave(result, &h, sizeof(h));
}

static struct tape_result
play_accept(struct sampan *s, const struct tape_call *call)
{
	struct sampan_sockaddr peer;
	sampan_handle h = 0;
	const int result = sampan_accept(s, call->arg[0], &h, &peer);

	return gave(result, &h, sizeof(h));
}

/* No more than there can be. */
static size_t
room_of(const struct tape_player *p, const struct tape_call *call)
{
	return call->arg[1] < p->stack_bytes ? (size_t)call->arg[1] : p->stack_bytes;
}

static struct tape_result
play_recv(struct tape_player *p, const struct tape_call *call)
{
	const int64_t n = sampan_recv(p->stack, call->arg[0], p->scratch, room_of(p, call));

	return gave(n, p->scratch, n > 0 ? (size_t)n : 0);
}

static struct tape_result
play_recvmsg(struct tape_player *p, const struct tape_call *call)
{
	struct sampan_datagram d = { 0 };
	const size_t room = room_of(p, call);
	const int64_t n = sampan_recvmsg(p->stack, call->arg[0], p->scratch, room,
	    call->arg[2] ? &d : NULL);

	return gave(n, p->scratch, n <= 0 ? 0 : (size_t)n < room ? (size_t)n : room);
}

static struct tape_result
play_sendmsg(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	struct sampan_datagram d = { 0 };

	if (call->arg[2] == 0)
		return gave_number(sampan_sendmsg(s, call->arg[0], blob, call->arg[1], NULL));
	memcpy(&d, blob, sizeof(d));
	return gave_number(sampan_sendmsg(s, call->arg[0], blob + sizeof(d), call->arg[1], &d));
}

static int
with_address(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	struct sampan_sockaddr address;

	memcpy(&address, blob, sizeof(address));
	return call->id == TAPE_BIND ? sampan_bind(s, call->arg[0], &address) :
	    sampan_connect(s, call->arg[0], &address);
}

static struct tape_result
play_socket_call(struct tape_player *p, const struct tape_call *call, const uint8_t *blob)
{
	struct sampan *s = p->stack;
	const uint64_t *arg = call->arg;

	switch (call->id) {
	case TAPE_SOCKET:
		return play_socket(s, call);
	case TAPE_ACCEPT:
		return play_accept(s, call);
	case TAPE_RECV:
		return play_recv(p, call);
	case TAPE_RECVMSG:
		return play_recvmsg(p, call);
	case TAPE_SENDMSG:
		return play_sendmsg(s, call, blob);
	case TAPE_SEND:
		return gave_number(sampan_send(s, arg[0], blob, arg[1]));
	case TAPE_BIND:
	case TAPE_CONNECT:
		return gave_number(with_address(s, call, blob));
	case TAPE_LISTEN:
		return gave_number(sampan_listen(s, arg[0], (unsigned)arg[1]));
	case TAPE_SETOPT:
		return gave_number(sampan_setopt(s, arg[0], (enum sampan_option)arg[1],
		    (int64_t)arg[2]));
	case TAPE_SET_USER:
		return gave_number(sampan_set_user(s, arg[0], arg[1]));
	case TAPE_SHUTDOWN:
		return gave_number(sampan_shutdown(s, arg[0], (enum sampan_how)arg[1]));
	case TAPE_CLOSE:
		return gave_number(sampan_close(s, arg[0]));
	default:
		return gave_number(sampan_abort(s, arg[0]));
	}
}

/* ---- Links, addresses, settings, echo requests ---- */

static int
add_link(struct sampan *s, const uint8_t *blob)
{
	struct sampan_link_config config;

	memcpy(&config, blob, sizeof(config));
	return sampan_link_add(s, &config);
}

static int
set_route(struct sampan *s, const uint8_t *blob)
{
	struct sampan_route route;

	memcpy(&route, blob, sizeof(route));
	return sampan_route_set(s, &route);
}

static int
add_address(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	struct sampan_addr a[2];

	memcpy(a, blob, call->id == TAPE_ROUTE_ADD ? sizeof(a) : sizeof(a[0]));
	if (call->id == TAPE_NAME_SERVER_ADD)
		return sampan_name_server_add(s, &a[0]);
	return call->id == TAPE_ADDR_ADD ?
	    sampan_addr_add(s, SIGNED(call->arg[0]), &a[0], (unsigned)call->arg[1]) :
	    sampan_route_add(s, SIGNED(call->arg[0]), &a[0], (unsigned)call->arg[1], &a[1]);
}

static struct tape_result
play_echo_send(struct sampan *s, const uint8_t *blob)
{
	struct sampan_echo echo;
	uint32_t ticket = 0;
	int result;

	memcpy(&echo, blob, sizeof(echo));
	result = sampan_echo_send(s, &echo, &ticket);
	return gave(result, &ticket, sizeof(ticket));
}

static struct tape_result
play_echo_take(struct sampan *s, const struct tape_call *call)
{
	struct sampan_echo_answer answer = { 0 };
	const int result = sampan_echo_take(s, (uint32_t)call->arg[0], &answer);

	return gave(result, &answer.rtt_dur, sizeof(answer.rtt_dur));
}

static struct tape_result
play_other(struct sampan *s, const struct tape_call *call, const uint8_t *blob)
{
	const char *text = (const char *)blob;

	switch (call->id) {
	case TAPE_LINK_ADD:
		return gave_number(add_link(s, blob));
	case TAPE_ADDR_ADD:
	case TAPE_ROUTE_ADD:
	case TAPE_NAME_SERVER_ADD:
		return gave_number(add_address(s, call, blob));
	case TAPE_ROUTE_SET:
		return gave_number(set_route(s, blob));
	case TAPE_AUTOCONF:
		return gave_number(sampan_autoconf(s, SIGNED(call->arg[0])));
	case TAPE_LINK_LOCAL:
		return gave_number(sampan_link_local(s, SIGNED(call->arg[0]),
		    (enum sampan_link_local)call->arg[1]));
	case TAPE_DHCP_START:
		return gave_number(sampan_dhcp_start(s, SIGNED(call->arg[0])));
	case TAPE_DHCP_STOP:
		return gave_number(sampan_dhcp_stop(s, SIGNED(call->arg[0])));
	case TAPE_SETTING_WRITE:
		return gave_number(sampan_setting_write(s, text, text + strlen(text) + 1));
	case TAPE_ECHO_SEND:
		return play_echo_send(s, blob);
	case TAPE_ECHO_TAKE:
		return play_echo_take(s, call);
	default:
		sampan_echo_forget(s, (uint32_t)call->arg[0]);
		return gave_number(0);
	}
}

struct tape_result
sp_tape_play(struct tape_player *p, const struct tape_call *call, const uint8_t *blob)
{
	if (call->id == TAPE_INPUT || call->id == TAPE_OUTPUT)
		p->now = call->arg[2];
	switch (call->id) {
	case TAPE_INPUT:
		return play_input(p->stack, call, blob);
	case TAPE_OUTPUT:
		return play_output(p->stack, call);
	case TAPE_SENT:
		return play_sent(p->stack, call, blob);
	case TAPE_EVENTS:
		return play_events(p->stack, call);
	case TAPE_ADVANCE:
		p->now = call->arg[0];
		sampan_advance(p->stack, p->now);
		return gave_number(0);
	default:
		return call->id <= TAPE_ABORT ? play_socket_call(p, call, blob) :
		    play_other(p->stack, call, blob);
	}
}

/* ---- The stack ---- */

static void
put_snapshot(struct tape_player *p, const struct tape_reader *r, uint32_t csum_variant)
{
	uint64_t bytes;
	const uint8_t *snapshot = sp_tape_snapshot(r, &bytes);

	memcpy(p->stack, snapshot, bytes);
	/* What this processor can, not what the other could. */
	p->stack->csum_variant = csum_variant;
}

int
sp_tape_player_open(struct tape_player *p, const struct tape_reader *r, const struct sp_why *why)
{
	struct sampan_config config;
	struct tape_head mine = { 0 };

	*p = (struct tape_player){ .stack_bytes = r->head.arena_bytes };
	if (sampan_config_fill(&config) != 0)
		return sp_why(why, errno, "the kernel gives no random numbers");
	p->stack = sampan_memory_alloc(p->stack_bytes, false);
	p->scratch = sampan_memory_alloc(p->stack_bytes, false);
	if (p->stack == NULL || p->scratch == NULL)
		return sp_why(why, ENOMEM, "not that much memory in this machine: it was %llu MiB",
		    (unsigned long long)r->head.arena_bytes >> 20);
	if (sampan_init(p->stack, p->stack_bytes, &config, 1) != 0)
		return sp_why(why, EINVAL, "the recording is damaged: no stack has that size");
	sp_tape_layout(p->stack, &mine);
	if (mine.layout != r->head.layout || mine.arena_version != r->head.arena_version ||
	    sp_tape_extent(p->stack) > p->stack_bytes)
		return sp_why(why, EINVAL, "recorded by another build, '%s', whose memory looks "
		    "different: use that", r->head.build);
	put_snapshot(p, r, config.csum_variant);
	return 0;
}

void
sp_tape_player_close(struct tape_player *p)
{
	if (p->stack != NULL)
		sampan_memory_free(p->stack, p->stack_bytes);
	if (p->scratch != NULL)
		sampan_memory_free(p->scratch, p->stack_bytes);
	*p = (struct tape_player){ 0 };
}
