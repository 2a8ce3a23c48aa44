/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bridge: a subscription (RFC 6665) that is carried, begun by SUBSCRIBE or REFER. Who watches
 * has a dialog with us, and we have one with who tells; what is said in one of them is said in
 * the other. Inside of call/.
 */
#ifndef CALL_BRIDGE_H
#define CALL_BRIDGE_H

#include "call/exchange.h"
#include "call/watch.h"

/* Whose dialog it is. */
enum call_bank { CALL_BANK_WATCHER, CALL_BANK_NOTIFIER, CALL_BANKS };

struct call_bridge {
	struct event_record record;	/* once there is a notifier */
	u32 saved_cseq[CALL_BANKS];	/* of the dialogs, in the record */
	u64 saved_expires;		/* ns, in the record */
	struct hash_node node;		/* by watcher */
	struct call_sides sides;
	struct call_leg to;		/* the notifier's */
	struct call_errand errands[CALL_BANKS];		/* their dialogs */
	struct list crossings;		/* struct call_crossing */
	struct timer timer;
	char *event;			/* value of Event, as the watcher has it; */
	char *there;			/* if it names a dialog, as the notifier does; or NULL */
	u32 number[CALL_BANKS];		/* CSeq of the REFER that made it, there; 0: none did */
	char *package, *resource, *watcher;
	const struct call_way_out *way;	/* that led to the notifier; NULL: none has yet */
	bool kept;			/* there is a record */
	bool begun;			/* the watcher has his 2xx */
	bool notified;
	bool leaves;			/* with the next NOTIFY, or without */
	const char *ended;		/* why; NULL: it goes on */
	u64 expires;			/* ns */
	u32 notifies;
};

/* NULL: the SUBSCRIBE was refused. */
struct call_bridge *call_bridge_new(struct call_engine *e, u64 now, const struct sip_event *ev,
				    const struct call_source *source,
				    const struct call_exchange *x);
void call_bridge_free(struct call_engine *e, struct call_bridge *b);
struct call_bridge *call_bridge_any(const struct call_engine *e);	/* NULL: there is none */
/* The watcher's. */
struct sip_dialog *call_bridge_dialog(const struct call_bridge *b);
/* A NOTIFY by way: true: it is the first, and carried. */
bool call_bridge_notified(struct call_engine *e, u64 now, struct call_bridge *b,
			  struct call_way_out *way, const struct sip_event *ev);
/* A 2xx by way: may the watcher have it? Not where somebody else tells him already. */
bool call_bridge_accepts(struct call_engine *e, struct call_bridge *b, struct call_way_out *way,
			 const struct sip_msg *msg);
/* He has it, and the bridge is its own master. */
void call_bridge_begin(struct call_engine *e, u64 now, struct call_bridge *b,
		       const struct sip_msg *msg);
void call_bridge_event(struct call_engine *e, u64 now, struct call_bridge *b,
		       const struct call_errand *errand, const struct sip_event *ev);
void call_bridge_timer(struct call_engine *e, u64 now, struct call_bridge *b);
/* By hand: both are told. */
void call_bridge_end(struct call_engine *e, u64 now, struct call_bridge *b, const char *reason);

/* Without dialogs or anything of its sides but policy and shape. NULL: no memory. */
struct call_bridge *call_bridge_make(struct call_engine *e, u64 now, const char *watcher);
/* Its dialogs are there: it goes on, expiring then. */
void call_bridge_go_on(struct call_engine *e, struct call_bridge *b, u64 record, u64 expires);

/* bridge_record.c */
json_t *call_bridge_save(const struct call_engine *e, u64 now, u64 wall, struct call_bridge *b);
void call_bridge_restore(struct call_engine *e, struct json_reader *r, u64 now, u64 wall,
			 u64 record, const json_t *saved);

#endif
