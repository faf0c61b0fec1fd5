/*
 * net_stack.c - making a stack, its settings, addresses and routes; the same
 * calls make the same bytes.
 */
#include <sampan/config.h>

#include "lib/fx.h"
#include "net/stack.h"
#include "unit/base_util.h"

static _Alignas(64) uint8_t block[(size_t)1 << 20];

static int
init(size_t bytes)
{
	const struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };

	memset(block, 0xa5, sizeof(block));
	return sampan_init(block, bytes, &config, SAMPAN_SEC(1));
}

static struct sampan *
stack(void)
{
	EXPECT_EQ(init(sizeof(block)), 0);
	return (struct sampan *)(void *)block;
}

static int
add_link(struct sampan *s)
{
	const struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 1500, .name = "test" };

	return sampan_link_add(s, &link);
}

TEST(init_refuses_what_it_cannot_use)
{
	const struct sampan_config config = { .size = sizeof(config) };
	const struct sampan_config wrong = { .size = 1 };

	EXPECT_EQ(sampan_init(block, sizeof(block), &wrong, 0), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_init(block + 8, sizeof(block) - 64, &config, 0), SAMPAN_EINVAL);
	EXPECT_EQ(init(0), SAMPAN_ENOBUFS);
	EXPECT_EQ(init(100), SAMPAN_ENOBUFS);
	EXPECT_EQ(init(8192), SAMPAN_ENOBUFS);
	EXPECT_EQ(init(SAMPAN_MIN_BYTES), 0);
}

/* Every size: an error, or a stack that works; never a write outside. */
TEST(init_takes_any_size)
{
	for (size_t bytes = 0; bytes < (size_t)200 << 10; bytes += 997) {
		const int error = init(bytes);
		sampan_handle h;

		EXPECT(error == 0 || error == SAMPAN_ENOBUFS);
		EXPECT(error == 0 || bytes < SAMPAN_MIN_BYTES);
		if (error == 0)
			EXPECT_EQ(sampan_socket((void *)block, SAMPAN_STREAM, &h), 0);
		for (size_t i = bytes; i < bytes + 64; i++)
			EXPECT_EQ(block[i], 0xa5);
	}
}

TEST(links_are_numbered_and_bounded)
{
	struct sampan *s = stack();
	struct sampan_link_config link = { .size = sizeof(link), .mac = { 2, 0, 0, 0, 0, 1 },
		.mtu_bytes = 575, .name = "test" };
	int n = 1;

	EXPECT_EQ(sampan_link_add(s, &link), SAMPAN_EINVAL);
	while (add_link(s) == n)
		n++;
	EXPECT_EQ(n, SP_LINKS_MAX);
	EXPECT_EQ(add_link(s), SAMPAN_ENOSPACE);
	EXPECT_EQ(sampan_input(s, 0, NULL, 0, 0), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_input(s, SP_LINKS_MAX, NULL, 0, 0), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_output(s, -1, NULL, 0, 0), SAMPAN_EINVAL);
}

TEST(addresses_are_checked)
{
	struct sampan *s = stack();
	const int link = add_link(s);
	const struct sampan_addr good = sampan_addr_v4(10, 0, 0, 1);
	const struct sampan_addr group = sampan_addr_v4(224, 0, 0, 1);
	const struct sampan_addr zero = sampan_addr_v4(0, 0, 0, 0);

	EXPECT_EQ(sampan_addr_add(s, link + 1, &good, 24), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_addr_add(s, link, &good, 33), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_addr_add(s, link, &group, 24), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_addr_add(s, link, &zero, 24), SAMPAN_EINVAL);
	EXPECT_EQ(sampan_addr_add(s, link, &good, 24), 0);
	EXPECT_EQ(sampan_addr_add(s, link, &good, 16), SAMPAN_EADDRINUSE);
	for (unsigned i = 2; i <= SP_ADDRS_MAX; i++) {
		const struct sampan_addr a = sampan_addr_v4(10, 0, 0, (uint8_t)i);

		EXPECT_EQ(sampan_addr_add(s, link, &a, 24), 0);
	}
	EXPECT_EQ(sampan_addr_add(s, link, &(struct sampan_addr){ { 0x20, 1 } }, 64),
	    SAMPAN_ENOSPACE);
}

/* The way to a.b.c.d: link number and next hop's last octet; 0: none. */
static unsigned
way(struct sampan *s, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const struct sampan_addr dst = sampan_addr_v4(a, b, c, d);
	struct sp_path path;

	if (!sp_route_find(s, &dst, &path))
		return 0;
	return path.link * 1000 + path.next_hop.b[15];
}

/* MUST-44: the longest prefix, and a source of its link. */
TEST(routes_longest_prefix_wins)
{
	struct sampan *s = stack();
	const struct sampan_addr one = sampan_addr_v4(10, 0, 0, 1);
	const struct sampan_addr two = sampan_addr_v4(10, 9, 0, 1);
	const struct sampan_addr any = sampan_addr_v4(0, 0, 0, 0);
	const struct sampan_addr ten = sampan_addr_v4(172, 16, 0, 0);
	const struct sampan_addr gw1 = sampan_addr_v4(10, 0, 0, 254);
	const struct sampan_addr gw2 = sampan_addr_v4(10, 9, 0, 7);
	const struct sampan_addr far = sampan_addr_v4(172, 16, 5, 5);
	struct sampan_addr src;

	COVERS("MUST-44");
	EXPECT_EQ(add_link(s), 1);
	EXPECT_EQ(add_link(s), 2);
	EXPECT_EQ(way(s, 10, 0, 0, 9), 0);
	EXPECT_EQ(sampan_addr_add(s, 1, &one, 24), 0);
	EXPECT_EQ(sampan_addr_add(s, 2, &two, 24), 0);
	EXPECT_EQ(way(s, 8, 8, 8, 8), 0);
	EXPECT_EQ(sampan_route_add(s, 1, &any, 0, &gw1), 0);
	EXPECT_EQ(sampan_route_add(s, 2, &ten, 12, &gw2), 0);
	EXPECT_EQ(way(s, 10, 0, 0, 9), 1009);
	EXPECT_EQ(way(s, 10, 9, 0, 9), 2009);
	EXPECT_EQ(way(s, 172, 16, 5, 5), 2007);
	EXPECT_EQ(way(s, 172, 32, 0, 1), 1254);
	EXPECT_EQ(way(s, 8, 8, 8, 8), 1254);
	EXPECT(sp_source_find(s, &far, &src));
	EXPECT_MEM(&src, &two, sizeof(src));
}

/* R-V-31, R-4987-10: flows that were chosen to fall on one place under one key are
 * all over the table under another; and every bit of the addresses counts. */
TEST(flow_hash_is_keyed)
{
	const struct sp_key a = { { 1, 2 } }, b = { { 1, 3 } };
	struct sp_flow flow = { .local = { { 0xfd, [15] = 1 } }, .remote = { { 0xfd, [15] = 2 } },
		.local_port = 80 };
	unsigned chosen = 0, place[64] = { 0 };

	COVERS("R-V-31", "R-4987-10");
	for (unsigned port = 1; port < 65536; port++) {
		flow.remote_port = (uint16_t)port;
		if (sp_flow_hash(&a, &flow) % 64 != 0)
			continue;
		chosen++;
		place[sp_flow_hash(&b, &flow) % 64]++;
	}
	EXPECT(chosen > 900 && chosen < 1150);
	for (unsigned i = 0; i < 64; i++)
		EXPECT(place[i] < 40);
	for (unsigned bit = 0; bit < 256; bit++) {
		struct sp_flow other = flow;
		uint8_t *p = bit < 128 ? other.local.b : other.remote.b;

		p[bit % 128 / 8] ^= (uint8_t)(1u << bit % 8);
		EXPECT(sp_flow_hash(&a, &other) != sp_flow_hash(&a, &flow));
	}
}

/* The key comes from the seed, which is a secret. */
TEST(flow_key_is_that_of_the_seed)
{
	struct sampan_config config = { .size = sizeof(config), .seed = { 1, 2 } };
	struct sp_key key = stack()->flow_key;

	COVERS("R-V-31", "R-4987-10");
	EXPECT_MEM(&key, &stack()->flow_key, sizeof(key));
	config.seed[1] = 3;
	EXPECT_EQ(sampan_init(block, sizeof(block), &config, SAMPAN_SEC(1)), 0);
	EXPECT(memcmp(&key, &((struct sampan *)(void *)block)->flow_key, sizeof(key)) != 0);
}

/* ---- Determinism ---- */

/* Some of everything, and every byte that left on the way, as one number. */
static uint64_t
story(uint64_t salt)
{
	struct fx f = fx_syn_received(.sack = true, .ts = true, .peer_mss = 1000);
	uint64_t sum = salt;

	peer_sends(&f, .flags = TCP_ACK);
	fx_accept(&f);
	EXPECT_EQ(fx_write(&f, 30000), 30000);
	for (unsigned i = 0; i < 60; i++) {
		while (fx_next_out(&f) != NULL) {
			sum = sum * 1099511628211u + f.seg.seq.raw;
			sum = sum * 1099511628211u + f.seg.tcp.len + f.seg.tcp.opts.tsval;
		}
		peer_sends(&f, .flags = TCP_ACK, .len = i % 7,
		    .ack = i % 3 ? f.snd_nxt : f.snd_una);
		fx_advance(&f, SAMPAN_MS(37));
	}
	return sum;
}

TEST(same_calls_make_the_same_bytes)
{
	EXPECT_EQ(story(1), story(1));
}

/* sampan.h: the block holds no address of anything: a copy is a stack. */
TEST(stack_works_where_it_was_copied_to)
{
	static _Alignas(64) uint8_t copy[(size_t)512 << 10];
	struct fx f = fx_established();

	EXPECT_EQ(fx_write(&f, 100), 100);
	memcpy(copy, f.s, sizeof(copy));
	memset(f.s, 0, sizeof(copy));
	f.s = (struct sampan *)(void *)copy;
	expect_segment(&f, .flags = TCP_ACK | TCP_PSH, .seq = seq_add(f.iss, 1), .len = 100);
	peer_sends(&f, .flags = TCP_ACK, .len = 50);
	expect_segment(&f, .flags = TCP_ACK);
	EXPECT_EQ(fx_read(&f, 100), 50);
}
