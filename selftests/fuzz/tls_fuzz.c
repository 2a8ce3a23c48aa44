// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLS under hostile bytes. The first byte of the input says to whom: a server, a client that
 * has said hello, or both ends of a handshake between whose bytes the input spoils some:
 * two bytes of distance, one that is xored. Whatever comes, no more plaintext comes out
 * than went in, and nobody is verified who did not prove it.
 */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "transport/tls.h"

static struct tls_context *server, *client;

static void write_files(const char *certificate, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	FILE *f;

	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 10L * 365 * 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)"a.example", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_add1_ext_i2d(x, NID_basic_constraints, &(BASIC_CONSTRAINTS){ .ca = 1 }, 1, 0);
	X509_sign(x, key, EVP_sha256());
	f = fopen(certificate, "w");
	PEM_write_X509(f, x);
	fclose(f);
	f = fopen(key_file, "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(key);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/jalur-fuzz.XXXXXX", certificate[64], key[64], why[256];
	struct tls_files files = { certificate, key };
	struct tls_conf conf = {
		.certificates = &files, .ncertificates = 1, .ca = certificate,
		.clients = TLS_CLIENTS_ASKED,
	};

	(void)argc;
	(void)argv;
	if (!mkdtemp(dir))
		abort();
	snprintf(certificate, sizeof(certificate), "%s/c", dir);
	snprintf(key, sizeof(key), "%s/k", dir);
	write_files(certificate, key);
	if (tls_context_new(&server, &conf, why, sizeof(why)))
		abort();
	conf.ncertificates = 0;
	conf.clients = TLS_CLIENTS_ANONYMOUS;
	if (tls_context_new(&client, &conf, why, sizeof(why)))
		abort();
	unlink(certificate);
	unlink(key);
	rmdir(dir);
	return 0;
}

/* In pieces of 7 bytes, each in memory of its own. The first error. */
static int feed(struct tls *t, struct slice bytes, struct buf *plain, struct buf *wire)
{
	size_t at, n;
	int err = 0;
	char *copy;

	for (at = 0; at < bytes.n && !err; at += n) {
		n = bytes.n - at < 7 ? bytes.n - at : 7;
		copy = malloc(n);
		memcpy(copy, bytes.p + at, n);
		err = tls_input(t, slice_of(copy, n), plain, wire);
		free(copy);
	}
	return err;
}

static struct tls *start(bool is_server, struct buf *plain, struct buf *wire)
{
	struct tls *t;

	if (tls_new(&t, is_server ? server : client, is_server, "a.example"))
		abort();
	if (!is_server && tls_input(t, slice_of(NULL, 0), plain, wire))
		abort();
	return t;
}

static void end(struct tls *t, int err)
{
	struct tls_peer *peer;

	if (tls_ready(t)) {
		peer = tls_peer_new(t);
		tls_peer_free(peer);
	}
	if (err && err != -ESHUTDOWN && !tls_why(t)[0])
		abort();
	tls_free(t);
}

static void run_alone(struct slice bytes, bool is_server)
{
	struct buf plain, wire;
	struct tls *t;
	int err;

	buf_init(&plain);
	buf_init(&wire);
	t = start(is_server, &plain, &wire);
	err = feed(t, bytes, &plain, &wire);
	/* Nobody who only sends bytes knows the keys. */
	if (plain.n || tls_ready(t))
		abort();
	end(t, err);
	buf_free(&plain);
	buf_free(&wire);
}

/* Spoils what lies at the distances that the input gives. */
static void spoil(struct buf *wire, struct slice *script, size_t *skip)
{
	while (script->n >= 3 && *skip < wire->n) {
		wire->p[*skip] ^= script->p[2];
		*script = slice_of(script->p + 3, script->n - 3);
		*skip += script->n >= 3 ? (size_t)((u8)script->p[0] << 8 | (u8)script->p[1]) : 0;
	}
	*skip -= *skip < wire->n ? *skip : wire->n;
}

static void run_both(struct slice script)
{
	size_t skip = script.n >= 3 ? (size_t)((u8)script.p[0] << 8 | (u8)script.p[1]) : 0;
	struct buf up, down, plain;
	struct tls *c, *s;
	int err_c = 0, err_s = 0;

	buf_init(&up);
	buf_init(&down);
	buf_init(&plain);
	c = start(false, &plain, &up);
	s = start(true, &plain, &down);
	while ((up.n && !err_s) || (down.n && !err_c)) {
		spoil(&up, &script, &skip);
		if (!err_s)
			err_s = feed(s, buf_slice(&up), &plain, &down);
		buf_reset(&up);
		spoil(&down, &script, &skip);
		if (!err_c)
			err_c = feed(c, buf_slice(&down), &plain, &up);
		buf_reset(&down);
		if (tls_ready(c) && !err_c && !plain.n && !err_s)
			tls_send(c, SLICE("hello"), &up);
	}
	if (plain.n && !slice_eq(buf_slice(&plain), SLICE("hello")))
		abort();
	end(c, err_c);
	end(s, err_s);
	buf_free(&up);
	buf_free(&down);
	buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice rest = slice_of((const char *)data + 1, size - 1);

	if (!size)
		return 0;
	if (data[0] & 2)
		run_both(rest);
	else
		run_alone(rest, data[0] & 1);
	return 0;
}
