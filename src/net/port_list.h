/*
 * port_list.h - ports that are kept free for who asks for them by number, as text and
 * back: net.ipv4.ip_local_reserved_ports, "8080,9148-9150".
 *
 * They stand in the counts of net/port.h.
 */
#ifndef SAMPAN_NET_PORT_LIST_H
#define SAMPAN_NET_PORT_LIST_H

#include "net/stack.h"

/* Exactly these from now on; empty: none.  INVAL: no such list.  RANGE: a port that there is
 * not, a range that ends before it begins, or no room for the text in SAMPAN_SETTING_TEXT.
 * NOBUFS: then there are none. */
int sp_port_list_read(struct sampan *s, const char *text);

/* Returns the length without the zero; MSGSIZE: len is too small. */
int sp_port_list_write(const struct sampan *s, char *text, size_t len);

#endif
