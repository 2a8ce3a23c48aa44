// SPDX-License-Identifier: GPL-2.0-only
/*
 * REFER to somebody with whom the referrer has no call: it goes where a call would, to one of
 * those only, and what he tells of it is carried like any subscription, with the number that each
 * of them has for the REFER. A is the referrer, B, or a phone, is referred.
 */
#include <jansson.h>

#include "call_bridge.h"

#define TO_C "Refer-To: <sip:2000@sbc.example>\r\n"
#define AOR "alice@" DOMAIN
#define DESK_AND_MOBILE "Contact: <sip:one@203.0.113.66:5060>\r\n" \
	"Contact: <sip:two@203.0.113.66:5060>;q=0.1\r\n"
#define FRAGMENT "Content-Type: message/sipfrag\r\n"
#define LAST "terminated;reason=noresource"

FIXTURE(somebody) {
	struct harness h;
};

static void let_refers_pass(struct harness *h)
{
	size_t i;

	for (i = 0; i < h->policy->ntrunks; i++)
		h->policy->trunks[i].transfer = CALL_TRANSFER_PASS;
}

FIXTURE_SETUP(somebody)
{
	harness_start(&self->h, _metadata);
	let_refers_pass(&self->h);
}

FIXTURE_TEARDOWN(somebody)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(bridges(h), 0);
	EXPECT_EQ(counter(h, "calls"), 0);
	drop_events(h);
	if (h->policy->ndomains)
		call_engine_unregister(h->engine, h->now, AOR);
	run(h);
	harness_stop(h);
}

static void ask(struct harness *h, const char *number, const char *lines)
{
	begin_dialog(h, A, number);
	h->ua[A].cseq = 70;
	send_request(h, A, "REFER", 70, lines, NULL);
}

/* B has it; the number that it has there. */
static u32 b_is_asked(struct harness *h, const char *lines)
{
	ask(h, "4930123", lines);
	return expect(h, B, "REFER ")->cseq;
}

/* B takes it. */
static u32 taken(struct harness *h)
{
	u32 far = b_is_asked(h, TO_C);

	reply(h, B, "202 Accepted", NULL);
	h->ua[B].cseq = 100;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 202"));
	return far;
}

static void send_notify(struct harness *h, u32 id, const char *state, const char *status)
{
	char lines[256], body[128], number[24] = "";

	if (id)
		snprintf(number, sizeof(number), ";id=%u", id);
	snprintf(lines, sizeof(lines), "Event: refer%s\r\nSubscription-State: %s\r\n" FRAGMENT,
		 number, state);
	snprintf(body, sizeof(body), "SIP/2.0 %s\r\n", status);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, lines, body);
}

/* A hears it, by the number that his REFER has, or none. */
static void is_told(struct harness *h, bool numbered, const char *state, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = heard(h, "200 OK");
	char body[128];

	snprintf(body, sizeof(body), "SIP/2.0 %s\r\n", status);
	EXPECT_TRUE(slice_eq(header(msg, "Event"), numbered ? SLICE("refer;id=70") :
							     SLICE("refer"))) {
		TH_LOG("wrong Event in %s", h->ua[A].last);
	}
	EXPECT_TRUE(slice_eq(header(msg, "Subscription-State"), slice_str(state)));
	EXPECT_TRUE(slice_eq(msg->body, slice_str(body)));
	expect(h, B, "SIP/2.0 200");
}

static void is_over(struct harness *h, u32 far)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_notify(h, far, LAST, "200 OK");
	is_told(h, far, LAST, "200 OK");
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(somebody, it_arrives_in_his_words_and_what_he_tells_comes_back)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	u32 far;

	h->policy->realms[1].trusted = true;
	far = b_is_asked(h, TO_C "Referred-By: <sip:alice@" IP_A ">\r\n");
	msg = &h->ua[B].msg;
	EXPECT_TRUE(slice_eq(header(msg, "Refer-To"), SLICE("<sip:2000@" IP_INSIDE ":5060>")));
	EXPECT_TRUE(slice_eq(header(msg, "Referred-By"), SLICE("<sip:alice@" IP_INSIDE ">")));
	EXPECT_TRUE(slice_eq(header(msg, "Max-Forwards"), SLICE("69")));
	EXPECT_TRUE(contains(header(msg, "Contact"), IP_INSIDE));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->bytes, "secret"));
	EXPECT_NE(far, 70);
	reply(h, B, "202 Accepted", NULL);
	h->ua[B].cseq = 100;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 202"));
	EXPECT_TRUE(contains(header(&h->ua[A].msg, "Contact"), IP_ADVERTISED));
	send_notify(h, far, "active;expires=60", "100 Trying");
	is_told(h, true, "active;expires=60", "100 Trying");
	send_notify(h, 0, "active;expires=60", "180 Ringing");
	is_told(h, false, "active;expires=60", "180 Ringing");
	EXPECT_EQ(bridges(h), 1);
	is_over(h, far);
	EXPECT_EQ(counter(h, "transfers-passed"), 1);
}

TEST_F(somebody, a_notify_may_come_before_the_answer)
{
	struct harness *h = &self->h;
	u32 far = b_is_asked(h, TO_C);
	struct sip_msg *asked = sip_msg_dup(&h->ua[B].msg);

	learn(&h->ua[B], asked);
	h->ua[B].cseq = 50;
	send_notify(h, far, "active;expires=60", "100 Trying");
	expect(h, A, "NOTIFY ");
	learn(&h->ua[A], &h->ua[A].msg);
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Event"), SLICE("refer;id=70")));
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	reply_tagged(h, B, asked, "202 Accepted", h->ua[B].local_tag, NULL, NULL);
	free(asked);
	expect(h, A, "SIP/2.0 202");
	is_over(h, far);
}

TEST_F(somebody, it_is_refreshed_and_given_up_by_its_number)
{
	struct harness *h = &self->h;
	u32 far = taken(h);
	char event[32];

	send_notify(h, far, "active;expires=60", "100 Trying");
	is_told(h, true, "active;expires=60", "100 Trying");
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, "Event: refer;id=71\r\n", NULL);
	expect(h, A, "SIP/2.0 481");
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, "Event: refer;id=70\r\nExpires: 0\r\n", NULL);
	snprintf(event, sizeof(event), "refer;id=%u", far);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SUBSCRIBE "), "Event"), slice_str(event)));
	accepted(h, "Expires: 0\r\n");
	h->ua[B].cseq = 120;
	send_notify(h, far, "terminated;reason=timeout", "100 Trying");
	is_told(h, true, "terminated;reason=timeout", "100 Trying");
}

TEST_F(somebody, a_number_that_is_not_its_own_is_nobodys)
{
	struct harness *h = &self->h;
	u32 far = taken(h);

	send_notify(h, far + 1, "active;expires=60", "100 Trying");
	expect(h, B, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, A));
	is_over(h, far);
}

TEST_F(somebody, without_a_subscription_there_is_none)
{
	struct harness *h = &self->h;
	u32 far = b_is_asked(h, TO_C "Refer-Sub: false\r\nRequire: norefersub\r\n");

	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Refer-Sub"), SLICE("false")));
	EXPECT_TRUE(sip_msg_requires(&h->ua[B].msg, "norefersub"));
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", h->ua[B].local_tag, "Refer-Sub: false\r\n",
		     NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 200"), "Refer-Sub"), SLICE("false")));
	EXPECT_EQ(bridges(h), 0);
	send_notify(h, far, "active;expires=60", "100 Trying");
	expect(h, B, "SIP/2.0 481");
}

TEST_F(somebody, who_refuses_is_heard)
{
	struct harness *h = &self->h;

	b_is_asked(h, TO_C);
	reply_tagged(h, B, &h->ua[B].msg, "405 Method Not Allowed", h->ua[B].local_tag,
		     "Allow: INVITE, ACK, BYE, CANCEL\r\n", NULL);
	EXPECT_FALSE(sip_msg_lists(expect(h, A, "SIP/2.0 405"), SIP_HDR_ALLOW, "REFER"));
	b_is_asked(h, TO_C);
	reply(h, B, "603 Declined", NULL);
	expect(h, A, "SIP/2.0 603");
}

static void refused(struct harness *h, const char *lines, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	ask(h, "4930123", lines);
	expect(h, A, status);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(somebody, it_passes_where_both_sides_let_it)
{
	struct harness *h = &self->h;

	h->policy->trunks[1].transfer = CALL_TRANSFER_OFF;
	refused(h, TO_C, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_HANDLE;
	refused(h, TO_C, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_PASS;
	h->policy->trunks[0].transfer = CALL_TRANSFER_OFF;
	refused(h, TO_C, "SIP/2.0 405");
	h->policy->trunks[0].transfer = CALL_TRANSFER_HANDLE;
	refused(h, TO_C, "SIP/2.0 405");
}

TEST_F(somebody, what_cannot_be_said_there_is_refused)
{
	struct harness *h = &self->h;

	refused(h, "", "SIP/2.0 400");
	refused(h, TO_C TO_C, "SIP/2.0 400");
	refused(h, "Refer-To: <https://example.com/2000>\r\n", "SIP/2.0 416");
	refused(h, "Refer-To: <sip:2000@x;method=BYE>\r\n", "SIP/2.0 603");
	refused(h, "Refer-To: <sip:host-" IP_A "@x>\r\n", "SIP/2.0 603");
	refused(h, "Refer-To: <sip:2000@x?Replaces=1%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n",
		"SIP/2.0 603");
	refused(h, TO_C "Require: gruu\r\n", "SIP/2.0 420");
	ask(h, "77", TO_C);
	expect(h, A, "SIP/2.0 404");
}

TEST_F(somebody, a_stranger_is_refused_before_anybody_is_asked)
{
	struct harness *h = &self->h;

	h->policy->realms[0].transfer = h->policy->realms[1].transfer = CALL_TRANSFER_PASS;
	begin_dialog(h, STRANGER, "4930123");
	send_request(h, STRANGER, "REFER", 1, TO_C, NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	add_domain(h, SIP_DIGEST_ALL)->events.subscriptions = 1;
	let_subscribers_call(h);
	send_as(h, "REFER", "alice", TO_C);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_FALSE(pending(h, B));
	/* a subscriber may, and is named to trusted realms */
	h->policy->realms[1].trusted = true;
	send_authentic(h, "REFER", "alice", "secret", TO_C);
	expect(h, B, "REFER ");
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Referred-By"), SLICE("<sip:" AOR ">")));
	reply(h, B, "603 Declined", NULL);
	expect(h, STRANGER, "SIP/2.0 603");
}

/* Several would all call. */
TEST_F(somebody, of_several_contacts_the_best_is_asked)
{
	struct harness *h = &self->h;

	h->own_contacts = true;
	add_domain(h, SIP_DIGEST_ALL);
	h->policy->realms[0].transfer = CALL_TRANSFER_PASS;
	send_authentic(h, "REGISTER", "alice", "secret", DESK_AND_MOBILE);
	expect(h, STRANGER, "SIP/2.0 200");
	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "sip:" AOR);
	send_request(h, B, "REFER", 1, TO_C, NULL);
	expect(h, STRANGER, "REFER sip:one@203.0.113.66:5060 ");
	EXPECT_FALSE(pending(h, STRANGER));
	reply(h, STRANGER, "486 Busy Here", NULL);
	expect(h, B, "SIP/2.0 486");
	/* nor does it reach a realm that does not want it */
	h->policy->realms[0].transfer = CALL_TRANSFER_OFF;
	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "sip:" AOR);
	send_request(h, B, "REFER", 1, TO_C, NULL);
	expect(h, B, "SIP/2.0 403");
	EXPECT_FALSE(pending(h, STRANGER));
}

TEST_F(somebody, of_several_trunks_the_next_is_asked_when_one_has_failed)
{
	struct harness *h = &self->h;

	add_destination(h->policy, 1000);
	b_is_asked(h, TO_C);
	EXPECT_FALSE(pending(h, C));
	reply(h, B, "480 Temporarily Unavailable", NULL);
	expect(h, C, "REFER ");
	reply(h, C, "603 Declined", NULL);
	expect(h, A, "SIP/2.0 603");
}

TEST_F(somebody, a_challenge_of_the_trunk_gives_it_another_number)
{
	struct harness *h = &self->h;
	u32 far;

	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("secret"), NULL), 0);
	far = b_is_asked(h, TO_C);
	reply_tagged(h, B, &h->ua[B].msg, "401 Unauthorized", "b",
		     "WWW-Authenticate: Digest realm=\"b\", nonce=\"1\", qop=\"auth\"\r\n", NULL);
	EXPECT_FALSE(pending(h, A));
	EXPECT_GT(expect(h, B, "REFER ")->cseq, far);
	far = h->ua[B].msg.cseq;
	reply(h, B, "202 Accepted", NULL);
	h->ua[B].cseq = 100;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 202"));
	is_over(h, far);
}

/* --- a restart --- */

TEST_F(somebody, it_goes_on_after_a_restart)
{
	struct harness *h = &self->h, before;
	u32 far;

	harness_start(&before, _metadata);
	let_refers_pass(&before);
	far = taken(&before);
	send_notify(&before, far, "active;expires=60", "100 Trying");
	is_told(&before, true, "active;expires=60", "100 Trying");
	take_over(h, &before);
	is_over(h, far);
	harness_stop(&before);
}

TEST_F(somebody, what_is_wrong_with_its_record_is_named)
{
	static const struct {
		const char *value, *wrong;
	} table[] = {
		{ "7", "refer" }, { "{}", "from" }, { "{\"from\": 1}", "to" },
		{ "{\"from\": -1, \"to\": 1}", "from" }, { "{\"from\": 0, \"to\": 1}", "refer" },
	};
	struct harness *h = &self->h, before;
	size_t i;

	harness_start(&before, _metadata);
	let_refers_pass(&before);
	taken(&before);
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		json_t *saved = json_loads(before.event, 0, NULL);
		char *text;

		json_object_set_new(saved, "refer", json_loads(table[i].value, JSON_DECODE_ANY, NULL));
		text = json_dumps(saved, 0);
		EXPECT_STREQ(restore_event(h, 7, text), table[i].wrong);
		EXPECT_EQ(bridges(h), 0);
		free(text);
		json_decref(saved);
	}
	harness_stop(&before);
}

TEST_HARNESS_MAIN
