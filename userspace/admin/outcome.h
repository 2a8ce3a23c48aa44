/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands give back, and those that stand in files of their own beside command.c.
 */
#ifndef ADMIN_OUTCOME_H
#define ADMIN_OUTCOME_H

#include "admin/command.h"

/* What a command returns: a result, or the fields of an error. */
struct outcome {
	json_t *result;
	const char *code, *where, *remedy;
	char message[256];
	bool changed, secret;
	u32 watch;
};

void admin_fail(struct outcome *out, const char *code, const char *where, const char *remedy,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#define ADMIN_COMMAND(name) \
	void admin_run_##name(const struct command_context *ctx, json_t *args, \
			      struct outcome *out)

/* user.c */
ADMIN_COMMAND(subscriber_list);
ADMIN_COMMAND(subscriber_add);
ADMIN_COMMAND(subscriber_passwd);
ADMIN_COMMAND(subscriber_del);
ADMIN_COMMAND(registration_list);
ADMIN_COMMAND(registration_show);
ADMIN_COMMAND(registration_del);
ADMIN_COMMAND(subscription_list);
ADMIN_COMMAND(subscription_show);
ADMIN_COMMAND(subscription_del);
ADMIN_COMMAND(presence_show);

#endif
