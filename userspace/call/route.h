/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request to the trunk it came from, and to the route that it takes.
 */
#ifndef CALL_ROUTE_H
#define CALL_ROUTE_H

#include "call/policy.h"
#include "sip/engine.h"

#define CALL_MAX_NUMBER 255	/* bytes of a number that is read or rewritten */

/* The realm that a listener belongs to; -1: none. */
int call_policy_realm(const struct call_policy *p, u32 listener);
/*
 * The trunk of a source: that of the listener's realm which has name, of flow, that a
 * certificate proved (NULL: none did), else the one with the longest prefix around the
 * address; -1: unknown source.
 */
int call_policy_trunk(const struct call_policy *p, const struct flow *flow, const char *name);
/* The first of the names of the listener's trunks that is one of the peer's; NULL: none. */
const char *call_policy_tls_name(const struct call_policy *p, u32 listener,
				 bool (*is)(void *arg, const char *name), void *arg);
/* The first listener of a realm with that transport and address family; -1: none. */
int call_policy_listener(const struct call_policy *p, size_t realm, enum transport transport,
			 u8 family, const struct sip_listener *listeners, size_t n);

/*
 * A request as routes see it. Numbers are the user of a URI up to its first ';', with what
 * needs no escape unescaped, so that nobody passes a route by writing %34 for 4.
 */
struct call_subject {
	int realm, trunk;		/* indices, -1: none */
	struct addr source;		/* family 0: it is not known */
	const struct sip_msg *msg;	/* method and headers */
	struct slice number, domain, from;
	struct slice number_rest;	/* of the user, from that ';' on */
	struct slice from_rest;
	bool hidden;			/* from is nobody's number */
	char text[2][CALL_MAX_NUMBER];	/* what had escapes */
};

/* msg and, where nothing was escaped, its bytes stay as long as s. */
void call_subject_init(struct call_subject *s, int realm, int trunk, const struct addr *source,
		       const struct sip_msg *msg);
/* The caller has proved to be a subscriber, who goes on by this name; NULL: as From says. */
void call_subject_proved(struct call_subject *s, const char *name);
/* The same request, but sent to uri by leg's trunk. */
void call_subject_redirect(struct call_subject *s, int realm, int trunk, const struct addr *source,
			   struct slice uri);

struct call_choice {
	const struct call_route *route;	/* NULL: none */
	bool gave_up;			/* a pattern of that route did, so nothing is taken */
};

/* Told of every route in the order of looking, also of those behind the one that is taken. */
struct call_explain {
	/* failed: the condition that is not met; NULL: all are. header: its name, or NULL. */
	void (*each)(void *arg, const struct call_route *route, const char *failed,
		     const char *header);
	void *arg;
};

/* What routes send on; NULL is the last. */
extern const char *const call_route_methods[];

/* The first route that matches; explain may be NULL. */
struct call_choice call_route_find(const struct call_policy *p, const struct call_subject *s,
				   const struct call_explain *explain);
/* It takes an emergency route; no other is looked at, for there may be no time. */
bool call_is_emergency(const struct call_policy *p, const struct call_subject *s);

struct call_engine;

/*
 * choose.c: one of our users, who is called whatever the routes say, and his AOR. 404: there is
 * none; 480: he is registered nowhere; 0: he is called.
 */
u16 call_user_called(const struct call_engine *e, const struct call_subject *s,
		     char aor[REGISTRAR_AOR]);

/* --- rewrite.c: what a route makes of a request --- */

struct call_routed {
	int refs;
	const struct call_route *route;
	char *number, *from;	/* users for a URI; NULL: as the request has them */
	char *lines;		/* header lines that are added; NULL: none */
};

/*
 * 0, -ENOMEM, or -EINVAL: what comes out is no number, or too long. With s it reads the
 * request, whose policy must stay.
 */
int call_routed_new(const struct call_route *route, const struct call_subject *s,
		    struct call_routed **out);
struct call_routed *call_routed_get(struct call_routed *r);	/* NULL allowed, in both */
void call_routed_put(struct call_routed *r);
/* target with the number that is called, unless it has a user; malloc'ed. NULL: no memory. */
char *call_target_uri(struct slice number, const char *target);
/* The user of a SIP or tel URI; empty: it has none. */
struct slice call_uri_user(struct slice uri);
/* A header of this name is written by Jalur, or for it: a route may not touch it. */
bool call_header_is_ours(struct slice name);
/* Do headers of this name stay behind? rewrite may be NULL. */
bool call_rewrite_removes(const struct call_rewrite *rewrite, struct slice name);

#endif
