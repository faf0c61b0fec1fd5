/*
 * dhcp.h - DHCP messages, RFC 2131 §2, with the options of RFC 2132, 3396, 3442
 * and 3397.
 *
 * Parsing looks once over all that the message holds, the options in `file` and
 * `sname` too, if they are used so; what it lets pass can be asked for any option.
 * Addresses are numbers in the machine's order.
 *
 * Does not: judge what an option says, but for its length.
 */
#ifndef SAMPAN_WIRE_DHCP_H
#define SAMPAN_WIRE_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_FIXED_LEN 240	/* up to the options, magic cookie included */
/* The longest message that is emitted, and the shortest: BOOTP's (RFC 951 §3). */
#define DHCP_OUT_MAX 320
#define DHCP_OUT_MIN 300
/* What every client must be able to take: RFC 2131 §2. */
#define DHCP_LEN_MIN_MAX 576

#define DHCP_OPT_MASK 1
#define DHCP_OPT_ROUTER 3
#define DHCP_OPT_DNS 6
#define DHCP_OPT_DOMAIN 15
#define DHCP_OPT_MTU 26
#define DHCP_OPT_REQUESTED 50
#define DHCP_OPT_LEASE 51
#define DHCP_OPT_OVERLOAD 52
#define DHCP_OPT_TYPE 53
#define DHCP_OPT_SERVER 54
#define DHCP_OPT_PARAMETERS 55
#define DHCP_OPT_MAX_LEN 57
#define DHCP_OPT_T1 58
#define DHCP_OPT_T2 59
#define DHCP_OPT_CLIENT 61
#define DHCP_OPT_SEARCH 119
#define DHCP_OPT_ROUTES 121
#define DHCP_OPT_END 255

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

/* A message from a server. */
struct dhcp_msg {
	enum dhcp_type type;
	uint32_t xid;
	uint32_t ciaddr, yiaddr;
	uint8_t chaddr[6];
	uint8_t overload;		/* RFC 2132 §9.3: 1 file, 2 sname, 3 both */
	const uint8_t *p;		/* the message, len octets; must outlive this */
	size_t len;
};

/* False: no reply to an Ethernet client, or an option that reaches beyond where it
 * is, or no message type. */
bool dhcp_parse(struct dhcp_msg *m, const uint8_t *p, size_t len);

/* Copies an option out, all its parts behind each other (RFC 3396 §7), and returns
 * its length, which may be more than room: then only that much is copied.  -1: the
 * message has no such option. */
int dhcp_option(const struct dhcp_msg *m, uint8_t code, uint8_t *out, size_t room);

/* Options that are one number.  False: there is none, or it is not so long. */
bool dhcp_option_u16(const struct dhcp_msg *m, uint8_t code, uint16_t *value);
bool dhcp_option_u32(const struct dhcp_msg *m, uint8_t code, uint32_t *value);

/* The next classless route of an option of that kind, at *at, which moves on: RFC
 * 3442.  False: no more, or malformed, which leaves *at before len. */
struct dhcp_route {
	uint32_t dst, gateway;
	uint8_t bits;
};
bool dhcp_next_route(struct dhcp_route *r, const uint8_t *option, size_t len, size_t *at);

/* A message from us. */
struct dhcp_out {
	enum dhcp_type type;
	uint32_t xid;
	uint16_t secs;
	uint32_t ciaddr;
	uint8_t chaddr[6];
	uint32_t requested;	/* 0: not said */
	uint32_t server;	/* its identifier; 0: not said */
	uint16_t max_len;	/* of answers; 0: not said, nor which options are wanted */
};

/* Writes it, up to DHCP_OUT_MAX octets, and returns its length. */
size_t dhcp_emit(uint8_t *p, const struct dhcp_out *m);

#endif
