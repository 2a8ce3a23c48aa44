// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners of the daemon's side. The socket is made here, so that what is wrong with
 * an address is known at once; every thread then watches it, and whichever is awake
 * first accepts.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/stream_private.h"
#include "transport/tls.h"

static bool is_wildcard(const struct addr *a)
{
	if (a->family == AF_INET)
		return !a->ip.v4.s_addr;
	return IN6_IS_ADDR_UNSPECIFIED(&a->ip.v6);
}

static int make_socket(const struct addr *local)
{
	int fd = socket(local->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(local, &ss);
	int on = 1, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (local->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(fd, (struct sockaddr *)&ss, len) && !listen(fd, SOMAXCONN))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

struct listener *listener_find(struct streams *s, u32 index)
{
	struct list *at;

	for (at = s->listeners.next; at != &s->listeners; at = at->next) {
		struct listener *l = list_entry(at, struct listener, node);

		if (l->index == index)
			return l;
	}
	return NULL;
}

static int copy_origins(struct listener *l, const struct stream_listen *listen)
{
	l->origins = calloc(listen->norigins + 1, sizeof(*l->origins));
	if (!l->origins)
		return -ENOMEM;
	for (; l->norigins < listen->norigins; l->norigins++) {
		l->origins[l->norigins] = strdup(listen->origins[l->norigins]);
		if (!l->origins[l->norigins])
			return -ENOMEM;
	}
	return 0;
}

/* One item for each thread, or none at all. */
static int tell_threads(struct streams *s, enum item_kind kind, struct listener *l)
{
	struct item *items[STREAMS_MAX_THREADS];
	unsigned int i;

	for (i = 0; i < s->nthreads; i++) {
		items[i] = item_new(kind, NULL, slice_of(NULL, 0));
		if (!items[i])
			goto err_items;
		items[i]->listener = listener_get(l);
		items[i]->tls = l->tls ? tls_context_get(l->tls) : NULL;
	}
	for (i = 0; i < s->nthreads; i++)
		channel_put(&s->threads[i].commands, &items[i]->node);
	return 0;

err_items:
	while (i--)
		item_free(&items[i]->node);
	return -ENOMEM;
}

static bool is_valid(const struct stream_listen *listen)
{
	bool secure = transport_secure(listen->transport);

	if (listen->transport == TRANSPORT_UDP || !listen->local.family ||
	    is_wildcard(&listen->local))
		return false;
	if (listen->connect_only)
		return true;
	return !secure || (listen->tls && tls_context_serves(listen->tls));
}

static struct listener *make(u32 index, const struct stream_listen *listen)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	atomic_init(&l->refs, 1);
	l->index = index;
	l->transport = listen->transport;
	l->local = listen->local;
	l->fd = -1;
	list_init(&l->node);
	if (copy_origins(l, listen)) {
		listener_put(l);
		return NULL;
	}
	if (listen->tls)
		l->tls = tls_context_get(listen->tls);
	return l;
}

static void forget(struct listener *l)
{
	list_del(&l->node);
	tls_context_put(l->tls);
	l->tls = NULL;
	listener_put(l);
}

int streams_listen(struct streams *s, u32 index, const struct stream_listen *listen)
{
	struct listener *l;
	int err = 0;

	if (!is_valid(listen))
		return -EINVAL;
	if (listener_find(s, index))
		return -EEXIST;
	l = make(index, listen);
	if (!l)
		return -ENOMEM;
	list_add_tail(&s->listeners, &l->node);
	if (listen->connect_only)
		return 0;
	err = l->fd = make_socket(&l->local);
	if (err >= 0)
		err = tell_threads(s, ITEM_LISTEN, l);
	if (err)
		forget(l);
	return err;
}

int streams_set_tls(struct streams *s, u32 index, struct tls_context *tls)
{
	struct listener *l = listener_find(s, index);
	struct tls_context *old;
	int err = 0;

	if (!l)
		return -ENOENT;
	if (!tls || (l->fd >= 0 && !tls_context_serves(tls)))
		return -EINVAL;
	old = l->tls;
	l->tls = tls_context_get(tls);
	if (l->fd >= 0)
		err = tell_threads(s, ITEM_TLS, l);
	if (err) {
		l->tls = old;
		tls_context_put(tls);
		return err;
	}
	tls_context_put(old);
	return 0;
}

/*
 * shutdown() ends listening at once, for whatever listens there next, while the threads
 * still have the descriptor; a thread that is not told sees that, too.
 */
void streams_unlisten(struct streams *s, u32 index)
{
	struct listener *l = listener_find(s, index);

	if (!l)
		return;
	if (l->fd >= 0) {
		shutdown(l->fd, SHUT_RDWR);
		tell_threads(s, ITEM_UNLISTEN, l);
	}
	forget(l);
}
