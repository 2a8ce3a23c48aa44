/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchers of our users in the engine: inside of call/. A subscription that is served here
 * is an errand: its dialog, the NOTIFY under way, and when the next one is due.
 */
#ifndef CALL_WATCH_H
#define CALL_WATCH_H

#include "base/json.h"
#include "call/errand.h"
#include "call/source.h"
#include "event/publication.h"
#include "event/subscription.h"

#define CALL_MAX_WATCHES 100000
#define CALL_MAX_PUBLICATIONS 100000

struct call_watch {
	struct event_record record;
	u32 saved_cseq;			/* of the dialog, in the record */
	struct call_errand errand;
	struct event_subscription sub;
	struct timer timer;
	u64 call;			/* the only one that he wants to hear of; 0: all */
	struct event_call *told;	/* the calls that he knows of, by id alone */
	size_t ntold;
};

struct call_watchers {
	struct event_subscriptions table;
	struct event_publications publications;
	struct hash bridges;		/* struct call_bridge, by watcher */
	struct hash records;		/* struct event_record */
	u64 last_record;
};

/* What a SUBSCRIBE or PUBLISH asks for. */
struct call_wish {
	enum event_package package;
	struct slice event, id;		/* value of Event, and id in it */
	char aor[REGISTRAR_AOR];
	const struct call_domain *domain;
	u32 expires;			/* s, as granted */
};

/* key: unguessable. 0 or -ENOMEM */
int call_watchers_init(struct call_engine *e, const struct hash_key *key);
void call_watchers_clear(struct call_engine *e);

/* wish.c */
/* Its package and id. false: there is none, or it is none. */
bool call_wish_event(const struct sip_msg *msg, struct call_wish *wish);
/* And whose: a user of a domain of ours that serves it. */
bool call_wish_resource(const struct call_engine *e, const struct sip_msg *msg,
			struct call_wish *wish);
/* It is counted. false, for whoever says so. */
bool call_wish_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		      const char *headers, const char *why);
/* For how long, and whether all that it requires is understood. false: it is refused. */
bool call_wish_passes(struct call_engine *e, u64 now, const struct sip_event *ev,
		      struct call_wish *wish);
/* Who sent it, as an address-of-record; of a trunk its name. */
void call_wish_name(const struct call_engine *e, const struct call_source *source,
		    char name[REGISTRAR_AOR]);

/* publish.c */
/* A PUBLISH outside of dialogs. false: not ours to serve, and nothing was done. */
bool call_publish(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_source *source);
void call_publication_free(struct call_engine *e, struct event_publication *p);
void call_publication_timer(struct call_engine *e, struct event_publication *p);

/* subscribe.c */
/* A SUBSCRIBE outside of dialogs. false: not ours to serve, and nothing was done. */
bool call_subscribe(struct call_engine *e, u64 now, const struct sip_event *ev,
		    const struct call_source *source);
/* Of a package, or for somebody, that nobody serves: 489, or 405 where none is. */
void call_subscribe_unserved(struct call_engine *e, u64 now, const struct sip_event *ev);
/* Inside of the dialog. */
void call_subscribe_again(struct call_engine *e, u64 now, struct call_watch *watch,
			  const struct sip_event *ev);
/* Allow and, of what any domain serves, Allow-Events. */
/* record 0: the next. NULL: no memory. */
struct call_watch *call_watch_new(struct call_engine *e, const struct call_wish *wish,
				  const char *watcher, u64 record);
void call_subscribe_lines(const struct call_engine *e, struct buf *lines);

/* Takes parts; record 0: the next. NULL: no memory. */
struct event_publication *call_publication_new(struct call_engine *e, const char *aor,
					       const struct event_parts *parts,
					       const char *salt, u64 record);

/* event_record.c: what outlives the daemon */
void call_kept_begin(struct call_engine *e, struct event_record *record,
		     enum event_record_kind kind, u64 number);
/* What is stored of it is not what it is now. */
void call_kept_changed(struct call_engine *e, struct event_record *record);
void call_kept_end(struct call_engine *e, struct event_record *record);
/* expires, ns as now, as a time of the day; and back. */
json_t *call_expiry_save(u64 now, u64 wall, u64 expires);
u64 call_expiry_read(struct json_reader *r, const json_t *saved, u64 now, u64 wall);

/* lamp.c */
/* Something about a call is not what it was. */
void call_lamps_changed(struct call_engine *e, const struct call *call);
/* It goes to a contact of that user. */
void call_lamp_called(struct call_engine *e, struct call *call, const char *aor);
/* call->legs[1] has answered it. */
void call_lamp_answered(struct call_engine *e, struct call *call);
/* The calls of a user, or that one of them, if it is not 0; how many. */
size_t call_lamp_calls(const struct call_engine *e, const char *aor, u64 only, bool identities,
		       struct event_call calls[EVENT_CALLS]);
/* *call: that Event names of those; 0: none. false: what it names is none of them. */
bool call_lamp_named(const struct call_engine *e, const struct call_wish *wish, u64 *call);
/* It has one to watch, and that is over. */
bool call_lamp_is_out(const struct call_engine *e, const struct call_watch *watch);

/* Before the n of calls those that watch was told of and that are over; how many are there then. */
size_t call_lamp_over(const struct call_watch *watch, size_t n,
		      struct event_call calls[2 * EVENT_CALLS]);
/* Now he knows those that there are. */
void call_lamp_told(const struct call_engine *e, struct call_watch *watch);

/* notify.c */
/* The domain that watch->sub is served by; NULL: none any more. */
const struct call_domain *call_watch_domain(const struct call_engine *e,
					    const struct call_watch *watch);
/* What is told of a user to nobody in particular. 0 or -ENOMEM */
int call_watch_print(const struct call_engine *e, u64 now, enum event_package package,
		     const char *aor, u32 version, struct buf *document);
/* Sends the NOTIFY that is due, if it may leave. */
void call_watch_tell(struct call_engine *e, u64 now, struct call_watch *watch);
void call_watch_timer(struct call_engine *e, u64 now, struct call_watch *watch);
void call_watch_event(struct call_engine *e, u64 now, struct call_watch *watch,
		      const struct sip_event *ev);
void call_watch_free(struct call_engine *e, struct call_watch *watch);
/* Something about a user is not what it was. */
void call_watchers_changed(struct call_engine *e, const char *aor);
/* What may be watched may have changed. */
void call_watchers_reloaded(struct call_engine *e);

#endif
