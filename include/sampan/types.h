/*
 * types.h - time and addresses, and how public names are marked.
 */
#ifndef SAMPAN_TYPES_H
#define SAMPAN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SAMPAN_API __attribute__((visibility("default")))

#define SAMPAN_VERSION_MAJOR 0
#define SAMPAN_VERSION_MINOR 1
#define SAMPAN_VERSION_PATCH 0

/* ---- Time: nanoseconds on any clock that does not go back. ---- */

typedef uint64_t sampan_time;	/* an instant */
typedef uint64_t sampan_dur;	/* a duration */

#define SAMPAN_NEVER UINT64_MAX
#define SAMPAN_US(n) ((sampan_dur)(n) * 1000u)
#define SAMPAN_MS(n) ((sampan_dur)(n) * 1000000u)
#define SAMPAN_SEC(n) ((sampan_dur)(n) * 1000000000u)

/* ---- Addresses: both families in one type, IPv4 as ::ffff:a.b.c.d. ---- */

struct sampan_addr {
	uint8_t b[16];
};

static inline struct sampan_addr
sampan_addr_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const struct sampan_addr addr = {
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d },
	};

	return addr;
}

/* An address, a port in host order, and the link it is valid on (0: any). */
struct sampan_sockaddr {
	struct sampan_addr addr;
	uint16_t port;
	uint16_t link;
};

/* Text of an address and back.  Reading takes dotted quads and RFC 4291 §2.2
 * forms and returns the bytes read, 0 if there is no address at text.  Writing
 * needs SAMPAN_ADDR_TEXT bytes and returns the length without the zero. */
#define SAMPAN_ADDR_TEXT 46
SAMPAN_API size_t sampan_addr_read(struct sampan_addr *addr, const char *text);
SAMPAN_API size_t sampan_addr_write(const struct sampan_addr *addr, char *text);

#ifdef __cplusplus
}
#endif

#endif
