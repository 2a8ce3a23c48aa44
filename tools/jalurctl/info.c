// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both halves at a glance. One that is missing is said, with its remedy, and
 * the other is shown.
 */
#include <inttypes.h>

#include <linux/jalur.h>

#include "ctl.h"

static void take_info(void *arg, struct nlattr *attrs, int len)
{
	json_t **out = arg;

	if (!*out)
		*out = decode_info(attrs, len);
}

static json_t *kernel_info(struct ctl *ctl, int *status)
{
	json_t *out = NULL;
	struct nl_msg *msg;
	int err;

	*status = kernel_open(ctl);
	if (*status)
		return NULL;
	msg = kernel_message(ctl, JALUR_CMD_INFO_GET, 0);
	if (!msg) {
		*status = CTL_FAILED;
		return NULL;
	}
	nla_put_flag(msg, JALUR_A_INFO_LIST_HOOKS);
	err = kernel_request(ctl, msg, take_info, &out);
	if (err)
		*status = kernel_fail(ctl, err, "info");
	else if (!out)
		*status = ctl_fail(ctl, CTL_FAILED, "protocol", "kernel", NULL,
				   "the module gave no information");
	return out;
}

/* --- text --- */

static void print_list(const char *what, const json_t *list)
{
	json_t *word;
	size_t i;

	printf("  %-12s", what);
	json_array_foreach(list, i, word)
		printf("%s%s", i ? " " : "", json_string_value(word));
	puts(i ? "" : "none");
}

static void print_error(const char *half, const json_t *error)
{
	printf("%s: %s\n", half, member_text(error, "message"));
	if (*member_text(error, "remedy"))
		printf("  try: %s\n", member_text(error, "remedy"));
}

static void print_kernel(const json_t *kernel)
{
	json_t *hook;
	size_t i;

	printf("kernel: module %s\n", member_text(kernel, "version"));
	print_list("features", json_object_get(kernel, "features"));
	printf("  %-12s%" PRIu64 " with %" PRIu64 " ends", "sessions",
	       member_number(kernel, "sessions"), member_number(kernel, "ends"));
	if (member_number(kernel, "max_sessions"))
		printf(" (at most %" PRIu64 " here)", member_number(kernel, "max_sessions"));
	printf(", %" PRIu64 " on the machine (at most %" PRIu64 ")\n",
	       member_number(kernel, "machine_sessions"),
	       member_number(kernel, "machine_max_sessions"));
	print_list("attached", json_object_get(kernel, "owners"));
	printf("  %-12s%" PRIu64 "s away and %" PRIu64 "s silent\n", "orphans",
	       member_number(kernel, "orphan_ms") / 1000,
	       member_number(kernel, "orphan_idle_ms") / 1000);
	printf("  %-12spriority %" JSON_INTEGER_FORMAT, "hooks",
	       json_integer_value(json_object_get(kernel, "hook_priority")));
	json_array_foreach(json_object_get(kernel, "hooks"), i, hook)
		printf(", %s %s", member_text(hook, "device"), member_text(hook, "state"));
	puts(i ? "" : ", no device (there are no sessions)");
}

static void print_records(const json_t *records)
{
	if (!json_is_object(records))
		return;
	printf("  %-12s%" PRIu64 " written, %" PRIu64 " lost (ring full), %" PRIu64 " failed\n",
	       "records", member_number(records, "written"), member_number(records, "lost"),
	       member_number(records, "failed"));
}

static void print_store(const json_t *store)
{
	if (!json_is_object(store))
		return;
	printf("  %-12s%" PRIu64 " changes written, %" PRIu64 " waiting, %" PRIu64
	       " lost, the disk failed %" PRIu64 " times\n", "store",
	       member_number(store, "written"), member_number(store, "waiting"),
	       member_number(store, "lost"), member_number(store, "failures"));
}

static void print_overload(const json_t *overload)
{
	json_t *cause;
	size_t i;

	printf("  %-12s%s", "overload", member_text(overload, "level"));
	json_array_foreach(json_object_get(overload, "causes"), i, cause)
		if (strcmp(member_text(cause, "level"), "none"))
			printf(", %s: %s", member_text(cause, "cause"),
			       member_text(cause, "level"));
	puts("");
	json_array_foreach(json_object_get(overload, "causes"), i, cause)
		if (member_number(cause, "refused"))
			printf("  refused by %-21s %" PRIu64 "\n", member_text(cause, "cause"),
			       member_number(cause, "refused"));
}

static void print_daemon(const json_t *daemon)
{
	const char *name;
	json_t *value;

	printf("daemon: jalurd %s, pid %" PRIu64 "\n", member_text(daemon, "version"),
	       member_number(daemon, "pid"));
	printf("  %-12s%" PRIu64 "\n", "node", member_number(daemon, "node"));
	printf("  %-12s%" PRIu64 "%s\n", "calls", member_number(daemon, "calls"),
	       member_true(daemon, "stopping") ? " (stopping: takes no new ones)" :
	       member_true(json_object_get(daemon, "drain"), "draining") ?
	       " (draining: takes no new ones)" : "");
	print_overload(json_object_get(daemon, "overload"));
	printf("  %-12s%s\n", "relay", member_text(daemon, "relay"));
	print_records(json_object_get(daemon, "call_records"));
	print_store(json_object_get(daemon, "store"));
	json_object_foreach(json_object_get(daemon, "counters"), name, value)
		if (json_integer_value(value))
			printf("  %-32s %" JSON_INTEGER_FORMAT "\n", name,
			       json_integer_value(value));
}

static json_t *take_error(struct ctl *ctl)
{
	json_t *error = ctl->error;

	ctl->error = NULL;
	return error;
}

/* Both there: 0. One missing: it is shown and the status is still 0; none: why. */
int info(struct ctl *ctl, int argc, char **argv)
{
	json_t *kernel, *daemon, *kernel_error = NULL, *daemon_error = NULL, *all;
	int kernel_status, daemon_status;

	(void)argv;
	if (argc)
		return CTL_USAGE;
	ctl->quiet = true;
	kernel = kernel_info(ctl, &kernel_status);
	if (!kernel)
		kernel_error = take_error(ctl);
	daemon = daemon_request(ctl, "info", NULL, &daemon_status);
	if (!daemon)
		daemon_error = take_error(ctl);
	all = json_pack("{s:o?, s:o?, s:o?, s:o?}", "kernel", kernel, "daemon", daemon,
			"kernel_error", kernel_error, "daemon_error", daemon_error);
	if (ctl->json) {
		ctl_print_json(all);
	} else {
		if (kernel)
			print_kernel(kernel);
		else
			print_error("kernel", kernel_error);
		if (daemon)
			print_daemon(daemon);
		else
			print_error("daemon", daemon_error);
	}
	json_decref(all);
	return kernel_status && daemon_status ? kernel_status : CTL_OK;
}
