/*
 * recvq.h - the bytes that arrived in order and wait for the application.
 *
 * Bytes only.  Holds no memory when empty.  Small arrivals are packed into the
 * room that the last chunk has left, so a small message never pins a large
 * buffer and many of them cost little more than their bytes.
 */
#ifndef SAMPAN_BUF_RECVQ_H
#define SAMPAN_BUF_RECVQ_H

#include "buf/chunk.h"
#include "buf/span.h"

/* All zero is an empty queue. */
struct sp_recvq {
	struct sp_chain chain;
	uint32_t bytes;
};

/* Copies the span behind the end; returns the bytes that memory allowed. */
uint32_t sp_recvq_append(struct sp_recvq *q, struct sp_arena *a, struct sp_span span);

/* Moves up to len of the oldest bytes out; returns how many. */
uint32_t sp_recvq_read(struct sp_recvq *q, struct sp_arena *a, uint8_t *dst, uint32_t len);

void sp_recvq_clear(struct sp_recvq *q, struct sp_arena *a);

#endif
