/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files about TLS share.
 */
#ifndef TRANSPORT_TLS_PRIVATE_H
#define TRANSPORT_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "transport/tls.h"

struct tls {
	SSL *ssl;
	struct tls_context *ctx;
	bool ready, broken;
	char *server_name;		/* of a client: who the peer must be */
	/* of the call that runs */
	struct slice in;
	struct buf *out;
	char why[160];
};

/* tls_context.c: a new session of its kind; NULL: no memory, or no certificate */
SSL *tls_context_session(struct tls_context *ctx, bool server);

/* tls_name.c: who a certificate is (RFC 5922 §7.1) */
struct tls_names {
	char **names;
	size_t n;
};

int tls_names_read(const X509 *certificate, struct tls_names *out);	/* 0 or -ENOMEM */
void tls_names_free(struct tls_names *names);
bool tls_names_have(const struct tls_names *names, const char *name);
/* What a server may be asked for: SIP domains and DNS names, and with "*." at the front. */
bool tls_certificate_serves(const X509 *certificate, const char *name);

#endif
