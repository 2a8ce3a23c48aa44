// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Of a message's body the call reads the session description, by itself or as
 * one of several parts (RFC 5621). What else must be understood is refused;
 * what may be left out is.
 */
#include <errno.h>

#include "call/call.h"
#include "sip/multipart.h"

/* The engine has refused what is deeper than its configuration allows. */
#define DEEPEST 16

int call_find_sdp(const struct sip_msg *msg, struct slice *sdp)
{
	struct sip_part part;

	sip_part_of(msg, &part);
	return sip_find_sdp(&part, DEEPEST, sdp);
}

bool call_has_sdp(const struct sip_msg *msg, struct slice *sdp)
{
	return !call_find_sdp(msg, sdp) && sdp->p;
}

u16 call_body_refusal(const struct sip_msg *msg)
{
	struct slice sdp;

	switch (call_find_sdp(msg, &sdp)) {
	case 0:
		return 0;
	case -ENOTSUP:
		return 415;
	default:
		return 400;
	}
}

/* A media range: what it is, without parameters. */
static bool includes_sdp(struct slice range)
{
	static const char *const names[] = { "application/sdp", "application/*", "*/*" };
	size_t i;

	range = sip_plain(range);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_caseeq(range, slice_str(names[i])))
			return true;
	return false;
}

/* Without the header everybody accepts it (RFC 3261 §20.1). */
bool call_accepts_sdp(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_ACCEPT);
	struct slice rest, range;

	if (!hdr)
		return true;
	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &range))
			if (includes_sdp(range))
				return true;
	}
	return false;
}
