// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user publishes of himself (RFC 3903), and what his watchers see of it: alice
 * publishes, and watches herself.
 */
#include "call_watch.h"
#include "event/publication.h"

#define TYPE "Content-Type: application/pidf+xml\r\n"
#define PUBLISH PRESENCE TYPE
#define PIDF(entity, inside) \
	"<?xml version='1.0' encoding='UTF-8'?>\r\n" \
	"<p:presence xmlns:p='urn:ietf:params:xml:ns:pidf' " \
	"xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' " \
	"xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' entity='" entity "'>" inside "</p:presence>"
#define TUPLE(note) \
	"<p:tuple id='a'><p:status><p:basic>closed</p:basic></p:status>" \
	"<p:contact>sip:alice@10.1.2.3</p:contact><p:note>" note "</p:note></p:tuple>"
#define AWAY PIDF("sip:" ALICE, TUPLE("gone fishing"))

FIXTURE(publish) {
	struct harness h;
	struct call_domain *domain;
	char tag[64];			/* SIP-ETag of the last answer */
};

FIXTURE_SETUP(publish)
{
	harness_start(&self->h, _metadata);
	self->domain = add_watched_domain(&self->h);
}

FIXTURE_TEARDOWN(publish)
{
	harness_stop(&self->h);
}

#define SELF struct __test_metadata *_metadata, FIXTURE_DATA(publish) *self

/* alice's, in the middle of a subscription of hers; if_match NULL: the first. */
static void publish(SELF, const char *if_match, const char *lines, const char *body,
		    const char *status)
{
	struct ua *ua = &self->h.ua[STRANGER];
	struct aside aside;
	char all[512];

	put_aside(ua, &aside);
	snprintf(all, sizeof(all), "%s%s%s%s", lines, if_match ? "SIP-If-Match: " : "",
		 if_match ? if_match : "", if_match ? "\r\n" : "");
	send_to(&self->h, STRANGER, "PUBLISH", "alice", ALICE, all, body);
	expect(&self->h, STRANGER, status);
	copy_slice(self->tag, sizeof(self->tag), header(&ua->msg, "SIP-ETag"));
	take_back(ua, &aside);
}

static size_t publications(struct harness *h)
{
	return counter(h, "publications-now");
}

TEST_F(publish, what_a_user_says_is_seen_beside_his_devices)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	watch(h, ALICE, PRESENCE, OPEN);
	advance(h, SECOND);
	publish(_metadata, self, NULL, PUBLISH "Expires: 600\r\n", AWAY, "SIP/2.0 200");
	EXPECT_EQ(strlen(self->tag), 16);
	EXPECT_TRUE(slice_eq(header(&ua->msg, "Expires"), SLICE("600")));
	EXPECT_EQ(publications(h), 1);
	advance(h, 1);
	take_notify(h, STRANGER, "active", "gone fishing");
	EXPECT_TRUE(has(ua, OPEN));
	EXPECT_TRUE(has(ua, "<p:basic>closed</p:basic>"));
	EXPECT_TRUE(has(ua, "<p:contact>sip:" ALICE "</p:contact>"));
	EXPECT_FALSE(has(ua, "10.1.2.3"));
	EXPECT_FALSE(has(ua, "id=\"a\""));
	advance(h, SECOND);
	publish(_metadata, self, self->tag, PRESENCE "Expires: 0\r\n", NULL, "SIP/2.0 200");
	EXPECT_EQ(publications(h), 0);
	advance(h, 1);
	take_notify(h, STRANGER, "active", OPEN);
	EXPECT_FALSE(has(ua, "fishing"));
	unwatch(h, PRESENCE);
}

TEST_F(publish, it_is_refreshed_and_changed_and_then_expires)
{
	struct harness *h = &self->h;
	char first[64], second[64];

	publish(_metadata, self, NULL, PUBLISH "Expires: 100\r\n", AWAY, "SIP/2.0 200");
	strcpy(first, self->tag);
	watch(h, ALICE, PRESENCE, "gone fishing");
	advance(h, 90 * SECOND);
	publish(_metadata, self, first, PRESENCE "Expires: 100\r\n", NULL, "SIP/2.0 200");
	strcpy(second, self->tag);
	EXPECT_STRNE(first, second);
	advance(h, 20 * SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	publish(_metadata, self, first, PRESENCE, NULL, "SIP/2.0 412");
	publish(_metadata, self, second, PUBLISH "Expires: 100\r\n",
		PIDF("pres:" ALICE, TUPLE("asleep") "<dm:person id='x'><r:activities><r:sleeping/>"
		     "</r:activities></dm:person>"), "SIP/2.0 200");
	EXPECT_EQ(publications(h), 1);
	advance(h, 1);
	take_notify(h, STRANGER, "active", "asleep");
	EXPECT_TRUE(has(&h->ua[STRANGER], "<r:sleeping/>"));
	EXPECT_FALSE(has(&h->ua[STRANGER], "fishing"));
	advance(h, 100 * SECOND);
	EXPECT_EQ(publications(h), 0);
	take_notify(h, STRANGER, "active", OPEN);
	EXPECT_FALSE(has(&h->ua[STRANGER], "asleep"));
	unwatch(h, PRESENCE);
}

TEST_F(publish, what_cannot_be_is_refused)
{
	struct harness *h = &self->h;

	publish(_metadata, self, NULL, PUBLISH "Expires: 10\r\n", AWAY, "SIP/2.0 423");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Min-Expires: 60\r\n"));
	publish(_metadata, self, NULL, PRESENCE, NULL, "SIP/2.0 400");
	publish(_metadata, self, "nothing", PUBLISH, AWAY, "SIP/2.0 412");
	publish(_metadata, self, NULL, PRESENCE "Content-Type: text/plain\r\n", AWAY,
		"SIP/2.0 415");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Accept: application/pidf+xml\r\n"));
	publish(_metadata, self, NULL, PUBLISH, PIDF("sip:" BOB, ""), "SIP/2.0 403");
	publish(_metadata, self, NULL, PUBLISH, "<presence>", "SIP/2.0 400");
	publish(_metadata, self, NULL, PUBLISH, "<presence/>", "SIP/2.0 400");
	publish(_metadata, self, NULL, PUBLISH, "<!DOCTYPE a [<!ENTITY b 'c'>]>"
		PIDF("sip:" ALICE, "&b;"), "SIP/2.0 400");
	publish(_metadata, self, NULL, "Event: reg\r\n" TYPE, AWAY, "SIP/2.0 489");
	publish(_metadata, self, NULL, PUBLISH "Require: foo\r\n", AWAY, "SIP/2.0 420");
	EXPECT_EQ(publications(h), 0);
	EXPECT_EQ(counter(h, "publications-refused"), 10);
	EXPECT_EQ(counter(h, "subscriptions-refused"), 0);
}

/* RFC 3903 §6, of a header that has one entity-tag, and RFC 3261 §8.2.3. */
TEST_F(publish, a_header_that_is_not_understood_is_refused)
{
	struct harness *h = &self->h;
	char two[160];

	publish(_metadata, self, NULL, PUBLISH, AWAY, "SIP/2.0 200");
	snprintf(two, sizeof(two), "%s\r\nSIP-If-Match: %s", self->tag, self->tag);
	publish(_metadata, self, two, PRESENCE, NULL, "SIP/2.0 400");
	publish(_metadata, self, "a, b", PRESENCE, NULL, "SIP/2.0 400");
	publish(_metadata, self, "", PRESENCE, NULL, "SIP/2.0 400");
	publish(_metadata, self, NULL, PUBLISH "Content-Encoding: gzip\r\n", AWAY, "SIP/2.0 415");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Accept-Encoding: identity\r\n"));
	EXPECT_EQ(publications(h), 1);
}

TEST_F(publish, nobody_speaks_for_somebody_else)
{
	struct harness *h = &self->h;

	send_to(h, STRANGER, "PUBLISH", "alice", BOB, PUBLISH, PIDF("sip:" BOB, ""));
	expect(h, STRANGER, "SIP/2.0 403");
	send_to(h, STRANGER, "PUBLISH", "alice", "nobody@" DOMAIN, PUBLISH, AWAY);
	expect(h, STRANGER, "SIP/2.0 404");
	send_to(h, A, "PUBLISH", "pbx", BOB, PUBLISH, PIDF("sip:" BOB, ""));
	expect(h, A, "SIP/2.0 489");
}

/* RFC 3863 §4.4: tuples, then notes, then what is of other namespaces. */
TEST_F(publish, what_two_devices_publish_is_one_document_by_its_schema)
{
	static const char *const order[] = {
		"basic>open<", "note>two<", "note>one<", "</p:tuple>", "<p:note", "here", "<p:note",
		"at home", "<dm:person", "<dm:person", "</presence>",
	};
	struct harness *h = &self->h;
	const char *at;
	size_t i;

	publish(_metadata, self, NULL, PUBLISH,
		PIDF("sip:" ALICE, "<dm:person id='x'/><p:note>at home</p:note>" TUPLE("one")),
		"SIP/2.0 200");
	publish(_metadata, self, NULL, PUBLISH,
		PIDF("sip:" ALICE, "<p:note>here</p:note><dm:person id='x'/><p:tuple><p:status/>"
		     "<p:note>two</p:note></p:tuple><p:foo/><bar/>"), "SIP/2.0 200");
	watch(h, ALICE, PRESENCE, OPEN);
	at = h->ua[STRANGER].last;
	for (i = 0; i < sizeof(order) / sizeof(*order); i++) {
		at = strstr(at, order[i]);
		ASSERT_TRUE(at) {
			TH_LOG("no %s in %s", order[i], h->ua[STRANGER].last);
		}
	}
	EXPECT_FALSE(has(&h->ua[STRANGER], "foo"));
	EXPECT_FALSE(has(&h->ua[STRANGER], "bar"));
	EXPECT_FALSE(has(&h->ua[STRANGER], "<p:tuple xmlns:p=\"urn:ietf:params:xml:ns:pidf\">"));
	unwatch(h, PRESENCE);
}

TEST_F(publish, a_user_publishes_so_often_and_no_more)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < EVENT_PUBLICATIONS; i++)
		publish(_metadata, self, NULL, PUBLISH, AWAY, "SIP/2.0 200");
	publish(_metadata, self, NULL, PUBLISH, AWAY, "SIP/2.0 403");
	EXPECT_EQ(publications(h), EVENT_PUBLICATIONS);
	publish(_metadata, self, NULL, PRESENCE "Expires: 0\r\n", NULL, "SIP/2.0 200");
	EXPECT_EQ(publications(h), EVENT_PUBLICATIONS);
}

/* --- documents --- */

/* What is wrong with it; NULL: nothing. */
static const char *read_pidf(const char *text)
{
	char whose[EVENT_ENTITY];
	struct event_parts parts;
	const char *why;

	if (event_pidf_read(slice_str(text), "sip:" ALICE, "0", whose, &parts, &why))
		return why;
	free(parts.xml);
	return NULL;
}

TEST(a_document_has_neither_entities_nor_depths_nor_crowds)
{
	char many[4 * EVENT_MAX_DOCUMENT] = "<presence xmlns='urn:ietf:params:xml:ns:pidf'>";
	size_t i, head = strlen(many);

	EXPECT_EQ(read_pidf(AWAY), NULL);
	EXPECT_NE(read_pidf("<!DOCTYPE x>" AWAY), NULL);
	EXPECT_NE(read_pidf(PIDF("sip:" ALICE, "&undefined;")), NULL);
	EXPECT_NE(read_pidf(PIDF("sip:" ALICE, "<?pi?>")), NULL);
	for (i = 0; i < 20; i++)
		strcat(many, "<a>");
	for (i = 0; i < 20; i++)
		strcat(many, "</a>");
	strcat(many, "</presence>");
	EXPECT_STREQ(read_pidf(many), "more, or something else, than there may be in a PIDF");
	many[head] = 0;
	for (i = 0; i < 600; i++)
		strcat(many, "<a/>");
	strcat(many, "</presence>");
	EXPECT_STREQ(read_pidf(many), "more, or something else, than there may be in a PIDF");
	many[head] = 0;
	memset(many + head, ' ', sizeof(many) - head - 1);
	strcpy(many + sizeof(many) - 12, "</presence>");
	EXPECT_STREQ(read_pidf(many), "no XML, or too much");
}

TEST_HARNESS_MAIN
