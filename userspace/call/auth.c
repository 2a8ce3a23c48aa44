// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to a trunk that wants to know who we are (RFC 3261 §22.2, RFC 7616). What
 * the trunk challenged us with once is answered in advance from then on. A request
 * that is refused with 401 or 407 goes out again with credentials, and the call
 * does not hear of it; only what they do not help it hears. On a leg whose trunk
 * has no credentials nothing is kept.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"

/* A request, kept for the case that it must go out again; of an INVITE, for its ACK too. */
struct call_attempt {
	struct call_attempt *next;
	struct sip_auth_attempt auth;
	struct sip_client *client;	/* NULL: finally answered */
	enum sip_method method;
	char *headers, *content_type, *body;
};

struct sip_auth_client *call_auth_of(const struct call_leg *leg)
{
	return leg->trunk < 0 ? NULL : leg->call->policy->trunks[leg->trunk].auth;
}

static void forget_content(struct call_attempt *at)
{
	free(at->headers);
	free(at->content_type);
	free(at->body);
	at->headers = at->content_type = at->body = NULL;
}

static void free_attempt(struct call_attempt *at)
{
	forget_content(at);
	sip_auth_attempt_free(&at->auth);
	free(at);
}

static void drop(struct call_leg *leg, struct call_attempt *gone)
{
	struct call_attempt **at = &leg->attempts;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	free_attempt(gone);
}

void call_auth_clear(struct call_leg *leg)
{
	while (leg->attempts)
		drop(leg, leg->attempts);
}

void call_auth_forget(struct call_engine *e, struct call_leg *leg, struct sip_client *client)
{
	struct call_attempt *at = leg->attempts;

	while (at && at->client != client)
		at = at->next;
	if (at)
		drop(leg, at);
	sip_client_forget(e->sip, client);
}

static struct call_attempt *new_attempt(enum sip_method method, const struct sip_content *content)
{
	struct call_attempt *at = zalloc(sizeof(*at));

	if (!at)
		return NULL;
	at->method = method;
	at->headers = slice_dup(content->headers);
	at->content_type = slice_dup(content->content_type);
	at->body = slice_dup(content->body);
	if (at->headers && at->content_type && at->body)
		return at;
	free_attempt(at);
	return NULL;
}

static int send_attempt(struct call_engine *e, u64 now, struct call_leg *leg,
			struct call_attempt *at)
{
	struct sip_content content = {
		.headers = slice_str(at->headers),
		.content_type = slice_str(at->content_type),
		.body = slice_str(at->body),
	};

	return sip_auth_request(e->sip, now, call_auth_of(leg), &at->auth, leg->dialog, at->method,
				&content, call_leg_handle(leg), &at->client);
}

static struct call_attempt *invite_attempt(const struct call_leg *leg)
{
	struct call_attempt *at = leg->attempts;

	while (at && at->method != SIP_INVITE)
		at = at->next;
	return at;
}

int call_auth_request(struct call_engine *e, u64 now, struct call_leg *leg,
		      enum sip_method method, const struct sip_content *content,
		      struct sip_client **client)
{
	struct call_attempt *at, *before;
	int err;

	if (!call_auth_of(leg))
		return sip_request(e->sip, now, leg->dialog, method, content,
				   call_leg_handle(leg), client);
	at = new_attempt(method, content);
	if (!at)
		return -ENOMEM;
	err = send_attempt(e, now, leg, at);
	if (err) {
		free_attempt(at);
		return err;
	}
	before = method == SIP_INVITE ? invite_attempt(leg) : NULL;
	if (before)
		drop(leg, before);
	at->next = leg->attempts;
	leg->attempts = at;
	*client = at->client;
	return 0;
}

/* Without credentials: whoever has it does not look at them. */
int call_auth_repeat(struct call_engine *e, u64 now, struct call_leg *leg, enum sip_method method,
		     const struct sip_sent *sent, const struct sip_content *content,
		     struct sip_client **client)
{
	struct call_attempt *at = call_auth_of(leg) ? new_attempt(method, content) : NULL;
	int err = at || !call_auth_of(leg) ? 0 : -ENOMEM;

	if (!err)
		err = sip_request_again(e->sip, now, leg->dialog, method, sent, content,
					call_leg_handle(leg), client);
	if (!at)
		return err;
	if (err) {
		free_attempt(at);
		return err;
	}
	at->client = *client;
	at->next = leg->attempts;
	leg->attempts = at;
	return 0;
}

/* RFC 3261 §22.1: the ACK of a 2xx has the credentials of its INVITE. */
struct slice call_auth_lines(const struct call_leg *leg)
{
	const struct call_attempt *at = invite_attempt(leg);

	return at ? buf_slice(&at->auth.lines) : SLICE("");
}

/*
 * An INVITE that begins a dialog and had a response with a tag before the refusal: what the
 * tag names is gone with it.
 */
static int renew_dialog(struct call_engine *e, struct call_leg *leg)
{
	if (leg->dialog->state != SIP_DIALOG_EARLY || !leg->dialog->remote_tag)
		return 0;
	sip_dialog_free(e->sip, leg->dialog);
	leg->dialog = NULL;
	return call_invite_dialog(e, leg);
}

/* Whoever waits for the old one waits for the new one. */
static void replace(struct call_engine *e, struct call_leg *leg, const struct sip_client *old,
		    struct sip_client *new)
{
	struct sip_client **const waiting[] = {
		&leg->invite, &leg->bye, &leg->updating, &leg->refresh, &leg->asking,
		&leg->notifying, &leg->moving,
	};
	size_t i;

	for (i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		if (*waiting[i] == old)
			*waiting[i] = new;
	call_carry_replace(e, leg, old, new);
}

static bool is_wanted(const struct call_leg *leg, const struct call_attempt *at)
{
	if (at->method == SIP_INVITE)
		return (leg->state == CALL_LEG_INVITED && !leg->given_up) ||
		       leg->state == CALL_LEG_UP;
	return leg->state != CALL_LEG_DONE;
}

static bool again(struct call_engine *e, u64 now, struct call_leg *leg, struct call_attempt *at,
		  const struct sip_msg *msg)
{
	struct sip_client *old = at->client;

	if (!is_wanted(leg, at))
		return false;
	if (sip_auth_learn(call_auth_of(leg), &at->auth, msg)) {
		e->counters[CALL_COUNT_AUTH_REFUSED]++;
		return false;
	}
	if (at->method == SIP_INVITE && renew_dialog(e, leg))
		return false;
	if (send_attempt(e, now, leg, at))
		return false;
	replace(e, leg, old, at->client);
	return true;
}

bool call_auth_again(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev)
{
	struct call_attempt *at = leg->attempts;

	while (at && at->client != ev->client)
		at = at->next;
	if (!at || !ev->client || (ev->type == SIP_EVENT_RESPONSE && ev->msg->status < 200))
		return false;
	if (ev->type == SIP_EVENT_RESPONSE) {
		if ((ev->msg->status == 401 || ev->msg->status == 407) &&
		    again(e, now, leg, at, ev->msg))
			return true;
		if (ev->msg->status != 401 && ev->msg->status != 407)
			sip_auth_accepted(call_auth_of(leg), &at->auth, ev->msg);
	}
	if (at->method != SIP_INVITE) {
		drop(leg, at);
		return false;
	}
	/* A fork may answer an INVITE more than once. */
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300)
		at->client = NULL;
	forget_content(at);
	return false;
}
