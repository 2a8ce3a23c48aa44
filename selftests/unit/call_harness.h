/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stories of calls are told with: what the user agents of call_world.h send,
 * what must arrive at them, and what the engine says of it.
 */
#ifndef CALL_HARNESS_H
#define CALL_HARNESS_H

#include "call_world.h"

static UNUSED bool contains(struct slice text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what));
}

static UNUSED struct slice header(const struct sip_msg *msg, const char *name)
{
	size_t i;

	for (i = 0; i < msg->nhdrs; i++)
		if (slice_caseeq(msg->hdrs[i].name, slice_str(name)))
			return msg->hdrs[i].value;
	return SLICE("");
}

static UNUSED void copy_slice(char *to, size_t size, struct slice from)
{
	snprintf(to, size, SLICE_FMT, SLICE_ARG(from));
}

/* What a UA learns of its dialog from a request or response that it got. */
static UNUSED void learn(struct ua *ua, const struct sip_msg *msg)
{
	const struct sip_nameaddr *peer = msg->request ? &msg->from : &msg->to;
	const struct sip_nameaddr *self = msg->request ? &msg->to : &msg->from;
	struct slice contact = header(msg, "Contact");
	struct sip_nameaddr address;

	copy_slice(ua->call_id, sizeof(ua->call_id), msg->call_id);
	copy_slice(ua->from, sizeof(ua->from), self->value);
	copy_slice(ua->to, sizeof(ua->to), peer->value);
	if (peer->tag.n)
		copy_slice(ua->remote_tag, sizeof(ua->remote_tag), peer->tag);
	if (contact.n && sip_parse_nameaddr(contact, &address))
		copy_slice(ua->target, sizeof(ua->target), address.uri);
}

/* Of a body that extra says nothing of. */
static UNUSED const char *content_type(const char *extra, const char *body)
{
	if (!body || (extra && strstr(extra, "Content-Type:")))
		return "";
	return "Content-Type: application/sdp\r\n";
}

/* A request in who's dialog, or the first one; extra: further header lines. */
static UNUSED void send_request(struct harness *h, enum who who, const char *method, u32 cseq,
				const char *extra, const char *sdp)
{
	struct ua *ua = &h->ua[who];
	char text[4096], contact[96] = "";
	int n;

	if (!h->own_contacts || strcmp(method, "REGISTER"))
		snprintf(contact, sizeof(contact), "Contact: <sip:user@%s:5060%s>\r\n",
			 ua->host, uri_param(ua->transport));
	n = snprintf(text, sizeof(text),
		     "%s %s SIP/2.0\r\n"
		     "Via: SIP/2.0/%s %s:5060;branch=z9hG4bK%s%u\r\n"
		     "Max-Forwards: 70\r\n"
		     "From: %s;tag=%s\r\n"
		     "To: %s%s%s\r\n"
		     "Call-ID: %s\r\n"
		     "CSeq: %u %s\r\n"
		     "%s%s%s"
		     "Content-Length: %zu\r\n\r\n%s",
		     method, ua->target, transport_name(ua->transport), ua->host, ua->ip,
		     ++h->branch, ua->from, ua->local_tag, ua->to,
		     ua->remote_tag[0] ? ";tag=" : "", ua->remote_tag, ua->call_id, cseq, method,
		     contact, extra ? extra : "",
		     content_type(extra, sdp), sdp ? strlen(sdp) : 0,
		     sdp ? sdp : "");
	input(h, who, text, (size_t)n);
}

static UNUSED void begin_dialog(struct harness *h, enum who who, const char *number)
{
	struct ua *ua = &h->ua[who];

	snprintf(ua->call_id, sizeof(ua->call_id), "secret-%u@%s", h->branch, ua->ip);
	snprintf(ua->from, sizeof(ua->from), "\"Alice\" <sip:alice@%s>", ua->ip);
	snprintf(ua->to, sizeof(ua->to), "<sip:%s@sbc.example>", number);
	snprintf(ua->target, sizeof(ua->target), "sip:%s@sbc.example", number);
	ua->remote_tag[0] = 0;
	ua->cseq = 1;
}

/* who calls; the other side is expected to see the INVITE. */
static UNUSED void send_invite(struct harness *h, enum who who, const char *sdp)
{
	begin_dialog(h, who, "4930123");
	send_request(h, who, "INVITE", 1, NULL, sdp);
}

/* The ACK to a 2xx (a new branch) or to a failure (the INVITE's). */
static UNUSED void send_ack(struct harness *h, enum who who)
{
	send_request(h, who, "ACK", h->ua[who].cseq, NULL, NULL);
}

/* CANCEL and the ACK of a failure have the branch of the INVITE sent last. */
static UNUSED void send_same_branch(struct harness *h, enum who who, const char *method,
				    u32 branch, const char *extra)
{
	u32 next = h->branch;

	h->branch = branch - 1;
	send_request(h, who, method, h->ua[who].cseq, extra, NULL);
	h->branch = next;
}

/* who answers the request it took last with expect(); learns the dialog from it. */
static UNUSED void reply_tagged(struct harness *h, enum who who, const struct sip_msg *request,
				const char *status, const char *tag, const char *extra,
				const char *sdp)
{
	struct ua *ua = &h->ua[who];
	char text[4096];
	int n;

	learn(ua, request);
	n = snprintf(text, sizeof(text),
		     "SIP/2.0 %s\r\nVia: " SLICE_FMT "\r\nFrom: " SLICE_FMT "\r\n"
		     "To: " SLICE_FMT "%s%s\r\nCall-ID: " SLICE_FMT "\r\nCSeq: %u " SLICE_FMT
		     "\r\nContact: <sip:bob@%s:5060%s>\r\n%s%sContent-Length: %zu\r\n\r\n%s",
		     status, SLICE_ARG(header(request, "Via")), SLICE_ARG(header(request, "From")),
		     SLICE_ARG(header(request, "To")), request->to.tag.n ? "" : ";tag=",
		     request->to.tag.n ? "" : tag, SLICE_ARG(request->call_id), request->cseq,
		     SLICE_ARG(request->method_name), ua->host, uri_param(ua->transport),
		     extra ? extra : "",
		     content_type(extra, sdp), sdp ? strlen(sdp) : 0,
		     sdp ? sdp : "");
	input(h, who, text, (size_t)n);
}

/* To the request taken last. */
static UNUSED void reply(struct harness *h, enum who who, const char *status, const char *sdp)
{
	reply_tagged(h, who, &h->ua[who].msg, status, h->ua[who].local_tag, NULL, sdp);
}

/* To the INVITE taken last, whatever came since. */
static UNUSED void answer(struct harness *h, enum who who, const char *status, const char *sdp)
{
	reply_tagged(h, who, &h->ua[who].invite, status, h->ua[who].local_tag, NULL, sdp);
}

static UNUSED const char *sdp_of(enum who who)
{
	return who == B ? SDP_B : who == C ? SDP_C : SDP_A;
}

/* who answers the INVITE that it got last, and hears that this arrived. */
static UNUSED void accepts(struct harness *h, enum who who)
{
	answer(h, who, "200 OK", sdp_of(who));
	expect(h, who, "ACK ");
}

static UNUSED void refuses(struct harness *h, enum who who, const char *status)
{
	answer(h, who, status, NULL);
	expect(h, who, "ACK ");
}

/* who, whom a call rang for, is called no more. */
static UNUSED void is_cancelled(struct harness *h, enum who who)
{
	expect(h, who, "CANCEL ");
	reply(h, who, "200 OK", NULL);
	refuses(h, who, "487 Request Terminated");
}

/* The answer to who's INVITE: learns the dialog, sends ACK. */
static UNUSED void acknowledge(struct harness *h, enum who who)
{
	struct ua *ua = &h->ua[who];

	learn(ua, &ua->msg);
	send_ack(h, who);
}

static UNUSED void is_answered(struct harness *h, enum who who)
{
	expect(h, who, "SIP/2.0 200");
	acknowledge(h, who);
}

/* who's INVITE, the request sent last, has failed. */
static UNUSED const struct sip_msg *is_turned_down(struct harness *h, enum who who,
						   const char *status)
{
	const struct sip_msg *msg = expect(h, who, status);

	send_same_branch(h, who, "ACK", h->branch, NULL);
	return msg;
}

/* B has the INVITE, and has not said anything. */
static UNUSED void a_calls_b(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

/* A call from A to B that is up, nothing left to read. */
static UNUSED void call_up(struct harness *h)
{
	a_calls_b(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	accepts(h, B);
	is_answered(h, A);
	h->ua[B].cseq = 100;
}

/* An offer of who's in the call passes, and the other's answer, too. */
static UNUSED void reinvites(struct harness *h, enum who who, enum who other)
{
	send_request(h, who, "INVITE", ++h->ua[who].cseq, NULL, sdp_of(who));
	expect(h, who, "SIP/2.0 100");
	expect(h, other, "INVITE ");
	accepts(h, other);
	is_answered(h, who);
}

static UNUSED void says_bye(struct harness *h, enum who who)
{
	send_request(h, who, "BYE", ++h->ua[who].cseq, NULL, NULL);
	expect(h, who, "SIP/2.0 200");
}

static UNUSED void gets_bye(struct harness *h, enum who who)
{
	expect(h, who, "BYE ");
	reply(h, who, "200 OK", NULL);
}

/* who hangs up, both sides see it through. */
static UNUSED void hangs_up(struct harness *h, enum who who, enum who other)
{
	says_bye(h, who);
	gets_bye(h, other);
}

/* ... in a call of A and B. */
static UNUSED void hang_up(struct harness *h, enum who who)
{
	hangs_up(h, who, who == A ? B : A);
}

/* What it is told next it refuses. */
static UNUSED void kernel_refuses(struct harness *h)
{
	h->fail_applies = 1;
	h->apply_result = -ENOSPC;
}

static UNUSED bool over_udp(const struct harness *h, enum who who)
{
	return !transport_reliable(h->ua[who].transport);
}

/* It was sent again, n times or more; in a stream nothing is. All of that is thrown away. */
static UNUSED void expect_repeats(struct harness *h, enum who who, unsigned int n)
{
	struct __test_metadata *_metadata = h->_metadata;
	unsigned int repeats = discard(h, who);

	EXPECT_GE(repeats, over_udp(h, who) ? n : 0);
	EXPECT_TRUE(repeats == 0 || over_udp(h, who));
}

/* Nobody is at its port, or the connection that led there is gone. */
static UNUSED void lose(struct harness *h, enum who who)
{
	struct ua *ua = &h->ua[who];
	struct flow flow = ua->flow;

	ua->lost = ua->flow.connection;
	ua->flow.connection = 0;
	ua->flow.peer.port = 5060;
	call_engine_unreachable(h->engine, h->now, &flow);
	run(h);
}

/* The next event of this type; the ones before are dropped. */
static UNUSED bool next_event(struct harness *h, enum call_event_type type,
			      struct call_event *event)
{
	while (call_engine_event(h->engine, event)) {
		if (event->type == type)
			return true;
		call_event_clear(event);
	}
	return false;
}

static UNUSED u64 counter(struct harness *h, const char *name)
{
	const struct sip_counter *c;

	for (c = call_engine_counters(h->engine); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

static UNUSED void count_call(void *arg, const struct call_view *view)
{
	*(struct call_view *)arg = *view;
}

static UNUSED bool view_call(struct harness *h, struct call_view *view)
{
	memset(view, 0, sizeof(*view));
	call_engine_each(h->engine, count_call, view);
	return view->id;
}

/* Every end of the session stays silent, or speaks again. */
static UNUSED void media_event(struct harness *h, enum media_event_type type)
{
	struct call_view view;
	struct media_event event = { .type = type, .owner = 1 };
	u64 ends[64];
	size_t n = 0, i;

	if (!view_call(h, &view) || !view.plan)
		return;
	for (i = 0; i < view.plan->nends; i++)
		ends[n++] = view.plan->ends[i].id;
	event.session = view.id;
	for (i = 0; i < n; i++) {
		event.end = ends[i];
		call_engine_media_event(h->engine, h->now, &event);
	}
	run(h);
}

#endif
