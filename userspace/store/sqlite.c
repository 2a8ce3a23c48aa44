// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of (kind, key, bytes) in a file in WAL mode, so that a commit appends and a
 * process that dies leaves a file that is whole. The lock is exclusive: two daemons with
 * one file would each restore the calls of the other. The application's number in the
 * file's header keeps us from writing into somebody else's database.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/sqlite.h"

#define APPLICATION 0x4a4c5231	/* "JLR1" */
#define VERSION 1

enum statement { PUT, DELETE, CLEAR, EACH, BEGIN, COMMIT, ROLLBACK, NSTATEMENTS };

struct sqlite_file {
	sqlite3 *db;
	sqlite3_stmt *statements[NSTATEMENTS];
};

static const char *const texts[NSTATEMENTS] = {
	[PUT] = "INSERT OR REPLACE INTO record(kind, key, bytes) VALUES(?1, ?2, ?3)",
	[DELETE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
	[CLEAR] = "DELETE FROM record WHERE kind = ?1",
	[EACH] = "SELECT key, bytes FROM record WHERE kind = ?1 ORDER BY key",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

static int fail(struct store_error *err, int code, const char *file, const char *what)
{
	snprintf(err->text, sizeof(err->text), "%.120s: %.120s", file, what);
	return code;
}

static int code_of(int rc)
{
	return rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? -EBUSY : -EIO;
}

static const char *remedy_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_NOTADB:
		return "; name another in store.file";
	case SQLITE_CORRUPT:
		return "; move it away, with the -wal beside it, and jalurd makes a new one";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return "; let the user of jalurd write there";
	case SQLITE_FULL:
		return "; make room there";
	}
	return "";
}

static int fail_sqlite(struct store_error *err, struct sqlite_file *f, const char *file)
{
	char text[160];

	snprintf(text, sizeof(text), "%.80s%s", sqlite3_errmsg(f->db),
		 remedy_of(sqlite3_errcode(f->db)));
	return fail(err, -EIO, file, text);
}

static int run_text(struct sqlite_file *f, const char *text)
{
	return sqlite3_exec(f->db, text, NULL, NULL, NULL);
}

/* A number of the file's header; -1: it cannot be read. */
static long long header_number(struct sqlite_file *f, const char *pragma)
{
	sqlite3_stmt *stmt = NULL;
	long long value = -1;

	if (sqlite3_prepare_v2(f->db, pragma, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static int make_tables(struct sqlite_file *f)
{
	static const char cols[] = "kind INTEGER, key INTEGER, bytes BLOB, PRIMARY KEY(kind, key)";
	char table[128], text[320];

	snprintf(table, sizeof(table), "CREATE TABLE record(%s) WITHOUT ROWID", cols);
	snprintf(text, sizeof(text),
		 "BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 table, APPLICATION, VERSION);
	return run_text(f, text);
}

static bool is_empty(struct sqlite_file *f)
{
	return !header_number(f, "SELECT count(*) FROM sqlite_master") &&
	       !header_number(f, "PRAGMA application_id");
}

/* Ours, of this version; or nobody's yet. Only then anything is written. */
static int check_owner(struct sqlite_file *f, const struct store_conf *conf,
		       struct store_error *err)
{
	if (is_empty(f))
		return 0;
	if (header_number(f, "PRAGMA application_id") != APPLICATION)
		return fail(err, -EINVAL, conf->file,
			    "this is not a store of Jalur; name another file in store.file");
	if (header_number(f, "PRAGMA user_version") != VERSION)
		return fail(err, -EINVAL, conf->file,
			    "made by another version of Jalur; run that one, or move it away");
	return 0;
}

static int cannot(struct sqlite_file *f, int rc, const struct store_conf *conf,
		  struct store_error *err)
{
	if (code_of(rc) == -EBUSY)
		return fail(err, -EBUSY, conf->file, "another program has it open");
	return fail_sqlite(err, f, conf->file);
}

static int configure(struct sqlite_file *f, const struct store_conf *conf, struct store_error *err)
{
	int rc, code;

	sqlite3_busy_timeout(f->db, 0);
	rc = run_text(f, "PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM sqlite_master");
	if (rc != SQLITE_OK)
		return cannot(f, rc, conf, err);
	code = check_owner(f, conf, err);
	if (code)
		return code;
	rc = run_text(f, "PRAGMA secure_delete = FAST; PRAGMA journal_mode = WAL");
	if (rc == SQLITE_OK)
		rc = run_text(f, conf->sync == STORE_SYNC_POWER ? "PRAGMA synchronous = FULL" :
								  "PRAGMA synchronous = NORMAL");
	/* The lock is taken by the first transaction, and then kept. */
	if (rc == SQLITE_OK)
		rc = run_text(f, "BEGIN EXCLUSIVE; COMMIT");
	if (rc == SQLITE_OK && is_empty(f))
		rc = make_tables(f);
	return rc == SQLITE_OK ? 0 : cannot(f, rc, conf, err);
}

/* Private from the start: SQLite's own files beside it take over its mode. */
static int make_file(const struct store_conf *conf, struct store_error *err)
{
	int fd = open(conf->file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600), code = errno;

	if (fd < 0) {
		char text[160];

		snprintf(text, sizeof(text), "%.60s%s", strerror(code), code == EISDIR ?
			 "; name a file in store.file" :
			 "; its directory must be there, for jalurd's user to write in");
		return fail(err, -code, conf->file, text);
	}
	close(fd);
	return 0;
}

int sqlite_file_open(struct sqlite_file **out, const struct store_conf *conf,
		     struct store_error *err)
{
	struct sqlite_file *f = calloc(1, sizeof(*f));
	int code, i;

	if (!f)
		return fail(err, -ENOMEM, conf->file, "no memory");
	code = make_file(conf, err);
	if (code)
		goto err_file;
	if (sqlite3_open_v2(conf->file, &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		code = f->db ? fail_sqlite(err, f, conf->file) :
			       fail(err, -ENOMEM, conf->file, "no memory");
		goto err_file;
	}
	code = configure(f, conf, err);
	for (i = 0; !code && i < NSTATEMENTS; i++)
		if (sqlite3_prepare_v3(f->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &f->statements[i], NULL) != SQLITE_OK)
			code = fail_sqlite(err, f, conf->file);
	if (code)
		goto err_file;
	*out = f;
	return 0;

err_file:
	sqlite_file_close(f);
	return code;
}

void sqlite_file_close(struct sqlite_file *f)
{
	int i;

	if (!f)
		return;
	for (i = 0; i < NSTATEMENTS; i++)
		sqlite3_finalize(f->statements[i]);
	sqlite3_close(f->db);
	free(f);
}

int sqlite_file_each(struct sqlite_file *f, enum store_kind kind,
		     void (*each)(void *arg, u64 key, struct slice bytes), void *arg,
		     struct store_error *err)
{
	sqlite3_stmt *stmt = f->statements[EACH];
	int rc;

	sqlite3_bind_int(stmt, 1, kind);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *bytes = sqlite3_column_blob(stmt, 1);

		each(arg, (u64)sqlite3_column_int64(stmt, 0),
		     slice_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(stmt, 1)));
	}
	if (rc != SQLITE_DONE)
		snprintf(err->text, sizeof(err->text), "%.120s%s", sqlite3_errmsg(f->db),
			 remedy_of(rc));
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static int step(struct sqlite_file *f, enum statement which)
{
	int rc = sqlite3_step(f->statements[which]);

	sqlite3_reset(f->statements[which]);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

int sqlite_file_begin(struct sqlite_file *f)
{
	return step(f, BEGIN);
}

int sqlite_file_put(struct sqlite_file *f, enum store_kind kind, u64 key, struct slice bytes)
{
	sqlite3_stmt *stmt = f->statements[PUT];
	int err;

	sqlite3_bind_int(stmt, 1, kind);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)key);
	sqlite3_bind_blob64(stmt, 3, bytes.p, bytes.n, SQLITE_STATIC);
	err = step(f, PUT);
	sqlite3_clear_bindings(stmt);		/* the bytes are the caller's */
	return err;
}

int sqlite_file_delete(struct sqlite_file *f, enum store_kind kind, u64 key)
{
	sqlite3_bind_int(f->statements[DELETE], 1, kind);
	sqlite3_bind_int64(f->statements[DELETE], 2, (sqlite3_int64)key);
	return step(f, DELETE);
}

int sqlite_file_clear(struct sqlite_file *f, enum store_kind kind)
{
	sqlite3_bind_int(f->statements[CLEAR], 1, kind);
	return step(f, CLEAR);
}

int sqlite_file_commit(struct sqlite_file *f)
{
	return step(f, COMMIT);
}

void sqlite_file_rollback(struct sqlite_file *f)
{
	if (!sqlite3_get_autocommit(f->db))
		step(f, ROLLBACK);
}

const char *sqlite_file_reason(const struct sqlite_file *f)
{
	return sqlite3_errmsg(f->db);
}
