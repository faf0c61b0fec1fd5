/*
 * chat_line.h - lines out of what a chat client sends, fit to be shown to
 * others.
 *
 * Control characters go (they could repaint other people's terminals), bytes
 * that are no UTF-8 become '?', what is too long is cut.  Telnet's commands are
 * taken out and its options refused: RFC 854, RFC 1123 §3.2.1.
 */
#ifndef SAMPAN_CMD_CHAT_LINE_H
#define SAMPAN_CMD_CHAT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define CHAT_LINE_BYTES 400

struct chat_line {
	uint8_t telnet;		/* what the next byte is to telnet */
	uint8_t command;	/* WILL, WONT, DO or DONT, while its option is awaited */
	bool cut;		/* there was more */
	uint16_t len;
	char text[CHAT_LINE_BYTES + 1];
};

enum chat_took {
	CHAT_MORE,	/* no line yet */
	CHAT_LINE,	/* a line is in text, len bytes and a zero */
	CHAT_ANSWER,	/* telnet wants an answer */
};

/* Takes a byte.  After a line the next byte begins another. */
enum chat_took sp_chat_line_take(struct chat_line *l, uint8_t byte, uint8_t answer[3]);

#endif
