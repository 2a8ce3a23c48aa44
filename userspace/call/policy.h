/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration says of calls, as plain data: config/ fills it in,
 * call/ only reads it. Replaced whole on reload; running calls keep a reference
 * to the one they began with.
 */
#ifndef CALL_POLICY_H
#define CALL_POLICY_H

#include "base/addr.h"
#include "base/transport.h"
#include "call/rule.h"
#include "event/package.h"
#include "media/codecs.h"
#include "media/port.h"
#include "registrar/registrar.h"
#include "sip/auth.h"
#include "sip/session_timer.h"

/* What becomes of a REFER. */
enum call_transfer_mode {
	CALL_TRANSFER_OFF,		/* 403 */
	CALL_TRANSFER_HANDLE,		/* we carry it out */
	CALL_TRANSFER_PASS,		/* the other party does, where REFERs pass, too */
};

struct call_realm {
	char *name;
	size_t first_listener, nlisteners;	/* into the listeners of the configuration */
	struct media_range *media;
	size_t nmedia;
	u8 latch;				/* enum jalur_latch */
	bool trusted;				/* RFC 3325: what it asserts counts */
	bool challenges;			/* whoever is no trunk proves to be a subscriber */
	enum call_transfer_mode transfer;	/* for who is no trunk */
	struct media_codecs codecs;
	char **pass, **drop;			/* names of headers that do, that do not */
	size_t npass, ndrop;
	struct media_ports *ports;		/* owned by main, survives a reload */
};

/* A cause of Q.850 that a trunk calls otherwise. */
struct call_cause {
	u8 ours, theirs;
};

/* Where requests to a trunk go, as its URI says. */
struct call_next_hop {
	char *host;			/* NULL: there is no target */
	struct addr addr;		/* family 0: host is a name */
	u16 port;			/* 0: none was given */
	bool has_transport;
	enum transport transport;
	bool secure;			/* sips: */
};

/* One of the places of a trunk. */
struct call_trunk_target {
	struct call_next_hop hop;
	char *uri;			/* "sip:10.0.0.2:5060" */
	u16 priority, weight;		/* as those of SRV records (RFC 2782) */
};

#define CALL_MAX_TARGETS 16	/* of a trunk */

/* Final responses, beside 503, that mean something. */
struct call_codes {
	u16 *list;
	size_t n;
};

/* Whether its addresses are asked how they are, and when that is believed. */
struct call_probing {
	u64 interval, timeout;		/* ns; interval 0: they are not */
	u32 down_after, up_after;	/* in a row */
	struct call_codes codes;	/* whoever answers so cannot take calls */
};

/* That we tell it where we are (RFC 3261 §10). */
struct call_registering {
	char *aor;			/* "sip:user@domain"; NULL: we do not */
	char *contact;			/* user of the Contact */
	u32 expires;			/* s, that we ask for */
	u64 retry, retry_max;		/* ns */
};

struct call_trunk {
	char *name;
	size_t realm;			/* index */
	struct prefix *match;		/* source addresses */
	size_t nmatch;
	char **tls_names;		/* or domains that its certificate proves */
	size_t ntls_names;
	char *digest_user;		/* or the subscriber that it proves to be; NULL: none */
	size_t digest_domain;		/* index, of digest_user */
	struct call_trunk_target *targets;	/* CALL_MAX_TARGETS at most, or none */
	size_t ntargets;
	struct call_codes failover;	/* the next address is tried then */
	u64 silence;			/* ns; and after so long without any response; 0: 64*T1 */
	struct call_probing probing;
	struct call_registering registering;
	u32 max_calls, max_rate;	/* at a time, in a second; 0: no limit */
	u64 max_duration;		/* ns, 0: that of all calls */
	char *user, *password, *auth_realm;	/* who we are there; NULL: nobody */
	struct sip_auth_account account;	/* slices of these */
	struct sip_auth_client *auth;
	struct call_cause *causes;
	size_t ncauses;
	bool large_datagrams;		/* no stream for requests above 1300 bytes */
	enum call_transfer_mode transfer;
	bool rtp_stat;			/* it gets P-RTP-Stat in the 200 to its BYE */
};

#define CALL_MAX_DESTINATIONS 6	/* of a route */

/* One of the places that a route forks a call to. */
struct call_destination {
	size_t trunk;			/* index */
	u16 q;				/* thousandths; equal ones at the same time */
	u64 ring;			/* ns until the next are tried; 0: until it fails */
};

/* Whose media the caller hears before the answer. */
enum call_early_media {
	CALL_EARLY_MEDIA_FIRST,		/* of the destination that had some first */
	CALL_EARLY_MEDIA_LATEST,
	CALL_EARLY_MEDIA_NONE,
};

/* What becomes of a 3xx. */
enum call_redirection {
	CALL_REDIRECT_PASS,
	CALL_REDIRECT_FOLLOW,
};

struct call_route {
	char *name;
	int from_realm;			/* index, -1: any */
	int from_trunk;			/* index, -1: any */
	struct call_match match;
	bool emergency;			/* nothing that spares us work keeps its calls out */
	u16 reject;			/* with this status; 0: it goes to: */
	char *reject_phrase;		/* NULL: the RFC's */
	char *registrar;		/* a domain, whose user has the number; NULL: none */
	struct call_destination *to;	/* sorted by q */
	size_t nto;
	struct call_rewrite *rewrite;	/* NULL: nothing changes */
	enum call_early_media early_media;
	enum call_redirection redirect;
};

/* What becomes of a request that says to be from somebody else than who sent it. */
enum call_identity {
	CALL_IDENTITY_REJECT,		/* 403 */
	CALL_IDENTITY_REWRITE,		/* it goes on as his */
};

/* Whether a request by the flow of a registration (RFC 5626) is his who registered. */
enum call_flow_trust {
	CALL_FLOW_CHALLENGED,
	CALL_FLOW_TRUSTED_STREAMS,	/* nobody but he can send by his connection */
	CALL_FLOW_TRUSTED,
};

struct call_subscriber {
	char *user;			/* of his URI, unescaped */
	struct sip_secret secret;	/* HA1s in the domain's auth_realm, no password */
};

/* A SIP domain that is ours: what is behind the @ of its subscribers' URIs. */
struct call_domain {
	char *name;
	char *auth_realm;		/* of challenges */
	size_t *realms;			/* where it is served: indices */
	size_t nrealms;
	struct call_subscriber *subscribers;	/* sorted by user; the store has more */
	size_t nsubscribers;
	size_t have[SIP_DIGEST_ALGS];	/* so many of them have HA1 by it */
	u8 algs;			/* that are offered: bits; 0: all */
	enum call_identity identity;
	enum call_flow_trust flows;
	u32 max_calls;			/* at a time, of a subscriber; 0: no limit */
	u64 max_duration;		/* ns, 0: that of all calls */
	struct registrar_policy registrar;
	struct event_policy events;
	bool by_q;			/* contacts with a lower q are called when others failed */
	u64 ring;			/* ns until they are called; 0: until others fail */
	char **service_routes;		/* URIs (RFC 3608) */
	size_t nservice_routes;
};

struct call_source_index;		/* source_index.c */

struct call_policy {
	int refs;
	struct call_source_index *index;	/* of trunks; NULL: they are searched one by one */
	struct call_realm *realms;
	size_t nrealms;
	struct call_trunk *trunks;
	size_t ntrunks;
	struct call_route *routes;	/* emergency ones first */
	size_t nroutes;
	struct call_domain *domains;
	size_t ndomains;
	u32 media_idle_ms;
	u64 ring_timeout;		/* ns */
	u64 max_duration;		/* ns, 0: none */
	u64 failed_target;		/* ns, 0: not remembered */
	u64 t1, t2, t4;			/* ns */
	struct sip_session_policy session;
	u32 message_max;		/* bytes of the body of a MESSAGE */
};

bool call_codes_have(const struct call_codes *codes, u16 status);	/* 503 is always one */

/*
 * The trunk's credentials, whose strings it takes, also on error; auth_realm NULL: whatever the
 * trunk calls itself. 0 or -ENOMEM.
 */
int call_trunk_set_credentials(struct call_trunk *trunk, char *user, char *password,
			       char *auth_realm);

/* The domain of that name, in any case; NULL: it is not ours. */
const struct call_domain *call_policy_domain(const struct call_policy *p, struct slice name);
bool call_domain_serves(const struct call_domain *domain, int realm);
/* In the configuration; NULL: there is none. */
const struct call_subscriber *call_domain_subscriber(const struct call_domain *domain,
						     struct slice user);
/* The trunk of a realm that is this subscriber; -1: none. */
int call_policy_digest_trunk(const struct call_policy *p, int realm,
			     const struct call_domain *domain, const char *user);
/* Sorts and counts them, once all are there. */
void call_domain_complete(struct call_domain *domain);

/* By name, as records have them. -1, or NULL: there is none. */
int call_realm_called(const struct call_policy *p, const char *name);
const struct call_route *call_route_called(const struct call_policy *p, const char *name);

/* Its trunks are as they will be. Without memory they are found, but slowly. */
void call_policy_complete(struct call_policy *p);
struct call_policy *call_policy_get(struct call_policy *p);
void call_policy_put(struct call_policy *p);	/* frees with the last reference */

#endif
