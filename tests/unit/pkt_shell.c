/* Tests of pkt/shell.c and pkt/sysctl.h: commands act, or are a reason to skip. */
#include "lib/test.h"

#include <stdio.h>

#include "pkt/parse.h"
#include "pkt/run.h"

static struct pkt_result result;

static void
run_command(const char *command)
{
	struct pkt_script script = { .name = "test" };
	struct pkt_config config;
	char text[1000];

	(void)snprintf(text, sizeof(text), "`%s`\n0 socket(..., SOCK_STREAM, 0) = 3\n", command);
	sp_pkt_config_init(&config);
	EXPECT(sp_pkt_parse(&script, text, strlen(text), NULL));
	sp_pkt_run(&script, &config, &result);
	sp_pkt_script_free(&script);
}

static void
expect_pass(const char *command)
{
	run_command(command);
	if (result.verdict != PKT_PASS)
		print_message("# %s: %s\n", command, result.why);
	EXPECT_EQ(result.verdict, PKT_PASS);
}

static void
expect_skip(const char *command, const char *why)
{
	run_command(command);
	EXPECT_EQ(result.verdict, PKT_SKIP);
	EXPECT_STR(result.why, why);
}

TEST(settings_in_all_forms)
{
	expect_pass("./defaults.sh");
	expect_pass("sh ../common/defaults.sh\n sysctl -q net.ipv4.tcp_timestamps=0");
	expect_pass("sysctl -w -q net.ipv4.tcp_timestamps=\"0\" > /dev/null 2>&1");
	expect_pass("../set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0 \\\n"
	    " /proc/sys/net/ipv4/tcp_syn_retries=4");
	expect_pass("echo 0 > /proc/sys/net/ipv4/tcp_timestamps && true; sleep 1");
	expect_pass("sysctl -q net.ipv4.tcp_rmem=\"4096 87380 6291456\"");
	expect_pass("sysctl -w net.inet.tcp.msl=1000");
	expect_pass("sysctl net.inet.tcp.insecure_rst=0");
	expect_pass("/tmp/sysctl_restore_123.sh");
	expect_pass("tc qdisc replace dev tun0 root fq");
}

TEST(settings_that_are_not_there_are_skipped)
{
	expect_skip("sysctl -w net.inet.tcp.insecure_rst=1", "sysctl:net.inet.tcp.insecure_rst=1");
	expect_skip("sysctl -q net.ipv4.tcp_unheard=1", "sysctl:net.ipv4.tcp_unheard=1");
	expect_skip("set_sysctls.py /proc/sys/net/ipv4/tcp_unheard=1",
	    "sysctl:net.ipv4.tcp_unheard=1");
	expect_skip("sysctl -n net.ipv4.tcp_sack", "shell:sysctl");
}

TEST(commands_that_are_not_known_are_skipped)
{
	expect_skip("iptables -A INPUT", "shell:iptables");
	expect_skip("true; iptables -A INPUT", "shell:iptables");
	expect_skip("true && iptables", "shell:iptables");
	expect_skip("true || iptables", "shell:iptables");
	expect_skip("tc qdisc add dev tun0 root netem delay 10ms", "shell:tc");
	expect_skip("nstat | grep Tcp", "shell:nstat | Tcp");
}

TEST(connections_are_counted_by_state)
{
	expect_pass("sockstat -P tcp -s | grep -c ESTABLISHED | grep 0");
	run_command("sockstat -P tcp -s | grep -c ESTABLISHED | grep 1");
	EXPECT_EQ(result.verdict, PKT_FAIL);
	expect_skip("sockstat | grep -c NO_STATE | grep 1", "shell:sockstat");
}

TEST(malformed_commands_do_no_harm)
{
	static const char *const texts[] = { "", " ", ";", "&&", "||", "|", "|||", "\\\\", "'", ">",
		"2>", "# x", "a|", "sysctl", "echo > /proc/sys/", "&", "\\\"" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		run_command(texts[i]);
}
