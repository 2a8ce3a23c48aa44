/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a URI's host to addresses to try, without waiting: the rules of candidate.h over
 * the resolver of dns.h.
 */
#ifndef TRANSPORT_LOCATE_H
#define TRANSPORT_LOCATE_H

#include "transport/candidate.h"
#include "transport/dns.h"

struct locate;

/*
 * result->err: 0, and candidates; -ENOENT: there is no such name or service; -EAGAIN: name
 * servers failed or were silent; -ENOBUFS: too many questions at once; -EINVAL: not a
 * name; -EPROTONOSUPPORT, -EAFNOSUPPORT: nothing that we could do would do; -ENOMEM.
 * The result lives until the function returns, and the struct locate is gone already.
 */
typedef void (*locate_fn)(void *arg, const struct locate_result *result);

/*
 * done is called once, at a later turn of the loop also when everything is known already;
 * never from inside of this. The host is copied. 0 or -ENOMEM.
 */
int locate_start(struct locate **out, struct dns *dns, const struct locate_query *query,
		 locate_fn done, void *arg);
/* done is not called any more. NULL is fine. Before dns_free(). */
void locate_cancel(struct locate *locate);

#endif
