/*
 * print.h - packets as a script would write them.
 */
#ifndef SAMPAN_PKT_PRINT_H
#define SAMPAN_PKT_PRINT_H

#include "pkt/conn.h"

#define PKT_PRINT_MAX 400

/* conn may be NULL: numbers are then as on the wire. */
void sp_pkt_print(char text[PKT_PRINT_MAX], const struct pkt_live *live,
    const struct pkt_conn *conn);

#endif
