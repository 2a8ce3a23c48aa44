// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes → figures and events. Every value's length is checked before it is
 * read; attributes of later modules are skipped.
 */
#include <errno.h>
#include <linux/genetlink.h>

#include <linux/jalur.h>

#include "media/kernel_private.h"

#define TABLE 64

struct table {
	const struct nlattr *tb[TABLE];
};

static int collect(const struct nlattr *attr, void *data)
{
	struct table *t = data;
	u16 type = mnl_attr_get_type(attr);

	if (type < TABLE)
		t->tb[type] = attr;
	return MNL_CB_OK;
}

static void parse_nest(const struct nlattr *nest, struct table *t)
{
	memset(t, 0, sizeof(*t));
	mnl_attr_parse_nested(nest, collect, t);
}

static void parse_message(const struct nlmsghdr *nlh, struct table *t)
{
	memset(t, 0, sizeof(*t));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), collect, t);
}

static u64 get_u64(const struct table *t, u16 type)
{
	const struct nlattr *a = t->tb[type];

	return a && mnl_attr_get_payload_len(a) == 8 ? mnl_attr_get_u64(a) : 0;
}

static u32 get_u32(const struct table *t, u16 type)
{
	const struct nlattr *a = t->tb[type];

	return a && mnl_attr_get_payload_len(a) == 4 ? mnl_attr_get_u32(a) : 0;
}

static void get_addr(const struct nlattr *nest, struct addr *out)
{
	const struct nlattr *port, *v4, *v6;
	struct table t;

	memset(out, 0, sizeof(*out));
	if (!nest)
		return;
	parse_nest(nest, &t);
	port = t.tb[JALUR_A_ADDRESS_PORT];
	v4 = t.tb[JALUR_A_ADDRESS_V4];
	v6 = t.tb[JALUR_A_ADDRESS_V6];
	if (v4 && mnl_attr_get_payload_len(v4) == 4) {
		out->family = AF_INET;
		memcpy(&out->ip.v4, mnl_attr_get_payload(v4), 4);
	} else if (v6 && mnl_attr_get_payload_len(v6) == 16) {
		out->family = AF_INET6;
		memcpy(&out->ip.v6, mnl_attr_get_payload(v6), 16);
	}
	if (port && mnl_attr_get_payload_len(port) == 2)
		out->port = ntohs(mnl_attr_get_u16(port));
	out->scope = get_u32(&t, JALUR_A_ADDRESS_SCOPE_IFINDEX);
}

static void decode_source(const struct nlattr *nest, bool newest, struct media_end_figures *end)
{
	struct table t;

	parse_nest(nest, &t);
	end->lost += get_u64(&t, JALUR_A_SOURCE_STATS_LOST);
	if (!newest)
		return;
	end->jitter = get_u32(&t, JALUR_A_SOURCE_STATS_JITTER);
	end->clock_rate = get_u32(&t, JALUR_A_SOURCE_STATS_CLOCK_RATE);
}

/* A newer module may know more reasons than we do. */
static void count_drop(struct media_end_figures *end, u32 reason, u64 count)
{
	end->dropped += count;
	if (reason < MEDIA_DROPS)
		end->drops[reason] += count;
}

static void decode_stats(const struct nlattr *nest, struct media_end_figures *end)
{
	const struct nlattr *attr;
	bool newest = true;	/* the kernel tells it first */
	struct table t, drop;

	parse_nest(nest, &t);
	end->rx_packets = get_u64(&t, JALUR_A_STATS_RX_PACKETS);
	end->rx_bytes = get_u64(&t, JALUR_A_STATS_RX_BYTES);
	end->tx_packets = get_u64(&t, JALUR_A_STATS_TX_PACKETS);
	end->tx_bytes = get_u64(&t, JALUR_A_STATS_TX_BYTES);
	if (t.tb[JALUR_A_STATS_LAST_RX_MS])
		end->last_rx_ms = get_u64(&t, JALUR_A_STATS_LAST_RX_MS);
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == JALUR_A_STATS_SOURCES) {
			decode_source(attr, newest, end);
			newest = false;
		}
		if (mnl_attr_get_type(attr) != JALUR_A_STATS_DROPS)
			continue;
		parse_nest(attr, &drop);
		count_drop(end, get_u32(&drop, JALUR_A_DROP_REASON),
			   get_u64(&drop, JALUR_A_DROP_COUNT));
	}
}

static void decode_end(const struct nlattr *nest, struct media_end_figures *end)
{
	struct table t, state;

	memset(end, 0, sizeof(*end));
	end->last_rx_ms = UINT64_MAX;
	parse_nest(nest, &t);
	end->id = get_u64(&t, JALUR_A_END_ID);
	end->timed_out = t.tb[JALUR_A_END_TIMED_OUT];
	get_addr(t.tb[JALUR_A_END_LOCAL], &end->local);
	get_addr(t.tb[JALUR_A_END_REMOTE], &end->remote);
	if (t.tb[JALUR_A_END_STATE]) {
		parse_nest(t.tb[JALUR_A_END_STATE], &state);
		end->latched = state.tb[JALUR_A_END_STATE_LATCHED];
		if (end->latched)
			get_addr(state.tb[JALUR_A_END_STATE_LATCHED], &end->remote);
	}
	if (t.tb[JALUR_A_END_STATS])
		decode_stats(t.tb[JALUR_A_END_STATS], end);
}

int kernel_decode_session(const struct nlmsghdr *nlh, struct media_figures *out, u64 *digest)
{
	const struct nlattr *attr;
	struct table t;

	out->nends = 0;			/* each end is cleared when there is one */
	parse_message(nlh, &t);
	if (!t.tb[JALUR_A_SESSION_ID])
		return -EPROTO;
	out->session = get_u64(&t, JALUR_A_SESSION_ID);
	out->age_ms = get_u64(&t, JALUR_A_SESSION_AGE_MS);
	if (digest)
		*digest = get_u64(&t, JALUR_A_SESSION_DIGEST);
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == JALUR_A_SESSION_END &&
		    out->nends < sizeof(out->ends) / sizeof(out->ends[0]))
			decode_end(attr, &out->ends[out->nends++]);
	}
	return 0;
}

u64 kernel_decode_spared(const struct nlmsghdr *nlh)
{
	struct table t;

	parse_message(nlh, &t);
	return get_u64(&t, JALUR_A_SESSION_EVENT_SEQUENCE);
}

static enum media_event_type event_type(u32 type)
{
	switch (type) {
	case JALUR_EVENT_TYPE_LATCHED:	    return MEDIA_EVENT_LATCHED;
	case JALUR_EVENT_TYPE_TIMED_OUT:    return MEDIA_EVENT_TIMED_OUT;
	case JALUR_EVENT_TYPE_RESUMED:	    return MEDIA_EVENT_RESUMED;
	case JALUR_EVENT_TYPE_SSRC:	    return MEDIA_EVENT_SSRC;
	case JALUR_EVENT_TYPE_ADDRESS_GONE: return MEDIA_EVENT_ADDRESS_GONE;
	case JALUR_EVENT_TYPE_UNREACHABLE:  return MEDIA_EVENT_UNREACHABLE;
	case JALUR_EVENT_TYPE_DELETED:	    return MEDIA_EVENT_DELETED;
	case JALUR_EVENT_TYPE_DISPLACED:    return MEDIA_EVENT_DISPLACED;
	default:			    return MEDIA_EVENT_OTHER;
	}
}

int kernel_decode_event(const struct nlmsghdr *nlh, struct media_event *out)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct table t;

	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) || genl->cmd != JALUR_CMD_EVENT)
		return -EPROTO;
	parse_message(nlh, &t);
	if (!t.tb[JALUR_A_EVENT_TYPE] || !t.tb[JALUR_A_EVENT_SEQUENCE])
		return -EPROTO;
	out->type = event_type(get_u32(&t, JALUR_A_EVENT_TYPE));
	out->sequence = get_u64(&t, JALUR_A_EVENT_SEQUENCE);
	out->owner = get_u64(&t, JALUR_A_EVENT_OWNER);
	out->session = get_u64(&t, JALUR_A_EVENT_SESSION);
	out->end = get_u64(&t, JALUR_A_EVENT_END);
	out->ssrc = get_u32(&t, JALUR_A_EVENT_SSRC);
	get_addr(t.tb[JALUR_A_EVENT_REMOTE], &out->remote);
	return 0;
}

int kernel_decode_family(const struct nlmsghdr *nlh, u16 *family, u32 *group)
{
	const struct nlattr *attr, *id;
	struct table t, g;

	parse_message(nlh, &t);
	id = t.tb[CTRL_ATTR_FAMILY_ID];
	if (!id || mnl_attr_get_payload_len(id) != 2)
		return -EPROTO;
	*family = mnl_attr_get_u16(id);
	*group = 0;
	if (!t.tb[CTRL_ATTR_MCAST_GROUPS])
		return -EPROTO;
	/* there is one group */
	mnl_attr_for_each_nested(attr, t.tb[CTRL_ATTR_MCAST_GROUPS]) {
		parse_nest(attr, &g);
		*group = get_u32(&g, CTRL_ATTR_MCAST_GRP_ID);
	}
	return *group ? 0 : -EPROTO;
}
