/*
 * tcp_cc.c - the list of congestion controls.
 */
#include "tcp/tcp_cc.h"

const struct tcp_cc_ops *
sp_tcp_cc_ops(unsigned id)
{
	static const struct tcp_cc_ops *const table[TCP_CC_COUNT] = {
#define X(name) [TCP_CC_##name] = &tcp_cc_##name,
		TCP_CCS(X)
#undef X
	};

	return table[id];
}
