// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics, wired to this daemon.
 */
#include "base/clock.h"
#include "daemon/daemon.h"

static void write_metrics(void *arg, struct buf *b)
{
	struct control_conf conf;
	struct daemon *d = arg;

	daemon_control_conf(d, &conf);
	d->media_sum.adopted = d->nadopted;
	admin_metrics(b, clock_now(), &conf, &d->media_sum);
}

int daemon_metrics_open(struct daemon *d)
{
	struct http_conf conf = {
		.listen = d->config->metrics, .path = d->config->metrics_path,
		.group = d->config->control_group, .metrics = write_metrics, .arg = d,
	};

	if (!conf.path && !conf.listen.family)
		return 0;
	return http_open(&d->http, &d->loop, &conf);
}

void daemon_metrics_close(struct daemon *d)
{
	http_close(d->http);
	d->http = NULL;
}
