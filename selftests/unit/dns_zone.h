/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A name server's knowledge as lines of text, "NAME TTL TYPE DATA", and the message
 * that it answers a query with. Besides records there are lines of what goes wrong:
 * "NAME 0 SERVFAIL", SILENT and TRUNCATE (over UDP), for one type when it is named
 * behind. Names are written whole, the root is ".".
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "transport/dns_message.h"

#define ZONE_LINES 128
#define WIRE_BYTES 65535

struct zone {
	const char *lines[ZONE_LINES];
	size_t n;
	u32 soa_ttl, soa_minimum;
	bool no_soa;
};

struct wire {
	u8 b[WIRE_BYTES];
	size_t n;
};

static inline void zone_add(struct zone *z, const char *line)
{
	z->lines[z->n++] = line;
}

static inline void put_u8(struct wire *w, u8 value)
{
	if (w->n < sizeof(w->b))
		w->b[w->n++] = value;
}

static inline void put_u16(struct wire *w, u16 value)
{
	put_u8(w, value >> 8);
	put_u8(w, (u8)value);
}

static inline void put_u32(struct wire *w, u32 value)
{
	put_u16(w, value >> 16);
	put_u16(w, (u16)value);
}

static inline void put_text(struct wire *w, const char *text)
{
	put_u8(w, (u8)strlen(text));
	while (*text)
		put_u8(w, (u8)*text++);
}

static inline void put_name(struct wire *w, const char *name)
{
	while (*name && strcmp(name, ".")) {
		size_t n = strcspn(name, ".");

		put_u8(w, (u8)n);
		while (n--)
			put_u8(w, (u8)*name++);
		name += *name == '.';
	}
	put_u8(w, 0);
}

static inline void put_bytes(struct wire *w, const void *bytes, size_t n)
{
	const u8 *p = bytes;

	while (n--)
		put_u8(w, *p++);
}

struct zone_line {
	char name[DNS_NAME], type[16];
	u32 ttl;
	const char *data;
};

static inline struct zone_line zone_line(const char *line)
{
	struct zone_line l = {0};
	int at = 0;

	sscanf(line, "%255s %u %15s %n", l.name, &l.ttl, l.type, &at);
	l.data = line + at;
	return l;
}

static inline void put_data(struct wire *w, const struct zone_line *l)
{
	char name[DNS_NAME] = "", flags[16], service[64];
	unsigned int a, b, c;
	u8 ip[16];

	if (!strcmp(l->type, "A") && inet_pton(AF_INET, l->data, ip)) {
		put_bytes(w, ip, 4);
	} else if (!strcmp(l->type, "AAAA") && inet_pton(AF_INET6, l->data, ip)) {
		put_bytes(w, ip, 16);
	} else if (!strcmp(l->type, "CNAME")) {
		put_name(w, l->data);
	} else if (sscanf(l->data, "%u %u %u %255s", &a, &b, &c, name) == 4) {
		put_u16(w, a);
		put_u16(w, b);
		put_u16(w, c);
		put_name(w, name);
	} else if (sscanf(l->data, "%u %u %15s %63s %255s", &a, &b, flags, service, name) == 5) {
		put_u16(w, a);
		put_u16(w, b);
		put_text(w, strcmp(flags, "-") ? flags : "");
		put_text(w, service);
		put_text(w, "");
		put_name(w, name);
	}
}

static inline void put_record(struct wire *w, const char *owner, u16 type, u32 ttl)
{
	put_name(w, owner);
	put_u16(w, type);
	put_u16(w, 1);
	put_u32(w, ttl);
}

static inline u16 type_of(const char *name)
{
	static const u16 types[] = { DNS_A, DNS_CNAME, DNS_SOA, DNS_AAAA, DNS_SRV, DNS_NAPTR };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(dns_type_name(types[i]), name))
			return types[i];
	return 0;
}

static inline void put_line(struct wire *w, const struct zone_line *l)
{
	size_t length, end;

	put_record(w, l->name, type_of(l->type), l->ttl);
	length = w->n;
	put_u16(w, 0);
	put_data(w, l);
	end = w->n;
	w->n = length;
	put_u16(w, (u16)(end - length - 2));
	w->n = end;
}

static inline void put_soa(struct wire *w, const struct zone *z)
{
	put_record(w, "", DNS_SOA, z->soa_ttl);
	put_u16(w, 22);
	put_u16(w, 0);		/* both names: the root */
	put_u32(w, 1);
	put_u32(w, 2);
	put_u32(w, 3);
	put_u32(w, 4);
	put_u32(w, z->soa_minimum);
}

enum zone_result { ZONE_NO_NAME, ZONE_NO_DATA, ZONE_FOUND };

/* The records of a name, following aliases; how many. *how: what was at the end of them. */
static inline u16 put_answers(struct wire *w, const struct zone *z, const char *name, u16 type,
			      enum zone_result *how)
{
	char alias[DNS_NAME] = "";
	u16 n = 0;
	size_t i;

	*how = ZONE_NO_NAME;
	for (i = 0; i < z->n; i++) {
		struct zone_line l = zone_line(z->lines[i]);

		if (strcasecmp(l.name, name))
			continue;
		if (*how == ZONE_NO_NAME)
			*how = ZONE_NO_DATA;
		if (!strcmp(l.type, "CNAME"))
			snprintf(alias, sizeof(alias), "%s", l.data);
		else if (type_of(l.type) != type)
			continue;
		else
			*how = ZONE_FOUND;
		put_line(w, &l);
		n++;
	}
	if (!alias[0] || *how == ZONE_FOUND || w->n > 4096)
		return n;
	return n + put_answers(w, z, alias, type, how);
}

/* What goes wrong with a question: "SERVFAIL", "SILENT", "TRUNCATE", or "". */
static inline const char *zone_trouble(const struct zone *z, const char *name, u16 type)
{
	static const char *const troubles[] = { "SERVFAIL", "SILENT", "TRUNCATE" };
	size_t i, t;

	for (i = 0; i < z->n; i++) {
		struct zone_line l = zone_line(z->lines[i]);

		if (strcasecmp(l.name, name) || (*l.data && type_of(l.data) != type))
			continue;
		for (t = 0; t < 3; t++)
			if (!strcmp(l.type, troubles[t]))
				return troubles[t];
	}
	return "";
}

/* The question of a query: its name as text, its type, and where it ends. */
static inline size_t zone_question(const u8 *query, size_t n, char name[DNS_NAME], u16 *type)
{
	size_t at = 12, len = 0;

	while (at < n && query[at]) {
		if (len)
			name[len++] = '.';
		memcpy(name + len, query + at + 1, query[at]);
		len += query[at];
		at += query[at] + 1u;
	}
	name[len] = 0;
	*type = (u16)(query[at + 1] << 8 | query[at + 2]);
	return at + 5;
}

/* The response to a query; false: none. */
static inline bool zone_respond(const struct zone *z, const u8 *query, size_t n, bool udp,
				struct wire *w)
{
	char name[DNS_NAME];
	const char *trouble;
	enum zone_result how;
	bool cut;
	u16 type, answers;
	size_t end, question = zone_question(query, n, name, &type);

	trouble = zone_trouble(z, name, type);
	if (!strcmp(trouble, "SILENT"))
		return false;
	cut = udp && !strcmp(trouble, "TRUNCATE");
	w->n = 0;
	put_bytes(w, query, 2);
	put_u16(w, 0x8180 | (cut ? 0x200 : 0));
	put_u16(w, 1);
	put_u32(w, 0);
	put_u16(w, 0);
	put_bytes(w, query + 12, question - 12);
	if (!strcmp(trouble, "SERVFAIL"))
		w->b[3] |= 2;
	if (cut || w->b[3] & 0xf)
		return true;
	answers = put_answers(w, z, name, type, &how);
	end = w->n;
	w->n = 6;
	put_u16(w, answers);
	w->n = end;
	if (how == ZONE_NO_NAME)
		w->b[3] |= 3;
	if (how != ZONE_FOUND && !z->no_soa) {
		put_soa(w, z);
		w->b[9] = 1;
	}
	return true;
}

/* As a client writes it. */
static inline void zone_query(struct wire *w, const char *name, u16 type)
{
	w->n = 0;
	put_u16(w, 0x4711);
	put_u16(w, 0x0100);
	put_u16(w, 1);
	put_u32(w, 0);
	put_u16(w, 0);
	put_name(w, name);
	put_u16(w, type);
	put_u16(w, 1);
}

#endif
