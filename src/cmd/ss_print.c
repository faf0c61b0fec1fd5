/*
 * ss_print.c - see ss_print.h.
 */
#include "cmd/ss_print.h"

#include <string.h>

#include "cmd/ask.h"

/* Linux prints no slow-start threshold before there is one. */
#define NO_SSTHRESH 2147483647.0

enum how { PLAIN, NONZERO, MS, NOTHING };

/* What ss(8) calls a field and how it prints it; others are printed as they
 * are called. */
static const struct {
	const char *key, *label;
	enum how how;
} fields[] = {
	{ "state", "", NOTHING },
	{ "recv_queue_bytes", "", NOTHING },
	{ "send_queue_bytes", "", NOTHING },
	{ "local_port", "", NOTHING },
	{ "peer_port", "", NOTHING },
	{ "cwnd_bytes", "", NOTHING },		/* cwnd, mss, rtt and rto say it */
	{ "mss_bytes", "", NOTHING },
	{ "srtt_ns", "", NOTHING },
	{ "rto_ns", "", NOTHING },
	{ "timer_ns", "", NOTHING },
	{ "retries", "", NOTHING },
	{ "v6only", "v6only", PLAIN },
	{ "options", "", NOTHING },
	{ "snd_wscale", "", NOTHING },
	{ "rcv_wscale", "", NOTHING },
	{ "rtt_us", "", NOTHING },
	{ "rttvar_us", "", NOTHING },
	{ "snd_ssthresh_segs", "", NOTHING },
	{ "ca_state", "", NOTHING },
	{ "rto_us", "rto", MS },
	{ "ato_us", "ato", MS },
	{ "min_rtt_us", "minrtt", MS },
	{ "snd_mss_bytes", "mss", PLAIN },
	{ "pmtu_bytes", "pmtu", PLAIN },
	{ "rcv_mss_bytes", "rcvmss", PLAIN },
	{ "advmss_bytes", "advmss", PLAIN },
	{ "snd_cwnd_segs", "cwnd", PLAIN },
	{ "snd_wnd_bytes", "snd_wnd", PLAIN },
	{ "rcv_wnd_bytes", "rcv_wnd", PLAIN },
	{ "bytes_acked", "bytes_acked", PLAIN },
	{ "bytes_received", "bytes_received", PLAIN },
	{ "last_data_sent_ms", "lastsnd", PLAIN },
	{ "last_data_recv_ms", "lastrcv", PLAIN },
	{ "last_ack_recv_ms", "lastack", PLAIN },
	{ "rcv_ssthresh_bytes", "rcv_ssthresh", PLAIN },
	{ "delivery_rate_bytes_per_s", "delivery_rate_Bps", PLAIN },
	{ "pacing_rate_bytes_per_s", "pacing_rate_Bps", PLAIN },
	{ "busy_us", "busy", MS },
	{ "rwnd_limited_us", "rwnd_limited", MS },
	{ "sndbuf_limited_us", "sndbuf_limited", MS },
	{ "bytes_retrans", "bytes_retrans", NONZERO },
	{ "dsack_dups", "dsack_dups", NONZERO },
	{ "reord_seen", "reord_seen", NONZERO },
	{ "rcv_ooopack", "rcv_ooopack", NONZERO },
	{ "delivered_segs", "delivered", PLAIN },
	{ "notsent_bytes", "notsent", NONZERO },
	{ "retransmits", "retransmits", NONZERO },
	{ "probes", "probes", NONZERO },
	{ "backoff", "backoff", NONZERO },
	{ "unacked_segs", "unacked", NONZERO },
	{ "sacked_segs", "sacked", NONZERO },
	{ "lost_segs", "lost", NONZERO },
	{ "retrans_segs", "retrans", NONZERO },
	{ "total_retrans_segs", "total_retrans", NONZERO },
	{ "reordering_segs", "reordering", NONZERO },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static void
print_field(const cJSON *item, FILE *to)
{
	const double value = item->valuedouble;
	size_t i = 0;

	while (i < FIELDS && strcmp(fields[i].key, item->string) != 0)
		i++;
	if (i == FIELDS) {
		(void)fprintf(to, " %s:%.0f", item->string, value);
		return;
	}
	switch (fields[i].how) {
	case PLAIN:
		(void)fprintf(to, " %s:%.0f", fields[i].label, value);
		break;
	case NONZERO:
		if (value != 0)
			(void)fprintf(to, " %s:%.0f", fields[i].label, value);
		break;
	case MS:
		(void)fprintf(to, " %s:%.3g", fields[i].label, value / 1000);
		break;
	case NOTHING:
		break;
	}
}

/* What one word is made of several fields for. */
static void
print_joined(const cJSON *row, FILE *to)
{
	static const char *const ca_names[] = { "open", "disorder", "cwr", "recovery", "loss" };
	const unsigned options = (unsigned)sp_row_number_of(row, "options");
	const unsigned ca = (unsigned)sp_row_number_of(row, "ca_state");
	const double ssthresh = sp_row_number_of(row, "snd_ssthresh_segs");

	if (sp_row_has(row, "congestion"))
		(void)fprintf(to, " %s", sp_row_text_of(row, "congestion"));
	if (options & 1)
		(void)fprintf(to, " ts");
	if (options & 2)
		(void)fprintf(to, " sack");
	if (options & 8)
		(void)fprintf(to, " ecn");
	if (options & 4)
		(void)fprintf(to, " wscale:%.0f,%.0f", sp_row_number_of(row, "snd_wscale"),
		    sp_row_number_of(row, "rcv_wscale"));
	if (ca > 0 && ca < sizeof(ca_names) / sizeof(ca_names[0]))
		(void)fprintf(to, " %s", ca_names[ca]);
	if (sp_row_has(row, "rtt_us"))
		(void)fprintf(to, " rtt:%.3f/%.3f", sp_row_number_of(row, "rtt_us") / 1000,
		    sp_row_number_of(row, "rttvar_us") / 1000);
	if (ssthresh > 0 && ssthresh < NO_SSTHRESH)
		(void)fprintf(to, " ssthresh:%.0f", ssthresh);
}

static void
print_info(const cJSON *row, FILE *to)
{
	const cJSON *item;

	(void)fputc('\t', to);
	print_joined(row, to);
	for (item = row->child; item != NULL; item = item->next) {
		if (cJSON_IsNumber(item))
			print_field(item, to);
	}
	if (sp_row_has(row, "error"))
		(void)fprintf(to, " error:%s", sp_row_text_of(row, "error"));
	(void)fputc('\n', to);
}

/* ADDRESS:PORT as ss(8) writes it: IPv6 in brackets, any of both families, or none, as *. */
static void
format_end(char *text, size_t room, const cJSON *row, const char *key)
{
	const bool is_local = strcmp(key, "local") == 0;
	const char *addr = sp_row_text_of(row, key);
	const double port = sp_row_number_of(row, is_local ? "local_port" : "peer_port");
	const bool v6 = strchr(addr, ':') != NULL;
	const bool any = strcmp(addr, "::") == 0 && !(is_local && sp_row_has(row, "v6only"));
	char port_text[8] = "*";

	if (port > 0)
		(void)snprintf(port_text, sizeof(port_text), "%.0f", port);
	(void)snprintf(text, room, v6 && !any ? "[%s]:%s" : "%s:%s", any ? "*" : addr, port_text);
}

/* timer:(on,200ms,0), with the unit that ss(8) would take. */
static void
print_timer(const cJSON *row, FILE *to)
{
	const double ms = sp_row_number_of(row, "timer_ns") / 1e6;
	const double s = ms / 1000;

	if (!sp_row_has(row, "timer"))
		return;
	(void)fprintf(to, " timer:(%s,", sp_row_text_of(row, "timer"));
	if (s >= 60)
		(void)fprintf(to, "%.0fmin", s / 60);
	else if (s >= 1)
		(void)fprintf(to, "%.1fsec", s);
	else
		(void)fprintf(to, "%.0fms", ms);
	(void)fprintf(to, ",%.0f)", sp_row_number_of(row, "retries"));
}

void
sp_ss_print_header(const struct ss_print *p, FILE *to)
{
	(void)fprintf(to, "%-12s %-8s %-8s %-22s %s\n", "State", "Recv-Q", "Send-Q",
	    "Local Address:Port", p->timer ? "Peer Address:Port      Timer" :
	    "Peer Address:Port");
}

void
sp_ss_print_row(const struct ss_print *p, const cJSON *row, FILE *to)
{
	char local[80], peer[80];

	format_end(local, sizeof(local), row, "local");
	format_end(peer, sizeof(peer), row, "peer");
	(void)fprintf(to, "%-12s %-8.0f %-8.0f %-22s ", sp_row_text_of(row, "state"),
	    sp_row_number_of(row, "recv_queue_bytes"), sp_row_number_of(row, "send_queue_bytes"),
	    local);
	(void)fprintf(to, p->timer ? "%-21s" : "%s", peer);
	if (p->timer)
		print_timer(row, to);
	(void)fputc('\n', to);
	if (sp_row_number_of(row, "drops") > 0)
		(void)fprintf(to, "\t drops:%.0f\n", sp_row_number_of(row, "drops"));
	if (p->info && !sp_row_has(row, "drops") &&
	    strcmp(sp_row_text_of(row, "state"), "LISTEN") != 0)
		print_info(row, to);
}

void
sp_ss_print_summary(const cJSON *row, FILE *to)
{
	const cJSON *item;
	double all = 0;

	for (item = row->child; item != NULL; item = item->next)
		all += item->valuedouble;
	(void)fprintf(to, "Total: %.0f\n\n", all);
	for (item = row->child; item != NULL; item = item->next)
		(void)fprintf(to, "%-12s %.0f\n", item->string, item->valuedouble);
}
