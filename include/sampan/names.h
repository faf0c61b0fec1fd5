/*
 * names.h - name servers and search domains: given by hand, by a DHCP server, or by
 * routers (RFC 8106).  The stack only remembers them; who asks name servers is the
 * application, or host.h.
 */
#ifndef SAMPAN_NAMES_H
#define SAMPAN_NAMES_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAMPAN_DOMAIN_TEXT 104

/* Adds a name server that stays; NOSPACE: there are 4.  INVAL: no host's address. */
SAMPAN_API int sampan_name_server_add(struct sampan *s, const struct sampan_addr *addr);

/* Name server number i, from 0 on, those given by hand first; `link` is that of a
 * link-local one.  Search domain number i.  NOENT: there are fewer. */
SAMPAN_API int sampan_name_server_get(const struct sampan *s, unsigned i,
    struct sampan_sockaddr *server);
SAMPAN_API int sampan_search_domain_get(const struct sampan *s, unsigned i,
    char text[SAMPAN_DOMAIN_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
