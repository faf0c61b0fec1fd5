/*
 * cmd_serve_args.c - the command line of `sampan serve`.
 */
#include "lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/serve_args.h"

/* Reads a command line given as words; returns the exit code, and what was
 * said on stderr in text. */
static int
read_words(struct serve_args *args, char *text, size_t room, const char *words)
{
	static char line[1000];
	char *argv[100] = { (char *)(uintptr_t)"sampan serve" };
	const int saved = dup(STDERR_FILENO);
	FILE *to = tmpfile();
	int argc = 1, exit_code;

	(void)snprintf(line, sizeof(line), "%s", words);
	for (char *w = strtok(line, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	(void)fflush(stderr);
	EXPECT(dup2(fileno(to), STDERR_FILENO) >= 0);
	exit_code = sp_serve_args_read(args, argc, argv);
	(void)fflush(stderr);
	EXPECT(dup2(saved, STDERR_FILENO) >= 0);
	rewind(to);
	text[fread(text, 1, room - 1, to)] = '\0';
	(void)fclose(to);
	(void)close(saved);
	return exit_code;
}

TEST(serve_args_defaults_are_those_of_make_serve)
{
	const struct sampan_addr addr = sampan_addr_v4(10, 77, 0, 2);
	struct serve_args a;
	char text[300];

	EXPECT_EQ(read_words(&a, text, sizeof(text), ""), 0);
	EXPECT_STR(text, "");
	EXPECT_STR(a.link, "tap:sampan0,host=10.77.0.1/24");
	EXPECT_STR(a.name, "sampan");
	EXPECT_MEM(&a.net.addr[0].addr, &addr, sizeof(addr));
	EXPECT_EQ(a.net.addr[0].bits, 24);
	EXPECT_EQ(a.memory_bytes, 256 << 20);
	EXPECT(!a.seeded);
	EXPECT(a.net.gateways == 0 && a.settings == 0);
	EXPECT(a.services.root == NULL && a.services.access_log == NULL);
}

TEST(serve_args_all_services_are_on_by_default)
{
	static const struct { const char *name; unsigned port; } on[] = {
		{ "echo", 7 }, { "discard", 9 }, { "daytime", 13 }, { "chargen", 19 },
		{ "time", 37 }, { "http", 80 }, { "chat", 5000 },
	};
	struct serve_args a;
	char text[300];

	EXPECT_EQ(read_words(&a, text, sizeof(text), ""), 0);
	EXPECT_EQ(a.listeners, sizeof(on) / sizeof(on[0]));
	for (unsigned i = 0; i < a.listeners; i++) {
		EXPECT_STR(a.listener[i].svc->name, on[i].name);
		EXPECT_EQ(a.listener[i].port, on[i].port);
	}
}

TEST(serve_args_all_options_are_read)
{
	const struct sampan_addr gateway = sampan_addr_v4(10, 1, 0, 1);
	struct serve_args a;
	char text[300];

	EXPECT_EQ(read_words(&a, text, sizeof(text), "--link tap:x --addr=10.1.2.3/16 --name n "
	    "--service echo:70 --services discard,daytime:1300 --memory 1G --seed 42 "
	    "--gateway 10.1.0.1 --root /srv --access-log - --set a.b=1 --set c=2 --conf f"), 0);
	EXPECT_STR(a.link, "tap:x");
	EXPECT_EQ(a.net.addr[0].bits, 16);
	EXPECT_STR(a.name, "n");
	EXPECT_EQ(a.memory_bytes, 1 << 30);
	EXPECT(a.seeded);
	EXPECT_EQ(a.seed, 42);
	EXPECT_EQ(a.listeners, 3);
	EXPECT_EQ(a.listener[0].port, 70);
	EXPECT_EQ(a.listener[1].port, 9);
	EXPECT_EQ(a.listener[2].port, 1300);
	EXPECT(a.net.gateways == 1 && memcmp(&a.net.gateway[0], &gateway, sizeof(gateway)) == 0);
	EXPECT_STR(a.services.root, "/srv");
	EXPECT_STR(a.services.access_log, "-");
	EXPECT_STR(a.conf, "f");
	EXPECT_EQ(a.settings, 2);
	EXPECT_STR(a.setting[0], "a.b=1");
	EXPECT_STR(a.setting[1], "c=2");
}

TEST(serve_args_bad_input_is_one_line_and_usage)
{
	static const struct { const char *words, *expected; } bad[] = {
		{ "--bogus", "--bogus" },
		{ "-x", "-x" },
		{ "--memory", "--memory" },
		{ "word", "'word'" },
		{ "--memory 12Q", "such as 256M" },
		{ "--memory 63K", "64K" },
		{ "--memory 33G", "32G" },
		{ "--seed -1", "--seed -1" },
		{ "--addr 10.77.0.2", "ADDR/LEN" },
		{ "--emulate los=1%", "'los' is no word" },
		{ "--emulate loss=1", "0% to 100%" },
		{ "--addr 10.77.0.0/24", "one host" },
		{ "--name a/b", "--name a/b" },
		{ "--service", "--service" },
		{ "--service finger", "echo, discard" },
		{ "--service echo:0", "from 1 to 65535" },
		{ "--service echo:65536", "from 1 to 65535" },
		{ "--service echo:", "from 1 to 65535" },
		{ "--services ,echo", "no such service" },
		{ "--services echo,", "no such service" },
		{ "--services echo,echo", "port 7 is taken" },
		{ "--gateway", "--gateway" },
		{ "--gateway 10.77.0.1/24", "give an address" },
		{ "--gateway x", "give an address" },
		{ "--set", "--set" },
		{ "--set a.b", "KEY=VALUE" },
		{ "--set =1", "KEY=VALUE" },
		{ "--set a.b=", "KEY=VALUE" },
		{ "--service echo:9 --service discard", "port 9 is taken by echo" },
	};
	struct serve_args a;
	char text[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(read_words(&a, text, sizeof(text), bad[i].words), CMD_USAGE);
		EXPECT(strncmp(text, "sampan serve: ", 14) == 0);
		EXPECT(strstr(text, bad[i].expected) != NULL);
		EXPECT(strchr(text, '\n') == text + strlen(text) - 1);
	}
}

TEST(serve_args_too_many_are_refused)
{
	struct serve_args a;
	char words[1000] = "", text[300];
	size_t len = 0;

	for (unsigned port = 1; port <= SERVE_LISTENERS + 1; port++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "--service echo:%u ",
		    port);
	EXPECT_EQ(read_words(&a, text, sizeof(text), words), CMD_USAGE);
	EXPECT(strstr(text, "at most 32") != NULL);
}

TEST(serve_args_too_many_settings_are_refused)
{
	struct serve_args a;
	char words[1000] = "", text[300];
	size_t len = 0;

	for (unsigned i = 0; i <= SERVE_SETTINGS; i++)
		len += (size_t)snprintf(words + len, sizeof(words) - len, "--set=a=1 ");
	EXPECT_EQ(read_words(&a, text, sizeof(text), words), CMD_USAGE);
	EXPECT(strstr(text, "at most 64") != NULL);
}
