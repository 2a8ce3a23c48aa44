// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket with real clients: greeting, several requests in one
 * write and one in many, streams, and what a client cannot do to the daemon:
 * send endless lines, open endless connections, or make it wait by not reading.
 */
#include "call_harness.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/control.h"
#include "base/log.h"

FIXTURE(socket) {
	struct harness h;
	uv_loop_t loop;
	struct control *control;
	char dir[64], path[96];
	unsigned int drives;
};

static void drive(void *arg)
{
	(*(unsigned int *)arg)++;
}

FIXTURE_SETUP(socket)
{
	struct control_conf conf = { .group = "root", .node = 1, .drive = drive };

	log_set_level(LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);	/* as the daemon does */
	harness_start(&self->h, _metadata);
	snprintf(self->dir, sizeof(self->dir), "/tmp/jalur-admin.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	/* A directory that does not exist yet, as /run/jalur after a boot. */
	snprintf(self->path, sizeof(self->path), "%s/run/control", self->dir);
	conf.path = self->path;
	conf.engine = self->h.engine;
	conf.arg = &self->drives;
	self->drives = 0;
	uv_loop_init(&self->loop);
	ASSERT_EQ(control_open(&self->control, &self->loop, &conf), 0);
}

FIXTURE_TEARDOWN(socket)
{
	char run[256];

	control_close(self->control);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	EXPECT_EQ(uv_loop_close(&self->loop), 0);
	/* The socket file is gone. */
	EXPECT_NE(access(self->path, F_OK), 0);
	snprintf(run, sizeof(run), "%s/run", self->dir);
	rmdir(run);
	EXPECT_EQ(rmdir(self->dir), 0);
	harness_stop(&self->h);
}

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		perror("connect");
	return fd;
}

static void turn(uv_loop_t *loop)
{
	int i;

	for (i = 0; i < 20; i++)
		uv_run(loop, UV_RUN_NOWAIT);
}

/* One line from fd; NULL: none came. */
static json_t *next_line(uv_loop_t *loop, int fd)
{
	static char buf[262144];
	size_t n = 0;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		ssize_t got;

		while ((got = read(fd, buf + n, 1)) == 1)
			if (buf[n++] == '\n' || n == sizeof(buf))
				return json_loadb(buf, n, 0, NULL);
		if (!got)
			return NULL;
		turn(loop);
	}
	return NULL;
}

static void say(uv_loop_t *loop, int fd, const char *line)
{
	size_t n = strlen(line);

	if (write(fd, line, n) != (ssize_t)n)
		perror("write");
	turn(loop);
}

static const char *error_code(json_t *line)
{
	json_t *error = json_object_get(line, "error");
	const char *code = json_string_value(json_object_get(error, "code"));

	return code ? code : "";
}

TEST_F(socket, is_for_its_group_only)
{
	struct stat st;

	ASSERT_EQ(stat(self->path, &st), 0);
	EXPECT_EQ(st.st_mode & 0777, 0660);
	EXPECT_EQ(st.st_gid, 0);
}

TEST_F(socket, greets_and_answers_in_order)
{
	int fd = connect_to(self->path);
	json_t *line = next_line(&self->loop, fd);

	EXPECT_NE(json_object_get(line, "hello"), NULL);
	json_decref(line);
	/* Two requests in one write, the third in two. */
	say(&self->loop, fd, "{\"id\":1,\"cmd\":\"info\"}\n\n"
	    "{\"id\":2,\"cmd\":\"nonsense\"}\r\n{\"id\":3,");
	line = next_line(&self->loop, fd);
	EXPECT_EQ(json_integer_value(json_object_get(line, "id")), 1);
	EXPECT_NE(json_object_get(line, "result"), NULL);
	json_decref(line);
	line = next_line(&self->loop, fd);
	EXPECT_EQ(json_integer_value(json_object_get(line, "id")), 2);
	EXPECT_STREQ(error_code(line), "unknown-command");
	json_decref(line);
	say(&self->loop, fd, "\"cmd\":\"call.list\"}\n");
	line = next_line(&self->loop, fd);
	EXPECT_EQ(json_integer_value(json_object_get(line, "id")), 3);
	json_decref(line);
	EXPECT_EQ(self->drives, 0);
	close(fd);
	turn(&self->loop);
}

TEST_F(socket, a_command_that_changes_something_drives_the_engine)
{
	struct harness *h = &self->h;
	struct call_view view;
	char line[128];
	int fd;

	call_up(h);
	ASSERT_TRUE(view_call(h, &view));
	fd = connect_to(self->path);
	json_decref(next_line(&self->loop, fd));
	snprintf(line, sizeof(line), "{\"id\":1,\"cmd\":\"call.hangup\",\"args\":{\"id\":\"%llx\"}}\n",
		 (unsigned long long)view.id);
	/* The server's clock is the machine's: no timer of the call is near. */
	say(&self->loop, fd, line);
	EXPECT_EQ(self->drives, 1);
	run(h);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	close(fd);
	turn(&self->loop);
}

TEST_F(socket, a_stream_carries_what_was_asked_for)
{
	struct call_event call = { .type = CALL_EVENT_NEW, .call = 0xabc, .from = "a", .to = "b" };
	struct media_event media = { .type = MEDIA_EVENT_LATCHED, .session = 0xabc, .end = 1 };
	json_t *line, *event;
	int fd = connect_to(self->path);

	json_decref(next_line(&self->loop, fd));
	control_call_event(self->control, &call);	/* nobody watches yet */
	say(&self->loop, fd, "{\"id\":9,\"cmd\":\"monitor\",\"args\":{\"sources\":[\"call\"]}}\n");
	control_media_event(self->control, &media);
	control_call_event(self->control, &call);
	line = next_line(&self->loop, fd);
	event = json_object_get(line, "event");
	EXPECT_EQ(json_integer_value(json_object_get(line, "id")), 9);
	EXPECT_STREQ(json_string_value(json_object_get(event, "type")), "new");
	EXPECT_STREQ(json_string_value(json_object_get(event, "call")), "0000000000000abc");
	json_decref(line);

	/* The daemon stops: the stream says that it is over. */
	control_close(self->control);
	line = next_line(&self->loop, fd);
	EXPECT_TRUE(json_is_true(json_object_get(line, "done")));
	json_decref(line);
	close(fd);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	self->control = NULL;
}

TEST_F(socket, an_endless_line_ends_the_connection)
{
	static char block[65536];
	json_t *line;
	int fd = connect_to(self->path);

	json_decref(next_line(&self->loop, fd));
	memset(block, 'x', sizeof(block));
	EXPECT_GT(write(fd, block, sizeof(block)), 0);
	turn(&self->loop);
	if (write(fd, block, sizeof(block)) < 0)
		EXPECT_TRUE(errno == EPIPE || errno == EAGAIN);
	line = next_line(&self->loop, fd);
	EXPECT_STREQ(error_code(line), "line-too-long");
	json_decref(line);
	EXPECT_EQ(next_line(&self->loop, fd), NULL);
	close(fd);
	turn(&self->loop);
}

TEST_F(socket, the_33rd_client_is_refused_and_the_next_served)
{
	int fds[33], i;
	json_t *line;

	for (i = 0; i < 33; i++) {
		fds[i] = connect_to(self->path);
		turn(&self->loop);
	}
	line = next_line(&self->loop, fds[32]);
	EXPECT_STREQ(error_code(line), "too-many-clients");
	json_decref(line);
	close(fds[32]);
	close(fds[0]);
	turn(&self->loop);
	fds[0] = connect_to(self->path);
	line = next_line(&self->loop, fds[0]);
	EXPECT_NE(json_object_get(line, "hello"), NULL);
	json_decref(line);
	for (i = 0; i < 32; i++)
		close(fds[i]);
	turn(&self->loop);
}

TEST_F(socket, a_slow_reader_loses_events_and_is_told)
{
	struct call_event call = { .type = CALL_EVENT_NEW, .call = 1, .from = "a", .to = "b" };
	json_int_t seen = 0, lost = 0;
	json_t *line, *event;
	int fd = connect_to(self->path), i;

	json_decref(next_line(&self->loop, fd));
	say(&self->loop, fd, "{\"id\":1,\"cmd\":\"monitor\"}\n");
	for (i = 0; i < 20000; i++)
		control_call_event(self->control, &call);
	while ((line = next_line(&self->loop, fd))) {
		event = json_object_get(line, "event");
		if (!strcmp(json_string_value(json_object_get(event, "type")), "lost"))
			lost += json_integer_value(json_object_get(event, "count"));
		else
			seen++;
		json_decref(line);
		if (seen + lost == 20000)
			break;
	}
	EXPECT_GT(lost, 0);
	EXPECT_EQ(seen + lost, 20000);
	close(fd);
	turn(&self->loop);
}

TEST_F(socket, who_does_not_read_answers_is_not_read_from)
{
	int fd = connect_to(self->path), i, answers = 0, asked = 0;
	/* Long ones: what the sockets hold of them is answered in the end. */
	char one[513];
	static char requests[50 * sizeof(one)];
	json_t *line;

	json_decref(next_line(&self->loop, fd));
	snprintf(one, sizeof(one), "%-511s\n", "{\"id\":1,\"cmd\":\"info\"}");
	for (i = 0; i < 50; i++)
		strcat(requests, one);
	/* Writes until the server does not take any more. */
	for (i = 0; i < 1000; i++) {
		ssize_t n = write(fd, requests, strlen(requests));

		if (n < (ssize_t)strlen(requests)) {
			asked += n > 0 ? (int)(n / (ssize_t)(sizeof(one) - 1)) : 0;
			break;
		}
		asked += 50;
		turn(&self->loop);
	}
	EXPECT_LT(i, 1000);
	/* Then it reads, and gets every answer. */
	while (answers < asked && (line = next_line(&self->loop, fd))) {
		answers++;
		json_decref(line);
	}
	EXPECT_EQ(answers, asked);
	close(fd);
	turn(&self->loop);
}

TEST_F(socket, of_a_dead_daemon_is_replaced_that_of_a_live_one_is_not)
{
	struct control_conf conf = { .path = self->path, .engine = self->h.engine };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control *other = NULL;
	char stale[256];
	int fd;

	log_set_level(-1);
	EXPECT_EQ(control_open(&other, &self->loop, &conf), -EADDRINUSE);
	EXPECT_EQ(other, NULL);

	snprintf(stale, sizeof(stale), "%s/stale", self->dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s", stale);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	conf.path = stale;
	EXPECT_EQ(control_open(&other, &self->loop, &conf), 0);
	control_close(other);
	turn(&self->loop);
}

TEST_HARNESS_MAIN
