// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which URIs are the same: the examples of RFC 3261 §19.1.4, and more. Each pair
 * is asked both ways round.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sip/uri.h"

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true },
	{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true },
	{ "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true },
	{ "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
	  "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true },
	{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
	  "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true },
	{ "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false },
	{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false },
	{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", true },
	{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false },
	{ "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false },
	{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false },
	{ "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false },
	{ "sip:a@b", "sips:a@b", false },
	{ "sip:a@b", "sip:b", false },
	{ "sip:a:x@b", "sip:a@b", false },
	{ "sip:a@b;user=phone", "sip:a@b", false },
	{ "sip:a@b;maddr=192.0.2.1", "sip:a@b", false },
	{ "sip:a@b;lr", "sip:a@b;lr=x", false },
	{ "sip:a%3bb@c", "sip:a;b@c", false },		/* reserved: not the same */
	{ "sip:a%3Bb@c", "sip:a%3bb@c", true },
	{ "sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]", true },
	{ "sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]", false },
	{ "tel:+49-30-12.34", "tel:+49(30)1234", true },
	{ "tel:+49301234", "tel:+49301235", false },
	{ "tel:+49301234", "tel:+4930123", false },
	{ "tel:12;phone-context=A.com;ext=3", "tel:12;ext=3;phone-context=a.com", true },
	{ "tel:12;phone-context=a.com", "tel:12", false },
	{ "urn:service:sos", "urn:service:sos", true },
	{ "urn:service:sos", "urn:service:SOS", false },
	{ "sip:a@b", "rubbish", false },
	{ "sip:a@b", "tel:1", false },
};

TEST(the_same_or_not)
{
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct slice a = slice_str(pairs[i].a), b = slice_str(pairs[i].b);

		EXPECT_EQ(sip_uri_eq(a, b), pairs[i].same) {
			TH_LOG("%s and %s", pairs[i].a, pairs[i].b);
		}
		EXPECT_EQ(sip_uri_eq(b, a), pairs[i].same);
		EXPECT_TRUE(sip_uri_eq(a, a));
	}
}

TEST(many_parameters_are_not_compared_one_by_one)
{
	char a[1024], b[1100];
	size_t n = 0, i;

	for (i = 0; i < 33; i++)
		n += (size_t)snprintf(a + n, sizeof(a) - n, i ? ";p%zu" : "sip:a@b", i);
	snprintf(b, sizeof(b), "%s;lr", a);
	EXPECT_TRUE(sip_uri_eq(slice_str(a), slice_str(a)));
	EXPECT_FALSE(sip_uri_eq(slice_str(a), slice_str(b)));
	b[strlen(b) - 3] = 0;
	a[4] = b[4] = 'A';
	b[6] = 'B';
	EXPECT_TRUE(sip_uri_eq(slice_str(a), slice_str(b)));
}

TEST_HARNESS_MAIN
