// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control socket's server. Lines in, lines out, and a bound on each thing
 * that a client decides: length of a line, number of clients, bytes that wait
 * to be read by it. A client that does not read its answers is not read from;
 * one that does not read its events loses them, and is told how many. Nobody
 * here can make the daemon wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/path.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"

#define MAX_LINE 65536
#define MAX_CLIENTS 32
#define MAX_UNREAD (256 * 1024)

struct client {
	struct list node;
	struct control *control;
	uv_pipe_t pipe;
	char *buf;		/* MAX_LINE bytes */
	size_t n;
	struct ucred peer;
	u32 watch;		/* WATCH_... */
	json_t *watch_id;
	u64 lost;		/* events, not yet told */
	bool paused;		/* it has answers to read first */
	bool closing;
};

struct control {
	struct control_conf conf;
	char *path;
	uv_loop_t *loop;
	uv_pipe_t server;
	struct list clients;
	size_t nclients;
	u64 dropped;
	bool bound, closed;
};

struct line {
	uv_write_t request;
	struct client *client;
	char bytes[];
};

static void serve_lines(struct client *client);

static struct command_context context_of(const struct control *c, const struct client *client)
{
	return (struct command_context){
		.conf = &c->conf, .now = clock_now(), .wall = clock_wall(),
		.clients = c->nclients, .dropped = c->dropped,
		.watching = client && client->watch,
	};
}

/* --- life of a client --- */

static void free_control(struct control *c)
{
	if (!c->closed || c->bound || c->nclients)
		return;
	free(c->path);
	free(c);
}

static void client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct control *c = client->control;

	list_del(&client->node);
	c->nclients--;
	json_decref(client->watch_id);
	free(client->buf);
	free(client);
	free_control(c);
}

static void close_client(struct client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	client->watch = 0;
	uv_close((uv_handle_t *)&client->pipe, client_closed);
}

/* --- lines out --- */

static bool is_full(const struct client *client)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe) > MAX_UNREAD;
}

static void send_line(struct client *client, json_t *object);

static void tell_lost(struct client *client)
{
	json_t *object;

	if (!client->lost || !client->watch || is_full(client))
		return;
	object = json_pack("{s:O?, s:{s:s, s:s, s:I}}", "id", client->watch_id, "event",
			   "source", "daemon", "type", "lost", "count",
			   (json_int_t)client->lost);
	client->lost = 0;
	send_line(client, object);
	json_decref(object);
}

static void start_reading(struct client *client);

static void written(uv_write_t *request, int status)
{
	struct line *line = request->data;
	struct client *client = line->client;

	free(line);
	if (client->closing)
		return;
	if (status) {
		close_client(client);
		return;
	}
	tell_lost(client);
	if (!client->paused || is_full(client))
		return;
	client->paused = false;
	start_reading(client);
	serve_lines(client);
}

static void send_line(struct client *client, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	size_t n = text ? strlen(text) : 0;
	struct line *line;
	uv_buf_t buf;

	line = text && !client->closing ? malloc(sizeof(*line) + n + 1) : NULL;
	if (!line) {
		free(text);
		close_client(client);
		return;
	}
	memcpy(line->bytes, text, n);
	line->bytes[n] = '\n';
	free(text);
	line->client = client;
	line->request.data = line;
	buf = uv_buf_init(line->bytes, (unsigned int)(n + 1));
	if (uv_write(&line->request, (uv_stream_t *)&client->pipe, &buf, 1, written)) {
		free(line);
		close_client(client);
	}
}

/* --- lines in --- */

static void serve_line(struct client *client, struct slice text)
{
	struct control *c = client->control;
	struct command_context ctx = context_of(c, client);
	struct command_answer answer;

	admin_run(&ctx, text, &answer);
	/* The client's buffer, in which nothing else is kept. */
	if (answer.secret)
		explicit_bzero((char *)text.p, text.n);
	if (answer.changed)
		log_text(LOG_INFO, "control: uid %u pid %d: %s", client->peer.uid,
			 client->peer.pid, answer.name);
	if (answer.object) {
		send_line(client, answer.object);
		json_decref(answer.object);
	}
	if (answer.watch && !client->closing) {
		client->watch = answer.watch;
		client->watch_id = json_incref(answer.id);
	}
	json_decref(answer.id);
	if (answer.changed && c->conf.drive)
		c->conf.drive(c->conf.arg);
}

static void refuse_line(struct client *client)
{
	json_t *object = admin_error(NULL, "line-too-long", "", NULL,
				       "a request has at most %d bytes", MAX_LINE);

	send_line(client, object);
	json_decref(object);
	close_client(client);
}

static void serve_lines(struct client *client)
{
	size_t start = 0;
	char *end;

	while (!client->closing && !client->paused &&
	       (end = memchr(client->buf + start, '\n', client->n - start))) {
		struct slice text = slice_trim(slice_of(client->buf + start,
							(size_t)(end - client->buf) - start));

		start = (size_t)(end - client->buf) + 1;
		if (text.n)
			serve_line(client, text);
		if (!client->closing && is_full(client)) {
			client->paused = true;
			uv_read_stop((uv_stream_t *)&client->pipe);
		}
	}
	client->n -= start;
	memmove(client->buf, client->buf + start, client->n);
	if (!client->closing && !client->paused && client->n == MAX_LINE)
		refuse_line(client);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *client = handle->data;

	(void)suggested;
	*buf = uv_buf_init(client->buf + client->n, (unsigned int)(MAX_LINE - client->n));
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;

	(void)buf;
	if (n < 0) {
		close_client(client);
		return;
	}
	client->n += (size_t)n;
	serve_lines(client);
}

static void start_reading(struct client *client)
{
	if (uv_read_start((uv_stream_t *)&client->pipe, give_buffer, received))
		close_client(client);
}

/* --- new clients --- */

static struct client *new_client(struct control *c)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->buf = malloc(MAX_LINE);
	if (!client->buf || uv_pipe_init(c->loop, &client->pipe, 0)) {
		free(client->buf);
		free(client);
		return NULL;
	}
	client->control = c;
	client->pipe.data = client;
	list_add_tail(&c->clients, &client->node);
	c->nclients++;
	return client;
}

static void greet(struct client *client)
{
	struct control *c = client->control;
	bool full = c->nclients > MAX_CLIENTS;
	socklen_t n = sizeof(client->peer);
	json_t *object;
	int fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->peer, &n)) {
		close_client(client);
		return;
	}
	log_text(full ? LOG_WARNING : LOG_DEBUG, "control: uid %u pid %d %s", client->peer.uid,
		 client->peer.pid, full ? "refused: too many clients" : "connected");
	object = full ? admin_error(NULL, "too-many-clients", "",
				      "close another connection to the control socket",
				      "there are %d clients already", MAX_CLIENTS) :
			admin_hello();
	send_line(client, object);
	json_decref(object);
	if (full)
		close_client(client);
	else if (!client->closing)
		start_reading(client);
}

static void connected(uv_stream_t *server, int status)
{
	struct control *c = server->data;
	struct client *client;

	if (status)
		return;
	client = new_client(c);
	if (!client) {
		log_text(LOG_ERROR, "control: no memory for a client");
		return;
	}
	if (uv_accept(server, (uv_stream_t *)&client->pipe))
		close_client(client);
	else
		greet(client);
}

int control_add_client(struct control *c, int fd)
{
	struct client *client = new_client(c);
	int err = client ? 0 : -ENOMEM;

	if (client)
		err = uv_pipe_open(&client->pipe, fd);
	if (err) {
		close(fd);
		if (client)
			close_client(client);
		return err;
	}
	greet(client);
	return 0;
}

/* --- events --- */

static void publish(struct control *c, u32 kind, json_t *event)
{
	struct list *at, *next;
	json_t *object;

	for (at = c->clients.next; at != &c->clients; at = next) {
		struct client *client = list_entry(at, struct client, node);

		next = at->next;
		if (!(client->watch & kind))
			continue;
		if (client->lost || is_full(client)) {
			client->lost++;
			c->dropped++;
			continue;
		}
		object = json_pack("{s:O?, s:O}", "id", client->watch_id, "event", event);
		send_line(client, object);
		json_decref(object);
	}
}

static bool has_watcher(const struct control *c, u32 kind)
{
	struct list *at;

	for (at = c->clients.next; at != &c->clients; at = at->next)
		if (list_entry(at, struct client, node)->watch & kind)
			return true;
	return false;
}

void control_call_event(struct control *c, const struct call_event *event)
{
	struct command_context ctx = context_of(c, NULL);
	json_t *object;

	if (!has_watcher(c, WATCH_CALL))
		return;
	object = admin_call_event(&ctx, event);
	publish(c, WATCH_CALL, object);
	json_decref(object);
}

void control_media_event(struct control *c, const struct media_event *event)
{
	struct command_context ctx = context_of(c, NULL);
	json_t *object;

	if (!has_watcher(c, WATCH_MEDIA))
		return;
	object = admin_media_event(&ctx, event);
	publish(c, WATCH_MEDIA, object);
	json_decref(object);
}

/* --- the socket --- */

static int listen_on(struct control *c)
{
	mode_t mask;
	int err = admin_path_clear("control", c->path);

	if (err)
		return err;
	/* From the first moment no wider than it will be. */
	mask = umask(0117);
	err = uv_pipe_bind(&c->server, c->path);
	umask(mask);
	if (!err) {
		admin_path_give("control", c->path, c->conf.group);
		err = uv_listen((uv_stream_t *)&c->server, MAX_CLIENTS, connected);
	}
	if (err)
		log_text(LOG_ERROR, "control: cannot listen on %s: %s", c->path, strerror(-err));
	else
		log_text(LOG_INFO, "control socket %s", c->path);
	return err;
}

static void server_closed(uv_handle_t *handle)
{
	struct control *c = handle->data;

	c->bound = false;
	free_control(c);
}

int control_open(struct control **out, uv_loop_t *loop, const struct control_conf *conf)
{
	struct control *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->conf = *conf;
	c->loop = loop;
	list_init(&c->clients);
	c->path = strdup(conf->path);
	err = c->path ? uv_pipe_init(loop, &c->server, 0) : -ENOMEM;
	if (err) {
		free(c->path);
		free(c);
		return err;
	}
	c->server.data = c;
	c->bound = true;
	err = listen_on(c);
	c->conf.path = NULL;
	c->conf.group = NULL;
	if (err) {
		c->closed = true;
		uv_close((uv_handle_t *)&c->server, server_closed);
		return err;
	}
	*out = c;
	return 0;
}

static void end_stream(struct client *client)
{
	json_t *object;

	if (!client->watch)
		return;
	object = json_pack("{s:O?, s:b}", "id", client->watch_id, "done", 1);
	send_line(client, object);
	json_decref(object);
}

void control_close(struct control *c)
{
	struct list *at, *next;

	if (!c || c->closed)
		return;
	c->closed = true;
	for (at = c->clients.next; at != &c->clients; at = next) {
		next = at->next;
		end_stream(list_entry(at, struct client, node));
		close_client(list_entry(at, struct client, node));
	}
	/* Closing removes the socket file, too. */
	uv_close((uv_handle_t *)&c->server, server_closed);
}
