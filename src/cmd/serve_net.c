/*
 * serve_net.c - see serve_net.h.
 */
#include "cmd/serve_net.h"

#include <errno.h>
#include <string.h>

#include <sampan/address.h>
#include <sampan/dhcp.h>
#include <sampan/names.h>

#include "cmd/cmd.h"
#include "cmd/serve_route.h"

int
sp_serve_net_read_addr(struct serve_net *net, const char *text, const struct sp_why *why)
{
	if (strcmp(text, "slaac") == 0) {
		net->slaac = true;
		return 0;
	}
	if (strcmp(text, "link-local") == 0) {
		net->link_local = true;
		return 0;
	}
	if (strcmp(text, "dhcp") == 0) {
		net->dhcp = true;
		return 0;
	}
	if (net->addrs == SERVE_ADDRS) {
		(void)sp_why(why, EINVAL, "--addr %s: give at most %d addresses", text,
		    SERVE_ADDRS);
		return EINVAL;
	}
	return sp_prefix_read(&net->addr[net->addrs++], text, why) != 0 ? EINVAL : 0;
}

int
sp_serve_net_read_gateway(struct serve_net *net, const char *text, const struct sp_why *why)
{
	struct sampan_addr addr;
	const size_t len = sampan_addr_read(&addr, text);

	if (len == 0 || text[len] != '\0') {
		(void)sp_why(why, EINVAL, "--gateway %s: give an address, such as 10.77.0.1", text);
		return EINVAL;
	}
	if (net->gateways == SERVE_GATEWAYS) {
		(void)sp_why(why, EINVAL, "--gateway %s: give at most %d gateways", text,
		    SERVE_GATEWAYS);
		return EINVAL;
	}
	net->gateway[net->gateways++] = addr;
	return 0;
}

int
sp_serve_net_read_server(struct serve_net *net, const char *text, const struct sp_why *why)
{
	struct sampan_addr addr;
	const size_t len = sampan_addr_read(&addr, text);

	if (len == 0 || text[len] != '\0' || net->name_servers == SERVE_GATEWAYS) {
		(void)sp_why(why, EINVAL, "--name-server %s: give an address, such as 10.77.0.1, "
		    "of at most %d", text, SERVE_GATEWAYS);
		return EINVAL;
	}
	net->name_server[net->name_servers++] = addr;
	return 0;
}

int
sp_serve_net_read_route(struct serve_net *net, const char *text, const struct sp_why *why)
{
	if (net->routes == SERVE_ROUTES) {
		(void)sp_why(why, EINVAL, "--route %s: give at most %d routes", text, SERVE_ROUTES);
		return EINVAL;
	}
	return sp_serve_route_read(&net->route[net->routes++], text, why);
}

static bool
is_link_local(const struct sampan_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* The address must make sense beside the kernel's of the same family. */
static int
check_beside_host(const struct sampan_link *link, const struct sp_prefix *mine, const char *text)
{
	struct sp_prefix host;
	bool others = false;

	for (unsigned i = 0; sampan_link_host(link, i, &host.addr, &host.bits); i++) {
		if (sp_prefix_is_v4(&host.addr) != sp_prefix_is_v4(&mine->addr))
			continue;
		if (memcmp(&host.addr, &mine->addr, sizeof(host.addr)) == 0)
			return sp_cmd_fail("sampan serve", EINVAL, "--addr %s is the kernel's own "
			    "address (host=): give another one of that network", text);
		if (sp_prefix_holds(&host, &mine->addr))
			return 0;
		others = true;
	}
	if (others && !is_link_local(&mine->addr))
		return sp_cmd_fail("sampan serve", EINVAL, "--addr %s is not in the network of "
		    "host=: the kernel would not find it", text);
	return 0;
}

static int
add_address(struct sampan *s, const struct sampan_link *link, const struct sp_prefix *mine)
{
	char text[SP_PREFIX_TEXT];
	int error;

	sp_prefix_write(mine, text);
	error = check_beside_host(link, mine, text);
	if (error != 0)
		return error;
	error = sampan_addr_add(s, 1, &mine->addr, mine->bits);
	return error == 0 ? 0 : sp_cmd_fail("sampan serve", EINVAL, "--addr %s: %s: give the "
	    "address of one host, such as 10.77.0.2/24", text, sampan_strerror(error));
}

static int
add_gateway(const struct serve_net *net, struct sampan *s, const struct sampan_addr *gateway)
{
	const struct sampan_addr everybody = { { 0 } };
	bool on_link = is_link_local(gateway);
	char text[SAMPAN_ADDR_TEXT];
	int error;

	(void)sampan_addr_write(gateway, text);
	for (unsigned i = 0; i < net->addrs; i++)
		on_link |= sp_prefix_holds(&net->addr[i], gateway);
	if (!on_link)
		return sp_cmd_fail("sampan serve", EINVAL, "--gateway %s is not in the network of "
		    "--addr: give a router on the link", text);
	error = sampan_route_add(s, 1, &everybody, 0, gateway);
	return error == 0 ? 0 : sp_cmd_fail("sampan serve", EINVAL, "--gateway %s: %s", text,
	    sampan_strerror(error));
}

static int
add_route(struct sampan *s, const struct sampan_route *from)
{
	struct sampan_route route = *from;
	char text[SAMPAN_ADDR_TEXT];
	int error;

	(void)sampan_addr_write(&from->dst, text);
	route.link = 1;
	error = sampan_route_set(s, &route);
	return error == 0 ? 0 : sp_cmd_fail("sampan serve", EINVAL, "--route %s/%u: %s: the "
	    "router after via must be another host, of the prefix's family", text,
	    from->prefix_bits, sampan_strerror(error));
}

/* Addresses that come by themselves. */
static int
begin_auto(const struct serve_net *net, struct sampan *s)
{
	if (net->slaac && sampan_autoconf(s, 1) != 0)
		return sp_cmd_fail("sampan serve", EINVAL, "--addr slaac: the link's MTU is below "
		    "1280, too small for IPv6: give mtu=1280 or more");
	if (net->link_local)
		(void)sampan_link_local(s, 1, net->dhcp ? SAMPAN_LINK_LOCAL_FALLBACK :
							  SAMPAN_LINK_LOCAL_ALWAYS);
	if (net->dhcp && sampan_dhcp_start(s, 1) != 0)
		return sp_cmd_fail("sampan serve", EINVAL, "--addr dhcp: --memory is too small: "
		    "give more, such as 64M");
	return 0;
}

int
sp_serve_net_apply(const struct serve_net *net, struct sampan *s, const struct sampan_link *link)
{
	int exit_code = begin_auto(net, s);

	for (unsigned i = 0; i < net->name_servers && exit_code == 0; i++)
		if (sampan_name_server_add(s, &net->name_server[i]) != 0)
			exit_code = sp_cmd_fail("sampan serve", EINVAL, "--name-server: give the "
			    "address of one host, such as 10.77.0.1");
	for (unsigned i = 0; i < net->addrs && exit_code == 0; i++)
		exit_code = add_address(s, link, &net->addr[i]);
	for (unsigned i = 0; i < net->gateways && exit_code == 0; i++)
		exit_code = add_gateway(net, s, &net->gateway[i]);
	for (unsigned i = 0; i < net->routes && exit_code == 0; i++)
		exit_code = add_route(s, &net->route[i]);
	return exit_code;
}

/* Has the DHCP client an address to use? */
static bool
is_bound(const struct sampan *s)
{
	struct sampan_dhcp_info info;

	return sampan_dhcp_get(s, 1, &info) == 0 && info.state == SAMPAN_DHCP_BOUND;
}

bool
sp_serve_net_end(const struct serve_net *net, struct sampan *s)
{
	struct sampan_dhcp_info info;

	return net->dhcp && sampan_dhcp_stop(s, 1) == 0 && sampan_dhcp_get(s, 1, &info) == 0 &&
	    info.state != SAMPAN_DHCP_STOPPED;
}

static bool
has_any4(const struct sampan *s)
{
	struct sampan_addr_info info;
	bool found = false;

	for (unsigned i = 0; sampan_addr_get(s, i, &info) == 0 && !found; i++)
		found = sp_prefix_is_v4(&info.addr) && info.state == SAMPAN_ADDR_PREFERRED;
	return found;
}

bool
sp_serve_net_waits(const struct serve_net *net, const struct sampan *s)
{
	struct sampan_addr_info info;
	bool global = !net->slaac;

	for (unsigned i = 0; sampan_addr_get(s, i, &info) == 0; i++) {
		if (info.state == SAMPAN_ADDR_TENTATIVE)
			return true;
		global |= info.state == SAMPAN_ADDR_PREFERRED && !is_link_local(&info.addr) &&
		    !sp_prefix_is_v4(&info.addr);
	}
	return !global || (net->dhcp && !is_bound(s)) || (net->link_local && !has_any4(s));
}

bool
sp_serve_net_addr(const struct sampan *s, unsigned n, struct sampan_addr *addr)
{
	struct sampan_addr_info info;

	for (int local = 0; local < 2; local++) {
		for (unsigned i = 0; sampan_addr_get(s, i, &info) == 0; i++) {
			if (info.state != SAMPAN_ADDR_PREFERRED ||
			    is_link_local(&info.addr) != (local == 1) || n-- > 0)
				continue;
			*addr = info.addr;
			return true;
		}
	}
	return false;
}
