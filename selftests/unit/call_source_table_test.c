// SPDX-License-Identifier: GPL-2.0-only
/*
 * Closed by default: each method from everybody who may send it, in a realm that
 * challenges and in one that does not. What is not in a column as allowed is refused;
 * who is refused hears less than he said, and not from whom.
 */
#include "call_subscriber.h"

FIXTURE(sources) {
	struct harness h;
};

FIXTURE_SETUP(sources)
{
	harness_start(&self->h, _metadata);
	add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&self->h);
}

FIXTURE_TEARDOWN(sources)
{
	harness_stop(&self->h);
}

/* The status of the first answer; 0: silence; 202: what B says, who gets it. */
static const struct {
	const char *method;
	u16 trunk;		/* a source that the configuration names */
	u16 closed;		/* somebody else, where auth is none */
	u16 stranger;		/* where it is digest: without credentials, */
	u16 wrong;		/* with those of a user who is not there, or another password, */
	u16 subscriber;		/* with the right ones, */
	u16 flow;		/* or by the flow of a registration, which is trusted */
} table[] = {
	/*		 trunk closed stranger wrong subscriber flow */
	{ "INVITE",	 100, 403, 401, 403, 100, 100 },
	{ "ACK",	   0,   0,   0,   0,   0,   0 },
	{ "BYE",	 481, 403, 403, 403, 403, 403 },
	{ "CANCEL",	 481, 481, 481, 481, 481, 481 },
	{ "OPTIONS",	 200, 403, 401, 403, 200, 200 },
	{ "REGISTER",	 405, 403, 401, 403, 200, 401 },
	{ "PRACK",	 400, 400, 400, 400, 400, 400 },
	{ "SUBSCRIBE",	 405, 403, 401, 403, 405, 405 },
	{ "NOTIFY",	 481, 403, 403, 403, 403, 403 },
	{ "PUBLISH",	 405, 403, 401, 403, 405, 405 },
	{ "INFO",	 405, 403, 403, 403, 403, 403 },
	{ "REFER",	 405, 403, 401, 403, 405, 405 },
	{ "MESSAGE",	 202, 403, 401, 403, 202, 202 },
	{ "UPDATE",	 405, 403, 403, 403, 403, 403 },
	{ "MADEUP",	 501, 403, 403, 403, 403, 403 },
};

#define NTABLE (sizeof(table) / sizeof(table[0]))

#define HARNESS struct harness *h, struct __test_metadata *_metadata

/* What who hears is this; nobody else hears a word. */
static void check_answer(HARNESS, enum who who, const char *method, u16 status)
{
	struct ua *ua = &h->ua[who];

	if (status == 202) {
		expect(h, B, method);
		reply(h, B, "202 Accepted", NULL);
	}
	EXPECT_EQ(pending(h, who), status != 0) {
		TH_LOG("%s, expected %u", method, status);
	}
	if (!pending(h, who))
		return;
	expect(h, who, "SIP/2.0 ");
	EXPECT_EQ(ua->msg.status, status) {
		TH_LOG("%s: %u, expected %u", method, ua->msg.status, status);
	}
	if (status != 100)
		EXPECT_FALSE(pending(h, B));
}

/* A call that has begun ends again. */
static void give_up(HARNESS, enum who who, u16 status)
{
	if (status != 100)
		return;
	expect(h, B, "INVITE ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, who, "SIP/2.0 486");
	send_same_branch(h, who, "ACK", h->branch, NULL);
}

static void refused(HARNESS, const char *method, u16 status)
{
	struct ua *ua = &h->ua[STRANGER];

	check_answer(h, _metadata, STRANGER, method, status);
	if (!status)
		return;
	EXPECT_LE(ua->msg.bytes.n, h->sent) {
		TH_LOG("%s: %zu bytes for %zu", method, ua->msg.bytes.n, h->sent);
	}
	EXPECT_FALSE(contains(ua->msg.bytes, "jalur"));
	EXPECT_EQ(call_engine_calls(h->engine), 0);
	EXPECT_EQ(counter(h, "sip-server-transactions"), 0);
}

TEST_F(sources, a_trunk_is_who_it_is)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < NTABLE; i++) {
		begin_dialog(h, A, "4930123");
		send_request(h, A, table[i].method, 1, NULL,
			     strcmp(table[i].method, "INVITE") ? NULL : SDP_A);
		check_answer(h, _metadata, A, table[i].method, table[i].trunk);
		give_up(h, _metadata, A, table[i].trunk);
	}
}

TEST_F(sources, where_nobody_is_asked_everybody_else_is_refused)
{
	struct harness *h = &self->h;
	size_t i;

	h->policy->realms[0].challenges = false;
	for (i = 0; i < NTABLE; i++) {
		send_as(h, table[i].method, "alice", NULL);
		refused(h, _metadata, table[i].method, table[i].closed);
	}
}

TEST_F(sources, a_stranger_is_asked_who_he_is_by_every_method_alike)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < NTABLE; i++) {
		send_as(h, table[i].method, "alice", NULL);
		refused(h, _metadata, table[i].method, table[i].stranger);
	}
	EXPECT_EQ(counter(h, "challenged"), 7);
}

TEST_F(sources, wrong_credentials_are_no_credentials)
{
	static const char *const who[][2] = { { "alice", "guess" }, { "nobody", "secret" } };
	struct harness *h = &self->h;
	char line[1024];
	size_t i, j;

	for (i = 0; i < NTABLE; i++)
		for (j = 0; j < 2; j++) {
			send_as(h, "OPTIONS", who[j][0], NULL);
			expect(h, STRANGER, "SIP/2.0 401");
			credentials(h, table[i].method, who[j][0], who[j][1], line, sizeof(line));
			send_as(h, table[i].method, who[j][0], line);
			refused(h, _metadata, table[i].method, table[i].wrong);
		}
	EXPECT_EQ(counter(h, "credentials-wrong"), 14);
}

TEST_F(sources, a_subscriber_may_what_his_domain_offers)
{
	struct harness *h = &self->h;
	char line[1024];
	size_t i;

	for (i = 0; i < NTABLE; i++) {
		send_as(h, "OPTIONS", "alice", NULL);
		expect(h, STRANGER, "SIP/2.0 401");
		credentials(h, table[i].method, "alice", "secret", line, sizeof(line));
		send_as(h, table[i].method, "alice", line);
		check_answer(h, _metadata, STRANGER, table[i].method, table[i].subscriber);
		give_up(h, _metadata, STRANGER, table[i].subscriber);
	}
	EXPECT_EQ(counter(h, "credentials-wrong"), 0);
}

TEST_F(sources, a_registered_flow_may_what_its_subscriber_may)
{
	struct harness *h = &self->h;
	size_t i;

	h->policy->domains->flows = CALL_FLOW_TRUSTED;
	h->policy->domains->registrar = (struct registrar_policy){
		.min = 60, .max = 3600, .standard = 600, .contacts = 3,
	};
	send_authentic(h, "REGISTER", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 200");
	for (i = 0; i < NTABLE; i++) {
		send_as(h, table[i].method, "alice", NULL);
		check_answer(h, _metadata, STRANGER, table[i].method, table[i].flow);
		give_up(h, _metadata, STRANGER, table[i].flow);
	}
}

TEST_F(sources, nobody_is_let_into_a_dialog_that_is_none)
{
	static const enum who who[] = { A, STRANGER };
	struct harness *h = &self->h;
	size_t i, j;

	for (i = 0; i < NTABLE; i++)
		for (j = 0; j < 2; j++) {
			const char *method = table[i].method;

			begin_dialog(h, who[j], "4930123");
			strcpy(h->ua[who[j]].remote_tag, "made-up");
			send_request(h, who[j], method, 2,
				     strcmp(method, "PRACK") ? NULL : "RAck: 1 1 INVITE\r\n", NULL);
			check_answer(h, _metadata, who[j], method,
				     strcmp(method, "ACK") ? 481 : 0);
			EXPECT_EQ(call_engine_calls(h->engine), 0);
		}
}

TEST_HARNESS_MAIN
