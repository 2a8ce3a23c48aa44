// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine under hostile datagrams, with a caller that answers everything. The
 * input is a sequence of steps: a line ">d" begins a datagram of the peer, ">x"
 * one of a stranger; each lasts to the next such line. ">t N" lets N tenths of a
 * second pass, ">i" sends an INVITE of ours, ">o" an OPTIONS, ">b" a BYE, ">c" a
 * CANCEL. ">s" is a message of the peer by a connection to our second listener,
 * ">r N" answers what rings with status N, ">R N" does so reliably; reliable
 * responses of the peer get their PRACK. ">I" and ">O" send by the connection,
 * ">u" and ">U" end what goes to the peer by either, ">l" makes the peer a stranger or
 * one no longer. In a datagram "%t", "%c", "%b", "%f" stand for the To-tag, Call-ID,
 * branch and From-tag of what the engine sent last, "%i" for the branch of its
 * last INVITE, "%r" for the RSeq it gave last. At the end everything must come to
 * rest by itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sip/engine.h"

#define MAX_DIALOGS 16
#define TENTH (100 * NSEC_PER_MSEC)

struct world {
	struct sip_engine *engine;
	struct effects effects;
	struct timers timers;
	u64 now;
	struct flow peer, stranger, stream;
	struct sip_server *ringing;	/* an INVITE that waits for ">r" */
	struct sip_dialog *ringing_dialog;
	bool unknown;
	struct sip_dialog *dialogs[MAX_DIALOGS];
	size_t ndialogs;
	struct sip_client *invite;
	char to_tag[64], from_tag[64], call_id[128], branch[128], invite_branch[128], rseq[16];
};

static void copy(char *to, size_t size, struct slice from)
{
	size_t n = from.n < size ? from.n : size - 1;

	if (n)
		memcpy(to, from.p, n);
	to[n] = 0;
}

/* Everything that the engine sends must be something that it would accept. */
static void look_at(struct world *w, struct slice bytes)
{
	static struct sip_msg msg;
	struct sip_error err;

	if (sip_parse(bytes, &msg, &err)) {
		if (bytes.n < 11 || memcmp(bytes.p, "SIP/2.0 ", 8))
			abort();
		return;		/* a refusal repeats what was malformed */
	}
	copy(w->to_tag, sizeof(w->to_tag), msg.to.tag);
	copy(w->from_tag, sizeof(w->from_tag), msg.from.tag);
	copy(w->call_id, sizeof(w->call_id), msg.call_id);
	copy(w->branch, sizeof(w->branch), msg.via.branch);
	if (msg.request && msg.method == SIP_INVITE)
		strcpy(w->invite_branch, w->branch);
	if (sip_msg_header(&msg, SIP_HDR_RSEQ))
		copy(w->rseq, sizeof(w->rseq), sip_msg_header(&msg, SIP_HDR_RSEQ)->value);
}

static void drain(struct world *w)
{
	struct effect *e;

	while ((e = effects_pop(&w->effects))) {
		look_at(w, slice_of(e->bytes, e->len));
		effect_free(e);
	}
}

static struct sip_dialog *keep(struct world *w, struct sip_dialog *d)
{
	if (d)
		w->dialogs[w->ndialogs++] = d;
	return d;
}

static void answer(struct world *w, const struct sip_event *ev)
{
	struct sip_dialog *d = ev->dialog;
	u16 status = 200;

	if (ev->msg->method == SIP_INVITE && !d) {
		if (w->ndialogs < MAX_DIALOGS &&
		    !sip_dialog_new_uas(w->engine, ev->server, w, &d))
			keep(w, d);
		else
			status = 486;
	}
	/* Some INVITEs ring on, so that there is something to cancel, or to answer later. */
	if (ev->msg->method == SIP_INVITE && ev->msg->cseq % 2) {
		w->ringing = ev->server;
		w->ringing_dialog = d;
		sip_respond(w->engine, w->now, ev->server, d, 180, NULL, NULL);
		return;
	}
	sip_respond(w->engine, w->now, ev->server, d, status, NULL, NULL);
	sip_server_put(w->engine, w->now, ev->server);
}

static void hear(struct world *w, const struct sip_event *ev)
{
	struct sip_dialog *d = ev->dialog;
	struct sip_client *prack;

	if (ev->client && ev->client == w->invite &&
	    (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 200))
		w->invite = NULL;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->method != SIP_INVITE || !d)
		return;
	if (sip_dialog_response(w->engine, d, ev->msg) == -EEXIST && w->ndialogs < MAX_DIALOGS)
		d = keep(w, sip_dialog_fork(w->engine, d, ev->msg));
	if (d && ev->reliable)
		sip_request(w->engine, w->now, d, SIP_PRACK, NULL, w, &prack);
	if (d && ev->msg->status >= 200 && ev->msg->status < 300)
		sip_ack(w->engine, w->now, ev->client, d, NULL);
}

static void take(struct world *w, const struct sip_event *ev)
{
	switch (ev->type) {
	case SIP_EVENT_REQUEST:
		answer(w, ev);
		break;
	case SIP_EVENT_CANCEL:
	case SIP_EVENT_NO_PRACK:
		if (w->ringing == ev->server)
			w->ringing = NULL;
		sip_respond(w->engine, w->now, ev->server, NULL, 487, NULL, NULL);
		sip_server_put(w->engine, w->now, ev->server);
		break;
	case SIP_EVENT_RESPONSE:
	case SIP_EVENT_TIMEOUT:
	case SIP_EVENT_FAILED:
		hear(w, ev);
		break;
	default:
		break;
	}
	drain(w);
}

static void pass_time(struct world *w, u64 ns)
{
	u64 end = w->now + ns;
	struct sip_event ev;

	while (timers_next(&w->timers) <= end) {
		if (timers_next(&w->timers) > w->now)
			w->now = timers_next(&w->timers);
		sip_engine_timer(w->engine, w->now, timers_due(&w->timers, w->now), &ev);
		take(w, &ev);
	}
	w->now = end;
}

static void expand(struct world *w, struct slice text, struct buf *b)
{
	size_t i;

	for (i = 0; i < text.n; i++) {
		char next = text.p[i] == '%' && i + 1 < text.n ? text.p[i + 1] : 0;
		const char *with = next == 't' ? w->to_tag : next == 'f' ? w->from_tag :
				   next == 'c' ? w->call_id : next == 'b' ? w->branch :
				   next == 'i' ? w->invite_branch : next == 'r' ? w->rseq : NULL;

		if (with)
			buf_str(b, with);
		else
			buf_add(b, slice_of(text.p + i, 1));
		i += !!with;
	}
}

/* In memory of its very size, so that ASan sees a read beyond it. */
static void feed(struct world *w, const struct flow *flow, struct slice text)
{
	struct sip_event ev;
	struct buf b;
	char *bytes;

	buf_init(&b);
	expand(w, text, &b);
	bytes = malloc(b.n ? b.n : 1);
	if (b.n)
		memcpy(bytes, b.p, b.n);
	sip_engine_input(w->engine, w->now, flow, slice_of(bytes, b.n), &ev);
	take(w, &ev);
	sip_engine_keep(w->engine);
	free(bytes);
	buf_free(&b);
}

static void respond_late(struct world *w, u32 status)
{
	struct sip_server *server = w->ringing;

	if (!server)
		return;
	if (sip_respond(w->engine, w->now, server, w->ringing_dialog, (u16)status, NULL, NULL) ||
	    status >= 200) {
		w->ringing = NULL;
		sip_server_put(w->engine, w->now, server);
	}
	drain(w);
}

static void ring_reliably(struct world *w, u32 status)
{
	if (w->ringing)
		sip_respond_reliable(w->engine, w->now, w->ringing, w->ringing_dialog,
				     (u16)status, NULL, NULL);
	drain(w);
}

static void end_flow(struct world *w, const struct flow *flow)
{
	struct sip_event ev;

	do {
		sip_engine_unreachable(w->engine, w->now, flow, &ev);
		take(w, &ev);
	} while (ev.type != SIP_EVENT_NONE);
}

static void change_stranger(struct world *w)
{
	w->unknown = !w->unknown;
}

static bool knows(void *arg, const struct flow *flow)
{
	const struct world *w = arg;

	(void)flow;
	return !w->unknown;
}

static void request(struct world *w, enum sip_method method, const struct flow *flow)
{
	struct sip_dialog_target target = {
		.request_uri = SLICE("sip:b@192.0.2.10"), .from = SLICE("<sip:a@192.0.2.1>"),
		.to = SLICE("<sip:b@192.0.2.10>"), .flow = *flow,
	};
	struct sip_client *c;

	if (method != SIP_BYE) {
		if (w->ndialogs == MAX_DIALOGS)
			return;
		keep(w, sip_dialog_new_uac(w->engine, &target, w));
	}
	if (!w->ndialogs)
		return;
	sip_request(w->engine, w->now, w->dialogs[w->ndialogs - 1], method, NULL, w, &c);
	if (method == SIP_INVITE)
		w->invite = c;
	drain(w);
}

static void step(struct world *w, struct slice line, struct slice text)
{
	u32 tenths;

	switch (line.n > 1 ? line.p[1] : 0) {
	case 'd':
		feed(w, &w->peer, text);
		break;
	case 's':
		feed(w, &w->stream, text);
		break;
	case 'r':
		if (slice_u32(slice_trim(slice_of(line.p + 2, line.n - 2)), &tenths))
			respond_late(w, tenths % 700);
		break;
	case 'R':
		if (slice_u32(slice_trim(slice_of(line.p + 2, line.n - 2)), &tenths))
			ring_reliably(w, tenths % 700);
		break;
	case 'u':
		end_flow(w, &w->peer);
		break;
	case 'U':
		end_flow(w, &w->stream);
		break;
	case 'l':
		change_stranger(w);
		break;
	case 'I':
		request(w, SIP_INVITE, &w->stream);
		break;
	case 'O':
		request(w, SIP_OPTIONS, &w->stream);
		break;
	case 'x':
		feed(w, &w->stranger, text);
		break;
	case 't':
		if (slice_u32(slice_trim(slice_of(line.p + 2, line.n - 2)), &tenths))
			pass_time(w, (tenths % 4000) * TENTH);
		break;
	case 'i':
		request(w, SIP_INVITE, &w->peer);
		break;
	case 'o':
		request(w, SIP_OPTIONS, &w->peer);
		break;
	case 'b':
		request(w, SIP_BYE, &w->peer);
		break;
	case 'c':
		if (w->invite)
			sip_cancel(w->engine, w->now, w->invite, SLICE(""));
		drain(w);
		break;
	}
}

static struct slice take_line(struct slice *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	struct slice line = slice_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
	size_t used = end ? line.n + 1 : line.n;

	*rest = slice_of(rest->p + used, rest->n - used);
	return line;
}

/* The text up to the next line that begins with '>'. */
static struct slice take_text(struct slice *rest)
{
	struct slice text = slice_of(rest->p, 0);

	while (rest->n && rest->p[0] != '>')
		take_line(rest);
	text.n = (size_t)(rest->p - text.p);
	return text;
}

static void start(struct world *w)
{
	struct sip_listener listeners[2] = { 0 };
	struct sip_engine_conf conf = { .listeners = listeners, .nlisteners = 2, .software = "j",
					.max_servers = 50,
					.strangers = { .rate = 2, .burst = 3 },
					.knows = knows, .knows_arg = w };

	addr_parse(SLICE("192.0.2.1:5060"), &listeners[0].local);
	listeners[1].local = listeners[0].local;
	listeners[1].transport = TRANSPORT_TCP;
	addr_parse(SLICE("192.0.2.10:49152"), &w->stream.peer);
	w->stream.listener = 1;
	w->stream.connection = 1;
	addr_parse(SLICE("192.0.2.10:5060"), &w->peer.peer);
	addr_parse(SLICE("203.0.113.66:5060"), &w->stranger.peer);
	effects_init(&w->effects);
	timers_init(&w->timers);
	w->now = NSEC_PER_SEC;
	w->engine = sip_engine_new(&conf, &w->effects, &w->timers);
}

static void finish(struct world *w)
{
	pass_time(w, 100 * NSEC_PER_SEC);
	while (w->ndialogs)
		sip_dialog_free(w->engine, w->dialogs[--w->ndialogs]);
	sip_engine_free(w->engine);
	effects_clear(&w->effects);
	timers_free(&w->timers);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size);
	struct world w = { 0 };

	start(&w);
	take_text(&rest);
	while (rest.n) {
		struct slice line = take_line(&rest);

		step(&w, line, take_text(&rest));
	}
	finish(&w);
	return 0;
}
