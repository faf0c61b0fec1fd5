/*
 * help_page.c - manual pages in mdoc(7), and the completion: see help.h.
 */
#include "cmd/help.h"

#include <stdlib.h>
#include <string.h>

#define LINE_COLUMNS 70

/* Text for a line of mdoc: no macro at its start, no escape in it.  A minus
 * that a reader may copy stays one. */
static void
print_escaped(FILE *to, const char *text)
{
	if (*text == '.' || *text == '\'')
		(void)fprintf(to, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			(void)fprintf(to, "\\e");
		else if (*text == '-')
			(void)fprintf(to, "\\-");
		else
			(void)fputc(*text, to);
	}
}

/* Text in sentences: each begins a line, as mdoc wants them. */
static void
print_prose(FILE *to, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		const size_t len = strcspn(text, " \n");
		char *word = strndup(text, len);

		if (column > 0 && (column + len > LINE_COLUMNS || text[-2] == '.')) {
			(void)fputc('\n', to);
			column = 0;
		}
		if (column > 0)
			(void)fputc(' ', to);
		if (word != NULL)
			print_escaped(to, word);
		free(word);
		column += len + 1;
		text += len;
		text += strspn(text, " \n");
	}
	(void)fputc('\n', to);
}

/* A word that macros must not take for one of theirs. */
static void
print_word(FILE *to, const char *word)
{
	(void)fprintf(to, " \\&");
	print_escaped(to, word);
}

static bool
has_short(const struct argp_option *o)
{
	return o->key > ' ' && o->key < 127;
}

/* -c, --count=N as flags and an argument. */
static void
print_option(const struct cmd *cmd, const struct argp_option *o, FILE *to)
{
	char *made = cmd->describe == NULL ? NULL : cmd->describe(o->key, o->doc, NULL);

	(void)fprintf(to, ".It");
	if (has_short(o))
		(void)fprintf(to, " Fl %c%s", o->key, o->name != NULL ? " ," : "");
	if (o->name != NULL) {
		(void)fprintf(to, " Fl \\-");
		print_escaped(to, o->name);
	}
	if (o->arg != NULL) {
		(void)fprintf(to, o->flags & OPTION_ARG_OPTIONAL ? " Oo Ns = Ns Ar" :
		    o->name != NULL ? " Ns = Ns Ar" : " Ar");
		print_word(to, o->arg);
		if (o->flags & OPTION_ARG_OPTIONAL)
			(void)fprintf(to, " Oc");
	}
	(void)fputc('\n', to);
	print_prose(to, made == NULL ? o->doc : made);
	if (made != o->doc)
		free(made);
}

static void
print_head(FILE *to, const char *name, const char *text)
{
	(void)fprintf(to, ".Dd $Mdocdate$\n.Dt ");
	for (const char *c = name; *c != '\0'; c++)
		(void)fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, to);
	(void)fprintf(to, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", name);
	print_escaped(to, text);
	(void)fputc('\n', to);
}

static void
print_end(FILE *to)
{
	(void)fprintf(to, ".Sh EXIT STATUS\n"
	    "0 if all went well, 1 if the machine or another process is in the way, 2 if the\n"
	    "command line asks for something that cannot be.\n"
	    "Every failure is one line on standard error that says what to do.\n");
}

static void
print_examples(const struct cmd *cmd, FILE *to)
{
	if (cmd->examples[0].line == NULL)
		return;
	(void)fprintf(to, ".Sh EXAMPLES\n");
	for (unsigned i = 0; i < CMD_EXAMPLES && cmd->examples[i].line != NULL; i++) {
		if (i > 0)
			(void)fprintf(to, ".Pp\n");
		print_prose(to, cmd->examples[i].text);
		(void)fprintf(to, ".Pp\n.Dl \"sampan %s ", cmd->name);
		for (const char *c = cmd->examples[i].line; *c != '\0'; c++) {
			if (*c == '"')
				(void)fprintf(to, "\\(dq");
			else
				print_escaped(to, (char[2]){ *c, '\0' });
		}
		(void)fprintf(to, "\"\n");
	}
}

static void
print_about(const char *text, FILE *to)
{
	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		const size_t len = end == NULL ? strlen(text) : (size_t)(end - text);
		char *paragraph = strndup(text, len);

		(void)fprintf(to, ".Pp\n");
		if (paragraph != NULL)
			print_prose(to, paragraph);
		free(paragraph);
		text += len;
		text += strspn(text, "\n");
	}
}

static void
print_command(const struct cmd *cmd, FILE *to)
{
	char name[40], line[160];

	(void)snprintf(name, sizeof(name), "sampan-%s", cmd->name);
	print_head(to, name, cmd->text);
	(void)fprintf(to, ".Sh SYNOPSIS\n.Nm sampan %s\n.Op Ar OPTION ...\n", cmd->name);
	if (cmd->words != NULL) {
		(void)fprintf(to, ".Ar");
		print_word(to, cmd->words);
		(void)fputc('\n', to);
	}
	(void)snprintf(line, sizeof(line), "%c%s.", cmd->text[0] - 'a' + 'A', cmd->text + 1);
	(void)fprintf(to, ".Sh DESCRIPTION\n");
	print_prose(to, line);
	if (cmd->about != NULL)
		print_about(cmd->about, to);
	(void)fprintf(to, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
	for (const struct argp_option *o = cmd->options; !sp_help_is_end(o); o++) {
		if (!sp_help_is_hidden(o))
			print_option(cmd, o, to);
	}
	(void)fprintf(to, ".It Fl h , Fl \\-help\nThis text.\n.El\n");
	print_end(to);
	print_examples(cmd, to);
	(void)fprintf(to, ".Sh SEE ALSO\n.Xr sampan 1\n");
}

/* In the order of the alphabet, as mdoc wants them. */
static void
print_see_also(FILE *to)
{
	const char *last = "";

	(void)fprintf(to, ".Sh SEE ALSO\n");
	for (;;) {
		const struct cmd *next = NULL;

		for (unsigned i = 0; sp_cmd_at(i) != NULL; i++) {
			const struct cmd *cmd = sp_cmd_at(i);

			if (strcmp(cmd->name, last) > 0 &&
			    (next == NULL || strcmp(cmd->name, next->name) < 0))
				next = cmd;
		}
		if (next == NULL)
			break;
		(void)fprintf(to, "%s.Xr sampan-%s 1", *last == '\0' ? "" : " ,\n", next->name);
		last = next->name;
	}
	(void)fputc('\n', to);
}

static void
print_sampan(FILE *to)
{
	print_head(to, "sampan", "a TCP/IP stack in user space");
	(void)fprintf(to, ".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Op Ar OPTION ...\n.Sh DESCRIPTION\n"
	    "Runs a TCP/IP stack of its own in one process, and looks at the stacks that run.\n"
	    ".Bl -tag -width connectxx\n");
	for (unsigned i = 0; sp_cmd_at(i) != NULL; i++) {
		(void)fprintf(to, ".It Cm %s\n", sp_cmd_at(i)->name);
		print_prose(to, sp_cmd_at(i)->text);
	}
	(void)fprintf(to, ".El\n.Pp\nAn instance answers on a UNIX socket,\n.Pa NAME.sock\nin\n"
	    ".Pa /run/sampan\nfor root, in\n.Pa $XDG_RUNTIME_DIR/sampan\nfor others, or in\n"
	    ".Ev SAMPAN_RUN_DIR\nif that is set.\n"
	    "Only its owner and root may ask.\n");
	print_end(to);
	print_see_also(to);
}

void
sp_help_print_mdoc(const struct cmd *cmd, FILE *to)
{
	if (cmd == NULL)
		print_sampan(to);
	else
		print_command(cmd, to);
}

/* ---- Completion ---- */

static void
print_case(const struct cmd *cmd, FILE *to)
{
	(void)fprintf(to, "\t%s) words='--help", cmd->name);
	for (const struct argp_option *o = cmd->options; !sp_help_is_end(o); o++) {
		if (o->name != NULL && !sp_help_is_hidden(o))
			(void)fprintf(to, " --%s%s", o->name, o->arg != NULL &&
			    !(o->flags & OPTION_ARG_OPTIONAL) ? "=" : "");
	}
	(void)fprintf(to, "' ;;\n");
}

void
sp_help_print_bash(FILE *to)
{
	(void)fprintf(to, "# bash completion for sampan: made by 'sampan help --bash'.\n"
	    "_sampan() {\n\tlocal words\n\tcase ${COMP_WORDS[1]} in\n");
	for (unsigned i = 0; sp_cmd_at(i) != NULL; i++)
		print_case(sp_cmd_at(i), to);
	(void)fprintf(to, "\tesac\n\t[ \"$COMP_CWORD\" = 1 ] && words='");
	for (unsigned i = 0; sp_cmd_at(i) != NULL; i++)
		(void)fprintf(to, "%s ", sp_cmd_at(i)->name);
	(void)fprintf(to, "--help --version'\n"
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	    "\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n}\n"
	    "complete -o default -F _sampan sampan\n");
}
