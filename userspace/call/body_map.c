// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bodies that pass from one side to the other, in the words of the other (event/map.h). Names
 * of people get our host, as in headers; a dialog is one with us, and is known there as the one
 * behind it. Parts of a body are mapped each by itself; what is around them stays, unless it
 * tells of the side.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/header_private.h"
#include "event/map.h"
#include "sip/multipart.h"

#define DEEPEST 16

struct body {
	struct call_engine *e;
	char host[ADDR_STRLEN + 2];	/* ours, where it goes to */
	struct call_names names;
	struct event_map map;
	bool mapped;			/* something in it was to be */
	const char *why;
};

/* "pres:alice@example.com", "im:..." (RFC 3859, 3860) */
static bool add_other(struct buf *out, struct slice uri, const char *host)
{
	const char *at = memchr(uri.p, '@', uri.n);

	if (at)
		buf_printf(out, SLICE_FMT "@%s", (int)(at - uri.p), uri.p, host);
	return at;
}

static bool map_uri(void *user, struct slice uri, struct buf *out)
{
	struct body *b = user;
	struct sip_uri parsed;
	size_t at = out->n;

	if (!sip_uri_parse(uri, &parsed))
		return false;
	if (parsed.kind != SIP_URI_OTHER)
		call_map_uri(out, b->host, uri);
	else if (!add_other(out, uri, b->host))
		return false;
	return !out->failed && !call_names_in(&b->names, slice_of(out->p + at, out->n - at));
}

/* The writer's tags are the other way round than ours. */
static bool map_dialog(void *user, const struct event_dialog *d, struct event_dialog *there)
{
	const struct body *b = user;
	const struct call_leg *behind;
	const struct sip_dialog *far;

	behind = call_leg_behind(b->e, sip_dialog_of_ids(b->e->sip, d->call_id, d->remote_tag,
							 d->local_tag));
	if (!behind)
		return false;
	far = behind->dialog;
	*there = (struct event_dialog){
		slice_str(far->call_id), slice_str(far->local_tag), slice_str(far->remote_tag),
	};
	return true;
}

static bool is_hidden(void *user, struct slice text)
{
	struct body *b = user;

	return call_names_in(&b->names, text);
}

static void begin(struct body *b, struct call_engine *e, const struct call_body_way *way,
		  const struct sip_msg *msg)
{
	*b = (struct body){
		.e = e,
		.map = { .user = b, .uri = map_uri, .dialog = map_dialog, .hidden = is_hidden },
	};
	memcpy(b->map.key, e->usage_key.k, sizeof(b->map.key));
	call_print_host(way->listener, b->host, sizeof(b->host));
	call_names_init(&b->names, way->from, msg);
	call_names_ours(&b->names, b->host);
}

static int map_part(struct body *b, const struct sip_part *part, u32 depth, struct buf *out);

static int map_parts(struct body *b, const struct sip_part *whole, u32 depth, struct buf *out)
{
	const char *at = whole->body.p, *end = at + whole->body.n;
	struct sip_parts parts;
	struct sip_part part;
	int more, err;

	b->why = "parts of a body without an end";
	if (depth == DEEPEST || sip_parts_begin(whole, &parts))
		return -EINVAL;
	while ((more = sip_parts_next(&parts, &part)) > 0) {
		if (!part.body.n)
			continue;
		event_map_around(&b->map, slice_of(at, (size_t)(part.body.p - at)), out);
		err = map_part(b, &part, depth + 1, out);
		if (err)
			return err;
		at = part.body.p + part.body.n;
	}
	event_map_around(&b->map, slice_of(at, (size_t)(end - at)), out);
	return more;
}

static int map_part(struct body *b, const struct sip_part *part, u32 depth, struct buf *out)
{
	bool several = sip_part_is(part, "multipart", NULL);

	if (!several && !event_map_reads(part->type)) {
		buf_add(out, part->body);
		return 0;
	}
	b->why = "a body in an encoding that is not read";
	if (part->encoded)
		return -ENOTSUP;
	if (several)
		return map_parts(b, part, depth, out);
	b->mapped = true;
	return event_map_body(&b->map, part->type, part->body, out, &b->why);
}

/* As text, which it is but for other parts. */
static int take(struct body *b, struct buf *out, char **body)
{
	buf_str(out, "");
	b->why = "parts of a body with binary ones among them";
	if (!out->failed && out->n && memchr(out->p, 0, out->n))
		return -EINVAL;
	b->why = "no memory";
	*body = buf_take(out);
	return *body ? 0 : -ENOMEM;
}

u16 call_map_body(struct call_engine *e, const struct call_body_way *way,
		  const struct sip_msg *msg, char **body, const char **why)
{
	struct sip_part whole;
	struct buf out;
	struct body b;
	int err;

	*body = NULL;
	sip_part_of(msg, &whole);
	if (!msg->body.n || (!sip_part_is(&whole, "multipart", NULL) &&
			     !event_map_reads(whole.type)))
		return 0;
	begin(&b, e, way, msg);
	buf_init(&out);
	err = map_part(&b, &whole, 0, &out);
	if (!err && b.mapped)
		err = take(&b, &out, body);
	buf_free(&out);
	*why = b.why;
	return !err ? 0 : err == -ENOTSUP ? 415 : err == -ENOMEM ? 500 : 400;
}

static const struct sip_listener *listener_of(const struct call_engine *e,
					      const struct call_leg *leg)
{
	return &e->listeners[leg->dialog ? leg->dialog->flow.listener : leg->listener];
}

u16 call_body_carry(struct call_engine *e, const struct call_leg *from, const struct call_leg *to,
		    const struct sip_msg *msg, struct sip_content *content, char **body)
{
	struct call_body_way way = { .from = &from->peer, .listener = listener_of(e, to) };
	const char *why;
	u16 status = call_map_body(e, &way, msg, body, &why);

	content->content_type = status ? SLICE("") : msg->content_type;
	content->body = status ? SLICE("") : *body ? slice_str(*body) : msg->body;
	return status;
}

u16 call_body_unreadable(struct call_engine *e, const struct sip_event *ev, const char **why)
{
	struct call_body_way way = {
		.from = &ev->flow.peer, .listener = &e->listeners[ev->flow.listener],
	};
	char *body;
	u16 status = call_map_body(e, &way, ev->msg, &body, why);

	free(body);
	return status;
}
