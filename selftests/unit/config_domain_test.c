// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains and their subscribers in the configuration: what is kept of a password are its
 * hashes, and every slip is told with its line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "kselftest_harness.h"

FIXTURE(domain) {
	char path[64];
	struct config *config;
	struct config_mistakes mistakes;
};

FIXTURE_SETUP(domain)
{
	int fd;

	memset(self, 0, sizeof(*self));
	strcpy(self->path, "/tmp/config_domain_test.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_GE(fd, 0);
	close(fd);
}

FIXTURE_TEARDOWN(domain)
{
	unlink(self->path);
	config_free(self->config);
	config_mistakes_free(&self->mistakes);
}

#define SELF FIXTURE_DATA(domain) *self

/* secret is the one line of the file; domains begin on line 9, and may name the file once. */
static int load(SELF, const char *secret, const char *domains)
{
	char text[2048], rest[1024];
	int fd = open(self->path, O_RDWR | O_TRUNC);

	if (fd < 0 || write(fd, secret, strlen(secret)) != (ssize_t)strlen(secret))
		abort();
	close(fd);
	snprintf(rest, sizeof(rest), domains, self->path);
	snprintf(text, sizeof(text),
		 "realms:\n"
		 "  inside:\n"
		 "    signalling: [{address: 10.0.0.1}]\n"
		 "    media: [{address: 10.0.0.1, ports: 20000-20099}]\n"
		 "  outside:\n"
		 "    signalling: [{address: 192.0.2.1}]\n"
		 "    media: [{address: 192.0.2.1, ports: 20000-20099}]\n"
		 "    auth: digest\n%s", rest);
	config_mistakes_free(&self->mistakes);
	config_free(self->config);
	self->config = NULL;
	return config_load_memory(slice_str(text), &self->config, &self->mistakes);
}

static bool mistaken(SELF, const char *secret, const char *domains, int line, const char *why)
{
	bool ok = load(self, secret, domains) == -EINVAL && self->mistakes.n == 1 &&
		  self->mistakes.list[0].line == line &&
		  strstr(self->mistakes.list[0].text, why);

	if (!ok)
		printf("# expected %d: %s; line %d: %s\n", line, why,
		       self->mistakes.n ? self->mistakes.list[0].line : 0,
		       self->mistakes.n ? self->mistakes.list[0].text : "no mistake");
	return ok;
}

TEST_F(domain, has_what_it_says_and_defaults)
{
	const struct call_domain *d;

	ASSERT_EQ(load(self, "",
		       "domains:\n"
		       "  example.com: {realms: [outside]}\n"
		       "  pbx.example:\n"
		       "    realms: [outside]\n"
		       "    auth-realm: PBX\n"
		       "    identity: rewrite\n"
		       "    flows: trusted\n"
		       "    limits: {calls: 2, duration: 10m}\n"
		       "    events:\n"
		       "      presence: on\n"
		       "      reg: trunks\n"
		       "      subscriptions: 7\n"
		       "      expires: {min: 10s, max: 20m, default: 2m}\n"), 0);
	EXPECT_TRUE(self->config->policy->realms[1].challenges);
	EXPECT_FALSE(self->config->policy->realms[0].challenges);
	d = call_policy_domain(self->config->policy, SLICE("Example.COM"));
	ASSERT_NE(d, NULL);
	EXPECT_STREQ(d->auth_realm, "example.com");
	EXPECT_EQ(d->identity, CALL_IDENTITY_REJECT);
	EXPECT_EQ(d->flows, CALL_FLOW_TRUSTED_STREAMS);
	EXPECT_EQ(d->max_calls, 0);
	EXPECT_FALSE(d->events.presence);
	EXPECT_EQ(d->events.reg, EVENT_REG_OWN);
	EXPECT_EQ(d->events.interval, 500000000);
	EXPECT_TRUE(call_domain_serves(d, 1));
	EXPECT_FALSE(call_domain_serves(d, 0));
	d = call_policy_domain(self->config->policy, SLICE("pbx.example"));
	ASSERT_NE(d, NULL);
	EXPECT_STREQ(d->auth_realm, "PBX");
	EXPECT_EQ(d->identity, CALL_IDENTITY_REWRITE);
	EXPECT_EQ(d->flows, CALL_FLOW_TRUSTED);
	EXPECT_EQ(d->max_calls, 2);
	EXPECT_TRUE(d->events.presence);
	EXPECT_EQ(d->events.reg, EVENT_REG_TRUNKS);
	EXPECT_EQ(d->events.subscriptions, 7);
	EXPECT_EQ(d->events.min, 10);
	EXPECT_EQ(d->events.max, 1200);
	EXPECT_EQ(d->events.standard, 120);
	EXPECT_EQ(d->max_duration, 600000000000);
	EXPECT_EQ(call_policy_domain(self->config->policy, SLICE("other.example")), NULL);
}

TEST_F(domain, offers_the_algorithms_that_it_names)
{
	ASSERT_EQ(load(self, "hidden",
		       "domains:\n"
		       "  example.com:\n"
		       "    realms: [outside]\n"
		       "    algorithms: [md5, sha-512-256]\n"
		       "    subscribers: [{user: alice, password-file: %s}]\n"
		       "  pbx.example: {realms: [outside]}\n"), 0);
	EXPECT_EQ(self->config->policy->domains[0].algs,
		  SIP_DIGEST_BIT(SIP_DIGEST_MD5) | SIP_DIGEST_BIT(SIP_DIGEST_SHA512_256));
	EXPECT_EQ(self->config->policy->domains[1].algs, 0);
	EXPECT_TRUE(mistaken(self, "3d78807defe7de2157e2b0b6573a855f",
			     "domains:\n"
			     "  example.com:\n"
			     "    realms: [outside]\n"
			     "    algorithms: [sha-256]\n"
			     "    subscribers:\n"
			     "      - {user: alice, ha1-md5-file: %s}\n", 14,
			     "no HA1 by one of the domain's \"algorithms\""));
	EXPECT_TRUE(mistaken(self, "",
			     "domains:\n"
			     "  example.com: {realms: [outside], algorithms: [md4]}\n", 10, "md5"));
}

TEST_F(domain, keeps_hashes_of_a_password_and_not_the_password)
{
	/* RFC 7616 §3.9.1, of user, realm and password of the RFC */
	static const char *const expected[] = {
		"3d78807defe7de2157e2b0b6573a855f",
		"7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232",
	};
	const struct call_subscriber *s;
	char hex[SIP_DIGEST_HEX];

	ASSERT_EQ(load(self, "Circle of Life\n",
		       "domains:\n"
		       "  example.org:\n"
		       "    realms: [outside]\n"
		       "    auth-realm: http-auth@example.org\n"
		       "    subscribers:\n"
		       "      - {user: Mufasa, password-file: %s}\n"), 0);
	s = call_domain_subscriber(&self->config->policy->domains[0], SLICE("Mufasa"));
	ASSERT_NE(s, NULL);
	EXPECT_EQ(s->secret.password.p, NULL);
	EXPECT_EQ(s->secret.has, SIP_DIGEST_ALL);
	sip_digest_ha1_print(SIP_DIGEST_MD5, s->secret.ha1[SIP_DIGEST_MD5], hex);
	EXPECT_STREQ(hex, expected[0]);
	sip_digest_ha1_print(SIP_DIGEST_SHA256, s->secret.ha1[SIP_DIGEST_SHA256], hex);
	EXPECT_STREQ(hex, expected[1]);
}

TEST_F(domain, takes_a_hash_as_it_is)
{
	const struct call_subscriber *s;

	ASSERT_EQ(load(self, "3D78807defe7de2157e2b0b6573a855f",
		       "domains:\n"
		       "  example.org:\n"
		       "    realms: [outside]\n"
		       "    subscribers:\n"
		       "      - {user: Mufasa, ha1-md5-file: %s}\n"), 0);
	s = call_domain_subscriber(&self->config->policy->domains[0], SLICE("Mufasa"));
	ASSERT_NE(s, NULL);
	EXPECT_EQ(s->secret.has, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	EXPECT_EQ(s->secret.ha1[SIP_DIGEST_MD5][0], 0x3d);
	EXPECT_EQ(s->secret.ha1[SIP_DIGEST_MD5][15], 0x5f);
	EXPECT_EQ(call_domain_subscriber(&self->config->policy->domains[0], SLICE("mufasa")), NULL);
}

#define HEAD "domains:\n  example.org:\n    realms: [outside]\n    subscribers:\n"

TEST_F(domain, slips_are_told)
{
	static const struct {
		const char *secret, *domains;
		int line;
		const char *why;
	} table[] = {
		{ "p", "domains:\n  example.org: {realms: [inside]}\n", 10, "auth: none" },
		{ "p", "domains:\n  example.org:\n    realms: [outside]\n"
		       "    events: {expires: {min: 10m, default: 5m}}\n", 12,
		  "above \"default\"" },
		{ "p", "domains:\n  example.org:\n    realms: [outside]\n"
		       "    events: {presence: maybe}\n", 12, "off" },
		{ "p", "domains:\n  example.org: {realms: []}\n", 10, "at least one" },
		{ "p", "domains:\n  example.org: {realms: [outsid]}\n", 10, "outside" },
		{ "p", "domains:\n  a.example: {realms: [outside]}\n"
		  "  A.example: {realms: [outside]}\n", 11, "line 10" },
		{ "p", HEAD "      - {user: alice}\n", 13, "expected \"password-file\"" },
		{ "3d78807defe7de2157e2b0b6573a855f",
		  HEAD "      - {user: alice, password-file: %1$s, ha1-md5-file: %1$s}\n", 13,
		  "one or the other" },
		{ "short", HEAD "      - {user: alice, ha1-md5-file: %s}\n", 13, "32 hex digits" },
		{ "3d78807defe7de2157e2b0b6573a855f",
		  HEAD "      - {user: alice, ha1-sha-256-file: %s}\n", 13, "64 hex digits" },
		{ "p", HEAD "      - {user: al%%69ce, password-file: %s}\n", 13, "expected no" },
		{ "p", HEAD "      - {user: alice, password-file: %1$s}\n"
		  "      - {user: alice, password-file: %1$s}\n", 14, "first on line 13" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		EXPECT_TRUE(mistaken(self, table[i].secret, table[i].domains, table[i].line,
				     table[i].why)) {
			TH_LOG("%zu", i);
		}
}

#define TRUNK "domains: {example.org: {realms: [outside]}}\ntrunks:\n  pbx:\n"

TEST_F(domain, a_trunk_may_be_one_of_its_subscribers)
{
	const struct call_policy *p;

	ASSERT_EQ(load(self, "", TRUNK "    realm: outside\n"
		       "    digest: {domain: example.org, user: pbx}\n"
		       "routes: [{name: r, match: {trunk: pbx}, to: {trunk: to}}]\n"), -EINVAL);
	ASSERT_EQ(load(self, "", TRUNK "    realm: outside\n"
		       "    digest: {domain: example.org, user: pbx}\n"), 0);
	p = self->config->policy;
	EXPECT_EQ(call_policy_digest_trunk(p, 1, &p->domains[0], "pbx"), 0);
	EXPECT_EQ(call_policy_digest_trunk(p, 1, &p->domains[0], "pb"), -1);
	EXPECT_EQ(call_policy_digest_trunk(p, 0, &p->domains[0], "pbx"), -1);
	EXPECT_TRUE(mistaken(self, "", TRUNK "    realm: inside\n"
			     "    digest: {domain: example.org, user: pbx}\n", 13,
			     "not served in realm"));
	EXPECT_TRUE(mistaken(self, "", TRUNK "    realm: outside\n"
			     "    tls-names: [carrier.example]\n", 13, "tls.clients"));
}

/* Of two trunks with one proof, one would never have a call. */
TEST_F(domain, no_other_trunk_has_the_same_proof)
{
	EXPECT_TRUE(mistaken(self, "", TRUNK "    realm: outside\n"
			     "    digest: {domain: example.org, user: pbx}\n"
			     "  two: {realm: outside, digest: {domain: example.org, user: pbx}}\n",
			     14, "found \"pbx\", which trunk \"pbx\" has on line 13 already"));
	ASSERT_EQ(load(self, "", TRUNK "    realm: outside\n"
		       "    digest: {domain: example.org, user: pbx}\n"
		       "  two: {realm: outside, digest: {domain: example.org, user: other}}\n"), 0);
}

#define REGISTER "domains:\n  example.org:\n    realms: [outside]\n    register:\n"

TEST_F(domain, is_a_registrar_also_where_nothing_is_said_of_it)
{
	const struct registrar_policy *p;

	ASSERT_EQ(load(self, "p", "domains: {example.org: {realms: [outside]}}\n"), 0);
	p = &self->config->policy->domains[0].registrar;
	EXPECT_EQ(p->min, 60);
	EXPECT_EQ(p->max, 7200);
	EXPECT_EQ(p->standard, 3600);
	EXPECT_EQ(p->contacts, 10);
	EXPECT_EQ(p->keepalive, REGISTRAR_OPTIONS);
	ASSERT_EQ(load(self, "p", REGISTER "      expires: {min: 5m}\n      keepalive: crlf\n"
		       "      service-routes: [\"sip:192.0.2.1;lr\"]\n"), 0);
	p = &self->config->policy->domains[0].registrar;
	EXPECT_EQ(p->min, 300);
	EXPECT_EQ(p->standard, 3600);
	EXPECT_EQ(p->keepalive, REGISTRAR_CRLF);
	EXPECT_STREQ(self->config->policy->domains[0].service_routes[0], "sip:192.0.2.1;lr");
}

TEST_F(domain, slips_of_a_registrar_are_told)
{
	EXPECT_TRUE(mistaken(self, "p", REGISTER "      expires: {default: 3h}\n", 13,
			     "\"default\" is above \"max\""));
	EXPECT_TRUE(mistaken(self, "p", REGISTER "      service-routes: [\"sip:a\"]\n", 13,
			     "with \";lr\""));
	EXPECT_TRUE(mistaken(self, "p", REGISTER "      contacts: 33\n", 13, "32"));
}

TEST_HARNESS_MAIN
