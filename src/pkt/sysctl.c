/*
 * sysctl.c - settings by Linux's and FreeBSD's names.
 */
#include "pkt/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 160

struct pair {
	const char *name, *value;
};

/* What defaults.sh sets: Linux as its packet scripts expect it. */
static const struct pair defaults[] = {
	{ "net.ipv4.tcp_rmem", "4096 540000 15728640" },
	{ "net.ipv4.tcp_wmem", "4096 262144 4194304" },
	{ "net.ipv4.tcp_timestamps", "1" },
	{ "net.ipv4.tcp_syn_retries", "5" },
	{ "net.ipv4.tcp_synack_retries", "5" },
	{ "net.ipv4.tcp_frto", "2" },
	{ "net.ipv4.tcp_sack", "1" },
	{ "net.ipv4.tcp_dsack", "1" },
	{ "net.ipv4.tcp_fack", "0" },
	{ "net.ipv4.tcp_reordering", "3" },
	{ "net.ipv4.tcp_congestion_control", "cubic" },
	{ "net.ipv4.tcp_slow_start_after_idle", "0" },
	{ "net.ipv4.tcp_early_retrans", "4" },
	{ "net.ipv4.tcp_recovery", "1" },
	{ "net.ipv4.tcp_ecn", "0" },
	{ "net.ipv4.tcp_pacing_ss_ratio", "200" },
	{ "net.ipv4.tcp_pacing_ca_ratio", "120" },
	{ "net.ipv4.tcp_notsent_lowat", "4294967295" },
	{ "net.ipv4.tcp_fastopen", "3" },
	{ "net.ipv4.tcp_syncookies", "1" },
};

/* What a world without the setting does anyway, as Linux out of the box. */
static const struct pair usual[] = {
	{ "net.ipv4.tcp_sack", "1" }, { "net.ipv4.tcp_dsack", "1" }, { "net.ipv4.tcp_fack", "0" },
	{ "net.ipv4.tcp_frto", "2" }, { "net.ipv4.tcp_reordering", "3" },
	{ "net.ipv4.tcp_early_retrans", "3" }, { "net.ipv4.tcp_early_retrans", "4" },
	{ "net.ipv4.tcp_recovery", "1" }, { "net.ipv4.tcp_ecn", "2" }, { "net.ipv4.tcp_ecn", "0" },
	{ "net.ipv4.tcp_pacing_ss_ratio", "200" }, { "net.ipv4.tcp_pacing_ca_ratio", "120" },
	{ "net.ipv4.tcp_notsent_lowat", "4294967295" }, { "net.ipv4.tcp_fastopen", "1" },
	{ "net.ipv4.tcp_syncookies", "1" }, { "net.ipv4.tcp_window_scaling", "1" },
	{ "net.ipv4.tcp_timestamps", "1" }, { "net.ipv4.tcp_no_metrics_save", "1" },
	{ "net.ipv4.tcp_no_metrics_save", "0" }, { "net.ipv4.tcp_mtu_probing", "0" },
	{ "net.ipv4.tcp_moderate_rcvbuf", "1" }, { "net.ipv4.tcp_thin_linear_timeouts", "0" },
	{ "net.ipv4.tcp_slow_start_after_idle", "1" }, { "net.ipv4.tcp_tso_win_divisor", "3" },
	{ "net.ipv4.tcp_adv_win_scale", "1" }, { "net.ipv4.tcp_app_win", "31" },
	{ "net.ipv4.tcp_base_mss", "1024" }, { "net.ipv4.tcp_rfc1337", "0" },
	{ "net.ipv4.tcp_tw_reuse", "2" }, { "net.ipv4.tcp_retrans_collapse", "1" },
	{ "net.ipv4.tcp_stdurg", "0" }, { "net.ipv4.tcp_abort_on_overflow", "0" },
	{ "net.ipv4.tcp_keepalive_time", "7200" }, { "net.ipv4.tcp_keepalive_intvl", "75" },
	{ "net.ipv4.tcp_keepalive_probes", "9" }, { "net.ipv4.tcp_invalid_ratelimit", "500" },
	{ "net.ipv4.tcp_ecn_fallback", "1" }, { "net.ipv4.tcp_shrink_window", "0" },
	{ "net.ipv4.ip_no_pmtu_disc", "0" }, { "net.ipv4.icmp_ratelimit", "1000" },
};

/* FreeBSD: onto Linux's name, the value divided; or the value that is fine
 * because the world does that anyway. */
static const struct {
	const char *name, *linux_name;
	int64_t divisor;
	const char *fine;
} freebsd[] = {
	{ "sack.enable", "net.ipv4.tcp_sack", 1, NULL },
	{ "recvspace", "net.ipv4.tcp_rmem_default", 1, NULL },
	{ "sendspace", "net.ipv4.tcp_wmem_default", 1, NULL },
	{ "ecn.enable", "net.ipv4.tcp_ecn", 1, NULL },
	{ "msl", "net.inet.tcp.msl", 1, NULL },
	{ "keepidle", "net.ipv4.tcp_keepalive_time", 1000, NULL },
	{ "keepintvl", "net.ipv4.tcp_keepalive_intvl", 1000, NULL },
	{ "keepcnt", "net.ipv4.tcp_keepalive_probes", 1, NULL },
	{ "syncookies", "net.ipv4.tcp_syncookies", 1, NULL },
	{ "finwait2_timeout", "net.ipv4.tcp_fin_timeout", 1000, NULL },
	{ "insecure_rst", NULL, 0, "0" },
	{ "insecure_syn", NULL, 0, "0" },
	{ "insecure_ack", NULL, 0, "0" },
	{ "drop_synfin", NULL, 0, "1" },
	{ "icmp_may_rst", NULL, 0, "1" },
	{ "always_keepalive", NULL, 0, "0" },
	{ "delayed_ack", NULL, 0, "1" },
	{ "delacktime", NULL, 0, "40" },
	{ "rexmit_initial", NULL, 0, "1000" },
	{ "rexmit_min", "net.ipv4.tcp_rto_min_ms", 1, NULL },
	{ "initcwnd_segments", NULL, 0, "10" },
	{ "rfc3042", NULL, 0, "1" },
	{ "rfc3390", NULL, 0, "1" },
	{ "path_mtu_discovery", NULL, 0, "1" },
	{ "blackhole", NULL, 0, "0" },
	{ "functions_default", NULL, 0, "freebsd" },
	{ "sendbuf_auto", NULL, 0, "1" },
	{ "recvbuf_auto", NULL, 0, "1" },
	{ "tolerate_missing_ts", NULL, 0, "0" },
	{ "fastopen.server_enable", NULL, 0, "0" },
	{ "fastopen.client_enable", NULL, 0, "0" },
	{ "nolocaltimewait", NULL, 0, "0" },
	{ "fast_finwait2_recycle", NULL, 0, "0" },
	{ "hostcache.enable", NULL, 0, "0" },
	{ "hostcache.purgenow", NULL, 0, "1" },
	{ "ts_offset_per_conn", NULL, 0, "1" },
	{ "syncookies_only", NULL, 0, "0" },
	{ "tso", NULL, 0, "0" },
	{ "cc.algorithm", "net.ipv4.tcp_congestion_control", 0, NULL },
};

static bool
is_usual(const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strcmp(usual[i].name, name) == 0 && strcmp(usual[i].value, value) == 0)
			return true;
	}
	return false;
}

static void
skip_setting(struct pkt_run *r, const char *name, const char *value)
{
	if (!r->defaults)
		sp_pkt_skip(r, "sysctl:%s=%s", name, value);
}

static void
set_one(struct pkt_run *r, const char *name, const char *value)
{
	const int64_t error = r->w->ops->setting(r->w, name, value);

	if (error != 0 && !is_usual(name, value))
		skip_setting(r, name, value);
}

/* MIN DEFAULT MAX: the default is the one that matters in a script; the
 * greatest one decides the window scale and is set where that is possible. */
static void
set_triple(struct pkt_run *r, const char *name, const char *value)
{
	static const char *const ends[] = { "_min", "_default", "_max" };
	char full[VALUE_MAX + 16], text[VALUE_MAX];

	if (r->w->ops->setting(r->w, name, value) == 0)
		return;
	for (unsigned i = 0; i < 3; i++) {
		const size_t n = strcspn(value, " \t");

		(void)snprintf(full, sizeof(full), "%s%s", name, ends[i]);
		(void)snprintf(text, sizeof(text), "%.*s", (int)n, value);
		if (n == 0 || (r->w->ops->setting(r->w, full, text) != 0 && i == 1))
			skip_setting(r, name, value);
		value += n;
		value += strspn(value, " \t");
	}
}

static void
set_freebsd(struct pkt_run *r, const char *name, const char *value)
{
	const char *const tail = name + strlen("net.inet.tcp.");
	char text[VALUE_MAX];

	for (size_t i = 0; i < sizeof(freebsd) / sizeof(freebsd[0]); i++) {
		if (strcmp(freebsd[i].name, tail) != 0)
			continue;
		if (freebsd[i].fine != NULL && strcmp(freebsd[i].fine, value) == 0)
			return;
		if (freebsd[i].linux_name == NULL)
			break;
		(void)snprintf(text, sizeof(text), "%s",
		    strcmp(value, "newreno") == 0 ? "reno" : value);
		if (freebsd[i].divisor > 1)
			(void)snprintf(text, sizeof(text), "%lld",
			    strtoll(value, NULL, 10) / (long long)freebsd[i].divisor);
		set_one(r, freebsd[i].linux_name, text);
		return;
	}
	skip_setting(r, name, value);
}

/* net/ipv4/x is net.ipv4.x. */
void
sp_pkt_sysctl(struct pkt_run *r, const char *name, const char *value)
{
	char dotted[VALUE_MAX];

	(void)snprintf(dotted, sizeof(dotted), "%s", name);
	for (char *p = dotted; *p != '\0'; p++) {
		if (*p == '/')
			*p = '.';
	}
	if (strncmp(dotted, "net.inet.tcp.", 13) == 0)
		set_freebsd(r, dotted, value);
	else if (strncmp(dotted, "kern.", 5) == 0)
		return;		/* limits of the machine */
	else if (strpbrk(value, " \t") != NULL && strstr(dotted, "mem") != NULL)
		set_triple(r, dotted, value);
	else
		set_one(r, dotted, value);
}

void
sp_pkt_sysctl_defaults(struct pkt_run *r)
{
	r->defaults = true;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		sp_pkt_sysctl(r, defaults[i].name, defaults[i].value);
	r->defaults = false;
}
