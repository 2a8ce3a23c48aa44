// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as the answer to the question that they repeat. What is accepted must
 * hold together: records if and only if it says so, and names that end.
 */
#include <stdlib.h>

#include "transport/dns_message.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Good enough to be let in; whether it is the question is for the parser to find out. */
static enum dns_type question(const u8 *data, size_t size, char name[DNS_NAME])
{
	size_t at = 12, len = 0;

	while (at < size && data[at] && len + data[at] + 1 < DNS_NAME && at + data[at] < size) {
		if (len)
			name[len++] = '.';
		memcpy(name + len, data + at + 1, data[at]);
		len += data[at];
		at += data[at] + 1u;
	}
	name[len] = 0;
	return at + 2 < size ? data[at + 2] : DNS_A;
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, 0, size);
}

static void look_at(const struct dns_record *record, enum dns_type type)
{
	if (type == DNS_A)
		check(record->addr.family == AF_INET);
	if (type == DNS_AAAA)
		check(record->addr.family == AF_INET6);
	if (type == DNS_SRV)
		check(ends(record->srv.target, DNS_NAME));
	if (type != DNS_NAPTR)
		return;
	check(ends(record->naptr.flags, sizeof(record->naptr.flags)));
	check(ends(record->naptr.service, sizeof(record->naptr.service)));
	check(ends(record->naptr.replacement, DNS_NAME));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct dns_answer *answer = NULL;
	char name[DNS_NAME];
	enum dns_type type = question(data, size, name);
	size_t i;

	if (dns_message_parse(slice_of((const char *)data, size), slice_str(name), type, &answer)) {
		check(!answer);
		return 0;
	}
	check(answer->n <= DNS_RECORDS && (answer->n > 0) == (answer->status == DNS_OK));
	check(ends(answer->alias, DNS_NAME));
	check(!answer->alias[0] || dns_name_valid(slice_str(answer->alias)));
	check(answer->status != DNS_ALIAS || answer->alias[0]);
	for (i = 0; i < answer->n; i++)
		look_at(&answer->records[i], type);
	dns_answer_put(answer);
	return 0;
}
