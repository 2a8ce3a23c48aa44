// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One node for each name of each line. Lists for blocking advertisers have a hundred
 * thousand lines: those are held, and more are cut off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/hosts.h"

#define MAX_NAMES 200000
#define MAX_BYTES 16000000
#define TTL 60			/* there is none; a reload reads the file again */

struct host {
	struct hash_node node;
	size_t line;		/* the order of the file is the order of addresses */
	struct addr addr;
	size_t n;
	char name[];
};

struct hosts {
	struct hash table;
	struct hash_key key;
	size_t lines;
};

struct hosts *hosts_new(const struct hash_key *key)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return NULL;
	if (hash_init(&hosts->table)) {
		free(hosts);
		return NULL;
	}
	hosts->key = *key;
	return hosts;
}

void hosts_free(struct hosts *hosts)
{
	struct hash_node *node;
	size_t bucket = 0;

	if (!hosts)
		return;
	while ((node = hash_from(&hosts->table, &bucket))) {
		hash_remove(&hosts->table, node);
		free(hash_entry(node, struct host, node));
	}
	hash_free(&hosts->table);
	free(hosts);
}

static u64 hash_of(const struct hosts *hosts, struct slice name)
{
	struct hasher h;

	hash_begin(&h, &hosts->key);
	hash_add(&h, name);
	return hash_end(&h);
}

/* --- reading --- */

static struct slice next_word(struct slice *line)
{
	struct slice word = slice_trim(*line);
	size_t n = 0;

	while (n < word.n && word.p[n] != ' ' && word.p[n] != '\t' && word.p[n] != '\r')
		n++;
	*line = slice_of(word.p + n, word.n - n);
	return slice_of(word.p, n);
}

static struct slice next_line(struct slice *text)
{
	const char *end = memchr(text->p, '\n', text->n);
	struct slice line = slice_of(text->p, end ? (size_t)(end - text->p) : text->n);
	size_t used = line.n + (end ? 1 : 0);
	const char *comment;

	*text = slice_of(text->p + used, text->n - used);
	comment = line.n ? memchr(line.p, '#', line.n) : NULL;
	if (comment)
		line.n = (size_t)(comment - line.p);
	return line;
}

static int add(struct hosts *hosts, struct slice name, const struct addr *addr)
{
	char folded[DNS_NAME];
	struct host *host;

	if (!dns_name_fold(name, folded) || hosts->table.n >= MAX_NAMES)
		return 0;
	name = slice_str(folded);
	host = malloc(sizeof(*host) + name.n);
	if (!host)
		return -ENOMEM;
	host->n = name.n;
	memcpy(host->name, name.p, name.n);
	host->addr = *addr;
	host->line = hosts->lines;
	hash_insert(&hosts->table, &host->node, hash_of(hosts, name));
	return 0;
}

int hosts_parse(struct hosts *hosts, struct slice text)
{
	struct slice line, word;
	struct addr addr;

	while (text.n) {
		line = next_line(&text);
		hosts->lines++;
		if (!addr_parse_ip(next_word(&line), &addr))
			continue;
		for (word = next_word(&line); word.n; word = next_word(&line))
			if (add(hosts, word, &addr))
				return -ENOMEM;
	}
	return 0;
}

static int read_all(int fd, char *bytes, size_t max, size_t *n)
{
	ssize_t got;

	for (*n = 0; *n < max; *n += (size_t)got) {
		got = read(fd, bytes + *n, max - *n);
		if (got < 0)
			return -errno;
		if (!got)
			break;
	}
	return 0;
}

int hosts_load(struct hosts *hosts, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;
	char *bytes;
	size_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		err = -EINVAL;
		goto err_file;
	}
	n = st.st_size < MAX_BYTES ? (size_t)st.st_size : MAX_BYTES;
	bytes = malloc(n + 1);
	if (!bytes) {
		err = -ENOMEM;
		goto err_file;
	}
	err = read_all(fd, bytes, n, &n);
	if (!err)
		err = hosts_parse(hosts, slice_of(bytes, n));
	free(bytes);
err_file:
	close(fd);
	return err;
}

/* --- looking up --- */

/* Sorted in by line; tables keep no order. */
static void insert(struct dns_answer *answer, size_t lines[], const struct host *host)
{
	size_t at = answer->n;

	if (answer->n == DNS_RECORDS)
		return;
	for (; at && lines[at - 1] > host->line; at--) {
		lines[at] = lines[at - 1];
		answer->records[at] = answer->records[at - 1];
	}
	lines[at] = host->line;
	answer->records[at].addr = host->addr;
	answer->n++;
}

static struct dns_answer *addresses(const struct hosts *hosts, struct slice name, u8 family,
				    bool *known)
{
	struct hash_node *node = hash_first(&hosts->table, hash_of(hosts, name));
	struct dns_answer *answer = NULL;
	size_t lines[DNS_RECORDS];

	for (*known = false; node; node = hash_next(node)) {
		struct host *host = hash_entry(node, struct host, node);

		if (!slice_eq(slice_of(host->name, host->n), name))
			continue;
		*known = true;
		if (host->addr.family != family)
			continue;
		if (!answer) {
			answer = dns_answer_new(DNS_OK, TTL, DNS_RECORDS);
			if (!answer)
				return NULL;
			answer->n = 0;
		}
		insert(answer, lines, host);
	}
	return answer;
}

static bool is_localhost(struct slice name)
{
	static const char text[] = ".localhost";
	size_t n = sizeof(text) - 1;

	if (slice_eq(name, SLICE("localhost")))
		return true;
	return name.n > n && !memcmp(name.p + name.n - n, text, n);
}

static struct dns_answer *loopback(u8 family)
{
	struct dns_answer *answer = dns_answer_new(DNS_OK, TTL, 1);

	if (!answer)
		return NULL;
	if (family == AF_INET6)
		addr_parse_ip(SLICE("::1"), &answer->records[0].addr);
	else
		addr_parse_ip(SLICE("127.0.0.1"), &answer->records[0].addr);
	return answer;
}

/* The name that services are of: without the labels that begin with an underscore. */
static struct slice host_part(struct slice name)
{
	while (name.n && name.p[0] == '_') {
		const char *dot = memchr(name.p, '.', name.n);

		if (!dot)
			break;
		name = slice_of(dot + 1, name.n - (size_t)(dot + 1 - name.p));
	}
	return name;
}

struct dns_answer *hosts_find(const struct hosts *hosts, struct slice name, enum dns_type type)
{
	bool of_address = type == DNS_A || type == DNS_AAAA, known;
	u8 family = AF_UNSPEC;
	struct dns_answer *answer;

	if (type == DNS_A)
		family = AF_INET;
	else if (type == DNS_AAAA)
		family = AF_INET6;
	else
		name = host_part(name);
	answer = addresses(hosts, name, family, &known);
	if (answer)
		return answer;
	if (!known && !is_localhost(name))
		return NULL;
	return known || !of_address ? dns_answer_new(DNS_NODATA, TTL, 0) : loopback(family);
}
