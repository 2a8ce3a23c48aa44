// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registrations of jalurd's domains.
 */
#include "ctl.h"

static void print_list(const json_t *result)
{
	static const char *const heads[] = {
		"USER", "CONTACT", "Q", "EXPIRES", "SOURCE", "NAT", "USER-AGENT", NULL,
	};
	const json_t *list = json_object_get(result, "registrations");
	struct table *t = table_new(heads);
	json_t *r;
	size_t i;

	json_array_foreach(list, i, r) {
		table_row(t);
		table_cell(t, "%s", member_text(r, "aor"));
		table_cell(t, "%s", member_text(r, "contact"));
		table_cell(t, "%.3g", json_number_value(json_object_get(r, "q")));
		table_cell(t, "%llu s",
			   (unsigned long long)member_number(r, "expires_in_ms") / 1000);
		table_cell(t, "%s", member_text(r, "source"));
		table_cell(t, "%s", json_is_true(json_object_get(r, "nat")) ? "yes" : "no");
		table_cell(t, "%s", member_text(r, "user_agent"));
	}
	table_print(t, "");
	printf("%zu contact%s\n", i, i == 1 ? "" : "s");
}

static void print_deleted(const json_t *result)
{
	printf("%s is no longer registered\n", member_text(result, "aor"));
}

int registration_list(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1)
		return CTL_USAGE;
	return ctl_answer(ctl, "registration.list",
			  argc ? json_pack("{s:s}", "domain", argv[0]) : NULL, print_list);
}

int registration_show(struct ctl *ctl, int argc, char **argv)
{
	return argc != 1 ? CTL_USAGE :
	       ctl_answer(ctl, "registration.show", json_pack("{s:s}", "aor", argv[0]), print_list);
}

int registration_del(struct ctl *ctl, int argc, char **argv)
{
	return argc != 1 ? CTL_USAGE :
	       ctl_answer(ctl, "registration.del", json_pack("{s:s}", "aor", argv[0]),
			  print_deleted);
}
