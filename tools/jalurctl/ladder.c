// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call as a ladder: the caller on the left, Jalur in the middle, the callee on the
 * right, a line for each message and for what the media did. Who is not the one whose
 * address stands at the head of a column has his own at the end of the line.
 */
#include "ctl.h"

#define WIDTH 34	/* between two columns */

static const char *peer_of(const json_t *steps, const char *leg)
{
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
		if (!strcmp(member_text(step, "kind"), "sip") &&
		    !strcmp(member_text(step, "leg"), leg))
			return member_text(step, "peer");
	return "";
}

static void label(const json_t *step, char *text, size_t size)
{
	u64 status = member_number(step, "status");

	if (status)
		snprintf(text, size, "%u %s (%s)", (unsigned int)status, member_text(step, "what"),
			 member_text(step, "method"));
	else
		snprintf(text, size, "%s (%u)", member_text(step, "what"),
			 (unsigned int)member_number(step, "cseq"));
}

/* "--- INVITE (1) ------>" */
static void print_arrow(const char *text, bool right)
{
	int n = (int)strlen(text), room = WIDTH - 8;

	if (n > room)
		n = room;
	printf("%s %.*s ", right ? "---" : "<--", n, text);
	for (; n < room; n++)
		putchar('-');
	fputs(right ? "-->" : "---", stdout);
}

static void print_sip(const json_t *step, const char *const peers[2])
{
	bool b = !strcmp(member_text(step, "leg"), "b");
	bool in = !strcmp(member_text(step, "direction"), "in");
	const char *peer = member_text(step, "peer");
	char text[96];

	label(step, text, sizeof(text));
	putchar('|');
	if (b)
		printf("%*s|", WIDTH, "");
	print_arrow(text, in != b);
	putchar('|');
	if (!b)
		printf("%*s|", WIDTH, "");
	printf(strcmp(peer, peers[b]) ? " %s\n" : "\n", peer);
}

static void print_media_step(const json_t *step)
{
	bool b = !strcmp(member_text(step, "leg"), "b");
	const char *peer = member_text(step, "peer");
	char text[96];

	snprintf(text, sizeof(text), "%s%s%s", member_text(step, "what"), *peer ? " " : "", peer);
	if (!*peer)
		printf("|%*s+ %s\n", WIDTH, "", text);
	else if (b)
		printf("|%*s|~~~ %-*.*s|\n", WIDTH, "", WIDTH - 4, WIDTH - 4, text);
	else
		printf("|~~~ %-*.*s|%*s|\n", WIDTH - 4, WIDTH - 4, text, WIDTH, "");
}

static void print_ladder(const json_t *trace)
{
	const json_t *steps = json_object_get(trace, "steps");
	const char *const peers[2] = { peer_of(steps, "a"), peer_of(steps, "b") };
	json_t *step;
	size_t i;

	printf("call %s\n%12s %-*s %-*s %s\n", member_text(trace, "call"), "", WIDTH,
	       peers[0], WIDTH, "jalur", peers[1]);
	json_array_foreach(steps, i, step) {
		printf("%12.3f ", json_number_value(json_object_get(step, "offset_ms")) / 1000);
		if (!strcmp(member_text(step, "kind"), "sip"))
			print_sip(step, peers);
		else
			print_media_step(step);
	}
}

int call_trace(struct ctl *ctl, int argc, char **argv)
{
	json_t *args = NULL;
	u64 id;

	if (argc > 1)
		return CTL_USAGE;
	if (argc && !ctl_parse_id(argv[0], &id))
		return ctl_bad_id(ctl, "jalurctl call list", argv[0]);
	if (argc)
		args = json_pack("{s:o}", "id", json_hex(id));
	return ctl_answer(ctl, "call.trace", args, print_ladder);
}
