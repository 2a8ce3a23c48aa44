/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between kernel.c, which talks to the module, kernel_encode.c and kernel_decode.c, which
 * know the attributes, and kernel_sequence.c, which knows what events are numbered.
 */
#ifndef MEDIA_KERNEL_PRIVATE_H
#define MEDIA_KERNEL_PRIVATE_H

#include <libmnl/libmnl.h>

#include "media/relay.h"

/* A session of 64 ends with their payload tables fits. */
#define KERNEL_BUFFER (128 << 10)

void kernel_encode_plan(struct nlmsghdr *nlh, u64 owner, const struct media_plan *plan);

/* -EPROTO when an attribute is not what the spec says. */
int kernel_decode_session(const struct nlmsghdr *nlh, struct media_figures *out, u64 *digest);
int kernel_decode_event(const struct nlmsghdr *nlh, struct media_event *out);
/* Number of the event that was not sent to us, of an answer to a deletion; 0: it was. */
u64 kernel_decode_spared(const struct nlmsghdr *nlh);
/* Looks up what genetlink answered of our family. */
int kernel_decode_family(const struct nlmsghdr *nlh, u16 *family, u32 *group);

#define KERNEL_SPARED 64		/* ranges, of which each needs an event not read yet */

struct kernel_sequence {
	u64 next;			/* 0: not known yet */
	size_t nspared;
	struct {
		u64 first, last;
	} spared[KERNEL_SPARED];
};

/* The event of this number will not come; and none is missing for that. */
void kernel_sequence_spare(struct kernel_sequence *s, u64 number);
/* The event of this number came. false: some before it did not. */
bool kernel_sequence_take(struct kernel_sequence *s, u64 number);
/* Whichever comes next is the first. */
void kernel_sequence_forget(struct kernel_sequence *s);

#endif
