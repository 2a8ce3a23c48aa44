// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of both parties in one stream, in the order in which they arrive here.
 * The kernel's come over netlink, which may lose some: an overrun socket and a gap
 * in the sequence numbers are told. With the module out of reach jalurd is
 * asked for what it hears from the kernel, and either party may be missing.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "ctl.h"

struct watch {
	struct ctl *ctl;
	u64 sequence;		/* of the last event; 0: none yet */
};

static void print_member(const json_t *event, const char *key)
{
	const json_t *value = json_object_get(event, key);

	if (json_is_string(value) && *json_string_value(value))
		printf("  %s=%s", key, json_string_value(value));
	else if (json_is_integer(value) && json_integer_value(value))
		printf("  %s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value));
}

static void print_event(struct ctl *ctl, json_t *event)
{
	static const char *const keys[] = {
		"call", "session", "end", "remote", "ssrc", "from", "to", "status", "reason",
		"count", "text",
	};
	const char *time;
	size_t i;

	if (ctl->json) {
		ctl_print_json(event);
		return;
	}
	json_clean(event);
	/* The date is the reader's; the hour is enough. */
	time = member_text(event, "time");
	if (strlen(time) > 11)
		time += 11;
	printf("%-16s %-6s  %s", time, member_text(event, "source"), member_text(event, "type"));
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		print_member(event, keys[i]);
	putchar('\n');
	fflush(stdout);
}

static void print_lost(struct ctl *ctl, u64 count, const char *text)
{
	json_t *event = json_pack("{s:s, s:s, s:I, s:s}", "source", "kernel", "type", "lost",
				  "count", (json_int_t)count, "text", text);

	print_event(ctl, event);
	json_decref(event);
}

static void kernel_event(void *arg, struct nlattr *attrs, int len)
{
	struct watch *w = arg;
	u64 sequence = 0;
	json_t *event;

	event = decode_event(attrs, len, &sequence);
	if (!event)
		return;
	if (sequence && w->sequence && sequence > w->sequence + 1)
		print_lost(w->ctl, sequence - w->sequence - 1, "a gap in the sequence of events");
	if (sequence)
		w->sequence = sequence;
	print_event(w->ctl, event);
	json_decref(event);
}

static int kernel_readable(struct watch *w)
{
	int err = kernel_events_read(w->ctl, kernel_event, w);

	if (err == -ENOBUFS) {
		print_lost(w->ctl, 0, "the event socket overflowed");
		return 0;
	}
	return err;
}

/* false: jalurd is gone. */
static bool daemon_readable(struct watch *w)
{
	json_t *line, *event, *error;
	bool gone;

	while ((line = daemon_next(w->ctl, &gone))) {
		event = json_object_get(line, "event");
		if (event)
			print_event(w->ctl, event);
		error = json_object_get(line, "error");
		if (error)
			ctl_fail(w->ctl, CTL_FAILED, member_text(error, "code"), "monitor", NULL,
				 "%s", member_text(error, "message"));
		gone = error || json_object_get(line, "done");
		json_decref(line);
		if (gone)
			break;
	}
	return !gone;
}

static int watch_both(struct ctl *ctl, int kernel_fd)
{
	struct watch w = { .ctl = ctl };
	struct pollfd fds[2] = {
		{ .fd = kernel_fd, .events = POLLIN },
		{ .fd = daemon_fd(ctl), .events = POLLIN },
	};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents && kernel_readable(&w)) {
			ctl_fail(ctl, CTL_UNREACHABLE, "events-lost", "kernel", NULL,
				 "the kernel's events cannot be read any more");
			fds[0].fd = -1;
		}
		if (fds[1].revents && !daemon_readable(&w)) {
			ctl_fail(ctl, CTL_UNREACHABLE, "connection-lost", ctl->socket, NULL,
				 "jalurd ended the stream");
			fds[1].fd = -1;
		}
	}
	return CTL_UNREACHABLE;
}

int monitor(struct ctl *ctl, int argc, char **argv)
{
	int kernel_fd, status;
	json_t *sources;

	(void)argv;
	if (argc)
		return CTL_USAGE;
	kernel_fd = kernel_events_open(ctl);
	sources = kernel_fd < 0 ? json_pack("{s:[s,s]}", "sources", "call", "media") :
				  json_pack("{s:[s]}", "sources", "call");
	status = daemon_start(ctl, "monitor", sources);
	if (status)
		daemon_close(ctl);
	if (kernel_fd < 0 && status)
		return status;
	if (kernel_fd < 0 || status)
		fprintf(stderr, "jalurctl: showing events of the %s only\n",
			status ? "kernel" : "daemon");
	return watch_both(ctl, kernel_fd < 0 ? -1 : kernel_fd);
}
