// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink family: each command is attributes in, one call, reply out. The
 * tables are generated from Documentation/netlink/specs/jalur.yaml and included
 * here, since the group array that comes with them is static. It is not used:
 * the generator drops the flag that keeps events from the unprivileged.
 */

#include <linux/module.h>
#include <net/genetlink.h>

#include "jalur/version.h"

#include "netlink.h"
#include "netlink_gen.c"

#define FEATURES	(JALUR_FEATURE_RELAY | JALUR_FEATURE_OPAQUE | \
			 JALUR_FEATURE_PAYLOAD_TABLE | JALUR_FEATURE_STATE)

/* Most sessions deleted by one command, so that others get the lock. */
#define DELETE_BATCH	256

static struct jalur_net *net_of(const struct genl_info *info)
{
	return jalur_net_get(genl_info_net((struct genl_info *)info));
}

static struct sk_buff *new_reply(struct genl_info *info, u8 cmd, size_t size,
				 void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &jalur_nl_family, 0, cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int send_reply(struct sk_buff *skb, void *hdr, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static u32 get_listener(const struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[JALUR_A_OWNER_LISTENER];

	return attr ? nla_get_u32(attr) : 0;
}

int jalur_nl_owner_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	struct sk_buff *reply;
	void *hdr;
	u64 id;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, JALUR_A_OWNER_ID)) {
		GENL_SET_ERR_MSG(info, "an owner needs id");
		return -EINVAL;
	}
	id = nla_get_u64(info->attrs[JALUR_A_OWNER_ID]);
	reply = new_reply(info, JALUR_CMD_OWNER_ATTACH, NLMSG_DEFAULT_SIZE, &hdr);
	if (!reply)
		return -ENOMEM;
	mutex_lock(&jn->lock);
	err = jalur_owner_attach(jn, id, info->snd_portid, get_listener(info),
				 nla_get_flag(info->attrs[JALUR_A_OWNER_TAKEOVER]),
				 info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, info->attrs[JALUR_A_OWNER_ID]);
	if (!err &&
	    (nla_put_u64_64bit(reply, JALUR_A_OWNER_ID, id, JALUR_A_OWNER_PAD) ||
	     nla_put_u32(reply, JALUR_A_OWNER_SESSIONS, jalur_owner_find(jn, id)->count) ||
	     nla_put_u64_64bit(reply, JALUR_A_OWNER_EVENT_SEQUENCE, READ_ONCE(jn->event_seq),
			       JALUR_A_OWNER_PAD)))
		err = -EMSGSIZE;
	mutex_unlock(&jn->lock);
	return send_reply(reply, hdr, info, err);
}

static int check_owner(struct jalur_net *jn, struct genl_info *info, u64 owner)
{
	int err = jalur_owner_check(jn, owner, info->snd_portid,
				    nla_get_flag(info->attrs[JALUR_A_SESSION_FORCE]),
				    info->extack);

	if (err)
		NL_SET_BAD_ATTR(info->extack, info->attrs[JALUR_A_SESSION_OWNER]);
	return err;
}

int jalur_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	struct jalur_draft *draft = jalur_draft_parse(info);
	int err;

	if (IS_ERR(draft))
		return PTR_ERR(draft);
	err = jalur_hooks_get(jn, info->extack);
	if (err)
		goto err_draft;
	mutex_lock(&jn->lock);
	err = check_owner(jn, info, draft->owner) ?:
	      jalur_session_new(jn, draft, info->extack);
	if (err)
		jalur_hooks_put(jn);
	mutex_unlock(&jn->lock);
err_draft:
	jalur_draft_free(draft);
	return err;
}

int jalur_nl_session_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	struct jalur_draft *draft = jalur_draft_parse(info);
	int err;

	if (IS_ERR(draft))
		return PTR_ERR(draft);
	mutex_lock(&jn->lock);
	err = check_owner(jn, info, draft->owner) ?:
	      jalur_session_set(jn, draft, info->extack);
	mutex_unlock(&jn->lock);
	jalur_draft_free(draft);
	return err;
}

static const struct jalur_graph *graph_of(const struct jalur_session *session)
{
	return rcu_dereference_protected(session->graph,
					 lockdep_is_held(&session->jn->lock));
}

static int fill_deleted(struct sk_buff *reply, const struct jalur_session *session)
{
	if (nla_put_u64_64bit(reply, JALUR_A_SESSION_OWNER, session->owner, JALUR_A_SESSION_PAD) ||
	    nla_put_u64_64bit(reply, JALUR_A_SESSION_ID, session->id, JALUR_A_SESSION_PAD))
		return -EMSGSIZE;
	return jalur_fill_finals(reply, JALUR_A_SESSION_END, graph_of(session));
}

static struct jalur_session *find_session(struct jalur_net *jn, struct genl_info *info)
{
	struct jalur_session *session;

	session = jalur_session_find(jn, nla_get_u64(info->attrs[JALUR_A_SESSION_OWNER]),
				     nla_get_u64(info->attrs[JALUR_A_SESSION_ID]));
	if (!session) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[JALUR_A_SESSION_ID],
				    "the owner has no session of this id");
		return ERR_PTR(-ENOENT);
	}
	return session;
}

/*
 * The event has what the reply has. The owner's own listener is not told: the reply says as
 * much, with the number of the event.
 */
static int tell_deleted(struct sk_buff *reply, const void *hdr, struct jalur_session *session,
			u32 listener)
{
	const struct jalur_finals finals = {
		.attrs = hdr, .len = skb_tail_pointer(reply) - (const unsigned char *)hdr,
	};
	u64 seq = jalur_event_deleted(session, &finals, listener);

	if (!listener)
		return 0;
	return nla_put_u64_64bit(reply, JALUR_A_SESSION_EVENT_SEQUENCE, seq,
				 JALUR_A_SESSION_PAD);
}

/* The reply is there before the session goes, so that no counter gets lost. */
static int delete_one(struct jalur_net *jn, struct genl_info *info)
{
	struct jalur_session *session = find_session(jn, info);
	struct jalur_owner *owner;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	reply = new_reply(info, JALUR_CMD_SESSION_DEL, jalur_final_size(graph_of(session)), &hdr);
	if (!reply)
		return -ENOMEM;
	owner = jalur_owner_find(jn, session->owner);
	jalur_session_unhash(session);
	err = fill_deleted(reply, session);
	if (err)
		jalur_event_deleted(session, NULL, 0);
	else
		err = tell_deleted(reply, hdr, session,
				   owner->portid == info->snd_portid ? owner->listener : 0);
	jalur_session_free(session);
	jalur_owner_put(owner);
	return send_reply(reply, hdr, info, err);
}

static int delete_many(struct jalur_net *jn, struct genl_info *info, u64 id)
{
	u32 limit = min_t(u32, nla_get_u32(info->attrs[JALUR_A_SESSION_LIMIT]), DELETE_BATCH);
	struct jalur_owner *owner = jalur_owner_find(jn, id);
	struct jalur_session *session, *next;
	struct sk_buff *reply;
	bool more = false;
	u32 deleted = 0;
	void *hdr;
	int err;

	reply = new_reply(info, JALUR_CMD_SESSION_DEL, NLMSG_DEFAULT_SIZE, &hdr);
	if (!reply)
		return -ENOMEM;
	if (owner) {
		list_for_each_entry_safe(session, next, &owner->sessions, list) {
			if (deleted == limit)
				break;
			jalur_session_del(session);
			deleted++;
		}
		more = owner->count;
		jalur_owner_put(owner);
	}
	err = nla_put_u64_64bit(reply, JALUR_A_SESSION_OWNER, id, JALUR_A_SESSION_PAD) ?:
	      nla_put_u32(reply, JALUR_A_SESSION_DELETED, deleted);
	if (!err && more)
		err = nla_put_flag(reply, JALUR_A_SESSION_MORE);
	return send_reply(reply, hdr, info, err);
}

int jalur_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	u64 owner;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, JALUR_A_SESSION_OWNER)) {
		GENL_SET_ERR_MSG(info, "name the owner");
		return -EINVAL;
	}
	if (!info->attrs[JALUR_A_SESSION_ID] == !info->attrs[JALUR_A_SESSION_LIMIT]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[JALUR_A_SESSION_LIMIT],
				    "either id, for one session, or limit, for many");
		return -EINVAL;
	}
	owner = nla_get_u64(info->attrs[JALUR_A_SESSION_OWNER]);
	mutex_lock(&jn->lock);
	err = check_owner(jn, info, owner);
	if (!err)
		err = info->attrs[JALUR_A_SESSION_ID] ?
		      delete_one(jn, info) : delete_many(jn, info, owner);
	mutex_unlock(&jn->lock);
	return err;
}

int jalur_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	struct jalur_session *session;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, JALUR_A_SESSION_OWNER) ||
	    GENL_REQ_ATTR_CHECK(info, JALUR_A_SESSION_ID)) {
		GENL_SET_ERR_MSG(info, "name owner and id, or ask for a dump");
		return -EINVAL;
	}
	mutex_lock(&jn->lock);
	session = find_session(jn, info);
	err = PTR_ERR_OR_ZERO(session);
	if (err)
		goto out;
	err = -ENOMEM;
	reply = new_reply(info, JALUR_CMD_SESSION_GET, jalur_fill_size(graph_of(session)), &hdr);
	if (!reply)
		goto out;
	err = send_reply(reply, hdr, info, jalur_fill_session(reply, session));
out:
	mutex_unlock(&jn->lock);
	return err;
}

/* Where a dump goes on: bucket, and place in the bucket. */
struct dump_position {
	unsigned long bucket;
	unsigned long place;
};

static int put_session(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct jalur_session *session)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &jalur_nl_family, NLM_F_MULTI, JALUR_CMD_SESSION_GET);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (jalur_fill_session(skb, session)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/*
 * One that does not fit what is left goes into the next buffer; one that does
 * not fit an empty buffer gets a larger one, or the dump would end there.
 */
static int dump_session(struct sk_buff *skb, struct netlink_callback *cb,
			const struct jalur_session *session)
{
	int err = put_session(skb, cb, session);

	if (!err || skb->len)
		return err;
	if (pskb_expand_head(skb, 0, jalur_fill_size(graph_of(session)) + NLMSG_HDRLEN, GFP_KERNEL))
		return -ENOMEM;
	return put_session(skb, cb, session);
}

static int dump_bucket(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct hlist_head *bucket, const u64 *owner,
		       struct dump_position *at)
{
	const struct jalur_session *session;
	unsigned long place = 0;
	int err;

	hlist_for_each_entry(session, bucket, node) {
		if (place++ < at->place)
			continue;
		if (!owner || *owner == session->owner) {
			err = dump_session(skb, cb, session);
			if (err)
				return err;
		}
		at->place++;
	}
	at->place = 0;
	return 0;
}

int jalur_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct jalur_net *jn = jalur_net_get(sock_net(skb->sk));
	struct dump_position *at = (struct dump_position *)cb->args;
	struct nlattr **attrs = jalur_dump_attrs(cb);
	u64 id, *owner = NULL;
	int err = 0;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->args));
	if (attrs[JALUR_A_SESSION_ID]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[JALUR_A_SESSION_ID],
				    "a dump is of an owner or of all; ask for one session without dump");
		return -EINVAL;
	}
	if (attrs[JALUR_A_SESSION_OWNER]) {
		id = nla_get_u64(attrs[JALUR_A_SESSION_OWNER]);
		owner = &id;
	}
	mutex_lock(&jn->lock);
	cb->seq = jn->generation;
	for (; jn->sessions && at->bucket < jalur_session_buckets(); at->bucket++) {
		err = dump_bucket(skb, cb, &jn->sessions[at->bucket], owner, at);
		if (err)
			break;
	}
	mutex_unlock(&jn->lock);
	return skb->len ?: err;
}

static int refuse_range(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "port ranges are not supported by this module");
	return -EOPNOTSUPP;
}

int jalur_nl_range_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return refuse_range(info->extack);
}

int jalur_nl_range_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return refuse_range(info->extack);
}

int jalur_nl_range_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return refuse_range(cb->extack);
}

int jalur_nl_packet_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	GENL_SET_ERR_MSG(info, "sending packets is not supported by this module");
	return -EOPNOTSUPP;
}

static int fill_hooks(struct sk_buff *reply, const struct jalur_net *jn)
{
	const struct jalur_hook *hook;
	struct nlattr *nest;

	list_for_each_entry(hook, &jn->hooks, list) {
		nest = nla_nest_start(reply, JALUR_A_INFO_HOOK);
		if (!nest ||
		    nla_put_u32(reply, JALUR_A_HOOK_IFINDEX, hook->dev->ifindex) ||
		    nla_put_u32(reply, JALUR_A_HOOK_STATE, hook->state))
			return -EMSGSIZE;
		nla_nest_end(reply, nest);
	}
	return 0;
}

static int fill_owners(struct sk_buff *reply, const struct jalur_net *jn)
{
	const struct jalur_owner *owner;

	list_for_each_entry(owner, &jn->owners, list)
		if (owner->portid &&
		    nla_put_u64_64bit(reply, JALUR_A_INFO_OWNER, owner->id, JALUR_A_INFO_PAD))
			return -EMSGSIZE;
	return 0;
}

static int fill_info(struct sk_buff *reply, const struct jalur_net *jn)
{
	if (nla_put_u64_64bit(reply, JALUR_A_INFO_FEATURES, FEATURES, JALUR_A_INFO_PAD) ||
	    nla_put_string(reply, JALUR_A_INFO_VERSION, JALUR_VERSION) ||
	    nla_put_u32(reply, JALUR_A_INFO_SESSIONS, jn->session_count) ||
	    nla_put_u32(reply, JALUR_A_INFO_ENDS, jn->end_count) ||
	    nla_put_u32(reply, JALUR_A_INFO_MAX_SESSIONS, jn->max_sessions) ||
	    nla_put_u32(reply, JALUR_A_INFO_MACHINE_SESSIONS, jalur_session_machine_count()) ||
	    nla_put_u32(reply, JALUR_A_INFO_MACHINE_MAX_SESSIONS, jalur_session_machine_max()) ||
	    nla_put_u32(reply, JALUR_A_INFO_ORPHAN_S, jn->orphan_s) ||
	    nla_put_u32(reply, JALUR_A_INFO_ORPHAN_IDLE_S, jn->orphan_idle_s) ||
	    nla_put_u64_64bit(reply, JALUR_A_INFO_EVENT_SEQUENCE, READ_ONCE(jn->event_seq),
			      JALUR_A_INFO_PAD) ||
	    nla_put_s32(reply, JALUR_A_INFO_PRIORITY, jalur_hook_priority()))
		return -EMSGSIZE;
	return fill_owners(reply, jn);
}

static size_t info_size(const struct jalur_net *jn, bool hooks)
{
	const struct list_head *at;
	size_t size = NLMSG_DEFAULT_SIZE;

	list_for_each(at, &jn->owners)
		size += 2 * nla_total_size_64bit(sizeof(u64));
	if (hooks)
		list_for_each(at, &jn->hooks)
			size += nla_total_size(2 * nla_total_size(sizeof(u32)));
	return size;
}

int jalur_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool hooks = nla_get_flag(info->attrs[JALUR_A_INFO_LIST_HOOKS]);
	struct jalur_net *jn = net_of(info);
	struct sk_buff *reply;
	void *hdr;
	int err;

	mutex_lock(&jn->lock);
	reply = new_reply(info, JALUR_CMD_INFO_GET, info_size(jn, hooks), &hdr);
	if (!reply) {
		mutex_unlock(&jn->lock);
		return -ENOMEM;
	}
	err = fill_info(reply, jn);
	if (!err && hooks)
		err = fill_hooks(reply, jn);
	mutex_unlock(&jn->lock);
	return send_reply(reply, hdr, info, err);
}

/* Seconds are multiplied by HZ and added to jiffies: a day is enough for all. */
static int get_seconds(struct genl_info *info, int attr, u32 *seconds)
{
	if (!info->attrs[attr])
		return 0;
	if (nla_get_u32(info->attrs[attr]) > 24 * 60 * 60) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "at most one day (86400)");
		return -ERANGE;
	}
	*seconds = nla_get_u32(info->attrs[attr]);
	return 0;
}

int jalur_nl_info_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct jalur_net *jn = net_of(info);
	u32 orphan_s, orphan_idle_s;
	int err;

	mutex_lock(&jn->lock);
	orphan_s = jn->orphan_s;
	orphan_idle_s = jn->orphan_idle_s;
	err = get_seconds(info, JALUR_A_INFO_ORPHAN_S, &orphan_s) ?:
	      get_seconds(info, JALUR_A_INFO_ORPHAN_IDLE_S, &orphan_idle_s);
	if (err)
		goto out;
	jn->orphan_s = orphan_s;
	jn->orphan_idle_s = orphan_idle_s;
	if (info->attrs[JALUR_A_INFO_MAX_SESSIONS])
		jn->max_sessions = nla_get_u32(info->attrs[JALUR_A_INFO_MAX_SESSIONS]);
out:
	mutex_unlock(&jn->lock);
	return err;
}

/* By hand, for the flag: who listens learns who talks with whom. */
static const struct genl_multicast_group groups[] = {
	[JALUR_NLGRP_EVENTS] = {
		.name	= "events",
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family jalur_nl_family __ro_after_init = {
	.name		= JALUR_GENL_NAME,
	.version	= JALUR_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= jalur_nl_ops,
	.n_ops		= ARRAY_SIZE(jalur_nl_ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/**
 * jalur_netlink_init - open the module to userspace
 *
 * Context: process.
 */
int jalur_netlink_init(void)
{
	/* not used, see above; named so that the compiler stays quiet */
	BUILD_BUG_ON(ARRAY_SIZE(jalur_nl_mcgrps) != ARRAY_SIZE(groups));
	return genl_register_family(&jalur_nl_family);
}

/**
 * jalur_netlink_exit - the opposite
 *
 * Context: process.
 */
void jalur_netlink_exit(void)
{
	genl_unregister_family(&jalur_nl_family);
}
