// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bindings cost in time: looking an address-of-record up among 1000 of them and among
 * 100 000, beside what one line of memory costs; a REGISTER; and reading all of them back from
 * the store after a restart. The last is a failure when it takes 2 s. Time is that of the
 * processor: others may be busy, too.
 *
 * registrar --instructions says what a look-up takes, and nothing else: for a machine whose
 * clock counts instructions, where no line of memory is far away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "registrar/registrar.h"
#include "store/store.h"

#define FEW 1000
#define MANY 100000
#define LOOKUPS 1000000
#define LIMIT_MS 2000
#define WALL (1700000000 * NSEC_PER_SEC)

struct line {
	size_t next;
	char rest[56];
};

static struct sip_listener listener;

static u64 spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_nsec;
}

static struct registrar *make(void)
{
	struct registrar *r = registrar_new(&(struct registrar_conf){
		.listeners = &listener, .nlisteners = 1, .key = { { 3, 4 } },
	});

	if (!r)
		exit(1);
	return r;
}

/* Of as many digits each, for to print a digit takes its time, too. */
static void name(char aor[64], size_t i)
{
	snprintf(aor, 64, "user%zu@example.com", MANY + i);
}

static void register_one(struct registrar *r, size_t i)
{
	static const struct registrar_policy policy = {
		.min = 60, .max = 7200, .standard = 3600, .contacts = 10,
		.keepalive = REGISTRAR_OPTIONS, .interval = 30,
	};
	struct registrar_verdict verdict;
	struct flow flow = { 0 };
	struct sip_error err;
	struct sip_msg msg;
	char aor[64], text[1024];

	name(aor, i);
	addr_parse(SLICE("198.51.100.7:5060"), &flow.peer);
	flow.peer.port = (u16)(1024 + i % 60000);
	snprintf(text, sizeof(text),
		 "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK1\r\n"
		 "From: <sip:%s>;tag=1\r\nTo: <sip:%s>\r\nCall-ID: 313937%06zu-nqfbp@10.0.100.200\r\n"
		 "CSeq: 1 REGISTER\r\nUser-Agent: snomD785/10.1.198.19\r\n"
		 "Contact: <sip:user%06zu@10.0.100.200:2048;line=mi3w>;reg-id=1;"
		 "+sip.instance=\"<urn:uuid:5ba5e4de-2b13-4c4d-9f3d-%012zu>\"\r\n\r\n",
		 aor, aor, i, i, i);
	if (sip_parse(slice_str(text), &msg, &err))
		exit(1);
	verdict = registrar_register(r, 1, &(struct registrar_request){
		.aor = aor, .msg = &msg, .flow = &flow, .policy = &policy,
	});
	registrar_commit(r, 1, verdict.change);
}

/* Addresses-of-record are asked for in no order: what is next is not in a cache. */
static double lookup_ns(const struct registrar *r, size_t n)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	size_t i, at = 1, total = 0;
	u64 start = spent();
	char aor[64];

	for (i = 0; i < LOOKUPS; i++) {
		at = (at * 1103515245 + 12345) % 2147483648;
		name(aor, at % n);
		total += registrar_lookup(r, 2, aor, found);
	}
	if (total != LOOKUPS)
		exit(1);
	return (double)(spent() - start) / LOOKUPS;
}

/* What no table can do without among so many: to wait for one line that is in no cache. */
static double memory_ns(void)
{
	size_t n = (size_t)MANY * 512 / sizeof(struct line), i, j, at = 0;
	struct line *lines = calloc(n, sizeof(*lines)), line;
	u64 start;

	if (!lines)
		exit(1);
	for (i = 0; i < n; i++)
		lines[i].next = i;
	for (i = n - 1; i; i--) {		/* one ring of all (Sattolo) */
		j = (size_t)rand() % i;
		line = lines[i];
		lines[i] = lines[j];
		lines[j] = line;
	}
	start = spent();
	for (i = 0; i < LOOKUPS; i++)
		at = lines[at].next;
	start = spent() - start;
	free(lines);
	return at < n ? (double)start / LOOKUPS : 0;
}

static void write_all(struct registrar *r, const struct store_conf *conf)
{
	struct store_error err;
	struct store *store;
	char *text;
	u64 i;

	if (store_open(&store, conf, &err))
		exit(1);
	for (i = 1; i <= MANY; i++) {
		if (registrar_save(r, 1, WALL, i, &text))
			exit(1);
		store_put(store, STORE_BINDINGS, i, slice_str(text));
		free(text);
	}
	store_close(store);
}

static void read_one(void *arg, u64 key, struct slice bytes)
{
	if (registrar_restore(arg, 1, WALL, key, bytes))
		exit(1);
}

static u64 read_back_ms(const struct store_conf *conf)
{
	struct registrar *r = make();
	u64 start = spent();
	struct store_error err;
	struct store *store;

	if (store_open(&store, conf, &err) ||
	    store_each(store, STORE_BINDINGS, read_one, r, &err) || registrar_count(r) != MANY)
		exit(1);
	start = spent() - start;
	store_close(store);
	registrar_free(r);
	return start / NSEC_PER_MSEC;
}

/* Of the same work: to make the name that is looked up is part of it. */
static int count_instructions(struct registrar *r)
{
	double few, many;
	size_t i;

	for (i = 0; i < FEW; i++)
		register_one(r, i);
	few = lookup_ns(r, FEW);
	for (; i < MANY; i++)
		register_one(r, i);
	many = lookup_ns(r, MANY);
	printf("instructions of a look-up among %d: %.0f, among %d: %.0f (%.2f)\n", FEW, few, MANY,
	       many, many / few);
	registrar_free(r);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/jalur-registrar.XXXXXX", path[64], command[64];
	struct store_conf conf = { .file = path, .waiting = 2 * MANY };
	struct registrar *r = make();
	double few, many;
	u64 start, ms;
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--instructions"))
		return count_instructions(r);
	if (!mkdtemp(dir) || !addr_parse(SLICE("192.0.2.1:5060"), &listener.local))
		return 1;
	snprintf(path, sizeof(path), "%s/store", dir);
	for (i = 0; i < FEW; i++)
		register_one(r, i);
	few = lookup_ns(r, FEW);
	start = spent();
	for (; i < MANY; i++)
		register_one(r, i);
	start = spent() - start;
	many = lookup_ns(r, MANY);
	write_all(r, &conf);
	ms = read_back_ms(&conf);
	printf("look-up among %d: %.0f ns, among %d: %.0f ns; a line of memory: %.0f ns\n",
	       FEW, few, MANY, many, memory_ns());
	printf("a REGISTER, parsed and committed: %.1f us\n", (double)start / (MANY - FEW) / 1000);
	printf("%d bindings read back in %llu ms\n", MANY, (unsigned long long)ms);
	registrar_free(r);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) || ms >= LIMIT_MS;
}
