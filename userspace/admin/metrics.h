/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of the node for Prometheus. Made in the loop's thread, of what the control
 * socket is made of.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/control.h"
#include "base/buf.h"

/* Media of sessions that are over. */
struct control_media {
	u64 sessions;
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes, lost;
	u64 drops[MEDIA_DROPS];
	u64 adopted;		/* of an earlier daemon, relaying on without a call */
};

void admin_metrics_add(struct control_media *sum, const struct media_figures *figures);
/* media: NULL: there is no relay. Appends to b. */
void admin_metrics(struct buf *b, u64 now, const struct control_conf *conf,
		   const struct control_media *media);

#endif
