/*
 * tap_spec.c - see tap_spec.h.
 */
#include "link/tap_spec.h"

#include <errno.h>
#include <string.h>

#include "link/number.h"

/* sampan.h: what a link may have; 65535 less the header that a TAP counts. */
#define MTU_LEAST 576
#define MTU_MOST 65521

static int
read_host(struct sp_tap_spec *tap, const char *value, const struct sp_why *why)
{
	if (tap->hosts == SP_LINK_HOSTS)
		return sp_why(why, EINVAL, "host=%s: give at most %d addresses", value,
		    SP_LINK_HOSTS);
	return sp_prefix_read(&tap->host[tap->hosts++], value, why);
}

static int
read_host6(struct sp_tap_spec *tap, const char *value, const struct sp_why *why)
{
	if (read_host(tap, value, why) != 0)
		return -1;
	if (sp_prefix_is_v4(&tap->host[tap->hosts - 1].addr))
		return sp_why(why, EINVAL, "host6=%s: give an IPv6 address, such as fd77::1/64",
		    value);
	return 0;
}

static int
read_mtu(struct sp_tap_spec *tap, const char *value, const struct sp_why *why)
{
	uint64_t mtu;

	if (!sp_number_read(&mtu, value) || mtu < MTU_LEAST || mtu > MTU_MOST)
		return sp_why(why, EINVAL, "mtu=%s: give a number from %d to %d", value,
		    MTU_LEAST, MTU_MOST);
	tap->mtu_bytes = (uint16_t)mtu;
	return 0;
}

static int
read_offload(struct sp_tap_spec *tap, const char *value, const struct sp_why *why)
{
	tap->offload = strcmp(value, "on") == 0;
	if (!tap->offload && strcmp(value, "off") != 0)
		return sp_why(why, EINVAL, "offload=%s: give on or off", value);
	return 0;
}

static const struct {
	const char *key;
	int (*read)(struct sp_tap_spec *tap, const char *value, const struct sp_why *why);
} keys[] = {
	{ "host", read_host },
	{ "host6", read_host6 },
	{ "mtu", read_mtu },
	{ "offload", read_offload },
};

static int
read_option(struct sp_tap_spec *tap, const struct sp_spec_option *o, const struct sp_why *why)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, o->key) == 0)
			return keys[i].read(tap, o->value, why);
	}
	return sp_why(why, EINVAL, "a tap link has no option '%s': it takes host=ADDR/LEN, "
	    "host6=ADDR/LEN, mtu=N and offload=on|off", o->key);
}

/* What the kernel allows (dev_valid_name), with room for one number. */
static bool
is_interface_name(const char *name)
{
	if (strlen(name) >= SP_IFNAME_BYTES || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	return strpbrk(name, "/: \t\n\v\f\r") == NULL;
}

int
sp_tap_spec_read(struct sp_tap_spec *tap, const struct sp_spec *spec, const struct sp_why *why)
{
	*tap = (struct sp_tap_spec){ .offload = true };
	if (!is_interface_name(spec->name))
		return sp_why(why, EINVAL, "'%s' cannot name an interface: give at most %d "
		    "characters without blanks, '/' and ':'", spec->name, SP_IFNAME_BYTES - 1);
	memcpy(tap->name, spec->name, strlen(spec->name));
	for (unsigned i = 0; i < spec->n; i++) {
		if (read_option(tap, &spec->options[i], why) != 0)
			return -1;
	}
	return 0;
}
