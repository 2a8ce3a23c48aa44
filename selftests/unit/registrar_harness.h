/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A registrar in virtual time, with two listeners, and phones that register: what a
 * test writes is the headers that matter to it.
 */
#ifndef REGISTRAR_HARNESS_H
#define REGISTRAR_HARNESS_H

#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "registrar/registrar.h"

#define UNUSED __attribute__((unused))
#define SEC NSEC_PER_SEC
#define WALL (1700000000 * NSEC_PER_SEC)
#define ALICE "alice@example.com"

struct world {
	struct __test_metadata *_metadata;
	struct registrar *registrar;
	struct sip_listener listeners[2];
	struct registrar_policy policy;
	struct flow flow;		/* the phone that registers next */
	u64 now;
	char from[64];			/* the host in its Via */
	struct registrar_verdict verdict;
	struct buf printed;
};

static UNUSED void start_registrar(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;

	w->registrar = registrar_new(&(struct registrar_conf){
		.listeners = w->listeners, .nlisteners = 2, .key = { { 1, 2 } },
	});
	ASSERT_NE(w->registrar, NULL);
}

static UNUSED void start(struct world *w, struct __test_metadata *_metadata)
{
	memset(w, 0, sizeof(*w));
	w->_metadata = _metadata;
	w->now = 1000 * SEC;
	w->policy = (struct registrar_policy){
		.min = 60, .max = 7200, .standard = 600, .contacts = 3,
	};
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:5060"), &w->listeners[0].local));
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:5060"), &w->listeners[1].local));
	w->listeners[1].transport = TRANSPORT_TCP;
	buf_init(&w->printed);
	start_registrar(w);
}

static UNUSED void stop(struct world *w)
{
	registrar_free(w->registrar);
	buf_free(&w->printed);
}

/* What is sent from now on comes from there; with connection not 0, by TCP. */
static UNUSED void phone(struct world *w, const char *address, u64 connection)
{
	struct __test_metadata *_metadata = w->_metadata;

	ASSERT_TRUE(addr_parse(slice_str(address), &w->flow.peer));
	addr_print_ip(&w->flow.peer, w->from);
	w->flow.listener = connection ? 1 : 0;
	w->flow.connection = connection;
}

/* headers: "Contact: ...\r\n" and so on. The verdict is in w; nothing is committed. */
static UNUSED u16 ask(struct world *w, const char *aor, const char *call_id, u32 cseq,
		      const char *headers)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_error err;
	struct sip_msg msg;
	char text[8192];

	snprintf(text, sizeof(text),
		 "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK1\r\n"
		 "From: <sip:%s>;tag=1\r\nTo: <sip:%s>\r\nCall-ID: %s\r\nCSeq: %u REGISTER\r\n"
		 "%s\r\n", w->from, aor, aor, call_id, cseq, headers);
	ASSERT_EQ(sip_parse(slice_str(text), &msg, &err), 0) {
		TH_LOG("%s", text);
	}
	w->verdict = registrar_register(w->registrar, w->now, &(struct registrar_request){
		.aor = aor, .msg = &msg, .flow = &w->flow, .policy = &w->policy,
	});
	return w->verdict.status;
}

static UNUSED void commit(struct world *w)
{
	struct registrar_change *change = w->verdict.change;

	w->verdict.change = NULL;
	if (change)
		registrar_commit(w->registrar, w->now, change);
}

static UNUSED u16 add(struct world *w, const char *aor, const char *call_id, u32 cseq,
		      const char *headers)
{
	u16 status = ask(w, aor, call_id, cseq, headers);

	commit(w);
	return status;
}

/* The Contact lines of a 200. */
static UNUSED const char *contacts(struct world *w, const char *aor)
{
	buf_reset(&w->printed);
	registrar_print(w->registrar, w->now, aor, &w->printed);
	buf_add(&w->printed, slice_of("", 1));
	return w->printed.p;
}

/* Time passes; how many keep-alives were to be sent, each of which is answered or not. */
static UNUSED unsigned int advance(struct world *w, u64 seconds, bool answered)
{
	u64 end = w->now + seconds * SEC, next;
	struct registrar_contact contact;
	unsigned int n = 0;

	while ((next = registrar_deadline(w->registrar)) <= end) {
		w->now = next > w->now ? next : w->now;
		if (registrar_due(w->registrar, w->now, &contact) != REGISTRAR_KEEPALIVE)
			continue;
		registrar_answered(w->registrar, contact.id, answered);
		n++;
	}
	w->now = end;
	return n;
}

/* What is written of record; free() it. */
static UNUSED char *saved(struct world *w, u64 record)
{
	char *text = NULL;

	return registrar_save(w->registrar, w->now, WALL + w->now, record, &text) ? NULL : text;
}

static UNUSED const char *restore(struct world *w, u64 record, const char *text)
{
	return registrar_restore(w->registrar, w->now, WALL + w->now, record, slice_str(text));
}

#endif
