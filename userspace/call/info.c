// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * INFO (RFC 6086) and MESSAGE (RFC 3428) inside of a call: carried to the other party. Which
 * packages of INFO a party takes it says in Recv-Info, which passes; of another package
 * it is not told, and the sender hears at once what he may send. An INFO of nothing asks
 * only whether we are there; one without a package is as old as RFC 2976, and passes.
 */
#include <stdlib.h>

#include "call/call.h"

#define LONGEST 512	/* of Recv-Info: what is beyond that is not taken */

static bool says_packages(const struct sip_msg *msg)
{
	return msg->method == SIP_INVITE || msg->method == SIP_UPDATE ||
	       msg->method == SIP_PRACK || msg->method == SIP_ACK;
}

void call_info_learn(struct call_leg *leg, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_RECV_INFO);
	struct slice rest, package;
	struct buf b;

	if (!hdr || !says_packages(msg))
		return;
	buf_init(&b);
	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &package)) {
			if (b.n + package.n + 2 > LONGEST)
				continue;
			buf_str(&b, b.n ? ", " : "");
			buf_add(&b, package);
		}
	}
	buf_str(&b, "");
	free(leg->recv_info);
	leg->recv_info = buf_take(&b);
}

/* Packages may have parameters (RFC 6086 §4.2.1), which do not count. */
static bool is_taken(const struct call_leg *leg, struct slice package)
{
	struct slice rest = slice_str(leg->recv_info), one;

	while (sip_next_element(&rest, &one))
		if (slice_caseeq(sip_plain(one), sip_plain(package)))
			return true;
	return false;
}

/* RFC 6086 §4.2.2 */
static void refuse_package(struct call_engine *e, u64 now, struct call_leg *leg,
			   const struct call_leg *other, struct sip_server *server)
{
	char *line = buf_format("Recv-Info: %s\r\n",
				other && other->recv_info ? other->recv_info : "");

	e->counters[CALL_COUNT_CARRY_REFUSED]++;
	call_carry_answer(e, now, leg, server, 469, slice_str(line));
	free(line);
}

CALL_ACTION(call_info)
{
	const struct sip_hdr *package = sip_msg_header(ev->msg, SIP_HDR_INFO_PACKAGE);
	struct call_leg *other = call_other(leg);

	if (package && (!other || !is_taken(other, package->value)))
		refuse_package(e, now, leg, other, ev->server);
	else if (package || ev->msg->body.n)
		call_carry(e, now, leg, ev);
	else
		call_carry_answer(e, now, leg, ev->server, 200, SLICE(""));
}

CALL_ACTION(call_instant_message)
{
	if (ev->msg->body.n <= leg->call->policy->message_max) {
		call_carry(e, now, leg, ev);
		return;
	}
	e->counters[CALL_COUNT_CARRY_REFUSED]++;
	call_carry_answer(e, now, leg, ev->server, 513, SLICE(""));
}
