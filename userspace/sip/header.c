// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a header's name to its place in the table. Names are in alphabetical
 * order, so those with the same first letter lie together; of them the length
 * leaves one or two to be compared.
 */
#include "sip/header.h"

static const struct sip_hdr_info table[SIP_HDR_COUNT] = {
	[SIP_HDR_OTHER] = { "", 0, 0, 0 },
#define SIP_HDR_INFO(id, name, compact, flags) \
	[SIP_HDR_##id] = { name, sizeof(name) - 1, compact, flags },
	SIP_HEADERS(SIP_HDR_INFO)
#undef SIP_HDR_INFO
};

/* The first name with each letter. */
static const u8 first_of[26] = {
	['A' - 'A'] = SIP_HDR_ACCEPT,
	['C' - 'A'] = SIP_HDR_CALL_ID,
	['D' - 'A'] = SIP_HDR_DATE,
	['E' - 'A'] = SIP_HDR_ERROR_INFO,
	['F' - 'A'] = SIP_HDR_FROM,
	['H' - 'A'] = SIP_HDR_HISTORY_INFO,
	['I' - 'A'] = SIP_HDR_IDENTITY,
	['J' - 'A'] = SIP_HDR_JOIN,
	['M' - 'A'] = SIP_HDR_MAX_FORWARDS,
	['O' - 'A'] = SIP_HDR_ORGANIZATION,
	['P' - 'A'] = SIP_HDR_P_ASSERTED_IDENTITY,
	['R' - 'A'] = SIP_HDR_RACK,
	['S' - 'A'] = SIP_HDR_SERVER,
	['T' - 'A'] = SIP_HDR_TARGET_DIALOG,
	['U' - 'A'] = SIP_HDR_UNSUPPORTED,
	['V' - 'A'] = SIP_HDR_VIA,
	['W' - 'A'] = SIP_HDR_WARNING,
};

/* The lengths lie close together, so that looking through them costs little. */
static const u8 length_of[SIP_HDR_COUNT + 1] = {
#define SIP_HDR_LENGTH(id, name, compact, flags) [SIP_HDR_##id] = sizeof(name) - 1,
	SIP_HEADERS(SIP_HDR_LENGTH)
#undef SIP_HDR_LENGTH
};

static const u8 compact_of[26] = {
	['A' - 'A'] = SIP_HDR_ACCEPT_CONTACT,
	['B' - 'A'] = SIP_HDR_REFERRED_BY,
	['C' - 'A'] = SIP_HDR_CONTENT_TYPE,
	['D' - 'A'] = SIP_HDR_REQUEST_DISPOSITION,
	['E' - 'A'] = SIP_HDR_CONTENT_ENCODING,
	['F' - 'A'] = SIP_HDR_FROM,
	['I' - 'A'] = SIP_HDR_CALL_ID,
	['J' - 'A'] = SIP_HDR_REJECT_CONTACT,
	['K' - 'A'] = SIP_HDR_SUPPORTED,
	['L' - 'A'] = SIP_HDR_CONTENT_LENGTH,
	['M' - 'A'] = SIP_HDR_CONTACT,
	['O' - 'A'] = SIP_HDR_EVENT,
	['R' - 'A'] = SIP_HDR_REFER_TO,
	['S' - 'A'] = SIP_HDR_SUBJECT,
	['T' - 'A'] = SIP_HDR_TO,
	['U' - 'A'] = SIP_HDR_ALLOW_EVENTS,
	['V' - 'A'] = SIP_HDR_VIA,
	['X' - 'A'] = SIP_HDR_SESSION_EXPIRES,
	['Y' - 'A'] = SIP_HDR_IDENTITY,
};

enum sip_hdr_id sip_hdr_id_of(struct slice name)
{
	char letter = name.n ? name.p[0] & ~0x20 : 0;
	unsigned int id;

	if (letter < 'A' || letter > 'Z')
		return SIP_HDR_OTHER;
	if (name.n == 1)
		return compact_of[letter - 'A'];
	id = first_of[letter - 'A'];
	if (id == SIP_HDR_OTHER)
		return SIP_HDR_OTHER;
	for (; id < SIP_HDR_COUNT; id++) {
		if (length_of[id] != name.n)
			continue;
		if (table[id].name[0] != letter)
			break;
		if (!memcmp(table[id].name, name.p, name.n) ||
		    slice_caseeq(name, slice_of(table[id].name, name.n)))
			return id;
	}
	return SIP_HDR_OTHER;
}

const struct sip_hdr_info *sip_hdr_info(enum sip_hdr_id id)
{
	return &table[id];
}
