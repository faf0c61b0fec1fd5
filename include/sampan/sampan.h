/*
 * sampan.h - a TCP/IP stack in one block of memory: packets in, packets out,
 * time passed in.
 *
 * The library reads no clock, makes no system call, allocates nothing and
 * calls nobody back.  The loop of every user, in this order:
 *
 *	sampan_input()    all frames that arrived
 *	sampan_advance()  if sampan_deadline() has passed
 *	sampan_events()   until it returns 0; run the application (socket.h)
 *	sampan_output()   until it returns 0; send the frames; sampan_sent()
 *	sleep until sampan_deadline() or the next frame
 *
 * One stack has one caller at a time.  Errors are negative SAMPAN_E* codes; a
 * bad frame is never an error, it is counted under one reason (stats.h).
 * Read next: socket.h; for ready-made links and a loop, host.h.
 */
#ifndef SAMPAN_SAMPAN_H
#define SAMPAN_SAMPAN_H

#include <sampan/frame.h>
#include <sampan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors: code, text.  Mapped to errno only by host.h. ---- */

#define SAMPAN_ERRORS(X) \
	X(AGAIN, 1, "would block") \
	X(INVAL, 2, "invalid argument") \
	X(BADHANDLE, 3, "no such socket") \
	X(NOBUFS, 4, "the stack's memory is spent") \
	X(ADDRINUSE, 5, "address in use") \
	X(ADDRNOTAVAIL, 6, "address not available") \
	X(NETUNREACH, 7, "no route to the network") \
	X(HOSTUNREACH, 8, "host does not answer") \
	X(CONNREFUSED, 9, "connection refused") \
	X(CONNRESET, 10, "connection reset by peer") \
	X(CONNABORTED, 11, "connection aborted") \
	X(TIMEDOUT, 12, "timed out") \
	X(NOTCONN, 13, "not connected") \
	X(ISCONN, 14, "already connected") \
	X(ALREADY, 15, "a connect is under way") \
	X(INPROGRESS, 16, "connect has begun") \
	X(PIPE, 17, "the sending side is closed") \
	X(OPNOTSUPP, 18, "not possible in this state or for this socket") \
	X(NOENT, 19, "no such name") \
	X(RANGE, 20, "value out of range") \
	X(MSGSIZE, 21, "too long") \
	X(NOSPACE, 22, "a fixed table is full")

enum sampan_error {
#define X(name, number, text) SAMPAN_E##name = -(number),
	SAMPAN_ERRORS(X)
#undef X
};

/* The text of a negative code. */
SAMPAN_API const char *sampan_strerror(int error);

/* ---- A stack ---- */

struct sampan;

struct sampan_config {
	size_t size;		/* sizeof(struct sampan_config) */
	uint64_t seed[2];	/* secret in production; same seed and calls, same bytes out */
	uint32_t csum_variant;	/* 0 portable, 1 AVX2 (check the processor first) */
	uint32_t trace_entries;	/* latest events kept: a power of two, or less is; 0: none */
	uint64_t secret[2];	/* stays the same over restarts, so that a link keeps its own
				 * IPv6 addresses (RFC 7217); 0: drawn from the seed */
};

/* The least block that sampan_init() takes. */
#define SAMPAN_MIN_BYTES ((size_t)64 << 10)

/* Makes a stack in [memory, memory + bytes), aligned to 64 bytes; it starts at
 * memory itself, holds no address of anything, and ends when the block does.
 * The block need not be cleared; what was never used is not touched.
 * INVAL: config, alignment.  NOBUFS: the block is too small, or over 32 GiB. */
SAMPAN_API int sampan_init(void *memory, size_t bytes, const struct sampan_config *config,
    sampan_time now);

/* ---- Links, addresses, routes (more of these: address.h) ---- */

enum sampan_link_caps {
	SAMPAN_LINK_CSUM_OUT = 1 << 0,	/* completes checksums of frames that ask for it */
	SAMPAN_LINK_TSO4 = 1 << 1,	/* cuts big TCP segments over IPv4 */
	SAMPAN_LINK_TSO6 = 1 << 2,	/* the same over IPv6 */
};

struct sampan_link_config {
	size_t size;		/* sizeof(struct sampan_link_config) */
	uint8_t mac[6];
	uint16_t mtu_bytes;	/* without the Ethernet header; 576 to 65535 */
	uint32_t caps;		/* enum sampan_link_caps */
	char name[16];		/* zero-terminated */
};

/* Adds an Ethernet link and returns its number, 1 and up.
 * INVAL: config.  NOSPACE: too many links. */
SAMPAN_API int sampan_link_add(struct sampan *s, const struct sampan_link_config *config);

/* Gives a link an address and the route to its prefix.  An IPv6 address is used
 * once nobody on the link has objected to it (RFC 4862 §5.4); the first of a link
 * brings its link-local address with it.
 * INVAL: no such link, not a unicast address, prefix.  NOSPACE. ADDRINUSE.
 * OPNOTSUPP, here and in all calls that change addresses and routes: it is the
 * leader of the team (team.h) that has them. */
SAMPAN_API int sampan_addr_add(struct sampan *s, int link, const struct sampan_addr *addr,
    unsigned prefix_bits);

/* Adds a route through a gateway that is on the link (a zero prefix is the
 * default route).  INVAL, NOSPACE. */
SAMPAN_API int sampan_route_add(struct sampan *s, int link, const struct sampan_addr *dst,
    unsigned prefix_bits, const struct sampan_addr *gateway);

/* ---- Settings: by the name Linux uses where it has one (config.h) ---- */

/* NOENT: no such name.  RANGE: the value is not allowed. */
SAMPAN_API int sampan_set(struct sampan *s, const char *name, int64_t value);
SAMPAN_API int sampan_get(const struct sampan *s, const char *name, int64_t *value);

/* From now on SYN cookies (net.ipv4.tcp_syncookies) are made with this key, and
 * those of the generation before are still taken.  Stacks behind one address
 * that get the same keys at about the same time take each other's.  Whoever
 * calls this once has to go on, with the next generation every minute or so;
 * without it the stack changes its own keys.  INVAL: a generation that goes back.
 * Source: RFC 4987 §3.6. */
SAMPAN_API int sampan_syncookie_key(struct sampan *s, uint32_t generation, const uint8_t key[16]);

/* ---- Frames in and out (frame.h) ---- */

/* Takes n frames that arrived on a link.  Nothing is sent; what is to be sent
 * waits for sampan_output().  `now` is the time of all calls until the next
 * one that brings a time; a time that goes back counts as the last one.
 * Ownership: BORROWED bytes are the caller's again on return; so are those of a
 * LENT frame that comes back marked BORROWED (all do today: what is kept is
 * copied), while one still marked LENT is kept until its token is reclaimed.
 * Frames may be altered otherwise too (headers pulled together).
 * INVAL: no such link. */
SAMPAN_API int sampan_input(struct sampan *s, int link, struct sampan_frame *frames, unsigned n,
    sampan_time now);

/* Fills in up to max frames to send on a link and returns how many; 0: nothing
 * to say now.  A frame's slices stay valid and unchanged until sampan_sent().
 * INVAL: no such link. */
SAMPAN_API int sampan_output(struct sampan *s, int link, struct sampan_frame *frames, unsigned max,
    sampan_time now);

/* The link is done with n frames from sampan_output(), in any order. */
SAMPAN_API void sampan_sent(struct sampan *s, const struct sampan_frame *frames, unsigned n);

/* Tokens of kept LENT frames that the stack is done with; returns how many. */
SAMPAN_API int sampan_reclaim(struct sampan *s, uint64_t *tokens, unsigned max);

/* ---- Time ---- */

/* When sampan_advance() has something to do: SAMPAN_NEVER if nothing waits. */
SAMPAN_API sampan_time sampan_deadline(const struct sampan *s);

/* Does what has come due, a bounded amount of it at a time: the deadline may
 * still be in the past afterwards.  What is to be sent waits for output. */
SAMPAN_API void sampan_advance(struct sampan *s, sampan_time now);

/* ---- What happened ---- */

enum sampan_event_bits {
	SAMPAN_READABLE = 1 << 0,	/* bytes arrived, or the end of the stream */
	SAMPAN_WRITABLE = 1 << 1,	/* connected, or there is room again after EAGAIN */
	SAMPAN_ACCEPTABLE = 1 << 2,	/* a connection waits in the accept queue */
	SAMPAN_PEER_CLOSED = 1 << 3,	/* the peer sent its FIN: end of stream after the data */
	SAMPAN_CLOSED = 1 << 4,		/* both directions are done */
	SAMPAN_FAILED = 1 << 5,		/* reset, refused, timed out: see status */
	SAMPAN_URGENT = 1 << 6,		/* urgent bytes are ahead: see SIOCATMARK */
};

typedef uint64_t sampan_handle;	/* a socket: slot and generation; 0 is none */

struct sampan_event {
	sampan_handle handle;
	uint64_t user;		/* the application's word, sampan_set_user() */
	uint32_t what;		/* enum sampan_event_bits since the last report */
};

/* Reports up to max sockets to which something happened since they were last
 * reported, each once, and returns how many. */
SAMPAN_API int sampan_events(struct sampan *s, struct sampan_event *events, unsigned max);

/* ---- Counters (stats.h) ---- */

struct sampan_stats {
	uint64_t used_bytes;	/* of slabs in use */
	uint64_t total_bytes;	/* of all slabs: the budget */
	uint32_t connections;	/* control blocks, listeners and unbound sockets too */
	uint32_t half_open;
	uint32_t time_wait;
	uint32_t timers;
	uint32_t orphans;	/* connections that no socket holds any more */
	uint64_t tcp_mem_bytes;	/* of all queues: net.ipv4.tcp_mem */
};

SAMPAN_API void sampan_stats(const struct sampan *s, struct sampan_stats *stats);

/* What a kind of object takes of the block. */
struct sampan_pool {
	const char *name;
	uint32_t object_bytes;
	uint32_t objects, objects_max;	/* in use now, and at once ever */
	uint64_t bytes;		/* of the slabs that it holds */
};

/* Kind of object number i, from 0 on.  The hash table's objects are whole
 * slabs, whose greatest number is not remembered.  NOENT: there are no more. */
SAMPAN_API int sampan_pool(const struct sampan *s, unsigned i, struct sampan_pool *pool);

/* Value of counter number i of the list in stats.h. */
SAMPAN_API uint64_t sampan_counter(const struct sampan *s, unsigned i);

#ifdef __cplusplus
}
#endif

#endif
