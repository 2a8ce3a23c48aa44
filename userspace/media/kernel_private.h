/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between kernel.c, which talks to the module, and kernel_encode.c and
 * kernel_decode.c, which know the attributes.
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
/* Looks up what genetlink answered of our family. */
int kernel_decode_family(const struct nlmsghdr *nlh, u16 *family, u32 *group);

#endif
