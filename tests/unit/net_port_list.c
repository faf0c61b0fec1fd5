/*
 * net_port_list.c - which ports the stack chooses: ip_local_reserved_ports,
 * ip_unprivileged_port_start.  RFC 6335 §6, RFC 6056 §3.2.
 */
#include <string.h>

#include <sampan/config.h>

#include "lib/fx_udp.h"
#include "lib/stack_check.h"
#include "net/port.h"
#include "net/stack.h"

#define NAME "net.ipv4.ip_local_reserved_ports"

static void
expect_list(struct fx *f, const char *want, int64_t ports)
{
	char text[SAMPAN_SETTING_TEXT];
	int64_t n;

	EXPECT_EQ(sampan_setting_read(f->s, NAME, text, sizeof text), (int)strlen(want));
	EXPECT_EQ(strcmp(text, want), 0);
	EXPECT_EQ(sampan_get(f->s, NAME, &n), 0);
	EXPECT_EQ(n, ports);
}

/* As Linux writes it back: sorted, joined. */
TEST(list_is_read_and_written)
{
	static const struct {
		const char *in, *out;
		int64_t ports;
	} row[] = { { "8080", "8080", 1 },
		{ "9148-9150,8080", "8080,9148-9150", 4 },
		{ " 1,2,3,5\n", "1-3,5", 4 }, { "0-65535", "0-65535", 65536 }, { "", "", 0 },
		{ "0", "0", 1 }, { "10-20,15-30", "10-30", 21 },
		{ "255,256,511-512", "255-256,511-512", 4 },
		{ "65535,1,10,100,1000,10000", "1,10,100,1000,10000,65535", 6 },
		{ "  \n", "", 0 } };
	struct fx f = fx_udp_begin();

	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		EXPECT_EQ(sampan_setting_write(f.s, NAME, row[i].in), 0);
		expect_list(&f, row[i].out, row[i].ports);
		EXPECT_SOUND(f.s);
	}
	EXPECT(stack_left(f.s) == NULL);
}

TEST(list_that_is_none_changes_nothing)
{
	static const struct {
		const char *in;
		int error;
	} row[] = { { "x", SAMPAN_EINVAL }, { "1,", SAMPAN_EINVAL }, { ",1", SAMPAN_EINVAL },
		{ "1-", SAMPAN_EINVAL }, { "-1", SAMPAN_EINVAL }, { "1 2", SAMPAN_EINVAL },
		{ "1--2", SAMPAN_EINVAL }, { "65536", SAMPAN_ERANGE }, { "2-1", SAMPAN_ERANGE },
		{ "1-99999999999999999999", SAMPAN_ERANGE }, { "0x10", SAMPAN_EINVAL },
		{ "10000,10002,10004,10006,10008,10010,10012,10014,10016,10018,10020,10022,10024,"
		  "10026", SAMPAN_ERANGE } };
	struct fx f = fx_udp_begin();

	EXPECT_EQ(sampan_setting_write(f.s, NAME, "7-9"), 0);
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		EXPECT_EQ(sampan_setting_write(f.s, NAME, row[i].in), row[i].error);
		expect_list(&f, "7-9", 3);
	}
	EXPECT_EQ(sampan_set(f.s, NAME, 5), SAMPAN_ERANGE);
	EXPECT_EQ(sampan_set(f.s, NAME, 0), 0);
	expect_list(&f, "", 0);
}

/* A port that the stack chose: for a datagram socket, a listener, a connection. */
static int
choose(struct fx *f, unsigned what, uint16_t *port)
{
	const struct sampan_sockaddr any = { .port = 0 }, peer = { fx_peer(), 7, 0 };
	struct sampan_status st;
	sampan_handle h;
	int error;

	EXPECT_EQ(sampan_socket(f->s, what == 0 ? SAMPAN_DGRAM : SAMPAN_STREAM, &h), 0);
	error = what == 2 ? sampan_connect(f->s, h, &peer) : sampan_bind(f->s, h, &any);
	EXPECT_EQ(sampan_status(f->s, h, &st), 0);
	*port = st.local.port;
	EXPECT_EQ(sampan_abort(f->s, h), 0);
	return error == SAMPAN_EINPROGRESS ? 0 : error;
}

/* R-6056-4: also where there is next to nothing to choose from. */
TEST(ports_that_are_reserved_are_not_chosen)
{
	struct fx f = fx_udp_begin();
	uint16_t port;

	COVERS("R-MISC-18", "R-6056-4");
	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.ip_local_port_range", "40000 40999"), 0);
	EXPECT_EQ(sampan_setting_write(f.s, NAME, "40000-40499,40501-40999"), 0);
	for (unsigned what = 0; what < 3; what++) {
		for (unsigned i = 0; i < 5; i++) {
			EXPECT_EQ(choose(&f, what, &port), 0);
			EXPECT_EQ(port, 40500);
			fx_drop(&f);
		}
	}
	EXPECT_EQ(sampan_setting_write(f.s, NAME, "40000-40999"), 0);
	EXPECT_EQ(choose(&f, 0, &port), SAMPAN_EADDRINUSE);
	EXPECT_EQ(choose(&f, 1, &port), SAMPAN_EADDRINUSE);
	EXPECT_EQ(choose(&f, 2, &port), SAMPAN_EADDRNOTAVAIL);
}

/* Who asks for it by number gets it, and its connections are counted beside the mark. */
TEST(ports_that_are_reserved_can_be_asked_for)
{
	struct fx f = fx_listen();
	const struct sampan_sockaddr end = { .port = FX_LOCAL_PORT };
	sampan_handle h;

	COVERS("R-MISC-18");
	EXPECT_EQ(sampan_setting_write(f.s, NAME, "80,8080"), 0);
	f = fx_listen();
	EXPECT_EQ(sampan_setting_write(f.s, NAME, "1-100"), 0);
	peer_sends(&f, .flags = TCP_SYN, .seq = f.irs, .mss = 1460);
	EXPECT_EQ(sp_port_count(f.s, FX_LOCAL_PORT), 1);
	EXPECT_EQ(sampan_close(f.s, f.listener), 0);
	f.listener = 0;
	EXPECT_EQ(sampan_setting_write(f.s, NAME, ""), 0);
	EXPECT_EQ(sp_port_count(f.s, FX_LOCAL_PORT), 1);
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_STREAM, &h), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &end), SAMPAN_EADDRINUSE);
	EXPECT_SOUND(f.s);
}

/* RFC 6335 §6: those of the system are nobody's by chance; bind takes them. */
TEST(ports_of_the_system_are_not_chosen)
{
	struct fx f = fx_udp_begin();
	const struct sampan_sockaddr echo = { .port = 7 };
	sampan_handle h;
	int64_t start;
	uint16_t port;

	COVERS("R-MISC-18", "R-6056-1");
	EXPECT_EQ(sampan_get(f.s, "net.ipv4.ip_unprivileged_port_start", &start), 0);
	EXPECT_EQ(start, SP_PORT_USER_FIRST);
	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.ip_local_port_range", "1000 1025"), 0);
	for (unsigned i = 0; i < 60; i++) {
		EXPECT_EQ(choose(&f, i % 3, &port), 0);
		EXPECT(port >= SP_PORT_USER_FIRST && port <= 1025);
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_set(f.s, "net.ipv4.ip_unprivileged_port_start", SP_PORT_DYNAMIC_FIRST), 0);
	EXPECT_EQ(choose(&f, 0, &port), SAMPAN_EADDRINUSE);
	EXPECT_EQ(sampan_setting_write(f.s, "net.ipv4.ip_local_port_range", "1 65535"), 0);
	for (unsigned i = 0; i < 60; i++) {
		EXPECT_EQ(choose(&f, i % 3, &port), 0);
		EXPECT(port >= SP_PORT_DYNAMIC_FIRST);
		fx_drop(&f);
	}
	EXPECT_EQ(sampan_socket(f.s, SAMPAN_DGRAM, &h), 0);
	EXPECT_EQ(sampan_bind(f.s, h, &echo), 0);
}
