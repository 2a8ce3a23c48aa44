// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session timers: the tables of RFC 4028 §7 to §10, from either side.
 */
#include <stdio.h>

#include "base/timer.h"
#include "kselftest_harness.h"
#include "sip/session_timer.h"

#define SEC NSEC_PER_SEC
#define HEAD \
	"Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: <sip:a@example.com>;tag=a\r\n" \
	"To: <sip:b@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"

static const struct sip_msg *message(struct __test_metadata *_metadata, const char *first,
				     const char *headers)
{
	static struct sip_msg msg;
	static char text[1024];
	struct sip_error err;

	snprintf(text, sizeof(text), "%s\r\n" HEAD "%s\r\n", first, headers);
	ASSERT_EQ(sip_parse(slice_str(text), &msg, &err), 0) {
		TH_LOG("%s", text);
	}
	return &msg;
}

#define invite(headers) message(_metadata, "INVITE sip:b@example.com SIP/2.0", headers)
#define response(status, headers) message(_metadata, "SIP/2.0 " status " Said", headers)

static const struct {
	const char *value;
	bool good;
	u32 seconds;
	enum sip_refresher refresher;
} values[] = {
	{ "1800", true, 1800, SIP_REFRESHER_NONE },
	{ "90;refresher=uac", true, 90, SIP_REFRESHER_UAC },
	{ "4000 ; Refresher = UAS", true, 4000, SIP_REFRESHER_UAS },
	{ "4000;x=\"a;refresher=uac\";refresher=uas", true, 4000, SIP_REFRESHER_UAS },
	{ "4000;refresher=both", true, 4000, SIP_REFRESHER_NONE },
	{ "4000;refresher", true, 4000, SIP_REFRESHER_NONE },
	{ "4294967295", true, UINT32_MAX, SIP_REFRESHER_NONE },
	{ "4294967296", false, 0, 0 },
	{ "", false, 0, 0 },
	{ "-1", false, 0, 0 },
	{ "1800 uac", false, 0, 0 },
	{ "1800;", false, 0, 0 },
	{ "soon;refresher=uac", false, 0, 0 },
};

TEST(values_as_they_are_written)
{
	struct sip_session_expires got;
	u32 seconds;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		EXPECT_EQ(sip_parse_session_expires(slice_str(values[i].value), &got),
			  values[i].good) {
			TH_LOG("%s", values[i].value);
		}
		EXPECT_EQ(sip_parse_min_se(slice_str(values[i].value), &seconds), values[i].good);
		if (!values[i].good)
			continue;
		EXPECT_EQ(got.seconds, values[i].seconds);
		EXPECT_EQ(got.refresher, values[i].refresher);
		EXPECT_EQ(seconds, values[i].seconds);
	}
}

/* --- as UAS --- */

#define TIMER "Supported: 100rel, timer\r\n"

static const struct {
	const char *headers;
	struct sip_session_policy policy;
	struct sip_session_timer before;
	u16 status;
	const char *lines;
	u32 interval;
	bool local;
} served[] = {
	/* Table 2 of §9: who refreshes */
	{ "Session-Expires: 1800\r\n", { .expires = 1800 }, { 0 },
	  0, "Session-Expires: 1800;refresher=uas\r\n", 1800, true },
	{ "Session-Expires: 1800;refresher=uac\r\n", { 0 }, { 0 },
	  0, "Session-Expires: 1800;refresher=uas\r\n", 1800, true },
	{ TIMER "Session-Expires: 1800\r\n", { 0 }, { 0 },
	  0, "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n", 1800, false },
	{ TIMER "Session-Expires: 1800\r\n", { .refresh = true }, { 0 },
	  0, "Session-Expires: 1800;refresher=uas\r\nRequire: timer\r\n", 1800, true },
	{ TIMER "x: 1800;refresher=uac\r\n", { .refresh = true }, { 0 },
	  0, "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n", 1800, false },
	{ TIMER "Session-Expires: 1800;refresher=uas\r\n", { 0 }, { 0 },
	  0, "Session-Expires: 1800;refresher=uas\r\nRequire: timer\r\n", 1800, true },
	{ "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n", { 0 }, { 0 },
	  0, "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n", 1800, false },
	/* None is asked for: ours, if we want one, and also of a peer that cannot do it */
	{ TIMER, { 0 }, { 0 }, 0, "", 0, false },
	{ "", { 0 }, { 0 }, 0, "", 0, false },
	{ TIMER, { .expires = 600 }, { 0 },
	  0, "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n", 600, false },
	{ "", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 600;refresher=uas\r\n", 600, true },
	{ TIMER "Min-SE: 900\r\n", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 900;refresher=uac\r\nRequire: timer\r\n", 900, false },
	/* It may become shorter, not below Min-SE of either side, and not longer */
	{ TIMER "Session-Expires: 1800\r\n", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n", 600, false },
	{ TIMER "Session-Expires: 1800\r\nMin-SE: 1200\r\n", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 1200;refresher=uac\r\nRequire: timer\r\n", 1200, false },
	{ TIMER "Session-Expires: 1800\r\n", { .expires = 600, .min_se = 900 }, { 0 },
	  0, "Session-Expires: 900;refresher=uac\r\nRequire: timer\r\n", 900, false },
	{ TIMER "Session-Expires: 300\r\n", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 300;refresher=uac\r\nRequire: timer\r\n", 300, false },
	{ TIMER "Session-Expires: 300\r\nMin-SE: 400\r\n", { .expires = 600 }, { 0 },
	  0, "Session-Expires: 300;refresher=uac\r\nRequire: timer\r\n", 300, false },
	/* Too small: 422, but for a UAC that does not know what that is */
	{ TIMER "Session-Expires: 89\r\n", { 0 }, { .interval = 7 }, 422, "Min-SE: 90\r\n", 7, false },
	{ TIMER "Session-Expires: 90\r\n", { .min_se = 91 }, { 0 }, 422, "Min-SE: 91\r\n", 0, false },
	{ TIMER "Session-Expires: 90\r\n", { .min_se = 30 }, { 0 },
	  0, "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\n", 90, false },
	{ TIMER "Session-Expires: 0\r\n", { 0 }, { 0 }, 422, "Min-SE: 90\r\n", 0, false },
	{ "Session-Expires: 60\r\n", { .expires = 600 }, { 0 }, 0, "", 0, false },
	/* Malformed */
	{ TIMER "Session-Expires: never\r\n", { 0 }, { .interval = 7 }, 400, "", 7, false },
	{ TIMER "Session-Expires: 90\r\nMin-SE: \r\n", { 0 }, { 0 }, 400, "", 0, false },
	/* A refresh of the peer's that says nothing new changes nothing */
	{ TIMER, { .expires = 600 }, { .interval = 300, .local = true }, 0,
	  "Session-Expires: 300;refresher=uas\r\nRequire: timer\r\n", 300, true },
	{ TIMER "Session-Expires: 300\r\n", { 0 }, { .interval = 300, .local = true }, 0,
	  "Session-Expires: 300;refresher=uas\r\nRequire: timer\r\n", 300, true },
	/* and who refreshes may change with it */
	{ TIMER "Session-Expires: 300;refresher=uac\r\n", { 0 }, { .interval = 300, .local = true },
	  0, "Session-Expires: 300;refresher=uac\r\nRequire: timer\r\n", 300, false },
};

TEST(what_a_uas_answers)
{
	char lines[SIP_SESSION_LINES];
	size_t i;

	for (i = 0; i < sizeof(served) / sizeof(*served); i++) {
		struct sip_session_timer t = served[i].before;

		EXPECT_EQ(sip_session_timer_uas(&served[i].policy, invite(served[i].headers), &t,
						lines), served[i].status);
		EXPECT_STREQ(lines, served[i].lines) {
			TH_LOG("%zu: %s", i, served[i].headers);
		}
		EXPECT_EQ(t.interval, served[i].interval);
		EXPECT_EQ(t.local, served[i].local) {
			TH_LOG("%zu: %s", i, served[i].headers);
		}
	}
}

/* --- as UAC --- */

static const struct {
	struct sip_session_policy policy;
	struct sip_session_timer t;
	const char *lines;
} asked[] = {
	{ { 0 }, { 0 }, "" },
	{ { .expires = 1800 }, { 0 }, "Session-Expires: 1800\r\n" },
	{ { .expires = 1800, .refresh = true }, { 0 }, "Session-Expires: 1800;refresher=uac\r\n" },
	{ { .expires = 1800, .min_se = 600 }, { 0 }, "Session-Expires: 1800\r\nMin-SE: 600\r\n" },
	{ { .expires = 60 }, { 0 }, "Session-Expires: 90\r\n" },
	{ { .expires = 1800 }, { .min_se = 3600 }, "Session-Expires: 3600\r\nMin-SE: 3600\r\n" },
	/* a refresh (§7.4) */
	{ { .expires = 1800 }, { .interval = 600, .local = true },
	  "Session-Expires: 600;refresher=uac\r\n" },
	{ { 0 }, { .interval = 600, .min_se = 300 },
	  "Session-Expires: 600;refresher=uas\r\nMin-SE: 300\r\n" },
	{ { .refresh = true }, { .interval = 600 }, "Session-Expires: 600;refresher=uas\r\n" },
	{ { 0 }, { .interval = UINT32_MAX, .min_se = UINT32_MAX, .local = true },
	  "Session-Expires: 4294967295;refresher=uac\r\nMin-SE: 4294967295\r\n" },
};

TEST(what_a_uac_asks_for)
{
	char lines[SIP_SESSION_LINES];
	size_t i;

	for (i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		sip_session_timer_request(&asked[i].policy, &asked[i].t, lines);
		EXPECT_STREQ(lines, asked[i].lines);
	}
}

static const struct {
	const char *headers;
	struct sip_session_policy policy;
	struct sip_session_timer before;
	u32 interval;
	bool local, peer;
} agreed[] = {
	{ "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n", { .expires = 3600 }, { 0 },
	  1800, true, true },
	{ "Session-Expires: 1800;refresher=uas\r\n", { .expires = 1800 }, { 0 }, 1800, false, true },
	{ "Session-Expires: 1800\r\n", { .expires = 1800 }, { 0 }, 1800, true, true },
	/* we did not ask, and are told all the same */
	{ "Session-Expires: 1800;refresher=uas\r\n", { 0 }, { 0 }, 1800, false, true },
	/* the peer cannot, so we do it for both, or it is off */
	{ "", { .expires = 1800 }, { 0 }, 1800, true, false },
	{ TIMER, { .expires = 1800 }, { .min_se = 2000 }, 2000, true, true },
	{ "", { 0 }, { 0 }, 0, false, false },
	{ "", { 0 }, { .interval = 1800, .local = true, .peer = true }, 0, false, false },
	{ "Session-Expires: nonsense\r\n", { .expires = 1800 }, { 0 }, 1800, true, false },
	/* nobody has us refresh all the time */
	{ "Session-Expires: 1;refresher=uac\r\n", { .expires = 1800 }, { 0 }, 90, true, true },
	{ "Session-Expires: 0;refresher=uas\r\n", { .min_se = 120 }, { 0 }, 120, false, true },
};

TEST(what_the_2xx_agrees_to)
{
	size_t i;

	for (i = 0; i < sizeof(agreed) / sizeof(*agreed); i++) {
		struct sip_session_timer t = agreed[i].before;

		sip_session_timer_uac(&agreed[i].policy, response("200", agreed[i].headers), &t);
		EXPECT_EQ(t.interval, agreed[i].interval) {
			TH_LOG("%zu: %s", i, agreed[i].headers);
		}
		EXPECT_EQ(t.local, agreed[i].local) {
			TH_LOG("%zu: %s", i, agreed[i].headers);
		}
		EXPECT_EQ(t.peer, agreed[i].peer);
	}
}

TEST(a_422_is_heeded_as_long_as_it_asks_for_more)
{
	struct sip_session_policy policy = { .expires = 600 }, none = { 0 };
	struct sip_session_timer t = { 0 };
	char lines[SIP_SESSION_LINES];

	EXPECT_TRUE(sip_session_timer_refused(&policy, response("422", "Min-SE: 900\r\n"), &t));
	sip_session_timer_request(&policy, &t, lines);
	EXPECT_STREQ(lines, "Session-Expires: 900\r\nMin-SE: 900\r\n");
	EXPECT_TRUE(sip_session_timer_refused(&policy, response("422", "Min-SE: 1000\r\n"), &t));
	/* We did what it says: again it would go on for ever. */
	EXPECT_FALSE(sip_session_timer_refused(&policy, response("422", "Min-SE: 1000\r\n"), &t));
	EXPECT_FALSE(sip_session_timer_refused(&policy, response("422", "Min-SE: 90\r\n"), &t));
	EXPECT_FALSE(sip_session_timer_refused(&policy, response("422", "Min-SE: x\r\n"), &t));
	EXPECT_FALSE(sip_session_timer_refused(&policy, response("422", ""), &t));
	EXPECT_EQ(t.min_se, 1000);
	/* It outlives the INVITE: refreshes carry it (§7.4). */
	sip_session_timer_uac(&policy, response("200", "Session-Expires: 1200;refresher=uac\r\n"), &t);
	sip_session_timer_request(&policy, &t, lines);
	EXPECT_STREQ(lines, "Session-Expires: 1200;refresher=uac\r\nMin-SE: 1000\r\n");
	t = (struct sip_session_timer){ 0 };
	EXPECT_FALSE(sip_session_timer_refused(&none, response("422", "Min-SE: 900\r\n"), &t));
}

/* Half of it, and 32 s or a third before its end (§10). */
TEST(when_to_act)
{
	static const struct {
		struct sip_session_timer t;
		u64 refresh, bye;
	} table[] = {
		{ { .interval = 1800, .local = true }, 900 * SEC, 1768 * SEC },
		{ { .interval = 1800 }, UINT64_MAX, 1768 * SEC },
		{ { .interval = 90, .local = true }, 45 * SEC, 60 * SEC },
		{ { .interval = 96, .local = true }, 48 * SEC, 64 * SEC },
		{ { .interval = 91, .local = true }, 45500000000, 91 * SEC - 91 * SEC / 3 },
		{ { .interval = UINT32_MAX, .local = true }, UINT32_MAX * SEC / 2,
		  (UINT32_MAX - 32) * SEC },
		{ { .local = true }, UINT64_MAX, UINT64_MAX },
	};
	u64 since = 5 * SEC, refresh, bye;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		refresh = sip_session_timer_refresh(&table[i].t, since);
		bye = sip_session_timer_bye(&table[i].t, since);
		EXPECT_EQ(refresh, table[i].refresh == UINT64_MAX ? UINT64_MAX
								   : since + table[i].refresh);
		EXPECT_EQ(bye, table[i].bye == UINT64_MAX ? UINT64_MAX : since + table[i].bye);
	}
}

TEST_HARNESS_MAIN
