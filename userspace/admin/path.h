/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a UNIX socket is to be. what: whose it is, for the log.
 */
#ifndef ADMIN_PATH_H
#define ADMIN_PATH_H

/*
 * Makes the directory if it is missing, removes a socket that nobody listens on. 0 or -errno:
 * -EADDRINUSE when somebody does; reasons that are not plain are logged.
 */
int admin_path_clear(const char *what, const char *path);
/* group: NULL or "": stays this user's; so it does when there is no such group. */
void admin_path_give(const char *what, const char *path, const char *group);

#endif
