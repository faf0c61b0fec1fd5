/*
 * parse.h - from text to a script, by recursive descent.
 *
 * One file per sub-language: parse.c (options, times, events), parse_packet.c,
 * parse_opt.c (TCP options), parse_icmp.c, parse_call.c.  Assertions stay text
 * (code.h).  After the first error every parser function does nothing and
 * returns NULL or false.
 */
#ifndef SAMPAN_PKT_PARSE_H
#define SAMPAN_PKT_PARSE_H

#include "pkt/script.h"

/* Reads len bytes of text, which are copied.  False: script->error says why.
 * To be freed with sp_pkt_script_free() either way. */
bool sp_pkt_parse(struct pkt_script *script, const char *text, size_t len,
    const struct pkt_define *defines);

void sp_pkt_script_free(struct pkt_script *script);

#endif
