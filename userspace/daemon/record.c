// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Call records, from the engine's events to their file.
 */
#include "admin/record.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/cdr.h"
#include "daemon/daemon.h"

int daemon_record_open(struct daemon *d)
{
	const char *file = d->config->cdr_file;
	int err;

	if (!file)
		return 0;
	err = cdr_open(&d->cdr, file, d->config->cdr_ring);
	if (err)
		log_text(LOG_ERROR, "cannot write call records to %s: %s", file, strerror(-err));
	return err;
}

static void write_record(struct daemon *d, const struct call_record *record)
{
	char *line = admin_record_line(record, clock_now(), clock_wall());

	if (line)
		cdr_write(d->cdr, line);
	else
		log_call(LOG_ERROR, record->id, "call record lost: no memory");
}

void daemon_record(struct daemon *d, const struct call_event *event)
{
	if (d->cdr && event->record)
		write_record(d, event->record);
}

void daemon_record_lost(struct daemon *d, u64 call, struct slice saved)
{
	struct call_record *record;

	if (!d->cdr)
		return;
	record = call_record_lost(call, clock_now(), clock_wall(), saved);
	if (record)
		write_record(d, record);
	call_record_free(record);
}

void daemon_record_reopen(struct daemon *d)
{
	if (d->cdr)
		cdr_reopen(d->cdr);
}

bool daemon_record_figures(const struct daemon *d, struct control_records *records)
{
	struct cdr_figures figures;

	if (!d->cdr)
		return false;
	cdr_figures(d->cdr, &figures);
	records->written = figures.written;
	records->lost = figures.lost;
	records->failed = figures.failed;
	return true;
}

void daemon_record_close(struct daemon *d)
{
	cdr_close(d->cdr);
	d->cdr = NULL;
}
