/*
 * cmd_sim.c - `sampan sim`: a network that a file describes, in virtual time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "link/number.h"
#include "sim/plot.h"
#include "sim/report.h"

/* No scenario is longer. */
#define TEXT_BYTES ((size_t)1 << 20)
#define PATH_BYTES 4096

struct sim_args {
	struct sampan_sim_config config;
	const char *plot, *csv;
	bool json, script;
};

enum { OPT_JSON = 256, OPT_CSV, OPT_SEED, OPT_FROM, OPT_UNTIL, OPT_SCRIPT };

static const struct argp_option options[] = {
	{ "plot", 'p', "FILE.svg", 0, "draw goodput, sequence numbers, window, round trip and "
	  "queue; needs gnuplot", 0 },
	{ "csv", OPT_CSV, "FILE", 0, "the samples as lines time_s,name,what,value", 0 },
	{ "json", OPT_JSON, NULL, 0, "the result as one JSON object", 0 },
	{ "seed", OPT_SEED, "N", 0, "of all chance, instead of the scenario's", 0 },
	{ "from", OPT_FROM, "SECONDS", 0, "draw and sample from this time on (0)", 0 },
	{ "until", OPT_UNTIL, "SECONDS", 0, "and until this one (the end)", 0 },
	{ "script", OPT_SCRIPT, NULL, 0, "print what gnuplot would be given", 0 },
	{ 0 },
};

static error_t
parse_span(const struct cmd_args *args, const char *name, const char *text, sampan_dur *dur)
{
	if (sp_cmd_seconds(dur, text, 0, SAMPAN_SEC(366 * 86400)))
		return 0;
	(void)sp_why(&args->why, EINVAL, "--%s %s: give seconds, such as 1.5", name, text);
	return EINVAL;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct sim_args *a = args->options;

	switch (key) {
	case 'p':
		a->plot = arg;
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case OPT_SCRIPT:
		a->script = true;
		return 0;
	case OPT_SEED:
		a->config.has_seed = true;
		if (sp_number_read(&a->config.seed, arg))
			return 0;
		(void)sp_why(&args->why, EINVAL, "--seed %s: give a number from 0 to 2^64 - 1",
		    arg);
		return EINVAL;
	case OPT_FROM:
		return parse_span(args, "from", arg, &a->config.from_dur);
	case OPT_UNTIL:
		return parse_span(args, "until", arg, &a->config.until_dur);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- Files ---- */

/* Reads a whole file, or standard input; -1 after a line in why. */
static ssize_t
read_text(char *text, const char *path, const struct sp_why *why)
{
	FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t len;
	int error;

	if (from == NULL)
		return sp_why(why, errno, "cannot read %s: %s", path, strerror(errno));
	errno = 0;
	len = fread(text, 1, TEXT_BYTES + 1, from);
	error = ferror(from) ? errno : 0;
	if (from != stdin)
		(void)fclose(from);
	if (error != 0)
		return sp_why(why, error, "cannot read %s: %s", path, strerror(error));
	if (len > TEXT_BYTES)
		return sp_why(why, EINVAL, "%s: longer than %zu bytes", path, TEXT_BYTES);
	return (ssize_t)len;
}

/* The folder of a file. */
static void
folder_of(char dir[PATH_BYTES], const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	(void)snprintf(dir, PATH_BYTES, "%.*s", len == 0 ? 1 : (int)len,
	    slash == NULL ? "." : path);
}

static int
write_csv(const struct sampan_sim *sim, const char *path, const struct sp_why *why)
{
	FILE *to = fopen(path, "we");
	int error;

	if (to == NULL)
		return sp_why(why, errno, "cannot write %s: %s", path, strerror(errno));
	sp_sim_report_csv(sim, to);
	error = fflush(to) != 0 || ferror(to) ? errno : 0;
	(void)fclose(to);
	return error == 0 ? 0 : sp_why(why, error, "cannot write %s: %s", path, strerror(error));
}

/* ---- The command ---- */

static int
open_sim(struct sampan_sim **sim, const struct sim_args *a, const char *path,
    const struct sp_why *why)
{
	struct sampan_sim_config config = a->config;
	char dir[PATH_BYTES], *text = malloc(TEXT_BYTES + 1);
	ssize_t len;
	int result = -1;

	if (text == NULL)
		return sp_why(why, ENOMEM, "no memory for %s", path);
	folder_of(dir, path);
	config.text = text;
	config.name = strcmp(path, "-") == 0 ? "standard input" : path;
	config.dir = dir;
	len = read_text(text, path, why);
	config.len = len < 0 ? 0 : (size_t)len;
	if (len >= 0)
		result = sampan_sim_open(sim, &config, why->text, why->len);
	free(text);
	return result;
}

static int
show(const struct sampan_sim *sim, const struct sim_args *a, const char *path,
    const struct sp_why *why)
{
	const char *slash = strrchr(path, '/');
	const char *title = slash == NULL ? path : slash + 1;

	if (strpbrk(title, "'\\\n") != NULL || title[0] == '-')
		title = "scenario";
	if (a->script)
		sp_sim_plot_script(sim, title, stdout);
	else if (a->json && !sp_sim_report_json(sim, stdout))
		return sp_why(why, ENOMEM, "no memory for the result");
	else if (!a->json)
		sp_sim_report_text(sim, stdout);
	if (a->csv != NULL && write_csv(sim, a->csv, why) != 0)
		return -1;
	return a->plot == NULL ? 0 : sp_sim_plot(sim, title, a->plot, why);
}

static int
sim_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct sim_args a = { .config = { .size = sizeof(a.config) } };
	struct cmd_words words = { .most = 1 };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);
	struct sampan_sim *sim = NULL;

	if (exit_code != 0)
		return exit_code;
	if (words.n == 0)
		return sp_cmd_fail(argv[0], EINVAL, "give a SCENARIO: a file, or - for standard "
		    "input; see '%s --help'", argv[0]);
	if (open_sim(&sim, &a, words.word[0], &why) != 0)
		return sp_cmd_fail(argv[0], errno, "%s", text);
	sampan_sim_run(sim, 0);
	if (show(sim, &a, words.word[0], &why) != 0)
		exit_code = sp_cmd_fail(argv[0], errno, "%s", text);
	sampan_sim_close(sim);
	return exit_code;
}

const struct cmd sp_cmd_sim = {
	.name = "sim",
	.text = "run a network that a file describes, in virtual time",
	.words = "SCENARIO",
	.about = "Hosts with stacks of their own, routers, links with rates, delays, queues and "
	    "faults, and who sends to whom: a minute passes in a moment, and the same file and "
	    "seed give the same result on every run.\n\n"
	    "A line of the file is one of: time DURATION; seed N; host NAME [SETTING=VALUE...]; "
	    "router NAME; set SETTING=VALUE (all hosts above); link NODE NODE KEY=VALUE... (words "
	    "of the emulator, with there. or back. before them for one direction, mtu=, trace=); "
	    "flow HOST HOST [start= stop= bytes= every= rate= pause= cc= name=]; at TIME link "
	    "NODE NODE KEY=VALUE... What stands behind # is a comment.\n\n"
	    "Printed are, of each flow, its goodput, what it sent again, what of that had arrived "
	    "already (in vain), and its round trip; of each link, how much of its rate was used, "
	    "how long frames waited for it, and what it lost.",
	.options = options,
	.examples = {
		{ "examples/sim/home.sim", "Who shares a home line how." },
		{ "examples/sim/home.sim --plot home.svg", "The same as a picture." },
		{ "examples/sim/loss.sim --from 2 --until 2.5 --plot loss.svg",
		  "Half a second of it, closely." },
		{ "examples/sim/loss.sim --seed 7 --json", "Other losses, for a program." },
	},
	.run = sim_run,
};
