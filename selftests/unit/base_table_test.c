// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the engine stands on: the keyed hash and its tables, the timer heap, the
 * random generator; the two ciphers by the vectors of their authors.
 */
#include <stdlib.h>

#include "base/mac.h"
#include "base/random.h"
#include "base/timer.h"
#include "kselftest_harness.h"

/* SipHash-1-3: key 00..0f, message 00, 01, 02 ... */
static u64 siphash_of(size_t n)
{
	static const struct hash_key key = { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } };
	struct hasher h;
	size_t i;

	hash_begin(&h, &key);
	for (i = 0; i < n; i++)
		hash_add(&h, slice_of((char[]){ (char)i }, 1));
	return hash_end(&h);
}

TEST(the_hash_is_siphash)
{
	EXPECT_EQ(siphash_of(0), 0xabac0158050fc4dcull);
	EXPECT_EQ(siphash_of(1), 0xc9f49bf37d57ca93ull);
	EXPECT_EQ(siphash_of(8), 0x369095118d299a8eull);
	EXPECT_EQ(siphash_of(15), 0xd320d86d2a519956ull);
}

/* Aumasson and Bernstein's vectors of SipHash-2-4-128, in pieces of every length. */
TEST(the_mac_is_that_of_its_authors)
{
	static const struct {
		size_t n;
		u8 mac[MAC_SIZE + 1];
	} vectors[] = {
		{ 0, "\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55\x02\x93" },
		{ 1, "\xda\x87\xc1\xd8\x6b\x99\xaf\x44\x34\x76\x59\x11\x9b\x22\xfc\x45" },
		{ 8, "\x3b\x62\xa9\xba\x62\x58\xf5\x61\x0f\x83\xe2\x64\xf3\x14\x97\xb4" },
		{ 15, "\x54\x93\xe9\x99\x33\xb0\xa8\x11\x7e\x08\xec\x0f\x97\xcf\xc3\xd9" },
	};
	u8 key[MAC_KEY], out[MAC_SIZE];
	char text[MAC_KEY];
	struct mac m;
	size_t i, cut;

	for (i = 0; i < MAC_KEY; i++)
		key[i] = (u8)(text[i] = (char)i);
	for (i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		for (cut = 0; cut <= vectors[i].n; cut++) {
			mac_begin(&m, key);
			mac_add(&m, slice_of(text, cut));
			mac_add(&m, slice_of(text + cut, vectors[i].n - cut));
			mac_end(&m, out);
			EXPECT_EQ(memcmp(out, vectors[i].mac, MAC_SIZE), 0) {
				TH_LOG("%zu of %zu", cut, vectors[i].n);
			}
		}
	}
}

/* Words are taken whole wherever they begin. */
TEST(the_hash_does_not_depend_on_the_pieces)
{
	static const struct hash_key key = { { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull } };
	char text[40];
	struct hasher h;
	size_t n, cut;

	for (n = 0; n < sizeof(text); n++)
		text[n] = (char)n;
	for (n = 0; n <= sizeof(text); n++) {
		for (cut = 0; cut <= n; cut++) {
			hash_begin(&h, &key);
			hash_add(&h, slice_of(text, cut));
			hash_add(&h, slice_of(text + cut, n - cut));
			EXPECT_EQ(hash_end(&h), siphash_of(n)) { TH_LOG("%zu of %zu", cut, n); }
		}
	}
	hash_begin(&h, &key);
	hash_add(&h, slice_of(text, 3));
	hash_add_u64(&h, 0x0a09080706050403ull);
	EXPECT_EQ(hash_end(&h), siphash_of(11));
}

struct number {
	struct hash_node node;
	int value;
};

/* Many nodes share a hash here: only that makes chains long. */
static u64 hash_of(int value)
{
	return (u64)(value % 100) * 0x9e3779b97f4a7c15ull;
}

static struct number *find(struct hash *t, int value)
{
	struct hash_node *node = hash_first(t, hash_of(value));

	for (; node; node = hash_next(node))
		if (hash_entry(node, struct number, node)->value == value)
			return hash_entry(node, struct number, node);
	return NULL;
}

TEST(a_table_finds_what_is_in_it_and_nothing_else)
{
	struct number *all = calloc(1000, sizeof(*all));
	struct hash t;
	size_t at = 0, left = 0;
	int i;

	ASSERT_EQ(hash_init(&t), 0);
	for (i = 0; i < 1000; i++) {
		all[i].value = i;
		hash_insert(&t, &all[i].node, hash_of(i));
	}
	EXPECT_EQ(t.n, 1000);
	EXPECT_GE(t.nbuckets, 512);
	for (i = 0; i < 1000; i += 2)
		hash_remove(&t, &all[i].node);
	for (i = 0; i < 1000; i++)
		EXPECT_EQ(find(&t, i), i % 2 ? &all[i] : NULL);
	EXPECT_EQ(find(&t, 1001), NULL);
	while (hash_from(&t, &at)) {
		hash_remove(&t, hash_from(&t, &at));
		left++;
	}
	EXPECT_EQ(left, 500);
	EXPECT_EQ(t.n, 0);
	hash_free(&t);
	free(all);
}

/* RFC 8439 §2.3.2 */
TEST(the_generator_is_chacha20)
{
	static const u8 expected[16] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15,
		0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
	};
	u32 key[8], nonce[3] = { 0x09000000, 0x4a000000, 0 };
	u8 out[64];
	u32 i;

	for (i = 0; i < 8; i++)
		key[i] = 4 * i | (4 * i + 1) << 8 | (4 * i + 2) << 16 | (4 * i + 3) << 24;
	chacha20_block(key, 1, nonce, out);
	EXPECT_EQ(memcmp(out, expected, sizeof(expected)), 0);
	EXPECT_EQ(out[63], 0x4e);
}

TEST(the_same_seed_gives_the_same_numbers_and_another_does_not)
{
	u8 seed[32] = { 1, 2, 3 };
	struct random a, b, c;
	int i, same = 0;

	random_init(&a, seed);
	random_init(&b, seed);
	seed[31] = 1;
	random_init(&c, seed);
	for (i = 0; i < 100; i++) {
		u64 number = random_u64(&a);

		EXPECT_EQ(number, random_u64(&b));
		same += number == random_u64(&c);
	}
	EXPECT_EQ(same, 0);
}

TEST(timers_come_due_in_the_order_of_their_deadlines)
{
	struct timer t[200] = { 0 };
	struct timers h;
	u64 last = 0;
	size_t i, n;

	timers_init(&h);
	EXPECT_EQ(timers_next(&h), UINT64_MAX);
	ASSERT_EQ(timers_reserve(&h, 200), 0);
	for (i = 0; i < 200; i++)
		timer_arm(&h, &t[i], i * 7919 % 1000);
	for (i = 0; i < 200; i += 3)
		timer_disarm(&h, &t[i]);
	for (i = 1; i < 200; i += 3)
		timer_arm(&h, &t[i], 2000 - i);		/* moved */
	EXPECT_EQ(timers_due(&h, timers_next(&h) - 1), NULL);
	for (n = 0; timers_next(&h) != UINT64_MAX; n++) {
		u64 next = timers_next(&h);
		struct timer *due = timers_due(&h, next);

		ASSERT_NE(due, NULL);
		EXPECT_EQ(due->deadline, next);
		EXPECT_EQ(due->pos, 0);
		EXPECT_GE(next, last);
		EXPECT_NE((due - t) % 3, 0);
		last = next;
	}
	EXPECT_EQ(n, 133);
	timers_release(&h, 200);
	timers_free(&h);
}

TEST_HARNESS_MAIN
