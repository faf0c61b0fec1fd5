/*
 * fx_family.c - see fx_family.h.
 */
#include "lib/fx_family.h"

#include <stdlib.h>

bool
fx_is_v6(void)
{
	const char *family = getenv("SAMPAN_FAMILY");

	return family != NULL && strcmp(family, "6") == 0;
}

struct sampan_addr
fx_addr(uint8_t net, uint8_t host)
{
	if (fx_is_v6())
		return (struct sampan_addr){ { 0xfd, [7] = net, [15] = host } };
	return sampan_addr_v4(10, net, 0, host);
}

struct sampan_addr
fx_local(void)
{
	return fx_addr(0, 1);
}

struct sampan_addr
fx_peer(void)
{
	return fx_addr(0, 2);
}
