/*
 * track.h - a connection as its frames show it from outside: what was sent
 * again, what arrived that had arrived already.
 *
 * IPv4 without options, as stacks send it today; sequence numbers of the
 * direction in which somebody connected.
 */
#ifndef SAMPAN_SIM_TRACK_H
#define SAMPAN_SIM_TRACK_H

#include <stdbool.h>

#include "base/range.h"

#define SP_SIM_HEAD_BYTES 54u	/* of a frame that is to be looked at */
#define SP_SIM_RANGES 512u

/* A TCP segment, as the head of its frame shows it. */
struct sp_sim_seen {
	uint16_t src_port, dst_port;
	uint8_t flags;
	uint32_t seq, ack;
	uint32_t len;		/* of text; of a big frame all of it */
};

/* False: no TCP over IPv4, or fewer than SP_SIM_HEAD_BYTES. */
bool sp_sim_look(struct sp_sim_seen *seen, const uint8_t *head, uint32_t len);

struct sp_sim_track {
	bool known;
	uint32_t next, acked;		/* behind what was sent, acknowledged */
	uint64_t sent_bytes, acked_bytes;	/* positions; of one connection after the other */
	uint64_t all_bytes;		/* of text sent, again too */
	uint64_t again_bytes, again_segs;
	uint64_t spurious_bytes;	/* arrived once more */
	struct sp_range got[SP_SIM_RANGES];
	uint32_t gots;
};

/* A segment of the text's direction leaves; how much of it was sent before. */
uint32_t sp_sim_track_sent(struct sp_sim_track *t, const struct sp_sim_seen *seen);

/* It arrives. */
void sp_sim_track_arrived(struct sp_sim_track *t, const struct sp_sim_seen *seen);

/* One of the other direction arrives. */
void sp_sim_track_acked(struct sp_sim_track *t, const struct sp_sim_seen *seen);

#endif
