/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What map.c, map_text.c and map_xml.c share. */
#ifndef EVENT_MAP_PRIVATE_H
#define EVENT_MAP_PRIVATE_H

#include "event/map.h"

/* map_text.c */
/*
 * Adds text with the URIs in it mapped. false: it has what cannot be told, and nothing of it
 * is to be used.
 */
bool event_map_text(const struct event_map *m, struct slice text, struct buf *out);
/* RFC 3420; RFC 3842 */
int event_map_fragment(const struct event_map *m, struct slice body, struct buf *out);
int event_map_summary(const struct event_map *m, struct slice body, struct buf *out);

/* map_xml.c: dialog-info, reginfo, PIDF, and any other */
int event_map_xml(const struct event_map *m, struct slice body, struct buf *out,
		  const char **why);

#endif
