/*
 * serve_emulate.h - `sampan serve --emulate`: what the bad line did, said at
 * the end.
 */
#ifndef SAMPAN_CMD_SERVE_EMULATE_H
#define SAMPAN_CMD_SERVE_EMULATE_H

#include <sampan/host.h>

/* One line for each direction on stdout; nothing for a link without an
 * emulator. */
void sp_serve_emulate_report(const struct sampan_link *link);

#endif
