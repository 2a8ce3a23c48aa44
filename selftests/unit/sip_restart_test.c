// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dialogs from before a restart: the transactions in them are gone, and whoever was in one sends
 * what he sent.
 */
#include "sip_accept.h"

static struct sip_dialog *restored(struct world *w, struct sip_dialog *d)
{
	struct sip_dialog *again = sip_dialog_restore(w->engine, d, NULL);

	sip_dialog_free(w->engine, d);
	return again;
}

static void takes(struct world *w, struct sip_dialog *d, const char *branch, u32 cseq)
{
	feed(w, tagged("INFO", branch, cseq, d->local_tag, ""));
	answer_in(w, d, 200);
	expect_sent(w, "SIP/2.0 200");
}

static void refuses(struct world *w, struct sip_dialog *d, const char *branch, u32 cseq)
{
	struct __test_metadata *_metadata = w->_metadata;

	feed(w, tagged("INFO", branch, cseq, d->local_tag, ""));
	EXPECT_EQ(w->event.type, SIP_EVENT_NONE);
	expect_sent(w, "SIP/2.0 500");
}

TEST(the_last_request_from_before_a_restart_is_taken_once_more)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "10", ""));
	takes(&w, d, "2", 11);
	takes(&w, d, "3", 12);
	d = restored(&w, d);
	ASSERT_NE(d, NULL);
	refuses(&w, d, "4", 11);
	takes(&w, d, "5", 12);
	refuses(&w, d, "6", 12);
	takes(&w, d, "7", 13);
	refuses(&w, d, "8", 12);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* Until it is too long ago. */
TEST(earlier_ones_are_taken_when_they_are_expected)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "40", ""));
	d = restored(&w, d);
	ASSERT_NE(d, NULL);
	sip_dialog_expect(d, 0);
	sip_dialog_expect(d, 8);
	sip_dialog_expect(d, 9);
	sip_dialog_expect(d, 20);
	sip_dialog_expect(d, 30);
	sip_dialog_expect(d, 41);
	EXPECT_FALSE(sip_dialog_expects(d, 0) || sip_dialog_expects(d, 8) ||
		     sip_dialog_expects(d, 41));
	EXPECT_TRUE(sip_dialog_expects(d, 9) && sip_dialog_expects(d, 40));
	takes(&w, d, "2", 20);
	refuses(&w, d, "3", 20);
	takes(&w, d, "4", 41);
	refuses(&w, d, "5", 9);
	takes(&w, d, "6", 30);
	takes(&w, d, "7", 40);
	EXPECT_EQ(d->remote_cseq, 41);
	takes(&w, d, "8", 200);
	EXPECT_EQ(d->again, 0);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

static char *lost_2xx(const struct sip_dialog *d, const char *tag, u32 cseq)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " OURS ":5060;branch=z9hG4bKlost\r\n"
		 "From: <sip:bob@example.com>;tag=%s\r\nTo: <sip:alice@" PEER ">;tag=%s\r\n"
		 "Call-ID: %s\r\nCSeq: %u INVITE\r\n" CONTACT "Content-Length: 0\r\n\r\n",
		 d->local_tag, tag, d->call_id, cseq);
	return text;
}

/* Nobody has its INVITE any more, but its peer sends it until there is an ACK. */
TEST(a_2xx_of_before_a_restart_has_its_ack)
{
	struct flow stranger = { .listener = 0 };
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", ""));
	d->local_cseq = 5;
	feed(&w, lost_2xx(d, "alice", 3));
	EXPECT_TRUE(silent(&w));
	d = restored(&w, d);
	ASSERT_NE(d, NULL);
	feed(&w, lost_2xx(d, "alice", 3));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "ACK sip:alice@" PEER ":5060 SIP/2.0\r\n");
	EXPECT_EQ(w.sent.cseq, 3);
	EXPECT_TRUE(slice_eq(w.sent.to.tag, SLICE("alice")));
	feed(&w, lost_2xx(d, "mallory", 3));
	EXPECT_TRUE(silent(&w));
	feed(&w, lost_2xx(d, "alice", 6));
	EXPECT_TRUE(silent(&w));
	addr_parse(SLICE("203.0.113.66:5060"), &stranger.peer);
	feed_from(&w, &stranger, lost_2xx(d, "alice", 3));
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-stray-responses-dropped"), 5);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_request_of_ours_goes_again_as_what_it_was)
{
	struct sip_sent sent, other;
	struct sip_client *client;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", ""));
	client = request(&w, d, SIP_INFO);
	expect_sent(&w, "INFO ");
	sip_client_sent_as(client, &sent);
	EXPECT_TRUE(sip_sent_is_ours(&sent));
	EXPECT_EQ(sent.cseq, w.sent.cseq);
	EXPECT_TRUE(slice_eq(w.sent.via.branch, slice_str(sent.branch)));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	request(&w, d, SIP_INFO);
	expect_sent(&w, "INFO ");
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	advance(&w, 10 * NSEC_PER_SEC);
	ASSERT_EQ(sip_request_again(w.engine, w.now, d, SIP_INFO, &sent, NULL, NULL, &client), 0);
	expect_sent(&w, "INFO ");
	EXPECT_EQ(sent.cseq, w.sent.cseq);
	EXPECT_TRUE(slice_eq(w.sent.via.branch, slice_str(sent.branch)));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	EXPECT_EQ(w.event.client, client);
	/* and the next one is the next one */
	request(&w, d, SIP_INFO);
	expect_sent(&w, "INFO ");
	EXPECT_EQ(w.sent.cseq, sent.cseq + 2);
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	EXPECT_EQ(sip_request_again(w.engine, w.now, d, SIP_BYE, &sent, NULL, NULL, &client),
		  -EINVAL);
	other = sent;
	other.cseq += 3;
	EXPECT_EQ(sip_request_again(w.engine, w.now, d, SIP_INFO, &other, NULL, NULL, &client),
		  -EINVAL);
	strcpy(other.branch, "z9hG4bK0123456789abcde");
	EXPECT_FALSE(sip_sent_is_ours(&other));
	strcpy(other.branch, "z9hG4bK0123456789abcdeg");
	EXPECT_FALSE(sip_sent_is_ours(&other));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
