// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replaces (RFC 3891) of a dialog with a phone that registered: it goes to that phone by the way
 * of the dialog, and to no other one of the same user. C takes the place of B.
 */
#include "call_subscriber.h"
#include "call_trunk_harness.h"

#define AOR "alice@" DOMAIN

FIXTURE(phone) {
	struct harness h;
	struct ua first;	/* alice's in the call that is replaced */
};

FIXTURE_SETUP(phone)
{
	struct harness *h = &self->h;

	harness_start(h, _metadata);
	h->own_contacts = true;
	add_domain(h, SIP_DIGEST_ALL);
	let_subscribers_call(h);
	send_authentic(h, "REGISTER", "alice", "secret",
		       "Contact: <sip:desk@203.0.113.66:5060>\r\n"
		       "Contact: <sip:mobile@203.0.113.66:5060>;q=0.1\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
}

FIXTURE_TEARDOWN(phone)
{
	struct harness *h = &self->h;

	drop_events(h);
	call_engine_unregister(h->engine, h->now, AOR);
	run(h);
	harness_stop(h);
}

/* Her dialog with us, by her own names. */
static void expect_at_alice(struct harness *h, const struct ua *first, const char *target)
{
	struct __test_metadata *_metadata = h->_metadata;
	char value[512];

	expect(h, STRANGER, target);
	snprintf(value, sizeof(value), "%s;to-tag=%s;from-tag=%s", first->call_id,
		 first->local_tag, first->remote_tag);
	EXPECT_TRUE(slice_eq(header(&h->ua[STRANGER].invite, "Replaces"), slice_str(value))) {
		TH_LOG("expected %s in %s", value, h->ua[STRANGER].last);
	}
	EXPECT_FALSE(pending(h, STRANGER));
}

/* C is in a call with her, in place of B. */
static void c_replaces_b(struct harness *h, struct ua *first, const char *target)
{
	const struct ua *b = &h->ua[B];
	char line[512];

	memcpy(first, &h->ua[STRANGER], sizeof(*first));
	snprintf(line, sizeof(line), "Replaces: %s;from-tag=%s;to-tag=%s\r\n", b->call_id,
		 b->local_tag, b->remote_tag);
	begin_dialog(h, C, "2000");
	send_request(h, C, "INVITE", 1, line, SDP_C);
	expect(h, C, "SIP/2.0 100");
	expect_at_alice(h, first, target);
	answer(h, STRANGER, "200 OK", SDP_A);
	expect(h, STRANGER, "ACK ");
	expect(h, C, "SIP/2.0 200");
	acknowledge(h, C);
	send_request(h, B, "BYE", 300, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	expect(h, STRANGER, "BYE ");
	reply(h, STRANGER, "200 OK", NULL);
	send_request(h, C, "BYE", 2, NULL, NULL);
	expect(h, C, "SIP/2.0 200");
	expect(h, STRANGER, "BYE ");
	reply(h, STRANGER, "200 OK", NULL);
}

TEST_F(phone, who_called_it_is_replaced_and_no_other_phone_of_hers_rings)
{
	struct harness *h = &self->h;
	struct sip_msg *desk;

	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "sip:" AOR);
	send_request(h, B, "INVITE", 1, NULL, SDP_B);
	expect(h, B, "SIP/2.0 100");
	desk = sip_msg_dup(expect(h, STRANGER, "INVITE sip:desk@203.0.113.66:5060 "));
	expect(h, STRANGER, "INVITE sip:mobile@203.0.113.66:5060 ");
	answer(h, STRANGER, "486 Busy Here", NULL);
	expect(h, STRANGER, "ACK ");
	reply_tagged(h, STRANGER, desk, "200 OK", h->ua[STRANGER].local_tag, NULL, SDP_A);
	free(desk);
	expect(h, STRANGER, "ACK ");
	expect(h, B, "SIP/2.0 200");
	acknowledge(h, B);
	c_replaces_b(h, &self->first, "INVITE sip:bob@203.0.113.66:5060 ");
}

TEST_F(phone, whom_it_called_is_replaced)
{
	struct harness *h = &self->h;

	call_as_alice(h, "Contact: <sip:mobile@203.0.113.66:5060>\r\n");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, STRANGER, "SIP/2.0 200");
	acknowledge(h, STRANGER);
	c_replaces_b(h, &self->first, "INVITE sip:user@203.0.113.66:5060 ");
}

TEST_HARNESS_MAIN
