// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The writer of call records. The engine's thread puts lines into the ring and
 * raises a semaphore; the writer sleeps on it. Each line is one write() to a
 * file opened for appending, so that a reader never sees half of one but when
 * the disk is full; then the half is taken back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/ring.h"
#include "daemon/cdr.h"

struct cdr {
	char *path;
	struct ring *ring;
	uv_sem_t work;
	uv_thread_t thread;
	atomic_bool reopen, stop;
	atomic_ullong written, failed;
	u64 lost;		/* of the engine's thread alone */
	int fd;			/* of the writer, and this is, too: */
	bool failing;		/* said in the log */
};

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	return fd < 0 ? -errno : fd;
}

static void open_again(struct cdr *c)
{
	int fd = open_file(c->path);

	if (fd < 0) {
		log_text(LOG_ERROR, "call records go on into the old file: %s: %s", c->path,
			 strerror(-fd));
		return;
	}
	close(c->fd);
	c->fd = fd;
	log_text(LOG_INFO, "call records: %s opened again", c->path);
}

/* What a full disk took of a line would spoil the next one. */
static void take_back(struct cdr *c, size_t done)
{
	off_t end = done ? lseek(c->fd, 0, SEEK_END) : 0;

	if (done && end >= (off_t)done && ftruncate(c->fd, end - (off_t)done))
		log_text(LOG_ERROR, "call records: half a line is left in %s", c->path);
}

static int write_line(struct cdr *c, const char *line)
{
	size_t n = strlen(line), done = 0;

	while (done < n) {
		ssize_t got = write(c->fd, line + done, n - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int err = got ? -errno : -EIO;

			take_back(c, done);
			return err;
		}
		done += (size_t)got;
	}
	return 0;
}

static void count_line(struct cdr *c, int err)
{
	if (err) {
		atomic_fetch_add(&c->failed, 1);
		if (!c->failing)
			log_text(LOG_ERROR, "call records are lost: %s: %s", c->path,
				 strerror(-err));
	} else {
		atomic_fetch_add(&c->written, 1);
		if (c->failing)
			log_text(LOG_INFO, "call records are written again: %s", c->path);
	}
	c->failing = err;
}

static void writer(void *arg)
{
	struct cdr *c = arg;
	bool stop = false;
	char *line;

	while (!stop) {
		uv_sem_wait(&c->work);
		stop = atomic_load(&c->stop);
		if (atomic_exchange(&c->reopen, false))
			open_again(c);
		while ((line = ring_take(c->ring))) {
			count_line(c, write_line(c, line));
			free(line);
		}
	}
}

int cdr_open(struct cdr **out, const char *path, size_t ring)
{
	struct cdr *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return err;
	c->path = strdup(path);
	c->ring = ring_new(ring);
	if (!c->path || !c->ring)
		goto err_parts;
	c->fd = err = open_file(path);
	if (err < 0)
		goto err_parts;
	err = uv_sem_init(&c->work, 0);
	if (err)
		goto err_file;
	err = uv_thread_create(&c->thread, writer, c);
	if (err)
		goto err_sem;
	*out = c;
	return 0;

err_sem:
	uv_sem_destroy(&c->work);
err_file:
	close(c->fd);
err_parts:
	ring_free(c->ring);
	free(c->path);
	free(c);
	return err;
}

void cdr_write(struct cdr *c, char *line)
{
	if (!ring_put(c->ring, line)) {
		c->lost++;
		free(line);
		return;
	}
	uv_sem_post(&c->work);
}

void cdr_reopen(struct cdr *c)
{
	atomic_store(&c->reopen, true);
	uv_sem_post(&c->work);
}

void cdr_figures(const struct cdr *c, struct cdr_figures *figures)
{
	figures->written = atomic_load(&c->written);
	figures->failed = atomic_load(&c->failed);
	figures->lost = c->lost;
}

void cdr_close(struct cdr *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	uv_sem_post(&c->work);
	uv_thread_join(&c->thread);
	uv_sem_destroy(&c->work);
	ring_free(c->ring);
	close(c->fd);
	free(c->path);
	free(c);
}
