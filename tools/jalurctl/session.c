// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sessions of the kernel: what media flows, whoever made them.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include <linux/jalur.h>

#include "ctl.h"

/* A session that is too large for one message goes on in the next. */
static void take_session(void *arg, struct nlattr *attrs, int len)
{
	json_t *session = decode_session(attrs, len), *last;

	last = json_array_get(arg, json_array_size(arg) - 1);
	if (!last || strcmp(member_text(last, "id"), member_text(session, "id")) ||
	    strcmp(member_text(last, "owner"), member_text(session, "owner"))) {
		json_array_append_new(arg, session);
		return;
	}
	json_array_extend(json_object_get(last, "ends"), json_object_get(session, "ends"));
	json_array_extend(json_object_get(last, "flows"), json_object_get(session, "flows"));
	json_decref(session);
}

/* All sessions (of the owner asked for); NULL was reported. */
static json_t *dump_sessions(struct ctl *ctl, int *status)
{
	json_t *sessions;
	struct nl_msg *msg;
	int err;

	*status = kernel_open(ctl);
	if (*status)
		return NULL;
	msg = kernel_message(ctl, JALUR_CMD_SESSION_GET, NLM_F_DUMP);
	if (!msg) {
		*status = CTL_FAILED;
		return NULL;
	}
	if (ctl->has_owner)
		nla_put_u64(msg, JALUR_A_SESSION_OWNER, ctl->owner);
	sessions = json_array();
	err = kernel_request(ctl, msg, take_session, sessions);
	if (!err)
		return sessions;
	*status = kernel_fail(ctl, err, "session list");
	json_decref(sessions);
	return NULL;
}

static u64 hex_of(const json_t *session, const char *key)
{
	u64 id = 0;

	ctl_parse_id(member_text(session, key), &id);
	return id;
}

static int no_session(struct ctl *ctl, u64 id)
{
	return ctl_fail(ctl, CTL_NOT_FOUND, "no-such-session", "ID", "jalurctl session list",
			"no session %016" PRIx64, id);
}

/* Owners choose ids for themselves, so two may have the same. */
static int find_owner(struct ctl *ctl, u64 id)
{
	json_t *sessions, *session;
	size_t i, found = 0;
	int status;

	if (ctl->has_owner)
		return CTL_OK;
	sessions = dump_sessions(ctl, &status);
	if (!sessions)
		return status;
	json_array_foreach(sessions, i, session) {
		if (hex_of(session, "id") != id)
			continue;
		found++;
		ctl->owner = hex_of(session, "owner");
	}
	json_decref(sessions);
	if (!found)
		return no_session(ctl, id);
	if (found > 1)
		return ctl_fail(ctl, CTL_USAGE, "ambiguous", "ID", "--owner N",
				"%zu owners have a session %016" PRIx64, found, id);
	ctl->has_owner = true;
	return CTL_OK;
}

/* One session, or NULL: *status, reported. */
static json_t *get_session(struct ctl *ctl, u64 id, int *status)
{
	json_t *list, *session = NULL;
	struct nl_msg *msg;
	int err;

	*status = kernel_open(ctl);
	if (!*status)
		*status = find_owner(ctl, id);
	if (*status)
		return NULL;
	msg = kernel_message(ctl, JALUR_CMD_SESSION_GET, 0);
	if (!msg) {
		*status = CTL_FAILED;
		return NULL;
	}
	nla_put_u64(msg, JALUR_A_SESSION_OWNER, ctl->owner);
	nla_put_u64(msg, JALUR_A_SESSION_ID, id);
	list = json_array();
	err = kernel_request(ctl, msg, take_session, list);
	if (err == -ENOENT)
		*status = no_session(ctl, id);
	else if (err)
		*status = kernel_fail(ctl, err, "session show");
	else
		session = json_incref(json_array_get(list, 0));
	if (!err && !session)
		*status = ctl_fail(ctl, CTL_FAILED, "protocol", "kernel", NULL,
				   "the module gave no session");
	json_decref(list);
	return session;
}

/* --- text --- */

static const char *const end_heads[] = {
	">END", "LOCAL", "REMOTE", "", ">RX PKTS", ">RX BYTES", ">TX PKTS", ">LOST", ">DROPPED",
	">JITTER", ">LAST RX", NULL,
};

static const char *latch_word(const json_t *end)
{
	if (member_true(end, "dormant"))
		return "dormant";
	if (member_true(end, "timed_out"))
		return "silent";
	return member_true(end, "latched") ? "latched" : "";
}

static void end_row(struct table *t, const json_t *end)
{
	const json_t *last = json_object_get(end, "last_rx_ms");
	const char *remote = member_text(end, "remote");
	char age[32] = "never";

	if (json_is_integer(last))
		text_age((u64)json_integer_value(last), age, sizeof(age));
	table_row(t);
	table_cell(t, "%" PRIu64, hex_of(end, "id"));
	table_cell(t, "%s", *member_text(end, "local") ? member_text(end, "local") : "-");
	table_cell(t, "%s", *remote ? remote : "-");
	table_cell(t, "%s", latch_word(end));
	table_cell(t, "%" PRIu64, member_number(end, "rx_packets"));
	table_cell(t, "%" PRIu64, member_number(end, "rx_bytes"));
	table_cell(t, "%" PRIu64, member_number(end, "tx_packets"));
	table_cell(t, "%" PRIu64, member_number(end, "lost"));
	table_cell(t, "%" PRIu64, member_number(end, "dropped"));
	table_cell(t, "%.1fms", json_number_value(json_object_get(end, "jitter_ms")));
	table_cell(t, "%s", age);
}

static void session_rows(struct table *t, const json_t *session)
{
	char age[32];
	json_t *end;
	size_t i;

	table_line(t, "session %s  node %" PRIu64 "  age %s  %s", member_text(session, "id"),
		   hex_of(session, "owner"),
		   text_age(member_number(session, "age_ms"), age, sizeof(age)),
		   member_text(session, "tag"));
	json_array_foreach(json_object_get(session, "ends"), i, end)
		end_row(t, end);
}

static void print_sessions(const json_t *sessions)
{
	struct table *t;
	json_t *session;
	size_t i;

	if (!json_array_size(sessions)) {
		puts("no sessions");
		return;
	}
	t = table_new(end_heads);
	json_array_foreach(sessions, i, session)
		session_rows(t, session);
	table_print(t, "  ");
	printf("%zu session%s\n", i, i == 1 ? "" : "s");
}

static void print_words(const char *what, const json_t *list)
{
	json_t *word;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("  %s", what);
	json_array_foreach(list, i, word)
		printf(" %s", json_string_value(word));
}

static void print_drops(const json_t *end)
{
	const char *reason;
	json_t *count;

	json_object_foreach(json_object_get(end, "drops"), reason, count)
		printf("      dropped %" JSON_INTEGER_FORMAT ": %s\n", json_integer_value(count),
		       reason);
}

static void print_sources(const json_t *end)
{
	json_t *source;
	size_t i;

	json_array_foreach(json_object_get(end, "sources"), i, source)
		printf("      ssrc %s  payload type %" PRIu64 "  packets %" PRIu64 "  lost %" PRIu64
		       "  jitter %.1fms\n", member_text(source, "ssrc"),
		       member_number(source, "payload_type"), member_number(source, "packets"),
		       member_number(source, "lost"),
		       json_number_value(json_object_get(source, "jitter_ms")));
}

static void print_details(const json_t *session)
{
	json_t *end, *flow, *payload;
	size_t i, j;

	json_array_foreach(json_object_get(session, "ends"), i, end) {
		printf("  end %" PRIu64 ":", hex_of(end, "id"));
		print_words("accepts", json_object_get(end, "accept"));
		printf("  latch %s%s", member_text(end, "latch"),
		       member_true(end, "latch_open") ? " (open)" : "");
		printf("  signalled %s", *member_text(end, "signalled") ?
		       member_text(end, "signalled") : "-");
		if (member_number(end, "idle_ms"))
			printf("  idle after %" PRIu64 "ms", member_number(end, "idle_ms"));
		json_array_foreach(json_object_get(end, "payloads"), j, payload)
			printf("%s%" PRIu64 "/%" PRIu64, j ? " " : "  payload types ",
			       member_number(payload, "pt"), member_number(payload, "clock_rate"));
		putchar('\n');
		print_sources(end);
		print_drops(end);
	}
	json_array_foreach(json_object_get(session, "flows"), i, flow) {
		printf("  flow %" PRIu64 " ->", hex_of(flow, "source"));
		json_array_foreach(json_object_get(flow, "destinations"), j, end) {
			u64 id = 0;

			ctl_parse_id(json_string_value(end), &id);
			printf(" %" PRIu64, id);
		}
		putchar('\n');
	}
}

static void print_session(const json_t *session)
{
	struct table *t = table_new(end_heads);

	session_rows(t, session);
	table_print(t, "  ");
	print_details(session);
}

/* --- commands --- */

static int look(struct ctl *ctl, bool one, u64 id)
{
	json_t *object;
	int status;

	object = one ? get_session(ctl, id, &status) : dump_sessions(ctl, &status);
	if (!object)
		return status;
	if (!ctl->json)
		json_clean(object);
	if (ctl->json && one)
		ctl_print_json(object);
	else if (one)
		print_session(object);
	else if (!ctl->json)
		print_sessions(object);
	if (ctl->json && !one) {
		json_t *list = json_pack("{s:O}", "sessions", object);

		ctl_print_json(list);
		json_decref(list);
	}
	json_decref(object);
	return CTL_OK;
}

int session_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : look(ctl, false, 0);
}

int session_show(struct ctl *ctl, int argc, char **argv)
{
	u64 id;

	if (argc != 1)
		return CTL_USAGE;
	if (!ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, "jalurctl session list", argv[0]);
	return look(ctl, true, id);
}

int session_watch(struct ctl *ctl, int argc, char **argv)
{
	unsigned long n = 0;
	u64 id = 0;
	int status;

	if (argc > 1)
		return CTL_USAGE;
	if (argc && !ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, "jalurctl session list", argv[0]);
	for (;;) {
		if (!ctl->json && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		status = look(ctl, argc, id);
		fflush(stdout);
		if (status || (ctl->count && ++n >= ctl->count))
			return status;
		usleep(ctl->interval_ms * 1000);
	}
}

static void print_final(u64 id, const json_t *session)
{
	json_t *end;
	size_t i;

	printf("session %016" PRIx64 " deleted\n", id);
	json_array_foreach(json_object_get(session, "ends"), i, end)
		printf("  end %" PRIu64 ": %" PRIu64 " packets received, %" PRIu64 " sent, %" PRIu64
		       " lost, %" PRIu64 " dropped\n", hex_of(end, "id"),
		       member_number(end, "rx_packets"), member_number(end, "tx_packets"),
		       member_number(end, "lost"), member_number(end, "dropped"));
}

int session_del(struct ctl *ctl, int argc, char **argv)
{
	json_t *list, *session;
	struct nl_msg *msg;
	int status, err;
	u64 id;

	if (argc != 1)
		return CTL_USAGE;
	if (!ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, "jalurctl session list", argv[0]);
	status = kernel_open(ctl);
	if (!status)
		status = find_owner(ctl, id);
	if (status)
		return status;
	msg = kernel_message(ctl, JALUR_CMD_SESSION_DEL, 0);
	if (!msg)
		return CTL_FAILED;
	nla_put_u64(msg, JALUR_A_SESSION_OWNER, ctl->owner);
	nla_put_u64(msg, JALUR_A_SESSION_ID, id);
	nla_put_flag(msg, JALUR_A_SESSION_FORCE);
	list = json_array();
	err = kernel_request(ctl, msg, take_session, list);
	if (err) {
		json_decref(list);
		return err == -ENOENT ? no_session(ctl, id) : kernel_fail(ctl, err, "session del");
	}
	session = json_array_get(list, 0);
	if (ctl->json) {
		json_t *result = json_pack("{s:O?}", "deleted", session);

		ctl_print_json(result);
		json_decref(result);
	} else {
		print_final(id, session);
	}
	json_decref(list);
	return CTL_OK;
}
