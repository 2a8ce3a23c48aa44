// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A WebSocket: the upgrade, then wslay, which joins fragments, unmasks, answers pings
 * and close frames, and knows what is forbidden. Its context, some 9 kB, is made when
 * the upgrade is accepted, so that who only knocks costs a header.
 */
#include <errno.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "transport/websocket.h"

struct websocket {
	wslay_event_context_ptr frames;	/* NULL: not upgraded so far */
	const char *const *origins;
	size_t norigins, max;
	char *origin;
	struct buf head;		/* of the upgrade, not complete */
	struct list messages;
	bool unfinished, failed;
	/* of the call that runs */
	struct slice in;
	struct buf *wire;
};

/* --- what wslay calls --- */

static ssize_t receive(wslay_event_context_ptr ctx, u8 *to, size_t size, int flags, void *arg)
{
	struct websocket *ws = arg;
	size_t n = size < ws->in.n ? size : ws->in.n;

	(void)flags;
	if (!n) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(to, ws->in.p, n);
	ws->in = slice_of(ws->in.p + n, ws->in.n - n);
	return (ssize_t)n;
}

static ssize_t transmit(wslay_event_context_ptr ctx, const u8 *from, size_t n, int flags,
			void *arg)
{
	struct websocket *ws = arg;

	(void)flags;
	buf_add(ws->wire, slice_of((const char *)from, n));
	if (!ws->wire->failed)
		return (ssize_t)n;
	wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void frame_begins(wslay_event_context_ptr ctx,
			 const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	if (!wslay_is_ctrl_frame(frame->opcode))
		ws->unfinished = true;
}

static enum websocket_kind kind_of(const u8 *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != '\r' && p[i] != '\n')
			return WEBSOCKET_MESSAGE;
	return n == 4 && !memcmp(p, "\r\n\r\n", 4) ? WEBSOCKET_PING : WEBSOCKET_CRLF;
}

static void message_ends(wslay_event_context_ptr ctx,
			 const struct wslay_event_on_msg_recv_arg *msg, void *arg)
{
	struct websocket *ws = arg;
	struct websocket_message *m;

	(void)ctx;
	if (wslay_is_ctrl_frame(msg->opcode))
		return;
	ws->unfinished = false;
	m = malloc(sizeof(*m) + msg->msg_length);
	if (!m) {
		ws->failed = true;
		return;
	}
	m->kind = kind_of(msg->msg, msg->msg_length);
	m->n = msg->msg_length;
	if (m->n)
		memcpy(m->bytes, msg->msg, m->n);
	list_add_tail(&ws->messages, &m->node);
}

/* --- life --- */

int websocket_new(struct websocket **out, size_t max, const char *const *origins,
		  size_t norigins)
{
	struct websocket *ws = calloc(1, sizeof(*ws));

	if (!ws)
		return -ENOMEM;
	ws->max = max;
	ws->origins = origins;
	ws->norigins = norigins;
	buf_init(&ws->head);
	list_init(&ws->messages);
	*out = ws;
	return 0;
}

void websocket_free(struct websocket *ws)
{
	struct websocket_message *m;

	if (!ws)
		return;
	while ((m = websocket_take(ws)))
		free(m);
	if (ws->frames)
		wslay_event_context_free(ws->frames);
	buf_free(&ws->head);
	free(ws->origin);
	free(ws);
}

/* --- in --- */

static int start_frames(struct websocket *ws, struct slice origin)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = receive,
		.send_callback = transmit,
		.on_frame_recv_start_callback = frame_begins,
		.on_msg_recv_callback = message_ends,
	};

	if (origin.n) {
		ws->origin = slice_dup(origin);
		if (!ws->origin)
			return -ENOMEM;
	}
	if (wslay_event_context_server_init(&ws->frames, &callbacks, ws))
		return -ENOMEM;
	wslay_event_config_set_max_recv_msg_length(ws->frames, ws->max);
	return 0;
}

static int why_ended(const struct websocket *ws)
{
	if (wslay_event_get_close_received(ws->frames))
		return -ESHUTDOWN;
	if (wslay_event_get_read_enabled(ws->frames))
		return 0;
	return wslay_event_get_status_code_sent(ws->frames) == WSLAY_CODE_MESSAGE_TOO_BIG ?
		-EMSGSIZE : -EPROTO;
}

static int take_frames(struct websocket *ws, struct slice bytes)
{
	int in, out;

	ws->in = bytes;
	in = wslay_event_recv(ws->frames);
	/* Of an error, too: the close frame that says so. */
	out = wslay_event_send(ws->frames);
	if (in == WSLAY_ERR_NOMEM || out == WSLAY_ERR_NOMEM || ws->failed || ws->wire->failed)
		return -ENOMEM;
	return in || out ? -EPROTO : why_ended(ws);
}

static int take_upgrade(struct websocket *ws, struct slice bytes)
{
	struct upgrade u;
	int err;

	buf_add(&ws->head, bytes);
	if (ws->head.failed)
		return -ENOMEM;
	websocket_upgrade(buf_slice(&ws->head), ws->origins, ws->norigins, &u);
	if (u.result == UPGRADE_MORE)
		return 0;
	websocket_upgrade_answer(&u, ws->wire);
	if (u.result == UPGRADE_REFUSED)
		return u.status == 403 ? -EACCES : -ENOTSUP;
	err = start_frames(ws, u.origin);
	if (!err && u.used < ws->head.n)
		err = take_frames(ws, slice_of(ws->head.p + u.used, ws->head.n - u.used));
	buf_free(&ws->head);
	return err;
}

int websocket_input(struct websocket *ws, struct slice bytes, struct buf *wire)
{
	ws->wire = wire;
	if (!bytes.n)
		return 0;
	return ws->frames ? take_frames(ws, bytes) : take_upgrade(ws, bytes);
}

bool websocket_ready(const struct websocket *ws)
{
	return ws->frames;
}

bool websocket_unfinished(const struct websocket *ws)
{
	return ws->unfinished;
}

const char *websocket_origin(const struct websocket *ws)
{
	return ws->origin;
}

struct websocket_message *websocket_take(struct websocket *ws)
{
	struct list *first = ws->messages.next;

	if (list_empty(&ws->messages))
		return NULL;
	list_del(first);
	return list_entry(first, struct websocket_message, node);
}

/* --- out --- */

/* Bytes of a character after its first one, and the least value it may have; RFC 3629. */
static size_t utf8_more(u8 first, u32 *value, u32 *least)
{
	static const u32 leasts[] = { 0, 0x80, 0x800, 0x10000 };
	size_t more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 :
		      first >> 3 == 30 ? 3 : 4;

	if (more == 4)
		return more;
	*value = more ? first & (0x3f >> more) : first;
	*least = leasts[more];
	return more;
}

static bool is_utf8(struct slice s)
{
	size_t i, more;
	u32 value, least;

	for (i = 0; i < s.n; i++) {
		more = utf8_more((u8)s.p[i], &value, &least);
		if (more == 4 || more > s.n - i - 1)
			return false;
		for (; more; more--) {
			u8 next = (u8)s.p[++i];

			if (next >> 6 != 2)
				return false;
			value = value << 6 | (next & 0x3f);
		}
		if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
			return false;
	}
	return true;
}

static int queue(struct websocket *ws, u8 opcode, struct slice bytes, struct buf *wire)
{
	struct wslay_event_msg msg = {
		.opcode = opcode, .msg = (const u8 *)bytes.p, .msg_length = bytes.n,
	};
	int err;

	if (!ws->frames)
		return -EPROTO;
	ws->wire = wire;
	err = wslay_event_queue_msg(ws->frames, &msg);
	if (!err)
		err = wslay_event_send(ws->frames);
	if (err == WSLAY_ERR_NOMEM || wire->failed)
		return -ENOMEM;
	return err ? -EPROTO : 0;
}

int websocket_send(struct websocket *ws, struct slice bytes, struct buf *wire)
{
	return queue(ws, is_utf8(bytes) ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, bytes, wire);
}

int websocket_ping(struct websocket *ws, struct buf *wire)
{
	return queue(ws, WSLAY_PING, slice_of(NULL, 0), wire);
}

void websocket_finish(struct websocket *ws, bool too_large, struct buf *wire)
{
	u16 code = too_large ? WSLAY_CODE_MESSAGE_TOO_BIG : WSLAY_CODE_NORMAL_CLOSURE;

	if (!ws->frames || wslay_event_get_close_sent(ws->frames))
		return;
	ws->wire = wire;
	if (!wslay_event_queue_close(ws->frames, code, NULL, 0))
		wslay_event_send(ws->frames);
}
