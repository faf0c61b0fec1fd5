/*
 * chat_line.c - see chat_line.h.
 */
#include "cmd/chat_line.h"

#include <stddef.h>

/* RFC 854. */
enum telnet {
	SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255,
};

enum state {
	DATA,
	COMMAND,	/* after IAC */
	OPTION,		/* after WILL, WONT, DO, DONT */
	SUB,		/* between SB and SE */
	SUB_COMMAND,	/* there, after IAC */
	ENDED,		/* text is a line that was given out */
};

/* How many bytes the character at p has; 0: it is none, or one that controls
 * (U+0080 to U+009F). */
static size_t
character_bytes(const uint8_t *p, size_t len)
{
	const size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

static void
clean(struct chat_line *l)
{
	for (size_t i = 0; i < l->len;) {
		const size_t n = character_bytes((const uint8_t *)l->text + i, l->len - i);

		if (n == 0)
			l->text[i] = '?';
		i += n == 0 ? 1 : n;
	}
	l->text[l->len] = '\0';
}

static enum chat_took
take_data(struct chat_line *l, uint8_t byte)
{
	if (byte == '\n' || byte == '\r') {
		if (l->len == 0)
			return CHAT_MORE;
		clean(l);
		l->telnet = ENDED;
		return CHAT_LINE;
	}
	if ((byte == '\b' || byte == 0x7f) && l->len > 0)
		l->len--;
	if (byte == '\t')
		byte = ' ';
	if (byte < ' ' || byte == 0x7f)
		return CHAT_MORE;
	if (l->len == CHAT_LINE_BYTES)
		l->cut = true;
	else
		l->text[l->len++] = (char)byte;
	return CHAT_MORE;
}

static void
take_command(struct chat_line *l, uint8_t byte)
{
	l->command = byte;
	l->telnet = DATA;
	if (byte >= WILL && byte <= DONT)
		l->telnet = OPTION;
	else if (byte == SB)
		l->telnet = SUB;
}

/* An option that the other side offers or asks for is refused; that it stops
 * using one needs no answer. */
static enum chat_took
take_option(struct chat_line *l, uint8_t option, uint8_t answer[3])
{
	l->telnet = DATA;
	if (l->command != WILL && l->command != DO)
		return CHAT_MORE;
	answer[0] = IAC;
	answer[1] = l->command == WILL ? DONT : WONT;
	answer[2] = option;
	return CHAT_ANSWER;
}

enum chat_took
sp_chat_line_take(struct chat_line *l, uint8_t byte, uint8_t answer[3])
{
	if (l->telnet == ENDED) {
		l->telnet = DATA;
		l->len = 0;
		l->cut = false;
	}
	switch ((enum state)l->telnet) {
	case COMMAND:
		take_command(l, byte);
		return CHAT_MORE;
	case OPTION:
		return take_option(l, byte, answer);
	case SUB:
		l->telnet = byte == IAC ? SUB_COMMAND : SUB;
		return CHAT_MORE;
	case SUB_COMMAND:
		l->telnet = byte == SE ? DATA : SUB;
		return CHAT_MORE;
	case DATA:
	case ENDED:
		break;
	}
	if (byte != IAC)
		return take_data(l, byte);
	l->telnet = COMMAND;
	return CHAT_MORE;
}
