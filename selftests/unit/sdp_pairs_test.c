// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and answers in the manner of devices that are met in the field, each pair
 * carried through a negotiation: sdp/descriptions has what they say, sdp/pairs what
 * must come of it. Beside that, of each description: what leaves is a description
 * with the same m= lines in the same order and our addresses; every line is in it
 * that is not ours to change, and nothing of the sender's addresses; said again, it
 * is the same to the letter; and the plan lets flow what both allow, no more.
 *
 * A line of sdp/pairs: offer, answer ("-": none), then a word for each m= line:
 * media:codec:what the offerer may do/what the answerer may do[:mux], or media:- when
 * it is turned down, or refused:warn-code:line.
 */
#include <linux/jalur.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "media/negotiation.h"

#define IP4_OF(leg) ((leg) ? "10.0.0.2" : "192.0.2.9")
#define IP6_OF(leg) ((leg) ? "2001:db8:b::2" : "2001:db8:a::9")

FIXTURE(pairs) {
	char *descriptions, *pairs;
	/* of the pair at hand */
	struct media_ports *ports[2];
	struct media_negotiation *n;
	const char *name;
};

static char *read_file(const char *name)
{
	char path[512], *text;
	FILE *f;
	long n;

	snprintf(path, sizeof(path), SELFTESTS "/unit/sdp/%s", name);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)n + 1);
	if (fread(text, 1, (size_t)n, f) != (size_t)n)
		text[0] = 0;
	fclose(f);
	return text;
}

FIXTURE_SETUP(pairs)
{
	self->descriptions = read_file("descriptions");
	self->pairs = read_file("pairs");
	ASSERT_NE(self->descriptions, NULL);
	ASSERT_NE(self->pairs, NULL);
}

FIXTURE_TEARDOWN(pairs)
{
	free(self->descriptions);
	free(self->pairs);
}

static struct media_ports *make_ports(const char *ip4, const char *ip6)
{
	struct media_range r[2] = {
		{ .min = 20000, .max = 20999 }, { .min = 20000, .max = 20999 },
	};

	addr_parse_ip(slice_str(ip4), &r[0].address);
	addr_parse_ip(slice_str(ip6), &r[1].address);
	r[0].advertise = r[0].address;
	r[1].advertise = r[1].address;
	return media_ports_new(r, 2, 7);
}

/* What name says on this leg, lines ended as in the field; malloc'ed. NULL: no such one. */
static char *describe(const char *descriptions, const char *name, int leg)
{
	char head[80], *text, *to;
	const char *from;

	snprintf(head, sizeof(head), "== %s\n", name);
	from = strstr(descriptions, head);
	if (!from)
		return NULL;
	from += strlen(head);
	to = text = calloc(1, 16384);
	for (; *from && strncmp(from, "== ", 3); from++) {
		if (*from == '@')
			to = stpcpy(to, IP4_OF(leg));
		else if (*from == '%')
			to = stpcpy(to, IP6_OF(leg));
		else if (*from == '\n')
			to = stpcpy(to, "\r\n");
		else
			*to++ = *from;
	}
	/* an e-mail address is none */
	while ((to = strstr(text, "alice192.0.2.9")) || (to = strstr(text, "alice10.0.0.2")))
		memcpy(to, "alice@@@@@@@", 12);
	return text;
}

/* --- what leaves --- */

/* Attributes that are between the two neighbours, and not the call's. */
static bool is_ours(const char *line)
{
	static const char *const begins[] = {
		"o=", "c=", "m=", "k=", "a=rtcp:", "a=rtcp-mux", "a=ice-", "a=candidate:",
		"a=crypto:", "a=fingerprint:", "a=setup:", "a=group:BUNDLE", "a=csup:",
		"a=path:", "a=oldmediaip:",
	};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(line, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* A line with an address of leg is not said on the other side; s= must be there all the same. */
static bool names_leg(const char *line, int leg)
{
	return strstr(line, IP4_OF(leg)) || strstr(line, IP6_OF(leg));
}

static const char *next_line(const char *at, char *line, size_t size)
{
	size_t n = strcspn(at, "\r\n");

	snprintf(line, size, "%.*s", (int)n, at);
	at += n;
	return at + strspn(at, "\r\n");
}

#define FAIL_UNLESS(condition, ...) ({ \
		EXPECT_TRUE(condition) { \
			TH_LOG(__VA_ARGS__); \
		} \
	})

/* Every line of said that must be in out is there, in order; m= lines match one to one. */
static void check_lines(struct __test_metadata *_metadata, const char *name, const char *said,
			const char *out, int leg)
{
	char line[1024], other[1024], media[64];
	const char *at = said, *to = out;
	bool turned_down = false;
	unsigned int port;

	while (*at) {
		at = next_line(at, line, sizeof(line));
		if (line[0] == 'm') {
			do
				to = next_line(to, other, sizeof(other));
			while (*to && other[0] != 'm');
			sscanf(line, "m=%63s", media);
			FAIL_UNLESS(other[0] == 'm' && !strncmp(line, other, 2 + strlen(media)) &&
				    sscanf(other, "m=%*s %u", &port) == 1,
				    "%s: %s became %s", name, line, other);
			turned_down = !port;
			continue;
		}
		if (turned_down || is_ours(line) || names_leg(line, leg))
			continue;
		do
			to = next_line(to, other, sizeof(other));
		while (*to && strcmp(line, other));
		FAIL_UNLESS(!strcmp(line, other), "%s: %s is not in\n%s", name, line, out);
	}
}

static void check_out(struct __test_metadata *_metadata, const char *name, const char *said,
		      const char *out, int leg)
{
	struct sdp *sdp = malloc(sizeof(*sdp));
	struct sdp_error err;

	FAIL_UNLESS(!sdp_parse(slice_str(out), sdp, &err), "%s: line %u: %s\n%s", name, err.line,
		    err.text, out);
	FAIL_UNLESS(!names_leg(out, leg), "%s: an address of the sender's in\n%s", name, out);
	check_lines(_metadata, name, said, out, leg);
	free(sdp);
}

/* --- what was agreed on --- */

static const char *const directions[] = { "none", "send", "recv", "both" };

static void print_streams(const struct media_negotiation *n, char *text, size_t size)
{
	struct media_stream_view views[SDP_MAX_MEDIA];
	size_t i, count = media_negotiation_view(n, views), used = 0;

	for (i = 0; i < count && used < size; i++) {
		const struct media_stream_view *v = &views[i];

		used += (size_t)snprintf(text + used, size - used, "%s%s:", i ? " " : "", v->media);
		if (v->rejected)
			used += (size_t)snprintf(text + used, size - used, "-");
		else
			used += (size_t)snprintf(text + used, size - used, "%s:%s/%s%s", v->codec,
						 directions[v->leg[0].direction],
						 directions[v->leg[1].direction],
						 v->mux ? ":mux" : "");
	}
}

/* Flows where one sends and the other receives, and nowhere else. */
static void check_plan(struct __test_metadata *_metadata, const char *name,
		       const struct media_negotiation *n)
{
	struct media_stream_view views[SDP_MAX_MEDIA];
	size_t i, j, count = media_negotiation_view(n, views);
	bool empty;
	struct media_plan *plan = media_plan_make(n, &empty);

	for (i = 0; i < count; i++) {
		bool rtp = strcmp(views[i].media, "image") && strcmp(views[i].media, "application");
		int leg;

		for (leg = 0; leg < 2 && !views[i].rejected && rtp; leg++) {
			bool wanted = (views[i].leg[leg].direction & SDP_SEND) &&
				      (views[i].leg[!leg].direction & SDP_RECV), is = false;

			for (j = 0; plan && j < plan->nflows; j++)
				is |= plan->flows[j].source == views[i].leg[leg].end;
			FAIL_UNLESS(is == wanted, "%s: stream %zu of leg %d: flows %d, wanted %d",
				    name, i, leg, is, wanted);
		}
	}
	media_plan_put(plan);
}

/* --- a pair --- */

static void begin(FIXTURE_DATA(pairs) *self, bool six)
{
	struct media_negotiation_conf conf = {
		.session = 16, .tag = "a@b", .latch = { JALUR_LATCH_PORT, JALUR_LATCH_PORT },
		.family = { 0, six ? AF_INET6 : AF_INET },
	};

	conf.ports[0] = self->ports[0] = make_ports("198.51.100.7", "2001:db8:7::7");
	conf.ports[1] = self->ports[1] = make_ports("10.0.0.1", "2001:db8:1::1");
	self->n = media_negotiation_new(&conf);
}

static void end(struct __test_metadata *_metadata, FIXTURE_DATA(pairs) *self)
{
	int leg;

	media_negotiation_free(self->n, 0);
	for (leg = 0; leg < 2; leg++) {
		FAIL_UNLESS(!media_ports_used(self->ports[leg]), "%s: ports are left", self->name);
		media_ports_free(self->ports[leg]);
	}
}

static unsigned int version_of(const char *sdp)
{
	unsigned int version = 0;

	sscanf(sdp, "v=0 o=- %*u %u", &version);
	return version;
}

/*
 * The same offer and answer inside the call: what is said is the same to the letter. A stream
 * that was offered to no avail is a new one, with another port, and the version goes up.
 */
static void say_again(struct __test_metadata *_metadata, FIXTURE_DATA(pairs) *self,
		      const char *offer, const char *answer, const char *out, const char *back)
{
	struct media_refusal r;
	char *again = NULL;

	bool anew = strstr(back, "\nm=audio 0") || strstr(back, "\nm=image 0") ||
		    strstr(back, "\nm=video 0") || strstr(back, "\nm=application 0");
	bool offered = !(strstr(out, " 0 RTP/") || strstr(out, " 0 UDP/"));

	anew = anew && offered;
	FAIL_UNLESS(!media_offer(self->n, 0, MEDIA_LEG_A, slice_str(offer), &again, &r) &&
		    !strcmp(again, out) == !anew && version_of(again) == version_of(out) + anew,
		    "%s: said again it is\n%s", self->name, again);
	free(again);
	again = NULL;
	FAIL_UNLESS(!media_answer(self->n, 0, false, slice_str(answer), &again, &r) &&
		    !strcmp(again, back), "%s: answered again it is\n%s", self->name, again);
	free(again);
}

static void carry(struct __test_metadata *_metadata, FIXTURE_DATA(pairs) *self, const char *offer,
		  const char *answer, char *result, size_t size)
{
	struct media_refusal r = { .status = 0 };
	char *out = NULL, *back = NULL;
	unsigned int line = 0;

	if (media_offer(self->n, 0, MEDIA_LEG_A, slice_str(offer), &out, &r) ||
	    media_answer(self->n, 0, false, slice_str(answer), &back, &r)) {
		sscanf(r.text, "SDP line %u", &line);
		snprintf(result, size, "refused:%u:%u", r.warning, line);
		free(out);
		return;
	}
	check_out(_metadata, self->name, offer, out, 0);
	check_out(_metadata, self->name, answer, back, 1);
	check_plan(_metadata, self->name, self->n);
	print_streams(self->n, result, size);
	say_again(_metadata, self, offer, answer, out, back);
	free(out);
	free(back);
}

TEST_F(pairs, each_is_agreed_on_as_the_table_says)
{
	char line[1024], name[160], offer_name[64], answer_name[64], result[1024];
	const char *at = self->pairs;
	size_t count = 0;
	int n;

	while (*at) {
		char *offer, *answer;

		at = next_line(at, line, sizeof(line));
		if (line[0] == '#' || sscanf(line, "%63s %63s %n", offer_name, answer_name, &n) != 2)
			continue;
		snprintf(name, sizeof(name), "%s, %s", offer_name, answer_name);
		self->name = name;
		offer = describe(self->descriptions, offer_name, 0);
		answer = describe(self->descriptions, answer_name, 1);
		FAIL_UNLESS(offer && (answer || !strcmp(answer_name, "-")), "%s: no such one", name);
		begin(self, answer && strstr(answer, "IP6"));
		carry(_metadata, self, offer, answer ? answer : "", result, sizeof(result));
		FAIL_UNLESS(!strcmp(result, line + n), "%s: expected %s, got %s", name, line + n,
			    result);
		end(_metadata, self);
		free(offer);
		free(answer);
		count++;
	}
	EXPECT_GE(count, 120);
}

TEST_HARNESS_MAIN
