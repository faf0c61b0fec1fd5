/*
 * damage.c - see damage.h.
 */
#include "link/damage.h"

#include "wire/bytes.h"
#include "wire/eth.h"
#include "wire/ip4.h"

#define IP6_HDR_LEN 40
#define IP_PROTO_ICMP6 58
#define UDP_HDR_LEN 8
#define UDP_CSUM_AT 6

/* Bytes of a frame whose change a checksum shows. */
struct part {
	uint32_t first, end;
};

/* All behind the first octet, which says how far the checksum reaches; of UDP
 * its data only, for the same reason. */
static struct part
covered_by_ip4(const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	struct part part = { ETH_HDR_LEN + 1, ETH_HDR_LEN + IP4_HDR_LEN };
	struct ip4_hdr h;
	uint32_t end;

	if (ip4_parse(&h, ip, len - ETH_HDR_LEN, len - ETH_HDR_LEN) != IP4_OK)
		return (struct part){ 0, 0 };
	part.end = ETH_HDR_LEN + (uint32_t)h.hdr_len;
	end = ETH_HDR_LEN + (uint32_t)h.total_len;
	if (h.proto == IP_PROTO_TCP || h.proto == IP_PROTO_ICMP)
		part.end = end;
	else if (h.proto == IP_PROTO_UDP && h.frag_off_bytes == 0 && end > part.end + UDP_HDR_LEN &&
	    be16_get(bytes + part.end + UDP_CSUM_AT) != 0)
		part = (struct part){ part.end + UDP_HDR_LEN, end };
	return part;
}

/* There is no checksum of the header. */
static struct part
covered_by_ip6(const uint8_t *bytes, uint32_t len)
{
	const uint8_t *ip = bytes + ETH_HDR_LEN;
	struct part part = { ETH_HDR_LEN + IP6_HDR_LEN, ETH_HDR_LEN + IP6_HDR_LEN };

	if (len < part.end || be16_get(ip + 4) > len - part.end)
		return part;
	if (ip[6] == IP_PROTO_TCP || ip[6] == IP_PROTO_ICMP6)
		part.end += be16_get(ip + 4);
	else if (ip[6] == IP_PROTO_UDP && be16_get(ip + 4) > UDP_HDR_LEN)
		part = (struct part){ part.first + UDP_HDR_LEN, part.end + be16_get(ip + 4) };
	return part;
}

bool
sp_damage(uint8_t *bytes, uint32_t len, struct sp_rng *rng)
{
	const uint16_t type = be16_get(bytes + ETH_HDR_LEN - 2);
	struct part part = { 0, 0 };
	uint32_t bit;

	if (type == ETH_TYPE_IP4)
		part = covered_by_ip4(bytes, len);
	else if (type == ETH_TYPE_IP6)
		part = covered_by_ip6(bytes, len);
	if (part.end <= part.first)
		return false;
	bit = sp_rng_below(rng, (part.end - part.first) * 8);
	bytes[part.first + bit / 8] ^= (uint8_t)(1u << bit % 8);
	return true;
}
