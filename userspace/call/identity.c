// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may tell whom who is calling. A realm is trusted or not (RFC 3325 §2.3, one
 * trust domain). An assertion counts when it comes from a trusted realm; outside of
 * the domain it goes unless its subject does not want that. For the outside Jalur is
 * the privacy service (RFC 3323): it does what Privacy asks for and takes it away.
 * What tells how a call was diverted stays inside. Headers that nobody here knows
 * pass inside the domain; the realm may say otherwise of each.
 */
#include <strings.h>

#include "call/header_private.h"

/* Values are separated by ';', but some devices use ','. */
static bool next_privacy(struct slice *rest, struct slice *value)
{
	size_t n = 0;

	while (rest->n && (*rest->p == ';' || *rest->p == ','))
		*rest = slice_of(rest->p + 1, rest->n - 1);
	if (!rest->n)
		return false;
	while (n < rest->n && rest->p[n] != ';' && rest->p[n] != ',')
		n++;
	*value = slice_trim(slice_of(rest->p, n));
	*rest = slice_of(rest->p + n, rest->n - n);
	return true;
}

bool call_privacy_asks(const struct sip_msg *msg, const char *value)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_PRIVACY);
	struct slice rest, its;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (next_privacy(&rest, &its))
			if (slice_caseeq(its, slice_str(value)))
				return true;
	}
	return false;
}

static bool privacy_is_unknown(const struct sip_msg *msg)
{
	static const char *const known[] = {
		"header", "session", "user", "none", "critical", "id", "history",
	};
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_PRIVACY);
	struct slice rest, its;
	size_t i;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (next_privacy(&rest, &its)) {
			for (i = 0; i < sizeof(known) / sizeof(*known); i++)
				if (slice_caseeq(its, slice_str(known[i])))
					break;
			if (i == sizeof(known) / sizeof(*known))
				return true;
		}
	}
	return false;
}

/* RFC 3323 §4.2: "critical" wants all of it or nothing, and that includes what we do not know. */
bool call_privacy_fails(const struct sip_msg *msg)
{
	return call_privacy_asks(msg, "critical") && privacy_is_unknown(msg);
}

bool call_is_anonymous(const struct call_leg *to, const struct sip_msg *msg)
{
	return !to->call->policy->realms[to->realm].trusted && call_privacy_asks(msg, "user");
}

static bool trusted(const struct call_realm *realm)
{
	return realm && realm->trusted;
}

bool call_identity_passes(const struct call_passage *p, const struct sip_hdr *hdr)
{
	switch (hdr->id) {
	case SIP_HDR_P_ASSERTED_IDENTITY:
		return trusted(p->in) && (trusted(p->out) || !call_privacy_asks(p->msg, "id"));
	case SIP_HDR_PRIVACY:
		return trusted(p->out) || slice_caseeq(hdr->value, SLICE("none"));
	case SIP_HDR_P_PREFERRED_IDENTITY:
		return trusted(p->out);
	case SIP_HDR_HISTORY_INFO:
	case SIP_HDR_DIVERSION:
		return trusted(p->in) && trusted(p->out);
	default:	/* of the user, in his own words */
		return trusted(p->out) || !call_privacy_asks(p->msg, "user");
	}
}

static bool is_listed(char *const *names, size_t n, struct slice name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (slice_caseeq(name, slice_str(names[i])))
			return true;
	return false;
}

bool call_dropped(const struct call_passage *p, struct slice name)
{
	return (p->in && is_listed(p->in->drop, p->in->ndrop, name)) ||
	       (p->out && is_listed(p->out->drop, p->out->ndrop, name));
}

bool call_unknown_passes(const struct call_passage *p, struct slice name)
{
	return (trusted(p->in) && trusted(p->out)) ||
	       (p->in && is_listed(p->in->pass, p->in->npass, name)) ||
	       (p->out && is_listed(p->out->pass, p->out->npass, name));
}
