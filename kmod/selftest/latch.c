// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may send, by mode, by what was signalled, and by whether the latch is
 * open; then the life of one latch: opened, closed, held, opened again.
 */

#define A	0x0a000001
#define B	0x0a000002

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
};

static bool __init learn(struct jalur_end *end,
			 const struct jalur_end_conf *conf,
			 const struct jalur_addr *src)
{
	bool allowed;

	spin_lock_bh(&end->lock);
	allowed = jalur_latch_learn(end, conf, src);
	spin_unlock_bh(&end->lock);
	return allowed;
}

static bool __init test_cases(struct jalur_end *end)
{
	bool ok = true, allows, learns;
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
		allows = jalur_latch_allows(end, &conf, &src);
		learns = learn(end, &conf, &src);
		if (allows == latch_cases[i].allowed && learns == allows &&
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
	ok = learn(end, &conf, &first) && end->locked;
	ok &= !jalur_latch_allows(end, &conf, &thief);
	ok &= !learn(end, &conf, &thief);
	ok &= !learn(end, &conf, &old.remote);
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
	ok &= learn(end, &conf, &thief) && same(&end->remote, &thief);
	/* so does another mode, and another remote */
	old = conf;
	conf.latch = JALUR_LATCH_PORT;
	jalur_latch_configure(end, &old, &conf);
	ok &= !end->locked && !learn(end, &conf, &thief);
	jalur_latch_import(end, &first);
	ok &= end->locked && learn(end, &conf, &first);
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
		spin_lock_init(&end->lock);
		seqcount_spinlock_init(&end->remote_seq, &end->lock);
		ok = test_cases(end);
		ok &= test_life(end);
	}
	kfree(end);
	kfree(session);
	return ok;
}
