/*
 * plot.h - a simulation as a picture: goodput, sequence numbers, window, round
 * trip and queue over one axis of time.
 *
 * gnuplot draws: docs/decisions/0012-simulator.md.
 */
#ifndef SAMPAN_SIM_PLOT_H
#define SAMPAN_SIM_PLOT_H

#include <stdio.h>

#include "sim/sim.h"

/* What gnuplot is to draw, data included, as SVG on its standard output. */
void sp_sim_plot_script(const struct sampan_sim *sim, const char *title, FILE *to);

/* Has gnuplot write the picture to a file.  -1 with a line in why: ENOENT: there
 * is no gnuplot; else as open() and fork(); EIO: gnuplot failed. */
int sp_sim_plot(const struct sampan_sim *sim, const char *title, const char *path,
    const struct sp_why *why);

#endif
