/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the users of our domains are to be found (RFC 3261 §10): bindings of an
 * address-of-record ("alice@example.com") to contacts. A REGISTER is judged as a whole
 * and makes a change, which takes effect when registrar_commit() is told that it is
 * written down; until then everybody else sees what was before. No I/O, no clock: now
 * is ns of CLOCK_MONOTONIC, wall of CLOCK_REALTIME at the same moment.
 */
#ifndef REGISTRAR_REGISTRAR_H
#define REGISTRAR_REGISTRAR_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/hash.h"
#include "sip/engine.h"

#define REGISTRAR_AOR 320		/* bytes of an address-of-record, with NUL */
#define REGISTRAR_CONTACTS 32		/* that an address-of-record may have at most */

struct registrar;
struct registrar_change;		/* what a REGISTER will make of its address-of-record */

struct registrar_conf {
	const struct sip_listener *listeners;	/* the caller's, which outlive it */
	size_t nlisteners;
	struct hash_key key;			/* random */
};

/* How a way through a NAT is kept open. */
enum registrar_keepalive {
	REGISTRAR_NO_KEEPALIVE,
	REGISTRAR_OPTIONS,
	REGISTRAR_CRLF,
};

/* What a domain says of registrations. Times in s. */
struct registrar_policy {
	u32 min, max, standard;		/* of a binding; standard: when nothing is asked for */
	u32 contacts;			/* of an address-of-record */
	bool nat;			/* every contact is behind one */
	enum registrar_keepalive keepalive;
	u32 interval;
};

/* NULL: no memory. */
struct registrar *registrar_new(const struct registrar_conf *conf);
void registrar_free(struct registrar *r);	/* NULL allowed; changes under way included */

/*
 * The address-of-record that a URI names: its user without escapes, its host in lower
 * case (RFC 3261 §10.3 step 5). false: no such URI, too long, or control characters in it.
 */
bool registrar_aor(const struct sip_uri *uri, char aor[REGISTRAR_AOR]);
bool registrar_aor_parse(struct slice text, char aor[REGISTRAR_AOR]);

struct registrar_request {
	const char *aor;
	const struct sip_msg *msg;	/* REGISTER */
	const struct flow *flow;	/* that it came by */
	const struct registrar_policy *policy;
};

struct registrar_verdict {
	u16 status;			/* 200, 400, 403, 423, 500, 503 */
	const char *why;		/* of a refusal */
	u32 min_expires;		/* s; of a 423 */
	struct registrar_change *change;	/* of a 200: not done yet; NULL: nothing to do */
	u64 record;			/* of the change: what has to be written down first */
};

/* A change of this address-of-record is under way: its next REGISTER has to wait. */
bool registrar_is_busy(const struct registrar *r, const char *aor);
/* All or nothing (RFC 3261 §10.3 steps 6 and 7). */
struct registrar_verdict registrar_register(struct registrar *r, u64 now,
					    const struct registrar_request *request);
void registrar_commit(struct registrar *r, u64 now, struct registrar_change *change);
void registrar_abort(struct registrar *r, struct registrar_change *change);

/* Takes all bindings away. false: there is none, or the address-of-record is busy. */
bool registrar_delete(struct registrar *r, const char *aor);

/* A binding as it is; slices until the registrar changes. */
struct registrar_contact {
	const char *aor;
	u64 id;				/* never used again while the daemon runs */
	struct slice uri;		/* as registered */
	struct slice params;		/* of Contact, but for q and expires; with the first ';' */
	struct slice path;		/* value of Route, as RFC 3327 has it; may be empty */
	struct slice call_id, agent;
	u32 cseq;
	u16 q;				/* thousandths */
	u64 expires;			/* ns */
	bool nat;			/* uri leads nowhere: what goes to it takes flow */
	enum registrar_keepalive keepalive;
	struct flow flow;		/* that the REGISTER came by */
};

/* Those of an address-of-record, the highest q first, and of equal ones the newest; how many. */
size_t registrar_lookup(const struct registrar *r, u64 now, const char *aor,
			struct registrar_contact contacts[REGISTRAR_CONTACTS]);
/* Its lines of a 200: Contact with what is left of each. */
void registrar_print(const struct registrar *r, u64 now, const char *aor, struct buf *lines);
/*
 * The next address-of-record that a live binding was registered for by flow (of a stream: by
 * that connection), beginning with *at NULL. NULL: no more. What comes by flow comes from one
 * of these users, as far as the flow can be believed.
 */
struct registrar_binding;
const char *registrar_flow_user(const struct registrar *r, const struct flow *flow,
				const struct registrar_binding **at);
/* Is aor one of them? */
bool registrar_flow_is(const struct registrar *r, const struct flow *flow, const char *aor);
/* Whose bindings came or went since, as far as there was memory for it. false: no more. */
bool registrar_changed(struct registrar *r, char aor[REGISTRAR_AOR]);
size_t registrar_count(const struct registrar *r);	/* bindings */
/* Of an earlier run, whose listener is not configured any more: not taken. */
size_t registrar_homeless(const struct registrar *r);
size_t registrar_count_of(const struct registrar *r, const char *domain);	/* in any case */
void registrar_each(const struct registrar *r, u64 now,
		    void (*each)(void *arg, const struct registrar_contact *contact), void *arg);

/* --- time, and what happens to contacts --- */

u64 registrar_deadline(const struct registrar *r);	/* UINT64_MAX: none */

enum registrar_due {
	REGISTRAR_NOTHING,
	REGISTRAR_EXPIRED,	/* and gone: nothing to do about it */
	REGISTRAR_KEEPALIVE,	/* send one to contact, and say how it went */
};

/* One thing that is due; call it until there is nothing. */
enum registrar_due registrar_due(struct registrar *r, u64 now, struct registrar_contact *contact);
/*
 * A keep-alive of the contact with this id was answered, or was not: so many times in a row,
 * and it is dropped. false: it is not there any more.
 */
bool registrar_answered(struct registrar *r, u64 id, bool answered);
/* The connection of flow is gone, and with it all that was registered by it; how many. */
size_t registrar_closed(struct registrar *r, const struct flow *flow);

/* --- what is written down --- */

/* A record that is not written as it is now; 0: all are. */
u64 registrar_stale(struct registrar *r);
/*
 * What record is, a change under way included, as JSON, malloc'ed. 0; -ENOENT: it is to be
 * deleted; -ENOMEM.
 */
int registrar_save(const struct registrar *r, u64 now, u64 wall, u64 record, char **text);
/*
 * Takes a record, but for what has expired. NULL; or what is wrong with it: the name of a
 * member, "JSON" or "memory", and then nothing of it is taken.
 */
const char *registrar_restore(struct registrar *r, u64 now, u64 wall, u64 record,
			      struct slice text);

#endif
