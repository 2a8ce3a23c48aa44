/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How relayctl makes a request from the words of its command line: attributes
 * by name, with no notion of what the kernel accepts. Every attribute leaves a
 * mark where it begins, so that the offset in a refusal can be given its name.
 * Part of relayctl.c.
 */
#ifndef _SELFTESTS_NET_ENCODE_H
#define _SELFTESTS_NET_ENCODE_H

#define ROOM		(256 * 1024)
#define MARKS		8192

/* Where in the request an attribute is, to give a refusal a name. */
struct mark {
	uint32_t offset;
	const struct set *set;		/* of a nest */
	char path[80];
};

static struct {
	uint8_t buf[ROOM];
	size_t len;
	struct mark marks[MARKS];
	unsigned int count;
} req;

static void __attribute__((format(printf, 1, 2), noreturn)) usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "relayctl: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(2);
}

static void put_bytes(const void *data, size_t len)
{
	if (req.len + len + 8 > sizeof(req.buf))
		usage("the request is too long");
	memcpy(req.buf + req.len, data, len);
	req.len += len;
}

static void put_pad(void)
{
	static const char zero[4];

	put_bytes(zero, -req.len & 3);
}

static size_t begin_attr(uint16_t type)
{
	struct nlattr attr = { .nla_type = type };
	size_t at = req.len;

	put_bytes(&attr, sizeof(attr));
	return at;
}

/* nla_len of more than 16 bits is nla_len that lies: that is a test as well */
static void end_attr(size_t at)
{
	uint16_t len = req.len - at;

	memcpy(req.buf + at, &len, sizeof(len));
	put_pad();
}

static void put_attr(uint16_t type, const void *data, size_t len)
{
	size_t at = begin_attr(type);

	put_bytes(data, len);
	end_attr(at);
}

static struct mark *add_mark(const char *path, const char *name, unsigned int nth,
			     const struct set *set)
{
	struct mark *m = &req.marks[req.count];

	if (req.count + 1 >= MARKS)
		usage("too many attributes");
	req.count++;
	m->offset = req.len;
	m->set = set;
	snprintf(m->path, sizeof(m->path), nth ? "%.48s%s%.24s[%u]" : "%.48s%s%.24s",
		 path, *path ? "." : "", name, nth);
	return m;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (!*text || *end)
		usage("'%s' is not a number", text);
	return n;
}

static uint32_t device(const char *name)
{
	uint32_t index = if_nametoindex(name);

	return index ? index : number(name);
}

/* A name of an enum's value, several joined by + for flags, or a number. */
static uint64_t value_of(const struct attr *a, const char *text)
{
	char copy[128], *part, *save;
	uint64_t n = 0;
	int i;

	if (!a || !a->names || (*text >= '0' && *text <= '9'))
		return number(text);
	snprintf(copy, sizeof(copy), "%s", text);
	for (part = strtok_r(copy, "+", &save); part; part = strtok_r(NULL, "+", &save)) {
		for (i = 0; a->names[i] && strcmp(a->names[i], part); i++)
			;
		if (!a->names[i])
			usage("%s has no value %s", a->name, part);
		n |= a->flags ? 1ULL << i : (uint64_t)i;
	}
	return n;
}

static void put_hex(const char *text)
{
	unsigned int byte;

	for (; text[0] && text[1]; text += 2) {
		if (sscanf(text, "%2x", &byte) != 1)
			usage("'%s' is not hexadecimal", text);
		put_bytes(&(uint8_t){ byte }, 1);
	}
}

static void put_value(const struct attr *a, enum kind kind, uint16_t type, const char *text)
{
	uint64_t n = 0;
	struct in6_addr ip;
	size_t at;

	if (kind != K_STR && kind != K_HEX && kind != K_BYTES && kind != K_V4 && kind != K_V6 &&
	    kind != K_FLAG)
		n = value_of(a, text);
	switch (kind) {
	case K_U8:	put_attr(type, &(uint8_t){ n }, 1); break;
	case K_U16:	put_attr(type, &(uint16_t){ n }, 2); break;
	case K_PORT:	put_attr(type, &(uint16_t){ htons(n) }, 2); break;
	case K_U32:
	case K_S32:
	case K_X32:	put_attr(type, &(uint32_t){ n }, 4); break;
	case K_U64:
	case K_X64:	put_attr(type, &n, 8); break;
	case K_STR:	put_attr(type, text, strlen(text) + 1); break;
	case K_FLAG:	put_attr(type, NULL, 0); break;
	case K_V4:
	case K_V6:
		if (inet_pton(kind == K_V4 ? AF_INET : AF_INET6, text, &ip) != 1)
			usage("'%s' is not an address", text);
		put_attr(type, &ip, kind == K_V4 ? 4 : 16);
		break;
	case K_HEX:
		at = begin_attr(type);
		put_hex(text);
		end_attr(at);
		break;
	case K_BYTES:
		put_hex(text);
		break;
	default:
		usage("%s cannot be given", a ? a->name : text);
	}
}

static const char *put_list(const struct set *set, const char *path, const char *text);

/* IP[:PORT], [IP%SCOPE]:PORT, with @L3DEV behind; as a list of attributes. */
static void expand_address(const char *text, char *out, size_t size)
{
	char copy[128], *ip = copy, *port, *scope, *l3, *end;
	int n;

	snprintf(copy, sizeof(copy), "%s", text);
	l3 = strchr(copy, '@');
	if (l3)
		*l3++ = '\0';
	if (*copy == '[') {
		ip++;
		end = strchr(copy, ']');
		if (!end)
			usage("'%s' lacks a ]", text);
		*end++ = '\0';
		port = *end == ':' ? end + 1 : NULL;
	} else {
		port = strchr(copy, ':');
		if (port)
			*port++ = '\0';
	}
	scope = strchr(ip, '%');
	if (scope)
		*scope++ = '\0';
	n = snprintf(out, size, "%s=%s", strchr(ip, ':') ? "v6" : "v4", ip);
	if (port)
		n += snprintf(out + n, size - n, ",port=%s", port);
	if (l3)
		n += snprintf(out + n, size - n, ",l3-ifindex=%u", device(l3));
	if (scope)
		snprintf(out + n, size - n, ",scope-ifindex=%u", device(scope));
}

/* The short forms of a nest. */
static void expand(const struct set *set, const char *text, char *out, size_t size)
{
	char copy[512], *part, *save;
	int n;

	snprintf(copy, sizeof(copy), "%s", text);
	if (set == &set_address) {
		expand_address(text, out, size);
	} else if (set == &set_payload) {
		n = snprintf(out, size, "pt=%s", strtok_r(copy, "/", &save));
		part = strtok_r(NULL, "/", &save);
		if (part)
			n += snprintf(out + n, size - n, ",clock-rate=%s", part);
		part = strtok_r(NULL, "/", &save);
		if (part)
			snprintf(out + n, size - n, ",kind=%s", part);
	} else if (set == &set_flow) {
		n = snprintf(out, size, "source=%s", strtok_r(copy, ":", &save));
		while ((part = strtok_r(NULL, ":", &save)))
			n += snprintf(out + n, size - n, ",destination={end=%s}", part);
	} else if ((set == &set_end || set == &set_context) && *text >= '0' && *text <= '9') {
		snprintf(out, size, "id=%s", text);
	} else {
		snprintf(out, size, "%s", text);
	}
}

static void put_nest(const struct set *set, const char *path, uint16_t type, const char *text,
		     bool plain)
{
	size_t at = begin_attr(type | (plain ? 0 : NLA_F_NESTED));
	char expanded[4096];

	if (*text == '{') {
		put_list(set, path, text + 1);
	} else {
		expand(set, text, expanded, sizeof(expanded));
		put_list(set, path, expanded);
	}
	end_attr(at);
}

static enum kind kind_named(const char *name)
{
	static const struct { const char *name; enum kind kind; } names[] = {
		{ "u8", K_U8 }, { "u16", K_U16 }, { "u32", K_U32 }, { "u64", K_U64 },
		{ "port", K_PORT }, { "str", K_STR }, { "hex", K_HEX }, { "flag", K_FLAG },
		{ "nest", K_NEST }, { "plain", K_NEST_PLAIN }, { "bytes", K_BYTES },
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, name))
			return names[i].kind;
	usage("no kind %s", name);
}

static uint16_t find_attr(const struct set *set, const char *name)
{
	unsigned int i;

	if (*name == '#')
		return number(name + 1);
	for (i = 1; i <= set->max; i++)
		if (set->attrs[i].name && !strcmp(set->attrs[i].name, name))
			return i;
	usage("%s has no attribute %s", set->name, name);
}

static void put_one(const struct set *set, const char *path, const char *name,
		    const char *value, unsigned int nth)
{
	char copy[128], *colon;
	const struct attr *a = NULL;
	enum kind kind;
	struct mark *m;
	uint16_t type;

	snprintf(copy, sizeof(copy), "%s", name);
	colon = strchr(copy, ':');
	if (colon)
		*colon++ = '\0';
	type = find_attr(set, copy);
	if (type <= set->max && set->attrs[type].name)
		a = &set->attrs[type];
	kind = colon ? kind_named(colon) : a ? a->kind : K_U32;
	m = add_mark(path, copy, nth, NULL);
	if (kind != K_NEST && kind != K_NEST_PLAIN) {
		put_value(a, kind, type, value);
		return;
	}
	m->set = a && a->nested ? a->nested : set;
	put_nest(m->set, m->path, type, value, kind == K_NEST_PLAIN);
}

/* How often @name was in this list before, from 1 when it is in again. */
static unsigned int nth_of(const char **names, unsigned int *count, const char *name)
{
	unsigned int i, n = 0;

	for (i = 0; i < *count; i++)
		n += !strcmp(names[i], name);
	if (*count < 256)
		names[(*count)++] = strdup(name);
	return n;
}

/* Attributes up to the end of the text, or the } that closes the nest. */
static const char *put_list(const struct set *set, const char *path, const char *text)
{
	const char *names[256];
	unsigned int count = 0;
	char name[128], value[8192];
	size_t n;
	int depth;

	for (;;) {
		text += strspn(text, ", ");
		if (!*text || *text == '}')
			break;
		n = strcspn(text, "=, }");
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		text += n;
		*value = '\0';
		if (*text == '=') {
			text++;
			for (n = 0, depth = 0; text[n]; n++) {
				if (depth == 0 && strchr(", }", text[n]))
					break;
				depth += (text[n] == '{') - (text[n] == '}');
			}
			snprintf(value, sizeof(value), "%.*s", (int)n, text);
			text += n;
		}
		put_one(set, path, name, value, nth_of(names, &count, name));
	}
	while (count)
		free((void *)names[--count]);
	return text;
}

/*
 * A word of the command line: one attribute, whose value is all of the word, so
 * that the commas of "end=1,local=..." belong to the end.
 */
static void put_word(const struct set *set, const char *word, const char **names,
		     unsigned int *count)
{
	const char *equal = strchr(word, '=');
	char name[128];
	int n = equal ? (int)(equal - word) : (int)strlen(word);

	snprintf(name, sizeof(name), "%.*s", n, word);
	put_one(set, "", name, equal ? equal + 1 : "", nth_of(names, count, name));
}

#endif /* _SELFTESTS_NET_ENCODE_H */
