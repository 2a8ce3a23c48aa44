// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls of jalurd.
 */
#include <inttypes.h>

#include "ctl.h"

static json_t *id_args(u64 id, const char *reason)
{
	json_t *args = json_pack("{s:o}", "id", json_hex(id));

	if (reason)
		json_object_set_new(args, "reason", json_string(reason));
	return args;
}

/* --- text --- */

static void print_calls(const json_t *calls)
{
	static const char *const heads[] = {
		"CALL", "STATE", ">AGE", "FROM", "TO", "REALMS", NULL,
	};
	struct table *t;
	char age[32];
	json_t *call;
	size_t i;

	if (!json_array_size(calls)) {
		puts("no calls");
		return;
	}
	t = table_new(heads);
	json_array_foreach(calls, i, call) {
		const json_t *a = json_object_get(call, "a"), *b = json_object_get(call, "b");

		table_row(t);
		table_cell(t, "%s", member_text(call, "id"));
		table_cell(t, "%s%s", member_text(call, "state"),
			   member_true(call, "held") ? " (held)" : "");
		table_cell(t, "%s", text_age(member_number(call, "age_ms"), age, sizeof(age)));
		table_cell(t, "%s", member_text(a, "remote_uri"));
		table_cell(t, "%s", member_text(b, "remote_uri"));
		table_cell(t, "%s -> %s", member_text(a, "realm"), member_text(b, "realm"));
	}
	table_print(t, "");
	printf("%zu call%s\n", i, i == 1 ? "" : "s");
}

static void print_leg(const char *name, const json_t *leg)
{
	printf("  leg %s  %s  dialog %s\n", name, member_text(leg, "remote_uri"),
	       member_text(leg, "dialog"));
	printf("    realm %s  trunk %s  peer %s\n", member_text(leg, "realm"),
	       *member_text(leg, "trunk") ? member_text(leg, "trunk") : "-",
	       *member_text(leg, "peer") ? member_text(leg, "peer") : "-");
	printf("    Call-ID %s\n    tags: local %s  remote %s\n", member_text(leg, "call_id"),
	       member_text(leg, "local_tag"), member_text(leg, "remote_tag"));
}

static void print_media(const json_t *media)
{
	static const char *const heads[] = {
		">END", "LOCAL", "REMOTE", "", ">RX PKTS", ">RX BYTES", ">TX PKTS", ">LOST",
		">DROPPED", ">JITTER", NULL,
	};
	struct table *t;
	json_t *end;
	size_t i;

	if (!json_object_size(media)) {
		puts("  no media");
		return;
	}
	t = table_new(heads);
	json_array_foreach(json_object_get(media, "ends"), i, end) {
		u64 id = 0;

		ctl_parse_id(member_text(end, "id"), &id);
		table_row(t);
		table_cell(t, "%" PRIu64, id);
		table_cell(t, "%s", member_text(end, "local"));
		table_cell(t, "%s", *member_text(end, "remote") ? member_text(end, "remote") : "-");
		table_cell(t, "%s", member_true(end, "timed_out") ? "silent" :
			   member_true(end, "latched") ? "latched" : "");
		table_cell(t, "%" PRIu64, member_number(end, "rx_packets"));
		table_cell(t, "%" PRIu64, member_number(end, "rx_bytes"));
		table_cell(t, "%" PRIu64, member_number(end, "tx_packets"));
		table_cell(t, "%" PRIu64, member_number(end, "lost"));
		table_cell(t, "%" PRIu64, member_number(end, "dropped"));
		table_cell(t, "%.1fms", json_number_value(json_object_get(end, "jitter_ms")));
	}
	table_print(t, "  ");
}

/* What was promised beside what happens, a line for each direction. */
static void print_streams(const json_t *streams)
{
	static const char *const heads[] = {
		"STREAM", "CODEC", "WAY", "PROMISED", ">ARRIVED", ">LOST", ">REFUSED", ">LEFT", "FROM",
		"TO", NULL,
	};
	json_t *stream, *way;
	struct table *t;
	size_t i, j;

	if (!json_array_size(streams))
		return;
	t = table_new(heads);
	json_array_foreach(streams, i, stream) {
		json_array_foreach(json_object_get(stream, "directions"), j, way) {
			const char *learned = member_text(way, "learned");
			const char *source = *learned ? learned : member_text(way, "source");

			table_row(t);
			table_cell(t, "%s", member_text(stream, "media"));
			table_cell(t, "%s", member_true(stream, "rejected") ? "rejected" :
				   member_text(stream, "codec"));
			table_cell(t, "%s -> %s", member_text(way, "from"), member_text(way, "to"));
			table_cell(t, "%s", member_true(way, "promised") ? "yes" : "no");
			table_cell(t, "%" PRIu64, member_number(way, "arrived"));
			table_cell(t, "%" PRIu64, member_number(way, "lost"));
			table_cell(t, "%" PRIu64, member_number(way, "refused"));
			table_cell(t, "%" PRIu64, member_number(way, "left"));
			table_cell(t, "%s", *source ? source : "-");
			table_cell(t, "%s", *member_text(way, "destination") ?
				   member_text(way, "destination") : "-");
		}
	}
	table_print(t, "  ");
}

static void print_call(const json_t *call)
{
	char age[32];

	printf("call %s  %s%s  age %s\n", member_text(call, "id"), member_text(call, "state"),
	       member_true(call, "held") ? " (held)" : "",
	       text_age(member_number(call, "age_ms"), age, sizeof(age)));
	print_leg("A", json_object_get(call, "a"));
	print_leg("B", json_object_get(call, "b"));
	print_streams(json_object_get(call, "streams"));
	print_media(json_object_get(call, "media"));
}

/* --- commands --- */

int ctl_answer(struct ctl *ctl, const char *cmd, json_t *args,
	       void (*print)(const json_t *result))
{
	json_t *result;
	int status;

	result = daemon_request(ctl, cmd, args, &status);
	if (!result)
		return status;
	if (ctl->json) {
		ctl_print_json(result);
	} else {
		json_clean(result);
		print(result);
	}
	json_decref(result);
	return CTL_OK;
}

int ctl_answer_id(struct ctl *ctl, const char *cmd, const char *list, int argc, char **argv,
		  void (*print)(const json_t *result))
{
	u64 id;

	if (argc != 1)
		return CTL_USAGE;
	if (!ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, list, argv[0]);
	return ctl_answer(ctl, cmd, json_pack("{s:o}", "id", json_hex(id)), print);
}

static void print_list(const json_t *result)
{
	print_calls(json_object_get(result, "calls"));
}

int call_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : ctl_answer(ctl, "call.list", NULL, print_list);
}

int call_show(struct ctl *ctl, int argc, char **argv)
{
	return ctl_answer_id(ctl, "call.show", "jalurctl call list", argc, argv, print_call);
}

static void print_hangup(const json_t *result)
{
	printf("call %s is ended\n", member_text(result, "id"));
}

int call_hangup(struct ctl *ctl, int argc, char **argv)
{
	u64 id;

	if (argc < 1 || argc > 2)
		return CTL_USAGE;
	if (!ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, "jalurctl call list", argv[0]);
	return ctl_answer(ctl, "call.hangup", id_args(id, argc > 1 ? argv[1] : NULL), print_hangup);
}
