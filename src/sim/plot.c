/*
 * plot.c - see plot.h.
 */
#include "sim/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOODPUT_SAMPLES 10u	/* a rate is the mean over so many */
#define WIDTH 1000u
#define PANEL_HEIGHT 210u
#define LANES_DRAWN 8u

/* Colours that people tell apart who see few (Okabe and Ito). */
static const char *const colours[] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#8a8a00",
};
#define COLOURS (sizeof(colours) / sizeof(colours[0]))

struct plot {
	const struct sampan_sim *sim;
	const struct sp_sim_record *r;
	unsigned flows, lanes;
	unsigned drawn[LANES_DRAWN], n_drawn;	/* lanes */
	FILE *to;
};

/* ---- Data ---- */

static double
seconds(sampan_dur dur)
{
	return (double)dur / 1e9;
}

/* Mbit/s that the application read in the samples before this one. */
static double
goodput(const struct plot *p, size_t i, unsigned flow)
{
	const size_t from = i < GOODPUT_SAMPLES ? 0 : i - GOODPUT_SAMPLES;
	const uint64_t bytes = p->r->flow[i * p->flows + flow].read_bytes -
	    p->r->flow[from * p->flows + flow].read_bytes;
	const double dur = seconds(p->r->at_dur[i] - p->r->at_dur[from]);

	return dur > 0 ? (double)bytes * 8 / 1e6 / dur : 0;
}

/* A number, or a gap in the line. */
static void
put(const struct plot *p, bool is_known, double value)
{
	if (is_known)
		(void)fprintf(p->to, " %.6g", value);
	else
		(void)fputs(" NaN", p->to);
}

/* Columns of flow k: 2 + 5 k and on: goodput, sent, acknowledged, window, round trip. */
static void
put_flows(const struct plot *p)
{
	(void)fputs("$flows << EOD\n", p->to);
	for (size_t i = 0; i < p->r->samples; i++) {
		(void)fprintf(p->to, "%.6f", seconds(p->r->at_dur[i]));
		for (unsigned k = 0; k < p->flows; k++) {
			const struct sp_sim_flow_sample *s = &p->r->flow[i * p->flows + k];

			put(p, true, goodput(p, i, k));
			put(p, s->sent_bytes > 0, (double)s->sent_bytes / 1e6);
			put(p, s->sent_bytes > 0, (double)s->acked_bytes / 1e6);
			put(p, s->cwnd_bytes > 0, (double)s->cwnd_bytes / 1e3);
			put(p, s->rtt_dur > 0, (double)s->rtt_dur / 1e6);
		}
		(void)fputc('\n', p->to);
	}
	(void)fputs("EOD\n", p->to);
}

/* Columns of drawn lane k: 2 + 2 k and on: what waits, and 0 where frames were lost. */
static void
put_lanes(const struct plot *p)
{
	(void)fputs("$lanes << EOD\n", p->to);
	for (size_t i = 0; i < p->r->samples; i++) {
		(void)fprintf(p->to, "%.6f", seconds(p->r->at_dur[i]));
		for (unsigned k = 0; k < p->n_drawn; k++) {
			const size_t at = i * p->lanes + p->drawn[k];
			const struct sp_sim_lane_sample *s = &p->r->lane[at];
			const uint64_t before = i == 0 ? 0 : s[-(ptrdiff_t)p->lanes].drops;

			put(p, true, (double)s->waiting_bytes / 1e3);
			put(p, i > 0 && s->drops > before, 0);
		}
		(void)fputc('\n', p->to);
	}
	(void)fputs("EOD\n", p->to);
}

static void
put_agains(const struct plot *p)
{
	(void)fputs("$again << EOD\n-1 0\n", p->to);
	for (size_t i = 0; i < p->r->agains; i++)
		(void)fprintf(p->to, "%.6f %.6f\n", seconds(p->r->again[i].after_dur),
		    (double)p->r->again[i].at_bytes / 1e6);
	(void)fputs("EOD\n", p->to);
}

static uint64_t
most_waiting(const struct plot *p, unsigned lane)
{
	uint64_t most = 0;

	for (size_t i = 0; i < p->r->samples; i++) {
		const uint64_t bytes = p->r->lane[i * p->lanes + lane].waiting_bytes;

		most = bytes > most ? bytes : most;
	}
	return most;
}

static uint64_t
drops_in(const struct plot *p, unsigned lane)
{
	const struct sp_sim_lane_sample *s = &p->r->lane[lane];

	return p->r->samples == 0 ? 0 : s[(p->r->samples - 1) * p->lanes].drops - s[0].drops;
}

/* Those that lose something, or in which as much waits as in others. */
static void
choose_lanes(struct plot *p)
{
	uint64_t most = 0;

	for (unsigned k = 0; k < p->lanes; k++)
		most = most_waiting(p, k) > most ? most_waiting(p, k) : most;
	for (unsigned k = 0; k < p->lanes && p->n_drawn < LANES_DRAWN; k++) {
		if (drops_in(p, k) > 0 || most_waiting(p, k) > most / 10)
			p->drawn[p->n_drawn++] = k;
	}
}

/* ---- Panels ---- */

static void
begin_panel(const struct plot *p, unsigned number, unsigned panels, const char *label)
{
	const double height = 0.90 / panels, top = 0.95 - (double)number * height;

	(void)fprintf(p->to, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n"
	    "set ylabel '%s' offset 1,0\n", top - 0.012, top - height + 0.012, label);
	(void)fprintf(p->to, number + 1 == panels ? "set format x '%%g'\nset xlabel 'seconds'\n" :
	    "set format x ''\nunset xlabel\n");
}

/* A line of each flow, of that column of its own. */
static void
draw_flows(const struct plot *p, unsigned column, const char *sep)
{
	for (unsigned k = 0; k < p->flows; k++)
		(void)fprintf(p->to, "%s$flows using 1:%u with lines lw 1.6 lc rgb '%s' title '%s'",
		    k == 0 ? sep : ", ", 2 + 5 * k + column, colours[k % COLOURS],
		    p->sim->runs.run[k].flow->name);
}

static void
draw_sequence(const struct plot *p)
{
	(void)fputs("plot ", p->to);
	if (p->flows == 1)
		(void)fputs("$flows using 1:3 with lines lw 3 lc rgb '#c8dcec' title 'sent', ",
		    p->to);
	draw_flows(p, 2, "");
	if (p->r->agains > 0)
		(void)fputs(", $again using 1:2 with points pt 7 ps 0.25 lc rgb '#d00000' "
		    "title 'sent again'", p->to);
	(void)fputc('\n', p->to);
}

static void
draw_lanes(const struct plot *p)
{
	char name[SP_SIM_LANE_NAME_BYTES];
	bool any_lost = false;

	(void)fputs("plot ", p->to);
	for (unsigned k = 0; k < p->n_drawn; k++) {
		sp_sim_lane_name(p->sim, p->drawn[k], name);
		(void)fprintf(p->to, "%s$lanes using 1:%u with lines lw 1.3 lc rgb '%s' title '%s'",
		    k == 0 ? "" : ", ", 2 + 2 * k, colours[k % COLOURS], name);
	}
	for (unsigned k = 0; k < p->n_drawn; k++) {
		if (drops_in(p, p->drawn[k]) == 0)
			continue;
		(void)fprintf(p->to, ", $lanes using 1:%u with points pt 2 ps 0.4 lc rgb '#d00000' "
		    "title '%s'", 3 + 2 * k, any_lost ? "" : "lost");
		any_lost = true;
	}
	(void)fputc('\n', p->to);
}

void
sp_sim_plot_script(const struct sampan_sim *sim, const char *title, FILE *to)
{
	struct plot p = { .sim = sim, .r = &sim->record, .flows = sim->runs.n,
		.lanes = 2 * sim->scenario->links, .to = to };
	unsigned panels;

	choose_lanes(&p);
	panels = p.n_drawn > 0 ? 5 : 4;
	put_flows(&p);
	put_lanes(&p);
	put_agains(&p);
	(void)fprintf(to, "set terminal svg noenhanced size %u,%u font 'sans-serif,13' "
	    "background '#ffffff'\nset encoding utf8\nset datafile missing NaN\n", WIDTH,
	    PANEL_HEIGHT * panels + 40);
	(void)fprintf(to, "set multiplot\nset label 1 '%s' at screen 0.09,0.975 font ',16'\n"
	    "set lmargin at screen 0.09\nset rmargin at screen 0.83\nset xrange [%.6f:%.6f]\n"
	    "set yrange [0:*]\nset border 3 lc rgb '#888888'\nset tics nomirror textcolor "
	    "rgb '#333333'\nset grid lc rgb '#e4e4e4' lw 0.8\nset key at graph 1.015,1 left top "
	    "Left reverse samplen 1.4 spacing 1.1 font ',11'\n", title,
	    seconds(sim->record.from_dur), seconds(sim->record.until_dur));
	begin_panel(&p, 0, panels, "goodput, Mbit/s");
	draw_flows(&p, 0, "plot ");
	(void)fputs("\nunset label 1\n", to);
	begin_panel(&p, 1, panels, "sequence, MB");
	draw_sequence(&p);
	begin_panel(&p, 2, panels, "window, kB");
	draw_flows(&p, 3, "plot ");
	(void)fputc('\n', to);
	begin_panel(&p, 3, panels, "round trip, ms");
	draw_flows(&p, 4, "plot ");
	(void)fputc('\n', to);
	if (p.n_drawn > 0) {
		begin_panel(&p, 4, panels, "queue, kB");
		draw_lanes(&p);
	}
	(void)fputs("unset multiplot\n", to);
}

/* ---- gnuplot ---- */

/* Its standard input, or -1. */
static int
start_gnuplot(int out, pid_t *pid, const struct sp_why *why)
{
	char *const argv[] = { (char[]){ "gnuplot" }, NULL };
	posix_spawn_file_actions_t actions;
	int pipes[2], error;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return sp_why(why, errno, "cannot make a pipe: %s", strerror(errno));
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, pipes[0], STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(pipes[0]);
	if (error == 0)
		return pipes[1];
	(void)close(pipes[1]);
	if (error == ENOENT)
		return sp_why(why, ENOENT, "gnuplot draws the picture and is missing: install it "
		    "(apt-get install gnuplot-nox), or take the samples with --csv");
	return sp_why(why, error, "cannot run gnuplot: %s", strerror(error));
}

/* Hands the script over and waits. */
static int
feed_gnuplot(const struct sampan_sim *sim, const char *title, int in, pid_t pid,
    const struct sp_why *why)
{
	void (*const was)(int) = signal(SIGPIPE, SIG_IGN);
	FILE *script = fdopen(in, "w");
	int status = 1;

	if (script != NULL) {
		sp_sim_plot_script(sim, title, script);
		(void)fclose(script);
	} else {
		(void)close(in);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	(void)signal(SIGPIPE, was);
	return status == 0 ? 0 : sp_why(why, EIO, "gnuplot failed: what it says stands above");
}

int
sp_sim_plot(const struct sampan_sim *sim, const char *title, const char *path,
    const struct sp_why *why)
{
	const int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int in, result = -1;
	pid_t pid = 0;

	if (out < 0)
		return sp_why(why, errno, "cannot write %s: %s", path, strerror(errno));
	in = start_gnuplot(out, &pid, why);
	if (in >= 0)
		result = feed_gnuplot(sim, title, in, pid, why);
	(void)close(out);
	if (result != 0)
		(void)unlink(path);
	return result;
}
