/*
 * init.c - making a stack.
 */
#include "net/stack.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

int
sampan_init(void *memory, size_t bytes, const struct sampan_config *config, sampan_time now)
{
	struct sampan *s = memory;

	if (config->size != sizeof(*config) || (uintptr_t)memory % SP_ARENA_ALIGN != 0)
		return SAMPAN_EINVAL;
	if (bytes < SAMPAN_MIN_BYTES || !sp_stack_init(s, bytes, config))
		return SAMPAN_ENOBUFS;
	s->now = now;
	sp_wheel_init(&s->wheel, now);
	sp_tcp_init(s);
	sp_udp_init(s);
	return 0;
}

const char *
sampan_strerror(int error)
{
	static const char *const texts[] = {
		[0] = "success",
#define X(name, number, text) [number] = text,
		SAMPAN_ERRORS(X)
#undef X
	};
	const size_t n = sizeof(texts) / sizeof(texts[0]);

	return error <= 0 && (size_t)-error < n ? texts[-error] : "unknown error";
}
