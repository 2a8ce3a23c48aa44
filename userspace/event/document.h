/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents of the packages, and how XML is written. Strings that go in are ASCII.
 */
#ifndef EVENT_DOCUMENT_H
#define EVENT_DOCUMENT_H

#include <libxml/xmlwriter.h>

#include "event/package.h"

/* Mistakes are remembered, and told at the end. */
struct event_xml {
	xmlBufferPtr bytes;
	xmlTextWriterPtr writer;
	bool failed;
};

/* With the root element and its namespace. */
void event_xml_begin(struct event_xml *x, const char *root, const char *space);
void event_xml_open(struct event_xml *x, const char *name);
void event_xml_attr(struct event_xml *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void event_xml_text(struct event_xml *x, struct slice text);
void event_xml_raw(struct event_xml *x, const char *xml, size_t n);	/* balanced elements */
void event_xml_close(struct event_xml *x);
/* An element that is only text. */
void event_xml_leaf(struct event_xml *x, const char *name, struct slice text);
/* The whole document is added to b. 0 or -ENOMEM */
int event_xml_end(struct event_xml *x, struct buf *b);

/* RFC 3863 */
int event_pidf_print(struct buf *b, const struct event_state *state, u32 version);
/* RFC 3680 */
int event_reginfo_print(struct buf *b, const struct event_state *state, u32 version);
/* RFC 4235 */
int event_dialog_info_print(struct buf *b, const struct event_state *state, u32 version);

#endif
