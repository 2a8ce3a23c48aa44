// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jalurd, over its control socket: one JSON object a line. Requests wait for
 * their answer; a stream is read by whoever polls the descriptor.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define TIMEOUT_S 10
#define PROTOCOL_VERSION 1

struct daemon {
	int fd;
	char *buf;
	size_t n, cap;
};

static int cannot_connect(struct ctl *ctl, int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return ctl_fail(ctl, CTL_UNREACHABLE, "daemon-not-running", ctl->socket,
				"start jalurd (systemctl start jalurd), or name its --socket PATH",
				"jalurd is not running: %s", strerror(err));
	case EACCES:
	case EPERM:
		return ctl_fail(ctl, CTL_FAILED, "no-permission", ctl->socket,
				"run as root, or as a member of the socket's group",
				"no permission to speak to jalurd");
	}
	return ctl_fail(ctl, CTL_UNREACHABLE, "daemon-not-running", ctl->socket, NULL,
			"cannot reach jalurd: %s", strerror(err));
}

static int connect_socket(const char *path, int *out)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		int err = -errno;

		close(fd);
		return err;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	*out = fd;
	return 0;
}

/* Reads once. > 0, 0 at the end, -errno. */
static ssize_t fill(struct daemon *d, int flags)
{
	char *buf;
	ssize_t n;

	if (d->cap - d->n < 4096) {
		buf = realloc(d->buf, d->cap + 65536);
		if (!buf)
			return -ENOMEM;
		d->buf = buf;
		d->cap += 65536;
	}
	do
		n = recv(d->fd, d->buf + d->n, d->cap - d->n, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	d->n += (size_t)n;
	return n;
}

/* Takes one line off the buffer; NULL: there is no complete one. */
static json_t *take_line(struct daemon *d)
{
	char *end = d->n ? memchr(d->buf, '\n', d->n) : NULL;
	json_t *object;
	size_t n;

	if (!end)
		return NULL;
	n = (size_t)(end - d->buf);
	object = json_loadb(d->buf, n, 0, NULL);
	d->n -= n + 1;
	memmove(d->buf, end + 1, d->n);
	/* A line that is no JSON is an object without members: refused by who looks. */
	return object ? object : json_object();
}

/* The next line, waiting for it; NULL: *status, reported. */
static json_t *read_line(struct ctl *ctl, int *status)
{
	struct daemon *d = ctl->daemon;
	json_t *object;
	ssize_t n = 1;

	while (!(object = take_line(d)) && n > 0)
		n = fill(d, 0);
	if (object)
		return object;
	if (n == -EAGAIN)
		*status = ctl_fail(ctl, CTL_UNREACHABLE, "timeout", ctl->socket, NULL,
				   "jalurd did not answer within %d s", TIMEOUT_S);
	else
		*status = ctl_fail(ctl, CTL_UNREACHABLE, "connection-lost", ctl->socket, NULL,
				   "jalurd closed the connection%s%s", n < 0 ? ": " : "",
				   n < 0 ? strerror((int)-n) : "");
	return NULL;
}

static int check_hello(struct ctl *ctl)
{
	json_t *line, *hello;
	int status = CTL_OK;

	line = read_line(ctl, &status);
	if (!line)
		return status;
	hello = json_object_get(line, "hello");
	if (json_object_get(line, "error"))
		status = ctl_fail(ctl, CTL_FAILED,
				  member_text(json_object_get(line, "error"), "code"), ctl->socket,
				  member_text(json_object_get(line, "error"), "remedy"), "%s",
				  member_text(json_object_get(line, "error"), "message"));
	else if (member_number(hello, "version") != PROTOCOL_VERSION)
		status = ctl_fail(ctl, CTL_FAILED, "protocol", ctl->socket,
				  "use the jalurctl of the same release",
				  "this is not jalurd, or it speaks another version");
	json_decref(line);
	return status;
}

int daemon_open(struct ctl *ctl)
{
	int fd = -1, err, status;

	if (ctl->daemon)
		return CTL_OK;
	err = connect_socket(ctl->socket, &fd);
	if (err)
		return cannot_connect(ctl, -err);
	ctl->daemon = calloc(1, sizeof(*ctl->daemon));
	if (!ctl->daemon) {
		close(fd);
		return ctl_fail(ctl, CTL_FAILED, "no-memory", NULL, NULL, "no memory");
	}
	ctl->daemon->fd = fd;
	status = check_hello(ctl);
	if (status)
		daemon_close(ctl);
	return status;
}

void daemon_close(struct ctl *ctl)
{
	if (!ctl->daemon)
		return;
	close(ctl->daemon->fd);
	free(ctl->daemon->buf);
	free(ctl->daemon);
	ctl->daemon = NULL;
}

int daemon_start(struct ctl *ctl, const char *cmd, json_t *args)
{
	size_t sent = 0, n;
	json_t *request;
	char *text;
	ssize_t got = 0;
	int status;

	status = daemon_open(ctl);
	if (status) {
		json_decref(args);
		return status;
	}
	request = json_pack("{s:i, s:s, s:o}", "id", 1, "cmd", cmd, "args",
			    args ? args : json_object());
	text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	json_decref(request);
	if (!text)
		return ctl_fail(ctl, CTL_USAGE, "bad-text", cmd, NULL,
				"an argument is not UTF-8");
	n = strlen(text);
	text[n++] = '\n';
	while (sent < n && (got = send(ctl->daemon->fd, text + sent, n - sent, MSG_NOSIGNAL)) > 0)
		sent += (size_t)got;
	/* A password may be in it. */
	explicit_bzero(text, n);
	free(text);
	if (sent == n)
		return CTL_OK;
	return ctl_fail(ctl, CTL_UNREACHABLE, "connection-lost", ctl->socket, NULL,
			"jalurd closed the connection");
}

/* What jalurd says in the words of its socket, in those of jalurctl. */
static const struct {
	const char *code;
	int status;
	const char *where, *remedy;
} said[] = {
	{ "no-such-call", CTL_NOT_FOUND, "ID", "jalurctl call list" },
	{ "no-such-connection", CTL_NOT_FOUND, "ID", "jalurctl transport list" },
	{ "no-such-trunk", CTL_NOT_FOUND, "NAME", "jalurctl trunk list" },
	{ "no-such-subscriber", CTL_NOT_FOUND, "USER@DOMAIN", "jalurctl subscriber list" },
	{ "no-such-user", CTL_NOT_FOUND, "USER@DOMAIN", "jalurctl subscriber list" },
	{ "no-such-registration", CTL_NOT_FOUND, "USER@DOMAIN", "jalurctl registration list" },
	{ "no-such-subscription", CTL_NOT_FOUND, "ID", "jalurctl subscription list" },
	{ "no-such-domain", CTL_NOT_FOUND, "DOMAIN", "section domains of the configuration" },
	{ "exists", CTL_FAILED, "USER@DOMAIN", "jalurctl subscriber passwd" },
};

static int refused(struct ctl *ctl, const json_t *error)
{
	const char *code = member_text(error, "code");
	size_t i;

	for (i = 0; i < sizeof(said) / sizeof(*said); i++)
		if (!strcmp(code, said[i].code))
			return ctl_fail(ctl, said[i].status, code, said[i].where, said[i].remedy,
					"%s", member_text(error, "message"));
	return ctl_fail(ctl, CTL_FAILED, *code ? code : "protocol", member_text(error, "where"),
			member_text(error, "remedy"), "%s", *member_text(error, "message") ?
			member_text(error, "message") : "jalurd gave an answer without a result");
}

json_t *daemon_request(struct ctl *ctl, const char *cmd, json_t *args, int *status)
{
	json_t *line, *result;

	*status = daemon_start(ctl, cmd, args);
	if (*status)
		return NULL;
	line = read_line(ctl, status);
	if (!line)
		return NULL;
	result = json_incref(json_object_get(line, "result"));
	if (!result)
		*status = refused(ctl, json_object_get(line, "error"));
	json_decref(line);
	return result;
}

int daemon_fd(const struct ctl *ctl)
{
	return ctl->daemon ? ctl->daemon->fd : -1;
}

json_t *daemon_next(struct ctl *ctl, bool *gone)
{
	json_t *line = take_line(ctl->daemon);
	ssize_t n;

	*gone = false;
	if (line)
		return line;
	n = fill(ctl->daemon, MSG_DONTWAIT);
	if (n > 0)
		return take_line(ctl->daemon);
	*gone = n != -EAGAIN;
	return NULL;
}
