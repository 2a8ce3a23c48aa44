// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses-of-record as keys, and bindings as a 200 to a REGISTER shows them.
 */
#include <ctype.h>

#include "registrar/binding.h"

bool registrar_aor(const struct sip_uri *uri, char aor[REGISTRAR_AOR])
{
	struct slice user = uri->user;
	size_t n = 0, i;

	if (!user.n || !uri->host.n ||
	    (uri->kind != SIP_URI_SIP && uri->kind != SIP_URI_SIPS) ||
	    user.n + uri->host.n + 2 > REGISTRAR_AOR)
		return false;
	while (user.n) {
		bool escaped;
		u8 c = sip_uri_char(&user, &escaped);

		if (c <= ' ' || c == 0x7f)
			return false;
		aor[n++] = (char)c;
	}
	aor[n++] = '@';
	for (i = 0; i < uri->host.n; i++)
		aor[n++] = (char)tolower((u8)uri->host.p[i]);
	aor[n] = 0;
	return true;
}

bool registrar_aor_parse(struct slice text, char aor[REGISTRAR_AOR])
{
	struct sip_uri uri;

	return sip_uri_parse(text, &uri) && registrar_aor(&uri, aor);
}

#define MOST_AROUND 48		/* "Contact: <>;q=0.123;expires=4294967295" and the line's end */

size_t registrar_printed_size(const struct registrar_binding *b)
{
	return MOST_AROUND + b->lengths[BINDING_URI] + b->lengths[BINDING_PARAMS];
}

void registrar_print(const struct registrar *r, u64 now, const char *aor, struct buf *lines)
{
	const struct registrar_user *user = registrar_user_find(r, aor);
	const struct registrar_binding *b = user ? user->first : NULL;

	for (; b; b = b->next) {
		struct slice uri = registrar_binding_text(b, BINDING_URI);
		struct slice params = registrar_binding_text(b, BINDING_PARAMS);
		u64 left = b->expires > now ? b->expires - now : 0;

		if (!left)
			continue;
		buf_str(lines, "Contact: <");
		buf_add(lines, uri);
		buf_str(lines, ">");
		buf_add(lines, params);
		if (b->q != 1000)
			buf_printf(lines, ";q=0.%03u", b->q);
		buf_str(lines, ";expires=");
		buf_u64(lines, (left + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
		buf_str(lines, "\r\n");
	}
}
