// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of call records: every line in it, in order, also across a file that
 * was moved away; a disk that is full or does not answer costs records, which
 * are counted, and never a moment of whoever has records to write.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cdr.h"
#include "kselftest_harness.h"

FIXTURE(cdr) {
	char dir[64], path[96], moved[96];
	struct cdr *cdr;
};

FIXTURE_SETUP(cdr)
{
	strcpy(self->dir, "/tmp/jalur-cdr.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	snprintf(self->path, sizeof(self->path), "%s/cdr", self->dir);
	snprintf(self->moved, sizeof(self->moved), "%s/cdr.1", self->dir);
	umask(022);
	self->cdr = NULL;
}

FIXTURE_TEARDOWN(cdr)
{
	cdr_close(self->cdr);
	unlink(self->path);
	unlink(self->moved);
	rmdir(self->dir);
}

static void put(struct cdr *c, unsigned int i)
{
	char *line = NULL;

	if (asprintf(&line, "{\"n\":%06u}\n", i) < 0)
		abort();
	cdr_write(c, line);
}

/* Lines of the file that are n, n + 1, ... from first on; -1: one is not. */
static int lines_of(const char *path, unsigned int first)
{
	FILE *f = fopen(path, "r");
	char line[64], want[64];
	int n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		snprintf(want, sizeof(want), "{\"n\":%06u}\n", first + (unsigned int)n);
		if (strcmp(line, want)) {
			n = -1;
			break;
		}
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static void wait_written(struct cdr *c, u64 n)
{
	struct cdr_figures figures;

	do {
		usleep(100);
		cdr_figures(c, &figures);
	} while (figures.written < n);
}

TEST_F(cdr, every_line_is_written_and_the_file_is_private)
{
	struct stat st;
	unsigned int i;

	ASSERT_EQ(cdr_open(&self->cdr, self->path, 1000), 0);
	ASSERT_EQ(stat(self->path, &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0640);
	for (i = 0; i < 500; i++)
		put(self->cdr, i);
	cdr_close(self->cdr);		/* waits for what is in the ring */
	self->cdr = NULL;
	EXPECT_EQ(lines_of(self->path, 0), 500);
	/* A restart appends. */
	ASSERT_EQ(cdr_open(&self->cdr, self->path, 16), 0);
	put(self->cdr, 500);
	cdr_close(self->cdr);
	self->cdr = NULL;
	EXPECT_EQ(lines_of(self->path, 0), 501);
}

TEST_F(cdr, a_moved_file_is_followed_by_a_new_one)
{
	ASSERT_EQ(cdr_open(&self->cdr, self->path, 16), 0);
	put(self->cdr, 0);
	wait_written(self->cdr, 1);
	ASSERT_EQ(rename(self->path, self->moved), 0);
	put(self->cdr, 1);		/* still the old one */
	wait_written(self->cdr, 2);
	cdr_reopen(self->cdr);
	put(self->cdr, 2);
	wait_written(self->cdr, 3);
	EXPECT_EQ(lines_of(self->moved, 0), 2);
	EXPECT_EQ(lines_of(self->path, 2), 1);
}

TEST_F(cdr, a_place_that_is_gone_leaves_the_old_file)
{
	ASSERT_EQ(cdr_open(&self->cdr, self->path, 16), 0);
	ASSERT_EQ(rename(self->path, self->moved), 0);
	ASSERT_EQ(mkdir(self->path, 0700), 0);
	cdr_reopen(self->cdr);
	put(self->cdr, 0);
	wait_written(self->cdr, 1);
	EXPECT_EQ(lines_of(self->moved, 0), 1);
	rmdir(self->path);
}

TEST_F(cdr, a_file_that_cannot_be_made_is_an_error)
{
	ASSERT_EQ(mkdir(self->path, 0700), 0);
	EXPECT_EQ(cdr_open(&self->cdr, self->path, 16), -EISDIR);
	EXPECT_EQ(self->cdr, NULL);
	rmdir(self->path);
}

TEST_F(cdr, a_full_disk_is_counted)
{
	struct cdr_figures figures;

	ASSERT_EQ(cdr_open(&self->cdr, "/dev/full", 16), 0);
	put(self->cdr, 0);
	put(self->cdr, 1);
	do {
		usleep(100);
		cdr_figures(self->cdr, &figures);
	} while (figures.failed < 2);
	EXPECT_EQ(figures.written, 0);
	EXPECT_EQ(figures.lost, 0);
}

/* A pipe that nobody reads: its buffer fills, then the ring, then records are lost. */
TEST_F(cdr, a_stuck_disk_costs_records_and_no_time)
{
	struct cdr_figures figures;
	unsigned int i, n = 0, total = 20000;
	char byte;
	int fd;

	ASSERT_EQ(mkfifo(self->path, 0600), 0);
	fd = open(self->path, O_RDWR | O_NONBLOCK);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(fcntl(fd, F_SETPIPE_SZ, 4096), 4096);
	ASSERT_EQ(cdr_open(&self->cdr, self->path, 16), 0);
	for (i = 0; i < total; i++)
		put(self->cdr, i);
	cdr_figures(self->cdr, &figures);
	EXPECT_GT(figures.lost, 0);
	/* The disk is back: what was not lost arrives. */
	while (figures.written + figures.lost < total) {
		while (read(fd, &byte, 1) == 1)
			n += byte == '\n';
		cdr_figures(self->cdr, &figures);
	}
	while (read(fd, &byte, 1) == 1)
		n += byte == '\n';
	EXPECT_EQ(n, figures.written);
	EXPECT_EQ(figures.failed, 0);
	close(fd);
}

TEST_HARNESS_MAIN
