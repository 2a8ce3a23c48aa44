/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a call goes: branches, the way of each to its peer, what one replaces, and what a
 * 3xx leads to. The last part of call.h, which alone includes it.
 */
#ifndef CALL_BRANCH_H
#define CALL_BRANCH_H

/* branch.c: where a call goes */
/*
 * Invites the next destinations, those with the highest q of the rest. false: none is left,
 * or none could be invited.
 */
bool call_branch_next(struct call_engine *e, u64 now, struct call *call);
/*
 * Invites one destination with what its route made of the INVITE, by the name of user, which
 * it takes; NULL: the called one.
 */
void call_branch_start(struct call_engine *e, u64 now, struct call *call,
		       const struct call_destination *to, struct call_routed *routed,
		       char *user);
/* The INVITE of root's branch has failed; takes the contents of f. Status 0: it counts not. */
void call_branch_failed(struct call_engine *e, u64 now, struct call_leg *root,
			struct call_failure *f);
/* leg is the one that answered: the pair is made, everything else goes. */
void call_branch_won(struct call_engine *e, u64 now, struct call_leg *leg);
/* The leg whose dialog msg, a response to root's INVITE, belongs to; made if it is new. */
struct call_leg *call_branch_leg(struct call_engine *e, struct call_leg *root,
				 const struct sip_msg *msg);
/* The early answer of root's branch has come: may the caller hear it? */
void call_branch_hear(struct call *call, struct call_leg *root);
void call_branch_timer(struct call_engine *e, u64 now, struct call_leg *root);
/* Another branch to the same trunk, which has the rest of root's hops. NULL: it cannot be. */
struct call_leg *call_branch_follow(struct call_engine *e, struct call_leg *root);
/* root may still answer, but next, or if NULL whoever is next, is tried without it. */
void call_branch_give_up(struct call_engine *e, u64 now, struct call_leg *root,
			 struct call_leg *next);
void call_end_without_memory(struct call_engine *e, u64 now, struct call *call);

/* The one whom the call's replacement is about, instead of the route's. false: it cannot be. */
bool call_branch_replace(struct call_engine *e, u64 now, struct call *call);

/* Offers root the call, by the hop that is next. 0, or -errno with f. */
int call_branch_offer(struct call_engine *e, u64 now, struct call_leg *root,
		      struct call_failure *f);
/* No INVITE of root is under way any more: its media and dialogs go, root stays. */
void call_branch_close(struct call_engine *e, u64 now, struct call_leg *root);

/* hop.c: the way of a branch to its peer (RFC 3263) */
/*
 * The first hop of root, as its trunk has it. 0; -EINPROGRESS: call_engine_located() goes on;
 * other -errno with f.
 */
int call_hop_first(struct call_engine *e, u64 now, struct call_leg *root, struct call_failure *f);
/* The INVITE of root failed in a way that another hop might not: true: it is tried. */
bool call_hop_next(struct call_engine *e, u64 now, struct call_leg *root,
		   const struct sip_event *ev);
/* root goes to the hop that is next. */
void call_hop_take(struct call_leg *root);
/* Nobody answered there. */
void call_hop_unreached(struct call_engine *e, u64 now, const struct call_leg *root);
/* The URI of the target that it leads to, by sips: where the caller wants that; malloc'ed. */
char *call_hop_uri(const struct call_leg *root);
size_t call_hop_number(const struct call_leg *root);	/* so many were tried, this one included */
void call_hops_clear(struct call_leg *root);		/* there will be no next one */
/* root's INVITE went out: its timer runs. */
void call_hop_invited(struct call_engine *e, u64 now, struct call_leg *root);
/* There was no response to it for too long. */
void call_hop_silent(struct call_engine *e, u64 now, struct call_leg *root);
/* The number that text has in struct flow; 0: no memory, or there is none. */
u32 call_name(struct call_engine *e, const char *text);

/* replaces.c */
/*
 * The leg whose dialog Replaces in msg names; NULL: there is none in it. 0, or the status to
 * refuse it with, and why.
 */
u16 call_replaces_find(struct call_engine *e, const struct sip_msg *msg, struct call_leg **found,
		       const char **why);
/* call is for the one on the other side of leg, and for nobody else. false: it cannot be. */
bool call_replaces_take(struct call *call, struct call_leg *leg);
/* It goes there. false: it cannot. */
bool call_replaces_call(struct call_engine *e, u64 now, struct call *call, struct call_leg *leg);
void call_replaces_clear(struct call *call);

/* redirect.c: 3xx */
/* Did call go to that user by that trunk? */
typedef bool call_redirect_was(const struct call *call, size_t trunk, struct slice user);
call_redirect_was call_redirect_called;		/* of an INVITE */
bool call_redirect_led(const struct call_leg *root, size_t trunk, struct slice user);
/* true: the Contacts of root's 3xx will be called instead of it, those that were not yet. */
bool call_redirect_follow(const struct call_leg *root, const struct sip_msg *msg,
			  call_redirect_was *asked);
/* Invites those with the highest q of the rest. */
void call_redirect_next(struct call_engine *e, u64 now, struct call *call);
void call_redirect_clear(struct call *call);
void call_redirect_free(struct call_redirect *r);
/* headers, which it takes, with Contacts for to's peer, who asked. NULL: no memory. */
char *call_redirect_pass(const struct call_engine *e, const struct call_leg *to,
			 const struct sip_msg *msg, char *headers);

#endif
