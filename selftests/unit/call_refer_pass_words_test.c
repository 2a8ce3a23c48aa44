// SPDX-License-Identifier: GPL-2.0-only
/*
 * REFER that the other party carries out: where it may pass, whom and what it may name, and what
 * of that is left in his words; that a dialog named in it is found when he calls; challenges, and
 * a restart in the middle of it.
 */
#include "call_refer_pass.h"
#include "call_restart.h"
#include "call_subscriber.h"

#define ACTIVE "active;expires=60"
#define LAST "terminated;reason=noresource"

FIXTURE(words) {
	struct harness h;
	struct dialog first, second, of_b, of_c;
};

#define SELF FIXTURE_DATA(words) *self

FIXTURE_SETUP(words)
{
	harness_start(&self->h, _metadata);
	self->h.keeps_texts = true;
	let_refers_pass(&self->h);
}

FIXTURE_TEARDOWN(words)
{
	harness_stop(&self->h);
}

static void refused(struct harness *h, const char *lines, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	refer(h, A, lines);
	expect(h, A, status);
	EXPECT_FALSE(pending(h, B));
}

/* B refuses, so that nothing is left of it. */
static void arrives_as(struct harness *h, const char *lines, const char *refer_to)
{
	struct __test_metadata *_metadata = h->_metadata;

	passes(h, A, B, lines);
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Refer-To"), slice_str(refer_to))) {
		TH_LOG("expected %s in %s", refer_to, h->ua[B].last);
	}
	reply(h, B, "603 Declined", NULL);
	expect(h, A, "SIP/2.0 603");
}

TEST_F(words, it_passes_where_both_sides_let_it)
{
	struct harness *h = &self->h;

	call_up(h);
	h->policy->trunks[1].transfer = CALL_TRANSFER_OFF;
	refused(h, TO_C, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_HANDLE;
	refused(h, TO_C, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_PASS;
	h->policy->trunks[0].transfer = CALL_TRANSFER_OFF;
	refused(h, TO_C, "SIP/2.0 403");
	EXPECT_EQ(counter(h, "transfers-refused"), 3);
	EXPECT_EQ(counter(h, "transfers-passed"), 0);
	hang_up(h, A);
}

/* allow: what each of them says that he takes. */
static void told_of_refer(struct harness *h, const char *allow, bool told)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, allow, SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_EQ(sip_msg_lists(msg, SIP_HDR_ALLOW, "REFER"), told);
	EXPECT_EQ(sip_msg_lists(msg, SIP_HDR_SUPPORTED, "norefersub"), told);
	EXPECT_FALSE(sip_msg_lists(msg, SIP_HDR_SUPPORTED, "tdialog"));
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, allow, SDP_B);
	expect(h, B, "ACK ");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(sip_msg_lists(msg, SIP_HDR_ALLOW, "REFER"), told);
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(words, who_may_be_referred_is_told_to_the_other)
{
	struct harness *h = &self->h;

	told_of_refer(h, "Allow: INVITE, ACK, BYE, CANCEL, REFER\r\nSupported: norefersub\r\n", true);
	told_of_refer(h, "Allow: INVITE, ACK, BYE, CANCEL\r\n", false);
	h->policy->trunks[0].transfer = CALL_TRANSFER_OFF;
	told_of_refer(h, "Allow: INVITE, REFER\r\nSupported: norefersub, tdialog\r\n", false);
}

TEST_F(words, what_cannot_be_said_there_is_refused)
{
	struct harness *h = &self->h;

	call_up(h);
	refused(h, "", "SIP/2.0 400");
	refused(h, TO_C TO_C, "SIP/2.0 400");
	refused(h, "Refer-To: <sip:2000@x?Replaces=1%40x%3Bto-tag%3D1>\r\n", "SIP/2.0 400");
	refused(h, "Refer-To: <https://example.com/2000>\r\n", "SIP/2.0 416");
	refused(h, "Refer-To: <sip:2000@x;method=BYE>\r\n", "SIP/2.0 603");
	refused(h, "Refer-To: <sip:host-" IP_A "@x>\r\n", "SIP/2.0 603");
	refused(h, "Refer-To: <sip:2000@x?Replaces=1%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n",
		"SIP/2.0 603");
	refused(h, TO_C "Require: gruu\r\n", "SIP/2.0 420");
	EXPECT_EQ(counter(h, "transfers-passed"), 0);
	hang_up(h, A);
}

TEST_F(words, whom_it_names_is_called_through_us)
{
	struct harness *h = &self->h;

	add_domain(h, SIP_DIGEST_ALL);
	h->policy->realms[0].challenges = false;
	call_up(h);
	arrives_as(h, "Refer-To: tel:+49305\r\n", "<tel:+49305>");
	arrives_as(h, "Refer-To: <sip:2000@pbx.far.example:5099;transport=tcp;user=phone?Subject=x>"
		   "\r\n", "<sip:2000@" IP_INSIDE ":5060;user=phone>");
	arrives_as(h, "Refer-To: <sip:bob@" DOMAIN ";x=1>\r\n", "<sip:bob@" DOMAIN ">");
	hang_up(h, A);
}

TEST_F(words, who_refers_is_told_to_trusted_realms_alone)
{
	struct harness *h = &self->h;

	call_up(h);
	arrives_as(h, TO_C "Referred-By: <sip:alice@" IP_A ">\r\n", "<sip:2000@" IP_INSIDE ":5060>");
	EXPECT_EQ(header(&h->ua[B].msg, "Referred-By").n, 0);
	hang_up(h, A);
}

TEST_F(words, the_dialog_that_both_are_in_is_another_one_there)
{
	struct harness *h = &self->h;
	char lines[512], expected[256];

	call_up(h);
	snprintf(lines, sizeof(lines), TO_C "Require: tdialog\r\n"
		 "Target-Dialog: %.100s;local-tag=%.60s;remote-tag=%.60s\r\n", h->ua[A].call_id,
		 h->ua[A].local_tag, h->ua[A].remote_tag);
	passes(h, A, B, lines);
	snprintf(expected, sizeof(expected), "%.60s;local-tag=%.40s;remote-tag=%.60s",
		 h->ua[B].call_id, h->ua[B].remote_tag, h->ua[B].local_tag);
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Target-Dialog"), slice_str(expected)));
	reply(h, B, "603 Declined", NULL);
	expect(h, A, "SIP/2.0 603");
	passes(h, A, B, TO_C "Target-Dialog: 1;local-tag=2;remote-tag=3\r\n");
	EXPECT_EQ(header(&h->ua[B].msg, "Target-Dialog").n, 0);
	reply(h, B, "603 Declined", NULL);
	expect(h, A, "SIP/2.0 603");
	hang_up(h, A);
}

/* RFC 4538: it is another dialog that it would have to be sent in. */
/* --- attended --- */

/* Replaces of the REFER that B has got, unescaped, as a line. */
static void read_replaces(struct harness *h, char *line, size_t size)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct slice value = header(&h->ua[B].msg, "Refer-To");
	const char *at = memmem(value.p, value.n, "?Replaces=", 10), *end = value.p + value.n - 1;
	size_t n;

	ASSERT_NE(at, NULL);
	n = (size_t)snprintf(line, size, "Require: replaces\r\nReplaces: ");
	for (at += 10; at < end && n + 3 < size; at++) {
		unsigned int c = (u8)*at;

		if (*at == '%') {
			ASSERT_EQ(sscanf(at + 1, "%2x", &c), 1);
			at += 2;
		}
		line[n++] = (char)c;
	}
	memcpy(line + n, "\r\n", 3);
}

/* A has both calls; in the first one B is referred to C, in place of A. */
static void b_is_to_replace(struct harness *h, SELF, char *line, size_t size)
{
	struct __test_metadata *_metadata = h->_metadata;

	keep_dialog(&h->ua[B], &self->of_b);
	keep_dialog(&h->ua[C], &self->of_c);
	ask(h, &self->first, &self->second, "");
	expect(h, B, "REFER ");
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, self->second.call_id));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, self->of_c.call_id));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, h->ua[A].local_tag));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, IP_A));
	read_replaces(h, line, size);
	reply(h, B, "202 Accepted", NULL);
	expect(h, A, "SIP/2.0 202");
}

/* B calls so, and C, who knows his own dialog by that, takes it in its place. */
static void b_replaces(struct harness *h, SELF, const char *line)
{
	struct __test_metadata *_metadata = h->_metadata;
	char expected[300];

	begin_dialog(h, B, "2000");
	send_request(h, B, "INVITE", 1, line, SDP_B);
	expect(h, B, "SIP/2.0 100");
	expect(h, C, "INVITE ");
	snprintf(expected, sizeof(expected), "%s;to-tag=%s;from-tag=%s", self->of_c.call_id,
		 h->ua[C].local_tag, self->of_c.remote_tag);
	EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "Replaces"), slice_str(expected))) {
		TH_LOG("expected %s in %s", expected, h->ua[C].last);
	}
	accepts(h, C);
	is_answered(h, B);
	use_dialog(&h->ua[C], &self->of_c);
	send_request(h, C, "BYE", 200, NULL, NULL);
	expect(h, C, "SIP/2.0 200");
	gets_bye(h, A);
}

/* A hears that it worked, and hangs up in the first call. */
static void a_hears_and_leaves(struct harness *h, SELF, u32 far)
{
	struct dialog new;

	keep_dialog(&h->ua[B], &new);
	use_dialog(&h->ua[B], &self->of_b);
	h->ua[B].cseq = 300;
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, self->first.cseq, LAST, "200 OK");
	use_dialog(&h->ua[A], &self->first);
	hang_up(h, A);
	use_dialog(&h->ua[B], &new);
}

static void b_leaves_c(struct harness *h)
{
	send_request(h, B, "BYE", 2, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	gets_bye(h, C);
}

TEST_F(words, who_is_referred_replaces_the_referrer_in_his_other_call)
{
	static const bool calls[4][2] = { { false, false }, { false, true }, { true, false },
					  { true, true } };
	struct harness *h = &self->h;
	char line[256];
	size_t i;
	u32 far;

	for (i = 0; i < 4; i++) {
		two_calls(h, calls[i], &self->first, &self->second);
		self->first.cseq = 40;
		b_is_to_replace(h, self, line, sizeof(line));
		far = h->ua[B].msg.cseq;
		b_replaces(h, self, line);
		a_hears_and_leaves(h, self, far);
		EXPECT_EQ(call_engine_calls(h->engine), 1);
		b_leaves_c(h);
	}
}

TEST_F(words, only_a_dialog_of_his_own_may_be_replaced)
{
	struct harness *h = &self->h;
	char line[512];

	/* B and C have a call, whose names A has got hold of */
	connect_call(h, B, "2000", C);
	snprintf(line, sizeof(line), "Refer-To: <sip:2000@x?Replaces=%.100s%%3Bto-tag%%3D%.60s"
		 "%%3Bfrom-tag%%3D%.60s>\r\n", h->ua[C].call_id, h->ua[C].remote_tag,
		 h->ua[C].local_tag);
	keep_dialog(&h->ua[B], &self->of_b);
	connect_call(h, A, "4930123", B);
	refused(h, line, "SIP/2.0 603");
	/* nor the one that he is in */
	keep_dialog(&h->ua[A], &self->first);
	refer_to_line(&h->ua[A], &self->first, "", line, sizeof(line));
	refused(h, line, "SIP/2.0 603");
	hang_up(h, A);
	use_dialog(&h->ua[B], &self->of_b);
	send_request(h, B, "BYE", 2, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	gets_bye(h, C);
}

/* --- jalurd is killed --- */

TEST_F(words, a_restart_loses_nothing_of_it)
{
	struct harness *h = &self->h;
	u32 near[2], far[2];
	char line[64];
	int i;

	call_up(h);
	h->ua[A].cseq = 40;
	for (i = 0; i < 2; i++) {
		far[i] = b_is_referred(h, TO_C);
		near[i] = h->ua[A].cseq;
	}
	send_notify(h, B, far[0], ACTIVE, "100 Trying");
	is_told(h, A, B, near[0], ACTIVE, "100 Trying");
	restart(h);
	snprintf(line, sizeof(line), "Event: refer;id=%u\r\nExpires: 60\r\n", near[1]);
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, line, NULL);
	expect(h, B, "SUBSCRIBE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	send_notify(h, B, 0, ACTIVE, "180 Ringing");
	is_told(h, A, B, 0, ACTIVE, "180 Ringing");
	for (i = 0; i < 2; i++) {
		send_notify(h, B, far[i], LAST, "200 OK");
		is_told(h, A, B, near[i], LAST, "200 OK");
	}
	restart(h);
	h->ua[B].cseq = 300;
	is_unknown(h, B, A, far[0]);
	b_is_referred(h, TO_C);
	hang_up(h, A);
}

TEST_F(words, after_a_restart_the_dialog_is_still_called_so)
{
	static const bool calls[2] = { false, false };
	struct harness *h = &self->h;
	char line[256];
	u32 far;

	two_calls(h, calls, &self->first, &self->second);
	self->first.cseq = 40;
	b_is_to_replace(h, self, line, sizeof(line));
	far = h->ua[B].msg.cseq;
	restart(h);
	b_replaces(h, self, line);
	a_hears_and_leaves(h, self, far);
	b_leaves_c(h);
}

static const char *restore(struct harness *h, const char *text)
{
	u64 id;

	return call_engine_restore(h->engine, h->now, WALL + h->now, slice_str(text), &id);
}

/* What is written of it is taken for bytes from outside. */
TEST_F(words, what_is_wrong_in_the_record_is_named)
{
	static const char *const wrong[][3] = {
		{ "\"passed\":[", "\"passed\":[7,", "passed" },
		{ "\"callee\":false", "\"callee\":0", "callee" },
		{ "\"near\":", "\"nears\":", "near" }, { "\"far\":", "\"far\":-", "far" },
		{ "\"first\":true", "\"first\":1", "first" },
		{ "\"alias\":\"", "\"alias\":\"<", "alias" },
	};
	static const bool calls[2] = { false, false };
	struct harness *h = &self->h;
	char *saved[2], text[8192], line[256], *at;
	size_t i, n, of;

	two_calls(h, calls, &self->first, &self->second);
	b_is_to_replace(h, self, line, sizeof(line));
	ASSERT_EQ(h->nstored, 2);
	for (i = 0; i < 2; i++)
		saved[i] = strdup(h->texts[i]);
	a_leaves(h, &self->first);
	gets_bye(h, B);
	a_leaves(h, &self->second);
	gets_bye(h, C);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		of = strstr(saved[0], wrong[i][0]) ? 0 : 1;
		at = strstr(saved[of], wrong[i][0]);
		ASSERT_NE(at, NULL);
		n = (size_t)(at - saved[of]);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)n, saved[of], wrong[i][1],
			 at + strlen(wrong[i][0]));
		EXPECT_STREQ(restore(h, text), wrong[i][2]);
	}
	free(saved[0]);
	free(saved[1]);
}

/* --- challenges --- */

TEST_F(words, a_challenge_of_the_trunk_gives_it_another_number)
{
	struct harness *h = &self->h;
	u32 far, near;

	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("secret"), strdup("pbx")), 0);
	call_up(h);
	h->ua[A].cseq = 40;
	far = passes(h, A, B, TO_C);
	near = h->ua[A].cseq;
	reply_tagged(h, B, &h->ua[B].msg, "407 Proxy Authentication Required", h->ua[B].local_tag,
		     "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\"\r\n", NULL);
	EXPECT_FALSE(pending(h, A));
	expect(h, B, "REFER ");
	EXPECT_TRUE(header(&h->ua[B].msg, "Proxy-Authorization").n > 0);
	EXPECT_GT(h->ua[B].msg.cseq, far);
	far = h->ua[B].msg.cseq;
	reply(h, B, "202 Accepted", NULL);
	expect(h, A, "SIP/2.0 202");
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, A);
}

TEST_HARNESS_MAIN
