/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Certificates that a test makes for itself, in a folder that goes with it, and a peer
 * that speaks TLS by OpenSSL over a blocking socket.
 */
#ifndef TLS_HARNESS_H
#define TLS_HARNESS_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "stream_harness.h"

#define PATH 128

/* A certificate and its key, in memory and in files. */
struct cert {
	EVP_PKEY *key;
	X509 *x509;
	char certificate[PATH], key_file[PATH];
};

static inline void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

static inline void write_key(const char *path, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(path, "w");

	PEM_write_PrivateKey(f, key, passphrase ? EVP_aes_128_cbc() : NULL,
			     (const unsigned char *)passphrase,
			     passphrase ? strlen(passphrase) : 0, NULL, NULL);
	fclose(f);
}

/* san: "URI:sip:a.example,DNS:b.example", NULL: none. issuer NULL: itself, and a CA. */
static inline struct cert make_cert(const char *dir, const char *name, const char *cn,
				    const char *san, const struct cert *issuer)
{
	static long serial = 1;
	struct cert c = { .key = EVP_EC_gen("P-256"), .x509 = X509_new() };
	X509_NAME *subject;
	FILE *f;

	X509_set_version(c.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), 86400);
	X509_set_pubkey(c.x509, c.key);
	subject = X509_get_subject_name(c.x509);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const u8 *)cn, -1, -1, 0);
	X509_set_issuer_name(c.x509, issuer ? X509_get_subject_name(issuer->x509) : subject);
	if (!issuer)
		add_extension(c.x509, c.x509, NID_basic_constraints, "critical,CA:TRUE");
	if (san)
		add_extension(c.x509, c.x509, NID_subject_alt_name, san);
	X509_sign(c.x509, issuer ? issuer->key : c.key, EVP_sha256());
	snprintf(c.certificate, PATH, "%s/%s.pem", dir, name);
	snprintf(c.key_file, PATH, "%s/%s.key", dir, name);
	f = fopen(c.certificate, "w");
	PEM_write_X509(f, c.x509);
	fclose(f);
	write_key(c.key_file, c.key, NULL);
	return c;
}

static inline void free_cert(struct cert *c)
{
	unlink(c->certificate);
	unlink(c->key_file);
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

/* A context with one certificate (NULL: none), for both sides. NULL: why says it. */
static inline struct tls_context *context_of(const struct cert *cert, const struct cert *ca,
					     enum tls_clients clients, bool any_server)
{
	struct tls_files files = { cert ? cert->certificate : NULL, cert ? cert->key_file : NULL };
	struct tls_conf conf = {
		.certificates = &files, .ncertificates = cert ? 1 : 0,
		.ca = ca ? ca->certificate : NULL, .clients = clients, .present = true,
		.any_server = any_server,
	};
	struct tls_context *ctx = NULL;
	char why[256];

	if (tls_context_new(&ctx, &conf, why, sizeof(why)))
		printf("# %s\n", why);
	return ctx;
}

/* --- a client by OpenSSL --- */

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

/* version 0: any. cert NULL: none is shown. false: the handshake failed. */
static inline bool client_connect(struct client *c, const struct addr *to, int version,
				  const char *sni, const struct cert *cert)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	/* Also what this library would not offer any more. */
	SSL_CTX_set_security_level(c->ctx, 0);
	if (version) {
		SSL_CTX_set_min_proto_version(c->ctx, version);
		SSL_CTX_set_max_proto_version(c->ctx, version);
	}
	if (cert) {
		SSL_CTX_use_certificate(c->ctx, cert->x509);
		SSL_CTX_use_PrivateKey(c->ctx, cert->key);
	}
	c->ssl = SSL_new(c->ctx);
	c->fd = connect_to(to);
	SSL_set_fd(c->ssl, c->fd);
	if (sni)
		SSL_set_tlsext_host_name(c->ssl, sni);
	return SSL_connect(c->ssl) == 1;
}

static inline bool client_put(struct client *c, struct slice bytes)
{
	return SSL_write(c->ssl, bytes.p, (int)bytes.n) == (int)bytes.n;
}

static inline bool client_got(struct client *c, struct slice bytes)
{
	char *got = malloc(bytes.n);
	size_t n = 0;
	int more = 1;
	bool same;

	while (n < bytes.n && more > 0) {
		more = SSL_read(c->ssl, got + n, (int)(bytes.n - n));
		n += more > 0 ? (size_t)more : 0;
	}
	same = n == bytes.n && !memcmp(got, bytes.p, n);
	free(got);
	return same;
}

/* The common name of the server's certificate. */
static inline const char *client_sees(struct client *c, char *name, int size)
{
	X509 *x = SSL_get1_peer_certificate(c->ssl);

	name[0] = 0;
	if (x)
		X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, size);
	X509_free(x);
	return name;
}

static inline void client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	close(c->fd);
}

#endif
