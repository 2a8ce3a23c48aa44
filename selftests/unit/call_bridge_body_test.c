// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bodies of subscriptions that are carried, and of requests outside of calls, in the words of
 * who gets them.
 */
#include "call_bridge.h"

#define LAMP "Content-Type: application/dialog-info+xml\r\n"
#define XML "Content-Type: text/xml\r\n"
#define STATE "Event: dialog\r\nSubscription-State: active;expires=600\r\n"

FIXTURE(bridge_body) {
	struct harness h;
};

FIXTURE_SETUP(bridge_body)
{
	harness_start(&self->h, _metadata);
}

FIXTURE_TEARDOWN(bridge_body)
{
	drop_events(&self->h);
	harness_stop(&self->h);
}

/* A watches B, who then says so much of the call that is described. */
static void tell_lamp(struct harness *h, const struct aside *call)
{
	char body[1024];

	snprintf(body, sizeof(body), "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' "
		 "version='1' state='full' entity='sip:4930123@" IP_B "'><dialog id='%s' "
		 "call-id='%s' local-tag='%s' remote-tag='%s'><state>confirmed</state></dialog>"
		 "</dialog-info>", call->call_id, call->call_id, call->local_tag,
		 call->remote_tag);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, STATE LAMP, body);
}

static void name_dialog(const struct aside *call, char *text, size_t size)
{
	snprintf(text, size, " call-id=\"%s\" local-tag=\"%s\" remote-tag=\"%s\"",
		 call->call_id, call->remote_tag, call->local_tag);
}

TEST_F(bridge_body, a_lamp_names_the_call_as_it_is_known_there)
{
	struct harness *h = &self->h;
	struct aside call[2];
	const struct sip_msg *msg;
	char value[512];

	call_up(h);
	put_aside(&h->ua[A], &call[0]);
	put_aside(&h->ua[B], &call[1]);
	subscribe(h, "Event: dialog\r\nExpires: 600\r\n");
	granted(h);
	tell_lamp(h, &call[1]);
	msg = heard(h, "200 OK");
	name_dialog(&call[0], value, sizeof(value));
	EXPECT_TRUE(contains(msg->body, value)) {
		TH_LOG("expected%s in " SLICE_FMT, value, SLICE_ARG(msg->body));
	}
	EXPECT_TRUE(contains(msg->body, "entity=\"sip:4930123@" IP_ADVERTISED "\""));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	expect(h, B, "SIP/2.0 200");
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, "Event: dialog\r\n"
		     "Subscription-State: terminated;reason=noresource\r\n", NULL);
	heard(h, "200 OK");
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(bridges(h), 0);
	take_back(&h->ua[A], &call[0]);
	take_back(&h->ua[B], &call[1]);
	hang_up(h, A);
}

TEST_F(bridge_body, what_cannot_be_read_is_not_told_and_ends_nothing)
{
	struct harness *h = &self->h;

	begin(h);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, ACTIVE XML, "<a>");
	expect(h, B, "SIP/2.0 400");
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, ACTIVE XML "Content-Encoding: gzip\r\n", "?");
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SIP/2.0 415"), "Accept-Encoding"),
			     SLICE("identity")));
	EXPECT_FALSE(pending(h, A));
	EXPECT_EQ(bridges(h), 1);
	told_and_heard(h, ACTIVE, WAITING);
	leave(h);
}

TEST_F(bridge_body, outside_of_calls_it_is_the_same)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "MESSAGE", 1, XML, "<a>");
	expect(h, A, "SIP/2.0 400");
	EXPECT_FALSE(pending(h, B));
	begin_dialog(h, A, "4930123");
	send_request(h, A, "MESSAGE", 1, XML, "<a b='sip:x@" IP_A "'/>");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(msg->body, "<a b=\"sip:x@" IP_INSIDE "\"/>"));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, XML, "<at>sip:b@" IP_B "</at>");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(contains(msg->body, "<at>sip:b@" IP_ADVERTISED "</at>"));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
}

TEST_HARNESS_MAIN
