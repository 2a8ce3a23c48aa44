// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscribers in the store: read when the daemon starts, changed by the control socket.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "call/subscriber.h"
#include "daemon/daemon.h"

static void restore(void *arg, u64 record, struct slice text)
{
	struct daemon *d = arg;
	const char *bad = call_subscribers_restore(call_engine_subscribers(d->engine), record,
						   text);

	if (bad)
		log_text(LOG_ERROR, "store: subscriber %llu cannot be read: wrong %s",
			 (unsigned long long)record, bad);
}

int daemon_subscribers_restore(struct daemon *d)
{
	struct store_error error;
	int err;

	if (!d->store)
		return 0;
	err = store_each(d->store, STORE_SUBSCRIBER, restore, d, &error);
	if (err)
		log_text(LOG_ERROR, "store: %s: %s", d->config->store_file, error.text);
	return err;
}

int daemon_subscriber_set(void *arg, struct slice domain, struct slice user,
			  const struct sip_secret *secret)
{
	struct daemon *d = arg;
	u64 record = 0;
	char *text;
	int err;

	if (!d->store)
		return -EOPNOTSUPP;
	text = call_subscriber_print(domain, user, secret);
	if (!text)
		return -ENOMEM;
	err = call_subscribers_set(call_engine_subscribers(d->engine), domain, user, secret,
				   &record);
	if (!err)
		store_put(d->store, STORE_SUBSCRIBER, record, slice_str(text));
	explicit_bzero(text, strlen(text));
	free(text);
	return err;
}

int daemon_subscriber_del(void *arg, struct slice domain, struct slice user)
{
	struct daemon *d = arg;
	u64 record;
	int err = call_subscribers_del(call_engine_subscribers(d->engine), domain, user, &record);

	if (!err && d->store)
		store_delete(d->store, STORE_SUBSCRIBER, record);
	return err;
}
