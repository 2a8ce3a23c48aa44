// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XML as libxml2 writes it, which knows what has to be escaped.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "event/document.h"

void event_xml_begin(struct event_xml *x, const char *root, const char *space)
{
	*x = (struct event_xml){ .bytes = xmlBufferCreate() };
	x->writer = x->bytes ? xmlNewTextWriterMemory(x->bytes, 0) : NULL;
	x->failed = !x->writer ||
		    xmlTextWriterStartDocument(x->writer, NULL, "UTF-8", NULL) < 0 ||
		    xmlTextWriterStartElementNS(x->writer, NULL, BAD_CAST root,
						BAD_CAST space) < 0;
}

void event_xml_open(struct event_xml *x, const char *name)
{
	x->failed = x->failed || xmlTextWriterStartElement(x->writer, BAD_CAST name) < 0;
}

void event_xml_attr(struct event_xml *x, const char *name, const char *fmt, ...)
{
	char text[EVENT_ENTITY];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	x->failed = x->failed || n < 0 || (size_t)n >= sizeof(text) ||
		    xmlTextWriterWriteAttribute(x->writer, BAD_CAST name, BAD_CAST text) < 0;
}

void event_xml_text(struct event_xml *x, struct slice text)
{
	char *copy = x->failed ? NULL : slice_dup(text);

	x->failed = !copy || xmlTextWriterWriteString(x->writer, BAD_CAST copy) < 0;
	free(copy);
}

void event_xml_raw(struct event_xml *x, const char *xml, size_t n)
{
	x->failed = x->failed || xmlTextWriterWriteRawLen(x->writer, BAD_CAST xml, (int)n) < 0;
}

void event_xml_close(struct event_xml *x)
{
	x->failed = x->failed || xmlTextWriterEndElement(x->writer) < 0;
}

void event_xml_leaf(struct event_xml *x, const char *name, struct slice text)
{
	event_xml_open(x, name);
	event_xml_text(x, text);
	event_xml_close(x);
}

int event_xml_end(struct event_xml *x, struct buf *b)
{
	x->failed = x->failed || xmlTextWriterEndDocument(x->writer) < 0;
	if (x->writer)
		xmlFreeTextWriter(x->writer);	/* which writes the rest */
	if (!x->failed)
		buf_add(b, slice_of((const char *)xmlBufferContent(x->bytes),
				    (size_t)xmlBufferLength(x->bytes)));
	if (x->bytes)
		xmlBufferFree(x->bytes);
	return x->failed || b->failed ? -ENOMEM : 0;
}
