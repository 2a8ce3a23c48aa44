// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plan as the attributes of session-new and session-set: the whole graph,
 * every time; what is absent has its default value.
 */
#include <linux/jalur.h>

#include "media/kernel_private.h"

#define DEFAULT_CLOCK 8000

static void put_addr(struct nlmsghdr *nlh, u16 type, const struct addr *a)
{
	struct nlattr *nest;

	if (!a->family)
		return;
	nest = mnl_attr_nest_start(nlh, type);
	if (a->family == AF_INET)
		mnl_attr_put(nlh, JALUR_A_ADDRESS_V4, 4, &a->ip.v4);
	else
		mnl_attr_put(nlh, JALUR_A_ADDRESS_V6, 16, &a->ip.v6);
	mnl_attr_put_u16(nlh, JALUR_A_ADDRESS_PORT, htons(a->port));
	if (a->scope)
		mnl_attr_put_u32(nlh, JALUR_A_ADDRESS_SCOPE_IFINDEX, a->scope);
	mnl_attr_nest_end(nlh, nest);
}

static void put_unless(struct nlmsghdr *nlh, u16 type, u32 value, u32 by_default)
{
	if (value != by_default)
		mnl_attr_put_u32(nlh, type, value);
}

static void put_payload(struct nlmsghdr *nlh, const struct media_payload *p)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, JALUR_A_END_PAYLOAD);

	mnl_attr_put_u8(nlh, JALUR_A_PAYLOAD_PT, p->pt);
	put_unless(nlh, JALUR_A_PAYLOAD_CLOCK_RATE, p->clock_rate, DEFAULT_CLOCK);
	put_unless(nlh, JALUR_A_PAYLOAD_KIND, p->kind, JALUR_PAYLOAD_KIND_MEDIA);
	mnl_attr_nest_end(nlh, nest);
}

static void put_end(struct nlmsghdr *nlh, const struct media_end *end)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, JALUR_A_SESSION_END);
	size_t i;

	mnl_attr_put_u64(nlh, JALUR_A_END_ID, end->id);
	put_addr(nlh, JALUR_A_END_LOCAL, &end->local);
	put_addr(nlh, JALUR_A_END_REMOTE, &end->remote);
	put_unless(nlh, JALUR_A_END_ACCEPT, end->accept, JALUR_ACCEPT_RTP);
	put_unless(nlh, JALUR_A_END_LATCH, end->latch, JALUR_LATCH_STRICT);
	if (end->latch_open)
		mnl_attr_put(nlh, JALUR_A_END_LATCH_OPEN, 0, NULL);
	put_unless(nlh, JALUR_A_END_LATCH_EPOCH, end->latch_epoch, 0);
	put_unless(nlh, JALUR_A_END_IDLE_MS, end->idle_ms, 0);
	for (i = 0; i < end->npayloads; i++)
		put_payload(nlh, &end->payloads[i]);
	mnl_attr_nest_end(nlh, nest);
}

static void put_flow(struct nlmsghdr *nlh, const struct media_flow *flow)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, JALUR_A_SESSION_FLOW), *dest;

	mnl_attr_put_u64(nlh, JALUR_A_FLOW_SOURCE, flow->source);
	dest = mnl_attr_nest_start(nlh, JALUR_A_FLOW_DESTINATION);
	mnl_attr_put_u64(nlh, JALUR_A_DESTINATION_END, flow->dest);
	mnl_attr_nest_end(nlh, dest);
	mnl_attr_nest_end(nlh, nest);
}

void kernel_encode_plan(struct nlmsghdr *nlh, u64 owner, const struct media_plan *plan)
{
	size_t i;

	mnl_attr_put_u64(nlh, JALUR_A_SESSION_OWNER, owner);
	mnl_attr_put_u64(nlh, JALUR_A_SESSION_ID, plan->session);
	mnl_attr_put_u64(nlh, JALUR_A_SESSION_DIGEST, plan->digest);
	if (plan->tag[0])
		mnl_attr_put_strz(nlh, JALUR_A_SESSION_TAG, plan->tag);
	for (i = 0; i < plan->nends; i++)
		put_end(nlh, &plan->ends[i]);
	for (i = 0; i < plan->nflows; i++)
		put_flow(nlh, &plan->flows[i]);
}
