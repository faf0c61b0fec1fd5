/*
 * conn.h - a connection as a script sees it: which numbers of the script are
 * which on the wire.  Datagrams between two ports are one too.
 *
 * Sequence numbers of the stack's side are relative to its first one, which
 * the script learns from the SYN; those of the script's side are as written.
 * Timestamps are learnt packet by packet.  Payload is a function of its place
 * in the stream.
 */
#ifndef SAMPAN_PKT_CONN_H
#define SAMPAN_PKT_CONN_H

#include "pkt/packet.h"
#include "pkt/script.h"

struct pkt_ts_pair {
	uint32_t script, live;
	struct pkt_ts_pair *next;
};

/* Bytes that a call wrote literally, at their place in the stream; of datagrams the
 * offset is which one. */
struct pkt_literal {
	uint32_t offset, len;
	const uint8_t *bytes;
	struct pkt_literal *next;
};

struct pkt_conn {
	struct pkt_conn *next;
	enum pkt_proto proto;		/* TCP or UDP */
	uint16_t local_port, remote_port;
	uint32_t datagrams_out, datagrams_seen;	/* sent by calls, taken by > */
	bool local_known, remote_known;	/* the first numbers */
	bool may_restart;		/* the next SYN may have another first number */
	bool urgent_in;
	uint32_t local_off, remote_off;	/* wire minus script */
	uint32_t local_isn, remote_isn;	/* on the wire */
	uint32_t mss_bytes;		/* as the script announced it */
	uint32_t last_seq;		/* of the stack's last packet, on the wire */
	struct pkt_ts_pair *ts;		/* newest first */
	struct pkt_literal *literals;
};

/* The byte at an offset of a stream. */
static inline uint8_t
sp_pkt_pattern(uint32_t offset)
{
	return (uint8_t)((offset * 2654435761u + 0x5a5a5a5au) >> 24);
}

/* From the script's numbers to those of the wire. */
static inline uint32_t
sp_pkt_local(const struct pkt_conn *c, struct pkt_num num)
{
	return num.absolute ? num.n : num.n + c->local_off;
}

static inline uint32_t
sp_pkt_remote(const struct pkt_conn *c, struct pkt_num num)
{
	return num.absolute ? num.n : num.n + c->remote_off;
}

/* What the stack will have for the script's timestamp. */
uint32_t sp_pkt_ts_live(const struct pkt_conn *c, struct pkt_num script);
void sp_pkt_ts_learn(struct pkt_conn *c, struct pkt_pool *pool, uint32_t script, uint32_t live);

/* Does the byte at this offset of the stack's stream have to be this one? */
bool sp_pkt_byte_fits(const struct pkt_conn *c, uint32_t offset, uint8_t byte);

/* Is this what datagram number n has to carry?  Each begins with the first byte of a
 * stream. */
bool sp_pkt_datagram_fits(const struct pkt_conn *c, uint32_t n, const uint8_t *p, uint32_t len);

/* Writes a script's options for one direction (out: the stack's), padded with
 * EOL; TS val of the stack's own packets is taken from live_tsval.  Returns the
 * length, or 0 and *why if they do not fit. */
struct pkt_opts_ctx {
	const struct pkt_conn *conn;
	bool out;
	uint32_t live_tsval;
	const char *why;
};

uint32_t sp_pkt_opts_emit(uint8_t bytes[TCP_OPTS_MAX], const struct pkt_opt *opts,
    struct pkt_opts_ctx *ctx);

#endif
