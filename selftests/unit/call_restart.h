/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jalurd is killed, and another one goes on with what was written; harness.keeps_texts must be
 * set before anything is.
 */
#ifndef CALL_RESTART_H
#define CALL_RESTART_H

#include "call_harness.h"

/* Calls that the new one cannot go on with are in the store no more. */
static UNUSED void restart(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct sip_listener listeners[NLISTENERS];
	struct call_engine_conf conf = {
		.sip = { .listeners = listeners, .nlisteners = NLISTENERS, .seed = "again",
			 .software = "jalur" },
		.node = 1, .epoch = 6, .policy = h->policy, .store = true,
	};
	size_t i, n = h->nstored;
	char *texts[MAX_STORED];
	u64 id;

	memcpy(texts, h->texts, sizeof(texts));
	h->nstored = 0;
	call_engine_free(h->engine);
	set_listeners(listeners);
	h->engine = call_engine_new(&conf);
	ASSERT_NE(h->engine, NULL);
	for (i = 0; i < n; i++) {
		const char *bad = call_engine_restore(h->engine, h->now, WALL + h->now,
						      slice_str(texts[i]), &id);

		EXPECT_TRUE(!bad || !strcmp(bad, "state")) {
			TH_LOG("wrong %s in %s", bad, texts[i]);
		}
		free(texts[i]);
	}
	run(h);
	advance(h, 1);
	h->ua[B].cseq = h->ua[C].cseq = 200;
}

#endif
