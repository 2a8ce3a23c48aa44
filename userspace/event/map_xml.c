// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XML from the other side, of whatever kind: read by libxml2 without a DTD, without entities,
 * without the network, changed where it stands, and written again. All text and all attributes
 * are looked through for URIs and addresses; of dialog-info (RFC 4235) and reginfo (RFC 3680)
 * it is known besides what names a dialog, and what is about the way to a device. Comments
 * and instructions are meant for nobody on the other side. Identifiers of elements stay
 * different and the same from one document to the next, and say nothing.
 */
#include <errno.h>
#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "event/map_private.h"

#define DIALOG_INFO "urn:ietf:params:xml:ns:dialog-info"
#define REGINFO "urn:ietf:params:xml:ns:reginfo"
#define GRUUINFO "urn:ietf:params:xml:ns:gruuinfo"
#define MAX_DEPTH 16
#define MAX_NODES 4000

struct mapping {
	const struct event_map *m;
	u32 nodes;
	bool failed;			/* no memory */
};

static bool is(const xmlNode *node, const char *space, const char *name)
{
	return node->ns && xmlStrEqual(node->ns->href, BAD_CAST space) &&
	       xmlStrEqual(node->name, BAD_CAST name);
}

/* --- attributes --- */

static struct slice xml_slice(const xmlChar *text)
{
	return slice_str(text ? (const char *)text : "");
}

static void set(struct mapping *x, xmlNode *node, xmlAttr *attr, struct slice value)
{
	char *text = slice_dup(value);

	x->failed |= !text || !xmlSetNsProp(node, attr->ns, attr->name, BAD_CAST text);
	free(text);
}

static void map_attribute(struct mapping *x, xmlNode *node, xmlAttr *attr)
{
	xmlChar *text = xmlNodeListGetString(node->doc, attr->children, 1);
	struct buf value;

	x->failed |= !text && attr->children;
	buf_init(&value);
	if (!event_map_text(x->m, xml_slice(text), &value))
		xmlRemoveProp(attr);
	else if (!slice_eq(buf_slice(&value), xml_slice(text)))
		set(x, node, attr, buf_slice(&value));
	x->failed |= value.failed;
	buf_free(&value);
	xmlFree(text);
}

/* XML wants it to begin with a letter. */
static void set_id(struct mapping *x, xmlNode *node, xmlAttr *attr)
{
	xmlChar *text = xmlNodeListGetString(node->doc, attr->children, 1);
	u8 code[MAC_SIZE];
	char id[32];
	struct mac mac;
	size_t i;

	mac_begin(&mac, x->m->key);
	mac_add(&mac, xml_slice(text));
	mac_end(&mac, code);
	id[0] = 'j';
	for (i = 0; i < 10; i++)
		snprintf(id + 1 + 2 * i, 3, "%02x", code[i]);
	set(x, node, attr, slice_str(id));
	xmlFree(text);
}

static void map_attributes(struct mapping *x, xmlNode *node)
{
	xmlAttr *attr, *next;

	for (attr = node->properties; attr; attr = next) {
		next = attr->next;
		if (xmlStrEqual(attr->name, BAD_CAST "id"))
			set_id(x, node, attr);
		else
			map_attribute(x, node, attr);
	}
}

/* --- dialogs --- */

static void replace(struct mapping *x, xmlNode *node, const char *name, struct slice value)
{
	char *text = slice_dup(value);

	x->failed |= !text || !xmlSetProp(node, BAD_CAST name, BAD_CAST text);
	free(text);
}

/* One that is not ours, or whose other side does not know of it, has no name there. */
static void map_dialog(struct mapping *x, xmlNode *node)
{
	static const char *const names[] = { "call-id", "local-tag", "remote-tag" };
	struct event_dialog d, there;
	xmlChar *values[3];
	size_t i;

	for (i = 0; i < 3; i++)
		values[i] = xmlGetNoNsProp(node, BAD_CAST names[i]);
	d = (struct event_dialog){ xml_slice(values[0]), xml_slice(values[1]),
				   xml_slice(values[2]) };
	for (i = 0; i < 3; i++)
		xmlUnsetProp(node, BAD_CAST names[i]);
	map_attributes(x, node);
	if (d.call_id.n && d.local_tag.n && d.remote_tag.n &&
	    x->m->dialog(x->m->user, &d, &there)) {
		replace(x, node, names[0], there.call_id);
		replace(x, node, names[1], there.local_tag);
		replace(x, node, names[2], there.remote_tag);
	}
	for (i = 0; i < 3; i++)
		xmlFree(values[i]);
}

/* --- elements --- */

/* How a device is reached, and what its media are: of its side alone. */
static bool is_of_the_way(const xmlNode *node)
{
	return is(node, DIALOG_INFO, "route-set") ||
	       is(node, DIALOG_INFO, "session-description") ||
	       is(node, GRUUINFO, "pub-gruu") || is(node, GRUUINFO, "temp-gruu");
}

static void forget_way(xmlNode *node)
{
	static const char *const names[] = { "callid", "path", "received", "user_agent" };
	size_t i;

	for (i = 0; is(node, REGINFO, "contact") && i < sizeof(names) / sizeof(*names); i++)
		xmlUnsetProp(node, BAD_CAST names[i]);
}

static void map_element(struct mapping *x, xmlNode *node)
{
	forget_way(node);
	if (is(node, DIALOG_INFO, "dialog") || is(node, DIALOG_INFO, "replaces"))
		map_dialog(x, node);
	else
		map_attributes(x, node);
}

static void map_text(struct mapping *x, xmlNode *node)
{
	struct slice text = xml_slice(node->content);
	struct buf value;
	char *copy;

	buf_init(&value);
	if (!event_map_text(x->m, text, &value))
		buf_reset(&value);
	if (!slice_eq(buf_slice(&value), text)) {
		copy = slice_dup(buf_slice(&value));
		x->failed |= !copy;
		xmlNodeSetContent(node, BAD_CAST copy);
		free(copy);
	}
	x->failed |= value.failed;
	buf_free(&value);
}

static void drop(xmlNode *node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

/* Text is one node, whatever stood in between. */
static void tidy(xmlNode *first)
{
	xmlNode *node, *next;

	for (node = first; node; node = next) {
		next = node->next;
		if (node->type != XML_TEXT_NODE)
			continue;
		while (next && (next->type == XML_TEXT_NODE || next->type == XML_COMMENT_NODE ||
				next->type == XML_PI_NODE)) {
			if (next->type == XML_TEXT_NODE)
				xmlNodeAddContent(node, next->content);
			drop(next);
			next = node->next;
		}
	}
}

static bool map_nodes(struct mapping *x, xmlNode *parent, u32 depth);

/* false: of a kind that there may not be. */
static bool map_node(struct mapping *x, xmlNode *node, u32 depth)
{
	switch (node->type) {
	case XML_ELEMENT_NODE:
		if (is_of_the_way(node)) {
			drop(node);
			return true;
		}
		map_element(x, node);
		return map_nodes(x, node, depth);
	case XML_TEXT_NODE:
		map_text(x, node);
		return true;
	case XML_COMMENT_NODE:
	case XML_PI_NODE:
		drop(node);
		return true;
	default:
		return false;
	}
}

/* The children of parent. */
static bool map_nodes(struct mapping *x, xmlNode *parent, u32 depth)
{
	xmlNode *node, *next;

	if (depth > MAX_DEPTH)
		return false;
	tidy(parent->children);
	for (node = parent->children; node; node = next) {
		next = node->next;
		if (++x->nodes > MAX_NODES || !map_node(x, node, depth + 1))
			return false;
	}
	return true;
}

static int add_document(xmlDoc *doc, struct buf *out)
{
	xmlChar *bytes = NULL;
	int n = 0;

	xmlDocDumpMemoryEnc(doc, &bytes, &n, "UTF-8");
	if (!bytes)
		return -ENOMEM;
	buf_add(out, slice_of((const char *)bytes, (size_t)n));
	xmlFree(bytes);
	return out->failed ? -ENOMEM : 0;
}

int event_map_xml(const struct event_map *m, struct slice body, struct buf *out, const char **why)
{
	struct mapping x = { .m = m };
	xmlDoc *doc;
	int err;

	*why = "no XML";
	if (!body.n || memmem(body.p, body.n, "<!DOCTYPE", 9))
		return -EINVAL;
	doc = xmlReadMemory(body.p, (int)body.n, NULL, "UTF-8",
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_NOCDATA);
	if (!doc)
		return -EINVAL;
	*why = "more, or something else, than there may be in XML";
	err = doc->intSubset || !map_nodes(&x, (xmlNode *)doc, 0) ? -EINVAL : 0;
	if (!err)
		err = x.failed ? -ENOMEM : add_document(doc, out);
	xmlFreeDoc(doc);
	return err;
}
