/*
 * ss_print.h - rows of the request "ss" as ss(8) prints them.
 */
#ifndef SAMPAN_CMD_SS_PRINT_H
#define SAMPAN_CMD_SS_PRINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

struct ss_print {
	bool info;	/* a second line */
	bool timer;
};

void sp_ss_print_header(const struct ss_print *p, FILE *to);
void sp_ss_print_row(const struct ss_print *p, const cJSON *row, FILE *to);
void sp_ss_print_summary(const cJSON *row, FILE *to);

#endif
