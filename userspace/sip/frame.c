// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Framing by Content-Length, which is mandatory on a stream. Lines end as they do
 * for the parser, with CRLF or LF, so that both agree on where the header fields
 * end: what they disagreed on could be smuggled past. A header field is complete
 * when the next line does not continue it, and is then looked at once.
 */
#include "sip/frame.h"

void sip_framer_init(struct sip_framer *f, size_t max)
{
	*f = (struct sip_framer){ .max = max };
}

static struct slice field_name(struct slice field)
{
	const char *colon = memchr(field.p, ':', field.n);
	struct slice name = slice_of(field.p, colon ? (size_t)(colon - field.p) : 0);

	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name;
}

/*
 * A mistake is reported at the end of the header fields: those that an answer repeats may
 * still come.
 */
static void take_field(struct sip_framer *f, struct slice field)
{
	struct slice name = field_name(field), value;
	const char *colon;

	if (sip_hdr_id_of(name) != SIP_HDR_CONTENT_LENGTH)
		return;
	colon = memchr(field.p, ':', field.n);
	value = slice_trim(slice_of(colon + 1, (size_t)(field.p + field.n - colon) - 1));
	if (f->has_length)
		f->wrong = "given twice";
	else if (!slice_u32(value, &f->length) || f->length > INT32_MAX)
		f->wrong = "no number in its range";
	f->has_length = true;
}

static bool is_empty_line(struct slice line)
{
	return line.n == 1 || (line.n == 2 && line.p[0] == '\r');
}

/* A line, its end included; the first one is the start line. */
static void take_line(struct sip_framer *f, struct slice bytes)
{
	struct slice line = slice_of(bytes.p + f->line, f->at - f->line);
	bool more = line.p[0] == ' ' || line.p[0] == '\t';

	if (!f->line) {
		f->field = f->at;
	} else if (!more || f->field == f->line) {
		take_field(f, slice_of(bytes.p + f->field, f->line - f->field));
		f->field = f->line;
	}
	if (is_empty_line(line))
		f->head = f->at;
	f->line = f->at;
}

static void scan_head(struct sip_framer *f, struct slice bytes)
{
	const char *lf;

	while (!f->head && f->at < bytes.n) {
		lf = memchr(bytes.p + f->at, '\n', bytes.n - f->at);
		if (!lf) {
			f->at = bytes.n;
			return;
		}
		f->at = (size_t)(lf - bytes.p) + 1;
		take_line(f, bytes);
	}
}

static void set_error(struct sip_frame *out, struct slice bytes, u16 status,
		      enum sip_hdr_id header, const char *text)
{
	out->type = SIP_FRAME_ERROR;
	out->bytes = bytes;
	out->used = bytes.n;
	out->err = (struct sip_error){ status, header, text };
}

static void take_message(struct sip_framer *f, struct slice bytes, struct sip_frame *out)
{
	struct slice head = slice_of(bytes.p, f->head);

	if (!f->has_length) {
		set_error(out, head, 400, SIP_HDR_CONTENT_LENGTH, "missing");
	} else if (f->wrong) {
		set_error(out, head, 400, SIP_HDR_CONTENT_LENGTH, f->wrong);
	} else if (f->length > f->max - f->head) {
		set_error(out, head, 413, SIP_HDR_OTHER, NULL);
	} else if (bytes.n - f->head >= f->length) {
		out->type = SIP_FRAME_MESSAGE;
		out->bytes = slice_of(bytes.p, f->head + f->length);
		out->used = out->bytes.n;
		sip_framer_init(f, f->max);
	}
}

/* Before a message begins. true: there was something. */
static bool take_crlf(struct sip_framer *f, struct slice bytes, struct sip_frame *out)
{
	if (f->at || !bytes.n)
		return false;
	if (bytes.p[0] == '\n') {
		out->type = SIP_FRAME_CRLF;
		out->used = 1;
		return true;
	}
	if (bytes.p[0] != '\r' || (bytes.n > 1 && bytes.p[1] != '\n'))
		return false;
	if (bytes.n == 1)
		return true;	/* more is to come */
	out->type = f->after_crlf ? SIP_FRAME_PING : SIP_FRAME_CRLF;
	out->used = 2;
	f->after_crlf = !f->after_crlf;
	return true;
}

void sip_frame_next(struct sip_framer *f, struct slice bytes, struct sip_frame *out)
{
	struct slice within = slice_of(bytes.p, bytes.n < f->max ? bytes.n : f->max);

	*out = (struct sip_frame){ .type = SIP_FRAME_MORE };
	if (take_crlf(f, bytes, out))
		return;
	if (!f->head)
		scan_head(f, within);
	if (f->head)
		take_message(f, bytes, out);
	else if (f->at == f->max)
		set_error(out, within, 513, SIP_HDR_OTHER, NULL);
}
