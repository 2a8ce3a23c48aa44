// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who watches whom, and what he sees.
 */
#include "ctl.h"

static void print_list(const json_t *result)
{
	static const char *const heads[] = {
		"ID", "EVENT", "USER", "WATCHER", "STATE", "EXPIRES", "PEER", "CARRIED", NULL,
	};
	const json_t *list = json_object_get(result, "subscriptions");
	struct table *t = table_new(heads);
	json_t *s;
	size_t i;

	json_array_foreach(list, i, s) {
		table_row(t);
		table_cell(t, "%s", member_text(s, "id"));
		table_cell(t, "%s", member_text(s, "package"));
		table_cell(t, "%s", member_text(s, "resource"));
		table_cell(t, "%s", member_text(s, "watcher"));
		table_cell(t, "%s", member_text(s, "state"));
		table_cell(t, "%llu s",
			   (unsigned long long)member_number(s, "expires_in_ms") / 1000);
		table_cell(t, "%s", member_text(s, "peer"));
		table_cell(t, "%s", member_true(s, "carried") ? "yes" : "no");
	}
	table_print(t, "");
	printf("%zu subscription%s\n", i, i == 1 ? "" : "s");
}

static void print_one(const json_t *s)
{
	printf("subscription %s: %s watches %s of %s\n", member_text(s, "id"),
	       member_text(s, "watcher"), member_text(s, "package"), member_text(s, "resource"));
	printf("  %s, expires %s\n", member_text(s, "state"), member_text(s, "expires"));
	printf("  peer %s, Call-ID %s\n", member_text(s, "peer"), member_text(s, "call_id"));
	if (member_true(s, "carried"))
		printf("  carried to and from %s\n", member_text(s, "notifier"));
	printf("  %s\n", member_true(s, "waiting") ? "waits for the answer to a NOTIFY" :
	       "every NOTIFY is answered");
}

static void print_deleted(const json_t *result)
{
	printf("subscription %s ends\n", member_text(result, "id"));
}

/* XML of several lines, as watchers get it. */
static void print_document(const json_t *p)
{
	const char *c = json_string_value(json_object_get(p, "document"));

	for (; c && *c; c++)
		putchar((unsigned char)*c < ' ' && *c != '\n' && *c != '\t' ? '?' : *c);
}

static void print_presence(const json_t *p)
{
	printf("%s: %llu contacts, %llu publications, %llu watchers%s\n", member_text(p, "aor"),
	       (unsigned long long)member_number(p, "contacts"),
	       (unsigned long long)member_number(p, "publications"),
	       (unsigned long long)member_number(p, "watchers"),
	       member_true(p, "served") ? "" : "; events.presence of the domain is off");
	print_document(p);
}

int subscription_list(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1)
		return CTL_USAGE;
	return ctl_answer(ctl, "subscription.list",
			  argc ? json_pack("{s:s}", "aor", argv[0]) : NULL, print_list);
}

int subscription_show(struct ctl *ctl, int argc, char **argv)
{
	return ctl_answer_id(ctl, "subscription.show", "jalurctl subscription list", argc,
			     argv, print_one);
}

int subscription_del(struct ctl *ctl, int argc, char **argv)
{
	return ctl_answer_id(ctl, "subscription.del", "jalurctl subscription list", argc,
			     argv, print_deleted);
}

int presence_show(struct ctl *ctl, int argc, char **argv)
{
	return argc != 1 ? CTL_USAGE :
	       ctl_answer(ctl, "presence.show", json_pack("{s:s}", "aor", argv[0]),
			  print_presence);
}
