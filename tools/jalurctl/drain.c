// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking a node out of service: no new calls, and how many are left. It can be
 * watched until none is.
 */
#include <inttypes.h>
#include <time.h>

#include "ctl.h"

static void print_drain(struct ctl *ctl, const json_t *drain)
{
	u64 calls = member_number(drain, "calls");

	if (ctl->json) {
		ctl_print_json(drain);
		return;
	}
	if (!member_true(drain, "draining"))
		printf("not draining, %" PRIu64 " calls\n", calls);
	else
		printf("draining: %" PRIu64 " of %" PRIu64 " calls left, %" PRIu64 " refused\n",
		       calls, member_number(drain, "calls_at_start"),
		       member_number(drain, "refused"));
	fflush(stdout);
}

/* A line for each change. */
static int wait_for_none(struct ctl *ctl)
{
	struct timespec pause = { .tv_sec = ctl->interval_ms / 1000,
				  .tv_nsec = ctl->interval_ms % 1000 * 1000000 };
	json_t *drain, *told = NULL;
	bool more = true;
	int status;

	while (more) {
		drain = daemon_request(ctl, "drain.status", NULL, &status);
		if (!drain)
			break;
		if (!json_equal(drain, told))
			print_drain(ctl, drain);
		more = member_true(drain, "draining") && member_number(drain, "calls");
		json_decref(told);
		told = drain;
		if (more)
			nanosleep(&pause, NULL);
	}
	json_decref(told);
	return status;
}

static int simple(struct ctl *ctl, int argc, const char *cmd)
{
	int status = CTL_OK;
	json_t *drain;

	if (argc)
		return CTL_USAGE;
	drain = daemon_request(ctl, cmd, NULL, &status);
	if (drain)
		print_drain(ctl, drain);
	json_decref(drain);
	return status;
}

int drain_on(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return simple(ctl, argc, "drain.on");
}

int drain_off(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return simple(ctl, argc, "drain.off");
}

int drain_status(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return simple(ctl, argc, "drain.status");
}

int drain_watch(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : wait_for_none(ctl);
}
