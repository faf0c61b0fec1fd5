/*
 * run.h - one script against one world.
 *
 * run.c: events in their order and time.  expect.c: packets.  call.c and
 * call_*.c: system calls on labels (fd.h).  shell.c: commands.  code.c:
 * assertions.  The first verdict but PASS ends the run.
 */
#ifndef SAMPAN_PKT_RUN_H
#define SAMPAN_PKT_RUN_H

#include "pkt/config.h"
#include "pkt/conn.h"
#include "pkt/script.h"
#include "pkt/world.h"

enum pkt_verdict {
	PKT_PASS, PKT_FAIL, PKT_SKIP, PKT_PARSE,
};

#define PKT_WHY_MAX 1200
#define PKT_COUNTERS 20	/* that nstat shows (counter.c) */

struct pkt_attempt;
struct pkt_fd;

struct pkt_run {
	const struct pkt_script *script;
	struct pkt_config config;
	struct pkt_world *w;
	struct pkt_pool pool;
	const struct pkt_event *event;	/* the one that is being done */
	int64_t base_ns;		/* what + is relative to */
	int64_t first_ns, last_ns;	/* when event is due */
	int64_t slack_ns;		/* tolerance of event */
	struct pkt_conn *conns;
	struct pkt_conn *current;	/* packets without ports belong to it; NULL: the next one */
	uint16_t next_remote_port;
	uint16_t listen_port;		/* where a SYN or datagram without ports goes */
	struct pkt_fd *fds;		/* newest first, closed ones too */
	struct pkt_fd *subject;		/* what assertions ask about */
	struct pkt_attempt *parked;	/* a call that blocks */
	struct pkt_value *names;	/* variables of assertions */
	int64_t counted[PKT_COUNTERS];	/* when nstat was last run */
	bool defaults;			/* settings are wishes: those not known do not matter */
	enum pkt_verdict verdict;
	int line;
	char why[PKT_WHY_MAX];
};

struct pkt_result {
	enum pkt_verdict verdict;
	int line;
	char why[PKT_WHY_MAX];
};

/* Runs a parsed script. */
void sp_pkt_run(const struct pkt_script *script, const struct pkt_config *config,
    struct pkt_result *result);

/* ---- For the files that do the events ---- */

/* The first one counts. */
__attribute__((format(printf, 2, 3)))
void sp_pkt_fail(struct pkt_run *r, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void sp_pkt_skip(struct pkt_run *r, const char *format, ...);

/* Lets time go on to at_ns and does what is due on the way. */
void sp_pkt_reach(struct pkt_run *r, int64_t at_ns);

/* One step towards at_ns; false when there. */
bool sp_pkt_step(struct pkt_run *r, int64_t at_ns);

/* The tolerance around a time whose script interval is interval_ns. */
int64_t sp_pkt_slack(const struct pkt_run *r, int64_t interval_ns);

/* < and > */
void sp_pkt_inject(struct pkt_run *r, const struct pkt_packet *k);
void sp_pkt_expect(struct pkt_run *r, const struct pkt_packet *k);
/* At the end: what came out and was not expected. */
void sp_pkt_expect_quiet(struct pkt_run *r);

/* The connection with these ports, made if it is not there. */
struct pkt_conn *sp_pkt_conn_get(struct pkt_run *r, enum pkt_proto proto, uint16_t local_port,
    uint16_t remote_port);

void sp_pkt_do_call(struct pkt_run *r, const struct pkt_event *event);
/* Tries a parked call again. */
void sp_pkt_call_again(struct pkt_run *r);
/* Waits for a parked call to end. */
void sp_pkt_call_await(struct pkt_run *r);

void sp_pkt_do_shell(struct pkt_run *r, const struct pkt_event *event);
void sp_pkt_do_code(struct pkt_run *r, const struct pkt_event *event);

#endif
