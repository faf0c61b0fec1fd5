/*
 * echo.h - echo requests of ours that wait for an answer; see sampan/echo.h.
 */
#ifndef SAMPAN_NET_ECHO_H
#define SAMPAN_NET_ECHO_H

#include <sampan/echo.h>

struct sp_pkt;
struct sp_icmp_error;

enum sp_echo_state {
	SP_ECHO_FREE,
	SP_ECHO_WAITING,
	SP_ECHO_DONE,		/* answered, or failed */
};

struct sp_echo {
	struct sampan_addr to;	/* 0 */
	sampan_time sent_at;	/* 16 */
	sampan_dur rtt_dur;	/* 24 */
	uint64_t cookie;	/* 32: the start of its payload */
	uint16_t id, seq;	/* 40 */
	uint16_t payload_bytes;	/* 44 */
	uint16_t generation;	/* 46: of its ticket */
	sampan_time asked_at;	/* 48: when somebody last cared */
	int16_t error;		/* 56: SAMPAN_E*, 0: answered */
	uint8_t state;		/* 58: enum sp_echo_state */
	uint8_t ttl;		/* 59 */
	uint32_t pad;
};
_Static_assert(sizeof(struct sp_echo) == 64, "one cache line");

/* There while one of them is not free. */
struct sp_echo_table {
	struct sp_echo echo[SAMPAN_ECHO_MOST];
};
_Static_assert(sizeof(struct sp_echo_table) <= 1024, "fits the smallest slab");

/* An echo reply, its checksum verified.  False: nobody asked
 * for it. */
bool sp_echo_reply(struct sampan *s, const struct sp_pkt *pkt);

/* An ICMP error about an echo request of ours. */
bool sp_echo_error(struct sampan *s, const struct sp_icmp_error *error);

#endif
