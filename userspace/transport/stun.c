// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See stun.h. A request with attributes that must be understood gets no answer: we
 * understand none, and an error would tell a stranger more than he sent.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "transport/stun.h"

#define HEADER 20
#define COOKIE 0x2112a442u
#define BINDING_REQUEST 0x0001
#define BINDING_SUCCESS 0x0101
#define XOR_MAPPED_ADDRESS 0x0020
#define COMPREHENSION_OPTIONAL 0x8000

static u16 get16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static u8 *put16(u8 *p, u16 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
	return p + 2;
}

bool stun_is(struct slice bytes)
{
	const u8 *p = (const u8 *)bytes.p;
	u32 cookie = htonl(COOKIE);

	return bytes.n >= HEADER && p[0] < 0x40 && !memcmp(p + 4, &cookie, sizeof(cookie));
}

static bool is_plain(const u8 *attributes, size_t n)
{
	while (n >= 4) {
		size_t length = 4 + ((get16(attributes + 2) + 3u) & ~3u);

		if (length > n || get16(attributes) < COMPREHENSION_OPTIONAL)
			return false;
		attributes += length;
		n -= length;
	}
	return !n;
}

static u8 *put_address(u8 *p, const struct addr *source, const u8 *transaction)
{
	const u8 *ip = (const u8 *)&source->ip;
	size_t i, n = source->family == AF_INET ? 4 : 16;

	p = put16(p, XOR_MAPPED_ADDRESS);
	p = put16(p, (u16)(4 + n));
	*p++ = 0;
	*p++ = n == 4 ? 1 : 2;
	p = put16(p, (u16)(source->port ^ (COOKIE >> 16)));
	/* The cookie and the transaction id stand one after the other in the request. */
	for (i = 0; i < n; i++)
		p[i] = ip[i] ^ transaction[i];
	return p + n;
}

int stun_answer(struct slice request, const struct addr *source, bool known,
		u8 answer[STUN_ANSWER])
{
	const u8 *p = (const u8 *)request.p;
	u8 *end;

	if (!stun_is(request) || get16(p) != BINDING_REQUEST ||
	    get16(p + 2) != request.n - HEADER || !is_plain(p + HEADER, request.n - HEADER))
		return 0;
	put16(answer, BINDING_SUCCESS);
	memcpy(answer + 4, p + 4, HEADER - 4);
	end = put_address(answer + HEADER, source, p + 4);
	put16(answer + 2, (u16)(end - answer - HEADER));
	if (!known && (size_t)(end - answer) > request.n)
		return -EPERM;
	return (int)(end - answer);
}
