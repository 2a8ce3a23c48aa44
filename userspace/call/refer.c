// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * REFER inside a call (RFC 3515), and the subscription that it makes: NOTIFY in the same
 * dialog says how the new call fares, by its status alone. One NOTIFY is under way at a time;
 * what came meanwhile is told by the next, so that the end is never overtaken. Whoever does
 * not want to hear of it, or does not answer, loses the subscription and nothing else. A
 * dialog has one REFER at a time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/transfer_private.h"

#define LIFETIME (300 * NSEC_PER_SEC)

static void answer(struct call_engine *e, u64 now, const struct call_leg *leg,
		   struct sip_server *server, u16 status, const char *headers)
{
	struct sip_content content = { .headers = slice_str(headers) };

	sip_respond(e->sip, now, server, leg->dialog, status, NULL, &content);
	sip_server_put(e->sip, now, server);
}

/* why: a text without quotes; NULL: the status says it. */
static void refuse(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct sip_event *ev, u16 status, const char *why)
{
	char lines[160] = "";

	e->counters[CALL_COUNT_TRANSFERS_REFUSED]++;
	if (why)
		snprintf(lines, sizeof(lines), "Warning: 399 jalur \"%.100s\"\r\n", why);
	if (status == 491 || status == 503)
		strcat(lines, "Retry-After: 3\r\n");
	call_event_refused(e, now, ev, status, why ? why : sip_reason_phrase(status));
	answer(e, now, leg, ev->server, status, lines);
}

bool call_refer_allowed(const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;

	if (leg->trunk >= 0)
		return p->trunks[leg->trunk].transfer == CALL_TRANSFER_HANDLE;
	return leg->realm >= 0 && p->realms[leg->realm].transfer == CALL_TRANSFER_HANDLE;
}

bool call_refer_is_done(const struct call_refer *r)
{
	return !r->to && r->ended && !r->referrer->notifying;
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

/* RFC 4488: he does not want to hear of it. */
static bool is_silent(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REFER_SUB);

	return hdr && slice_caseeq(sip_plain(hdr->value), SLICE("false"));
}

static struct call_refer *make(struct call_engine *e, u64 now, struct call_leg *leg,
			       const struct sip_msg *msg)
{
	struct call *call = leg->call;
	struct call_refer *r = zalloc(sizeof(*r));

	if (!r || timers_reserve(&e->timers, 1)) {
		free(r);
		return NULL;
	}
	r->referrer = leg;
	r->id = msg->cseq;
	r->first = !call->referred;
	r->ended = is_silent(msg);
	r->expires = now + LIFETIME;
	r->timer = (struct timer){ .kind = CALL_TIMER_REFER, .owner = call };
	call_refer_free(e, call);
	call->refer = r;
	call->referred = true;
	return r;
}

void call_refer_free(struct call_engine *e, struct call *call)
{
	if (!call->refer)
		return;
	timer_disarm(&e->timers, &call->refer->timer);
	timers_release(&e->timers, 1);
	free(call->refer);
	call->refer = NULL;
}

/* The new call does not outlive a restart, unless it is up: then its referrer's is transferred. */
json_t *call_refer_save(const struct call *call)
{
	const struct call_refer *r = call->refer;

	if (!r || r->ended)
		return NULL;
	return json_pack("{s:b, s:I, s:b, s:i}", "callee", r->referrer->side == MEDIA_LEG_B,
			 "id", (json_int_t)r->id, "first", r->first,
			 "status", r->to ? 503 : r->status);
}

/* The subscription has ended, which he is told as soon as all is up. */
void call_refer_restore(struct call_engine *e, u64 now, struct call *call, struct json_reader *r,
			const json_t *saved)
{
	struct call_leg *leg = call->legs[json_read_bool(r, saved, "callee")];
	struct call_refer refer = {
		.referrer = leg, .id = (u32)json_read_u64(r, saved, "id", UINT32_MAX),
		.first = json_read_bool(r, saved, "first"), .expires = now,
		.status = (u16)json_read_u64(r, saved, "status", 699),
		.timer = { .kind = CALL_TIMER_REFER, .owner = call },
	};

	if (!r->bad && (!leg->dialog || refer.status < 200))
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
}

static void begin(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev,
		  struct call_refer_asked *asked)
{
	struct call_refer *r = make(e, now, leg, ev->msg);
	const char *why = NULL;
	struct call *to;
	u16 status;

	status = r ? call_transfer_make(e, now, leg, asked, &to, &why) : 503;
	if (status) {
		call_refer_free(e, leg->call);
		refuse(e, now, leg, ev, status, why);
		return;
	}
	e->counters[CALL_COUNT_TRANSFERS]++;
	r->to = to->id;
	if (!r->ended)
		timer_arm(&e->timers, &r->timer, r->expires);
	answer(e, now, leg, ev->server, 202, r->ended ? "Refer-Sub: false\r\n" : "");
	call_refer_tell(e, now, leg->call, 100);
	call_transfer_send(e, now, to, asked);
}

CALL_ACTION(call_refer)
{
	struct call_refer_asked asked;
	const char *why = NULL;
	char *extensions;
	u16 status;

	if (!call_refer_allowed(leg)) {
		refuse(e, now, leg, ev, 403, "transfer is off here");
		return;
	}
	extensions = call_headers_unsupported(ev->msg);
	if (extensions) {
		e->counters[CALL_COUNT_TRANSFERS_REFUSED]++;
		answer(e, now, leg, ev->server, 420, extensions);
		free(extensions);
		return;
	}
	status = read_refer(ev->msg, &asked, &why);
	if (!status && !call_transfer_quiet(leg->call))
		status = 491;
	if (status)
		refuse(e, now, leg, ev, status, why);
	else
		begin(e, now, leg, ev, &asked);
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

static void notify(struct call_engine *e, u64 now, struct call *call)
{
	struct call_refer *r = call->refer;
	struct call_leg *leg = r->referrer;
	bool last = r->status >= 200 || r->unsubscribed;
	char lines[160], body[128];
	struct sip_content content = {
		.content_type = SLICE("message/sipfrag;version=2.0"),
	};

	if (r->ended || leg->notifying || (r->told == r->status && !r->ask))
		return;
	print_state(r, now, last, lines, sizeof(lines));
	snprintf(body, sizeof(body), "SIP/2.0 %u %s\r\n", r->status, sip_reason_phrase(r->status));
	content.headers = slice_str(lines);
	content.body = slice_str(body);
	r->told = r->status;
	r->ask = false;
	r->ended = last || leg->state != CALL_LEG_UP;
	if (leg->state == CALL_LEG_UP &&
	    call_auth_request(e, now, leg, SIP_NOTIFY, &content, &leg->notifying))
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

/* Any failure is the end of the subscription (RFC 6665 §4.2.2), not of the call. */
CALL_ACTION(call_refer_notified)
{
	struct call *call = leg->call;
	struct call_refer *r = call->refer;

	leg->notifying = NULL;
	if (!r || r->referrer != leg)
		return;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300) {
		r->ended = true;
		timer_disarm(&e->timers, &r->timer);
	}
	notify(e, now, call);
	if (call->transferred)
		call_transfer_over(e, now, call);
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
CALL_ACTION(call_refer_subscribe)
{
	struct call_refer *r = leg->call->refer;
	char line[32];
	u32 seconds;

	if (!is_refer(ev->msg, NULL)) {
		call_not_allowed(e, now, leg, ev);
		return;
	}
	if (!r || r->referrer != leg || r->ended || !is_refer(ev->msg, r)) {
		call_gone(e, now, leg, ev);
		return;
	}
	seconds = expires_of(ev->msg);
	snprintf(line, sizeof(line), "Expires: %u\r\n", seconds);
	answer(e, now, leg, ev->server, 200, line);
	r->expires = now + seconds * NSEC_PER_SEC;
	timer_arm(&e->timers, &r->timer, r->expires);
	r->unsubscribed = !seconds;
	r->ask = true;
	notify(e, now, leg->call);
}
