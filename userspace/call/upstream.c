// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registration at a trunk that wants to know where we are (RFC 3261 §10.2). A try goes
 * through the addresses of the trunk, each once; the one that took it is asked to go on
 * with it, in the same sequence of requests, when half to three quarters of what it
 * granted are over. When all have failed it waits, longer each time, and by chance less
 * than that, so that many of us do not come back together (RFC 5626 §4.5). A reload that
 * changes what a try is made of does not wait for that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/trunk_state.h"

#define FIRST_WITHIN (2 * NSEC_PER_SEC)
#define SHORTEST 4		/* s; we do not come more often, whatever is granted */
#define LONGEST (7 * 24 * 3600)

struct call_upstream {
	struct call_trunk_state *trunk;
	char *aor, *contact;
	struct call_policy *policy;	/* of the last try; NULL: there was none */
	int index;			/* of the trunk there */
	u64 made_of;			/* a hash of what the last try went by */
	enum call_registration state;
	bool renewed;			/* 423 made this try a longer one */
	bool leaves;			/* ... as soon as the try is over */
	bool looking;			/* a name is looked up */
	struct call_errand errand;	/* has a dialog from the first REGISTER on */
	struct sip_auth_attempt auth;
	struct call_hops *hops;		/* NULL: whoever had us is asked to go on */
	struct flow flow;		/* asked last */
	struct flow lost;		/* had us, and does not answer in this try; peer: or none */
	struct timer timer;
	u32 expires;			/* asked for */
	u32 failures;
	u16 status;
	u64 until, next;
	u64 retry_after;		/* ns, of this try */
};

static const struct call_trunk *trunk_of(const struct call_upstream *u)
{
	return &u->policy->trunks[u->index];
}

/* --- life --- */

static void end_try(struct call_upstream *u)
{
	call_hops_free(u->hops);
	u->hops = NULL;
	u->looking = false;
	u->lost = (struct flow){ 0 };
	sip_auth_attempt_free(&u->auth);
	u->auth = (struct sip_auth_attempt){ 0 };
}

void call_upstream_free(struct call_engine *e, struct call_upstream *u)
{
	u->trunk->upstream = NULL;
	end_try(u);
	timer_disarm(&e->timers, &u->timer);
	timers_release(&e->timers, 1);
	call_errand_end(e, &u->errand);
	call_policy_put(u->policy);
	free(u->aor);
	free(u->contact);
	free(u);
}

static struct call_upstream *new_upstream(struct call_engine *e, struct call_trunk_state *t,
					  const struct call_registering *r)
{
	struct call_upstream *u = zalloc(sizeof(*u));

	if (!u)
		return NULL;
	u->aor = strdup(r->aor);
	u->contact = strdup(r->contact);
	if (!u->aor || !u->contact || timers_reserve(&e->timers, 1)) {
		free(u->aor);
		free(u->contact);
		free(u);
		return NULL;
	}
	u->trunk = t;
	u->timer = (struct timer){ .kind = CALL_TIMER_UPSTREAM, .owner = u };
	call_errand_init(e, &u->errand, CALL_ERRAND_REGISTER, u);
	return u;
}

static void tell(struct call_engine *e, u64 now, const struct call_upstream *u, u16 status,
		 const char *what)
{
	call_event_trunk(e, now, u->trunk->name, u->aor, status, what);
}

/* Where it goes, who we are there, for how long and how often. */
static u64 parts_of(const struct call_engine *e, const struct call_trunk *trunk)
{
	const struct call_registering *r = &trunk->registering;
	struct hasher h;
	size_t i;

	hash_begin(&h, &e->usage_key);
	hash_add_u64(&h, r->expires);
	hash_add_u64(&h, r->retry);
	hash_add_u64(&h, r->retry_max);
	hash_add_field(&h, slice_str(trunk->user));
	hash_add_field(&h, slice_str(trunk->password));
	hash_add_field(&h, slice_str(trunk->auth_realm));
	for (i = 0; i < trunk->ntargets; i++)
		hash_add_field(&h, slice_str(trunk->targets[i].uri));
	return hash_end(&h);
}

/* The configuration says otherwise than the last try. */
static bool is_outdated(const struct call_engine *e, const struct call_upstream *u)
{
	int index = u->policy ? call_trunk_index(e->policy, u->trunk->name) : -1;

	return index >= 0 && parts_of(e, &e->policy->trunks[index]) != u->made_of;
}

static u64 soon(struct call_engine *e, u64 now)
{
	return now + sip_engine_random(e->sip) % FIRST_WITHIN;
}

/* What is outdated has waited enough. */
static void wait_until(struct call_engine *e, u64 now, struct call_upstream *u, u64 at)
{
	u->next = is_outdated(e, u) ? soon(e, now) : at;
	timer_arm(&e->timers, &u->timer, u->next);
}

/* --- one request --- */

static bool is_secure(const char *aor)
{
	return !strncasecmp(aor, "sips:", 5);
}

/* The registrar is the domain of the AOR (RFC 3261 §10.2). */
static char *registrar_uri(const char *aor)
{
	const char *host = strchr(aor, '@');
	char *uri;

	if (asprintf(&uri, "%s:%s", is_secure(aor) ? "sips" : "sip", host ? host + 1 : "") < 0)
		return NULL;
	return uri;
}

static int begin_at(struct call_engine *e, struct call_upstream *u, const struct flow *flow)
{
	char *registrar = registrar_uri(u->aor), *aor;
	int err = -ENOMEM;

	if (asprintf(&aor, "<%s>", u->aor) < 0)
		aor = NULL;
	if (registrar && aor)
		err = call_errand_begin(e, &u->errand, registrar, aor, aor, u->contact, flow);
	free(registrar);
	free(aor);
	u->flow = *flow;
	return err;
}

static int send_register(struct call_engine *e, u64 now, struct call_upstream *u)
{
	struct sip_auth_client *auth = trunk_of(u)->auth;
	u32 expires = u->state == CALL_REGISTRATION_LEAVING ? 0 : u->expires;
	void *handle = call_errand_handle(&u->errand);
	struct sip_content content = { 0 };
	char *lines;
	int err;

	if (asprintf(&lines, "Contact: %s;expires=%u\r\nExpires: %u\r\n",
		     u->errand.dialog->local_contact, expires, expires) < 0)
		return -ENOMEM;
	content.headers = slice_str(lines);
	err = auth ? sip_auth_request(e->sip, now, auth, &u->auth, u->errand.dialog, SIP_REGISTER,
				      &content, handle, &u->errand.client) :
		     sip_request(e->sip, now, u->errand.dialog, SIP_REGISTER, &content, handle,
				 &u->errand.client);
	free(lines);
	return err;
}

/* --- failure --- */

static u64 back_off(struct call_engine *e, const struct call_upstream *u)
{
	const struct call_registering *r = &trunk_of(u)->registering;
	u64 wait = r->retry;
	u32 i;

	for (i = 1; i < u->failures && wait < r->retry_max; i++)
		wait *= 2;
	if (wait > r->retry_max)
		wait = r->retry_max;
	wait -= sip_engine_random(e->sip) % (wait / 2 + 1);
	return wait > u->retry_after ? wait : u->retry_after;
}

static void left(struct call_engine *e, u64 now, struct call_upstream *u)
{
	bool gone = call_trunk_index(e->policy, u->trunk->name) < 0;
	struct call_trunk_state *t = u->trunk;

	tell(e, now, u, 0, "not registered any more");
	call_upstream_free(e, u);
	if (!gone)
		call_upstream_update(e, now, t, e->policy,
				     call_trunk_index(e->policy, t->name));
}

static void failed(struct call_engine *e, u64 now, struct call_upstream *u)
{
	char text[64];

	if (u->state == CALL_REGISTRATION_LEAVING || u->leaves) {
		left(e, now, u);
		return;
	}
	u->failures++;
	snprintf(text, sizeof(text), "not registered: %u", u->status);
	if (u->failures == 1)
		tell(e, now, u, u->status, text);
	u->state = CALL_REGISTRATION_FAILED;
	wait_until(e, now, u, now + back_off(e, u));
	call_errand_forget(e, &u->errand);
	end_try(u);
}

static bool was_asked(const struct call_upstream *u)
{
	const struct flow *flow = &u->hops->list[u->hops->at].flow;

	return flow->listener == u->lost.listener && addr_eq(&flow->peer, &u->lost.peer);
}

/* To the next address, or to what leads there. */
static void try_next(struct call_engine *e, u64 now, struct call_upstream *u)
{
	int err;

	do
		err = call_hops_next(e, now, u->hops);
	while (!err && was_asked(u));
	if (!err)
		err = begin_at(e, u, &u->hops->list[u->hops->at].flow);
	if (!err)
		err = send_register(e, now, u);
	if (err == -EINPROGRESS) {
		u->looking = true;
		err = call_lookup_start(e, u->policy, (size_t)u->index,
					u->hops->order[u->hops->known], &u->errand,
					u->hops->secure);
	}
	if (!err)
		return;
	if (!u->hops->tried)
		u->status = u->hops->last.status ? u->hops->last.status : 503;
	failed(e, now, u);
}

void call_upstream_located(struct call_engine *e, u64 now, struct call_upstream *u, int err,
			   const char *text, const char *domain, const struct hop *hops, size_t n)
{
	if (!u->looking)
		return;
	u->looking = false;
	call_hops_found(e, now, u->hops, err, text, domain, hops, n);
	try_next(e, now, u);
}

static void try_all(struct call_engine *e, u64 now, struct call_upstream *u)
{
	u->hops = call_hops_new(e, u->policy, (size_t)u->index, is_secure(u->aor));
	if (u->hops)
		try_next(e, now, u);
	else
		failed(e, now, u);
}

/* All addresses, but not the one that has just failed as the one that had us. */
static void try_others(struct call_engine *e, u64 now, struct call_upstream *u)
{
	call_way_failed(e, now, u->policy, (size_t)u->index, &u->flow);
	if (u->hops) {
		try_next(e, now, u);
		return;
	}
	u->lost = u->flow;
	try_all(e, now, u);
}

/* As it is now; of a trunk that is gone, as it was. */
static void take_policy(struct call_engine *e, struct call_upstream *u)
{
	int index = call_trunk_index(e->policy, u->trunk->name);

	if (index < 0)
		return;
	call_policy_put(u->policy);
	u->policy = call_policy_get(e->policy);
	u->index = index;
	u->made_of = parts_of(e, trunk_of(u));
}

static void begin(struct call_engine *e, u64 now, struct call_upstream *u)
{
	take_policy(e, u);
	if (!u->policy || (e->leaving && u->state != CALL_REGISTRATION_LEAVING))
		return;
	end_try(u);
	u->renewed = false;
	u->retry_after = 0;
	if (u->state != CALL_REGISTRATION_LEAVING) {
		u->state = CALL_REGISTRATION_TRYING;
		u->expires = trunk_of(u)->registering.expires;
	}
	/* Who has us is asked to go on with it, while the trunk leads there. */
	if (u->errand.dialog && (u->state == CALL_REGISTRATION_LEAVING ||
				 call_way_find(u->trunk, &u->flow)) &&
	    !send_register(e, now, u))
		return;
	try_all(e, now, u);
}

void call_upstream_timer(struct call_engine *e, u64 now, struct call_upstream *u)
{
	begin(e, now, u);
}

/* --- what the registrar says --- */

static bool read_seconds(struct slice text, u32 *seconds)
{
	size_t n = 0;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	return slice_u32(slice_of(text.p, n), seconds);
}

static bool header_seconds(const struct sip_msg *msg, enum sip_hdr_id id, u32 *seconds)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);

	return hdr && read_seconds(hdr->value, seconds);
}

/* How long it has us: what it says of our Contact, else of all (RFC 3261 §10.2.4). */
static u32 granted(const struct call_upstream *u, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_CONTACT);
	struct slice own = slice_str(u->errand.dialog->local_contact), rest, element, value;
	struct sip_nameaddr address;
	u32 seconds = u->expires;

	own = slice_of(own.p + 1, own.n - 2);
	header_seconds(msg, SIP_HDR_EXPIRES, &seconds);
	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (sip_parse_nameaddr(element, &address) &&
			    sip_uri_eq(address.uri, own) &&
			    sip_param(address.params, "expires", &value))
				read_seconds(value, &seconds);
	}
	if (seconds < SHORTEST)
		return SHORTEST;
	return seconds < LONGEST ? seconds : LONGEST;
}

static void registered(struct call_engine *e, u64 now, struct call_upstream *u,
		       const struct sip_msg *msg)
{
	u64 ns = granted(u, msg) * NSEC_PER_SEC;

	if (u->state == CALL_REGISTRATION_LEAVING) {
		left(e, now, u);
		return;
	}
	if (!u->until || u->failures)
		tell(e, now, u, 0, "registered");
	u->failures = 0;
	u->until = now + ns;
	u->state = CALL_REGISTRATION_DONE;
	wait_until(e, now, u, now + ns / 2 + sip_engine_random(e->sip) % (ns / 4));
	end_try(u);
	if (u->leaves)
		call_upstream_leaves(e, now, u);
}

/* 423 (RFC 3261 §10.2.8), 401 and 407: true: it is asked again. */
static bool asks_again(struct call_engine *e, u64 now, struct call_upstream *u,
		       const struct sip_msg *msg)
{
	u32 least;

	if (msg->status == 423 && !u->renewed && u->state != CALL_REGISTRATION_LEAVING &&
	    header_seconds(msg, SIP_HDR_MIN_EXPIRES, &least) && least > u->expires &&
	    least <= LONGEST) {
		u->renewed = true;
		u->expires = least;
		return !send_register(e, now, u);
	}
	if ((msg->status == 401 || msg->status == 407) && trunk_of(u)->auth) {
		if (!sip_auth_learn(trunk_of(u)->auth, &u->auth, msg))
			return !send_register(e, now, u);
		e->counters[CALL_COUNT_AUTH_REFUSED]++;
	}
	return false;
}

void call_upstream_result(struct call_engine *e, u64 now, struct call_upstream *u,
			  const struct sip_event *ev)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;
	u32 seconds;

	u->status = msg ? msg->status : ev->type == SIP_EVENT_TIMEOUT ? 408 : 503;
	if (msg && asks_again(e, now, u, msg))
		return;
	if (msg && trunk_of(u)->auth && msg->status != 401 && msg->status != 407)
		sip_auth_accepted(trunk_of(u)->auth, &u->auth, msg);
	if (msg && msg->status < 300) {
		registered(e, now, u, msg);
		return;
	}
	if (msg && header_seconds(msg, SIP_HDR_RETRY_AFTER, &seconds) && seconds < LONGEST)
		u->retry_after = seconds * NSEC_PER_SEC;
	if (u->until <= now)
		u->until = 0;
	if (u->state != CALL_REGISTRATION_LEAVING &&
	    (!msg || call_codes_have(&trunk_of(u)->failover, msg->status)))
		try_others(e, now, u);
	else
		failed(e, now, u);
}

/* --- from outside --- */

bool call_upstream_is_leaving(const struct call_upstream *u)
{
	return u->leaves || u->state == CALL_REGISTRATION_LEAVING;
}

/* true: the registrar must hear of it first. */
bool call_upstream_leaves(struct call_engine *e, u64 now, struct call_upstream *u)
{
	if (u->state == CALL_REGISTRATION_TRYING && u->errand.client) {
		u->leaves = true;
		return true;
	}
	if (call_upstream_is_leaving(u) && u->errand.client)
		return true;
	timer_disarm(&e->timers, &u->timer);
	if (!u->until || !u->errand.dialog) {
		end_try(u);
		return false;
	}
	u->leaves = false;
	u->state = CALL_REGISTRATION_LEAVING;
	begin(e, now, u);
	return true;
}

static bool is_same(const struct call_upstream *u, const struct call_registering *r)
{
	return !strcmp(u->aor, r->aor) && !strcmp(u->contact, r->contact);
}

/* What the policy of now wants; -1: the trunk is none any more. */
int call_upstream_update(struct call_engine *e, u64 now, struct call_trunk_state *t,
			 const struct call_policy *policy, int trunk)
{
	const struct call_registering *r = trunk < 0 ? NULL : &policy->trunks[trunk].registering;
	struct call_upstream *u = t->upstream;

	if (r && !r->aor)
		r = NULL;
	if (u && r && is_same(u, r)) {
		if (u->timer.pos && is_outdated(e, u))
			wait_until(e, now, u, now);
		return 0;
	}
	if (u) {
		if (call_upstream_leaves(e, now, u))
			return 0;	/* and then the new one */
		call_upstream_free(e, u);
	}
	if (!r || e->leaving)
		return 0;
	t->upstream = new_upstream(e, t, r);
	if (!t->upstream)
		return -ENOMEM;
	wait_until(e, now, t->upstream, soon(e, now));
	return 0;
}

bool call_upstream_view(const struct call_upstream *u, struct call_upstream_view *view)
{
	*view = (struct call_upstream_view){
		.aor = u->aor, .state = u->state, .registrar = u->flow.peer,
		.contact = u->errand.dialog ? u->errand.dialog->local_contact : NULL,
		.status = u->status, .failures = u->failures, .until = u->until,
		.next = u->timer.pos ? u->next : 0,
	};
	return true;
}
