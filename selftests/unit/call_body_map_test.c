// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is carried inside of a call has a body that speaks of people and dialogs: the other side
 * gets it in its own words, with which it can do what the sender could with his.
 */
#include "call_harness.h"

#define LAMP "Content-Type: application/dialog-info+xml\r\n"
#define PIDF "Content-Type: application/pidf+xml\r\n"
#define FRAG "Content-Type: message/sipfrag\r\n"

FIXTURE(body_map) {
	struct harness h;
};

OVER_EACH_PAIR(body_map);

FIXTURE_SETUP(body_map)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(body_map)
{
	harness_stop(&self->h);
}

/* B tells of the call that it is in. */
static void lamp_of(const struct ua *b, char *body, size_t size)
{
	snprintf(body, size, "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" "
		 "state=\"full\" entity=\"sip:4930123@" IP_B "\"><dialog id=\"%s\" call-id=\"%s\" "
		 "local-tag=\"%s\" remote-tag=\"%s\" direction=\"recipient\"><state>confirmed</state>"
		 "<local><target uri=\"sip:user@" IP_B ":5060\"/></local></dialog></dialog-info>",
		 b->call_id, b->call_id, b->local_tag, b->remote_tag);
}

/* The dialog as Jalur, who's peer, has it: its tag is the local one. */
static void name_dialog(const struct ua *who, const char *format, char *text, size_t size)
{
	snprintf(text, size, format, who->call_id, who->remote_tag, who->local_tag);
}

static void carried(struct harness *h, enum who from, const char *headers, const char *body)
{
	send_request(h, from, "MESSAGE", ++h->ua[from].cseq, headers, body);
}

static void done(struct harness *h, enum who at, enum who from)
{
	reply(h, at, "200 OK", NULL);
	expect(h, from, "SIP/2.0 200");
}

TEST_F(body_map, a_dialog_that_is_told_of_can_be_taken_over)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	char body[1024], value[512];

	call_up(h);
	h->ua[B].cseq = 100;
	lamp_of(&h->ua[B], body, sizeof(body));
	send_request(h, B, "INFO", 101, LAMP, body);
	msg = expect(h, A, "INFO ");
	EXPECT_TRUE(slice_eq(header(msg, "Content-Type"), SLICE("application/dialog-info+xml")));
	name_dialog(&h->ua[A], " call-id=\"%s\" local-tag=\"%s\" remote-tag=\"%s\"", value,
		    sizeof(value));
	EXPECT_TRUE(contains(msg->body, value)) {
		TH_LOG("expected%s in " SLICE_FMT, value, SLICE_ARG(msg->body));
	}
	EXPECT_TRUE(contains(msg->body, "entity=\"sip:4930123@"));
	EXPECT_TRUE(contains(msg->body, "<target uri=\"sip:user@"));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(contains(msg->bytes, h->ua[B].call_id));
	EXPECT_FALSE(contains(msg->bytes, h->ua[B].remote_tag));
	done(h, A, B);
	/* C has been told by A, and takes A's place */
	name_dialog(&h->ua[A], "Replaces: %s;to-tag=%s;from-tag=%s\r\n", value, sizeof(value));
	begin_dialog(h, C, "2000");
	send_request(h, C, "INVITE", 1, value, SDP_C);
	expect(h, C, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(msg, "Replaces"), h->ua[B].remote_tag));
	reply(h, B, "603 Decline", NULL);
	expect(h, B, "ACK ");
	expect(h, C, "SIP/2.0 603");
	send_same_branch(h, C, "ACK", h->branch, NULL);
	hang_up(h, A);
}

TEST_F(body_map, a_dialog_that_is_none_of_ours_has_no_name_there)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct ua other;
	char body[1024];

	call_up(h);
	other = h->ua[B];
	snprintf(other.remote_tag, sizeof(other.remote_tag), "strange");
	lamp_of(&other, body, sizeof(body));
	carried(h, B, LAMP, body);
	msg = expect(h, A, "MESSAGE ");
	EXPECT_TRUE(contains(msg->body, "<state>confirmed</state>"));
	EXPECT_TRUE(contains(msg->body, "<dialog id=\"j"));
	EXPECT_FALSE(contains(msg->body, "call-id"));
	EXPECT_FALSE(contains(msg->body, "-tag"));
	done(h, A, B);
	hang_up(h, A);
}

TEST_F(body_map, names_of_a_side_stay_there)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	call_up(h);
	carried(h, A, PIDF, "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:al@" IP_A
		"\"><tuple id=\"t\"><status><basic>open</basic></status><contact>sip:al@" IP_A
		":5061</contact><note>tel:+4930 or " IP_A "</note></tuple></presence>");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(msg->body, "<basic>open</basic>"));
	EXPECT_TRUE(contains(msg->body, "entity=\"pres:al@"));
	EXPECT_TRUE(contains(msg->body, "<contact>sip:al@"));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	done(h, B, A);
	carried(h, A, FRAG, "SIP/2.0 180 Ringing\r\nTo: <sip:x@" IP_A ">;tag=1\r\nVia: x\r\n");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(msg->body, "SIP/2.0 180 Ringing\r\nTo: <sip:x@"));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->body, "Via"));
	done(h, B, A);
	hang_up(h, A);
}

#define PART(type, body) "--o\r\nContent-Type: " type "\r\n\r\n" body "\r\n"

TEST_F(body_map, of_several_parts_each_by_itself)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	call_up(h);
	carried(h, A, "Content-Type: multipart/mixed;boundary=o\r\n",
		PART("text/plain", "hello " IP_A) PART("text/xml", "<a b=\"sip:x@" IP_A "\"/>")
		PART("application/x-y", "z") "--o--\r\n");
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(contains(msg->body, PART("text/plain", "hello " IP_A)
			     "--o\r\nContent-Type: text/xml\r\n\r\n"
			     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"sip:x@"));
	EXPECT_TRUE(contains(msg->body, "\"/>\n\r\n" PART("application/x-y", "z") "--o--\r\n"));
	EXPECT_FALSE(contains(msg->body, "x@" IP_A));
	done(h, B, A);
	hang_up(h, A);
}

/* Content-ID is made of the device's address by some. */
TEST_F(body_map, what_is_around_the_parts_tells_nothing_of_the_side)
{
	static const char around[] =
		"from 10.0.0.99\r\n--o\r\nContent-ID:\r\n <1@10.0.0.99>\r\n"
		"content-type: text/xml;x=1\r\nContent-Description: of " IP_A "\r\nX-Y: z\r\n\r\n"
		"<a/>\r\n--o--\r\nby sip:alice@" IP_A "\r\n";
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	call_up(h);
	carried(h, A, "Content-Type: multipart/mixed;boundary=o\r\n", around);
	msg = expect(h, B, "MESSAGE ");
	EXPECT_TRUE(slice_eq(msg->body,
			     SLICE("--o\r\ncontent-type: text/xml;x=1\r\nX-Y: z\r\n\r\n"
				   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n\r\n--o--\r\n"))) {
		TH_LOG(SLICE_FMT, SLICE_ARG(msg->body));
	}
	done(h, B, A);
	hang_up(h, A);
}

TEST_F(body_map, what_cannot_be_read_goes_nowhere)
{
	static const struct {
		const char *headers, *body, *status;
	} cases[] = {
		{ PIDF, "hello", "SIP/2.0 400" },
		{ PIDF, "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
		  "SIP/2.0 400" },
		{ FRAG, "hello", "SIP/2.0 400" },
		{ PIDF "Content-Encoding: gzip\r\n", "\x1f\x8b", "SIP/2.0 415" },
		{ "Content-Type: multipart/mixed;boundary=o\r\n", PART("text/xml", "<a/>"),
		  "SIP/2.0 400" },
		{ "Content-Type: multipart/mixed;boundary=o\r\n", PART("text/xml", "<a>") "--o--\r\n",
		  "SIP/2.0 400" },
	};
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	size_t i;

	call_up(h);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		carried(h, A, cases[i].headers, cases[i].body);
		msg = expect(h, A, cases[i].status);
		if (msg->status == 415)
			EXPECT_TRUE(slice_eq(header(msg, "Accept-Encoding"), SLICE("identity")));
		EXPECT_FALSE(pending(h, B));
		EXPECT_EQ(counter(h, "requests-not-carried"), i + 1);
	}
	/* what nobody here reads passes */
	carried(h, A, "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", "\x1f\x8b");
	expect(h, B, "MESSAGE ");
	done(h, B, A);
	hang_up(h, A);
}

TEST_F(body_map, an_answer_is_put_into_the_askers_words)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	call_up(h);
	carried(h, A, "Content-Type: text/plain\r\n", "where?");
	msg = expect(h, B, "MESSAGE ");
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, "Content-Type: text/xml\r\n",
		     "<at>sip:b@" IP_B "</at>");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(contains(msg->body, "<at>sip:b@"));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	carried(h, A, "Content-Type: text/plain\r\n", "where?");
	msg = expect(h, B, "MESSAGE ");
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, "Content-Type: text/xml\r\n",
		     "<at>sip:b@" IP_B);
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(msg->body.n, 0);
	EXPECT_FALSE(msg->content_type.n);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
