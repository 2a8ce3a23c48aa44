// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of a call: one record for each attempt, however it went, that
 * says who called whom, how far it came, who ended it and why, and what the
 * media was. The record is read as the line of JSON that goes into the file.
 */
#include <jansson.h>

#include "admin/record.h"
#include "call_harness.h"

FIXTURE(record) {
	struct harness h;
	json_t *line;
};

OVER_EACH_PAIR(record);

FIXTURE_SETUP(record)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	self->line = NULL;
}

FIXTURE_TEARDOWN(record)
{
	json_decref(self->line);
	harness_stop(&self->h);
}

/* The next record; NULL: there is none. */
static json_t *next_record(struct harness *h)
{
	struct call_event event;
	json_t *object = NULL;
	char *line;

	while (!object && call_engine_event(h->engine, &event)) {
		if (event.record) {
			line = admin_record_line(event.record, h->now, WALL + h->now);
			object = json_loads(line, 0, NULL);
			free(line);
		}
		call_event_clear(&event);
	}
	return object;
}

/* "a.b.c" as text; numbers as such; "null", "true". */
static const char *at(json_t *object, const char *path)
{
	static char text[256];
	char copy[128], *key, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strtok_r(copy, ".", &save); key; key = strtok_r(NULL, ".", &save))
		object = json_is_array(object) ? json_array_get(object, (size_t)atoi(key)) :
						 json_object_get(object, key);
	if (json_is_string(object))
		snprintf(text, sizeof(text), "%s", json_string_value(object));
	else if (json_is_integer(object))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(object));
	else
		snprintf(text, sizeof(text), "%s", !object ? "missing" : json_is_null(object) ?
			 "null" : json_is_true(object) ? "true" : "other");
	return text;
}

/* Where who is, and the number that A called, as B is told of it. */
static const char *peer(const struct harness *h, enum who who)
{
	static char text[ADDR_STRLEN];

	return addr_print(&h->ua[who].flow.peer, text);
}

static const char *called(const struct harness *h)
{
	static char text[128];

	snprintf(text, sizeof(text), "<sip:4930123@" IP_B ":5060%s>", uri_param(h->over.b));
	return text;
}

#define EXPECT_AT(path, value) EXPECT_STREQ(at(self->line, path), value)

TEST_F(record, of_a_call_that_was_answered)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	advance(h, 1000 * NSEC_PER_MSEC);
	discard(h, B);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	advance(h, 2000 * NSEC_PER_MSEC);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	advance(h, 61500 * NSEC_PER_MSEC);
	hang_up(h, B);

	self->line = next_record(h);
	ASSERT_NE(self->line, NULL);
	EXPECT_AT("version", "1");
	EXPECT_AT("route", "in");
	EXPECT_AT("a.realm", "outside");
	EXPECT_AT("a.trunk", "phones");
	EXPECT_AT("a.peer", peer(h, A));
	EXPECT_AT("a.sip_call_id", h->ua[A].call_id);
	EXPECT_AT("a.from", "\"Alice\" <sip:alice@" IP_A ">");
	EXPECT_AT("a.to", "<sip:4930123@sbc.example>");
	EXPECT_AT("a.request_uri", "sip:4930123@sbc.example");
	EXPECT_AT("b.realm", "inside");
	EXPECT_AT("b.trunk", "pbx");
	EXPECT_AT("b.peer", IP_B ":5060");
	EXPECT_AT("b.sip_call_id", h->ua[B].call_id);
	EXPECT_AT("b.from", "\"Alice\" <sip:alice@" IP_INSIDE ">");
	EXPECT_AT("b.to", called(h));
	EXPECT_AT("setup", "2023-11-14T22:30:00.000000Z");
	EXPECT_AT("ring", "2023-11-14T22:30:01.000000Z");
	EXPECT_AT("answer", "2023-11-14T22:30:03.000000Z");
	EXPECT_AT("end", "2023-11-14T22:31:04.500000Z");
	EXPECT_AT("duration_ms", "61500");
	EXPECT_AT("status", "200");
	EXPECT_AT("cause.q850", "16");
	EXPECT_AT("cause.text", "BYE from the callee");
	EXPECT_AT("ended_by", "callee");
	EXPECT_AT("streams.0.media", "audio");
	EXPECT_AT("streams.0.codec", "PCMU/8000");
	EXPECT_AT("streams.0.rejected", "other");
	EXPECT_AT("streams.0.a.received.packets", "500");
	EXPECT_AT("streams.0.a.sent.packets", "0");
	EXPECT_AT("streams.0.b.received.packets", "0");
	EXPECT_AT("streams.0.b.sent.packets", "2");
	EXPECT_AT("streams.1", "missing");
	json_decref(self->line);
	self->line = next_record(h);
	EXPECT_EQ(self->line, NULL);
}

TEST_F(record, says_the_codec_that_was_agreed_on_last)
{
	static const char offer[] = "v=0\r\no=- 111 2 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A
		"\r\nt=0 0\r\nm=audio 4000 RTP/AVP 101 96 8\r\na=rtpmap:96 opus/48000/2\r\n"
		"a=rtpmap:101 telephone-event/8000\r\nm=video 4002 RTP/AVP 31\r\n";
	static const char answer[] = "v=0\r\no=- 222 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B
		"\r\nt=0 0\r\nm=audio 6000 RTP/AVP 101 96\r\na=rtpmap:96 opus/48000/2\r\n"
		"a=rtpmap:101 telephone-event/8000\r\nm=video 0 RTP/AVP 31\r\n";
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "INVITE", h->ua[A].cseq = 2, NULL, offer);
	expect(h, B, "INVITE ");
	discard(h, A);
	reply(h, B, "200 OK", answer);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	send_ack(h, A);
	hang_up(h, A);
	self->line = next_record(h);
	EXPECT_AT("ended_by", "caller");
	EXPECT_AT("streams.0.codec", "opus/48000/2");
	EXPECT_AT("streams.1.media", "video");
	EXPECT_AT("streams.1.codec", "null");
	EXPECT_AT("streams.1.rejected", "true");
	EXPECT_AT("streams.1.a", "null");
}

TEST_F(record, of_a_call_that_the_callee_declined)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	self->line = next_record(h);
	EXPECT_AT("status", "486");
	EXPECT_AT("cause.q850", "17");
	EXPECT_AT("ended_by", "callee");
	EXPECT_AT("ring", "null");
	EXPECT_AT("answer", "null");
	EXPECT_AT("duration_ms", "0");
	EXPECT_AT("b.to", called(h));
}

TEST_F(record, of_a_call_that_the_caller_gave_up)
{
	struct harness *h = &self->h;
	u32 branch;

	send_invite(h, A, SDP_A);
	branch = h->branch;
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", branch, "Reason: Q.850 ;cause=19;text=\"a, b\"\r\n");
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	self->line = next_record(h);
	EXPECT_AT("status", "487");
	EXPECT_AT("ended_by", "caller");
	EXPECT_AT("cause.q850", "19");
	EXPECT_AT("ring", "2023-11-14T22:30:00.000000Z");
}

TEST_F(record, of_a_call_that_the_administrator_ended)
{
	struct harness *h = &self->h;
	struct call_view view;
	char id[17];

	call_up(h);
	ASSERT_TRUE(view_call(h, &view));
	ASSERT_EQ(call_engine_hangup(h->engine, h->now, view.id, "maintenance"), 0);
	run(h);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	self->line = next_record(h);
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)view.id);
	EXPECT_AT("id", id);
	EXPECT_AT("ended_by", "administrator");
	EXPECT_AT("cause.q850", "31");
	EXPECT_AT("cause.text", "maintenance");
}

TEST_F(record, of_a_call_that_nobody_answered)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	advance(h, 40 * NSEC_PER_SEC);
	discard(h, B);
	expect(h, A, "SIP/2.0 408");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	discard(h, A);
	self->line = next_record(h);
	EXPECT_AT("status", "408");
	EXPECT_AT("cause.q850", "102");
	EXPECT_AT("ended_by", "jalur");
	EXPECT_AT("ring", "null");
}

TEST_F(record, of_an_attempt_that_was_refused)
{
	struct harness *h = &self->h;
	char id[17];

	send_invite(h, STRANGER, SDP_A);
	expect(h, STRANGER, "SIP/2.0 403");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
	self->line = next_record(h);
	EXPECT_AT("a.realm", "outside");
	EXPECT_AT("a.trunk", "null");
	EXPECT_AT("a.peer", peer(h, STRANGER));
	EXPECT_AT("a.to", "<sip:4930123@sbc.example>");
	EXPECT_AT("b", "null");
	EXPECT_AT("route", "null");
	EXPECT_AT("status", "403");
	EXPECT_AT("cause.q850", "21");
	EXPECT_AT("cause.text", "unknown source");
	EXPECT_AT("ended_by", "jalur");
	snprintf(id, sizeof(id), "%s", at(self->line, "id"));
	json_decref(self->line);

	/* Each attempt has an id of its own. */
	send_invite(h, STRANGER, SDP_A);
	expect(h, STRANGER, "SIP/2.0 403");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
	self->line = next_record(h);
	EXPECT_STRNE(at(self->line, "id"), id);
}

TEST_F(record, is_of_invites_alone)
{
	struct harness *h = &self->h;

	begin_dialog(h, STRANGER, "4930123");
	send_request(h, STRANGER, "OPTIONS", 1, NULL, NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_EQ(next_record(h), NULL);
}

TEST(causes_of_reason_headers)
{
	static const struct {
		const char *lines;
		u16 cause;
	} table[] = {
		{ "", 0 },
		{ "Reason: Q.850;cause=16\r\n", 16 },
		{ "X: y\r\nreason : q.850 ; text=\"a;cause=3\" ; cause = 31\r\n", 31 },
		{ "Reason: SIP;cause=200;text=\"x, Q.850;cause=4\", Q.850;cause=17\r\n", 17 },
		{ "Reason: SIP;cause=600\r\nReason: Q.850;cause=21\r\n", 21 },
		{ "Reason: Q.850;cause=128\r\n", 0 },
		{ "Reason: Q.850;cause=\r\n", 0 },
		{ "Reason: Q.850\r\n", 0 },
		{ "Reason: SIP;text=\"\\\", Q.850;cause=9\"\r\n", 0 },
		{ "Reason: preemption;cause=1", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		EXPECT_EQ(call_cause_of_headers(slice_str(table[i].lines)), table[i].cause) {
			TH_LOG("row %zu", i);
		}
}

TEST_HARNESS_MAIN
