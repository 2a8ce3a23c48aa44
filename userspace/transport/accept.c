// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Accepting. Limits are looked at first, and who is above them is gone with one reset,
 * before anything was allocated. Without descriptors or memory accepting rests for a
 * moment: the socket stays readable, and would be asked in a loop.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "transport/io.h"
#include "transport/tls.h"

#define TURN 16			/* connections of one listener before others have their turn */
#define REST (200 * NSEC_PER_MSEC)

static void ready(uv_poll_t *poll, int status, int events);

static struct watch *find(struct io *io, const struct listener *l)
{
	struct list *at;

	for (at = io->watches.next; at != &io->watches; at = at->next) {
		struct watch *w = list_entry(at, struct watch, node);

		if (w->listener == l)
			return w;
	}
	return NULL;
}

static enum stream_reason reason_of(int err)
{
	switch (err) {
	case -ENFILE:
		return STREAM_TOTAL_LIMIT;
	case -EDQUOT:
		return STREAM_SOURCE_LIMIT;
	case -EBUSY:
		return STREAM_HANDSHAKE_LIMIT;
	default:
		return STREAM_NO_MEMORY;
	}
}

/* With a reset: a socket in TIME_WAIT would be a cost that a flood could choose. */
static void refuse(struct io *io, int fd, int err)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	stream_count(io->s, reason_of(err));
}

static void admit(struct watch *w, int fd, const struct addr *peer)
{
	bool handshake = w->listener->transport != TRANSPORT_TCP;
	struct streams *s = w->io->s;
	int err = sources_enter(s->sources, peer, handshake);

	if (err) {
		refuse(w->io, fd, err);
		return;
	}
	err = connection_accept(w, fd, peer);
	if (err) {
		sources_leave(s->sources, peer, handshake);
		refuse(w->io, fd, err);
	}
}

/* false: there is none, for now. */
static bool accept_one(struct watch *w)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct io *io = w->io;
	struct addr peer;
	int fd = accept4(w->listener->fd, (struct sockaddr *)&ss, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		if (addr_from_sockaddr((struct sockaddr *)&ss, &peer))
			admit(w, fd, &peer);
		else
			close(fd);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		stream_count(io->s, STREAM_COUNT_ACCEPT_PAUSED);
		uv_poll_stop(&w->poll);
		timer_arm(&io->timers, &io->rest, io->now + REST);
	} else if (errno == EINVAL || errno == EBADF) {
		uv_poll_stop(&w->poll);		/* it listens no more; ITEM_UNLISTEN follows */
	}
	/* What a connection died of before it was accepted is no matter of the listener. */
	return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	unsigned int n;

	(void)events;
	w->io->now = uv_hrtime();
	if (status < 0)
		uv_poll_stop(poll);
	/* While the daemon is behind there is no use in more of them. */
	if (channel_stalled(w->io->events)) {
		uv_poll_stop(poll);
		timer_arm(&w->io->timers, &w->io->rest, w->io->now + REST);
		return;
	}
	for (n = 0; n < TURN; n++)
		if (!accept_one(w))
			break;
}

void watch_rest_over(struct io *io)
{
	struct list *at;

	for (at = io->watches.next; at != &io->watches; at = at->next) {
		struct watch *w = list_entry(at, struct watch, node);

		uv_poll_start(&w->poll, UV_READABLE, ready);
	}
}

void watch_add(struct io *io, struct item *item)
{
	struct watch *w = calloc(1, sizeof(*w));
	int err = w ? uv_poll_init(&io->loop, &w->poll, item->listener->fd) : -ENOMEM;
	char local[ADDR_STRLEN];

	if (err) {
		log_text(LOG_ERROR, "nobody is accepted at %s: %s",
			 addr_print(&item->listener->local, local), strerror(-err));
		free(w);
		return;
	}
	w->io = io;
	w->poll.data = w;
	w->listener = listener_get(item->listener);
	w->tls = item->tls;
	item->tls = NULL;
	list_add_tail(&io->watches, &w->node);
	uv_poll_start(&w->poll, UV_READABLE, ready);
}

void watch_set_tls(struct io *io, struct item *item)
{
	struct watch *w = find(io, item->listener);

	if (!w)
		return;
	tls_context_put(w->tls);
	w->tls = item->tls;
	item->tls = NULL;
}

static void freed(uv_handle_t *handle)
{
	struct watch *w = handle->data;

	listener_put(w->listener);
	tls_context_put(w->tls);
	free(w);
}

void watch_remove(struct io *io, const struct listener *l)
{
	struct watch *w = find(io, l);

	if (!w)
		return;
	list_del(&w->node);
	uv_poll_stop(&w->poll);
	uv_close((uv_handle_t *)&w->poll, freed);
}
