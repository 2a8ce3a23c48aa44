// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A delimiter is a line of "--", the boundary and white space; the line end before
 * it belongs to it. What stands before the first and after the last is nobody's.
 * Every byte is looked at once a level, and the levels are limited.
 */
#include <errno.h>

#include "sip/chars.h"
#include "sip/multipart.h"

#define MAX_BOUNDARY 70		/* RFC 2046 §5.1.1 */

/* --- the header fields of a body --- */

/* "session;handling=optional" */
static void take_disposition(struct sip_part *part, struct slice value)
{
	struct sip_cursor c = sip_cursor_of(value);
	struct slice handling;

	part->disposition = sip_take(&c, SIP_CHAR_TOKEN);
	part->optional = sip_param(sip_cursor_rest(&c), "handling", &handling) &&
			 slice_caseeq(handling, SLICE("optional"));
}

/* Of the transfer encodings only those without an encoding occur in SIP (RFC 5621 §3.2). */
static bool is_identity(struct slice encoding)
{
	static const char *const names[] = { "", "identity", "binary", "8bit", "7bit" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_caseeq(encoding, slice_str(names[i])))
			return true;
	return false;
}

static void take_field(struct sip_part *part, enum sip_hdr_id id, struct slice name,
		       struct slice value)
{
	switch (id) {
	case SIP_HDR_CONTENT_TYPE:
		part->type = value;
		break;
	case SIP_HDR_CONTENT_DISPOSITION:
		take_disposition(part, value);
		break;
	case SIP_HDR_CONTENT_ENCODING:
		part->encoded |= !is_identity(value);
		break;
	case SIP_HDR_OTHER:
		if (slice_caseeq(name, SLICE("Content-Transfer-Encoding")))
			part->encoded |= !is_identity(value);
		break;
	default:
		break;
	}
}

void sip_part_of(const struct sip_msg *msg, struct sip_part *part)
{
	size_t i;

	*part = (struct sip_part){ .body = msg->body };
	for (i = 0; i < msg->nhdrs; i++)
		take_field(part, msg->hdrs[i].id, msg->hdrs[i].name, msg->hdrs[i].value);
}

bool sip_part_is(const struct sip_part *part, const char *main, const char *sub)
{
	struct sip_cursor c = sip_cursor_of(part->type);
	struct slice seen = sip_take(&c, SIP_CHAR_TOKEN);

	if (!slice_caseeq(seen, slice_str(main)))
		return false;
	sip_skip_lws(&c);
	if (!sip_take_char(&c, '/'))
		return false;
	sip_skip_lws(&c);
	seen = sip_take(&c, SIP_CHAR_TOKEN);
	return seen.n && (!sub || slice_caseeq(seen, slice_str(sub)));
}

/* --- lines and delimiters --- */

/* The line that *rest begins with, its end included. */
static struct slice take_line(struct slice *rest)
{
	const char *lf = memchr(rest->p, '\n', rest->n);
	size_t n = lf ? (size_t)(lf - rest->p) + 1 : rest->n;
	struct slice line = slice_of(rest->p, n);

	*rest = slice_of(rest->p + n, rest->n - n);
	return line;
}

enum delimiter { NONE, OPENS, CLOSES };

static enum delimiter delimiter_of(const struct sip_parts *parts, struct slice line)
{
	size_t n = parts->boundary.n + 2;
	enum delimiter found = OPENS;

	if (line.n < n || memcmp(line.p, "--", 2) ||
	    memcmp(line.p + 2, parts->boundary.p, parts->boundary.n))
		return NONE;
	line = slice_of(line.p + n, line.n - n);
	if (line.n >= 2 && !memcmp(line.p, "--", 2)) {
		line = slice_of(line.p + 2, line.n - 2);
		found = CLOSES;
	}
	return slice_trim(line).n ? NONE : found;
}

/* Without the line end before the delimiter. */
static struct slice before_delimiter(struct slice body)
{
	if (body.n && body.p[body.n - 1] == '\n')
		body.n--;
	if (body.n && body.p[body.n - 1] == '\r')
		body.n--;
	return body;
}

/* What is there up to the next delimiter, which is used up. */
static enum delimiter take_until_delimiter(struct sip_parts *parts, struct slice *before)
{
	const char *from = parts->rest.p;
	enum delimiter found;
	struct slice line;

	while (parts->rest.n) {
		line = take_line(&parts->rest);
		found = delimiter_of(parts, line);
		if (found == NONE)
			continue;
		*before = slice_of(from, (size_t)(line.p - from));
		return found;
	}
	return NONE;
}

static bool is_boundary(struct slice boundary)
{
	size_t i;

	if (!boundary.n || boundary.n > MAX_BOUNDARY || boundary.p[boundary.n - 1] == ' ')
		return false;
	for (i = 0; i < boundary.n; i++)
		if (!sip_char_is(boundary.p[i], SIP_CHAR_DIGIT | SIP_CHAR_ALPHA) &&
		    (!boundary.p[i] || !strchr("'()+_,-./:=? ", boundary.p[i])))
			return false;
	return true;
}

int sip_parts_begin(const struct sip_part *part, struct sip_parts *parts)
{
	const char *semicolon = part->type.n ? memchr(part->type.p, ';', part->type.n) : NULL;
	struct slice params, preamble;

	*parts = (struct sip_parts){ .rest = part->body };
	if (!semicolon || !sip_part_is(part, "multipart", NULL))
		return -EINVAL;
	params = slice_of(semicolon, (size_t)(part->type.p + part->type.n - semicolon));
	if (!sip_param(params, "boundary", &parts->boundary) || !is_boundary(parts->boundary))
		return -EINVAL;
	return take_until_delimiter(parts, &preamble) == OPENS ? 0 : -EINVAL;
}

/* --- parts --- */

/* The next field with the lines that continue it, or the empty line. */
static struct slice take_field_lines(struct slice *rest)
{
	struct slice field = take_line(rest);

	while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t') && slice_trim(field).n)
		field.n += take_line(rest).n;
	return slice_trim(field);
}

static void parse_part(struct slice bytes, struct sip_part *part)
{
	struct slice field, name, value;
	const char *colon;

	*part = (struct sip_part){ .type = SLICE("") };
	while (bytes.n) {
		field = take_field_lines(&bytes);
		if (!field.n)
			break;
		colon = memchr(field.p, ':', field.n);
		if (!colon)
			continue;
		name = slice_trim(slice_of(field.p, (size_t)(colon - field.p)));
		value = slice_trim(slice_of(colon + 1, field.n - (size_t)(colon - field.p) - 1));
		take_field(part, sip_hdr_id_of(name), name, value);
	}
	part->body = bytes;
}

int sip_parts_next(struct sip_parts *parts, struct sip_part *part)
{
	enum delimiter end;
	struct slice bytes;

	if (parts->ended)
		return 0;
	end = take_until_delimiter(parts, &bytes);
	if (end == NONE)
		return -EINVAL;
	parts->ended = end == CLOSES;
	parse_part(before_delimiter(bytes), part);
	return 1;
}

int sip_part_depth(const struct sip_part *part, unsigned int max)
{
	struct sip_parts parts;
	struct sip_part inner;
	int err = 0;

	if (!sip_part_is(part, "multipart", NULL))
		return 0;
	if (!max)
		return -E2BIG;
	if (sip_parts_begin(part, &parts))
		return 0;
	while (!err && sip_parts_next(&parts, &inner) == 1)
		err = sip_part_depth(&inner, max - 1);
	return err;
}

/* --- the session description --- */

static bool is_sdp(const struct sip_part *part)
{
	return sip_part_is(part, "application", "sdp") && !part->encoded &&
	       (!part->disposition.n || slice_caseeq(part->disposition, SLICE("session")));
}

/* All parts of a mixed body are meant; of alternatives the last that is understood. */
static int find_in_parts(const struct sip_part *part, unsigned int max, struct slice *sdp)
{
	bool alternative = sip_part_is(part, "multipart", "alternative");
	struct sip_parts parts;
	struct sip_part inner;
	struct slice found;
	int err, more;

	if (!max || sip_parts_begin(part, &parts))
		return -EINVAL;
	while ((more = sip_parts_next(&parts, &inner)) == 1) {
		err = sip_find_sdp(&inner, max - 1, &found);
		if (err == -ENOTSUP && alternative)
			continue;
		if (err)
			return err;
		if (found.p && sdp->p && !alternative)
			return -EINVAL;
		if (found.p)
			*sdp = found;
	}
	if (more)
		return -EINVAL;
	return alternative && !sdp->p && !part->optional ? -ENOTSUP : 0;
}

int sip_find_sdp(const struct sip_part *part, unsigned int max, struct slice *sdp)
{
	int err;

	*sdp = slice_of(NULL, 0);
	if (!part->body.n)
		return 0;
	if (is_sdp(part)) {
		*sdp = part->body;
		return 0;
	}
	if (!sip_part_is(part, "multipart", NULL) || part->encoded)
		return part->optional ? 0 : -ENOTSUP;
	err = find_in_parts(part, max, sdp);
	if (err != -ENOTSUP || !part->optional)
		return err;
	*sdp = slice_of(NULL, 0);	/* all of it may be left out */
	return 0;
}
