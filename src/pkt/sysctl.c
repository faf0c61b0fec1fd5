/*
 * sysctl.c - settings by Linux's and FreeBSD's names.
 */
#include "pkt/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 160
#define LIMIT 1000000000000

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

/* Values that change nothing: the world does that anyway, or has nothing that
 * the setting would act on.  NULL: any value.  A name that ends in a point
 * stands for all that begin so. */
static const struct pair usual[] = {
	/* As Linux out of the box. */
	{ "net.ipv4.tcp_sack", "1" }, { "net.ipv4.tcp_dsack", "1" },
	{ "net.ipv4.tcp_reordering", "3" }, { "net.ipv4.tcp_max_reordering", "300" },
	{ "net.ipv4.tcp_recovery", "1" },
	{ "net.ipv4.tcp_frto", "2" }, { "net.ipv4.tcp_notsent_lowat", "4294967295" },
	{ "net.ipv4.tcp_syncookies", "1" }, { "net.ipv4.tcp_window_scaling", "1" },
	{ "net.ipv4.tcp_timestamps", "1" }, { "net.ipv4.tcp_mtu_probing", "0" },
	{ "net.ipv4.tcp_moderate_rcvbuf", "1" }, { "net.ipv4.tcp_thin_linear_timeouts", "0" },
	{ "net.ipv4.tcp_tso_win_divisor", "3" },
	{ "net.ipv4.tcp_adv_win_scale", "1" }, { "net.ipv4.tcp_app_win", "31" },
	{ "net.ipv4.tcp_rfc1337", "0" }, { "net.ipv4.tcp_tw_reuse", "2" },
	{ "net.ipv4.tcp_retrans_collapse", "1" }, { "net.ipv4.tcp_stdurg", "0" },
	{ "net.ipv4.tcp_keepalive_time", "7200" },
	{ "net.ipv4.tcp_keepalive_intvl", "75" }, { "net.ipv4.tcp_keepalive_probes", "9" },
	{ "net.ipv4.tcp_ecn_fallback", "1" },
	{ "net.ipv4.tcp_shrink_window", "0" }, { "net.ipv4.tcp_min_snd_mss", "48" },
	{ "net.ipv4.ip_no_pmtu_disc", "0" }, { "net.ipv4.tcp_reflect_tos", "0" },
	{ "net.ipv4.tcp_migrate_req", "0" }, { "net.ipv4.tcp_plb_enabled", "0" },
	{ "net.ipv4.tcp_l3mdev_accept", "0" }, { "net.ipv4.tcp_tw_recycle", "0" },
	{ "net.ipv4.tcp_workaround_signed_windows", "0" }, { "net.ipv4.tcp_retries1", "3" },
	{ "net.ipv4.tcp_retries2", "15" }, { "net.ipv4.tcp_fin_timeout", "60" },
	{ "net.ipv4.tcp_congestion_control", "reno" },
	/* As this stack differs from it: one second between SYNs is doubled, and
	 * selective acknowledgements are not held back. */
	{ "net.ipv4.tcp_syn_linear_timeouts", "0" }, { "net.ipv4.tcp_comp_sack_nr", "0" },
	{ "net.ipv4.tcp_comp_sack_delay_ns", "0" },
	/* Gone from Linux, or nothing there to act on: a fresh world has no cached
	 * metrics, no pacing without fq, no memory of fast open and no probing;
	 * sizes of bursts below IP do not matter where segments are compared. */
	{ "net.ipv4.tcp_fack", NULL }, { "net.ipv4.tcp_low_latency", NULL },
	{ "net.ipv4.tcp_thin_dupack", NULL }, { "net.ipv4.tcp_dma_copybreak", NULL },
	{ "net.ipv4.tcp_max_ssthresh", NULL }, { "net.ipv4.tcp_cookie_size", NULL },
	{ "net.ipv4.tcp_no_metrics_save", NULL }, { "net.ipv4.tcp_no_ssthresh_metrics_save", NULL },
	{ "net.ipv4.tcp_pacing_ss_ratio", NULL }, { "net.ipv4.tcp_pacing_ca_ratio", NULL },
	{ "net.ipv4.tcp_fastopen", NULL }, { "net.ipv4.tcp_fastopen_key", NULL },
	{ "net.ipv4.tcp_fastopen_blackhole_timeout_sec", NULL },
	{ "net.ipv4.tcp_probe_interval", NULL }, { "net.ipv4.tcp_probe_threshold", NULL },
	{ "net.ipv4.tcp_base_mss", NULL }, { "net.ipv4.tcp_mtu_probe_floor", NULL },
	{ "net.ipv4.tcp_min_tso_segs", NULL }, { "net.ipv4.tcp_tso_rtt_log", NULL },
	{ "net.ipv4.tcp_autocorking", NULL }, { "net.ipv4.tcp_limit_output_bytes", NULL },
	{ "net.ipv4.tcp_backlog_ack_defer", NULL }, { "net.ipv4.tcp_max_orphans", NULL },
	{ "net.ipv4.tcp_comp_sack_slack_ns", NULL }, { "net.ipv4.tcp_mem", NULL },
	{ "net.ipv4.tcp_challenge_ack_limit", NULL }, { "net.ipv4.tcp_available_ulp", NULL },
	{ "net.ipv4.icmp_ratelimit", NULL }, { "net.ipv4.icmp_ratemask", NULL },
	{ "net.ipv4.icmp_msgs_per_sec", NULL }, { "net.ipv4.icmp_msgs_burst", NULL },
	{ "net.ipv4.ip_forward", NULL }, { "net.ipv4.ip_nonlocal_bind", NULL },
	{ "net.ipv4.ip_early_demux", NULL }, { "net.ipv4.tcp_early_demux", NULL },
	{ "net.ipv4.route.", NULL }, { "net.ipv4.conf.", NULL }, { "net.ipv6.conf.", NULL },
	{ "net.ipv6.route.", NULL }, { "net.core.", NULL }, { "net.netfilter.", NULL },
	{ "net.mptcp.enabled", "0" },
	{ "kernel.", NULL }, { "vm.", NULL }, { "fs.", NULL }, { "dev.", NULL },
};

/* FreeBSD: onto Linux's name, the value multiplied or divided; or the value
 * that is fine because the world does that anyway ("*": any). */
static const struct {
	const char *name, *linux_name;
	int64_t times, divisor;
	const char *fine;
} freebsd[] = {
	{ "sack.enable", "net.ipv4.tcp_sack", 1, 1, NULL },
	{ "recvspace", "net.ipv4.tcp_rmem_default", 1, 1, NULL },
	{ "sendspace", "net.ipv4.tcp_wmem_default", 1, 1, NULL },
	{ "recvbuf_max", "net.ipv4.tcp_rmem_max", 1, 1, NULL },
	{ "sendbuf_max", "net.ipv4.tcp_wmem_max", 1, 1, NULL },
	{ "recvbuf_auto", "net.ipv4.tcp_moderate_rcvbuf", 1, 1, NULL },
	{ "ecn.enable", "net.ipv4.tcp_ecn", 1, 1, NULL },
	{ "msl", "net.inet.tcp.msl", 1, 1, NULL },
	{ "keepidle", "net.ipv4.tcp_keepalive_time", 1, 1000, NULL },
	{ "keepintvl", "net.ipv4.tcp_keepalive_intvl", 1, 1000, NULL },
	{ "keepcnt", "net.ipv4.tcp_keepalive_probes", 1, 1, NULL },
	{ "syncookies", "net.ipv4.tcp_syncookies", 1, 1, NULL },
	{ "finwait2_timeout", "net.ipv4.tcp_fin_timeout", 1, 1000, NULL },
	{ "rexmit_min", "net.ipv4.tcp_rto_min_us", 1000, 1, NULL },
	{ "syncache.rexmtlimit", "net.ipv4.tcp_synack_retries", 1, 1, NULL },
	{ "cc.algorithm", "net.ipv4.tcp_congestion_control", 0, 0, NULL },
	{ "insecure_rst", NULL, 0, 0, "0" },
	{ "insecure_syn", NULL, 0, 0, "0" },
	{ "insecure_ack", NULL, 0, 0, "0" },
	{ "drop_synfin", NULL, 0, 0, "1" },
	{ "icmp_may_rst", NULL, 0, 0, "1" },
	{ "always_keepalive", NULL, 0, 0, "0" },
	{ "delayed_ack", NULL, 0, 0, "1" },
	{ "delacktime", NULL, 0, 0, "40" },
	{ "rexmit_initial", NULL, 0, 0, "1000" },
	{ "rexmit_slop", NULL, 0, 0, "0" },
	{ "rexmit_drop_options", NULL, 0, 0, "0" },
	{ "initcwnd_segments", NULL, 0, 0, "10" },
	{ "rfc3042", NULL, 0, 0, "1" },
	{ "rfc3390", NULL, 0, 0, "*" },		/* initcwnd_segments comes first */
	{ "do_prr", NULL, 0, 0, "1" },
	{ "sack.revised", NULL, 0, 0, "1" },
	{ "path_mtu_discovery", NULL, 0, 0, "1" },
	{ "pmtud_blackhole_detection", NULL, 0, 0, "0" },
	{ "blackhole", NULL, 0, 0, "0" },
	{ "functions_default", NULL, 0, 0, "freebsd" },
	{ "sendbuf_auto", NULL, 0, 0, "1" },
	{ "tolerate_missing_ts", NULL, 0, 0, "0" },
	{ "fastopen.server_enable", NULL, 0, 0, "0" },
	{ "fastopen.client_enable", NULL, 0, 0, "0" },
	{ "nolocaltimewait", NULL, 0, 0, "*" },
	{ "fast_finwait2_recycle", NULL, 0, 0, "0" },
	{ "hostcache.", NULL, 0, 0, "*" },
	{ "log_", NULL, 0, 0, "*" },
	{ "bb.", NULL, 0, 0, "*" },
	{ "lro.", NULL, 0, 0, "*" },
	{ "isn_reseed_interval", NULL, 0, 0, "*" },
	{ "per_cpu_timers", NULL, 0, 0, "*" },
	{ "ts_offset_per_conn", NULL, 0, 0, "1" },
	{ "syncookies_only", NULL, 0, 0, "0" },
	{ "udp_tunneling_port", NULL, 0, 0, "0" },
	{ "require_unique_port", NULL, 0, 0, "0" },
	{ "tso", NULL, 0, 0, "*" },
	{ "nodelay", NULL, 0, 0, "0" },
};

/* A name, or if it ends in a point or underscore, how names begin. */
static bool
fits_name(const char *pattern, const char *name)
{
	const size_t n = strlen(pattern);

	return pattern[n - 1] == '.' || pattern[n - 1] == '_' ? strncmp(pattern, name, n) == 0 :
	    strcmp(pattern, name) == 0;
}

static bool
is_usual(const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (fits_name(usual[i].name, name) &&
		    (usual[i].value == NULL || strcmp(usual[i].value, value) == 0))
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
		if (!fits_name(freebsd[i].name, tail))
			continue;
		if (freebsd[i].fine != NULL && (freebsd[i].fine[0] == '*' ||
		    strcmp(freebsd[i].fine, value) == 0))
			return;
		if (freebsd[i].linux_name == NULL)
			break;
		(void)snprintf(text, sizeof(text), "%s",
		    strcmp(value, "newreno") == 0 ? "reno" : value);
		if (freebsd[i].divisor > 0)
			(void)snprintf(text, sizeof(text), "%lld", strtoll(value, NULL, 10) %
			    LIMIT * (long long)freebsd[i].times / (long long)freebsd[i].divisor);
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
	else if (strncmp(dotted, "kern.", 5) == 0 ||
	    strncmp(dotted, "net.inet.icmp.icmplim", 21) == 0)
		return;		/* limits and clocks of the machine */
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
