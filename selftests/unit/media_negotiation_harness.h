/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A negotiation between two realms for the stories about it: what both sides
 * say, and what the plan has for their addresses. After each, every port must
 * have been given back.
 */
#ifndef MEDIA_NEGOTIATION_HARNESS_H
#define MEDIA_NEGOTIATION_HARNESS_H

#include <linux/jalur.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/timer.h"
#include "kselftest_harness.h"
#include "media/negotiation.h"

#define SDP(ip, port, more) "v=0\r\no=- 1 1 IN IP4 " ip "\r\ns=-\r\nc=IN IP4 " ip "\r\nt=0 0\r\n" \
	"m=audio " port " RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n" more
#define IP_A "192.0.2.9"
#define IP_B "10.0.0.2"

FIXTURE(negotiation) {
	struct media_ports *ports[2];
	struct media_negotiation *n;
	struct media_refusal refusal;
	char *out;
	u64 now;
};

static struct media_ports *make_ports(const char *ip)
{
	struct media_range r = { .min = 20000, .max = 20063 };

	addr_parse_ip(slice_str(ip), &r.address);
	r.advertise = r.address;
	return media_ports_new(&r, 1, 7);
}

FIXTURE_SETUP(negotiation)
{
	struct media_negotiation_conf conf = {
		.session = 16, .tag = "a@b", .idle_ms = 60000,
		.latch = { JALUR_LATCH_PORT, JALUR_LATCH_STRICT },
	};

	conf.ports[0] = self->ports[0] = make_ports("198.51.100.7");
	conf.ports[1] = self->ports[1] = make_ports("10.0.0.1");
	self->n = media_negotiation_new(&conf);
	self->out = NULL;
	self->now = 0;
}

FIXTURE_TEARDOWN(negotiation)
{
	media_negotiation_free(self->n, 0);
	EXPECT_EQ(0, media_ports_used(self->ports[0]));
	EXPECT_EQ(0, media_ports_used(self->ports[1]));
	media_ports_free(self->ports[0]);
	media_ports_free(self->ports[1]);
	free(self->out);
}

#define offer(from, text) ({ free(self->out); self->out = NULL; \
	media_offer(self->n, self->now, from, slice_str(text), &self->out, &self->refusal); })
#define answer(provisional, text) ({ free(self->out); self->out = NULL; \
	media_answer(self->n, self->now, provisional, slice_str(text), &self->out, \
		     &self->refusal); })

static inline struct media_plan *plan(struct media_negotiation *n)
{
	bool empty;

	return media_plan_make(n, &empty);
}

static inline const struct media_end *end_towards(const struct media_plan *p, const char *remote)
{
	struct addr a;
	size_t i;

	addr_parse(slice_str(remote), &a);
	for (i = 0; i < p->nends; i++)
		if (addr_eq(&p->ends[i].remote, &a))
			return &p->ends[i];
	return NULL;
}

static inline bool flows(const struct media_plan *p, const struct media_end *from,
			 const struct media_end *to)
{
	size_t i;

	for (i = 0; i < p->nflows; i++)
		if (p->flows[i].source == from->id && p->flows[i].dest == to->id)
			return true;
	return false;
}

#endif
