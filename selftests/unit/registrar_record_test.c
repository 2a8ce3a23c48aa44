// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written of bindings and read again, and what 100 000 of them cost.
 */
#include <malloc.h>

#include "registrar_harness.h"

#define MANY 100000
#define MOST 1024		/* bytes a binding, all included */

#ifdef __SANITIZE_ADDRESS__
#define OWN_MALLOC false
#else
#define OWN_MALLOC true
#endif

FIXTURE(record) {
	struct world w;
};

FIXTURE_SETUP(record)
{
	start(&self->w, _metadata);
	phone(&self->w, "198.51.100.7:5060", 0);
}

FIXTURE_TEARDOWN(record)
{
	stop(&self->w);
}

static void restart(struct world *w)
{
	registrar_free(w->registrar);
	start_registrar(w);
}

TEST_F(record, a_binding_is_what_it_was_after_a_restart)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	struct world *w = &self->w;
	char *text, *again;

	w->policy.keepalive = REGISTRAR_CRLF;
	w->policy.interval = 25;
	add(w, ALICE, "one", 7, "Contact: <sip:a@10.0.0.3>;x=y;q=0.3, <sip:b@10.0.0.3>;q=0.3\r\n"
	    "User-Agent: desk \"phone\"\r\n");
	phone(w, "198.51.100.8:40000", 9);
	add(w, ALICE, "two", 1, "Contact: <sip:c@10.0.0.3>\r\nPath: <sip:p;lr>\r\n");
	text = saved(w, 1);
	ASSERT_NE(text, NULL);
	restart(w);
	w->now += 100 * SEC;
	ASSERT_EQ(restore(w, 1, text), NULL);
	EXPECT_STREQ(contacts(w, ALICE), "Contact: <sip:c@10.0.0.3>;expires=500\r\n"
		     "Contact: <sip:b@10.0.0.3>;q=0.300;expires=500\r\n"
		     "Contact: <sip:a@10.0.0.3>;x=y;q=0.300;expires=500\r\n");
	ASSERT_EQ(registrar_lookup(w->registrar, w->now, ALICE, found), 3);
	EXPECT_TRUE(slice_eq(found[0].path, SLICE("<sip:p;lr>")));
	EXPECT_EQ(found[0].flow.listener, 1);
	EXPECT_EQ(found[0].flow.connection, 0);
	EXPECT_TRUE(slice_eq(found[2].agent, SLICE("desk \"phone\"")));
	EXPECT_TRUE(found[2].nat);
	EXPECT_EQ(found[2].cseq, 7);
	EXPECT_EQ(found[2].keepalive, REGISTRAR_CRLF);
	EXPECT_EQ(registrar_stale(w->registrar), 0);
	again = saved(w, 1);
	EXPECT_STREQ(again, text);
	free(again);
	free(text);
	phone(w, "198.51.100.7:5060", 0);
	EXPECT_EQ(add(w, ALICE, "one", 7, "Contact: <sip:a@10.0.0.3>\r\n"), 500);
	EXPECT_GE(advance(w, 25, true), 2);
}

TEST_F(record, new_records_do_not_take_the_numbers_of_old_ones)
{
	struct world *w = &self->w;
	char *text;

	add(w, ALICE, "a", 1, "Contact: <sip:a@10.0.0.3>\r\n");
	text = saved(w, 1);
	restart(w);
	ASSERT_EQ(restore(w, 41, text), NULL);
	free(text);
	ask(w, "bob@example.com", "b", 1, "Contact: <sip:b@10.0.0.3>\r\n");
	EXPECT_EQ(w->verdict.record, 42);
	commit(w);
	ask(w, ALICE, "a", 2, "Contact: <sip:a@10.0.0.3>\r\n");
	EXPECT_EQ(w->verdict.record, 41);
	commit(w);
}

TEST_F(record, what_expired_meanwhile_is_left_out_and_written_again)
{
	struct world *w = &self->w;
	char *text;

	add(w, ALICE, "a", 1, "Contact: <sip:a@10.0.0.3>;expires=60, <sip:b@10.0.0.3>\r\n");
	text = saved(w, 1);
	restart(w);
	w->now += 60 * SEC;
	EXPECT_EQ(restore(w, 1, text), NULL);
	EXPECT_STREQ(contacts(w, ALICE), "Contact: <sip:b@10.0.0.3>;expires=540\r\n");
	EXPECT_EQ(registrar_stale(w->registrar), 1);
	restart(w);
	w->now += 600 * SEC;
	EXPECT_EQ(restore(w, 1, text), NULL);
	free(text);
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(registrar_stale(w->registrar), 1);
	EXPECT_EQ(saved(w, 1), NULL);
}

TEST_F(record, a_listener_that_is_no_longer_configured_leads_to_nobody)
{
	struct world *w = &self->w;
	char *text;

	add(w, ALICE, "a", 1, "Contact: <sip:a@10.0.0.3>\r\n");
	text = saved(w, 1);
	w->listeners[0].local.port++;
	restart(w);
	EXPECT_EQ(restore(w, 1, text), NULL);
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(registrar_homeless(w->registrar), 1);
	EXPECT_EQ(registrar_stale(w->registrar), 1);
	free(text);
}

#define RECORD(uri, more) \
	"{\"version\":1,\"aor\":\"" ALICE "\",\"bindings\":[{\"expires\":1800000000000,\"cseq\":1," \
	"\"q\":1000,\"nat\":true,\"keepalive\":0,\"interval\":0,\"peer\":\"1.1.1.1:5\"," \
	"\"listener\":\"192.0.2.1:5060\",\"transport\":\"UDP\",\"contact\":\"" uri "\"," \
	more "\"params\":\"\",\"call_id\":\"x\",\"agent\":\"\"}]}"

TEST_F(record, what_no_phone_could_have_registered_is_refused)
{
	struct world *w = &self->w;

	EXPECT_STREQ(restore(w, 1, "{"), "JSON");
	EXPECT_STREQ(restore(w, 1, "[]"), "JSON");
	EXPECT_STREQ(restore(w, 1, "{\"aor\":\"" ALICE "\",\"version\":2,\"bindings\":[]}"), "version");
	EXPECT_STREQ(restore(w, 1, "{\"aor\":\"alice\",\"version\":1,\"bindings\":[]}"), "aor");
	EXPECT_STREQ(restore(w, 1, RECORD("sip:a@b>\\r\\n", "\"path\":\"\",")), "contact");
	EXPECT_STREQ(restore(w, 1, RECORD("sip:a@b c", "\"path\":\"\",")), "contact");
	EXPECT_STREQ(restore(w, 1, RECORD("tel:1", "\"path\":\"\",")), "contact");
	EXPECT_STREQ(restore(w, 1, RECORD("sip:a@b", "\"path\":\"<\",")), "path");
	EXPECT_STREQ(restore(w, 1, RECORD("sip:a@b", "")), "path");
	EXPECT_EQ(registrar_count(w->registrar), 0);
	EXPECT_EQ(restore(w, 1, RECORD("sip:a@b", "\"path\":\"\",")), NULL);
	EXPECT_STREQ(restore(w, 2, RECORD("sip:a@b", "\"path\":\"\",")), "aor");
	EXPECT_EQ(registrar_count(w->registrar), 1);
}

static size_t held(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* As long as those of usual phones. */
static void register_many(struct world *w)
{
	char aor[64], call_id[64], headers[400];
	int i;

	for (i = 0; i < MANY; i++) {
		snprintf(aor, sizeof(aor), "user%06d@example.com", i);
		snprintf(call_id, sizeof(call_id), "313937%06d-nqfbprbbxn3k@10.0.100.200", i);
		snprintf(headers, sizeof(headers),
			 "Contact: <sip:user%06d@10.0.100.200:2048;line=mi3w%06d>;reg-id=1;"
			 "+sip.instance=\"<urn:uuid:5ba5e4de-2b13-4c4d-9f3d-%012d>\"\r\n"
			 "User-Agent: snomD785/10.1.198.19\r\n", i, i, i);
		w->flow.peer.port = (u16)(1024 + i % 60000);
		add(w, aor, call_id, 1, headers);
	}
}

TEST_F(record, a_hundred_thousand_bindings_are_small)
{
	size_t before = held(), each;
	struct world *w = &self->w;

	if (!OWN_MALLOC)
		SKIP(return, "a sanitizer's malloc says nothing of what it holds");
	register_many(w);
	each = (held() - before) / MANY;
	TH_LOG("%zu bytes a binding", each);
	EXPECT_LE(each, MOST);
	EXPECT_EQ(registrar_count(w->registrar), MANY);
	advance(w, 600, true);
	EXPECT_EQ(registrar_count(w->registrar), 0);
}

TEST_HARNESS_MAIN
