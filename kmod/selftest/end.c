// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of ends: what is inserted is found, by its whole address and by
 * nothing else; and ports of one host, which is what keys are like, spread.
 */

#include <linux/init.h>

#define ENDS	64

static struct jalur_addr __init test_addr(unsigned int i)
{
	struct jalur_addr addr = {
		.ip.s6_addr32[0] = htonl(0xc0000201),
		.port = htons(20000 + 2 * i),
		.family = AF_INET,
	};

	return addr;
}

/* One that differs from the first end in @field alone must not be found. */
static bool __init test_misses(const struct jalur_net *jn)
{
	struct jalur_addr addr[] = {
		test_addr(0), test_addr(0), test_addr(0), test_addr(0), test_addr(0),
	};
	bool ok = true;
	int i;

	addr[0].ip.s6_addr32[0] = htonl(0xc0000202);
	addr[1].port = htons(20001);
	addr[2].family = AF_INET6;
	addr[3].scope = 1;
	addr[4].l3 = 1;
	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		if (!jalur_end_lookup(jn, &addr[i]))
			continue;
		jalur_err("selftest end: found by a wrong address (%d)\n", i);
		ok = false;
	}
	rcu_read_unlock();
	return ok;
}

static bool __init test_hits(const struct jalur_net *jn, const struct jalur_end *ends,
			     bool there)
{
	struct jalur_addr addr;
	unsigned int i;
	bool ok = true;

	rcu_read_lock();
	for (i = 0; i < ENDS; i++) {
		addr = test_addr(i);
		if (jalur_end_lookup(jn, &addr) == (there ? &ends[i] : NULL))
			continue;
		jalur_err("selftest end: end %u is %s\n", i, there ? "lost" : "still there");
		ok = false;
	}
	rcu_read_unlock();
	return ok;
}

/* 64 ends in as many buckets: chance puts 11 into one once in a million loads. */
static bool __init test_spread(const struct jalur_table *table)
{
	const struct hlist_node *node;
	unsigned int i, n, most = 0;

	for (i = 0; i <= table->mask; i++) {
		n = 0;
		hlist_for_each(node, &table->bucket[i])
			n++;
		most = max(most, n);
	}
	if (most <= 10)
		return true;
	jalur_err("selftest end: %u ends in one bucket\n", most);
	return false;
}

/**
 * jalur_selftest_end - try the table of ends
 *
 * Context: process, when the module is loaded.
 * Return: false, with a line in the log, when it does not do what it should.
 */
bool __init jalur_selftest_end(void)
{
	struct jalur_net *jn = kzalloc(sizeof(*jn), GFP_KERNEL);
	struct jalur_end *ends = kcalloc(ENDS, sizeof(*ends), GFP_KERNEL);
	struct jalur_table *table = jalur_table_new(ilog2(ENDS));
	bool ok = false;
	int i;

	if (!jn || !ends || !table)
		goto out;
	mutex_init(&jn->lock);
	mutex_lock(&jn->lock);
	rcu_assign_pointer(jn->table, table);
	for (i = 0; i < ENDS; i++) {
		ends[i].local = test_addr(i);
		jalur_end_insert(jn, &ends[i]);
	}
	ok = test_hits(jn, ends, true) & test_misses(jn) & test_spread(table);
	for (i = 0; i < ENDS; i++)
		jalur_end_remove(jn, &ends[i]);
	ok &= test_hits(jn, ends, false);
	mutex_unlock(&jn->lock);
out:
	kvfree(table);
	kfree(ends);
	kfree(jn);
	return ok;
}
