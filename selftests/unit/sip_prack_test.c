// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reliable provisional responses of the peer (RFC 3262 §4), and our PRACK: what comes
 * twice, in another order, or from several at a time.
 */
#include "sip_harness.h"

static char *reliable(const struct sip_msg *invite, const char *status, const char *tag, u32 rseq)
{
	char extra[128];

	snprintf(extra, sizeof(extra),
		 "Contact: <sip:bob@" PEER ":5060>\r\nRequire: 100rel\r\nRSeq: %u\r\n", rseq);
	return response_to(invite, status, tag, extra);
}

/* Our INVITE, and the peer's first reliable response, learned in the dialog. */
static struct sip_client *call_peer(struct world *w, struct sip_dialog **d, struct sip_msg **invite,
				    u32 rseq)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_client *c;

	*d = new_uac(w);
	c = request(w, *d, SIP_INVITE);
	expect_sent(w, "INVITE ");
	*invite = sip_msg_dup(&w->sent);
	feed(w, reliable(*invite, "180 Ringing", "bob", rseq));
	EXPECT_EQ(w->event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w->event.client, c);
	EXPECT_TRUE(w->event.reliable);
	EXPECT_EQ(sip_dialog_response(w->engine, *d, w->event.msg), 0);
	w->events = 0;
	return c;
}

/* Our PRACK in d, which is answered. */
static void acknowledge(struct world *w, struct sip_dialog *d, const char *rack)
{
	struct __test_metadata *_metadata = w->_metadata;
	char line[64];

	request(w, d, SIP_PRACK);
	expect_sent(w, "PRACK ");
	snprintf(line, sizeof(line), "\r\nRAck: %s\r\n", rack);
	EXPECT_TRUE(sent_has(w, line)) {
		TH_LOG("%s: %s", rack, w->last);
	}
	EXPECT_FALSE(sent_has(w, "Contact"));
	EXPECT_TRUE(slice_eq(w->sent.to.tag, slice_str(d->remote_tag)));
	feed(w, response_to(&w->sent, "200 OK", NULL, ""));
	EXPECT_EQ(w->event.type, SIP_EVENT_RESPONSE);
	EXPECT_FALSE(w->event.reliable);
	w->events = 0;
}

static void end_call(struct world *w, struct sip_dialog *d, struct sip_msg *invite)
{
	feed(w, response_to(invite, "486 Busy Here", "bob", ""));
	expect_sent(w, "ACK ");
	free(invite);
	sip_dialog_free(w->engine, d);
	stop(w);
}

TEST(what_comes_twice_or_with_a_gap_is_dropped)
{
	static const struct {
		u32 rseq;
		bool told;
	} arriving[] = {
		{ 101, true }, { 101, false }, { 100, false }, { 103, false }, { 102, true },
		{ 99, false }, { 103, true }, { 0xffffffff, false }, { 102, false },
	};
	struct sip_msg *invite;
	struct sip_dialog *d;
	char rack[32];
	struct world w;
	size_t i;

	start(&w, _metadata);
	call_peer(&w, &d, &invite, 100);
	acknowledge(&w, d, "100 1 INVITE");
	for (i = 0; i < sizeof(arriving) / sizeof(*arriving); i++) {
		feed(&w, reliable(invite, "183 Session Progress", "bob", arriving[i].rseq));
		EXPECT_EQ(w.event.type == SIP_EVENT_RESPONSE, arriving[i].told) {
			TH_LOG("%u", arriving[i].rseq);
		}
		if (!arriving[i].told)
			continue;
		EXPECT_TRUE(w.event.reliable);
		snprintf(rack, sizeof(rack), "%u 1 INVITE", arriving[i].rseq);
		acknowledge(&w, d, rack);
	}
	EXPECT_EQ(counter(&w, "sip-reliable-again-dropped"), 6);
	end_call(&w, d, invite);
}

/* The next is taken when the call has sent the PRACK for the last: the peer sends it again. */
TEST(one_at_a_time)
{
	struct sip_msg *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	call_peer(&w, &d, &invite, 7);
	EXPECT_TRUE(d->rack.owed);
	feed(&w, reliable(invite, "180 Ringing", "bob", 7));
	feed(&w, reliable(invite, "183 Session Progress", "bob", 8));
	EXPECT_EQ(w.events, 0);
	acknowledge(&w, d, "7 1 INVITE");
	EXPECT_FALSE(d->rack.owed);
	feed(&w, reliable(invite, "183 Session Progress", "bob", 8));
	EXPECT_EQ(w.events, 1);
	acknowledge(&w, d, "8 1 INVITE");
	end_call(&w, d, invite);
}

TEST(a_lost_prack_is_sent_again_by_its_transaction)
{
	struct sip_msg *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	call_peer(&w, &d, &invite, 7);
	request(&w, d, SIP_PRACK);
	expect_sent(&w, "PRACK ");
	feed(&w, reliable(invite, "180 Ringing", "bob", 7));
	EXPECT_EQ(w.events, 0);
	EXPECT_TRUE(silent(&w));
	advance(&w, 500 * MSEC);
	expect_sent(&w, "PRACK ");
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	EXPECT_EQ(w.events, 1);
	end_call(&w, d, invite);
}

TEST(forks_have_numbers_of_their_own)
{
	struct sip_dialog *d, *fork;
	struct sip_msg *invite;
	struct world w;

	start(&w, _metadata);
	call_peer(&w, &d, &invite, 500);
	feed(&w, reliable(invite, "183 Session Progress", "carol", 3));
	ASSERT_EQ(w.events, 1);
	EXPECT_TRUE(w.event.reliable);
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), -EEXIST);
	fork = sip_dialog_fork(w.engine, d, w.event.msg);
	ASSERT_NE(fork, NULL);
	acknowledge(&w, fork, "3 1 INVITE");
	feed(&w, reliable(invite, "183 Session Progress", "carol", 3));
	EXPECT_EQ(w.events, 0);
	feed(&w, reliable(invite, "180 Ringing", "carol", 4));
	EXPECT_EQ(w.events, 1);
	EXPECT_EQ(w.event.dialog, fork);
	acknowledge(&w, d, "500 1 INVITE");
	acknowledge(&w, fork, "4 1 INVITE");
	feed(&w, reliable(invite, "180 Ringing", "bob", 501));
	EXPECT_EQ(w.events, 1);
	EXPECT_EQ(w.event.dialog, d);
	acknowledge(&w, d, "501 1 INVITE");
	sip_dialog_free(w.engine, fork);
	end_call(&w, d, invite);
}

/* A re-INVITE is another transaction: its numbers begin anew. */
TEST(each_invite_has_numbers_of_its_own)
{
	struct sip_msg *invite;
	struct sip_client *c;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	c = call_peer(&w, &d, &invite, 500);
	acknowledge(&w, d, "500 1 INVITE");
	feed(&w, response_to(invite, "200 OK", "bob", "Contact: <sip:bob@" PEER ":5060>\r\n"));
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_EQ(sip_ack(w.engine, w.now, c, d, NULL), 0);
	expect_sent(&w, "ACK ");
	free(invite);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	invite = sip_msg_dup(&w.sent);
	feed(&w, reliable(invite, "183 Session Progress", NULL, 20));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_TRUE(w.event.reliable);
	acknowledge(&w, d, "20 3 INVITE");
	end_call(&w, d, invite);
}

/* Only RSeq and Require together make one, and only above 100 (RFC 3262 §4). */
TEST(what_need_not_be_acknowledged_passes_each_time)
{
	static const char *const extra[] = {
		"RSeq: 5\r\n", "Require: 100rel\r\n", "RSeq: x\r\nRequire: 100rel\r\n",
		"RSeq: 5\r\nRequire: timer\r\n", "RSeq: 0\r\nRequire: 100rel\r\n",
		"RSeq: 4294967296\r\nRequire: 100rel\r\n", "RSeq: 5\r\nSupported: 100rel\r\n",
	};
	struct sip_client *client = NULL;
	struct sip_msg *invite;
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	invite = sip_msg_dup(&w.sent);
	for (i = 0; i < 2 * sizeof(extra) / sizeof(*extra); i++) {
		feed(&w, response_to(invite, "180 Ringing", "bob", extra[i / 2]));
		EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
		EXPECT_FALSE(w.event.reliable);
		sip_dialog_response(w.engine, d, w.event.msg);
	}
	feed(&w, response_to(invite, "100 Trying", "bob", "RSeq: 5\r\nRequire: 100rel\r\n"));
	EXPECT_FALSE(w.event.reliable);
	EXPECT_EQ(sip_request(w.engine, w.now, d, SIP_PRACK, NULL, &w, &client), -ENOENT);
	EXPECT_TRUE(silent(&w));
	end_call(&w, d, invite);
}

TEST_HARNESS_MAIN
