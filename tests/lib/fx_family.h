/*
 * fx_family.h - the fixture in both families: the same tests, run twice.
 */
#ifndef SAMPAN_TESTS_LIB_FX_FAMILY_H
#define SAMPAN_TESTS_LIB_FX_FAMILY_H

#include <sampan/sampan.h>

#include "lib/test.h"

/* With SAMPAN_FAMILY=6 in the environment everything is over IPv6: fd00::1/64 and
 * fd00::2.  The link's MTU is then 20 more than a test says, so that segments have
 * the same sizes. */
bool fx_is_v6(void);
struct sampan_addr fx_local(void);
struct sampan_addr fx_peer(void);

/* Host number `host` of network number `net`: 10.NET.0.HOST or fd00:0:0:NET::HOST. */
struct sampan_addr fx_addr(uint8_t net, uint8_t host);
#define FX_NET_BITS (fx_is_v6() ? 64u : 24u)
#define FX_HOST_BITS (fx_is_v6() ? 128u : 32u)

/* What a peer takes that sends no MSS option: RFC 9293 §3.7.1 (MUST-15). */
#define FX_MSS_DEFAULT (fx_is_v6() ? 1220u : 536u)

/* What the test says is about IPv4. */
#define FX_ONLY_V4() \
	do { \
		if (fx_is_v6()) \
			SKIP("is about IPv4"); \
	} while (0)

#endif
