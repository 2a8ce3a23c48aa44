/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages in a stream of bytes (RFC 3261 §18.3, RFC 5626 §3.5.1): where one
 * ends, and what is between them. The framer owns no bytes and does no I/O; it
 * remembers how far it has looked, so that no byte is looked at twice however
 * the stream arrives.
 */
#ifndef SIP_FRAME_H
#define SIP_FRAME_H

#include "sip/msg.h"

enum sip_frame_type {
	SIP_FRAME_MORE,		/* nothing complete yet: call again with more bytes */
	SIP_FRAME_MESSAGE,	/* bytes is one message, for sip_parse() */
	SIP_FRAME_CRLF,		/* between messages: padding, or the pong that one waited for */
	SIP_FRAME_PING,		/* the second of two: to be answered with CRLF */
	SIP_FRAME_ERROR,	/* the stream cannot be followed any more: close it */
};

struct sip_frame {
	enum sip_frame_type type;
	/*
	 * The message. Of an error what there is of it, for sip_engine_refuse(): up
	 * to the end of its header fields, or the limit.
	 */
	struct slice bytes;
	size_t used;		/* so many bytes from the front are done with */
	struct sip_error err;	/* of SIP_FRAME_ERROR: what to answer before closing */
};

struct sip_framer {
	size_t max;		/* bytes of one message */
	size_t at;		/* looked at so far, from the front */
	size_t line, field;	/* where the line and the header field that are read begin */
	size_t head;		/* up to the body; 0: not known yet */
	u32 length;		/* of the body */
	bool has_length;
	const char *wrong;	/* with Content-Length; NULL: nothing */
	bool after_crlf;	/* between messages, one CRLF was there */
};

/* max: of a message, in bytes. */
void sip_framer_init(struct sip_framer *f, size_t max);
/*
 * The next frame. bytes is all of the stream that was received and not used yet: the caller
 * takes out->used bytes off its front, and calls again until the answer is SIP_FRAME_MORE.
 * It may move them between two calls, but must not change them. After an error the framer
 * must not be used again.
 */
void sip_frame_next(struct sip_framer *f, struct slice bytes, struct sip_frame *out);

#endif
