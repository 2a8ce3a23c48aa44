// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libmicrohttpd speaks HTTP; its epoll descriptor is watched by our loop, so that answers
 * are made where everything else happens and nothing is shared with another thread. Few
 * connections, short requests, short patience: who scrapes needs no more.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/http.h"
#include "admin/path.h"
#include "admin/prometheus.h"
#include "base/alloc.h"
#include "base/log.h"

#define MAX_CONNECTIONS 16
#define MAX_REQUEST 8192
#define PATIENCE_S 10
#define BACKLOG 16

struct http {
	struct http_conf conf;
	struct MHD_Daemon *daemon;
	char *path;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned int handles;		/* open ones */
};

/* --- answers --- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, char *text,
			      const char *type, const char *allow)
{
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response;

	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (allow)
		MHD_add_response_header(response, "Allow", allow);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *why, const char *allow)
{
	char *text = strdup(why);

	return text ? answer(connection, status, text, "text/plain", allow) : MHD_NO;
}

static enum MHD_Result give_metrics(struct http *h, struct MHD_Connection *connection)
{
	struct buf b;
	char *text;

	buf_init(&b);
	h->conf.metrics(h->conf.arg, &b);
	text = buf_take(&b);
	if (!text)
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory\n", NULL);
	return answer(connection, MHD_HTTP_OK, text, PROMETHEUS_TYPE, NULL);
}

/* Called when the headers are there, again for what follows them, and at the end. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **state)
{
	static char seen;

	(void)version;
	(void)upload;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n", "GET, HEAD");
	if (*upload_n || !*state) {
		*upload_n = 0;
		*state = &seen;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics"))
		return refuse(connection, MHD_HTTP_NOT_FOUND, "there is /metrics\n", NULL);
	return give_metrics(arg, connection);
}

/* --- in the loop --- */

static void expired(uv_timer_t *timer);

static unsigned int connections(struct http *h)
{
	return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/*
 * At its limit the library stops to watch its socket, and watches it again at the beginning
 * of a run that comes after one in which connections went: that one nobody else asks for.
 */
static void go_on(struct http *h)
{
	unsigned int before = connections(h);
	MHD_UNSIGNED_LONG_LONG timeout;
	bool again;

	MHD_run(h->daemon);
	again = connections(h) < before;
	if (again || MHD_get_timeout(h->daemon, &timeout) == MHD_YES)
		uv_timer_start(&h->timer, expired, again ? 0 : timeout, 0);
	else
		uv_timer_stop(&h->timer);
}

static void expired(uv_timer_t *timer)
{
	go_on(timer->data);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	go_on(poll->data);
}

static void handle_closed(uv_handle_t *handle)
{
	struct http *h = handle->data;

	if (--h->handles)
		return;
	free(h->path);
	free(h);
}

static void close_handles(struct http *h)
{
	uv_close((uv_handle_t *)&h->poll, handle_closed);
	uv_close((uv_handle_t *)&h->timer, handle_closed);
}

/* --- the socket --- */

static socklen_t name_of(const struct http_conf *conf, struct sockaddr_storage *ss)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)ss;

	if (!conf->path)
		return addr_to_sockaddr(&conf->listen, ss);
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, conf->path, strnlen(conf->path, sizeof(sun->sun_path) - 1));
	return sizeof(*sun);
}

static int bind_to(int fd, const struct http_conf *conf)
{
	struct sockaddr_storage ss;
	socklen_t n = name_of(conf, &ss);
	mode_t mask = umask(0117);	/* from the first moment no wider than it will be */
	int on = 1, err;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (conf->listen.family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	err = bind(fd, (struct sockaddr *)&ss, n) ? -errno : 0;
	umask(mask);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	return err;
}

static int make_socket(const struct http_conf *conf, int *out)
{
	int fd, err = conf->path ? admin_path_clear("metrics", conf->path) : 0;

	if (err)
		return err;
	fd = socket(conf->path ? AF_UNIX : conf->listen.family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = bind_to(fd, conf);
	if (err) {
		close(fd);
		return err;
	}
	if (conf->path)
		admin_path_give("metrics", conf->path, conf->group);
	*out = fd;
	return 0;
}

static int start(struct http *h, int fd)
{
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, h,
				     MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_REQUEST,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PATIENCE_S,
				     MHD_OPTION_END);
	return h->daemon ? 0 : -ENOMEM;
}

static int watch(struct http *h, uv_loop_t *loop)
{
	const union MHD_DaemonInfo *info;
	int err;

	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOTSUP;
	err = uv_poll_init(loop, &h->poll, info->epoll_fd);
	if (err)
		return err;
	uv_timer_init(loop, &h->timer);
	h->poll.data = h->timer.data = h;
	h->handles = 2;
	return uv_poll_start(&h->poll, UV_READABLE, readable);
}

static void log_listening(const struct http_conf *conf, int err)
{
	char text[ADDR_STRLEN];
	const char *where = conf->path ? conf->path : addr_print(&conf->listen, text);

	if (err)
		log_text(LOG_ERROR, "metrics: cannot listen on %s: %s", where, strerror(-err));
	else
		log_text(LOG_INFO, "metrics on %s%s/metrics", conf->path ? "" : "http://", where);
}

int http_open(struct http **out, uv_loop_t *loop, const struct http_conf *conf)
{
	struct http *h = zalloc(sizeof(*h));
	int fd = -1, err;

	if (!h)
		return -ENOMEM;
	h->conf = *conf;
	if (conf->path)
		h->path = strdup(conf->path);
	err = conf->path && !h->path ? -ENOMEM : make_socket(conf, &fd);
	if (!err) {
		err = start(h, fd);
		if (err)
			close(fd);
	}
	if (!err)
		err = watch(h, loop);
	log_listening(conf, err);
	if (!err) {
		*out = h;
		return 0;
	}
	if (h->handles) {
		close_handles(h);
		return err;
	}
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h->path);
	free(h);
	return err;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	uv_poll_stop(&h->poll);
	MHD_stop_daemon(h->daemon);	/* closes the socket, too */
	if (h->path)
		unlink(h->path);
	close_handles(h);
}
