// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the caller's side of a relay to the one that serves. Callers hand in an
 * error to be filled in; it is emptied here, for all implementations.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/jalur.h>

#include "media/relay.h"

struct media_figures *media_figures_copy(const struct media_figures *figures)
{
	size_t size = offsetof(struct media_figures, ends[figures->nends]);
	struct media_figures *copy = malloc(size);

	return copy ? memcpy(copy, figures, size) : NULL;
}

const char *media_drop_name(u32 reason)
{
	static const char *const names[MEDIA_DROPS] = {
		[JALUR_DROP_REASON_SOURCE] = "source",
		[JALUR_DROP_REASON_MALFORMED] = "malformed",
		[JALUR_DROP_REASON_KIND] = "kind",
		[JALUR_DROP_REASON_PAYLOAD_TYPE] = "payload-type",
		[JALUR_DROP_REASON_NO_FLOW] = "no-flow",
		[JALUR_DROP_REASON_NO_REMOTE] = "no-remote",
		[JALUR_DROP_REASON_TTL] = "ttl",
		[JALUR_DROP_REASON_NO_ROUTE] = "no-route",
		[JALUR_DROP_REASON_NO_MEMORY] = "no-memory",
		[JALUR_DROP_REASON_TRANSMIT] = "transmit",
		[JALUR_DROP_REASON_DORMANT] = "dormant",
		[JALUR_DROP_REASON_TOO_BIG] = "too-big",
		[JALUR_DROP_REASON_SRTP_AUTH] = "srtp-auth",
		[JALUR_DROP_REASON_SRTP_REPLAY] = "srtp-replay",
		[JALUR_DROP_REASON_RTCP_MAP] = "rtcp-map",
	};

	return names[reason];
}

void media_relay_close(struct media_relay *r)
{
	if (r)
		r->ops->close(r);
}

const char *media_relay_name(const struct media_relay *r)
{
	return r->ops->name;
}

int media_relay_apply(struct media_relay *r, const struct media_plan *old,
		      struct media_plan *plan, struct media_error *err)
{
	memset(err, 0, sizeof(*err));
	return r->ops->apply(r, old, plan, err);
}

int media_relay_remove(struct media_relay *r, u64 session,
		       struct media_figures *figures, struct media_error *err)
{
	memset(err, 0, sizeof(*err));
	return r->ops->remove(r, session, figures, err);
}

int media_relay_get(struct media_relay *r, u64 session,
		    struct media_figures *figures, struct media_error *err)
{
	memset(err, 0, sizeof(*err));
	return r->ops->get(r, session, figures, err);
}

int media_relay_each(struct media_relay *r,
		     void (*each)(void *arg, const struct media_figures *figures, u64 digest),
		     void *arg, struct media_error *err)
{
	memset(err, 0, sizeof(*err));
	return r->ops->each(r, each, arg, err);
}

int media_relay_event_fd(const struct media_relay *r)
{
	return r->ops->event_fd(r);
}

int media_relay_event_next(struct media_relay *r, struct media_event *event)
{
	return r->ops->event_next(r, event);
}
