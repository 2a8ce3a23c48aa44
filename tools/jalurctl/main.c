// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jalurctl: the administrator's hand. Commands are one table, of which help is
 * made; every command is two words at most, found by its longest match.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>

#include "ctl.h"

static int show_help(struct ctl *ctl, int argc, char **argv);

static const struct ctl_command commands[] = {
	{ "session list", "[--owner N]", "media sessions in the kernel, with live figures",
	  session_list },
	{ "session show", "ID [--owner N]", "everything the kernel knows of one session",
	  session_show },
	{ "session watch", "[ID] [--interval S] [--count N]", "the same, again and again",
	  session_watch },
	{ "session del", "ID [--owner N]", "delete a session, whoever owns it; its media stops",
	  session_del },
	{ "call list", "", "calls that jalurd handles", call_list },
	{ "call show", "ID", "one call: its legs, its media, live figures", call_show },
	{ "call trace", "[ID]", "the messages of a call as a ladder; without ID, of the last one",
	  call_trace },
	{ "call hangup", "ID [REASON]", "end a call: BYE or CANCEL to both parties", call_hangup },
	{ "transport list", "", "listeners and connections of jalurd", transport_list },
	{ "transport close", "ID", "close a connection", transport_close },
	{ "drain on", "", "take no new calls (503); those that there are go on", drain_on },
	{ "drain off", "", "take new calls again", drain_off },
	{ "drain status", "", "whether new calls are taken, and how many are left", drain_status },
	{ "drain watch", "[--interval S]", "the same whenever it changed, until no call is left",
	  drain_watch },
	{ "route list", "", "the routes of jalurd, in the order of looking", route_list },
	{ "route test", "--realm R|--source IP --uri URI",
	  "which route such a request would take, and why", route_test },
	{ "trunk list", "", "trunks: how they are, their calls", trunk_list },
	{ "trunk show", "NAME", "one trunk: its addresses, last probes, registration",
	  trunk_show },
	{ "trunk drain", "NAME", "no new calls to or from it; those that are there go on",
	  trunk_drain },
	{ "trunk enable", "NAME", "new calls again", trunk_enable },
	{ "subscriber list", "", "subscribers of the domains", subscriber_list },
	{ "subscriber add", "USER@DOMAIN", "a new one; the password is asked for, or read",
	  subscriber_add },
	{ "subscriber passwd", "USER@DOMAIN", "another password", subscriber_passwd },
	{ "subscriber del", "USER@DOMAIN", "take one out of the store", subscriber_del },
	{ "registration list", "[DOMAIN]", "who is registered where", registration_list },
	{ "registration show", "USER@DOMAIN", "the contacts of one user", registration_show },
	{ "registration del", "USER@DOMAIN", "take them away", registration_del },
	{ "subscription list", "[USER@DOMAIN]", "who watches whom", subscription_list },
	{ "subscription show", "ID", "one of them", subscription_show },
	{ "subscription del", "ID", "end it; its watcher is told", subscription_del },
	{ "presence show", "USER@DOMAIN", "what watchers of a user see", presence_show },
	{ "monitor", "", "events of kernel and daemon as they happen", monitor },
	{ "info", "", "module and daemon: versions, features, counters", info },
	{ "help", "[COMMAND]", "this text, or what a command does", show_help },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	size_t i;

	fputs("usage: jalurctl [--json] [--socket PATH] COMMAND\n\n", out);
	for (i = 0; i < NCOMMANDS; i++)
		fprintf(out, "  %-17s %-32s %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fputs("\n"
	      "  --json         JSON instead of text\n"
	      "  --socket PATH  jalurd's control socket, default " CTL_SOCKET "\n"
	      "  --owner N      only sessions of this node\n"
	      "  --interval S   seconds between two looks, default 1\n"
	      "  --count N      stop after so many\n"
	      "  --realm R, --source IP, --method M, --uri URI, --from URI, --header 'NAME: VALUE'\n"
	      "                 the request that route test asks about\n"
	      "\n"
	      "Exit status: 0 done, 1 refused by module or daemon, 2 usage,\n"
	      "3 module not loaded or daemon not running, 4 no such session, call, trunk, user.\n",
	      out);
}

/* How many words of argv name command; 0: others. */
static int match_words(const struct ctl_command *command, int argc, char **argv)
{
	const char *space = strchr(command->name, ' ');
	size_t first = space ? (size_t)(space - command->name) : strlen(command->name);

	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first))
		return 0;
	if (!space)
		return 1;
	return argc > 1 && !strcmp(argv[1], space + 1) ? 2 : 0;
}

static const struct ctl_command *find_command(int argc, char **argv, int *words)
{
	size_t i;

	for (i = 0; i < NCOMMANDS; i++) {
		*words = match_words(&commands[i], argc, argv);
		if (*words)
			return &commands[i];
	}
	return NULL;
}

static int show_help(struct ctl *ctl, int argc, char **argv)
{
	bool found = false;
	size_t i;

	(void)ctl;
	if (!argc) {
		print_usage(stdout);
		return CTL_OK;
	}
	for (i = 0; i < NCOMMANDS; i++) {
		const char *name = commands[i].name;
		size_t n = strcspn(name, " ");

		if (strlen(argv[0]) != n || strncmp(argv[0], name, n) ||
		    (argc > 1 && name[n] && strcmp(argv[1], name + n + 1)))
			continue;
		printf("jalurctl %s %s\n    %s\n", name, commands[i].args, commands[i].help);
		found = true;
	}
	if (!found)
		fprintf(stderr, "jalurctl: no command \"%s\"; see jalurctl help\n", argv[0]);
	return found ? CTL_OK : CTL_USAGE;
}

int ctl_fail(struct ctl *ctl, int status, const char *code, const char *where,
	     const char *remedy, const char *fmt, ...)
{
	char message[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	json_decref(ctl->error);
	ctl->error = json_pack("{s:s, s:s, s:s, s:s}", "code", code, "message", message, "where",
			       where ? where : "", "remedy", remedy ? remedy : "");
	if (ctl->quiet)
		return status;
	fflush(stdout);
	if (ctl->json) {
		fputs("{\"error\": ", stderr);
		json_dumpf(ctl->error, stderr, JSON_PRESERVE_ORDER);
		fputs("}\n", stderr);
		return status;
	}
	fprintf(stderr, "jalurctl: %s\n", message);
	if (where && *where)
		fprintf(stderr, "  at: %s\n", where);
	if (remedy && *remedy)
		fprintf(stderr, "  try: %s\n", remedy);
	return status;
}

void ctl_print_json(const json_t *object)
{
	json_dumpf(object, stdout, JSON_PRESERVE_ORDER);
	putchar('\n');
	fflush(stdout);
}

bool ctl_parse_id(const char *text, u64 *out)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (!n || n > 16 || text[n])
		return false;
	*out = strtoull(text, NULL, 16);
	return true;
}

int ctl_bad_id(struct ctl *ctl, const char *list, const char *text)
{
	return ctl_fail(ctl, CTL_USAGE, "bad-id", "ID", list,
			"\"%s\" is not an id: expected 1 to 16 hex digits", text);
}

static bool parse_seconds(const char *text, unsigned int *ms)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.05 && s <= 86400))
		return false;
	*ms = (unsigned int)(s * 1000);
	return true;
}

static bool parse_count(const char *text, u64 *out)
{
	char *end;

	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end;
}

/* Of the request that route test asks about. */
static bool take_request(struct ctl *ctl, int opt)
{
	switch (opt) {
	case 'R':
		ctl->realm = optarg;
		return true;
	case 'S':
		ctl->source = optarg;
		return true;
	case 'M':
		ctl->method = optarg;
		return true;
	case 'U':
		ctl->uri = optarg;
		return true;
	case 'F':
		ctl->from = optarg;
		return true;
	case 'H':
		if (!ctl->headers)
			ctl->headers = json_array();
		return !json_array_append_new(ctl->headers, json_string(optarg));
	}
	return false;
}

static const char *wanted(int opt)
{
	switch (opt) {
	case 'i':
		return "seconds from 0.05 to 86400";
	case 'c':
		return "a number above 0";
	case 'o':
		return "a number: the node of jalurd's configuration";
	}
	return "UTF-8";
}

static void bad_option(struct ctl *ctl, const struct option *options, int opt)
{
	char name[32];

	while (options->val != opt)
		options++;
	snprintf(name, sizeof(name), "--%s", options->name);
	ctl_fail(ctl, CTL_USAGE, "usage", name, "jalurctl help", "\"%s\" is no value: expected %s",
		 optarg, wanted(opt));
	json_decref(ctl->error);
}

static bool take_option(struct ctl *ctl, int opt)
{
	u64 number = 0;

	switch (opt) {
	case 'j':
		ctl->json = true;
		return true;
	case 's':
		ctl->socket = optarg;
		return true;
	case 'o':
		ctl->has_owner = parse_count(optarg, &ctl->owner);
		return ctl->has_owner;
	case 'i':
		return parse_seconds(optarg, &ctl->interval_ms);
	case 'c':
		if (!parse_count(optarg, &number) || !number)
			return false;
		ctl->count = (unsigned long)number;
		return true;
	}
	return take_request(ctl, opt);
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command *command;
	int words = 0, status;

	command = find_command(argc, argv, &words);
	if (!command && argc)
		ctl_fail(ctl, CTL_USAGE, "usage", "COMMAND", "jalurctl help",
			 "no command \"%s%s%s\"", argv[0], argc > 1 ? " " : "",
			 argc > 1 ? argv[1] : "");
	else if (!command)
		print_usage(stderr);
	if (!command) {
		json_decref(ctl->error);
		json_decref(ctl->headers);
		return CTL_USAGE;
	}
	status = command->run(ctl, argc - words, argv + words);
	if (status == CTL_USAGE && !ctl->error && ctl->json)
		ctl_fail(ctl, status, "usage", command->name, "jalurctl help",
			 "expected jalurctl %s %s", command->name, command->args);
	else if (status == CTL_USAGE && !ctl->error)
		fprintf(stderr, "usage: jalurctl %s %s\n", command->name, command->args);
	kernel_close(ctl);
	daemon_close(ctl);
	json_decref(ctl->error);
	json_decref(ctl->headers);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "owner", required_argument, NULL, 'o' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "realm", required_argument, NULL, 'R' },
		{ "source", required_argument, NULL, 'S' },
		{ "method", required_argument, NULL, 'M' },
		{ "uri", required_argument, NULL, 'U' },
		{ "from", required_argument, NULL, 'F' },
		{ "header", required_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct ctl ctl = { .socket = CTL_SOCKET, .interval_ms = 1000 };
	int opt;

	while ((opt = getopt_long(argc, argv, "js:o:i:c:h", options, NULL)) != -1) {
		if (opt == 'h') {
			print_usage(stdout);
			return CTL_OK;
		}
		if (take_option(&ctl, opt))
			continue;
		if (opt != '?')
			bad_option(&ctl, options, opt);
		return CTL_USAGE;
	}
	return run(&ctl, argc - optind, argv + optind);
}
