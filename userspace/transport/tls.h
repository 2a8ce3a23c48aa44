/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.2 and 1.3 (OpenSSL) without I/O: bytes of the wire in, plaintext and bytes for
 * the wire out. A context holds certificates and rules, is made once, counted, and never
 * changes, so that threads share it and a reload is another context.
 */
#ifndef TRANSPORT_TLS_H
#define TRANSPORT_TLS_H

#include "base/buf.h"

struct tls_context;
struct tls;

/* --- contexts --- */

struct tls_files {
	const char *certificate;	/* PEM: the certificate, then its chain */
	const char *key;		/* PEM, not encrypted */
};

enum tls_clients {
	TLS_CLIENTS_ANONYMOUS,		/* not asked for a certificate */
	TLS_CLIENTS_ASKED,		/* one that is shown must be good */
	TLS_CLIENTS_REQUIRED,
};

struct tls_conf {
	/*
	 * The first is the default; a client that names a server (SNI) gets the first whose
	 * names (DNS names and SIP domains; "*.example.com" for one label) have it.
	 */
	const struct tls_files *certificates;
	size_t ncertificates;		/* 0: only to connect */
	const char *ca;			/* file or directory; NULL: the system's */
	enum tls_clients clients;
	bool present;			/* show the first certificate to servers that ask */
	bool any_server;		/* believe every server: no verification */
};

/*
 * 0, or -errno with what is wrong, in which file, and what to do about it in why: -EINVAL,
 * -ENOENT and its like, -ENOMEM. The caller has one reference.
 */
int tls_context_new(struct tls_context **out, const struct tls_conf *conf, char *why, size_t size);
struct tls_context *tls_context_get(struct tls_context *ctx);	/* any thread */
void tls_context_put(struct tls_context *ctx);			/* NULL allowed */
bool tls_context_serves(const struct tls_context *ctx);		/* has a certificate */

/* --- sessions --- */

/*
 * server_name: of a client, who it talks to, NULL: nobody in particular, which only a context
 * with any_server accepts. 0 or -ENOMEM.
 */
int tls_new(struct tls **out, struct tls_context *ctx, bool server, const char *server_name);
void tls_free(struct tls *t);
/*
 * All of bytes is taken; what it means is added to plain, what is to be sent to wire, also
 * with an error. With no bytes: begins a client's handshake. 0; -ESHUTDOWN: the peer has
 * closed; -EKEYREJECTED: its certificate was refused; -EPROTO: no TLS any more; -ENOMEM. Not
 * to be called again after an error.
 */
int tls_input(struct tls *t, struct slice bytes, struct buf *plain, struct buf *wire);
bool tls_ready(const struct tls *t);		/* the handshake is over, well */
int tls_send(struct tls *t, struct slice bytes, struct buf *wire);	/* 0, -EPROTO, -ENOMEM */
void tls_finish(struct tls *t, struct buf *wire);	/* close_notify */
const char *tls_why(const struct tls *t);	/* of an error; "" */

/* --- who the peer is --- */

struct tls_peer {
	char *version, *cipher;		/* "TLSv1.3", "TLS_AES_256_GCM_SHA384" */
	char *server_name;		/* of a server's: what was asked for by SNI; NULL */
	char *subject;			/* of its certificate; NULL: none was shown */
	bool verified;			/* up to a CA that is trusted */
	/* RFC 5922 §7.1: the SIP domains of the certificate, or, without any, its DNS names. */
	char **names;
	size_t nnames;
};

struct tls_peer *tls_peer_new(const struct tls *t);	/* when it is ready; NULL: no memory */
void tls_peer_free(struct tls_peer *peer);
/* Verified, and name is one of its names (RFC 5922 §7.2: whole, in any case, no wildcards). */
bool tls_peer_is(const struct tls_peer *peer, const char *name);

#endif
