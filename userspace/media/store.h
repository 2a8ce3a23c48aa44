/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was agreed on in a call, to be written down and read again. */
#ifndef MEDIA_STORE_H
#define MEDIA_STORE_H

#include "base/json.h"
#include "media/negotiation.h"

/* The committed streams and what was said last, no pending offer. NULL: no memory. */
json_t *media_negotiation_save(const struct media_negotiation *n);
/*
 * A negotiation that goes on from there, its ports claimed. NULL: r->bad says what is wrong, or
 * there is no memory; no port is taken then.
 */
struct media_negotiation *media_negotiation_restore(const struct media_negotiation_conf *conf,
						    struct json_reader *r, const json_t *saved,
						    u64 now);

#endif
