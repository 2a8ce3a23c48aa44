/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control plane's own nouns, and the calls that its files make to each
 * other. Nothing here is for the packet path.
 */
#ifndef _JALUR_CONTROL_H
#define _JALUR_CONTROL_H

#include "jalur.h"

/**
 * struct jalur_owner - who sessions belong to, across restarts
 * @list: in jalur_net.owners
 * @id: from the daemon's configuration
 * @portid: of the attached socket, 0 when detached
 * @listener: port of the socket on which he hears events, 0 for none
 * @detached: jiffies when it went away
 * @sessions: its sessions
 * @count: of these
 */
struct jalur_owner {
	struct list_head	list;
	u64			id;
	u32			portid;
	u32			listener;
	unsigned long		detached;
	struct list_head	sessions;
	u32			count;
};

/**
 * struct jalur_hook - what we did about a network device
 * @list: in jalur_net.hooks
 * @dev: the device; the entry goes when it unregisters, so no reference
 * @state: enum jalur_hook_state
 * @ops: of the ingress hook, when @state is hooked
 */
struct jalur_hook {
	struct list_head	list;
	struct net_device	*dev;
	enum jalur_hook_state	state;
	struct nf_hook_ops	ops;
};

/* net.c: hooks are taken without any lock, put back under jalur_net.lock */
int jalur_net_init(void);
void jalur_net_exit(void);
int jalur_hooks_get(struct jalur_net *jn, struct netlink_ext_ack *extack);
void jalur_hooks_put(struct jalur_net *jn);
int jalur_hook_priority(void);

/* netlink.c */
int jalur_netlink_init(void);
void jalur_netlink_exit(void);

/* owner.c: jalur_net.lock is held */
int jalur_owner_init(void);
void jalur_owner_exit(void);
struct jalur_owner *jalur_owner_find(struct jalur_net *jn, u64 id);
struct jalur_owner *jalur_owner_get(struct jalur_net *jn, u64 id);
void jalur_owner_put(struct jalur_owner *owner);
int jalur_owner_attach(struct jalur_net *jn, u64 id, u32 portid, u32 listener,
		       bool takeover, struct netlink_ext_ack *extack);
int jalur_owner_check(struct jalur_net *jn, u64 id, u32 portid, bool force,
		      struct netlink_ext_ack *extack);

/* session.c: jalur_net.lock is held */
struct jalur_draft;
struct jalur_finals;
struct jalur_session *jalur_session_find(struct jalur_net *jn, u64 owner, u64 id);
int jalur_session_new(struct jalur_net *jn, const struct jalur_draft *draft,
		      struct netlink_ext_ack *extack);
int jalur_session_set(struct jalur_net *jn, const struct jalur_draft *draft,
		      struct netlink_ext_ack *extack);
void jalur_session_unhash(struct jalur_session *session);
void jalur_session_free(struct jalur_session *session);
void jalur_session_del(struct jalur_session *session);
u32 jalur_session_machine_count(void);
u32 jalur_session_machine_max(void);
unsigned int jalur_session_buckets(void);

/* end.c */
struct jalur_table *jalur_table_new(unsigned int bits);
struct jalur_end *jalur_end_new(struct jalur_session *session, u64 id,
				const struct jalur_addr *local);
void jalur_end_insert(struct jalur_net *jn, struct jalur_end *end);
void jalur_end_remove(struct jalur_net *jn, struct jalur_end *end);
void jalur_end_free(struct jalur_end *end);
void jalur_end_free_rcu(struct jalur_end *end);
bool jalur_addr_domain(struct net *net, const struct jalur_addr *addr);
bool jalur_addr_local(struct net *net, const struct jalur_addr *addr);
bool jalur_addr_taken(struct net *net, const struct jalur_addr *addr);

/* timeout.c */
void jalur_timeout_start(struct jalur_net *jn);
void jalur_timeout_work(struct work_struct *work);
void jalur_address_check(struct jalur_net *jn);
void jalur_address_work(struct work_struct *work);

/* event.c: process context */
u64 jalur_event_deleted(struct jalur_session *session, const struct jalur_finals *finals,
			u32 spare);
void jalur_event_displaced(struct jalur_net *jn, u32 portid, u64 owner);

#endif /* _JALUR_CONTROL_H */
