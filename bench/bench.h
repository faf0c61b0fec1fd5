/*
 * bench.h - what there is to measure, and how much of it.
 *
 * Rows that need the same preparation are measured together: a suite runs once
 * for all of its rows that were asked for.
 */
#ifndef SAMPAN_BENCH_BENCH_H
#define SAMPAN_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_SIZES_MAX 8

/* X(ID, "name", main row, "text"): those that are main rows make up --quick. */
#define BENCH_MEM_ROWS(X) \
	X(CONNECT, "connect", true, "handshakes a second, in memory") \
	X(EACH, "each", true, "connections that carried a verified message, in memory") \
	X(SS, "ss", true, "microseconds of the longest turn that shows all connections") \
	X(IDLE, "idle", true, "bytes of arena per idle established connection") \
	X(RT, "rt", true, "64-byte round trips a second, in memory") \
	X(RT_OFFLOAD, "rt-offload", false, "the same with checksums left to the link") \
	X(RT_IP6, "rt-ip6", true, "rt over IPv6 with 1000 connections, held against IPv4") \
	X(INSNS, "insns", true, "instructions per round trip, counted") \
	X(STREAM1500, "stream", true, "one direction in memory, segments of an MTU of 1500") \
	X(STREAM64K, "stream-64k", true, "the same with frames of 64 KiB") \
	X(STREAM_OFFLOAD, "stream-offload", true, "and with checksums left to the link") \
	X(CRR, "crr", true, "connect, request, reply, close, in memory, TIME-WAIT kept") \
	X(THREADS, "threads", false, "round trips a second of two threads, held against one")

#define BENCH_FLOOD_ROWS(X) \
	X(FLOOD_SYN, "flood-syn", true, "forged SYNs a second, while a client is served") \
	X(FLOOD_ACK, "flood-ack", false, "acknowledgements of nothing a second, the same") \
	X(FLOOD_RST, "flood-rst", false, "resets of nothing a second, the same") \
	X(FLOOD_FIN, "flood-fin", false, "FINs without ACK a second, the same") \
	X(FLOOD_FRAGMENT, "flood-fragment", false, "lone fragments a second, the same") \
	X(FLOOD_ECHO, "flood-echo", false, "echo requests a second, answered, the same") \
	X(FLOOD_UDP, "flood-udp", false, "datagrams to closed ports a second, the same") \
	X(ACCEPT, "accept", true, "handshakes a second of a storm, accepted and aborted")

#define BENCH_TAP_ROWS(X) \
	X(STREAM, "tap-stream", true, "one direction from a kernel client through the TAP") \
	X(ECHO, "tap-echo", true, "both directions at once through the TAP") \
	X(PING, "tap-rt", true, "64-byte round trips of a kernel client through the TAP")

enum bench_row {
#define X(id, name, main, text) BENCH_##id,
	BENCH_MEM_ROWS(X) BENCH_FLOOD_ROWS(X) BENCH_TAP_ROWS(X)
#undef X
	BENCH_ROWS,
};

struct bench_options {
	bool quick;
	unsigned runs;		/* of each measurement */
	bool wanted[BENCH_ROWS];
	unsigned sizes;		/* numbers of connections */
	uint32_t size[BENCH_SIZES_MAX];
};

const char *bench_name(enum bench_row row);

/* Two stacks in memory: many connections, one stream, short ones; kernel clients
 * through a TAP.  What was wanted is printed. */
void bench_mem(const struct bench_options *options);
void bench_stream(const struct bench_options *options);
void bench_crr(const struct bench_options *options);
void bench_threads(const struct bench_options *options);
void bench_flood(const struct bench_options *options);
void bench_tap(const struct bench_options *options);

#endif
