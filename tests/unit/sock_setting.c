/*
 * sock_setting.c - settings by name: defaults, bounds, Linux's textual forms.
 */
#include "lib/test.h"

#include <sampan/config.h>
#include <sampan/option.h>

static _Alignas(64) uint8_t block[SAMPAN_MIN_BYTES];

static struct sampan *
stack(void)
{
	const struct sampan_config config = { .size = sizeof(config) };

	EXPECT_EQ(sampan_init(block, sizeof(block), &config, 0), 0);
	return (struct sampan *)(void *)block;
}

static const char *
value(const struct sampan *s, const char *name)
{
	static char text[SAMPAN_SETTING_TEXT];
	const int len = sampan_setting_read(s, name, text, sizeof(text));

	EXPECT_EQ(len, strlen(text));
	return text;
}

TEST(every_setting_has_its_default_and_bounds)
{
	struct sampan *s = stack();
	struct sampan_setting_info info;
	int64_t got;

	for (unsigned i = 0; sampan_setting_at(i, &info) == 0; i++) {
		if (info.numbers > 1)
			continue;
		EXPECT_EQ(sampan_get(s, info.name, &got), 0);
		EXPECT_EQ(got, info.def[0]);
		EXPECT_EQ(sampan_set(s, info.name, info.least[0] - 1), SAMPAN_ERANGE);
		EXPECT_EQ(sampan_set(s, info.name, info.most[0] + 1), SAMPAN_ERANGE);
		EXPECT_EQ(sampan_set(s, info.name, info.least[0]), 0);
		EXPECT_EQ(sampan_set(s, info.name, info.most[0]), 0);
		EXPECT_EQ(sampan_get(s, info.name, &got), 0);
		EXPECT_EQ(got, info.most[0]);
	}
	EXPECT_EQ(sampan_set(s, "net.ipv4.tcp_sac", 1), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_set(s, "net.ipv4.tcp_sackx", 1), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_get(s, "", &got), SAMPAN_ENOENT);
}

/* What is read can be written, and changes nothing. */
TEST(every_value_survives_its_text)
{
	struct sampan *s = stack();
	struct sampan_setting_info info, found;
	char text[SAMPAN_SETTING_TEXT];
	unsigned n = 0;

	for (; sampan_setting_at(n, &info) == 0; n++) {
		EXPECT(info.text[0] != '\0' && info.unit[0] != '\0');
		EXPECT(sampan_setting_read(s, info.name, text, sizeof(text)) >=
		    (strcmp(info.unit, "ports") != 0));	/* a list may be empty */
		EXPECT_EQ(sampan_setting_write(s, info.name, text), 0);
		EXPECT_STR(value(s, info.name), text);
		EXPECT_EQ(sampan_setting_find(info.name, &found), 0);
		EXPECT_EQ(found.numbers, info.numbers);
		EXPECT_STR(found.name, info.name);
	}
	EXPECT(n > 20);
	EXPECT_EQ(sampan_setting_find("net.ipv4", &found), SAMPAN_ENOENT);
}

TEST(groups_are_one_name_with_several_numbers)
{
	struct sampan *s = stack();
	struct sampan_setting_info info;
	int64_t got;

	EXPECT_STR(value(s, "net.ipv4.tcp_rmem"), "4096\t131072\t6291456");
	EXPECT_EQ(sampan_setting_write(s, "net.ipv4.tcp_rmem", " 8192 87380\t16777216 \n"), 0);
	EXPECT_STR(value(s, "net.ipv4.tcp_rmem"), "8192\t87380\t16777216");
	EXPECT_EQ(sampan_get(s, "net.ipv4.tcp_rmem_default", &got), 0);
	EXPECT_EQ(got, 87380);
	EXPECT_EQ(sampan_get(s, "net.ipv4.tcp_rmem", &got), SAMPAN_ENOENT);
	EXPECT_EQ(sampan_setting_write(s, "net.ipv4.ip_local_port_range", "20000 65000"), 0);
	EXPECT_STR(value(s, "net.ipv4.ip_local_port_range"), "20000\t65000");
	EXPECT_EQ(sampan_setting_find("net.ipv4.tcp_rmem_default", &info), 0);
	EXPECT_EQ(info.numbers, 1);
	EXPECT_EQ(info.def[0], 131072);
}

/* All or nothing. */
/* fuzz/host_conf found a group out of order that could not be written back. */
TEST(numbers_of_a_group_give_way_to_one_set_alone)
{
	struct sampan *s = stack();

	EXPECT_EQ(sampan_setting_write(s, "net.ipv4.tcp_wmem", "4096 16384 65536"), 0);
	EXPECT_EQ(sampan_setting_write(s, "net.ipv4.tcp_wmem_default", "100000"), 0);
	EXPECT_STR(value(s, "net.ipv4.tcp_wmem"), "4096\t100000\t100000");
	EXPECT_EQ(sampan_set(s, "net.ipv4.tcp_wmem_max", 3000), 0);
	EXPECT_STR(value(s, "net.ipv4.tcp_wmem"), "3000\t3000\t3000");
	EXPECT_EQ(sampan_set(s, "net.ipv4.tcp_wmem_min", 5000), 0);
	EXPECT_STR(value(s, "net.ipv4.tcp_wmem"), "5000\t5000\t5000");
	EXPECT_EQ(sampan_set(s, "net.ipv4.tcp_wmem_min", 4000), 0);
	EXPECT_STR(value(s, "net.ipv4.tcp_wmem"), "4000\t5000\t5000");
}

TEST(wrong_text_changes_nothing)
{
	static const struct {
		const char *name, *text;
		int error;
	} wrong[] = {
		{ "net.ipv4.tcp_rmem", "", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_rmem", "8192 87380", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_rmem", "8192 87380 6291456 1", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_rmem", "8192 87380 62914x", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_rmem", "8192,87380,6291456", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_rmem", "87380 8192 6291456", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_rmem", "1 87380 6291456", SAMPAN_ERANGE },
		{ "net.ipv4.ip_local_port_range", "40000 30000", SAMPAN_ERANGE },
		{ "net.ipv4.ip_local_port_range", "0 65535", SAMPAN_ERANGE },
		{ "net.ipv4.ip_local_port_range", "1 65536", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_sack", "on", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_sack", "2", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_sack", "-1", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_sack", "-", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_sack", "0x", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_sack", "09", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_sack", "18446744073709551617", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_sack", "0x10000000000000000000000001", SAMPAN_ERANGE },
		{ "net.ipv4.tcp_congestion_control", "", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_congestion_control", "1", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_congestion_control", "newreno x", SAMPAN_EINVAL },
		{ "net.ipv4.tcp_nothing", "1", SAMPAN_ENOENT },
		{ "", "1", SAMPAN_ENOENT },
	};
	struct sampan *s = stack();
	char before[SAMPAN_SETTING_TEXT];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const int len = sampan_setting_read(s, wrong[i].name, before, sizeof(before));

		EXPECT_EQ(sampan_setting_write(s, wrong[i].name, wrong[i].text), wrong[i].error);
		if (len > 0)
			EXPECT_STR(value(s, wrong[i].name), before);
	}
}

TEST(numbers_are_read_as_linux_reads_them)
{
	struct sampan *s = stack();

	EXPECT_EQ(sampan_setting_write(s, "net.core.somaxconn", "0x1000"), 0);
	EXPECT_STR(value(s, "net.core.somaxconn"), "4096");
	EXPECT_EQ(sampan_setting_write(s, "net.core.somaxconn", "0777"), 0);
	EXPECT_STR(value(s, "net.core.somaxconn"), "511");
	EXPECT_EQ(sampan_setting_write(s, "net.core.somaxconn", "\t65535 "), 0);
	EXPECT_STR(value(s, "net.core.somaxconn"), "65535");
}

TEST(names_are_congestion_controls)
{
	struct sampan *s = stack();
	int64_t got;

	for (unsigned i = 0; sampan_cc_name(i) != NULL; i++) {
		EXPECT_EQ(sampan_setting_write(s, "net.ipv4.tcp_congestion_control",
		    sampan_cc_name(i)), 0);
		EXPECT_STR(value(s, "net.ipv4.tcp_congestion_control"), sampan_cc_name(i));
		EXPECT_EQ(sampan_get(s, "net.ipv4.tcp_congestion_control", &got), 0);
		EXPECT_EQ(got, i);
	}
}

TEST(a_short_buffer_is_refused_and_not_overrun)
{
	struct sampan *s = stack();
	char text[SAMPAN_SETTING_TEXT];

	for (size_t len = 0; len < sizeof("4096\t131072\t6291456"); len++) {
		memset(text, '?', sizeof(text));
		EXPECT_EQ(sampan_setting_read(s, "net.ipv4.tcp_rmem", text, len), SAMPAN_EMSGSIZE);
		EXPECT_EQ(text[len], '?');
	}
}
