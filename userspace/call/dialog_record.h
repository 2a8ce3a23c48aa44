/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A dialog in a record: inside of call/.
 */
#ifndef CALL_DIALOG_RECORD_H
#define CALL_DIALOG_RECORD_H

#include "base/json.h"
#include "sip/engine.h"

#define CALL_CSEQ_AHEAD 20	/* for requests that were sent after it was written */

/* What was written down is used up soon: others may be sent before it is written again. */
static inline bool call_cseq_is_near(u32 cseq, u32 saved)
{
	return cseq + CALL_CSEQ_AHEAD / 2 >= saved;
}

struct call_engine;

/* NULL: no memory. */
json_t *call_dialog_save(const struct sip_dialog *d);
/* Members of to: the way to the peer. */
void call_flow_save(const struct call_engine *e, const struct flow *flow, json_t **to);
/* And back; what is wrong is in r. */
struct flow call_flow_restore(struct call_engine *e, struct json_reader *r, const json_t *saved);
struct sip_dialog *call_dialog_restore(struct call_engine *e, struct json_reader *r,
				       const json_t *saved, const struct flow *flow, void *user);
/* The same of one that an INVITE of ours is about to make. */
struct sip_dialog *call_dialog_restore_early(struct call_engine *e, struct json_reader *r,
					     const json_t *saved, const struct flow *flow,
					     void *user);
/* A call, by its id. false: it is of no node of ours, or r is bad. */
json_t *call_id_save(u64 id);
bool call_id_restore(const struct call_engine *e, struct json_reader *r, const json_t *saved,
		     const char *key, u64 *id);

#endif
