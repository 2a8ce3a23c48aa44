/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often a source may ask: a bucket of tokens for each IPv4 address and each /64 of
 * IPv6, which one customer has whole. The table never grows: where it is full, the source
 * goes whose bucket is the fullest, which loses least by it.
 */
#ifndef SIP_RATE_H
#define SIP_RATE_H

#include "base/addr.h"
#include "base/hash.h"

struct sip_rates;

/* What a source may; rate 0: as it likes. */
struct sip_rate {
	u32 rate;		/* requests a second */
	u32 burst;		/* at once */
};

enum sip_rate_verdict {
	SIP_RATE_WITHIN,
	SIP_RATE_FIRST_ABOVE,	/* since its bucket was full: worth an answer */
	SIP_RATE_ABOVE,
};

/* key: random, so that nobody chooses whom he displaces. NULL: no memory. */
struct sip_rates *sip_rates_new(const struct hash_key *key, const struct sip_rate *rate);
void sip_rates_free(struct sip_rates *r);		/* NULL allowed */
/* One request of source: takes a token of its bucket if there is one. */
enum sip_rate_verdict sip_rates_take(struct sip_rates *r, u64 now, const struct addr *source);

#endif
