/*
 * pcapng.c - see pcapng.h.
 *
 * A block is its type, its length, a body, options, and its length again;
 * everything begins on a multiple of four bytes.
 */
#include "link/pcapng.h"

#include <string.h>

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_STATS 5u
#define BLOCK_PACKET 6u

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u

#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_SHB_USERAPPL 4
#define OPT_IF_NAME 2
#define OPT_IF_TSRESOL 9
#define OPT_EPB_FLAGS 2
#define OPT_ISB_IFRECV 4
#define OPT_ISB_IFDROP 5

/* Nanoseconds: 10 to the minus 9. */
#define TSRESOL_NS 9

#define EPB_INBOUND 1u
#define EPB_OUTBOUND 2u

/* A block in the making. */
struct block {
	uint8_t *start, *at, *end;
	bool full;
};

static void
put(struct block *b, const void *bytes, size_t len)
{
	const size_t padded = (len + 3) & ~(size_t)3;

	if (b->full || padded > (size_t)(b->end - b->at)) {
		b->full = true;
		return;
	}
	memcpy(b->at, bytes, len);
	memset(b->at + len, 0, padded - len);
	b->at += padded;
}

static void
put32(struct block *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

/* Two halves, the upper one first. */
static void
put_time(struct block *b, uint64_t at)
{
	put32(b, (uint32_t)(at >> 32));
	put32(b, (uint32_t)at);
}

static void
put_option(struct block *b, uint16_t code, const void *value, size_t len)
{
	const uint16_t head[2] = { code, (uint16_t)len };

	put(b, head, sizeof(head));
	put(b, value, len);
}

static void
put_text(struct block *b, uint16_t code, const char *text)
{
	put_option(b, code, text, strlen(text));
}

static struct block
begin(uint8_t *dst, size_t room, uint32_t type)
{
	struct block b = { .start = dst, .at = dst, .end = dst + room };

	put32(&b, type);
	put32(&b, 0);		/* the length, when it is known */
	return b;
}

static size_t
end(struct block *b)
{
	uint32_t len;

	put32(b, OPT_END);
	len = (uint32_t)(b->at - b->start) + 4;
	put32(b, len);
	if (b->full)
		return 0;
	memcpy(b->start + 4, &len, sizeof(len));
	return len;
}

size_t
sp_pcapng_section(uint8_t *dst, size_t room, const char *program)
{
	static const uint16_t version[2] = { 1, 0 };
	static const uint64_t unknown_len = UINT64_MAX;
	struct block b = begin(dst, room, BLOCK_SECTION);

	put32(&b, BYTE_ORDER_MAGIC);
	put(&b, version, sizeof(version));
	put(&b, &unknown_len, sizeof(unknown_len));
	put_text(&b, OPT_SHB_USERAPPL, program);
	return end(&b);
}

size_t
sp_pcapng_interface(uint8_t *dst, size_t room, const char *name, uint32_t snap_bytes)
{
	static const uint8_t tsresol = TSRESOL_NS;
	struct block b = begin(dst, room, BLOCK_INTERFACE);

	put32(&b, LINKTYPE_ETHERNET);	/* and 16 bits reserved */
	put32(&b, snap_bytes);
	put_text(&b, OPT_IF_NAME, name);
	put_option(&b, OPT_IF_TSRESOL, &tsresol, 1);
	return end(&b);
}

size_t
sp_pcapng_packet(uint8_t *dst, size_t room, const struct sp_pcapng_packet *p)
{
	const uint32_t flags = p->outbound ? EPB_OUTBOUND : EPB_INBOUND;
	struct block b = begin(dst, room, BLOCK_PACKET);

	put32(&b, p->interface);
	put_time(&b, p->at);
	put32(&b, p->kept_bytes);
	put32(&b, p->bytes_all);
	put(&b, p->bytes, p->kept_bytes);
	put_option(&b, OPT_EPB_FLAGS, &flags, sizeof(flags));
	if (p->comment != NULL)
		put_text(&b, OPT_COMMENT, p->comment);
	return end(&b);
}

size_t
sp_pcapng_stats(uint8_t *dst, size_t room, const struct sp_pcapng_stats *s)
{
	struct block b = begin(dst, room, BLOCK_STATS);

	put32(&b, s->interface);
	put_time(&b, s->at);
	put_option(&b, OPT_ISB_IFRECV, &s->received, sizeof(s->received));
	put_option(&b, OPT_ISB_IFDROP, &s->dropped, sizeof(s->dropped));
	return end(&b);
}
