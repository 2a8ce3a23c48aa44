/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of store/: a file of records, by SQLite. Used by one thread at a time.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store.h"

struct sqlite_file;

int sqlite_file_open(struct sqlite_file **out, const struct store_conf *conf,
		     struct store_error *err);
void sqlite_file_close(struct sqlite_file *f);		/* NULL allowed */
int sqlite_file_each(struct sqlite_file *f, enum store_kind kind,
		     void (*each)(void *arg, u64 key, struct slice bytes), void *arg,
		     struct store_error *err);

/* A transaction: begin, changes, commit; after an error, rollback. 0 or -EIO. */
int sqlite_file_begin(struct sqlite_file *f);
int sqlite_file_put(struct sqlite_file *f, enum store_kind kind, u64 key, struct slice bytes);
int sqlite_file_delete(struct sqlite_file *f, enum store_kind kind, u64 key);
int sqlite_file_clear(struct sqlite_file *f, enum store_kind kind);
int sqlite_file_commit(struct sqlite_file *f);
void sqlite_file_rollback(struct sqlite_file *f);
const char *sqlite_file_reason(const struct sqlite_file *f);	/* of the last error */

#endif
