// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * REFER inside a call (RFC 3515), and the subscription that it makes: NOTIFY in the same
 * dialog says how the new call fares, by its status alone. One NOTIFY is under way at a time;
 * what came meanwhile is told by the next, so that the end is never overtaken. Whoever does
 * not want to hear of it, or does not answer, loses the subscription and nothing else. A
 * dialog has one REFER at a time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/dialog_record.h"
#include "call/exchange.h"
#include "call/transfer_private.h"

#define LIFETIME (300 * NSEC_PER_SEC)

void call_refer_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		       const char *why)
{
	char lines[160] = "";

	e->counters[CALL_COUNT_TRANSFERS_REFUSED]++;
	if (why)
		snprintf(lines, sizeof(lines), "Warning: 399 jalur \"%.100s\"\r\n", why);
	if (status == 491 || status == 503)
		strcat(lines, "Retry-After: 3\r\n");
	call_event_refused(e, now, ev, status, why ? why : sip_reason_phrase(status));
	call_respond(e, now, ev->server, ev->dialog, status, slice_str(lines));
}

enum call_transfer_mode call_refer_mode(const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;

	if (leg->trunk >= 0)
		return p->trunks[leg->trunk].transfer;
	return leg->realm >= 0 ? p->realms[leg->realm].transfer : CALL_TRANSFER_OFF;
}

bool call_refer_is_done(const struct call_refer *r)
{
	return !r->to && r->ended && !(r->apart ? r->errand.client : r->referrer->notifying);
}

static u16 read_refer(const struct sip_msg *msg, struct call_refer_asked *asked, const char **why)
{
	const struct sip_hdr *to = sip_msg_header(msg, SIP_HDR_REFER_TO);
	const struct sip_hdr *by = sip_msg_header(msg, SIP_HDR_REFERRED_BY);
	struct sip_nameaddr address;

	*asked = (struct call_refer_asked){ .max_forwards = 70 };
	if (!to || sip_msg_header_next(msg, to)) {
		*why = "one Refer-To is needed";
		return 400;
	}
	if (msg->max_forwards == 0)
		return 483;
	if (msg->max_forwards > 0)
		asked->max_forwards = (u32)msg->max_forwards;
	if (by && sip_parse_nameaddr(by->value, &address))
		asked->referred_by = address.uri;
	return call_refer_to_read(to->value, &asked->to, why);
}

bool call_refer_is_silent(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REFER_SUB);

	return hdr && slice_caseeq(sip_plain(hdr->value), SLICE("false"));
}

static struct call_refer *make(struct call_engine *e, u64 now, struct call_leg *leg,
			       const struct sip_event *ev)
{
	const struct sip_msg *msg = ev->msg;
	struct call *call = leg->call;
	struct call_refer *r = zalloc(sizeof(*r));

	if (!r || timers_reserve(&e->timers, 1)) {
		free(r);
		return NULL;
	}
	r->referrer = leg;
	r->id = msg->cseq;
	r->apart = !ev->dialog;
	r->first = r->apart || !call->referred;
	r->ended = call_refer_is_silent(msg);
	r->expires = now + LIFETIME;
	r->timer = (struct timer){ .kind = CALL_TIMER_REFER, .owner = call };
	call_refer_free(e, call);
	call->refer = r;
	call->referred |= !r->apart;
	if (r->apart)
		call_errand_init(e, &r->errand, CALL_ERRAND_REFER, call);
	return r;
}

/* The dialog for NOTIFY where the REFER had none. 0, or the status to refuse it with. */
static u16 make_dialog(struct call_engine *e, struct call_refer *r, const struct sip_event *ev)
{
	int err;

	if (!r->apart || r->ended)
		return 0;
	err = sip_dialog_new_uas(e->sip, ev->server, call_errand_handle(&r->errand),
				 &r->errand.dialog);
	return err == -EINVAL ? 400 : err ? 503 : 0;
}

void call_refer_free(struct call_engine *e, struct call *call)
{
	if (!call->refer)
		return;
	timer_disarm(&e->timers, &call->refer->timer);
	timers_release(&e->timers, 1);
	if (call->refer->apart)
		call_errand_end(e, &call->refer->errand);
	free(call->refer);
	call->refer = NULL;
}

/* The new call does not outlive a restart, unless it is up: then its referrer's is transferred. */
json_t *call_refer_save(const struct call_engine *e, const struct call_refer *r)
{
	json_t *saved;

	saved = json_pack("{s:b, s:I, s:b, s:i}", "callee", r->referrer->side == MEDIA_LEG_B,
			  "id", (json_int_t)r->id, "first", r->first,
			  "status", r->to ? 503 : r->status);
	if (!saved || !r->apart)
		return saved;
	call_flow_save(e, &r->errand.dialog->flow, &saved);
	json_put(&saved, "dialog", call_dialog_save(r->errand.dialog));
	return saved;
}

static void restore_dialog(struct call_engine *e, struct call_refer *r, struct json_reader *reader,
			   const json_t *saved)
{
	struct flow flow = call_flow_restore(e, reader, saved);

	r->errand.dialog = call_dialog_restore(e, reader, json_read_object(reader, saved, "dialog"),
					       &flow, call_errand_handle(&r->errand));
}

/* The subscription has ended, which he is told as soon as all is up. */
void call_refer_restore(struct call_engine *e, u64 now, struct call *call, struct json_reader *r,
			const json_t *saved)
{
	struct call_refer refer = {
		.referrer = call->legs[json_read_bool(r, saved, "callee")],
		.id = (u32)json_read_u64(r, saved, "id", UINT32_MAX),
		.first = json_read_bool(r, saved, "first"), .expires = now,
		.status = (u16)json_read_u64(r, saved, "status", 699),
		.timer = { .kind = CALL_TIMER_REFER, .owner = call },
		.apart = json_object_get(saved, "dialog"),
	};

	if (!r->bad && (!refer.referrer->dialog || refer.status < 200))
		r->bad = "refer";
	if (r->bad)
		return;
	call->refer = timers_reserve(&e->timers, 1) ? NULL : malloc(sizeof(refer));
	if (!call->refer) {
		r->bad = "memory";
		return;
	}
	*call->refer = refer;
	timer_arm(&e->timers, &call->refer->timer, now);
	if (!refer.apart)
		return;
	call_errand_init(e, &call->refer->errand, CALL_ERRAND_REFER, call);
	restore_dialog(e, call->refer, r, saved);
}

static void begin(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev,
		  struct call_refer_asked *asked)
{
	struct call_refer *r = make(e, now, leg, ev);
	const char *why = NULL;
	struct call *to;
	u16 status;

	status = r ? make_dialog(e, r, ev) : 503;
	if (!status)
		status = call_transfer_make(e, now, leg, asked, &to, &why);
	if (status) {
		call_refer_free(e, leg->call);
		call_refer_refuse(e, now, ev, status, why);
		return;
	}
	e->counters[CALL_COUNT_TRANSFERS]++;
	r->to = to->id;
	if (!r->ended)
		timer_arm(&e->timers, &r->timer, r->expires);
	call_respond(e, now, ev->server, r->apart ? r->errand.dialog : ev->dialog, 202,
		     r->ended ? SLICE("Refer-Sub: false\r\n") : SLICE(""));
	call_refer_tell(e, now, leg->call, 100);
	call_transfer_send(e, now, to, asked);
}

/* From before a restart: he is told what becomes of it, only the 202 got lost. */
static bool is_known(const struct call_leg *leg, const struct sip_event *ev)
{
	const struct call_refer *r = leg->call->refer;

	return ev->dialog && r && r->referrer == leg && !r->apart && r->id == ev->msg->cseq;
}

CALL_ACTION(call_refer)
{
	struct call_refer_asked asked;
	enum call_transfer_mode mode = call_refer_mode(leg);
	const char *why = NULL;
	char *extensions;
	u16 status;

	if (is_known(leg, ev)) {
		call_respond(e, now, ev->server, ev->dialog, 202, SLICE(""));
		return;
	}
	if (mode == CALL_TRANSFER_PASS) {
		call_refer_pass(e, now, leg, ev);
		return;
	}
	if (mode != CALL_TRANSFER_HANDLE) {
		call_refer_refuse(e, now, ev, 403, "transfer is off here");
		return;
	}
	extensions = call_headers_unsupported(ev->msg);
	if (extensions) {
		e->counters[CALL_COUNT_TRANSFERS_REFUSED]++;
		call_respond(e, now, ev->server, ev->dialog, 420, slice_str(extensions));
		free(extensions);
		return;
	}
	status = read_refer(ev->msg, &asked, &why);
	if (!status && !call_transfer_quiet(leg->call))
		status = 491;
	if (status)
		call_refer_refuse(e, now, ev, status, why);
	else
		begin(e, now, leg, ev, &asked);
}

static void gone(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	e->counters[CALL_COUNT_TRANSFERS_REFUSED]++;
	call_event_refused(e, now, ev, 481, "Target-Dialog names no dialog of his");
	call_respond(e, now, ev->server, NULL, 481, SLICE(""));
}

/* Nobody is in a call with him: it is for whoever it is sent to (exchange.c). */
static void refer_somebody(struct call_engine *e, u64 now, const struct sip_event *ev,
			   const struct call_source *source)
{
	const struct call_policy *p = e->policy;
	enum call_transfer_mode mode = source->trunk >= 0 ? p->trunks[source->trunk].transfer :
							    p->realms[source->realm].transfer;

	if (mode == CALL_TRANSFER_PASS)
		call_exchange(e, now, ev, source);
	else
		call_not_allowed(e, now, NULL, ev);
}

/* To the other party, as who would get it in their call, but with a dialog of its own. */
static void refer_party(struct call_engine *e, u64 now, const struct sip_event *ev,
			const struct call_source *source, struct call_leg *leg)
{
	if (leg->call->state != CALL_UP || call_transfer_pending(leg->call))
		call_refer_refuse(e, now, ev, 491, NULL);
	else if (ev->msg->max_forwards == 0)
		call_refer_refuse(e, now, ev, 483, NULL);
	else
		call_exchange_party(e, now, ev, source, leg);
}

void call_refer_apart(struct call_engine *e, u64 now, const struct sip_event *ev,
		      const struct call_source *source)
{
	const struct sip_hdr *hdr = sip_msg_header(ev->msg, SIP_HDR_TARGET_DIALOG);
	struct sip_replaces named;
	struct sip_dialog *d;
	struct call_leg *leg;

	if (!hdr) {
		refer_somebody(e, now, ev, source);
		return;
	}
	if (!sip_parse_target_dialog(hdr->value, &named)) {
		call_refer_refuse(e, now, ev, 400, "malformed Target-Dialog");
		return;
	}
	d = sip_dialog_of_ids(e->sip, named.call_id, named.to_tag, named.from_tag);
	leg = d ? call_leg_find(e, d->user) : NULL;
	/* nobody is told of dialogs that are not his */
	if (!leg || !call_in_pair(leg) || leg->call->state == CALL_ENDING ||
	    !call_transfer_is_his(e, leg, source)) {
		gone(e, now, ev);
		return;
	}
	if (call_refer_mode(leg) == CALL_TRANSFER_PASS) {
		refer_party(e, now, ev, source, leg);
		return;
	}
	call_refer(e, now, leg, ev);
	call_store(e, leg->call);
	call_settle(e, now, leg->call);
}

/* --- what he hears of it --- */

static void print_state(const struct call_refer *r, u64 now, bool last, char *text, size_t size)
{
	u64 left = r->expires > now ? (r->expires - now) / NSEC_PER_SEC : 0;
	char id[24] = "";
	int n;

	if (!r->first)
		snprintf(id, sizeof(id), ";id=%u", r->id);
	n = snprintf(text, size, "Event: refer%s\r\nSubscription-State: ", id);
	if (last)
		snprintf(text + n, size - (size_t)n, "terminated;reason=%s\r\n",
			 r->status >= 200 ? "noresource" : "timeout");
	else
		snprintf(text + n, size - (size_t)n, "active;expires=%llu\r\n",
			 (unsigned long long)left);
}

static int send_notify(struct call_engine *e, u64 now, struct call_refer *r,
		       const struct sip_content *content)
{
	if (r->apart)
		return sip_request(e->sip, now, r->errand.dialog, SIP_NOTIFY, content,
				   call_errand_handle(&r->errand), &r->errand.client);
	return call_auth_request(e, now, r->referrer, SIP_NOTIFY, content,
				 &r->referrer->notifying);
}

static void notify(struct call_engine *e, u64 now, struct call *call)
{
	struct call_refer *r = call->refer;
	struct call_leg *leg = r->referrer;
	bool last = r->status >= 200 || r->unsubscribed;
	bool deaf = !r->apart && leg->state != CALL_LEG_UP;
	char lines[160], body[128];
	struct sip_content content = {
		.content_type = SLICE("message/sipfrag;version=2.0"),
	};

	if (r->ended || leg->notifying || (r->apart && r->errand.client) ||
	    (r->told == r->status && !r->ask))
		return;
	print_state(r, now, last, lines, sizeof(lines));
	snprintf(body, sizeof(body), "SIP/2.0 %u %s\r\n", r->status, sip_reason_phrase(r->status));
	content.headers = slice_str(lines);
	content.body = slice_str(body);
	r->told = r->status;
	r->ask = false;
	r->ended = last || deaf;
	if (!deaf && send_notify(e, now, r, &content))
		r->ended = true;
	if (r->ended)
		timer_disarm(&e->timers, &r->timer);
}

void call_refer_tell(struct call_engine *e, u64 now, struct call *call, u16 status)
{
	struct call_refer *r = call->refer;

	r->status = status;
	if (status >= 200)
		r->to = 0;
	notify(e, now, call);
}

void call_refer_timer(struct call_engine *e, u64 now, struct call *call)
{
	call->refer->unsubscribed = call->refer->ask = true;
	notify(e, now, call);
}

void call_refer_leave(struct call_engine *e, u64 now, struct call *call)
{
	struct call_refer *r = call->refer;

	if (r->apart) {
		call_refer_timer(e, now, call);
		return;
	}
	r->ended = true;
	timer_disarm(&e->timers, &r->timer);
}

/* Any failure is the end of the subscription (RFC 6665 §4.2.2), not of the call. */
static void notified(struct call_engine *e, u64 now, struct call *call,
		     const struct sip_event *ev)
{
	struct call_refer *r = call->refer;

	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300) {
		r->ended = true;
		timer_disarm(&e->timers, &r->timer);
	}
	notify(e, now, call);
	if (call->transferred)
		call_transfer_over(e, now, call);
}

CALL_ACTION(call_refer_notified)
{
	const struct call_refer *r = leg->call->refer;

	leg->notifying = NULL;
	if (r && r->referrer == leg && !r->apart)
		notified(e, now, leg->call, ev);
}

/* "refer", or "refer;id=" and the REFER's number. */
static bool is_refer(const struct sip_msg *msg, const struct call_refer *r)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);
	const char *end = hdr ? memchr(hdr->value.p, ';', hdr->value.n) : NULL;
	struct slice id, value = hdr ? hdr->value : SLICE("");
	char number[12];

	if (!slice_caseeq(sip_plain(value), SLICE("refer")))
		return false;
	if (!r || !end ||
	    !sip_param(slice_of(end, (size_t)(value.p + value.n - end)), "id", &id))
		return true;
	snprintf(number, sizeof(number), "%u", r->id);
	return slice_eq(id, slice_str(number));
}

/* Seconds, as asked for; as many as we give without that. */
static u32 expires_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EXPIRES);
	u64 most = LIFETIME / NSEC_PER_SEC, n = 0;
	size_t i;

	if (!hdr || !hdr->value.n)
		return (u32)most;
	for (i = 0; i < hdr->value.n && n <= most; i++) {
		if (hdr->value.p[i] < '0' || hdr->value.p[i] > '9')
			return (u32)most;
		n = n * 10 + (u64)(hdr->value.p[i] - '0');
	}
	return (u32)(n < most ? n : most);
}

/* Refreshed, or given up with Expires: 0. */
static void subscribed(struct call_engine *e, u64 now, struct call *call,
		       const struct sip_event *ev)
{
	u32 seconds = expires_of(ev->msg);
	struct call_refer *r = call->refer;
	char line[32];

	snprintf(line, sizeof(line), "Expires: %u\r\n", seconds);
	call_respond(e, now, ev->server, ev->dialog, 200, slice_str(line));
	r->expires = now + seconds * NSEC_PER_SEC;
	timer_arm(&e->timers, &r->timer, r->expires);
	r->unsubscribed = !seconds;
	r->ask = true;
	notify(e, now, call);
}

CALL_ACTION(call_refer_subscribe)
{
	const struct call_refer *r = leg->call->refer;

	if (call_refer_pass_subscribe(e, now, leg, ev))
		return;
	if (!is_refer(ev->msg, NULL))
		call_not_allowed(e, now, leg, ev);
	else if (!r || r->referrer != leg || r->apart || r->ended || !is_refer(ev->msg, r))
		call_gone(e, now, leg, ev);
	else
		subscribed(e, now, leg->call, ev);
}

void call_refer_event(struct call_engine *e, u64 now, struct call *call,
		      const struct sip_event *ev)
{
	struct call_refer *r = call->refer;

	if (ev->type == SIP_EVENT_REQUEST) {
		if (ev->msg->method == SIP_SUBSCRIBE && !r->ended && is_refer(ev->msg, r))
			subscribed(e, now, call, ev);
		else
			call_respond(e, now, ev->server, ev->dialog, 481, SLICE(""));
	} else if (ev->client && ev->client == r->errand.client && call_errand_status(ev) >= 200) {
		r->errand.client = NULL;
		notified(e, now, call, ev);
	}
	call_store(e, call);
	call_settle(e, now, call);
}
