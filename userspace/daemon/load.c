// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the engine cannot know of the load: how late a timer of the loop is, what
 * the kernel dropped before we read it, how much memory the process has, what waits for
 * the disk, for connections and for names. The engine decides what that means.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"

#define INTERVAL_MS 200

static u64 resident(const struct daemon *d)
{
	char text[128];
	unsigned long long total, pages;
	ssize_t n = d->statm <= 0 ? -1 : pread(d->statm, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = 0;
	if (sscanf(text, "%llu %llu", &total, &pages) != 2)
		return 0;
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

static u64 stored_waiting(const struct daemon *d)
{
	struct control_store store;

	return daemon_store_figures(d, &store) ? store.waiting : 0;
}

static u64 length(const struct list *list)
{
	const struct list *at;
	u64 n = 0;

	for (at = list->next; at != list; at = at->next)
		n++;
	return n;
}

static void tell(struct daemon *d, const struct call_load *load)
{
	struct call_overload_view view;
	char text[160] = "";
	size_t i, n = 0;

	call_engine_overload(d->engine, clock_now(), &view);
	for (i = 0; i < CALL_OVERLOAD_CAUSES && n < sizeof(text); i++)
		if (view.causes[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
					      call_overload_name(i));
	log_text(LOG_WARNING, "overload %s%s: %llu ms late, %llu datagrams lost, %llu MiB",
		 n ? "by " : "ends", text,
		 (unsigned long long)(load->of[CALL_OVERLOAD_LAG] / NSEC_PER_MSEC),
		 (unsigned long long)load->of[CALL_OVERLOAD_DROPPED],
		 (unsigned long long)(load->of[CALL_OVERLOAD_MEMORY] >> 20));
}

static void measure(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	u64 now = clock_now(), drops = dropped(d);
	struct call_load load = { .of = {
		[CALL_OVERLOAD_LAG] = now > d->load_due ? now - d->load_due : 0,
		[CALL_OVERLOAD_DROPPED] = drops - d->load_drops,
		[CALL_OVERLOAD_MEMORY] = resident(d),
		[CALL_OVERLOAD_STORE] = stored_waiting(d),
		[CALL_OVERLOAD_CONNECTIONS] = length(&d->connects),
		[CALL_OVERLOAD_NAMES] = length(&d->questions),
	} };

	if (call_engine_load(d->engine, now, &load))
		tell(d, &load);
	d->load_drops = drops;
	d->load_due = now + INTERVAL_MS * NSEC_PER_MSEC;
	uv_timer_start(timer, measure, INTERVAL_MS, 0);
}

void daemon_load_start(struct daemon *d)
{
	d->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	d->load_due = clock_now() + INTERVAL_MS * NSEC_PER_MSEC;
	uv_timer_start(&d->load, measure, INTERVAL_MS, 0);
}

void daemon_load_stop(struct daemon *d)
{
	if (d->statm > 0)
		close(d->statm);
}
