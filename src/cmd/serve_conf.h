/*
 * serve_conf.h - the settings that the command line of `sampan serve` asks
 * for: --conf first, then --set.
 */
#ifndef SAMPAN_CMD_SERVE_CONF_H
#define SAMPAN_CMD_SERVE_CONF_H

#include "cmd/serve_args.h"

/* 0, or the exit code after one line on stderr.  What is no setting here is
 * said in a line on stderr and does not count. */
int sp_serve_conf_apply(struct sampan *s, const struct serve_args *args);

#endif
