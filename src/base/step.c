/* step.c - see step.h. */
#include "base/step.h"

#ifdef SP_CHECKS
_Thread_local uint64_t sp_steps;
#endif
