// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may send, by mode, by what was signalled, and by whether the latch is
 * open; then the life of one latch: opened, closed, held, opened again.
 */

#define A	0x0a000001
#define B	0x0a000002
#define LOCAL	0x0a000003
#define MULTICAST 0xe0000001
#define LOOPBACK 0x7f000001

static struct jalur_addr __init make_addr(u32 ip, u16 port)
{
	struct jalur_addr addr = { .family = ip ? AF_INET : 0 };

	addr.ip.s6_addr32[0] = htonl(ip);
	addr.port = htons(port);
	return addr;
}

struct latch_case {
	const char *what;
	u8 mode;
	bool open;
	u32 ip;			/* signalled */
	u16 port;
	u32 from_ip;
	u16 from_port;
	bool allowed;
	bool locks;
};

static const struct latch_case latch_cases[] __initconst = {
	{ "strict, exact", JALUR_LATCH_STRICT, true, A, 1, A, 1, true, false },
	{ "strict, port", JALUR_LATCH_STRICT, true, A, 1, A, 2, false, false },
	{ "strict, host", JALUR_LATCH_STRICT, true, A, 1, B, 1, false, false },
	{ "strict, none", JALUR_LATCH_STRICT, true, 0, 0, A, 1, false, false },
	{ "port, exact", JALUR_LATCH_PORT, true, A, 1, A, 1, true, true },
	{ "port, port", JALUR_LATCH_PORT, true, A, 1, A, 2, true, true },
	{ "port, host", JALUR_LATCH_PORT, true, A, 1, B, 1, false, false },
	{ "port, none", JALUR_LATCH_PORT, true, 0, 0, A, 1, false, false },
	{ "any, exact", JALUR_LATCH_ANY, true, A, 1, A, 1, true, true },
	{ "any, host", JALUR_LATCH_ANY, true, A, 1, B, 7, true, true },
	{ "any, none", JALUR_LATCH_ANY, true, 0, 0, B, 7, true, true },
	{ "shut port, exact", JALUR_LATCH_PORT, false, A, 1, A, 1, true, false },
	{ "shut port, port", JALUR_LATCH_PORT, false, A, 1, A, 2, false, false },
	{ "shut any, host", JALUR_LATCH_ANY, false, A, 1, B, 1, false, false },
	{ "shut any, none", JALUR_LATCH_ANY, false, 0, 0, B, 1, false, false },
	{ "any, no port", JALUR_LATCH_ANY, true, 0, 0, B, 0, false, false },
	{ "any, multicast", JALUR_LATCH_ANY, true, 0, 0, MULTICAST, 1, false, false },
	{ "any, broadcast", JALUR_LATCH_ANY, true, 0, 0, U32_MAX, 1, false, false },
	{ "any, loopback", JALUR_LATCH_ANY, true, 0, 0, LOOPBACK, 1, false, false },
};

static bool __init allows(struct jalur_end *end,
			  const struct jalur_end_conf *conf,
			  const struct jalur_addr *src)
{
	struct jalur_route route = { .from = conf };

	return latch_allows(end, src, &route);
}

/* The two checks of a packet, with what the first leaves for the second. */
static bool __init accepts(struct jalur_end *end,
			   const struct jalur_end_conf *conf,
			   const struct jalur_addr *src)
{
	struct jalur_route route = { .from = conf };
	bool first = latch_allows(end, src, &route), second;

	spin_lock_bh(&end->lock);
	second = latch_learn(end, src, &route);
	spin_unlock_bh(&end->lock);
	return first && second;
}

/* The latch closes on somebody else between the two. */
static bool __init test_race(struct jalur_end *end)
{
	struct jalur_end_conf conf = {
		.latch = JALUR_LATCH_ANY, .latch_open = true,
	};
	struct jalur_route route = { .from = &conf };
	struct jalur_addr first = make_addr(A, 1), second = make_addr(B, 1);
	bool ok;

	jalur_latch_configure(end, NULL, &conf);
	ok = latch_allows(end, &second, &route);
	ok &= accepts(end, &conf, &first);
	spin_lock_bh(&end->lock);
	ok &= !latch_learn(end, &second, &route);
	spin_unlock_bh(&end->lock);
	/* and opens again, somewhere else, after one that held */
	ok &= latch_allows(end, &first, &route) && route.held;
	conf.latch_open = false;
	conf.remote = second;
	jalur_latch_configure(end, NULL, &conf);
	spin_lock_bh(&end->lock);
	ok &= !latch_learn(end, &first, &route);
	spin_unlock_bh(&end->lock);
	if (!ok)
		jalur_err("selftest: latch: race\n");
	return ok;
}

static bool __init test_cases(struct jalur_end *end)
{
	bool ok = true, allowed, accepted;
	struct jalur_addr src;
	int i;

	for (i = 0; i < ARRAY_SIZE(latch_cases); i++) {
		struct jalur_end_conf conf = {
			.latch = latch_cases[i].mode,
			.latch_open = latch_cases[i].open,
			.remote = make_addr(latch_cases[i].ip,
					    latch_cases[i].port),
		};

		src = make_addr(latch_cases[i].from_ip,
				latch_cases[i].from_port);
		jalur_latch_configure(end, NULL, &conf);
		allowed = allows(end, &conf, &src);
		accepted = accepts(end, &conf, &src);
		if (allowed == latch_cases[i].allowed && accepted == allowed &&
		    end->locked == latch_cases[i].locks &&
		    (!end->locked || same(&end->remote, &src)))
			continue;
		jalur_err("selftest: latch: %s\n", latch_cases[i].what);
		ok = false;
	}
	return ok;
}

static bool __init test_life(struct jalur_end *end)
{
	struct jalur_end_conf old = {
		.latch = JALUR_LATCH_ANY, .latch_open = true,
		.remote = make_addr(A, 1),
	};
	struct jalur_end_conf conf = old;
	struct jalur_addr first = make_addr(B, 7), thief = make_addr(B, 8);
	bool ok;

	jalur_latch_configure(end, NULL, &conf);
	ok = accepts(end, &conf, &first) && end->locked;
	ok &= !allows(end, &conf, &thief);
	ok &= !accepts(end, &conf, &thief);
	ok &= !accepts(end, &conf, &old.remote);
	/* nothing that counts has changed: the lock stays */
	conf.latch_open = false;
	conf.idle = 5;
	jalur_latch_configure(end, &old, &conf);
	ok &= end->locked && same(&end->remote, &first);
	/* a new epoch opens it, and forgets what was learned */
	conf.latch_open = true;
	conf.epoch = 1;
	jalur_latch_configure(end, &old, &conf);
	ok &= !end->locked && same(&end->remote, &conf.remote);
	ok &= accepts(end, &conf, &thief) && same(&end->remote, &thief);
	/* so does another mode, and another remote */
	old = conf;
	conf.latch = JALUR_LATCH_PORT;
	jalur_latch_configure(end, &old, &conf);
	ok &= !end->locked && !accepts(end, &conf, &thief);
	jalur_latch_import(end, &first);
	ok &= end->locked && accepts(end, &conf, &first);
	old = conf;
	conf.remote = thief;
	jalur_latch_configure(end, &old, &conf);
	ok &= !end->locked && same(&end->remote, &thief);
	if (!ok)
		jalur_err("selftest: latch: life of a latch\n");
	return ok;
}

bool __init jalur_selftest_latch(void)
{
	struct jalur_session *session = kzalloc(sizeof(*session), GFP_KERNEL);
	struct jalur_end *end = kzalloc(sizeof(*end), GFP_KERNEL);
	bool ok = false;

	if (session && end) {
		end->session = session;
		end->local = make_addr(LOCAL, 20000);
		spin_lock_init(&end->lock);
		seqcount_spinlock_init(&end->remote_seq, &end->lock);
		ok = test_cases(end);
		ok &= test_life(end);
		ok &= test_race(end);
	}
	kfree(end);
	kfree(session);
	return ok;
}
