/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * REFER that is carried out here (RFC 3515): who asks for it is the referrer, whoever is
 * behind the other leg of his call is put through. Two calls are in it. The one of the
 * referrer has a struct call_refer: what he asked for and what he was told of it. The new one
 * has a struct call_transfer until it is up; its first leg is empty and becomes that of the
 * other party, who changes calls when all else is done. Each finds the other by its id. A part
 * of call.h, which includes it.
 */
#ifndef CALL_TRANSFER_H
#define CALL_TRANSFER_H

#include "call/errand.h"

/* Allow and Supported where REFER is; beside those that every peer is told. */
#define CALL_ALLOW_REFER "Allow: REFER\r\nSupported: norefersub, tdialog\r\n"
#define CALL_MAX_REPLACES 511

struct call_refer {
	struct call_leg *referrer;	/* his leg */
	u64 to;				/* the new call; 0: that is over */
	u32 id;				/* CSeq of the REFER */
	bool first;			/* of the dialog: Event needs no id */
	bool ended;			/* nothing more is told: there is no subscription */
	bool unsubscribed;		/* what is told next is told last */
	bool ask;			/* what was told already is told again */
	u16 status, told;		/* of the new call: now, and as he knows it */
	bool apart;			/* it was no request in his dialog, but made one */
	struct call_errand errand;	/* apart: that, and its NOTIFY */
	u64 expires;			/* when the subscription ends */
	struct timer timer;
};

struct call_transfer {
	u64 from;			/* the referrer's call; 0: its other leg is here already */
	u64 with;			/* the same of the other one of his; 0: or there is none */
	bool attended;			/* there was one */
	enum media_leg target;		/* whose other party is on this side of it */
	struct sip_msg *asked;		/* the INVITE that stands for the REFER */
	char *lines;			/* Replaces of another system; or NULL */
	char *referred_by;		/* whom trusted ones are told (RFC 3892); or NULL */
	struct media_origin origin[2];	/* as the other parties know it */
	bool accepted;			/* he did: he has to be told if nothing comes of it */
	u32 glares;			/* so many INVITEs met one of who was asked */
	struct timer again;		/* the next one goes out */
};

/* refer_to.c */
struct call_refer_to {
	struct slice uri;		/* without headers */
	char replaces[CALL_MAX_REPLACES + 1];	/* unescaped; empty: none */
};

/* 0, or the status to refuse it with, and why. */
u16 call_refer_to_read(struct slice value, struct call_refer_to *to, const char **why);
/*
 * Replaces names a dialog of ours, that of leg, or of no call: NULL. Whoever is called knows it
 * by other names, or not at all, and is not to learn these.
 */
bool call_refer_to_is_ours(const struct call_engine *e, const struct call_refer_to *to,
			   struct call_leg **leg, bool *early_only);
/*
 * The INVITE that who is called from, a name-addr, sends there, with that Call-ID; free() it.
 * NULL: it is not readable, or there is no memory.
 */
struct sip_msg *call_refer_to_invite(const struct call_refer_to *to, const char *from,
				     const char *call_id, u32 max_forwards);

/* refer.c */
/* What becomes of a REFER of leg's peer. */
enum call_transfer_mode call_refer_mode(const struct call_leg *leg);
/* why: a text without quotes; NULL: the status says it. */
void call_refer_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		       const char *why);
/* RFC 4488: there is to be no subscription, or there is none. */
bool call_refer_is_silent(const struct sip_msg *msg);
/* Nothing is left to be done or told. */
bool call_refer_is_done(const struct call_refer *r);
/* REFER outside of any dialog, which Target-Dialog says is about one. */
void call_refer_apart(struct call_engine *e, u64 now, const struct sip_event *ev,
		      const struct call_source *source);
/* Inside the dialog that this made. */
void call_refer_event(struct call_engine *e, u64 now, struct call *call,
		      const struct sip_event *ev);
/* The referrer hangs up. */
void call_refer_leave(struct call_engine *e, u64 now, struct call *call);
/* What became of the REFER of call so far; 200 and above: in the end. */
void call_refer_tell(struct call_engine *e, u64 now, struct call *call, u16 status);
void call_refer_timer(struct call_engine *e, u64 now, struct call *call);
/* As it is written down, while there is something to be told; NULL: no memory. */
json_t *call_refer_save(const struct call_engine *e, const struct call_refer *r);
void call_refer_restore(struct call_engine *e, u64 now, struct call *call, struct json_reader *r,
			const json_t *saved);
void call_refer_free(struct call_engine *e, struct call *call);

/* transfer_make.c */
struct call_refer_asked {
	struct call_refer_to to;
	struct slice referred_by;	/* URI; empty: none */
	u32 max_forwards;
	/* call_transfer_make(): */
	char aor[REGISTRAR_AOR];	/* of one of our users */
	struct call_leg *joined;	/* the referrer's, of another call of his; or NULL */
	u64 ringing;			/* or that is not answered, and is called anew; 0: none */
	char called[256];		/* whom he called in that one */
};

/*
 * The call that the other party of leg is to be put through to. 0, or the status to refuse it
 * with, and why.
 */
u16 call_transfer_make(struct call_engine *e, u64 now, struct call_leg *leg,
		       struct call_refer_asked *asked, struct call **call, const char **why);
/* Its INVITEs go out; it may be over then. */
void call_transfer_send(struct call_engine *e, u64 now, struct call *call,
			const struct call_refer_asked *asked);
/* Header lines of the INVITE of root's branch; added to b. */
void call_transfer_lines(const struct call_engine *e, const struct call_leg *root, struct buf *b);
void call_transfer_free(struct call_engine *e, struct call *call);

/* transfer.c */
/* The request that call began with, as far as it has not been answered. */
const struct sip_msg *call_first_request(const struct call *call);
/* leg's peer has heard the media of the new call, or is about to. */
bool call_transfer_is_told(const struct call_engine *e, const struct call_leg *leg);
/* Who has is told that of his own call again. */
void call_transfer_repeat(struct call_engine *e, u64 now, struct call_leg *leg);
/* One is under way: no offer of either party can be carried. */
bool call_transfer_pending(const struct call *call);
/* Who was called rings, or the like. */
void call_transfer_progress(struct call_engine *e, u64 now, struct call *call, u16 status);
/* The offer of who was called, for the other party: takes sdp. 0 or -ENOMEM. */
int call_transfer_offer(struct call_engine *e, u64 now, struct call *call, char *sdp);
/* It goes out, now that the kernel has the session. 0 or -errno. */
int call_transfer_invite(struct call_engine *e, u64 now, struct call_message *m);
/* The INVITE that was answered 491 goes out again. */
void call_transfer_again(struct call_engine *e, u64 now, struct call *call);
/* Who was called has the answer: the pair is made. */
void call_transfer_done(struct call_engine *e, u64 now, struct call *call);
/* The call of a referrer who has heard everything ends. */
void call_transfer_over(struct call_engine *e, u64 now, struct call *call);
/* The referrer hangs up, which ends nothing but his part in it. */
void call_transfer_take(struct call_engine *e, u64 now, struct call_leg *leg);
/* call ends, and with it what it is a part of. */
void call_transfer_end(struct call_engine *e, u64 now, struct call *call,
		       const struct call_reason *why);

/* attended.c */
/* Who is the callee of the new call: in whichever call he is. */
struct call_leg *call_attended_target(const struct call_engine *e, const struct call *call);

#endif
