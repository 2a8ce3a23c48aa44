/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watchers: alice's device, which STRANGER is, subscribes; bob's, which is at the same address,
 * registers meanwhile. Both are known by their flow, so that nothing is challenged.
 */
#ifndef CALL_WATCH_H_
#define CALL_WATCH_H_

#include "call_subscriber.h"

#define BOB "bob@" DOMAIN
#define ALICE "alice@" DOMAIN
#define PRESENCE "Event: presence\r\n"
#define BOB_PHONE "Contact: <sip:bob@203.0.113.66:5070>"
#define SECOND NSEC_PER_SEC
#define OPEN "<basic>open</basic>"
#define CLOSED "<basic>closed</basic>"

/* What a UA has of a dialog, while it does something else. */
struct aside {
	char call_id[128], local_tag[64], remote_tag[64], from[256], to[256], target[256];
	u32 cseq;
};

static UNUSED void put_aside(const struct ua *ua, struct aside *to)
{
	memcpy(to->call_id, ua->call_id, sizeof(to->call_id));
	memcpy(to->local_tag, ua->local_tag, sizeof(to->local_tag));
	memcpy(to->remote_tag, ua->remote_tag, sizeof(to->remote_tag));
	memcpy(to->from, ua->from, sizeof(to->from));
	memcpy(to->to, ua->to, sizeof(to->to));
	memcpy(to->target, ua->target, sizeof(to->target));
	to->cseq = ua->cseq;
}

static UNUSED void take_back(struct ua *ua, const struct aside *from)
{
	memcpy(ua->call_id, from->call_id, sizeof(ua->call_id));
	memcpy(ua->local_tag, from->local_tag, sizeof(ua->local_tag));
	memcpy(ua->remote_tag, from->remote_tag, sizeof(ua->remote_tag));
	memcpy(ua->from, from->from, sizeof(ua->from));
	memcpy(ua->to, from->to, sizeof(ua->to));
	memcpy(ua->target, from->target, sizeof(ua->target));
	ua->cseq = from->cseq;
}

static UNUSED void send_register_of(struct harness *h, const char *user, const char *lines)
{
	send_authentic(h, "REGISTER", user, strcmp(user, "bob") ? "secret" : "hidden", lines);
	expect(h, STRANGER, "SIP/2.0 200");
}

/* In the middle of a subscription of alice's. */
static UNUSED void register_bob(struct harness *h, const char *lines)
{
	struct aside aside;

	put_aside(&h->ua[STRANGER], &aside);
	send_register_of(h, "bob", lines);
	take_back(&h->ua[STRANGER], &aside);
}

/* A domain whose users watch each other, and alice's phone. */
static UNUSED struct call_domain *add_watched_domain(struct harness *h)
{
	struct call_domain *d = add_domain(h, SIP_DIGEST_ALL);

	d->flows = CALL_FLOW_TRUSTED;
	d->events = (struct event_policy){
		.presence = true, .reg = EVENT_REG_OWN, .min = 60, .max = 7200,
		.standard = 3600, .subscriptions = 3, .interval = SECOND / 2,
	};
	h->own_contacts = true;
	send_register_of(h, "alice", "Contact: <sip:alice@203.0.113.66:5060>;expires=7200\r\n");
	return d;
}

/* who's first request to watch someone, as user; lines have Event. */
static UNUSED void send_to(struct harness *h, enum who who, const char *method, const char *user,
			   const char *target, const char *lines, const char *body)
{
	struct ua *ua = &h->ua[who];

	begin_dialog(h, who, "0");
	snprintf(ua->from, sizeof(ua->from), "<sip:%s@" DOMAIN ">", user);
	snprintf(ua->to, sizeof(ua->to), "<sip:%s>", target);
	snprintf(ua->target, sizeof(ua->target), "sip:%s", target);
	send_request(h, who, method, 1, lines, body);
}

static UNUSED void send_subscribe(struct harness *h, const char *target, const char *lines)
{
	send_to(h, STRANGER, "SUBSCRIBE", "alice", target, lines, NULL);
}

static UNUSED bool has(const struct ua *ua, const char *text)
{
	return strstr(ua->last, text);
}

/* The NOTIFY that who got, with what must be in it, is answered. */
static UNUSED void expect_notify(struct harness *h, enum who who, const char *state,
				 const char *body)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "NOTIFY sip:");

	EXPECT_EQ(strncmp(header(msg, "Subscription-State").p, state, strlen(state)), 0) {
		TH_LOG("expected %s in %s", state, h->ua[who].last);
	}
	EXPECT_NE(strstr(h->ua[who].last, body), NULL) {
		TH_LOG("expected %s in %s", body, h->ua[who].last);
	}
}

static UNUSED void take_notify(struct harness *h, enum who who, const char *state,
			       const char *body)
{
	u32 cseq = h->ua[who].cseq;

	expect_notify(h, who, state, body);
	reply(h, who, "200 OK", NULL);
	h->ua[who].cseq = cseq;
}

/* alice watches; both the 200 and the first NOTIFY are taken. */
static UNUSED void watch(struct harness *h, const char *target, const char *lines,
			 const char *body)
{
	send_subscribe(h, target, lines);
	expect(h, STRANGER, "SIP/2.0 200");
	learn(&h->ua[STRANGER], &h->ua[STRANGER].msg);
	take_notify(h, STRANGER, "active;expires=", body);
}

static UNUSED void refresh(struct harness *h, const char *lines)
{
	send_request(h, STRANGER, "SUBSCRIBE", ++h->ua[STRANGER].cseq, lines, NULL);
}

static UNUSED void unwatch(struct harness *h, const char *event)
{
	char lines[128];

	snprintf(lines, sizeof(lines), "%sExpires: 0\r\n", event);
	refresh(h, lines);
	expect(h, STRANGER, "SIP/2.0 200");
	take_notify(h, STRANGER, "terminated;reason=timeout", "");
}

static UNUSED size_t watches(struct harness *h)
{
	return counter(h, "subscriptions-now");
}

#endif
