/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between netlink and the objects: a draft is what a request asks for, proven
 * by itself but not yet held against what exists.
 */
#ifndef _JALUR_NETLINK_H
#define _JALUR_NETLINK_H

#include <net/genetlink.h>

#include "control.h"

extern struct genl_family jalur_nl_family;

/**
 * struct jalur_draft_end - an end as a request describes it
 * @id: chosen by userspace
 * @local: its address
 * @latched: remote to import, family 0 for none
 * @conf: the rest; pointers to living ends not filled in
 * @dest: index in the draft of the end that packets go to, -1 for none
 * @attr: of the end, to point at in a refusal
 * @local_attr: of its local address
 * @state_attr: of the state to import
 */
struct jalur_draft_end {
	u64			id;
	struct jalur_addr	local;
	struct jalur_addr	latched;
	struct jalur_end_conf	conf;
	int			dest;
	const struct nlattr	*attr;
	const struct nlattr	*local_attr;
	const struct nlattr	*state_attr;
};

/**
 * struct jalur_draft - a session as a request describes it
 * @owner: scope of @id
 * @id: of the session
 * @digest: opaque
 * @grace_ms: of removed receive contexts
 * @tag: for people
 * @id_attr: of @id, to point at in a refusal
 * @ends: in @end
 * @payloads: in @payload
 * @payload: the payload tables of all ends, one after the other
 * @end: the ends
 */
struct jalur_draft {
	u64			owner;
	u64			id;
	u64			digest;
	u32			grace_ms;
	char			tag[JALUR_MAX_TAG_LEN + 1];
	const struct nlattr	*id_attr;
	unsigned int		ends;
	unsigned int		payloads;
	struct jalur_payload	*payload;
	struct jalur_draft_end	end[];
};

/**
 * struct jalur_finals - what a reply says of a session that is gone
 * @attrs: its attributes
 * @len: of all of them
 */
struct jalur_finals {
	const struct nlattr	*attrs;
	int			len;
};

/* netlink_parse.c */
struct jalur_draft *jalur_draft_parse(struct genl_info *info);
void jalur_draft_free(struct jalur_draft *draft);

/* netlink_fill.c: 0 or -EMSGSIZE */
size_t jalur_fill_size(const struct jalur_graph *graph);
size_t jalur_final_size(const struct jalur_graph *graph);
int jalur_fill_addr(struct sk_buff *skb, int attrtype, const struct jalur_addr *addr);
int jalur_fill_finals(struct sk_buff *skb, int attrtype, const struct jalur_graph *graph);
int jalur_fill_session(struct sk_buff *skb, const struct jalur_session *session);

#endif /* _JALUR_NETLINK_H */
