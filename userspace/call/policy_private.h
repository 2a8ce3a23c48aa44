/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files that make up the policy, and by trunk.c.
 */
#ifndef CALL_POLICY_PRIVATE_H
#define CALL_POLICY_PRIVATE_H

#include "call/policy.h"

void call_domain_free(struct call_domain *domain);	/* what is in it */

/* source_index.c: trunks by where a request came from, as the policy is now. NULL: no memory. */
struct call_source_index *call_source_index_new(const struct call_policy *p);
void call_source_index_free(struct call_source_index *x);	/* NULL allowed */
/* Trunks, or -1 */
int call_source_index_address(const struct call_source_index *x, int realm,
			      const struct addr *addr);
int call_source_index_name(const struct call_source_index *x, int realm, const char *name);
int call_source_index_user(const struct call_source_index *x, int realm, size_t domain,
			   const char *user);
int call_source_index_trunk(const struct call_source_index *x, const char *name);

#endif
