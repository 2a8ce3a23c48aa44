// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A message is read through a cursor that fails once and for all: each read asks
 * it whether the bytes are there, and who reads several things looks at the end
 * whether all of them were. A compressed name goes back only, each jump to before
 * where the last one led, so it ends; length and jumps bound the work.
 *
 * The answer section is read once for each alias, first for records of the type
 * under the current name and else for its CNAME: servers may order them as they
 * like. Of a section with many records the first MAX_LOOKED_AT are looked at.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport/dns_message.h"

#define HEADER_BYTES 12
#define CLASS_IN 1
#define RCODE_NXDOMAIN 3
#define MAX_LOOKED_AT 256
#define MAX_JUMPS 32		/* in a name */
#define MAX_TTL 0x7fffffff	/* above it, it is 0 (RFC 2181 §8) */

struct cursor {
	const u8 *p;		/* the whole message */
	size_t n, at;
	bool failed;
};

struct name {
	char text[DNS_NAME];
	bool odd;		/* has bytes that no name we ask for has */
};

/* The head of a record; the cursor is behind it after next_record(). */
struct head {
	struct name owner;
	u16 type, class;
	u32 ttl;
	struct cursor data;	/* ends with the record, sees the message before it */
};

struct message {
	u16 flags, questions, answers, authorities;
	struct cursor body;	/* behind the question */
};

/* --- answers --- */

struct dns_answer *dns_answer_new(enum dns_status status, u32 ttl, size_t n)
{
	struct dns_answer *answer = calloc(1, sizeof(*answer) + n * sizeof(answer->records[0]));

	if (!answer)
		return NULL;
	answer->refs = 1;
	answer->status = status;
	answer->ttl = ttl;
	answer->n = n;
	return answer;
}

struct dns_answer *dns_answer_get(struct dns_answer *answer)
{
	answer->refs++;
	return answer;
}

void dns_answer_put(struct dns_answer *answer)
{
	if (answer && !--answer->refs)
		free(answer);
}

const char *dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_SOA:
		return "SOA";
	case DNS_AAAA:
		return "AAAA";
	case DNS_SRV:
		return "SRV";
	case DNS_NAPTR:
		return "NAPTR";
	}
	return "?";
}

const char *dns_status_text(enum dns_status status)
{
	switch (status) {
	case DNS_OK:
		return "found";
	case DNS_ALIAS:
		return "an alias";
	case DNS_NODATA:
		return "no such record";
	case DNS_NXDOMAIN:
		return "no such name";
	case DNS_SERVFAIL:
		return "the name servers failed";
	case DNS_TIMEOUT:
		return "no name server answered";
	}
	return "?";
}

/* --- bytes --- */

static bool has(struct cursor *c, size_t n)
{
	if (c->failed || n > c->n - c->at)
		c->failed = true;
	return !c->failed;
}

static u8 read_u8(struct cursor *c)
{
	return has(c, 1) ? c->p[c->at++] : 0;
}

static u16 read_u16(struct cursor *c)
{
	u16 high = read_u8(c);

	return (u16)(high << 8 | read_u8(c));
}

static u32 read_u32(struct cursor *c)
{
	u32 high = read_u16(c);

	return high << 16 | read_u16(c);
}

static void skip(struct cursor *c, size_t n)
{
	if (has(c, n))
		c->at += n;
}

/* --- names --- */

static bool name_char(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       c == '-' || c == '_';
}

bool dns_name_valid(struct slice name)
{
	size_t i, label = 0;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!name.n || name.n > 253)
		return false;
	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '.' && !label)
			return false;
		label = name.p[i] == '.' ? 0 : label + 1;
		if (label > 63 || (label && !name_char((u8)name.p[i])))
			return false;
	}
	return label;
}

bool dns_name_fold(struct slice name, char out[DNS_NAME])
{
	size_t i;

	if (!dns_name_valid(name))
		return false;
	name.n -= name.p[name.n - 1] == '.';
	for (i = 0; i < name.n; i++)
		out[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 :
				name.p[i]);
	out[name.n] = 0;
	return true;
}

/* A label behind those that are there; false: the name is longer than one can be. */
static bool add_label(struct name *out, size_t *len, const u8 *label, size_t n)
{
	size_t i;

	/* 253 characters of text are 255 bytes of message (RFC 1035 §2.3.4) */
	if (*len + (*len ? 1 : 0) + n > 253)
		return false;
	if (*len)
		out->text[(*len)++] = '.';
	for (i = 0; i < n; i++) {
		out->odd |= !name_char(label[i]);
		/* NUL or a full stop in a label must not make two names look like one */
		out->text[(*len)++] = (char)(name_char(label[i]) ? label[i] : '?');
	}
	return true;
}

/*
 * Reads the name at c, which is then behind it. Labels of a name that was jumped to
 * may be anywhere before the jump: only the message's end bounds them.
 */
static void read_name(struct cursor *c, struct name *out)
{
	struct cursor from = *c;
	size_t len = 0, before = c->at;
	unsigned int jumps = 0;
	u8 n;

	out->odd = false;
	while ((n = read_u8(&from))) {
		if (n >= 0xc0) {
			size_t to = (size_t)(n & 0x3f) << 8 | read_u8(&from);

			if (!jumps)
				c->at = from.at;
			if (to < HEADER_BYTES || to >= before || ++jumps > MAX_JUMPS)
				from.failed = true;
			from.at = before = to;
		} else if (n > 63 || !has(&from, n) ||
			   !add_label(out, &len, from.p + from.at, n)) {
			from.failed = true;
		} else {
			from.at += n;
		}
		if (from.failed)
			break;
	}
	if (!jumps)
		c->at = from.at;
	c->failed |= from.failed;
	out->text[len] = 0;
}

static bool same_name(const struct name *name, struct slice text)
{
	return !name->odd && slice_caseeq(slice_str(name->text), text);
}

/* --- records --- */

static bool next_record(struct cursor *c, struct head *h)
{
	u16 n;

	read_name(c, &h->owner);
	h->type = read_u16(c);
	h->class = read_u16(c);
	h->ttl = read_u32(c);
	if (h->ttl > MAX_TTL)
		h->ttl = 0;
	n = read_u16(c);
	if (!has(c, n))
		return false;
	h->data = *c;
	h->data.n = c->at + n;
	c->at += n;
	return true;
}

static bool ended(const struct cursor *c)
{
	return !c->failed && c->at == c->n;
}

/* A character string; what does not fit makes the record one that we do not know. */
static void read_text(struct cursor *c, char *out, size_t size, bool *known)
{
	size_t n = read_u8(c);

	out[0] = 0;
	if (!has(c, n))
		return;
	if (n >= size || memchr(c->p + c->at, 0, n)) {
		*known = false;
	} else {
		memcpy(out, c->p + c->at, n);
		out[n] = 0;
	}
	c->at += n;
}

static void read_addr(struct cursor *c, struct addr *out, u8 family)
{
	size_t n = family == AF_INET ? 4 : 16;

	memset(out, 0, sizeof(*out));
	out->family = family;
	if (!has(c, n))
		return;
	memcpy(&out->ip, c->p + c->at, n);
	c->at += n;
}

static void read_srv(struct cursor *c, struct dns_srv *out, bool *known)
{
	struct name target;

	out->priority = read_u16(c);
	out->weight = read_u16(c);
	out->port = read_u16(c);
	read_name(c, &target);
	*known &= !target.odd;
	memcpy(out->target, target.text, sizeof(out->target));
}

static void read_naptr(struct cursor *c, struct dns_naptr *out, bool *known)
{
	struct name replacement;
	u8 n;

	out->order = read_u16(c);
	out->preference = read_u16(c);
	read_text(c, out->flags, sizeof(out->flags), known);
	read_text(c, out->service, sizeof(out->service), known);
	n = read_u8(c);
	skip(c, n);
	out->regexp = n;
	read_name(c, &replacement);
	*known &= !replacement.odd;
	memcpy(out->replacement, replacement.text, sizeof(out->replacement));
}

/* Its data must be all that the record has; known says whether we can use it. */
static bool read_record(struct head *h, struct dns_record *out, bool *known)
{
	struct cursor *c = &h->data;

	*known = true;
	if (h->type == DNS_A)
		read_addr(c, &out->addr, AF_INET);
	else if (h->type == DNS_AAAA)
		read_addr(c, &out->addr, AF_INET6);
	else if (h->type == DNS_SRV)
		read_srv(c, &out->srv, known);
	else if (h->type == DNS_NAPTR)
		read_naptr(c, &out->naptr, known);
	else
		*known = false;
	return !*known || ended(c);
}

/* --- the message --- */

static bool read_header(struct message *m, struct slice bytes, struct slice name,
			enum dns_type type)
{
	struct cursor *c = &m->body;
	struct name asked;
	u16 asked_type, class;

	*c = (struct cursor){ .p = (const u8 *)bytes.p, .n = bytes.n };
	skip(c, 2);
	m->flags = read_u16(c);
	m->questions = read_u16(c);
	m->answers = read_u16(c);
	m->authorities = read_u16(c);
	skip(c, 2);
	read_name(c, &asked);
	asked_type = read_u16(c);
	class = read_u16(c);
	/* a response, to a query (opcode 0) */
	return !c->failed && (m->flags & 0xf800) == 0x8000 && m->questions == 1 &&
	       same_name(&asked, name) && asked_type == type && class == CLASS_IN;
}

static void note_ttl(struct dns_answer *answer, u32 ttl)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* The name that stands for the owner of h. False: malformed, or not one to be asked for. */
static bool read_alias(struct head *h, struct dns_answer *answer)
{
	struct name alias;

	read_name(&h->data, &alias);
	note_ttl(answer, h->ttl);
	memcpy(answer->alias, alias.text, sizeof(answer->alias));
	return ended(&h->data) && !alias.odd && alias.text[0];
}

/* The records of the type under name. 0 or -EBADMSG; *alias is its CNAME, if there is one. */
static int collect(const struct message *m, struct slice name, enum dns_type type,
		   struct dns_answer *answer, struct head *alias, bool *aliased)
{
	struct cursor c = m->body;
	struct head h;
	bool known;
	u16 i;

	*aliased = false;
	for (i = 0; i < m->answers && i < MAX_LOOKED_AT && answer->n < DNS_RECORDS; i++) {
		if (!next_record(&c, &h))
			return -EBADMSG;
		if (h.class != CLASS_IN || !same_name(&h.owner, name))
			continue;
		if (h.type == DNS_CNAME) {
			*alias = h;
			*aliased = true;
		}
		if (h.type != type)
			continue;
		if (!read_record(&h, &answer->records[answer->n], &known))
			return -EBADMSG;
		note_ttl(answer, h.ttl);
		answer->n += known;
	}
	return 0;
}

/* Follows aliases until there are records, or no further alias. 0 or -errno. */
static int follow(const struct message *m, struct slice name, enum dns_type type,
		  struct dns_answer *answer)
{
	struct head alias;
	bool aliased;
	int i, err;

	for (i = 0; i <= DNS_ALIASES; i++) {
		err = collect(m, name, type, answer, &alias, &aliased);
		if (err || answer->n || !aliased)
			return err;
		if (!read_alias(&alias, answer))
			return -EBADMSG;
		name = slice_str(answer->alias);
	}
	return -ELOOP;
}

/*
 * How long one may rely on the answer being negative (RFC 2308 §5): the least of the
 * SOA's TTL and its last field. False: it does not say.
 */
static bool negative_ttl(const struct message *m, u32 *ttl)
{
	struct cursor c = m->body;
	struct name name;
	struct head h;
	u32 i, minimum;

	for (i = 0; i < (u32)m->answers + m->authorities; i++) {
		if (!next_record(&c, &h))
			return false;
		if (i < m->answers || h.type != DNS_SOA || h.class != CLASS_IN)
			continue;
		read_name(&h.data, &name);
		read_name(&h.data, &name);
		skip(&h.data, 16);
		minimum = read_u32(&h.data);
		*ttl = minimum < h.ttl ? minimum : h.ttl;
		return ended(&h.data);
	}
	return false;
}

static void conclude(const struct message *m, struct dns_answer *answer)
{
	u8 rcode = m->flags & 0xf;
	u32 ttl = 0;
	bool told;

	if (answer->n && !rcode)
		return;
	answer->n = 0;
	if (rcode && rcode != RCODE_NXDOMAIN) {
		answer->status = DNS_SERVFAIL;
		answer->ttl = 0;
		return;
	}
	told = negative_ttl(m, &ttl);
	if (!rcode && !told && answer->alias[0]) {
		answer->status = DNS_ALIAS;
		return;
	}
	answer->status = rcode ? DNS_NXDOMAIN : DNS_NODATA;
	note_ttl(answer, ttl);
}

int dns_message_parse(struct slice bytes, struct slice name, enum dns_type type,
		      struct dns_answer **out)
{
	struct dns_answer *answer, *shrunk;
	struct message m;
	int err;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!read_header(&m, bytes, name, type))
		return -EBADMSG;
	if (m.flags & 0x0200)
		return -EMSGSIZE;
	answer = dns_answer_new(DNS_OK, MAX_TTL, DNS_RECORDS);
	if (!answer)
		return -ENOMEM;
	answer->n = 0;
	err = follow(&m, name, type, answer);
	if (err) {
		dns_answer_put(answer);
		return err;
	}
	conclude(&m, answer);
	shrunk = realloc(answer, sizeof(*answer) + answer->n * sizeof(answer->records[0]));
	*out = shrunk ? shrunk : answer;
	return 0;
}
