// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures for Prometheus: read by a parser of the format that takes nothing else, and
 * held against calls that were made; then over HTTP, with what clients may not do.
 */
#include "call_subscriber.h"
#include "call_trunk_harness.h"

#include <ctype.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/http.h"
#include "admin/metrics.h"
#include "admin/prometheus.h"
#include "base/log.h"

#define MAX_SAMPLES 1024

/* --- the format, version 0.0.4 --- */

struct sample {
	char name[512];			/* with its labels, as written */
	double value;
};

struct page {
	struct __test_metadata *_metadata;
	struct sample samples[MAX_SAMPLES];
	size_t n;
	char family[128], type[16], helped[128];
	char families[64][128];
	size_t nfamilies;
};

static size_t name_length(const char *text)
{
	size_t n = 0;

	while (isalnum((u8)text[n]) || text[n] == '_' || text[n] == ':')
		n++;
	return n && !isdigit((u8)*text) ? n : 0;
}

/* {a="b",c="d"}: how long it is; 0: it is wrong. */
static size_t labels_length(const char *text)
{
	const char *p = text + 1;

	while (*p != '}') {
		size_t n = name_length(p);

		if (!n || p[n] != '=' || p[n + 1] != '"')
			return 0;
		for (p += n + 2; *p != '"'; p++) {
			if ((u8)*p < ' ' || (u8)*p > '~')
				return 0;
			if (*p == '\\' && !strchr("\\\"n", *++p))
				return 0;
		}
		if (*++p == ',')
			p++;
		else if (*p != '}')
			return 0;
	}
	return (size_t)(p - text) + 1;
}

/* Of a sample's name in its family: a histogram's has one of three suffixes. */
static bool suffix_fits(const struct page *page, const char *suffix, size_t n)
{
	static const char *const histogram[] = { "_bucket", "_sum", "_count" };
	size_t i;

	if (strcmp(page->type, "histogram"))
		return !n;
	for (i = 0; i < 3; i++)
		if (strlen(histogram[i]) == n && !strncmp(histogram[i], suffix, n))
			return true;
	return false;
}

static void read_sample(struct page *page, const char *line)
{
	struct __test_metadata *_metadata = page->_metadata;
	size_t name = name_length(line), family = strlen(page->family), labels = 0, i;
	struct sample *s = &page->samples[page->n];
	char *end;

	ASSERT_LT(page->n, MAX_SAMPLES);
	ASSERT_GE(name, family) { TH_LOG("line %s", line); }
	EXPECT_EQ(strncmp(line, page->family, family), 0) { TH_LOG("line %s", line); }
	EXPECT_TRUE(suffix_fits(page, line + family, name - family)) { TH_LOG("line %s", line); }
	if (line[name] == '{') {
		labels = labels_length(line + name);
		ASSERT_NE(labels, 0) { TH_LOG("line %s", line); }
	}
	ASSERT_EQ(line[name + labels], ' ') { TH_LOG("line %s", line); }
	snprintf(s->name, sizeof(s->name), "%.*s", (int)(name + labels), line);
	s->value = strtod(line + name + labels + 1, &end);
	EXPECT_EQ(*end, 0) { TH_LOG("line %s", line); }
	for (i = 0; i < page->n; i++)
		EXPECT_STRNE(page->samples[i].name, s->name);
	page->n++;
}

/* A family has HELP, then TYPE, once, before its samples. */
static void read_comment(struct page *page, const char *line)
{
	struct __test_metadata *_metadata = page->_metadata;
	char word[8], name[128], rest[256];
	size_t i;

	ASSERT_EQ(sscanf(line, "# %7s %127s %255[^\n]", word, name, rest), 3);
	EXPECT_EQ(name_length(name), strlen(name));
	if (!strcmp(word, "HELP")) {
		strcpy(page->helped, name);
		return;
	}
	EXPECT_STREQ(word, "TYPE");
	EXPECT_STREQ(page->helped, name);
	EXPECT_TRUE(!strcmp(rest, "counter") || !strcmp(rest, "gauge") ||
		    !strcmp(rest, "histogram"));
	/* By convention of those who read it. */
	EXPECT_EQ(!strcmp(rest, "counter"), strlen(name) > 6 &&
		  !strcmp(name + strlen(name) - 6, "_total")) { TH_LOG("family %s", name); }
	for (i = 0; i < page->nfamilies; i++)
		EXPECT_STRNE(page->families[i], name);
	strcpy(page->families[page->nfamilies++], name);
	strcpy(page->family, name);
	snprintf(page->type, sizeof(page->type), "%.15s", rest);
}

static void read_page(struct page *page, struct __test_metadata *_metadata, char *text)
{
	char *line, *save = NULL;

	*page = (struct page){ ._metadata = _metadata };
	ASSERT_EQ(text[strlen(text) - 1], '\n');
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			read_comment(page, line);
		else
			read_sample(page, line);
	}
}

static double value(const struct page *page, const char *name)
{
	size_t i;

	for (i = 0; i < page->n; i++)
		if (!strcmp(page->samples[i].name, name))
			return page->samples[i].value;
	return -1;
}

/* --- a node --- */

FIXTURE(metrics) {
	struct harness h;
	struct control_conf conf;
	struct control_media media;
	struct page *page;
	uv_loop_t loop;
	struct http *http;
	char dir[64], path[96];
};

FIXTURE_SETUP(metrics)
{
	log_set_level(LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	harness_start(&self->h, _metadata);
	memset(&self->media, 0, sizeof(self->media));
	self->conf = (struct control_conf){ .node = 7, .engine = self->h.engine };
	self->page = malloc(sizeof(*self->page));
	self->http = NULL;
}

FIXTURE_TEARDOWN(metrics)
{
	free(self->page);
	harness_stop(&self->h);
}

static const struct page *scrape(struct page *page, struct __test_metadata *_metadata,
				 const struct control_conf *conf,
				 const struct control_media *media, u64 now)
{
	struct buf b;
	char *text;

	buf_init(&b);
	admin_metrics(&b, now, conf, media);
	text = buf_take(&b);
	EXPECT_NE(text, NULL);
	read_page(page, _metadata, text);
	free(text);
	return page;
}

#define scrape() scrape(self->page, _metadata, &self->conf, &self->media, self->h.now)

TEST_F(metrics, a_call_is_counted)
{
	struct harness *h = &self->h;
	const struct page *p = scrape();

	EXPECT_EQ(value(p, "jalur_objects{kind=\"calls\"}"), 0);
	EXPECT_EQ(value(p, "jalur_info{node=\"7\",relay=\"none\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_responses_total{direction=\"out\",method=\"INVITE\",code=\"200\"}"), -1);

	call_up(h);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_objects{kind=\"calls\"}"), 1);
	EXPECT_EQ(value(p, "jalur_media_sessions{of=\"calls\"}"), 1);
	EXPECT_EQ(value(p, "jalur_calls_total{outcome=\"started\"}"), 1);
	EXPECT_EQ(value(p, "jalur_calls_total{outcome=\"answered\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_requests_total{direction=\"in\",method=\"INVITE\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_requests_total{direction=\"out\",method=\"INVITE\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_requests_total{direction=\"out\",method=\"ACK\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_responses_total{direction=\"in\",method=\"INVITE\",code=\"200\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_responses_total{direction=\"out\",method=\"INVITE\",code=\"200\"}"), 1);

	hang_up(h, A);
	send_invite(h, STRANGER, SDP_A);
	expect(h, STRANGER, "SIP/2.0 403");
	p = scrape();
	EXPECT_EQ(value(p, "jalur_objects{kind=\"calls\"}"), 0);
	EXPECT_EQ(value(p, "jalur_media_sessions{of=\"calls\"}"), 0);
	EXPECT_EQ(value(p, "jalur_requests_refused_total{reason=\"source\"}"), 1);
	EXPECT_EQ(value(p, "jalur_sip_responses_total{direction=\"out\",method=\"INVITE\",code=\"403\"}"), 1);
	EXPECT_EQ(value(p, "jalur_events_total{event=\"re-invites\"}"), 0);
}

static void count_connections(void *arg, void (*each)(void *to, const char *name, u64 value),
			      void *to)
{
	(void)arg;
	each(to, "connections-connections", 3);
	each(to, "dns-cached", 5);
	each(to, "dns-in-flight", 1);
	each(to, "dns-queries", 9);
}

/* What may go back is no counter: rate() would take it for a restart. */
TEST_F(metrics, what_there_is_now_is_a_gauge)
{
	static const struct control_transports transports = { .counters = count_connections };
	const struct page *p;

	self->conf.transports = &transports;
	p = scrape();
	EXPECT_EQ(value(p, "jalur_objects{kind=\"connections\"}"), 3);
	EXPECT_EQ(value(p, "jalur_objects{kind=\"dns-answers\"}"), 5);
	EXPECT_EQ(value(p, "jalur_objects{kind=\"dns-queries\"}"), 1);
	EXPECT_EQ(value(p, "jalur_events_total{event=\"dns-cached\"}"), -1);
	EXPECT_EQ(value(p, "jalur_events_total{event=\"dns-in-flight\"}"), -1);
	EXPECT_EQ(value(p, "jalur_events_total{event=\"dns-queries\"}"), 9);
}

/* 300 ms to ringing, 7 s to the answer. */
TEST_F(metrics, setup_time_is_a_histogram)
{
	struct harness *h = &self->h;
	const struct page *p;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	h->now += 300 * NSEC_PER_MSEC;
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	h->now += 100 * NSEC_PER_MSEC;
	answer(h, B, "180 Ringing", NULL);		/* the first counts */
	expect(h, A, "SIP/2.0 180");
	h->now += 6600 * NSEC_PER_MSEC;
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	p = scrape();
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"ringing\",le=\"0.250\"}"), 0);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"ringing\",le=\"0.500\"}"), 1);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"ringing\",le=\"+Inf\"}"), 1);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_count{until=\"ringing\"}"), 1);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_sum{until=\"ringing\"}"), 0.3);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"answer\",le=\"5.000\"}"), 0);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"answer\",le=\"10.000\"}"), 1);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_bucket{until=\"answer\",le=\"120.000\"}"), 1);
	EXPECT_EQ(value(p, "jalur_call_setup_seconds_sum{until=\"answer\"}"), 7);
	hang_up(h, A);
}

TEST_F(metrics, media_of_ended_sessions_is_summed)
{
	struct media_figures *f = calloc(1, sizeof(*f));
	const struct page *p;

	f->nends = 2;
	f->ends[0] = (struct media_end_figures){ .rx_packets = 5, .rx_bytes = 50, .lost = 1 };
	f->ends[1] = (struct media_end_figures){ .tx_packets = 4, .tx_bytes = 40 };
	f->ends[1].drops[JALUR_DROP_REASON_PAYLOAD_TYPE] = 3;
	admin_metrics_add(&self->media, f);
	admin_metrics_add(&self->media, f);
	free(f);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_media_sessions_ended_total"), 2);
	EXPECT_EQ(value(p, "jalur_media_packets_total{direction=\"in\"}"), 10);
	EXPECT_EQ(value(p, "jalur_media_packets_total{direction=\"out\"}"), 8);
	EXPECT_EQ(value(p, "jalur_media_bytes_total{direction=\"in\"}"), 100);
	EXPECT_EQ(value(p, "jalur_media_lost_packets_total"), 2);
	EXPECT_EQ(value(p, "jalur_media_dropped_packets_total{reason=\"payload-type\"}"), 6);
	EXPECT_EQ(value(p, "jalur_media_dropped_packets_total{reason=\"source\"}"), 0);
}

/* 500 pairs a realm; one that was given back rests before it is free. */
TEST_F(metrics, ports_of_realms_show)
{
	struct addr rtp, advertised;
	const struct page *p;

	ASSERT_EQ(media_ports_take(self->h.ports[0], self->h.now, AF_INET, &rtp, &advertised), 0);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_media_port_pairs{realm=\"outside\",state=\"used\"}"), 1);
	EXPECT_EQ(value(p, "jalur_media_port_pairs{realm=\"outside\",state=\"free\"}"), 499);
	EXPECT_EQ(value(p, "jalur_media_port_pairs{realm=\"inside\",state=\"free\"}"), 500);
	media_ports_release(self->h.ports[0], self->h.now, &rtp);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_media_port_pairs{realm=\"outside\",state=\"used\"}"), 0);
	EXPECT_EQ(value(p, "jalur_media_port_pairs{realm=\"outside\",state=\"free\"}"), 499);
	self->h.now += 31 * NSEC_PER_SEC;
	EXPECT_EQ(value(scrape(), "jalur_media_port_pairs{realm=\"outside\",state=\"free\"}"), 500);
}

TEST_F(metrics, who_registers_is_counted_in_his_domain)
{
	struct harness *h = &self->h;
	const struct page *p;

	add_domain(h, SIP_DIGEST_ALL);
	h->own_contacts = true;
	p = scrape();
	EXPECT_EQ(value(p, "jalur_bindings{domain=\"" DOMAIN "\"}"), 0);
	EXPECT_EQ(value(p, "jalur_registers_total{outcome=\"accepted\"}"), 0);

	send_authentic(h, "REGISTER", "alice", "secret",
		       "Contact: <sip:alice@203.0.113.66>;expires=100, <sip:alice@203.0.113.67>\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	send_authentic(h, "REGISTER", "bob", "hidden", "Contact: <sip:bob@203.0.113.66>\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	send_authentic(h, "REGISTER", "bob", "hidden",
		       "Contact: <sip:bob@203.0.113.66>;expires=2\r\n");
	expect(h, STRANGER, "SIP/2.0 423");
	p = scrape();
	EXPECT_EQ(value(p, "jalur_bindings{domain=\"" DOMAIN "\"}"), 3);
	EXPECT_EQ(value(p, "jalur_objects{kind=\"bindings\"}"), 3);
	EXPECT_EQ(value(p, "jalur_registers_total{outcome=\"accepted\"}"), 2);
	EXPECT_EQ(value(p, "jalur_registers_total{outcome=\"refused\"}"), 1);
	EXPECT_EQ(value(p, "jalur_events_total{event=\"registrations\"}"), -1);

	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_EQ(value(scrape(), "jalur_bindings{domain=\"" DOMAIN "\"}"), 2);
	advance(h, 3600 * NSEC_PER_SEC);
	EXPECT_EQ(value(scrape(), "jalur_bindings{domain=\"" DOMAIN "\"}"), 0);
}

/* Two addresses: B answers its probes after 30 to 40 ms, C does not. */
TEST_F(metrics, trunks_show_how_they_are)
{
	struct harness *h = &self->h;
	struct call_trunk *trunk = two_targets(h, 1);
	const struct page *p = scrape();
	double rtt;

	EXPECT_EQ(value(p, "jalur_trunk_state{trunk=\"pbx\",state=\"unknown\"}"), 1);
	EXPECT_EQ(value(p, "jalur_trunk_calls{trunk=\"pbx\"}"), 0);
	EXPECT_EQ(value(p, "jalur_trunk_registered{trunk=\"pbx\"}"), -1);

	trunk->probing = (struct call_probing){
		.interval = 10 * NSEC_PER_SEC, .timeout = 2 * NSEC_PER_SEC, .down_after = 1,
		.up_after = 1,
	};
	trunk->max_rate = 1;
	start(h);
	while (!pending(h, B))
		advance(h, 10 * NSEC_PER_MSEC);
	advance(h, 30 * NSEC_PER_MSEC);
	expect(h, B, "OPTIONS ");
	reply(h, B, "200 OK", NULL);
	advance(h, 9 * NSEC_PER_SEC);
	discard(h, C);
	discard(h, B);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_trunk_state{trunk=\"pbx\",state=\"degraded\"}"), 1);
	EXPECT_EQ(value(p, "jalur_trunk_state{trunk=\"pbx\",state=\"unknown\"}"), 0);
	EXPECT_EQ(value(p, "jalur_trunk_address_up{trunk=\"pbx\",target=\"sip:" IP_B ":5060\","
			"transport=\"UDP\",address=\"" IP_B ":5060\"}"), 1);
	EXPECT_EQ(value(p, "jalur_trunk_address_up{trunk=\"pbx\",target=\"sip:" IP_C ":5060\","
			"transport=\"UDP\",address=\"" IP_C ":5060\"}"), 0);
	rtt = value(p, "jalur_trunk_probe_seconds{trunk=\"pbx\",target=\"sip:" IP_B ":5060\","
		       "transport=\"UDP\",address=\"" IP_B ":5060\"}");
	EXPECT_TRUE(rtt >= 0.03 && rtt <= 0.04);

	call_trunk(h);
	take_call(h, B);
	EXPECT_EQ(value(scrape(), "jalur_trunk_calls{trunk=\"pbx\"}"), 1);
	end_call(h, B);
	call_trunk(h);
	fail_call(h, "SIP/2.0 503");
	p = scrape();
	EXPECT_EQ(value(p, "jalur_trunk_calls_refused_total{trunk=\"pbx\"}"), 1);
}

TEST_F(metrics, overload_and_drain_show)
{
	struct call_load load = { 0 };
	const struct page *p;

	call_engine_drain(self->h.engine, self->h.now, true);
	call_engine_load(self->h.engine, self->h.now, &load);
	p = scrape();
	EXPECT_EQ(value(p, "jalur_draining"), 1);
	EXPECT_EQ(value(p, "jalur_overload_level{cause=\"lag\"}"), 0);
	EXPECT_EQ(value(p, "jalur_overload_refused_total{cause=\"ports\"}"), 0);
	call_engine_drain(self->h.engine, self->h.now, false);
	EXPECT_EQ(value(scrape(), "jalur_draining"), 0);
}

TEST_F(metrics, values_of_labels_are_escaped)
{
	struct prom p;
	struct buf b;
	char *text;

	buf_init(&b);
	p.out = &b;
	prom_family(&p, "x", "gauge", "y");
	prom_sample(&p, PROM_LABELS({ "a", "q\"b\\n\nl\tt\xff" }, { "b", "" }), 18446744073709551615ull);
	prom_seconds(&p, "", NULL, 1500000001);
	text = buf_take(&b);
	EXPECT_STREQ(text, "# HELP x y\n# TYPE x gauge\n"
		     "x{a=\"q\\\"b\\\\n\\nl?t?\",b=\"\"} 18446744073709551615\nx 1.500000001\n");
	read_page(self->page, _metadata, text);
	free(text);
}

/* --- over HTTP --- */

static void give(void *arg, struct buf *b)
{
	admin_metrics(b, 0, arg, NULL);
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	close(fd);
	return -1;
}

/* What is answered to text until the server closes; free it. */
static char *talk(uv_loop_t *loop, const char *path, struct slice text)
{
	size_t sent = 0, n = 0, cap = 1 << 20;
	char *answer = malloc(cap);
	int fd = connect_to(path), turns;
	ssize_t got;

	for (turns = 0; turns < 2000; turns++) {
		uv_run(loop, UV_RUN_NOWAIT);
		got = sent < text.n ? send(fd, text.p + sent, text.n - sent, MSG_NOSIGNAL) : 0;
		sent += got > 0 ? (size_t)got : 0;
		got = recv(fd, answer + n, cap - 1 - n, 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		n += got > 0 ? (size_t)got : 0;
		if (got < 0)
			usleep(500);
	}
	close(fd);
	answer[n] = 0;
	uv_run(loop, UV_RUN_NOWAIT);
	return answer;
}

static bool answers(struct __test_metadata *_metadata, uv_loop_t *loop, const char *path,
		    const char *request, const char *status, const char *has)
{
	char *answer = talk(loop, path, slice_str(request));
	bool good = !strncmp(answer, status, strlen(status)) && strstr(answer, has);

	if (!good)
		TH_LOG("to %.40s: %.300s", request, answer);
	free(answer);
	return good;
}

#define answers(...) answers(_metadata, &self->loop, self->path, __VA_ARGS__)

TEST_F(metrics, http_gives_them_and_nothing_else)
{
	struct http_conf conf = { .metrics = give, .arg = &self->conf };
	char *answer, *body, *large;
	struct stat st;
	int fds[40];
	size_t i;

	snprintf(self->dir, sizeof(self->dir), "/tmp/jalur-metrics.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	snprintf(self->path, sizeof(self->path), "%.60s/http", self->dir);
	conf.path = self->path;
	uv_loop_init(&self->loop);
	ASSERT_EQ(http_open(&self->http, &self->loop, &conf), 0);
	ASSERT_EQ(stat(self->path, &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 0660);

	answer = talk(&self->loop, self->path,
		      SLICE("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
	EXPECT_EQ(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	EXPECT_NE(strstr(answer, "Content-Type: " PROMETHEUS_TYPE "\r\n"), NULL);
	body = strstr(answer, "\r\n\r\n");
	ASSERT_NE(body, NULL);
	read_page(self->page, _metadata, body + 4);
	EXPECT_EQ(value(self->page, "jalur_objects{kind=\"calls\"}"), 0);
	free(answer);

	EXPECT_TRUE(answers("HEAD /metrics HTTP/1.0\r\n\r\n", "HTTP/1.", "Content-Length: "));
	EXPECT_TRUE(answers("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "there is /metrics"));
	EXPECT_TRUE(answers("GET /metrics/../x HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", ""));
	EXPECT_TRUE(answers("POST /metrics HTTP/1.0\r\nContent-Length: 4\r\n\r\nabcd",
			    "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n"));
	EXPECT_TRUE(answers("DELETE /x HTTP/1.0\r\n\r\n", "HTTP/1.1 405 ", ""));

	/* A request without end is cut off. */
	large = malloc(100001);
	memset(large, 'a', 100000);
	memcpy(large, "GET /metrics HTTP/1.1\r\nX: ", 26);
	large[100000] = 0;
	EXPECT_TRUE(answers(large, "HTTP/1.1 431", ""));
	free(large);

	/* So many and no more, which does not last. */
	for (i = 0; i < 40; i++) {
		fds[i] = connect_to(self->path);
		uv_run(&self->loop, UV_RUN_NOWAIT);
	}
	EXPECT_EQ(fds[39], -1);
	for (i = 0; i < 40; i++)
		close(fds[i]);
	for (i = 0; i < 100; i++)
		uv_run(&self->loop, UV_RUN_NOWAIT);
	EXPECT_TRUE(answers("GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "jalur_info"));

	http_close(self->http);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	EXPECT_EQ(uv_loop_close(&self->loop), 0);
	EXPECT_EQ(rmdir(self->dir), 0);
}

TEST_HARNESS_MAIN
