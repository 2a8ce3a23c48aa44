// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control socket, wired to this daemon.
 */
#include "base/log.h"
#include "daemon/daemon.h"

static void drive(void *arg)
{
	daemon_settle(arg);
}

static bool stopping(void *arg)
{
	const struct daemon *d = arg;

	return d->stopping;
}

static bool records(void *arg, struct control_records *records)
{
	return daemon_record_figures(arg, records);
}

static bool stored(void *arg, struct control_store *store)
{
	return daemon_store_figures(arg, store);
}

int daemon_control_open(struct daemon *d)
{
	struct control_conf conf = {
		.path = d->config->control,
		.group = d->config->control_group,
		.node = d->config->node,
		.engine = d->engine,
		.relay = d->relay,
		.drive = drive,
		.stopping = stopping,
		.records = records,
		.store = stored,
		.arg = d,
	};

	return control_open(&d->control, &d->loop, &conf);
}

void daemon_control_close(struct daemon *d)
{
	control_close(d->control);
	d->control = NULL;
}

void daemon_media_tell(struct daemon *d, const struct media_event *event)
{
	if (d->control)
		control_media_event(d->control, event);
}
