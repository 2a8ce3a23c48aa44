// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credentials of a trunk, whose password stands in a file of its own: it is taken
 * from there, and a file that others could read is a mistake.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "kselftest_harness.h"

FIXTURE(secret) {
	char path[64];
	struct config *config;
	struct config_mistakes mistakes;
};

FIXTURE_SETUP(secret)
{
	int fd;

	strcpy(self->path, "/tmp/config_secret_test.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_GE(fd, 0);
	close(fd);
	self->config = NULL;
	self->mistakes = (struct config_mistakes){ 0 };
}

FIXTURE_TEARDOWN(secret)
{
	unlink(self->path);
	config_free(self->config);
	config_mistakes_free(&self->mistakes);
}

#define SELF FIXTURE_DATA(secret) *self

static int load(SELF, const char *content, size_t n, mode_t mode)
{
	char text[1024];
	int fd = open(self->path, O_RDWR | O_TRUNC);

	if (fd < 0 || write(fd, content, n) != (ssize_t)n || fchmod(fd, mode))
		abort();
	close(fd);
	snprintf(text, sizeof(text),
		 "realms:\n"
		 "  a:\n"
		 "    signalling: [{address: 192.0.2.1}]\n"
		 "    media: [{address: 192.0.2.1, ports: 20000-20099}]\n"
		 "trunks:\n"
		 "  carrier:\n"
		 "    realm: a\n"
		 "    target: \"sip:192.0.2.9\"\n"
		 "    credentials:\n"
		 "      user: jalur\n"
		 "      realm: carrier.example\n"
		 "      password-file: %s\n", self->path);
	return config_load_memory(slice_str(text), &self->config, &self->mistakes);
}

static bool mistaken(SELF, const char *content, size_t n, mode_t mode, const char *why)
{
	bool ok = load(self, content, n, mode) == -EINVAL && self->mistakes.n == 1 &&
		  self->mistakes.list[0].line == 12 &&
		  strstr(self->mistakes.list[0].text, "trunks.carrier.credentials.password-file") &&
		  strstr(self->mistakes.list[0].text, why);

	if (!ok)
		printf("# %s\n", self->mistakes.n ? self->mistakes.list[0].text : "no mistake");
	config_mistakes_free(&self->mistakes);
	return ok;
}

TEST_F(secret, is_the_line_of_the_file)
{
	const struct call_trunk *trunk;

	ASSERT_EQ(load(self, "pass word\n", 10, 0600), 0);
	trunk = &self->config->policy->trunks[0];
	EXPECT_STREQ(trunk->password, "pass word");
	EXPECT_TRUE(slice_eq(trunk->account.user, SLICE("jalur")));
	EXPECT_TRUE(slice_eq(trunk->account.realm, SLICE("carrier.example")));
	EXPECT_NE(trunk->auth, NULL);
}

TEST_F(secret, a_group_may_read_it)
{
	EXPECT_EQ(load(self, "x", 1, 0640), 0);
}

TEST_F(secret, that_others_can_read_is_a_mistake)
{
	EXPECT_TRUE(mistaken(self, "x\n", 2, 0644, "chmod 0600"));
	EXPECT_TRUE(mistaken(self, "x\n", 2, 0660, "chmod 0600"));
}

TEST_F(secret, is_one_line)
{
	static char long_line[256];

	memset(long_line, 'x', sizeof(long_line));
	EXPECT_TRUE(mistaken(self, "", 0, 0600, "empty"));
	EXPECT_TRUE(mistaken(self, "\n", 1, 0600, "empty"));
	EXPECT_TRUE(mistaken(self, "x\ny\n", 4, 0600, "more than one line"));
	EXPECT_TRUE(mistaken(self, "x\0y", 3, 0600, "more than one line"));
	EXPECT_TRUE(mistaken(self, long_line, 256, 0600, "longer than 255"));
	EXPECT_EQ(load(self, long_line, 255, 0600), 0);
}

TEST_F(secret, a_path_that_is_no_file)
{
	unlink(self->path);
	ASSERT_EQ(mkfifo(self->path, 0600), 0);
	/* Nobody writes into it: reading must not wait. */
	EXPECT_TRUE(mistaken(self, "", 0, 0600, "no regular file"));
}

TEST_HARNESS_MAIN
