/*
 * cmd_sysctl.c - `sampan sysctl`: settings of a running instance, by Linux's
 * names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/ask.h"

struct sysctl_args {
	const char *name;	/* of the instance; NULL: the only one */
	const char *path;	/* a file of settings */
	bool all;
	bool values;		/* without names */
	bool json;
	bool explain;
	/* While it runs. */
	const char *command;
	int fd;
	unsigned line;		/* of the file */
};

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "every setting; so it is too without KEY", 0 },
	{ "write", 'w', NULL, 0, "as sysctl(8) has it; KEY=VALUE writes anyway", 0 },
	{ "load", 'p', "FILE", 0, "read settings from a file in the form of sysctl.conf(5); - is "
	  "standard input", 0 },
	{ "values", 'n', NULL, 0, "values alone, without names", 0 },
	{ "explain", 'x', NULL, 0, "what a setting does, its default and what is allowed", 0 },
	{ "json", CMD_OPT_JSON, NULL, 0, "one JSON object a line, with defaults and ranges", 0 },
	CMD_OPTION_NAME,
	{ 0 },
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const struct cmd_args *args = state->input;
	struct sysctl_args *a = args->options;

	switch (key) {
	case 'a':
		a->all = true;
		return 0;
	case 'w':
		return 0;
	case 'p':
		a->path = arg;
		return 0;
	case 'n':
		a->values = true;
		return 0;
	case 'x':
		a->explain = true;
		return 0;
	default:
		return sp_cmd_parse_asking(&a->name, &a->json, key, arg);
	}
}

/* ---- Rows ---- */

/* Three numbers have the keys least, least2, least3. */
static void
print_numbers(const cJSON *row, const char *key)
{
	char key_n[16];

	(void)printf("%.0f", sp_row_number_of(row, key));
	for (int i = 2; i <= 3; i++) {
		(void)snprintf(key_n, sizeof(key_n), "%s%d", key, i);
		if (sp_row_has(row, key_n))
			(void)printf(" %.0f", sp_row_number_of(row, key_n));
	}
}

static void
print_explanation(const cJSON *row)
{
	(void)printf("\t%s (%s); default ", sp_row_text_of(row, "text"),
	    sp_row_text_of(row, "unit"));
	print_numbers(row, "default");
	(void)printf(", from ");
	print_numbers(row, "least");
	(void)printf(" to ");
	print_numbers(row, "most");
	(void)putchar('\n');
}

static void
print_row(void *ctx, const char *line, const cJSON *row)
{
	const struct sysctl_args *a = ctx;

	if (sp_row_has(row, "note")) {
		if (a->line > 0)
			(void)sp_cmd_fail(a->command, 0, "%s:%u: %s", a->path, a->line,
			    sp_row_text_of(row, "note"));
		else
			(void)sp_cmd_fail(a->command, 0, "%s", sp_row_text_of(row, "note"));
		return;
	}
	if (a->json)
		(void)puts(line);
	else if (a->values)
		(void)puts(sp_row_text_of(row, "value"));
	else
		(void)printf("%s = %s\n", sp_row_text_of(row, "name"),
		    sp_row_text_of(row, "value"));
	if (a->explain && !a->json)
		print_explanation(row);
}

/* ---- Requests ---- */

/* A request with up to two texts; where a key is NULL there is none. */
static int
request(struct sysctl_args *a, const char *const field[4], const struct sp_why *why)
{
	cJSON *object = cJSON_CreateObject();
	char *text;
	int result;

	cJSON_AddStringToObject(object, "do", "sysctl");
	for (unsigned i = 0; i < 4 && field[i] != NULL; i += 2)
		cJSON_AddStringToObject(object, field[i], field[i + 1]);
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	if (text == NULL)
		return sp_why(why, ENOMEM, "no memory");
	result = sp_control_ask(a->fd, text, print_row, a, why);
	free(text);
	return result;
}

/* The exit code: what the instance refuses is the caller's mistake. */
static int
fail(const struct sysctl_args *a, const char *text)
{
	return sp_cmd_fail(a->command, errno == EPROTO ? EINVAL : errno, "%s", text);
}

/* KEY or KEY=VALUE. */
static int
do_word(struct sysctl_args *a, const char *word)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	const char *equals = strchr(word, '=');
	char *key = strndup(word, equals == NULL ? strlen(word) : (size_t)(equals - word));
	int result;

	if (key == NULL)
		return sp_cmd_fail(a->command, ENOMEM, "no memory");
	key[strcspn(key, " \t")] = '\0';
	if (equals == NULL)
		result = request(a, (const char *[4]){ "get", key }, &why);
	else
		result = request(a, (const char *[4]){ "set", key, "value",
		    equals + 1 + strspn(equals + 1, " \t") }, &why);
	free(key);
	return result == 0 ? 0 : fail(a, text);
}

static int
do_line(struct sysctl_args *a, char *line)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };

	a->line++;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) > 1000)
		return sp_cmd_fail(a->command, EINVAL, "%s:%u: the line is too long", a->path,
		    a->line);
	if (line[strspn(line, " \t\r")] == '\0')
		return 0;
	if (request(a, (const char *[4]){ "apply", line }, &why) == 0)
		return 0;
	if (errno != EPROTO)
		return sp_cmd_fail(a->command, errno, "%s", text);
	return sp_cmd_fail(a->command, EINVAL, "%s:%u: %s", a->path, a->line, text);
}

/* Goes on behind a line that is wrong, as sysctl(8) does. */
static int
do_file(struct sysctl_args *a)
{
	const bool is_stdin = strcmp(a->path, "-") == 0;
	FILE *from = is_stdin ? stdin : fopen(a->path, "re");
	char *line = NULL;
	size_t room = 0;
	int exit_code = 0;

	if (from == NULL)
		return sp_cmd_fail(a->command, errno, "cannot read %s: %s", a->path,
		    strerror(errno));
	while (exit_code != CMD_ENVIRONMENT && getline(&line, &room, from) > 0) {
		const int code = do_line(a, line);

		if (code != 0)
			exit_code = code;
	}
	if (ferror(from))
		exit_code = sp_cmd_fail(a->command, errno, "cannot read %s: %s", a->path,
		    strerror(errno));
	free(line);
	if (!is_stdin)
		(void)fclose(from);
	a->line = 0;
	return exit_code;
}

static int
do_all(struct sysctl_args *a)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };

	return request(a, (const char *[4]){ NULL }, &why) == 0 ? 0 : fail(a, text);
}

static int
sysctl_run(int argc, char **argv)
{
	static const struct argp argp = { .options = options, .parser = parse };
	struct cmd_words words = { .most = CMD_WORDS_MOST };
	struct sysctl_args a = { .command = argv[0] };
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	int exit_code = sp_cmd_parse_words(&argp, argc, argv, &a, &words);

	if (exit_code != 0)
		return exit_code;
	a.fd = sp_control_open_client(a.name, &why);
	if (a.fd < 0)
		return sp_cmd_fail(argv[0], errno, "%s", text);
	if (a.path != NULL)
		exit_code = do_file(&a);
	for (unsigned i = 0; i < words.n && exit_code != CMD_ENVIRONMENT; i++) {
		const int code = do_word(&a, words.word[i]);

		if (code != 0)
			exit_code = code;
	}
	if (a.all || (a.path == NULL && words.n == 0))
		exit_code = do_all(&a);
	(void)close(a.fd);
	return exit_code;
}

const struct cmd sp_cmd_sysctl = {
	.name = "sysctl",
	.text = "read and write the settings of a running instance",
	.words = "[KEY | KEY=VALUE]...",
	.about = "Names, types and ranges are Linux's where it has the same thing, so that an "
	    "existing sysctl.conf can be loaded. What Linux has and a stack does not is answered "
	    "with the reason and is no error; an unknown name, or a value that is not allowed, "
	    "is, and the line that says so tells what is meant or allowed.\n\n"
	    "A setting acts from the moment when it is written, on what happens after that.",
	.options = options,
	.examples = {
		{ "", "Every setting." },
		{ "-x net.ipv4.tcp_rmem", "What a setting does, and what it may be." },
		{ "net.ipv4.tcp_keepalive_time=600", "Write one." },
		{ "-p /etc/sysctl.conf", "Load what the machine has." },
	},
	.run = sysctl_run,
};
