/*
 * link.c - links.
 */
#include <string.h>

#include "net/stack.h"
#include "wire/eth.h"

#define MTU_MIN 576

struct sp_link *
sp_link_get(struct sampan *s, int link)
{
	if (link < 1 || link >= SP_LINKS_MAX || !s->link[link].used)
		return NULL;
	return &s->link[link];
}

int
sampan_link_add(struct sampan *s, const struct sampan_link_config *config)
{
	if (config->size != sizeof(*config) || config->mtu_bytes < MTU_MIN ||
	    eth_is_multicast(config->mac) || eth_is_zero(config->mac))
		return SAMPAN_EINVAL;
	for (int i = 1; i < SP_LINKS_MAX; i++) {
		struct sp_link *l = &s->link[i];

		if (l->used)
			continue;
		*l = (struct sp_link){
			.used = true,
			.mtu_bytes = config->mtu_bytes,
			.caps = config->caps,
			.ll4_at = SAMPAN_NEVER,
			.querier = { { .general_at = SAMPAN_NEVER },
			    { .general_at = SAMPAN_NEVER } },
		};
		memcpy(l->mac, config->mac, sizeof(l->mac));
		memcpy(l->name, config->name, sizeof(l->name) - 1);
		return i;
	}
	return SAMPAN_ENOSPACE;
}
