// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of users: who is in it is found, whoever came and went beside him.
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "registrar/binding.h"

#define MANY 3000

FIXTURE(users) {
	struct registrar_users table;
	struct registrar_user *all[MANY];	/* NULL: not in it */
	u64 seed;
};

FIXTURE_SETUP(users)
{
	ASSERT_EQ(registrar_users_init(&self->table), 0);
	memset(self->all, 0, sizeof(self->all));
	self->seed = 1;
}

FIXTURE_TEARDOWN(users)
{
	size_t i;

	registrar_users_free(&self->table);
	for (i = 0; i < MANY; i++)
		free(self->all[i]);
}

static void name(char aor[32], size_t i)
{
	snprintf(aor, 32, "%zu@example.com", i);
}

static bool come(struct registrar_users *t, struct registrar_user **user, size_t i, u64 hash)
{
	*user = calloc(1, sizeof(**user) + 32);
	if (!*user)
		return false;
	name((*user)->aor, i);
	(*user)->hash = hash;
	return !registrar_users_insert(t, *user);
}

static void go(struct registrar_users *t, struct registrar_user **user)
{
	registrar_users_remove(t, *user);
	free(*user);
	*user = NULL;
}

static struct registrar_user *find(const struct registrar_users *t, size_t i, u64 hash)
{
	char aor[32];

	name(aor, i);
	return registrar_users_find(t, aor, hash);
}

TEST_F(users, two_of_the_same_hash_are_told_apart)
{
	struct registrar_users *t = &self->table;

	ASSERT_TRUE(come(t, &self->all[0], 0, 7));
	ASSERT_TRUE(come(t, &self->all[1], 1, 7));
	EXPECT_EQ(find(t, 0, 7), self->all[0]);
	EXPECT_EQ(find(t, 1, 7), self->all[1]);
	EXPECT_EQ(find(t, 2, 7), NULL);
	EXPECT_EQ(find(t, 0, 7 + t->nslots), NULL);
	go(t, &self->all[0]);
	EXPECT_EQ(find(t, 0, 7), NULL);
	EXPECT_EQ(find(t, 1, 7), self->all[1]);
}

/* They want the last slots of the table, and spill over to its first ones. */
TEST_F(users, who_leaves_cuts_nobody_off_at_the_end_of_the_table)
{
	struct registrar_users *t = &self->table;
	u64 last = t->nslots - 1;
	size_t i, gone;

	for (gone = 0; gone < 8; gone++) {
		for (i = 0; i < 8; i++)
			ASSERT_TRUE(come(t, &self->all[i], i, i < 4 ? last - i % 2 : i - 4));
		go(t, &self->all[gone]);
		for (i = 0; i < 8; i++)
			EXPECT_EQ(find(t, i, i < 4 ? last - i % 2 : i - 4), self->all[i]);
		for (i = 0; i < 8; i++)
			if (self->all[i])
				go(t, &self->all[i]);
		EXPECT_EQ(t->n, 0);
	}
}

/* Few low bits, so that many want the same slots. */
static u64 hash_of(size_t i)
{
	return (i * 0x9e3779b97f4a7c15ull) & ~0x18ull;
}

TEST_F(users, whoever_comes_and_goes_all_who_are_there_are_found)
{
	struct registrar_users *t = &self->table;
	size_t i, step, n = 0, at = 0;

	for (step = 0; step < 20 * MANY; step++) {
		self->seed = self->seed * 6364136223846793005ull + 1442695040888963407ull;
		i = (self->seed >> 33) % MANY;
		if (self->all[i])
			go(t, &self->all[i]);
		else
			ASSERT_TRUE(come(t, &self->all[i], i, hash_of(i)));
		i = (self->seed >> 13) % MANY;
		ASSERT_EQ(find(t, i, hash_of(i)), self->all[i]);
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(find(t, i, hash_of(i)), self->all[i]);
		n += !!self->all[i];
	}
	EXPECT_EQ(t->n, n);
	for (; registrar_users_from(t, &at); at++)
		n--;
	EXPECT_EQ(n, 0);
}

TEST_HARNESS_MAIN
