/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/jalur.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_JALUR_GEN_H
#define _LINUX_JALUR_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/jalur.h>

/* Common nested types */
extern const struct nla_policy jalur_address_nl_policy[JALUR_A_ADDRESS_SCOPE_IFINDEX + 1];
extern const struct nla_policy jalur_context_nl_policy[JALUR_A_CONTEXT_LIFETIME + 1];
extern const struct nla_policy jalur_destination_nl_policy[JALUR_A_DESTINATION_DSCP + 1];
extern const struct nla_policy jalur_drop_nl_policy[JALUR_A_DROP_PAD + 1];
extern const struct nla_policy jalur_end_nl_policy[JALUR_A_END_DORMANT + 1];
extern const struct nla_policy jalur_end_state_nl_policy[JALUR_A_END_STATE_SSRC + 1];
extern const struct nla_policy jalur_flow_nl_policy[JALUR_A_FLOW_DESTINATION + 1];
extern const struct nla_policy jalur_payload_nl_policy[JALUR_A_PAYLOAD_KIND + 1];
extern const struct nla_policy jalur_payload_map_nl_policy[JALUR_A_PAYLOAD_MAP_TO + 1];
extern const struct nla_policy jalur_source_stats_nl_policy[JALUR_A_SOURCE_STATS_PAYLOAD_TYPE + 1];
extern const struct nla_policy jalur_ssrc_state_nl_policy[JALUR_A_SSRC_STATE_CONTEXT + 1];
extern const struct nla_policy jalur_stats_nl_policy[JALUR_A_STATS_LAST_RX_MS + 1];

extern const struct nla_policy jalur_owner_attach_nl_policy[JALUR_A_OWNER_LISTENER + 1];

extern const struct nla_policy jalur_session_new_nl_policy[JALUR_A_SESSION_FORCE + 1];

extern const struct nla_policy jalur_session_set_nl_policy[JALUR_A_SESSION_FORCE + 1];

extern const struct nla_policy jalur_session_del_nl_policy[JALUR_A_SESSION_LIMIT + 1];

extern const struct nla_policy jalur_session_get_nl_policy[JALUR_A_SESSION_ID + 1];

extern const struct nla_policy jalur_range_set_nl_policy[JALUR_A_RANGE_REMOVE + 1];

extern const struct nla_policy jalur_range_get_nl_policy[JALUR_A_RANGE_ADDRESS + 1];

extern const struct nla_policy jalur_packet_send_nl_policy[JALUR_A_PACKET_FORCE + 1];

extern const struct nla_policy jalur_info_get_nl_policy[JALUR_A_INFO_LIST_HOOKS + 1];

extern const struct nla_policy jalur_info_set_nl_policy[JALUR_A_INFO_ORPHAN_IDLE_S + 1];

/* Ops table for jalur */
extern const struct genl_ops jalur_nl_ops[10];

int jalur_nl_owner_attach_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_session_set_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_session_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int jalur_nl_range_set_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_range_get_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_range_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int jalur_nl_packet_send_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info);
int jalur_nl_info_set_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	JALUR_NLGRP_EVENTS,
};

#endif /* _LINUX_JALUR_GEN_H */
