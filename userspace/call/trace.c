// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every message that comes in or goes out leaves one entry, whatever becomes of it:
 * retransmissions and what is answered below the call are what one looks for at three
 * in the morning. So it is read before the engine reads it, and by no more than its
 * start line, Call-ID and CSeq. Whose it is, is found out when somebody asks.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "call/trace.h"
#include "sip/msg.h"

struct call_trace {
	struct hash_key key;
	size_t next;			/* to be written */
	bool full;
	struct call_trace_entry ring[CALL_TRACE_SIZE];
};

struct call_trace *call_trace_new(const u8 seed[16])
{
	struct call_trace *t = zalloc(sizeof(*t));

	if (t)
		memcpy(&t->key, seed, sizeof(t->key));
	return t;
}

void call_trace_free(struct call_trace *t)
{
	free(t);
}

static struct call_trace_entry *add(struct call_trace *t, u64 now, enum call_trace_kind kind)
{
	struct call_trace_entry *entry = &t->ring[t->next];

	t->next = (t->next + 1) % CALL_TRACE_SIZE;
	t->full |= !t->next;
	*entry = (struct call_trace_entry){ .time = now, .kind = (u8)kind };
	return entry;
}

static u64 hash_of(const struct call_trace *t, struct slice call_id)
{
	struct hasher h;
	u64 hash;

	hash_begin(&h, &t->key);
	hash_add(&h, call_id);
	hash = hash_end(&h);
	return hash ? hash : 1;
}

/* It will be shown on a terminal. */
static void print(char *to, size_t size, struct slice text)
{
	size_t i;

	for (i = 0; i < text.n && i < size - 1; i++)
		to[i] = text.p[i] < ' ' || text.p[i] > '~' ? '?' : text.p[i];
	to[i] = 0;
}

static struct slice take_line(struct slice *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
	struct slice line = slice_of(rest->p, n);

	*rest = slice_of(rest->p + n, rest->n - n);
	return line;
}

/* "INVITE sip:..." or "SIP/2.0 180 Ringing" */
static void read_start(struct call_trace_entry *entry, struct slice line)
{
	const char *space = memchr(line.p, ' ', line.n);
	size_t n = space ? (size_t)(space - line.p) : line.n;
	u32 status;

	if (line.n < 12 || memcmp(line.p, "SIP/2.0 ", 8)) {
		print(entry->what, sizeof(entry->what), slice_of(line.p, n));
		return;
	}
	if (slice_u32(slice_of(line.p + 8, 3), &status))
		entry->status = (u16)status;
	print(entry->what, sizeof(entry->what), slice_trim(slice_of(line.p + 11, line.n - 11)));
}

static void read_header(const struct call_trace *t, struct call_trace_entry *entry,
			struct slice line)
{
	const char *colon;
	struct slice name, value, method;

	/* Most lines are none of these, and each message has many. */
	if ((line.p[0] | 0x20) != 'c' && (line.p[0] | 0x20) != 'i')
		return;
	colon = memchr(line.p, ':', line.n);
	if (!colon)
		return;
	name = slice_trim(slice_of(line.p, (size_t)(colon - line.p)));
	value = slice_trim(slice_of(colon + 1, line.n - (size_t)(colon - line.p) - 1));
	if (slice_caseeq(name, SLICE("Call-ID")) || slice_caseeq(name, SLICE("i")))
		entry->call_id = hash_of(t, value);
	else if (slice_caseeq(name, SLICE("CSeq")) &&
		 sip_parse_cseq(value, &entry->cseq, &method))
		print(entry->method, sizeof(entry->method), method);
}

void call_trace_sip(struct call_trace *t, u64 now, const struct addr *peer, bool in,
		    struct slice bytes)
{
	struct call_trace_entry *entry;
	struct slice line;

	if (!t || bytes.n < 16)
		return;
	entry = add(t, now, CALL_TRACE_SIP);
	entry->peer = *peer;
	entry->in = in;
	read_start(entry, slice_trim(take_line(&bytes)));
	while (bytes.n && (!entry->call_id || !entry->method[0])) {
		line = take_line(&bytes);
		if (line.p[0] == '\r' || line.p[0] == '\n')
			return;
		read_header(t, entry, line);
	}
}

void call_trace_media(struct call_trace *t, u64 now, u64 call, const struct addr *peer, u8 side,
		      const char *what)
{
	struct call_trace_entry *entry;

	if (!t)
		return;
	entry = add(t, now, CALL_TRACE_MEDIA);
	entry->call = call;
	entry->side = side;
	if (peer)
		entry->peer = *peer;
	print(entry->what, sizeof(entry->what), slice_str(what));
}

void call_trace_leg(struct call_trace *t, u64 now, u64 call, u8 side, const char *call_id)
{
	struct call_trace_entry *entry;

	if (!t)
		return;
	entry = add(t, now, CALL_TRACE_LEG);
	entry->call = call;
	entry->side = side;
	entry->call_id = hash_of(t, slice_str(call_id));
}

/* --- who asks --- */

#define MAX_LEGS 32

struct legs {
	u64 call_id[MAX_LEGS];
	u8 side[MAX_LEGS];
	size_t n;
};

static size_t count(const struct call_trace *t)
{
	return t->full ? CALL_TRACE_SIZE : t->next;
}

/* The i-th, the oldest first. */
static const struct call_trace_entry *at(const struct call_trace *t, size_t i)
{
	return &t->ring[t->full ? (t->next + i) % CALL_TRACE_SIZE : i];
}

static void find_legs(const struct call_trace *t, u64 call, struct legs *legs)
{
	size_t i;

	legs->n = 0;
	for (i = 0; i < count(t) && legs->n < MAX_LEGS; i++) {
		const struct call_trace_entry *entry = at(t, i);

		if (entry->kind != CALL_TRACE_LEG || entry->call != call)
			continue;
		legs->side[legs->n] = entry->side;
		legs->call_id[legs->n++] = entry->call_id;
	}
}

static bool is_of(const struct legs *legs, u64 call, struct call_trace_entry *entry)
{
	size_t i;

	if (entry->kind != CALL_TRACE_SIP)
		return entry->kind == CALL_TRACE_MEDIA && entry->call == call;
	for (i = 0; i < legs->n; i++) {
		if (legs->call_id[i] != entry->call_id)
			continue;
		entry->side = legs->side[i];
		entry->call = call;
		return true;
	}
	return false;
}

bool call_trace_each(const struct call_trace *t, u64 call,
		     void (*each)(void *arg, const struct call_trace_entry *entry), void *arg)
{
	struct call_trace_entry entry;
	struct legs legs;
	bool any = false;
	size_t i;

	if (!t)
		return false;
	find_legs(t, call, &legs);
	for (i = 0; i < count(t); i++) {
		entry = *at(t, i);
		if (!is_of(&legs, call, &entry))
			continue;
		any = true;
		each(arg, &entry);
	}
	return any;
}

u64 call_trace_last(const struct call_trace *t)
{
	size_t i;

	for (i = t ? count(t) : 0; i-- > 0;)
		if (at(t, i)->kind == CALL_TRACE_LEG)
			return at(t, i)->call;
	return 0;
}
