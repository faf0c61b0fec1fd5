/* Tests of pkt/parse.h: what is read, and how what cannot be read is refused. */
#include "lib/test.h"

#include <stdio.h>

#include "pkt/parse.h"
#include "wire/tcp.h"

static bool
parse(struct pkt_script *script, const char *text)
{
	*script = (struct pkt_script){ .name = "test" };
	return sp_pkt_parse(script, text, strlen(text), NULL);
}

/* The only event of a script; the script is freed by the next call. */
static const struct pkt_event *
event_of(const char *text)
{
	static struct pkt_script script;

	sp_pkt_script_free(&script);
	if (!parse(&script, text)) {
		print_message("# %s\n", script.error);
		test_fail(__FILE__, __LINE__, text);
	}
	return script.events;
}

static void
expect_error(const char *text, int line)
{
	struct pkt_script script;

	EXPECT(!parse(&script, text));
	EXPECT_EQ(script.error_line, line);
	EXPECT(script.error[0] != '\0');
	sp_pkt_script_free(&script);
}

static void
expect_when(const char *time, const struct pkt_when *want)
{
	char text[100];
	struct pkt_when when;

	(void)snprintf(text, sizeof(text), "%s close(3) = 0", time);
	when = event_of(text)->when;
	EXPECT_EQ(when.any, want->any);
	EXPECT_EQ(when.relative, want->relative);
	EXPECT_EQ(when.first_ns, want->first_ns);
	EXPECT_EQ(when.last_ns, want->last_ns);
	EXPECT_EQ(when.blocks, want->blocks);
	EXPECT_EQ(when.until_ns, want->until_ns);
}

TEST(all_forms_of_time)
{
	expect_when("0.5", &(struct pkt_when){ .first_ns = 500000000, .last_ns = 500000000 });
	expect_when("+.1", &(struct pkt_when){ .relative = true, .first_ns = 100000000,
		.last_ns = 100000000 });
	expect_when("*", &(struct pkt_when){ .any = true });
	expect_when("1~1.5", &(struct pkt_when){ .first_ns = 1000000000, .last_ns = 1500000000 });
	expect_when("+0~+.2", &(struct pkt_when){ .relative = true, .last_ns = 200000000 });
	expect_when("0...0.2", &(struct pkt_when){ .blocks = true, .until_ns = 200000000 });
	expect_when("+.1...+.2", &(struct pkt_when){ .relative = true, .first_ns = 100000000,
		.last_ns = 100000000, .blocks = true, .until_ns = 200000000 });
	expect_when("+.1...0.2", &(struct pkt_when){ .relative = true, .first_ns = 100000000,
		.last_ns = 100000000, .blocks = true, .until_ns = 200000000 });
}

TEST(segment_with_everything)
{
	const struct pkt_packet *k = event_of("0 < [ce] (ttl 5) 8080 > 5555 FPWEA.U 1:1001(1000) "
	    "ack 7 win 9 urg 3 <mss 1460,nop,sackOK,wscale 7>")->packet;

	EXPECT(!k->out);
	EXPECT_EQ(k->ecn_mask, 8);
	EXPECT(k->has_ttl && k->ttl == 5);
	EXPECT(k->has_ports && k->src_port == 8080 && k->dst_port == 5555);
	EXPECT_EQ(k->tcp.flags, TCP_FIN | TCP_PSH | TCP_CWR | TCP_ECE | TCP_ACK | TCP_URG);
	EXPECT(k->tcp.ae);
	EXPECT_EQ(k->tcp.seq.n, 1);
	EXPECT_EQ(k->tcp.len, 1000);
	EXPECT_EQ(k->tcp.ack.n, 7);
	EXPECT_EQ(k->tcp.wnd, 9);
	EXPECT_EQ(k->tcp.urg, 3);
	EXPECT_EQ(k->tcp.opts->kind, PKT_OPT_MSS);
	EXPECT_EQ(k->tcp.opts->next->next->next->a.n, 7);
}

TEST(flags_without_letters)
{
	EXPECT_EQ(event_of("0 > - 1:1(0)")->packet->tcp.flags, 0);
	EXPECT_EQ(event_of("0 > .5 1:1(0) ack 1")->packet->tcp.flags, TCP_ACK | TCP_ECE);
	EXPECT(event_of("0 > .5 1:1(0) ack 1")->packet->tcp.ae);
}

TEST(option_lists)
{
	const struct pkt_tcp_spec *tcp = &event_of("0 > . 1:1(0) ack 1 <...>")->packet->tcp;

	EXPECT_EQ(tcp->opts_mode, PKT_OPTS_ANY);
	EXPECT_EQ(event_of("0 > . 1:1(0) ack 1")->packet->tcp.opts_mode, PKT_OPTS_NONE);
	tcp = &event_of("0 > . 1:1(0) ack 1 <TS val 5 ecr! 6,sack 1:2 3:4>")->packet->tcp;
	EXPECT_EQ(tcp->opts->a.n, 5);
	EXPECT(tcp->opts->b.absolute);
	EXPECT_EQ(tcp->opts->next->count, 2);
	EXPECT_EQ(tcp->opts->next->right[1].n, 4);
	tcp = &event_of("0 > . 1:1(0) <FO 0123456789012345678901ab,exp-FO>")->packet->tcp;
	EXPECT_EQ(tcp->opts->count, 12);
	EXPECT_EQ(tcp->opts->bytes[11], 0xab);
	EXPECT_EQ(tcp->opts->next->kind, PKT_OPT_FOEXP);
	tcp = &event_of("0 > . 1:1(0) <ECN e1b 1 ceb 2 e0b 3>")->packet->tcp;
	EXPECT_EQ(tcp->opts->ecn[1], 2);
	EXPECT_EQ(tcp->opts->ecn_name[0], '1');
}

TEST(what_is_not_known_is_lacking_not_wrong)
{
	EXPECT_STR(event_of("0 > . 1:1(0) ack 1 <mptcp foo 7,nop>")->lacks, "option:mptcp");
	EXPECT_STR(event_of("0 > sctp: INIT[flgs=0]\n1 close(3) = 0")->lacks, "packet:sctp");
	EXPECT(event_of("0 > sctp: INIT[flgs=0]\n1 close(3) = 0")->next != NULL);
	EXPECT_STR(event_of("0 > (flowlabel 5) . 1:1(0) ack 1")->lacks, "ip:flowlabel");
}

TEST(arguments_of_calls)
{
	const struct pkt_call *c = event_of("0 f(..., 1|SOCK_NONBLOCK, \"a\\x41\\n\", [-1, 2], "
	    "{a=1, b(2)=[{..., 3}]}, htons(80)) = -1 EAGAIN (Resource (really))")->call;
	const struct pkt_expr *e = c->args;

	EXPECT_EQ(c->arg_count, 6);
	EXPECT_EQ(e->kind, PKT_EXPR_ANY);
	EXPECT_EQ(e->next->n, 1 | 04000);
	EXPECT_EQ(e->next->next->len, 3);
	EXPECT_STR(e->next->next->text, "aA\n");
	EXPECT_EQ(e->next->next->next->items->n, -1);
	EXPECT_STR(e->next->next->next->next->items->next->field, "b");
	EXPECT_EQ(c->result->n, -1);
	EXPECT_STR(c->error, "EAGAIN");
}

TEST(options_in_both_styles)
{
	struct pkt_script s;

	EXPECT(parse(&s, "--mss=1000\n--ip_version ipv6 -D A=1\n-DB=2\n0 close(3) = 0"));
	EXPECT_STR(s.options->name, "mss");
	EXPECT_STR(s.options->value, "1000");
	EXPECT_STR(s.options->next->value, "ipv6");
	EXPECT_STR(s.options->next->next->value, "A=1");
	EXPECT_STR(s.options->next->next->next->value, "B=2");
	sp_pkt_script_free(&s);
}

TEST(commands_before_the_first_event)
{
	struct pkt_script s;

	EXPECT(parse(&s, "`a`\n`b`\n0 `c`\n+0 %{ assert 1 }%\n"));
	EXPECT_STR(s.init->text, "a");
	EXPECT_STR(s.init->next->text, "b");
	EXPECT_STR(s.events->text, "c");
	EXPECT_EQ(s.events->next->kind, PKT_EVENT_CODE);
	sp_pkt_script_free(&s);
}

TEST(malformed_scripts_are_refused_with_a_line)
{
	expect_error("", 1);
	expect_error("0 > . 1:5(3) ack 1", 1);
	expect_error("\n0 > 1:1(0)", 2);
	expect_error("0 > . 1:1(0) ack", 1);
	expect_error("0 > . 1:1(0) ack 1 <mss>", 1);
	expect_error("0 > . 1:1(0) ack 1 <nop", 1);
	expect_error("0 > . 1:1(0) win 70000", 1);
	expect_error("0 close(3", 1);
	expect_error("0 close(3)", 1);
	expect_error("0 close(3) = ", 1);
	expect_error("0 close(3) = -1 EBADF (no end", 1);
	expect_error("0 close([[[[[[[[[[[[[[[[[[[[[[[3]]]]]]]]]]]]]]]]]]]]]]]) = 0", 1);
	expect_error("1~0.5 close(3) = 0", 1);
	expect_error("1...0.5 close(3) = 0", 1);
	expect_error("close(3) = 0", 1);
	expect_error("0 < icmp", 1);
	expect_error("0 > . 1:1(0) ack 1 <sack 1:2 1:2 1:2 1:2 1:2>", 1);
	expect_error("0 `abc", 1);
	expect_error("0 > /* no end", 1);
	expect_error("0 > . 1:1(0) ack 1 <FO /* no end", 1);
	expect_error("#else\n0 close(3) = 0", 1);
}
