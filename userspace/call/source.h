/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sent a request that belongs to no dialog. Nothing is done for somebody who
 * is none of these: a trunk; whoever registered by this very flow; a subscriber who
 * has proved it.
 */
#ifndef CALL_SOURCE_H
#define CALL_SOURCE_H

#include "call/policy.h"
#include "sip/engine.h"

struct call_engine;

enum call_source_class {
	CALL_SOURCE_STRANGER,
	CALL_SOURCE_TRUNK,
	CALL_SOURCE_FLOW,		/* of a registration, believed without a challenge */
	CALL_SOURCE_SUBSCRIBER,		/* his credentials were right */
};

struct call_source {
	enum call_source_class class;
	int realm;			/* index; -1: none */
	int trunk;			/* index; -1: it is none */
	const struct call_domain *domain;	/* FLOW, SUBSCRIBER; in the engine's policy */
	char user[SIP_AUTH_USER];	/* FLOW, SUBSCRIBER: at that domain; else "" */
	bool renamed;			/* he says to be somebody else: he goes on by that name */
};

/*
 * Who sent the request of ev. false: a stranger, who got an answer or none, or somebody who says
 * to be another one than he is; nothing more is to be done, and ev's server is gone.
 */
bool call_source_admit(struct call_engine *e, u64 now, const struct sip_event *ev,
		       struct call_source *source);
/* Is flow, by where it comes from alone, that of somebody whom we know? */
bool call_source_is_known(struct call_engine *e, const struct flow *flow);
/*
 * A request in the dialog of leg, which may be NULL, that did not come from its peer. true: it
 * did, and he has moved. false: as above.
 */
struct call_leg;
bool call_source_moved(struct call_engine *e, u64 now, const struct sip_event *ev,
		       struct call_leg *leg);

#endif
