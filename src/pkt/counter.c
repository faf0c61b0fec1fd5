/*
 * counter.c - counters as nstat shows them.
 *
 * Only those that count the same things in Linux and here.
 */
#include "pkt/counter.h"

#include <string.h>

static const struct {
	const char *linux_name, *name;
} counters[PKT_COUNTERS] = {
	{ "TcpInSegs", "TcpInSegs" }, { "TcpOutSegs", "TcpOutSegs" },
	{ "TcpRetransSegs", "TcpRetransSegs" }, { "TcpOutRsts", "TcpOutRsts" },
	{ "TcpActiveOpens", "TcpActiveOpens" }, { "TcpAttemptFails", "TcpAttemptFails" },
	{ "TcpEstabResets", "TcpEstabResets" }, { "TcpInErrs", "TcpInErrs" },
	{ "TcpInCsumErrors", "TcpInCsumErrors" }, { "TcpExtTCPTimeouts", "TCPTimeouts" },
	{ "TcpExtTCPWinProbe", "TCPWinProbe" }, { "TcpExtTCPKeepAlive", "TCPKeepAlive" },
	{ "TcpExtTCPChallengeACK", "TCPChallengeACK" },
	{ "TcpExtTCPSYNChallenge", "TCPSYNChallenge" }, { "TcpExtDelayedACKs", "DelayedACKs" },
	{ "TcpExtListenOverflows", "ListenOverflows" }, { "TcpExtPAWSEstab", "PAWSEstab" },
	{ "TcpExtTW", "TW" }, { "TcpExtTCPTimeWaitOverflow", "TCPTimeWaitOverflow" },
	{ "TcpExtOutOfWindowIcmps", "OutOfWindowIcmps" },
};

void
sp_pkt_counters_reset(struct pkt_run *r)
{
	for (unsigned i = 0; i < PKT_COUNTERS; i++) {
		if (r->w->ops->counter(r->w, counters[i].name, &r->counted[i]) != 0)
			r->counted[i] = 0;
	}
}

bool
sp_pkt_counter(struct pkt_run *r, const char *name, int64_t *count)
{
	for (unsigned i = 0; i < PKT_COUNTERS; i++) {
		if (strcmp(counters[i].linux_name, name) != 0 &&
		    strcmp(counters[i].name, name) != 0)
			continue;
		if (r->w->ops->counter(r->w, counters[i].name, count) != 0)
			return false;
		*count -= r->counted[i];
		return true;
	}
	return false;
}
