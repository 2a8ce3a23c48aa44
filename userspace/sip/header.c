// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a header's name to its place in the table: one look into a table of hashes
 * without collisions, and one comparison.
 */
#include "sip/header.h"

static const struct sip_hdr_info table[SIP_HDR_COUNT] = {
	[SIP_HDR_OTHER] = { "", 0, 0, 0 },
#define SIP_HDR_INFO(id, name, compact, flags) \
	[SIP_HDR_##id] = { name, sizeof(name) - 1, compact, flags },
	SIP_HEADERS(SIP_HDR_INFO)
#undef SIP_HDR_INFO
};

/*
 * A perfect hash of the long names: of the length and three letters, in any case. The
 * factors were found by trial; the unit test says when a new name needs others.
 */
static unsigned int hash_of(struct slice name)
{
	unsigned int first = (u8)name.p[0] | 0x20, middle = (u8)name.p[name.n / 2] | 0x20;
	unsigned int last = (u8)name.p[name.n - 1] | 0x20;

	return ((unsigned int)name.n * 57 + first * 31 + middle * 29 + last) & 0xff;
}

static const u8 by_hash[256] = {
	[0] = SIP_HDR_PATH,
	[1] = SIP_HDR_PROXY_AUTHORIZATION,
	[3] = SIP_HDR_REQUIRE,
	[6] = SIP_HDR_REPLACES,
	[7] = SIP_HDR_MIN_SE,
	[13] = SIP_HDR_JOIN,
	[19] = SIP_HDR_SERVER,
	[26] = SIP_HDR_SIP_IF_MATCH,
	[27] = SIP_HDR_REFER_SUB,
	[28] = SIP_HDR_IDENTITY,
	[34] = SIP_HDR_EXPIRES,
	[36] = SIP_HDR_CONTACT,
	[44] = SIP_HDR_CALL_ID,
	[46] = SIP_HDR_CONTENT_LANGUAGE,
	[50] = SIP_HDR_CONTENT_TYPE,
	[57] = SIP_HDR_SUBSCRIPTION_STATE,
	[59] = SIP_HDR_VIA,
	[60] = SIP_HDR_MAX_FORWARDS,
	[61] = SIP_HDR_EVENT,
	[62] = SIP_HDR_FROM,
	[73] = SIP_HDR_IN_REPLY_TO,
	[79] = SIP_HDR_ALLOW_EVENTS,
	[84] = SIP_HDR_RACK,
	[87] = SIP_HDR_RECV_INFO,
	[92] = SIP_HDR_REQUEST_DISPOSITION,
	[93] = SIP_HDR_ORGANIZATION,
	[101] = SIP_HDR_CONTENT_ENCODING,
	[102] = SIP_HDR_AUTHENTICATION_INFO,
	[104] = SIP_HDR_HISTORY_INFO,
	[113] = SIP_HDR_TARGET_DIALOG,
	[117] = SIP_HDR_DIVERSION,
	[128] = SIP_HDR_TO,
	[129] = SIP_HDR_ALERT_INFO,
	[132] = SIP_HDR_TIMESTAMP,
	[134] = SIP_HDR_CALL_INFO,
	[136] = SIP_HDR_ACCEPT_CONTACT,
	[137] = SIP_HDR_DATE,
	[139] = SIP_HDR_CONTENT_DISPOSITION,
	[141] = SIP_HDR_SIP_ETAG,
	[143] = SIP_HDR_ALLOW,
	[145] = SIP_HDR_ROUTE,
	[148] = SIP_HDR_RSEQ,
	[151] = SIP_HDR_REJECT_CONTACT,
	[152] = SIP_HDR_P_ASSERTED_IDENTITY,
	[153] = SIP_HDR_REASON,
	[156] = SIP_HDR_CONTENT_LENGTH,
	[164] = SIP_HDR_REFERRED_BY,
	[168] = SIP_HDR_SERVICE_ROUTE,
	[177] = SIP_HDR_MIN_EXPIRES,
	[178] = SIP_HDR_UNSUPPORTED,
	[183] = SIP_HDR_ACCEPT_LANGUAGE,
	[186] = SIP_HDR_REPLY_TO,
	[187] = SIP_HDR_PRIORITY,
	[190] = SIP_HDR_MIME_VERSION,
	[191] = SIP_HDR_PROXY_AUTHENTICATE,
	[195] = SIP_HDR_CSEQ,
	[196] = SIP_HDR_PROXY_REQUIRE,
	[197] = SIP_HDR_INFO_PACKAGE,
	[204] = SIP_HDR_RETRY_AFTER,
	[207] = SIP_HDR_WWW_AUTHENTICATE,
	[208] = SIP_HDR_SESSION_EXPIRES,
	[209] = SIP_HDR_P_PREFERRED_IDENTITY,
	[213] = SIP_HDR_WARNING,
	[214] = SIP_HDR_USER_AGENT,
	[229] = SIP_HDR_SUPPORTED,
	[238] = SIP_HDR_ACCEPT_ENCODING,
	[239] = SIP_HDR_REFER_TO,
	[242] = SIP_HDR_SUBJECT,
	[246] = SIP_HDR_PRIVACY,
	[247] = SIP_HDR_AUTHORIZATION,
	[248] = SIP_HDR_RECORD_ROUTE,
	[250] = SIP_HDR_ACCEPT,
	[253] = SIP_HDR_ERROR_INFO,
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

static u64 load(const char *p)
{
	u64 word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static u32 load_half(const char *p)
{
	u32 word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Of n bytes, 2 at least: two words, the last of which may lie over the first. */
static bool same_bytes(const char *a, const char *b, size_t n)
{
	if (n < 4)
		return a[0] == b[0] && a[1] == b[1] && a[n - 1] == b[n - 1];
	if (n < 8)
		return load_half(a) == load_half(b) &&
		       load_half(a + n - 4) == load_half(b + n - 4);
	if (n <= 16)
		return load(a) == load(b) && load(a + n - 8) == load(b + n - 8);
	return false;	/* the few longer ones are left to the caller */
}

/* What is rare is apart: it would cost the others a stack frame. */
static __attribute__((noinline)) enum sip_hdr_id find_compact(struct slice name)
{
	char letter = name.n ? name.p[0] & ~0x20 : 0;

	return letter < 'A' || letter > 'Z' ? SIP_HDR_OTHER : compact_of[letter - 'A'];
}

static __attribute__((noinline)) enum sip_hdr_id if_equal(enum sip_hdr_id id, struct slice name)
{
	return slice_caseeq(name, slice_of(table[id].name, name.n)) ? id : SIP_HDR_OTHER;
}

enum sip_hdr_id sip_hdr_id_of(struct slice name)
{
	enum sip_hdr_id id;

	if (name.n <= 1)
		return find_compact(name);
	id = by_hash[hash_of(name)];
	if (table[id].len != name.n)
		return SIP_HDR_OTHER;
	return same_bytes(table[id].name, name.p, name.n) ? id : if_equal(id, name);
}

const struct sip_hdr_info *sip_hdr_info(enum sip_hdr_id id)
{
	return &table[id];
}
