// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stream is cut into messages the same way wherever the network cut it: each
 * stream here arrives in one piece, byte by byte, and in two pieces divided at
 * every place there is.
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "base/buf.h"
#include "sip/frame.h"

#define MAX 1000

struct stream {
	struct sip_framer framer;
	struct buf seen;	/* what came out: a letter each, messages in brackets */
	size_t from, to;	/* of the bytes: [from, to) is received and not used */
	bool closed;
};

static void note(struct stream *s, const struct sip_frame *frame)
{
	static const char *const letters[] = { "", "(", "c", "P", "!" };

	buf_str(&s->seen, letters[frame->type]);
	if (frame->type == SIP_FRAME_MESSAGE || frame->type == SIP_FRAME_ERROR)
		buf_add(&s->seen, frame->bytes);
	if (frame->type == SIP_FRAME_MESSAGE)
		buf_str(&s->seen, ")");
	if (frame->type != SIP_FRAME_ERROR)
		return;
	buf_printf(&s->seen, "!%u %s", frame->err.status, sip_hdr_info(frame->err.header)->name);
	s->closed = true;
}

/* The stream goes on to byte n; what is there of it lies in memory of its very size. */
static void receive(struct stream *s, struct slice bytes, size_t n)
{
	struct sip_frame frame;
	char *copy;

	s->to = n;
	while (!s->closed) {
		copy = malloc(s->to - s->from + 1);
		memcpy(copy, bytes.p + s->from, s->to - s->from);
		sip_frame_next(&s->framer, slice_of(copy, s->to - s->from), &frame);
		note(s, &frame);
		free(copy);
		if (frame.type == SIP_FRAME_MORE)
			break;
		s->from += frame.used;
	}
}

static void begin(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	sip_framer_init(&s->framer, MAX);
	buf_init(&s->seen);
}

static void expect_seen(struct __test_metadata *_metadata, struct stream *s, const char *wanted,
			size_t cut)
{
	EXPECT_TRUE(slice_eq(buf_slice(&s->seen), slice_str(wanted))) {
		TH_LOG("cut at %zu: %.*s, not %s", cut, (int)s->seen.n, s->seen.p, wanted);
	}
	buf_free(&s->seen);
}

static void expect_frames(struct __test_metadata *_metadata, const char *text, const char *wanted)
{
	struct slice bytes = slice_str(text);
	struct stream s;
	size_t i;

	for (i = 0; i <= bytes.n; i++) {
		begin(&s);
		receive(&s, bytes, i);
		receive(&s, bytes, bytes.n);
		expect_seen(_metadata, &s, wanted, i);
	}
	begin(&s);
	for (i = 1; i <= bytes.n; i++)
		receive(&s, bytes, i);
	expect_seen(_metadata, &s, wanted, bytes.n);
}

#define ONE "OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
#define TWO "MESSAGE sip:a SIP/2.0\r\nl:7\r\nCall-ID: 2\r\n\r\nhe\r\n\r\nl"
#define LINES "BYE sip:a SIP/2.0\nContent-length : \n\t 2 \nX: y\n\n\r\n"

TEST(several_messages_in_one_segment_and_one_in_many)
{
	expect_frames(_metadata, ONE, "(" ONE ")");
	expect_frames(_metadata, ONE TWO LINES, "(" ONE ")(" TWO ")(" LINES ")");
	expect_frames(_metadata, TWO "\r\n" ONE, "(" TWO ")c(" ONE ")");
}

TEST(what_is_not_complete_is_waited_for)
{
	expect_frames(_metadata, ONE "OPTIONS sip:a SIP/2.0\r\n", "(" ONE ")");
	expect_frames(_metadata, "MESSAGE sip:a SIP/2.0\r\nl: 3\r\n\r\nab", "");
	expect_frames(_metadata, "", "");
}

TEST(keep_alives_between_messages)
{
	expect_frames(_metadata, "\r\n", "c");
	expect_frames(_metadata, "\r\n\r\n", "cP");
	expect_frames(_metadata, "\r\n\r\n\r\n\r\n" ONE "\r\n\r\n", "cPcP(" ONE ")cP");
	/* A message between them: two that are no pair. */
	expect_frames(_metadata, "\r\n" ONE "\r\n", "c(" ONE ")c");
	expect_frames(_metadata, "\n" ONE, "c(" ONE ")");
	expect_frames(_metadata, "\r", "");
}

#define HEAD "OPTIONS sip:a SIP/2.0\r\nCall-ID: 3\r\n"

/* The head is there to be answered, with what stands behind the mistake. */
TEST(content_length_is_mandatory_and_a_number)
{
	static const char *const wrong[] = {
		HEAD "\r\n",
		HEAD "Content-Length:\r\nX: y\r\n\r\n",
		HEAD "Content-Length: -1\r\n\r\n",
		HEAD "Content-Length: 1 2\r\n\r\n",
		HEAD "Content-Length: 2147483648\r\n\r\n",
		HEAD "Content-Length: 99999999999999999999\r\n\r\n",
		HEAD "Content-Length: 0\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n",
		HEAD "Content-Length: 0\r\n 1\r\n\r\n",
		HEAD "XContent-Length: 0\r\n\r\n",
		/* not a header field, or not one that the parser would take */
		"Content-Length: 0\r\nOPTIONS\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\nX: y\r\n Content-Length: 0\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\n Content-Length: 0\r\n\r\n",
	};
	char wanted[512];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(wanted, sizeof(wanted), "!%s!400 Content-Length", wrong[i]);
		expect_frames(_metadata, wrong[i], wanted);
	}
}

/* Nothing behind an error is taken for a message. */
TEST(after_an_error_there_is_nothing)
{
	expect_frames(_metadata, HEAD "\r\n" ONE, "!" HEAD "\r\n!400 Content-Length");
}

TEST(what_is_too_large_is_refused_before_it_has_come)
{
	char text[2 * MAX], wanted[3 * MAX];
	int n;

	/* of its body not a byte is there */
	snprintf(text, sizeof(text), HEAD "l: %d\r\n\r\n", MAX);
	snprintf(wanted, sizeof(wanted), "!%s!413 ", text);
	expect_frames(_metadata, text, wanted);
	/* header fields without end */
	n = snprintf(text, sizeof(text), HEAD "X: ");
	memset(text + n, 'x', MAX + 100 - (size_t)n);
	text[MAX + 100] = 0;
	snprintf(wanted, sizeof(wanted), "!%.*s!513 ", MAX, text);
	expect_frames(_metadata, text, wanted);
}

TEST(as_large_as_allowed_is_not_too_large)
{
	char text[MAX + 1], wanted[MAX + 3];
	int n;

	n = snprintf(text, sizeof(text), HEAD "l: %d\r\n\r\n", MAX - 45);
	ASSERT_EQ(n, 45);
	memset(text + n, 'b', MAX - 45);
	text[MAX] = 0;
	snprintf(wanted, sizeof(wanted), "(%s)", text);
	expect_frames(_metadata, text, wanted);
	/* header fields that end at the limit */
	memset(text, 'x', MAX);
	memcpy(text, HEAD "l:0\r\nX: ", strlen(HEAD "l:0\r\nX: "));
	memcpy(text + MAX - 4, "\r\n\r\n", 4);
	snprintf(wanted, sizeof(wanted), "(%s)", text);
	expect_frames(_metadata, text, wanted);
}

/* No byte is looked at twice: the framer is always where the stream is. */
TEST(a_slow_stream_is_not_read_again)
{
	char text[MAX] = HEAD "X: ";
	struct sip_framer f;
	struct sip_frame frame;
	size_t n;

	memset(text + 40, 'x', sizeof(text) - 40);
	sip_framer_init(&f, MAX);
	for (n = 1; n < MAX; n++) {
		sip_frame_next(&f, slice_of(text, n), &frame);
		ASSERT_EQ(frame.type, SIP_FRAME_MORE);
		ASSERT_EQ(f.at, n);
		memset(text, '\n', n);	/* it would find an end, if it did */
	}
}

TEST_HARNESS_MAIN
