// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates and rules, loaded once. There is an SSL_CTX for each certificate, of
 * which SNI chooses one, and one for the connections that we make. Whatever is wrong
 * with a file is found here, before anything depends on it.
 */
#include <errno.h>
#include <openssl/err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "transport/tls_private.h"

/* TLS 1.2: forward secrecy, AEAD first; CBC for phones that have nothing better. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:!aNULL"

struct tls_context {
	atomic_uint refs;
	SSL_CTX *client;
	SSL_CTX **servers;	/* of each certificate */
	size_t nservers;
	bool any_server;
};

/* Where the text of a mistake goes. */
struct why {
	char *text;
	size_t size;
};

static int refuse(const struct why *why, int err, const char *file, const char *what)
{
	snprintf(why->text, why->size, "%s: %s", file, what);
	ERR_clear_error();
	return err;
}

static int refuse_unreadable(const struct why *why, const char *file)
{
	int err = errno;

	snprintf(why->text, why->size,
		 "%s: %s: it must exist, and be readable by the user that jalurd runs as", file,
		 strerror(err));
	return -err;
}

static bool is_readable(const char *file)
{
	FILE *f = fopen(file, "re");

	if (f)
		fclose(f);
	return f;
}

/* --- rules of every SSL_CTX --- */

static SSL_CTX *new_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	/* Sessions are in tickets: a cache would be memory that clients choose. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1 ||
	    SSL_CTX_set_session_id_context(ctx, (const u8 *)"jalur", 5) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* --- files --- */

/* A passphrase would be asked for on a terminal that nobody looks at. */
static int no_passphrase(char *buf, int size, int writing, void *encrypted)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)encrypted = true;
	return -1;
}

static int load_key(SSL_CTX *ctx, const char *file, const struct why *why)
{
	bool encrypted = false;
	int ok;

	if (!is_readable(file))
		return refuse_unreadable(why, file);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &encrypted);
	ok = SSL_CTX_use_PrivateKey_file(ctx, file, SSL_FILETYPE_PEM);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	if (encrypted)
		return refuse(why, -EINVAL, file,
			      "the key is encrypted: openssl pkey -in FILE -out NEW decrypts it");
	if (ok == 1 && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
	    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH)
		return refuse(why, -EINVAL, file,
			      "this is not the key of the certificate: give the one that it was made with");
	return refuse(why, -EINVAL, file, "no private key in PEM (BEGIN PRIVATE KEY)");
}

static bool is_weak(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	return ERR_GET_LIB(error) == ERR_LIB_SSL &&
	       (reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_KEY_TOO_SMALL ||
		reason == SSL_R_CA_MD_TOO_WEAK);
}

static int load_certificate(SSL_CTX *ctx, const struct tls_files *files, const struct why *why)
{
	if (!is_readable(files->certificate))
		return refuse_unreadable(why, files->certificate);
	if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) == 1)
		return load_key(ctx, files->key, why);
	if (is_weak(ERR_peek_last_error()))
		return refuse(why, -EINVAL, files->certificate,
			      "the certificate is too weak: ask for one with a larger key, and SHA-256");
	return refuse(why, -EINVAL, files->certificate,
		      "no certificate in PEM (BEGIN CERTIFICATE), the chain after it");
}

static int load_ca(SSL_CTX *ctx, const char *ca, const struct why *why)
{
	struct stat st;

	if (!ca)
		return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -ENOMEM;
	if (stat(ca, &st))
		return refuse_unreadable(why, ca);
	if (S_ISDIR(st.st_mode))
		return SSL_CTX_load_verify_dir(ctx, ca) == 1 ? 0 : -ENOMEM;
	if (!is_readable(ca))
		return refuse_unreadable(why, ca);
	if (SSL_CTX_load_verify_file(ctx, ca) != 1)
		return refuse(why, -EINVAL, ca, "no CA certificates in PEM (BEGIN CERTIFICATE)");
	return 0;
}

/* --- the side of servers --- */

static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tls_context *ctx = arg;
	size_t i;

	(void)alert;
	for (i = 0; name && i < ctx->nservers; i++) {
		if (!tls_certificate_serves(SSL_CTX_get0_certificate(ctx->servers[i]), name))
			continue;
		SSL_set_SSL_CTX(ssl, ctx->servers[i]);
		break;
	}
	return SSL_TLSEXT_ERR_OK;
}

static int ask_clients(SSL_CTX *ctx, const struct tls_conf *conf, const struct why *why)
{
	STACK_OF(X509_NAME) * names;
	struct stat st;
	int err;

	if (conf->clients == TLS_CLIENTS_ANONYMOUS)
		return 0;
	if (!conf->ca)
		return refuse(why, -EINVAL, "ca",
			      "clients are asked for certificates: say whose are good");
	err = load_ca(ctx, conf->ca, why);
	if (err)
		return err;
	/* A hint to clients with several certificates; without it they choose. */
	if (!stat(conf->ca, &st) && S_ISREG(st.st_mode)) {
		names = SSL_load_client_CA_file(conf->ca);
		SSL_CTX_set_client_CA_list(ctx, names);
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
			   (conf->clients == TLS_CLIENTS_REQUIRED ?
			    SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	return 0;
}

static int add_server(struct tls_context *ctx, const struct tls_conf *conf, size_t i,
		      const struct why *why)
{
	SSL_CTX *server = new_ctx(TLS_server_method());
	int err;

	if (!server)
		return -ENOMEM;
	ctx->servers[ctx->nservers++] = server;
	SSL_CTX_set_tlsext_servername_callback(server, choose_certificate);
	SSL_CTX_set_tlsext_servername_arg(server, ctx);
	err = load_certificate(server, &conf->certificates[i], why);
	return err ? err : ask_clients(server, conf, why);
}

/* --- the side of clients --- */

/* The chain as always; then whether it is who we wanted (RFC 5922 §7.3). */
static int verify_server(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = SSL_get_app_data(ssl);
	struct tls_names names;
	bool same;

	(void)arg;
	if (X509_verify_cert(store) != 1)
		return 0;
	if (tls_names_read(X509_STORE_CTX_get0_cert(store), &names)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
		return 0;
	}
	same = t->server_name && tls_names_have(&names, t->server_name);
	if (!same) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
		snprintf(t->why, sizeof(t->why), "the peer is %.60s, not %.60s",
			 names.n ? names.names[0] : "nobody by name",
			 t->server_name ? t->server_name : "a name that was given");
	}
	tls_names_free(&names);
	return same;
}

static int add_client(struct tls_context *ctx, const struct tls_conf *conf, const struct why *why)
{
	int err = 0;

	ctx->client = new_ctx(TLS_client_method());
	if (!ctx->client)
		return -ENOMEM;
	if (conf->present && conf->ncertificates)
		err = load_certificate(ctx->client, &conf->certificates[0], why);
	if (err || conf->any_server)
		return err;
	err = load_ca(ctx->client, conf->ca, why);
	SSL_CTX_set_verify(ctx->client, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx->client, verify_server, NULL);
	return err;
}

/* --- life --- */

int tls_context_new(struct tls_context **out, const struct tls_conf *conf, char *text, size_t size)
{
	struct tls_context *ctx = calloc(1, sizeof(*ctx));
	struct why why = { text, size };
	int err = -ENOMEM;
	size_t i;

	snprintf(text, size, "no memory");
	if (!ctx)
		return -ENOMEM;
	atomic_init(&ctx->refs, 1);
	ERR_clear_error();
	ctx->servers = calloc(conf->ncertificates + 1, sizeof(*ctx->servers));
	if (ctx->servers)
		err = add_client(ctx, conf, &why);
	for (i = 0; i < conf->ncertificates && !err; i++)
		err = add_server(ctx, conf, i, &why);
	if (err) {
		tls_context_put(ctx);
		return err;
	}
	*out = ctx;
	return 0;
}

struct tls_context *tls_context_get(struct tls_context *ctx)
{
	atomic_fetch_add_explicit(&ctx->refs, 1, memory_order_relaxed);
	return ctx;
}

void tls_context_put(struct tls_context *ctx)
{
	size_t i;

	if (!ctx || atomic_fetch_sub(&ctx->refs, 1) > 1)
		return;
	for (i = 0; i < ctx->nservers; i++)
		SSL_CTX_free(ctx->servers[i]);
	free(ctx->servers);
	SSL_CTX_free(ctx->client);
	free(ctx);
}

bool tls_context_serves(const struct tls_context *ctx)
{
	return ctx->nservers;
}

SSL *tls_context_session(struct tls_context *ctx, bool server)
{
	SSL_CTX *ssl_ctx = !server ? ctx->client : ctx->nservers ? ctx->servers[0] : NULL;
	SSL *ssl = ssl_ctx ? SSL_new(ssl_ctx) : NULL;

	if (!ssl)
		return NULL;
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}
