// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What SUBSCRIBE and PUBLISH have in common: the package, whose state it is about, who wants
 * it, and for how long.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/watch.h"
#include "sip/chars.h"

#define MAX_ID 64

bool call_wish_event(const struct sip_msg *msg, struct call_wish *wish)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);
	struct sip_cursor c;

	if (!hdr)
		return false;
	c = sip_cursor_of(hdr->value);
	wish->package = event_package_of(sip_take(&c, SIP_CHAR_TOKEN));
	wish->event = hdr->value;
	wish->id = slice_of(NULL, 0);
	sip_param(sip_cursor_rest(&c), "id", &wish->id);
	return wish->package < EVENT_PACKAGES && wish->id.n <= MAX_ID &&
	       (!wish->id.n || sip_all(wish->id, SIP_CHAR_TOKEN));
}

bool call_wish_resource(const struct call_engine *e, const struct sip_msg *msg,
			struct call_wish *wish)
{
	const char *at;

	if (!registrar_aor(&msg->uri, wish->aor))
		return false;
	at = strrchr(wish->aor, '@');
	wish->domain = call_policy_domain(e->policy, slice_str(at + 1));
	return wish->domain && event_policy_serves(&wish->domain->events, wish->package) &&
	       call_secret_of(e, wish->domain, slice_of(wish->aor, (size_t)(at - wish->aor)));
}

bool call_wish_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		      const char *headers, const char *why)
{
	e->counters[ev->msg->method == SIP_PUBLISH ? CALL_COUNT_PUBLISH_REFUSED :
						     CALL_COUNT_SUBSCRIBE_REFUSED]++;
	call_refuse(e, now, ev, status, headers, why);
	return false;
}

/* For how long; 0, or the status to refuse it with. */
static u16 take_expires(const struct sip_msg *msg, struct call_wish *wish)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EXPIRES);
	const struct event_policy *policy = &wish->domain->events;

	wish->expires = policy->standard;
	if (hdr && !slice_u32(hdr->value, &wish->expires)) {
		if (!sip_all(hdr->value, SIP_CHAR_DIGIT))
			return 400;
		wish->expires = policy->max;	/* more than a number may be */
	}
	if (wish->expires > policy->max)
		wish->expires = policy->max;
	return wish->expires && wish->expires < policy->min ? 423 : 0;
}

bool call_wish_passes(struct call_engine *e, u64 now, const struct sip_event *ev,
		      struct call_wish *wish)
{
	char *extensions = call_headers_unsupported(ev->msg), line[48];
	u16 status = take_expires(ev->msg, wish);

	if (extensions) {
		call_wish_refuse(e, now, ev, 420, extensions,
				 "required extension is not supported");
		free(extensions);
		return false;
	}
	if (status == 400)
		return call_wish_refuse(e, now, ev, 400, "", "Expires is no number");
	snprintf(line, sizeof(line), "Min-Expires: %u\r\n", wish->domain->events.min);
	return !status || call_wish_refuse(e, now, ev, 423, line, "expires too soon");
}

void call_wish_name(const struct call_engine *e, const struct call_source *source,
		    char name[REGISTRAR_AOR])
{
	char *at;

	if (!source->domain) {
		snprintf(name, REGISTRAR_AOR, "%s", e->policy->trunks[source->trunk].name);
		return;
	}
	snprintf(name, REGISTRAR_AOR, "%s@%s", source->user, source->domain->name);
	for (at = strrchr(name, '@'); at && *at; at++)
		*at = (char)tolower((u8)*at);
}
