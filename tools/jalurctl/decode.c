// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module's attributes as JSON objects. Attributes that a newer module adds
 * are passed over; numbers that have no name here are shown as numbers.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <time.h>

#include <linux/jalur.h>

#include "ctl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define each_attr(attr, attrs, len, left) \
	for ((attr) = (attrs), (left) = (len); nla_ok(attr, left); (attr) = nla_next(attr, &(left)))

static const char *const latch_names[] = { "strict", "port", "any" };
static const char *const accept_names[] = { "rtp", "rtcp", "opaque" };
static const char *const kind_names[] = { "media", "dtmf", "comfort-noise" };
static const char *const hook_names[] = { "hooked", "port-of-master", "failed" };

static const char *const feature_names[] = {
	"relay", "opaque", "payload-table", "payload-map", "ssrc-map", "sequence-map", "fork",
	"srtp", "state", "punt", "packet-send", "tap", "range", "xdp",
};

static const char *const drop_names[] = {
	"source", "malformed", "kind", "payload-type", "no-flow", "no-remote", "ttl", "no-route",
	"no-memory", "transmit", "dormant", "too-big", "srtp-auth", "srtp-replay", "rtcp-map",
};

static const char *const event_names[] = {
	"latched", "moved", "ssrc", "timed-out", "resumed", "dtmf", "srtp-failure", "key-limit",
	"address-gone", "address-back", "unreachable", "deleted", "displaced",
};

static const char *name_of(const char *const *names, size_t n, u32 value, char *buf, size_t size)
{
	if (value < n)
		return names[value];
	snprintf(buf, size, "%" PRIu32, value);
	return buf;
}

static json_t *json_name(const char *const *names, size_t n, u32 value)
{
	char buf[16];

	return json_string(name_of(names, n, value, buf, sizeof(buf)));
}

static json_t *json_bits(const char *const *names, size_t n, u64 bits)
{
	json_t *list = json_array();
	char buf[16];
	u32 i;

	for (i = 0; i < 64; i++)
		if (bits & 1ull << i)
			json_array_append_new(list, json_string(name_of(names, n, i, buf,
									sizeof(buf))));
	return list;
}

/* Absent attributes are NULL here and have their default. */
static u64 get_u64(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 8 ? nla_get_u64(attr) : 0;
}

static u32 get_u32(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 4 ? nla_get_u32(attr) : 0;
}

static u8 get_u8(struct nlattr *attr)
{
	return attr && nla_len(attr) >= 1 ? nla_get_u8(attr) : 0;
}

static json_t *json_u64(struct nlattr *attr)
{
	return json_integer((json_int_t)get_u64(attr));
}

static json_t *json_u32(struct nlattr *attr)
{
	return json_integer(get_u32(attr));
}

static json_t *json_text(struct nlattr *attr)
{
	json_t *text = NULL;
	size_t n;

	if (!attr)
		return json_string("");
	n = strnlen(nla_data(attr), (size_t)nla_len(attr));
	text = json_stringn(nla_data(attr), n);
	/* A tag comes from the network and need not be UTF-8. */
	return text ? text : json_string("?");
}

static bool parse(struct nlattr **tb, int max, struct nlattr *nest)
{
	return nest && !nla_parse(tb, max, nla_data(nest), nla_len(nest), NULL);
}

static struct addr get_addr(struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_ADDRESS_MAX + 1];
	struct addr a = { 0 };

	if (!parse(tb, JALUR_A_ADDRESS_MAX, nest))
		return a;
	if (tb[JALUR_A_ADDRESS_V4] && nla_len(tb[JALUR_A_ADDRESS_V4]) >= 4) {
		a.family = AF_INET;
		memcpy(&a.ip.v4, nla_data(tb[JALUR_A_ADDRESS_V4]), 4);
	} else if (tb[JALUR_A_ADDRESS_V6] && nla_len(tb[JALUR_A_ADDRESS_V6]) >= 16) {
		a.family = AF_INET6;
		memcpy(&a.ip.v6, nla_data(tb[JALUR_A_ADDRESS_V6]), 16);
	}
	if (tb[JALUR_A_ADDRESS_PORT] && nla_len(tb[JALUR_A_ADDRESS_PORT]) >= 2)
		a.port = ntohs(nla_get_u16(tb[JALUR_A_ADDRESS_PORT]));
	return a;
}

static double jitter_ms(u32 jitter, u32 clock_rate)
{
	return clock_rate ? (double)(jitter * 1000000ull / clock_rate) / 1000 : 0;
}

/* --- statistics --- */

struct figures {
	json_t *drops, *sources;
	u64 dropped, lost;
	double jitter_ms;	/* of the newest source */
	u64 newest;
};

static void decode_drop(struct figures *f, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_DROP_MAX + 1];
	char buf[16];

	if (!parse(tb, JALUR_A_DROP_MAX, nest))
		return;
	json_object_set_new(f->drops, name_of(drop_names, COUNT(drop_names),
					      get_u32(tb[JALUR_A_DROP_REASON]), buf, sizeof(buf)),
			    json_u64(tb[JALUR_A_DROP_COUNT]));
	f->dropped += get_u64(tb[JALUR_A_DROP_COUNT]);
}

static void decode_source(struct figures *f, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_SOURCE_STATS_MAX + 1];
	char ssrc[9];
	json_t *source;
	double jitter;

	if (!parse(tb, JALUR_A_SOURCE_STATS_MAX, nest))
		return;
	jitter = jitter_ms(get_u32(tb[JALUR_A_SOURCE_STATS_JITTER]),
			   get_u32(tb[JALUR_A_SOURCE_STATS_CLOCK_RATE]));
	snprintf(ssrc, sizeof(ssrc), "%08" PRIx32, get_u32(tb[JALUR_A_SOURCE_STATS_SSRC]));
	source = json_pack("{s:s, s:i, s:o, s:o, s:f, s:o, s:o, s:o}", "ssrc", ssrc,
			   "payload_type", get_u8(tb[JALUR_A_SOURCE_STATS_PAYLOAD_TYPE]),
			   "packets", json_u64(tb[JALUR_A_SOURCE_STATS_PACKETS]),
			   "lost", json_u64(tb[JALUR_A_SOURCE_STATS_LOST]), "jitter_ms", jitter,
			   "jitter", json_u32(tb[JALUR_A_SOURCE_STATS_JITTER]),
			   "clock_rate", json_u32(tb[JALUR_A_SOURCE_STATS_CLOCK_RATE]),
			   "max_sequence", json_u32(tb[JALUR_A_SOURCE_STATS_MAX_SEQUENCE]));
	json_array_append_new(f->sources, source);
	f->lost += get_u64(tb[JALUR_A_SOURCE_STATS_LOST]);
	/* The module lists the newest source first. */
	if (!f->newest++)
		f->jitter_ms = jitter;
}

static void decode_stats(json_t *end, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_STATS_MAX + 1] = { 0 }, *attr;
	struct figures f = { .drops = json_object(), .sources = json_array() };
	int left;

	parse(tb, JALUR_A_STATS_MAX, nest);
	each_attr(attr, nest ? nla_data(nest) : NULL, nest ? nla_len(nest) : 0, left) {
		if (nla_type(attr) == JALUR_A_STATS_DROPS)
			decode_drop(&f, attr);
		else if (nla_type(attr) == JALUR_A_STATS_SOURCES)
			decode_source(&f, attr);
	}
	json_object_set_new(end, "rx_packets", json_u64(tb[JALUR_A_STATS_RX_PACKETS]));
	json_object_set_new(end, "rx_bytes", json_u64(tb[JALUR_A_STATS_RX_BYTES]));
	json_object_set_new(end, "rx_rtcp_packets", json_u64(tb[JALUR_A_STATS_RX_RTCP_PACKETS]));
	json_object_set_new(end, "tx_packets", json_u64(tb[JALUR_A_STATS_TX_PACKETS]));
	json_object_set_new(end, "tx_bytes", json_u64(tb[JALUR_A_STATS_TX_BYTES]));
	json_object_set_new(end, "lost", json_integer((json_int_t)f.lost));
	json_object_set_new(end, "jitter_ms", json_real(f.jitter_ms));
	json_object_set_new(end, "dropped", json_integer((json_int_t)f.dropped));
	json_object_set_new(end, "drops", f.drops);
	json_object_set_new(end, "ssrc_changes", json_u64(tb[JALUR_A_STATS_SSRC_CHANGES]));
	json_object_set_new(end, "sources", f.sources);
	json_object_set_new(end, "rtt_us", tb[JALUR_A_STATS_RTT_US] ?
			    json_u32(tb[JALUR_A_STATS_RTT_US]) : json_null());
	json_object_set_new(end, "last_rx_ms", tb[JALUR_A_STATS_LAST_RX_MS] ?
			    json_u64(tb[JALUR_A_STATS_LAST_RX_MS]) : json_null());
}

/* --- ends, flows, sessions --- */

static void append_payload(json_t *list, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_PAYLOAD_MAX + 1];
	json_t *kind;

	if (!parse(tb, JALUR_A_PAYLOAD_MAX, nest))
		return;
	kind = json_name(kind_names, COUNT(kind_names), get_u32(tb[JALUR_A_PAYLOAD_KIND]));
	json_array_append_new(list, json_pack("{s:i, s:o, s:o}", "pt",
					      get_u8(tb[JALUR_A_PAYLOAD_PT]), "clock_rate",
					      json_u32(tb[JALUR_A_PAYLOAD_CLOCK_RATE]), "kind",
					      kind));
}

static void decode_remote(json_t *end, struct nlattr **tb)
{
	struct nlattr *state[JALUR_A_END_STATE_MAX + 1] = { 0 };
	struct addr signalled = get_addr(tb[JALUR_A_END_REMOTE]), learned;

	parse(state, JALUR_A_END_STATE_MAX, tb[JALUR_A_END_STATE]);
	learned = get_addr(state[JALUR_A_END_STATE_LATCHED]);
	json_object_set_new(end, "remote", json_addr(learned.family ? &learned : &signalled));
	json_object_set_new(end, "signalled", json_addr(&signalled));
	json_object_set_new(end, "latched", json_boolean(learned.family));
}

static json_t *decode_end(struct nlattr *nest, bool figures_only)
{
	struct nlattr *tb[JALUR_A_END_MAX + 1], *attr;
	json_t *end, *payloads;
	struct addr local;
	int left;

	if (!parse(tb, JALUR_A_END_MAX, nest))
		return NULL;
	end = json_pack("{s:o}", "id", json_hex(get_u64(tb[JALUR_A_END_ID])));
	if (figures_only)
		goto figures;
	local = get_addr(tb[JALUR_A_END_LOCAL]);
	json_object_set_new(end, "local", json_addr(&local));
	decode_remote(end, tb);
	json_object_set_new(end, "accept", tb[JALUR_A_END_ACCEPT] ?
			    json_bits(accept_names, COUNT(accept_names),
				      get_u32(tb[JALUR_A_END_ACCEPT])) : json_pack("[s]", "rtp"));
	json_object_set_new(end, "latch", json_name(latch_names, COUNT(latch_names),
						    get_u32(tb[JALUR_A_END_LATCH])));
	json_object_set_new(end, "latch_open", json_boolean(tb[JALUR_A_END_LATCH_OPEN]));
	json_object_set_new(end, "latch_epoch", json_u32(tb[JALUR_A_END_LATCH_EPOCH]));
	json_object_set_new(end, "idle_ms", json_u32(tb[JALUR_A_END_IDLE_MS]));
	json_object_set_new(end, "timed_out", json_boolean(tb[JALUR_A_END_TIMED_OUT]));
	json_object_set_new(end, "dormant", json_boolean(tb[JALUR_A_END_DORMANT]));
	payloads = json_array();
	each_attr(attr, nla_data(nest), nla_len(nest), left)
		if (nla_type(attr) == JALUR_A_END_PAYLOAD)
			append_payload(payloads, attr);
	json_object_set_new(end, "payloads", payloads);
figures:
	decode_stats(end, tb[JALUR_A_END_STATS]);
	return end;
}

static void append_flow(json_t *list, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_FLOW_MAX + 1], *attr;
	struct nlattr *destination[JALUR_A_DESTINATION_MAX + 1];
	json_t *ends = json_array(), *flow;
	int left;

	each_attr(attr, nla_data(nest), nla_len(nest), left) {
		if (nla_type(attr) != JALUR_A_FLOW_DESTINATION ||
		    !parse(destination, JALUR_A_DESTINATION_MAX, attr))
			continue;
		flow = json_hex(get_u64(destination[JALUR_A_DESTINATION_END]));
		json_array_append_new(ends, flow);
	}
	if (parse(tb, JALUR_A_FLOW_MAX, nest)) {
		flow = json_pack("{s:o, s:O}", "source", json_hex(get_u64(tb[JALUR_A_FLOW_SOURCE])),
				 "destinations", ends);
		json_array_append_new(list, flow);
	}
	json_decref(ends);
}

/* The reply to a deletion has ids and final counters only, and no age. */
json_t *decode_session(struct nlattr *attrs, int len)
{
	struct nlattr *tb[JALUR_A_SESSION_MAX + 1], *attr;
	json_t *ends, *flows;
	bool final;
	int left;

	if (nla_parse(tb, JALUR_A_SESSION_MAX, attrs, len, NULL) || !tb[JALUR_A_SESSION_ID])
		return NULL;
	final = !tb[JALUR_A_SESSION_AGE_MS];
	ends = json_array();
	flows = json_array();
	each_attr(attr, attrs, len, left) {
		if (nla_type(attr) == JALUR_A_SESSION_END)
			json_array_append_new(ends, decode_end(attr, final));
		else if (nla_type(attr) == JALUR_A_SESSION_FLOW)
			append_flow(flows, attr);
	}
	if (final) {
		json_decref(flows);
		return json_pack("{s:o, s:o, s:o}",
				 "id", json_hex(get_u64(tb[JALUR_A_SESSION_ID])),
				 "owner", json_hex(get_u64(tb[JALUR_A_SESSION_OWNER])),
				 "ends", ends);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "id", json_hex(get_u64(tb[JALUR_A_SESSION_ID])),
			 "owner", json_hex(get_u64(tb[JALUR_A_SESSION_OWNER])),
			 "tag", json_text(tb[JALUR_A_SESSION_TAG]),
			 "digest", json_hex(get_u64(tb[JALUR_A_SESSION_DIGEST])),
			 "age_ms", json_u64(tb[JALUR_A_SESSION_AGE_MS]),
			 "ends", ends, "flows", flows);
}

/* --- info, events --- */

static void append_hook(json_t *list, struct nlattr *nest)
{
	struct nlattr *tb[JALUR_A_HOOK_MAX + 1];
	char name[IF_NAMESIZE] = "?";
	json_t *state;

	if (!parse(tb, JALUR_A_HOOK_MAX, nest))
		return;
	if_indextoname(get_u32(tb[JALUR_A_HOOK_IFINDEX]), name);
	state = json_name(hook_names, COUNT(hook_names), get_u32(tb[JALUR_A_HOOK_STATE]));
	json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "ifindex",
					      json_u32(tb[JALUR_A_HOOK_IFINDEX]), "device", name,
					      "state", state));
}

json_t *decode_info(struct nlattr *attrs, int len)
{
	struct nlattr *tb[JALUR_A_INFO_MAX + 1], *attr;
	json_t *owners, *hooks;
	int left;

	if (nla_parse(tb, JALUR_A_INFO_MAX, attrs, len, NULL))
		return NULL;
	owners = json_array();
	hooks = json_array();
	each_attr(attr, attrs, len, left) {
		if (nla_type(attr) == JALUR_A_INFO_OWNER)
			json_array_append_new(owners, json_hex(get_u64(attr)));
		else if (nla_type(attr) == JALUR_A_INFO_HOOK)
			append_hook(hooks, attr);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}",
			 "version", json_text(tb[JALUR_A_INFO_VERSION]),
			 "features", json_bits(feature_names, COUNT(feature_names),
					       get_u64(tb[JALUR_A_INFO_FEATURES])),
			 "sessions", json_u32(tb[JALUR_A_INFO_SESSIONS]),
			 "ends", json_u32(tb[JALUR_A_INFO_ENDS]),
			 "max_sessions", json_u32(tb[JALUR_A_INFO_MAX_SESSIONS]),
			 "machine_sessions", json_u32(tb[JALUR_A_INFO_MACHINE_SESSIONS]),
			 "machine_max_sessions", json_u32(tb[JALUR_A_INFO_MACHINE_MAX_SESSIONS]),
			 "orphan_ms", json_integer(get_u32(tb[JALUR_A_INFO_ORPHAN_S]) * 1000ll),
			 "orphan_idle_ms",
			 json_integer(get_u32(tb[JALUR_A_INFO_ORPHAN_IDLE_S]) * 1000ll),
			 "event_sequence", json_hex(get_u64(tb[JALUR_A_INFO_EVENT_SEQUENCE])),
			 "hook_priority", (int)get_u32(tb[JALUR_A_INFO_PRIORITY]),
			 "owners", owners, "hooks", hooks);
}

static u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

/* The module's time is monotonic; people want to know the hour. */
static json_t *json_wall(u64 monotonic)
{
	u64 age = clock_ns(CLOCK_MONOTONIC) - monotonic;

	return json_time(clock_ns(CLOCK_REALTIME) - age);
}

static void decode_event_details(json_t *event, struct nlattr **tb)
{
	struct addr remote = get_addr(tb[JALUR_A_EVENT_REMOTE]);
	char text[9];

	if (tb[JALUR_A_EVENT_END])
		json_object_set_new(event, "end", json_hex(get_u64(tb[JALUR_A_EVENT_END])));
	if (remote.family)
		json_object_set_new(event, "remote", json_addr(&remote));
	if (tb[JALUR_A_EVENT_SSRC]) {
		snprintf(text, sizeof(text), "%08" PRIx32, get_u32(tb[JALUR_A_EVENT_SSRC]));
		json_object_set_new(event, "ssrc", json_string(text));
	}
	if (tb[JALUR_A_EVENT_CONTEXT])
		json_object_set_new(event, "context", json_hex(get_u64(tb[JALUR_A_EVENT_CONTEXT])));
	if (tb[JALUR_A_EVENT_DURATION_MS])
		json_object_set_new(event, "duration_ms", json_u32(tb[JALUR_A_EVENT_DURATION_MS]));
}

json_t *decode_event(struct nlattr *attrs, int len, u64 *sequence)
{
	struct nlattr *tb[JALUR_A_EVENT_MAX + 1], *attr;
	json_t *event, *ends = NULL;
	int left;

	if (nla_parse(tb, JALUR_A_EVENT_MAX, attrs, len, NULL) || !tb[JALUR_A_EVENT_TYPE])
		return NULL;
	*sequence = get_u64(tb[JALUR_A_EVENT_SEQUENCE]);
	event = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "source", "kernel",
			  "time", json_wall(get_u64(tb[JALUR_A_EVENT_TIME])),
			  "type", json_name(event_names, COUNT(event_names),
					    get_u32(tb[JALUR_A_EVENT_TYPE])),
			  "sequence", json_hex(*sequence),
			  "owner", json_hex(get_u64(tb[JALUR_A_EVENT_OWNER])),
			  "session", json_hex(get_u64(tb[JALUR_A_EVENT_SESSION])));
	decode_event_details(event, tb);
	each_attr(attr, attrs, len, left) {
		if (nla_type(attr) != JALUR_A_EVENT_END_STATS)
			continue;
		ends = ends ? ends : json_array();
		json_array_append_new(ends, decode_end(attr, true));
	}
	if (ends)
		json_object_set_new(event, "ends", ends);
	return event;
}
