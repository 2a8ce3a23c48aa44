// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stories of subscribers: how they prove who they are, what they may call themselves,
 * how much they may, and who may speak in their dialogs.
 */
#include "call_subscriber.h"

FIXTURE(subscriber) {
	struct harness h;
	struct call_domain *domain;
};

FIXTURE_SETUP(subscriber)
{
	harness_start(&self->h, _metadata);
	self->domain = add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&self->h);
}

FIXTURE_TEARDOWN(subscriber)
{
	harness_stop(&self->h);
}

#define CHALLENGE "WWW-Authenticate: Digest realm=\"" DOMAIN "\""

/* --- proof --- */

TEST_F(subscriber, calls_when_he_has_proved_who_he_is)
{
	struct harness *h = &self->h;

	call_as_alice(h, "");
	EXPECT_EQ(counter(h, "challenged"), 1);
	answered(h);
	hang_up_alice(h);
}

TEST_F(subscriber, is_not_told_by_the_challenge_whether_he_is_there)
{
	static const char *const users[] = { "alice", "nobody" };
	struct harness *h = &self->h;
	size_t n[2], i;

	for (i = 0; i < 2; i++) {
		send_as(h, "INVITE", users[i], NULL);
		expect(h, STRANGER, "SIP/2.0 401");
		EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, CHALLENGE));
		n[i] = h->ua[STRANGER].msg.bytes.n;
	}
	EXPECT_EQ(n[1] - n[0], strlen("nobody") - strlen("alice"));
}

TEST_F(subscriber, proves_it_once_by_each_count)
{
	struct harness *h = &self->h;
	char line[1024];

	send_as(h, "OPTIONS", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "OPTIONS", "alice", "secret", line, sizeof(line));
	send_as(h, "OPTIONS", "alice", line);
	expect(h, STRANGER, "SIP/2.0 200");
	send_as(h, "OPTIONS", "alice", line);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, "stale=true"));
	EXPECT_EQ(counter(h, "credentials-replayed"), 1);
}

TEST_F(subscriber, cannot_be_overheard_and_imitated_from_elsewhere)
{
	struct harness *h = &self->h;
	char line[1024];

	send_as(h, "OPTIONS", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "OPTIONS", "alice", "secret", line, sizeof(line));
	addr_parse(SLICE("203.0.113.67:5060"), &h->ua[STRANGER].flow.peer);
	send_as(h, "OPTIONS", "alice", line);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, "stale=true"));	/* if it is she */
}

TEST_F(subscriber, is_asked_again_when_the_nonce_is_old)
{
	struct harness *h = &self->h;
	char line[1024];

	send_as(h, "OPTIONS", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "OPTIONS", "alice", "secret", line, sizeof(line));
	advance(h, 301 * NSEC_PER_SEC);
	send_as(h, "OPTIONS", "alice", line);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, "stale=true"));
	credentials(h, "OPTIONS", "alice", "secret", line, sizeof(line));
	send_as(h, "OPTIONS", "alice", line);
	expect(h, STRANGER, "SIP/2.0 200");
}

TEST_F(subscriber, of_a_domain_that_this_realm_does_not_serve_is_a_stranger)
{
	struct harness *h = &self->h;

	self->domain->realms[0] = 1;
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 403");
}

TEST_F(subscriber, whose_request_is_short_gets_no_longer_answer)
{
	static const char *const request =
		"REGISTER sip:example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bK1;rport\r\n"
		"From: <sip:alice@example.com>;tag=1\r\nTo: <sip:alice@example.com>\r\n"
		"Call-ID: 1\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n";
	struct harness *h = &self->h;

	input(h, STRANGER, request, strlen(request));
	EXPECT_FALSE(pending(h, STRANGER));
	EXPECT_EQ(counter(h, "strangers-unanswered"), 1);
}

/* --- algorithms --- */

static void recount(struct call_domain *domain)
{
	memset(domain->have, 0, sizeof(domain->have));
	call_domain_complete(domain);
}

/* Both users have a secret of every algorithm. */
static void have_all_secrets(struct call_domain *domain)
{
	make_secret(&domain->subscribers[0].secret, "alice", "secret", SIP_DIGEST_ALL);
	make_secret(&domain->subscribers[1].secret, "bob", "hidden", SIP_DIGEST_ALL);
	recount(domain);
}

/* She answers the first of the challenges, and B has her INVITE. */
static void alice_proves_it(struct harness *h)
{
	char line[1024];

	credentials(h, "INVITE", "alice", "secret", line, sizeof(line));
	send_as(h, "INVITE", "alice", line);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

TEST_F(subscriber, is_asked_for_what_all_users_of_his_domain_have)
{
	struct harness *h = &self->h;
	struct call_subscriber *alice = &self->domain->subscribers[0];

	ASSERT_STREQ(alice->user, "alice");
	make_secret(&alice->secret, "alice", "secret", SIP_DIGEST_ALL);
	recount(self->domain);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_FALSE(contains(h->ua[STRANGER].msg.bytes, "SHA"));
	/* Since nobody can be told that bob has only MD5, bob has to have more. */
	make_secret(&self->domain->subscribers[1].secret, "bob", "hidden", SIP_DIGEST_ALL);
	recount(self->domain);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, "algorithm=SHA-256"));
	EXPECT_LE(h->ua[STRANGER].msg.bytes.n, h->sent);
}

TEST_F(subscriber, is_asked_for_what_his_domain_offers)
{
	struct harness *h = &self->h;

	have_all_secrets(self->domain);
	self->domain->algs = SIP_DIGEST_BIT(SIP_DIGEST_SHA256);
	send_as(h, "INVITE", "alice", "Subject: so much to say that there is room for two "
		"challenges, each of which has a nonce of its own\r\n");
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.bytes, "algorithm=SHA-256"));
	EXPECT_FALSE(contains(h->ua[STRANGER].msg.bytes, "algorithm=SHA-512-256"));
	EXPECT_FALSE(contains(h->ua[STRANGER].msg.bytes, "algorithm=MD5"));
	alice_proves_it(h);
	declined(h);
}

TEST_F(subscriber, is_asked_by_the_strongest_first_and_the_weakest_where_there_is_no_room)
{
	struct harness *h = &self->h;

	have_all_secrets(self->domain);
	send_as(h, "OPTIONS", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_FALSE(contains(h->ua[STRANGER].msg.bytes, "algorithm=SHA"));
	send_as(h, "INVITE", "alice", "Subject: so much to say that there is room for three "
		"challenges, each of which has a nonce of its own, and the name of the domain, "
		"in it, as it has to be so that a client can take any one of them\r\n");
	expect(h, STRANGER, "SIP/2.0 401");
	EXPECT_TRUE(contains(header(&h->ua[STRANGER].msg, "WWW-Authenticate"), "SHA-512-256"));
	alice_proves_it(h);
	declined(h);
}

/* --- who he says to be --- */

TEST_F(subscriber, who_calls_himself_somebody_else_is_refused)
{
	static const char *const lies[] = {
		"P-Asserted-Identity: <sip:bob@" DOMAIN ">\r\n",
		"P-Preferred-Identity: \"Bob\" <sip:bob@" DOMAIN ">\r\n",
		"P-Asserted-Identity: <sip:alice@" DOMAIN ">, <sip:alice@elsewhere.example>\r\n",
		"Contact: <sip:bob@203.0.113.66>\r\n",
		"Contact: <sip:%62o%62@203.0.113.66>\r\n",
		"Contact: <sip:reception@" DOMAIN ">\r\n",
	};
	struct harness *h = &self->h;
	char line[1024];
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		send_authentic(h, "INVITE", "alice", "secret", lies[i]);
		expect(h, STRANGER, "SIP/2.0 403");
	}
	send_as(h, "INVITE", "bob", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "INVITE", "alice", "secret", line, sizeof(line));
	send_as(h, "INVITE", "bob", line);
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_EQ(counter(h, "identity-refused"), i + 1);
}

TEST_F(subscriber, who_calls_himself_somebody_else_goes_on_by_his_own_name)
{
	struct harness *h = &self->h;
	char line[1024];

	self->domain->identity = CALL_IDENTITY_REWRITE;
	h->policy->realms[1].trusted = true;
	send_as(h, "INVITE", "bob", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "INVITE", "alice", "secret", line, sizeof(line));
	strcat(line, "P-Asserted-Identity: <sip:bob@" DOMAIN ">\r\n");
	send_as(h, "INVITE", "bob", line);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "From"), "<sip:alice@"));
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Contact"), "<sip:alice@"));
	EXPECT_TRUE(slice_eq(header(&h->ua[B].invite, "P-Asserted-Identity"),
			     SLICE("<sip:alice@" DOMAIN ">")));
	EXPECT_FALSE(contains(h->ua[B].invite.bytes, "bob"));
	declined(h);
}

/* From somebody else, by alice's proof. */
static void pretend(struct harness *h, const char *method, const char *from)
{
	struct ua *ua = &h->ua[STRANGER];
	char line[1024] = DEVICE;

	send_as(h, method, "bob", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, method, "alice", "secret", line + strlen(line), 512);
	begin_dialog(h, STRANGER, "4930123");
	snprintf(ua->from, sizeof(ua->from), "%s", from);
	send_request(h, STRANGER, method, 1, line, strcmp(method, "INVITE") ? NULL : SDP_A);
}

static struct call_rewrite *rewrite_from(struct harness *h)
{
	struct call_rewrite *rewrite = calloc(1, sizeof(*rewrite));

	rewrite->from.prefix = strdup("+");
	h->policy->routes[0].rewrite = rewrite;
	return rewrite;
}

TEST_F(subscriber, whose_name_is_rewritten_takes_the_routes_by_his_own)
{
	struct harness *h = &self->h;

	self->domain->identity = CALL_IDENTITY_REWRITE;
	rewrite_from(h);
	pretend(h, "INVITE", "<sip:bob@" DOMAIN ">");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "From"), "<sip:+alice@"));
	declined(h);
	pretend(h, "MESSAGE", "<sip:bob@" DOMAIN ">");
	expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(header(&h->ua[B].msg, "From"), "<sip:+alice@"));
	reply(h, B, "200 OK", NULL);
	expect(h, STRANGER, "SIP/2.0 200");

	h->policy->routes[0].match.from.prefix = strdup("bob");
	pretend(h, "INVITE", "<sip:bob@" DOMAIN ">");
	expect(h, STRANGER, "SIP/2.0 404");
	acknowledge(h, STRANGER);
	pretend(h, "MESSAGE", "<sip:bob@" DOMAIN ">");
	expect(h, STRANGER, "SIP/2.0 404");
}

/* The host says that he is nobody, so what is before it says nothing else. */
TEST_F(subscriber, who_hides_himself_has_nobodys_name)
{
	struct harness *h = &self->h;

	rewrite_from(h);
	pretend(h, "INVITE", "<sip:bob@anonymous.invalid>");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "From"), "<sip:anonymous@anonymous.invalid>"));
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Contact"), "<sip:anonymous@"));
	declined(h);
	h->policy->routes[0].match.from.prefix = strdup("bob");
	pretend(h, "INVITE", "<sip:bob@anonymous.invalid>");
	expect(h, STRANGER, "SIP/2.0 404");
	acknowledge(h, STRANGER);
}

TEST_F(subscriber, never_changes_the_bindings_of_another)
{
	struct harness *h = &self->h;
	char line[1024];

	self->domain->identity = CALL_IDENTITY_REWRITE;
	send_as(h, "REGISTER", "bob", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "REGISTER", "alice", "secret", line, sizeof(line));
	send_as(h, "REGISTER", "bob", line);
	expect(h, STRANGER, "SIP/2.0 403");
}

TEST_F(subscriber, is_named_to_those_who_are_trusted_and_his_proof_to_nobody)
{
	struct harness *h = &self->h;

	h->policy->realms[0].trusted = true;
	call_as_alice(h, "P-Preferred-Identity: <sip:alice@" DOMAIN ">\r\n");
	EXPECT_EQ(header(&h->ua[B].invite, "P-Asserted-Identity").n, 0);
	EXPECT_EQ(header(&h->ua[B].invite, "Authorization").n, 0);
	declined(h);
	h->policy->realms[1].trusted = true;
	call_as_alice(h, "P-Preferred-Identity: <sip:%61lice@" DOMAIN ">\r\n");
	EXPECT_TRUE(slice_eq(header(&h->ua[B].invite, "P-Asserted-Identity"),
			     SLICE("<sip:alice@" DOMAIN ">")));
	EXPECT_EQ(header(&h->ua[B].invite, "P-Preferred-Identity").n, 0);
	EXPECT_EQ(header(&h->ua[B].invite, "Authorization").n, 0);
	declined(h);
}

/* --- by the flow of a registration --- */

/* alice's phone registers by UDP, or by a connection. */
static void registered(struct harness *h, struct call_domain *domain, u64 connection)
{
	domain->registrar = (struct registrar_policy){
		.min = 60, .max = 3600, .standard = 600, .contacts = 3,
	};
	h->ua[STRANGER].flow.connection = connection;
	send_authentic(h, "REGISTER", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 200");
}

TEST_F(subscriber, whose_flow_is_trusted_calls_without_a_challenge)
{
	struct harness *h = &self->h;

	self->domain->flows = CALL_FLOW_TRUSTED;
	h->policy->realms[1].trusted = true;
	registered(h, self->domain, 0);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(header(&h->ua[B].invite, "P-Asserted-Identity"),
			     SLICE("<sip:alice@" DOMAIN ">")));
	declined(h);
	/* It is still nobody else's, not even by his flow, */
	send_as(h, "INVITE", "bob", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	send_as(h, "INVITE", "alice", "P-Asserted-Identity: <sip:bob@" DOMAIN ">\r\n");
	expect(h, STRANGER, "SIP/2.0 403");
	/* nor his by another, */
	from_elsewhere(h, "203.0.113.67:5060");
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	from_elsewhere(h, "203.0.113.66:5060");
	/* and he proves it again when he registers. */
	send_as(h, "REGISTER", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	advance(h, 601 * NSEC_PER_SEC);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
}

TEST_F(subscriber, whose_flow_can_be_forged_is_challenged)
{
	struct harness *h = &self->h;

	self->domain->flows = CALL_FLOW_TRUSTED_STREAMS;
	registered(h, self->domain, 0);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
}

TEST_F(subscriber, whose_connection_is_trusted_calls_without_a_challenge)
{
	struct harness *h = &self->h;
	static const u8 by_policy[] = {
		[CALL_FLOW_CHALLENGED] = false, [CALL_FLOW_TRUSTED_STREAMS] = true,
		[CALL_FLOW_TRUSTED] = true,
	};
	size_t i;

	/* TCP is beside UDP in the realm of subscribers. */
	h->policy->realms[0].nlisteners = 2;
	h->ua[STRANGER].transport = TRANSPORT_TCP;
	h->ua[STRANGER].flow.listener = OUTSIDE(TRANSPORT_TCP);
	registered(h, self->domain, 7);
	for (i = 0; i < sizeof(by_policy); i++) {
		self->domain->flows = (enum call_flow_trust)i;
		send_as(h, "OPTIONS", "alice", NULL);
		expect(h, STRANGER, by_policy[i] ? "SIP/2.0 200" : "SIP/2.0 401");
		h->ua[STRANGER].flow.connection = 8;
		send_as(h, "OPTIONS", "alice", NULL);
		expect(h, STRANGER, "SIP/2.0 401");
		h->ua[STRANGER].flow.connection = 7;
	}
}

/* --- trunks that prove who they are --- */

TEST_F(subscriber, who_is_a_trunk_speaks_for_others)
{
	struct harness *h = &self->h;
	struct call_trunk *pbx = &h->policy->trunks[0];
	char line[1024];

	pbx->digest_user = strdup("alice");
	call_policy_complete(h->policy);
	h->policy->routes[0].from_trunk = 0;
	h->policy->routes[0].from_realm = -1;
	send_as(h, "INVITE", "reception", NULL);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "INVITE", "alice", "secret", line, sizeof(line));
	send_as(h, "INVITE", "reception", line);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "From"), "<sip:reception@"));
	EXPECT_EQ(header(&h->ua[B].invite, "Authorization").n, 0);
	declined(h);
	/* bob is a subscriber, and there is no route for those */
	send_authentic(h, "INVITE", "bob", "hidden", "");
	expect(h, STRANGER, "SIP/2.0 404");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
}

/* Where he himself is to be found is nothing that he says for others. */
TEST_F(subscriber, who_is_a_trunk_registers_as_himself)
{
	struct harness *h = &self->h;

	h->policy->trunks[0].digest_user = strdup("alice");
	call_policy_complete(h->policy);
	h->own_contacts = true;
	send_authentic(h, "REGISTER", "alice", "secret",
		       "Contact: <sip:alice@203.0.113.66:5060>\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_EQ(counter(h, "bindings-now"), 1);
	send_authentic(h, "REGISTER", "alice", "secret",
		       "Contact: <sip:bob@203.0.113.66:5060>\r\n");
	expect(h, STRANGER, "SIP/2.0 403");
}

static bool is_carrier(void *arg, const char *name)
{
	return !strcmp(arg, name);
}

TEST_F(subscriber, a_certificate_makes_a_trunk_of_a_stranger)
{
	struct harness *h = &self->h;
	struct call_trunk *carrier = &h->policy->trunks[0];
	struct flow *flow = &h->ua[STRANGER].flow;

	h->policy->realms[0].challenges = false;
	carrier->tls_names = calloc(2, sizeof(*carrier->tls_names));
	carrier->tls_names[carrier->ntls_names++] = strdup("old.example");
	carrier->tls_names[carrier->ntls_names++] = strdup("carrier.example");
	call_policy_complete(h->policy);
	flow->name = call_engine_proved(h->engine, flow->listener, is_carrier, "other.example");
	EXPECT_EQ(flow->name, 0);
	send_as(h, "OPTIONS", "anybody", NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	flow->name = call_engine_proved(h->engine, flow->listener, is_carrier, "carrier.example");
	EXPECT_NE(flow->name, 0);
	send_as(h, "OPTIONS", "anybody", NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	/* Nobody comes to another realm by it. */
	EXPECT_EQ(call_engine_proved(h->engine, 1, is_carrier, "carrier.example"), 0);
	flow->name = 0;
}

/* --- in his dialogs --- */

TEST_F(subscriber, is_not_hung_up_on_by_somebody_who_knows_his_dialog)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	static const char *const methods[] = { "BYE", "INVITE", "UPDATE", "INFO", "OPTIONS" };
	char line[1024];
	size_t i;

	call_as_alice(h, "");
	answered(h);
	from_elsewhere(h, "203.0.113.99:5060");
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		send_request(h, STRANGER, methods[i], ++ua->cseq, DEVICE DEVICE,
			     strcmp(methods[i], "INVITE") ? NULL : SDP_A);
		expect(h, STRANGER, "SIP/2.0 401");
		/* bob is a subscriber, but this is none of his calls */
		credentials(h, methods[i], "bob", "hidden", line, sizeof(line));
		send_request(h, STRANGER, methods[i], ++ua->cseq, line, NULL);
		expect(h, STRANGER, "SIP/2.0 403");
	}
	send_ack(h, STRANGER);
	send_same_branch(h, STRANGER, "CANCEL", 2, DEVICE);
	expect(h, STRANGER, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	from_elsewhere(h, "203.0.113.66:5060");
	hang_up_alice(h);
}

TEST_F(subscriber, who_has_moved_goes_on_when_he_proves_it)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	char line[1024];

	call_as_alice(h, "");
	answered(h);
	from_elsewhere(h, "203.0.113.99:5060");
	send_request(h, STRANGER, "INVITE", ++ua->cseq, NULL, SDP_A);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "INVITE", "alice", "secret", line, sizeof(line));
	send_request(h, STRANGER, "INVITE", ++ua->cseq, line, SDP_A_HOLD);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(header(&h->ua[B].invite, "Authorization").n, 0);
	answer(h, B, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	expect(h, STRANGER, "SIP/2.0 200");
	send_ack(h, STRANGER);
	EXPECT_EQ(counter(h, "dialogs-moved"), 1);
	/* and what is sent to him goes there. */
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	expect(h, STRANGER, "BYE ");
	reply(h, STRANGER, "200 OK", NULL);
}

TEST_F(subscriber, a_trunks_dialog_takes_nothing_from_elsewhere)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[A];
	struct addr home = ua->flow.peer;

	call_up(h);
	ua->flow.peer = h->ua[STRANGER].flow.peer;
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_EQ(counter(h, "sip-foreign-source-403"), 1);
	send_request(h, A, "CANCEL", 1, DEVICE, NULL);
	expect(h, STRANGER, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, B));
	ua->flow.peer = home;
	hang_up(h, A);
}

TEST_HARNESS_MAIN
