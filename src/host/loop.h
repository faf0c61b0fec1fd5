/*
 * loop.h - what the control socket knows of the loop beyond host.h.
 */
#ifndef SAMPAN_HOST_LOOP_H
#define SAMPAN_HOST_LOOP_H

#include <sampan/host.h>

/* The number of this turn: work that is rationed by turn starts anew when it
 * changes. */
uint64_t sp_loop_turn_number(const struct sampan_loop *loop);

#endif
