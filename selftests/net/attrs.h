/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of the netlink family "jalur", by name, for relayctl. Written
 * by hand from the specification and not generated from it, and shared with
 * neither the module nor the daemon: the tests are to notice when one of them
 * drifts away from what is documented.
 */
#ifndef _SELFTESTS_NET_ATTRS_H
#define _SELFTESTS_NET_ATTRS_H

#include <linux/jalur.h>

enum kind {
	K_NONE, K_PAD, K_U8, K_U16, K_U32, K_S32, K_U64, K_PORT, K_V4, K_V6,
	K_X32, K_X64, K_STR, K_HEX, K_FLAG, K_NEST, K_NEST_PLAIN, K_BYTES,
};

struct attr {
	const char *name;
	enum kind kind;
	const struct set *nested;
	const char *const *names;	/* of an enum's values */
	int flags;			/* these are bits */
};

struct set {
	const char *name;
	unsigned int label;		/* attribute that tells siblings apart */
	unsigned int max;
	const struct attr *attrs;
};

#define SET(id, text, lbl) \
	static const struct set set_##id = { text, lbl, \
		sizeof(attrs_##id) / sizeof(attrs_##id[0]) - 1, attrs_##id }

static const char *const latches[] = { "strict", "port", "any", 0 };
static const char *const accepts[] = { "rtp", "rtcp", "opaque", 0 };
static const char *const punts[] = { "stun", "dtls", "marked", 0 };
static const char *const taps[] = { "received", "sent", "decrypted", 0 };
static const char *const kinds[] = { "media", "dtmf", "comfort-noise", 0 };
static const char *const hook_states[] = {
	"hooked", "port-of-master", "failed", 0
};
static const char *const event_types[] = {
	"latched", "moved", "ssrc", "timed-out", "resumed", "dtmf",
	"srtp-failure", "key-limit", "address-gone", "address-back",
	"unreachable", "deleted", "displaced", 0
};
static const char *const reasons[] = {
	"source", "malformed", "kind", "payload-type", "no-flow", "no-remote",
	"ttl", "no-route", "no-memory", "transmit", "dormant", "too-big",
	"srtp-auth", "srtp-replay", "rtcp-map", 0
};
static const char *const features[] = {
	"relay", "opaque", "payload-table", "payload-map", "ssrc-map",
	"sequence-map", "fork", "srtp", "state", "punt", "packet-send", "tap",
	"range", "xdp", 0
};

static const struct attr attrs_address[] = {
	[JALUR_A_ADDRESS_V4] = { .name = "v4", .kind = K_V4 },
	[JALUR_A_ADDRESS_V6] = { .name = "v6", .kind = K_V6 },
	[JALUR_A_ADDRESS_PORT] = { .name = "port", .kind = K_PORT },
	[JALUR_A_ADDRESS_L3_IFINDEX] = { .name = "l3-ifindex", .kind = K_U32 },
	[JALUR_A_ADDRESS_SCOPE_IFINDEX] = { .name = "scope-ifindex", .kind = K_U32 },
};
SET(address, "address", 0);

static const struct attr attrs_payload[] = {
	[JALUR_A_PAYLOAD_PT] = { .name = "pt", .kind = K_U8 },
	[JALUR_A_PAYLOAD_OUT_PT] = { .name = "out-pt", .kind = K_U8 },
	[JALUR_A_PAYLOAD_CLOCK_RATE] = { .name = "clock-rate", .kind = K_U32 },
	[JALUR_A_PAYLOAD_KIND] = { .name = "kind", .kind = K_U32, .names = kinds },
};
SET(payload, "payload", JALUR_A_PAYLOAD_PT);

static const struct attr attrs_ssrc_state[] = {
	[JALUR_A_SSRC_STATE_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_SSRC_STATE_SSRC] = { .name = "ssrc", .kind = K_X32 },
	[JALUR_A_SSRC_STATE_ROC] = { .name = "roc", .kind = K_U32 },
	[JALUR_A_SSRC_STATE_SEQUENCE] = { .name = "sequence", .kind = K_U16 },
	[JALUR_A_SSRC_STATE_SRTCP_INDEX] = { .name = "srtcp-index", .kind = K_U32 },
	[JALUR_A_SSRC_STATE_SEQUENCE_OFFSET] = { .name = "sequence-offset", .kind = K_U16 },
	[JALUR_A_SSRC_STATE_CONTEXT] = { .name = "context", .kind = K_U64 },
};
SET(ssrc_state, "ssrc", JALUR_A_SSRC_STATE_SSRC);

static const struct attr attrs_end_state[] = {
	[JALUR_A_END_STATE_LATCHED] = { .name = "latched", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_END_STATE_SSRC] = { .name = "ssrc", .kind = K_NEST, .nested = &set_ssrc_state },
};
SET(end_state, "state", 0);

static const struct attr attrs_drop[] = {
	[JALUR_A_DROP_REASON] = { .name = "reason", .kind = K_U32, .names = reasons },
	[JALUR_A_DROP_COUNT] = { .name = "count", .kind = K_U64 },
	[JALUR_A_DROP_PAD] = { .name = "pad", .kind = K_PAD },
};
SET(drop, "drops", JALUR_A_DROP_REASON);

static const struct attr attrs_source[] = {
	[JALUR_A_SOURCE_STATS_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_SOURCE_STATS_SSRC] = { .name = "ssrc", .kind = K_X32 },
	[JALUR_A_SOURCE_STATS_PACKETS] = { .name = "packets", .kind = K_U64 },
	[JALUR_A_SOURCE_STATS_LOST] = { .name = "lost", .kind = K_U64 },
	[JALUR_A_SOURCE_STATS_JITTER] = { .name = "jitter", .kind = K_U32 },
	[JALUR_A_SOURCE_STATS_CLOCK_RATE] = { .name = "clock-rate", .kind = K_U32 },
	[JALUR_A_SOURCE_STATS_MAX_SEQUENCE] = { .name = "max-sequence", .kind = K_U32 },
	[JALUR_A_SOURCE_STATS_PAYLOAD_TYPE] = { .name = "payload-type", .kind = K_U8 },
};
SET(source, "sources", JALUR_A_SOURCE_STATS_SSRC);

static const struct attr attrs_stats[] = {
	[JALUR_A_STATS_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_STATS_RX_PACKETS] = { .name = "rx-packets", .kind = K_U64 },
	[JALUR_A_STATS_RX_BYTES] = { .name = "rx-bytes", .kind = K_U64 },
	[JALUR_A_STATS_RX_RTCP_PACKETS] = { .name = "rx-rtcp-packets", .kind = K_U64 },
	[JALUR_A_STATS_TX_PACKETS] = { .name = "tx-packets", .kind = K_U64 },
	[JALUR_A_STATS_TX_BYTES] = { .name = "tx-bytes", .kind = K_U64 },
	[JALUR_A_STATS_SSRC_CHANGES] = { .name = "ssrc-changes", .kind = K_U64 },
	[JALUR_A_STATS_DROPS] = { .name = "drops", .kind = K_NEST, .nested = &set_drop },
	[JALUR_A_STATS_SOURCES] = { .name = "sources", .kind = K_NEST, .nested = &set_source },
	[JALUR_A_STATS_RTT_US] = { .name = "rtt-us", .kind = K_U32 },
	[JALUR_A_STATS_LAST_RX_MS] = { .name = "last-rx-ms", .kind = K_U64 },
};
SET(stats, "stats", 0);

static const struct attr attrs_end[] = {
	[JALUR_A_END_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_END_ID] = { .name = "id", .kind = K_U64 },
	[JALUR_A_END_LOCAL] = { .name = "local", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_END_REMOTE] = { .name = "remote", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_END_ACCEPT] = { .name = "accept", .kind = K_U32, .names = accepts, .flags = 1 },
	[JALUR_A_END_LATCH] = { .name = "latch", .kind = K_U32, .names = latches },
	[JALUR_A_END_LATCH_OPEN] = { .name = "latch-open", .kind = K_FLAG },
	[JALUR_A_END_LATCH_EPOCH] = { .name = "latch-epoch", .kind = K_U32 },
	[JALUR_A_END_FOLLOW] = { .name = "follow", .kind = K_FLAG },
	[JALUR_A_END_IDLE_MS] = { .name = "idle-ms", .kind = K_U32 },
	[JALUR_A_END_PAYLOAD] = { .name = "payload", .kind = K_NEST, .nested = &set_payload },
	[JALUR_A_END_RECV_CONTEXT] = { .name = "recv-context", .kind = K_U64 },
	[JALUR_A_END_SEND_CONTEXT] = { .name = "send-context", .kind = K_U64 },
	[JALUR_A_END_PUNT] = { .name = "punt", .kind = K_U32, .names = punts, .flags = 1 },
	[JALUR_A_END_TAP] = { .name = "tap", .kind = K_U32, .names = taps, .flags = 1 },
	[JALUR_A_END_NONLOCAL] = { .name = "nonlocal", .kind = K_FLAG },
	[JALUR_A_END_DF] = { .name = "df", .kind = K_FLAG },
	[JALUR_A_END_DSCP] = { .name = "dscp", .kind = K_U8 },
	[JALUR_A_END_STATE] = { .name = "state", .kind = K_NEST, .nested = &set_end_state },
	[JALUR_A_END_STATS] = { .name = "stats", .kind = K_NEST, .nested = &set_stats },
	[JALUR_A_END_TIMED_OUT] = { .name = "timed-out", .kind = K_FLAG },
	[JALUR_A_END_DORMANT] = { .name = "dormant", .kind = K_FLAG },
};
SET(end, "end", JALUR_A_END_ID);

static const struct attr attrs_payload_map[] = {
	[JALUR_A_PAYLOAD_MAP_FROM] = { .name = "from", .kind = K_U8 },
	[JALUR_A_PAYLOAD_MAP_TO] = { .name = "to", .kind = K_U8 },
};
SET(payload_map, "payload-map", 0);

static const struct attr attrs_destination[] = {
	[JALUR_A_DESTINATION_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_DESTINATION_END] = { .name = "end", .kind = K_U64 },
	[JALUR_A_DESTINATION_PAYLOAD_MAP] = {
		.name = "payload-map", .kind = K_NEST, .nested = &set_payload_map
	},
	[JALUR_A_DESTINATION_SSRC] = { .name = "ssrc", .kind = K_X32 },
	[JALUR_A_DESTINATION_SEQUENCE_MAP] = { .name = "sequence-map", .kind = K_FLAG },
	[JALUR_A_DESTINATION_DSCP] = { .name = "dscp", .kind = K_U8 },
};
SET(destination, "destination", 0);

static const struct attr attrs_flow[] = {
	[JALUR_A_FLOW_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_FLOW_SOURCE] = { .name = "source", .kind = K_U64 },
	[JALUR_A_FLOW_SELECT_PAYLOAD_TYPE] = { .name = "select-payload-type", .kind = K_U8 },
	[JALUR_A_FLOW_SELECT_SSRC] = { .name = "select-ssrc", .kind = K_X32 },
	[JALUR_A_FLOW_SELECT_MID] = { .name = "select-mid", .kind = K_STR },
	[JALUR_A_FLOW_DESTINATION] = {
		.name = "destination", .kind = K_NEST, .nested = &set_destination
	},
};
SET(flow, "flow", JALUR_A_FLOW_SOURCE);

static const struct attr attrs_context[] = {
	[JALUR_A_CONTEXT_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_CONTEXT_ID] = { .name = "id", .kind = K_U64 },
	[JALUR_A_CONTEXT_SUITE] = { .name = "suite", .kind = K_U32 },
	[JALUR_A_CONTEXT_MASTER_KEY] = { .name = "master-key", .kind = K_HEX },
	[JALUR_A_CONTEXT_MASTER_SALT] = { .name = "master-salt", .kind = K_HEX },
	[JALUR_A_CONTEXT_MKI] = { .name = "mki", .kind = K_HEX },
	[JALUR_A_CONTEXT_LIFETIME] = { .name = "lifetime", .kind = K_U64 },
};
SET(context, "context", JALUR_A_CONTEXT_ID);

static const struct attr attrs_session[] = {
	[JALUR_A_SESSION_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_SESSION_OWNER] = { .name = "owner", .kind = K_U64 },
	[JALUR_A_SESSION_ID] = { .name = "id", .kind = K_X64 },
	[JALUR_A_SESSION_TAG] = { .name = "tag", .kind = K_STR },
	[JALUR_A_SESSION_DIGEST] = { .name = "digest", .kind = K_X64 },
	[JALUR_A_SESSION_GRACE_MS] = { .name = "grace-ms", .kind = K_U32 },
	[JALUR_A_SESSION_END] = { .name = "end", .kind = K_NEST, .nested = &set_end },
	[JALUR_A_SESSION_FLOW] = { .name = "flow", .kind = K_NEST, .nested = &set_flow },
	[JALUR_A_SESSION_CONTEXT] = { .name = "context", .kind = K_NEST, .nested = &set_context },
	[JALUR_A_SESSION_FORCE] = { .name = "force", .kind = K_FLAG },
	[JALUR_A_SESSION_LIMIT] = { .name = "limit", .kind = K_U32 },
	[JALUR_A_SESSION_DELETED] = { .name = "deleted", .kind = K_U32 },
	[JALUR_A_SESSION_MORE] = { .name = "more", .kind = K_FLAG },
	[JALUR_A_SESSION_AGE_MS] = { .name = "age-ms", .kind = K_U64 },
};
SET(session, "session", 0);

static const struct attr attrs_owner[] = {
	[JALUR_A_OWNER_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_OWNER_ID] = { .name = "owner", .kind = K_U64 },
	[JALUR_A_OWNER_TAKEOVER] = { .name = "takeover", .kind = K_FLAG },
	[JALUR_A_OWNER_SESSIONS] = { .name = "sessions", .kind = K_U32 },
	[JALUR_A_OWNER_EVENT_SEQUENCE] = { .name = "event-sequence", .kind = K_U64 },
};
SET(owner, "owner", 0);

static const struct attr attrs_range[] = {
	[JALUR_A_RANGE_ADDRESS] = { .name = "address", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_RANGE_PORT_MIN] = { .name = "port-min", .kind = K_U16 },
	[JALUR_A_RANGE_PORT_MAX] = { .name = "port-max", .kind = K_U16 },
	[JALUR_A_RANGE_MODE] = { .name = "mode", .kind = K_U32 },
	[JALUR_A_RANGE_REMOVE] = { .name = "remove", .kind = K_FLAG },
};
SET(range, "range", 0);

static const struct attr attrs_packet[] = {
	[JALUR_A_PACKET_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_PACKET_OWNER] = { .name = "owner", .kind = K_U64 },
	[JALUR_A_PACKET_SESSION] = { .name = "session", .kind = K_X64 },
	[JALUR_A_PACKET_END] = { .name = "end", .kind = K_U64 },
	[JALUR_A_PACKET_MODE] = { .name = "mode", .kind = K_U32 },
	[JALUR_A_PACKET_CLASS] = { .name = "class", .kind = K_U32 },
	[JALUR_A_PACKET_REMOTE] = { .name = "remote", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_PACKET_IFINDEX] = { .name = "ifindex", .kind = K_U32 },
	[JALUR_A_PACKET_TIME] = { .name = "time", .kind = K_U64 },
	[JALUR_A_PACKET_PAYLOAD_TYPE] = { .name = "payload-type", .kind = K_U8 },
	[JALUR_A_PACKET_DATA] = { .name = "data", .kind = K_HEX },
	[JALUR_A_PACKET_FORCE] = { .name = "force", .kind = K_FLAG },
};
SET(packet, "packet", 0);

static const struct attr attrs_hook[] = {
	[JALUR_A_HOOK_IFINDEX] = { .name = "ifindex", .kind = K_U32 },
	[JALUR_A_HOOK_STATE] = { .name = "state", .kind = K_U32, .names = hook_states },
};
SET(hook, "hook", JALUR_A_HOOK_IFINDEX);

static const struct attr attrs_info[] = {
	[JALUR_A_INFO_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_INFO_FEATURES] = { .name = "features", .kind = K_U64, .names = features, .flags = 1 },
	[JALUR_A_INFO_VERSION] = { .name = "version", .kind = K_STR },
	[JALUR_A_INFO_SESSIONS] = { .name = "sessions", .kind = K_U32 },
	[JALUR_A_INFO_ENDS] = { .name = "ends", .kind = K_U32 },
	[JALUR_A_INFO_MAX_SESSIONS] = { .name = "max-sessions", .kind = K_U32 },
	[JALUR_A_INFO_MACHINE_SESSIONS] = { .name = "machine-sessions", .kind = K_U32 },
	[JALUR_A_INFO_MACHINE_MAX_SESSIONS] = { .name = "machine-max-sessions", .kind = K_U32 },
	[JALUR_A_INFO_ORPHAN_S] = { .name = "orphan-s", .kind = K_U32 },
	[JALUR_A_INFO_ORPHAN_IDLE_S] = { .name = "orphan-idle-s", .kind = K_U32 },
	[JALUR_A_INFO_EVENT_SEQUENCE] = { .name = "event-sequence", .kind = K_U64 },
	[JALUR_A_INFO_PRIORITY] = { .name = "priority", .kind = K_S32 },
	[JALUR_A_INFO_HOOK] = { .name = "hook", .kind = K_NEST, .nested = &set_hook },
	[JALUR_A_INFO_OWNER] = { .name = "owner", .kind = K_U64 },
	[JALUR_A_INFO_LIST_HOOKS] = { .name = "list-hooks", .kind = K_FLAG },
};
SET(info, "info", 0);

static const struct attr attrs_event[] = {
	[JALUR_A_EVENT_PAD] = { .name = "pad", .kind = K_PAD },
	[JALUR_A_EVENT_SEQUENCE] = { .name = "sequence", .kind = K_U64 },
	[JALUR_A_EVENT_TYPE] = { .name = "type", .kind = K_U32, .names = event_types },
	[JALUR_A_EVENT_OWNER] = { .name = "owner", .kind = K_U64 },
	[JALUR_A_EVENT_SESSION] = { .name = "session", .kind = K_X64 },
	[JALUR_A_EVENT_END] = { .name = "end", .kind = K_U64 },
	[JALUR_A_EVENT_TIME] = { .name = "time", .kind = K_U64 },
	[JALUR_A_EVENT_REMOTE] = { .name = "remote", .kind = K_NEST, .nested = &set_address },
	[JALUR_A_EVENT_SSRC] = { .name = "ssrc", .kind = K_X32 },
	[JALUR_A_EVENT_CONTEXT] = { .name = "context", .kind = K_U64 },
	[JALUR_A_EVENT_DIGIT] = { .name = "digit", .kind = K_U8 },
	[JALUR_A_EVENT_DURATION_MS] = { .name = "duration-ms", .kind = K_U32 },
	[JALUR_A_EVENT_END_STATS] = { .name = "end-stats", .kind = K_NEST, .nested = &set_end },
};
SET(event, "event", 0);

struct command {
	const char *name;
	unsigned char cmd;
	int dump;
	const struct set *set;
};

static const struct command commands[] = {
	{ "attach",		JALUR_CMD_OWNER_ATTACH,	0, &set_owner },
	{ "new",		JALUR_CMD_SESSION_NEW,	0, &set_session },
	{ "set",		JALUR_CMD_SESSION_SET,	0, &set_session },
	{ "del",		JALUR_CMD_SESSION_DEL,	0, &set_session },
	{ "get",		JALUR_CMD_SESSION_GET,	0, &set_session },
	{ "list",		JALUR_CMD_SESSION_GET,	1, &set_session },
	{ "range-set",		JALUR_CMD_RANGE_SET,	0, &set_range },
	{ "range-get",		JALUR_CMD_RANGE_GET,	0, &set_range },
	{ "range-list",		JALUR_CMD_RANGE_GET,	1, &set_range },
	{ "packet-send",	JALUR_CMD_PACKET_SEND,	0, &set_packet },
	{ "info",		JALUR_CMD_INFO_GET,	0, &set_info },
	{ "info-set",		JALUR_CMD_INFO_SET,	0, &set_info },
	/* what only the kernel sends, and what nobody does */
	{ "event",		JALUR_CMD_EVENT,	0, &set_event },
	{ "packet",		JALUR_CMD_PACKET,	0, &set_packet },
	{ "nonsense",		JALUR_CMD_MAX + 1,	0, &set_session },
	{ 0 },
};

#endif /* _SELFTESTS_NET_ATTRS_H */
