// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header table: every name is found however it is written, and nothing that
 * only resembles one.
 */
#include <ctype.h>

#include "kselftest_harness.h"
#include "sip/header.h"
#include "sip/msg.h"

static struct slice changed(const char *name, char *to, int (*change)(int))
{
	size_t i;

	for (i = 0; name[i]; i++)
		to[i] = (char)change(name[i]);
	return slice_of(to, i);
}

TEST(every_header_is_found_by_its_name_in_any_case)
{
	unsigned int id;
	char text[64];

	for (id = SIP_HDR_OTHER + 1; id < SIP_HDR_COUNT; id++) {
		const struct sip_hdr_info *info = sip_hdr_info(id);

		ASSERT_EQ(strlen(info->name), info->len);
		EXPECT_EQ(sip_hdr_id_of(slice_str(info->name)), id) {
			TH_LOG("%s", info->name);
		}
		EXPECT_EQ(sip_hdr_id_of(changed(info->name, text, tolower)), id);
		EXPECT_EQ(sip_hdr_id_of(changed(info->name, text, toupper)), id);
		if (!info->compact)
			continue;
		EXPECT_EQ(sip_hdr_id_of(slice_of(&info->compact, 1)), id) {
			TH_LOG("%s, %c", info->name, info->compact);
		}
		text[0] = (char)toupper(info->compact);
		EXPECT_EQ(sip_hdr_id_of(slice_of(text, 1)), id);
	}
}

TEST(other_names_are_not_taken_for_known_ones)
{
	static const char *const names[] = {
		"", "X-Custom", "Vi", "Vib", "Viaa", "T0", "Call_ID", "CallID", "z", "g", "7", "-",
		"Zzz", "@", "[", "Content-Lengt",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		EXPECT_EQ(sip_hdr_id_of(slice_str(names[i])), SIP_HDR_OTHER) {
			TH_LOG("case %zu", i);
		}
}

TEST(methods_and_reasons_have_names)
{
	unsigned int m;

	for (m = SIP_INVITE; m <= SIP_MESSAGE; m++)
		EXPECT_EQ(sip_method_of(slice_str(sip_method_name(m))), m);
	EXPECT_EQ(sip_method_of(SLICE("invite")), SIP_METHOD_OTHER);	/* RFC 3261 §7.1 */
	EXPECT_EQ(sip_method_of(SLICE("INVITES")), SIP_METHOD_OTHER);
	EXPECT_EQ(sip_method_of(SLICE("")), SIP_METHOD_OTHER);
	EXPECT_STREQ(sip_reason_phrase(486), "Busy Here");
	EXPECT_STREQ(sip_reason_phrase(499), "Request Failure");
	EXPECT_STREQ(sip_reason_phrase(65535), "Unknown");
}

TEST_HARNESS_MAIN
