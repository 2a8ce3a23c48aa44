// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the text of a value to the value, by the type that the schema gives.
 * A type that a person often writes in a way that this release does not take
 * says so in words of its own.
 */
#include <ctype.h>

#include "base/timer.h"
#include "config/schema.h"

static const char *const name_chars =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
static const char *const token_chars =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
static const char *const number_chars =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+*#-._";

static bool parse_number(struct value *v)
{
	u32 number;

	if (!slice_u32(slice_str(v->text), &number))
		return false;
	v->number = number;
	return number >= v->item->min && number <= v->item->max;
}

static bool parse_choice(struct value *v)
{
	for (v->number = 0; v->item->choices[v->number]; v->number++)
		if (!strcmp(v->item->choices[v->number], v->text))
			return true;
	return false;
}

static bool parse_duration(struct value *v, const char **why)
{
	static const struct {
		const char *name;
		u64 ns;
	} units[] = {
		{ "ms", NSEC_PER_MSEC }, { "s", NSEC_PER_SEC },
		{ "m", 60 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC },
	};
	size_t digits = strspn(v->text, "0123456789"), i;
	u32 number;

	if (!digits || !slice_u32(slice_of(v->text, digits), &number))
		return false;
	if (!v->text[digits])
		*why = "a duration needs a unit: ms, s, m or h";
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(v->text + digits, units[i].name))
			continue;
		v->number = number * units[i].ns;
		return v->number >= v->item->min && v->number <= v->item->max;
	}
	return false;
}

static bool parse_text(struct value *v)
{
	size_t n = strlen(v->text), i;

	for (i = 0; i < n; i++)
		if (!isprint((unsigned char)v->text[i]))
			return false;
	return n >= v->item->min && n <= v->item->max;
}

static bool parse_chars(struct value *v, const char *chars)
{
	size_t n = strlen(v->text);

	return n && n <= 63 && strspn(v->text, chars) == n;
}

/* Why an address cannot be one of an interface or a peer; NULL: it can. */
const char *scalar_address_trouble(const struct addr *a)
{
	static const char wildcard[] =
		"the wildcard address is not supported: name the address of an interface";

	if (a->family == AF_INET) {
		u32 ip = ntohl(a->ip.v4.s_addr);

		if (!ip)
			return wildcard;
		if (ip == INADDR_BROADCAST || IN_MULTICAST(ip))
			return "this is a multicast or broadcast address";
		return NULL;
	}
	if (IN6_IS_ADDR_UNSPECIFIED(&a->ip.v6))
		return wildcard;
	if (IN6_IS_ADDR_MULTICAST(&a->ip.v6))
		return "this is a multicast address";
	if (IN6_IS_ADDR_LINKLOCAL(&a->ip.v6))
		return "link-local addresses are not supported in this release";
	if (IN6_IS_ADDR_V4MAPPED(&a->ip.v6))
		return "write an IPv4 address as such, not mapped into IPv6";
	return NULL;
}

static bool parse_address(struct value *v, const char **why)
{
	struct addr with_port;

	if (addr_parse_ip(slice_str(v->text), &v->addr)) {
		*why = scalar_address_trouble(&v->addr);
		return !*why;
	}
	if (addr_parse(slice_str(v->text), &with_port))
		*why = "the port does not belong here";
	else if (strchr(v->text, '%'))
		*why = "link-local addresses are not supported in this release";
	else if (isalpha((unsigned char)v->text[0]) && !strchr(v->text, ':'))
		*why = "names are not supported in this release: give the IP address";
	return false;
}

/* Bits behind the prefix are a typing error more often than not. */
static bool has_host_bits(const struct prefix *p)
{
	const u8 *bytes = p->addr.family == AF_INET ? (const u8 *)&p->addr.ip.v4 :
						      (const u8 *)&p->addr.ip.v6;
	unsigned int bits = p->addr.family == AF_INET ? 32 : 128, i;

	for (i = p->bits; i < bits; i++)
		if (bytes[i / 8] & (0x80 >> (i % 8)))
			return true;
	return false;
}

static bool parse_prefix(struct value *v, const char **why)
{
	if (!prefix_parse(slice_str(v->text), &v->prefix)) {
		if (isalpha((unsigned char)v->text[0]) && !strchr(v->text, ':'))
			*why = "names are not supported in this release: give the IP address";
		return false;
	}
	if (has_host_bits(&v->prefix))
		*why = "the address has bits set behind the prefix";
	return !*why;
}

static bool parse_ports(struct value *v, const char **why)
{
	const char *dash = strchr(v->text, '-');
	u32 min, max;

	if (!dash ||
	    !slice_u32(slice_trim(slice_of(v->text, (size_t)(dash - v->text))), &min) ||
	    !slice_u32(slice_trim(slice_str(dash + 1)), &max))
		return false;
	if (min < v->item->min || max > v->item->max)
		return false;
	if (min >= max)
		*why = "the first port is not below the last";
	else if (min % 2)
		*why = "the first port is odd, RTP wants an even one";
	v->port_min = (u16)min;
	v->port_max = (u16)max;
	return !*why;
}

static bool parse_server(struct value *v, const char **why)
{
	if (!addr_parse_ip(slice_str(v->text), &v->addr) &&
	    !addr_parse(slice_str(v->text), &v->addr))
		return false;
	if (!v->addr.port)
		v->addr.port = 53;
	*why = v->addr.family == AF_INET && !v->addr.ip.v4.s_addr ? "this is no server's address" :
								    NULL;
	return !*why;
}

static bool parse_listen(struct value *v, const char **why)
{
	if (*v->text == '/')
		return strlen(v->text) <= 107;
	if (!addr_parse(slice_str(v->text), &v->addr) || !v->addr.port)
		return false;
	*why = scalar_address_trouble(&v->addr);
	return !*why;
}

/* RFC 3261 §25.1: qvalue */
static bool parse_q(struct value *v)
{
	const char *at = v->text + 2;
	u64 unit = 100;

	if ((*v->text != '0' && *v->text != '1') || (v->text[1] && v->text[1] != '.'))
		return false;
	v->number = (u64)(*v->text - '0') * 1000;
	for (; v->text[1] && isdigit((unsigned char)*at) && unit; at++, unit /= 10)
		v->number += (u64)(*at - '0') * unit;
	return (!v->text[1] || !*at) && v->number <= 1000;
}

bool scalar_parse(struct value *v, const char **why)
{
	*why = NULL;
	switch (v->item->type) {
	case SCHEMA_NUMBER:
		return parse_number(v);
	case SCHEMA_CHOICE:
		return parse_choice(v);
	case SCHEMA_DURATION:
		return parse_duration(v, why);
	case SCHEMA_TEXT:
		return parse_text(v);
	case SCHEMA_NAME:
		return parse_chars(v, name_chars);
	case SCHEMA_TOKEN:
		return parse_chars(v, token_chars);
	case SCHEMA_NUMBER_PREFIX:
		return parse_chars(v, number_chars);
	case SCHEMA_ADDRESS:
		return parse_address(v, why);
	case SCHEMA_PREFIX:
		return parse_prefix(v, why);
	case SCHEMA_PORTS:
		return parse_ports(v, why);
	case SCHEMA_TARGET:
		return target_parse(v, why);
	case SCHEMA_SERVER:
		return parse_server(v, why);
	case SCHEMA_LISTEN:
		return parse_listen(v, why);
	case SCHEMA_FILE:
	case SCHEMA_KEY:
		return parse_text(v) && secret_file_is_there(v, why);
	case SCHEMA_Q:
		return parse_q(v);
	case SCHEMA_SECRET:
		return secret_read(v, why);
	case SCHEMA_MAP:
	case SCHEMA_NAMED:
	case SCHEMA_LIST:
		break;
	}
	return false;
}
