// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jalurd: arguments, configuration, start. --check reads the configuration,
 * reports every mistake with its line, and starts nothing.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/daemon.h"

#define DEFAULT_CONFIG "/etc/jalur/jalurd.yaml"

static const char usage_text[] =
	"usage: jalurd [--config FILE] [--check] [--foreground]\n"
	"\n"
	"  --config FILE   configuration; default " DEFAULT_CONFIG "\n"
	"  --check         report every mistake in it and exit: 0 none, 1 some\n"
	"  --foreground    the only mode there is, and the default\n"
	"  --help          this text\n"
	"\n"
	"Signals: TERM and INT stop (on-stop says what becomes of calls), HUP reloads.\n";

static void print_mistakes(const char *path, const struct config_mistakes *mistakes)
{
	size_t i;

	for (i = 0; i < mistakes->n; i++)
		fprintf(stderr, "%s:%d: %s\n", path, mistakes->list[i].line,
			mistakes->list[i].text);
}

static int run(const char *path, struct config *config)
{
	struct daemon *d = calloc(1, sizeof(*d));
	int status = 1;

	if (!d) {
		config_free(config);
		return 1;
	}
	log_set_level(config->log_level);
	if (!daemon_start(d, path, config))
		status = daemon_run(d);
	daemon_stop(d);
	free(d);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *path = DEFAULT_CONFIG;
	struct config_mistakes mistakes = { 0 };
	struct config *config;
	bool check = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "c:nfh", options, NULL)) != -1) {
		if (opt == 'c') {
			path = optarg;
		} else if (opt == 'n') {
			check = true;
		} else if (opt != 'f') {
			fputs(usage_text, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	}
	if (optind < argc) {
		fputs(usage_text, stderr);
		return 2;
	}
	if (config_load(path, &config, &mistakes)) {
		print_mistakes(path, &mistakes);
		config_mistakes_free(&mistakes);
		return 1;
	}
	if (!check)
		return run(path, config);
	config_free(config);
	printf("%s: no mistakes\n", path);
	return 0;
}
