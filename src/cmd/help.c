/*
 * help.c - see help.h.
 *
 * Options are read from argp's own tables, so that what is said and what is
 * understood cannot differ.
 */
#include "cmd/help.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMNS 79

static const struct argp_option help_option = { "help", 'h', NULL, 0, "this text", 0 };

/* Words broken into lines, each behind `indent` blanks; the first line has
 * `used` columns already. */
static void
print_filled(FILE *to, const char *text, int indent, int used)
{
	while (*text != '\0') {
		const int len = (int)strcspn(text, " \n");

		if (used > indent && used + 1 + len > TEXT_COLUMNS) {
			(void)fprintf(to, "\n%*s", indent, "");
			used = indent;
		} else if (used > indent) {
			(void)fputc(' ', to);
			used++;
		} else {
			(void)fprintf(to, "%*s", indent - used, "");
			used = indent;
		}
		(void)fprintf(to, "%.*s", len, text);
		used += len;
		text += len;
		text += strspn(text, " \n");
	}
	(void)fputc('\n', to);
}

/* One paragraph of several; returns the next. */
static const char *
take_paragraph(const char *text, char **paragraph)
{
	const char *end = strstr(text, "\n\n");
	const size_t len = end == NULL ? strlen(text) : (size_t)(end - text);

	*paragraph = strndup(text, len);
	return end == NULL ? text + len : end + 2;
}

/* The text of an option, which the command may make now. */
static char *
text_of(const struct cmd *cmd, const struct argp_option *o)
{
	char *made = cmd->describe == NULL ? NULL : cmd->describe(o->key, o->doc, NULL);

	if (made == o->doc || made == NULL)
		made = strdup(o->doc != NULL ? o->doc : "");
	return made;
}

static bool
has_short(const struct argp_option *o)
{
	return o->key > ' ' && o->key < 127;
}

static bool
takes_maybe(const struct argp_option *o)
{
	return o->flags & OPTION_ARG_OPTIONAL;
}

/* ---- Text ---- */

static void
print_option(const struct cmd *cmd, const struct argp_option *o, FILE *to)
{
	char *text = text_of(cmd, o);
	char head[80];
	int len = 0;

	if (has_short(o))
		len += snprintf(head, sizeof(head), "-%c%s", o->key, o->name ? ", " : "");
	if (o->name != NULL)
		len += snprintf(head + len, sizeof(head) - (size_t)len, "--%s", o->name);
	if (o->arg != NULL)
		(void)snprintf(head + len, sizeof(head) - (size_t)len, takes_maybe(o) ? "[=%s]" :
		    o->name != NULL ? "=%s" : " %s", o->arg);
	(void)fprintf(to, "  %-22s", head);
	if (strlen(head) > 21)
		(void)fputc('\n', to);
	print_filled(to, text != NULL ? text : "", 26, strlen(head) > 21 ? 0 : 24);
	free(text);
}

static void
print_paragraphs(const char *text, FILE *to)
{
	while (*text != '\0') {
		char *paragraph;

		text = take_paragraph(text, &paragraph);
		(void)fputc('\n', to);
		if (paragraph != NULL)
			print_filled(to, paragraph, 0, 0);
		free(paragraph);
	}
}

void
sp_help_print(const struct cmd *cmd, FILE *to)
{
	const char *words = cmd->words == NULL ? "" : cmd->words;

	(void)fprintf(to, "Usage: sampan %s [OPTION...]%s%s\n%c", cmd->name,
	    *words != '\0' ? " " : "", words, cmd->text[0] - 'a' + 'A');
	(void)fprintf(to, "%s.\n", cmd->text + 1);
	if (cmd->about != NULL)
		print_paragraphs(cmd->about, to);
	(void)fprintf(to, "\nOptions:\n");
	for (const struct argp_option *o = cmd->options; !sp_help_is_end(o); o++) {
		if (!sp_help_is_hidden(o))
			print_option(cmd, o, to);
	}
	print_option(cmd, &help_option, to);
	for (unsigned i = 0; i < CMD_EXAMPLES && cmd->examples[i].line != NULL; i++) {
		if (i == 0)
			(void)fprintf(to, "\nExamples:\n");
		(void)fprintf(to, "  sampan %s%s%s\n", cmd->name,
		    cmd->examples[i].line[0] != '\0' ? " " : "", cmd->examples[i].line);
		print_filled(to, cmd->examples[i].text, 6, 0);
	}
}

void
sp_help_print_all(FILE *to)
{
	(void)fprintf(to, "Usage: sampan COMMAND [OPTION...]\n"
	    "A TCP/IP stack in user space.\n\n");
	for (unsigned i = 0; sp_cmd_at(i) != NULL; i++)
		(void)fprintf(to, "  %-10s %s\n", sp_cmd_at(i)->name, sp_cmd_at(i)->text);
	(void)fprintf(to, "\n  --help     this list; 'sampan COMMAND --help' for one command\n"
	    "  --version  the version\n\n"
	    "Exit status: 0; 1 if the machine or another process is in the way; 2 if the\n"
	    "command line asks for something that cannot be.\n");
}
