// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: what was put is there when the file is opened again, also after the process
 * was killed; a file of somebody else's, of another version, or in use is refused with a
 * reason and left alone; a disk that is full costs time and not records.
 */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "store/store.h"

FIXTURE(store) {
	char dir[64], path[96];
	struct store_conf conf;
	struct store_error err;
	struct store *store;
};

FIXTURE_SETUP(store)
{
	strcpy(self->dir, "/tmp/jalur-store.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	snprintf(self->path, sizeof(self->path), "%s/store", self->dir);
	self->conf = (struct store_conf){ .file = self->path, .waiting = 1000 };
	self->store = NULL;
	umask(022);
}

FIXTURE_TEARDOWN(store)
{
	char command[128];

	store_close(self->store);
	snprintf(command, sizeof(command), "rm -rf %s", self->dir);
	EXPECT_EQ(system(command), 0);
}

/* Everything of a kind as one line: "1=a 2=b ". */
static void append(void *arg, u64 key, struct slice bytes)
{
	size_t n = strlen(arg);

	snprintf((char *)arg + n, 256 - n, "%llx=" SLICE_FMT " ", (unsigned long long)key,
		 SLICE_ARG(bytes));
}

static const char *content(struct store *s)
{
	static char line[256];
	struct store_error err;

	*line = 0;
	return store_each(s, STORE_CALL, append, line, &err) ? err.text : line;
}

static void open_again(struct __test_metadata *_metadata, FIXTURE_DATA(store) *self)
{
	store_close(self->store);
	self->store = NULL;
	ASSERT_EQ(store_open(&self->store, &self->conf, &self->err), 0) {
		TH_LOG("%s", self->err.text);
	}
}

TEST_F(store, what_was_put_is_there_when_it_is_opened_again)
{
	open_again(_metadata, self);
	store_put(self->store, STORE_CALL, 1, SLICE("one"));
	store_put(self->store, STORE_CALL, UINT64_MAX, SLICE("last"));
	store_put(self->store, STORE_CALL, 2, SLICE("two"));
	store_put(self->store, STORE_CALL, 1, SLICE("another"));
	store_delete(self->store, STORE_CALL, 2);
	store_delete(self->store, STORE_CALL, 77);
	open_again(_metadata, self);
	EXPECT_STREQ(content(self->store), "ffffffffffffffff=last 1=another ");
	store_clear(self->store, STORE_CALL);
	store_put(self->store, STORE_CALL, 3, SLICE(""));
	open_again(_metadata, self);
	EXPECT_STREQ(content(self->store), "3= ");
}

/* The file is read in this thread: the writer has to leave it alone meanwhile. */
static void delete_it(void *arg, u64 key, struct slice bytes)
{
	struct store_figures figures;

	(void)bytes;
	store_delete(arg, STORE_CALL, key);
	usleep(2000);
	store_figures(arg, &figures);
	if (figures.written)
		abort();
}

TEST_F(store, who_reads_may_delete_what_he_sees)
{
	struct store_error err;
	u64 i;

	open_again(_metadata, self);
	for (i = 0; i < 50; i++)
		store_put(self->store, STORE_CALL, i, SLICE("x"));
	open_again(_metadata, self);
	EXPECT_EQ(store_each(self->store, STORE_CALL, delete_it, self->store, &err), 0);
	open_again(_metadata, self);
	EXPECT_STREQ(content(self->store), "");
}

TEST_F(store, the_file_is_private)
{
	struct stat st;
	char path[512];

	open_again(_metadata, self);
	ASSERT_EQ(stat(self->path, &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s-wal", self->path);
	if (!stat(path, &st))
		EXPECT_EQ(st.st_mode & 0777, 0600);
}

static void wait_written(struct store *s, u64 n)
{
	struct store_figures figures;

	do {
		usleep(100);
		store_figures(s, &figures);
	} while (figures.written < n);
}

/* The child tells when its changes are in the file, and is killed before it can close it. */
TEST_F(store, a_process_that_is_killed_leaves_what_was_written)
{
	int ends[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		u64 i;

		if (store_open(&self->store, &self->conf, &self->err))
			_exit(1);
		for (i = 0; i < 500; i++)
			store_put(self->store, STORE_CALL, i % 7, SLICE("x"));
		wait_written(self->store, 500);
		if (write(ends[1], "!", 1) != 1)
			_exit(1);
		pause();
	}
	ASSERT_EQ(read(ends[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	open_again(_metadata, self);
	EXPECT_STREQ(content(self->store), "0=x 1=x 2=x 3=x 4=x 5=x 6=x ");
}

/* --- who waits --- */

struct told {
	u64 tickets[8];
	int results[8];
	size_t n;
};

static void note_done(void *arg, u64 ticket, int result)
{
	struct told *told = arg;

	told->tickets[told->n] = ticket;
	told->results[told->n++] = result;
}

static void wait_told(struct store *s, struct told *told, size_t n)
{
	while (told->n < n) {
		usleep(100);
		store_done(s, note_done, told);
	}
}

static void count(void *arg)
{
	__atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
}

TEST_F(store, who_waits_is_told_when_it_is_in_the_file)
{
	struct told told = { .n = 0 };
	int notified = 0;

	self->conf.notify = count;
	self->conf.arg = &notified;
	open_again(_metadata, self);
	store_put(self->store, STORE_CALL, 1, SLICE("one"));
	EXPECT_EQ(store_change(self->store, STORE_CALL, 2, SLICE("two"), 7), 0);
	EXPECT_EQ(store_change(self->store, STORE_CALL, 1, slice_of(NULL, 0), 8), 0);
	wait_told(self->store, &told, 2);
	EXPECT_EQ(told.tickets[0], 7);
	EXPECT_EQ(told.tickets[1], 8);
	EXPECT_EQ(told.results[0], 0);
	EXPECT_GE(__atomic_load_n(&notified, __ATOMIC_RELAXED), 1);
	EXPECT_STREQ(content(self->store), "2=two ");
}

/* The file may not grow: what nobody waits for is tried again, the rest is over. */
TEST_F(store, who_waits_is_told_of_a_failure_and_it_is_not_tried_again)
{
	struct rlimit old, none = { .rlim_cur = 0 };
	struct told told = { .n = 0 };

	open_again(_metadata, self);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &none);
	store_put(self->store, STORE_CALL, 1, SLICE("one"));
	EXPECT_EQ(store_change(self->store, STORE_CALL, 2, SLICE("two"), 7), 0);
	wait_told(self->store, &told, 1);
	EXPECT_EQ(told.results[0], -EIO);
	setrlimit(RLIMIT_FSIZE, &old);
	wait_written(self->store, 1);
	EXPECT_STREQ(content(self->store), "1=one ");
}

TEST_F(store, who_comes_when_too_many_wait_is_refused_at_once)
{
	self->conf.waiting = 0;
	open_again(_metadata, self);
	EXPECT_EQ(store_change(self->store, STORE_CALL, 2, SLICE("two"), 7), -ENOBUFS);
}

TEST_F(store, a_file_in_use_is_refused)
{
	struct store *second = NULL;

	open_again(_metadata, self);
	EXPECT_EQ(store_open(&second, &self->conf, &self->err), -EBUSY);
	EXPECT_NE(strstr(self->err.text, "another program has it open"), NULL);
	EXPECT_NE(strstr(self->err.text, self->path), NULL);
}

static void run_sql(struct __test_metadata *_metadata, const char *path, const char *text)
{
	sqlite3 *db;

	ASSERT_EQ(sqlite3_open(path, &db), SQLITE_OK);
	ASSERT_EQ(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static size_t read_file(const char *path, char *to, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, size, f) : 0;

	if (f)
		fclose(f);
	return n;
}

/* Not a byte of it is another one: WAL mode would be written into its header. */
static void is_left_alone(struct __test_metadata *_metadata, FIXTURE_DATA(store) *self,
			  const char *why)
{
	static char before[65536], after[65536];
	size_t n = read_file(self->path, before, sizeof(before));

	ASSERT_GT(n, 0);
	EXPECT_EQ(store_open(&self->store, &self->conf, &self->err), -EINVAL);
	EXPECT_NE(strstr(self->err.text, why), NULL);
	EXPECT_EQ(read_file(self->path, after, sizeof(after)), n);
	EXPECT_EQ(memcmp(before, after, n), 0);
}

TEST_F(store, a_database_of_somebody_else_is_left_alone)
{
	run_sql(_metadata, self->path, "CREATE TABLE record(mine)");
	is_left_alone(_metadata, self, "not a store of Jalur");
	EXPECT_NE(strstr(self->err.text, "store.file"), NULL);
	run_sql(_metadata, self->path, "INSERT INTO record(mine) VALUES(1)");
}

/* Pages of noise behind a header that is right. */
TEST_F(store, a_damaged_file_is_refused_with_what_helps)
{
	static const char noise[8192] = "noise";
	FILE *f;

	open_again(_metadata, self);
	store_put(self->store, STORE_CALL, 1, SLICE("one"));
	store_close(self->store);
	self->store = NULL;
	f = fopen(self->path, "r+");
	ASSERT_NE(f, NULL);
	fseek(f, 100, SEEK_SET);
	fwrite(noise, 1, sizeof(noise), f);
	fclose(f);
	EXPECT_EQ(store_open(&self->store, &self->conf, &self->err), -EIO);
	EXPECT_NE(strstr(self->err.text, "malformed; move it away"), NULL);
}

TEST_F(store, a_file_that_is_no_database_is_left_alone)
{
	static const char text[] =
		"call records of last year, and much more text than a header of SQLite has: "
		"it must still be there afterwards\n";
	FILE *f = fopen(self->path, "w");
	struct stat st;

	ASSERT_NE(f, NULL);
	fputs(text, f);
	fclose(f);
	EXPECT_EQ(store_open(&self->store, &self->conf, &self->err), -EIO);
	EXPECT_NE(strstr(self->err.text, "not a database"), NULL);
	ASSERT_EQ(stat(self->path, &st), 0);
	EXPECT_EQ(st.st_size, (off_t)strlen(text));
}

TEST_F(store, another_version_is_refused)
{
	open_again(_metadata, self);
	store_close(self->store);
	self->store = NULL;
	run_sql(_metadata, self->path, "PRAGMA journal_mode = DELETE; PRAGMA user_version = 9");
	is_left_alone(_metadata, self, "another version");
	EXPECT_NE(strstr(self->err.text, "move it away"), NULL);
}

TEST_F(store, a_place_that_is_not_there_is_named)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/missing/store", self->dir);
	self->conf.file = path;
	EXPECT_EQ(store_open(&self->store, &self->conf, &self->err), -ENOENT);
	EXPECT_NE(strstr(self->err.text, path), NULL);
}

/* A limit on the size of files stands for the disk that is full. */
TEST_F(store, a_full_disk_is_waited_for)
{
	struct rlimit limit = { 16384, RLIM_INFINITY };
	struct store_figures figures;
	char bytes[3000];
	u64 i;

	signal(SIGXFSZ, SIG_IGN);
	memset(bytes, 'x', sizeof(bytes));
	open_again(_metadata, self);
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (i = 0; i < 20; i++)
		store_put(self->store, STORE_CALL, i, slice_of(bytes, sizeof(bytes)));
	do {
		usleep(100);
		store_figures(self->store, &figures);
	} while (!figures.failures);
	EXPECT_GT(figures.waiting, 0);
	limit.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	wait_written(self->store, 20);
	store_figures(self->store, &figures);
	EXPECT_EQ(figures.waiting, 0);
	EXPECT_EQ(figures.lost, 0);
}

/* Nobody waits for a disk that is gone: what does not fit is counted. */
TEST_F(store, too_many_changes_are_counted)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	struct store_figures figures;
	u64 i;

	signal(SIGXFSZ, SIG_IGN);
	self->conf.waiting = 100;
	open_again(_metadata, self);
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (i = 0; i < 150; i++)
		store_put(self->store, STORE_CALL, i, SLICE("x"));
	store_figures(self->store, &figures);
	EXPECT_EQ(figures.waiting, 100);
	EXPECT_EQ(figures.lost, 50);
	limit.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST_HARNESS_MAIN
