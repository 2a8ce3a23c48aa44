// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes → draft. The generated policy has checked types and ranges; here
 * are the relations between attributes, and what the spec models but this
 * module cannot do yet. Every refusal says why and points at the attribute.
 */

#include <linux/slab.h>
#include <net/ipv6.h>

#include "netlink.h"
#include "netlink_gen.h"

#define DEFAULT_GRACE_MS	2000

struct refusal {
	int attr;
	const char *text;
};

static int refuse(struct nlattr **tb, const struct refusal *list, size_t n,
		  struct netlink_ext_ack *extack)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!tb[list[i].attr])
			continue;
		NL_SET_BAD_ATTR(extack, tb[list[i].attr]);
		extack->_msg = list[i].text;
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The command's policy has been through all nests when a request gets here. */
static int parse_nest(struct nlattr **tb, int last, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	return nla_parse_nested(tb, last, nest, NULL, extack);
}

static bool is_unicast(const struct jalur_addr *addr)
{
	if (addr->family == AF_INET)
		return !ipv4_is_zeronet(addr->ip.s6_addr32[0]) &&
		       !ipv4_is_multicast(addr->ip.s6_addr32[0]) &&
		       !ipv4_is_lbcast(addr->ip.s6_addr32[0]);
	return !ipv6_addr_any(&addr->ip) && !ipv6_addr_is_multicast(&addr->ip) &&
	       !ipv6_addr_v4mapped(&addr->ip);
}

static int parse_ip(struct jalur_addr *addr, struct nlattr **tb,
		    const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	if (!tb[JALUR_A_ADDRESS_V4] == !tb[JALUR_A_ADDRESS_V6]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an address has either v4 or v6");
		return -EINVAL;
	}
	if (tb[JALUR_A_ADDRESS_V4]) {
		addr->family = AF_INET;
		addr->ip.s6_addr32[0] = nla_get_be32(tb[JALUR_A_ADDRESS_V4]);
	} else {
		addr->family = AF_INET6;
		addr->ip = nla_get_in6_addr(tb[JALUR_A_ADDRESS_V6]);
	}
	if (!is_unicast(addr)) {
		NL_SET_ERR_MSG_ATTR(extack, tb[JALUR_A_ADDRESS_V4] ?: tb[JALUR_A_ADDRESS_V6],
				    "not a unicast address, or IPv4 written as IPv6");
		return -EINVAL;
	}
	return 0;
}

static int parse_scope(struct jalur_addr *addr, struct nlattr **tb,
		       const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	bool linklocal = addr->family == AF_INET6 &&
			 ipv6_addr_type(&addr->ip) & IPV6_ADDR_LINKLOCAL;

	if (tb[JALUR_A_ADDRESS_SCOPE_IFINDEX])
		addr->scope = nla_get_u32(tb[JALUR_A_ADDRESS_SCOPE_IFINDEX]);
	if (linklocal == !!addr->scope)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, tb[JALUR_A_ADDRESS_SCOPE_IFINDEX] ?: nest,
			    "scope-ifindex goes with a link-local IPv6 address, and only with one");
	return -EINVAL;
}

static int parse_addr(struct jalur_addr *addr, const struct nlattr *nest, bool local,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[JALUR_A_ADDRESS_SCOPE_IFINDEX + 1];
	int err;

	memset(addr, 0, sizeof(*addr));
	err = parse_nest(tb, JALUR_A_ADDRESS_SCOPE_IFINDEX, nest, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_ADDRESS_PORT)) {
		NL_SET_ERR_MSG(extack, "an address needs a port");
		return -EINVAL;
	}
	addr->port = nla_get_be16(tb[JALUR_A_ADDRESS_PORT]);
	err = parse_ip(addr, tb, nest, extack);
	if (err)
		return err;
	if (tb[JALUR_A_ADDRESS_L3_IFINDEX]) {
		if (!local) {
			NL_SET_ERR_MSG_ATTR(extack, tb[JALUR_A_ADDRESS_L3_IFINDEX],
					    "the L3 domain is that of the local address");
			return -EINVAL;
		}
		addr->l3 = nla_get_u32(tb[JALUR_A_ADDRESS_L3_IFINDEX]);
	}
	return parse_scope(addr, tb, nest, extack);
}

static int parse_payload(struct jalur_payload *payload, const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[JALUR_A_PAYLOAD_KIND + 1];
	int err;

	err = parse_nest(tb, JALUR_A_PAYLOAD_KIND, nest, extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_PAYLOAD_PT)) {
		NL_SET_ERR_MSG(extack, "a line of the payload table needs pt");
		return -EINVAL;
	}
	payload->pt = nla_get_u8(tb[JALUR_A_PAYLOAD_PT]);
	if (tb[JALUR_A_PAYLOAD_OUT_PT] &&
	    nla_get_u8(tb[JALUR_A_PAYLOAD_OUT_PT]) != payload->pt) {
		NL_SET_ERR_MSG_ATTR(extack, tb[JALUR_A_PAYLOAD_OUT_PT],
				    "payload type maps are not supported by this module");
		return -EOPNOTSUPP;
	}
	payload->clock_rate = tb[JALUR_A_PAYLOAD_CLOCK_RATE] ?
		nla_get_u32(tb[JALUR_A_PAYLOAD_CLOCK_RATE]) : JALUR_DEFAULT_CLOCK;
	payload->kind = tb[JALUR_A_PAYLOAD_KIND] ?
		nla_get_u32(tb[JALUR_A_PAYLOAD_KIND]) : JALUR_PAYLOAD_KIND_MEDIA;
	return 0;
}

static int parse_payloads(struct jalur_draft *draft, struct jalur_end_conf *conf,
			  const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err, rem, i;

	conf->payload = draft->payload + draft->payloads;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != JALUR_A_END_PAYLOAD)
			continue;
		err = parse_payload(&conf->payload[conf->payloads], attr, extack);
		if (err)
			return err;
		for (i = 0; i < conf->payloads; i++) {
			if (conf->payload[i].pt != conf->payload[conf->payloads].pt)
				continue;
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "a payload type stands twice in the table");
			return -EINVAL;
		}
		conf->payloads++;
	}
	draft->payloads += conf->payloads;
	return 0;
}

/* Only what the end could have learned itself. */
static int check_latched(const struct jalur_draft_end *de, const struct nlattr *attr,
			 struct netlink_ext_ack *extack)
{
	if (de->latched.family != de->local.family) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "local and latched address differ in family");
		return -EINVAL;
	}
	if (de->conf.latch == JALUR_LATCH_STRICT) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an end whose latch is strict learns no address");
		return -EINVAL;
	}
	if (de->conf.latch == JALUR_LATCH_PORT &&
	    (!de->conf.remote.family || de->latched.scope != de->conf.remote.scope ||
	     !ipv6_addr_equal(&de->latched.ip, &de->conf.remote.ip))) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an end whose latch is port learns the port, not the address");
		return -EINVAL;
	}
	return 0;
}

static int parse_state(struct jalur_draft_end *de, const struct nlattr *nest,
		       struct netlink_ext_ack *extack)
{
	static const struct refusal refusals[] = {
		{ JALUR_A_END_STATE_SSRC, "state of SSRCs is not supported by this module" },
	};
	struct nlattr *tb[JALUR_A_END_STATE_SSRC + 1];
	int err;

	err = parse_nest(tb, JALUR_A_END_STATE_SSRC, nest, extack) ?:
	      refuse(tb, refusals, ARRAY_SIZE(refusals), extack);
	if (err || !tb[JALUR_A_END_STATE_LATCHED])
		return err;
	err = parse_addr(&de->latched, tb[JALUR_A_END_STATE_LATCHED], false, extack);
	if (err)
		return err;
	de->state_attr = nest;
	return check_latched(de, tb[JALUR_A_END_STATE_LATCHED], extack);
}

static const struct refusal end_refusals[] = {
	{ JALUR_A_END_FOLLOW, "follow needs SRTP, which this module does not support" },
	{ JALUR_A_END_RECV_CONTEXT, "SRTP is not supported by this module" },
	{ JALUR_A_END_SEND_CONTEXT, "SRTP is not supported by this module" },
	{ JALUR_A_END_PUNT, "handing packets up is not supported by this module" },
	{ JALUR_A_END_TAP, "the capture device is not supported by this module" },
	{ JALUR_A_END_STATS, "counters cannot be set" },
	{ JALUR_A_END_TIMED_OUT, "reported, not set" },
	{ JALUR_A_END_DORMANT, "reported, not set" },
};

static int parse_end_addrs(struct jalur_draft_end *de, struct nlattr **tb,
			   const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	int err;

	if (NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_END_ID) ||
	    NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_END_LOCAL)) {
		NL_SET_ERR_MSG(extack, "an end needs id and local");
		return -EINVAL;
	}
	de->id = nla_get_u64(tb[JALUR_A_END_ID]);
	de->attr = nest;
	de->local_attr = tb[JALUR_A_END_LOCAL];
	err = parse_addr(&de->local, tb[JALUR_A_END_LOCAL], true, extack);
	if (err || !tb[JALUR_A_END_REMOTE])
		return err;
	err = parse_addr(&de->conf.remote, tb[JALUR_A_END_REMOTE], false, extack);
	if (!err && de->conf.remote.family != de->local.family) {
		NL_SET_ERR_MSG_ATTR(extack, tb[JALUR_A_END_REMOTE],
				    "local and remote address differ in family; two ends of one session may");
		return -EINVAL;
	}
	return err;
}

static int parse_accept(struct jalur_end_conf *conf, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	conf->accept = attr ? nla_get_u32(attr) : JALUR_ACCEPT_RTP;
	if (!conf->accept) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an end accepts something");
		return -EINVAL;
	}
	if (conf->accept & JALUR_ACCEPT_OPAQUE && conf->accept != JALUR_ACCEPT_OPAQUE) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "opaque excludes rtp and rtcp");
		return -EINVAL;
	}
	return 0;
}

static void parse_modes(struct jalur_end_conf *conf, struct nlattr **tb)
{
	conf->latch = tb[JALUR_A_END_LATCH] ?
		      nla_get_u32(tb[JALUR_A_END_LATCH]) : JALUR_LATCH_STRICT;
	conf->latch_open = nla_get_flag(tb[JALUR_A_END_LATCH_OPEN]);
	if (tb[JALUR_A_END_LATCH_EPOCH])
		conf->epoch = nla_get_u32(tb[JALUR_A_END_LATCH_EPOCH]);
	if (tb[JALUR_A_END_IDLE_MS])
		conf->idle_ms = nla_get_u32(tb[JALUR_A_END_IDLE_MS]);
	conf->idle = conf->idle_ms ? max(msecs_to_jiffies(conf->idle_ms), 1UL) : 0;
	conf->nonlocal = nla_get_flag(tb[JALUR_A_END_NONLOCAL]);
	conf->df = nla_get_flag(tb[JALUR_A_END_DF]);
	conf->dscp = tb[JALUR_A_END_DSCP] ? nla_get_u8(tb[JALUR_A_END_DSCP]) : -1;
}

static int check_end(const struct jalur_draft *draft, const struct jalur_draft_end *de,
		     struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < draft->ends; i++) {
		if (draft->end[i].id == de->id) {
			NL_SET_ERR_MSG_ATTR(extack, de->attr, "another end has this id");
			return -EINVAL;
		}
		if (jalur_addr_equal(&draft->end[i].local, &de->local)) {
			NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
					    "another end of the session has this address and port");
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int parse_end(struct jalur_draft *draft, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[JALUR_A_END_DORMANT + 1];
	struct jalur_draft_end *de = &draft->end[draft->ends];
	int err;

	err = parse_nest(tb, JALUR_A_END_DORMANT, nest, extack) ?:
	      refuse(tb, end_refusals, ARRAY_SIZE(end_refusals), extack) ?:
	      parse_end_addrs(de, tb, nest, extack) ?:
	      parse_accept(&de->conf, tb[JALUR_A_END_ACCEPT], extack) ?:
	      parse_payloads(draft, &de->conf, nest, extack);
	if (err)
		return err;
	parse_modes(&de->conf, tb);
	if (tb[JALUR_A_END_STATE])
		err = parse_state(de, tb[JALUR_A_END_STATE], extack);
	if (!err)
		err = check_end(draft, de, extack);
	if (err)
		return err;
	de->dest = -1;
	draft->ends++;
	return 0;
}

static int find_end(const struct jalur_draft *draft, const struct nlattr *attr,
		    struct netlink_ext_ack *extack)
{
	u64 id = nla_get_u64(attr);
	unsigned int i;

	for (i = 0; i < draft->ends; i++)
		if (draft->end[i].id == id)
			return i;
	NL_SET_ERR_MSG_ATTR(extack, attr, "no end of the session has this id");
	return -EINVAL;
}

static const struct refusal destination_refusals[] = {
	{ JALUR_A_DESTINATION_PAYLOAD_MAP, "payload type maps are not supported by this module" },
	{ JALUR_A_DESTINATION_SSRC, "SSRC maps are not supported by this module" },
	{ JALUR_A_DESTINATION_SEQUENCE_MAP, "sequence maps are not supported by this module" },
	{ JALUR_A_DESTINATION_DSCP, "a DSCP belongs to the end, not to the flow, in this module" },
};

static int parse_destination(const struct jalur_draft *draft, const struct nlattr *nest,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[JALUR_A_DESTINATION_DSCP + 1];
	int err;

	err = parse_nest(tb, JALUR_A_DESTINATION_DSCP, nest, extack) ?:
	      refuse(tb, destination_refusals, ARRAY_SIZE(destination_refusals), extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_DESTINATION_END)) {
		NL_SET_ERR_MSG(extack, "a destination needs end");
		return -EINVAL;
	}
	return find_end(draft, tb[JALUR_A_DESTINATION_END], extack);
}

static const struct refusal flow_refusals[] = {
	{ JALUR_A_FLOW_SELECT_PAYLOAD_TYPE, "selectors are not supported by this module" },
	{ JALUR_A_FLOW_SELECT_SSRC, "selectors are not supported by this module" },
	{ JALUR_A_FLOW_SELECT_MID, "selectors are not supported by this module" },
};

/* The one destination of a flow: index of the end, or an error. */
static int parse_destinations(const struct jalur_draft *draft, const struct nlattr *nest,
			      struct netlink_ext_ack *extack)
{
	const struct nlattr *attr, *first = NULL;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != JALUR_A_FLOW_DESTINATION)
			continue;
		if (first) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "a flow has one destination in this module");
			return -EOPNOTSUPP;
		}
		first = attr;
	}
	if (!first) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a flow needs a destination");
		return -EINVAL;
	}
	return parse_destination(draft, first, extack);
}

static int check_flow(const struct jalur_draft *draft, int source, int dest,
		      const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	if (source == dest) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a flow from an end to itself");
		return -EINVAL;
	}
	if (draft->end[source].dest >= 0) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "one flow leaves an end in this module");
		return -EOPNOTSUPP;
	}
	if (draft->end[source].local.l3 != draft->end[dest].local.l3 &&
	    (draft->end[source].local.scope || draft->end[dest].local.scope)) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "a link-local end cannot be joined with another L3 domain");
		return -EINVAL;
	}
	return 0;
}

static int parse_flow(struct jalur_draft *draft, const struct nlattr *nest,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[JALUR_A_FLOW_DESTINATION + 1];
	int err, source, dest;

	err = parse_nest(tb, JALUR_A_FLOW_DESTINATION, nest, extack) ?:
	      refuse(tb, flow_refusals, ARRAY_SIZE(flow_refusals), extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(extack, nest, tb, JALUR_A_FLOW_SOURCE)) {
		NL_SET_ERR_MSG(extack, "a flow needs source");
		return -EINVAL;
	}
	source = find_end(draft, tb[JALUR_A_FLOW_SOURCE], extack);
	if (source < 0)
		return source;
	dest = parse_destinations(draft, nest, extack);
	if (dest < 0)
		return dest;
	err = check_flow(draft, source, dest, nest, extack);
	if (err)
		return err;
	draft->end[source].dest = dest;
	return 0;
}

/*
 * A packet that an end sends must not arrive at an end of the same session: the
 * two would play ping-pong until the TTL is used up.
 */
static int check_loops(const struct jalur_draft *draft, struct netlink_ext_ack *extack)
{
	struct jalur_addr remote;
	unsigned int i, j;

	for (i = 0; i < draft->ends; i++) {
		remote = draft->end[i].conf.remote;
		remote.l3 = draft->end[i].local.l3;
		for (j = 0; j < draft->ends; j++) {
			if (!jalur_addr_equal(&remote, &draft->end[j].local))
				continue;
			NL_SET_ERR_MSG_ATTR(extack, draft->end[i].attr,
					    "the remote is an end of the same session: a loop");
			return -ELOOP;
		}
	}
	return 0;
}

struct counts {
	unsigned int ends;
	unsigned int flows;
	unsigned int payloads;
};

static int count_attrs(struct genl_info *info, struct counts *n)
{
	const struct nlattr *attr, *sub;
	int rem, subrem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case JALUR_A_SESSION_END:
			n->ends++;
			nla_for_each_nested(sub, attr, subrem)
				n->payloads += nla_type(sub) == JALUR_A_END_PAYLOAD;
			break;
		case JALUR_A_SESSION_FLOW:
			n->flows++;
			break;
		}
	}
	if (!n->ends) {
		GENL_SET_ERR_MSG(info, "a session needs an end");
		return -EINVAL;
	}
	if (n->ends > JALUR_MAX_ENDS || n->flows > JALUR_MAX_FLOWS) {
		GENL_SET_ERR_MSG(info, "at most 64 ends and 128 flows in a session");
		return -E2BIG;
	}
	return 0;
}

static int parse_graph(struct jalur_draft *draft, struct genl_info *info)
{
	const struct nlattr *attr;
	int err, rem;

	/* flows refer to ends, so these come first wherever they stand */
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != JALUR_A_SESSION_END)
			continue;
		err = parse_end(draft, attr, info->extack);
		if (err)
			return err;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != JALUR_A_SESSION_FLOW)
			continue;
		err = parse_flow(draft, attr, info->extack);
		if (err)
			return err;
	}
	return check_loops(draft, info->extack);
}

static void parse_session(struct jalur_draft *draft, struct nlattr **attrs)
{
	draft->owner = nla_get_u64(attrs[JALUR_A_SESSION_OWNER]);
	draft->id = nla_get_u64(attrs[JALUR_A_SESSION_ID]);
	draft->id_attr = attrs[JALUR_A_SESSION_ID];
	if (attrs[JALUR_A_SESSION_DIGEST])
		draft->digest = nla_get_u64(attrs[JALUR_A_SESSION_DIGEST]);
	if (attrs[JALUR_A_SESSION_TAG])
		nla_strscpy(draft->tag, attrs[JALUR_A_SESSION_TAG], sizeof(draft->tag));
	draft->grace_ms = attrs[JALUR_A_SESSION_GRACE_MS] ?
		nla_get_u32(attrs[JALUR_A_SESSION_GRACE_MS]) : DEFAULT_GRACE_MS;
}

/**
 * jalur_draft_parse - what session-new or session-set asks for
 * @info: the request
 *
 * Context: process.
 * Return: the draft, to be freed by jalur_draft_free(), or an ERR_PTR, with the
 * reason in @info->extack.
 */
struct jalur_draft *jalur_draft_parse(struct genl_info *info)
{
	static const struct refusal refusals[] = {
		{ JALUR_A_SESSION_CONTEXT, "SRTP is not supported by this module" },
	};
	struct jalur_draft *draft;
	struct counts n = {};
	int err;

	if (GENL_REQ_ATTR_CHECK(info, JALUR_A_SESSION_OWNER) ||
	    GENL_REQ_ATTR_CHECK(info, JALUR_A_SESSION_ID)) {
		GENL_SET_ERR_MSG(info, "a session needs owner and id");
		return ERR_PTR(-EINVAL);
	}
	err = refuse(info->attrs, refusals, ARRAY_SIZE(refusals), info->extack) ?:
	      count_attrs(info, &n);
	if (err)
		return ERR_PTR(err);
	draft = kvzalloc(struct_size(draft, end, n.ends) +
			 n.payloads * sizeof(struct jalur_payload), GFP_KERNEL_ACCOUNT);
	if (!draft)
		return ERR_PTR(-ENOMEM);
	draft->payload = (struct jalur_payload *)&draft->end[n.ends];
	parse_session(draft, info->attrs);
	err = parse_graph(draft, info);
	if (err) {
		jalur_draft_free(draft);
		return ERR_PTR(err);
	}
	return draft;
}

/**
 * jalur_draft_free - free a draft
 * @draft: of jalur_draft_parse()
 *
 * Context: process.
 */
void jalur_draft_free(struct jalur_draft *draft)
{
	kvfree(draft);
}
