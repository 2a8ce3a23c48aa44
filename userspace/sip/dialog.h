/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dialog (RFC 3261 §12) as one plain record. Each leg of a call owns one; the
 * engine indexes it by its local tag.
 */
#ifndef SIP_DIALOG_H
#define SIP_DIALOG_H

#include "base/addr.h"
#include "sip/msg.h"

struct sip_engine;
struct sip_server;

enum sip_dialog_state {
	SIP_DIALOG_EARLY,
	SIP_DIALOG_CONFIRMED,
	SIP_DIALOG_ENDED,
};

/* The reliable provisional response taken last: what RAck says (RFC 3262 §7.2). */
struct sip_rack {
	u32 rseq;			/* 0: none yet */
	u32 cseq;			/* of its INVITE: each has numbers of its own */
	bool owed;			/* its PRACK was not sent yet */
};

struct sip_dialog {
	enum sip_dialog_state state;
	bool uac;			/* we sent the INVITE */
	bool restored;			/* it is from before a restart */
	char local_tag[40];
	char alias[17];			/* sip_dialog_alias(); empty: it has none */
	char *remote_tag;		/* NULL: not known yet */
	char *call_id;
	char *local_uri;		/* as in our From or To: name-addr without tag */
	char *remote_uri;
	char *local_contact;		/* value of our Contact header */
	char *remote_target;		/* request URI of what we send */
	char **routes;			/* values of Route, in order */
	size_t nroutes;
	u32 local_cseq;
	u32 remote_cseq;		/* 0: none yet */
	u32 again;			/* sip_dialog_expect(): bit n is remote_cseq - n */
	struct sip_rack rack;
	struct flow flow;		/* next hop */
	bool translated;		/* its port is not the one that the peer says */
	bool datagrams;			/* large requests, too */
	bool by_notify;			/* a NOTIFY may be what makes it (RFC 6665 §4.4.1) */
	bool roams;			/* requests from elsewhere are not refused, but foreign */
	void *user;
	/* private to sip/: index, responses waiting for ACK or PRACK */
	struct sip_dialog_priv *priv;
};

struct sip_dialog_target {
	struct slice request_uri;
	struct slice from;		/* name-addr or addr-spec, no tag */
	struct slice to;
	struct slice contact_user;	/* may be empty */
	struct flow flow;
};

/* NULL: no memory. */
struct sip_dialog *sip_dialog_new_uac(struct sip_engine *e,
				      const struct sip_dialog_target *target, void *user);
/* From the request of a server transaction. -errno: no memory, or no usable Contact. */
int sip_dialog_new_uas(struct sip_engine *e, struct sip_server *server, void *user,
		       struct sip_dialog **out);
/*
 * A NOTIFY that comes before any response to a dialog of ours with by_notify makes it (RFC 6665
 * §4.4.1): below the caller, whose dialog has its remote tag when he hears of the NOTIFY.
 *
 * A response arrived: learn remote tag, target, route set, RSeq; 2xx confirms. One that teaches
 * nothing (100, no To-tag, a failure) is 0. -EEXIST when it belongs to another fork (other
 * To-tag than the one learned); -EINVAL for unusable Record-Route; -ENOMEM.
 */
int sip_dialog_response(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg);
/* Another fork's dialog, as a copy of d's identity with msg's tag and target. */
struct sip_dialog *sip_dialog_fork(struct sip_engine *e, const struct sip_dialog *d,
				   const struct sip_msg *msg);
/*
 * A dialog as it was before, from all that is in from but user and priv; copied. Confirmed, or an
 * early one of an INVITE of ours.
 * NULL: no memory, or something that a dialog has is not there.
 */
struct sip_dialog *sip_dialog_restore(struct sip_engine *e, const struct sip_dialog *from,
				      void *user);
/*
 * The request with that number may have no answer: its peer has it from before a restart, and
 * sends it again. It is taken once more, though it does not come next. In a dialog that was
 * restored the last one is expected from the beginning.
 */
void sip_dialog_expect(struct sip_dialog *d, u32 cseq);
bool sip_dialog_expects(const struct sip_dialog *d, u32 cseq);
/*
 * Its peer is where the request of server, which was foreign, came from: it has proved that.
 * false: the request is none that comes next, and has got its answer.
 */
bool sip_dialog_moved(struct sip_engine *e, u64 now, struct sip_dialog *d,
		      struct sip_server *server);
/*
 * What it is called where its peer's words must not be seen, as Call-ID and as remote tag,
 * beside its local tag: an INVITE with Replaces of these finds it.
 */
const char *sip_dialog_alias(struct sip_engine *e, struct sip_dialog *d);
/*
 * The dialog that is called so on our side, or by its alias, whatever its state; NULL: there
 * is none.
 */
struct sip_dialog *sip_dialog_of_ids(struct sip_engine *e, struct slice call_id,
				     struct slice local_tag, struct slice remote_tag);
/* One of those that an INVITE from here, or its forks, made. */
struct sip_dialog *sip_dialog_of_invite(struct sip_engine *e, struct slice call_id,
					struct slice local_tag);
/* How we are reached by listener, as it stands in Contact; malloc'ed. */
char *sip_contact(struct sip_engine *e, u32 listener, struct slice user, bool secure);
/* The Request-URI of the next request; good until the dialog learns another. */
struct slice sip_dialog_request_uri(const struct sip_dialog *d);
void sip_dialog_free(struct sip_engine *e, struct sip_dialog *d);	/* NULL allowed */

#endif
