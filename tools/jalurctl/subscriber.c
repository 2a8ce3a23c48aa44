// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscribers of jalurd's domains. A password is asked for at the terminal, without echo,
 * or is the first line of standard input; never an argument, which everybody on the host
 * could read.
 */
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

#define MOST 255		/* bytes of a password that jalurd takes */
#define MAX_PASSWORD (MOST + 2)	/* one byte more shows that it is longer; and NUL */

static void print_list(const json_t *result)
{
	static const char *const heads[] = { "SUBSCRIBER", "FROM", "ALGORITHMS", NULL };
	const json_t *list = json_object_get(result, "subscribers");
	struct table *t = table_new(heads);
	json_t *s, *alg;
	size_t i, j;

	json_array_foreach(list, i, s) {
		char algs[128] = "";

		json_array_foreach(json_object_get(s, "algorithms"), j, alg) {
			size_t n = strlen(algs);

			snprintf(algs + n, sizeof(algs) - n, "%s%s", j ? ", " : "",
				 json_string_value(alg));
		}
		table_row(t);
		table_cell(t, "%s@%s", member_text(s, "user"), member_text(s, "domain"));
		table_cell(t, "%s", member_text(s, "from"));
		table_cell(t, "%s", algs);
	}
	table_print(t, "");
	printf("%zu subscriber%s\n", i, i == 1 ? "" : "s");
}

int subscriber_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : ctl_answer(ctl, "subscriber.list", NULL, print_list);
}

/* --- passwords --- */

/* false: there is none, or it is longer. */
static bool read_line(char line[MAX_PASSWORD])
{
	size_t n = 0;
	char c;

	/* Byte by byte: a buffer of stdio would keep it. */
	while (n < MAX_PASSWORD - 1 && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		line[n++] = c;
	line[n] = 0;
	return n && n <= MOST;
}

static bool ask(const char *prompt, char line[MAX_PASSWORD])
{
	struct termios old, quiet;
	bool got;

	if (tcgetattr(STDIN_FILENO, &old))
		return false;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	got = read_line(line);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	fputs("\n", stderr);
	return got;
}

static bool read_password(char password[MAX_PASSWORD])
{
	char again[MAX_PASSWORD];
	bool same;

	if (!isatty(STDIN_FILENO))
		return read_line(password);
	same = ask("Password: ", password) && ask("Again: ", again) && !strcmp(password, again);
	explicit_bzero(again, sizeof(again));
	return same;
}

/* --- changes --- */

static void print_changed(const json_t *result)
{
	printf("%s@%s: done\n", member_text(result, "user"), member_text(result, "domain"));
}

/* {user, domain} of "alice@example.com". NULL: it is not like that. */
static json_t *name_of(const char *text)
{
	const char *at = strrchr(text, '@');

	if (!at || at == text || !at[1])
		return NULL;
	return json_pack("{s:s%, s:s}", "user", text, (size_t)(at - text), "domain", at + 1);
}

static int bad_name(struct ctl *ctl, const char *text)
{
	return ctl_fail(ctl, CTL_USAGE, "bad-name", "USER@DOMAIN", "jalurctl subscriber list",
			"\"%s\" is not the name of a subscriber", text);
}

static int set_password(struct ctl *ctl, const char *cmd, int argc, char **argv)
{
	char password[MAX_PASSWORD];
	json_t *args, *text;
	int status;

	if (argc != 1)
		return CTL_USAGE;
	args = name_of(argv[0]);
	if (!args)
		return bad_name(ctl, argv[0]);
	if (!read_password(password)) {
		explicit_bzero(password, sizeof(password));
		json_decref(args);
		return ctl_fail(ctl, CTL_USAGE, "no-password", "standard input",
				"type it twice, or give it in one line",
				"no password, one above %d bytes, or not the same twice", MOST);
	}
	text = json_string(password);
	explicit_bzero(password, sizeof(password));
	json_object_set(args, "password", text);
	status = ctl_answer(ctl, cmd, args, print_changed);
	if (text)
		explicit_bzero((char *)json_string_value(text), json_string_length(text));
	json_decref(text);
	return status;
}

int subscriber_add(struct ctl *ctl, int argc, char **argv)
{
	return set_password(ctl, "subscriber.add", argc, argv);
}

int subscriber_passwd(struct ctl *ctl, int argc, char **argv)
{
	return set_password(ctl, "subscriber.passwd", argc, argv);
}

int subscriber_del(struct ctl *ctl, int argc, char **argv)
{
	json_t *args = argc == 1 ? name_of(argv[0]) : NULL;

	if (argc != 1)
		return CTL_USAGE;
	return args ? ctl_answer(ctl, "subscriber.del", args, print_changed) :
		      bad_name(ctl, argv[0]);
}
