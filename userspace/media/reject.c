// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The answer to an offer of which nothing is wanted: every stream with port 0
 * (RFC 3264 §6). Who sent an offer in a 2xx must get an answer in the ACK, also
 * when the call is going to end.
 */
#include <stdlib.h>

#include "media/negotiation.h"

char *media_reject(u64 session, struct slice offer)
{
	struct sdp_rewrite how = { .session = session & INT64_MAX };
	struct sdp *sdp = malloc(sizeof(*sdp));
	struct sdp_error error;
	char *text = NULL;

	if (sdp && !sdp_parse(offer, sdp, &error))
		text = sdp_rewrite(sdp, &how);
	free(sdp);
	return text;
}
