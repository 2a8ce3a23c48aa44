// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overload: what exists goes on, what is new is sent away (RFC 3261 §21.5.4). Who
 * has clock and kernel measures; the engine decides, and between the limit and
 * three quarters of it remains as it is, so that it does not flutter.
 */
#include "sip/core.h"

static bool is_at(u64 value, u64 limit)
{
	return limit && value >= limit;
}

/* SIP_COUNT_REQUESTS_IN, which is 0, stands for none. */
static enum sip_count first_above(const struct sip_load *load, const struct sip_load *limit)
{
	if (is_at(load->lag, limit->lag))
		return SIP_COUNT_OVERLOAD_LAG;
	if (is_at(load->queue, limit->queue))
		return SIP_COUNT_OVERLOAD_QUEUE;
	if (is_at(load->memory, limit->memory))
		return SIP_COUNT_OVERLOAD_MEMORY;
	return 0;
}

static u64 three_quarters(u64 limit)
{
	return limit - limit / 4;
}

bool sip_engine_load(struct sip_engine *e, const struct sip_load *load)
{
	struct sip_load low = {
		.lag = three_quarters(e->overload.lag),
		.queue = three_quarters(e->overload.queue),
		.memory = three_quarters(e->overload.memory),
	};
	enum sip_count now = first_above(load, e->overloaded ? &low : &e->overload);
	bool changed = !now != !e->overloaded;

	e->overloaded = now;
	return changed;
}

/* What must be taken has an eighth more of the transactions: memory ends for it too. */
static bool is_urgent(const struct sip_engine *e, const struct sip_msg *msg,
		      const struct flow *flow)
{
	return e->urgent && e->servers.n < e->max_servers + e->max_servers / 8 &&
	       e->urgent(e->urgent_arg, flow, msg);
}

bool sip_overload_refuses(struct sip_engine *e, const struct sip_msg *msg,
			  const struct flow *flow)
{
	enum sip_count why = e->servers.n >= e->max_servers ? SIP_COUNT_OVERLOAD_SERVERS :
							      e->overloaded;

	if (!why || is_urgent(e, msg, flow))
		return false;
	sip_count(e, why);
	return true;
}
