/*
 * damage.h - turns one bit of a frame, always one that a checksum covers.
 */
#ifndef SAMPAN_LINK_DAMAGE_H
#define SAMPAN_LINK_DAMAGE_H

#include <stdbool.h>

#include "base/rng.h"

/* False: the frame has no such bit, and is left alone. */
bool sp_damage(uint8_t *bytes, uint32_t len, struct sp_rng *rng);

#endif
