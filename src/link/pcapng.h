/*
 * pcapng.h - blocks of a capture file.  Source: draft-ietf-opsawg-pcapng.
 *
 * Pure: struct to bytes, in this machine's order, as the format has it.  Times
 * are nanoseconds since 1970.  A block that does not fit is not written: 0.
 */
#ifndef SAMPAN_LINK_PCAPNG_H
#define SAMPAN_LINK_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a packet block takes beside the bytes of the packet and its comment. */
#define SP_PCAPNG_PACKET_BYTES 64

/* Section header: where a file begins.  program: who wrote it. */
size_t sp_pcapng_section(uint8_t *dst, size_t room, const char *program);

/* Interfaces are numbered from 0 in the order of their blocks. */
size_t sp_pcapng_interface(uint8_t *dst, size_t room, const char *name, uint32_t snap_bytes);

struct sp_pcapng_packet {
	uint32_t interface;
	uint64_t at;
	const uint8_t *bytes;
	uint32_t kept_bytes;	/* of the packet; */
	uint32_t bytes_all;	/* it had so many */
	bool outbound;
	const char *comment;	/* NULL: none */
};

size_t sp_pcapng_packet(uint8_t *dst, size_t room, const struct sp_pcapng_packet *p);

/* Interface statistics: at the end of a capture. */
struct sp_pcapng_stats {
	uint32_t interface;
	uint64_t at;
	uint64_t received;	/* by the interface */
	uint64_t dropped;	/* for want of room on the way to the file */
};

size_t sp_pcapng_stats(uint8_t *dst, size_t room, const struct sp_pcapng_stats *s);

#endif
