// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is asked of a parsed message, and how one is kept.
 */
#include <stdlib.h>

#include "sip/msg.h"

const struct sip_hdr *sip_msg_header_next(const struct sip_msg *msg, const struct sip_hdr *hdr)
{
	const struct sip_hdr *at;

	for (at = hdr + 1; at < msg->hdrs + msg->nhdrs; at++)
		if (at->id == hdr->id)
			return at;
	return NULL;
}

bool sip_msg_lists(const struct sip_msg *msg, enum sip_hdr_id id, const char *token)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);
	struct slice rest, element, wanted = slice_str(token);

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (slice_caseeq(element, wanted))
				return true;
	}
	return false;
}

bool sip_msg_requires(const struct sip_msg *msg, const char *tag)
{
	return sip_msg_lists(msg, SIP_HDR_REQUIRE, tag);
}

bool sip_msg_supports(const struct sip_msg *msg, const char *tag)
{
	return sip_msg_lists(msg, SIP_HDR_SUPPORTED, tag) || sip_msg_requires(msg, tag);
}

/* Every slice of a message apart from those of its header table. */
#define AT(member) offsetof(struct sip_msg, member)
static const size_t slices[] = {
	AT(method_name), AT(ruri), AT(reason), AT(body), AT(content_type), AT(call_id),
	AT(uri.scheme), AT(uri.user), AT(uri.password), AT(uri.host), AT(uri.params),
	AT(uri.headers),
	AT(from_uri.scheme), AT(from_uri.user), AT(from_uri.password), AT(from_uri.host),
	AT(from_uri.params), AT(from_uri.headers),
	AT(to_uri.scheme), AT(to_uri.user), AT(to_uri.password), AT(to_uri.host),
	AT(to_uri.params), AT(to_uri.headers),
	AT(via.value), AT(via.params), AT(via.transport), AT(via.host), AT(via.branch),
	AT(via.received), AT(via.maddr),
	AT(from.display), AT(from.uri), AT(from.params), AT(from.tag), AT(from.value),
	AT(to.display), AT(to.uri), AT(to.params), AT(to.tag), AT(to.value),
};
#undef AT

static void move_slice(struct slice *s, struct slice from, const char *to)
{
	s->p = s->p ? to + (s->p - from.p) : NULL;
}

static size_t head_size(const struct sip_msg *msg)
{
	return offsetof(struct sip_msg, hdrs) + msg->nhdrs * sizeof(struct sip_hdr);
}

size_t sip_msg_size(const struct sip_msg *msg)
{
	return head_size(msg) + msg->bytes.n;
}

void sip_msg_copy(struct sip_msg *copy, const struct sip_msg *msg)
{
	size_t head = head_size(msg), i;
	char *memory = (char *)copy;

	memcpy(memory, msg, head);
	memcpy(memory + head, msg->bytes.p, msg->bytes.n);
	copy->bytes.p = memory + head;
	copy->contact = NULL;
	for (i = 0; i < sizeof(slices) / sizeof(*slices); i++)
		move_slice((struct slice *)(memory + slices[i]), msg->bytes, memory + head);
	for (i = 0; i < copy->nhdrs; i++) {
		move_slice(&copy->hdrs[i].name, msg->bytes, memory + head);
		move_slice(&copy->hdrs[i].value, msg->bytes, memory + head);
	}
}

struct sip_msg *sip_msg_dup(const struct sip_msg *msg)
{
	struct sip_msg *copy = malloc(sip_msg_size(msg));

	if (copy)
		sip_msg_copy(copy, msg);
	return copy;
}
