// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses-of-record as keys, and bindings as a 200 to a REGISTER shows them.
 */
#include <ctype.h>

#include "registrar/binding.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((u8)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character of user, without its escape; takes it off. */
static char take_char(struct slice *user)
{
	char c = *user->p;
	size_t n = 1;

	if (c == '%' && user->n > 2 && hex_value(user->p[1]) >= 0 && hex_value(user->p[2]) >= 0) {
		c = (char)(hex_value(user->p[1]) << 4 | hex_value(user->p[2]));
		n = 3;
	}
	user->p += n;
	user->n -= n;
	return c;
}

bool registrar_aor(const struct sip_uri *uri, char aor[REGISTRAR_AOR])
{
	struct slice user = uri->user;
	size_t n = 0, i;

	if (!user.n || !uri->host.n ||
	    (uri->kind != SIP_URI_SIP && uri->kind != SIP_URI_SIPS) ||
	    user.n + uri->host.n + 2 > REGISTRAR_AOR)
		return false;
	while (user.n) {
		char c = take_char(&user);

		if ((u8)c <= ' ' || c == 0x7f)
			return false;
		aor[n++] = c;
	}
	aor[n++] = '@';
	for (i = 0; i < uri->host.n; i++)
		aor[n++] = (char)tolower((u8)uri->host.p[i]);
	aor[n] = 0;
	return true;
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
