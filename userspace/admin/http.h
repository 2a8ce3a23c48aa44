/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small HTTP server on loopback or a UNIX socket, in the daemon's own loop: GET of what
 * it has, and refusals.
 */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include <uv.h>

#include "base/addr.h"
#include "base/buf.h"

struct http;

struct http_conf {
	struct addr listen;		/* family 0: by path */
	const char *path;		/* of a UNIX socket; NULL: by listen */
	const char *group;		/* gets that socket; NULL: the daemon's own */
	/* The text of /metrics is appended to b. */
	void (*metrics)(void *arg, struct buf *b);
	void *arg;
};

/* 0 or -errno, the reason logged. */
int http_open(struct http **out, uv_loop_t *loop, const struct http_conf *conf);
/* The loop must run once more afterwards. NULL allowed. */
void http_close(struct http *h);

#endif
