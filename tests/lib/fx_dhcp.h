/*
 * fx_dhcp.h - the words of DHCP tests: a stack whose link has a client, and a server
 * that the test plays, byte by byte; time is virtual.
 */
#ifndef SAMPAN_TESTS_LIB_FX_DHCP_H
#define SAMPAN_TESTS_LIB_FX_DHCP_H

#include <sampan/address.h>
#include <sampan/dhcp.h>

#include "lib/fx.h"
#include "net/stack.h"
#include "wire/bytes.h"
#include "wire/dhcp.h"

#define SERVER 0x0a000001u
#define OFFERED 0x0a000064u
#define ROUTER 0x0a0000feu
#define LEASE_S 3600u

/* The stack, and its clock. */
extern struct sampan *const s;
extern sampan_time now;

/* The last message that left, taken apart. */
struct fx_dhcp_seen {
	uint8_t type;
	uint32_t xid, src, dst, ciaddr;
	uint16_t secs;
	bool broadcast;		/* of Ethernet */
	uint32_t requested, server;
	sampan_time at;
};
extern struct fx_dhcp_seen seen;

/* A message of the server's; by default it gives OFFERED for an hour. */
struct fx_dhcp_says {
	enum dhcp_type type;
	uint32_t xid;
	uint32_t yiaddr, server, mask, router, lease_s, t1_s, t2_s;
	const uint8_t *more;	/* options as they are */
	size_t more_len;
	uint8_t mac_last;	/* of chaddr */
	bool broadcast, bad_csum;
	uint32_t dst;
};

#define server_says(...) \
	fx_dhcp_server_says((struct fx_dhcp_says){ .xid = seen.xid, .yiaddr = OFFERED, \
	    .server = SERVER, .mask = 0xffffff00, .router = ROUTER, .lease_s = LEASE_S, \
	    .mac_last = 1, .dst = OFFERED, __VA_ARGS__ })

void fx_dhcp_server_says(struct fx_dhcp_says d);

/* A stack without addresses. */
void begin_stack(uint64_t seed);

/* The next message out is in `seen`; false: nothing leaves.  ARP passes; who asks for
 * the server gets an answer. */
bool next_out(void);

/* Time passes until a message leaves, at most so long; or none does. */
bool wait_out(sampan_dur most);
void stays_quiet(sampan_dur dur);

/* Somebody on the link says that he has the address. */
void somebody_has(uint32_t addr);

enum sampan_dhcp_state state(void);

/* May the address be used? */
bool has(uint32_t v4);

unsigned leased_routes(void);

/* The client is on its way. */
void start(void);
void selecting(void);
void requesting(void);
void bound(void);

#endif
