// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/jalur.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/jalur.h>

/* Common nested types */
const struct nla_policy jalur_address_nl_policy[JALUR_A_ADDRESS_SCOPE_IFINDEX + 1] = {
	[JALUR_A_ADDRESS_V4] = { .type = NLA_U32, },
	[JALUR_A_ADDRESS_V6] = NLA_POLICY_EXACT_LEN(16),
	[JALUR_A_ADDRESS_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[JALUR_A_ADDRESS_L3_IFINDEX] = { .type = NLA_U32, },
	[JALUR_A_ADDRESS_SCOPE_IFINDEX] = { .type = NLA_U32, },
};

const struct nla_policy jalur_context_nl_policy[JALUR_A_CONTEXT_LIFETIME + 1] = {
	[JALUR_A_CONTEXT_ID] = { .type = NLA_U64, },
	[JALUR_A_CONTEXT_SUITE] = NLA_POLICY_MAX(NLA_U32, 5),
	[JALUR_A_CONTEXT_MASTER_KEY] = { .type = NLA_BINARY, },
	[JALUR_A_CONTEXT_MASTER_SALT] = { .type = NLA_BINARY, },
	[JALUR_A_CONTEXT_MKI] = { .type = NLA_BINARY, },
	[JALUR_A_CONTEXT_LIFETIME] = { .type = NLA_U64, },
};

const struct nla_policy jalur_destination_nl_policy[JALUR_A_DESTINATION_DSCP + 1] = {
	[JALUR_A_DESTINATION_END] = { .type = NLA_U64, },
	[JALUR_A_DESTINATION_PAYLOAD_MAP] = NLA_POLICY_NESTED(jalur_payload_map_nl_policy),
	[JALUR_A_DESTINATION_SSRC] = { .type = NLA_U32, },
	[JALUR_A_DESTINATION_SEQUENCE_MAP] = { .type = NLA_FLAG, },
	[JALUR_A_DESTINATION_DSCP] = NLA_POLICY_MAX(NLA_U8, 63),
};

const struct nla_policy jalur_drop_nl_policy[JALUR_A_DROP_PAD + 1] = {
	[JALUR_A_DROP_REASON] = NLA_POLICY_MAX(NLA_U32, 14),
	[JALUR_A_DROP_COUNT] = { .type = NLA_U64, },
};

const struct nla_policy jalur_end_nl_policy[JALUR_A_END_DORMANT + 1] = {
	[JALUR_A_END_ID] = { .type = NLA_U64, },
	[JALUR_A_END_LOCAL] = NLA_POLICY_NESTED(jalur_address_nl_policy),
	[JALUR_A_END_REMOTE] = NLA_POLICY_NESTED(jalur_address_nl_policy),
	[JALUR_A_END_ACCEPT] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[JALUR_A_END_LATCH] = NLA_POLICY_MAX(NLA_U32, 2),
	[JALUR_A_END_LATCH_OPEN] = { .type = NLA_FLAG, },
	[JALUR_A_END_LATCH_EPOCH] = { .type = NLA_U32, },
	[JALUR_A_END_FOLLOW] = { .type = NLA_FLAG, },
	[JALUR_A_END_IDLE_MS] = { .type = NLA_U32, },
	[JALUR_A_END_PAYLOAD] = NLA_POLICY_NESTED(jalur_payload_nl_policy),
	[JALUR_A_END_RECV_CONTEXT] = { .type = NLA_U64, },
	[JALUR_A_END_SEND_CONTEXT] = { .type = NLA_U64, },
	[JALUR_A_END_PUNT] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[JALUR_A_END_TAP] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[JALUR_A_END_NONLOCAL] = { .type = NLA_FLAG, },
	[JALUR_A_END_DF] = { .type = NLA_FLAG, },
	[JALUR_A_END_DSCP] = NLA_POLICY_MAX(NLA_U8, 63),
	[JALUR_A_END_STATE] = NLA_POLICY_NESTED(jalur_end_state_nl_policy),
	[JALUR_A_END_STATS] = NLA_POLICY_NESTED(jalur_stats_nl_policy),
	[JALUR_A_END_TIMED_OUT] = { .type = NLA_FLAG, },
	[JALUR_A_END_DORMANT] = { .type = NLA_FLAG, },
};

const struct nla_policy jalur_end_state_nl_policy[JALUR_A_END_STATE_SSRC + 1] = {
	[JALUR_A_END_STATE_LATCHED] = NLA_POLICY_NESTED(jalur_address_nl_policy),
	[JALUR_A_END_STATE_SSRC] = NLA_POLICY_NESTED(jalur_ssrc_state_nl_policy),
};

const struct nla_policy jalur_flow_nl_policy[JALUR_A_FLOW_DESTINATION + 1] = {
	[JALUR_A_FLOW_SOURCE] = { .type = NLA_U64, },
	[JALUR_A_FLOW_SELECT_PAYLOAD_TYPE] = { .type = NLA_U8, },
	[JALUR_A_FLOW_SELECT_SSRC] = { .type = NLA_U32, },
	[JALUR_A_FLOW_SELECT_MID] = { .type = NLA_NUL_STRING, .len = 16, },
	[JALUR_A_FLOW_DESTINATION] = NLA_POLICY_NESTED(jalur_destination_nl_policy),
};

const struct nla_policy jalur_payload_nl_policy[JALUR_A_PAYLOAD_KIND + 1] = {
	[JALUR_A_PAYLOAD_PT] = NLA_POLICY_MAX(NLA_U8, 127),
	[JALUR_A_PAYLOAD_OUT_PT] = NLA_POLICY_MAX(NLA_U8, 127),
	[JALUR_A_PAYLOAD_CLOCK_RATE] = NLA_POLICY_MIN(NLA_U32, 1),
	[JALUR_A_PAYLOAD_KIND] = NLA_POLICY_MAX(NLA_U32, 2),
};

const struct nla_policy jalur_payload_map_nl_policy[JALUR_A_PAYLOAD_MAP_TO + 1] = {
	[JALUR_A_PAYLOAD_MAP_FROM] = NLA_POLICY_MAX(NLA_U8, 127),
	[JALUR_A_PAYLOAD_MAP_TO] = NLA_POLICY_MAX(NLA_U8, 127),
};

const struct nla_policy jalur_source_stats_nl_policy[JALUR_A_SOURCE_STATS_PAYLOAD_TYPE + 1] = {
	[JALUR_A_SOURCE_STATS_SSRC] = { .type = NLA_U32, },
	[JALUR_A_SOURCE_STATS_PACKETS] = { .type = NLA_U64, },
	[JALUR_A_SOURCE_STATS_LOST] = { .type = NLA_U64, },
	[JALUR_A_SOURCE_STATS_JITTER] = { .type = NLA_U32, },
	[JALUR_A_SOURCE_STATS_CLOCK_RATE] = { .type = NLA_U32, },
	[JALUR_A_SOURCE_STATS_MAX_SEQUENCE] = { .type = NLA_U32, },
	[JALUR_A_SOURCE_STATS_PAYLOAD_TYPE] = { .type = NLA_U8, },
};

const struct nla_policy jalur_ssrc_state_nl_policy[JALUR_A_SSRC_STATE_CONTEXT + 1] = {
	[JALUR_A_SSRC_STATE_SSRC] = { .type = NLA_U32, },
	[JALUR_A_SSRC_STATE_ROC] = { .type = NLA_U32, },
	[JALUR_A_SSRC_STATE_SEQUENCE] = { .type = NLA_U16, },
	[JALUR_A_SSRC_STATE_SRTCP_INDEX] = { .type = NLA_U32, },
	[JALUR_A_SSRC_STATE_SEQUENCE_OFFSET] = { .type = NLA_U16, },
	[JALUR_A_SSRC_STATE_CONTEXT] = { .type = NLA_U64, },
};

const struct nla_policy jalur_stats_nl_policy[JALUR_A_STATS_LAST_RX_MS + 1] = {
	[JALUR_A_STATS_RX_PACKETS] = { .type = NLA_U64, },
	[JALUR_A_STATS_RX_BYTES] = { .type = NLA_U64, },
	[JALUR_A_STATS_RX_RTCP_PACKETS] = { .type = NLA_U64, },
	[JALUR_A_STATS_TX_PACKETS] = { .type = NLA_U64, },
	[JALUR_A_STATS_TX_BYTES] = { .type = NLA_U64, },
	[JALUR_A_STATS_SSRC_CHANGES] = { .type = NLA_U64, },
	[JALUR_A_STATS_DROPS] = NLA_POLICY_NESTED(jalur_drop_nl_policy),
	[JALUR_A_STATS_SOURCES] = NLA_POLICY_NESTED(jalur_source_stats_nl_policy),
	[JALUR_A_STATS_RTT_US] = { .type = NLA_U32, },
	[JALUR_A_STATS_LAST_RX_MS] = { .type = NLA_U64, },
};

/* JALUR_CMD_OWNER_ATTACH - do */
const struct nla_policy jalur_owner_attach_nl_policy[JALUR_A_OWNER_LISTENER + 1] = {
	[JALUR_A_OWNER_ID] = { .type = NLA_U64, },
	[JALUR_A_OWNER_TAKEOVER] = { .type = NLA_FLAG, },
	[JALUR_A_OWNER_LISTENER] = { .type = NLA_U32, },
};

/* JALUR_CMD_SESSION_NEW - do */
const struct nla_policy jalur_session_new_nl_policy[JALUR_A_SESSION_FORCE + 1] = {
	[JALUR_A_SESSION_OWNER] = { .type = NLA_U64, },
	[JALUR_A_SESSION_ID] = { .type = NLA_U64, },
	[JALUR_A_SESSION_TAG] = { .type = NLA_NUL_STRING, .len = JALUR_MAX_TAG_LEN, },
	[JALUR_A_SESSION_DIGEST] = { .type = NLA_U64, },
	[JALUR_A_SESSION_GRACE_MS] = { .type = NLA_U32, },
	[JALUR_A_SESSION_END] = NLA_POLICY_NESTED(jalur_end_nl_policy),
	[JALUR_A_SESSION_FLOW] = NLA_POLICY_NESTED(jalur_flow_nl_policy),
	[JALUR_A_SESSION_CONTEXT] = NLA_POLICY_NESTED(jalur_context_nl_policy),
	[JALUR_A_SESSION_FORCE] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_SESSION_SET - do */
const struct nla_policy jalur_session_set_nl_policy[JALUR_A_SESSION_FORCE + 1] = {
	[JALUR_A_SESSION_OWNER] = { .type = NLA_U64, },
	[JALUR_A_SESSION_ID] = { .type = NLA_U64, },
	[JALUR_A_SESSION_TAG] = { .type = NLA_NUL_STRING, .len = JALUR_MAX_TAG_LEN, },
	[JALUR_A_SESSION_DIGEST] = { .type = NLA_U64, },
	[JALUR_A_SESSION_GRACE_MS] = { .type = NLA_U32, },
	[JALUR_A_SESSION_END] = NLA_POLICY_NESTED(jalur_end_nl_policy),
	[JALUR_A_SESSION_FLOW] = NLA_POLICY_NESTED(jalur_flow_nl_policy),
	[JALUR_A_SESSION_CONTEXT] = NLA_POLICY_NESTED(jalur_context_nl_policy),
	[JALUR_A_SESSION_FORCE] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_SESSION_DEL - do */
const struct nla_policy jalur_session_del_nl_policy[JALUR_A_SESSION_LIMIT + 1] = {
	[JALUR_A_SESSION_OWNER] = { .type = NLA_U64, },
	[JALUR_A_SESSION_ID] = { .type = NLA_U64, },
	[JALUR_A_SESSION_LIMIT] = NLA_POLICY_MIN(NLA_U32, 1),
	[JALUR_A_SESSION_FORCE] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_SESSION_GET - do */
const struct nla_policy jalur_session_get_nl_policy[JALUR_A_SESSION_ID + 1] = {
	[JALUR_A_SESSION_OWNER] = { .type = NLA_U64, },
	[JALUR_A_SESSION_ID] = { .type = NLA_U64, },
};

/* JALUR_CMD_RANGE_SET - do */
const struct nla_policy jalur_range_set_nl_policy[JALUR_A_RANGE_REMOVE + 1] = {
	[JALUR_A_RANGE_ADDRESS] = NLA_POLICY_NESTED(jalur_address_nl_policy),
	[JALUR_A_RANGE_PORT_MIN] = { .type = NLA_U16, },
	[JALUR_A_RANGE_PORT_MAX] = { .type = NLA_U16, },
	[JALUR_A_RANGE_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[JALUR_A_RANGE_REMOVE] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_RANGE_GET - do */
const struct nla_policy jalur_range_get_nl_policy[JALUR_A_RANGE_ADDRESS + 1] = {
	[JALUR_A_RANGE_ADDRESS] = NLA_POLICY_NESTED(jalur_address_nl_policy),
};

/* JALUR_CMD_PACKET_SEND - do */
const struct nla_policy jalur_packet_send_nl_policy[JALUR_A_PACKET_FORCE + 1] = {
	[JALUR_A_PACKET_OWNER] = { .type = NLA_U64, },
	[JALUR_A_PACKET_SESSION] = { .type = NLA_U64, },
	[JALUR_A_PACKET_END] = { .type = NLA_U64, },
	[JALUR_A_PACKET_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[JALUR_A_PACKET_REMOTE] = NLA_POLICY_NESTED(jalur_address_nl_policy),
	[JALUR_A_PACKET_PAYLOAD_TYPE] = NLA_POLICY_MAX(NLA_U8, 127),
	[JALUR_A_PACKET_DATA] = { .type = NLA_BINARY, },
	[JALUR_A_PACKET_FORCE] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_INFO_GET - do */
const struct nla_policy jalur_info_get_nl_policy[JALUR_A_INFO_LIST_HOOKS + 1] = {
	[JALUR_A_INFO_LIST_HOOKS] = { .type = NLA_FLAG, },
};

/* JALUR_CMD_INFO_SET - do */
const struct nla_policy jalur_info_set_nl_policy[JALUR_A_INFO_ORPHAN_IDLE_S + 1] = {
	[JALUR_A_INFO_MAX_SESSIONS] = { .type = NLA_U32, },
	[JALUR_A_INFO_ORPHAN_S] = { .type = NLA_U32, },
	[JALUR_A_INFO_ORPHAN_IDLE_S] = { .type = NLA_U32, },
};

/* Ops table for jalur */
const struct genl_ops jalur_nl_ops[10] = {
	{
		.cmd		= JALUR_CMD_OWNER_ATTACH,
		.doit		= jalur_nl_owner_attach_doit,
		.policy		= jalur_owner_attach_nl_policy,
		.maxattr	= JALUR_A_OWNER_LISTENER,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_SESSION_NEW,
		.doit		= jalur_nl_session_new_doit,
		.policy		= jalur_session_new_nl_policy,
		.maxattr	= JALUR_A_SESSION_FORCE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_SESSION_SET,
		.doit		= jalur_nl_session_set_doit,
		.policy		= jalur_session_set_nl_policy,
		.maxattr	= JALUR_A_SESSION_FORCE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_SESSION_DEL,
		.doit		= jalur_nl_session_del_doit,
		.policy		= jalur_session_del_nl_policy,
		.maxattr	= JALUR_A_SESSION_LIMIT,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_SESSION_GET,
		.doit		= jalur_nl_session_get_doit,
		.dumpit		= jalur_nl_session_get_dumpit,
		.policy		= jalur_session_get_nl_policy,
		.maxattr	= JALUR_A_SESSION_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_RANGE_SET,
		.doit		= jalur_nl_range_set_doit,
		.policy		= jalur_range_set_nl_policy,
		.maxattr	= JALUR_A_RANGE_REMOVE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_RANGE_GET,
		.doit		= jalur_nl_range_get_doit,
		.dumpit		= jalur_nl_range_get_dumpit,
		.policy		= jalur_range_get_nl_policy,
		.maxattr	= JALUR_A_RANGE_ADDRESS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_PACKET_SEND,
		.doit		= jalur_nl_packet_send_doit,
		.policy		= jalur_packet_send_nl_policy,
		.maxattr	= JALUR_A_PACKET_FORCE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_INFO_GET,
		.doit		= jalur_nl_info_get_doit,
		.policy		= jalur_info_get_nl_policy,
		.maxattr	= JALUR_A_INFO_LIST_HOOKS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= JALUR_CMD_INFO_SET,
		.doit		= jalur_nl_info_set_doit,
		.policy		= jalur_info_set_nl_policy,
		.maxattr	= JALUR_A_INFO_ORPHAN_IDLE_S,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group jalur_nl_mcgrps[] = {
	[JALUR_NLGRP_EVENTS] = { "events", },
};
