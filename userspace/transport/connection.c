// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection from its beginning to its end. It has one timer, which is set to the
 * nearest of its deadlines and, when it fires early because bytes came meanwhile, set
 * again: bytes move no timers. Closing sends what is left, then FIN, and reads on for a
 * moment without looking: a socket that is closed with unread bytes resets the
 * connection, and what was sent last would be lost with it.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/io.h"
#include "transport/tls.h"
#include "transport/websocket.h"

#define ANSWER_TIME NSEC_PER_SEC	/* for the daemon to answer what cannot be framed */
#define KEEP_IDLE 120			/* s, then the kernel asks whether the peer is there */
#define UNACKNOWLEDGED 30000		/* ms */

/* Until the daemon has caught up. */
static void pause_reading(struct connection *c, bool broken)
{
	if (list_empty(&c->io->paused))
		stream_count(c->io->s, STREAM_COUNT_STALLED);
	list_del(&c->paused);
	list_add_tail(&c->io->paused, &c->paused);
	/* A broken one would be told of again and again; it is looked at when reading goes on. */
	if (!broken)
		connection_watch(c);
}

/*
 * Of a connection that broke libuv stops watching, and tells no events; there may still be
 * bytes to read before the error.
 */
static void ready(uv_poll_t *poll, int status, int events)
{
	struct connection *c = poll->data;
	bool broken = status < 0;

	c->io->now = uv_hrtime();
	if (broken)
		c->watched = 0;
	if (connection_state(c) == STREAM_CONNECTING) {
		connection_made(c);
		return;
	}
	if (events & UV_WRITABLE)
		connection_write(c);
	if (c->dead || !(broken || events & UV_READABLE))
		return;
	if (connection_state(c) == STREAM_REFUSING) {
		connection_drop(c, c->reason);
		return;
	}
	if (channel_stalled(c->io->events)) {
		pause_reading(c, broken);
		return;
	}
	connection_read(c);
	if (broken && !c->dead)
		connection_watch(c);
}

void connection_watch(struct connection *c)
{
	enum stream_state state = connection_state(c);
	int events = 0;

	if (state == STREAM_CONNECTING || c->blocked)
		events |= UV_WRITABLE;
	if (state != STREAM_CONNECTING && state != STREAM_REFUSING && list_empty(&c->paused))
		events |= UV_READABLE;
	if (events == c->watched)
		return;
	c->watched = events;
	if (events)
		uv_poll_start(&c->poll, events, ready);
	else
		uv_poll_stop(&c->poll);
}

/* --- deadlines --- */

static void sooner(u64 *at, u64 other)
{
	if (other < *at)
		*at = other;
}

/*
 * Pongs and keep-alives are activity of a peer that has sent a message, and of no other: they
 * cost nothing. A first message that began in time may be finished, however it is cut.
 */
static u64 idle_deadline(const struct connection *c)
{
	const struct stream_limits *limits = &c->io->s->limits;

	if (!limits->idle_timeout)
		return UINT64_MAX;
	if (c->spoke)
		return c->last_in + limits->idle_timeout;
	return c->since + limits->idle_timeout + (c->message_since ? limits->message_timeout : 0);
}

static u64 open_deadline(const struct connection *c)
{
	const struct stream_limits *limits = &c->io->s->limits;
	u64 at = idle_deadline(c);

	if (c->message_since)
		sooner(&at, c->message_since + limits->message_timeout);
	if (c->ws && limits->ping_interval)
		sooner(&at, (c->pinged ? c->pinged : c->since) + limits->ping_interval);
	return at;
}

static u64 deadline(const struct connection *c)
{
	const struct stream_limits *limits = &c->io->s->limits;

	switch (connection_state(c)) {
	case STREAM_OPEN:
		return open_deadline(c);
	case STREAM_REFUSING:
		return c->closing_since + ANSWER_TIME;
	case STREAM_CLOSING:
		return c->closing_since + limits->linger;
	default:
		return c->since + limits->handshake_timeout;
	}
}

void connection_arm(struct connection *c)
{
	u64 at = deadline(c);

	if (c->dead || at == UINT64_MAX || (c->timer.pos && c->timer.deadline <= at))
		return;
	timer_arm(&c->io->timers, &c->timer, at);
}

static void open_expired(struct connection *c)
{
	const struct stream_limits *limits = &c->io->s->limits;
	u64 now = c->io->now;

	if (c->message_since && c->message_since + limits->message_timeout <= now) {
		connection_close(c, STREAM_UNFINISHED);
	} else if (idle_deadline(c) <= now) {
		connection_close(c, STREAM_IDLE);
	} else if (c->pinged && c->last_in < c->pinged) {
		connection_drop(c, STREAM_NO_PONG);
	} else {
		c->pinged = now;
		connection_ping(c);
	}
}

void connection_expired(struct connection *c)
{
	enum stream_state state = connection_state(c);

	/* What was not read for the daemon's sake is no fault of the peer. */
	if (state == STREAM_OPEN && !list_empty(&c->paused)) {
		timer_arm(&c->io->timers, &c->timer, c->io->now + NSEC_PER_SEC);
		return;
	}
	if (deadline(c) > c->io->now) {
		connection_arm(c);
		return;
	}
	switch (state) {
	case STREAM_OPEN:
		open_expired(c);
		break;
	case STREAM_REFUSING:
		connection_close(c, c->reason);
		break;
	case STREAM_CLOSING:
		connection_drop(c, c->reason);
		break;
	case STREAM_CONNECTING:
		connection_fail(c, STREAM_CONNECT_TIMEOUT, -ETIMEDOUT, NULL);
		break;
	default:
		connection_fail(c, STREAM_HANDSHAKE_TIMEOUT, -ETIMEDOUT, NULL);
	}
	if (!c->dead)
		connection_arm(c);
}

/* --- beginning --- */

static void set_options(int fd)
{
	int on = 1, idle = KEEP_IDLE, unacknowledged = UNACKNOWLEDGED;

	/* Best effort: a connection works without. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
}

static void free_connection(struct connection *c)
{
	item_free((struct list *)c->opened);
	item_free((struct list *)c->closed);
	tls_free(c->tls);
	websocket_free(c->ws);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

/* Nothing of stream is taken when it fails. */
static struct connection *make(struct io *io, struct stream *stream, int fd)
{
	const struct stream_framing *framing = io->s->framing;
	struct connection *c = calloc(1, sizeof(*c) + framing->state_size);

	if (!c)
		return NULL;
	c->io = io;
	c->fd = fd;
	c->since = c->last_in = io->now;
	c->timer.kind = IO_TIMER_CONNECTION;
	c->timer.owner = c;
	list_init(&c->node);
	list_init(&c->dirty);
	list_init(&c->paused);
	buf_init(&c->in);
	buf_init(&c->out);
	framing->init(c->framer, io->s->limits.message_max);
	c->opened = item_new(ITEM_OPENED, stream, slice_of(NULL, 0));
	c->closed = item_new(ITEM_CLOSED, stream, slice_of(NULL, 0));
	if (!c->opened || !c->closed || timers_reserve(&io->timers, 1))
		goto err_connection;
	if (uv_poll_init(&io->loop, &c->poll, fd))
		goto err_timer;
	c->poll.data = c;
	c->stream = stream_get(stream);
	stream->connection = c;
	list_add_tail(&io->connections, &c->node);
	set_options(fd);
	return c;

err_timer:
	timers_release(&io->timers, 1);
err_connection:
	free_connection(c);
	return NULL;
}

static int add_layers(struct connection *c, struct tls_context *tls, const struct listener *l)
{
	const struct stream_info *info = &c->stream->info;
	int err = 0;

	if (transport_secure(info->transport))
		err = tls_new(&c->tls, tls, info->incoming, info->server_name);
	if (!err && transport_websocket(info->transport))
		err = websocket_new(&c->ws, c->io->s->limits.message_max,
				    (const char *const *)l->origins, l->norigins);
	return err;
}

int connection_accept(struct watch *w, int fd, const struct addr *peer)
{
	struct listener *l = w->listener;
	struct stream *stream = stream_new(w->io->s, l->index, l->transport, peer);
	struct connection *c;

	if (!stream)
		return -ENOMEM;
	stream->info.incoming = true;
	stream->thread = w->io->index;
	atomic_init(&stream->state, STREAM_HANDSHAKE);
	c = make(w->io, stream, fd);
	stream_put(stream);
	if (!c)
		return -ENOMEM;
	c->handshake = l->transport != TRANSPORT_TCP;
	stream_count(w->io->s, STREAM_COUNT_ACCEPTED);
	if (add_layers(c, w->tls, l)) {
		connection_drop(c, STREAM_NO_MEMORY);
		return 0;
	}
	if (!c->handshake)
		connection_open(c);
	connection_watch(c);
	connection_arm(c);
	return 0;
}

static int begin_connect(const struct addr *local, const struct addr *peer)
{
	int fd = socket(peer->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	struct addr any_port = *local;
	int on = 1, err;

	if (fd < 0)
		return -errno;
	any_port.port = 0;
	/* The kernel chooses the port when it knows the peer, so they do not run out early. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, addr_to_sockaddr(&any_port, &ss)))
		goto err_fd;
	if (connect(fd, (struct sockaddr *)&ss, addr_to_sockaddr(peer, &ss)) &&
	    errno != EINPROGRESS)
		goto err_fd;
	return fd;

err_fd:
	err = -errno;
	close(fd);
	return err;
}

/* The item that asked for it says that there will be none. */
static void refuse_connect(struct io *io, struct item *item, enum stream_reason reason, int err)
{
	stream_count(io->s, reason);
	atomic_store(&item->stream->state, STREAM_CLOSING);
	item->kind = ITEM_CLOSED;
	item->reason = reason;
	item->err = err;
	if (reason == STREAM_CONNECT_FAILED)
		item->text = strdup(strerror(-err));
	channel_put(io->events, &item->node);
}

static int connect_item(struct io *io, struct item *item)
{
	struct connection *c;
	int fd = begin_connect(&item->listener->local, &item->stream->info.peer);

	if (fd < 0)
		return fd;
	c = make(io, item->stream, fd);
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->told = true;
	if (add_layers(c, item->tls, item->listener)) {
		connection_fail(c, STREAM_NO_MEMORY, -ENOMEM, NULL);
		return 0;
	}
	connection_watch(c);
	connection_arm(c);
	return 0;
}

void connection_connect(struct io *io, struct item *item)
{
	int err;

	if (sources_enter_outgoing(io->s->sources)) {
		refuse_connect(io, item, STREAM_TOTAL_LIMIT, -EDQUOT);
		return;
	}
	err = connect_item(io, item);
	if (err) {
		sources_leave_outgoing(io->s->sources);
		refuse_connect(io, item, err == -ENOMEM ? STREAM_NO_MEMORY : STREAM_CONNECT_FAILED,
			       err);
		return;
	}
	item_free(&item->node);
}

void connection_made(struct connection *c)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err) {
		connection_fail(c, STREAM_CONNECT_FAILED, -err, strerror(err));
		return;
	}
	atomic_store(&c->stream->state, STREAM_HANDSHAKE);
	if (c->tls)
		connection_take(c, slice_of(NULL, 0));
	else
		connection_open(c);
	if (!c->dead)
		connection_watch(c);
}

static struct addr bound_to(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a = {0};

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		addr_from_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}

void connection_open(struct connection *c)
{
	struct streams *s = c->io->s;
	struct item *item = c->opened;

	item->local = bound_to(c->fd);
	if (c->tls) {
		item->peer = tls_peer_new(c->tls);
		if (!item->peer) {
			connection_drop(c, STREAM_NO_MEMORY);
			return;
		}
	}
	if (c->ws && websocket_origin(c->ws))
		item->origin = strdup(websocket_origin(c->ws));
	if (c->handshake)
		sources_established(s->sources, &c->stream->info.peer);
	c->handshake = false;
	c->since = c->last_in = c->io->now;
	atomic_store(&c->stream->state, STREAM_OPEN);
	stream_count(s, c->stream->info.incoming ? STREAM_COUNT_OPENED : STREAM_COUNT_CONNECTED);
	c->told = true;
	c->opened = NULL;
	channel_put(c->io->events, &item->node);
	connection_arm(c);
}

/* --- end --- */

static void freed(uv_handle_t *handle)
{
	free_connection(handle->data);
}

static void tell_closed(struct connection *c, enum stream_reason reason)
{
	struct item *item = c->closed;

	if (!c->told)
		return;
	item->reason = reason;
	/* Of one that we were making, and nobody said more of. */
	if (!item->err)
		item->err = reason == STREAM_NO_MEMORY ? -ENOMEM : -ECONNRESET;
	c->closed = NULL;
	channel_put(c->io->events, &item->node);
}

void connection_drop(struct connection *c, enum stream_reason reason)
{
	struct linger now = { .l_onoff = 1 };
	struct stream *stream = c->stream;
	struct io *io = c->io;

	if (c->dead)
		return;
	c->dead = true;
	if (reason == STREAM_OVERFLOW || reason == STREAM_HANDSHAKE_TIMEOUT)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	stream_count(io->s, reason);
	if (stream->info.incoming)
		sources_leave(io->s->sources, &stream->info.peer, c->handshake);
	else
		sources_leave_outgoing(io->s->sources);
	timer_disarm(&io->timers, &c->timer);
	timers_release(&io->timers, 1);
	list_del(&c->node);
	list_del(&c->dirty);
	list_del(&c->paused);
	uv_poll_stop(&c->poll);
	close(c->fd);
	atomic_store(&stream->state, STREAM_CLOSING);
	atomic_store(&stream->unsent, 0);
	stream->connection = NULL;
	tell_closed(c, reason);
	stream_put(stream);
	uv_close((uv_handle_t *)&c->poll, freed);
}

void connection_fail(struct connection *c, enum stream_reason reason, int err, const char *why)
{
	if (c->dead)
		return;
	c->closed->err = err;
	if (why)
		c->closed->text = strdup(why);
	connection_drop(c, reason);
}

void connection_close(struct connection *c, enum stream_reason reason)
{
	if (c->dead || connection_state(c) == STREAM_CLOSING)
		return;
	c->reason = reason;
	c->closing_since = c->io->now;
	if (c->ws) {
		websocket_finish(c->ws, reason == STREAM_TOO_LARGE, &c->io->clear);
		connection_put(c, buf_slice(&c->io->clear));
		buf_reset(&c->io->clear);
	}
	if (c->dead)
		return;
	if (c->tls)
		tls_finish(c->tls, &c->out);
	atomic_store(&c->stream->state, STREAM_CLOSING);
	buf_free(&c->in);
	connection_watch(c);
	connection_arm(c);
	io_dirty(c);
}
