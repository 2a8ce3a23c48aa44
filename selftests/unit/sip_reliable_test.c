// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reliable provisional responses that we send (RFC 3262 §3), and the peer's PRACK:
 * what is lost, comes twice, from nobody, or never.
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

/* Between a PRACK and the next in the queue. */
TEST(a_final_response_overtakes_what_waits)
{
	struct sip_server *s;
	struct sip_dialog *d;
	struct world w;
	u32 rseq;

	start(&w, _metadata);
	rseq = begin(&w, &s, &d);
	ring(&w, s, d, 183);
	feed(&w, prack("p1", 2, d->local_tag, rseq));
	answer_prack(&w, s, d);
	respond(&w, s, d, 486);
	expect_sent(&w, "SIP/2.0 486");
	EXPECT_EQ(sip_server_unacknowledged(s, d), 0);
	sip_server_put(w.engine, w.now, s);
	feed(&w, REQUEST("ACK", "1", "1", ""));
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 2);
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

TEST_HARNESS_MAIN
