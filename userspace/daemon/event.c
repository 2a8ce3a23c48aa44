// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happened, to the log and to whoever watches the control socket. Refused
 * requests are logged at most a few times a second: their number is up to
 * whoever sends them.
 */
#include "base/log.h"
#include "daemon/daemon.h"

#define REFUSED_PER_SECOND 10

static bool may_log_refusal(struct daemon *d, u64 now)
{
	if (now - d->refused_window >= NSEC_PER_SEC) {
		d->refused_window = now;
		d->refused_logged = 0;
	}
	return d->refused_logged++ < REFUSED_PER_SECOND;
}

static void log_end(const struct call_event *event)
{
	u64 rx = 0, dropped = 0;
	size_t i;

	for (i = 0; event->figures && i < event->figures->nends; i++) {
		rx += event->figures->ends[i].rx_packets;
		dropped += event->figures->ends[i].dropped;
	}
	log_call(LOG_INFO, event->call, "ended: %s; %llu packets received, %llu dropped",
		 event->reason, (unsigned long long)rx, (unsigned long long)dropped);
}

static void log_event(struct daemon *d, const struct call_event *event)
{
	static const char *const words[] = {
		[CALL_EVENT_NEW] = "new",
		[CALL_EVENT_RINGING] = "ringing",
		[CALL_EVENT_ANSWERED] = "answered",
		[CALL_EVENT_HELD] = "held",
		[CALL_EVENT_RESUMED] = "resumed",
	};

	if (event->type == CALL_EVENT_ENDED)
		log_end(event);
	else if (event->type == CALL_EVENT_TRUNK)
		log_text(event->status ? LOG_WARNING : LOG_INFO, "trunk %s, %s: %s", event->from,
			 event->to, event->reason);
	else if (event->type != CALL_EVENT_REFUSED)
		log_call(LOG_INFO, event->call, "%s: from %s to %s", words[event->type],
			 event->from, event->to);
	else if (may_log_refusal(d, event->time))
		log_text(LOG_WARNING, "refused %u: from %s to %s: %s", event->status, event->from,
			 event->to, event->reason);
}

void daemon_events(struct daemon *d)
{
	struct call_event event;

	while (call_engine_event(d->engine, &event)) {
		log_event(d, &event);
		if (d->control)
			control_call_event(d->control, &event);
		daemon_record(d, &event);
		call_event_clear(&event);
	}
}
