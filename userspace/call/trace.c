// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every message that comes in or goes out is kept, whatever becomes of it: retransmissions
 * and what is answered below the call are what one looks for at three in the morning. So
 * its first bytes are copied as they are, and nothing is read of them until somebody asks:
 * millions pass for one that is looked at.
 *
 * Records lie one after the other in a ring of bytes, each with its size; where one does
 * not fit before the end of the ring, it begins at its start. A new one drops the oldest.
 */
#include <stdlib.h>

#include "call/trace.h"

#define MAX_TEXT 2048		/* of a message */
#define LEG 0xff		/* beside enum call_trace_kind: ties a Call-ID to a call */

struct record {
	u32 size;			/* with what follows it; 0: go on at the start */
	u32 n;				/* bytes that follow */
	u64 time;
	u64 call;			/* of MEDIA and LEG */
	struct addr peer;
	u8 kind, side;
	bool in;
};

#define RING (CALL_TRACE_SIZE - 64)	/* with what is in front of it */

struct call_trace {
	size_t first, next;		/* the oldest; where the next will be */
	size_t wrap;			/* where the older turn ends; NO_WRAP: there is none */
	size_t count;
	char ring[RING] __attribute__((aligned(__alignof__(struct record))));
};

#define NO_WRAP SIZE_MAX
/* Where the kernel has pages of this size, it is not asked for every eighth message. */
#define HUGE_PAGE ((size_t)2 << 20)

struct call_trace *call_trace_new(void)
{
	struct call_trace *t = aligned_alloc(HUGE_PAGE, CALL_TRACE_SIZE);

	_Static_assert(sizeof(*t) <= CALL_TRACE_SIZE, "no page is begun for a few bytes");
	if (!t)
		return NULL;
	t->first = t->next = t->count = 0;
	t->wrap = NO_WRAP;
	return t;
}

void call_trace_free(struct call_trace *t)
{
	free(t);
}

static const struct record *record_at(const struct call_trace *t, size_t at)
{
	return (const struct record *)(t->ring + at);
}

static size_t after(const struct call_trace *t, size_t at)
{
	at += record_at(t, at)->size;
	return at == t->wrap ? 0 : at;
}

static void drop_first(struct call_trace *t)
{
	t->first = after(t, t->first);
	if (!t->first)
		t->wrap = NO_WRAP;
	t->count--;
}

/* Records that begin in [at, at + size) go; they are the oldest. */
static void make_room(struct call_trace *t, size_t at, size_t size)
{
	while (t->count && t->first >= at && t->first - at < size)
		drop_first(t);
	if (!t->count)
		t->wrap = NO_WRAP;
}

static void find_place(struct call_trace *t, size_t size)
{
	if (size > RING - t->next) {
		make_room(t, t->next, RING - t->next);
		if (t->count)
			t->wrap = t->next;
		t->next = 0;
	}
	make_room(t, t->next, size);
	if (!t->count)
		t->first = t->next;
}

static struct record *add(struct call_trace *t, u64 now, u8 kind, struct slice text)
{
	size_t n = text.n < MAX_TEXT ? text.n : MAX_TEXT;
	size_t align = __alignof__(struct record);
	size_t size = (sizeof(struct record) + n + align - 1) / align * align;
	struct record *r;

	find_place(t, size);
	r = (struct record *)(t->ring + t->next);
	*r = (struct record){ .size = (u32)size, .n = (u32)n, .time = now, .kind = kind };
	if (n)
		memcpy(r + 1, text.p, n);
	t->next += size;
	t->count++;
	return r;
}

void call_trace_sip(struct call_trace *t, u64 now, const struct addr *peer, bool in,
		    struct slice bytes)
{
	struct record *r;

	if (!t || bytes.n < 16)
		return;
	r = add(t, now, CALL_TRACE_SIP, bytes);
	r->peer = *peer;
	r->in = in;
}

void call_trace_media(struct call_trace *t, u64 now, u64 call, const struct addr *peer, u8 side,
		      const char *what)
{
	struct record *r;

	if (!t)
		return;
	r = add(t, now, CALL_TRACE_MEDIA, slice_str(what));
	r->call = call;
	r->side = side;
	if (peer)
		r->peer = *peer;
}

void call_trace_leg(struct call_trace *t, u64 now, u64 call, u8 side, const char *call_id)
{
	struct record *r;

	if (!t)
		return;
	r = add(t, now, LEG, slice_str(call_id));
	r->call = call;
	r->side = side;
}

/* --- who asks --- */

#define MAX_LEGS 32

struct legs {
	const struct record *legs[MAX_LEGS];
	size_t n;
};

static struct slice text_of(const struct record *r)
{
	return slice_of((const char *)(r + 1), r->n);
}

static void find_legs(const struct call_trace *t, u64 call, struct legs *legs)
{
	size_t i, at;

	legs->n = 0;
	for (i = 0, at = t->first; i < t->count && legs->n < MAX_LEGS; i++, at = after(t, at)) {
		const struct record *r = record_at(t, at);

		if (r->kind == LEG && r->call == call)
			legs->legs[legs->n++] = r;
	}
}

/* false: it is not of the call. */
static bool read_record(const struct legs *legs, u64 call, const struct record *r,
			struct call_trace_entry *entry)
{
	struct slice call_id;
	size_t i;

	*entry = (struct call_trace_entry){
		.time = r->time, .peer = r->peer, .kind = r->kind, .side = r->side, .in = r->in,
	};
	if (r->kind == CALL_TRACE_MEDIA) {
		call_trace_print(entry->what, sizeof(entry->what), text_of(r));
		return r->call == call;
	}
	if (r->kind != CALL_TRACE_SIP)
		return false;
	call_id = call_trace_read(text_of(r), entry);
	for (i = 0; i < legs->n; i++) {
		entry->side = legs->legs[i]->side;
		if (slice_eq(text_of(legs->legs[i]), call_id))
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
	size_t i, at;

	if (!t)
		return false;
	find_legs(t, call, &legs);
	for (i = 0, at = t->first; i < t->count; i++, at = after(t, at)) {
		if (!read_record(&legs, call, record_at(t, at), &entry))
			continue;
		any = true;
		each(arg, &entry);
	}
	return any;
}

u64 call_trace_last(const struct call_trace *t)
{
	u64 last = 0;
	size_t i, at;

	for (i = 0, at = t ? t->first : 0; t && i < t->count; i++, at = after(t, at))
		if (record_at(t, at)->kind == LEG)
			last = record_at(t, at)->call;
	return last;
}
