/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character classes of the grammar (RFC 3261 §25.1), and a cursor over text
 * for the small parsers.
 */
#ifndef SIP_CHARS_H
#define SIP_CHARS_H

#include "base/addr.h"
#include "base/slice.h"

#define SIP_CHAR_TOKEN	0x01
#define SIP_CHAR_DIGIT	0x02
#define SIP_CHAR_HEX	0x04
#define SIP_CHAR_HOST	0x08	/* of a name or IPv4 address */
#define SIP_CHAR_USER	0x10	/* of a userinfo, '%' and ':' apart */
#define SIP_CHAR_PARAM	0x20	/* of URI parameters and headers, '%' apart */
#define SIP_CHAR_LWS	0x40
#define SIP_CHAR_ALPHA	0x80
#define SIP_CHAR_ENDS	0x100	/* ends a value without quotes: LWS and ; , " */
#define SIP_CHAR_LISTS	0x400	/* means something between the elements of a list: , " < > */
#define SIP_CHAR_QUOTED	0x200	/* in quotes more than itself, or not allowed: " \ and controls */

extern const u16 sip_chars[256];

static inline bool sip_char_is(char c, u16 class)
{
	return sip_chars[(u8)c] & class;
}

/* Is every byte of the class, and is there at least one? */
static inline bool sip_all(struct slice s, u16 class)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!sip_char_is(s.p[i], class))
			return false;
	return s.n > 0;
}

/* Is s the literal, in any case? */
#define sip_is(s, literal) sip_is_n(s, literal, sizeof(literal) - 1)
static inline bool sip_is_n(struct slice s, const char *text, size_t n)
{
	return s.n == n && (!memcmp(s.p, text, n) || slice_caseeq(s, slice_of(text, n)));
}

struct sip_cursor {
	const char *p, *end;
};

/* White space off both ends, as slice_trim() does. */
static inline struct slice sip_trim(const char *p, const char *end)
{
	while (p < end && sip_char_is(*p, SIP_CHAR_LWS))
		p++;
	while (p < end && sip_char_is(end[-1], SIP_CHAR_LWS))
		end--;
	return slice_of(p, (size_t)(end - p));
}

static inline struct sip_cursor sip_cursor_of(struct slice s)
{
	return (struct sip_cursor){ s.p, s.n ? s.p + s.n : s.p };
}

static inline struct slice sip_cursor_rest(const struct sip_cursor *c)
{
	return slice_of(c->p, (size_t)(c->end - c->p));
}

static inline void sip_skip_lws(struct sip_cursor *c)
{
	const char *p = c->p, *end = c->end;

	while (p < end && sip_char_is(*p, SIP_CHAR_LWS))
		p++;
	c->p = p;
}

/* As many as there are of the class; maybe none. */
static inline struct slice sip_take(struct sip_cursor *c, u16 class)
{
	const char *p = c->p, *end = c->end, *from = p;

	while (p < end && sip_char_is(*p, class))
		p++;
	c->p = p;
	return slice_of(from, (size_t)(p - from));
}

static inline bool sip_take_char(struct sip_cursor *c, char what)
{
	if (c->p == c->end || *c->p != what)
		return false;
	c->p++;
	return true;
}

/* At a '"': past the closing one. false: there is none. */
bool sip_skip_quoted(struct sip_cursor *c);
/* A host that is an IP address; without brackets. *out has no port. */
bool sip_parse_ip(struct slice host, struct addr *out);
/*
 * host [":" port], in a Via with LWS around the colon; host without brackets, which
 * must hold an IPv6 address. *port 0: absent.
 */
bool sip_take_hostport(struct sip_cursor *c, bool lws, struct slice *host, bool *ip6, u16 *port);

#endif
