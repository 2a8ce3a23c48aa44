// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of RFC 4028 §7 to §10 as functions. An interval that the peer sets is
 * never believed below the least that we agree to: one second would have us send
 * two requests in it.
 */
#include "base/buf.h"
#include "base/timer.h"
#include "sip/chars.h"
#include "sip/session_timer.h"

static u32 larger(u32 a, u32 b)
{
	return a > b ? a : b;
}

/* --- values --- */

static bool take_seconds(struct slice value, u32 *seconds, struct slice *params)
{
	struct sip_cursor c = sip_cursor_of(value);
	struct slice digits = sip_take(&c, SIP_CHAR_DIGIT);

	if (!slice_u32(digits, seconds))
		return false;
	*params = sip_cursor_rest(&c);
	return true;
}

bool sip_parse_session_expires(struct slice value, struct sip_session_expires *out)
{
	struct slice rest, name, param;
	int more;

	out->refresher = SIP_REFRESHER_NONE;
	if (!take_seconds(value, &out->seconds, &rest))
		return false;
	while ((more = sip_next_param(&rest, &name, &param)) == 1) {
		if (!slice_caseeq(name, SLICE("refresher")))
			continue;
		if (slice_caseeq(param, SLICE("uac")))
			out->refresher = SIP_REFRESHER_UAC;
		else if (slice_caseeq(param, SLICE("uas")))
			out->refresher = SIP_REFRESHER_UAS;
	}
	return !more;
}

bool sip_parse_min_se(struct slice value, u32 *seconds)
{
	struct slice rest, name, param;
	int more;

	if (!take_seconds(value, seconds, &rest))
		return false;
	while ((more = sip_next_param(&rest, &name, &param)) == 1)
		;
	return !more;
}

/* 1; 0: absent; -1: malformed */
static int read_expires(const struct sip_msg *msg, struct sip_session_expires *out)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_SESSION_EXPIRES);

	*out = (struct sip_session_expires){ 0 };
	if (!hdr)
		return 0;
	return sip_parse_session_expires(hdr->value, out) ? 1 : -1;
}

static int read_min_se(const struct sip_msg *msg, u32 *seconds)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_MIN_SE);

	*seconds = 0;
	if (!hdr)
		return 0;
	return sip_parse_min_se(hdr->value, seconds) ? 1 : -1;
}

static u32 least(const struct sip_session_policy *policy)
{
	return larger(policy->min_se, SIP_SESSION_MIN);
}

/* What we would have: as it is, or as policy says. 0: nothing. */
static u32 wanted(const struct sip_session_policy *policy, const struct sip_session_timer *t)
{
	u32 interval = t->interval ? t->interval : policy->expires;

	return interval ? larger(interval, larger(t->min_se, least(policy))) : 0;
}

/* --- UAS --- */

/* It may be shortened, but not below either side's Min-SE, and never prolonged. */
static u32 shorten(const struct sip_session_policy *policy, u32 asked, u32 min_se)
{
	u32 ours = policy->expires ? larger(policy->expires, larger(min_se, least(policy))) : asked;

	return ours < asked ? ours : asked;
}

/* Table 2 of §9; who does not know it cannot do it. */
static bool we_refresh(const struct sip_session_policy *policy, const struct sip_session_timer *t,
		       enum sip_refresher asked)
{
	if (!t->peer)
		return true;
	if (asked != SIP_REFRESHER_NONE)
		return asked == SIP_REFRESHER_UAS;
	return t->interval ? t->local : policy->refresh;
}

static void print_answer(const struct sip_session_timer *t, char lines[SIP_SESSION_LINES])
{
	lines[0] = 0;
	if (t->interval)
		buf_print(lines, SIP_SESSION_LINES, "Session-Expires: %u;refresher=%s\r\n%s",
			  t->interval, t->local ? "uas" : "uac",
			  t->peer ? "Require: timer\r\n" : "");
}

u16 sip_session_timer_uas(const struct sip_session_policy *policy, const struct sip_msg *request,
			  struct sip_session_timer *t, char lines[SIP_SESSION_LINES])
{
	struct sip_session_timer next = *t;
	struct sip_session_expires asked;
	int given = read_expires(request, &asked);
	u32 min_se;

	lines[0] = 0;
	if (given < 0 || read_min_se(request, &min_se) < 0)
		return 400;
	next.peer = sip_msg_supports(request, "timer");
	next.min_se = larger(t->min_se, min_se);
	next.local = we_refresh(policy, &next, asked.refresher);
	if (given && asked.seconds < least(policy) && next.peer) {
		buf_print(lines, SIP_SESSION_LINES, "Min-SE: %u\r\n", least(policy));
		return 422;
	}
	if (!given)
		next.interval = wanted(policy, &next);
	else if (asked.seconds >= least(policy))
		next.interval = shorten(policy, asked.seconds, min_se);
	else	/* a proxy's: its UAC would not understand a 422, and we do not hurry so */
		next.interval = 0;
	next.local &= next.interval > 0;
	*t = next;
	print_answer(t, lines);
	return 0;
}

/* --- UAC --- */

void sip_session_timer_request(const struct sip_session_policy *policy,
			       const struct sip_session_timer *t, char lines[SIP_SESSION_LINES])
{
	/* At first the UAS may choose; then it stays as it was agreed on (§7.4). */
	const char *refresher = !t->interval ? "" : t->local ? ";refresher=uac" : ";refresher=uas";
	u32 min_se = larger(t->min_se, least(policy)), interval = wanted(policy, t);

	lines[0] = 0;
	if (!interval)
		return;
	if (!t->interval && policy->refresh)
		refresher = ";refresher=uac";
	buf_print(lines, SIP_SESSION_LINES, min_se > SIP_SESSION_MIN ?
		  "Session-Expires: %u%s\r\nMin-SE: %u\r\n" : "Session-Expires: %u%s\r\n",
		  interval, refresher, min_se);
}

void sip_session_timer_uac(const struct sip_session_policy *policy, const struct sip_msg *response,
			   struct sip_session_timer *t)
{
	struct sip_session_expires agreed;

	if (read_expires(response, &agreed) == 1) {
		t->peer = true;
		t->interval = larger(agreed.seconds, least(policy));
		t->local = agreed.refresher != SIP_REFRESHER_UAS;
		return;
	}
	t->peer = sip_msg_supports(response, "timer");
	t->interval = policy->expires ? wanted(policy, t) : 0;
	t->local = t->interval > 0;
}

bool sip_session_timer_refused(const struct sip_session_policy *policy,
			       const struct sip_msg *response, struct sip_session_timer *t)
{
	u32 asked = wanted(policy, t), min_se;

	if (!asked || read_min_se(response, &min_se) != 1 || min_se <= asked)
		return false;
	t->min_se = min_se;
	t->peer = true;
	return true;
}

/* --- deadlines --- */

u64 sip_session_timer_refresh(const struct sip_session_timer *t, u64 since)
{
	if (!t->interval || !t->local)
		return UINT64_MAX;
	return since + t->interval * NSEC_PER_SEC / 2;
}

u64 sip_session_timer_bye(const struct sip_session_timer *t, u64 since)
{
	u64 interval = t->interval * NSEC_PER_SEC, early = 32 * NSEC_PER_SEC;

	if (!t->interval)
		return UINT64_MAX;
	return since + interval - (interval / 3 < early ? interval / 3 : early);
}
