/*
 * icmp.c - ICMP types and codes by name: RFC 792, RFC 1122, RFC 1812, RFC 4443.
 */
#include "pkt/icmp.h"

#include <string.h>

struct name {
	const char *name;
	int number;
	int type;		/* of a code: the type that it belongs to */
};

static const struct name types4[] = {
	{ "echo_reply", 0, 0 }, { "unreachable", 3, 0 }, { "dest_unreach", 3, 0 },
	{ "source_quench", 4, 0 }, { "redirect", 5, 0 }, { "echo_request", 8, 0 },
	{ "time_exceeded", 11, 0 }, { "parameter_problem", 12, 0 }, { "parameterprob", 12, 0 },
	{ NULL, 0, 0 },
};

static const struct name types6[] = {
	{ "unreachable", 1, 0 }, { "dest_unreach", 1, 0 }, { "packet_too_big", 2, 0 },
	{ "time_exceeded", 3, 0 }, { "parameter_problem", 4, 0 }, { "echo_request", 128, 0 },
	{ "echo_reply", 129, 0 }, { NULL, 0, 0 },
};

static const struct name codes4[] = {
	{ "net_unreachable", 0, 3 }, { "host_unreachable", 1, 3 },
	{ "protocol_unreachable", 2, 3 }, { "port_unreachable", 3, 3 }, { "frag_needed", 4, 3 },
	{ "source_route_failed", 5, 3 }, { "net_unknown", 6, 3 }, { "host_unknown", 7, 3 },
	{ "source_host_isolated", 8, 3 }, { "net_prohibited", 9, 3 },
	{ "host_prohibited", 10, 3 }, { "net_unreachable_for_tos", 11, 3 },
	{ "host_unreachable_for_tos", 12, 3 }, { "packet_filtered", 13, 3 },
	{ "precedence_violation", 14, 3 }, { "precedence_cutoff", 15, 3 },
	{ "ttl_exceeded", 0, 11 }, { "reassembly_time_exceeded", 1, 11 }, { NULL, 0, 0 },
};

static const struct name codes6[] = {
	{ "no_route", 0, 1 }, { "net_unreachable", 0, 1 }, { "admin_prohibited", 1, 1 },
	{ "beyond_scope", 2, 1 }, { "not_neighbour", 2, 1 }, { "addr_unreachable", 3, 1 },
	{ "address_unreachable", 3, 1 }, { "host_unreachable", 3, 1 },
	{ "port_unreachable", 4, 1 }, { "hop_limit", 0, 3 }, { "ttl_exceeded", 0, 3 },
	{ NULL, 0, 0 },
};

static bool
find(const struct name *table, const char *name, int *number)
{
	while (table->name != NULL && strcmp(table->name, name) != 0)
		table++;
	*number = table->number;
	return table->name != NULL;
}

bool
sp_pkt_icmp_numbers(const struct pkt_icmp_spec *icmp, bool v6, int *type, int *code)
{
	*type = icmp->type;
	*code = icmp->code;
	if (icmp->type_name != NULL && !find(v6 ? types6 : types4, icmp->type_name, type))
		return false;
	return icmp->code_name == NULL || find(v6 ? codes6 : codes4, icmp->code_name, code);
}
