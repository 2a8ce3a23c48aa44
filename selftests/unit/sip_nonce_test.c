// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nonces: what comes back changed, late or twice, and what a full table does to
 * those that were in it.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/timer.h"
#include "kselftest_harness.h"
#include "sip/nonce.h"

#define SEC NSEC_PER_SEC
#define NOW (1000 * SEC)
#define REALM SLICE("example.com")
#define SOURCE SLICE("192.0.2.10")

static struct sip_nonces *new_nonces(u32 slots)
{
	struct sip_nonces_conf conf = { .key = "the first key", .lifetime = 60 * SEC, .slots = slots };

	return sip_nonces_new(&conf);
}

static int parse(const struct sip_nonces *n, u64 now, const char *text)
{
	struct sip_nonce nonce;

	return sip_nonce_parse(n, now, REALM, SOURCE, slice_str(text), &nonce);
}

TEST(a_nonce_is_good_until_it_expires)
{
	struct sip_nonces *n = new_nonces(0);
	struct sip_nonce nonce;
	char text[SIP_NONCE_LEN], other[SIP_NONCE_LEN];

	sip_nonce_print(n, NOW, 7, REALM, SOURCE, text);
	EXPECT_EQ(strlen(text), 40);
	ASSERT_EQ(sip_nonce_parse(n, NOW, REALM, SOURCE, slice_str(text), &nonce), 0);
	EXPECT_EQ(nonce.time, 1000000);
	EXPECT_EQ(nonce.random, 7);
	EXPECT_EQ(parse(n, NOW + 60 * SEC, text), 0);
	EXPECT_EQ(parse(n, NOW + 60 * SEC + NSEC_PER_MSEC, text), -ESTALE);
	EXPECT_EQ(parse(n, NOW + 86400 * SEC, text), -ESTALE);
	/* A clock that went back is no reason to trust it for longer. */
	EXPECT_EQ(parse(n, NOW - SEC, text), -ESTALE);
	sip_nonce_print(n, NOW, 8, REALM, SOURCE, other);
	EXPECT_STRNE(text, other);
	sip_nonces_free(n);
}

TEST(a_nonce_that_was_touched_is_not_ours)
{
	struct sip_nonces *n = new_nonces(0);
	char text[SIP_NONCE_LEN], changed[64];
	size_t i;

	sip_nonce_print(n, NOW, 7, REALM, SOURCE, text);
	for (i = 0; i < 40; i++) {
		strcpy(changed, text);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		EXPECT_EQ(parse(n, NOW, changed), -EBADMSG) {
			TH_LOG("character %zu", i);
		}
		changed[i] = i & 1 ? '=' : ' ';
		EXPECT_EQ(parse(n, NOW, changed), -EBADMSG);
	}
	strcpy(changed, text);
	strcat(changed, "AAAA");
	EXPECT_EQ(parse(n, NOW, changed), -EBADMSG);
	text[36] = 0;
	EXPECT_EQ(parse(n, NOW, text), -EBADMSG);
	EXPECT_EQ(parse(n, NOW, ""), -EBADMSG);
	sip_nonces_free(n);
}

TEST(a_nonce_is_bound_to_its_realm_and_source)
{
	struct sip_nonces *n = new_nonces(0);
	struct sip_nonce nonce;
	char text[SIP_NONCE_LEN];
	struct slice s = slice_str(text);

	sip_nonce_print(n, NOW, 7, SLICE("ab"), SLICE("c"), text);
	s.n = 40;
	EXPECT_EQ(sip_nonce_parse(n, NOW, SLICE("ab"), SLICE("c"), s, &nonce), 0);
	EXPECT_EQ(sip_nonce_parse(n, NOW, SLICE("a"), SLICE("bc"), s, &nonce), -EBADMSG);
	EXPECT_EQ(sip_nonce_parse(n, NOW, SLICE("ab"), SLICE("d"), s, &nonce), -EBADMSG);
	EXPECT_EQ(sip_nonce_parse(n, NOW, SLICE("AB"), SLICE("c"), s, &nonce), -EBADMSG);
	EXPECT_EQ(sip_nonce_parse(n, NOW, SLICE("ab"), slice_of(NULL, 0), s, &nonce), -EBADMSG);
	sip_nonces_free(n);
}

/* Ours is made of words, one after the other: held against that of the library. */
TEST(a_nonce_ends_in_a_mac_of_the_library)
{
	struct sip_nonces *n = new_nonces(0);
	u8 raw[32], signed_text[14 + 8 + 2 + 1] = { 0 }, mac[16];
	char text[SIP_NONCE_LEN];
	u8 key[SIP_NONCE_KEY] = "the first key";
	int i;

	for (i = 0; i < 2; i++) {	/* the second is not signed on top of the first */
		sip_nonce_print(n, NOW, (u64)i, SLICE("ab"), SLICE("c"), text);
		ASSERT_EQ(EVP_DecodeBlock(raw, (u8 *)text, 40), 30);
		memcpy(signed_text, raw, 14);
		memcpy(signed_text + 14, "\0\0\0\0\0\0\0\2abc", 11);
		ASSERT_NE(EVP_Q_mac(NULL, "SIPHASH", NULL, NULL, NULL, key, sizeof(mac), signed_text,
				    sizeof(signed_text), mac, sizeof(mac), NULL), NULL);
		EXPECT_EQ(memcmp(raw + 14, mac, 16), 0);
	}
	sip_nonces_free(n);
}

TEST(the_key_before_the_current_one_is_still_believed)
{
	static const u8 second[SIP_NONCE_KEY] = "2", third[SIP_NONCE_KEY] = "3";
	struct sip_nonces *n = new_nonces(0), *stranger = new_nonces(0);
	char old[SIP_NONCE_LEN], text[SIP_NONCE_LEN];

	sip_nonce_print(n, NOW, 7, REALM, SOURCE, old);
	sip_nonces_rotate(n, second);
	sip_nonce_print(n, NOW, 7, REALM, SOURCE, text);
	EXPECT_STRNE(old, text);
	EXPECT_EQ(parse(n, NOW, old), 0);
	EXPECT_EQ(parse(n, NOW, text), 0);
	EXPECT_EQ(parse(n, NOW + 61 * SEC, old), -ESTALE);
	EXPECT_EQ(parse(stranger, NOW, text), -EBADMSG);
	sip_nonces_rotate(n, third);
	EXPECT_EQ(parse(n, NOW, old), -EBADMSG);
	EXPECT_EQ(parse(n, NOW, text), 0);
	sip_nonces_free(n);
	sip_nonces_free(stranger);
	sip_nonces_free(NULL);
}

TEST(no_count_is_taken_twice)
{
	struct sip_nonce nonce = { 1000, 1 }, other = { 1000, 2 };
	struct sip_nonces *n = new_nonces(64);

	EXPECT_EQ(sip_nonce_use(n, &nonce, 0), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 1), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 1), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 4), 0);
	/* They overtook each other on the way: each once. */
	EXPECT_EQ(sip_nonce_use(n, &nonce, 2), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 2), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 3), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 4), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 1), -EEXIST);
	/* Another nonce counts for itself. */
	EXPECT_EQ(sip_nonce_use(n, &other, 1), 0);
	/* 100 .. 37 are remembered one by one, what is below is not taken at all. */
	EXPECT_EQ(sip_nonce_use(n, &nonce, 100), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 37), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 37), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 36), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 163), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 100), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, UINT32_MAX), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, UINT32_MAX), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, UINT32_MAX - 63), 0);
	EXPECT_EQ(sip_nonce_use(n, &nonce, UINT32_MAX - 64), -EEXIST);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 164), -EEXIST);
	sip_nonces_free(n);
}

/* One set of four: the fifth nonce pushes out the first, which nobody can replay then. */
TEST(a_forgotten_nonce_is_stale_and_never_new)
{
	struct sip_nonces *n = new_nonces(4);
	struct sip_nonce nonce = { 0, 0 };
	u64 t;

	for (t = 1; t <= 5; t++) {
		nonce.time = t;
		EXPECT_EQ(sip_nonce_use(n, &nonce, 1), 0);
	}
	nonce.time = 1;
	EXPECT_EQ(sip_nonce_use(n, &nonce, 1), -ESTALE);
	EXPECT_EQ(sip_nonce_use(n, &nonce, 2), -ESTALE);
	/* The others are as they were. */
	for (t = 2; t <= 5; t++) {
		nonce.time = t;
		EXPECT_EQ(sip_nonce_use(n, &nonce, 1), -EEXIST);
		EXPECT_EQ(sip_nonce_use(n, &nonce, 2), 0);
	}
	/* One that was issued with the forgotten one may have been it. */
	nonce = (struct sip_nonce){ 1, 99 };
	EXPECT_EQ(sip_nonce_use(n, &nonce, 1), -ESTALE);
	sip_nonces_free(n);
}

/* A thousand clients on a table for 64, each replayed later on: none succeeds. */
TEST(a_small_table_never_lets_a_replay_through)
{
	struct sip_nonces *n = new_nonces(64);
	unsigned int taken = 0, replayed = 0;
	struct sip_nonce nonce;
	u64 i, back;

	for (i = 1; i <= 1000; i++) {
		nonce = (struct sip_nonce){ i / 3 + 1, i };
		taken += !sip_nonce_use(n, &nonce, 1);
		for (back = i > 200 ? i - 200 : 1; back <= i; back++) {
			nonce = (struct sip_nonce){ back / 3 + 1, back };
			replayed += !sip_nonce_use(n, &nonce, 1);
		}
	}
	EXPECT_EQ(replayed, 0);
	EXPECT_GT(taken, 900);
	sip_nonces_free(n);
}

TEST_HARNESS_MAIN
