// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bodies from one side in the words of the other: as Asterisk, Kamailio and phones write them.
 */
#include "kselftest_harness.h"
#include "event/map.h"
#include "sip/uri.h"

#include <errno.h>
#include <stdlib.h>

#define HOST "sbc.example"
#define DIALOG "application/dialog-info+xml"
#define REG "application/reginfo+xml"
#define PIDF "application/pidf+xml"
#define FRAG "message/sipfrag;version=2.0"

static bool map_uri(void *user, struct slice uri, struct buf *out)
{
	const char *at = memchr(uri.p, '@', uri.n);
	struct sip_uri parsed;

	if (!sip_uri_parse(uri, &parsed))
		return false;
	if (parsed.kind == SIP_URI_TEL)
		buf_add(out, uri);
	else
		buf_printf(out, SLICE_FMT "@" HOST, (int)(at ? at - uri.p : 0), uri.p);
	return true;
}

/* One that is known there. */
static bool map_dialog(void *user, const struct event_dialog *d, struct event_dialog *there)
{
	*there = (struct event_dialog){ SLICE("them@192.0.2.9"), SLICE("l2"), SLICE("r2") };
	return slice_eq(d->call_id, SLICE("us@10.0.0.5")) && slice_eq(d->local_tag, SLICE("l1")) &&
	       slice_eq(d->remote_tag, SLICE("r1"));
}

static bool is_hidden(void *user, struct slice text)
{
	return memmem(text.p, text.n, "pbx.inside", 10);
}

static const struct event_map map = {
	.uri = map_uri, .dialog = map_dialog, .hidden = is_hidden, .key = { 1 },
};

/* What a document becomes; NULL: nothing, and *why. */
static char *mapped(const char *type, const char *body, const char **why)
{
	struct buf out;

	buf_init(&out);
	if (!event_map_body(&map, slice_str(type), slice_str(body), &out, why))
		return buf_take(&out);
	buf_free(&out);
	return NULL;
}

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

struct example {
	const char *name, *type, *body, *there;
};

static const struct example examples[] = {
	{ "a REFER's progress", FRAG, "SIP/2.0 180 Ringing\r\n", "SIP/2.0 180 Ringing\r\n" },
	{ "Asterisk's, without an end", FRAG, "SIP/2.0 200 OK", "SIP/2.0 200 OK\r\n" },
	{ "a phrase with a name in it", FRAG, "SIP/2.0 480 pbx.inside is down\r\n", "SIP/2.0 480 \r\n" },
	{ "a phrase with an address", FRAG, "SIP/2.0 503 no [fd00::5]:5060 here\r\n",
	  "SIP/2.0 503 \r\n" },
	{ "a whole answer", FRAG,
	  "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKx\r\n"
	  "f: \"Alice, PBX\" <sip:alice@10.0.0.5:5062;transport=tcp>;tag=1\r\n"
	  "To: sip:bob@pbx.inside;tag=2\r\nCall-ID: us@10.0.0.5\r\nCSeq: 1 INVITE\r\n"
	  "Contact: <sip:bob@10.0.0.7>\r\nServer: Asterisk 18\r\n"
	  "Reason: Q.850;cause=16\r\n ;text=\"bye\"\r\nWarning: 399 pbx.inside \"x\"\r\n\r\nv=0\r\n",
	  "SIP/2.0 200 OK\r\nFrom: \"Alice, PBX\" <sip:alice@" HOST ">\r\nTo: <sip:bob@" HOST ">\r\n"
	  "Contact: <sip:bob@" HOST ">\r\nReason: Q.850;cause=16   ;text=\"bye\"\r\n" },
	{ "headers alone", FRAG, "From: \"pbx.inside\" <sip:x@h>\r\nReason: SIP;text=\"10.0.0.5\"\r\n"
	  "Retry-After: 5\r\nRefer-To: <tel:+4930>\r\n", "Retry-After: 5\r\nRefer-To: <tel:+4930>\r\n" },
	{ "voice mail", "application/simple-message-summary",
	  "Messages-Waiting: yes\r\nMessage-Account: sip:7000@10.0.0.5\r\n"
	  "Voice-Message: 1/2 (0/0)\r\nX-Host: pbx.inside\r\n",
	  "Messages-Waiting: yes\r\nMessage-Account: sip:7000@" HOST "\r\nVoice-Message: 1/2 (0/0)\r\n" },
	{ "Asterisk's lamp", DIALOG,
	  "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
	  "version=\"3\" state=\"full\" entity=\"sip:7001@10.0.0.5:5060\">\n"
	  "<dialog id=\"7001\" call-id=\"pickup-1234\" local-tag=\"as1\" remote-tag=\"as2\" "
	  "direction=\"recipient\">\n<remote>\n<identity display=\"Bob\">sip:7002@10.0.0.5</identity>\n"
	  "<target uri=\"sip:7002@10.0.0.5\"/>\n</remote>\n<state>early</state>\n</dialog>\n"
	  "</dialog-info>\n",
	  XML "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"3\" state=\"full\" "
	  "entity=\"sip:7001@" HOST "\">\n<dialog id=\"@\" direction=\"recipient\">\n<remote>\n"
	  "<identity display=\"Bob\">sip:7002@" HOST "</identity>\n<target uri=\"sip:7002@" HOST "\"/>\n"
	  "</remote>\n<state>early</state>\n</dialog>\n</dialog-info>\n" },
	{ "Kamailio's, of a dialog that is known there", DIALOG,
	  "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"00000000\" state=\"partial\" "
	  "entity=\"sip:1001@pbx.inside\"><dialog id=\"us@10.0.0.5\" call-id=\"us@10.0.0.5\" "
	  "local-tag=\"l1\" remote-tag=\"r1\" direction=\"initiator\"><state>confirmed</state>"
	  "<remote><identity>sip:1002@pbx.inside</identity></remote>"
	  "<local><target uri=\"sip:1001@10.0.0.7:5060;line=x\"><param pname=\"+sip.rendering\" "
	  "pval=\"no\"/></target></local></dialog></dialog-info>",
	  XML "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"00000000\" "
	  "state=\"partial\" entity=\"sip:1001@" HOST "\"><dialog id=\"@\" direction=\"initiator\" "
	  "call-id=\"them@192.0.2.9\" local-tag=\"l2\" remote-tag=\"r2\"><state>confirmed</state>"
	  "<remote><identity>sip:1002@" HOST "</identity></remote>"
	  "<local><target uri=\"sip:1001@" HOST "\"><param pname=\"+sip.rendering\" "
	  "pval=\"no\"/></target></local></dialog></dialog-info>\n" },
	{ "Polycom's, with a way and a description, which replaces another", DIALOG,
	  "<d:dialog-info xmlns:d=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" state=\"full\" "
	  "entity=\"sip:1001@pbx.inside\"><d:dialog id=\"a\" call-id=\"us@10.0.0.5\" local-tag=\"l1\">"
	  "<d:state event=\"replaced\">terminated</d:state><d:duration>12</d:duration>"
	  "<d:replaces call-id=\"us@10.0.0.5\" local-tag=\"l1\" remote-tag=\"r1\"/>"
	  "<d:referred-by display=\"B\">sip:b@10.0.0.5</d:referred-by>"
	  "<d:route-set><d:hop>sip:10.0.0.1;lr</d:hop></d:route-set><d:local>"
	  "<d:session-description type=\"application/sdp\">v=0 c=IN IP4 10.0.0.5</d:session-description>"
	  "<!-- 10.0.0.5 --><d:cseq>1</d:cseq></d:local></d:dialog></d:dialog-info>",
	  XML "<d:dialog-info xmlns:d=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" state=\"full\" "
	  "entity=\"sip:1001@" HOST "\"><d:dialog id=\"@\">"
	  "<d:state event=\"replaced\">terminated</d:state><d:duration>12</d:duration>"
	  "<d:replaces call-id=\"them@192.0.2.9\" local-tag=\"l2\" remote-tag=\"r2\"/>"
	  "<d:referred-by display=\"B\">sip:b@" HOST "</d:referred-by>"
	  "<d:local><d:cseq>1</d:cseq></d:local></d:dialog></d:dialog-info>\n" },
	{ "Kamailio's registrations", REG,
	  "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" state=\"full\">"
	  "<registration aor=\"sip:alice@pbx.inside\" id=\"0x7f1\" state=\"active\">"
	  "<contact id=\"0x7f2\" state=\"active\" event=\"registered\" expires=\"60\" q=\"0.5\" "
	  "callid=\"x@10.0.0.7\" cseq=\"5\" received=\"sip:10.0.0.7:5061\" path=\"&lt;sip:10.0.0.1;lr&gt;\" "
	  "user_agent=\"Yealink SIP-T46\"><uri>sip:alice@10.0.0.7:5060;transport=tcp</uri>"
	  "<display-name>Alice &amp; Co</display-name>"
	  "<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:1&gt;\"</unknown-param>"
	  "<unknown-param name=\"x\">10.0.0.7:5060</unknown-param></contact>"
	  "</registration></reginfo>",
	  XML "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" state=\"full\">"
	  "<registration aor=\"sip:alice@" HOST "\" id=\"@\" state=\"active\">"
	  "<contact id=\"@\" state=\"active\" event=\"registered\" expires=\"60\" q=\"0.5\" "
	  "cseq=\"5\"><uri>sip:alice@" HOST "</uri><display-name>Alice &amp; Co</display-name>"
	  "<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:1&gt;\"</unknown-param>"
	  "<unknown-param name=\"x\"></unknown-param></contact></registration></reginfo>\n" },
	{ "Cisco's presence", PIDF,
	  "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:e=\"urn:ietf:params:xml:ns:pidf:status:rpid\" "
	  "entity=\"pres:alice@pbx.inside\"><tuple id=\"t10.0.0.7\"><status><basic>open</basic>"
	  "<e:activities><e:on-the-phone/></e:activities></status>"
	  "<contact priority=\"0.8\">sip:alice@10.0.0.7:5060</contact>"
	  "<note xml:lang=\"en\">call sip:bob@10.0.0.8, or tel:+4930.</note>"
	  "<note>at pbx.inside</note><timestamp>2026-11-29T03:04:05Z</timestamp></tuple></presence>",
	  XML "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
	  "xmlns:e=\"urn:ietf:params:xml:ns:pidf:status:rpid\" entity=\"pres:alice@" HOST "\">"
	  "<tuple id=\"@\"><status><basic>open</basic>"
	  "<e:activities><e:on-the-phone/></e:activities></status>"
	  "<contact priority=\"0.8\">sip:alice@" HOST "</contact>"
	  "<note xml:lang=\"en\">call sip:bob@" HOST ", or tel:+4930.</note>"
	  "<note></note><timestamp>2026-11-29T03:04:05Z</timestamp></tuple></presence>\n" },
	{ "any other, in pieces", "application/conference-info+xml; charset=utf-8",
	  "<?who 10.0.0.5?><c a=\"&#115;ip:x@10.0.0.1\" b=\"10.0.0.1\" e=\"1.2.3\"><u>s<!-- -->i<![CDATA[p:y@10.0]]>"
	  ".0.2</u><v>sip: is a protocol</v></c>",
	  XML "<c a=\"sip:x@" HOST "\" e=\"1.2.3\"><u>sip:y@" HOST "</u><v>sip: is a protocol</v></c>\n" },
};

/* Spellings of addresses, and what only looks like one. */
TEST(an_address_is_found_whatever_stands_beside_it)
{
	static const char *const hidden[] = {
		"10.0.0.5", "ip=10.0.0.5:5060", "host:10.0.0.5", "mac:10.0.0.5", "interface:10.0.0.5:99",
		"a10.0.0.5", "10.0.0.5f", "x 10.0.0.5.", "...10.0.0.5...", "dead:beef 10.0.0.5",
		"fd00::5", "[fd00::5]:5060", "addr:fd00::5", "host:fd00::5.", "::ffff:10.0.0.5",
		"d:2001:db8:1:2:3:4:5:6",
	}, *const plain[] = {
		"12:30:45", "2026-11-29T03:04:05Z", "1.2.3", "1.2.3.4.5", "00:11:22:33:44:55", "300.1.1.1",
		"::::::::::::::::", "..........", "a.b.c.d", "1.3.6.1.4.1.9",
	};
	char body[128], *there;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		snprintf(body, sizeof(body), "<a>%s</a>", hidden[i]);
		there = mapped("text/xml", body, &why);
		EXPECT_STREQ(there, XML "<a></a>\n");
		free(there);
	}
	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		snprintf(body, sizeof(body), "<a>%s</a>", plain[i]);
		there = mapped("text/xml", body, &why);
		EXPECT_TRUE(strstr(there, body)) {
			TH_LOG("%s", plain[i]);
		}
		free(there);
	}
}

/* Identifiers are made up: there, "@" stands for one. */
static char *without_ids(const char *text)
{
	struct buf b;

	buf_init(&b);
	for (; *text; text++) {
		buf_add(&b, slice_of(text, 1));
		if (text[0] == '"' && text[1] == 'j' && strspn(text + 2, "0123456789abcdef") == 20) {
			buf_str(&b, "@");
			text += 21;
		}
	}
	return buf_take(&b);
}

TEST(documents_in_the_words_of_the_other_side)
{
	const char *why = NULL;
	size_t i;

	for (i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		const struct example *x = &examples[i];
		char *there = mapped(x->type, x->body, &why), *plain;

		TH_LOG("%s", x->name);
		ASSERT_NE(there, NULL) {
			TH_LOG("%s", why);
		}
		plain = without_ids(there);
		EXPECT_STREQ(plain, x->there);
		free(plain);
		free(there);
	}
}

TEST(identifiers_stay_the_same_and_different)
{
	const char *why;
	char *one = mapped("text/xml", "<a><b id=\"x\"/><b id=\"y\"/><b id=\"x\"/></a>", &why);
	const char *ids[3], *at = one;
	size_t i;

	ASSERT_NE(one, NULL);
	for (i = 0; i < 3; i++) {
		at = strstr(at, "id=\"");
		ASSERT_NE(at, NULL);
		at += 4;
		ids[i] = at;
	}
	EXPECT_EQ(memcmp(ids[0], ids[2], 21), 0);
	EXPECT_NE(memcmp(ids[0], ids[1], 21), 0);
	free(one);
}

static char *nested(const char *begin, const char *end, size_t n)
{
	struct buf b;
	size_t i;

	buf_init(&b);
	buf_str(&b, "<r>");
	for (i = 0; i < n; i++)
		buf_str(&b, begin);
	for (i = 0; i < n; i++)
		buf_str(&b, end);
	buf_str(&b, "</r>");
	return buf_take(&b);
}

TEST(what_cannot_be_read_is_not_passed)
{
	static const char *const bad[][2] = {
		{ PIDF, "" }, { PIDF, "hello" }, { PIDF, "<a>" }, { PIDF, "<a><b></a></b>" },
		{ PIDF, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>" }, { PIDF, "<a>&x;</a>" },
		{ FRAG, "hello" }, { FRAG, "SIP/2.0 99\r\n" }, { FRAG, "SIP/2.0 200 OK\r\nhello\r\n" },
		{ "text/plain", "hello" },
	};
	char *deep = nested("<a>", "</a>", 17), *wide = nested("<a/>", "", 4000);
	char *long_one = nested("<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>", "", 2000);
	const char *why = NULL;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(mapped(bad[i][0], bad[i][1], &why), NULL) {
			TH_LOG("%s", bad[i][1]);
		}
		EXPECT_NE(why, NULL);
	}
	EXPECT_EQ(mapped(PIDF, deep, &why), NULL);
	EXPECT_EQ(mapped(PIDF, wide, &why), NULL);
	EXPECT_STREQ(why, "more, or something else, than there may be in XML");
	EXPECT_EQ(mapped(PIDF, long_one, &why), NULL);
	EXPECT_STREQ(why, "too long");
	free(deep);
	free(wide);
	free(long_one);
}

/* The same dialog in Event: to-tag is the notifier's own. */
TEST(a_dialog_that_event_names)
{
	static const struct {
		const char *value, *there;
		enum event_named named;
	} table[] = {
		{ "dialog", "dialog", EVENT_NAMES_NONE },
		{ "presence;call-id=1", "presence;call-id=1", EVENT_NAMES_NONE },
		{ "dialogs;to-tag=1", "dialogs;to-tag=1", EVENT_NAMES_NONE },
		{ "dialog; id=7;", "dialog; id=7;", EVENT_NAMES_NONE },
		{ "Dialog;id=7;Call-ID=\"us@10.0.0.5\";to-tag=l1 ; from-tag=r1;sla",
		  "Dialog;id=7;sla;call-id=\"them@192.0.2.9\";to-tag=l2;from-tag=r2",
		  EVENT_NAMES_KNOWN },
		{ "dialog;from-tag=r1;to-tag=l1;call-id=\"\\us@10.0.0.5\"",
		  "dialog;call-id=\"them@192.0.2.9\";to-tag=l2;from-tag=r2", EVENT_NAMES_KNOWN },
		{ "dialog.winfo;call-id=us;to-tag=l1;from-tag=r1;x=\"a;b\"",
		  "dialog.winfo;x=\"a;b\"", EVENT_NAMES_LOST },
		{ "dialog;call-id=\"us@10.0.0.5\";from-tag=r1;id=7", "dialog;id=7",
		  EVENT_NAMES_LOST },
		{ "dialog;call-id", "dialog", EVENT_NAMES_LOST },
		{ "dialog;id=7;call-id=\"us@10.0.0.5;to-tag=l1", "dialog;id=7", EVENT_NAMES_LOST },
	};
	char call_id[EVENT_CALL_ID];
	struct event_dialog d;
	struct buf out;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		buf_init(&out);
		EXPECT_EQ(event_map_event(&map, slice_str(table[i].value), &out), table[i].named);
		EXPECT_TRUE(slice_eq(buf_slice(&out), slice_str(table[i].there))) {
			TH_LOG("%s became " SLICE_FMT, table[i].value, SLICE_ARG(buf_slice(&out)));
		}
		buf_free(&out);
	}
	EXPECT_EQ(event_named(SLICE("dialog;call-id=\"a\\\"b\";to-tag=1"), &d, call_id),
		  EVENT_NAMES_KNOWN);
	EXPECT_STREQ(call_id, "a\"b");
	EXPECT_TRUE(slice_eq(d.local_tag, SLICE("1")) && !d.remote_tag.n);
}

TEST(which_types_are_read)
{
	EXPECT_TRUE(event_map_reads(SLICE("Message/SIPfrag ; version=2.0")));
	EXPECT_TRUE(event_map_reads(SLICE("application/vnd.x+XML")));
	EXPECT_TRUE(event_map_reads(SLICE("text/xml")));
	EXPECT_FALSE(event_map_reads(SLICE("text/plain")));
	EXPECT_FALSE(event_map_reads(SLICE("application/dtmf-relay;x=+xml")));
	EXPECT_FALSE(event_map_reads(SLICE("")));
}

TEST_HARNESS_MAIN
