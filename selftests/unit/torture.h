/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages of RFC 4475 and RFC 5118, one in a file of torture/, and what is
 * asked of them: parts when they are valid, the engine's answer when not. Each
 * is fed to an engine of its own, and its bytes have their very size.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "sip_harness.h"
#include "sip/print.h"

struct torture {
	char *bytes;
	size_t n;
	struct sip_msg msg;
	struct sip_error err;
	int result;
};

/* Reads the message called name, and parses it. */
static UNUSED void torture_load(struct __test_metadata *_metadata, struct torture *t,
				const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), SELFTESTS "/unit/torture/%s.sip", name);
	f = fopen(path, "rb");
	ASSERT_NE(f, NULL) {
		TH_LOG("%s", path);
	}
	ASSERT_EQ(fseek(f, 0, SEEK_END), 0);
	t->n = (size_t)ftell(f);
	rewind(f);
	t->bytes = malloc(t->n);
	ASSERT_EQ(fread(t->bytes, 1, t->n, f), t->n);
	fclose(f);
	t->result = sip_parse(slice_of(t->bytes, t->n), &t->msg, &t->err);
}

/* The same, and it must have been accepted. */
static UNUSED const struct sip_msg *torture_accepted(struct __test_metadata *_metadata,
						     struct torture *t, const char *name)
{
	torture_load(_metadata, t, name);
	ASSERT_EQ(t->result, 0) {
		TH_LOG("%s: %s: %s", name, sip_hdr_info(t->err.header)->name, t->err.text);
	}
	return &t->msg;
}

static UNUSED void torture_free(struct torture *t)
{
	free(t->bytes);
}

enum torture_outcome {
	PASSED,			/* to the caller, as a new request */
	ANSWERED,
	SILENT,
};

struct torture_case {
	const char *name;
	enum torture_outcome outcome;
	const char *answer;	/* its beginning */
};

/* Via to CSeq are in the answer as they were in the request, if they were. */
static UNUSED void torture_check_copies(struct world *w, const struct torture *t,
					const char *name)
{
	static const enum sip_hdr_id copied[] = { SIP_HDR_FROM, SIP_HDR_CALL_ID, SIP_HDR_CSEQ };
	struct __test_metadata *_metadata = w->_metadata;
	const struct sip_hdr *hdr;
	struct buf text;
	size_t i;

	EXPECT_TRUE(sent_has(w, "\r\nVia: SIP"));
	for (i = 0; i < sizeof(copied) / sizeof(*copied); i++) {
		hdr = sip_msg_header(&t->msg, copied[i]);
		if (!hdr)
			continue;
		buf_init(&text);
		buf_printf(&text, "\r\n%s: ", sip_hdr_info(copied[i])->name);
		sip_print_value(&text, hdr->value);
		buf_add(&text, slice_of("\r\n", 3));
		EXPECT_TRUE(sent_has(w, text.p)) {
			TH_LOG("%s: no%s in %s", name, text.p, w->last);
		}
		buf_free(&text);
	}
	EXPECT_EQ(sent_has(w, "\r\nTo: "), !!sip_msg_header(&t->msg, SIP_HDR_TO));
}

static UNUSED void torture_outcome(struct __test_metadata *_metadata, const struct torture_case *c)
{
	struct sip_engine_conf conf = { .software = "jalur", .supported = "100rel, timer" };
	struct torture t;
	struct world w;

	start_with(&w, _metadata, &conf);
	torture_load(_metadata, &t, c->name);
	feed_slice(&w, &w.peer, slice_of(t.bytes, t.n));
	EXPECT_EQ(w.events, c->outcome == PASSED) {
		TH_LOG("%s: %u events", c->name, w.events);
	}
	EXPECT_EQ(silent(&w), c->outcome != ANSWERED) {
		TH_LOG("%s", c->name);
	}
	if (c->outcome == ANSWERED && !silent(&w)) {
		expect_bytes(&w, c->answer);
		torture_check_copies(&w, &t, c->name);
		EXPECT_TRUE(addr_ip_eq(&w.last_flow.peer, &w.peer.peer));
	}
	if (w.event.type == SIP_EVENT_REQUEST) {
		EXPECT_EQ(respond(&w, w.event.server, NULL, 480), 0);
		sip_server_put(w.engine, w.now, w.event.server);
		expect_bytes(&w, "SIP/2.0 480 ");
	}
	discard(&w);
	advance(&w, 100 * SEC);
	discard(&w);
	torture_free(&t);
	stop(&w);
}

#define EXPECT_SLICE(seen, text) EXPECT_TRUE(slice_eq(seen, slice_str(text))) { \
		struct slice _seen = seen; \
		TH_LOG("'" SLICE_FMT "' is not '%s'", SLICE_ARG(_seen), text); \
	}

/* The value of the nth header with this id, from 0; empty: none. */
static UNUSED struct slice torture_header(const struct sip_msg *msg, enum sip_hdr_id id,
					  unsigned int n)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);

	while (hdr && n--)
		hdr = sip_msg_header_next(msg, hdr);
	return hdr ? hdr->value : SLICE("");
}

/* One that the table does not know. */
static UNUSED struct slice torture_other(const struct sip_msg *msg, const char *name)
{
	size_t i;

	for (i = 0; i < msg->nhdrs; i++)
		if (msg->hdrs[i].id == SIP_HDR_OTHER && slice_eq(msg->hdrs[i].name, slice_str(name)))
			return msg->hdrs[i].value;
	return SLICE("");
}

#endif
