// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any datagram through the parser, its lists and its copy, and what it says of
 * reliable responses and session timers. What was accepted must keep its promises:
 * slices within the bytes, headers that print again, intervals that are bearable.
 */
#include <stdlib.h>

#include "base/timer.h"
#include "sip/msg.h"
#include "sip/print.h"
#include "sip/session_timer.h"

static void check_inside(struct slice s, struct slice bytes)
{
	if (s.n && (s.p < bytes.p || s.p + s.n > bytes.p + bytes.n))
		abort();
}

static void walk(struct slice value)
{
	struct slice element, name, param, rest;
	struct sip_nameaddr address;

	while (sip_next_element(&value, &element)) {
		if (!sip_parse_nameaddr(element, &address))
			continue;
		check_inside(address.uri, element);
		check_inside(address.tag, element);
		rest = address.params;
		while (sip_next_param(&rest, &name, &param) == 1)
			check_inside(param, element);
	}
}

static void check(const struct sip_msg *msg)
{
	size_t i;

	for (i = 0; i < msg->nhdrs; i++) {
		check_inside(msg->hdrs[i].name, msg->bytes);
		check_inside(msg->hdrs[i].value, msg->bytes);
		walk(msg->hdrs[i].value);
	}
	check_inside(msg->body, msg->bytes);
	check_inside(msg->via.branch, msg->bytes);
	check_inside(msg->from.tag, msg->bytes);
}

/* The response to what was accepted must be accepted, too. */
static void respond(const struct sip_msg *msg)
{
	static struct sip_msg back;
	struct addr source = { .family = AF_INET, .port = 5060 };
	struct sip_print_response r = {
		.request = msg, .source = &source, .status = 200, .to_tag = "t",
	};
	struct sip_error err;
	struct buf b;

	buf_init(&b);
	sip_print_response(&b, &r);
	if (sip_parse(buf_slice(&b), &back, &err) || back.cseq != msg->cseq ||
	    !slice_eq(back.via.branch, msg->via.branch) || !back.to.tag.n)
		abort();
	buf_free(&b);
}

static void negotiate(const struct sip_msg *msg)
{
	struct sip_session_policy policy = { .expires = 1800, .min_se = 120 };
	struct sip_session_timer t = { 0 };
	char lines[SIP_SESSION_LINES];

	if (msg->request)
		sip_session_timer_uas(&policy, msg, &t, lines);
	else if (!sip_session_timer_refused(&policy, msg, &t))
		sip_session_timer_uac(&policy, msg, &t);
	if (t.interval && (t.interval < 120 || sip_session_timer_bye(&t, 0) < 80 * NSEC_PER_SEC))
		abort();
	sip_session_timer_request(&policy, &t, lines);
}

static void acknowledge(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_RACK);
	struct slice method;
	u32 rseq, cseq;

	if (hdr && sip_parse_rack(hdr->value, &rseq, &cseq, &method))
		check_inside(method, hdr->value);
	sip_msg_supports(msg, "100rel");
}

static void name_dialog(const struct sip_msg *msg, enum sip_hdr_id id,
			bool (*parse)(struct slice value, struct sip_replaces *out))
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);
	struct sip_replaces r;

	if (!hdr || !parse(hdr->value, &r))
		return;
	check_inside(r.call_id, hdr->value);
	check_inside(r.to_tag, hdr->value);
	check_inside(r.from_tag, hdr->value);
}

static void replace(const struct sip_msg *msg)
{
	name_dialog(msg, SIP_HDR_REPLACES, sip_parse_replaces);
	name_dialog(msg, SIP_HDR_TARGET_DIALOG, sip_parse_target_dialog);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct sip_msg msg;
	struct sip_error err;
	struct sip_msg *copy;

	if (sip_parse(slice_of((const char *)data, size), &msg, &err)) {
		if (err.status && !msg.request)
			abort();
		check(&msg);
		return 0;
	}
	check(&msg);
	copy = sip_msg_dup(&msg);
	check(copy);
	if (!slice_eq(copy->call_id, msg.call_id) || !slice_eq(copy->body, msg.body))
		abort();
	if (copy->request)
		respond(copy);
	negotiate(copy);
	acknowledge(copy);
	replace(copy);
	free(copy);
	return 0;
}
