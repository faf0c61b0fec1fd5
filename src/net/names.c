/*
 * names.c - see names.h.
 */
#include "net/names.h"

#include <string.h>

#include "wire/ip4.h"

void
sp_names_init(struct sampan *s)
{
	sp_pool_init(&s->arena, SP_KIND_NAMES, sizeof(struct sp_names));
}

static struct sp_names *
names_of(const struct sampan *s)
{
	return s->names != 0 ? sp_at(&s->arena, s->names) : NULL;
}

/* NULL: no memory. */
static struct sp_names *
need(struct sampan *s)
{
	if (s->names == 0) {
		s->names = sp_pool_take(&s->arena, SP_KIND_NAMES);
		if (s->names != 0)
			*names_of(s) = (struct sp_names){ 0 };
	}
	return names_of(s);
}

/* ---- Servers ---- */

/* The place of a server that is known, or one for it; NULL: none is free, or its origin
 * has as many as it may. */
static struct sp_name_server *
place_of(struct sampan *s, struct sp_names *n, const struct sp_name_server *want)
{
	struct sp_name_server *place = NULL;
	unsigned same = 0;

	for (unsigned i = 0; i < SP_NAME_SERVERS; i++) {
		struct sp_name_server *v = &n->server[i];

		if (v->until <= s->now) {
			place = place == NULL ? v : place;
			continue;
		}
		if (v->origin == want->origin && v->link == want->link &&
		    sp_addr_equal(&v->addr, &want->addr))
			return v;
		same += v->origin == want->origin;
	}
	return same < SP_NAME_SERVERS_EACH ? place : NULL;
}

void
sp_names_server(struct sampan *s, const struct sp_name_server *want)
{
	struct sp_names *n = need(s);
	struct sp_name_server *place = n != NULL ? place_of(s, n, want) : NULL;

	if (place != NULL)
		*place = *want;
}

int
sampan_name_server_add(struct sampan *s, const struct sampan_addr *addr)
{
	const struct sp_name_server want = { .addr = *addr, .until = SAMPAN_NEVER };
	struct sp_names *n;

	if (!sp_addr_is_unicast(s, addr))
		return SAMPAN_EINVAL;
	n = need(s);
	if (n == NULL || place_of(s, n, &want) == NULL)
		return SAMPAN_ENOSPACE;
	sp_names_server(s, &want);
	return 0;
}

int
sampan_name_server_get(const struct sampan *s, unsigned i, struct sampan_sockaddr *server)
{
	const struct sp_names *n = names_of(s);

	for (unsigned origin = SP_NAMES_STATIC; n != NULL && origin <= SP_NAMES_ROUTER; origin++) {
		for (unsigned k = 0; k < SP_NAME_SERVERS; k++) {
			const struct sp_name_server *v = &n->server[k];

			if (v->until <= s->now || v->origin != origin || i-- > 0)
				continue;
			*server = sp_sockaddr_of(&v->addr, 53, v->link);
			return 0;
		}
	}
	return SAMPAN_ENOENT;
}

/* ---- Domains ---- */

void
sp_names_domain(struct sampan *s, const struct sp_domain *want)
{
	struct sp_names *n = need(s);
	struct sp_domain *place = NULL;

	for (unsigned i = 0; n != NULL && i < SP_DOMAINS; i++) {
		struct sp_domain *d = &n->domain[i];

		if (d->until > s->now && d->origin == want->origin &&
		    memcmp(d->text, want->text, sizeof(d->text)) == 0) {
			place = d;
			break;
		}
		if (d->until <= s->now && place == NULL)
			place = d;
	}
	if (place != NULL)
		*place = *want;
}

void
sp_names_domain_text(struct sampan *s, const struct sp_domain *like, const char *text)
{
	struct sp_domain want = *like;

	memset(want.text, 0, sizeof(want.text));
	for (unsigned i = 0; text[i] != '\0'; i++) {
		if (i == SAMPAN_DOMAIN_TEXT - 1)
			return;
		want.text[i] = text[i];
	}
	sp_names_domain(s, &want);
}

int
sampan_search_domain_get(const struct sampan *s, unsigned i, char text[SAMPAN_DOMAIN_TEXT])
{
	const struct sp_names *n = names_of(s);

	for (unsigned k = 0; n != NULL && k < SP_DOMAINS; k++) {
		if (n->domain[k].until <= s->now || i-- > 0)
			continue;
		memcpy(text, n->domain[k].text, SAMPAN_DOMAIN_TEXT);
		return 0;
	}
	return SAMPAN_ENOENT;
}

void
sp_names_end(struct sampan *s, unsigned link, enum sp_names_origin origin)
{
	struct sp_names *n = names_of(s);

	for (unsigned i = 0; n != NULL && i < SP_NAME_SERVERS; i++)
		if (n->server[i].link == link && n->server[i].origin == (uint8_t)origin)
			n->server[i].until = 0;
	for (unsigned i = 0; n != NULL && i < SP_DOMAINS; i++)
		if (n->domain[i].link == link && n->domain[i].origin == (uint8_t)origin)
			n->domain[i].until = 0;
}
