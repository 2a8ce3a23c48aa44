// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep-alives by STUN on the port of SIP (RFC 5626 §4.4.2): a Binding request is told where
 * it came from; whatever else begins like STUN gets nothing. Who is not known may have given
 * the address of somebody else, and gets no more than he sent.
 */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "transport/stun.h"

#define OPTIONAL \
	"\x00\x01\x00\x08\x21\x12\xa4\x42transaction!\x80\x22\x00\x03xyz\x00"

FIXTURE(stun) {
	u8 answer[STUN_ANSWER];
	struct addr source;
};

FIXTURE_SETUP(stun)
{
	memset(self->answer, 0xee, sizeof(self->answer));
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:32853"), &self->source));
}

FIXTURE_TEARDOWN(stun)
{
}

TEST_F(stun, a_binding_request_is_told_where_it_came_from)
{
	static const char want[] = "\x00\x01\x00\x0c\x21\x12\xa4\x42transaction!\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43";

	ASSERT_EQ(stun_answer(SLICE("\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"), &self->source, true, self->answer), 32);
	EXPECT_EQ(self->answer[0], 1);		/* a success response */
	EXPECT_EQ(self->answer[1], 1);
	EXPECT_EQ(memcmp(self->answer + 2, want + 2, 30), 0);
}

TEST_F(stun, so_is_one_by_ipv6)
{
	u8 *x = self->answer + 24;
	size_t i;

	ASSERT_TRUE(addr_parse(SLICE("[2001:db8::7]:5060"), &self->source));
	ASSERT_EQ(stun_answer(SLICE("\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"), &self->source, true, self->answer), 44);
	EXPECT_EQ(self->answer[25], 2);
	/* un-mixed with cookie and transaction it is the address again */
	for (i = 0; i < 16; i++)
		x[4 + i] ^= self->answer[4 + i];
	EXPECT_EQ(memcmp(x + 4, &self->source.ip, 16), 0);
}

TEST_F(stun, optional_attributes_are_passed_over)
{
	EXPECT_EQ(stun_answer(SLICE(OPTIONAL),
			      &self->source, true, self->answer), 32);
}

TEST_F(stun, a_stranger_is_told_no_more_than_he_sent)
{
	static const struct {
		const char *source;
		int answer;
	} families[] = {
		{ "192.0.2.1:32853", 32 }, { "[2001:db8::7]:5060", 44 },
	};
	char bytes[64] = "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
	size_t i;
	int n;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++) {
		ASSERT_TRUE(addr_parse(slice_str(families[i].source), &self->source));
		for (n = 20; n <= 64; n += 4) {
			/* padded with one attribute that nobody has to understand */
			memset(bytes + 20, 0, sizeof(bytes) - 20);
			bytes[3] = (char)(n - 20);
			memcpy(bytes + 20, "\x80\x22\x00", 3);
			bytes[23] = (char)(n - 24);
			EXPECT_EQ(stun_answer(slice_of(bytes, (size_t)n), &self->source, false, self->answer),
				  n < families[i].answer ? -EPERM : families[i].answer) {
				TH_LOG("%d bytes of %s", n, families[i].source);
			}
			EXPECT_EQ(stun_answer(slice_of(bytes, (size_t)n), &self->source, true, self->answer),
				  families[i].answer);
		}
	}
	/* what nobody gets an answer to is not counted as his */
	EXPECT_EQ(stun_answer(SLICE("OPTIONS sip:x@192.0.2.1 SIP/2.0\r\n"), &self->source, false, self->answer), 0);
	EXPECT_EQ(stun_answer(SLICE("\x00\x03\x00\x00\x21\x12\xa4\x42transaction!"), &self->source, false, self->answer), 0);
}

TEST_F(stun, what_is_not_a_plain_binding_request_gets_nothing)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
	} cases[] = {
#define CASE(what, text) { what, text, sizeof(text) - 1 }
		CASE("nothing", ""),
		CASE("a request of SIP", "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\n"),
		CASE("a response", "\x01\x01\x00\x00\x21\x12\xa4\x42transaction!"),
		CASE("another method", "\x00\x03\x00\x00\x21\x12\xa4\x42transaction!"),
		CASE("a header that is cut off", "\x00\x01\x00\x00\x21\x12\xa4\x42transactio"),
		CASE("another cookie", "\x00\x01\x00\x00\x21\x12\xa4\x43transaction!"),
		CASE("a length of more than there is", "\x00\x01\x00\x04\x21\x12\xa4\x42transaction!"),
		CASE("more than the length says", "\x00\x01\x00\x00\x21\x12\xa4\x42transaction!\x80\x22\x00\x00"),
		CASE("an attribute that is cut off", "\x00\x01\x00\x04\x21\x12\xa4\x42transaction!\x80\x22\x00\x09"),
		CASE("an attribute that must be understood", "\x00\x01\x00\x04\x21\x12\xa4\x42transaction!\x00\x06\x00\x00"),
		CASE("half an attribute", "\x00\x01\x00\x02\x21\x12\xa4\x42transaction!\x80\x22"),
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* of exact size, so that ASan sees a read beyond it */
		char *bytes = malloc(cases[i].n ? cases[i].n : 1);

		memcpy(bytes, cases[i].bytes, cases[i].n);
		EXPECT_EQ(stun_answer(slice_of(bytes, cases[i].n), &self->source, true, self->answer), 0) {
			TH_LOG("%s", cases[i].what);
		}
		free(bytes);
	}
}

TEST_HARNESS_MAIN
