// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths of UNIX sockets: what an earlier daemon left is removed, what another one listens
 * on is not.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/path.h"
#include "base/log.h"

static bool is_alive(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, err;

	memcpy(sun.sun_path, path, strnlen(path, sizeof(sun.sun_path) - 1));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	err = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ? errno : 0;
	close(fd);
	return err != ECONNREFUSED;
}

int admin_path_clear(const char *what, const char *path)
{
	struct stat st;
	char *slash, *dir;

	dir = strdup(path);
	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		mkdir(dir, 0755);
	}
	free(dir);
	if (lstat(path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		log_text(LOG_ERROR, "%s: %s is in the way: not a socket", what, path);
		return -EEXIST;
	}
	if (is_alive(path)) {
		log_text(LOG_ERROR, "%s: another daemon listens on %s", what, path);
		return -EADDRINUSE;
	}
	return unlink(path) ? -errno : 0;
}

/* Without the group the socket is root's alone: narrower than asked, never wider. */
void admin_path_give(const char *what, const char *path, const char *name)
{
	struct group *group = name && *name ? getgrnam(name) : NULL;

	if (!name || !*name)
		return;
	if (!group)
		log_text(LOG_WARNING, "%s: no group \"%s\": only this user may use %s", what,
			 name, path);
	else if (chown(path, (uid_t)-1, group->gr_gid))
		log_text(LOG_WARNING, "%s: cannot give %s to group %s: %s", what, path, name,
			 strerror(errno));
	if (!group)
		chmod(path, 0600);
}
