/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A name server on loopback in the test's own loop: it answers from a zone
 * (dns_zone.h), over UDP and over TCP at one port, and counts what it was asked.
 */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "dns_zone.h"

struct dns_server {
	struct zone zone;
	uv_udp_t udp;
	uv_tcp_t tcp;
	uv_timer_t tick;
	char address[32];		/* "127.0.0.1:PORT" */
	unsigned int queries, tcp_queries;
	char asked[64][DNS_NAME + 8];	/* "NAME TYPE" */
};

/* A connection has one query, and is closed behind the answer. */
struct dns_connection {
	uv_tcp_t tcp;
	uv_write_t write;
	struct dns_server *server;
	u8 query[1024];
	size_t n;
	struct wire response;
	u8 length[2];
};

/* A file for the resolver, nowhere on a disk: it goes with the test, however that ends. */
static inline void server_file(char path[32], const char *text)
{
	int fd = memfd_create("dns", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
}

static inline void server_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char bytes[2048];

	*buf = uv_buf_init(bytes, sizeof(bytes));
}

static inline void server_note(struct dns_server *s, const u8 *query, size_t n)
{
	char name[DNS_NAME];
	u16 type;

	zone_question(query, n, name, &type);
	snprintf(s->asked[s->queries++ % 64], DNS_NAME + 8, "%.255s %s", name, dns_type_name(type));
}

/* How often was it asked for this, "NAME TYPE"? */
static inline unsigned int server_asked(const struct dns_server *s, const char *question)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->queries && i < 64; i++)
		n += !strcasecmp(s->asked[i], question);
	return n;
}

static inline void server_received(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
				   const struct sockaddr *from, unsigned int flags)
{
	static struct wire response;
	struct dns_server *s = udp->data;
	uv_buf_t out;

	if (n < 17 || !from)
		return;
	server_note(s, (u8 *)buf->base, (size_t)n);
	if (!zone_respond(&s->zone, (u8 *)buf->base, (size_t)n, true, &response))
		return;
	out = uv_buf_init((char *)response.b, (unsigned int)response.n);
	uv_udp_try_send(udp, &out, 1, from);
}

static inline void connection_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static inline void connection_written(uv_write_t *write, int status)
{
	uv_close((uv_handle_t *)write->handle, connection_closed);
}

static inline void connection_answer(struct dns_connection *c)
{
	uv_buf_t out[2];

	server_note(c->server, c->query + 2, c->n - 2);
	c->server->tcp_queries++;
	zone_respond(&c->server->zone, c->query + 2, c->n - 2, false, &c->response);
	c->length[0] = (u8)(c->response.n >> 8);
	c->length[1] = (u8)c->response.n;
	out[0] = uv_buf_init((char *)c->length, 2);
	out[1] = uv_buf_init((char *)c->response.b, (unsigned int)c->response.n);
	uv_read_stop((uv_stream_t *)&c->tcp);
	uv_write(&c->write, (uv_stream_t *)&c->tcp, out, 2, connection_written);
}

static inline void connection_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct dns_connection *c = stream->data;

	if (n < 0 || c->n + (size_t)n > sizeof(c->query)) {
		uv_close((uv_handle_t *)stream, connection_closed);
		return;
	}
	memcpy(c->query + c->n, buf->base, (size_t)n);
	c->n += (size_t)n;
	if (c->n >= 2 && c->n >= 2 + ((size_t)c->query[0] << 8 | c->query[1]))
		connection_answer(c);
}

static inline void server_connected(uv_stream_t *tcp, int status)
{
	struct dns_connection *c = calloc(1, sizeof(*c));

	c->server = tcp->data;
	c->tcp.data = c;
	uv_tcp_init(tcp->loop, &c->tcp);
	uv_accept(tcp, (uv_stream_t *)&c->tcp);
	uv_read_start((uv_stream_t *)&c->tcp, server_alloc, connection_read);
}

static inline void server_tick(uv_timer_t *tick)
{
}

/*
 * UV_RUN_ONCE calls timers and then waits for a socket, maybe for ever; the server's
 * tick ends it.
 */
static inline void server_wait(uv_loop_t *loop, const unsigned int *done)
{
	while (!*done)
		uv_run(loop, UV_RUN_ONCE);
}

static inline int bound_socket(int type, struct sockaddr_in *sin)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*sin);

	if (fd >= 0 && (bind(fd, (struct sockaddr *)sin, len) ||
			getsockname(fd, (struct sockaddr *)sin, &len))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* One port for both: others on this host may have the same of the other protocol. */
static inline bool bind_both(struct sockaddr_in *sin, int *udp, int *tcp)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		sin->sin_port = 0;
		*udp = bound_socket(SOCK_DGRAM, sin);
		*tcp = *udp < 0 ? -1 : bound_socket(SOCK_STREAM, sin);
		if (*tcp >= 0)
			return true;
		if (*udp >= 0)
			close(*udp);
	}
	return false;
}

/* 0 or -errno. */
static inline int server_start(struct dns_server *s, uv_loop_t *loop)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	int udp, tcp, err;

	uv_udp_init(loop, &s->udp);
	uv_tcp_init(loop, &s->tcp);
	uv_timer_init(loop, &s->tick);
	uv_timer_start(&s->tick, server_tick, 5, 5);
	s->udp.data = s->tcp.data = s;
	s->zone.soa_ttl = s->zone.soa_minimum = 60;
	if (!bind_both(&sin, &udp, &tcp))
		return -EADDRINUSE;
	err = uv_udp_open(&s->udp, udp);
	if (!err)
		err = uv_tcp_open(&s->tcp, tcp);
	if (err)
		return err;
	snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", ntohs(sin.sin_port));
	uv_udp_recv_start(&s->udp, server_alloc, server_received);
	return uv_listen((uv_stream_t *)&s->tcp, 4, server_connected);
}

static inline void server_stop(struct dns_server *s)
{
	uv_close((uv_handle_t *)&s->udp, NULL);
	uv_close((uv_handle_t *)&s->tcp, NULL);
	uv_close((uv_handle_t *)&s->tick, NULL);
}

#endif
