// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners and connections of jalurd.
 */
#include <inttypes.h>

#include "ctl.h"

static void print_listeners(const json_t *listeners)
{
	static const char *const heads[] = { "REALM", "TRANSPORT", "LISTENS AT", NULL };
	struct table *t = table_new(heads);
	json_t *l;
	size_t i;

	json_array_foreach(listeners, i, l) {
		table_row(t);
		table_cell(t, "%s", member_text(l, "realm"));
		table_cell(t, "%s", member_text(l, "transport"));
		table_cell(t, "%s", member_text(l, "local"));
	}
	table_print(t, "");
}

static void print_tls(struct table *t, const json_t *tls, const json_t *connection)
{
	const char *who = member_text(tls, "subject");

	if (!json_is_object(tls)) {
		table_cell(t, "%s", member_text(connection, "origin"));
		return;
	}
	table_cell(t, "%s %s%s%s%s", member_text(tls, "version"), member_text(tls, "cipher"),
		   *who ? " " : "", who,
		   *who && !member_true(tls, "verified") ? " (not verified)" : "");
}

static void print_connections(const json_t *connections)
{
	static const char *const heads[] = {
		"CONNECTION", "REALM", "TRANSPORT", "", "STATE", "PEER", ">AGE", ">MSGS IN", ">MSGS OUT",
		">BYTES IN", ">BYTES OUT", ">QUEUED", "TLS, ORIGIN", NULL,
	};
	struct table *t = table_new(heads);
	char age[32];
	json_t *c;
	size_t i;

	json_array_foreach(connections, i, c) {
		const char *name = member_text(c, "server_name");

		table_row(t);
		table_cell(t, "%s", member_text(c, "id"));
		table_cell(t, "%s", member_text(c, "realm"));
		table_cell(t, "%s", member_text(c, "transport"));
		table_cell(t, "%s", member_text(c, "direction"));
		table_cell(t, "%s", member_text(c, "state"));
		table_cell(t, "%s%s%s", member_text(c, "peer"), *name ? " " : "", name);
		table_cell(t, "%s", text_age(member_number(c, "age_ms"), age, sizeof(age)));
		table_cell(t, "%" PRIu64, member_number(c, "messages_in"));
		table_cell(t, "%" PRIu64, member_number(c, "messages_out"));
		table_cell(t, "%" PRIu64, member_number(c, "bytes_in"));
		table_cell(t, "%" PRIu64, member_number(c, "bytes_out"));
		table_cell(t, "%" PRIu64, member_number(c, "queued"));
		print_tls(t, json_object_get(c, "tls"), c);
	}
	table_print(t, "");
	printf("%zu connection%s\n", i, i == 1 ? "" : "s");
}

static void print_list(const json_t *result)
{
	print_listeners(json_object_get(result, "listeners"));
	puts("");
	print_connections(json_object_get(result, "connections"));
}

int transport_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : ctl_answer(ctl, "transport.list", NULL, print_list);
}

static void print_closed(const json_t *result)
{
	printf("connection %s is closed\n", member_text(result, "id"));
}

int transport_close(struct ctl *ctl, int argc, char **argv)
{
	return ctl_answer_id(ctl, "transport.close", "jalurctl transport list", argc,
			     argv, print_closed);
}
