/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session timers (RFC 4028) of one dialog: who refreshes the session, how often, and when
 * it has died. Plain data and pure functions: what goes into a message comes out as header
 * lines, when to act as deadlines; nothing is sent and no timer runs here. Whoever uses them
 * says "timer" in Supported.
 */
#ifndef SIP_SESSION_TIMER_H
#define SIP_SESSION_TIMER_H

#include "sip/msg.h"

#define SIP_SESSION_MIN 90		/* s; no interval may be below it (RFC 4028 §5) */
#define SIP_SESSION_LINES 96		/* bytes that the lines and a NUL take at most */

enum sip_refresher {
	SIP_REFRESHER_NONE,		/* not said */
	SIP_REFRESHER_UAC,		/* of the transaction that it is said in */
	SIP_REFRESHER_UAS,
};

struct sip_session_expires {
	u32 seconds;
	enum sip_refresher refresher;
};

struct sip_session_policy {
	u32 expires;		/* s, that we ask for; 0: only what the peer asks for */
	u32 min_se;		/* s, that we agree to; below SIP_SESSION_MIN: that */
	bool refresh;		/* we refresh where the choice is ours */
};

/* What was agreed on; all zero: nothing so far. */
struct sip_session_timer {
	u32 interval;		/* s; 0: the session does not expire */
	u32 min_se;		/* s, the largest Min-SE heard of; 0: none */
	bool local;		/* we refresh */
	bool peer;		/* the peer knows what a session timer is */
};

/* "1800;refresher=uac"; other parameters are skipped. false: malformed. */
bool sip_parse_session_expires(struct slice value, struct sip_session_expires *out);
/* "90" and generic parameters. */
bool sip_parse_min_se(struct slice value, u32 *seconds);

/*
 * As UAS of an INVITE or UPDATE (§9). 0: t is what is agreed on by a 2xx with lines in it; for
 * any other answer the caller keeps what t was. 422: refuse it with lines, a Min-SE; 400: refuse
 * it, malformed; t is unchanged then.
 */
u16 sip_session_timer_uas(const struct sip_session_policy *policy, const struct sip_msg *request,
			  struct sip_session_timer *t, char lines[SIP_SESSION_LINES]);
/*
 * As UAC (§7.1, §7.4): the lines of an INVITE or UPDATE, the first or a refresh; empty when
 * neither policy nor t want a timer.
 */
void sip_session_timer_request(const struct sip_session_policy *policy,
			       const struct sip_session_timer *t, char lines[SIP_SESSION_LINES]);
/*
 * The 2xx to it (§7.2): what was agreed on. A peer that does not agree to anything is
 * refreshed by us, if policy wants a timer.
 */
void sip_session_timer_uac(const struct sip_session_policy *policy, const struct sip_msg *response,
			   struct sip_session_timer *t);
/*
 * A 422 to it (§7.3). true: t remembers its Min-SE, and the request can be sent again with new
 * lines; how often is for the caller to bound. false: it asks for no more than we gave.
 */
bool sip_session_timer_refused(const struct sip_session_policy *policy,
			       const struct sip_msg *response, struct sip_session_timer *t);

/* In ns, for a session refreshed last at since, by a 2xx (§10). UINT64_MAX: never. */
u64 sip_session_timer_refresh(const struct sip_session_timer *t, u64 since);	/* ours */
u64 sip_session_timer_bye(const struct sip_session_timer *t, u64 since);

#endif
