// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes from one leg to the other. One table says of each header whether
 * it belongs to a leg (and is written anew there, or ends here) or to the call
 * (and passes); a header that is not in the table passes, so that what users
 * invent reaches its reader. Whatever would show one leg's addresses, tags or
 * Call-ID to the other, or promise an extension that the other leg does not
 * have, stays behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "call/call.h"

enum passage {
	PASSED,
	REGENERATED,	/* each leg has its own, written by sip/ or by call/ */
	CONSUMED,	/* meant for us */
	DROPPED,	/* would reveal the other leg, or name what we do not do */
};

static const struct {
	const char *name;
	char compact;
	enum passage passage;
} headers[] = {
	{ "Via", 'v', REGENERATED },
	{ "From", 'f', REGENERATED },
	{ "To", 't', REGENERATED },
	{ "Call-ID", 'i', REGENERATED },
	{ "CSeq", 0, REGENERATED },
	{ "Contact", 'm', REGENERATED },
	{ "Max-Forwards", 0, REGENERATED },
	{ "Content-Length", 'l', REGENERATED },
	{ "Content-Type", 'c', REGENERATED },
	{ "Content-Encoding", 'e', REGENERATED },
	{ "Content-Disposition", 0, REGENERATED },
	{ "Content-Language", 0, REGENERATED },
	{ "MIME-Version", 0, REGENERATED },
	{ "User-Agent", 0, REGENERATED },
	{ "Server", 0, REGENERATED },
	{ "Allow", 0, REGENERATED },
	{ "Accept", 0, REGENERATED },
	{ "Accept-Encoding", 0, REGENERATED },
	{ "Accept-Language", 0, PASSED },
	{ "Supported", 'k', REGENERATED },

	{ "Route", 0, CONSUMED },
	{ "Record-Route", 0, CONSUMED },
	{ "Require", 0, CONSUMED },
	{ "Proxy-Require", 0, CONSUMED },
	{ "Unsupported", 0, CONSUMED },
	{ "Timestamp", 0, CONSUMED },
	{ "RSeq", 0, CONSUMED },
	{ "RAck", 0, CONSUMED },
	{ "Session-Expires", 'x', CONSUMED },
	{ "Min-SE", 0, CONSUMED },
	{ "Allow-Events", 'u', CONSUMED },
	{ "Event", 'o', CONSUMED },

	{ "Path", 0, DROPPED },
	{ "Service-Route", 0, DROPPED },
	{ "Replaces", 0, CONSUMED },
	{ "Join", 0, DROPPED },
	{ "In-Reply-To", 0, DROPPED },
	{ "Target-Dialog", 0, DROPPED },
	{ "Refer-To", 'r', DROPPED },
	{ "Referred-By", 'b', DROPPED },
	{ "Refer-Sub", 0, DROPPED },
	{ "Warning", 0, DROPPED },
	{ "Flow-Timer", 0, DROPPED },
	{ "Accept-Contact", 'a', DROPPED },
	{ "Reject-Contact", 'j', DROPPED },
	{ "Request-Disposition", 'd', DROPPED },
	{ "Identity", 'y', PASSED },
	{ "Subject", 's', PASSED },
	{ "Reason", 0, PASSED },
	{ "Retry-After", 0, PASSED },
	{ "Date", 0, PASSED },
	{ "Privacy", 0, PASSED },
	{ "P-Asserted-Identity", 0, PASSED },
	{ "Authorization", 0, PASSED },
	{ "Proxy-Authorization", 0, PASSED },
	{ "WWW-Authenticate", 0, PASSED },
	{ "Proxy-Authenticate", 0, PASSED },
};

static enum passage passage_of(struct slice name)
{
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (slice_caseeq(name, slice_str(headers[i].name)))
			return headers[i].passage;
		if (name.n == 1 && headers[i].compact == (name.p[0] | 0x20))
			return headers[i].passage;
	}
	return PASSED;
}

/* A folded value (RFC 3261 §7.3.1) becomes one line. */
static char *copy_unfolded(char *to, struct slice value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		char c = value.p[i];

		*to++ = c == '\r' || c == '\n' ? ' ' : c;
	}
	return to;
}

static char *copy_header(char *to, const struct sip_hdr *hdr)
{
	memcpy(to, hdr->name.p, hdr->name.n);
	to += hdr->name.n;
	*to++ = ':';
	*to++ = ' ';
	to = copy_unfolded(to, hdr->value);
	*to++ = '\r';
	*to++ = '\n';
	return to;
}

/* Room for every header of msg, and for what we add. */
static char *new_lines(const struct sip_msg *msg)
{
	size_t size = 256, i;

	for (i = 0; i < msg->nhdrs; i++)
		size += msg->hdrs[i].name.n + msg->hdrs[i].value.n + 4;
	return malloc(size);
}

static char *copy_passed(char *end, const struct sip_msg *msg)
{
	size_t i;

	for (i = 0; i < msg->nhdrs; i++)
		if (passage_of(msg->hdrs[i].name) == PASSED)
			end = copy_header(end, &msg->hdrs[i]);
	*end = 0;
	return end;
}

/*
 * Max-Forwards is written here because what the next leg gets depends on what
 * this one had; 70 is the RFC's start value (RFC 3261 §8.1.1.6).
 */
char *call_headers_pass(const struct sip_msg *msg)
{
	char *lines = new_lines(msg), *end = lines;

	if (!lines)
		return NULL;
	if (msg->request)
		end += sprintf(end, "Max-Forwards: %d\r\n",
			       msg->max_forwards > 0 ? msg->max_forwards - 1 : 70);
	copy_passed(end, msg);
	return lines;
}

char *call_headers_answer(const struct sip_msg *msg)
{
	char *lines = new_lines(msg), *end = lines;

	if (!lines)
		return NULL;
	end += sprintf(end, CALL_ALLOW CALL_SUPPORTED);
	copy_passed(end, msg);
	return lines;
}

/*
 * Without an offer a reliable response may make one, which the caller must be able to answer
 * in his PRACK.
 */
char *call_headers_invite(const struct sip_msg *msg, bool offer)
{
	char *lines = new_lines(msg), *end = lines;
	bool reliable = offer || sip_msg_supports(msg, "100rel");

	if (!lines)
		return NULL;
	end += sprintf(end, CALL_ALLOW "%sMax-Forwards: %d\r\n",
		       reliable ? CALL_SUPPORTED : CALL_SUPPORTED_LATE,
		       msg->max_forwards > 0 ? msg->max_forwards - 1 : 70);
	copy_passed(end, msg);
	return lines;
}

static char *copy_named(const struct sip_msg *msg, struct slice name, const char *as)
{
	char *lines = new_lines(msg), *end = lines;
	size_t i;

	if (!lines)
		return NULL;
	for (i = 0; i < msg->nhdrs; i++) {
		if (!slice_caseeq(msg->hdrs[i].name, name))
			continue;
		end += sprintf(end, "%s: ", as);
		end = copy_unfolded(end, msg->hdrs[i].value);
		end += sprintf(end, "\r\n");
	}
	*end = 0;
	if (end != lines)
		return lines;
	free(lines);
	return NULL;
}

char *call_headers_reason(const struct sip_msg *msg)
{
	return copy_named(msg, SLICE("Reason"), "Reason");
}

/* What is in CALL_SUPPORTED. */
static bool is_supported(struct slice tag)
{
	return slice_caseeq(tag, SLICE("100rel")) || slice_caseeq(tag, SLICE("timer")) ||
	       slice_caseeq(tag, SLICE("replaces"));
}

char *call_headers_unsupported(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REQUIRE);
	char *lines = new_lines(msg), *end = lines;
	const char *separator = "Unsupported: ";
	struct slice rest, tag;

	for (; lines && hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &tag)) {
			if (is_supported(tag))
				continue;
			end += sprintf(end, "%s" SLICE_FMT, separator, SLICE_ARG(tag));
			separator = ",";	/* no longer than theirs */
		}
	}
	if (end != lines) {
		strcpy(end, "\r\n");
		return lines;
	}
	free(lines);
	return NULL;
}

char *call_warning(const struct media_refusal *refusal)
{
	char *line, *at;

	if (asprintf(&line, "Warning: %u jalur \"%s\"\r\n",
		     refusal->warning ? refusal->warning : 399, refusal->text) < 0)
		return NULL;
	/* The text may quote the SDP: keep it one quoted string. */
	for (at = strchr(line, '"') + 1; at < line + strlen(line) - 3; at++)
		if (*at == '"' || *at == '\\' || (u8)*at < ' ')
			*at = '\'';
	return line;
}
