// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Secrets are not in the configuration, which many may read, but each in a file of
 * its own that its owner, and perhaps a group, may read and nobody else. The value
 * is the file's one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/schema.h"

#define MAX_SECRET 255

static const char *file_trouble(int fd)
{
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? "there is no such file" :
		       errno == EACCES ? "this user may not read the file" :
		       "the file cannot be opened";
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "this is no regular file";
	if (st.st_mode & 037)
		return "others may read the file, or a group write it: chmod 0600, or 0640";
	return NULL;
}

static const char *line_trouble(const char *line)
{
	size_t i;

	if (!*line)
		return "the file is empty, a line with the secret is expected";
	for (i = 0; line[i]; i++)
		if ((u8)line[i] < ' ' || line[i] == 0x7f)
			return "the file has more than one line of text";
	return i > MAX_SECRET ? "the secret is longer than 255 bytes" : NULL;
}

static const char *read_line(int fd, char line[MAX_SECRET + 3])
{
	ssize_t n = read(fd, line, MAX_SECRET + 2);

	if (n < 0)
		return "the file cannot be read";
	line[n] = 0;
	if (n && line[n - 1] == '\n')
		line[n - 1] = 0;
	else if (memchr(line, 0, (size_t)n))
		return "the file has more than one line of text";
	return line_trouble(line);
}

/* Of a certificate, which anybody may read, or a key, which not. */
bool secret_file_is_there(const struct value *v, const char **why)
{
	int fd = open(v->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (v->item->type == SCHEMA_KEY || fd < 0)
		*why = file_trouble(fd);
	else if (fstat(fd, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		*why = "this is neither a file nor a directory";
	if (fd >= 0)
		close(fd);
	return !*why;
}

bool secret_read(struct value *v, const char **why)
{
	int fd = open(v->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char line[MAX_SECRET + 3] = "";

	*why = file_trouble(fd);
	if (!*why)
		*why = read_line(fd, line);
	if (fd >= 0)
		close(fd);
	if (!*why) {
		v->secret = strdup(line);
		if (!v->secret)
			*why = "no memory";
	}
	explicit_bzero(line, sizeof(line));
	return v->secret;
}
