/*
 * script.h - a packet script as a tree.
 *
 * Everything lies in the script's pool.  What the language has and this
 * runner does not is kept as `lacks`, the reason to skip, and is found when
 * the run comes to it; only what is no packet script is an error.
 */
#ifndef SAMPAN_PKT_SCRIPT_H
#define SAMPAN_PKT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "pkt/lex.h"
#include "pkt/pool.h"

/* ---- Arguments and results of calls ---- */

enum pkt_expr_kind {
	PKT_EXPR_ANY,		/* ... */
	PKT_EXPR_INT,
	PKT_EXPR_STRING,	/* text, len: escapes resolved */
	PKT_EXPR_NAME,		/* a word that is no known constant */
	PKT_EXPR_CALL,		/* text is the function, items its arguments */
	PKT_EXPR_ARRAY,
	PKT_EXPR_STRUCT,	/* items have fields, or none */
};

struct pkt_expr {
	enum pkt_expr_kind kind;
	int line;
	int64_t n;
	const char *text;
	size_t len;
	const char *field;		/* name within a struct, NULL */
	struct pkt_expr *items;		/* first of a list */
	struct pkt_expr *next;
};

struct pkt_call {
	const char *name;
	struct pkt_expr *args;		/* list */
	unsigned arg_count;
	struct pkt_expr *result;
	const char *error;		/* errno's name, NULL */
};

/* ---- Packets ---- */

struct pkt_num {
	uint32_t n;
	bool absolute;			/* ! behind it: not relative to a first number */
};

enum pkt_opt_kind {
	PKT_OPT_EOL, PKT_OPT_NOP, PKT_OPT_MSS, PKT_OPT_WSCALE, PKT_OPT_SACK_OK, PKT_OPT_SACK,
	PKT_OPT_TS, PKT_OPT_FO, PKT_OPT_FOEXP, PKT_OPT_MD5, PKT_OPT_ACCECN,
};

#define PKT_SACK_MAX 4
#define PKT_OPT_BYTES 40

struct pkt_opt {
	enum pkt_opt_kind kind;
	struct pkt_opt *next;
	struct pkt_num a, b;		/* a: MSS, scale, TS val; b: TS ecr */
	unsigned count;			/* SACK blocks, AccECN counters, or bytes */
	struct pkt_num left[PKT_SACK_MAX], right[PKT_SACK_MAX];
	uint32_t ecn[3];		/* AccECN counters in the order of ecn_name */
	char ecn_name[3];		/* '0' e0b, '1' e1b, 'c' ceb */
	uint8_t bytes[PKT_OPT_BYTES];	/* cookie, digest */
};

enum pkt_opts_mode {
	PKT_OPTS_NONE,			/* no list: no options */
	PKT_OPTS_ANY,			/* <...> */
	PKT_OPTS_LIST,
};

struct pkt_tcp_spec {
	uint8_t flags;
	bool ae;
	bool psh_free;			/* a piece of a big one, but not its last (expect.c) */
	struct pkt_num seq;
	uint32_t len;
	bool has_wnd, has_urg;
	struct pkt_num ack;
	uint32_t wnd, urg;
	enum pkt_opts_mode opts_mode;
	struct pkt_opt *opts;
};

struct pkt_icmp_spec {
	int type, code;			/* of the script's IP version; -1: not said */
	uint32_t mtu;
	bool has_mtu, has_quote;
	bool quotes_udp;		/* [udp (N)] */
	struct pkt_num quote_seq;
	uint32_t quote_len;
	const char *type_name, *code_name;
};

enum pkt_proto {
	PKT_TCP, PKT_UDP, PKT_ICMP,
};

/* ECN marks that fit, as bits 1 << codepoint. */
#define PKT_ECN_ANY 0xfu

struct pkt_packet {
	bool out;			/* the stack sends it */
	enum pkt_proto proto;
	uint8_t ecn_mask;
	bool has_tos, has_ttl, has_ports;
	uint8_t tos, ttl;
	uint16_t src_port, dst_port;
	struct pkt_tcp_spec tcp;
	struct pkt_icmp_spec icmp;
	uint32_t udp_len;		/* of the data */
};

/* ---- Events ---- */

struct pkt_when {
	bool any;			/* * */
	bool relative;			/* + : to the event before */
	int64_t first_ns, last_ns;	/* equal unless it is a range */
	bool blocks;			/* a...b */
	int64_t until_ns;
};

enum pkt_event_kind {
	PKT_EVENT_PACKET, PKT_EVENT_CALL, PKT_EVENT_SHELL, PKT_EVENT_CODE,
};

struct pkt_event {
	enum pkt_event_kind kind;
	struct pkt_when when;
	int line;
	const char *lacks;		/* NULL, or why it cannot be run */
	const char *text;		/* as written, for reports; SHELL, CODE: what is inside */
	size_t len;
	struct pkt_packet *packet;
	struct pkt_call *call;
	struct pkt_event *next;
};

struct pkt_option {
	const char *name, *value;	/* value "" if there is none */
	int line;
	struct pkt_option *next;
};

/* A number whose change must make the script fail (mutate.h). */
struct pkt_mark {
	size_t offset, len;
	bool is_time;
	struct pkt_mark *next;
};

struct pkt_script {
	struct pkt_pool pool;
	const char *name;
	char *text;
	size_t len;
	struct pkt_option *options;
	struct pkt_event *init;		/* commands before the first event, as events */
	struct pkt_event *events;
	struct pkt_mark *marks;
	int error_line;			/* after a failed parse */
	char error[160];
};

#endif
