// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session. OpenSSL reads from a slice and writes to a buffer through a BIO of our own:
 * one of its memory BIOs would keep what it grew to for as long as the connection lasts.
 * The slice is always read to its end, so nothing of the wire is kept here.
 */
#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "transport/tls_private.h"

#define RECORD 16384

/* --- the BIO --- */

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int bio_read(BIO *bio, char *to, int size)
{
	struct tls *t = BIO_get_data(bio);
	size_t n = (size_t)size < t->in.n ? (size_t)size : t->in.n;

	BIO_clear_retry_flags(bio);
	if (!n) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(to, t->in.p, n);
	t->in = slice_of(t->in.p + n, t->in.n - n);
	return (int)n;
}

static int bio_write(BIO *bio, const char *from, int n)
{
	struct tls *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	buf_add(t->out, slice_of(from, (size_t)n));
	return t->out->failed ? -1 : n;
}

static long bio_ctrl(BIO *bio, int command, long larg, void *parg)
{
	(void)bio;
	(void)larg;
	(void)parg;
	return command == BIO_CTRL_FLUSH;
}

static void make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "slice and buffer");
	if (!method)
		return;
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
}

static BIO *new_bio(struct tls *t)
{
	BIO *bio;

	pthread_once(&method_once, make_method);
	bio = method ? BIO_new(method) : NULL;
	if (!bio)
		return NULL;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	return bio;
}

/* --- life --- */

/* An address is no name for SNI (RFC 6066 §3). */
static bool set_server_name(struct tls *t, const char *name)
{
	struct addr ip;

	if (!name)
		return true;
	t->server_name = strdup(name);
	if (!t->server_name)
		return false;
	return addr_parse_ip(slice_str(name), &ip) ||
	       SSL_set_tlsext_host_name(t->ssl, name) == 1;
}

int tls_new(struct tls **out, struct tls_context *ctx, bool server, const char *server_name)
{
	struct tls *t = calloc(1, sizeof(*t));
	BIO *bio;

	if (!t)
		return -ENOMEM;
	t->ssl = tls_context_session(ctx, server);
	if (!t->ssl)
		goto err_tls;
	bio = new_bio(t);
	if (!bio)
		goto err_tls;
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t);
	if (!server && !set_server_name(t, server_name))
		goto err_tls;
	t->ctx = tls_context_get(ctx);
	*out = t;
	return 0;

err_tls:
	tls_free(t);
	return -ENOMEM;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_context_put(t->ctx);
	free(t->server_name);
	free(t);
}

/* --- bytes --- */

static void explain(struct tls *t)
{
	unsigned long error = ERR_peek_error();
	long verify = SSL_get_verify_result(t->ssl);
	const char *text = error ? ERR_reason_error_string(error) : NULL;

	/* The certificate's check may have said it better. */
	if (t->why[0])
		return;
	if (verify != X509_V_OK)
		text = X509_verify_cert_error_string(verify);
	snprintf(t->why, sizeof(t->why), "%s", text ? text : "no TLS any more");
}

static int broken(struct tls *t)
{
	int reason = ERR_GET_REASON(ERR_peek_error());
	bool rejected = SSL_get_verify_result(t->ssl) != X509_V_OK ||
			reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;

	explain(t);
	t->broken = true;
	ERR_clear_error();
	if (t->out->failed)
		return -ENOMEM;
	return rejected && !t->ready ? -EKEYREJECTED : -EPROTO;
}

static int shake_hands(struct tls *t)
{
	int rc = SSL_do_handshake(t->ssl);

	t->ready = rc == 1;
	if (rc == 1 || SSL_get_error(t->ssl, rc) == SSL_ERROR_WANT_READ)
		return 0;
	return broken(t);
}

static int read_all(struct tls *t, struct buf *plain)
{
	char record[RECORD];
	size_t n;

	while (SSL_read_ex(t->ssl, record, sizeof(record), &n) == 1)
		buf_add(plain, slice_of(record, n));
	if (plain->failed)
		return -ENOMEM;
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return -ESHUTDOWN;
	default:
		return broken(t);
	}
}

int tls_input(struct tls *t, struct slice bytes, struct buf *plain, struct buf *wire)
{
	int err;

	ERR_clear_error();
	t->in = bytes;
	t->out = wire;
	if (!t->ready) {
		err = shake_hands(t);
		if (err || !t->ready)
			return err;
	}
	return read_all(t, plain);
}

bool tls_ready(const struct tls *t)
{
	return t->ready && !t->broken;
}

int tls_send(struct tls *t, struct slice bytes, struct buf *wire)
{
	size_t n;

	if (!tls_ready(t))
		return -EPROTO;
	ERR_clear_error();
	t->in = slice_of(NULL, 0);
	t->out = wire;
	if (!bytes.n || SSL_write_ex(t->ssl, bytes.p, bytes.n, &n) == 1)
		return 0;
	return broken(t);
}

void tls_finish(struct tls *t, struct buf *wire)
{
	if (!tls_ready(t))
		return;
	ERR_clear_error();
	t->in = slice_of(NULL, 0);
	t->out = wire;
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

const char *tls_why(const struct tls *t)
{
	return t->why;
}

/* --- who the peer is --- */

static char *subject_of(const X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *data;
	long n;

	if (!bio)
		return NULL;
	if (X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
		n = BIO_get_mem_data(bio, &data);
		text = slice_dup(slice_of(data, (size_t)n));
	}
	BIO_free(bio);
	return text;
}

static bool read_certificate(struct tls_peer *peer, const struct tls *t)
{
	X509 *certificate = SSL_get0_peer_certificate(t->ssl);
	struct tls_names names;

	if (!certificate)
		return true;
	peer->subject = subject_of(certificate);
	/* Without verification OpenSSL has nothing to complain about. */
	peer->verified = SSL_get_verify_mode(t->ssl) & SSL_VERIFY_PEER &&
			 SSL_get_verify_result(t->ssl) == X509_V_OK;
	if (!peer->subject || tls_names_read(certificate, &names))
		return false;
	peer->names = names.names;
	peer->nnames = names.n;
	return true;
}

struct tls_peer *tls_peer_new(const struct tls *t)
{
	struct tls_peer *peer = calloc(1, sizeof(*peer));
	const char *sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);

	if (!peer)
		return NULL;
	peer->version = strdup(SSL_get_version(t->ssl));
	peer->cipher = strdup(SSL_get_cipher_name(t->ssl));
	peer->server_name = sni ? strdup(sni) : NULL;
	if (!peer->version || !peer->cipher || (sni && !peer->server_name) ||
	    !read_certificate(peer, t)) {
		tls_peer_free(peer);
		return NULL;
	}
	return peer;
}

void tls_peer_free(struct tls_peer *peer)
{
	struct tls_names names;

	if (!peer)
		return;
	names = (struct tls_names){ peer->names, peer->nnames };
	tls_names_free(&names);
	free(peer->version);
	free(peer->cipher);
	free(peer->server_name);
	free(peer->subject);
	free(peer);
}

bool tls_peer_is(const struct tls_peer *peer, const char *name)
{
	struct tls_names names = { peer->names, peer->nnames };

	return peer->verified && tls_names_have(&names, name);
}
