/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of call records. Lines go through a ring of fixed size to a thread
 * that writes them, so that a slow disk never holds up a call; what does not
 * fit is lost and counted.
 */
#ifndef DAEMON_CDR_H
#define DAEMON_CDR_H

#include "base/slice.h"

struct cdr;

struct cdr_figures {
	u64 written;		/* lines that are in the file */
	u64 lost;		/* that did not fit into the ring */
	u64 failed;		/* that could not be written */
};

/*
 * Opens the file for appending (0640 when it is made) and starts the thread. 0 or -errno
 * of the file or the thread.
 */
int cdr_open(struct cdr **out, const char *path, size_t ring);
/* line: malloc'ed, with its newline; taken in any case. Never waits. */
void cdr_write(struct cdr *c, char *line);
/* The file by that name may be another one by now: open it again. Never waits. */
void cdr_reopen(struct cdr *c);
void cdr_figures(const struct cdr *c, struct cdr_figures *figures);
/* Writes what is in the ring, ends the thread. NULL allowed. */
void cdr_close(struct cdr *c);

#endif
