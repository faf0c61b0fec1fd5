/*
 * fx_icmp.h - ICMP errors about segments of the stack, for the fixture.
 */
#ifndef SAMPAN_TESTS_LIB_FX_ICMP_H
#define SAMPAN_TESTS_LIB_FX_ICMP_H

#include <sampan/option.h>

#include "lib/fx.h"

/* An error, and the segment that it quotes. */
struct fx_icmp {
	uint8_t type, code;
	uint16_t mtu;
	tcp_seq seq;
	uint16_t port;		/* of ours; 0: as usual */
	unsigned quoted;	/* octets of TCP */
};

#define error_sends(f, ...) \
	fx_send_error(f, (struct fx_icmp){ .seq = (f)->snd_una, .quoted = 8, __VA_ARGS__ })

/* From a router on the way. */
void fx_send_error(struct fx *f, struct fx_icmp e);

/* An established connection with 100 bytes outstanding. */
struct fx fx_outstanding(void);

/* SO_ERROR. */
int64_t fx_error_of(struct fx *f);

#endif
