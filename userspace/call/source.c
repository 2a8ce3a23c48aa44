// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Closed by default: a request outside a dialog is a trunk's, or that of a subscriber
 * who proves it, or nobody's. A stranger is never remembered, is not told who we are,
 * and never gets more bytes than he sent: whoever forges the address of somebody else
 * gains nothing. Only a challenge by a connection may be longer, since the address of its
 * sender is none that can be forged.
 */
#include "call/call.h"
#include "call/register.h"

static void forget(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		   const char *why)
{
	call_event_refused(e, now, ev, status, why);
	sip_server_drop(e->sip, ev->server);
}

static bool refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		   const char *why)
{
	if (!sip_respond_briefly(e->sip, now, ev->server, status, SLICE(""), ev->msg->bytes.n))
		e->counters[CALL_COUNT_UNANSWERED]++;
	forget(e, now, ev, status, why);
	return false;
}

static bool refuse_stranger(struct call_engine *e, u64 now, const struct sip_event *ev,
			    const char *why)
{
	e->counters[CALL_COUNT_REFUSED_SOURCE]++;
	return refuse(e, now, ev, 403, why);
}

/* --- which trunk, which domain, which user --- */

/* The same for all who ask on account of one input. */
static int trunk_of(struct call_engine *e, const struct flow *flow)
{
	if (e->sender == CALL_UNASKED)
		e->sender = call_policy_trunk(e->policy, flow, call_engine_name(e, flow->name));
	return e->sender;
}

static const struct call_domain *served(const struct call_policy *p, int realm,
					struct slice host)
{
	const struct call_domain *d = host.n ? call_policy_domain(p, host) : NULL;

	return d && call_domain_serves(d, realm) ? d : NULL;
}

static const struct call_domain *only_domain(const struct call_policy *p, int realm)
{
	const struct call_domain *only = NULL;
	size_t i;

	for (i = 0; i < p->ndomains; i++) {
		if (!call_domain_serves(&p->domains[i], realm))
			continue;
		if (only)
			return NULL;
		only = &p->domains[i];
	}
	return only;
}

/*
 * Whose word is asked for. From says whose user calls, To whose user a REGISTER is for; a
 * caller that hides himself, or knows an address only, is one of the domain that he calls.
 */
static const struct call_domain *find_domain(const struct call_policy *p, int realm,
					     const struct sip_msg *msg)
{
	const struct sip_uri *own = msg->method == SIP_REGISTER ? &msg->to_uri : &msg->from_uri;
	const struct call_domain *d = served(p, realm, own->host);

	if (!d)
		d = served(p, realm, msg->uri.host);
	return d ? d : only_domain(p, realm);
}

const struct sip_secret *call_secret_of(const struct call_engine *e,
					const struct call_domain *domain, struct slice user)
{
	const struct call_subscriber *s = call_domain_subscriber(domain, user);

	return s ? &s->secret : call_subscribers_find(e->subscribers, slice_str(domain->name),
						      user);
}

/* --- challenges --- */

void call_random(struct call_engine *e, u8 *to, size_t n)
{
	size_t i;
	u64 word;

	for (i = 0; i < n; i += sizeof(word)) {
		word = sip_engine_random(e->sip);
		memcpy(to + i, &word, sizeof(word));
	}
	explicit_bzero(&word, sizeof(word));
}

static void rotate(struct call_engine *e, u64 now)
{
	u8 key[SIP_NONCE_KEY];

	if (now - e->nonce_key_since < CALL_NONCE_LIFE)
		return;
	call_random(e, key, sizeof(key));
	sip_nonces_rotate(e->nonces, key);
	explicit_bzero(key, sizeof(key));
	e->nonce_key_since = now;
}

static bool send_challenge(struct call_engine *e, u64 now, const struct sip_event *ev,
			   const struct sip_auth_realm *realm, bool stale, size_t longest)
{
	char room[512];
	struct buf lines;
	bool sent;

	buf_init_lent(&lines, room, sizeof(room));
	sent = !sip_auth_challenge(realm, now, sip_engine_random(e->sip),
				   addr_ip_bytes(&ev->flow.peer), stale, &lines) &&
	       sip_respond_briefly(e->sip, now, ev->server, 401, buf_slice(&lines), longest);
	buf_free(&lines);
	return sent;
}

/*
 * Where it would be too long it is made of fewer algorithms: the weaker ones are those that
 * every device has.
 */
static bool challenge(struct call_engine *e, u64 now, const struct sip_event *ev,
		      struct sip_auth_realm *realm, bool stale)
{
	bool datagram = e->listeners[ev->flow.listener].transport == TRANSPORT_UDP;
	size_t longest = datagram ? ev->msg->bytes.n : SIZE_MAX;
	bool sent = false;
	enum sip_digest_alg alg;

	for (alg = SIP_DIGEST_ALGS - 1; !sent && realm->algs; alg--) {
		realm->brief = realm->algs == SIP_DIGEST_BIT(SIP_DIGEST_MD5);
		sent = send_challenge(e, now, ev, realm, stale, longest);
		realm->algs &= (u8)~SIP_DIGEST_BIT(alg);
	}
	e->counters[sent ? CALL_COUNT_CHALLENGED : CALL_COUNT_UNANSWERED]++;
	if (sent)
		sip_server_drop(e->sip, ev->server);
	else
		forget(e, now, ev, 401, "shorter than a challenge");
	return false;
}

/* --- proof --- */

/* What may begin something; ACK and CANCEL cannot be challenged, the others have a dialog. */
static bool may_be_challenged(enum sip_method method)
{
	switch (method) {
	case SIP_INVITE:
	case SIP_REGISTER:
	case SIP_REFER:
	case SIP_MESSAGE:
	case SIP_SUBSCRIBE:
	case SIP_PUBLISH:
	case SIP_OPTIONS:
		return true;
	default:
		return false;
	}
}

/*
 * A user who is not there, or has no hash by this algorithm, costs what a wrong password
 * costs: the decoy is no hash of anything.
 */
static enum sip_auth_verdict check(struct call_engine *e, const struct sip_auth_realm *realm,
				   const struct call_domain *domain, const struct sip_event *ev,
				   const struct sip_auth_claim *claim)
{
	const struct sip_secret *secret = call_secret_of(e, domain, slice_str(claim->user));
	bool known = secret && secret->has & SIP_DIGEST_BIT(claim->credentials.alg);
	enum sip_auth_verdict verdict;

	verdict = sip_auth_check(realm, claim, ev->msg, known ? secret : &e->decoy);
	return known ? verdict : SIP_AUTH_BAD;
}

static bool authenticate(struct call_engine *e, u64 now, const struct sip_event *ev,
			 const struct call_domain *domain, struct call_source *source)
{
	struct sip_auth_realm realm = {
		.name = slice_str(domain->auth_realm), .qops = SIP_QOP_AUTH,
		.algs = call_subscribers_algs(e->subscribers, domain), .nonces = e->nonces,
	};
	struct sip_auth_claim claim;
	enum sip_auth_verdict verdict;

	rotate(e, now);
	if (!realm.algs)
		return refuse_stranger(e, now, ev, "the domain has no subscribers");
	verdict = sip_auth_claim(&realm, now, ev->msg, addr_ip_bytes(&ev->flow.peer), &claim);
	if (verdict == SIP_AUTH_OK)
		verdict = check(e, &realm, domain, ev, &claim);
	switch (verdict) {
	case SIP_AUTH_OK:
		source->class = CALL_SOURCE_SUBSCRIBER;
		source->domain = domain;
		strcpy(source->user, claim.user);
		return true;
	case SIP_AUTH_MALFORMED:
		e->counters[CALL_COUNT_AUTH_BAD]++;
		return refuse(e, now, ev, 400, "credentials that are none");
	case SIP_AUTH_BAD:
		e->counters[CALL_COUNT_AUTH_BAD]++;
		return refuse(e, now, ev, 403, "wrong credentials");
	case SIP_AUTH_REPLAYED:
		e->counters[CALL_COUNT_AUTH_REPLAYED]++;
		break;
	case SIP_AUTH_STALE:
	case SIP_AUTH_CHALLENGE:
		break;
	}
	return challenge(e, now, ev, &realm, verdict != SIP_AUTH_CHALLENGE);
}

/*
 * Whom From names has registered by this very flow, and that is proof enough. Not of a REGISTER,
 * which would keep the flow alive for ever, nor once he is no subscriber any more.
 */
static bool is_registered(const struct call_engine *e, const struct sip_event *ev,
			  const struct call_domain *domain, struct call_source *source)
{
	bool datagram = e->listeners[ev->flow.listener].transport == TRANSPORT_UDP;
	char aor[REGISTRAR_AOR], *at;

	if (domain->flows == CALL_FLOW_CHALLENGED ||
	    (domain->flows == CALL_FLOW_TRUSTED_STREAMS && datagram) ||
	    ev->msg->method == SIP_REGISTER || !registrar_aor(&ev->msg->from_uri, aor) ||
	    !registrar_flow_is(e->registrar->table, &ev->flow, aor))
		return false;
	at = strrchr(aor, '@');
	*at++ = '\0';
	if (strlen(aor) >= sizeof(source->user) ||
	    !slice_caseeq(slice_str(at), slice_str(domain->name)) ||
	    !call_secret_of(e, domain, slice_str(aor)))
		return false;
	source->class = CALL_SOURCE_FLOW;
	source->domain = domain;
	strcpy(source->user, aor);
	return true;
}

/*
 * A trunk that proves who it is may speak for others, as the trunks do whose address is known.
 * When it registers it is the subscriber, and speaks for itself.
 */
static bool is_trunk(struct call_engine *e, const struct sip_event *ev,
		     struct call_source *source)
{
	int trunk = ev->msg->method == SIP_REGISTER ? -1 :
		    call_policy_digest_trunk(e->policy, source->realm, source->domain,
					     source->user);

	if (trunk < 0)
		return false;
	source->class = CALL_SOURCE_TRUNK;
	source->trunk = trunk;
	source->domain = NULL;
	return true;
}

/* He is who he is; what does he say? */
static bool is_honest(struct call_engine *e, u64 now, const struct sip_event *ev,
		      struct call_source *source)
{
	const char *why = call_caller_pretends(e, source, ev->msg);

	if (!why)
		return true;
	e->counters[CALL_COUNT_PRETENDED]++;
	return refuse(e, now, ev, 403, why);
}

bool call_source_admit(struct call_engine *e, u64 now, const struct sip_event *ev,
		       struct call_source *source)
{
	const struct call_policy *p = e->policy;
	const struct call_domain *domain;

	*source = (struct call_source){
		.class = CALL_SOURCE_STRANGER,
		.realm = call_policy_realm(p, ev->flow.listener),
		.trunk = trunk_of(e, &ev->flow),
	};
	if (source->trunk >= 0) {
		source->class = CALL_SOURCE_TRUNK;
		return true;
	}
	if (source->realm < 0 || !p->realms[source->realm].challenges)
		return refuse_stranger(e, now, ev, "unknown source");
	domain = find_domain(p, source->realm, ev->msg);
	if (!domain)
		return refuse_stranger(e, now, ev, "of none of our domains");
	if (!may_be_challenged(ev->msg->method))
		return refuse_stranger(e, now, ev, "unknown source");
	if (!is_registered(e, ev, domain, source) &&
	    !authenticate(e, now, ev, domain, source))
		return false;
	return is_trunk(e, ev, source) || is_honest(e, now, ev, source);
}

bool call_source_is_known(struct call_engine *e, const struct flow *flow)
{
	const struct registrar_binding *at = NULL;

	return trunk_of(e, flow) >= 0 || registrar_flow_user(e->registrar->table, flow, &at);
}

bool call_engine_knows(struct call_engine *e, const struct flow *flow)
{
	e->sender = CALL_UNASKED;
	return call_source_is_known(e, flow);
}

/* The domain of the subscriber aor, and his name there; NULL: it is none of ours. */
static const struct call_domain *domain_of(const struct call_policy *p, const char *aor,
					   struct slice *user)
{
	const char *at = aor ? strrchr(aor, '@') : NULL;

	if (!at)
		return NULL;
	*user = slice_of(aor, (size_t)(at - aor));
	return call_policy_domain(p, slice_str(at + 1));
}

static bool moved(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_leg *leg, const char *aor)
{
	const struct call_domain *domain;
	struct call_source source;
	struct slice user;

	domain = leg ? domain_of(leg->call->policy, aor, &user) : NULL;
	if (!domain || call_policy_realm(e->policy, ev->flow.listener) != leg->realm)
		return refuse_stranger(e, now, ev, "in a dialog of somebody else");
	if (!authenticate(e, now, ev, domain, &source))
		return false;
	if (!slice_eq(slice_str(source.user), user))
		return refuse_stranger(e, now, ev, "in a dialog of somebody else");
	if (sip_dialog_moved(e->sip, now, ev->dialog, ev->server)) {
		e->counters[CALL_COUNT_MOVED]++;
		return true;
	}
	sip_server_drop(e->sip, ev->server);
	return false;
}

bool call_source_moved(struct call_engine *e, u64 now, const struct sip_event *ev,
		       struct call_leg *leg)
{
	char *aor = leg ? call_leg_subscriber(leg) : NULL;
	bool known = moved(e, now, ev, leg, aor);

	free(aor);
	return known;
}
