// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The name of what a media description has first, for records and for people:
 * the codec that an answerer means to use (RFC 3264 §6.1). Telephone events and
 * comfort noise go beside a codec and are none.
 */
#include <stdio.h>

#include "base/buf.h"
#include "sdp/sdp.h"

/* RFC 3551 §6, tables 4 and 5. */
static const char *static_name(u8 pt)
{
	static const char *const names[35] = {
		[0] = "PCMU/8000", [3] = "GSM/8000", [4] = "G723/8000", [5] = "DVI4/8000",
		[6] = "DVI4/16000", [7] = "LPC/8000", [8] = "PCMA/8000", [9] = "G722/8000",
		[10] = "L16/44100/2", [11] = "L16/44100", [12] = "QCELP/8000", [13] = "CN/8000",
		[14] = "MPA/90000", [15] = "G728/8000", [16] = "DVI4/11025", [17] = "DVI4/22050",
		[18] = "G729/8000", [25] = "CelB/90000", [26] = "JPEG/90000", [28] = "nv/90000",
		[31] = "H261/90000", [32] = "MPV/90000", [33] = "MP2T/90000", [34] = "H263/90000",
	};

	return pt < 35 ? names[pt] : NULL;
}

/* "PCMU/8000" of "a=rtpmap:0 PCMU/8000"; n 0: there is none. */
static struct slice said_of(const struct sdp *sdp, const struct sdp_media *m, struct slice prefix,
			    u8 pt)
{
	char want[8];
	size_t i, n;

	buf_print(want, sizeof(want), "%u ", pt);
	n = strlen(want);
	for (i = m->first + 1; i < m->end; i++) {
		struct slice v = sdp->lines[i].value;

		if (sdp->lines[i].type != 'a' || v.n <= prefix.n + n ||
		    memcmp(v.p, prefix.p, prefix.n) || memcmp(v.p + prefix.n, want, n))
			continue;
		return slice_trim(slice_of(v.p + prefix.n + n, v.n - prefix.n - n));
	}
	return slice_of("", 0);
}

void sdp_print_payload(const struct sdp *sdp, const struct sdp_media *m, u8 pt, char *buf,
		       size_t n)
{
	struct slice name = said_of(sdp, m, SLICE("rtpmap:"), pt);

	if (name.n)
		slice_copy(buf, n, name);
	else if (static_name(pt))
		snprintf(buf, n, "%s", static_name(pt));
	else
		snprintf(buf, n, "%u", pt);
}

struct slice sdp_fmtp(const struct sdp *sdp, const struct sdp_media *m, u8 pt)
{
	return said_of(sdp, m, SLICE("fmtp:"), pt);
}

void sdp_print_codec(const struct sdp *sdp, const struct sdp_media *m, char *buf, size_t n)
{
	size_t i;

	slice_copy(buf, n, m->formats);
	if (m->kind != SDP_KIND_RTP)
		return;
	for (i = 0; i < m->npayloads && i < SDP_MAX_PAYLOADS; i++) {
		if (m->payloads[i].dtmf || m->payloads[i].comfort_noise)
			continue;
		sdp_print_payload(sdp, m, m->payloads[i].pt, buf, n);
		return;
	}
}
