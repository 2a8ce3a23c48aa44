// SPDX-License-Identifier: GPL-2.0-only
/*
 * A good file becomes the configuration that it says; each kind of mistake is
 * reported on its line, in words that say what was found, what was expected and
 * what was probably meant; several mistakes are all reported in one run.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/jalur.h>

#include "base/log.h"
#include "base/timer.h"
#include "config/config.h"

static const char good[] =
	"node: 7\n"
	"control: /tmp/control\n"
	"control-group: root\n"
	"log-level: debug\n"
	"on-stop: keep\n"
	"relay: kernel\n"
	"realms:\n"
	"  outside:\n"
	"    signalling:\n"
	"      - {address: 192.0.2.1, port: 5070, transport: udp, advertise: 198.51.100.7}\n"
	"      - {address: \"2001:db8::1\"}\n"
	"    media:\n"
	"      - {address: 192.0.2.1, advertise: 198.51.100.7, ports: 20000-29999}\n"
	"    latch: any\n"
	"  inside:\n"
	"    signalling: [{address: 10.0.0.1}]\n"
	"    media: [{address: 10.0.0.1, ports: 30000 - 39998}]\n"
	"trunks:\n"
	"  phones:  {realm: outside, match: [192.0.2.0/24, \"2001:db8::/32\"]}\n"
	"  pbx:     {realm: inside, match: [10.0.0.2], target: \"sip:10.0.0.2:5080\"}\n"
	"  six:     {realm: outside, target: \"sip:[2001:db8::2];transport=udp\"}\n"
	"routes:\n"
	"  - {name: in,  match: {trunk: phones}, to: {trunk: pbx}}\n"
	"  - {name: out, match: {realm: inside, number: \"+49\"}, to: {trunk: six}}\n"
	"timers:\n"
	"  media-idle: 2m\n"
	"  ring: 90s\n"
	"  max-duration: 0s\n"
	"  t1: 200ms\n";

static int load(const char *text, struct config **out, struct config_mistakes *mistakes)
{
	return config_load_memory(slice_str(text), out, mistakes);
}

static void print_mistakes(const struct config_mistakes *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		printf("# line %d: %s\n", m->list[i].line, m->list[i].text);
}

TEST(good_file_says_what_it_says)
{
	struct config_mistakes mistakes;
	struct config *c = NULL;
	struct call_policy *p;
	char text[ADDR_STRLEN];
	int err = load(good, &c, &mistakes);

	print_mistakes(&mistakes);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, mistakes.n);
	EXPECT_EQ(7, c->node);
	EXPECT_STREQ("/tmp/control", c->control);
	EXPECT_STREQ("root", c->control_group);
	EXPECT_EQ(LOG_DEBUG, c->log_level);
	EXPECT_FALSE(c->hangup_on_stop);

	ASSERT_EQ(3, c->nlisteners);
	EXPECT_STREQ("192.0.2.1:5070", addr_print(&c->listeners[0].local, text));
	EXPECT_STREQ("198.51.100.7:5070", addr_print(&c->listeners[0].advertise, text));
	EXPECT_STREQ("[2001:db8::1]:5060", addr_print(&c->listeners[1].local, text));
	EXPECT_STREQ("[2001:db8::1]:5060", addr_print(&c->listeners[1].advertise, text));
	EXPECT_EQ(0, c->listeners[1].realm);
	EXPECT_EQ(1, c->listeners[2].realm);

	p = c->policy;
	ASSERT_EQ(2, p->nrealms);
	EXPECT_STREQ("outside", p->realms[0].name);
	EXPECT_EQ(0, p->realms[0].first_listener);
	EXPECT_EQ(2, p->realms[0].nlisteners);
	EXPECT_EQ(JALUR_LATCH_ANY, p->realms[0].latch);
	EXPECT_EQ(2, p->realms[1].first_listener);
	EXPECT_EQ(JALUR_LATCH_PORT, p->realms[1].latch);
	ASSERT_EQ(1, p->realms[1].nmedia);
	EXPECT_EQ(30000, p->realms[1].media[0].min);
	EXPECT_EQ(39998, p->realms[1].media[0].max);
	EXPECT_STREQ("10.0.0.1", addr_print_ip(&p->realms[1].media[0].advertise, text));
	EXPECT_STREQ("198.51.100.7", addr_print_ip(&p->realms[0].media[0].advertise, text));

	ASSERT_EQ(3, p->ntrunks);
	ASSERT_EQ(2, p->trunks[0].nmatch);
	EXPECT_EQ(24, p->trunks[0].match[0].bits);
	EXPECT_EQ(0, p->trunks[0].ntargets);
	EXPECT_EQ(1, p->trunks[1].realm);
	EXPECT_STREQ("10.0.0.2:5080", addr_print(&p->trunks[1].targets->hop.addr, text));
	EXPECT_STREQ("[2001:db8::2]:5060", addr_print(&p->trunks[2].targets->hop.addr, text));

	ASSERT_EQ(2, p->nroutes);
	EXPECT_EQ(0, p->routes[0].from_trunk);
	EXPECT_EQ(-1, p->routes[0].from_realm);
	EXPECT_EQ(NULL, p->routes[0].match.number.prefix);
	ASSERT_EQ(1, p->routes[0].nto);
	EXPECT_EQ(1, p->routes[0].to[0].trunk);
	EXPECT_EQ(1, p->routes[1].from_realm);
	EXPECT_STREQ("+49", p->routes[1].match.number.prefix);
	EXPECT_EQ(120000, p->media_idle_ms);
	EXPECT_EQ(90 * NSEC_PER_SEC, p->ring_timeout);
	EXPECT_EQ(0, p->max_duration);
	EXPECT_EQ(200 * NSEC_PER_MSEC, p->t1);
	EXPECT_EQ(4 * NSEC_PER_SEC, p->t2);
	config_free(c);
}

#define REALM_AT(name, address) \
	name ": {signalling: [{address: " address "}]," \
	" media: [{address: " address ", ports: 20000-29999}]}"
/* One realm on line 2, with this in its listener, and in its media. */
#define REALM_B(listener, media) \
	"realms:\n  b: {signalling: [{" listener "}], media: [{" media "}]}\n"
#define LISTEN_AT(address) \
	"b: {signalling: [{address: " address "}], media: [{address: 10.9.9.9, ports: 20000-29999}]}"
#define A "  " REALM_AT("a", "192.0.2.1") "\n"		/* line 2 of a file */
#define B "  " REALM_AT("b", "10.0.0.1") "\n"		/* line 3 */
#define HEAD "realms:\n" A B

TEST(small_file_has_the_defaults)
{
	struct config_mistakes mistakes;
	struct config *c = NULL;

	ASSERT_EQ(0, load(HEAD, &c, &mistakes));
	EXPECT_EQ(1, c->node);
	EXPECT_STREQ("/run/jalur/control", c->control);
	EXPECT_STREQ("jalur", c->control_group);
	EXPECT_EQ(LOG_INFO, c->log_level);
	EXPECT_TRUE(c->hangup_on_stop);
	EXPECT_EQ(CONFIG_RELAY_KERNEL, c->relay);
	EXPECT_EQ(60000, c->policy->media_idle_ms);
	EXPECT_EQ(4 * 3600 * NSEC_PER_SEC, c->policy->max_duration);
	EXPECT_EQ(0, c->policy->ntrunks);
	EXPECT_EQ(0, c->policy->nroutes);
	config_free(c);
}

/* Everything below a key may be commented out. */
TEST(empty_keys_are_allowed_where_nothing_is_required)
{
	struct config_mistakes mistakes;
	struct config *c = NULL;

	ASSERT_EQ(0, load(HEAD "trunks:\nroutes:\ntimers:\nsip:\n", &c, &mistakes));
	EXPECT_EQ(500 * NSEC_PER_MSEC, c->policy->t1);
	EXPECT_EQ(65535, c->limits.message);
	EXPECT_EQ(128, c->limits.headers);
	EXPECT_EQ(3, c->limits.nesting);
	config_free(c);
}

struct bad {
	const char *yaml;
	int line;
	const char *text;	/* part of the mistake */
};

#define TRUNKS "trunks:\n  p: {realm: a, match: [203.0.113.0/24]}\n" \
	"  q: {realm: b, target: \"sip:10.0.0.2\"}\n"		/* lines 4 to 6 */

#define ROUTE(keys) HEAD TRUNKS "routes: [{name: r, " keys "}]\n"	/* line 7 */
/* A trunk with two targets, on line 6, and what else it has. */
#define TWO(more, uri) HEAD "trunks:\n  p:\n    {" more "realm: a, " \
	"targets: [{uri: \"sip:192.0.2.2\"}, {uri: \"" uri "\"}]}\n"

static const struct bad bad[] = {
	/* the text itself */
	{ "", 1, "the file is empty" },
	{ "- a\n", 1, "found a list, expected a mapping" },
	{ "hello", 1, "found a single value, expected a mapping" },
	{ "node: [1\n", 2, "not YAML" },
	{ "node: 1\nrealms:\n\tinside:\n", 3, "found a tab, expected spaces" },
	{ "node: 1\n\xff\n", 2, "UTF-8" },
	{ HEAD "---\nnode: 1\n", 5, "second document" },
	{ HEAD "? [a]\n: b\n", 4, "found a list or mapping as a key" },
	/* keys */
	{ HEAD "log_level: info\n", 4, "unknown key \"log_level\"; nearest valid key: \"log-level\"" },
	{ HEAD "zzzzzzzz: info\n", 4, "valid keys here: node, control, control-group" },
	{ HEAD "node: 1\nnode: 2\n", 5, "\"node\" is given twice, first on line 4" },
	{ "node: 1\n", 1, "\"realms\" is missing" },
	{ "realms: {}\n", 1, "realms: found nothing, expected at least one" },
	{ "realms:\n", 1, "realms: found nothing, expected at least one" },
	{ "realms:\n" A "  a: {}\n", 3, "\"a\" is given twice, first on line 2" },
	{ "realms:\n" A "  \"x y\": {}\n", 3, "found \"x y\", expected a name" },
	{ "realms:\n  a:\n    signaling: []\n    media: [{address: 192.0.2.1, ports: 2000-2999}]\n", 3,
	  "nearest valid key: \"signalling\"" },
	{ "realms:\n  a:\n    media: [{address: 192.0.2.1, ports: 2000-2999}]\n", 2,
	  "realms.a: \"signalling\" is missing" },
	{ "realms:\n  a: {signalling: [], media: [{address: 192.0.2.1, ports: 2000-2999}]}\n", 2,
	  "realms.a.signalling: found nothing, expected at least one" },
	/* values */
	{ HEAD "node: 0\n", 4, "node: found \"0\", expected a number from 1 to 4095" },
	{ HEAD "node: 4096\n", 4, "a number from 1 to 4095" },
	{ HEAD "node: one\n", 4, "node: found \"one\"" },
	{ HEAD "node: [1]\n", 4, "node: found a list, expected a number" },
	{ HEAD "node:\n", 4, "node: found nothing, expected a number" },
	{ HEAD "control: \"\"\n", 4, "a text of 1 to 107" },
	{ HEAD "log-level: loud\n", 4, "expected one of: error, warning, info, debug" },
	{ HEAD "relay: module\n", 4, "relay: found \"module\", expected one of: kernel, userspace, auto" },
	{ HEAD "on-stop: wait\n", 4, "one of: keep, hangup" },
	{ HEAD "timers: {ring: 60}\n", 4, "timers.ring: found \"60\": a duration needs a unit" },
	{ HEAD "timers: {ring: 2d}\n", 4, "a duration such as 500ms" },
	{ HEAD "timers: {ring: 2h}\n", 4, "from 1s to 1h" },
	{ HEAD "timers: {t2: 400ms}\n", 4, "t2 (400ms) is shorter than t1 (500ms)" },
	{ HEAD "timers: 5s\n", 4, "timers: found a single value, expected a mapping" },
	{ HEAD "trunks: [a]\n", 4, "found a list, expected a mapping of names" },
	{ HEAD "routes: {a: b}\n", 4, "found a mapping, expected a list" },
	/* addresses and ports */
	{ REALM_B("address: 10.0.0.1, transport: sctp", "address: 10.0.0.1, ports: 2000-2999"),
	  2, "realms.b.signalling[0].transport: found \"sctp\", expected one of: udp, tcp, tls, ws" },
	{ "realms:\n  " LISTEN_AT("10.0.0.1:5060") "\n", 2, "the port does not belong here" },
	{ "realms:\n  " LISTEN_AT("sip.example.net") "\n", 2, "names are not supported" },
	{ "realms:\n  " LISTEN_AT("0.0.0.0") "\n", 2, "the wildcard address" },
	{ "realms:\n  " LISTEN_AT("224.0.0.1") "\n", 2, "multicast" },
	{ "realms:\n  " LISTEN_AT("\"fe80::1\"") "\n", 2, "link-local" },
	{ "realms:\n  " LISTEN_AT("10.0.0.256") "\n", 2, "found \"10.0.0.256\", expected an IPv4" },
	{ REALM_B("address: 10.0.0.1, advertise: \"2001:db8::1\"", "address: 10.0.0.1, ports: 2000-2999"),
	  2, "advertise: found \"2001:db8::1\", expected the family of the address \"10.0.0.1\"" },
	{ REALM_B("address: 10.0.0.1, port: 65536", "address: 10.0.0.1, ports: 2000-2999"),
	  2, "a number from 1 to 65535" },
	{ REALM_B("address: 10.0.0.1", "address: 10.0.0.1, ports: 2999-2000"),
	  2, "realms.b.media[0].ports: found \"2999-2000\": the first port is not below the last" },
	{ REALM_B("address: 10.0.0.1", "address: 10.0.0.1, ports: 2001-2999"),
	  2, "the first port is odd" },
	{ REALM_B("address: 10.0.0.1", "address: 10.0.0.1, ports: 20000"),
	  2, "expected ports MIN-MAX from 1024 to 65535" },
	{ "realms:\n" A "  " LISTEN_AT("192.0.2.1") "\n", 3,
	  "found port 5060, which overlaps port 5060 of the same address on line 2" },
	{ REALM_B("address: 192.0.2.1, port: 5070", "address: 192.0.2.1, ports: 29998-30999") A,
	  3, "found ports 20000-29999, which overlap ports 29998-30999 of the same address on line 2" },
	{ REALM_B("address: 10.0.0.1", "address: 10.0.0.1, ports: 5000-5999"),
	  2, "found ports 5000-5999, which overlap port 5060" },
	/* trunks */
	{ HEAD "trunks:\n  p: {realm: aa, match: [192.0.2.0/24]}\n", 5,
	  "trunks.p.realm: found \"aa\", expected one of the realms: a, b" },
	{ HEAD "trunks:\n  p: {realm: nowhere, match: [192.0.2.0/24]}\n", 5,
	  "expected one of the realms: a, b" },
	{ HEAD "routes:\n  - {name: r, to: {trunk: q}}\n", 5,
	  "expected one of the trunks: there are none" },
	{ HEAD "trunks:\n  p: {match: [192.0.2.0/24]}\n", 5, "trunks.p: \"realm\" is missing" },
	{ HEAD "trunks:\n  p: {realm: a}\n", 5, "\"match\", \"target\" or both are missing" },
	{ HEAD "trunks:\n  p: {realm: a, target: \"sip:192.0.2.2\", targets: [{uri: \"sip:192.0.2.3\"}]}\n",
	  5, "\"target\" is given too: one or the other" },
	{ HEAD "trunks:\n  p: {realm: a, targets: []}\n", 5, "expected 1 to 16 targets, found 0" },
	{ TWO("", "sip:192.0.2.2"), 6, "found \"sip:192.0.2.2\", which is on line 6 already" },
	{ TWO("", "sip:192.0.2.1"), 6, "which is Jalur's own listener on line 2" },
	{ TWO("", "192.0.2.3"), 6, "targets[1].uri: found \"192.0.2.3\", expected a sip:" },
	{ TWO("failover: {codes: [302]}, ", "sip:192.0.2.3"), 6, "a number from 400 to 599" },
	{ TWO("probe: {interval: 2s}, ", "sip:192.0.2.3"), 6,
	  "timeout (4s) is not shorter than interval (2s)" },
	{ TWO("register: {}, ", "sip:192.0.2.3"), 6, "register: \"aor\" is missing" },
	{ TWO("register: {aor: \"sip:carrier.example\"}, ", "sip:192.0.2.3"), 6,
	  "expected sip:USER@DOMAIN" },
	{ TWO("register: {aor: \"sip:u@h\", retry: 2h}, ", "sip:192.0.2.3"), 6, "from 1s to 1h" },
	{ TWO("register: {aor: \"sip:u@h\", retry: 1h}, ", "sip:192.0.2.3"), 6,
	  "retry (1h) is not shorter than retry-max (30m)" },
	{ TWO("limits: {}, ", "sip:192.0.2.3"), 6, "expected \"calls\", \"rate\" or \"duration\"" },
	{ TWO("limits: {calls: 0}, ", "sip:192.0.2.3"), 6, "a number from 1 to 1000000" },
	{ HEAD "trunks:\n  p: {realm: a, match: [192.0.2.2], probe: {}}\n", 5,
	  "the trunk has no \"target\" for that" },
	{ HEAD "trunks:\n  p: {realm: a, match: [192.0.2.0/33]}\n", 5,
	  "trunks.p.match[0]: found \"192.0.2.0/33\", expected an address or a prefix" },
	{ HEAD "trunks:\n  p: {realm: a, match: [192.0.2.1/24]}\n", 5, "bits set behind the prefix" },
	{ HEAD "trunks:\n  p: {realm: a, match: [example.net]}\n", 5, "names are not supported" },
	{ HEAD "trunks:\n  p: {realm: a, match: [\"2001:db8::/32\"]}\n", 5,
	  "realm \"a\" listens on no IPv6 address" },
	{ HEAD "trunks:\n  p: {realm: a, match: [192.0.2.9]}\n  q: {realm: a, match: [192.0.2.9/32]}\n",
	  6, "which trunk \"p\" has on line 5 already" },
	{ HEAD "trunks:\n  p: {realm: a, target: 10.0.0.2}\n", 5, "expected a sip: or sips: URI" },
	{ HEAD "trunks:\n  p: {realm: a, target: \"sip:10.0.0.1\"}\n", 5,
	  "which is Jalur's own listener on line 3" },
	/* routes */
	{ HEAD TRUNKS "routes: [{name: x, to: {}}]\n", 7,
	  "expected one of \"trunk\", \"fork\" and \"registrar\"" },
	{ HEAD TRUNKS "routes: [{name: x, to: {trunk: q, fork: [{trunk: q}]}}]\n", 7,
	  "expected one of \"trunk\", \"fork\" and \"registrar\"" },
	{ HEAD TRUNKS "routes: [{name: x, to: {registrar: example.com}}]\n", 7, "example.com" },
	{ HEAD TRUNKS "routes: [{name: x, to: {fork: []}}]\n", 7,
	  "expected 1 to 6 destinations, found 0" },
	{ HEAD TRUNKS "routes: [{name: x, to: {fork: [{trunk: q, q: 1.1}]}}]\n", 7,
	  "expected a q value from 0 to 1" },
	{ HEAD TRUNKS "routes: [{name: x, to: {fork: [{trunk: q, q: 0.1234}]}}]\n", 7,
	  "expected a q value from 0 to 1" },
	{ HEAD TRUNKS "routes: [{name: x, to: {fork: [{trunk: p}]}}]\n", 7,
	  "trunk \"p\" has no \"target\"" },
	{ HEAD TRUNKS "routes:\n  - {name: r, to: {trunk: qq}}\n", 8,
	  "routes[0].to.trunk: found \"qq\", expected one of the trunks: p, q" },
	{ HEAD TRUNKS "routes:\n  - {name: r, to: {trunk: p}}\n", 8, "trunk \"p\" has no \"target\"" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {trunk: q}, to: {trunk: q}}\n", 8,
	  "trunk \"q\" has no \"match\"" },
	{ HEAD TRUNKS "routes:\n  - {to: {trunk: q}}\n", 8, "routes[0]: \"name\" is missing" },
	{ HEAD TRUNKS "routes:\n  - {name: r}\n", 8, "routes[0]: expected \"to\" or \"reject\"" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {trunk: p}, to: {trunk: q}}\n"
	  "  - {name: r, to: {trunk: q}}\n", 9, "\"r\" is given twice, first on line 8" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {realm: a}, to: {trunk: q}}\n"
	  "  - {name: s, match: {trunk: p, number: \"1\"}, to: {trunk: q}}\n", 9,
	  "never reached: the route on line 8" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {number: \"+4\"}, to: {trunk: q}}\n"
	  "  - {name: s, match: {number: \"+49\"}, to: {trunk: q}}\n", 9, "never reached" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {trunk: p, realm: b}, to: {trunk: q}}\n", 8,
	  "but trunk \"p\" is in realm \"a\"" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {number: \"a b\"}, to: {trunk: q}}\n", 8,
	  "expected the beginning of a number" },
	{ ROUTE("match: {number-pattern: '4(9'}, to: {trunk: q}"), 7,
	  "match.number-pattern: \"4(9\" is no pattern: missing closing parenthesis, at character 4" },
	{ ROUTE("match: {domain-pattern: '*'}, to: {trunk: q}"), 7,
	  "quantifier does not follow a repeatable item, at character 1" },
	{ ROUTE("match: {from-number-pattern: '[9-1]'}, to: {trunk: q}"), 7, "range out of order" },
	{ ROUTE("match: {number-pattern: '(*UTF)9'}, to: {trunk: q}"), 7, "UTF" },
	{ ROUTE("match: {headers: [{name: X, pattern: '(?<a'}]}, to: {trunk: q}"), 7,
	  "match.headers[0].pattern: \"(?<a\" is no pattern" },
	{ ROUTE("match: {headers: [{name: 'a b', pattern: x}]}, to: {trunk: q}"), 7,
	  "found \"a b\", expected a token" },
	{ ROUTE("match: {method: invite}, to: {trunk: q}"), 7,
	  "found \"invite\", expected one of: INVITE, MESSAGE, REFER, SUBSCRIBE, PUBLISH" },
	{ ROUTE("match: {source: 10.0.0.1/8}, to: {trunk: q}"), 7, "bits set behind the prefix" },
	{ ROUTE("to: {trunk: q}, reject: {code: 603}"), 7, "\"to\" is given too" },
	{ ROUTE("reject: {code: 302}"), 7, "expected a number from 400 to 699" },
	{ ROUTE("reject: {reason: x}"), 7, "\"code\" is missing" },
	{ ROUTE("emergency: yes, reject: {code: 500}"), 7, "an emergency route rejects nothing" },
	{ ROUTE("reject: {code: 500}, rewrite: {number: {strip: '0'}}"), 7,
	  "routes[0].rewrite: a route that rejects rewrites nothing" },
	{ ROUTE("to: {trunk: q}, rewrite: {number: {pattern: 'a'}}"), 7,
	  "\"pattern\" and \"replacement\" go together" },
	{ ROUTE("to: {trunk: q}, rewrite: {from-number: {replacement: 'a'}}"), 7, "go together" },
	{ ROUTE("to: {trunk: q}, rewrite: {number: {pattern: 'a(', replacement: '$1'}}"), 7,
	  "rewrite.number.pattern: \"a(\" is no pattern" },
	{ ROUTE("to: {trunk: q}, rewrite: {number: {pattern: '(a)|b', replacement: 'x$2'}}"), 7,
	  "\"x$2\" is no replacement for \"(a)|b\": unknown substring, near character 4" },
	{ ROUTE("to: {trunk: q}, rewrite: {number: {pattern: 'a', replacement: '${'}}"), 7,
	  "is no replacement" },
	{ ROUTE("to: {trunk: q}, rewrite: {headers: {add: [{name: X-A, value: $1}]}}"), 7,
	  "\"$1\" is no replacement for \".*\"" },
	{ ROUTE("to: {trunk: q}, rewrite: {headers: {add: [{name: X-A, value: \"a\\r\\nB: c\"}]}}"), 7,
	  "printable characters" },
	{ ROUTE("to: {trunk: q}, rewrite: {headers: {remove: [Call-ID]}}"), 7,
	  "\"Call-ID\" is a header that Jalur writes or reads itself" },
	{ ROUTE("to: {trunk: q}, rewrite: {headers: {replace: [{name: l, value: '0'}]}}"), 7,
	  "\"l\" is a header that Jalur writes or reads itself" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {number-pattern: '4.*'}, to: {trunk: q}}\n"
	  "  - {name: s, match: {number-pattern: '4.*', realm: a}, to: {trunk: q}}\n", 9,
	  "never reached" },
	{ HEAD TRUNKS "routes:\n  - {name: r, match: {realm: a}, to: {trunk: q}}\n"
	  "  - {name: s, emergency: yes, to: {trunk: q}}\n", 8,
	  "never reached: the route on line 9" },
};

/* None of these is reached by no call. */
TEST(routes_that_differ_are_all_reached)
{
	static const char text[] = HEAD TRUNKS
		"routes:\n"
		"  - {name: all-but, match: {number-pattern: '4.*'}, to: {trunk: q}}\n"
		"  - {name: other, match: {number-pattern: '5.*'}, reject: {code: 404}}\n"
		"  - {name: header, match: {headers: [{name: X, pattern: y}]}, to: {trunk: q}}\n"
		"  - {name: source, match: {source: 10.0.0.0/8}, to: {trunk: q}}\n"
		"  - {name: rest, to: {trunk: q}}\n"
		"  - {name: sos, emergency: yes, match: {number: \"112\"}, to: {trunk: q}}\n";
	struct config_mistakes mistakes;
	struct config *c = NULL;
	int err = load(text, &c, &mistakes);

	print_mistakes(&mistakes);
	ASSERT_EQ(0, err);
	ASSERT_EQ(6, c->policy->nroutes);
	EXPECT_STREQ("sos", c->policy->routes[0].name);
	EXPECT_TRUE(c->policy->routes[0].emergency);
	EXPECT_STREQ("all-but", c->policy->routes[1].name);
	EXPECT_EQ(404, c->policy->routes[2].reject);
	EXPECT_STREQ("rest", c->policy->routes[5].name);
	config_free(c);
}

TEST(each_mistake_is_told_alone_on_its_line)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct config *c = (struct config *)bad;	/* must stay untouched */
		struct config_mistakes mistakes;
		int err = load(bad[i].yaml, &c, &mistakes);

		EXPECT_EQ(-EINVAL, err);
		EXPECT_EQ((struct config *)bad, c);
		if (mistakes.n != 1 || mistakes.list[0].line != bad[i].line ||
		    !strstr(mistakes.list[0].text, bad[i].text)) {
			printf("# case %zu: %s# expected line %d: %s\n", i, bad[i].yaml,
			       bad[i].line, bad[i].text);
			print_mistakes(&mistakes);
			EXPECT_TRUE(false);
		}
		config_mistakes_free(&mistakes);
	}
}

TEST(all_mistakes_are_told_in_one_run)
{
	static const char text[] =
		"nod: 1\n"
		"log-level: loud\n"
		"realms:\n"
		"  outside:\n"
		"    signalling: [{address: 192.0.2.1, prt: 5060}]\n"
		"    media: [{address: 192.0.2.1, ports: 9-8}]\n"
		"    latch: never\n"
		"trunks:\n"
		"  phones: {realm: outsid, match: [192.0.2.0/24]}\n"
		"routes:\n"
		"  - {name: in, to: {trunk: phone}}\n";
	static const int lines[] = { 1, 2, 5, 6, 7, 9, 11 };
	struct config_mistakes mistakes;
	struct config *c = NULL;
	size_t i;

	ASSERT_EQ(-EINVAL, load(text, &c, &mistakes));
	print_mistakes(&mistakes);
	ASSERT_EQ(sizeof(lines) / sizeof(lines[0]), mistakes.n);
	for (i = 0; i < mistakes.n; i++)
		EXPECT_EQ(lines[i], mistakes.list[i].line);
	config_mistakes_free(&mistakes);
}

/* Aliases multiply what a file says; the number of values is bounded. */
TEST(aliases_cannot_make_a_small_file_large)
{
	static char text[64 * 1024];
	struct config_mistakes mistakes;
	struct config *c = NULL;
	size_t n, i;

	n = (size_t)sprintf(text, "realms:\n  r0: &r {signalling: &s [");
	for (i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "{},");
	n += (size_t)sprintf(text + n, "], media: *s}\n");
	for (i = 1; i < 1000; i++)
		n += (size_t)sprintf(text + n, "  r%zu: *r\n", i);
	ASSERT_EQ(-EINVAL, load(text, &c, &mistakes));
	EXPECT_LE(mistakes.n, 100);
	config_mistakes_free(&mistakes);
}

TEST(a_file_that_cannot_be_read_is_line_0)
{
	struct config_mistakes mistakes;
	struct config *c = NULL;

	EXPECT_EQ(-ENOENT, config_load("/nonexistent/jalurd.yaml", &c, &mistakes));
	ASSERT_EQ(1, mistakes.n);
	EXPECT_EQ(0, mistakes.list[0].line);
	EXPECT_NE(NULL, strstr(mistakes.list[0].text, "No such file"));
	config_mistakes_free(&mistakes);
}

TEST(a_reload_that_moves_a_listener_needs_a_restart)
{
	struct config_mistakes mistakes;
	struct config *a, *b, *c, *d, *e, *f;

	ASSERT_EQ(0, load(HEAD, &a, &mistakes));
	ASSERT_EQ(0, load(HEAD "relay: auto\n", &f, &mistakes));
	ASSERT_EQ(0, load(HEAD "log-level: debug\ntrunks: {p: {realm: a, match: [192.0.2.9]}}\n",
			  &b, &mistakes));
	ASSERT_EQ(0, load("realms:\n" A "  " REALM_AT("b", "10.0.0.9") "\n", &c, &mistakes));
	ASSERT_EQ(0, load("node: 2\n" HEAD, &d, &mistakes));
	ASSERT_EQ(0, load(HEAD "sip: {max-message: 4096, max-headers: 64, max-nesting: 1}\n", &e,
			  &mistakes));
	EXPECT_EQ(4096, e->limits.message);
	EXPECT_EQ(64, e->limits.headers);
	EXPECT_EQ(1, e->limits.nesting);
	ASSERT_NE(NULL, config_restart_needed(a, e));
	EXPECT_NE(NULL, strstr(config_restart_needed(a, e), "sip.max-message"));
	EXPECT_EQ(NULL, config_restart_needed(a, b));
	ASSERT_NE(NULL, config_restart_needed(a, c));
	EXPECT_NE(NULL, strstr(config_restart_needed(a, c), "listeners"));
	EXPECT_NE(NULL, strstr(config_restart_needed(a, d), "node"));
	EXPECT_EQ(CONFIG_RELAY_AUTO, f->relay);
	ASSERT_NE(NULL, config_restart_needed(a, f));
	EXPECT_NE(NULL, strstr(config_restart_needed(a, f), "relay"));
	config_free(a);
	config_free(b);
	config_free(c);
	config_free(d);
	config_free(e);
	config_free(f);
}

TEST(a_route_to_several_destinations)
{
	struct config_mistakes mistakes;
	const struct call_route *route;
	struct config *c;

	ASSERT_EQ(0, load(HEAD TRUNKS "  r: {realm: b, target: \"sip:10.0.0.3\"}\n"
			  "routes: [{name: x, early-media: latest, redirect: follow, "
			  "to: {fork: [{trunk: r, q: 0.25}, "
			  "{trunk: q, ring: 20s}]}}]\n", &c, &mistakes));
	route = &c->policy->routes[0];
	ASSERT_EQ(2, route->nto);
	EXPECT_EQ(1, route->to[0].trunk);
	EXPECT_EQ(1000, route->to[0].q);
	EXPECT_EQ(20 * NSEC_PER_SEC, route->to[0].ring);
	EXPECT_EQ(2, route->to[1].trunk);
	EXPECT_EQ(250, route->to[1].q);
	EXPECT_EQ(0, route->to[1].ring);
	EXPECT_EQ(CALL_EARLY_MEDIA_LATEST, route->early_media);
	EXPECT_EQ(CALL_REDIRECT_FOLLOW, route->redirect);
	config_free(c);
}

TEST(a_trunk_has_targets_and_how_it_is_looked_after)
{
	static const char text[] = HEAD "trunks:\n"
		"  p:\n"
		"    realm: a\n"
		"    targets:\n"
		"      - {uri: \"sip:192.0.2.2\", priority: 5, weight: 7}\n"
		"      - {uri: \"sip:carrier.example\"}\n"
		"    failover: {codes: [500, 486], timeout: 3s}\n"
		"    probe: {interval: 20s, up-after: 4, codes: [480]}\n"
		"    register: {aor: \"sip:4930@carrier.example\", expires: 10m, retry-max: 5m}\n"
		"    limits: {calls: 30, rate: 10, duration: 2h}\n"
		"  q: {realm: b, target: \"sip:10.0.0.2\", register: {aor: \"sip:u@h\", contact: me}}\n";
	struct config_mistakes mistakes;
	struct config *c = NULL;
	struct call_trunk *t;
	int err = load(text, &c, &mistakes);

	print_mistakes(&mistakes);
	ASSERT_EQ(0, err);
	t = &c->policy->trunks[0];
	ASSERT_EQ(2, t->ntargets);
	EXPECT_STREQ("sip:192.0.2.2", t->targets[0].uri);
	EXPECT_EQ(5, t->targets[0].priority);
	EXPECT_EQ(7, t->targets[0].weight);
	EXPECT_STREQ("carrier.example", t->targets[1].hop.host);
	EXPECT_EQ(0, t->targets[1].priority);
	EXPECT_EQ(1, t->targets[1].weight);
	EXPECT_TRUE(call_codes_have(&t->failover, 500));
	EXPECT_TRUE(call_codes_have(&t->failover, 486));
	EXPECT_TRUE(call_codes_have(&t->failover, 503));
	EXPECT_FALSE(call_codes_have(&t->failover, 480));
	EXPECT_EQ(3 * NSEC_PER_SEC, t->silence);
	EXPECT_EQ(20 * NSEC_PER_SEC, t->probing.interval);
	EXPECT_EQ(4 * NSEC_PER_SEC, t->probing.timeout);
	EXPECT_EQ(3, t->probing.down_after);
	EXPECT_EQ(4, t->probing.up_after);
	EXPECT_TRUE(call_codes_have(&t->probing.codes, 480));
	EXPECT_STREQ("sip:4930@carrier.example", t->registering.aor);
	EXPECT_STREQ("4930", t->registering.contact);
	EXPECT_EQ(600, t->registering.expires);
	EXPECT_EQ(30 * NSEC_PER_SEC, t->registering.retry);
	EXPECT_EQ(300 * NSEC_PER_SEC, t->registering.retry_max);
	EXPECT_EQ(30, t->max_calls);
	EXPECT_EQ(10, t->max_rate);
	EXPECT_EQ(2 * 3600 * NSEC_PER_SEC, t->max_duration);
	t = &c->policy->trunks[1];
	EXPECT_EQ(0, t->probing.interval);
	EXPECT_EQ(0, t->silence);
	EXPECT_EQ(0, t->max_calls);
	EXPECT_STREQ("me", t->registering.contact);
	config_free(c);
}

TEST_HARNESS_MAIN
