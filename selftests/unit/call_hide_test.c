// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing of one side is seen on the other: not the addresses, names of hosts,
 * Call-ID and tags, wherever a device writes them; what passes is what is left. Each
 * side says all it can about itself, in every header that comes to mind; what the
 * other side got is searched for it.
 */
#include "call_harness.h"

#define HOST_A "phone-a.lan.example"
#define HOST_B "pbx-b.core.example"
#define TAG_B "tag-of-the-callee"

FIXTURE(hide) {
	struct harness h;
};

OVER_EACH_PAIR(hide);

FIXTURE_SETUP(hide)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(hide)
{
	harness_stop(&self->h);
}

/* Headers of who, whose own dialog is named in them. */
static void tell_all(const struct harness *h, enum who who, char *lines, size_t size)
{
	const struct ua *ua = &h->ua[who];
	const char *host = who == A ? HOST_A : HOST_B, *id = ua->call_id;

	snprintf(lines, size,
		 "Via: SIP/2.0/UDP %s:5062;branch=z9hG4bKinner;received=%s\r\n"
		 "Record-Route: <sip:%s;lr>\r\n"
		 "Subject: calling from %s, ok?\r\n"
		 "Organization: %s\r\n"
		 "Reply-To: \"Me\" <sip:me@%s;transport=tcp>\r\n"
		 "Call-Info: <sip:me@%s>;purpose=info, <http://%s/me.png>;purpose=icon\r\n"
		 "Alert-Info: <http://%s/ring.wav>, <http://ring.example/1>;info=x\r\n"
		 "Error-Info: <sip:sorry@%s>\r\n"
		 "Warning: 399 %s \"ask %s\", 307 %s \"plain\"\r\n"
		 "Reason: Q.850;cause=16;text=\"from %s\"\r\n"
		 "P-Asserted-Identity: \"Me\" <sip:+4930@%s;user=phone>, <tel:+4930>\r\n"
		 "History-Info: <sip:old@%s?Replaces=abc&Reason=SIP%%3Bcause%%3D302>;index=1\r\n"
		 "Diversion: <sip:old@%s>;reason=unconditional\r\n"
		 "Remote-Party-ID: <sip:me@%s>;party=calling\r\n"
		 "X-Trace: %s\r\n"
		 "X-Call: id=%s;\r\n"
		 "X-Colour: blue\r\n"
		 "In-Reply-To: %s\r\n"
		 "Target-Dialog: %s;local-tag=%s\r\n"
		 "User-Agent: %s\r\nServer: %s\r\n",
		 host, ua->ip, host, ua->ip, host, host, ua->ip, ua->ip, host, ua->ip, host,
		 ua->ip, host, host, host, ua->ip, host, ua->ip, ua->ip, id, id, id,
		 ua->local_tag, host, host);
}

/* All that who was sent, and nothing of the words of other in it. */
static void search(struct harness *h, enum who who, struct slice bytes)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct ua *other = &h->ua[who == A ? B : A];
	const char *const of_a[] = { IP_A, HOST_A, IP_ADVERTISED, IP_OUTSIDE, "sbc.example" };
	const char *const of_b[] = { IP_B, HOST_B, IP_INSIDE, TAG_B };
	const char *const *words = who == A ? of_b : of_a;
	size_t i, n = who == A ? 4 : 5;

	for (i = 0; i < n; i++) {
		EXPECT_FALSE(contains(bytes, words[i])) {
			TH_LOG("%s in what %s was sent:\n%.*s", words[i], h->ua[who].ip,
			       SLICE_ARG(bytes));
		}
	}
	EXPECT_FALSE(other->call_id[0] && contains(bytes, other->call_id)) {
		TH_LOG("%s was sent a Call-ID in:\n%.*s", h->ua[who].ip, SLICE_ARG(bytes));
	}
}

static const struct sip_msg *seen(struct harness *h, enum who who, const char *start)
{
	const struct sip_msg *msg = expect(h, who, start);

	search(h, who, msg->bytes);
	return msg;
}

static void trust(struct harness *h)
{
	h->policy->realms[0].trusted = h->policy->realms[1].trusted = true;
}

static void begin(struct harness *h)
{
	char lines[3000];

	begin_dialog(h, A, "4930123");
	snprintf(h->ua[A].from, sizeof(h->ua[A].from), "\"at " IP_A "\" <sip:alice@" HOST_A ">");
	tell_all(h, A, lines, sizeof(lines));
	send_request(h, A, "INVITE", 1, lines, SDP_A);
	expect(h, A, "SIP/2.0 100");
}

/* B answers INVITE or what came last with all that it has. */
static void tell(struct harness *h, const struct sip_msg *request, const char *status,
		 const char *sdp)
{
	char lines[3000];

	tell_all(h, B, lines, sizeof(lines));
	/* responses have one Via, ours */
	reply_tagged(h, B, request, status, TAG_B, strstr(lines, "Record-Route"), sdp);
}

TEST_F(hide, a_call_between_trusted_realms)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	char lines[3000];

	trust(h);
	begin(h);
	msg = seen(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(header(msg, "X-Colour"), SLICE("blue")));
	EXPECT_TRUE(slice_eq(header(msg, "P-Asserted-Identity"),
			     SLICE("\"Me\" <sip:+4930@" IP_INSIDE ";user=phone>")));
	EXPECT_TRUE(contains(msg->bytes, "P-Asserted-Identity: <tel:+4930>\r\n"));
	EXPECT_TRUE(slice_eq(header(msg, "History-Info"), SLICE("<sip:old@" IP_INSIDE
			     "?Reason=SIP%3Bcause%3D302>;index=1")));
	EXPECT_TRUE(slice_eq(header(msg, "Diversion"),
			     SLICE("<sip:old@" IP_INSIDE ">;reason=unconditional")));
	EXPECT_TRUE(slice_eq(header(msg, "Reply-To"), SLICE("\"Me\" <sip:me@" IP_INSIDE ">")));
	EXPECT_TRUE(slice_eq(header(msg, "Alert-Info"), SLICE("<http://ring.example/1>;info=x")));
	EXPECT_TRUE(slice_eq(header(msg, "Call-Info"),
			     SLICE("<sip:me@" IP_INSIDE ">;purpose=info")));
	EXPECT_TRUE(slice_eq(header(msg, "Warning"), SLICE("307 jalur \"plain\"")));
	EXPECT_TRUE(slice_eq(header(msg, "Reason"), SLICE("Q.850;cause=16")));
	EXPECT_FALSE(header(msg, "X-Trace").n);
	EXPECT_FALSE(header(msg, "Organization").n);

	tell(h, &h->ua[B].invite, "183 I am " IP_B, SDP_B);
	seen(h, A, "SIP/2.0 183");
	tell(h, &h->ua[B].invite, "200 Here is " HOST_B, SDP_B);
	expect(h, B, "ACK ");
	msg = seen(h, A, "SIP/2.0 200 OK");
	EXPECT_TRUE(slice_eq(header(msg, "X-Colour"), SLICE("blue")));
	acknowledge(h, A);

	tell_all(h, A, lines, sizeof(lines));
	send_request(h, A, "BYE", 2, lines, NULL);
	expect(h, A, "SIP/2.0 200");
	msg = seen(h, B, "BYE ");
	EXPECT_TRUE(slice_eq(header(msg, "Reason"), SLICE("Q.850;cause=16")));
	tell(h, &h->ua[B].msg, "200 OK", NULL);
}

TEST_F(hide, a_failure)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h);
	begin(h);
	seen(h, B, "INVITE ");
	tell(h, &h->ua[B].invite, "488 Not here at " IP_B, NULL);
	expect(h, B, "ACK ");
	msg = seen(h, A, "SIP/2.0 488 Not Acceptable Here");
	EXPECT_TRUE(slice_eq(header(msg, "Warning"), SLICE("307 jalur \"plain\"")));
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(hide, inside_the_call)
{
	struct harness *h = &self->h;
	char lines[3000];

	trust(h);
	call_up(h);
	tell_all(h, A, lines, sizeof(lines));
	send_request(h, A, "INVITE", 2, lines, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	seen(h, B, "INVITE ");
	tell(h, &h->ua[B].invite, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	seen(h, A, "SIP/2.0 200");
	h->ua[A].cseq = 2;
	send_ack(h, A);
	tell_all(h, B, lines, sizeof(lines));
	send_request(h, B, "OPTIONS", 101, lines, NULL);
	seen(h, A, "OPTIONS ");
	reply(h, A, "200 OK", NULL);
	seen(h, B, "SIP/2.0 200");
	hang_up(h, A);
}

/* Our host is what both sides call us, and not a name of either. */
TEST_F(hide, within_a_realm_we_are_no_secret)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct slice identity;

	h->policy->realms[1].trusted = true;
	h->policy->routes[1].to[0].trunk = 2;
	begin_dialog(h, B, "2000");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "sip:2000@" IP_INSIDE);
	send_request(h, B, "INVITE", 1, "P-Asserted-Identity: <sip:4930@" IP_B ">\r\n", SDP_B);
	expect(h, B, "SIP/2.0 100");
	msg = expect(h, C, "INVITE ");
	identity = header(msg, "P-Asserted-Identity");
	EXPECT_TRUE(slice_eq(identity, SLICE("<sip:4930@" IP_INSIDE ">"))) {
		TH_LOG("it is " SLICE_FMT, SLICE_ARG(identity));
	}
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	reply(h, C, "486 Busy Here", NULL);
	expect(h, C, "ACK ");
	expect(h, B, "SIP/2.0 486");
	send_same_branch(h, B, "ACK", h->branch, NULL);
}

/* Words like it are not it. */
TEST_F(hide, what_only_looks_like_an_address_passes)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h);
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, "X-One: " IP_A "5\r\nX-Two: 1" IP_A "\r\nX-Three: " IP_A
		     ".5\r\nX-Four: (" IP_A ")\r\nX-Five: it is " IP_A ".\r\n", SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_TRUE(header(msg, "X-One").n);
	EXPECT_TRUE(header(msg, "X-Two").n);
	EXPECT_TRUE(header(msg, "X-Three").n);
	EXPECT_FALSE(header(msg, "X-Four").n);
	EXPECT_FALSE(header(msg, "X-Five").n);
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_HARNESS_MAIN
