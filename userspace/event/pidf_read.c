// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A published PIDF (RFC 3863), from anybody who has a password: read by libxml2 without a
 * DTD, without entities, without the network. Each element below the root becomes a part
 * that stands by itself, with the namespaces that it needs, in an order that lets several
 * publications become one document; tuples, persons and devices get identifiers of ours, and
 * where a contact led is not told. What has no place below the root is left out.
 */
#include <errno.h>
#include <stdio.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "event/publication.h"

#define PIDF "urn:ietf:params:xml:ns:pidf"
#define MAX_DEPTH 16
#define MAX_NODES 500

struct reading {
	const char *entity, *salt;
	u32 ids, nodes;
	struct buf *parts;
	size_t notes, rest;		/* where they begin */
};

static bool is_pidf(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && node->ns &&
	       xmlStrEqual(node->ns->href, BAD_CAST PIDF) &&
	       xmlStrEqual(node->name, BAD_CAST name);
}

/* Nothing but elements and text, not too many and not too deep. */
static bool is_plain(struct reading *r, const xmlNode *node, u32 depth)
{
	for (; node; node = node->next) {
		if (++r->nodes > MAX_NODES || depth > MAX_DEPTH)
			return false;
		switch (node->type) {
		case XML_ELEMENT_NODE:
			if (!is_plain(r, node->children, depth + 1))
				return false;
			break;
		case XML_TEXT_NODE:
		case XML_CDATA_SECTION_NODE:
		case XML_COMMENT_NODE:
			break;
		default:
			return false;
		}
	}
	return true;
}

static void hide_contacts(const struct reading *r, xmlNode *tuple)
{
	xmlNode *node, *next;

	for (node = tuple->children; node; node = next) {
		next = node->next;
		if (!is_pidf(node, "contact"))
			continue;
		xmlNodeSetContent(node, NULL);
		xmlNodeAddContent(node, BAD_CAST r->entity);
	}
}

static bool identify(struct reading *r, xmlNode *node)
{
	char id[64];

	if (!xmlHasProp(node, BAD_CAST "id") && !is_pidf(node, "tuple"))
		return true;
	snprintf(id, sizeof(id), "p%s.%u", r->salt, ++r->ids);
	return xmlSetProp(node, BAD_CAST "id", BAD_CAST id);
}

/* node as a document of its own would have it. */
static bool add_part(struct reading *r, xmlNode *node)
{
	xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *copy = doc ? xmlDocCopyNode(node, doc, 1) : NULL;
	xmlBufferPtr bytes = xmlBufferCreate();
	bool good = copy && bytes;

	if (copy)
		xmlDocSetRootElement(doc, copy);
	if (good && is_pidf(copy, "tuple"))
		hide_contacts(r, copy);
	good = good && xmlReconciliateNs(doc, copy) >= 0 && identify(r, copy) &&
	       xmlNodeDump(bytes, doc, copy, 0, 0) >= 0;
	if (good)
		buf_add(r->parts, slice_of((const char *)xmlBufferContent(bytes),
					   (size_t)xmlBufferLength(bytes)));
	xmlBufferFree(bytes);
	xmlFreeDoc(doc);
	return good && !r->parts->failed;
}

/* What may stand in a PIDF below its root, and in which order; false: nowhere. */
static bool place_of(const xmlNode *node, u32 *place)
{
	*place = is_pidf(node, "tuple") ? 0 : is_pidf(node, "note") ? 1 : 2;
	return node->type == XML_ELEMENT_NODE &&
	       (*place < 2 || (node->ns && !xmlStrEqual(node->ns->href, BAD_CAST PIDF)));
}

static bool add_parts(struct reading *r, xmlNode *first, u32 which)
{
	xmlNode *node;
	u32 place;

	for (node = first; node && r->parts->n <= EVENT_MAX_PARTS; node = node->next)
		if (place_of(node, &place) && place == which && !add_part(r, node))
			return false;
	return true;
}

static int read_tree(struct reading *r, xmlDoc *doc, char whose[EVENT_ENTITY], const char **why)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	size_t begin[3];
	u32 i;
	xmlChar *entity;

	*why = "no PIDF";
	if (!root || doc->intSubset || !is_pidf(root, "presence"))
		return -EINVAL;
	entity = xmlGetProp(root, BAD_CAST "entity");
	slice_copy(whose, EVENT_ENTITY, slice_str((const char *)entity));
	xmlFree(entity);
	*why = "more, or something else, than there may be in a PIDF";
	if (!is_plain(r, root->children, 0))
		return -EINVAL;
	for (i = 0; i < 3; i++) {
		begin[i] = r->parts->n;
		if (!add_parts(r, root->children, i))
			return -ENOMEM;
	}
	r->notes = begin[1];
	r->rest = begin[2];
	return r->parts->n > EVENT_MAX_PARTS ? -EINVAL : 0;
}

int event_pidf_read(struct slice document, const char *entity, const char *salt,
		    char whose[EVENT_ENTITY], struct event_parts *parts, const char **why)
{
	struct buf xml;
	struct reading r = { .entity = entity, .salt = salt, .parts = &xml };
	xmlDocPtr doc;
	int err;

	*why = "no XML, or too much";
	if (document.n > EVENT_MAX_PARTS + EVENT_ENTITY ||
	    memmem(document.p, document.n, "<!DOCTYPE", 9))
		return -EINVAL;
	doc = xmlReadMemory(document.p, (int)document.n, NULL, "UTF-8",
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_NOBLANKS);
	if (!doc)
		return -EINVAL;
	buf_init(&xml);
	err = read_tree(&r, doc, whose, why);
	xmlFreeDoc(doc);
	*parts = (struct event_parts){ err ? NULL : buf_take(&xml), r.notes, r.rest };
	buf_free(&xml);
	return err || parts->xml ? err : -ENOMEM;
}
