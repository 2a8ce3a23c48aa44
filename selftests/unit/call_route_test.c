// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which route a request takes, and what becomes of it: a table of requests against one
 * list of routes, and whole calls between A (outside, trunk phones), B and C (inside,
 * trunks pbx and desk). The routes are written as an administrator would write them.
 */
#include "call_harness.h"

#include "call/route.h"
#include "config/config.h"

#define WORLD \
	"realms:\n" \
	"  outside: {signalling: [{address: " IP_OUTSIDE ", advertise: " IP_ADVERTISED "}]," \
	" media: [{address: " IP_OUTSIDE ", ports: 20000-20999}]}\n" \
	"  inside: {signalling: [{address: " IP_INSIDE "}]," \
	" media: [{address: " IP_INSIDE ", ports: 21000-21999}], trust: full}\n" \
	"trunks:\n" \
	"  phones: {realm: outside, match: [192.0.2.0/24], target: \"sip:" IP_A "\"}\n" \
	"  pbx:    {realm: inside, match: [" IP_B "], target: \"sip:" IP_B "\"}\n" \
	"  desk:   {realm: inside, match: [" IP_C "], target: \"sip:" IP_C "\"}\n" \
	"routes:\n"

static struct call_policy *policy_of(struct __test_metadata *_metadata, const char *routes)
{
	struct config_mistakes mistakes;
	struct config *c = NULL;
	struct call_policy *p;
	char *text;
	int err;

	ASSERT_GT(asprintf(&text, "%s%s", WORLD, routes), 0);
	err = config_load_memory(slice_str(text), &c, &mistakes);
	ASSERT_EQ(err, 0) {
		TH_LOG("line %d: %s", mistakes.list[0].line, mistakes.list[0].text);
	}
	p = call_policy_get(c->policy);
	config_free(c);
	free(text);
	return p;
}

/* --- which one --- */

static const char many[] =
	"  - {name: realm-and-source, match: {realm: inside, source: " IP_C "}, to: {trunk: phones}}\n"
	"  - {name: method, match: {method: MESSAGE}, to: {trunk: pbx}}\n"
	"  - {name: premium, match: {number-pattern: '((00|\\+)49|0)?900\\d*'},"
	" reject: {code: 603}}\n"
	"  - {name: scanner, match: {headers: [{name: user-agent, pattern: '(?i).*vicious.*'}]},"
	" reject: {code: 403, reason: Go Away}}\n"
	"  - {name: two-headers, match: {headers: [{name: X-One, pattern: '1|one'},"
	" {name: s, pattern: yes}]}, to: {trunk: desk}}\n"
	"  - {name: domain, match: {domain: PBX.example}, to: {trunk: pbx}}\n"
	"  - {name: subdomain, match: {domain-pattern: '(.+\\.)?desk\\.example'}, to: {trunk: desk}}\n"
	"  - {name: friend, match: {from-number: '+4930', number: '7'}, to: {trunk: desk}}\n"
	"  - {name: hidden, match: {from-number-pattern: 'anonymous|'}, to: {trunk: desk}}\n"
	"  - {name: short, match: {trunk: phones, number-pattern: '1\\d{2}'}, to: {trunk: pbx}}\n"
	"  - {name: slow, match: {number-pattern: '(a+)+[bc]'}, reject: {code: 480}}\n"
	"  - {name: sos, emergency: yes, match: {number-pattern: '110|112|911'}, to: {trunk: pbx}}\n"
	"  - {name: rest, match: {number: '4'}, to: {trunk: pbx}}\n";

#define A30 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG100 A30 A30 A30 "aaaaaaaaaa"

static const struct {
	const char *what, *source, *method, *uri, *from, *headers, *route, *failed;
} requests[] = {
	{ "plain", IP_A, "INVITE", "sip:4930@sbc", "sip:a@h", "", "rest", NULL },
	{ "no route", IP_A, "INVITE", "sip:5@sbc", "sip:a@h", "", "", NULL },
	{ "tel has a number", IP_A, "INVITE", "tel:+4", "tel:+49301", "", "", NULL },
	{ "tel, and who calls", IP_A, "INVITE", "tel:7", "tel:+49301", "", "friend", NULL },
	{ "source", IP_C, "INVITE", "sip:4930@sbc", "sip:a@h", "", "realm-and-source", NULL },
	{ "other source", IP_B, "INVITE", "sip:4930@sbc", "sip:a@h", "", "rest", NULL },
	{ "method", IP_A, "MESSAGE", "sip:4@sbc", "sip:a@h", "", "method", NULL },
	{ "pattern", IP_A, "INVITE", "sip:0900123@sbc", "sip:a@h", "", "premium", NULL },
	{ "all of it", IP_A, "INVITE", "sip:409001x@sbc", "sip:a@h", "", "rest", NULL },
	{ "escapes hide nothing", IP_A, "INVITE", "sip:0%39%300123@sbc", "sip:a@h", "", "premium",
	  NULL },
	{ "nor do parameters", IP_A, "INVITE", "sip:0900123;npdi@sbc", "sip:a@h", "", "premium",
	  NULL },
	{ "header", IP_A, "INVITE", "sip:4@sbc", "sip:a@h", "User-Agent: friendly-Vicious\r\n",
	  "scanner", NULL },
	{ "folded header", IP_A, "INVITE", "sip:4@sbc", "sip:a@h",
	  "User-Agent: x\r\n vicious\r\n", "scanner", NULL },
	{ "one of two headers", IP_A, "INVITE", "sip:4@sbc", "sip:a@h", "X-One: 1\r\n", "rest",
	  NULL },
	{ "both", IP_A, "INVITE", "sip:4@sbc", "sip:a@h",
	  "X-One: 2\r\nX-ONE: one\r\nSubject: yes\r\n", "two-headers", NULL },
	{ "domain", IP_A, "INVITE", "sip:4@pbx.EXAMPLE:5070", "sip:a@h", "", "domain", NULL },
	{ "domain pattern", IP_A, "INVITE", "sip:4@a.Desk.example", "sip:a@h", "", "subdomain",
	  NULL },
	{ "all of the domain", IP_A, "INVITE", "sip:4@desk.example.org", "sip:a@h", "", "rest",
	  NULL },
	{ "friend", IP_A, "INVITE", "sip:712@sbc", "sip:+49301@h", "", "friend", NULL },
	{ "no friend", IP_A, "INVITE", "sip:712@sbc", "sip:+49401@h", "", "", NULL },
	{ "anonymous", IP_A, "INVITE", "sip:4@sbc", "sip:anonymous@anonymous.invalid", "",
	  "hidden", NULL },
	{ "no user at all", IP_A, "INVITE", "sip:4@sbc", "sip:h", "", "hidden", NULL },
	{ "emergency first", IP_A, "INVITE", "sip:112@sbc", "sip:anonymous@x", "", "sos", NULL },
	{ "short", IP_A, "INVITE", "sip:113@sbc", "sip:a@h", "", "short", NULL },
	{ "a pattern gives up", IP_A, "INVITE", "sip:" LONG100 "@sbc", "sip:a@h", "", "slow",
	  "limit" },
};

struct told {
	const char *of, *failed;
	size_t n;
};

static void tell(void *arg, const struct call_route *route, const char *failed,
		 const char *header)
{
	struct told *told = arg;

	(void)header;
	told->n++;
	if (!strcmp(route->name, told->of))
		told->failed = failed;
}

/* As if flow's source were known by its address. */
static void begin_subject(struct call_subject *s, const struct call_policy *p,
			  const struct flow *flow, const struct sip_msg *msg)
{
	call_subject_init(s, call_policy_realm(p, flow->listener),
			  call_policy_trunk(p, flow, NULL), &flow->peer, msg);
}

TEST(the_first_route_that_matches_is_taken)
{
	struct call_policy *p = policy_of(_metadata, many);
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct told told = { .of = requests[i].route };
		struct call_choice choice, explained;
		struct flow flow = { 0 };
		struct call_subject s;
		struct sip_error err;
		struct sip_msg msg;
		char *text;

		ASSERT_GT(asprintf(&text, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n"
				   "From: <%s>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: 1\r\n"
				   "CSeq: 1 %s\r\n%s\r\n", requests[i].method, requests[i].uri,
				   requests[i].from, requests[i].method, requests[i].headers), 0);
		ASSERT_EQ(sip_parse(slice_str(text), &msg, &err), 0);
		ASSERT_TRUE(addr_parse_ip(slice_str(requests[i].source), &flow.peer));
		flow.listener = *requests[i].source == '1' && requests[i].source[1] == '0';
		begin_subject(&s, p, &flow, &msg);
		choice = call_route_find(p, &s, NULL);
		EXPECT_STREQ(choice.route ? choice.route->name : "", requests[i].route) {
			TH_LOG("%s", requests[i].what);
		}
		EXPECT_EQ(choice.gave_up, !!requests[i].failed);
		/* The explanation comes to the same end, and tells of every route. */
		explained = call_route_find(p, &s, &(struct call_explain){ tell, &told });
		EXPECT_EQ(explained.route, choice.route);
		EXPECT_EQ(told.n, p->nroutes);
		EXPECT_STREQ(told.failed ? told.failed : "-",
			     requests[i].failed ? requests[i].failed : "-");
		free(text);
	}
	call_policy_put(p);
}

TEST(an_explanation_names_the_first_condition_that_fails)
{
	static const struct {
		const char *route, *failed;
	} steps[] = {
		{ "sos", "number-pattern" }, { "realm-and-source", "realm" },
		{ "method", "method" }, { "premium", "number-pattern" }, { "scanner", "headers" },
		{ "domain", "domain" }, { "subdomain", "domain-pattern" },
		{ "friend", "number" }, { "hidden", "from-number-pattern" },
	};
	static const char text[] = "INVITE sip:4@sbc SIP/2.0\r\n"
		"Via: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:+49301@h>;tag=1\r\n"
		"To: <sip:b@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
	struct call_policy *p = policy_of(_metadata, many);
	struct flow flow = { 0 };
	struct call_subject s;
	struct sip_error err;
	struct sip_msg msg;
	size_t i;

	ASSERT_EQ(sip_parse(slice_str(text), &msg, &err), 0);
	addr_parse_ip(SLICE(IP_A), &flow.peer);
	begin_subject(&s, p, &flow, &msg);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct told told = { .of = steps[i].route };

		call_route_find(p, &s, &(struct call_explain){ tell, &told });
		EXPECT_STREQ(told.failed, steps[i].failed);
	}
	call_policy_put(p);
}

/* --- what becomes of it --- */

FIXTURE(route) {
	struct harness h;
};

FIXTURE_SETUP(route)
{
	struct call_engine_conf conf = { .overload.limits.of[CALL_OVERLOAD_LAG] = NSEC_PER_SEC };

	harness_start_with(&self->h, _metadata, &conf);
}

FIXTURE_TEARDOWN(route)
{
	harness_stop(&self->h);
}

static void follow_routes(struct harness *h, const char *routes)
{
	size_t i;

	call_policy_put(h->policy);
	h->policy = policy_of(h->_metadata, routes);
	for (i = 0; i < 2; i++) {
		h->policy->realms[i].ports = h->ports[i];
		h->policy->realms[i].first_listener = i ? INSIDE(h->over.b) : OUTSIDE(h->over.a);
	}
	call_engine_set_policy(h->engine, h->policy);
}

static void call_number(struct harness *h, const char *number, const char *extra)
{
	begin_dialog(h, A, number);
	send_request(h, A, "INVITE", 1, extra, SDP_A);
}

static void refused(struct harness *h, const char *status)
{
	expect(h, A, status);
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

/* The INVITE that arrives at who. */
static const struct sip_msg *arrives(struct harness *h, enum who who)
{
	expect(h, A, "SIP/2.0 100");
	return expect(h, who, "INVITE ");
}

static void busy(struct harness *h, enum who who)
{
	answer(h, who, "486 Busy Here", NULL);
	expect(h, who, "ACK ");
	refused(h, "SIP/2.0 486");
}

TEST_F(route, a_route_may_reject_in_words_of_its_own)
{
	struct harness *h = &self->h;
	struct call_event event;

	follow_routes(h, "  - {name: no, match: {number: '49'}, reject: {code: 603, reason: Not Today}}\n"
			 "  - {name: never, match: {number: '5'}, reject: {code: 480}}\n");
	call_number(h, "4930123", NULL);
	refused(h, "SIP/2.0 603 Not Today\r\n");
	ASSERT_TRUE(next_event(h, CALL_EVENT_REFUSED, &event));
	EXPECT_EQ(event.status, 603);
	EXPECT_STREQ(event.reason, "INVITE: by route no");
	call_event_clear(&event);
	call_number(h, "5", NULL);
	refused(h, "SIP/2.0 480 Temporarily Unavailable\r\n");
	call_number(h, "6", NULL);
	refused(h, "SIP/2.0 404 ");
	EXPECT_EQ(counter(h, "refused-route"), 3);
}

TEST_F(route, numbers_are_rewritten_in_the_request_uri_in_to_and_in_from)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow_routes(h, "  - name: r\n"
			 "    to: {trunk: pbx}\n"
			 "    rewrite:\n"
			 "      number: {strip: '0', pattern: '^(\\d)0', replacement: '9$1', prefix: '+'}\n"
			 "      from-number: {pattern: 'li(.)', replacement: '$1$$'}\n");
	call_number(h, "0401", NULL);
	msg = arrives(h, B);
	EXPECT_TRUE(slice_eq(msg->ruri, SLICE("sip:+941@" IP_B)));
	EXPECT_TRUE(slice_eq(msg->to.uri, msg->ruri));
	EXPECT_TRUE(contains(msg->from.value, "\"Alice\" <sip:ac$e@"));
	EXPECT_TRUE(contains(header(msg, "Contact"), "<sip:ac$e@"));
	busy(h, B);
}

TEST_F(route, a_number_that_no_pattern_finds_keeps_its_parameters_and_its_escapes)
{
	struct harness *h = &self->h;

	follow_routes(h, "  - {name: r, to: {trunk: pbx}, rewrite: {number: {prefix: '9'}}}\n");
	call_number(h, "*2%31%23;npdi=yes", NULL);
	EXPECT_TRUE(slice_eq(arrives(h, B)->ruri, SLICE("sip:9*21%23;npdi=yes@" IP_B)));
	busy(h, B);
}

TEST_F(route, a_number_with_nothing_left_is_incomplete)
{
	struct harness *h = &self->h;

	follow_routes(h, "  - {name: r, to: {trunk: pbx},"
			 " rewrite: {number: {pattern: '.*', replacement: ''}}}\n");
	call_number(h, "4930", NULL);
	refused(h, "SIP/2.0 484 ");
}

TEST_F(route, a_pattern_that_gives_up_refuses_the_call)
{
	struct harness *h = &self->h;

	follow_routes(h, "  - {name: r, match: {number-pattern: '(a+)+[bc]'}, reject: {code: 403}}\n"
			 "  - {name: s, to: {trunk: pbx}}\n");
	call_number(h, LONG100, NULL);
	refused(h, "SIP/2.0 500 ");
}

TEST_F(route, headers_are_added_removed_and_replaced_on_the_new_leg)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow_routes(h, "  - name: r\n"
			 "    match: {number-pattern: '49(?<city>..)(\\d*)'}\n"
			 "    to: {trunk: pbx}\n"
			 "    rewrite:\n"
			 "      headers:\n"
			 "        remove: [Subject, x-secret]\n"
			 "        add: [{name: X-City, value: 'city ${city} of $0'}]\n"
			 "        replace: [{name: Organization, value: 'five$$ $2'}]\n");
	call_number(h, "4930123", "s: to be removed\r\nX-Secret: 1\r\nOrganization: theirs\r\n"
				  "Priority: urgent\r\n");
	msg = arrives(h, B);
	EXPECT_TRUE(slice_eq(header(msg, "X-City"), SLICE("city 30 of 4930123")));
	EXPECT_TRUE(slice_eq(header(msg, "Organization"), SLICE("five$ 123")));
	EXPECT_FALSE(contains(msg->bytes, "theirs"));
	EXPECT_FALSE(contains(msg->bytes, "to be removed"));
	EXPECT_FALSE(contains(msg->bytes, "X-Secret"));
	EXPECT_TRUE(slice_eq(header(msg, "Priority"), SLICE("urgent")));
	busy(h, B);
}

TEST_F(route, what_is_removed_from_the_invite_is_removed_from_the_next_one)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow_routes(h, "  - {name: r, to: {trunk: pbx}, rewrite: {headers: {remove: [Subject]}}}\n");
	call_up(h);
	send_request(h, A, "INVITE", 2, "Subject: secret\r\nPriority: normal\r\n", SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_FALSE(contains(msg->bytes, "secret"));
	EXPECT_TRUE(slice_eq(header(msg, "Priority"), SLICE("normal")));
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	h->ua[A].cseq = 2;
	send_ack(h, A);
	hang_up(h, A);
}

/* Whatever a number may have in it, it makes no line, and no parameter of a header. */
TEST_F(route, no_number_injects_a_header)
{
	static const char *const numbers[] = {
		"49%0d%0aX-Evil:%201", "49%3Bevil=1", "49%22%3E%3Bevil=1", "49%00", "49%25%30d",
	};
	struct harness *h = &self->h;
	size_t i;

	follow_routes(h, "  - {name: r, to: {trunk: pbx}, rewrite: {number: {prefix: '+'},"
			 " headers: {add: [{name: X-To, value: '\"$0\"'}]}}}\n");
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const struct sip_msg *msg;

		call_number(h, numbers[i], NULL);
		msg = arrives(h, B);
		EXPECT_FALSE(header(msg, "X-Evil").n);
		EXPECT_FALSE(contains(msg->bytes, ";evil"));
		EXPECT_EQ(memchr(msg->ruri.p, '\0', msg->ruri.n), NULL);
		EXPECT_TRUE(contains(msg->ruri, "sip:+49%"));
		busy(h, B);
	}
}

TEST_F(route, a_redirection_that_is_followed_is_rewritten_by_its_own_route)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow_routes(h, "  - {name: in, match: {trunk: phones}, to: {trunk: pbx}, redirect: follow,"
			 " rewrite: {number: {prefix: '8'}, headers: {add: [{name: X-Way, value: in}]}}}\n"
			 "  - {name: no, match: {trunk: pbx, number: '66'}, reject: {code: 403}}\n"
			 "  - {name: on, match: {trunk: pbx, domain: there.example}, to: {trunk: desk},"
			 " rewrite: {number: {strip: '77'}, headers: {add: [{name: X-Way, value: on}]}}}\n");
	call_number(h, "49", NULL);
	msg = arrives(h, B);
	EXPECT_TRUE(slice_eq(header(msg, "X-Way"), SLICE("in")));
	EXPECT_TRUE(slice_eq(msg->ruri, SLICE("sip:849@" IP_B)));
	reply_tagged(h, B, &h->ua[B].invite, "302 Moved Temporarily", "moved",
		     "Contact: <sip:661@there.example>, <sip:7710@there.example>,"
		     " <sip:7711@elsewhere.example>\r\n", NULL);
	expect(h, B, "ACK ");
	msg = expect(h, C, "INVITE ");
	EXPECT_TRUE(slice_eq(msg->ruri, SLICE("sip:10@" IP_C)));
	EXPECT_TRUE(slice_eq(header(msg, "X-Way"), SLICE("on")));
	EXPECT_FALSE(pending(h, C));
	busy(h, C);
}

/* --- emergency --- */

static const char sos[] =
	"  - {name: all, match: {trunk: phones}, to: {trunk: desk}}\n"
	"  - {name: sos, emergency: yes, match: {number-pattern: '110|112'}, to: {trunk: pbx}}\n";

TEST_F(route, an_emergency_call_is_taken_while_the_daemon_drains)
{
	struct harness *h = &self->h;

	follow_routes(h, sos);
	call_engine_drain(h->engine, h->now, true);
	call_number(h, "4930123", NULL);
	refused(h, "SIP/2.0 503 ");
	call_number(h, "112", NULL);
	arrives(h, B);
	busy(h, B);
	EXPECT_EQ(counter(h, "refused-draining"), 1);
}

TEST_F(route, an_emergency_call_is_taken_in_overload)
{
	struct call_load much = { 0 };
	struct harness *h = &self->h;

	much.of[CALL_OVERLOAD_LAG] = 5 * NSEC_PER_SEC;
	follow_routes(h, sos);
	call_engine_load(h->engine, h->now, &much);
	call_number(h, "1120", NULL);
	refused(h, "SIP/2.0 503 ");
	call_number(h, "112", NULL);
	arrives(h, B);
	busy(h, B);
	/* Whom nobody knows can want what he likes. */
	begin_dialog(h, STRANGER, "112");
	send_request(h, STRANGER, "INVITE", 1, NULL, SDP_A);
	expect(h, STRANGER, "SIP/2.0 403 ");
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_HARNESS_MAIN
