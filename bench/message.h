/*
 * message.h - the 64 bytes that a round trip carries: whose it is, which of
 * its round trips, and a pattern that follows from both.
 */
#ifndef SAMPAN_BENCH_MESSAGE_H
#define SAMPAN_BENCH_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define MESSAGE_WORDS 8

struct message {
	uint64_t word[MESSAGE_WORDS];
};

static inline struct message
message_make(uint32_t connection, uint32_t round)
{
	struct message m;

	m.word[0] = (uint64_t)round << 32 | connection;
	for (unsigned i = 1; i < MESSAGE_WORDS; i++)
		m.word[i] = (m.word[0] + i) * 0x9e3779b97f4a7c15u;
	return m;
}

static inline bool
message_equal(const struct message *a, const struct message *b)
{
	uint64_t different = 0;

	for (unsigned i = 0; i < MESSAGE_WORDS; i++)
		different |= a->word[i] ^ b->word[i];
	return different == 0;
}

/* Is it a message of anybody's, and whole?  All that a server can know. */
static inline bool
message_whole(const struct message *m)
{
	const struct message same =
	    message_make((uint32_t)m->word[0], (uint32_t)(m->word[0] >> 32));

	return message_equal(m, &same);
}

#endif
