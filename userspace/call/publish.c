// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PUBLISH (RFC 3903 §6) of a user for himself, as questions in the order of the RFC. Each
 * answer has a new entity-tag; what is published is merged when it is told, not here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/watch.h"
#include "sip/chars.h"
#include "sip/multipart.h"

#define RETRY "Retry-After: 60\r\n"

/* An entity-tag, and one alone (RFC 3903 §6). */
static bool is_one_tag(const struct sip_msg *msg, const struct sip_hdr *hdr)
{
	return !sip_msg_header_next(msg, hdr) && hdr->value.n &&
	       sip_all(hdr->value, SIP_CHAR_TOKEN);
}

/* The one that SIP-If-Match names, if there is one. false: it is not there. */
static bool match(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_wish *wish, struct event_publication **old)
{
	const struct sip_hdr *hdr = sip_msg_header(ev->msg, SIP_HDR_SIP_IF_MATCH);

	*old = NULL;
	if (!hdr)
		return ev->msg->body.n || !wish->expires ||
		       call_wish_refuse(e, now, ev, 400, "", "PUBLISH without a body");
	if (!is_one_tag(ev->msg, hdr))
		return call_wish_refuse(e, now, ev, 400, "", "SIP-If-Match is no single entity-tag");
	*old = event_publication_find(&e->watchers->publications, wish->aor, hdr->value);
	return *old || call_wish_refuse(e, now, ev, 412, "", "no such entity-tag");
}

static bool has_room(struct call_engine *e, u64 now, const struct sip_event *ev,
		     const struct call_wish *wish)
{
	const struct event_publications *t = &e->watchers->publications;
	const struct event_publication *p = NULL;
	size_t n = 0;

	while ((p = event_publication_next(t, p, wish->aor)))
		n++;
	if (n >= EVENT_PUBLICATIONS)
		return call_wish_refuse(e, now, ev, 403, RETRY, "too many publications of a user");
	return t->by_resource.n < CALL_MAX_PUBLICATIONS ||
	       call_wish_refuse(e, now, ev, 503, RETRY, "too many publications");
}

/* entity is him, by sip: or by pres: (RFC 3859). */
static bool is_his(const struct call_wish *wish, const char *whose)
{
	char uri[EVENT_ENTITY + 4], aor[REGISTRAR_AOR];

	snprintf(uri, sizeof(uri), "%s%s", strncmp(whose, "pres:", 5) ? "" : "sip:",
		 strncmp(whose, "pres:", 5) ? whose : whose + 5);
	return registrar_aor_parse(slice_str(uri), aor) && !strcmp(aor, wish->aor);
}

static bool is_readable(struct call_engine *e, u64 now, const struct sip_event *ev,
			const struct call_wish *wish)
{
	const char *type = event_kinds[wish->package].type;
	struct sip_part whole;
	char line[64];

	if (ev->msg->body.n > EVENT_MAX_DOCUMENT)
		return call_wish_refuse(e, now, ev, 413, "", "the document is too long");
	sip_part_of(ev->msg, &whole);
	if (whole.encoded)
		return call_wish_refuse(e, now, ev, 415, "Accept-Encoding: identity\r\n",
					"a document in an encoding that is not read");
	snprintf(line, sizeof(line), "Accept: %s\r\n", type);
	return slice_caseeq(sip_plain(ev->msg->content_type), slice_str(type)) ||
	       call_wish_refuse(e, now, ev, 415, line, "not a document of the package");
}

static bool read_body(struct call_engine *e, u64 now, const struct sip_event *ev,
		      const struct call_wish *wish, const char *salt, struct event_parts *parts)
{
	char whose[EVENT_ENTITY], entity[EVENT_ENTITY];
	const char *why = "no memory";
	int err = -ENOMEM;

	if (!is_readable(e, now, ev, wish))
		return false;
	if (event_entity(wish->aor, entity))
		err = event_pidf_read(ev->msg->body, entity, salt, whose, parts, &why);
	if (err)
		return call_wish_refuse(e, now, ev, err == -EINVAL ? 400 : 500, "", why);
	if (is_his(wish, whose))
		return true;
	free(parts->xml);
	return call_wish_refuse(e, now, ev, 403, "", "publishes for somebody else");
}

static void confirm(struct call_engine *e, u64 now, const struct sip_event *ev,
		    const struct call_wish *wish, const char *tag)
{
	char lines[80];

	snprintf(lines, sizeof(lines), "SIP-ETag: %s\r\nExpires: %u\r\n", tag, wish->expires);
	e->counters[CALL_COUNT_PUBLISHED]++;
	call_respond(e, now, ev->server, NULL, 200, slice_str(lines));
}

void call_publication_free(struct call_engine *e, struct event_publication *p)
{
	call_kept_end(e, &p->record);
	timer_disarm(&e->timers, &p->timer);
	timers_release(&e->timers, 1);
	event_publication_free(&e->watchers->publications, p);
}

struct event_publication *call_publication_new(struct call_engine *e, const char *aor,
					       const struct event_parts *parts,
					       const char *salt, u64 record)
{
	struct event_publication *p = NULL;

	if (!timers_reserve(&e->timers, 1)) {
		p = event_publication_new(&e->watchers->publications, aor, parts);
		if (p)
			p->timer = (struct timer){ .kind = CALL_TIMER_PUBLICATION, .owner = p };
		else
			timers_release(&e->timers, 1);
	}
	if (!p) {
		free(parts->xml);
		return NULL;
	}
	strcpy(p->salt, salt);
	call_kept_begin(e, &p->record, EVENT_RECORD_PUBLICATION, record);
	return p;
}

/* No parts: they stay as they are. */
static void keep(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_wish *wish, struct event_publication *p,
		 const struct event_parts *parts, const char *tag)
{
	if (!p) {
		p = call_publication_new(e, wish->aor, parts, tag, 0);
	} else if (parts->xml) {
		free(p->parts.xml);
		p->parts = *parts;
	}
	if (!p) {
		call_wish_refuse(e, now, ev, 500, RETRY, "no memory");
		return;
	}
	strcpy(p->tag, tag);
	p->expires = now + wish->expires * NSEC_PER_SEC;
	timer_arm(&e->timers, &p->timer, p->expires);
	call_kept_changed(e, &p->record);
	confirm(e, now, ev, wish, tag);
}

static void take(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_wish *wish, struct event_publication *old)
{
	struct event_parts parts = { .xml = NULL };
	char tag[EVENT_TAG];

	sip_engine_token(e->sip, tag);
	if (!wish->expires) {
		if (old)
			call_publication_free(e, old);
		confirm(e, now, ev, wish, tag);
	} else {
		if (!old && !has_room(e, now, ev, wish))
			return;
		if (ev->msg->body.n &&
		    !read_body(e, now, ev, wish, old ? old->salt : tag, &parts))
			return;
		keep(e, now, ev, wish, old, &parts, tag);
	}
	call_watchers_changed(e, wish->aor);
}

bool call_publish(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_source *source)
{
	char name[REGISTRAR_AOR];
	struct event_publication *old;
	struct call_wish wish;

	if (!source->domain || !call_wish_event(ev->msg, &wish) ||
	    wish.package != EVENT_PRESENCE || !call_wish_resource(e, ev->msg, &wish) ||
	    !call_domain_serves(wish.domain, source->realm))
		return false;
	call_wish_name(e, source, name);
	if (strcmp(name, wish.aor))
		call_wish_refuse(e, now, ev, 403, "", "publishes for somebody else");
	else if (call_wish_passes(e, now, ev, &wish) && match(e, now, ev, &wish, &old))
		take(e, now, ev, &wish, old);
	return true;
}

void call_publication_timer(struct call_engine *e, struct event_publication *p)
{
	char aor[REGISTRAR_AOR];

	strcpy(aor, p->resource);
	call_publication_free(e, p);
	call_watchers_changed(e, aor);
}
