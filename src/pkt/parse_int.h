/*
 * parse_int.h - what the parser's files share.
 */
#ifndef SAMPAN_PKT_PARSE_INT_H
#define SAMPAN_PKT_PARSE_INT_H

#include "pkt/parse.h"

struct pkt_parser {
	struct pkt_lex lex;
	struct pkt_script *script;
	const char *lacks;		/* of the event that is being read */
	bool failed;
	struct pkt_token time;		/* of the event that is being read */
	unsigned depth;			/* of nested expressions */
	bool in_args;
	bool fills;			/* lists are compared with what the call fills in */
};

/* The first error counts. */
__attribute__((format(printf, 2, 3)))
void sp_pkt_parse_fail(struct pkt_parser *p, const char *format, ...);

/* Something the language has and this runner does not: the first counts. */
__attribute__((format(printf, 2, 3)))
void sp_pkt_parse_lacks(struct pkt_parser *p, const char *format, ...);

/* Steps over a character, or fails. */
bool sp_pkt_parse_expect(struct pkt_parser *p, char punct);

/* Steps over it if it is there. */
bool sp_pkt_parse_take(struct pkt_parser *p, char punct);
bool sp_pkt_parse_take_word(struct pkt_parser *p, const char *word);

/* An integer of up to max; compared: mark it for mutation. */
bool sp_pkt_parse_int(struct pkt_parser *p, uint64_t max, bool compared, uint64_t *n);
bool sp_pkt_parse_u32(struct pkt_parser *p, bool compared, uint32_t *n);

/* Marks the current token. */
void sp_pkt_parse_mark(struct pkt_parser *p, bool is_time);

/* An integer that ! may follow or precede. */
bool sp_pkt_parse_num(struct pkt_parser *p, bool compared, struct pkt_num *num);

/* Steps over the rest of an event that cannot be run. */
void sp_pkt_parse_skip_event(struct pkt_parser *p);

/* After < or >, which is the current token. */
struct pkt_packet *sp_pkt_parse_packet(struct pkt_parser *p);
/* After <, up to and with the closing >. */
void sp_pkt_parse_opts(struct pkt_parser *p, struct pkt_tcp_spec *tcp, bool compared);
/* After the word icmp. */
void sp_pkt_parse_icmp(struct pkt_parser *p, struct pkt_packet *k);
struct pkt_call *sp_pkt_parse_call(struct pkt_parser *p);

#endif
