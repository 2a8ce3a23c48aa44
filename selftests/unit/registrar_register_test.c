// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a REGISTER does (RFC 3261 §10.3): contacts come, are refreshed and go, all that
 * one request asks for or nothing of it, and a change that is not written down yet is
 * seen by nobody.
 */
#include "registrar_harness.h"

FIXTURE(registrar) {
	struct world w;
};

FIXTURE_SETUP(registrar)
{
	start(&self->w, _metadata);
	phone(&self->w, "198.51.100.7:5060", 0);
}

FIXTURE_TEARDOWN(registrar)
{
	stop(&self->w);
}

#define DESK "Contact: <sip:alice@198.51.100.7>"

static bool aor_of(struct slice text, char aor[REGISTRAR_AOR])
{
	struct sip_uri uri;

	return sip_uri_parse(text, &uri) && registrar_aor(&uri, aor);
}

TEST_F(registrar, a_contact_is_bound_until_it_expires)
{
	struct world *w = &self->w;

	EXPECT_EQ(add(w, ALICE, "a", 1, DESK ";expires=100\r\n"), 200);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	advance(w, 99, true);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=1\r\n");
	advance(w, 1, true);
	EXPECT_STREQ(contacts(w, ALICE), "");
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(registrar_deadline(w->registrar), UINT64_MAX);
}

TEST_F(registrar, how_long_is_said_by_contact_then_by_expires_then_by_the_domain)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, DESK ";expires=100\r\nExpires: 200\r\n");
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	add(w, ALICE, "a", 2, DESK "\r\nExpires: 200\r\n");
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=200\r\n");
	add(w, ALICE, "a", 3, DESK "\r\n");
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=600\r\n");
	add(w, ALICE, "a", 4, DESK ";expires=soon\r\n");
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=3600\r\n");
	add(w, ALICE, "a", 5, DESK ";expires=4294967295\r\n");
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=7200\r\n");
	EXPECT_EQ(registrar_count(w->registrar), 1);
}

TEST_F(registrar, too_brief_is_refused_unless_it_is_an_hour)
{
	struct world *w = &self->w;

	EXPECT_EQ(add(w, ALICE, "a", 1, DESK ";expires=59\r\n"), 423);
	EXPECT_EQ(w->verdict.min_expires, 60);
	EXPECT_STREQ(contacts(w, ALICE), "");
	EXPECT_EQ(add(w, ALICE, "a", 2, DESK ";expires=60\r\n"), 200);
	w->policy.min = 7000;
	EXPECT_EQ(add(w, ALICE, "a", 3, DESK ";expires=3599\r\n"), 423);
	EXPECT_EQ(w->verdict.min_expires, 7000);
	EXPECT_EQ(add(w, ALICE, "a", 4, DESK ";expires=3600\r\n"), 200);
}

TEST_F(registrar, contacts_are_called_by_q_and_the_newest_first)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, "Contact: <sip:1@198.51.100.7>;q=0.5, <sip:2@198.51.100.7>\r\n");
	add(w, ALICE, "b", 1, "Contact: <sip:3@198.51.100.7>;q=1.0\r\n");
	ASSERT_EQ(registrar_lookup(w->registrar, w->now, ALICE, found), 3);
	EXPECT_TRUE(slice_eq(found[0].uri, SLICE("sip:3@198.51.100.7")));
	EXPECT_TRUE(slice_eq(found[1].uri, SLICE("sip:2@198.51.100.7")));
	EXPECT_TRUE(slice_eq(found[2].uri, SLICE("sip:1@198.51.100.7")));
	EXPECT_EQ(found[2].q, 500);
	EXPECT_STREQ(found[2].aor, ALICE);
	EXPECT_EQ(registrar_lookup(w->registrar, w->now, "bob@example.com", found), 0);
}

TEST_F(registrar, a_fetch_changes_nothing)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, DESK "\r\n");
	EXPECT_EQ(ask(w, ALICE, "a", 2, ""), 200);
	EXPECT_EQ(w->verdict.change, NULL);
	EXPECT_EQ(ask(w, "bob@example.com", "b", 1, ""), 200);
	EXPECT_EQ(registrar_count(w->registrar), 1);
}

TEST_F(registrar, what_a_contact_says_of_itself_is_repeated)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1,
	    "Contact: \"Desk\" <sip:alice@198.51.100.7;transport=udp>;q=0.7;"
	    "+sip.instance=\"<urn:uuid:1>\";expires=90;methods=\"INVITE,\r\n BYE\"\r\n");
	EXPECT_STREQ(contacts(w, ALICE),
		     "Contact: <sip:alice@198.51.100.7;transport=udp>;"
		     "+sip.instance=\"<urn:uuid:1>\";methods=\"INVITE,   BYE\";q=0.700;expires=90\r\n");
}

TEST_F(registrar, a_refresh_knows_its_contact_by_the_rules_of_uris)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@HOST.example.com;transport=UDP>\r\n");
	add(w, ALICE, "a", 2, "Contact: <sip:%61lice@host.example.com;transport=udp>\r\n");
	EXPECT_EQ(registrar_count(w->registrar), 1);
	add(w, ALICE, "a", 3, "Contact: <sip:Alice@host.example.com;transport=udp>\r\n");
	EXPECT_EQ(registrar_count(w->registrar), 2);
}

TEST_F(registrar, the_last_of_equal_contacts_in_one_request_counts)
{
	struct world *w = &self->w;

	EXPECT_EQ(add(w, ALICE, "a", 1, DESK ";expires=100\r\n" DESK ";expires=200\r\n"), 200);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=200\r\n");
	EXPECT_EQ(add(w, ALICE, "a", 2, DESK ";expires=100, <sip:alice@198.51.100.7>;expires=0\r\n"),
		  200);
	EXPECT_STREQ(contacts(w, ALICE), "");
}

TEST_F(registrar, an_older_request_of_the_same_phone_is_refused)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 5, DESK ";expires=100\r\n");
	EXPECT_EQ(add(w, ALICE, "a", 5, DESK ";expires=200\r\n"), 500);
	EXPECT_EQ(add(w, ALICE, "a", 4, DESK ";expires=0\r\n"), 500);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	EXPECT_EQ(add(w, ALICE, "b", 1, DESK ";expires=300\r\n"), 200);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=300\r\n");
}

TEST_F(registrar, one_wrong_contact_spoils_all)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, DESK ";expires=100\r\n");
	EXPECT_EQ(add(w, ALICE, "a", 2, DESK ";expires=0, <sip:new@198.51.100.7>, <tel:+123>\r\n"),
		  400);
	EXPECT_EQ(add(w, ALICE, "a", 3, DESK ";expires=0, <sip:new@198.51.100.7>;expires=5\r\n"),
		  423);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	EXPECT_EQ(registrar_count(w->registrar), 1);
}

TEST_F(registrar, so_many_contacts_and_no_more)
{
	struct world *w = &self->w;

	EXPECT_EQ(add(w, ALICE, "a", 1, "Contact: <sip:1@1.1.1.1>, <sip:2@1.1.1.1>\r\n"), 200);
	EXPECT_EQ(add(w, ALICE, "b", 1, "Contact: <sip:3@1.1.1.1>, <sip:4@1.1.1.1>\r\n"), 403);
	EXPECT_EQ(registrar_count(w->registrar), 2);
	EXPECT_EQ(add(w, ALICE, "b", 2, "Contact: <sip:3@1.1.1.1>, <sip:4@1.1.1.1>,"
		      " <sip:1@1.1.1.1>;expires=0\r\n"), 200);
	EXPECT_EQ(registrar_count(w->registrar), 3);
	EXPECT_EQ(add(w, "bob@example.com", "c", 1, "Contact: <sip:1@1.1.1.1>\r\n"), 200);
}

TEST_F(registrar, a_star_takes_all_away)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, "Contact: <sip:1@1.1.1.1>, <sip:2@1.1.1.1>\r\n");
	EXPECT_EQ(add(w, ALICE, "a", 2, "Contact: *\r\n"), 400);
	EXPECT_EQ(add(w, ALICE, "a", 2, "Contact: *\r\nExpires: 60\r\n"), 400);
	EXPECT_EQ(add(w, ALICE, "a", 2, "Contact: *\r\n" DESK "\r\nExpires: 0\r\n"), 400);
	EXPECT_EQ(add(w, ALICE, "a", 2, DESK "\r\nContact: *\r\nExpires: 0\r\n"), 400);
	EXPECT_EQ(add(w, ALICE, "a", 1, "Contact: *\r\nExpires: 0\r\n"), 500);
	EXPECT_EQ(registrar_count(w->registrar), 2);
	EXPECT_EQ(add(w, ALICE, "a", 2, "Contact: *\r\nExpires: 0\r\n"), 200);
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(ask(w, ALICE, "a", 3, "Contact: *\r\nExpires: 0\r\n"), 200);
	EXPECT_EQ(w->verdict.change, NULL);
}

TEST_F(registrar, nobody_sees_a_change_before_it_is_committed)
{
	struct world *w = &self->w;
	struct registrar_change *change;
	char *text;

	add(w, ALICE, "a", 1, DESK ";expires=100\r\n");
	EXPECT_EQ(ask(w, ALICE, "a", 2, DESK ";expires=0, <sip:new@198.51.100.7>\r\n"), 200);
	change = w->verdict.change;
	ASSERT_NE(change, NULL);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	EXPECT_TRUE(registrar_is_busy(w->registrar, ALICE));
	EXPECT_EQ(ask(w, ALICE, "b", 1, DESK "\r\n"), 503);
	EXPECT_FALSE(registrar_delete(w->registrar, ALICE));
	text = saved(w, 1);
	ASSERT_NE(text, NULL);
	EXPECT_NE(strstr(text, "sip:new@"), NULL);
	EXPECT_EQ(strstr(text, "sip:alice@198"), NULL);
	free(text);
	registrar_commit(w->registrar, w->now, change);
	EXPECT_STREQ(contacts(w, ALICE), "Contact: <sip:new@198.51.100.7>;expires=600\r\n");
	EXPECT_FALSE(registrar_is_busy(w->registrar, ALICE));
}

TEST_F(registrar, a_change_that_is_not_written_never_was)
{
	struct world *w = &self->w;

	ask(w, ALICE, "a", 1, DESK "\r\n");
	registrar_abort(w->registrar, w->verdict.change);
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(saved(w, 1), NULL);
	add(w, ALICE, "a", 2, DESK ";expires=100\r\n");
	ask(w, ALICE, "a", 3, "Contact: *\r\nExpires: 0\r\n");
	registrar_abort(w->registrar, w->verdict.change);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	EXPECT_EQ(add(w, ALICE, "a", 3, DESK ";expires=200\r\n"), 200);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=200\r\n");
}

/* The disk is slow: the old contact expires, and its phone goes, while the change waits. */
TEST_F(registrar, a_contact_may_go_while_a_change_waits)
{
	struct world *w = &self->w;
	struct registrar_change *change;

	phone(w, "198.51.100.7:40000", 7);
	add(w, ALICE, "a", 1, DESK ";expires=100\r\n");
	add(w, ALICE, "b", 1, "Contact: <sip:b@198.51.100.7>\r\n");
	ask(w, ALICE, "a", 2, DESK ";expires=200\r\n");
	change = w->verdict.change;
	advance(w, 100, true);
	EXPECT_EQ(registrar_closed(w->registrar, &w->flow), 1);
	EXPECT_EQ(registrar_stale(w->registrar), 0);
	registrar_commit(w->registrar, w->now, change);
	EXPECT_STREQ(contacts(w, ALICE), DESK ";expires=100\r\n");
	EXPECT_EQ(registrar_stale(w->registrar), 1);
	EXPECT_EQ(registrar_stale(w->registrar), 0);
}

TEST_F(registrar, what_is_too_long_or_malformed_is_refused)
{
	struct world *w = &self->w;
	char line[5000];

	snprintf(line, sizeof(line), "Contact: <sip:%04500d@1.1.1.1>\r\n", 0);
	EXPECT_EQ(add(w, ALICE, "a", 1, line), 400);
	EXPECT_EQ(add(w, ALICE, "a", 1, "Contact: <http://example.com>\r\n"), 400);
	EXPECT_EQ(add(w, ALICE, "a", 1, "Contact: <sip:>\r\n"), 400);
	EXPECT_EQ(registrar_count(w->registrar), 0);
}

/* Else it would be in no 200, nor read again after a restart. */
TEST_F(registrar, a_path_that_no_route_could_have_is_refused)
{
	static const char *const wrong[] = {
		"garbage", "<garbage", "\"abc", "<tel:12;lr>", "<sip:p\x01;lr>", "<sip:p%0d;lr>x",
		"<sip:p;lr>, <sip:>", "sip:p;lr", "<sip:\xc3\xa9@p;lr>",
	};
	struct world *w = &self->w;
	char line[200];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(line, sizeof(line), "Contact: <sip:a@1.1.1.1>\r\nPath: %s\r\n", wrong[i]);
		EXPECT_EQ(add(w, ALICE, "a", 1, line), 400) {
			TH_LOG("%s", line);
		}
	}
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(add(w, ALICE, "a", 1, "Contact: <sip:a@1.1.1.1>\r\nPath: ,<sip:p;lr>;x=y,\r\n"
		      "Path: \r\nPath: \"q, q\" <sips:p2;lr>\r\n"), 200);
}

TEST_F(registrar, all_contacts_have_room_in_the_200_of_a_datagram)
{
	struct world *w = &self->w;
	u16 status = 200;
	char line[4000];
	u32 n;

	w->policy.contacts = 32;
	for (n = 0; status == 200 && n < 32; n++) {
		snprintf(line, sizeof(line), "Contact: <sip:%u@1.1.1.1>;p=%03500d\r\n", n, 0);
		status = add(w, ALICE, "a", n + 1, line);
	}
	EXPECT_EQ(status, 403);
	EXPECT_EQ(registrar_count(w->registrar), n - 1);
	EXPECT_GT(n, 10);
	EXPECT_LE(strlen(contacts(w, ALICE)), 50000);
	EXPECT_EQ(add(w, ALICE, "a", 100, "Contact: *\r\nExpires: 0\r\n"), 200);
}

TEST_F(registrar, an_address_of_record_has_one_form)
{
	char aor[REGISTRAR_AOR], text[700];

	EXPECT_TRUE(aor_of(SLICE("sips:%61l%69ce@EXAMPLE.com:5061;user=phone"), aor));
	EXPECT_STREQ(aor, ALICE);
	EXPECT_TRUE(aor_of(SLICE("sip:Alice@example.com"), aor));
	EXPECT_STREQ(aor, "Alice@example.com");
	EXPECT_FALSE(aor_of(SLICE("sip:a%0d%0a@example.com"), aor));
	EXPECT_FALSE(aor_of(SLICE("sip:example.com"), aor));
	EXPECT_FALSE(aor_of(SLICE("tel:+123"), aor));
	snprintf(text, sizeof(text), "sip:%0318d@x", 0);
	EXPECT_FALSE(aor_of(slice_str(text), aor));
	snprintf(text, sizeof(text), "sip:%0317d@x", 0);
	EXPECT_TRUE(aor_of(slice_str(text), aor));
}

TEST_HARNESS_MAIN
