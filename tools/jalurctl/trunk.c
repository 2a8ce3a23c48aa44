// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trunks of jalurd: how they are, and taking them out of service.
 */
#include <inttypes.h>

#include "ctl.h"

/* "3", "3/30" */
static void print_calls(struct table *t, const json_t *trunk)
{
	if (json_is_null(json_object_get(trunk, "max_calls")))
		table_cell(t, "%" PRIu64, member_number(trunk, "calls"));
	else
		table_cell(t, "%" PRIu64 "/%" PRIu64, member_number(trunk, "calls"),
			   member_number(trunk, "max_calls"));
}

static void print_upstream(struct table *t, const json_t *trunk)
{
	const json_t *r = json_object_get(trunk, "registration");

	if (!json_is_object(r))
		table_cell(t, "-");
	else if (member_number(r, "failures"))
		table_cell(t, "%s (%" PRIu64 ", %" PRIu64 " times)", member_text(r, "state"),
			   member_number(r, "status"), member_number(r, "failures"));
	else
		table_cell(t, "%s", member_text(r, "state"));
}

static void print_list(const json_t *result)
{
	static const char *const heads[] = {
		"TRUNK", "REALM", "STATE", ">CALLS", ">REFUSED", "ADDRESSES UP", "REGISTRATION",
		NULL,
	};
	struct table *t = table_new(heads);
	json_t *trunk;
	size_t i;

	json_array_foreach(json_object_get(result, "trunks"), i, trunk) {
		table_row(t);
		table_cell(t, "%s", member_text(trunk, "name"));
		table_cell(t, "%s", member_text(trunk, "realm"));
		table_cell(t, "%s", member_text(trunk, "state"));
		print_calls(t, trunk);
		table_cell(t, "%" PRIu64, member_number(trunk, "refused"));
		if (json_is_null(json_object_get(trunk, "probe_interval_ms")))
			table_cell(t, "not probed");
		else
			table_cell(t, "%" PRIu64 " of %" PRIu64,
				   member_number(trunk, "addresses_up"),
				   member_number(trunk, "addresses_known"));
		print_upstream(t, trunk);
	}
	table_print(t, "");
	printf("%zu trunk%s\n", i, i == 1 ? "" : "s");
}

static void print_addresses(const json_t *addresses)
{
	static const char *const heads[] = {
		"ADDRESS", "TRANSPORT", "STATE", ">PRIORITY", ">WEIGHT", ">LAST PROBE", ">RTT MS",
		"TARGET", NULL,
	};
	struct table *t = table_new(heads);
	json_t *a, *rtt;
	size_t i;

	json_array_foreach(addresses, i, a) {
		rtt = json_object_get(a, "probe_rtt_ms");
		table_row(t);
		table_cell(t, "%s", member_text(a, "address"));
		table_cell(t, "%s", member_text(a, "transport"));
		table_cell(t, "%s%s", member_text(a, "state"),
			   member_true(a, "failed") ? ", failed" : "");
		table_cell(t, "%" PRIu64, member_number(a, "priority"));
		table_cell(t, "%" PRIu64, member_number(a, "weight"));
		table_cell(t, "%" PRIu64, member_number(a, "probe_status"));
		if (json_is_real(rtt))
			table_cell(t, "%.1f", json_real_value(rtt));
		else
			table_cell(t, "-");
		table_cell(t, "%s", member_text(a, "target"));
	}
	table_print(t, "  ");
}

static void print_registering(const json_t *r)
{
	static const char *const times[] = { "until", "next" };
	size_t i;

	printf("  registration of %s: %s", member_text(r, "aor"), member_text(r, "state"));
	if (member_number(r, "status"))
		printf(", last response %" PRIu64, member_number(r, "status"));
	for (i = 0; i < 2; i++)
		if (*member_text(r, times[i]))
			printf(", %s %s", times[i], member_text(r, times[i]));
	printf("\n");
}

static void print_one(const json_t *trunk)
{
	const json_t *r = json_object_get(trunk, "registration");

	printf("trunk %s in realm %s: %s\n", member_text(trunk, "name"),
	       member_text(trunk, "realm"), member_text(trunk, "state"));
	printf("  calls %" PRIu64, member_number(trunk, "calls"));
	if (member_number(trunk, "max_calls"))
		printf(" of %" PRIu64, member_number(trunk, "max_calls"));
	if (member_number(trunk, "max_rate"))
		printf(", at most %" PRIu64 " in a second", member_number(trunk, "max_rate"));
	printf(", %" PRIu64 " refused\n", member_number(trunk, "refused"));
	if (json_is_object(r))
		print_registering(r);
	print_addresses(json_object_get(trunk, "addresses"));
}

int trunk_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : ctl_answer(ctl, "trunk.list", NULL, print_list);
}

static int ask(struct ctl *ctl, const char *cmd, int argc, char **argv,
	       void (*print)(const json_t *))
{
	if (argc != 1)
		return CTL_USAGE;
	return ctl_answer(ctl, cmd, json_pack("{s:s}", "name", argv[0]), print);
}

int trunk_show(struct ctl *ctl, int argc, char **argv)
{
	return ask(ctl, "trunk.show", argc, argv, print_one);
}

static void print_state(const json_t *trunk)
{
	printf("trunk %s is %s, %" PRIu64 " calls\n", member_text(trunk, "name"),
	       member_text(trunk, "state"), member_number(trunk, "calls"));
}

int trunk_drain(struct ctl *ctl, int argc, char **argv)
{
	return ask(ctl, "trunk.drain", argc, argv, print_state);
}

int trunk_enable(struct ctl *ctl, int argc, char **argv)
{
	return ask(ctl, "trunk.enable", argc, argv, print_state);
}
