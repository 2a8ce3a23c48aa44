// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was written of bindings, by whoever can write to the store. Read, it is something
 * that can be written again, and read again as the same; and it expires.
 */
#include <stdlib.h>

#include "registrar/registrar.h"

#define NOW (1000 * NSEC_PER_SEC)
#define WALL (1700000000 * NSEC_PER_SEC)

static struct registrar *make(const struct sip_listener listeners[2])
{
	struct registrar *r = registrar_new(&(struct registrar_conf){
		.listeners = listeners, .nlisteners = 2, .key = { { 1, 2 } },
	});

	if (!r)
		abort();
	return r;
}

static void read_again(struct registrar *r, const struct sip_listener listeners[2])
{
	struct registrar *same = make(listeners);
	char *text, *again;

	if (!registrar_save(r, NOW, WALL, 1, &text)) {
		if (registrar_restore(same, NOW, WALL, 1, slice_str(text)) ||
		    registrar_save(same, NOW, WALL, 1, &again) || strcmp(text, again))
			abort();
		free(again);
		free(text);
	}
	registrar_free(same);
}

static void let_expire(struct registrar *r)
{
	struct registrar_contact contact;
	u64 now;

	while ((now = registrar_deadline(r)) != UINT64_MAX)
		if (registrar_due(r, now, &contact) == REGISTRAR_KEEPALIVE)
			registrar_answered(r, contact.id, false);
	if (registrar_count(r))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_listener listeners[2] = { { .transport = TRANSPORT_UDP },
					     { .transport = TRANSPORT_TCP } };
	struct registrar *r;

	addr_parse(SLICE("192.0.2.1:5060"), &listeners[0].local);
	listeners[1].local = listeners[0].local;
	r = make(listeners);
	if (!registrar_restore(r, NOW, WALL, 1, slice_of((const char *)data, size)))
		read_again(r, listeners);
	else if (registrar_count(r))
		abort();
	let_expire(r);
	registrar_free(r);
	return 0;
}
