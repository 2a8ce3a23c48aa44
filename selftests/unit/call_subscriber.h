/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain with subscribers in the realm "outside", and STRANGER's device, which can be
 * one of them: it answers challenges.
 */
#ifndef CALL_SUBSCRIBER_H_
#define CALL_SUBSCRIBER_H_

#include "call_harness.h"
#include "call/subscriber.h"
#include "sip/auth.h"

#define DOMAIN "example.com"
/* What every device says of itself. */
#define DEVICE "User-Agent: Phone 1.0\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n"

static UNUSED void make_secret(struct sip_secret *secret, const char *user, const char *password,
			       u8 algs)
{
	enum sip_digest_alg alg;

	memset(secret, 0, sizeof(*secret));
	secret->has = algs;
	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++)
		if (algs & SIP_DIGEST_BIT(alg))
			sip_digest_ha1(alg, slice_str(user), SLICE(DOMAIN), slice_str(password),
				       secret->ha1[alg]);
}

/* alice, whose password is "secret", and bob, whose is "hidden". */
static UNUSED struct call_domain *add_domain(struct harness *h, u8 algs)
{
	struct call_domain *d = calloc(1, sizeof(*d));

	h->policy->domains = d;
	h->policy->ndomains = 1;
	d->name = strdup(DOMAIN);
	d->auth_realm = strdup(DOMAIN);
	d->realms = calloc(1, sizeof(*d->realms));
	d->nrealms = 1;
	d->subscribers = calloc(2, sizeof(*d->subscribers));
	d->nsubscribers = 2;
	d->subscribers[0].user = strdup("bob");
	make_secret(&d->subscribers[0].secret, "bob", "hidden", algs);
	d->subscribers[1].user = strdup("alice");
	make_secret(&d->subscribers[1].secret, "alice", "secret", algs);
	d->registrar = (struct registrar_policy){
		.min = 60, .max = 7200, .standard = 3600, .contacts = 5,
	};
	call_domain_complete(d);
	h->policy->realms[0].challenges = true;
	return d;
}

/* The whole number behind the prefix of the routes in call_world.h goes to B. */
static UNUSED void let_subscribers_call(struct harness *h)
{
	h->policy->routes[0].from_trunk = -1;
	h->policy->routes[0].from_realm = 0;
}

/* STRANGER's request outside a dialog, as from this user; extra may be NULL. */
static UNUSED void send_as(struct harness *h, const char *method, const char *user,
			   const char *extra)
{
	struct ua *ua = &h->ua[STRANGER];
	char lines[2048];

	snprintf(lines, sizeof(lines), "%s%s", DEVICE, extra ? extra : "");
	begin_dialog(h, STRANGER, "4930123");
	snprintf(ua->from, sizeof(ua->from), "<sip:%s@" DOMAIN ">", user);
	if (!strcmp(method, "REGISTER"))
		snprintf(ua->to, sizeof(ua->to), "<sip:%s@" DOMAIN ">", user);
	send_request(h, STRANGER, method, 1, lines,
		     strcmp(method, "INVITE") ? NULL : SDP_A);
}

/* The line that answers the challenge that STRANGER got last, by its first algorithm. */
static UNUSED void credentials(struct harness *h, const char *method, const char *user,
			       const char *password, char *line, size_t size)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct ua *ua = &h->ua[STRANGER];
	struct slice rest = header(&ua->msg, "WWW-Authenticate");
	struct sip_challenge c;
	struct sip_credentials out = { .cnonce = SLICE("0a4f113b"), .nc = SLICE("00000001") };
	char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	struct buf b;

	ASSERT_EQ(sip_challenge_next(&rest, &c), 1);
	ASSERT_EQ(sip_digest_ha1(c.alg, slice_str(user), c.realm, slice_str(password), ha1), 0);
	struct sip_digest d = {
		.alg = c.alg, .qop = SIP_QOP_AUTH, .method = slice_str(method),
		.uri = slice_str(ua->target), .nonce = c.nonce, .cnonce = out.cnonce, .nc = out.nc,
	};
	ASSERT_EQ(sip_digest_response(&d, ha1, response), 0);
	out.username = slice_str(user);
	out.realm = c.realm;
	out.nonce = c.nonce;
	out.uri = d.uri;
	out.response = slice_str(response);
	out.algorithm = slice_str(sip_digest_name(c.alg));
	out.qop = SLICE("auth");
	buf_init(&b);
	buf_str(&b, "Authorization: ");
	sip_credentials_print(&b, &out);
	snprintf(line, size, SLICE_FMT "\r\n", SLICE_ARG(buf_slice(&b)));
	buf_free(&b);
}

/* A request with credentials, after the challenge that it takes. extra: more lines, or "". */
static UNUSED void send_authentic(struct harness *h, const char *method, const char *user,
				  const char *password, const char *extra)
{
	char line[1024];

	send_as(h, method, user, extra);
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, method, user, password, line, 512);
	strcat(line, extra);
	send_as(h, method, user, line);
}

/* alice's call to B, which gets the INVITE. */
static UNUSED void call_as_alice(struct harness *h, const char *extra)
{
	send_authentic(h, "INVITE", "alice", "secret", extra);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static UNUSED void answered(struct harness *h)
{
	accepts(h, B);
	is_answered(h, STRANGER);
	h->ua[B].cseq = 100;
}

static UNUSED void declined(struct harness *h)
{
	refuses(h, B, "603 Decline");
	is_turned_down(h, STRANGER, "SIP/2.0 603");
}

static UNUSED void hang_up_alice(struct harness *h)
{
	hangs_up(h, STRANGER, B);
}

static UNUSED void from_elsewhere(struct harness *h, const char *address)
{
	addr_parse(slice_str(address), &h->ua[STRANGER].flow.peer);
}

#endif
