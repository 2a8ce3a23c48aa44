// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the engine cannot know of the load: how late a timer of the loop is, what
 * the kernel dropped before we read it, how much memory the process has. The
 * engine decides what that means.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"

#define INTERVAL_MS 200

static u64 resident(void)
{
	unsigned long long total, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &total, &pages) != 2)
		pages = 0;
	fclose(f);
	return pages * (u64)sysconf(_SC_PAGESIZE);
}

static u64 dropped(const struct daemon *d)
{
	u64 drops = 0;
	size_t i;

	for (i = 0; i < d->nlisteners; i++)
		drops += d->udp[i] ? udp_drops(d->udp[i]) : 0;
	return drops;
}

static void measure(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	u64 now = clock_now(), drops = dropped(d);
	struct sip_load load = {
		.lag = now > d->load_due ? now - d->load_due : 0,
		.queue = drops - d->load_drops,
		.memory = resident(),
	};

	if (call_engine_load(d->engine, &load)) {
		d->overloaded = !d->overloaded;
		log_text(LOG_WARNING, "overload %s: %llu ms late, %llu datagrams lost, %llu MiB",
			 d->overloaded ? "begins" : "ends",
			 (unsigned long long)(load.lag / NSEC_PER_MSEC),
			 (unsigned long long)load.queue, (unsigned long long)(load.memory >> 20));
	}
	d->load_drops = drops;
	d->load_due = now + INTERVAL_MS * NSEC_PER_MSEC;
	uv_timer_start(timer, measure, INTERVAL_MS, 0);
}

void daemon_load_start(struct daemon *d)
{
	d->load_due = clock_now() + INTERVAL_MS * NSEC_PER_MSEC;
	uv_timer_start(&d->load, measure, INTERVAL_MS, 0);
}
