// SPDX-License-Identifier: GPL-2.0-only
/*
 * MESSAGE and PUBLISH outside of calls: they go where a call would, with the same words, and
 * the answer comes back.
 */
#include "call_subscriber.h"
#include "call_trunk_harness.h"
#include "call/exchange.h"

#define AOR "alice@" DOMAIN
#define TEXT "Content-Type: text/plain\r\n"
#define DESK "Contact: <sip:one@203.0.113.66:5060>\r\n"
#define DESK_AND_MOBILE DESK "Contact: <sip:two@203.0.113.66:5060>;q=0.1\r\n"
#define CHALLENGE "WWW-Authenticate: Digest realm=\"b\", nonce=\"%s\", qop=\"auth\"\r\n"

FIXTURE(message) {
	struct harness h;
};

FIXTURE_SETUP(message)
{
	harness_start(&self->h, _metadata);
}

FIXTURE_TEARDOWN(message)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(counter(h, "calls"), 0);
	drop_events(h);
	if (h->policy->ndomains)
		call_engine_unregister(h->engine, h->now, AOR);
	run(h);
	harness_stop(h);
}

/* A, a trunk, writes to a number behind which B is. */
static void write_to(struct harness *h, const char *number, const char *lines, const char *text)
{
	char all[512];

	snprintf(all, sizeof(all), TEXT "%s", lines);
	begin_dialog(h, A, number);
	send_request(h, A, "MESSAGE", 1, all, text);
}

/* B writes to somebody. */
static void write_from_b(struct harness *h, const char *uri)
{
	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "%s", uri);
	send_request(h, B, "MESSAGE", 1, TEXT, "hello");
}

/* STRANGER's phone is alice's. */
static void register_phone(struct harness *h, const char *contacts)
{
	h->own_contacts = true;
	add_domain(h, SIP_DIGEST_ALL);
	send_authentic(h, "REGISTER", "alice", "secret", contacts);
	expect(h, STRANGER, "SIP/2.0 200");
}

static void expect_final(struct harness *h, enum who who, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	expect(h, who, status);
	EXPECT_FALSE(pending(h, who));
}


/* --- where it goes --- */

TEST_F(message, it_arrives_as_it_is_and_the_answer_comes_back)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	write_to(h, "4930123", "Date: Thu, 21 Feb 2002 13:02:03 GMT\r\n"
		 "Content-Language: de\r\nIn-Reply-To: secret@" IP_A "\r\n", "hello");
	msg = expect(h, B, "MESSAGE sip:4930123@" IP_B ":5060 SIP/2.0");
	EXPECT_TRUE(slice_eq(msg->body, SLICE("hello")));
	EXPECT_TRUE(slice_eq(msg->content_type, SLICE("text/plain")));
	EXPECT_TRUE(slice_eq(header(msg, "Max-Forwards"), SLICE("69")));
	EXPECT_TRUE(slice_eq(header(msg, "Content-Language"), SLICE("de")));
	EXPECT_TRUE(contains(header(msg, "Date"), "21 Feb"));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(header(msg, "Contact").n);
	EXPECT_FALSE(header(msg, "In-Reply-To").n);
	reply_tagged(h, B, msg, "202 Accepted", "b", "X-Where: " IP_B "\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 202");
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(header(msg, "Contact").n);
	EXPECT_EQ(counter(h, "exchanges"), 1);
	EXPECT_EQ(counter(h, "exchanges-failed"), 0);
}

TEST_F(message, what_comes_again_is_answered_again_and_not_sent_again)
{
	struct harness *h = &self->h;

	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE ");
	h->branch--;
	send_request(h, A, "MESSAGE", 1, TEXT, "hello");
	EXPECT_FALSE(pending(h, B));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	h->branch--;
	send_request(h, A, "MESSAGE", 1, TEXT, "hello");
	expect(h, A, "SIP/2.0 200");
	EXPECT_FALSE(pending(h, B));
}

TEST_F(message, it_is_refused_as_the_far_side_refuses_it)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	write_to(h, "4930123", "", "hello");
	msg = expect(h, B, "MESSAGE ");
	reply_tagged(h, B, msg, "415 Text Only", "b", "Accept: text/html\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 415 Text Only");
	EXPECT_TRUE(slice_eq(header(msg, "Accept"), SLICE("text/html")));
	EXPECT_EQ(counter(h, "exchanges-failed"), 1);
	write_to(h, "4930123", "", "hello");
	msg = expect(h, B, "MESSAGE ");
	reply_tagged(h, B, msg, "405 Method Not Allowed", "b", "Allow: INVITE, ACK, BYE\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 405");
	EXPECT_TRUE(slice_eq(header(msg, "Allow"), SLICE("INVITE, ACK, BYE")));
}

TEST_F(message, to_nobody)
{
	struct harness *h = &self->h;

	write_to(h, "33123", "", "hello");
	expect_final(h, A, "SIP/2.0 404");
	EXPECT_EQ(counter(h, "exchanges"), 0);
	EXPECT_EQ(counter(h, "refused-route"), 1);
	free(h->policy->routes[0].match.number.prefix);
	h->policy->routes[0].match.number.prefix = NULL;
	h->policy->routes[0].reject = 603;
	write_to(h, "33123", "", "hello");
	expect_final(h, A, "SIP/2.0 603");
}

TEST_F(message, a_large_one_is_refused)
{
	struct harness *h = &self->h;
	char text[2002];

	h->policy->trunks[1].large_datagrams = true;
	memset(text, 'x', sizeof(text));
	text[2001] = 0;
	write_to(h, "4930123", "", text);
	expect_final(h, A, "SIP/2.0 513");
	text[2000] = 0;
	write_to(h, "4930123", "", text);
	EXPECT_EQ(expect(h, B, "MESSAGE ")->body.n, 2000);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
}

TEST_F(message, a_route_changes_it_as_it_does_a_call)
{
	struct harness *h = &self->h;
	struct call_rewrite *rewrite = calloc(1, sizeof(*rewrite));
	const struct sip_msg *msg;

	rewrite->number.strip = strdup("49");
	rewrite->number.prefix = strdup("0");
	rewrite->from.prefix = strdup("9");
	rewrite->remove = calloc(1, sizeof(*rewrite->remove));
	rewrite->remove[rewrite->nremove++] = strdup("Subject");
	rewrite->add = calloc(1, sizeof(*rewrite->add));
	rewrite->add[0].name = strdup("X-By");
	rewrite->add[rewrite->nadd++].value = strdup("jalur");
	rewrite->captures = call_pattern_new("(?s).*", CALL_PATTERN_WHOLE, NULL);
	h->policy->routes[0].rewrite = rewrite;
	h->policy->realms[0].trusted = h->policy->realms[1].trusted = true;
	write_to(h, "4930123", "Subject: secret\r\nP-Asserted-Identity: <sip:al@" IP_A ">\r\n",
		 "hello");
	msg = expect(h, B, "MESSAGE sip:030123@" IP_B ":5060 SIP/2.0");
	EXPECT_TRUE(contains(msg->from.uri, "sip:9alice@"));
	EXPECT_TRUE(slice_eq(header(msg, "X-By"), SLICE("jalur")));
	EXPECT_FALSE(header(msg, "Subject").n);
	EXPECT_TRUE(slice_eq(header(msg, "P-Asserted-Identity"), SLICE("<sip:al@" IP_INSIDE ">")));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
}

TEST_F(message, who_hides_himself_is_hidden)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	write_to(h, "4930123", "Privacy: user\r\n", "hello");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(msg->from.uri, "anonymous@anonymous.invalid"));
	EXPECT_FALSE(contains(msg->bytes, "alice"));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	write_to(h, "4930123", "Privacy: unheard-of;critical\r\n", "hello");
	expect_final(h, A, "SIP/2.0 500");
}

TEST_F(message, what_it_requires_must_be_there)
{
	struct harness *h = &self->h;

	write_to(h, "4930123", "Require: telepathy\r\n", "hello");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 420"), "Unsupported"),
			     SLICE("telepathy")));
}

/* --- who may --- */

TEST_F(message, a_stranger_writes_to_nobody)
{
	struct harness *h = &self->h;

	begin_dialog(h, STRANGER, "4930123");
	send_request(h, STRANGER, "MESSAGE", 1, TEXT, "hello");
	expect_final(h, STRANGER, "SIP/2.0 403");
	EXPECT_FALSE(pending(h, B));
}

TEST_F(message, a_subscriber_proves_who_he_is)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	add_domain(h, SIP_DIGEST_ALL);
	let_subscribers_call(h);
	h->policy->realms[1].trusted = true;
	send_authentic(h, "MESSAGE", "alice", "secret",
		       "P-Preferred-Identity: <sip:alice@" DOMAIN ">\r\n");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(slice_eq(header(msg, "P-Asserted-Identity"), SLICE("<sip:" AOR ">")));
	EXPECT_FALSE(header(msg, "P-Preferred-Identity").n);
	EXPECT_FALSE(header(msg, "Authorization").n);
	reply(h, B, "200 OK", NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	send_authentic(h, "MESSAGE", "alice", "secret",
		       "P-Preferred-Identity: <sip:bob@" DOMAIN ">\r\n");
	expect_final(h, STRANGER, "SIP/2.0 403");
}

/* --- our users --- */

TEST_F(message, it_rings_all_contacts_and_one_answer_is_enough)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct sip_msg *second;

	register_phone(h, DESK_AND_MOBILE);
	write_from_b(h, "sip:" AOR);
	msg = expect(h, STRANGER, "MESSAGE sip:one@203.0.113.66:5060 SIP/2.0");
	EXPECT_TRUE(slice_eq(msg->to.uri, SLICE("sip:" AOR)));
	second = sip_msg_dup(expect(h, STRANGER, "MESSAGE sip:two@203.0.113.66:5060 SIP/2.0"));
	reply(h, STRANGER, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	/* the other one may be asleep: it is still told, and what it says does not matter */
	advance(h, 600 * NSEC_PER_MSEC);
	expect(h, STRANGER, "MESSAGE sip:one@203.0.113.66:5060 SIP/2.0");
	EXPECT_EQ(counter(h, "exchanges-now"), 1);
	reply(h, STRANGER, "486 Busy Here", NULL);
	EXPECT_FALSE(pending(h, B));
	free(second);
}

TEST_F(message, the_best_failure_is_told_when_all_have_failed)
{
	struct harness *h = &self->h;
	struct sip_msg *first;

	register_phone(h, DESK_AND_MOBILE);
	write_from_b(h, "sip:" AOR);
	first = sip_msg_dup(expect(h, STRANGER, "MESSAGE sip:one@"));
	expect(h, STRANGER, "MESSAGE sip:two@");
	reply(h, STRANGER, "503 Service Unavailable", NULL);
	EXPECT_FALSE(pending(h, B));
	reply_tagged(h, STRANGER, first, "415 Unsupported Media Type", "one", NULL, NULL);
	expect_final(h, B, "SIP/2.0 415");
	free(first);
}

TEST_F(message, who_is_not_registered_is_not_there)
{
	struct harness *h = &self->h;

	add_domain(h, SIP_DIGEST_ALL);
	free(h->policy->routes[1].match.number.prefix);
	h->policy->routes[1].match.number.prefix = strdup("999");
	write_from_b(h, "sip:bob@" DOMAIN);
	expect_final(h, B, "SIP/2.0 480");
	write_from_b(h, "sip:carol@" DOMAIN);
	expect_final(h, B, "SIP/2.0 404");
}

TEST_F(message, a_secure_one_goes_by_tls_or_not_at_all)
{
	struct harness *h = &self->h;

	register_phone(h, DESK);
	write_from_b(h, "sips:" AOR);
	EXPECT_TRUE(contains(header(expect(h, B, "SIP/2.0 480"), "Warning"), "SIPS Not Allowed"));
}

/* --- trunks --- */

TEST_F(message, a_trunk_that_challenges_has_an_answer)
{
	struct harness *h = &self->h;
	char line[128];

	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("secret"), NULL), 0);
	write_to(h, "4930123", "", "hello");
	snprintf(line, sizeof(line), CHALLENGE, "0123456789");
	reply_tagged(h, B, expect(h, B, "MESSAGE "), "401 Unauthorized", "b", line, NULL);
	EXPECT_FALSE(pending(h, A));
	EXPECT_TRUE(contains(header(expect(h, B, "MESSAGE "), "Authorization"),
			     "username=\"jalur\""));
	EXPECT_TRUE(slice_eq(h->ua[B].msg.body, SLICE("hello")));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	write_to(h, "4930123", "", "again");
	reply_tagged(h, B, expect(h, B, "MESSAGE "), "401 Unauthorized", "b", line, NULL);
	expect_final(h, A, "SIP/2.0 503");
	EXPECT_EQ(counter(h, "credentials-refused"), 1);
}

TEST_F(message, one_that_says_503_is_left_for_its_next_address)
{
	struct harness *h = &self->h;

	two_targets(h, 1);
	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE sip:4930123@" IP_B);
	reply(h, B, "503 Service Unavailable", NULL);
	EXPECT_FALSE(pending(h, A));
	expect(h, C, "MESSAGE sip:4930123@" IP_C);
	reply(h, C, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(h->unreached, 1);
}

TEST_F(message, and_one_that_says_nothing_before_who_wrote_gives_up)
{
	struct harness *h = &self->h;

	two_targets(h, 1);
	write_to(h, "4930123", "", "hello");
	advance(h, 8100 * NSEC_PER_MSEC);
	expect_repeats(h, B, 4);
	expect(h, C, "MESSAGE ");
	reply(h, C, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	advance(h, 40 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(message, and_one_where_nobody_is)
{
	struct harness *h = &self->h;

	two_targets(h, 1);
	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE ");
	lose(h, B);
	expect(h, C, "MESSAGE ");
	lose(h, C);
	expect_final(h, A, "SIP/2.0 503");
}

TEST_F(message, silence_is_a_timeout)
{
	struct harness *h = &self->h;

	write_to(h, "4930123", "", "hello");
	advance(h, 40 * NSEC_PER_SEC);
	expect_repeats(h, B, 10);
	expect_final(h, A, "SIP/2.0 408");
}

TEST_F(message, a_name_is_looked_up)
{
	struct harness *h = &self->h;
	struct hop hop = { .transport = TRANSPORT_UDP };

	addr_parse(SLICE(IP_B ":5060"), &hop.addr);
	set_target(&h->policy->trunks[1].targets[0], "pbx.example.com");
	write_to(h, "4930123", "", "hello");
	EXPECT_EQ(strcmp(h->asked, "pbx.example.com"), 0);
	call_engine_located(h->engine, h->now, h->locate_ticket, 0, "", "pbx.example.com", &hop, 1);
	run(h);
	expect(h, B, "MESSAGE sip:4930123@pbx.example.com SIP/2.0");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	write_to(h, "4930123", "", "hello");
	call_engine_located(h->engine, h->now, h->locate_ticket, -ENOENT, "no such name", "", NULL,
			    0);
	run(h);
	expect_final(h, A, "SIP/2.0 502");
}

TEST_F(message, the_next_trunk_of_a_route_is_tried_when_the_first_fails)
{
	struct harness *h = &self->h;

	add_destination(h->policy, 500);
	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE ");
	EXPECT_FALSE(pending(h, C));
	reply(h, B, "404 Not Found", NULL);
	expect(h, C, "MESSAGE ");
	reply(h, C, "486 Busy Here", NULL);
	expect_final(h, A, "SIP/2.0 404");
	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE ");
	reply(h, B, "603 Decline", NULL);
	expect_final(h, A, "SIP/2.0 603");
	EXPECT_FALSE(pending(h, C));
}

TEST_F(message, a_drained_trunk_has_none_neither_way)
{
	struct harness *h = &self->h;

	start(h);
	ASSERT_EQ(call_engine_trunk_drain(h->engine, "pbx", true), 0);
	write_to(h, "4930123", "", "hello");
	expect_final(h, A, "SIP/2.0 503");
	ASSERT_EQ(call_engine_trunk_drain(h->engine, "pbx", false), 0);
	ASSERT_EQ(call_engine_trunk_drain(h->engine, "phones", true), 0);
	write_to(h, "4930123", "", "hello");
	expect_final(h, A, "SIP/2.0 503");
	EXPECT_FALSE(pending(h, B));
}

TEST_F(message, while_we_drain_none_begins)
{
	struct harness *h = &self->h;

	write_to(h, "4930123", "", "hello");
	expect(h, B, "MESSAGE ");
	call_engine_drain(h->engine, h->now, true);
	write_to(h, "4930123", "", "hello");
	expect_final(h, A, "SIP/2.0 503");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
}

TEST_F(message, none_is_left_when_the_engine_goes)
{
	struct harness *h = &self->h;
	struct harness other;

	(void)h;
	harness_start(&other, _metadata);
	write_to(&other, "4930123", "", "hello");
	expect(&other, B, "MESSAGE ");
	harness_stop(&other);
}

/* Each of them waits for its answer. */
TEST_F(message, above_so_many_at_a_time_there_is_no_room)
{
	struct harness other, *h = &other;
	size_t i;

	(void)self;
	harness_start(h, _metadata);
	for (i = 0; i < CALL_MAX_EXCHANGES; i++) {
		write_to(h, "4930123", "", "hello");
		ASSERT_EQ(discard(h, B), 1);
	}
	EXPECT_FALSE(pending(h, A));
	EXPECT_EQ(counter(h, "exchanges-now"), CALL_MAX_EXCHANGES);
	write_to(h, "4930123", "", "hello");
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 503"), "Retry-After").n);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(counter(h, "refused-exchange-limit"), 1);
	drop_events(h);
	harness_stop(h);
}

/* --- PUBLISH --- */

TEST_F(message, a_publish_that_we_do_not_serve_goes_by_its_route)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "PUBLISH", 1, "Event: presence\r\nExpires: 600\r\n"
		     "Content-Type: application/pidf+xml\r\n", "<presence/>");
	msg = expect(h, B, "PUBLISH ");
	EXPECT_TRUE(slice_eq(header(msg, "Event"), SLICE("presence")));
	EXPECT_TRUE(slice_eq(header(msg, "Expires"), SLICE("600")));
	EXPECT_TRUE(slice_eq(msg->body, SLICE("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
						"<presence/>\n")));
	reply_tagged(h, B, msg, "200 OK", "b", "SIP-ETag: dx200xyz\r\nExpires: 300\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(msg, "SIP-ETag"), SLICE("dx200xyz")));
	EXPECT_TRUE(slice_eq(header(msg, "Expires"), SLICE("300")));
	begin_dialog(h, A, "4930123");
	send_request(h, A, "PUBLISH", 1, "Event: presence\r\nSIP-If-Match: dx200xyz\r\n", NULL);
	msg = expect(h, B, "PUBLISH ");
	EXPECT_TRUE(slice_eq(header(msg, "SIP-If-Match"), SLICE("dx200xyz")));
	reply(h, B, "412 Conditional Request Failed", NULL);
	expect(h, A, "SIP/2.0 412");
}

TEST_F(message, and_without_a_route_nowhere)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "33123");
	send_request(h, A, "PUBLISH", 1, "Event: presence\r\n", NULL);
	expect_final(h, A, "SIP/2.0 405");
}

TEST_HARNESS_MAIN
