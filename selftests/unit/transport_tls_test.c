// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLS: with OpenSSL as the peer, and with ourselves. Who is believed (RFC 5922), whose
 * certificate is shown, what a reload changes, and what is wrong with files.
 */
#include <sys/stat.h>

#include "tls_harness.h"

FIXTURE(tls) {
	struct world w;
	char dir[64], why[256];
	struct cert ca, other_ca, server, client, stranger;
	struct tls_context *ctx;
};

/* Names as the certificate of a proxy has them: a SIP domain, and the host it runs on. */
#define SERVER_SAN "URI:sip:example.com,DNS:host.example.net"

FIXTURE_SETUP(tls)
{
	strcpy(self->dir, "/tmp/jalur-tls.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->ca = make_cert(self->dir, "ca", "Test CA", NULL, NULL);
	self->other_ca = make_cert(self->dir, "other_ca", "Other CA", NULL, NULL);
	self->server = make_cert(self->dir, "server", "server", SERVER_SAN, &self->ca);
	self->client = make_cert(self->dir, "client", "client", "URI:sip:trunk.example",
				 &self->ca);
	self->stranger = make_cert(self->dir, "stranger", "stranger", "URI:sip:trunk.example",
				   &self->other_ca);
	self->ctx = context_of(&self->server, &self->ca, TLS_CLIENTS_ANONYMOUS, false);
	ASSERT_NE(NULL, self->ctx);
	world_prepare(&self->w);
	ASSERT_EQ(0, world_start(&self->w));
}

FIXTURE_TEARDOWN(tls)
{
	world_stop(&self->w);
	EXPECT_EQ(0, self->w.wrong);
	tls_context_put(self->ctx);
	free_cert(&self->ca);
	free_cert(&self->other_ca);
	free_cert(&self->server);
	free_cert(&self->client);
	free_cert(&self->stranger);
	EXPECT_EQ(0, rmdir(self->dir));
}

#define LISTEN(ctx) ASSERT_EQ(0, world_listen(&self->w, "127.0.0.1", TRANSPORT_TLS, ctx))

/* Listener 2 only connects, with ctx; to listener 1, as name. The answer is in w. */
static bool connect_ourselves(struct world *w, struct tls_context *ctx, const char *name)
{
	struct stream_listen listen = {
		.transport = TRANSPORT_TLS, .local = w->local, .tls = ctx, .connect_only = true,
	};
	struct stream_target to = {
		.listener = 2, .transport = TRANSPORT_TLS, .peer = w->local, .server_name = name,
	};
	unsigned int before = w->connected;

	streams_unlisten(w->s, 2);
	return !streams_listen(w->s, 2, &listen) && !streams_connect(w->s, &to, 1, NULL) &&
	       UNTIL(w, w->connected == before + 1);
}

/* A CA's client, without a certificate of its own. */
static bool connect_as(struct world *w, const struct cert *ca, const char *name)
{
	struct tls_context *ctx = context_of(NULL, ca, TLS_CLIENTS_ANONYMOUS, false);
	bool told = connect_ourselves(w, ctx, name);

	tls_context_put(ctx);
	return told;
}

static void talk(struct __test_metadata *_metadata, struct world *w, const struct addr *to,
		 int version, const char *name)
{
	struct client c;

	ASSERT_TRUE(client_connect(&c, to, version, NULL, NULL));
	ASSERT_TRUE(client_put(&c, SLICE(MESSAGE)));
	ASSERT_TRUE(UNTIL(w, w->messages == 1));
	EXPECT_TRUE(client_got(&c, SLICE(MESSAGE)));
	EXPECT_STREQ(name, w->version);
	EXPECT_STREQ("", w->subject);
	EXPECT_FALSE(w->verified);
	SSL_shutdown(c.ssl);
	ASSERT_TRUE(UNTIL(w, w->closed == 1));
	EXPECT_EQ(STREAM_PEER_CLOSED, w->reason);
	client_close(&c);
}

TEST_F(tls, a_message_over_tls_1_3)
{
	LISTEN(self->ctx);
	self->w.echo = true;
	talk(_metadata, &self->w, &self->w.local, TLS1_3_VERSION, "TLSv1.3");
}

TEST_F(tls, a_message_over_tls_1_2)
{
	LISTEN(self->ctx);
	self->w.echo = true;
	talk(_metadata, &self->w, &self->w.local, TLS1_2_VERSION, "TLSv1.2");
}

TEST_F(tls, older_versions_are_refused)
{
	struct client c;

	LISTEN(self->ctx);
	EXPECT_FALSE(client_connect(&c, &self->w.local, TLS1_1_VERSION, NULL, NULL));
	client_close(&c);
	EXPECT_TRUE(UNTIL(&self->w, counter(&self->w, "handshake_failed") == 1));
	EXPECT_EQ(0, self->w.opened);
}

TEST_F(tls, many_large_messages_both_ways)
{
	static char text[60000];
	struct client c;
	int head, i;

	head = sprintf(text, "OPTIONS sip:a SIP/2.0\r\nContent-Length: %zu\r\n\r\n",
		       sizeof(text) - 48);
	ASSERT_EQ(48, head);
	memset(text + head, 'x', sizeof(text) - head);
	LISTEN(self->ctx);
	self->w.echo = true;
	ASSERT_TRUE(client_connect(&c, &self->w.local, 0, NULL, NULL));
	for (i = 1; i <= 20; i++) {
		ASSERT_TRUE(client_put(&c, slice_of(text, sizeof(text))));
		ASSERT_TRUE(UNTIL(&self->w, self->w.messages == (unsigned int)i));
		ASSERT_TRUE(client_got(&c, slice_of(text, sizeof(text))));
	}
	client_close(&c);
}

TEST_F(tls, garbage_ends_the_handshake_and_nobody_is_told)
{
	int fd;

	LISTEN(self->ctx);
	fd = connect_to(&self->w.local);
	ASSERT_TRUE(put_text(fd, "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"));
	ASSERT_TRUE(UNTIL(&self->w, is_readable(fd)));
	close(fd);
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "connections") == 0));
	EXPECT_EQ(1, counter(&self->w, "handshake_failed"));
	EXPECT_EQ(0, self->w.opened);
	EXPECT_EQ(0, counter(&self->w, "handshakes"));
}

/* --- who the server is --- */

TEST_F(tls, the_right_name_is_accepted)
{
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, "Example.COM"));
	EXPECT_EQ(0, self->w.err);
	EXPECT_STREQ("", self->w.why);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	/* What the server saw was asked for by SNI. */
	EXPECT_TRUE(self->w.info.incoming);
	EXPECT_STREQ("Example.COM", self->w.server_name);
}

TEST_F(tls, what_is_known_of_a_server)
{
	struct stream_target to = { .listener = 2, .transport = TRANSPORT_TLS };

	self->w.ours = true;
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, "example.com"));
	ASSERT_EQ(0, self->w.err);
	EXPECT_STREQ("CN=server", self->w.subject);
	EXPECT_STREQ("example.com", self->w.names);
	EXPECT_TRUE(self->w.verified);
	to.peer = self->w.local;
	to.server_name = "EXAMPLE.com";
	EXPECT_NE(0, streams_find(self->w.s, &to));
	/* Another domain at the same address needs a connection of its own. */
	to.server_name = "example.org";
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	to.server_name = NULL;
	EXPECT_EQ(0, streams_find(self->w.s, &to));
}

TEST_F(tls, a_wrong_name_is_refused)
{
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, "example.org"));
	EXPECT_EQ(-EKEYREJECTED, self->w.err);
	EXPECT_STREQ("the peer is example.com, not example.org", self->w.why);
	EXPECT_EQ(1, counter(&self->w, "verify_failed"));
	EXPECT_EQ(0, self->w.closed);
	EXPECT_EQ(0, self->w.flow.connection);
}

/* RFC 5922 §7.1: with a SIP domain in it the host name does not count. */
TEST_F(tls, a_sip_domain_is_preferred_to_a_host_name)
{
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, "host.example.net"));
	EXPECT_EQ(-EKEYREJECTED, self->w.err);
}

TEST_F(tls, no_name_at_all_is_refused)
{
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, NULL));
	EXPECT_EQ(-EKEYREJECTED, self->w.err);
}

TEST_F(tls, an_unknown_ca_is_refused_unless_verification_is_off)
{
	struct tls_context *ctx = context_of(NULL, NULL, TLS_CLIENTS_ANONYMOUS, true);

	self->w.ours = true;
	LISTEN(self->ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->other_ca, "example.com"));
	EXPECT_EQ(-EKEYREJECTED, self->w.err);
	EXPECT_NE(NULL, strstr(self->w.why, "certificate"));
	ASSERT_TRUE(connect_ourselves(&self->w, ctx, NULL));
	EXPECT_EQ(0, self->w.err);
	EXPECT_FALSE(self->w.verified);
	tls_context_put(ctx);
}

/* Whether a server with these names may be name. */
static bool is_accepted(struct __test_metadata *_metadata, FIXTURE_DATA(tls) *self,
			const char *cn, const char *san, const char *name)
{
	struct cert cert = make_cert(self->dir, "one", cn, san, &self->ca);
	struct tls_context *ctx = context_of(&cert, NULL, TLS_CLIENTS_ANONYMOUS, true);

	if (streams_set_tls(self->w.s, 1, ctx))
		LISTEN(ctx);
	ASSERT_TRUE(connect_as(&self->w, &self->ca, name));
	tls_context_put(ctx);
	free_cert(&cert);
	return !self->w.err;
}

TEST_F(tls, names_by_the_rules_of_rfc_5922)
{
	static const struct {
		const char *cn, *san, *name;
		bool accepted;
	} cases[] = {
		{ "x", "DNS:a.example,DNS:b.example", "b.example", true },
		{ "x", "URI:sip:a.example,URI:sip:b.example", "b.example", true },
		{ "x", "URI:sip:a.example;transport=tls", "a.example", true },
		{ "x", "URI:sip:a.example:5061", "a.example", true },
		/* no domain, but a user's address */
		{ "x", "URI:sip:bob@a.example", "a.example", false },
		{ "x", "URI:sips:a.example", "a.example", false },
		{ "x", "URI:https://a.example", "a.example", false },
		{ "x", "URI:https://a.example,DNS:a.example", "a.example", true },
		/* no wildcards (§7.2) */
		{ "x", "DNS:*.example.com", "pbx.example.com", false },
		/* the common name only without the others */
		{ "a.example", NULL, "a.example", true },
		{ "a.example", "IP:127.0.0.1", "a.example", true },
		{ "a.example", "DNS:b.example", "a.example", false },
		{ "a.example", "URI:https://b.example", "a.example", false },
		{ "x", "DNS:a.example.com", "a.example", false },
		{ "x", "DNS:a.example", "a.example.com", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_EQ(cases[i].accepted, is_accepted(_metadata, self, cases[i].cn,
							 cases[i].san, cases[i].name))
			TH_LOG("case %zu", i);
}

/* --- who the client is --- */

TEST_F(tls, a_client_certificate_is_required)
{
	struct tls_context *server = context_of(&self->server, &self->ca, TLS_CLIENTS_REQUIRED,
						false);
	struct client c;

	LISTEN(server);
	tls_context_put(server);
	client_connect(&c, &self->w.local, 0, NULL, NULL);
	EXPECT_FALSE(client_got(&c, SLICE("x")));
	client_close(&c);
	client_connect(&c, &self->w.local, 0, NULL, &self->stranger);
	EXPECT_FALSE(client_got(&c, SLICE("x")));
	client_close(&c);
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "verify_failed") == 2));
	EXPECT_EQ(0, self->w.opened);
	ASSERT_TRUE(client_connect(&c, &self->w.local, 0, NULL, &self->client));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	EXPECT_TRUE(self->w.verified);
	EXPECT_STREQ("CN=client", self->w.subject);
	EXPECT_STREQ("trunk.example", self->w.names);
	client_close(&c);
}

TEST_F(tls, a_client_certificate_is_asked_for)
{
	struct tls_context *server = context_of(&self->server, &self->ca, TLS_CLIENTS_ASKED, false);
	struct client c;

	LISTEN(server);
	tls_context_put(server);
	ASSERT_TRUE(client_connect(&c, &self->w.local, 0, NULL, NULL));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	EXPECT_FALSE(self->w.verified);
	EXPECT_STREQ("", self->w.subject);
	client_close(&c);
	client_connect(&c, &self->w.local, 0, NULL, &self->stranger);
	client_got(&c, SLICE("x"));
	client_close(&c);
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "verify_failed") == 1));
	EXPECT_EQ(1, self->w.opened);
}

TEST_F(tls, we_show_our_certificate_to_servers_that_ask)
{
	struct tls_context *server = context_of(&self->server, &self->ca, TLS_CLIENTS_REQUIRED,
						false);
	struct tls_context *ours = context_of(&self->client, &self->ca, TLS_CLIENTS_ANONYMOUS,
					      false);

	LISTEN(server);
	ASSERT_TRUE(connect_ourselves(&self->w, ours, "example.com"));
	ASSERT_EQ(0, self->w.err);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	EXPECT_STREQ("trunk.example", self->w.names);
	tls_context_put(server);
	tls_context_put(ours);
}

/* RFC 5923 §7: over TLS an alias is as good as the names that were proved. */
TEST_F(tls, an_alias_serves_only_the_names_of_the_certificate)
{
	struct tls_context *server = context_of(&self->server, &self->ca, TLS_CLIENTS_REQUIRED,
						false);
	struct stream_target to = { .listener = 1, .transport = TRANSPORT_TLS };
	struct client c;

	LISTEN(server);
	tls_context_put(server);
	ASSERT_TRUE(client_connect(&c, &self->w.local, 0, NULL, &self->client));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	to.peer = self->w.flow.peer;
	to.peer.port = 5061;
	ASSERT_EQ(0, streams_alias(self->w.s, self->w.ids[0], &to.peer));
	to.server_name = "trunk.example";
	EXPECT_EQ(self->w.ids[0], streams_find(self->w.s, &to));
	to.server_name = "example.com";
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	to.server_name = NULL;
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	client_close(&c);
}

/* --- our certificates --- */

TEST_F(tls, the_name_that_is_asked_for_picks_the_certificate)
{
	struct cert wild = make_cert(self->dir, "wild", "wild", "DNS:*.pbx.example", &self->ca);
	struct tls_files files[] = {
		{ self->client.certificate, self->client.key_file },
		{ self->server.certificate, self->server.key_file },
		{ wild.certificate, wild.key_file },
	};
	struct tls_conf conf = { .certificates = files, .ncertificates = 3 };
	static const struct {
		const char *asked, *shown;
	} cases[] = {
		{ NULL, "client" }, { "nobody.example", "client" }, { "example.com", "server" },
		{ "host.example.net", "server" }, { "a.pbx.example", "wild" },
		{ "a.b.pbx.example", "client" }, { "pbx.example", "client" },
	};
	struct tls_context *ctx;
	struct client c;
	char name[64];
	size_t i;

	ASSERT_EQ(0, tls_context_new(&ctx, &conf, self->why, sizeof(self->why)));
	LISTEN(ctx);
	tls_context_put(ctx);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ASSERT_TRUE(client_connect(&c, &self->w.local, 0, cases[i].asked, NULL));
		EXPECT_STREQ(cases[i].shown, client_sees(&c, name, sizeof(name)));
		client_close(&c);
	}
	free_cert(&wild);
}

TEST_F(tls, a_reload_is_for_new_connections)
{
	struct tls_context *next = context_of(&self->client, NULL, TLS_CLIENTS_ANONYMOUS, true);
	struct client old, new;
	char name[64];

	LISTEN(self->ctx);
	self->w.echo = true;
	ASSERT_TRUE(client_connect(&old, &self->w.local, 0, NULL, NULL));
	EXPECT_STREQ("server", client_sees(&old, name, sizeof(name)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	ASSERT_EQ(0, streams_set_tls(self->w.s, 1, next));
	tls_context_put(next);
	next = context_of(NULL, &self->ca, TLS_CLIENTS_ANONYMOUS, false);
	EXPECT_EQ(-EINVAL, streams_set_tls(self->w.s, 1, next));
	EXPECT_EQ(-EINVAL, streams_set_tls(self->w.s, 1, NULL));
	tls_context_put(next);
	ASSERT_TRUE(client_connect(&new, &self->w.local, 0, NULL, NULL));
	EXPECT_STREQ("client", client_sees(&new, name, sizeof(name)));
	ASSERT_TRUE(client_put(&old, SLICE(MESSAGE)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_TRUE(client_got(&old, SLICE(MESSAGE)));
	client_close(&old);
	client_close(&new);
}

static int load(FIXTURE_DATA(tls) *self, const char *certificate, const char *key,
		const char *ca, enum tls_clients clients)
{
	struct tls_files files = { certificate, key };
	struct tls_conf conf = {
		.certificates = &files, .ncertificates = 1, .ca = ca, .clients = clients,
	};
	struct tls_context *ctx = NULL;
	int err = tls_context_new(&ctx, &conf, self->why, sizeof(self->why));

	tls_context_put(ctx);
	return err;
}

#define EXPECT_SAYS(text) EXPECT_NE(NULL, strstr(self->why, text)) TH_LOG("%s", self->why)

TEST_F(tls, what_is_wrong_with_a_file_is_said)
{
	const char *certificate = self->server.certificate, *key = self->server.key_file;
	char secret[PATH];

	EXPECT_EQ(0, load(self, certificate, key, NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_EQ(-ENOENT, load(self, "/nowhere/a.pem", key, NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("/nowhere/a.pem: No such file or directory");
	EXPECT_EQ(-ENOENT, load(self, certificate, "/nowhere/a.key", NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("/nowhere/a.key");
	EXPECT_EQ(-EINVAL, load(self, key, key, NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("no certificate in PEM");
	EXPECT_EQ(-EINVAL, load(self, certificate, certificate, NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("no private key in PEM");
	EXPECT_EQ(-EINVAL, load(self, certificate, self->client.key_file, NULL,
				TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("not the key of the certificate");
	snprintf(secret, sizeof(secret), "%.60s/secret.key", self->dir);
	write_key(secret, self->server.key, "passphrase");
	EXPECT_EQ(-EINVAL, load(self, certificate, secret, NULL, TLS_CLIENTS_ANONYMOUS));
	EXPECT_SAYS("the key is encrypted");
	unlink(secret);
	EXPECT_EQ(-ENOENT, load(self, certificate, key, "/nowhere/ca.pem", TLS_CLIENTS_ASKED));
	EXPECT_SAYS("/nowhere/ca.pem");
	EXPECT_EQ(-EINVAL, load(self, certificate, key, key, TLS_CLIENTS_ASKED));
	EXPECT_SAYS("no CA certificates in PEM");
	EXPECT_EQ(-EINVAL, load(self, certificate, key, NULL, TLS_CLIENTS_REQUIRED));
	EXPECT_SAYS("say whose are good");
	EXPECT_EQ(0, load(self, certificate, key, self->dir, TLS_CLIENTS_REQUIRED));
}

/* --- without sockets --- */

/* What one side wants to send goes to the other, n bytes at a time; 0 or the first error. */
static int carry(struct tls *to, struct buf *wire, size_t n, struct buf *plain, struct buf *back)
{
	size_t at;
	int err = 0;

	for (at = 0; at < wire->n && !err; at += n)
		err = tls_input(to, slice_of(wire->p + at, wire->n - at < n ? wire->n - at : n),
				plain, back);
	buf_reset(wire);
	return err;
}

TEST_F(tls, a_session_takes_its_bytes_however_they_are_cut)
{
	struct tls_context *ours = context_of(NULL, &self->ca, TLS_CLIENTS_ANONYMOUS, false);
	struct buf up, down, plain;
	struct tls *c, *s;
	size_t n;

	for (n = 1; n <= 1000; n *= 10) {
		buf_init(&up);
		buf_init(&down);
		buf_init(&plain);
		ASSERT_EQ(0, tls_new(&c, ours, false, "example.com"));
		ASSERT_EQ(0, tls_new(&s, self->ctx, true, NULL));
		ASSERT_EQ(0, tls_input(c, slice_of(NULL, 0), &plain, &up));
		while (up.n || down.n) {
			ASSERT_EQ(0, carry(s, &up, n, &plain, &down));
			ASSERT_EQ(0, carry(c, &down, n, &plain, &up)) TH_LOG("%s", tls_why(c));
		}
		ASSERT_TRUE(tls_ready(c) && tls_ready(s));
		ASSERT_EQ(0, tls_send(c, SLICE(MESSAGE), &up));
		ASSERT_EQ(0, carry(s, &up, n, &plain, &down));
		EXPECT_TRUE(slice_eq(buf_slice(&plain), SLICE(MESSAGE)));
		tls_finish(c, &up);
		EXPECT_EQ(-ESHUTDOWN, carry(s, &up, n, &plain, &down));
		tls_free(c);
		tls_free(s);
		buf_free(&up);
		buf_free(&down);
		buf_free(&plain);
	}
	tls_context_put(ours);
}

TEST_HARNESS_MAIN
