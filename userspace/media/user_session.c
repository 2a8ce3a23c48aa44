// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a plan to ends with sockets. A plan is checked and everything that it
 * asks for is opened before anything changes; then it takes the place of the
 * one before, whole. Ends are known by their ids: one that is in both plans
 * keeps its socket, its latch and its counters, and only where it leads and what
 * it takes are the new plan's. Refusals are those of the module, so that what
 * works with one relay works with the other.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "media/user_private.h"

/* --- checks --- */

static const struct media_end *find_conf(const struct media_plan *plan, u64 id)
{
	size_t i;

	for (i = 0; plan && i < plan->nends; i++)
		if (plan->ends[i].id == id)
			return &plan->ends[i];
	return NULL;
}

static int check_end(const struct media_plan *plan, size_t n, struct media_error *err)
{
	const struct media_end *end = &plan->ends[n];
	size_t i;

	if (!end->local.family || !end->local.port)
		return user_fail(err, -EINVAL, "an end needs id and local");
	if (end->remote.family && end->remote.family != end->local.family)
		return user_fail(err, -EINVAL, "local and remote address differ in family");
	if (!end->accept || (end->accept & JALUR_ACCEPT_OPAQUE &&
			     end->accept != JALUR_ACCEPT_OPAQUE))
		return user_fail(err, -EINVAL, "an end accepts something; opaque excludes the rest");
	if (end->npayloads > MEDIA_PLAN_PAYLOADS)
		return user_fail(err, -EINVAL, "too many payload types");
	for (i = 0; i < n; i++) {
		if (plan->ends[i].id == end->id)
			return user_fail(err, -EINVAL, "another end has this id");
		if (addr_eq(&plan->ends[i].local, &end->local))
			return user_fail(err, -EADDRINUSE,
					 "another end of the session has this address and port");
	}
	return 0;
}

static int check_flow(const struct media_plan *plan, size_t n, struct media_error *err)
{
	const struct media_flow *flow = &plan->flows[n];
	size_t i;

	if (!find_conf(plan, flow->source) || !find_conf(plan, flow->dest))
		return user_fail(err, -EINVAL, "no end of the session has this id");
	if (flow->source == flow->dest)
		return user_fail(err, -EINVAL, "a flow from an end to itself");
	for (i = 0; i < n; i++)
		if (plan->flows[i].source == flow->source)
			return user_fail(err, -EOPNOTSUPP, "one flow leaves an end in this relay");
	return 0;
}

static int check_plan(const struct media_plan *plan, const struct media_plan *old,
		      struct media_error *err)
{
	const struct media_end *was;
	size_t i;
	int rc;

	if (!plan->nends || plan->nends > JALUR_MAX_ENDS || plan->nflows > JALUR_MAX_FLOWS)
		return user_fail(err, -EINVAL, "a session has 1 to 64 ends and at most 128 flows");
	for (i = 0; i < plan->nends; i++) {
		rc = check_end(plan, i, err);
		if (rc)
			return rc;
		was = find_conf(old, plan->ends[i].id);
		if (was && !addr_eq(&was->local, &plan->ends[i].local))
			return user_fail(err, -EINVAL, "the local address of an end never changes");
	}
	for (i = 0; i < plan->nflows; i++) {
		rc = check_flow(plan, i, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- sockets --- */

/* Packets of any size may be fragmented on their way, as the module sends them. */
static void set_options(int fd, u8 family)
{
	int on = 1, dont = IP_PMTUDISC_DONT;

	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
		return;
	}
	dont = IPV6_PMTUDISC_DONT;
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &dont, sizeof(dont));
}

static int bind_socket(const struct addr *local)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(local, &ss);
	int fd = socket(local->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	set_options(fd, local->family);
	if (!bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* A new end may take the address of one that the plan does away with, and its socket. */
static int find_socket(const struct user_session *session, const struct media_plan *plan,
		       const struct addr *local)
{
	int fd;
	size_t i;

	for (i = 0; i < session->nends; i++) {
		const struct media_end *old = session->ends[i]->conf;

		if (!addr_eq(&old->local, local) || find_conf(plan, old->id))
			continue;
		fd = dup(session->ends[i]->fd);
		return fd < 0 ? -errno : fd;
	}
	return bind_socket(local);
}

static int fail_socket(struct media_error *err, int code, const struct addr *local)
{
	char text[ADDR_STRLEN];

	err->code = -code;
	snprintf(err->text, sizeof(err->text), "%s: %s", addr_print(local, text),
		 code == -EADDRINUSE ? "a socket has this address and port" :
		 code == -EADDRNOTAVAIL ? "not an address of this host" :
		 code == -EMFILE ? "out of file descriptors: raise LimitNOFILE, one a port" :
		 strerror(-code));
	return code;
}

/* --- ends --- */

static void readable(uv_poll_t *poll, int status, int events)
{
	struct user_end *end = poll->data;

	(void)events;
	user_packet_burst(end);
	/* an error of the socket, now taken from it, has stopped the watch */
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, readable);
}

static void end_closed(uv_handle_t *handle)
{
	struct user_end *end = handle->data;

	user_stats_clear(&end->stats);
	free(end);
}

static void close_end(struct user_end *end)
{
	uv_poll_stop(&end->poll);
	close(end->fd);
	uv_close((uv_handle_t *)&end->poll, end_closed);
}

static int open_end(struct user_end **out, struct user_session *session, struct user_relay *r,
		    const struct media_plan *plan, const struct media_end *conf)
{
	struct user_end *end = zalloc(sizeof(*end));
	int err;

	if (!end)
		return -ENOMEM;
	err = user_stats_configure(&end->stats, conf);
	if (err)
		goto err_end;
	end->fd = find_socket(session, plan, &conf->local);
	if (end->fd < 0) {
		err = end->fd;
		goto err_end;
	}
	err = uv_poll_init(r->loop, &end->poll, end->fd);
	if (err)
		goto err_socket;
	end->poll.data = end;
	end->relay = r;
	end->session = session;
	end->stats.last_rx = uv_hrtime();
	*out = end;
	return 0;

err_socket:
	close(end->fd);
err_end:
	user_stats_clear(&end->stats);
	free(end);
	return err;
}

static struct user_end *find_end(struct user_end **ends, size_t n, u64 id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ends[i]->conf->id == id)
			return ends[i];
	return NULL;
}

/* --- applying --- */

/* The end for each of the plan: one that the session has, or a new one. */
static int find_ends(struct user_relay *r, struct user_session *session,
		     const struct media_plan *plan, struct user_end **ends,
		     struct media_error *err)
{
	size_t i;
	int rc;

	for (i = 0; i < plan->nends; i++) {
		const struct media_end *conf = &plan->ends[i];

		ends[i] = find_end(session->ends, session->nends, conf->id);
		rc = ends[i] ? user_stats_configure(&ends[i]->stats, conf) :
			       open_end(&ends[i], session, r, plan, conf);
		if (rc) {
			fail_socket(err, rc, &conf->local);
			goto err_ends;
		}
	}
	return 0;

err_ends:
	while (i-- > 0)
		if (!ends[i]->conf)
			close_end(ends[i]);	/* it was new */
	return rc;
}

static void close_gone(struct user_session *session, const struct media_plan *plan)
{
	size_t i;

	for (i = 0; i < session->nends; i++)
		if (!find_conf(plan, session->ends[i]->conf->id))
			close_end(session->ends[i]);
}

static void connect_flows(struct user_end **ends, const struct media_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nends; i++)
		ends[i]->dest = NULL;
	for (i = 0; i < plan->nflows; i++)
		find_end(ends, plan->nends, plan->flows[i].source)->dest =
			find_end(ends, plan->nends, plan->flows[i].dest);
}

/* Nothing here can fail. plan is the session's own from here on. */
static void publish(struct user_session *session, struct media_plan *plan,
		    struct user_end **ends)
{
	size_t i;

	close_gone(session, plan);
	for (i = 0; i < plan->nends; i++) {
		const struct media_end *old = ends[i]->conf;

		user_latch_configure(&ends[i]->latch, old, &plan->ends[i]);
		ends[i]->conf = &plan->ends[i];
		if (!old)
			uv_poll_start(&ends[i]->poll, UV_READABLE, readable);
	}
	connect_flows(ends, plan);
	free(session->ends);
	media_plan_put(session->plan);
	session->ends = ends;
	session->nends = plan->nends;
	session->plan = plan;
}

int user_session_apply(struct user_relay *r, struct user_session *session,
		       struct media_plan *plan, struct media_error *err)
{
	struct user_end **ends;
	int rc = check_plan(plan, session->plan, err);

	if (rc)
		return rc;
	ends = calloc(plan->nends, sizeof(*ends));
	if (!ends)
		return user_fail(err, -ENOMEM, "out of memory");
	rc = find_ends(r, session, plan, ends, err);
	if (rc) {
		free(ends);
		return rc;
	}
	publish(session, media_plan_get(plan), ends);
	return 0;
}

void user_session_free(struct user_session *session)
{
	size_t i;

	for (i = 0; i < session->nends; i++)
		close_end(session->ends[i]);
	free(session->ends);
	media_plan_put(session->plan);
	free(session);
}
