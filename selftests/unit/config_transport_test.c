// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration of transports, certificates and names: what is taken, and what is
 * refused with a line and a remedy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "kselftest_harness.h"

FIXTURE(transport) {
	char dir[64];
	char text[4096];
	struct config *config;
	struct config_mistakes mistakes;
};

static void make_file(const char *dir, const char *name, mode_t mode)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs("-\n", f);
	fclose(f);
	chmod(path, mode);
}

FIXTURE_SETUP(transport)
{
	strcpy(self->dir, "/tmp/jalur-conf.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	make_file(self->dir, "cert", 0644);
	make_file(self->dir, "key", 0600);
	make_file(self->dir, "open", 0644);
	self->config = NULL;
	self->mistakes = (struct config_mistakes){ 0 };
}

FIXTURE_TEARDOWN(transport)
{
	char command[128];

	config_free(self->config);
	config_mistakes_free(&self->mistakes);
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(system(command), 0);
}

/* What stands for listeners, more of the realm, and more of the file; DIR is the directory. */
static int load(FIXTURE_DATA(transport) *self, const char *listeners, const char *realm,
		const char *more)
{
	char raw[4096], *at, *to = self->text;

	config_free(self->config);
	self->config = NULL;
	config_mistakes_free(&self->mistakes);
	snprintf(raw, sizeof(raw),
		 "realms:\n  a:\n    signalling: [%s]\n"
		 "    media: [{address: 192.0.2.1, ports: 20000-29999}]\n%s%s", listeners, realm, more);
	for (at = raw; *at; at++) {
		if (strncmp(at, "DIR", 3)) {
			*to++ = *at;
			continue;
		}
		to += sprintf(to, "%s", self->dir);
		at += 2;
	}
	*to = 0;
	return config_load_memory(slice_str(self->text), &self->config, &self->mistakes);
}

#define UDP "{address: 192.0.2.1}"
#define TCP "{address: 192.0.2.1, transport: tcp}"
#define TLS "{address: 192.0.2.1, transport: tls}"
#define WS "{address: 192.0.2.1, transport: ws, port: 8080}"
#define CERTIFICATE "    tls: {certificates: [{certificate: DIR/cert, key: DIR/key}]}\n"

static void refused(struct __test_metadata *_metadata, FIXTURE_DATA(transport) *self,
		    const char *listeners, const char *realm, const char *more, const char *text)
{
	EXPECT_EQ(load(self, listeners, realm, more), -EINVAL);
	EXPECT_EQ(self->mistakes.n, 1);
	if (self->mistakes.n != 1 || !strstr(self->mistakes.list[0].text, text)) {
		EXPECT_STREQ(self->mistakes.n ? self->mistakes.list[0].text : "none", text) {
			TH_LOG("%s", self->text);
		}
	}
}

TEST_F(transport, each_transport_has_its_port)
{
	const struct config_listener *l;

	ASSERT_EQ(load(self, UDP ", " TCP ", " TLS ", {address: 192.0.2.1, transport: wss, "
		       "origins: [\"https://a.example\", \"https://b.example\"]}, " WS,
		       CERTIFICATE, ""), 0);
	l = self->config->listeners;
	EXPECT_EQ(self->config->nlisteners, 5);
	EXPECT_EQ(l[0].local.port, 5060);
	EXPECT_EQ(l[1].local.port, 5060);	/* not the same as UDP's */
	EXPECT_EQ(l[2].local.port, 5061);
	EXPECT_EQ(l[3].local.port, 443);
	EXPECT_EQ(l[4].local.port, 8080);
	EXPECT_EQ(l[3].transport, TRANSPORT_WSS);
	EXPECT_EQ(l[3].norigins, 2);
	EXPECT_STREQ(l[3].origins[1], "https://b.example");
	EXPECT_EQ(self->config->connections.max, 20000);
	EXPECT_EQ(self->config->dns_servers, NULL);
	EXPECT_EQ(self->config->policy->failed_target, 30000000000ull);
}

TEST_F(transport, certificates_are_looked_for)
{
	const struct config_tls *tls;

	ASSERT_EQ(load(self, TLS, "    tls: {certificates: [{certificate: DIR/cert, key: DIR/key}], "
		       "ca: DIR, clients: required, verify: no}\n", ""), 0);
	tls = self->config->tls;
	EXPECT_TRUE(tls->configured);
	EXPECT_EQ(tls->ncertificates, 1);
	EXPECT_STREQ(tls->ca, self->dir);
	EXPECT_EQ(tls->clients, CONFIG_CLIENTS_REQUIRED);
	EXPECT_FALSE(tls->verify);
	EXPECT_TRUE(tls->present);
	ASSERT_EQ(load(self, UDP, "", ""), 0);
	EXPECT_FALSE(self->config->tls->configured);
	EXPECT_TRUE(self->config->tls->verify);
	refused(_metadata, self, TLS, "", "", "TLS needs a certificate: tls.certificates of realm");
	refused(_metadata, self, TLS,
		"    tls: {certificates: [{certificate: DIR/none, key: DIR/key}]}\n", "",
		"there is no such file");
	refused(_metadata, self, TLS,
		"    tls: {certificates: [{certificate: DIR/cert, key: DIR/open}]}\n", "",
		"others may read the file");
	refused(_metadata, self, TLS, "    tls: {certificates: [{certificate: DIR/cert}]}\n", "",
		"\"key\" is missing");
	refused(_metadata, self, UDP, "    tls: {clients: maybe}\n", "",
		"expected one of: anonymous, asked, required");
	refused(_metadata, self, UDP, "    tls: {clients: required}\n", "",
		"\"required\" needs \"ca\": whose certificates are good");
	refused(_metadata, self, TLS, "    tls: {certificates: [{certificate: DIR/cert, key: DIR/key}], "
		"ca: DIR, clients: asked}\n", "trunks:\n"
		"  p: {realm: a, tls-names: [a.example, b.example]}\n"
		"  q: {realm: a, tls-names: [B.example]}\n",
		"found \"B.example\", which trunk \"p\" has on line");
}

TEST_F(transport, a_target_has_a_name_or_an_address)
{
	static const struct {
		const char *listeners, *target, *host, *addr;
		u16 port;
		bool has_transport, secure;
		enum transport transport;
	} good[] = {
		{ UDP, "sip:192.0.2.9", "192.0.2.9", "192.0.2.9:5060", 0, false, false, 0 },
		{ TCP, "sip:192.0.2.9;transport=TCP", "192.0.2.9", "192.0.2.9:5060", 0, true, false,
		  TRANSPORT_TCP },
		{ TLS, "sips:192.0.2.9", "192.0.2.9", "192.0.2.9:5061", 0, false, true, 0 },
		{ TLS, "sips:192.0.2.9:5081;transport=tcp", "192.0.2.9", "192.0.2.9:5081", 5081, true,
		  true, TRANSPORT_TCP },
		{ WS, "sip:192.0.2.9;transport=ws", "192.0.2.9", "192.0.2.9:80", 0, true, false,
		  TRANSPORT_WS },
		{ UDP, "sip:carrier.example", "carrier.example", NULL, 0, false, false, 0 },
		{ TCP, "sip:sbc-1.carrier.example:5070", "sbc-1.carrier.example", NULL, 5070, false,
		  false, 0 },
		{ TLS, "sips:carrier.example", "carrier.example", NULL, 0, false, true, 0 },
		{ TLS, "sip:carrier.example;transport=tls", "carrier.example", NULL, 0, true, false,
		  TRANSPORT_TLS },
	};
	char more[256], text[ADDR_STRLEN];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const struct call_next_hop *hop;

		snprintf(more, sizeof(more), "trunks: {t: {realm: a, target: \"%s\"}}\n",
			 good[i].target);
		ASSERT_EQ(load(self, good[i].listeners, CERTIFICATE, more), 0) {
			TH_LOG("%s: %s", good[i].target, self->mistakes.list[0].text);
		}
		hop = &self->config->policy->trunks[0].targets->hop;
		EXPECT_STREQ(hop->host, good[i].host);
		EXPECT_EQ(hop->addr.family != 0, !!good[i].addr);
		if (good[i].addr)
			EXPECT_STREQ(addr_print(&hop->addr, text), good[i].addr);
		EXPECT_EQ(hop->port, good[i].port);
		EXPECT_EQ(hop->has_transport, good[i].has_transport);
		EXPECT_EQ(hop->secure, good[i].secure);
		if (hop->has_transport)
			EXPECT_EQ(hop->transport, good[i].transport);
	}
}

TEST_F(transport, a_target_that_cannot_be_is_refused)
{
	static const struct {
		const char *listeners, *target, *text;
	} bad[] = {
		{ UDP, "sip:-carrier.example", "neither an IP address nor a name" },
		{ UDP, "sip:carrier..example", "neither an IP address nor a name" },
		{ UDP, "sip:192.0.2.256", "neither an IP address nor a name" },
		{ UDP, "sip:carrier.example;transport=sctp", "one of udp, tcp, tls, ws, wss" },
		{ UDP, "sip:carrier.example;lr", "the only parameter" },
		{ UDP, "sips:carrier.example;transport=udp", "sips: goes by TLS" },
		{ WS, "sip:carrier.example;transport=ws", "give its IP address" },
		{ UDP, "sip:192.0.2.9;transport=tcp", "no listener for that: TCP on IPv4" },
		{ UDP, "sips:carrier.example", "no listener for that: TLS" },
		{ WS, "sip:carrier.example", "no listener for that: UDP, TCP or TLS" },
		{ UDP, "sip:[2001:db8::2]", "no listener for that: UDP on IPv6" },
		{ UDP, "tel:+49", "expected a sip: or sips: URI" },
	};
	char more[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(more, sizeof(more), "trunks: {t: {realm: a, target: \"%s\"}}\n",
			 bad[i].target);
		refused(_metadata, self, bad[i].listeners, "", more, bad[i].text);
	}
}

TEST_F(transport, listeners_that_clash_are_told)
{
	refused(_metadata, self, TCP ", {address: 192.0.2.1, port: 5060, transport: ws}", "", "",
		"overlaps port 5060 of the same address");
	refused(_metadata, self, "{address: 192.0.2.1, origins: [\"https://a.example\"]}", "", "",
		"only WebSockets");
}

/* A browser leaves the port out that its scheme has anyway, so it would never be this page. */
TEST_F(transport, an_origin_that_no_browser_sends_is_told)
{
	static const struct {
		const char *origin, *port;	/* NULL: it is good */
	} cases[] = {
		{ "https://a.example:443", ":443" }, { "http://a.example:80", ":80" },
		{ "HTTPS://[2001:db8::1]:443", ":443" },
		{ "https://a.example:80", NULL }, { "http://a.example:443", NULL },
		{ "https://a.example:8443", NULL }, { "https://[2001:db8::443]", NULL },
		{ "https://a.example", NULL },
	};
	char listener[256], text[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(listener, sizeof(listener), "{address: 192.0.2.1, transport: ws, "
			 "origins: [\"https://b.example\", \"%s\"]}", cases[i].origin);
		if (!cases[i].port) {
			EXPECT_EQ(load(self, listener, "", ""), 0) {
				TH_LOG("%s", cases[i].origin);
			}
			continue;
		}
		snprintf(text, sizeof(text), "origins[1]: found \"%s\", which no browser sends: "
			 "leave out \"%s\"", cases[i].origin, cases[i].port);
		refused(_metadata, self, listener, "", "", text);
	}
}

TEST_F(transport, a_message_that_could_never_be_queued_is_told)
{
	refused(_metadata, self, UDP, "", "sip: {max-message: 5000}\nconnections: {queue: 4999}\n",
		"connections.queue: found 4999, less than sip.max-message (5000, on line 5)"
		": such a message could never be sent");
	refused(_metadata, self, UDP, "", "connections: {queue: 65534}\n",
		"connections.queue: found 65534, less than sip.max-message (65535, its default)"
		": such a message could never be sent");
	EXPECT_EQ(load(self, UDP, "", "connections: {queue: 65535}\n"), 0);
	EXPECT_EQ(load(self, UDP, "", "sip: {max-message: 1048576}\n"), 0);
}

TEST_F(transport, metrics_listen_where_it_is_said)
{
	struct addr where;

	ASSERT_EQ(load(self, UDP, "", ""), 0);
	EXPECT_EQ(self->config->metrics.family, 0);
	EXPECT_EQ(self->config->metrics_path, NULL);
	ASSERT_EQ(load(self, UDP, "", "metrics: {listen: \"[::1]:9090\"}\n"), 0);
	ASSERT_TRUE(addr_parse(SLICE("[::1]:9090"), &where));
	EXPECT_TRUE(addr_eq(&self->config->metrics, &where));
	EXPECT_EQ(self->config->metrics_path, NULL);
	ASSERT_EQ(load(self, UDP, "", "metrics: {listen: /run/jalur/metrics}\n"), 0);
	EXPECT_STREQ(self->config->metrics_path, "/run/jalur/metrics");
	/* Everywhere is nowhere that was chosen. */
	refused(_metadata, self, UDP, "", "metrics: {listen: \"0.0.0.0:9090\"}\n", "metrics.listen");
	refused(_metadata, self, UDP, "", "metrics: {listen: \"[::]:9090\"}\n", "metrics.listen");
	refused(_metadata, self, UDP, "", "metrics: {listen: \"127.0.0.1\"}\n",
		"an IP address with a port");
	refused(_metadata, self, UDP, "", "metrics: {listen: localhost:9090}\n",
		"an IP address with a port");
}

TEST_F(transport, name_servers_and_limits)
{
	struct config *old;

	ASSERT_EQ(load(self, UDP, "", "dns: {servers: [192.0.2.53, \"192.0.2.54:5353\", "
		       "\"[2001:db8::1]:53\"]}\nconnections: {max: 7, idle: 0s}\n"), 0);
	EXPECT_STREQ(self->config->dns_servers, "192.0.2.53:53,192.0.2.54:5353,[2001:db8::1]:53");
	EXPECT_EQ(self->config->connections.max, 7);
	refused(_metadata, self, UDP, "", "dns: {servers: [ns.example]}\n",
		"expected an IP address, with or without a port");
	ASSERT_EQ(load(self, UDP, "", ""), 0);
	old = self->config;
	self->config = NULL;
	ASSERT_EQ(load(self, UDP, "", "connections: {max: 7}\n"), 0);
	EXPECT_NE(strstr(config_restart_needed(old, self->config), "connections changed"), NULL);
	ASSERT_EQ(load(self, TCP, "", ""), 0);
	EXPECT_NE(strstr(config_restart_needed(old, self->config), "listeners changed"), NULL);
	ASSERT_EQ(load(self, UDP, "    tls: {verify: no}\n", "dns: {servers: [192.0.2.53]}\n"), 0);
	EXPECT_EQ(config_restart_needed(old, self->config), NULL);
	config_free(old);
}

#define REALM_B(signalling) "  b:\n    signalling: [" signalling "]\n" \
	"    media: [{address: 192.0.2.2, ports: 20000-29999}]\n"

/* Dialogs go by any listener of their realm, and so far by those that were. */
TEST_F(transport, a_listener_of_another_realm_needs_a_restart)
{
	struct config *old;

	ASSERT_EQ(load(self, UDP ", " TCP, REALM_B("{address: 192.0.2.2}"), ""), 0);
	old = self->config;
	self->config = NULL;
	ASSERT_EQ(load(self, UDP, REALM_B(TCP ", {address: 192.0.2.2}"), ""), 0);
	ASSERT_NE(config_restart_needed(old, self->config), NULL);
	EXPECT_NE(strstr(config_restart_needed(old, self->config), "listeners changed"), NULL);
	config_free(old);
}

TEST_HARNESS_MAIN
