/*
 * stack.c - an end that is a stack of ours, in this process.
 */
#include "path/path.h"

#include <sampan/option.h>

#include <stdio.h>
#include <string.h>

#define MEMORY_BYTES ((size_t)512 << 20)
#define PIECE_BYTES (256u << 10)

struct sampan_addr
path_addr(unsigned flow, enum path_side side)
{
	return sampan_addr_v4(10, 99, (uint8_t)flow, side == PATH_FROM ? 1 : 2);
}

static bool
fail(const char *what, int error)
{
	(void)fprintf(stderr, "sampan-path: %s: %s\n", what, sampan_strerror(error));
	return false;
}

static bool
set_up(struct path_end *end)
{
	char why[SAMPAN_WHY_BYTES], buffer[64];

	(void)snprintf(buffer, sizeof(buffer), "4096 131072 %llu",
	    (unsigned long long)end->task.buffer_bytes);
	if (sampan_conf_set(end->stack, "net.ipv4.tcp_rmem", buffer, why, sizeof(why)) < 0)
		return fail(why, 0);
	(void)snprintf(buffer, sizeof(buffer), "4096 65536 %llu",
	    (unsigned long long)end->task.buffer_bytes);
	if (sampan_conf_set(end->stack, "net.ipv4.tcp_wmem", buffer, why, sizeof(why)) < 0 ||
	    sampan_conf_set(end->stack, "net.ipv4.tcp_congestion_control", end->task.cc, why,
	    sizeof(why)) < 0)
		return fail(why, 0);
	(void)snprintf(end->shared->cc_in_force, PATH_NAME, "%s", end->task.cc);
	return true;
}

static bool
listen_there(struct path_end *end)
{
	const struct sampan_sockaddr here = { .port = PATH_PORT };
	int error = sampan_socket(end->stack, SAMPAN_STREAM, &end->listener);

	if (error == 0)
		error = sampan_bind(end->stack, end->listener, &here);
	if (error == 0)
		error = sampan_listen(end->stack, end->listener, 16);
	return error == 0 || fail("a listener", error);
}

bool
path_stack_open(struct path_end *end, uint64_t seed)
{
	const struct sampan_addr addr = path_addr(end->flow, end->side);
	struct sampan_config config = { .size = sizeof(config) };
	struct sampan_link_config link = { .size = sizeof(link), .mtu_bytes = 1500, .name = "path",
		.mac = { 2, 99, 0, 0, (uint8_t)end->flow, (uint8_t)(1 + end->side) },
		.caps = SAMPAN_LINK_CSUM_OUT | SAMPAN_LINK_TSO4 };

	end->memory = sampan_memory_alloc(MEMORY_BYTES, false);
	if (end->memory == NULL || sampan_config_fill(&config) != 0)
		return fail("memory", SAMPAN_ENOBUFS);
	config.seed[0] = seed;
	if (sampan_init(end->memory, MEMORY_BYTES, &config, sampan_clock()) != 0)
		return fail("a stack", SAMPAN_ENOBUFS);
	end->stack = end->memory;
	end->link = sampan_link_add(end->stack, &link);
	if (end->link < 0 || sampan_addr_add(end->stack, end->link, &addr, 24) != 0)
		return fail("an address", SAMPAN_ENOSPACE);
	return set_up(end) && (end->side == PATH_FROM || listen_there(end));
}

void
path_stack_close(struct path_end *end)
{
	if (end->memory != NULL)
		sampan_memory_free(end->memory, MEMORY_BYTES);
}

/* ---- Applications ---- */

static void
begin(struct path_end *end, sampan_time now)
{
	const struct sampan_sockaddr peer = { .addr = path_addr(end->flow, PATH_TO),
		.port = PATH_PORT };

	end->begun_at = now;
	end->given_bytes = 0;
	end->said_all = false;
	if (sampan_socket(end->stack, SAMPAN_STREAM, &end->socket) != 0 ||
	    sampan_connect(end->stack, end->socket, &peer) != SAMPAN_EINPROGRESS) {
		end->socket = 0;
		atomic_fetch_add(&end->shared->failed, 1);
	}
}

static void
finish(struct path_end *end, bool good, sampan_time now)
{
	struct path_shared *shared = end->shared;

	if (good && shared->done < PATH_TRANSFERS)
		shared->took_ns[shared->done] = now - end->begun_at;
	atomic_fetch_add(good ? &shared->done : &shared->failed, 1);
	(void)sampan_close(end->stack, end->socket);
	end->socket = 0;
}

static void
send_more(struct path_end *end, sampan_time now)
{
	static uint8_t bytes[PIECE_BYTES];
	int64_t n = 1;

	while (n > 0 && !end->said_all) {
		const uint64_t left = end->task.bytes == 0 ? UINT64_MAX :
		    end->task.bytes - end->given_bytes;

		n = sampan_send(end->stack, end->socket, bytes,
		    left < sizeof(bytes) ? (size_t)left : sizeof(bytes));
		end->given_bytes += n > 0 ? (uint64_t)n : 0;
		if (end->task.bytes != 0 && end->given_bytes == end->task.bytes)
			end->said_all = sampan_shutdown(end->stack, end->socket,
			    SAMPAN_SHUT_WR) == 0;
	}
	n = end->said_all ? sampan_recv(end->stack, end->socket, bytes, sizeof(bytes)) : n;
	if (end->said_all && n == 0)
		finish(end, true, now);
	else if (n < 0 && n != SAMPAN_EAGAIN && n != SAMPAN_ENOTCONN)
		finish(end, false, now);
}

static void
read_more(struct path_end *end)
{
	static uint8_t bytes[PIECE_BYTES];
	int64_t n = 1;

	if (end->socket == 0 &&
	    sampan_accept(end->stack, end->listener, &end->socket, NULL) != 0)
		end->socket = 0;
	while (end->socket != 0 && n > 0) {
		n = sampan_recv(end->stack, end->socket, bytes, sizeof(bytes));
		if (n > 0)
			atomic_fetch_add(&end->shared->read_bytes, (uint64_t)n);
	}
	if (end->socket == 0 || n == SAMPAN_EAGAIN)
		return;
	(void)sampan_close(end->stack, end->socket);
	end->socket = 0;
}

void
path_stack_act(struct path_end *end, sampan_time now)
{
	struct sampan_event events[16];

	while (sampan_events(end->stack, events, 16) > 0)
		continue;
	if (!atomic_load(&end->shared->go))
		return;
	if (end->side == PATH_TO) {
		read_more(end);
		return;
	}
	if (end->socket == 0 && atomic_load(&end->shared->failed) < 10)
		begin(end, now);
	if (end->socket != 0)
		send_more(end, now);
}
