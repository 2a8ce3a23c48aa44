// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subscriber as whoever can write to the store wrote him down. What is taken can be
 * written again, and is then the same.
 */
#include <stdlib.h>

#include "call/subscriber.h"

struct seen {
	const struct call_subscribers *in;
	size_t n;
};

static void write_again(void *arg, const char *domain, const char *user, u8 algs)
{
	struct seen *seen = arg;
	const struct sip_secret *secret;
	struct call_subscribers *other;
	struct hash_key key = { { 3, 4 } };
	char *text;

	seen->n++;
	secret = call_subscribers_find(seen->in, slice_str(domain), slice_str(user));
	if (!secret || secret->has != algs)
		abort();
	text = call_subscriber_print(slice_str(domain), slice_str(user), secret);
	other = call_subscribers_new(&key);
	if (call_subscribers_restore(other, 1, slice_str(text)))
		abort();
	free(text);
	call_subscribers_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hash_key key = { { 1, 2 } };
	struct call_subscribers *s = call_subscribers_new(&key);
	struct seen seen = { .in = s };
	const char *bad = call_subscribers_restore(s, 7, slice_of((const char *)data, size));

	call_subscribers_each(s, write_again, &seen);
	if (seen.n != !bad)
		abort();
	call_subscribers_free(s);
	return 0;
}
