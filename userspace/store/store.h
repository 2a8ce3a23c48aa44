/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must outlive the daemon: records of several kinds, each with a key and bytes
 * whose meaning is that of who wrote them. Writing never waits for the disk: a thread
 * has the file, and puts whatever came meanwhile into it at once. Depends on base/ alone.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/slice.h"

struct store;

/* In the file: never change a number. */
enum store_kind { STORE_CALL = 1, STORE_BINDINGS = 2, STORE_SUBSCRIBER = 3,
	STORE_EVENT = 4 };

enum store_sync {
	STORE_SYNC_CRASH,	/* what was committed outlives the process and the kernel's cache */
	STORE_SYNC_POWER,	/* each commit waits until the disk has it */
};

struct store_conf {
	const char *file;	/* made (0600) if missing; its directory must be there */
	enum store_sync sync;
	size_t waiting;		/* changes that may wait for the disk */
	/* Called by the thread of the store: store_done() has something. NULL: nobody waits. */
	void (*notify)(void *arg);
	void *arg;
};

struct store_error {
	char text[256];		/* what, where, what to do */
};

struct store_figures {
	u64 written;		/* changes that are in the file */
	u64 waiting;		/* for the disk */
	u64 lost;		/* since too many waited */
	u64 failures;		/* of the disk; what could not be written is tried again */
};

/* 0 or -errno with err; -EBUSY: another process has the file. */
int store_open(struct store **out, const struct store_conf *conf, struct store_error *err);
/*
 * Every record of a kind, before anything is written: the file is read in this thread.
 * What each changes is written when all were read. 0 or -errno with err.
 */
int store_each(struct store *s, enum store_kind kind,
	       void (*each)(void *arg, u64 key, struct slice bytes), void *arg,
	       struct store_error *err);
/* Makes or replaces one; bytes are copied. Never waits; changes keep their order. */
void store_put(struct store *s, enum store_kind kind, u64 key, struct slice bytes);
void store_delete(struct store *s, enum store_kind kind, u64 key);
/*
 * The same for somebody who waits until it is in the file, or is not, by a ticket, not 0; an
 * empty slice with p NULL deletes. What fails is not tried again. 0: store_done() will say;
 * -ENOBUFS, -ENOMEM: it is not done.
 */
int store_change(struct store *s, enum store_kind kind, u64 key, struct slice bytes, u64 ticket);
/* All that were done since the last time: result 0, or -EIO. */
void store_done(struct store *s, void (*each)(void *arg, u64 ticket, int result), void *arg);
/* Every record of a kind goes. */
void store_clear(struct store *s, enum store_kind kind);
void store_figures(struct store *s, struct store_figures *figures);
/* Writes what waits, once more if the disk failed, and ends the thread. NULL allowed. */
void store_close(struct store *s);

#endif
