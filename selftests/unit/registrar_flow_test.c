// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a contact is reached: by its own address, or by the way that its REGISTER came when
 * a NAT is in between; how that way is kept open; and whose flow it is.
 */
#include "registrar_harness.h"

FIXTURE(flow) {
	struct world w;
};

FIXTURE_SETUP(flow)
{
	start(&self->w, _metadata);
	phone(&self->w, "198.51.100.7:5060", 0);
}

FIXTURE_TEARDOWN(flow)
{
	stop(&self->w);
}

static struct registrar_contact only_contact(struct world *w, const char *aor)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct registrar_contact found[REGISTRAR_CONTACTS] = { 0 };

	EXPECT_EQ(registrar_lookup(w->registrar, w->now, aor, found), 1);
	return found[0];
}

TEST_F(flow, a_contact_at_its_source_is_no_nat)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@198.51.100.7:5070>\r\n");
	EXPECT_FALSE(only_contact(w, ALICE).nat);
}

TEST_F(flow, a_contact_elsewhere_is_behind_a_nat_and_printed_as_it_was)
{
	struct world *w = &self->w;
	struct registrar_contact contact;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3:5070>\r\n");
	contact = only_contact(w, ALICE);
	EXPECT_TRUE(contact.nat);
	EXPECT_TRUE(addr_eq(&contact.flow.peer, &w->flow.peer));
	EXPECT_STREQ(contacts(w, ALICE), "Contact: <sip:alice@10.0.0.3:5070>;expires=600\r\n");
}

TEST_F(flow, so_is_one_whose_via_is_elsewhere_or_whose_contact_is_a_name)
{
	struct world *w = &self->w;

	strcpy(w->from, "10.0.0.3");
	add(w, ALICE, "a", 1, "Contact: <sip:alice@198.51.100.7>\r\n");
	EXPECT_TRUE(only_contact(w, ALICE).nat);
	strcpy(w->from, "198.51.100.7");
	add(w, "bob@example.com", "b", 1, "Contact: <sip:bob@jk3h.invalid;transport=ws>\r\n");
	EXPECT_TRUE(only_contact(w, "bob@example.com").nat);
}

TEST_F(flow, a_domain_may_take_everybody_for_one_behind_a_nat)
{
	struct world *w = &self->w;

	w->policy.nat = true;
	add(w, ALICE, "a", 1, "Contact: <sip:alice@198.51.100.7>\r\n");
	EXPECT_TRUE(only_contact(w, ALICE).nat);
}

TEST_F(flow, an_edge_proxy_knows_the_way)
{
	struct world *w = &self->w;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n"
	    "Path: <sip:p1.example.com;lr>\r\nPath: <sip:p2.example.com;lr>,\r\n <sip:p3;lr>\r\n");
	EXPECT_FALSE(only_contact(w, ALICE).nat);
	EXPECT_TRUE(slice_eq(only_contact(w, ALICE).path,
			     SLICE("<sip:p1.example.com;lr>, <sip:p2.example.com;lr>, <sip:p3;lr>")));
}

TEST_F(flow, whoever_sends_by_a_flow_is_one_of_those_who_registered_by_it)
{
	const struct registrar_binding *at = NULL;
	struct world *w = &self->w;
	struct flow other;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n");
	add(w, "bob@example.com", "a", 2, "Contact: <sip:bob@10.0.0.3>\r\n");
	EXPECT_TRUE(registrar_flow_is(w->registrar, &w->flow, ALICE));
	EXPECT_TRUE(registrar_flow_is(w->registrar, &w->flow, "bob@example.com"));
	EXPECT_FALSE(registrar_flow_is(w->registrar, &w->flow, "eve@example.com"));
	other = w->flow;
	other.peer.port++;
	EXPECT_EQ(registrar_flow_user(w->registrar, &other, &at), NULL);
	other = w->flow;
	other.listener = 1;
	EXPECT_EQ(registrar_flow_user(w->registrar, &other, &at), NULL);
	advance(w, 600, true);
	EXPECT_EQ(registrar_flow_user(w->registrar, &w->flow, &at), NULL);
}

TEST_F(flow, of_a_stream_only_the_connection_counts)
{
	const struct registrar_binding *at = NULL;
	struct world *w = &self->w;

	phone(w, "198.51.100.7:40000", 7);
	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n");
	w->flow.connection = 8;
	EXPECT_EQ(registrar_flow_user(w->registrar, &w->flow, &at), NULL);
	w->flow.connection = 0;
	EXPECT_EQ(registrar_flow_user(w->registrar, &w->flow, &at), NULL);
	EXPECT_EQ(registrar_closed(w->registrar, &w->flow), 0);
	w->flow.connection = 7;
	ASSERT_TRUE(addr_parse(SLICE("203.0.113.1:1"), &w->flow.peer));
	EXPECT_STREQ(registrar_flow_user(w->registrar, &w->flow, &at), ALICE);
}

TEST_F(flow, a_connection_takes_its_bindings_with_it)
{
	struct world *w = &self->w;

	phone(w, "198.51.100.7:40000", 7);
	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>, <sip:a@10.0.0.3>\r\n");
	add(w, "bob@example.com", "b", 1, "Contact: <sip:bob@10.0.0.3>\r\n");
	phone(w, "198.51.100.7:5060", 0);
	add(w, ALICE, "c", 1, "Contact: <sip:c@10.0.0.3>\r\n");
	phone(w, "198.51.100.7:40000", 7);
	EXPECT_EQ(registrar_closed(w->registrar, &w->flow), 3);
	EXPECT_STREQ(contacts(w, ALICE), "Contact: <sip:c@10.0.0.3>;expires=600\r\n");
	EXPECT_STREQ(contacts(w, "bob@example.com"), "");
	EXPECT_NE(registrar_stale(w->registrar), 0);
	EXPECT_NE(registrar_stale(w->registrar), 0);
	EXPECT_EQ(registrar_stale(w->registrar), 0);
}

static void keep_alive(struct world *w)
{
	w->policy.keepalive = REGISTRAR_OPTIONS;
	w->policy.interval = 30;
}

/* Every 22.5 to 30 s, so that phones that came at once do not stay together. */
TEST_F(flow, one_behind_a_nat_is_kept_alive)
{
	struct world *w = &self->w;
	unsigned int n;

	keep_alive(w);
	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n");
	EXPECT_EQ(advance(w, 22, true), 0);
	EXPECT_EQ(advance(w, 8, true), 1);
	n = advance(w, 569, true);
	EXPECT_GE(n, 569 / 30);
	EXPECT_LE(n, 569 / 22 + 1);
	EXPECT_EQ(registrar_count(w->registrar), 1);
	advance(w, 1, true);
	EXPECT_EQ(registrar_count(w->registrar), 0);
}

TEST_F(flow, one_that_needs_none_gets_none)
{
	struct world *w = &self->w;

	keep_alive(w);
	add(w, ALICE, "a", 1, "Contact: <sip:alice@198.51.100.7>\r\n");
	EXPECT_EQ(advance(w, 599, true), 0);
}

TEST_F(flow, one_that_does_not_answer_three_times_is_gone)
{
	struct world *w = &self->w;

	keep_alive(w);
	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n");
	EXPECT_EQ(advance(w, 30, false), 1);
	EXPECT_EQ(advance(w, 30, true), 1);
	EXPECT_EQ(advance(w, 30, false), 1);
	EXPECT_EQ(registrar_count(w->registrar), 1);
	EXPECT_EQ(advance(w, 60, false), 2);
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(advance(w, 600, false), 0);
	EXPECT_EQ(registrar_stale(w->registrar), 1);
}

TEST_F(flow, what_is_said_of_one_that_is_gone_does_no_harm)
{
	struct world *w = &self->w;
	u64 id;

	add(w, ALICE, "a", 1, "Contact: <sip:alice@10.0.0.3>\r\n");
	id = only_contact(w, ALICE).id;
	add(w, ALICE, "a", 2, "Contact: <sip:alice@10.0.0.3>\r\n");
	EXPECT_FALSE(registrar_answered(w->registrar, id, false));
	EXPECT_TRUE(registrar_answered(w->registrar, only_contact(w, ALICE).id, true));
}

TEST_HARNESS_MAIN
