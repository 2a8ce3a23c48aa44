/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which codecs a realm lets through, and which it likes best. */
#ifndef MEDIA_CODECS_H
#define MEDIA_CODECS_H

#include "sdp/sdp.h"

/* Names as in a=rtpmap: "PCMA", or with the clock rate, "L16/44100"; in any case. */
struct media_codecs {
	char **allow, **deny, **order;
	size_t nallow, ndeny, norder;	/* nallow 0: all */
};

/*
 * Takes what one of the two realms does not let through out of every RTP stream of sdp, and
 * puts what the realm of order likes first. A stream that has no codec left is refused.
 */
void media_codecs_apply(const struct media_codecs *a, const struct media_codecs *b,
			const struct media_codecs *order, struct sdp *sdp);

#endif
