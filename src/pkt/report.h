/*
 * report.h - one verdict a script, on standard output.
 */
#ifndef SAMPAN_PKT_REPORT_H
#define SAMPAN_PKT_REPORT_H

#include "pkt/run.h"

struct pkt_count {
	unsigned passed, failed, skipped;
};

/* Reads and runs a file as configured, prints its verdict and counts it. */
void sp_pkt_report_file(const char *path, const struct pkt_config *config,
    struct pkt_count *count);

/* The whole file in memory with a zero behind it, to be freed; NULL: errno. */
char *sp_pkt_read_file(const char *path, size_t *len);

const char *sp_pkt_profile_name(enum pkt_profile profile);

#endif
