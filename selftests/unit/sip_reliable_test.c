// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reliable provisional responses (RFC 3262), sent and received: what is lost,
 * comes twice, in another order, from nobody, or never.
 */
#include "sip_harness.h"

#define INVITE REQUEST("INVITE", "1", "1", "Supported: timer, 100rel\r\n")

static u32 rseq_sent(const struct world *w)
{
	const struct sip_hdr *hdr = sip_msg_header(&w->sent, SIP_HDR_RSEQ);
	u32 rseq = 0;

	return hdr && slice_u32(hdr->value, &rseq) ? rseq : 0;
}

/* The peer's PRACK; cseq is that of the PRACK, the INVITE's is 1. */
static const char *prack(const char *branch, u32 cseq, const char *tag, u32 rseq)
{
	char extra[64];

	snprintf(extra, sizeof(extra), "RAck: %u 1 INVITE\r\n", rseq);
	return tagged("PRACK", branch, cseq, tag, extra);
}

static int ring(struct world *w, struct sip_server *s, struct sip_dialog *d, u16 status)
{
	return sip_respond_reliable(w->engine, w->now, s, d, status, NULL, NULL);
}

/* The peer's INVITE has come and rings reliably, once; its RSeq. */
static u32 begin(struct world *w, struct sip_server **s, struct sip_dialog **d)
{
	struct __test_metadata *_metadata = w->_metadata;

	feed(w, INVITE);
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	*s = w->event.server;
	ASSERT_EQ(sip_dialog_new_uas(w->engine, *s, w, d), 0);
	EXPECT_EQ(ring(w, *s, *d, 180), 0);
	expect_sent(w, "SIP/2.0 180 Ringing\r\n");
	return rseq_sent(w);
}

/* The PRACK just fed was taken, as one for s, and is answered. */
static void answer_prack(struct world *w, struct sip_server *s, struct sip_dialog *d)
{
	struct __test_metadata *_metadata = w->_metadata;

	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(w->event.msg->method, SIP_PRACK);
	EXPECT_EQ(w->event.dialog, d);
	EXPECT_EQ(w->event.invite, s);
	EXPECT_NE(w->event.server, s);
	EXPECT_EQ(respond(w, w->event.server, d, 200), 0);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 200 OK\r\n");
	EXPECT_EQ(w->sent.method, SIP_PRACK);
	EXPECT_FALSE(sent_has(w, "Contact"));
}

/* The call is refused and forgotten. */
static void finish(struct world *w, struct sip_server *s, struct sip_dialog *d)
{
	struct __test_metadata *_metadata = w->_metadata;

	respond(w, s, d, 486);
	expect_sent(w, "SIP/2.0 486");
	EXPECT_FALSE(sent_has(w, "RSeq"));
	sip_server_put(w->engine, w->now, s);
	feed(w, REQUEST("ACK", "1", "1", ""));
	sip_dialog_free(w->engine, d);
	stop(w);
}

TEST(it_says_what_it_wants_and_prack_ends_it)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	EXPECT_GE(rseq, 1);
	EXPECT_LE(rseq, INT32_MAX);
	EXPECT_TRUE(sent_has(&w, "\r\nRequire: 100rel\r\n"));
	EXPECT_TRUE(sent_has(&w, "\r\nContact: <sip:bob@" OURS ":5060>\r\n"));
	EXPECT_TRUE(slice_eq(w.sent.to.tag, slice_str(d->local_tag)));
	EXPECT_EQ(sip_server_unacknowledged(s, d), 1);
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	EXPECT_EQ(sip_server_unacknowledged(s, d), 0);
	EXPECT_EQ(d->remote_cseq, 2);
	answer_prack(&w, s, d);
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-no-prack"), 0);
	finish(&w, s, d);
}

/* T1, 2*T1, 4*T1 ..., and T2 is no limit (RFC 3262 §3). */
TEST(a_lost_one_is_sent_again_at_doubling_pauses)
{
	static const u64 pauses[] = { 500, 1000, 2000, 4000, 8000, 16000 };
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	size_t i;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	for (i = 0; i < 6; i++) {
		advance(&w, pauses[i] * MSEC - 1);
		EXPECT_TRUE(silent(&w));
		advance(&w, 1);
		expect_sent(&w, "SIP/2.0 180");
		EXPECT_EQ(rseq_sent(&w), rseq);
		EXPECT_TRUE(silent(&w));
	}
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 2);
	finish(&w, s, d);
}

TEST(so_it_is_with_connections)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq;

	start(&w, _metadata);
	feed_from(&w, &w.stream, INVITE);
	s = w.event.server;
	ASSERT_EQ(sip_dialog_new_uas(w.engine, s, &w, &d), 0);
	EXPECT_EQ(ring(&w, s, d, 183), 0);
	expect_sent(&w, "SIP/2.0 183");
	rseq = rseq_sent(&w);
	advance(&w, 1500 * MSEC);
	EXPECT_EQ(discard(&w), 2);
	feed_from(&w, &w.stream, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	EXPECT_EQ(w.last_flow.connection, w.stream.connection);
	advance(&w, 60 * SEC);
	finish(&w, s, d);
}

TEST(no_prack_at_all_is_told_after_64_t1)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	begin(&w, &s, &d);
	sip_server_set_user(s, &s);
	ring(&w, s, d, 183);
	advance(&w, 32 * SEC - 1);
	EXPECT_EQ(w.events, 1);
	EXPECT_EQ(discard(&w), 6);	/* at .5, 1.5, 3.5, 7.5, 15.5, 31.5 s */
	advance(&w, 1);
	EXPECT_EQ(w.event.type, SIP_EVENT_NO_PRACK);
	EXPECT_EQ(w.event.server, s);
	EXPECT_EQ(w.event.dialog, d);
	EXPECT_EQ(w.event.user, &s);
	EXPECT_EQ(counter(&w, "sip-no-prack"), 1);
	respond(&w, s, d, 504);
	expect_sent(&w, "SIP/2.0 504");
	sip_server_put(w.engine, w.now, s);
	feed(&w, REQUEST("ACK", "1", "1", ""));
	advance(&w, 60 * SEC);
	EXPECT_EQ(w.events, 2);		/* what waited behind it never went out */
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* The 200 to PRACK is lost: the transaction sends it again, the call hears of one. */
TEST(a_prack_that_comes_again_gets_its_200_again)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 200 OK\r\n");
	/* As another transaction there is nothing more to acknowledge. */
	feed(&w, prack("p2", 3, d->local_tag, rseq));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 481");
	EXPECT_EQ(counter(&w, "sip-stray-pracks-481"), 1);
	advance(&w, 60 * SEC);
	finish(&w, s, d);
}

TEST(a_prack_for_something_else_is_481_and_without_rack_400)
{
	static const struct {
		const char *extra, *answer;
		int rseq;	/* beside that of the response */
	} pracks[] = {
		{ "RAck: %u 1 INVITE\r\n", "SIP/2.0 481", 1 },
		{ "RAck: %u 1 INVITE\r\n", "SIP/2.0 481", -1 },
		{ "RAck: %u 2 INVITE\r\n", "SIP/2.0 481", 0 },
		{ "RAck: %u 1 UPDATE\r\n", "SIP/2.0 481", 0 },
		{ "X-RAck: %u 1 INVITE\r\n", "SIP/2.0 400", 0 },
		{ "RAck: %u\r\n", "SIP/2.0 400", 0 },
		{ "RAck: %u 1\r\n", "SIP/2.0 400", 0 },
		{ "RAck: %u INVITE\r\n", "SIP/2.0 400", 0 },
		{ "RAck: 0%u1111111111 1 INVITE\r\n", "SIP/2.0 400", 0 },
		{ "RAck: 0 1 INVITE\r\nX: %u\r\n", "SIP/2.0 400", 0 },
	};
	char extra[128], branch[8];
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	size_t i;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	for (i = 0; i < sizeof(pracks) / sizeof(*pracks); i++) {
		snprintf(extra, sizeof(extra), pracks[i].extra, rseq + (u32)pracks[i].rseq);
		snprintf(branch, sizeof(branch), "s%zu", i);
		feed(&w, tagged("PRACK", branch, 2, d->local_tag, extra));
		EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
		expect_sent(&w, pracks[i].answer);
	}
	EXPECT_EQ(sip_server_unacknowledged(s, d), 1);
	/* Of a stranger to the dialog it is 481 as any request is. */
	feed(&w, prack("x", 2, "somebody", rseq));
	expect_sent(&w, "SIP/2.0 481");
	EXPECT_EQ(counter(&w, "sip-unknown-dialog-481"), 1);
	/* And there is none outside of a dialog. */
	feed(&w, REQUEST("PRACK", "y", "2", "RAck: 1 1 INVITE\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 481");
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	finish(&w, s, d);
}

/* The first must be acknowledged before the second, and so on, goes out (RFC 3262 §3). */
TEST(several_go_out_one_after_the_other)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq, i;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	EXPECT_EQ(ring(&w, s, d, 181), 0);
	EXPECT_EQ(ring(&w, s, d, 183), 0);
	for (i = 3; i < SIP_MAX_RELIABLE; i++)
		EXPECT_EQ(ring(&w, s, d, 182), 0);
	EXPECT_EQ(ring(&w, s, d, 182), -ENOBUFS);
	EXPECT_EQ(sip_server_unacknowledged(s, d), SIP_MAX_RELIABLE);
	EXPECT_TRUE(silent(&w));
	/* What is not reliable goes by. */
	respond(&w, s, d, 199);
	expect_sent(&w, "SIP/2.0 199");
	EXPECT_FALSE(sent_has(&w, "RSeq"));
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	advance(&w, 0);
	expect_sent(&w, "SIP/2.0 181");
	EXPECT_EQ(rseq_sent(&w), rseq + 1);
	/* The second has pauses and an end of its own. */
	advance(&w, 499 * MSEC);
	EXPECT_TRUE(silent(&w));
	advance(&w, 1 * MSEC);
	expect_sent(&w, "SIP/2.0 181");
	feed(&w, prack("p2", 3, d->local_tag, rseq + 1));
	answer_prack(&w, s, d);
	advance(&w, 0);
	expect_sent(&w, "SIP/2.0 183");
	EXPECT_EQ(rseq_sent(&w), rseq + 2);
	/* An INVITE that comes again gets what was said last. */
	feed(&w, INVITE);
	expect_sent(&w, "SIP/2.0 183");
	finish(&w, s, d);
}

TEST(a_final_response_ends_it_but_its_prack_may_be_on_the_way)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	ring(&w, s, d, 183);
	EXPECT_EQ(respond(&w, s, d, 200), 0);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_EQ(ring(&w, s, d, 183), -EINVAL);
	feed(&w, tagged("ACK", "a", 1, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_ACK);
	advance(&w, 20 * SEC);
	EXPECT_TRUE(silent(&w));
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	advance(&w, 1 * SEC);
	EXPECT_TRUE(silent(&w));
	/* What never went out cannot be acknowledged. */
	feed(&w, prack("p2", 3, d->local_tag, rseq + 1));
	expect_sent(&w, "SIP/2.0 481");
	EXPECT_EQ(counter(&w, "sip-no-prack"), 0);
	sip_server_put(w.engine, w.now, s);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* Each To-tag of an INVITE that is answered by several is a user agent to the peer. */
TEST(dialogs_of_one_invite_count_for_themselves)
{
	struct sip_dialog *d, *other;
	u32 rseq, second;
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	ASSERT_EQ(sip_dialog_new_uas(w.engine, s, &w, &other), 0);
	EXPECT_EQ(ring(&w, s, other, 183), 0);
	expect_sent(&w, "SIP/2.0 183");		/* it waits for nobody */
	second = rseq_sent(&w);
	EXPECT_EQ(sip_server_unacknowledged(s, d), 1);
	EXPECT_EQ(sip_server_unacknowledged(s, other), 1);
	EXPECT_EQ(sip_server_unacknowledged(s, NULL), 2);
	/* Acknowledged in the wrong dialog it is not. */
	feed(&w, prack("p1", 2, other->local_tag, rseq));
	expect_sent(&w, "SIP/2.0 481");
	feed(&w, prack("p2", 3, other->local_tag, second));
	answer_prack(&w, s, other);
	EXPECT_EQ(sip_server_unacknowledged(s, NULL), 1);
	advance(&w, 500 * MSEC);
	expect_sent(&w, "SIP/2.0 180");
	EXPECT_EQ(rseq_sent(&w), rseq);
	/* A dialog that goes takes its own with it. */
	sip_dialog_free(w.engine, d);
	EXPECT_EQ(sip_server_unacknowledged(s, NULL), 0);
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	finish(&w, s, other);
}

TEST(what_cannot_be_reliable)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", "Supported: timer\r\n"));
	s = w.event.server;
	ASSERT_EQ(sip_dialog_new_uas(w.engine, s, &w, &d), 0);
	EXPECT_EQ(ring(&w, s, d, 180), -EOPNOTSUPP);
	EXPECT_EQ(ring(&w, s, d, 100), -EINVAL);
	EXPECT_EQ(ring(&w, s, d, 200), -EINVAL);
	EXPECT_EQ(ring(&w, s, NULL, 180), -EINVAL);
	feed(&w, tagged("INFO", "2", 2, d->local_tag, "Require: 100rel\r\n"));
	EXPECT_EQ(ring(&w, w.event.server, d, 180), -EINVAL);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 500");
	EXPECT_TRUE(silent(&w));
	finish(&w, s, d);
}

/* --- received --- */

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
